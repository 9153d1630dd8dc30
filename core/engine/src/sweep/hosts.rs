//! Names of peers as a sighting by tool lists them.
//!
//! A tool's relays have numbers, and a device meets dozens of them: as names
//! they say one thing. The catalog's host patterns say which names are one;
//! names that it does not speak of are left as they are, because a number in
//! the name of somebody else's host may be what tells two customers apart. For
//! the same reason a page where sessions are joined, or a console, is never
//! folded: its name is the customer's.

use std::collections::{BTreeMap, HashMap};

use remora_abi::Role;
use remora_rules::{
    IndicatorType,
    pattern::{host_meets, labels_above},
};

use super::{sighting::Values, values::ValueSet};

/// At most so many hosts in a sighting by tool.
const HOSTS_CAP: usize = 5;

/// Which host names of a tool are one: catalog data, handed in by whoever runs
/// the sweep.
#[derive(Clone, Debug, Default)]
pub struct Folding {
    tools: HashMap<String, Known>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    patterns: Vec<String>,
    /// Names that stand for themselves, though a pattern fits them too.
    domains: Vec<String>,
}

impl Folding {
    /// Adds what is known of a tool: type, role and value of its indicators,
    /// of which names count.
    pub fn add<'i>(
        &mut self,
        tool: &str,
        indicators: impl IntoIterator<Item = (IndicatorType, Role, &'i str)>,
    ) {
        let mut known = Known::default();
        for (ty, role, value) in indicators {
            match (ty, role) {
                (IndicatorType::HostPattern, Role::JOIN | Role::PORTAL) => {}
                (IndicatorType::HostPattern, _) => known.patterns.push(value.to_owned()),
                (IndicatorType::Domain, _) => known.domains.push(value.to_owned()),
                _ => {}
            }
        }
        if !known.patterns.is_empty() {
            self.tools.insert(tool.to_owned(), known);
        }
    }

    /// The pattern that a host of the tool is folded by: that of its most
    /// specific indicator, if this is a pattern.
    pub(super) fn pattern(&self, tool: &str, host: &str) -> Option<&str> {
        if host.is_empty() {
            return None;
        }
        let known = self.tools.get(tool)?;
        let meets = |pattern: &&String| host_meets(pattern, host);
        let pattern = known.patterns.iter().filter(meets).max_by_key(|pattern| pattern.len())?;
        let above =
            |domain: &String| domain.len() > pattern.len() && labels_above(host, domain).is_some();
        (!known.domains.iter().any(above)).then_some(pattern.as_str())
    }
}

/// The hosts of a group.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts {
    /// Those that no pattern folds.
    plain: ValueSet<String>,
    /// By pattern.
    folded: BTreeMap<Box<str>, ValueSet<String>>,
}

impl Hosts {
    /// Adds a host, folded by `pattern`.
    pub(super) fn insert(&mut self, host: &str, pattern: Option<&str>) {
        if host.is_empty() {
            return;
        }
        match pattern {
            None => self.plain.insert(host),
            Some(pattern) => match self.folded.get_mut(pattern) {
                Some(hosts) => hosts.insert(host),
                None => self.folded.entry(pattern.into()).or_default().insert(host),
            },
        }
    }

    pub(super) fn merge(&mut self, other: Hosts) {
        self.plain.merge(other.plain);
        for (pattern, hosts) in other.folded {
            self.folded.entry(pattern).or_default().merge(hosts);
        }
    }

    /// At most five: the pattern in place of two names or more that meet it.
    /// The total is that of the names.
    pub(super) fn listed(&self) -> Values<String> {
        let mut values: Vec<String> = self.plain.iter().cloned().collect();
        let mut total = self.plain.total();
        for (pattern, hosts) in &self.folded {
            total += hosts.total();
            match hosts.total() {
                1 => values.extend(hosts.iter().cloned()),
                _ => values.push(pattern.to_string()),
            }
        }
        values.sort();
        values.truncate(HOSTS_CAP);
        Values { values, total }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folding() -> Folding {
        let mut folding = Folding::default();
        let known = [
            (IndicatorType::Domain, Role::MARKETING, "x.example"),
            (IndicatorType::Domain, Role::MARKETING, "www.x.example"),
            (IndicatorType::HostPattern, Role::JOIN, "*.x.example"),
            (IndicatorType::HostPattern, Role::SERVICE, "w*.x.example"),
            (IndicatorType::HostPattern, Role::RELAY, "relay-*.x.example"),
            (IndicatorType::Company, Role::AGENT, "relay-7.x.example"),
        ];
        folding.add("x", known);
        folding.add("y", [(IndicatorType::Domain, Role::SERVICE, "y.example")]);
        folding
    }

    #[test]
    fn the_most_specific_indicator_decides() {
        let folding = folding();
        for (tool, host, pattern) in [
            ("x", "relay-7.x.example", Some("relay-*.x.example")),
            ("x", "w7.x.example", Some("w*.x.example")),
            // A customer's own page.
            ("x", "acme.x.example", None),
            ("x", "x.example", None),
            // It is known by its own name.
            ("x", "www.x.example", None),
            ("x", "a.b.x.example", None),
            ("x", "relay-7.x.example.evil.example", None),
            ("x", "", None),
            ("y", "relay-7.x.example", None),
            ("z", "relay-7.x.example", None),
        ] {
            assert_eq!(folding.pattern(tool, host), pattern, "{tool} {host}");
        }
    }

    #[test]
    fn a_pattern_stands_for_two_names_or_more() {
        let mut hosts = Hosts::default();
        hosts.insert("relay-7.x.example", Some("relay-*.x.example"));
        hosts.insert("www.x.example", None);
        assert_eq!(hosts.listed().values, ["relay-7.x.example", "www.x.example"]);
        hosts.insert("relay-8.x.example", Some("relay-*.x.example"));
        let listed = hosts.listed();
        assert_eq!(listed.values, ["relay-*.x.example", "www.x.example"]);
        assert_eq!(listed.total, 3);
    }

    proptest! {
        #[test]
        fn hosts_are_the_same_whatever_the_order_and_the_parts(
            names in prop::collection::vec((0u8..40, prop::bool::ANY), 0..60), cut in 0usize..60,
        ) {
            let folding = folding();
            let fill = |names: &[(u8, bool)]| {
                let mut hosts = Hosts::default();
                for (number, relay) in names {
                    let host = format!("{}{number}.x.example", if *relay { "relay-" } else { "a." });
                    hosts.insert(&host, folding.pattern("x", &host));
                }
                hosts
            };
            let cut = cut.min(names.len());
            let mut parts = fill(&names[cut..]);
            parts.merge(fill(&names[..cut]));
            let mut sorted = names;
            sorted.sort_unstable();
            prop_assert_eq!(parts.listed(), fill(&sorted).listed());
            sorted.dedup();
            prop_assert_eq!(parts.listed().total, sorted.len());
        }
    }
}
