//! Where an entry comes from.

use serde::Deserialize;
use toml::{Spanned, value::Datetime};

use super::words::{Text, word};
use crate::{error::Problem, model::Provenance, sources::sources};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    source: Text,
    commit: Option<Text>,
    file: Option<String>,
    date: Spanned<Datetime>,
}

pub(super) fn provenance(raw: Raw) -> Result<Provenance, Problem> {
    word("source", &raw.source, sources().iter().map(|source| (source.key.as_str(), ())))?;
    if let Some(commit) = &raw.commit {
        let hex = commit.get_ref().chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        if commit.get_ref().len() != 40 || !hex {
            let message = format!("{:?} is no full commit id", commit.get_ref());
            return Err(Problem::new(commit.span(), message)
                .help("a commit id has 40 digits, 0 to 9 and a to f"));
        }
    }
    Ok(Provenance {
        source: raw.source.into_inner(),
        commit: raw.commit.map(Spanned::into_inner),
        file: raw.file,
        date: day(&raw.date)?,
    })
}

/// A date without time of day.
pub(super) fn day(raw: &Spanned<Datetime>) -> Result<String, Problem> {
    let date = raw.get_ref();
    if date.date.is_none() || date.time.is_some() {
        let message = format!("{date} is no date");
        return Err(Problem::new(raw.span(), message).help("a date is written as 2026-11-24"));
    }
    Ok(date.to_string())
}
