//! What follows an operator: one value, a list or a range.

use winnow::{Parser, combinator::opt, token::any};

use crate::{
    lex::{Lexeme, Token},
    parse::{Input, close, deeper, peek, symbol},
    problem::{Parsed, Problem},
    syntax::{Literal, Spanned},
};

/// One value; KQL lets it stand in parentheses.
pub(crate) fn one(
    input: &mut Input<'_, '_>,
    operator: &str,
    depth: usize,
) -> Parsed<Spanned<Literal>> {
    if let Some(open) = opt(symbol("(")).parse_next(input)? {
        let depth = deeper(depth, &open.span)?;
        let value = one(input, operator, depth)?;
        if let Token { lexeme: Lexeme::Symbol(","), span } = peek(input) {
            let list = match operator {
                "==" => "in",
                "!=" => "!in",
                "=~" => "in~",
                "!~" => "!in~",
                _ => "has_any",
            };
            return Problem::new(format!("`{operator}` takes one value"), span.clone())
                .help(format!("`{list}` takes a list"))
                .cut();
        }
        close(input, open, "`)`")?;
        return Ok(value);
    }
    match value(input)? {
        Some(value) => Ok(value),
        None => no_value(input, operator),
    }
}

fn no_value<T>(input: &Input<'_, '_>, operator: &str) -> Parsed<T> {
    let token = peek(input);
    let message = format!("expected a value for `{operator}`, found {}", token.describe());
    let problem = Problem::new(message, token.span.clone());
    match token.lexeme {
        Lexeme::Word(_) => problem.help("texts stand in quotes: \"…\" or '…'"),
        _ => problem.help("values are texts in quotes and whole numbers"),
    }
    .cut()
}

/// A number, or texts that stand side by side and are one.
fn value(input: &mut Input<'_, '_>) -> Parsed<Option<Spanned<Literal>>> {
    let Token { lexeme, span } = peek(input);
    let mut span = span.clone();
    let node = match lexeme {
        Lexeme::Number(number) => {
            any.parse_next(input)?;
            Literal::Number(*number)
        }
        Lexeme::Text(_) => {
            let mut text = String::new();
            while let Token { lexeme: Lexeme::Text(part), span: place } = peek(input) {
                text.push_str(part);
                span.end = place.end;
                any.parse_next(input)?;
            }
            Literal::Text(text)
        }
        _ => return Ok(None),
    };
    Ok(Some(Spanned { node, span }))
}

/// `(a, b, …)`, also in doubled parentheses.
pub(crate) fn list(input: &mut Input<'_, '_>, operator: &str) -> Parsed<Vec<Spanned<Literal>>> {
    let mut opened = Vec::new();
    while let Some(open) = opt(symbol("(")).parse_next(input)? {
        deeper(opened.len(), &open.span)?;
        opened.push(open);
    }
    let token = peek(input);
    if opened.is_empty() {
        let message = format!("expected `(` after `{operator}`, found {}", token.describe());
        return Problem::new(message, token.span.clone())
            .help(format!("`{operator}` takes a list: `{operator} (\"a\", \"b\")`"))
            .cut();
    }
    if token.lexeme == Lexeme::Symbol(")") {
        return Problem::new("the list is empty", token.span.clone()).cut();
    }
    let mut values = Vec::new();
    loop {
        match value(input)? {
            Some(value) => values.push(value),
            None => return no_value(input, operator),
        }
        let Some(comma) = opt(symbol(",")).parse_next(input)? else { break };
        if peek(input).lexeme == Lexeme::Symbol(")") {
            return Problem::new("a value is missing after the last comma", comma.span.clone())
                .help("leave the comma out")
                .cut();
        }
    }
    for open in opened.into_iter().rev() {
        close(input, open, "`,` or `)`")?;
    }
    Ok(values)
}

/// `("rule")` behind `learned`.
pub(crate) fn learned(input: &mut Input<'_, '_>) -> Parsed<Spanned<String>> {
    let help = "the values that a rule learns are written `in learned(\"id of the rule\")`";
    let expected = |what: &str, token: &Token<'_>| {
        let message = format!("expected {what}, found {}", token.describe());
        Problem::new(message, token.span.clone()).help(help)
    };
    let open = peek(input);
    if opt(symbol("(")).parse_next(input)?.is_none() {
        return expected("`(` after `learned`", open).cut();
    }
    match value(input)? {
        Some(Spanned { node: Literal::Text(rule), span }) if !rule.is_empty() => {
            close(input, open, "`)`")?;
            Ok(Spanned { node: rule, span })
        }
        Some(Spanned { span, .. }) => {
            Problem::new("this is no id of a rule", span).help(help).cut()
        }
        None => expected("the id of a rule in quotes", peek(input)).cut(),
    }
}

/// `(a .. b)`
pub(crate) fn range(input: &mut Input<'_, '_>) -> Parsed<Vec<Spanned<Literal>>> {
    let help = "a range is written `between (1 .. 5)`; both ends belong to it";
    let open = peek(input);
    let expected = |what: &str, token: &Token<'_>| {
        let message = format!("expected {what}, found {}", token.describe());
        Problem::new(message, token.span.clone()).help(help)
    };
    if opt(symbol("(")).parse_next(input)?.is_none() {
        return expected("`(` after `between`", open).cut();
    }
    let Some(low) = value(input)? else { return expected("a number", peek(input)).cut() };
    if opt(symbol("..")).parse_next(input)?.is_none() {
        return expected("`..`", peek(input)).cut();
    }
    let Some(high) = value(input)? else { return expected("a number", peek(input)).cut() };
    close(input, open, "`)`")?;
    Ok(vec![low, high])
}
