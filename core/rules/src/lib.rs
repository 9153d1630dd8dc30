#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod ast;
mod check;
pub mod diagnostic;
mod domain;
pub mod eval;
mod fold;
mod ids;
pub mod index;
mod instance;
pub mod kql;
mod lex;
mod literals;
mod names;
pub mod needs;
mod operands;
mod operators;
mod parse;
pub mod pattern;
mod print;
mod problem;
pub mod required;
pub mod ruleset;
mod syntax;
mod term;
pub mod trace;

pub use ast::{Expr, Learned, NumberOp, NumberPredicate, TextOp, TextPredicate};
pub use check::check_regex;
pub use diagnostic::{Diagnostic, Severity};
pub use eval::{EventView, Program, Reason, Truth};
pub use index::{Index, IndexError};
pub use instance::{Instance, Instances};
pub use names::nearest;
pub use required::{InterestSpec, Required};
pub use ruleset::{Indicator, IndicatorType, RuleSet, RuleSpec};
pub use trace::{Border, Occurrence, Step, Trace, Tracer};

/// The contract's types, for crates that reach it through the rules.
pub use remora_abi as abi;

use remora_abi::Kind;

/// Parses and checks a rule for events of `kinds`.
///
/// The text is what follows `where` in KQL (a `where` before it is skipped).
/// Canonical field names are taken for any kind, column names only where they
/// mean one field in all of `kinds`.
///
/// # Errors
///
/// The first thing that is wrong with the text, with its place in it.
pub fn compile(text: &str, kinds: &[Kind]) -> Result<Expr, Diagnostic> {
    parse::parse(text)
        .and_then(|syntax| check::check(syntax, kinds))
        .map_err(|problem| problem.at(text))
}
