//! What a lint is told to leave alone, with its reason.

use serde::Deserialize;

use super::words::{Text, not_blank};
use crate::{error::Problem, model::Allow};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    lint: Text,
    why: Text,
}

pub(super) fn entries(raw: Vec<Raw>) -> Result<Vec<Allow>, Problem> {
    raw.into_iter()
        .map(|raw| {
            Ok(Allow {
                lint: not_blank("the code of a lint", raw.lint)?,
                why: not_blank("the reason for an exception", raw.why)?,
            })
        })
        .collect()
}
