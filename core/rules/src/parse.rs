//! From tokens to a syntax tree.
//!
//! `and` binds tighter than `or`, `not` tighter than both. Chains are flat, so
//! a rule of ten thousand alternatives is as deep as one of two; only
//! parentheses and `not` go deeper, and no further than [`DEEPEST`], because
//! every later walk of the tree is a recursion.

use std::ops::Range;

use winnow::{
    Parser,
    combinator::opt,
    error::ErrMode,
    stream::{Stream, TokenSlice},
    token::any,
};

use crate::{
    lex::{Lexeme, Token, lex},
    names::nearest,
    operands::{learned, list, one, range},
    operators::{OPERATORS, Operand, Operator, find, number_names, text_names},
    problem::{Parsed, Problem, quoted},
    syntax::{Name, Spanned, Syntax, Test},
};

/// How deep parentheses and `not` may be nested.
pub(crate) const DEEPEST: usize = 64;

/// How long a rule's text may be, in bytes: room for the longest list that KQL
/// allows, of hashes.
pub(crate) const LONGEST: usize = 128 << 20;

/// Reads a rule's text.
pub(crate) fn parse(text: &str) -> Result<Syntax<'_>, Problem> {
    rule(text).map_err(|error| match error {
        ErrMode::Cut(problem) => problem,
        // Every parser here takes what it tries or names a problem.
        ErrMode::Backtrack(_) | ErrMode::Incomplete(_) => {
            Problem::new("this rule cannot be read", 0..text.len())
        }
    })
}

fn rule(text: &str) -> Parsed<Syntax<'_>> {
    if text.len() > LONGEST {
        return Problem::new(format!("the rule is longer than {LONGEST} bytes"), 0..0).cut();
    }
    let tokens = lex(text)?;
    let mut input = TokenSlice::new(tokens.as_slice());
    opt(word(&["where"])).parse_next(&mut input)?;
    let syntax = disjunction(&mut input, 0)?;
    match peek(&input) {
        Token { lexeme: Lexeme::End, .. } => Ok(syntax),
        token => surplus(token, "the end of the rule"),
    }
}

pub(crate) type Input<'i, 't> = TokenSlice<'i, Token<'t>>;

pub(crate) fn peek<'i, 't>(input: &Input<'i, 't>) -> &'i Token<'t> {
    input.peek_token().expect("the end token is never taken")
}

/// Takes a token of this lexeme.
pub(crate) fn symbol<'i, 't: 'i>(
    spelling: &'static str,
) -> impl Parser<Input<'i, 't>, &'i Token<'t>, ErrMode<Problem>> {
    any.verify(move |token: &&Token<'t>| token.lexeme == Lexeme::Symbol(spelling))
}

/// Takes one of these words.
fn word<'i, 't: 'i>(
    spellings: &'static [&'static str],
) -> impl Parser<Input<'i, 't>, &'i Token<'t>, ErrMode<Problem>> {
    any.verify(move |token: &&Token<'t>| matches!(token.lexeme, Lexeme::Word(word) if spellings.contains(&word)))
}

const AND: &[&str] = &["and", "AND"];
const OR: &[&str] = &["or", "OR"];
const NOT: &[&str] = &["not", "NOT"];

fn disjunction<'t>(input: &mut Input<'_, 't>, depth: usize) -> Parsed<Syntax<'t>> {
    // Loops rather than `separated`, whose closures would be most of the stack
    // that a level takes.
    let mut terms = vec![conjunction(input, depth)?];
    while opt(word(OR)).parse_next(input)?.is_some() {
        terms.push(conjunction(input, depth)?);
    }
    Ok(joined(terms, Syntax::Or))
}

fn conjunction<'t>(input: &mut Input<'_, 't>, depth: usize) -> Parsed<Syntax<'t>> {
    let mut terms = vec![condition(input, depth)?];
    while opt(word(AND)).parse_next(input)?.is_some() {
        terms.push(condition(input, depth)?);
    }
    Ok(joined(terms, Syntax::And))
}

fn joined<'t>(mut terms: Vec<Syntax<'t>>, join: fn(Vec<Syntax<'t>>) -> Syntax<'t>) -> Syntax<'t> {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        last => {
            terms.extend(last);
            join(terms)
        }
    }
}

fn condition<'t>(input: &mut Input<'_, 't>, depth: usize) -> Parsed<Syntax<'t>> {
    if let Some(not) = opt(word(NOT)).parse_next(input)? {
        let depth = deeper(depth, &not.span)?;
        let inner = match opt(symbol("(")).parse_next(input)? {
            Some(open) => group(input, open, depth)?,
            None => condition(input, depth)?,
        };
        return Ok(Syntax::Not(Box::new(inner)));
    }
    if let Some(open) = opt(symbol("(")).parse_next(input)? {
        let depth = deeper(depth, &open.span)?;
        return group(input, open, depth);
    }
    predicate(input)
}

pub(crate) fn deeper(depth: usize, span: &Range<usize>) -> Parsed<usize> {
    if depth < DEEPEST {
        return Ok(depth + 1);
    }
    Problem::new(format!("nested deeper than {DEEPEST} levels"), span.clone())
        .help("chains of `and` and `or` need no parentheses")
        .cut()
}

/// What follows an opening parenthesis, up to its closing one.
fn group<'t>(input: &mut Input<'_, 't>, open: &Token<'t>, depth: usize) -> Parsed<Syntax<'t>> {
    let inner = disjunction(input, depth)?;
    if opt(symbol(")")).parse_next(input)?.is_some() {
        return Ok(inner);
    }
    match peek(input) {
        Token { lexeme: Lexeme::End, .. } => unclosed(open),
        token => surplus(token, "`)`"),
    }
}

fn unclosed<T>(open: &Token<'_>) -> Parsed<T> {
    Problem::new("this parenthesis is not closed", open.span.clone())
        .help("add the `)` where the group ends")
        .cut()
}

/// A token where a condition is complete.
fn surplus<T>(token: &Token<'_>, end: &str) -> Parsed<T> {
    let found = token.describe();
    let span = token.span.clone();
    match token.lexeme {
        Lexeme::Symbol(")") => Problem::new("this `)` closes nothing", span),
        Lexeme::Symbol("|" | ";") => {
            Problem::new(format!("a rule is one condition, and {found} ends it"), span)
                .help("give only what follows `where`; join two `where` by `and`")
        }
        Lexeme::Symbol(",") => Problem::new("a list without parentheses", span)
            .help("several values are compared by an operator that takes a list, such as `has_any (\"a\", \"b\")`"),
        Lexeme::Symbol("&&") => Problem::new("`&&` is spelled `and`", span),
        Lexeme::Symbol("||") => Problem::new("`||` is spelled `or`", span),
        Lexeme::Word(word) if find(word).is_some() => {
            Problem::new(format!("a second operator, {found}, for one field"), span)
                .help("write `and` or `or`, and the field again")
        }
        Lexeme::Symbol(symbol) if find(symbol).is_some() => {
            Problem::new(format!("a second operator, {found}, for one field"), span)
                .help("write `and` or `or`, and the field again")
        }
        _ => Problem::new(format!("expected `and`, `or` or {end}, found {found}"), span),
    }
    .cut()
}

fn predicate<'t>(input: &mut Input<'_, 't>) -> Parsed<Syntax<'t>> {
    let token = peek(input);
    let Lexeme::Word(name) = token.lexeme else { return no_condition(token) };
    if find(name).is_some() || [AND, OR].iter().any(|words| words.contains(&name)) {
        return Problem::new(format!("expected a field, found `{name}`"), token.span.clone())
            .help("a comparison is written `field operator value`")
            .cut();
    }
    any.parse_next(input)?;
    let field = Spanned { node: name, span: token.span.clone() };
    if let Some(open) = opt(symbol("(")).parse_next(input)? {
        return test(input, field, open);
    }
    let operator = operator(input, name)?;
    if let Token { lexeme: Lexeme::Word("learned"), span } = peek(input)
        && matches!(operator.node.name, "in" | "!in" | "in~" | "!in~")
    {
        if operator.node.name != "in" {
            return Problem::new("what was learned is asked for with `in` only", operator.span)
                .help("learned values are compared exactly, and not turned round")
                .cut();
        }
        any.parse_next(input)?;
        let rule = learned(input)?;
        return Ok(Syntax::Learned { field, word: span.clone(), rule });
    }
    let values = match operator.node.operand {
        Operand::One => vec![one(input, operator.node.name, 0)?],
        Operand::List => list(input, operator.node.name)?,
        Operand::Range => range(input)?,
    };
    Ok(Syntax::Comparison { field, operator, values })
}

fn no_condition<T>(token: &Token<'_>) -> Parsed<T> {
    let found = token.describe();
    let problem = match token.lexeme {
        Lexeme::Text(_) | Lexeme::Number(_) => {
            Problem::new(format!("a comparison begins with its field, not with {found}"), token.span.clone())
                .help("write `field operator value`")
        }
        _ => Problem::new(format!("expected a condition, found {found}"), token.span.clone())
            .help("a condition is `field operator value`, `isempty(field)`, `not (…)` or a group in parentheses"),
    };
    problem.cut()
}

/// The field of `isempty(field)`, the parenthesis being open.
fn test<'t>(input: &mut Input<'_, 't>, name: Name<'t>, open: &Token<'t>) -> Parsed<Syntax<'t>> {
    let Some((_, test)) = Test::ALL.into_iter().find(|(spelling, _)| *spelling == name.node) else {
        let known: Vec<_> = Test::ALL.iter().map(|(spelling, _)| format!("`{spelling}`")).collect();
        let problem = Problem::new(format!("unknown function `{}`", quoted(name.node)), name.span);
        let spellings = Test::ALL.iter().map(|(spelling, _)| *spelling).chain(["not"]);
        return match nearest(name.node, spellings) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("the functions are {}", known.join(", "))),
        }
        .cut();
    };
    let token = peek(input);
    let Lexeme::Word(field) = token.lexeme else {
        return Problem::new(
            format!("expected a field, found {}", token.describe()),
            token.span.clone(),
        )
        .cut();
    };
    any.parse_next(input)?;
    let field = Spanned { node: field, span: token.span.clone() };
    close(input, open, "`)`")?;
    Ok(Syntax::Test { test: Spanned { node: test, span: name.span }, field })
}

pub(crate) fn close(input: &mut Input<'_, '_>, open: &Token<'_>, expected: &str) -> Parsed<()> {
    if opt(symbol(")")).parse_next(input)?.is_some() {
        return Ok(());
    }
    match peek(input) {
        Token { lexeme: Lexeme::End, .. } => unclosed(open),
        token => Problem::new(
            format!("expected {expected}, found {}", token.describe()),
            token.span.clone(),
        )
        .cut(),
    }
}

fn operator<'t>(input: &mut Input<'_, 't>, field: &str) -> Parsed<Spanned<&'static Operator>> {
    let token = peek(input);
    let (Lexeme::Word(spelling) | Lexeme::Symbol(spelling)) = token.lexeme else {
        return no_operator(token, field, None);
    };
    let mut span = token.span.clone();
    // The one operator of two words.
    let found = if let "matches" | "!matches" = spelling {
        any.parse_next(input)?;
        let Some(regex) = opt(word(&["regex"])).parse_next(input)? else {
            return no_operator(peek(input), field, Some("matches regex"));
        };
        span.end = regex.span.end;
        find(if spelling == "matches" { "matches regex" } else { "!matches regex" })
    } else {
        let found = find(spelling);
        if found.is_some() {
            any.parse_next(input)?;
        }
        found
    };
    match found {
        Some(node) => Ok(Spanned { node, span }),
        None => no_operator(token, field, None),
    }
}

fn no_operator<T>(token: &Token<'_>, field: &str, meant: Option<&str>) -> Parsed<T> {
    let found = token.describe();
    let message = format!("expected an operator after `{}`, found {found}", quoted(field));
    let problem = Problem::new(message, token.span.clone());
    let meant = match token.lexeme {
        Lexeme::Symbol("=") => Some("=="),
        Lexeme::Symbol("<>") => Some("!="),
        Lexeme::Word(word) => {
            meant.or_else(|| nearest(word, OPERATORS.iter().map(|operator| operator.name)))
        }
        _ => meant,
    };
    match meant {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem.help(format!(
            "text is compared by {}; numbers by {}",
            text_names(),
            number_names()
        )),
    }
    .cut()
}
