//! Term matching: is one of these literals in this value, as whole terms?
//!
//! This is the question of `has` and `has_any`, which the screen asks of one
//! value of every record and the router of a few more; everything else in the
//! matcher is a table look-up beside it. Asked here with 2 literals (SupRemo's
//! own), 20, and 186 (as many as the upstream list has domains) over hosts,
//! URLs and company names.
//!
//! Rivals come in two sorts. Those under `exact` give KQL's answer: literal by
//! literal, a regular expression with the borders written out, and the three
//! automata of `aho-corasick` with the borders checked (which by default jump to
//! rare bytes first; the DFA is asked without that, too); beside them ours, as
//! the screen asks (`wants`), as the router asks (`matches`, which must name
//! every literal) and as a rule asks (`program`). Those under `weaker` answer
//! something else that is often put in its place, and show what an exact answer
//! costs; each must give the wrong answer that belongs to it. Every search is
//! asked for its count of values before it is measured. Building a search is
//! not measured: it happens once a run.

use std::hint::black_box;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use criterion::{BenchmarkId, Criterion, Throughput};
use memchr::memmem::Finder;
use regex::Regex;
use remora_abi::{Field, Kind, Op, field, kind};
use remora_benches::terms::{self, LITERALS, Question, Value, is_term_char};
use remora_rules::{EventView, Index, InterestSpec, Program, Truth};

/// How many values are asked.
const VALUES: usize = 600;
const KIND: Kind = kind::CONNECTION;
const FIELD: Field = field::REMOTE_URL;

fn main() {
    let mut criterion = remora_benches::criterion();
    let values = terms::values(VALUES);
    for count in [2, 20, LITERALS] {
        let searches = Searches { values: &values, literals: &terms::literals()[..count] };
        searches.exact(&mut criterion);
        searches.weaker(&mut criterion);
    }
    criterion.final_summary();
}

struct Searches<'a> {
    values: &'a [Value],
    literals: &'a [String],
}

impl Searches<'_> {
    fn exact(&self, criterion: &mut Criterion) {
        let mut measure = |name: &str, holds: &mut dyn FnMut(&str) -> bool| {
            self.measure(criterion, ("exact", name), Question::Has, holds);
        };

        let small: Vec<String> = self.literals.iter().map(|one| one.to_lowercase()).collect();
        measure("to_lowercase + find", &mut |value| {
            let value = value.to_lowercase();
            small.iter().any(|one| occurs(&value, one, |hay| hay.find(one.as_str())))
        });

        let finders: Vec<Finder<'_>> = small.iter().map(Finder::new).collect();
        let mut lowered = String::new();
        measure("lowered once + memmem", &mut |value| {
            lowered.clear();
            lowered.push_str(value);
            lowered.make_ascii_lowercase();
            let mut searches = small.iter().zip(&finders);
            searches.any(|(one, finder)| occurs(&lowered, one, |hay| finder.find(hay.as_bytes())))
        });

        let regex = Regex::new(&with_borders(self.literals)).expect("the literals are escaped");
        measure("regex, borders written out", &mut |value| regex.is_match(value));

        for (name, kind, prefilter) in [
            ("aho-corasick, noncontiguous", AhoCorasickKind::NoncontiguousNFA, true),
            ("aho-corasick, contiguous", AhoCorasickKind::ContiguousNFA, true),
            ("aho-corasick, dfa", AhoCorasickKind::DFA, true),
            ("aho-corasick, dfa, no prefilter", AhoCorasickKind::DFA, false),
        ] {
            let automaton = self.automaton(kind, MatchKind::Standard, prefilter);
            measure(name, &mut |value| {
                let mut found = automaton.find_overlapping_iter(value);
                found.any(|one| is_bounded(value, one.start(), one.end()))
            });
        }

        let interests = self.literals.iter().map(|literal| InterestSpec {
            kind: KIND,
            field: FIELD,
            op: Op::HAS,
            literal: literal.clone(),
        });
        let index = Index::new(&interests.collect::<Vec<_>>()).expect("interests are in order");
        measure("ours, wants", &mut |value| index.wants(KIND, FIELD, value.as_bytes()));
        let mut met = Vec::new();
        measure("ours, matches", &mut |value| {
            met.clear();
            index.matches(KIND, FIELD, value, &mut met);
            !met.is_empty()
        });

        let quoted: Vec<String> = self.literals.iter().map(|one| format!("\"{one}\"")).collect();
        let rule = format!("{} has_any ({})", FIELD.name(), quoted.join(", "));
        let program = Program::new(&remora_rules::compile(&rule, &[KIND]).expect("a valid rule"));
        measure("ours, program", &mut |value| program.eval(&OneField(value)) == Truth::True);
    }

    fn weaker(&self, criterion: &mut Criterion) {
        let mut measure = |name: &str, question, holds: &mut dyn FnMut(&str) -> bool| {
            self.measure(criterion, ("weaker", name), question, holds);
        };

        let small: Vec<String> = self.literals.iter().map(|one| one.to_lowercase()).collect();
        measure("to_lowercase + contains", Question::Contains, &mut |value| {
            let value = value.to_lowercase();
            small.iter().any(|one| value.contains(one.as_str()))
        });

        let escaped: Vec<String> = self.literals.iter().map(|one| regex::escape(one)).collect();
        let regex = Regex::new(&format!(r"(?i)\b(?:{})\b", escaped.join("|")))
            .expect("the literals are escaped");
        measure(r"regex, word borders", Question::WordBorders, &mut |value| regex.is_match(value));

        let automaton = self.automaton(AhoCorasickKind::DFA, MatchKind::Standard, true);
        measure("aho-corasick, dfa, contains", Question::Contains, &mut |value| {
            automaton.is_match(value)
        });

        let automaton = self.automaton(AhoCorasickKind::DFA, MatchKind::LeftmostLongest, true);
        let question = Question::FirstAndLongest;
        measure("aho-corasick, dfa, first and longest", question, &mut |value| {
            automaton.find_iter(value).any(|one| is_bounded(value, one.start(), one.end()))
        });
    }

    fn automaton(&self, kind: AhoCorasickKind, matches: MatchKind, prefilter: bool) -> AhoCorasick {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(kind))
            .match_kind(matches)
            .prefilter(prefilter)
            .build(self.literals)
            .expect("the literals are few")
    }

    /// Asks `holds` of every value, checks how many it holds for, and measures
    /// that.
    fn measure(
        &self,
        criterion: &mut Criterion,
        (sort, name): (&str, &str),
        question: Question,
        holds: &mut dyn FnMut(&str) -> bool,
    ) {
        let literals = self.literals.len();
        for value in self.values {
            assert_eq!(
                holds(&value.text),
                value.answers(question, literals),
                "{name} answers wrongly for {value:?}"
            );
        }
        let expected = self.values.iter().filter(|value| value.answers(question, literals)).count();
        assert!(expected > 0, "something is found");

        let mut group = criterion.benchmark_group(format!("rules_{sort}"));
        group.throughput(Throughput::Elements(self.values.len() as u64));
        group.bench_function(BenchmarkId::new(name, literals), |bencher| {
            bencher.iter(|| {
                let values = black_box(self.values).iter();
                values.filter(|value| holds(&value.text)).count()
            });
        });
        group.finish();
    }
}

/// Whether nothing that stands beside an occurrence makes it part of a longer
/// term.
fn is_bounded(value: &str, start: usize, end: usize) -> bool {
    let literal = &value[start..end];
    let joined = |edge: Option<char>, beside: Option<char>| {
        edge.is_some_and(is_term_char) && beside.is_some_and(is_term_char)
    };
    !joined(literal.chars().next(), value[..start].chars().next_back())
        && !joined(literal.chars().next_back(), value[end..].chars().next())
}

/// Whether `literal` occurs in `value` as whole terms, by a plain search for
/// it. An occurrence may overlap one that did not count.
fn occurs(value: &str, literal: &str, find: impl Fn(&str) -> Option<usize>) -> bool {
    let mut from = 0;
    while let Some(at) = find(&value[from..]) {
        let start = from + at;
        if is_bounded(value, start, start + literal.len()) {
            return true;
        }
        from = start + 1;
    }
    false
}

/// A regular expression for `has_any`. Its `\b` would be wrong, and it has no
/// way to look behind: so the character beside a literal is part of the match,
/// which does no harm where only *whether* is asked. Literals that need the same
/// borders share them, because a class of all letters is large. Case is ignored
/// for ASCII only, for otherwise the Kelvin sign would be a `k`.
fn with_borders(literals: &[String]) -> String {
    let mut parts = Vec::new();
    for (before, behind) in [(true, true), (true, false), (false, true), (false, false)] {
        let same = literals.iter().filter(|literal| {
            (literal.starts_with(is_term_char), literal.ends_with(is_term_char)) == (before, behind)
        });
        let same: Vec<String> = same.map(|literal| regex::escape(literal)).collect();
        if !same.is_empty() {
            let before = if before { r"(?:^|[^\p{L}\p{Nd}])" } else { "" };
            let behind = if behind { r"(?:$|[^\p{L}\p{Nd}])" } else { "" };
            parts.push(format!("{before}(?i-u:{}){behind}", same.join("|")));
        }
    }
    parts.join("|")
}

/// An event that has one field.
struct OneField<'a>(&'a str);

impl EventView for OneField<'_> {
    fn text(&self, field: Field) -> &str {
        if field == FIELD { self.0 } else { "" }
    }

    fn number(&self, _: Field) -> Option<i64> {
        None
    }
}
