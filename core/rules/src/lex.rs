//! From text to tokens: words, symbols, numbers and literals, with their
//! places. Blanks and `//` comments are dropped here and nowhere else.
//!
//! A stage of its own because KQL's literals and comments hide each other's
//! marks (`'http://x'`, `// don't`): the parser proper never sees a quote.

use std::ops::Range;

use winnow::{
    LocatingSlice, Parser,
    combinator::{alt, opt, preceded},
    stream::{Location, Stream},
    token::{any, literal, one_of, take_while},
};

use crate::problem::{Parsed, Problem, quoted};

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lexeme<'t> {
    /// A name or an operator that is a word: `remote.url`, `!has_any`, `in~`.
    Word(&'t str),
    /// Punctuation or an operator that is none.
    Symbol(&'t str),
    /// A text literal, unescaped.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Behind the last token.
    End,
}

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub(crate) lexeme: Lexeme<'t>,
    pub(crate) span: Range<usize>,
}

impl Token<'_> {
    /// The token as messages speak of it.
    pub(crate) fn describe(&self) -> String {
        match &self.lexeme {
            Lexeme::Word(text) | Lexeme::Symbol(text) => format!("`{}`", quoted(text)),
            Lexeme::Text(text) => format!("the text \"{}\"", quoted(text)),
            Lexeme::Number(number) => format!("the number {number}"),
            Lexeme::End => "the end of the rule".to_owned(),
        }
    }
}

type Input<'t> = LocatingSlice<&'t str>;

/// Cuts `text` into tokens; the last is always [`Lexeme::End`].
pub(crate) fn lex(text: &str) -> Parsed<Vec<Token<'_>>> {
    let mut input = LocatingSlice::new(text);
    let mut tokens: Vec<Token<'_>> = Vec::new();
    loop {
        skip(&mut input)?;
        let start = input.current_token_start();
        let Some(next) = input.peek_token() else {
            let end = tokens.last().map_or(0, |last| last.span.end);
            tokens.push(Token { lexeme: Lexeme::End, span: end..end });
            return Ok(tokens);
        };
        let lexeme = match next {
            '"' | '\'' => text_literal(&mut input)?,
            '@' => verbatim(&mut input)?,
            '0'..='9' => number(&mut input)?,
            '-' => number(&mut input)?,
            _ => match opt(alt((word, symbol))).parse_next(&mut input)? {
                Some(lexeme) => lexeme,
                None => return unexpected(next, start),
            },
        };
        tokens.push(Token { lexeme, span: start..input.current_token_start() });
    }
}

/// Blanks of any script (texts are pasted from web pages) and comments.
fn skip(input: &mut Input<'_>) -> Parsed<()> {
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    loop {
        take_while(0.., blank).parse_next(input)?;
        let comment = preceded("//", take_while(0.., |c| c != '\n' && c != '\r'));
        if opt(comment).parse_next(input)?.is_none() {
            return Ok(());
        }
    }
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn word<'t>(input: &mut Input<'t>) -> Parsed<Lexeme<'t>> {
    let part = || (one_of(is_name_start), take_while(0.., is_name_char));
    let name = (part(), winnow::combinator::repeat::<_, _, (), _, _>(0.., ('.', part())));
    (opt('!'), name, opt('~')).take().map(Lexeme::Word).parse_next(input)
}

fn symbol<'t>(input: &mut Input<'t>) -> Parsed<Lexeme<'t>> {
    // The longer ones first.
    let two = alt(("==", "!=", "=~", "!~", "<=", ">=", "<>", "..", alt(("&&", "||"))));
    let one = one_of(['<', '>', '=', '(', ')', ',', '|', ';', '[', ']', '{', '}']).take();
    let spelling = alt((two, one));
    spelling.map(Lexeme::Symbol).parse_next(input)
}

/// A whole number, decimal or `0x…`.
fn number<'t>(input: &mut Input<'t>) -> Parsed<Lexeme<'t>> {
    let start = input.current_token_start();
    // A dot belongs to the number only before a digit: `1..5` is a range.
    let fraction = opt(('.', take_while(1.., is_name_char)));
    let digits: &str =
        (opt('-'), take_while(0.., is_name_char), fraction).take().parse_next(input)?;
    let span = start..input.current_token_start();
    let (sign, magnitude) = match digits.strip_prefix('-') {
        Some(magnitude) => ("-", magnitude),
        None => ("", digits),
    };
    let hex = magnitude.strip_prefix("0x").or_else(|| magnitude.strip_prefix("0X"));
    let (radix, figures) = hex.map_or((10, magnitude), |hex| (16, hex));
    if figures.is_empty() || !figures.chars().all(|c| c.is_digit(radix)) {
        return Problem::new(format!("`{}` is not a whole number", quoted(digits)), span)
            .help("number fields hold whole numbers such as `443`; texts stand in quotes")
            .cut();
    }
    match i64::from_str_radix(&format!("{sign}{figures}"), radix) {
        Ok(number) => Ok(Lexeme::Number(number)),
        Err(_) => Problem::new(format!("{} is out of range", quoted(digits)), span)
            .help(format!("numbers lie between {} and {}", i64::MIN, i64::MAX))
            .cut(),
    }
}

/// `"…"` or `'…'` with backslash escapes.
fn text_literal<'t>(input: &mut Input<'t>) -> Parsed<Lexeme<'t>> {
    let start = input.current_token_start();
    let quote: char = any.parse_next(input)?;
    let mut text = String::new();
    loop {
        let mut plain = take_while(0.., |c| c != quote && c != '\\' && c != '\n' && c != '\r');
        let run: &str = plain.parse_next(input)?;
        text.push_str(run);
        match input.peek_token() {
            Some('\\') => text.push(escape(input)?),
            Some(c) if c == quote => {
                any.parse_next(input)?;
                return Ok(Lexeme::Text(text));
            }
            _ => return unclosed(start..input.current_token_start(), &quote.to_string()),
        }
    }
}

/// `@"…"` or `@'…'`, where only a doubled quote is special.
fn verbatim<'t>(input: &mut Input<'t>) -> Parsed<Lexeme<'t>> {
    let start = input.current_token_start();
    let opening = preceded('@', one_of(['"', '\'']));
    let Some(quote) = opt(opening).parse_next(input)? else { return unexpected('@', start) };
    let mut text = String::new();
    loop {
        let mut plain = take_while(0.., |c| c != quote && c != '\n' && c != '\r');
        let run: &str = plain.parse_next(input)?;
        text.push_str(run);
        if opt(quote).parse_next(input)?.is_none() {
            return unclosed(start..input.current_token_start(), &quote.to_string());
        }
        if opt(quote).parse_next(input)?.is_none() {
            return Ok(Lexeme::Text(text));
        }
        text.push(quote);
    }
}

fn escape(input: &mut Input<'_>) -> Parsed<char> {
    let start = input.current_token_start();
    literal('\\').parse_next(input)?;
    let code = |input: &mut Input<'_>, digits: usize| {
        let hex = take_while(digits..=digits, |c: char| c.is_ascii_hexdigit());
        let code = opt(hex).parse_next(input)?;
        Parsed::Ok(code.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?)))
    };
    let escaped = match opt(any).parse_next(input)? {
        Some(c @ ('\\' | '\'' | '"')) => Some(c),
        Some('n') => Some('\n'),
        Some('r') => Some('\r'),
        Some('t') => Some('\t'),
        Some('a') => Some('\x07'),
        Some('b') => Some('\x08'),
        Some('f') => Some('\x0c'),
        Some('v') => Some('\x0b'),
        Some('0') if !matches!(input.peek_token(), Some('0'..='9')) => Some('\0'),
        Some('x') => code(input, 2)?,
        Some('u') => code(input, 4)?,
        Some('U') => code(input, 8)?,
        _ => None,
    };
    match escaped {
        Some(c) => Ok(c),
        None => Problem::new("unknown escape", start..input.current_token_start())
            .help(
                r"write a backslash as `\\`, or the whole text as @'…', where it stands for itself",
            )
            .cut(),
    }
}

fn unclosed<T>(span: Range<usize>, quote: &str) -> Parsed<T> {
    Problem::new("this text is not closed", span)
        .help(format!("close it with {quote} on the same line"))
        .cut()
}

fn unexpected<T>(c: char, at: usize) -> Parsed<T> {
    let problem = Problem::new(
        format!("unexpected character `{}`", quoted(&c.to_string())),
        at..at + c.len_utf8(),
    );
    match c {
        '‘' | '’' | '“' | '”' | '„' | '«' | '»' | '`' => {
            problem.help("texts stand in straight quotes: \"…\" or '…'")
        }
        '@' => problem.help("a verbatim text is written @'…' or @\"…\""),
        '!' => problem
            .help("`!` belongs to an operator (`!has`, `!=`); a condition is negated by `not (…)`"),
        '#' => problem.help("a comment begins with `//`"),
        _ if c.is_alphabetic() => {
            problem.help("names hold ASCII letters, digits, `_` and dots; texts stand in quotes")
        }
        _ => problem,
    }
    .cut()
}
