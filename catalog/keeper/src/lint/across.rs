//! What is wrong between files: things that stand in two of them.

use std::collections::BTreeMap;

use remora_catalog::Tool;
use remora_rules::{Indicator, IndicatorType, Severity, abi::Class};

use super::{
    codes::{DOMAIN_BELOW, DUPLICATE_RULE, DUPLICATE_TOOL, SHARED_INDICATOR, UNKNOWN_TOOL},
    file::Entry,
    finding::Report,
};

/// Something of a tool, in a file or beside the files.
#[derive(Clone, Copy)]
struct Held<'t> {
    tool: &'t Tool,
    /// Its file and number there; none for what is beside.
    entry: Option<(&'t Entry, usize)>,
}

/// Indicators by type and value in lower case, with who has them.
type Known<'t> = BTreeMap<(IndicatorType, String), Vec<(Held<'t>, &'t Indicator)>>;

pub(super) fn check(entries: &[Entry], beside: &[&Tool], report: &mut Report) {
    duplicate_tools(entries, report);
    duplicate_rules(entries, beside, report);
    unknown_tools(entries, beside, report);
    indicators(entries, beside, report);
}

fn duplicate_tools(entries: &[Entry], report: &mut Report) {
    let mut known: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in entries {
        let id = entry.tool().id.as_str();
        if let Some(other) = known.get(id) {
            let message = format!("the tool {id:?} has another file: {}", other.origin());
            report
                .push(&DUPLICATE_TOOL, entry, entry.of_tool("id"), message)
                .help("join the two, or give one of them an id of its own");
        } else {
            known.insert(id, entry);
        }
    }
}

fn duplicate_rules(entries: &[Entry], beside: &[&Tool], report: &mut Report) {
    let mut known: BTreeMap<&str, (&str, String)> = BTreeMap::new();
    for tool in beside {
        for one in &tool.rules {
            known.insert(&one.rule.id, (&tool.id, format!("the tool {:?}", tool.id)));
        }
    }
    for entry in entries {
        let tool = entry.tool();
        for (at, one) in tool.rules.iter().enumerate() {
            let id = one.rule.id.as_str();
            match known.get(id) {
                // The second file of a tool is told as a whole.
                Some((owner, _)) if *owner == tool.id => {}
                Some((_, other)) => {
                    let message = format!("the rule id {id:?} is taken by {other}");
                    report
                        .push(&DUPLICATE_RULE, entry, entry.of_rule(at, "id"), message)
                        .help("every rule has an id of its own; findings are counted by it");
                }
                None => {
                    let own = format!("the tool {:?} ({})", tool.id, entry.origin());
                    known.insert(id, (&tool.id, own));
                }
            }
        }
    }
}

fn unknown_tools(entries: &[Entry], beside: &[&Tool], report: &mut Report) {
    let ids: Vec<&str> = entries
        .iter()
        .map(Entry::tool)
        .chain(beside.iter().copied())
        .map(|tool| tool.id.as_str())
        .collect();
    for entry in entries {
        let tool = entry.tool();
        for (key, named) in [("bundles", &tool.bundles), ("rebrands", &tool.rebrands)] {
            for (at, id) in named.iter().enumerate().filter(|(_, id)| !ids.contains(&id.as_str())) {
                let span = entry.place().get("tool").get(key).item(at).span.clone();
                let meant = remora_rules::nearest(id, ids.iter().copied());
                let help = match meant {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => "leave it out until the tool has a file".to_owned(),
                };
                report
                    .push(&UNKNOWN_TOOL, entry, span, format!("there is no tool {id:?}"))
                    .help(help);
            }
        }
    }
}

/// Whether one tool says that it comes with the other, or is it.
fn are_related(one: &Tool, other: &Tool) -> bool {
    let names = |tool: &Tool, id: &String| tool.bundles.contains(id) || tool.rebrands.contains(id);
    names(one, &other.id) || names(other, &one.id)
}

fn indicators(entries: &[Entry], beside: &[&Tool], report: &mut Report) {
    let mut known = Known::new();
    let key = |indicator: &Indicator| (indicator.ty, indicator.value.to_lowercase());
    for &tool in beside {
        for one in &tool.indicators {
            known
                .entry(key(&one.indicator))
                .or_default()
                .push((Held { tool, entry: None }, &one.indicator));
        }
    }
    for entry in entries {
        for (at, one) in entry.tool().indicators.iter().enumerate() {
            let here = Held { tool: entry.tool(), entry: Some((entry, at)) };
            let others = known.entry(key(&one.indicator)).or_default();
            for (other, indicator) in
                others.iter().filter(|(other, _)| other.tool.id != here.tool.id)
            {
                same(here, &one.indicator, *other, indicator, report);
            }
            others.push((here, &one.indicator));
        }
    }
    below(&known, report);
}

/// One indicator of two tools.
fn same(here: Held<'_>, own: &Indicator, other: Held<'_>, theirs: &Indicator, report: &mut Report) {
    let Some((entry, at)) = here.entry else { return };
    // Who says that it is anybody's does not claim it.
    if own.class == Class::SHARED || theirs.class == Class::SHARED {
        return;
    }
    let exclusive = [own, theirs].into_iter().filter(|one| one.class == Class::EXCLUSIVE).count();
    let related = are_related(here.tool, other.tool);
    let severity = match (exclusive, related) {
        (2, false) => Severity::Error,
        (1, false) => Severity::Warning,
        // Also of one vendor: that is what the class says.
        (0, false) if here.tool.vendor == other.tool.vendor => return,
        _ => Severity::Note,
    };
    let message = format!(
        "the {} {:?} is `{}` here and `{}` in {}",
        own.ty.name(),
        own.value,
        own.class.name(),
        theirs.class.name(),
        whose(other),
    );
    let help = if related {
        "one says that it comes with the other or is it, so that a sighting may name both"
    } else if exclusive > 0 {
        "what only one of them has is `exclusive` there and `shared` here; of a vendor's products it is `vendor` in both; a tool that comes with another is in its `bundles` or `rebrands`"
    } else {
        "if the two have one maker, let `vendor` say so in both; else it is `shared`"
    };
    report
        .push(&SHARED_INDICATOR, entry, entry.of_indicator(at, "value"), message)
        .help(help)
        .at_most(severity);
}

fn whose(held: Held<'_>) -> String {
    match held.entry {
        None => format!("the tool {:?}", held.tool.id),
        Some((entry, _)) => format!("the tool {:?} ({})", held.tool.id, entry.origin()),
    }
}

/// An exclusive domain below another tool's exclusive domain: both tools are
/// found for sure at the same host.
fn below(known: &Known<'_>, report: &mut Report) {
    let exclusive = |name: &str| {
        let key = (IndicatorType::Domain, name.to_owned());
        let held = known.get(&key).into_iter().flatten();
        held.filter(|(_, indicator)| indicator.class == Class::EXCLUSIVE).map(|(held, _)| *held)
    };
    for (_, inner) in known.keys().filter(|(ty, _)| *ty == IndicatorType::Domain) {
        for low in exclusive(inner) {
            let ends = inner.match_indices('.').map(|(dot, _)| &inner[dot + 1..]);
            for (outer, high) in
                ends.flat_map(|outer| exclusive(outer).map(move |high| (outer, high)))
            {
                if low.tool.id != high.tool.id && !are_related(low.tool, high.tool) {
                    tell_below((low, inner), (high, outer), report);
                }
            }
        }
    }
}

fn tell_below(
    (low, inner): (Held<'_>, &str),
    (high, outer): (Held<'_>, &str),
    report: &mut Report,
) {
    let ((entry, at), message) = match (low.entry, high.entry) {
        (Some(at), _) => (
            at,
            format!(
                "the domain {inner:?} lies below {outer:?}, which is `exclusive` in {}",
                whose(high)
            ),
        ),
        (None, Some(at)) => (
            at,
            format!(
                "the domain {outer:?} lies above {inner:?}, which is `exclusive` in {}",
                whose(low)
            ),
        ),
        (None, None) => return,
    };
    report
        .push(&DOMAIN_BELOW, entry, entry.of_indicator(at, "value"), message)
        .help("hosts below it would be both tools'; the upper one is `vendor`, if other products have hosts there");
}
