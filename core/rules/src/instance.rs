//! Which installation of a tool an event speaks of.
//!
//! Two providers' agents on one device are the same tool twice, and which is
//! whose is what an analyst has to know: the relay in the command line, the
//! customer's part of a host name. Patterns say where such a name stands.

use std::sync::OnceLock;

use regex::Regex;
use remora_abi::Field;

use crate::{EventView, check::compile_regex};

/// The name of the capture that names the installation.
const CAPTURE: &str = "instance";

/// Where the name of an installation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The field that is looked at.
    pub field: Field,
    /// A regular expression, as [`check_regex`](crate::check_regex) accepts it,
    /// with a capture named `instance`.
    pub pattern: String,
}

/// The patterns of one tool, made ready to run when they are first asked: most
/// runs meet few tools.
#[derive(Debug)]
pub struct Instances {
    all: Vec<(Instance, OnceLock<Regex>)>,
}

impl Instances {
    /// Patterns in the order in which they are asked.
    pub fn new(all: Vec<Instance>) -> Instances {
        Instances { all: all.into_iter().map(|one| (one, OnceLock::new())).collect() }
    }

    /// The installation that `event` speaks of, by the first pattern that finds
    /// one; `""` if none does.
    ///
    /// # Panics
    ///
    /// On a regular expression that [`check_regex`](crate::check_regex) would
    /// have refused.
    pub fn of<'e>(&self, event: &'e impl EventView) -> &'e str {
        let found = self.all.iter().find_map(|(instance, regex)| {
            let seen = event.text(instance.field);
            if seen.is_empty() {
                return None;
            }
            let compile =
                || compile_regex(&instance.pattern).expect("the catalog checks its patterns");
            let found = regex.get_or_init(compile).captures(seen)?.name(CAPTURE)?.as_str();
            (!found.is_empty()).then_some(found)
        });
        found.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use remora_abi::field;

    use super::*;

    struct Event(&'static str, &'static str);

    impl EventView for Event {
        fn text(&self, field: Field) -> &str {
            match field {
                field::PROCESS_CMDLINE => self.0,
                field::REMOTE_HOST => self.1,
                _ => "",
            }
        }

        fn number(&self, _: Field) -> Option<i64> {
            None
        }
    }

    #[test]
    fn the_first_pattern_that_finds_one_decides() {
        let one = |field, pattern: &str| Instance { field, pattern: pattern.to_owned() };
        let instances = Instances::new(vec![
            one(field::SERVICE_NAME, "(?P<instance>.*)"),
            one(field::PROCESS_CMDLINE, "h=(?P<instance>[^&]*)&"),
            one(field::PROCESS_CMDLINE, "k=(?:x|(?P<instance>[a-z]+))"),
            one(field::REMOTE_HOST, r"^(?<instance>[^.]+)\.x\.example$"),
        ]);
        for (cmdline, host, expected) in [
            ("a h=relay&p", "acme.x.example", "relay"),
            // An empty capture and one that took no part find nothing.
            ("a h=&p", "acme.x.example", "acme"),
            ("k=x", "acme.x.example", "acme"),
            ("k=y h=", "acme.x.example", "y"),
            ("", "acme.x.example", "acme"),
            ("a", "b.acme.x.example", ""),
            ("", "", ""),
        ] {
            assert_eq!(instances.of(&Event(cmdline, host)), expected, "{cmdline} {host}");
        }
        assert_eq!(Instances::new(vec![]).of(&Event("a", "b")), "");
    }
}
