//! Words of closed lists, and what several parts of a file share.

use remora_rules::abi::{Field, Kind, field::FIELDS, kind};
use toml::Spanned;

use crate::error::Problem;

/// A text with its place.
pub(super) type Text = Spanned<String>;

pub(super) fn event_kind(name: &Text) -> Result<Kind, Problem> {
    word("kind", name, kind::KINDS.iter().map(|info| (info.name, info.kind)))
}

pub(super) fn kind_names() -> impl Iterator<Item = &'static str> {
    kind::KINDS.iter().map(|info| info.name)
}

pub(super) fn event_field(name: &Text) -> Result<Field, Problem> {
    word("field", name, FIELDS.iter().map(|info| (info.name, info.field)))
}

/// What `name` stands for among `words`, or an error that lists them.
pub(super) fn word<'a, T>(
    what: &str,
    name: &Text,
    words: impl IntoIterator<Item = (&'a str, T)>,
) -> Result<T, Problem> {
    let mut accepted = vec![];
    for (word, meaning) in words {
        if word == name.get_ref() {
            return Ok(meaning);
        }
        accepted.push(word);
    }
    let message = format!("unknown {what} {:?}", shortened(name.get_ref()));
    Err(Problem::new(name.span(), message).accepting(name.get_ref(), &accepted))
}

/// The text, if it says something and has no blanks at its ends, which nobody
/// sees and everything is compared with.
pub(super) fn not_blank(what: &str, text: Text) -> Result<String, Problem> {
    let value = text.get_ref();
    if value.trim().is_empty() {
        return Err(Problem::new(text.span(), format!("{what} is empty")));
    }
    if value.trim() != value {
        let message = format!("{what} begins or ends with a blank");
        return Err(Problem::new(text.span(), message).help("leave the blank out"));
    }
    Ok(text.into_inner())
}

/// A text for a message: its beginning, if it is long.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
