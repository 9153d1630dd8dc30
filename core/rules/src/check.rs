//! From what was written to what it means: names become fields, operators are
//! held against the field's type, and literals against the operator.
//!
//! Everything that could only never match is refused here, with what would be
//! accepted, rather than left to be silently false.

use std::{collections::HashSet, ops::Range};

use regex::RegexBuilder;
use remora_abi::{Field, Kind, field};

use crate::{
    Expr, NumberOp, NumberPredicate, TextOp, TextPredicate, domain,
    names::resolve,
    operators::{Operator, TextForm, number_names, text_names},
    problem::Problem,
    syntax::{Literal, Name, Spanned, Syntax, Test},
};

/// How many distinct values KQL takes in `has_any`, `has_all` and `in`.
const MOST_HAS_ANY: usize = 10_000;
const MOST_HAS_ALL: usize = 256;
const MOST_IN: usize = 1_000_000;

/// How large a compiled regular expression may be, in bytes.
const LARGEST_REGEX: usize = 4 << 20;

/// Fields that hold whole URLs, in which `under` would look for a host in vain.
const URLS: &[Field] = &[field::REMOTE_URL, field::URL, field::FILE_ORIGIN_URL];

/// Checks a condition for events of `kinds`.
pub(crate) fn check(syntax: Syntax<'_>, kinds: &[Kind]) -> Result<Expr, Problem> {
    let learned = learned(&syntax);
    let expr = condition(syntax, kinds)?;
    match learned {
        // A rule that asks for what was learned is evaluated in the second
        // pass only, which is left out where nothing was learned.
        Some(word) if !needs_learned(&expr) => {
            Err(Problem::new("this rule can hold without what was learned", word)
                .help("join it by `and`, not under `not`; make alternatives rules of their own"))
        }
        _ => Ok(expr),
    }
}

/// The first word `learned` of the condition.
fn learned(syntax: &Syntax<'_>) -> Option<Range<usize>> {
    match syntax {
        Syntax::And(terms) | Syntax::Or(terms) => terms.iter().find_map(learned),
        Syntax::Not(inner) => learned(inner),
        Syntax::Learned { word, .. } => Some(word.clone()),
        Syntax::Test { .. } | Syntax::Comparison { .. } => None,
    }
}

/// Whether the condition can hold only where a learned set does.
fn needs_learned(expr: &Expr) -> bool {
    match expr {
        Expr::And(terms) => terms.iter().any(needs_learned),
        Expr::Or(terms) => terms.iter().all(needs_learned),
        Expr::Learned { .. } => true,
        Expr::Not(_) | Expr::Text(_) | Expr::Number(_) | Expr::IsEmpty { .. } => false,
    }
}

fn condition(syntax: Syntax<'_>, kinds: &[Kind]) -> Result<Expr, Problem> {
    let all = |terms: Vec<Syntax<'_>>| -> Result<Vec<Expr>, Problem> {
        terms.into_iter().map(|term| condition(term, kinds)).collect()
    };
    match syntax {
        Syntax::And(terms) => Ok(Expr::And(all(terms)?)),
        Syntax::Or(terms) => Ok(Expr::Or(all(terms)?)),
        Syntax::Not(inner) => Ok(Expr::Not(Box::new(condition(*inner, kinds)?))),
        Syntax::Learned { field: name, rule, .. } => {
            let field = resolve(&name, kinds)?;
            if field.is_number() {
                let message = format!("`{}` is a number, and only texts are learned", name.node);
                return Err(Problem::new(message, name.span));
            }
            Ok(Expr::Learned { field, rule: rule.node })
        }
        Syntax::Test { test, field } => check_test(&test, &field, kinds),
        Syntax::Comparison { field: name, operator, values } => {
            let field = resolve(&name, kinds)?;
            if field.is_number() {
                check_number(&name, field, &operator, values)
            } else {
                check_text(&name, field, &operator, values)
            }
        }
    }
}

fn check_test(test: &Spanned<Test>, name: &Name<'_>, kinds: &[Kind]) -> Result<Expr, Problem> {
    let field = resolve(name, kinds)?;
    let negated = matches!(test.node, Test::NotEmpty | Test::NotNull);
    if matches!(test.node, Test::Null | Test::NotNull) && !field.is_number() {
        let instead = if negated { "isnotempty" } else { "isempty" };
        let message = format!("`{}` is text, and text is never null", name.node);
        return Err(Problem::new(message, test.span.start..name.span.end)
            .help(format!("a missing text is empty: `{instead}({})`", name.node)));
    }
    Ok(Expr::IsEmpty { field, negated })
}

fn check_number(
    name: &Name<'_>,
    field: Field,
    operator: &Spanned<&Operator>,
    values: Vec<Spanned<Literal>>,
) -> Result<Expr, Problem> {
    let Some(op) = operator.node.number else {
        let message =
            format!("`{}` is a number, and `{}` compares text", name.node, operator.node.name);
        return Err(Problem::new(message, operator.span.clone())
            .help(format!("numbers are compared by {}", number_names())));
    };
    let numbers: Vec<i64> = values
        .iter()
        .map(|value| match &value.node {
            Literal::Number(number) => Ok(*number),
            Literal::Text(text) => {
                let problem = Problem::new(
                    format!("`{}` is a number, and this is text", name.node),
                    value.span.clone(),
                );
                Err(match text.parse::<i64>() {
                    Ok(number) => problem.help(format!("write {number} without quotes")),
                    Err(_) => problem.help("write a whole number, without quotes"),
                })
            }
        })
        .collect::<Result<_, _>>()?;
    if let (NumberOp::In | NumberOp::NotIn, [first, .., last]) = (op, values.as_slice()) {
        check_count(numbers.iter(), MOST_IN, operator.node.name, first.span.start..last.span.end)?;
    }
    Ok(Expr::Number(NumberPredicate { field, op, values: numbers }))
}

fn check_text(
    name: &Name<'_>,
    field: Field,
    operator: &Spanned<&Operator>,
    values: Vec<Spanned<Literal>>,
) -> Result<Expr, Problem> {
    let Some(TextForm { op, case_sensitive, negated }) = operator.node.text else {
        let message =
            format!("`{}` is text, and `{}` compares numbers", name.node, operator.node.name);
        return Err(Problem::new(message, operator.span.clone())
            .help(format!("text is compared by {}", text_names())));
    };
    if op == TextOp::Under && URLS.contains(&field) {
        let message = format!("`{}` holds whole URLs, and `under` compares host names", name.node);
        return Err(Problem::new(message, name.span.clone())
            .help("the host of every URL is in `remote.host`"));
    }
    let span = values.first().map_or(0, |value| value.span.start)
        ..values.last().map_or(0, |value| value.span.end);
    let literals: Vec<String> = values
        .into_iter()
        .map(|value| match value.node {
            Literal::Text(text) => check_literal(op, operator.node.name, text, value.span),
            Literal::Number(number) => Err(Problem::new(
                format!("`{}` is text, and this is a number", name.node),
                value.span,
            )
            .help(format!("write it in quotes: \"{number}\""))),
        })
        .collect::<Result<_, _>>()?;
    let most = match op {
        TextOp::HasAny => MOST_HAS_ANY,
        TextOp::HasAll => MOST_HAS_ALL,
        _ => MOST_IN,
    };
    check_count(literals.iter(), most, operator.node.name, span)?;
    Ok(Expr::Text(TextPredicate { field, op, case_sensitive, negated, literals }))
}

fn check_count<T: std::hash::Hash + Eq>(
    values: impl ExactSizeIterator<Item = T>,
    most: usize,
    operator: &str,
    span: Range<usize>,
) -> Result<(), Problem> {
    if values.len() <= most {
        return Ok(());
    }
    let distinct = values.collect::<HashSet<_>>().len();
    if distinct <= most {
        return Ok(());
    }
    Err(Problem::new(
        format!("`{operator}` takes at most {most} distinct values, and these are {distinct}"),
        span,
    ))
}

fn check_literal(
    op: TextOp,
    operator: &str,
    text: String,
    span: Range<usize>,
) -> Result<String, Problem> {
    match op {
        TextOp::Eq | TextOp::In => return Ok(text),
        TextOp::Under => {
            return domain::normalize(&text).map_err(|why| {
                Problem::new(format!("this is no domain: {why}"), span)
                    .help("a domain is written like \"example.com\"")
            });
        }
        _ => {}
    }
    if text.is_empty() {
        return Err(Problem::new(format!("an empty text for `{operator}`"), span)
            .help("`isempty(field)` asks whether a field is empty"));
    }
    if op == TextOp::Regex {
        check_regex(&text).map_err(|why| {
            Problem::new(format!("this regular expression cannot be read: {why}"), span)
        })?;
    }
    Ok(text)
}

/// Whether a regular expression can be one of a rule.
///
/// # Errors
///
/// Why it cannot, in a few words.
pub fn check_regex(pattern: &str) -> Result<(), String> {
    compile_regex(pattern).map(drop).map_err(|error| {
        // The error of the regex crate draws the pattern and a caret of its
        // own; its last line says what is wrong.
        let error = error.to_string();
        let last = error.lines().last().unwrap_or_default();
        last.strip_prefix("error: ").unwrap_or(last).to_owned()
    })
}

/// Compiles a regular expression as rules mean it.
pub(crate) fn compile_regex(pattern: &str) -> Result<regex::Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(LARGEST_REGEX).build()
}
