//! Scenarios: named exclusions that the catalog ships, off unless somebody
//! switches them on.
//!
//! They are data like the tools' files, so that any tool can have some: one
//! file per tool, `catalog/scenarios/<tool>.toml`. What the rule language
//! cannot say (days of the week, hours, a zone) is named by type, and left to
//! whoever evaluates it.

use remora_rules::{Expr, abi::kind::KINDS, compile};

use crate::{CatalogError, read};

/// A named exclusion of one tool's findings.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// `<tool>/<name>`: what `--scenario` takes.
    pub id: String,
    /// The tool whose findings it excludes.
    pub tool: String,
    /// The case in one line.
    pub title: String,
    /// What always has to hold of an event, whatever is given.
    pub condition: Option<Expr>,
    /// What can be given. If there is anything, something must be.
    pub parameters: Vec<Parameter>,
    /// File names of the processes that it is about: what it hides beside them
    /// is told apart.
    pub processes: Vec<String>,
}

/// Something that narrows a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// As it is written before the `=`.
    pub key: String,
    /// What its values are.
    pub ty: ParameterType,
    /// What it means, for people.
    pub meaning: String,
    /// A value, for people.
    pub example: String,
}

/// What the values of a parameter are, and what they ask of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterType {
    /// Texts, put into the condition.
    Text(Template),
    /// Whole numbers, put into the condition.
    Number(Template),
    /// Days of the week, such as `mon-fri`.
    Days,
    /// Hours of the day, such as `22:00-04:00`.
    Hours,
    /// The zone in which days and hours are meant.
    Zone,
}

/// A condition in the rule language with `($)` where the values go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(String);

/// Where a template's values go.
const PLACE: &str = "($)";

impl Scenario {
    /// Reads a file of scenarios. `origin` names it in errors.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its place in the text.
    pub fn from_toml(text: &str, origin: &str) -> Result<Vec<Scenario>, CatalogError> {
        read::scenarios(text).map_err(|problem| CatalogError::new(origin, text, problem))
    }
}

impl Parameter {
    /// What `values`, of which one has to be met, ask of an event. None for a
    /// parameter that the rule language cannot state.
    ///
    /// # Errors
    ///
    /// A value that cannot be one of this parameter, in words.
    pub fn condition(&self, values: &[String]) -> Result<Option<Expr>, String> {
        let (template, literals) = match &self.ty {
            ParameterType::Text(template) => {
                (template, values.iter().map(|value| quoted(value)).collect::<Vec<_>>())
            }
            ParameterType::Number(template) => {
                let number = |value: &String| match value.parse::<i64>() {
                    Ok(number) => Ok(number.to_string()),
                    Err(_) => Err(format!("{value:?} is no whole number")),
                };
                (template, values.iter().map(number).collect::<Result<_, _>>()?)
            }
            ParameterType::Days | ParameterType::Hours | ParameterType::Zone => return Ok(None),
        };
        let text = template.filled(&literals);
        let kinds: Vec<_> = KINDS.iter().map(|info| info.kind).collect();
        compile(&text, &kinds).map(Some).map_err(|error| match error.help {
            Some(help) => format!("{}; {help}", error.message),
            None => error.message,
        })
    }
}

impl Template {
    /// The template of this text, if it says where the values go.
    pub(crate) fn new(text: &str) -> Option<Template> {
        text.contains(PLACE).then(|| Template(text.to_owned()))
    }

    /// The condition with `literals` in their places.
    pub(crate) fn filled(&self, literals: &[String]) -> String {
        self.0.replace(PLACE, &format!("({})", literals.join(", ")))
    }

    /// Where the byte `at` of the condition with the one literal `literal`
    /// stands in the template.
    pub(crate) fn unfilled(&self, at: usize, literal: &str) -> usize {
        let (mut filled, mut rest) = (0, 0);
        for (place, _) in self.0.match_indices(PLACE) {
            let start = filled + (place - rest);
            if at <= start {
                break;
            }
            (filled, rest) = (start + literal.len() + 2, place + PLACE.len());
            if at < filled {
                return place;
            }
        }
        (rest + at.saturating_sub(filled)).min(self.0.len())
    }

    /// Its text.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// A text as a literal of the rule language.
pub(crate) fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            c if c.is_control() => literal.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}

static SCENARIOS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// The text of every embedded file of scenarios, with the tool's id, in the
/// order of the ids.
pub fn embedded_scenario_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    SCENARIOS.iter().copied()
}

/// Every scenario of the embedded catalog, in the order of the ids.
pub fn scenarios() -> Vec<Scenario> {
    let read = |(tool, text)| {
        Scenario::from_toml(text, &format!("catalog/scenarios/{tool}.toml"))
            .expect("the tests read every embedded file")
    };
    let mut all: Vec<Scenario> = embedded_scenario_files().flat_map(read).collect();
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_condition_is_found_in_the_template() {
        let template = Template::new("a in ($) or b in ($) or c").expect("a template");
        let filled = template.filled(&[quoted("x")]);
        assert_eq!(filled, "a in (\"x\") or b in (\"x\") or c");
        for (part, offset) in [("a", 0), ("or b", 9), ("b", 12), ("or c", 21), ("c", 24)] {
            let at = filled.find(part).expect("it is there");
            assert_eq!(template.unfilled(at, "\"x\""), offset, "{part}");
        }
        let inside = filled.find('x').expect("it is there");
        assert_eq!(template.unfilled(inside, "\"x\""), 5);
        assert_eq!(template.unfilled(filled.len(), "\"x\""), template.text().len());
    }

    #[test]
    fn numbers_are_numbers() {
        let template = Template::new("remote.port in ($)").expect("a template");
        let parameter = Parameter {
            key: "port".into(),
            ty: ParameterType::Number(template),
            meaning: String::new(),
            example: String::new(),
        };
        let condition = |values: &[&str]| {
            parameter.condition(&values.iter().map(|&one| one.to_owned()).collect::<Vec<_>>())
        };
        let ports = condition(&["443", "-1"]).expect("a condition").expect("one to state");
        assert_eq!(ports.to_string(), "remote.port in (443, -1)");
        assert!(condition(&["443) or (1"]).unwrap_err().contains("no whole number"));
    }

    #[test]
    fn values_cannot_leave_their_literal() {
        let template = Template::new("user in~ ($)").expect("a template");
        let parameter = Parameter {
            key: "account".into(),
            ty: ParameterType::Text(template),
            meaning: String::new(),
            example: String::new(),
        };
        for value in ["\") or true", "CONTOSO\\ann", "a'b", "a\u{7}\n\"\\\" or user != \""] {
            let expr = parameter.condition(&[value.to_owned()]).expect("a condition");
            let Some(Expr::Text(predicate)) = expr else { panic!("{value:?}: {expr:?}") };
            assert_eq!(predicate.literals, [value]);
        }
    }
}
