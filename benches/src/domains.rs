//! Lists of domains from 186 to a million, and hosts to ask them about.
//!
//! All names are made up and the same on every machine. A longer list begins
//! with the shorter ones, and hosts are made from the shortest: so the right
//! answer to a host is the same for every list and known without asking any of
//! the ways compared. That no other domain of a list gets in the way is tested.

use std::collections::HashSet;

use crate::random::Random;

/// How many domains the lists have: as many as the public list of RMM tools,
/// and what threat feeds and filter lists hold.
pub const SIZES: [usize; 4] = [186, 2_000, 100_000, 1_000_000];

/// How many hosts are asked.
pub const HOSTS: usize = 20_000;

/// How a host stands to the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// No domain occurs in it.
    Plain,
    /// It is a domain of the list or below one.
    Under,
    /// A domain stands in it between borders of KQL's terms: it has the domain,
    /// and is not below it.
    Bounded,
    /// A domain occurs as part of a longer label.
    Inside,
}

/// What may be asked of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Is it one of the domains or below one, label by label?
    Under,
    /// Does it have one of the domains, as KQL's `has`?
    Has,
    /// Does one of the domains occur in it, wherever?
    Contains,
}

impl Question {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Question::Under => "exact",
            Question::Has => "KQL's `has`",
            Question::Contains => "substring only",
        }
    }
}

/// A host and what it is.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name, in any case.
    pub name: String,
    /// How it stands to the list.
    pub shape: Shape,
}

impl Host {
    /// The right answer.
    pub fn answers(&self, question: Question) -> bool {
        match question {
            Question::Under => self.shape == Shape::Under,
            Question::Has => matches!(self.shape, Shape::Under | Shape::Bounded),
            Question::Contains => self.shape != Shape::Plain,
        }
    }
}

const SYLLABLES: &[&str] = &[
    "ka", "ven", "sol", "tri", "lum", "pol", "zen", "bri", "qua", "fen", "hal", "jor", "wim",
    "dra", "mox", "tel", "ris", "gan", "pex", "und",
];
const TOPS: &[&str] = &["com", "net", "io", "org", "de", "app", "co.uk"];

/// The first `count` domains, in small letters, none twice.
pub fn list(count: usize) -> Vec<String> {
    let mut random = Random::new(186);
    let mut seen = HashSet::with_capacity(count);
    let mut all: Vec<String> = Vec::with_capacity(count);
    while all.len() < count {
        let word = |random: &mut Random, parts: usize| -> String {
            (0..parts).map(|_| random.pick(SYLLABLES)).collect()
        };
        let top = random.pick(TOPS);
        let name = match random.below(10) {
            0 if !all.is_empty() => format!("relay.{}", all[random.below(all.len())]),
            1..=3 => format!(
                "{}-{}{}.{top}",
                word(&mut random, 2),
                word(&mut random, 2),
                random.below(1000)
            ),
            4..=6 => format!("{}{:x}.{top}", word(&mut random, 2), random.below(1 << 20)),
            _ => format!("{}.{top}", word(&mut random, 5)),
        };
        // Not ever longer names below names.
        if name.matches('.').count() <= 4 && seen.insert(name.clone()) {
            all.push(name);
        }
    }
    all
}

/// The hosts: a few in a hundred are or nearly are in the list.
pub fn hosts(count: usize) -> Vec<Host> {
    let domains = list(SIZES[0]);
    let mut random = Random::new(20_000);
    (0..count).map(|_| host(&domains, &mut random)).collect()
}

fn host(domains: &[String], random: &mut Random) -> Host {
    let domain = &domains[random.below(domains.len())];
    // What only looks like `relay.x.com` would be below `x.com` after all.
    let broad = domain.trim_start_matches("relay.");
    let (name, shape) = match random.below(100) {
        0 => (domain.clone(), Shape::Under),
        1 => (format!("eu-west{}.relay.{domain}", random.below(90)), Shape::Under),
        2 => (format!("{domain}.cdn{}.example", random.below(90)), Shape::Bounded),
        3 => (format!("my-{broad}"), Shape::Bounded),
        4 => (format!("not{broad}"), Shape::Inside),
        5 => (format!("www.{domain}pany.example"), Shape::Inside),
        _ => (plain(random), Shape::Plain),
    };
    let name = match random.below(8) {
        0 => name.to_ascii_uppercase(),
        _ => name,
    };
    Host { name, shape }
}

/// A host with none of the domains. Most end as the domains do and are made of
/// the same syllables: names that end otherwise would be refused by their last
/// letters, which real ones are not.
fn plain(random: &mut Random) -> String {
    const LABELS: &[&str] = &[
        "login",
        "update",
        "telemetry",
        "cdn",
        "mail",
        "static",
        "content",
        "assets",
        "support",
        "edge",
        "api",
        "events",
        "settings-win",
        "v10",
    ];
    let label = random.pick(LABELS);
    // `con` is in no domain of the list, and what may follow it is too short
    // for one.
    let owner = match random.below(5) {
        0 => "data.northwind.example".to_owned(),
        _ => {
            let mut word =
                |parts: usize| -> String { (0..parts).map(|_| random.pick(SYLLABLES)).collect() };
            let (before, behind) = (word(2), word(2));
            format!("{before}con{behind}.{}", random.pick(TOPS))
        }
    };
    match random.below(5) {
        0 => owner,
        1 => format!("{label}.{owner}"),
        2 => format!("d{:x}.{owner}", random.draw() >> 16),
        3 => format!("{label}-{}.{}.{owner}", random.below(100), random.pick(LABELS)),
        _ => format!("www.{label}{}.{owner}", random.below(1000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_lists_begin_with_shorter_ones() {
        let longest = list(3_000);
        assert_eq!(list(186), longest[..186]);
        assert_eq!(longest.iter().collect::<HashSet<_>>().len(), longest.len());
        assert!(longest.iter().all(|name| *name == name.to_ascii_lowercase()));
    }

    /// With a set of the longest list and no search: every label, every place.
    #[test]
    fn hosts_are_what_they_are_said_to_be_for_every_list() {
        let all = list(SIZES[3]);
        let set: HashSet<&str> = all.iter().map(String::as_str).collect();
        let short: HashSet<&str> = all[..SIZES[0]].iter().map(String::as_str).collect();
        for host in hosts(2_000) {
            let name = host.name.to_ascii_lowercase();
            let is_border = |at: usize| {
                at == 0 || at == name.len() || {
                    let bytes = name.as_bytes();
                    !bytes[at - 1].is_ascii_alphanumeric() || !bytes[at].is_ascii_alphanumeric()
                }
            };
            for set in [&set, &short] {
                let places = (0..name.len())
                    .flat_map(|start| (start + 1..=name.len()).map(move |end| (start, end)))
                    .filter(|&(start, end)| set.contains(&name[start..end]));
                let (mut under, mut has, mut contains) = (false, false, false);
                for (start, end) in places {
                    contains = true;
                    has |= is_border(start) && is_border(end);
                    under |=
                        end == name.len() && (start == 0 || name.as_bytes()[start - 1] == b'.');
                }
                assert_eq!(under, host.answers(Question::Under), "{name}");
                assert_eq!(has, host.answers(Question::Has), "{name}");
                assert_eq!(contains, host.answers(Question::Contains), "{name}");
            }
        }
    }
}
