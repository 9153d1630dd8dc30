//! The language a second time, as plainly as it can be written: values and
//! literals as vectors of characters, every position tried, nothing shared
//! with the crate but its trees. What the crate answers is held against this.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::collections::BTreeMap;

use remora_rules::{
    EventView, Expr, InterestSpec, NumberOp, NumberPredicate, TextOp, TextPredicate, Truth,
    abi::{Field, Op},
};

/// An event by field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event {
    pub(crate) texts: BTreeMap<Field, String>,
    pub(crate) numbers: BTreeMap<Field, i64>,
}

impl EventView for Event {
    fn text(&self, field: Field) -> &str {
        self.texts.get(&field).map_or("", String::as_str)
    }

    fn number(&self, field: Field) -> Option<i64> {
        self.numbers.get(&field).copied()
    }
}

/// Letters in small, if they are each other's only partner.
fn chars(text: &str, case_sensitive: bool) -> Vec<char> {
    let small = |c: char| {
        let lower: Vec<char> = c.to_lowercase().collect();
        let upper: Vec<char> = lower.iter().flat_map(|c| c.to_uppercase()).collect();
        if lower.len() == 1 && upper == [c] { lower[0] } else { c }
    };
    text.chars().map(|c| if case_sensitive { c } else { small(c) }).collect()
}

fn occurs(value: &str, literal: &str, case_sensitive: bool, before: bool, behind: bool) -> bool {
    let (value, literal) = (chars(value, case_sensitive), chars(literal, case_sensitive));
    let term = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
    (0..value.len()).any(|at| {
        value[at..].starts_with(&literal)
            && !(before && term(literal.first()) && at > 0 && term(value.get(at - 1)))
            && !(behind && term(literal.last()) && term(value.get(at + literal.len())))
    })
}

/// Whether one literal is met.
pub(crate) fn meets(op: Op, literal: &str, value: &str) -> bool {
    let starts = |cs| chars(value, cs).starts_with(&chars(literal, cs));
    let ends = |cs| chars(value, cs).ends_with(&chars(literal, cs));
    match op {
        Op::HAS => occurs(value, literal, false, true, true),
        Op::HAS_CS => occurs(value, literal, true, true, true),
        Op::HASPREFIX => occurs(value, literal, false, true, false),
        Op::HASPREFIX_CS => occurs(value, literal, true, true, false),
        Op::HASSUFFIX => occurs(value, literal, false, false, true),
        Op::HASSUFFIX_CS => occurs(value, literal, true, false, true),
        Op::CONTAINS => occurs(value, literal, false, false, false),
        Op::CONTAINS_CS => occurs(value, literal, true, false, false),
        Op::STARTSWITH => starts(false),
        Op::STARTSWITH_CS => starts(true),
        Op::ENDSWITH => ends(false),
        Op::ENDSWITH_CS => ends(true),
        Op::EQ => chars(value, false) == chars(literal, false),
        Op::EQ_CS => value == literal,
        Op::UNDER => {
            let labels = |text: &str| -> Vec<Vec<char>> {
                let text = text.strip_suffix('.').unwrap_or(text);
                text.split('.').map(|label| chars(label, false)).collect()
            };
            labels(value).ends_with(&labels(literal))
        }
        _ => panic!("operator {} is asked of no interest", op.0),
    }
}

/// Whether an interest is met by some event of its kind with this value.
pub(crate) fn interest_meets(interest: &InterestSpec, field: Field, value: &str) -> bool {
    interest.op != Op::KIND
        && interest.field == field
        && meets(interest.op, &interest.literal, value)
}

fn text(predicate: &TextPredicate, value: &str) -> bool {
    let any = |op| predicate.literals.iter().any(|literal| meets(op, literal, value));
    let holds = match (predicate.op, predicate.case_sensitive) {
        (TextOp::Has, true) => any(Op::HAS_CS),
        (TextOp::Has, false) | (TextOp::HasAny, _) => any(Op::HAS),
        (TextOp::HasAll, _) => {
            predicate.literals.iter().all(|literal| meets(Op::HAS, literal, value))
        }
        (TextOp::HasPrefix, true) => any(Op::HASPREFIX_CS),
        (TextOp::HasPrefix, false) => any(Op::HASPREFIX),
        (TextOp::HasSuffix, true) => any(Op::HASSUFFIX_CS),
        (TextOp::HasSuffix, false) => any(Op::HASSUFFIX),
        (TextOp::Contains, true) => any(Op::CONTAINS_CS),
        (TextOp::Contains, false) => any(Op::CONTAINS),
        (TextOp::StartsWith, true) => any(Op::STARTSWITH_CS),
        (TextOp::StartsWith, false) => any(Op::STARTSWITH),
        (TextOp::EndsWith, true) => any(Op::ENDSWITH_CS),
        (TextOp::EndsWith, false) => any(Op::ENDSWITH),
        (TextOp::Eq | TextOp::In, true) => any(Op::EQ_CS),
        (TextOp::Eq | TextOp::In, false) => any(Op::EQ),
        (TextOp::Under, _) => any(Op::UNDER),
        (TextOp::Regex, _) => {
            regex::Regex::new(&predicate.literals[0]).expect("a valid expression").is_match(value)
        }
    };
    holds != predicate.negated
}

fn number(predicate: &NumberPredicate, number: i64) -> bool {
    let first = predicate.values[0];
    match predicate.op {
        NumberOp::Eq => number == first,
        NumberOp::Ne => number != first,
        NumberOp::Lt => number < first,
        NumberOp::Le => number <= first,
        NumberOp::Gt => number > first,
        NumberOp::Ge => number >= first,
        NumberOp::In => predicate.values.contains(&number),
        NumberOp::NotIn => !predicate.values.contains(&number),
        NumberOp::Between => first <= number && number <= predicate.values[1],
    }
}

/// Some(true), Some(false) or, for null, none.
fn truth(expr: &Expr, event: &Event) -> Option<bool> {
    match expr {
        Expr::And(terms) => {
            let truths: Vec<_> = terms.iter().map(|term| truth(term, event)).collect();
            if truths.contains(&Some(false)) {
                Some(false)
            } else if truths.contains(&None) {
                None
            } else {
                Some(true)
            }
        }
        Expr::Or(terms) => {
            let turned = terms.iter().map(|term| Expr::Not(Box::new(term.clone()))).collect();
            truth(&Expr::And(turned), event).map(|holds| !holds)
        }
        Expr::Not(inner) => truth(inner, event).map(|holds| !holds),
        Expr::Text(predicate) => Some(text(predicate, event.text(predicate.field))),
        Expr::Number(predicate) => {
            event.number(predicate.field).map(|value| number(predicate, value))
        }
        Expr::IsEmpty { field, negated } if field.is_number() => {
            Some(event.number(*field).is_none() != *negated)
        }
        Expr::IsEmpty { field, negated } => Some(event.text(*field).is_empty() != *negated),
        // Nothing is adopted here.
        Expr::Learned { .. } => Some(false),
    }
}

/// Whether a rule holds.
pub(crate) fn eval(expr: &Expr, event: &Event) -> Truth {
    match truth(expr, event) {
        Some(true) => Truth::True,
        Some(false) => Truth::False,
        None => Truth::Null,
    }
}
