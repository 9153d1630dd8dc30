//! Examples: events by canonical field names, and the rules that hold.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::words::{Text, event_field, event_kind, not_blank, word};
use crate::{
    error::Problem,
    model::{Example, InstanceEntry, RuleEntry},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    kind: Text,
    event: BTreeMap<Text, Spanned<Value>>,
    #[serde(default)]
    learned: BTreeMap<Text, Vec<Text>>,
    fires: Vec<Text>,
    #[serde(default)]
    instance: Option<Text>,
    why: Text,
    #[serde(default)]
    generated: bool,
}

pub(super) fn entry(
    raw: Raw,
    rules: &[RuleEntry],
    instances: &[InstanceEntry],
) -> Result<Example, Problem> {
    let instance = match raw.instance {
        Some(text) if instances.is_empty() => {
            let message = "the tool has no pattern that would find an instance";
            return Err(Problem::new(text.span(), message)
                .help("add an `[[instance]]`, or leave `instance` out"));
        }
        Some(text) => not_blank("the instance of an example", text)?,
        None => String::new(),
    };
    let mut example = Example {
        kind: event_kind(&raw.kind)?,
        texts: vec![],
        numbers: vec![],
        learned: BTreeMap::new(),
        fires: vec![],
        instance,
        why: not_blank("the reason for an example", raw.why)?,
        generated: raw.generated,
    };
    for (name, value) in raw.event {
        let field = event_field(&name)?;
        let span = value.span();
        match (value.into_inner(), field.is_number()) {
            (Value::String(text), false) => example.texts.push((field, text)),
            (Value::Integer(number), true) => example.numbers.push((field, number)),
            (value, number) => {
                let wanted = if number { "integer" } else { "string" };
                let message = format!("{} is {wanted}, not {}", name.get_ref(), value.type_str());
                return Err(Problem::new(span, message));
            }
        }
    }
    let learners = || rules.iter().filter(|entry| entry.rule.learns.is_some());
    for (rule, values) in raw.learned {
        let ids = learners().map(|entry| (entry.rule.id.as_str(), ()));
        word("rule that learns", &rule, ids)?;
        let values = values.into_iter().map(|value| not_blank("a learned value", value));
        example.learned.insert(rule.into_inner(), values.collect::<Result<_, _>>()?);
    }
    let ids = || rules.iter().map(|entry| entry.rule.id.as_str());
    for id in raw.fires {
        word("rule of this tool", &id, ids().map(|id| (id, ())))?;
        let id = id.into_inner();
        example.fires.push(id);
    }
    Ok(example)
}
