//! Which fields must be filled for a rule to be able to hold: what the
//! coverage statement is made of.
//!
//! A field is needed by a predicate that does not come out as wanted when the
//! field is empty. That one question serves positive and negated predicates,
//! `isempty`, `== ""` and null numbers alike; `and` and `or` join the answers
//! into clauses.

use remora_abi::Field;

use crate::{Expr, Program, TextOp, Truth, eval::EventView};

/// More clauses than this are not kept: the longest, which say least, are
/// dropped. Larger than the field table, so a clause of one field never is.
const MOST_CLAUSES: usize = 128;

/// The fields a rule needs, as clauses: the rule can hold only in an event
/// that fills at least one field of *every* clause. Negations, `isempty` and
/// `== ""` need nothing, but `isnotempty`, `!= ""` and comparisons of numbers,
/// which are null without one, do. Clauses are sorted, none contains another;
/// where a rule would make very many, the weakest are left out.
pub fn needs(expr: &Expr) -> Vec<Vec<Field>> {
    let mut clauses = clauses(expr, Truth::True);
    clauses.sort_unstable();
    clauses
}

/// Every field that a rule reads, in the order of first use.
pub fn fields(expr: &Expr) -> Vec<Field> {
    fn visit(expr: &Expr, found: &mut Vec<Field>) {
        let field = match expr {
            Expr::And(terms) | Expr::Or(terms) => {
                return terms.iter().for_each(|term| visit(term, found));
            }
            Expr::Not(inner) => return visit(inner, found),
            Expr::Text(predicate) => predicate.field,
            Expr::Number(predicate) => predicate.field,
            Expr::IsEmpty { field, .. } | Expr::Learned { field, .. } => *field,
        };
        if !found.contains(&field) {
            found.push(field);
        }
    }
    let mut found = Vec::new();
    visit(expr, &mut found);
    found
}

/// An event without a single value.
struct Nothing;

impl EventView for Nothing {
    fn text(&self, _: Field) -> &str {
        ""
    }

    fn number(&self, _: Field) -> Option<i64> {
        None
    }
}

/// What must be filled for `expr` to come out as `wanted` (true or false).
fn clauses(expr: &Expr, wanted: Truth) -> Vec<Vec<Field>> {
    match (expr, wanted) {
        (Expr::Not(inner), _) => clauses(inner, !wanted),
        (Expr::And(terms), Truth::True) | (Expr::Or(terms), Truth::False) => {
            shortest(terms.iter().flat_map(|term| clauses(term, wanted)).collect())
        }
        (Expr::And(terms) | Expr::Or(terms), _) => terms
            .iter()
            .map(|term| clauses(term, wanted))
            .reduce(|left, right| {
                let pairs =
                    left.iter().flat_map(|left| right.iter().map(move |right| union(left, right)));
                shortest(pairs.collect())
            })
            .unwrap_or_default(),
        // Nothing empty is ever learned.
        (Expr::Learned { field, .. }, Truth::True) => vec![vec![*field]],
        (Expr::Text(_) | Expr::Number(_) | Expr::IsEmpty { .. } | Expr::Learned { .. }, _) => {
            if of_nothing(expr) == wanted {
                vec![]
            } else {
                vec![fields(expr)]
            }
        }
    }
}

/// How a predicate comes out in an event without a single value. Without
/// making it ready to run, where that is easily told: a start asks this of
/// every rule, and a long list would be prepared for nothing.
fn of_nothing(expr: &Expr) -> Truth {
    match expr {
        Expr::Text(text) if text.op != TextOp::Regex => {
            // Only these compare with the empty text.
            let may = matches!(text.op, TextOp::Eq | TextOp::In);
            let met = may && text.literals.iter().any(String::is_empty);
            (met != text.negated).into()
        }
        _ => Program::new(expr).eval(&Nothing),
    }
}

/// A clause that holds where either does.
fn union(left: &[Field], right: &[Field]) -> Vec<Field> {
    let mut fields = [left, right].concat();
    fields.sort_unstable();
    fields.dedup();
    fields
}

/// The clauses that say most: none that another implies, and not too many.
/// Leaving clauses out only makes the statement weaker.
fn shortest(mut clauses: Vec<Vec<Field>>) -> Vec<Vec<Field>> {
    clauses.sort_unstable_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    clauses.dedup();
    let mut kept: Vec<Vec<Field>> = Vec::new();
    for clause in clauses {
        if kept.len() == MOST_CLAUSES {
            break;
        }
        if !kept.iter().any(|shorter| shorter.iter().all(|field| clause.contains(field))) {
            kept.push(clause);
        }
    }
    kept
}
