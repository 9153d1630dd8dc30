//! Scenarios: from a file's text to what can be switched on.

use remora_rules::{Diagnostic, Expr, abi::kind::KINDS, compile};
use serde::Deserialize;

use super::{
    check_id,
    rule::in_file,
    size,
    words::{Text, not_blank, word},
};
use crate::{
    error::Problem,
    scenario::{Parameter, ParameterType, Scenario, Template, quoted},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    tool: Text,
    #[serde(default)]
    processes: Vec<Text>,
    #[serde(default)]
    parameter: Vec<RawParameter>,
    scenario: Vec<RawScenario>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawParameter {
    key: Text,
    r#type: Text,
    r#where: Option<Text>,
    meaning: Text,
    example: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScenario {
    name: Text,
    title: Text,
    r#where: Option<Text>,
    #[serde(default)]
    parameters: Vec<Text>,
    #[serde(default)]
    parameter: Vec<RawParameter>,
}

/// Reads a file of scenarios.
pub(crate) fn scenarios(text: &str) -> Result<Vec<Scenario>, Problem> {
    size::check(text)?;
    let raw: RawFile = toml::from_str(text).map_err(Problem::of_toml)?;
    check_id("tool id", &raw.tool)?;
    let tool = raw.tool.into_inner();
    let names = raw.processes.into_iter().map(|name| not_blank("a process", name));
    let processes: Vec<String> = names.collect::<Result<_, _>>()?;
    let shared = parameters(raw.parameter, Vec::new(), text)?;
    let mut scenarios: Vec<Scenario> = Vec::new();
    for raw in raw.scenario {
        check_id("name of a scenario", &raw.name)?;
        let id = format!("{tool}/{}", raw.name.get_ref());
        if scenarios.iter().any(|known| known.id == id) {
            let message = format!("two scenarios have the name {:?}", raw.name.get_ref());
            return Err(Problem::new(raw.name.span(), message));
        }
        let mut chosen: Vec<Parameter> = Vec::new();
        for key in &raw.parameters {
            let known = shared.iter().map(|one| (one.key.as_str(), one));
            let parameter: &Parameter = word("parameter of this file", key, known)?;
            if chosen.contains(parameter) {
                let message = format!("the parameter {:?} is named twice", key.get_ref());
                return Err(Problem::new(key.span(), message));
            }
            chosen.push(parameter.clone());
        }
        let parameters = parameters(raw.parameter, chosen, text)?;
        let condition = raw.r#where.as_ref().map(|own| condition(own, text)).transpose()?;
        let is = |ty: &ParameterType| parameters.iter().any(|one| one.ty == *ty);
        let windowed = is(&ParameterType::Days) || is(&ParameterType::Hours);
        if is(&ParameterType::Zone) && !windowed {
            let message = "a zone says how days and hours are meant, and there are none";
            return Err(Problem::new(raw.name.span(), message));
        }
        if condition.is_none() && parameters.is_empty() {
            let message = format!("the scenario {id:?} would exclude every finding of the tool");
            return Err(Problem::new(raw.name.span(), message)
                .help("give it a `where`, or parameters of which one has to be given"));
        }
        scenarios.push(Scenario {
            id,
            tool: tool.clone(),
            title: not_blank("a scenario's title", raw.title)?,
            condition,
            parameters,
            processes: processes.clone(),
        });
    }
    Ok(scenarios)
}

/// `known` and those of `raw`.
fn parameters(
    raw: Vec<RawParameter>,
    known: Vec<Parameter>,
    file: &str,
) -> Result<Vec<Parameter>, Problem> {
    let mut all = known;
    for raw in raw {
        check_id("key of a parameter", &raw.key)?;
        if all.iter().any(|one| one.key == *raw.key.get_ref()) {
            let message = format!("two parameters have the key {:?}", raw.key.get_ref());
            return Err(Problem::new(raw.key.span(), message));
        }
        let ty = parameter_type(&raw, file)?;
        let is_text = matches!(ty, ParameterType::Text(_) | ParameterType::Number(_));
        if !is_text && all.iter().any(|one| one.ty == ty) {
            let message = format!("two parameters of the type {:?}", raw.r#type.get_ref());
            return Err(Problem::new(raw.r#type.span(), message));
        }
        all.push(Parameter {
            key: raw.key.into_inner(),
            ty,
            meaning: not_blank("a parameter's meaning", raw.meaning)?,
            example: not_blank("a parameter's example", raw.example)?,
        });
    }
    Ok(all)
}

fn parameter_type(raw: &RawParameter, file: &str) -> Result<ParameterType, Problem> {
    let types = ["text", "number", "days", "hours", "zone"].map(|name| (name, name));
    match (word("type of parameter", &raw.r#type, types)?, &raw.r#where) {
        ("text", Some(own)) => template(own, &quoted("x"), file).map(ParameterType::Text),
        ("number", Some(own)) => template(own, "0", file).map(ParameterType::Number),
        ("text" | "number", None) => {
            let message = format!("the parameter {:?} asks nothing", raw.key.get_ref());
            Err(Problem::new(raw.key.span(), message)
                .help("give it a `where` such as 'device.name in~ ($)'"))
        }
        (name, Some(own)) => {
            let message = format!("a parameter of the type {name:?} has no `where`");
            Err(Problem::new(own.span(), message).help("leave it out; the type says it all"))
        }
        ("days", None) => Ok(ParameterType::Days),
        ("hours", None) => Ok(ParameterType::Hours),
        (_, None) => Ok(ParameterType::Zone),
    }
}

/// A condition with a place for values, tried with the value `literal`.
fn template(text: &Text, literal: &str, file: &str) -> Result<Template, Problem> {
    let Some(template) = Template::new(text.get_ref()) else {
        let message = "it does not say where the values go";
        return Err(Problem::new(text.span(), message)
            .help("`($)` stands for the values: 'device.name in~ ($)'"));
    };
    let filled = template.filled(&[literal.to_owned()]);
    match checked(&filled) {
        Ok(_) => Ok(template),
        Err(diagnostic) => {
            let [start, end] = [diagnostic.span.start, diagnostic.span.end]
                .map(|at| template.unfilled(at, literal));
            let own = Diagnostic {
                text: template.text().to_owned(),
                span: start..end.max(start),
                ..diagnostic
            };
            Err(in_file(own, text.span(), file))
        }
    }
}

fn condition(text: &Text, file: &str) -> Result<Expr, Problem> {
    checked(text.get_ref()).map_err(|diagnostic| in_file(diagnostic, text.span(), file))
}

/// Compiles a condition on events of any kind, of which nothing can be learned.
fn checked(text: &str) -> Result<Expr, Diagnostic> {
    let kinds: Vec<_> = KINDS.iter().map(|info| info.kind).collect();
    let expr = compile(text, &kinds)?;
    if let Some((_, rule)) = expr.learned().first() {
        return Err(Diagnostic {
            message: format!("an exclusion cannot ask what the rule {rule:?} has learned"),
            span: 0..text.len(),
            help: None,
            text: text.to_owned(),
        });
    }
    Ok(expr)
}
