//! From a name in a rule to a field.
//!
//! A canonical name means its field everywhere. A column name means what the
//! table of the kind means by it, so it is taken only if it means one field in
//! every kind of the rule: an analyst who pastes a hunting query gets what the
//! query said, or an error that names the choices, never the parent process in
//! one table and the process in another.

use remora_abi::{
    Field, Kind, field,
    kind::{self, KINDS},
};

use crate::{
    problem::{Problem, quoted},
    syntax::Name,
};

/// The field that `name` means in events of all of `kinds`.
pub(crate) fn resolve(name: &Name<'_>, kinds: &[Kind]) -> Result<Field, Problem> {
    if let Some(field) = Field::from_name(name.node) {
        return Ok(field);
    }
    let kinds = if kinds.is_empty() { &[kind::ANY] } else { kinds };
    let meanings: Vec<_> =
        kinds.iter().map(|&kind| (kind, field::alias(kind, name.node))).collect();
    match meanings[0].1 {
        Some(field) if meanings.iter().all(|&(_, meaning)| meaning == Some(field)) => Ok(field),
        _ if meanings.iter().any(|(_, meaning)| meaning.is_some()) => {
            Err(ambiguous(name, &meanings))
        }
        _ => Err(unknown(name, kinds)),
    }
}

fn kind_name(kind: Kind) -> &'static str {
    if kind == kind::ANY { "every kind" } else { kind.name() }
}

fn ambiguous(name: &Name<'_>, meanings: &[(Kind, Option<Field>)]) -> Problem {
    let mut choices: Vec<(Field, Vec<&str>)> = Vec::new();
    for &(kind, meaning) in meanings {
        let Some(field) = meaning else { continue };
        match choices.iter_mut().find(|(found, _)| *found == field) {
            Some((_, kinds)) => kinds.push(kind_name(kind)),
            None => choices.push((field, vec![kind_name(kind)])),
        }
    }
    let lacking: Vec<_> = meanings
        .iter()
        .filter(|(_, meaning)| meaning.is_none())
        .map(|&(kind, _)| kind_name(kind))
        .collect();
    let message = if choices.len() > 1 {
        format!("`{}` means different fields in the kinds of this rule", name.node)
    } else {
        format!("`{}` is no column of {}", name.node, lacking.join(", "))
    };
    let choices: Vec<_> = choices
        .iter()
        .map(|(field, kinds)| format!("`{}` (in {})", field.name(), kinds.join(", ")))
        .collect();
    Problem::new(message, name.span.clone())
        .help(format!("write the field's own name: {}", choices.join(" or ")))
}

fn unknown(name: &Name<'_>, kinds: &[Kind]) -> Problem {
    let message = format!("unknown field `{}`", quoted(name.node));
    let elsewhere: Vec<_> = KINDS
        .iter()
        .filter_map(|info| Some((info.name, field::alias(info.kind, name.node)?)))
        .map(|(kind, field)| format!("`{}` in {kind}", field.name()))
        .collect();
    if !elsewhere.is_empty() {
        let kinds: Vec<_> = kinds.iter().map(|&kind| kind_name(kind)).collect();
        let message = format!("`{}` is no column of {}", name.node, kinds.join(", "));
        return Problem::new(message, name.span.clone())
            .help(format!("it is {}", elsewhere.join(", ")));
    }
    let canonical = field::FIELDS.iter().map(|info| info.name);
    let columns = field::ALIASES
        .iter()
        .filter(|alias| alias.kind == kind::ANY || kinds.contains(&alias.kind))
        .map(|alias| alias.column);
    let problem = Problem::new(message, name.span.clone());
    match nearest(name.node, canonical.chain(columns)) {
        Some(near) if near.eq_ignore_ascii_case(name.node) => {
            problem.help(format!("did you mean `{near}`? names are case-sensitive"))
        }
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help("the fields are listed in docs/fields.md"),
    }
}

/// The candidate spelled most like `name`, if any is near; of several, the
/// first.
pub fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    const LONGEST: usize = 80;
    if name.len() > LONGEST {
        return None;
    }
    candidates
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance <= 2 * (name.len().max(candidate.len()) / 3).max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits from one name to the other, in halves: a letter put in, left out,
/// replaced or swapped with the next is 2, a change of case 1 in all.
fn distance(from: &str, to: &str) -> usize {
    if from == to {
        return 0;
    }
    let (from, to) = (from.to_ascii_lowercase(), to.to_ascii_lowercase());
    if from == to {
        return 1;
    }
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let mut above = vec![0; to.len() + 1];
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for i in 1..=from.len() {
        let mut next = vec![i; to.len() + 1];
        for j in 1..=to.len() {
            let replaced = row[j - 1] + usize::from(from[i - 1] != to[j - 1]);
            next[j] = replaced.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                next[j] = next[j].min(above[j - 2] + 1);
            }
        }
        above = std::mem::replace(&mut row, next);
    }
    2 * row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_spelling_is_found() {
        let names = ["remote.url", "remote.host", "SHA1", "SHA256", "RemoteUrl"];
        for (typed, near) in [
            ("remote.ulr", Some("remote.url")),
            ("ermote.host", Some("remote.host")),
            ("remoteurl", Some("RemoteUrl")),
            ("Sha1", Some("SHA1")),
            ("remote.hosts", Some("remote.host")),
            ("something.else", None),
            ("x", None),
        ] {
            assert_eq!(nearest(typed, names.into_iter()), near, "{typed}");
        }
    }
}
