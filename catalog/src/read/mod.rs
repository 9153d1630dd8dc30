//! From a tool's file to a [`Tool`].
//!
//! Two steps, because they fail in different ways: serde takes the file apart
//! and refuses unknown keys; then every word that is the contract's (a kind, a
//! field, a class) is looked up, rules are compiled, and what one part says of
//! another is checked. Each value keeps its place in the file until then, so
//! that both steps point at it.

mod allow;
mod example;
mod indicator;
mod instance;
mod made;
mod provenance;
mod rule;
mod scenario;
mod size;
mod words;

use serde::Deserialize;
use toml::Spanned;

pub(crate) use self::scenario::scenarios;
use self::words::{Text, not_blank};
use crate::{
    error::Problem,
    model::{Abuse, Category, Deployment, Mode, Platform, Technique, Tool},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    tool: RawTool,
    #[serde(default)]
    indicator: Vec<indicator::Raw>,
    #[serde(default)]
    instance: Vec<instance::Raw>,
    #[serde(default)]
    rule: Vec<rule::Raw>,
    #[serde(default)]
    example: Vec<example::Raw>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTool {
    id: Text,
    name: Text,
    #[serde(default)]
    aliases: Vec<Text>,
    vendor: Text,
    #[serde(default)]
    family: String,
    #[serde(default)]
    bundles: Vec<Text>,
    #[serde(default)]
    rebrands: Vec<Text>,
    home: String,
    category: Category,
    platforms: Vec<Platform>,
    deployment: Deployment,
    #[serde(default)]
    modes: Vec<Mode>,
    techniques: Vec<Spanned<Technique>>,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    abuse: Vec<RawAbuse>,
    next_steps: Vec<String>,
    #[serde(default)]
    note: String,
    #[serde(default)]
    allow: Vec<allow::Raw>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAbuse {
    date: Text,
    what: Text,
    url: Text,
}

/// Reads a tool's file.
pub(crate) fn tool(text: &str) -> Result<Tool, Problem> {
    size::check(text)?;
    let raw: RawFile = toml::from_str(text).map_err(Problem::of_toml)?;
    check_id("tool id", &raw.tool.id)?;
    for id in raw.tool.bundles.iter().chain(&raw.tool.rebrands) {
        check_id("tool id", id)?;
    }
    let techniques = techniques(raw.tool.techniques)?;
    let indicators = indicator::entries(raw.indicator)?;
    let instances = raw.instance.into_iter().map(instance::entry).collect::<Result<Vec<_>, _>>()?;
    let mut rules = rule::entries(raw.rule, &techniques, text)?;
    if rules.is_empty() {
        rules =
            made::rules(raw.tool.id.get_ref(), raw.tool.name.get_ref(), &techniques, &indicators);
    }
    let examples = raw
        .example
        .into_iter()
        .map(|raw| example::entry(raw, &rules, &instances))
        .collect::<Result<_, _>>()?;
    let texts = |all: Vec<Text>| all.into_iter().map(Text::into_inner).collect();
    Ok(Tool {
        id: raw.tool.id.into_inner(),
        name: not_blank("a tool's name", raw.tool.name)?,
        aliases: raw
            .tool
            .aliases
            .into_iter()
            .map(|alias| not_blank("an alias", alias))
            .collect::<Result<_, _>>()?,
        vendor: not_blank("a tool's vendor", raw.tool.vendor)?,
        family: raw.tool.family,
        bundles: texts(raw.tool.bundles),
        rebrands: texts(raw.tool.rebrands),
        home: raw.tool.home,
        category: raw.tool.category,
        platforms: raw.tool.platforms,
        deployment: raw.tool.deployment,
        modes: raw.tool.modes,
        techniques,
        references: raw.tool.references,
        abuse: raw.tool.abuse.into_iter().map(abuse).collect::<Result<_, _>>()?,
        next_steps: raw.tool.next_steps,
        note: raw.tool.note,
        allow: allow::entries(raw.tool.allow)?,
        indicators,
        instances,
        rules,
        examples,
    })
}

/// An id is a file's name or a word on the command line.
fn check_id(what: &str, id: &Text) -> Result<(), Problem> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.get_ref().is_empty() || !id.get_ref().chars().all(allowed) {
        let message = format!("{:?} is no {what}", id.get_ref());
        let help = format!("a {what} is made of lower-case letters, digits and hyphens");
        return Err(Problem::new(id.span(), message).help(help));
    }
    Ok(())
}

fn techniques(raw: Vec<Spanned<Technique>>) -> Result<Vec<Technique>, Problem> {
    for technique in &raw {
        let id = &technique.get_ref().id;
        // T and four digits, and for a sub-technique a dot and three more.
        if !["T0000", "T0000.000"].contains(&digits_as_zero(id).as_str()) {
            let message = format!("{id:?} is no ATT&CK technique");
            return Err(Problem::new(technique.span(), message)
                .help("a technique is written as T1219 or T1219.002"));
        }
    }
    Ok(raw.into_iter().map(Spanned::into_inner).collect())
}

fn abuse(raw: RawAbuse) -> Result<Abuse, Problem> {
    let shape = digits_as_zero(raw.date.get_ref());
    if !["0000", "0000-00", "0000-00-00"].contains(&shape.as_str()) {
        let message = format!("{:?} is no date", raw.date.get_ref());
        return Err(Problem::new(raw.date.span(), message)
            .help("a date is written as \"2024\", \"2024-02\" or \"2024-02-19\""));
    }
    Ok(Abuse {
        date: raw.date.into_inner(),
        what: not_blank("what happened", raw.what)?,
        url: not_blank("who reports it", raw.url)?,
    })
}

/// The shape of a text that is made of digits and signs.
fn digits_as_zero(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}
