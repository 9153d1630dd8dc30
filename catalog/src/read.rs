//! From a tool's file to a [`Tool`].
//!
//! Two steps, because they fail in different ways: serde takes the file apart
//! and refuses unknown keys; then every word that is the contract's (a kind, a
//! field, a class) is looked up, rules are compiled, and what one part says of
//! another is checked. Each value keeps its place in the file until then, so
//! that both steps point at it.

use std::{collections::BTreeMap, ops::Range};

use remora_rules::{
    Indicator, IndicatorType, RuleSpec,
    abi::{Class, Field, Kind, Role, field::FIELDS, kind},
    compile,
};
use serde::Deserialize;
use toml::{Spanned, Value, value::Datetime};

use crate::{
    error::Problem,
    model::{
        Category, Deployment, Example, IndicatorEntry, Platform, Provenance, RuleEntry, Technique,
        Tool,
    },
    sources::sources,
};

/// A text with its place.
type Text = Spanned<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    tool: RawTool,
    #[serde(default)]
    indicator: Vec<RawIndicator>,
    #[serde(default)]
    rule: Vec<RawRule>,
    #[serde(default)]
    example: Vec<RawExample>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTool {
    id: Text,
    name: String,
    vendor: String,
    home: String,
    category: Category,
    platforms: Vec<Platform>,
    deployment: Vec<Deployment>,
    techniques: Vec<Spanned<Technique>>,
    #[serde(default)]
    references: Vec<String>,
    next_steps: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIndicator {
    r#type: Text,
    value: Text,
    class: Text,
    role: Text,
    #[serde(default)]
    note: String,
    provenance: RawProvenance,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: Text,
    title: String,
    kinds: Spanned<Vec<Text>>,
    r#where: Text,
    keys: Vec<Text>,
    techniques: Vec<Text>,
    provenance: RawProvenance,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProvenance {
    source: Text,
    commit: Option<Text>,
    file: Option<String>,
    date: Spanned<Datetime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExample {
    kind: Text,
    event: BTreeMap<Text, Spanned<Value>>,
    fires: Vec<Text>,
    why: Text,
}

/// Reads a tool's file.
pub(crate) fn tool(text: &str) -> Result<Tool, Problem> {
    let raw: RawFile = toml::from_str(text)?;
    check_id(&raw.tool.id)?;
    let techniques = techniques(raw.tool.techniques)?;
    let indicators = indicators(raw.indicator)?;
    let rules = rules(raw.rule, &techniques, text)?;
    let examples =
        raw.example.into_iter().map(|raw| example(raw, &rules)).collect::<Result<_, _>>()?;
    Ok(Tool {
        id: raw.tool.id.into_inner(),
        name: raw.tool.name,
        vendor: raw.tool.vendor,
        home: raw.tool.home,
        category: raw.tool.category,
        platforms: raw.tool.platforms,
        deployment: raw.tool.deployment,
        techniques,
        references: raw.tool.references,
        next_steps: raw.tool.next_steps,
        indicators,
        rules,
        examples,
    })
}

fn check_id(id: &Text) -> Result<(), Problem> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.get_ref().is_empty() || !id.get_ref().chars().all(allowed) {
        let message = format!("{:?} is no tool id", id.get_ref());
        let help = "a tool id is made of lower-case letters, digits and hyphens";
        return Err(Problem { help: Some(help.into()), ..Problem::new(id.span(), message) });
    }
    Ok(())
}

fn techniques(raw: Vec<Spanned<Technique>>) -> Result<Vec<Technique>, Problem> {
    for technique in &raw {
        let id = &technique.get_ref().id;
        // T and four digits, and for a sub-technique a dot and three more.
        let shape: String = id.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        if shape != "T0000" && shape != "T0000.000" {
            let message = format!("{id:?} is no ATT&CK technique");
            let help = "a technique is written as T1219 or T1219.002".to_owned();
            return Err(Problem { help: Some(help), ..Problem::new(technique.span(), message) });
        }
    }
    Ok(raw.into_iter().map(Spanned::into_inner).collect())
}

fn indicators(raw: Vec<RawIndicator>) -> Result<Vec<IndicatorEntry>, Problem> {
    let mut entries: Vec<IndicatorEntry> = vec![];
    for raw in raw {
        let types = IndicatorType::ALL;
        let ty = word("indicator type", &raw.r#type, types.iter().map(|&ty| (ty.name(), ty)))?;
        let classes = [Class::SHARED, Class::VENDOR, Class::EXCLUSIVE];
        let class = word("class", &raw.class, classes.map(|class| (class.name(), class)))?;
        let role = word("role", &raw.role, Role::ALL.iter().map(|&role| (role.name(), role)))?;
        let value = not_blank("an indicator's value", raw.value.clone())?;
        let twice = entries.iter().any(|entry| {
            entry.indicator.ty == ty && entry.indicator.value.to_lowercase() == value.to_lowercase()
        });
        if twice {
            let message = format!("the {} {value:?} is listed twice", ty.name());
            return Err(Problem::new(raw.value.span(), message));
        }
        entries.push(IndicatorEntry {
            indicator: Indicator { ty, value, class, role },
            note: raw.note,
            provenance: provenance(raw.provenance)?,
        });
    }
    Ok(entries)
}

fn rules(
    raw: Vec<RawRule>,
    techniques: &[Technique],
    file: &str,
) -> Result<Vec<RuleEntry>, Problem> {
    let mut entries: Vec<RuleEntry> = vec![];
    for raw in raw {
        let id = not_blank("a rule's id", raw.id.clone())?;
        if entries.iter().any(|entry| entry.rule.id == id) {
            let message = format!("two rules have the id {id:?}");
            return Err(Problem::new(raw.id.span(), message));
        }
        let kinds_span = raw.kinds.span();
        let kinds = raw.kinds.get_ref().iter().map(event_kind).collect::<Result<Vec<_>, _>>()?;
        if kinds.is_empty() {
            let message = format!("the rule {id:?} looks at no kind");
            return Err(Problem::new(kinds_span, message).accepting(kind_names()));
        }
        let keys = raw.keys.iter().map(event_field).collect::<Result<_, _>>()?;
        let own = || techniques.iter().map(|technique| technique.id.as_str());
        for id in &raw.techniques {
            word("technique of this tool", id, own().map(|id| (id, ())))?;
        }
        let expr = compile(raw.r#where.get_ref(), &kinds)
            .map_err(|diagnostic| in_file(diagnostic, raw.r#where.span(), file))?;
        entries.push(RuleEntry {
            rule: RuleSpec {
                id,
                title: raw.title,
                kinds,
                expr,
                keys,
                techniques: raw.techniques.into_iter().map(Spanned::into_inner).collect(),
                learns: None,
            },
            where_text: raw.r#where.into_inner(),
            provenance: provenance(raw.provenance)?,
        });
    }
    Ok(entries)
}

/// An error in a rule's text, moved to where that text stands in the file. If
/// it is written with escapes, so that it does not stand there as it is, the
/// whole value is the place.
fn in_file(diagnostic: remora_rules::Diagnostic, value: Range<usize>, file: &str) -> Problem {
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

fn provenance(raw: RawProvenance) -> Result<Provenance, Problem> {
    word("source", &raw.source, sources().iter().map(|source| (source.key.as_str(), ())))?;
    if let Some(commit) = &raw.commit {
        let hex = commit.get_ref().chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        if commit.get_ref().len() != 40 || !hex {
            let message = format!("{:?} is no full commit id", commit.get_ref());
            return Err(Problem::new(commit.span(), message));
        }
    }
    let date = raw.date.get_ref();
    if date.date.is_none() || date.time.is_some() {
        let message = format!("{date} is no date");
        return Err(Problem::new(raw.date.span(), message));
    }
    Ok(Provenance {
        source: raw.source.into_inner(),
        commit: raw.commit.map(Spanned::into_inner),
        file: raw.file,
        date: date.to_string(),
    })
}

fn example(raw: RawExample, rules: &[RuleEntry]) -> Result<Example, Problem> {
    let kind = event_kind(&raw.kind)?;
    let mut example = Example {
        kind,
        texts: vec![],
        numbers: vec![],
        fires: vec![],
        why: not_blank("the reason for an example", raw.why)?,
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
    let ids = || rules.iter().map(|entry| entry.rule.id.as_str());
    for id in raw.fires {
        word("rule of this tool", &id, ids().map(|id| (id, ())))?;
        let id = id.into_inner();
        example.fires.push(id);
    }
    Ok(example)
}

fn event_kind(name: &Text) -> Result<Kind, Problem> {
    word("kind", name, kind::KINDS.iter().map(|info| (info.name, info.kind)))
}

fn kind_names() -> impl Iterator<Item = &'static str> {
    kind::KINDS.iter().map(|info| info.name)
}

fn event_field(name: &Text) -> Result<Field, Problem> {
    word("field", name, FIELDS.iter().map(|info| (info.name, info.field)))
}

/// What `name` stands for among `words`, or an error that lists them.
fn word<'a, T>(
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
    let message = format!("unknown {what} {:?}", name.get_ref());
    Err(Problem::new(name.span(), message).accepting(accepted))
}

fn not_blank(what: &str, text: Text) -> Result<String, Problem> {
    if text.get_ref().trim().is_empty() {
        return Err(Problem::new(text.span(), format!("{what} is empty")));
    }
    Ok(text.into_inner())
}
