//! Patterns that tell one installation of a tool from another.

use remora_rules::abi::field;
use serde::Deserialize;

use super::{
    provenance,
    words::{Text, not_blank, word},
};
use crate::{error::Problem, model::InstanceEntry};

/// The capture that names the installation.
const CAPTURE: &str = "(?P<instance>";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    field: Text,
    pattern: Text,
    #[serde(default)]
    note: String,
    provenance: provenance::Raw,
}

pub(super) fn entry(raw: Raw) -> Result<InstanceEntry, Problem> {
    let fields = [
        field::REMOTE_HOST,
        field::REMOTE_URL,
        field::URL,
        field::PROCESS_CMDLINE,
        field::SERVICE_NAME,
        field::SERVICE_PATH,
    ];
    let field =
        word("field of an instance", &raw.field, fields.map(|field| (field.name(), field)))?;
    let span = raw.pattern.span();
    let pattern = not_blank("an instance's pattern", raw.pattern)?;
    let found = pattern.matches(CAPTURE).count() + pattern.matches("(?<instance>").count();
    if found != 1 {
        return Err(Problem::new(span, "a pattern needs one capture named `instance`")
            .help(format!("write `{CAPTURE}…)` around what names the installation")));
    }
    if let Err(why) = remora_rules::check_regex(&pattern) {
        return Err(Problem::new(span, format!("this regular expression cannot be read: {why}")));
    }
    Ok(InstanceEntry {
        field,
        pattern,
        note: raw.note,
        provenance: provenance::provenance(raw.provenance)?,
    })
}
