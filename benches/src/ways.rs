//! The ways to ask a list of domains about a host.
//!
//! Each takes a host as a log has it, in any case. What a way answers is part
//! of it: most search libraries find a domain wherever it occurs, which is not
//! the question, and some can be made to answer it by looking at the borders.

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use daachorse::DoubleArrayAhoCorasick;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use remora_abi::{Op, field, kind};
use remora_rules::{Index, InterestSpec};

use crate::domains::Question;

/// A way that is built for a list.
pub type Search = Box<dyn FnMut(&str) -> bool>;

/// A way to ask.
#[derive(Clone, Copy)]
pub struct Way {
    /// For tables.
    pub name: &'static str,
    /// What it answers.
    pub question: Question,
    /// Builds it; an error in words if it refuses the list.
    pub build: fn(&[String]) -> Result<Search, String>,
}

/// All of them.
pub const WAYS: &[Way] = &[
    Way {
        name: "our index, under",
        question: Question::Under,
        build: |list| index(list, Op::UNDER),
    },
    Way { name: "our index, has", question: Question::Has, build: |list| index(list, Op::HAS) },
    Way { name: "hash set, label by label", question: Question::Under, build: labels },
    Way {
        name: "aho-corasick, noncontiguous",
        question: Question::Contains,
        build: |list| contains(list, AhoCorasickKind::NoncontiguousNFA),
    },
    Way {
        name: "aho-corasick, contiguous",
        question: Question::Contains,
        build: |list| contains(list, AhoCorasickKind::ContiguousNFA),
    },
    Way {
        name: "aho-corasick, DFA",
        question: Question::Contains,
        build: |list| contains(list, AhoCorasickKind::DFA),
    },
    Way { name: "aho-corasick, borders checked", question: Question::Under, build: bounded },
    Way { name: "daachorse", question: Question::Contains, build: double_array },
    Way { name: "regex, one alternation", question: Question::Under, build: alternation },
    Way { name: "regex set", question: Question::Under, build: regex_set },
    Way { name: "one by one, contains", question: Question::Contains, build: one_by_one },
];

fn index(list: &[String], op: Op) -> Result<Search, String> {
    let interests: Vec<InterestSpec> = list
        .iter()
        .map(|domain| InterestSpec {
            kind: kind::CONNECTION,
            field: field::REMOTE_HOST,
            op,
            literal: domain.clone(),
        })
        .collect();
    let index = Index::new(&interests).map_err(|error| error.to_string())?;
    Ok(Box::new(move |host| index.wants(kind::CONNECTION, field::REMOTE_HOST, host.as_bytes())))
}

/// What one writes without a library.
fn labels(list: &[String]) -> Result<Search, String> {
    let set: HashSet<Box<str>> = list.iter().map(|domain| domain.as_str().into()).collect();
    let mut small = String::new();
    Ok(Box::new(move |host| {
        lower(host, &mut small);
        let mut rest = small.as_str();
        loop {
            if set.contains(rest) {
                return true;
            }
            match rest.split_once('.') {
                Some((_, below)) => rest = below,
                None => return false,
            }
        }
    }))
}

fn lower(host: &str, small: &mut String) {
    small.clear();
    small.push_str(host);
    small.make_ascii_lowercase();
}

fn automaton(list: &[String], kind: AhoCorasickKind) -> Result<AhoCorasick, String> {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(kind))
        .match_kind(MatchKind::Standard)
        .prefilter(false)
        .build(list)
        .map_err(|error| error.to_string())
}

fn contains(list: &[String], kind: AhoCorasickKind) -> Result<Search, String> {
    let automaton = automaton(list, kind)?;
    Ok(Box::new(move |host| automaton.is_match(host)))
}

/// The kind that the crate itself would take for most lists.
fn bounded(list: &[String]) -> Result<Search, String> {
    let automaton = automaton(list, AhoCorasickKind::ContiguousNFA)?;
    Ok(Box::new(move |host| {
        let mut found = automaton.find_overlapping_iter(host);
        found.any(|one| {
            one.end() == host.len()
                && (one.start() == 0 || host.as_bytes()[one.start() - 1] == b'.')
        })
    }))
}

/// It knows no case: the host is made small first.
fn double_array(list: &[String]) -> Result<Search, String> {
    let automaton = DoubleArrayAhoCorasick::<u32>::new(list).map_err(|error| error.to_string())?;
    let mut small = String::new();
    Ok(Box::new(move |host| {
        lower(host, &mut small);
        automaton.find_iter(&small).next().is_some()
    }))
}

/// As large as a regular expression and its automaton, built as it goes, may
/// become. With the defaults of 10 MB and 2 MB the one refuses 100,000 domains
/// and the other is thrown away over and over at 2,000.
const REGEX_LIMIT: usize = 1 << 30;

fn alternation(list: &[String]) -> Result<Search, String> {
    let escaped: Vec<String> = list.iter().map(|domain| regex::escape(domain)).collect();
    let regex: Regex = RegexBuilder::new(&format!(r"(?i-u)(?:^|\.)(?:{})$", escaped.join("|")))
        .size_limit(REGEX_LIMIT)
        .dfa_size_limit(REGEX_LIMIT)
        .build()
        .map_err(|error| error.to_string())?;
    Ok(Box::new(move |host| regex.is_match(host)))
}

fn regex_set(list: &[String]) -> Result<Search, String> {
    let each = list.iter().map(|domain| format!(r"(?i-u)(?:^|\.){}$", regex::escape(domain)));
    let set: RegexSet = RegexSetBuilder::new(each)
        .size_limit(REGEX_LIMIT)
        .dfa_size_limit(REGEX_LIMIT)
        .build()
        .map_err(|error| error.to_string())?;
    Ok(Box::new(move |host| set.is_match(host)))
}

fn one_by_one(list: &[String]) -> Result<Search, String> {
    let list = list.to_vec();
    let mut small = String::new();
    Ok(Box::new(move |host| {
        lower(host, &mut small);
        list.iter().any(|domain| small.contains(domain.as_str()))
    }))
}

#[cfg(test)]
mod tests {
    use crate::domains::{self, SIZES};

    use super::*;

    #[test]
    fn every_way_answers_its_own_question() {
        let hosts = domains::hosts(600);
        for way in WAYS {
            let mut search = (way.build)(&domains::list(SIZES[0])).unwrap();
            for host in &hosts {
                let found = search(&host.name);
                assert_eq!(found, host.answers(way.question), "{}: {}", way.name, host.name);
            }
        }
    }
}
