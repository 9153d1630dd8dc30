//! `--scenario NAME[,key=value…]`: exclusions that the catalog ships, read
//! before any input is.
//!
//! Parameters that are given together narrow, values of one parameter widen. A
//! scenario that can be narrowed does nothing unnarrowed: it is refused, with
//! what would fit.

use std::fmt::Write as _;

use anyhow::{Result, anyhow, bail};
use remora_catalog::{Parameter, ParameterType, Scenario};
use remora_engine::{
    sources::Zone,
    sweep::{Exclusion, Weekly},
};
use remora_rules::{Expr, nearest};

/// What the arguments of `--scenario` switch on.
pub(crate) fn read(arguments: &[String]) -> Result<Vec<Exclusion>> {
    if arguments.is_empty() {
        return Ok(Vec::new());
    }
    let known = remora_catalog::scenarios();
    let mut exclusions: Vec<Exclusion> = Vec::new();
    for argument in arguments {
        let mut parts = argument.split(',').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let Some(scenario) = known.iter().find(|one| one.id == name) else {
            return Err(unknown(name, &known));
        };
        let exclusion =
            switch_on(scenario, parts).map_err(|error| anyhow!("--scenario {name}: {error:#}"))?;
        // Twice the same is once.
        if !exclusions.contains(&exclusion) {
            exclusions.push(exclusion);
        }
    }
    Ok(exclusions)
}

/// The scenario with what it was given.
fn switch_on<'a>(scenario: &Scenario, parts: impl Iterator<Item = &'a str>) -> Result<Exclusion> {
    let mut given: Vec<(&Parameter, Vec<String>)> =
        scenario.parameters.iter().map(|parameter| (parameter, Vec::new())).collect();
    let mut parameters = Vec::new();
    for part in parts {
        let (key, value) = part.split_once('=').map_or((part, ""), |(key, value)| (key, value));
        let (key, value) = (key.trim(), value.trim());
        let Some((_, values)) = given.iter_mut().find(|(parameter, _)| parameter.key == key) else {
            return Err(unknown_key(key, part.contains('='), scenario));
        };
        if value.is_empty() {
            bail!("{key} has no value; write {key}=VALUE, and {key}=A,{key}=B for several");
        }
        if !values.iter().any(|known| known == value) {
            values.push(value.to_owned());
            parameters.push(format!("{key}={value}"));
        }
    }
    let narrows = |(parameter, values): &(&Parameter, Vec<String>)| {
        parameter.ty != ParameterType::Zone && !values.is_empty()
    };
    if !given.is_empty() && !given.iter().any(narrows) {
        return Err(nothing_given(scenario, !parameters.is_empty()));
    }
    let mut terms: Vec<Expr> = scenario.condition.iter().cloned().collect();
    let (mut days, mut hours, mut zones) = (Vec::new(), Vec::new(), Vec::new());
    for (parameter, values) in given.iter().filter(|(_, values)| !values.is_empty()) {
        let wrong = |why: String| anyhow!("{}: {why}", parameter.key);
        terms.extend(parameter.condition(values).map_err(wrong)?);
        for value in values {
            match parameter.ty {
                ParameterType::Days => days.push(value.parse().map_err(wrong)?),
                ParameterType::Hours => hours.push(value.parse().map_err(wrong)?),
                ParameterType::Zone => zones.push(zone(value).map_err(wrong)?),
                ParameterType::Text(_) | ParameterType::Number(_) => {}
            }
        }
    }
    let windowed = !days.is_empty() || !hours.is_empty();
    let zone = match (zones.len(), windowed) {
        (0, _) => Zone::utc(),
        (1, true) => zones.remove(0),
        (1, false) => bail!("zone says how days and hours are meant, and neither is given"),
        _ => bail!("zone is given twice; for two zones, give the scenario twice"),
    };
    Ok(Exclusion {
        name: scenario.id.clone(),
        parameters,
        tool: scenario.tool.clone(),
        condition: match terms.len() {
            0 | 1 => terms.pop(),
            _ => Some(Expr::And(terms)),
        },
        window: windowed.then(|| Weekly::new(&days, &hours, zone)),
        processes: scenario.processes.clone(),
    })
}

fn zone(name: &str) -> Result<Zone, String> {
    Zone::from_name(name).ok_or_else(|| {
        format!(
            "there is no zone {name:?}; write a name such as Europe/Berlin, an offset such as +02:00, or UTC"
        )
    })
}

fn unknown(name: &str, known: &[Scenario]) -> anyhow::Error {
    let meant = nearest(name, known.iter().map(|one| one.id.as_str()));
    let meant = meant.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    let width = known.iter().map(|one| one.id.len()).max().unwrap_or(0);
    let mut text = format!("--scenario: there is no scenario {name:?}{meant}\nknown are:");
    for scenario in known {
        let keys: Vec<&str> = scenario.parameters.iter().map(|one| one.key.as_str()).collect();
        let keys = if keys.is_empty() { "no parameters".to_owned() } else { keys.join(", ") };
        let _ = write!(text, "\n  {:width$}  {keys}", scenario.id);
    }
    anyhow!(text)
}

fn unknown_key(key: &str, has_value: bool, scenario: &Scenario) -> anyhow::Error {
    let keys: Vec<&str> = scenario.parameters.iter().map(|one| one.key.as_str()).collect();
    if keys.is_empty() {
        return anyhow!("it takes no parameters, so {key:?} is one too many");
    }
    if !has_value {
        return anyhow!(
            "{key:?} is no key=value; accepted are: {}; several values of one are written device=A,device=B",
            keys.join(", ")
        );
    }
    let meant = nearest(key, keys.iter().copied());
    let meant = meant.map_or_else(String::new, |near| format!("did you mean {near}? "));
    anyhow!("there is no parameter {key:?}; {meant}accepted are: {}", keys.join(", "))
}

/// Why it does nothing as it is, and what would fit.
fn nothing_given(scenario: &Scenario, zone_only: bool) -> anyhow::Error {
    let why = if zone_only { "a zone alone narrows nothing" } else { "nothing is given" };
    let width = scenario.parameters.iter().map(|one| one.key.len()).max().unwrap_or(0);
    let mut text = format!(
        "{why}, and it would exclude every finding of {}; give at least one of",
        scenario.tool
    );
    for one in scenario.parameters.iter().filter(|one| one.ty != ParameterType::Zone) {
        let Parameter { key, meaning, example, .. } = one;
        let _ = write!(text, "\n  {key:width$}  {meaning} ({key}={example})");
    }
    let examples = scenario.parameters.iter().filter(|one| one.ty != ParameterType::Zone);
    let examples: Vec<String> =
        examples.take(2).map(|one| format!("{}={}", one.key, one.example)).collect();
    let _ = write!(text, "\nfor example: --scenario {},{}", scenario.id, examples.join(","));
    anyhow!(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(argument: &str) -> Result<Exclusion> {
        read(&[argument.to_owned()]).map(|mut all| all.remove(0))
    }

    #[test]
    fn values_widen_and_parameters_narrow() {
        let one = on("supremo/remote-reboot,device=a,device=b, account = ann").expect("accepted");
        let condition = one.condition.expect("a condition").to_string();
        assert_eq!(
            condition,
            "(device.name in~ (\"a\", \"b\") or device.id in~ (\"a\", \"b\")) \
             and (user in~ (\"ann\") or user.upn in~ (\"ann\") or user.sid in~ (\"ann\"))"
        );
        assert_eq!(one.parameters, ["device=a", "device=b", "account=ann"]);
        assert_eq!(one.window, None);
        let night = on("supremo/remote-reboot,hours=22:00-04:00").expect("accepted");
        assert!(night.condition.is_none() && night.window.is_some());
    }

    #[test]
    fn what_is_not_accepted_is_said_with_what_is() {
        for (argument, parts) in [
            ("supremo/remote-rebot", &["did you mean supremo/remote-reboot?", "hours, zone"][..]),
            ("list", &["supremo/scheduled-maintenance-as-given  no parameters"]),
            ("supremo/remote-reboot", &["nothing is given", "device=srv-01.contoso.example"]),
            ("supremo/remote-reboot,zone=UTC", &["a zone alone", "at least one of"]),
            ("supremo/remote-reboot,account=x,zone=UTC", &["neither is given"]),
            ("supremo/remote-reboot,hours=1:00-02:00", &["22:00-04:00"]),
            ("supremo/remote-reboot,hours=01:00-01:00", &["ends where it begins"]),
            ("supremo/remote-reboot,hours=01:00-24:01", &["22:00-04:00"]),
            ("supremo/remote-reboot,days=mo", &["mon, tue, wed", "mon-fri"]),
            ("supremo/remote-reboot,days=sat,zone=Berlin", &["Europe/Berlin"]),
            ("supremo/remote-reboot,days=sat,zone=UTC,zone=+01:00", &["given twice"]),
            ("supremo/remote-reboot,device=a,b", &["device=A,device=B"]),
            ("supremo/remote-reboot,device=", &["has no value"]),
            ("supremo/remote-reboot,divice=a", &["did you mean device?", "accepted are: device"]),
            ("supremo/remote-reboot-as-given,device=a", &["takes no parameters"]),
        ] {
            let error = format!("{:#}", on(argument).expect_err(argument));
            assert!(parts.iter().all(|part| error.contains(part)), "{argument}: {error}");
            assert!(error.starts_with("--scenario"), "{error}");
        }
    }

    #[test]
    fn twice_the_same_is_once() {
        let same = "supremo/remote-reboot,device=a".to_owned();
        let other = "supremo/remote-reboot,device=b".to_owned();
        assert_eq!(read(&[same.clone(), other, same]).expect("accepted").len(), 2);
    }
}
