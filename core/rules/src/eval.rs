//! Evaluation of rules over events.
//!
//! A tree is prepared once (literals folded, searches built, regular
//! expressions compiled) and then asked without allocation, but for values
//! with letters outside ASCII. `and` and `or` stop at the first child that
//! decides; only a rule that holds is walked again for its reasons.

use std::{collections::HashSet, ops::ControlFlow};

use regex::Regex;
use remora_abi::{Field, Op};

use crate::{
    Expr, Learned, NumberOp, NumberPredicate, TextOp, TextPredicate,
    check::compile_regex,
    domain::is_under,
    fold::{equal, fold_text},
    literals::Literals,
    operators::witness_op,
    term::{Needle, Place, Value},
};

/// One event, by field.
pub trait EventView {
    /// The text of a field; `""` where the event lacks it.
    fn text(&self, field: Field) -> &str;
    /// The number of a field, if it has one.
    fn number(&self, field: Field) -> Option<i64>;
}

/// SQL's three truth values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Holds.
    True,
    /// Does not hold.
    False,
    /// Not known: a number was null.
    Null,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Truth {
        if holds { Truth::True } else { Truth::False }
    }
}

impl std::ops::Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Null => Truth::Null,
        }
    }
}

/// A predicate that held and by which the rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason<'r, 'e> {
    /// The field looked at.
    pub field: Field,
    /// The operator as the rule has it.
    pub op: Op,
    /// The literal that matched: of several, the longest; of equally long ones
    /// the first.
    pub literal: &'r str,
    /// The value seen.
    pub seen: &'e str,
}

/// A rule made ready to run.
#[derive(Debug)]
pub struct Program {
    root: Node,
}

#[derive(Debug)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Text(Text),
    Number(NumberPredicate),
    IsEmpty { field: Field, negated: bool },
}

/// A prepared comparison of a text field.
#[derive(Debug)]
struct Text {
    field: Field,
    op: Op,
    negated: bool,
    literals: Vec<String>,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Any(Literals),
    All(Vec<Needle>),
    Equal,
    EqualFolded,
    OneOf(HashSet<Box<str>>),
    OneOfFolded(HashSet<Box<str>>),
    Regex(Regex),
    Under(String),
}

impl Program {
    /// Prepares `expr`.
    ///
    /// # Panics
    ///
    /// On a regular expression that [`compile`](crate::compile) would have
    /// refused.
    pub fn new(expr: &Expr) -> Program {
        Program { root: Node::new(expr) }
    }

    /// Whether the rule holds for `event`.
    pub fn eval(&self, event: &impl EventView) -> Truth {
        self.root.eval(event)
    }

    /// If the rule holds, the positive predicates by which it does, in the
    /// order of the rule's text. Negations, `isempty`, comparisons with `""`
    /// and number predicates give none.
    pub fn reasons<'r, 'e>(
        &'r self,
        event: &'e impl EventView,
        each: &mut dyn FnMut(Reason<'r, 'e>),
    ) -> Truth {
        let truth = self.root.eval(event);
        if truth == Truth::True {
            self.root.reasons(event, each);
        }
        truth
    }
}

impl Node {
    fn new(expr: &Expr) -> Node {
        match expr {
            Expr::And(terms) => Node::And(terms.iter().map(Node::new).collect()),
            Expr::Or(terms) => Node::Or(terms.iter().map(Node::new).collect()),
            Expr::Not(inner) => Node::Not(Box::new(Node::new(inner))),
            Expr::Text(predicate) => Node::Text(Text::new(predicate)),
            Expr::Number(predicate) => Node::Number(predicate.clone()),
            Expr::IsEmpty { field, negated } => Node::IsEmpty { field: *field, negated: *negated },
            // Not adopted: nothing is learned yet.
            Expr::Learned { .. } => Node::new(&expr.adopt(&Learned::new())),
        }
    }

    fn eval(&self, event: &impl EventView) -> Truth {
        match self {
            Node::And(terms) => first_or_null(terms, event, Truth::False),
            Node::Or(terms) => first_or_null(terms, event, Truth::True),
            Node::Not(inner) => !inner.eval(event),
            Node::Text(text) => (text.test(event.text(text.field)) != text.negated).into(),
            Node::Number(predicate) => match event.number(predicate.field) {
                Some(number) => compare(predicate, number).into(),
                None => Truth::Null,
            },
            Node::IsEmpty { field, negated } => {
                let empty = if field.is_number() {
                    event.number(*field).is_none()
                } else {
                    event.text(*field).is_empty()
                };
                (empty != *negated).into()
            }
        }
    }

    /// Reports the reasons of a node that is true.
    fn reasons<'r, 'e>(&'r self, event: &'e impl EventView, each: &mut dyn FnMut(Reason<'r, 'e>)) {
        match self {
            Node::And(terms) => terms.iter().for_each(|term| term.reasons(event, each)),
            Node::Or(terms) => terms
                .iter()
                .filter(|term| term.eval(event) == Truth::True)
                .for_each(|term| term.reasons(event, each)),
            Node::Text(text) if !text.negated => {
                let seen = event.text(text.field);
                if let Some(literal) = text.longest(seen).filter(|literal| !literal.is_empty()) {
                    each(Reason { field: text.field, op: text.op, literal, seen });
                }
            }
            Node::Text(_) | Node::Not(_) | Node::Number(_) | Node::IsEmpty { .. } => {}
        }
    }
}

/// `decisive` if a term is, else null if a term is, else the opposite.
fn first_or_null(terms: &[Node], event: &impl EventView, decisive: Truth) -> Truth {
    let mut truth = !decisive;
    for term in terms {
        match term.eval(event) {
            Truth::Null => truth = Truth::Null,
            value if value == decisive => return value,
            _ => {}
        }
    }
    truth
}

fn compare(predicate: &NumberPredicate, number: i64) -> bool {
    let values = predicate.values.as_slice();
    let any = |holds: fn(&i64, &i64) -> bool| values.iter().any(|value| holds(&number, value));
    match predicate.op {
        NumberOp::Eq | NumberOp::In => values.contains(&number),
        NumberOp::Ne | NumberOp::NotIn => !values.contains(&number),
        NumberOp::Lt => any(i64::lt),
        NumberOp::Le => any(i64::le),
        NumberOp::Gt => any(i64::gt),
        NumberOp::Ge => any(i64::ge),
        NumberOp::Between => matches!(values, [low, high] if (low..=high).contains(&&number)),
    }
}

impl Text {
    fn new(predicate: &TextPredicate) -> Text {
        let TextPredicate { field, op, case_sensitive, negated, literals } = predicate;
        let needles = |place| {
            let case_sensitive = *case_sensitive && !matches!(op, TextOp::HasAny | TextOp::HasAll);
            literals.iter().map(move |literal| Needle::new(literal, place, case_sensitive))
        };
        let first = literals.first().map_or("", String::as_str);
        let test = match op {
            TextOp::Has | TextOp::HasAny => {
                Test::Any(Literals::new(needles(Place::Terms).collect()))
            }
            TextOp::HasAll => Test::All(needles(Place::Terms).collect()),
            TextOp::HasPrefix => Test::Any(Literals::new(needles(Place::TermStart).collect())),
            TextOp::HasSuffix => Test::Any(Literals::new(needles(Place::TermEnd).collect())),
            TextOp::Contains => Test::Any(Literals::new(needles(Place::Anywhere).collect())),
            TextOp::StartsWith => Test::Any(Literals::new(needles(Place::Start).collect())),
            TextOp::EndsWith => Test::Any(Literals::new(needles(Place::End).collect())),
            TextOp::Eq if *case_sensitive => Test::Equal,
            TextOp::Eq => Test::EqualFolded,
            TextOp::In if *case_sensitive => {
                Test::OneOf(literals.iter().map(|literal| literal.as_str().into()).collect())
            }
            TextOp::In => Test::OneOfFolded(
                literals.iter().map(|literal| fold_text(literal).into()).collect(),
            ),
            TextOp::Regex => Test::Regex(
                compile_regex(first).expect("the checker compiled this regular expression"),
            ),
            TextOp::Under => Test::Under(fold_text(first).into_owned()),
        };
        let op = witness_op(*op, *case_sensitive);
        Text { field: *field, op, negated: *negated, literals: literals.clone(), test }
    }

    /// Whether the comparison, not turned round, holds.
    fn test(&self, value: &str) -> bool {
        match &self.test {
            Test::Any(literals) => !value.is_empty() && literals.any(&Value::new(value)),
            Test::All(needles) => {
                let value = Value::new(value);
                needles.iter().all(|needle| needle.occurs(&value))
            }
            Test::Equal => self.literals.iter().any(|literal| literal == value),
            Test::EqualFolded => self.literals.iter().any(|literal| equal(literal, value)),
            Test::OneOf(set) => set.contains(value),
            Test::OneOfFolded(set) => set.contains(&*fold_text(value)),
            Test::Regex(regex) => regex.is_match(value),
            Test::Under(domain) => is_under(&fold_text(value), domain),
        }
    }

    /// The longest literal that `value`, for which the test holds, meets.
    fn longest(&self, value: &str) -> Option<&str> {
        let mut met: Vec<usize> = Vec::new();
        match &self.test {
            Test::Any(literals) => {
                let _ = literals.each(&Value::new(value), |at| {
                    met.push(at);
                    ControlFlow::Continue(())
                });
            }
            Test::OneOf(_) => met.extend(self.literals.iter().position(|literal| literal == value)),
            Test::OneOfFolded(_) => {
                met.extend(self.literals.iter().position(|literal| equal(literal, value)));
            }
            Test::All(_) | Test::Equal | Test::EqualFolded | Test::Regex(_) | Test::Under(_) => {
                met.extend(0..self.literals.len());
            }
        }
        let longest =
            met.into_iter().min_by_key(|&at| (usize::MAX - self.literals[at].len(), at))?;
        Some(&self.literals[longest])
    }
}
