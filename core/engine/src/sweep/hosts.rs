//! Names of peers as a sighting by tool lists them.
//!
//! A tool's relays have numbers, and a device meets dozens of them: as names
//! they say one thing. The catalog's host patterns say which names are one;
//! names that it does not speak of are left as they are, because a number in
//! the name of somebody else's host may be what tells two customers apart. For
//! the same reason a page where sessions are joined, or a console, is never
//! folded: its name is the customer's.

use std::collections::HashMap;

use remora_abi::Role;
use remora_rules::{
    IndicatorType,
    pattern::{host_meets, labels_above},
};

use super::{
    listed::{List, Values},
    pool::{Moving, Pool},
    values::ValueSet,
};

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
    plain: ValueSet,
    /// By pattern, a text: few, so in no order.
    folded: Vec<(u32, ValueSet)>,
}

impl Hosts {
    /// Adds a host, folded by `pattern`.
    pub(super) fn insert(&mut self, host: &str, pattern: Option<&str>, pool: &mut Pool) {
        if host.is_empty() {
            return;
        }
        match pattern {
            None => self.plain.insert(host, pool),
            Some(pattern) => {
                let pattern = pool.intern(pattern);
                self.of(pattern).insert(host, pool);
            }
        }
    }

    /// The hosts that a pattern folds.
    fn of(&mut self, pattern: u32) -> &mut ValueSet {
        let known = self.folded.iter().position(|(known, _)| *known == pattern);
        let at = known.unwrap_or_else(|| {
            // Hardly a group meets a second pattern.
            self.folded.reserve_exact(1);
            self.folded.push((pattern, ValueSet::default()));
            self.folded.len() - 1
        });
        &mut self.folded[at].1
    }

    /// Adds the hosts of another group of the same pool.
    pub(super) fn merge(&mut self, other: Hosts, pool: &mut Pool) {
        self.plain.merge(other.plain, pool);
        for (pattern, hosts) in other.folded {
            self.of(pattern).merge(hosts, pool);
        }
    }

    /// The same hosts in another pool.
    pub(super) fn moved(mut self, moving: &mut Moving<'_>) -> Hosts {
        for (pattern, hosts) in &mut self.folded {
            (*pattern, *hosts) = (moving.text(*pattern), hosts.moved(moving));
        }
        Hosts { plain: self.plain.moved(moving), ..self }
    }

    /// At most five: the pattern in place of two names or more that meet it.
    /// The total is that of the names.
    pub(super) fn listed<'p>(&self, pool: &'p Pool) -> Values<&'p str> {
        let mut values = self.plain.texts(pool).to_vec();
        let mut total = self.plain.total(pool);
        for (pattern, hosts) in &self.folded {
            total += hosts.total(pool);
            match hosts.total(pool) {
                1 => values.extend(hosts.first(pool)),
                _ => values.push(pool.text(*pattern)),
            }
        }
        values.sort_unstable();
        values.truncate(HOSTS_CAP);
        Values { values: List::Many(values), total }
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
        let (mut hosts, mut pool) = (Hosts::default(), Pool::default());
        hosts.insert("relay-7.x.example", Some("relay-*.x.example"), &mut pool);
        hosts.insert("www.x.example", None, &mut pool);
        assert_eq!(*hosts.listed(&pool).values, ["relay-7.x.example", "www.x.example"]);
        hosts.insert("relay-8.x.example", Some("relay-*.x.example"), &mut pool);
        let listed = hosts.listed(&pool);
        assert_eq!(*listed.values, ["relay-*.x.example", "www.x.example"]);
        assert_eq!(listed.total, 3);
    }

    proptest! {
        #[test]
        fn hosts_are_the_same_whatever_the_order_and_the_parts(
            names in prop::collection::vec((0u8..40, 0usize..3), 0..60), cut in 0usize..60,
        ) {
            let folding = folding();
            let fill = |names: &[(u8, usize)]| {
                let (mut hosts, mut pool) = (Hosts::default(), Pool::default());
                for (number, what) in names {
                    let host = format!("{}{number}.x.example", ["relay-", "a.", "w"][*what]);
                    hosts.insert(&host, folding.pattern("x", &host), &mut pool);
                }
                (hosts, pool)
            };
            let cut = cut.min(names.len());
            let (mut parts, mut pool) = fill(&names[cut..]);
            // Parts of two workers, whose pools number their texts otherwise.
            let (other, from) = fill(&names[..cut]);
            let other = other.moved(&mut Moving::new(from, &mut pool, &[]));
            parts.merge(other, &mut pool);
            let mut sorted = names;
            sorted.sort_unstable();
            let (all, of_all) = fill(&sorted);
            prop_assert_eq!(parts.listed(&pool), all.listed(&of_all));
            sorted.dedup();
            prop_assert_eq!(parts.listed(&pool).total, sorted.len());
        }
    }
}
