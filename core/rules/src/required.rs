//! Required interests: what at least must match in any event that can satisfy
//! a rule.
//!
//! Of an `and` one child is enough, and which one is decided by a fixed order
//! of fields, the same for every plugin: if one plugin asked for company names
//! and another for URLs where both could ask for URLs, the screen would have to
//! look at both columns of every record. Rarity of a literal in the data would
//! choose better for one rule and worse for all of them.

use std::cmp::Reverse;

use remora_abi::{Field, Kind, Op, field, kind};

use crate::{Expr, TextOp, TextPredicate, operators::interest_op, problem::quoted};

/// An owned [`remora_abi::Interest`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InterestSpec {
    /// The kind, or [`remora_abi::kind::ANY`].
    pub kind: Kind,
    /// A text field ([`remora_abi::field::NONE`] for a whole kind).
    pub field: Field,
    /// The operator.
    pub op: Op,
    /// The literal; empty only for a whole kind.
    pub literal: String,
}

/// What a rule needs to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Required {
    /// At least one of these matches whenever the rule holds.
    Interests(Vec<InterestSpec>),
    /// Nothing narrower than whole kinds can be proved; `why` names the part
    /// of the rule that opens them.
    Everything {
        /// For people.
        why: String,
    },
}

/// The order in which fields are asked for, the first that a rule offers:
/// columns that sources have and that say much come first. Fields that are not
/// named follow in the order of their ids.
pub const FIELD_ORDER: &[Field] = &[
    field::REMOTE_URL,
    field::FILE_SIGNER,
    field::REMOTE_HOST,
    field::URL,
    field::PROCESS_COMPANY,
    field::PROCESS_PRODUCT,
    field::PROCESS_ORIGINAL_NAME,
    field::PROCESS_DESCRIPTION,
    field::PROCESS_NAME,
    field::FILE_NAME,
    field::SERVICE_NAME,
    field::SOFTWARE_NAME,
    field::SOFTWARE_VENDOR,
    field::TLS_CERT_SUBJECT,
    field::PROCESS_SIGNER,
];

fn rank(field: Field) -> usize {
    let named = FIELD_ORDER.iter().position(|&named| named == field);
    named.unwrap_or(FIELD_ORDER.len() + usize::from(field.0))
}

/// The required interests of `expr` over events of `kinds`: one per kind,
/// sorted, none twice. Without kinds they are of kind [`kind::ANY`].
pub fn required(expr: &Expr, kinds: &[Kind]) -> Required {
    let kinds = if kinds.is_empty() { &[kind::ANY] } else { kinds };
    match literals(expr) {
        Err(why) => Required::Everything { why },
        Ok(wanted) => {
            let mut interests: Vec<InterestSpec> = kinds
                .iter()
                .flat_map(|&kind| {
                    wanted.iter().map(move |&(field, op, literal)| InterestSpec {
                        kind,
                        field,
                        op,
                        literal: literal.to_owned(),
                    })
                })
                .collect();
            interests.sort_unstable();
            interests.dedup();
            Required::Interests(interests)
        }
    }
}

type Wanted<'e> = Vec<(Field, Op, &'e str)>;

/// Literals of which one is met whenever `expr` is true, or why there are none.
fn literals(expr: &Expr) -> Result<Wanted<'_>, String> {
    match expr {
        Expr::And(terms) => terms
            .iter()
            .filter_map(|term| literals(term).ok())
            // The first of equal ones, as `min_by_key` has it.
            .min_by_key(|wanted| {
                let rank = wanted.iter().map(|&(field, ..)| rank(field)).max();
                (rank, wanted.len())
            })
            .ok_or_else(|| why(expr, "has no part that asks for a value")),
        Expr::Or(terms) => {
            let mut all = Vec::new();
            for term in terms {
                all.extend(literals(term)?);
            }
            Ok(all)
        }
        Expr::Not(_) => Err(why(expr, "holds for what a value is not")),
        Expr::Number(_) => Err(why(expr, "asks for a number")),
        Expr::IsEmpty { negated: false, .. } => Err(why(expr, "holds for empty values")),
        Expr::IsEmpty { negated: true, .. } => Err(why(expr, "holds for any value")),
        // Nothing is known of the set before it is adopted, and then it is a list.
        Expr::Learned { .. } => Err(why(expr, "asks for what is learned in an earlier pass")),
        Expr::Text(predicate) => text_literals(predicate, expr),
    }
}

fn text_literals<'e>(predicate: &'e TextPredicate, expr: &Expr) -> Result<Wanted<'e>, String> {
    let TextPredicate { field, op, case_sensitive, negated, literals } = predicate;
    if *negated {
        return Err(why(expr, "holds for what a value is not"));
    }
    let Some(interest_op) = interest_op(*op, *case_sensitive) else {
        return Err(why(expr, "is a regular expression"));
    };
    if literals.iter().any(String::is_empty) {
        return Err(why(expr, "holds for empty values"));
    }
    let all = literals.iter().map(|literal| (*field, interest_op, literal.as_str()));
    Ok(match op {
        // All are met, so one is enough; the longest is met least often.
        TextOp::HasAll => {
            all.min_by_key(|(.., literal)| Reverse(literal.len())).into_iter().collect()
        }
        _ => all.collect(),
    })
}

fn why(part: &Expr, reason: &str) -> String {
    format!("`{}` {reason}", quoted(&part.to_string()))
}
