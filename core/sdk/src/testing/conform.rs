//! What every detector must keep to, whatever it detects.

use std::thread;

use super::{Event, Found, Host};
use crate::{Detector, abi, abi::ABI_VERSION};

/// Checks that `D` keeps the contract of [`Detector`]:
///
/// * its manifest is TOML with every key that a host wants, states this ABI,
///   and is the text that the module returns;
/// * rules and interests are the same on every call, and rule ids are unique;
/// * findings name rows that had a hit and rules that exist, and fill known
///   fields;
/// * calls from several threads find the same as calls in a row, and how
///   `events` are cut into batches makes no difference.
///
/// `events` should be of every sort that the detector finds something in; an
/// `Err` says in words what is wrong, also if the detector finds nothing in
/// them at all.
pub fn conform<D: Detector>(config: &str, events: &[Event]) -> Result<(), String> {
    check_manifest(D::MANIFEST)?;
    let host = Host::of::<D>(config).map_err(|e| format!("the detector was not made: {e}"))?;
    if host.manifest() != D::MANIFEST {
        return Err("the module returns another manifest than the note holds".into());
    }
    check_statements(&host)?;

    let whole = inspect(&host, events)?;
    if whole.is_empty() {
        return Err("nothing was found in any event".into());
    }
    for found in &whole {
        check_finding(&host, events, found)?;
    }
    check_cuts(&host, events, &whole)?;
    check_threads(&host, events, &whole)
}

fn inspect(host: &Host, events: &[Event]) -> Result<Vec<Found>, String> {
    host.inspect(events).map_err(|e| format!("inspect failed: {e}"))
}

fn check_manifest(manifest: &str) -> Result<(), String> {
    let table: toml::Table =
        manifest.parse().map_err(|e| format!("the manifest is not TOML: {e}"))?;
    for key in ["name", "version", "abi", "licence", "panic"] {
        match table.get(key).and_then(toml::Value::as_str) {
            None => return Err(format!("the manifest lacks the text {key:?}")),
            Some("") => return Err(format!("{key:?} is empty in the manifest")),
            Some(_) => {}
        }
    }
    let name = table["name"].as_str().unwrap_or_default();
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if name.len() > 64 || !name.bytes().all(allowed) {
        return Err(format!("{name:?} is no name for a detector"));
    }
    for key in ["tools", "techniques"] {
        let texts = table.get(key).and_then(toml::Value::as_array);
        if !texts.is_some_and(|texts| texts.iter().all(toml::Value::is_str)) {
            return Err(format!("the manifest lacks the array of texts {key:?}"));
        }
    }
    for (key, expected) in [("abi", ABI_VERSION), ("panic", "unwind")] {
        let found = table.get(key).and_then(toml::Value::as_str);
        if found != Some(expected) {
            return Err(format!("{key:?} is {found:?} in the manifest, not {expected:?}"));
        }
    }
    Ok(())
}

fn check_statements(host: &Host) -> Result<(), String> {
    let (rules, interests) = host.ask_again().map_err(|e| format!("asked again: {e}"))?;
    if rules != host.rules() {
        return Err("the rules differ from call to call".into());
    }
    if interests != host.interests() {
        return Err("the interests differ from call to call".into());
    }
    if interests.is_empty() {
        return Err("the detector has no interest, so it is never called".into());
    }
    for (at, rule) in rules.iter().enumerate() {
        if rule.id.is_empty() || rule.tool.is_empty() || rule.kinds.is_empty() {
            return Err(format!("rule {at} ({:?}) lacks its id, tool or kinds", rule.id));
        }
        if rules[..at].iter().any(|other| other.id == rule.id) {
            return Err(format!("two rules have the id {:?}", rule.id));
        }
    }
    Ok(())
}

fn check_finding(host: &Host, events: &[Event], found: &Found) -> Result<(), String> {
    let what = format!("a finding of {:?} on row {}", found.rule, found.row);
    let Some(event) = events.get(found.row as usize) else {
        return Err(format!("{what}: there is no such row"));
    };
    let Some(rule) = host.rules().iter().find(|rule| rule.id == found.rule) else {
        return Err(format!("{what}: there is no such rule"));
    };
    if !rule.kinds.contains(&event.kind()) {
        return Err(format!("{what}: the rule does not look at {}", event.kind().name()));
    }
    for witness in &found.witnesses {
        if !witness.op.is_known() || witness.field.info().is_none() {
            return Err(format!("{what}: a witness of unknown field or operator: {witness}"));
        }
    }
    match found.extra.iter().find(|(field, _)| abi::Field::info(*field).is_none()) {
        Some((field, _)) => Err(format!("{what}: it fills the unknown field {}", field.0)),
        None => Ok(()),
    }
}

/// Every event alone, as the host may cut batches anywhere.
fn check_cuts(host: &Host, events: &[Event], whole: &[Found]) -> Result<(), String> {
    let mut alone = vec![];
    for (row, event) in (0..).zip(events) {
        let found = inspect(host, std::slice::from_ref(event))?;
        alone.extend(found.into_iter().map(|found| Found { row, ..found }));
    }
    if sorted(alone) != sorted(whole.to_vec()) {
        return Err("the findings depend on how events are cut into batches".into());
    }
    Ok(())
}

fn check_threads(host: &Host, events: &[Event], whole: &[Found]) -> Result<(), String> {
    const THREADS: usize = 4;
    const CALLS: usize = 16;
    thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..CALLS {
                        if inspect(host, events)? != whole {
                            return Err("concurrent calls find something else".to_owned());
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("the worker cannot panic"))
    })
}

fn sorted(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by(|a, b| (a.row, &a.rule).cmp(&(b.row, &b.rule)));
    found
}
