//! What is wrong at one place of a rule's text, while the text is being read.
//!
//! Lexer, parser and checker make these; [`Problem::at`] joins one to its text.

use std::{borrow::Cow, ops::Range};

use winnow::{
    error::{ErrMode, ParserError},
    stream::Stream,
};

use crate::Diagnostic;

/// A [`Diagnostic`] that does not know its text yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) span: Range<usize>,
    pub(crate) help: Option<String>,
}

/// What parsers give: a problem is always final (`ErrMode::Cut`); only "this
/// is not what comes next" lets another branch be tried.
pub(crate) type Parsed<T> = Result<T, ErrMode<Problem>>;

impl Problem {
    pub(crate) fn new(message: impl Into<String>, span: Range<usize>) -> Problem {
        Problem { message: message.into(), span, help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn cut<T>(self) -> Parsed<T> {
        Err(ErrMode::Cut(self))
    }

    pub(crate) fn at(self, text: &str) -> Diagnostic {
        Diagnostic {
            message: self.message,
            span: self.span,
            help: self.help,
            text: text.to_owned(),
        }
    }
}

/// Made where a branch does not apply, hence often and without words; never
/// shown, because each parser names its own problem once no branch does.
impl<S: Stream> ParserError<S> for Problem {
    type Inner = Problem;

    fn from_input(_: &S) -> Self {
        Problem::new(String::new(), 0..0)
    }

    fn into_inner(self) -> Result<Self::Inner, Self> {
        Ok(self)
    }
}

/// `text` as error messages quote it: on one line, and not too long.
pub(crate) fn quoted(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 60;
    if text.len() <= LONGEST && text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == LONGEST {
            shown.push('…');
            break;
        }
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}
