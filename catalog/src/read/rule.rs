//! Rules: compiled, with unique ids.

use std::ops::Range;

use remora_rules::{RuleSpec, compile};
use serde::Deserialize;
use toml::Spanned;

use super::{
    allow, provenance,
    words::{Text, event_field, event_kind, kind_names, not_blank, word},
};
use crate::{
    error::Problem,
    model::{RuleEntry, Technique},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    id: Text,
    title: Text,
    kinds: Spanned<Vec<Text>>,
    r#where: Text,
    keys: Vec<Text>,
    techniques: Vec<Text>,
    learns: Option<Text>,
    #[serde(default)]
    note: String,
    #[serde(default)]
    allow: Vec<allow::Raw>,
    provenance: provenance::Raw,
}

pub(super) fn entries(
    raw: Vec<Raw>,
    techniques: &[Technique],
    file: &str,
) -> Result<Vec<RuleEntry>, Problem> {
    let mut entries: Vec<RuleEntry> = vec![];
    let mut places = vec![];
    for raw in raw {
        let id = not_blank("a rule's id", raw.id.clone())?;
        if entries.iter().any(|entry| entry.rule.id == id) {
            let message = format!("two rules have the id {id:?}");
            return Err(
                Problem::new(raw.id.span(), message).help("every rule has an id of its own")
            );
        }
        let kinds_span = raw.kinds.span();
        let kinds = raw.kinds.get_ref().iter().map(event_kind).collect::<Result<Vec<_>, _>>()?;
        if kinds.is_empty() {
            let message = format!("the rule {id:?} looks at no kind");
            let names: Vec<&str> = kind_names().collect();
            return Err(Problem::new(kinds_span, message).accepting("", &names));
        }
        let keys = raw.keys.iter().map(event_field).collect::<Result<_, _>>()?;
        let own = || techniques.iter().map(|technique| technique.id.as_str());
        for id in &raw.techniques {
            word("technique of this tool", id, own().map(|id| (id, ())))?;
        }
        let expr = compile(raw.r#where.get_ref(), &kinds)
            .map_err(|diagnostic| in_file(diagnostic, raw.r#where.span(), file))?;
        places.push(raw.r#where.span());
        entries.push(RuleEntry {
            rule: RuleSpec {
                id,
                title: not_blank("a rule's title", raw.title)?,
                kinds,
                expr,
                keys,
                techniques: raw.techniques.into_iter().map(Spanned::into_inner).collect(),
                learns: raw.learns.as_ref().map(event_field).transpose()?,
            },
            where_text: raw.r#where.into_inner(),
            generated: false,
            note: raw.note,
            allow: allow::entries(raw.allow)?,
            provenance: provenance::provenance(raw.provenance)?,
        });
    }
    for (entry, place) in entries.iter().zip(places) {
        for (_, learner) in entry.rule.expr.learned() {
            let learns = |one: &&RuleEntry| one.rule.learns.is_some();
            if !entries.iter().filter(learns).any(|one| one.rule.id == learner) {
                let message = format!("no rule {learner:?} of this tool learns anything");
                return Err(Problem::new(place, message).help(
                    "the rule that finds the values says which field: `learns = \"file.sha1\"`",
                ));
            }
        }
    }
    Ok(entries)
}

/// An error in a rule's text, moved to where that text stands in the file. If
/// it is written with escapes, so that it does not stand there as it is, the
/// whole value is the place.
pub(super) fn in_file(
    diagnostic: remora_rules::Diagnostic,
    value: Range<usize>,
    file: &str,
) -> Problem {
    let start = file[value.clone()].find(&diagnostic.text).map(|at| value.start + at);
    Problem {
        message: diagnostic.message,
        span: match start {
            Some(start) => start + diagnostic.span.start..start + diagnostic.span.end,
            None => value,
        },
        help: diagnostic.help,
    }
}
