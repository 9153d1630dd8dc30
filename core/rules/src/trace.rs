//! Why a rule holds for an event or does not: every predicate with the value
//! it saw, and where in the value each literal stood.
//!
//! The evaluator stops at the first predicate that decides and finds a literal
//! at most once; an explanation asks every predicate and shows the occurrences
//! that term borders ruled out. The truth of a predicate is always the
//! evaluator's own: what is added here is only where and why.

use remora_abi::Field;

use crate::{
    EventView, Expr, Learned, Program, TextOp, TextPredicate, Truth,
    fold::{fold, fold_text},
    term::is_term_char,
};

/// Occurrences kept per predicate, at most; one that counts is among them if
/// there is one.
const MOST_OCCURRENCES: usize = 8;

/// A rule made ready to be explained.
#[derive(Debug)]
pub struct Tracer {
    root: Node,
}

#[derive(Debug)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Leaf { expr: Expr, program: Box<Program> },
}

/// What one part of a rule made of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Its truth.
    pub truth: Truth,
    /// What it is.
    pub step: Step,
}

/// A part of a rule, as it was evaluated.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `and`: every part, none left out because an earlier one decided.
    All(Vec<Trace>),
    /// `or`
    Any(Vec<Trace>),
    /// `not`
    Not(Box<Trace>),
    /// A predicate.
    Predicate {
        /// In the rule language, canonical.
        text: String,
        /// The field it asks.
        field: Field,
        /// The value seen: `""` where the event has none.
        seen: String,
        /// Where the literals stand in the value; empty for predicates that do
        /// not look for a place. Sorted by place.
        occurrences: Vec<Occurrence>,
    },
}

/// A literal of a predicate in the value seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// As the rule has it.
    pub literal: String,
    /// First byte in the value.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
    /// Whether it satisfies the operator.
    pub counts: bool,
    /// What stands before it.
    pub before: Border,
    /// What stands behind it.
    pub behind: Border,
}

/// What bounds an occurrence on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// The value begins or ends here.
    Edge,
    /// A character that is neither letter nor digit: a term border.
    Border(char),
    /// The literal itself begins (or ends) with such a character, so that
    /// whatever stands beside it is separated from it.
    Own(char),
    /// A letter or digit that makes the literal part of a longer term.
    Term(char),
}

impl Tracer {
    /// Prepares `expr`, with what its learned sets hold.
    pub fn new(expr: &Expr, learned: &Learned) -> Tracer {
        Tracer { root: Node::new(expr, learned) }
    }

    /// Explains what the rule makes of `event`.
    pub fn trace(&self, event: &impl EventView) -> Trace {
        self.root.trace(event)
    }
}

impl Node {
    fn new(expr: &Expr, learned: &Learned) -> Node {
        let all = |terms: &[Expr]| terms.iter().map(|term| Node::new(term, learned)).collect();
        match expr {
            Expr::And(terms) => Node::All(all(terms)),
            Expr::Or(terms) => Node::Any(all(terms)),
            Expr::Not(inner) => Node::Not(Box::new(Node::new(inner, learned))),
            leaf => Node::Leaf {
                expr: leaf.clone(),
                program: Box::new(Program::new(&leaf.adopt(learned))),
            },
        }
    }

    fn trace(&self, event: &impl EventView) -> Trace {
        match self {
            Node::All(terms) => {
                let terms: Vec<Trace> = terms.iter().map(|term| term.trace(event)).collect();
                Trace { truth: join(&terms, Truth::False), step: Step::All(terms) }
            }
            Node::Any(terms) => {
                let terms: Vec<Trace> = terms.iter().map(|term| term.trace(event)).collect();
                Trace { truth: join(&terms, Truth::True), step: Step::Any(terms) }
            }
            Node::Not(inner) => {
                let inner = inner.trace(event);
                Trace { truth: !inner.truth, step: Step::Not(Box::new(inner)) }
            }
            Node::Leaf { expr, program } => {
                Trace { truth: program.eval(event), step: predicate(expr, event) }
            }
        }
    }
}

/// `decisive` if a term is, else null if a term is, else the opposite.
fn join(terms: &[Trace], decisive: Truth) -> Truth {
    let any = |truth| terms.iter().any(|term| term.truth == truth);
    match (any(decisive), any(Truth::Null)) {
        (true, _) => decisive,
        (false, true) => Truth::Null,
        (false, false) => !decisive,
    }
}

fn predicate(expr: &Expr, event: &impl EventView) -> Step {
    let field = match expr {
        Expr::Text(predicate) => predicate.field,
        Expr::Number(predicate) => predicate.field,
        Expr::IsEmpty { field, .. } | Expr::Learned { field, .. } => *field,
        Expr::And(_) | Expr::Or(_) | Expr::Not(_) => unreachable!("a leaf is a predicate"),
    };
    let seen = if field.is_number() {
        event.number(field).map(|number| number.to_string()).unwrap_or_default()
    } else {
        event.text(field).to_owned()
    };
    let occurrences = match expr {
        Expr::Text(predicate) => occurrences(predicate, &seen),
        _ => Vec::new(),
    };
    Step::Predicate { text: expr.to_string(), field, seen, occurrences }
}

/// Where the literals of `predicate` stand in `value`, what counts and what
/// does not.
fn occurrences(predicate: &TextPredicate, value: &str) -> Vec<Occurrence> {
    let TextPredicate { op, case_sensitive, literals, .. } = predicate;
    let looks_for_a_place = matches!(
        op,
        TextOp::Has
            | TextOp::HasAny
            | TextOp::HasAll
            | TextOp::HasPrefix
            | TextOp::HasSuffix
            | TextOp::Contains
            | TextOp::StartsWith
            | TextOp::EndsWith
    );
    if !looks_for_a_place || value.is_empty() {
        return Vec::new();
    }
    let case_sensitive = *case_sensitive && !matches!(op, TextOp::HasAny | TextOp::HasAll);
    let haystack = Haystack::new(value, case_sensitive);
    let mut found: Vec<Occurrence> = Vec::new();
    for literal in literals.iter().filter(|literal| !literal.is_empty()) {
        for (start, end) in haystack.places(literal) {
            let (first, last) = (literal.chars().next(), literal.chars().next_back());
            let before = border(value[..start].chars().next_back(), first);
            let behind = border(value[end..].chars().next(), last);
            let bounded = |side: Border| !matches!(side, Border::Term(_));
            let counts = match op {
                TextOp::HasPrefix => bounded(before),
                TextOp::HasSuffix => bounded(behind),
                TextOp::Contains => true,
                TextOp::StartsWith => start == 0,
                TextOp::EndsWith => end == value.len(),
                _ => bounded(before) && bounded(behind),
            };
            found.push(Occurrence { literal: literal.clone(), start, end, counts, before, behind });
        }
    }
    found.sort_by_key(|one| (!one.counts, one.start, one.end));
    found.truncate(MOST_OCCURRENCES);
    found.sort_by_key(|one| (one.start, one.end));
    found
}

/// What bounds a literal that begins (or ends) with `own` beside `next`.
fn border(next: Option<char>, own: Option<char>) -> Border {
    match (next, own) {
        (None, _) => Border::Edge,
        (Some(_), Some(own)) if !is_term_char(own) => Border::Own(own),
        (Some(next), _) if is_term_char(next) => Border::Term(next),
        (Some(next), _) => Border::Border(next),
    }
}

/// A value in the form that literals are compared in, with the way back.
struct Haystack {
    text: String,
    /// Per byte of `text`: where its character begins in the value; and the
    /// value's length.
    origin: Vec<usize>,
    case_sensitive: bool,
}

impl Haystack {
    fn new(value: &str, case_sensitive: bool) -> Haystack {
        let mut haystack = Haystack {
            text: String::with_capacity(value.len()),
            origin: Vec::new(),
            case_sensitive,
        };
        for (at, c) in value.char_indices() {
            haystack.text.push(if case_sensitive { c } else { fold(c) });
            haystack.origin.resize(haystack.text.len(), at);
        }
        haystack.origin.push(value.len());
        haystack
    }

    /// Where `literal` stands, in bytes of the value; overlapping places too.
    fn places(&self, literal: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
        let literal =
            if self.case_sensitive { literal.to_owned() } else { fold_text(literal).into_owned() };
        let mut from = 0;
        std::iter::from_fn(move || {
            let at = from + self.text.get(from..)?.find(&literal)?;
            let first = self.text[at..].chars().next().map_or(1, char::len_utf8);
            from = at + first;
            Some((self.origin[at], self.origin[at + literal.len()]))
        })
    }
}

#[cfg(test)]
mod tests {
    use remora_abi::kind;

    use super::*;

    struct Company(&'static str);

    impl EventView for Company {
        fn text(&self, _: Field) -> &str {
            self.0
        }

        fn number(&self, _: Field) -> Option<i64> {
            None
        }
    }

    fn trace(rule: &str, value: &'static str) -> Trace {
        let expr = crate::compile(rule, &[kind::PROCESS]).expect("the rule is valid");
        Tracer::new(&expr, &Learned::new()).trace(&Company(value))
    }

    fn occurrences_of(
        rule: &str,
        value: &'static str,
    ) -> Vec<(usize, usize, bool, Border, Border)> {
        match trace(rule, value).step {
            Step::Predicate { occurrences, .. } => occurrences
                .iter()
                .map(|one| (one.start, one.end, one.counts, one.before, one.behind))
                .collect(),
            _ => panic!("one predicate"),
        }
    }

    #[test]
    fn borders_are_named() {
        use self::Border::*;
        assert_eq!(
            occurrences_of("process.company has 'nano'", "nanotech, Nano/x"),
            [(0, 4, false, Edge, Term('t')), (10, 14, true, Border(' '), Border('/'))]
        );
        assert_eq!(
            occurrences_of("process.company has '.com'", "a.com"),
            [(1, 5, true, Own('.'), Edge)]
        );
        assert_eq!(
            occurrences_of("process.company startswith 'ab'", "abab"),
            [(0, 2, true, Edge, Term('a')), (2, 4, false, Term('b'), Edge)]
        );
    }

    #[test]
    fn places_are_those_of_the_value_not_of_its_folded_form() {
        // The capital sharp s has no small partner in one letter, `Ⱥ` folds to
        // a longer `ⱥ`.
        assert_eq!(
            occurrences_of("process.company has 'KRÄ'", "ȺȺ krä"),
            [(5, 9, true, Border::Border(' '), Border::Edge)]
        );
    }

    #[test]
    fn every_part_is_asked() {
        let trace = trace("process.company has 'a' or process.company has 'b'", "a");
        let Step::Any(parts) = trace.step else { panic!("an or") };
        assert_eq!(trace.truth, Truth::True);
        assert_eq!(
            parts.iter().map(|part| part.truth).collect::<Vec<_>>(),
            [Truth::True, Truth::False]
        );
    }

    #[test]
    fn many_occurrences_are_cut_and_the_one_that_counts_stays() {
        let found = occurrences_of("process.company has 'a'", "ab ab ab ab ab ab ab ab ab a");
        assert_eq!(found.len(), MOST_OCCURRENCES);
        assert!(found.last().is_some_and(|last| last.2));
    }
}
