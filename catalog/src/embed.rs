//! The tools' files inside the program, in two forms: their text, for whoever
//! wants all that is in them, and what a detector needs, ready made by
//! `build.rs`, because a sweep should not begin with reading TOML.

use remora_rules::{
    Indicator, IndicatorType, Instance, RuleSet, RuleSpec,
    abi::{Class, Field, Kind, Role},
    compile,
};

use crate::Tool;

struct Embedded {
    id: &'static str,
    name: &'static str,
    text: &'static str,
    rules: &'static [Rule],
    /// Type, value, class and role.
    indicators: &'static [[&'static str; 4]],
    /// Field and pattern.
    instances: &'static [[&'static str; 2]],
}

struct Rule {
    id: &'static str,
    title: &'static str,
    kinds: &'static [&'static str],
    condition: &'static str,
    keys: &'static [&'static str],
    techniques: &'static [&'static str],
    /// A field's name, or nothing.
    learns: &'static str,
}

static TOOLS: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/tools.rs"));

/// The text of every tool's file, with the tool's id, in the order of the ids.
pub fn embedded() -> impl Iterator<Item = (&'static str, &'static str)> {
    TOOLS.iter().map(|tool| (tool.id, tool.text))
}

/// Every tool of the embedded catalog, in the order of the ids. Reads the
/// files: for people and tests; a detector takes [`embedded_rule_sets`].
pub fn embedded_tools() -> impl Iterator<Item = Tool> {
    embedded().map(|(id, text)| {
        Tool::from_toml(text, &format!("catalog/tools/{id}.toml"))
            .expect("the tests read every embedded file")
    })
}

/// The rules and indicators of every tool of the embedded catalog, in the order
/// of the ids: what [`Tool::rule_set`] gives, without reading the files.
pub fn embedded_rule_sets() -> impl Iterator<Item = RuleSet> {
    TOOLS.iter().map(|tool| RuleSet {
        tool: tool.id.to_owned(),
        tool_name: tool.name.to_owned(),
        rules: tool.rules.iter().map(rule).collect(),
        indicators: tool.indicators.iter().map(indicator).collect(),
        instances: tool.instances.iter().map(instance).collect(),
    })
}

/// The ids of every embedded tool and rule.
pub(crate) fn embedded_rules() -> impl Iterator<Item = (&'static str, &'static str)> {
    TOOLS.iter().flat_map(|tool| tool.rules.iter().map(|rule| (tool.id, rule.id)))
}

/// The ids of the embedded catalog's tools that have no rules: that they exist
/// is known, and how to find them is not.
pub fn embedded_without_rules() -> impl Iterator<Item = &'static str> {
    TOOLS.iter().filter(|tool| tool.rules.is_empty()).map(|tool| tool.id)
}

/// Type, role and value of an embedded indicator.
pub type EmbeddedIndicator = (IndicatorType, Role, &'static str);

/// The indicators of every tool of the embedded catalog, by the tool's id,
/// without reading the files.
pub fn embedded_indicators()
-> impl Iterator<Item = (&'static str, impl Iterator<Item = EmbeddedIndicator>)> {
    TOOLS.iter().map(|tool| {
        let known = |[ty, value, _, role]: &[&'static str; 4]| {
            (indicator_type(ty), Role::from_name(role).expect(READ), *value)
        };
        (tool.id, tool.indicators.iter().map(known))
    })
}

const READ: &str = "the tests hold the embedded rules against the files";

fn rule(rule: &Rule) -> RuleSpec {
    let kinds: Vec<Kind> =
        rule.kinds.iter().map(|name| Kind::from_name(name).expect(READ)).collect();
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    RuleSpec {
        id: rule.id.to_owned(),
        title: rule.title.to_owned(),
        expr: compile(rule.condition, &kinds).expect(READ),
        keys: rule.keys.iter().map(|name| Field::from_name(name).expect(READ)).collect(),
        techniques: owned(rule.techniques),
        learns: match rule.learns {
            "" => None,
            name => Some(Field::from_name(name).expect(READ)),
        },
        kinds,
    }
}

fn indicator([ty, value, class, role]: &[&str; 4]) -> Indicator {
    Indicator {
        ty: indicator_type(ty),
        value: (*value).to_owned(),
        class: Class::from_name(class).expect(READ),
        role: Role::from_name(role).expect(READ),
    }
}

fn instance([field, pattern]: &[&str; 2]) -> Instance {
    Instance { field: Field::from_name(field).expect(READ), pattern: (*pattern).to_owned() }
}

fn indicator_type(name: &str) -> IndicatorType {
    *IndicatorType::ALL.iter().find(|known| known.name() == name).expect(READ)
}
