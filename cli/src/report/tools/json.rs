//! What is told of tools, for machines: `docs/output.md` is the contract.

use remora_catalog::{Provenance, Tool, sources};
use remora_keeper::{
    evidence::{Alone, Evidence},
    find::{By, TermMatch, inventory::Inventory},
};
use serde_json::{Map, Value, json};

/// `remora tools list`
pub(crate) const TOOLS_SCHEMA: &str = "remora.tools/1";
/// `remora tools show`
pub(crate) const TOOL_SCHEMA: &str = "remora.tool/1";
/// `remora tools find`
pub(crate) const FIND_SCHEMA: &str = "remora.find/1";

/// The list.
pub(crate) fn list(tools: &[&Tool]) -> String {
    let tool = |tool: &&Tool| {
        filled(json!({
            "id": tool.id,
            "name": tool.name,
            "aliases": tool.aliases,
            "vendor": tool.vendor,
            "category": tool.category.name(),
            "family": tool.family,
            "evidence": Evidence::of(tool).names(),
            "rules": tool.rules.len(),
            "indicators": tool.indicators.len(),
        }))
    };
    of_schema(TOOLS_SCHEMA, &[("tools", tools.iter().map(tool).collect())])
}

/// Tools with all that is known of them.
pub(crate) fn tools(tools: &[&Tool]) -> String {
    of_schema(TOOL_SCHEMA, &[("tools", tools.iter().map(|tool| whole(tool)).collect())])
}

/// One object, the schema first.
fn of_schema(schema: &str, lists: &[(&str, Vec<Value>)]) -> String {
    let mut text = format!("{{\"schema\":{}", Value::from(schema));
    for (name, list) in lists {
        text += &format!(",\n\"{name}\":{}", Value::from(list.clone()));
    }
    text + "}"
}

fn whole(tool: &Tool) -> Value {
    let techniques = tool.techniques.iter();
    let abuse = tool.abuse.iter();
    filled(json!({
        "id": tool.id,
        "name": tool.name,
        "aliases": tool.aliases,
        "vendor": tool.vendor,
        "family": tool.family,
        "home": tool.home,
        "category": tool.category.name(),
        "platforms": tool.platforms.iter().map(|one| one.name()).collect::<Vec<_>>(),
        "deployment": tool.deployment.name(),
        "modes": tool.modes.iter().map(|one| one.name()).collect::<Vec<_>>(),
        "techniques": techniques
            .map(|one| json!({ "id": one.id, "name": one.name, "attack": one.attack }))
            .collect::<Vec<_>>(),
        "bundles": tool.bundles,
        "rebrands": tool.rebrands,
        "note": tool.note,
        "evidence": Evidence::of(tool).names(),
        "indicators": indicators(tool),
        "rules": rules(tool),
        "instances": instances(tool),
        "abuse": abuse
            .map(|one| json!({ "date": one.date, "what": one.what, "url": one.url }))
            .collect::<Vec<_>>(),
        "next_steps": tool.next_steps,
        "references": tool.references,
        "sources": used_sources(tool),
    }))
}

fn indicators(tool: &Tool) -> Vec<Value> {
    let one = |entry: &remora_catalog::IndicatorEntry| {
        let indicator = &entry.indicator;
        filled(json!({
            "type": indicator.ty.name(),
            "value": indicator.value,
            "class": indicator.class.name(),
            "role": indicator.role.name(),
            "alone": Alone::of(indicator).name(),
            "valid_from": entry.valid.from,
            "valid_until": entry.valid.until,
            "note": entry.note,
            "provenance": provenance(&entry.provenance),
        }))
    };
    tool.indicators.iter().map(one).collect()
}

fn rules(tool: &Tool) -> Vec<Value> {
    let one = |entry: &remora_catalog::RuleEntry| {
        let rule = &entry.rule;
        filled(json!({
            "id": rule.id,
            "title": rule.title,
            "kinds": rule.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
            "where": rule.expr.to_string(),
            "keys": rule.keys.iter().map(|field| field.name()).collect::<Vec<_>>(),
            "techniques": rule.techniques,
            "learns": rule.learns.map(|field| field.name()),
            "generated": entry.generated,
            "note": entry.note,
            "provenance": provenance(&entry.provenance),
        }))
    };
    tool.rules.iter().map(one).collect()
}

fn instances(tool: &Tool) -> Vec<Value> {
    let one = |entry: &remora_catalog::InstanceEntry| {
        filled(json!({
            "field": entry.field.name(),
            "pattern": entry.pattern,
            "note": entry.note,
            "provenance": provenance(&entry.provenance),
        }))
    };
    tool.instances.iter().map(one).collect()
}

fn provenance(provenance: &Provenance) -> Value {
    let Provenance { source, commit, file, date } = provenance;
    filled(json!({ "source": source, "commit": commit, "file": file, "date": date }))
}

/// Whom to credit.
fn used_sources(tool: &Tool) -> Vec<Value> {
    let of = |key: &str| {
        let indicators = tool.indicators.iter().map(|entry| &entry.provenance);
        let rules = tool.rules.iter().map(|entry| &entry.provenance);
        let instances = tool.instances.iter().map(|entry| &entry.provenance);
        indicators.chain(rules).chain(instances).any(|provenance| provenance.source == key)
    };
    let used = sources().iter().filter(|source| of(&source.key));
    used.map(|source| {
        filled(json!({
            "key": source.key,
            "name": source.name,
            "url": source.url,
            "licence": source.licence,
            "copyright": source.copyright,
        }))
    })
    .collect()
}

/// What terms belong to, and what inventories name.
pub(crate) fn found(
    terms: &[(&str, Vec<TermMatch<'_>>)],
    inventories: &[(String, Inventory)],
) -> String {
    let term = |(term, found): &(&str, Vec<TermMatch<'_>>)| json!({ "term": term, "matches": found.iter().map(matched).collect::<Vec<_>>() });
    of_schema(
        FIND_SCHEMA,
        &[
            ("terms", terms.iter().map(term).collect()),
            ("inventories", inventories.iter().map(inventory).collect()),
        ],
    )
}

fn matched(found: &TermMatch<'_>) -> Value {
    let (what, value) = super::found::by(found);
    let (class, role, alone) = match found.by {
        By::Indicator(one) => (one.class.name(), one.role.name(), Alone::of(one).name()),
        By::Name(_) | By::Vendor(_) => ("", "", ""),
    };
    filled(json!({
        "tool": found.tool.id,
        "tool_name": found.tool.name,
        "by": what,
        "value": value,
        "how": found.how.name(),
        "class": class,
        "role": role,
        "alone": alone,
    }))
}

fn inventory((source, inventory): &(String, Inventory)) -> Value {
    let columns: Map<String, Value> = inventory
        .columns
        .iter()
        .map(|(part, column)| (part.name().to_owned(), Value::from(column.as_str())))
        .collect();
    let tools = inventory.tools.iter().map(|(id, installed)| {
        let programs = installed.software.iter().map(|((name, vendor), program)| {
            let by = program.by.iter().map(|(what, text)| json!({ "what": what, "value": text }));
            filled(json!({
                "name": name,
                "vendor": vendor,
                "confidence": program.confidence.name(),
                "by": by.collect::<Vec<_>>(),
                "rows": program.rows,
                "versions": program.versions,
            }))
        });
        filled(json!({
            "tool": id,
            "confidence": installed.confidence.name(),
            "rows": installed.rows,
            "devices": installed.devices,
            "programs": programs.collect::<Vec<_>>(),
        }))
    });
    json!({
        "source": source,
        "columns": columns,
        "rows": inventory.rows,
        "refused": inventory.refused.len(),
        "tools": tools.collect::<Vec<_>>(),
    })
}

/// An object without what is empty.
fn filled(mut object: Value) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.retain(|_, value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(list) => !list.is_empty(),
            _ => true,
        });
    }
    object
}
