//! Rules that cannot fire, and rules that want to see everything.

use std::collections::BTreeSet;

use remora_rules::{
    Expr, Learned, Required, Severity,
    abi::{Field, Kind, field::FIELDS, kind::KINDS},
    needs::needs,
    required::required,
};

use super::{
    codes::{NEVER_FILLED, WIDE_RULE},
    file::Entry,
    filled::fills,
    finding::Report,
    place::first_line,
};

/// A rule as it is asked where what it waits for has been learned.
pub(super) fn adopted(expr: &Expr) -> Expr {
    let learned = expr.learned().into_iter();
    let learned: Learned =
        learned.map(|(_, id)| (id.to_owned(), BTreeSet::from(["x".to_owned()]))).collect();
    expr.adopt(&learned)
}

pub(super) fn check(entry: &Entry, report: &mut Report) {
    for (at, one) in entry.tool().rules.iter().enumerate() {
        let rule = &one.rule;
        let expr = adopted(&rule.expr);
        let span = first_line(entry.text(), entry.of_rule(at, "where"));
        if let Required::Everything { why } = required(&expr, &rule.kinds) {
            let message =
                format!("the rule {:?} wants to see every event of its kinds: {why}", rule.id);
            report
                .push(&WIDE_RULE, entry, span.clone(), message)
                .help("ask, in every branch, for a value that the event must have, so that the screen can pass over the rest")
                .upstream(&one.provenance);
        }
        // Nobody wrote these, and their other parts may hold.
        if !one.generated {
            never_filled(entry, at, &expr, report);
        }
    }
}

fn never_filled(entry: &Entry, at: usize, expr: &Expr, report: &mut Report) {
    let one = &entry.tool().rules[at];
    let kinds = &one.rule.kinds;
    let needs = needs(expr);
    let empty = |kind: Kind| needs.iter().find(|clause| fills(kind, clause) == Some(false));
    let dead: Vec<(Kind, &Vec<Field>)> =
        kinds.iter().filter_map(|&kind| Some((kind, empty(kind)?))).collect();
    let Some((_, clause)) = dead.first() else { return };
    let names =
        |fields: &[Field]| fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(" or ");
    let never = dead.len() == kinds.len();
    let id = &one.rule.id;
    let message = if never {
        format!(
            "the rule {id:?} can never fire: no source fills {} in {} records",
            names(clause),
            list(&dead)
        )
    } else {
        format!(
            "the rule {id:?} never fires for {} records: no source fills {} in them",
            list(&dead),
            names(clause)
        )
    };
    let text = entry.of_rule(at, "where");
    let span = if never {
        clause
            .iter()
            .find_map(|field| named(entry.text(), text.clone(), *field))
            .unwrap_or_else(|| first_line(entry.text(), text))
    } else {
        entry.of_rule(at, "kinds")
    };
    let others: Vec<&str> = KINDS
        .iter()
        .filter(|info| fills(info.kind, clause) != Some(false))
        .map(|info| info.name)
        .collect();
    report
        .push(&NEVER_FILLED, entry, span, message)
        .help(format!(
            "kinds that may have it: {}; docs/fields.md lists the columns",
            others.join(", ")
        ))
        .at_most(if never { Severity::Error } else { Severity::Warning })
        .upstream(&one.provenance);
}

fn list(dead: &[(Kind, &Vec<Field>)]) -> String {
    dead.iter().map(|(kind, _)| kind.name()).collect::<Vec<_>>().join(", ")
}

/// Where a rule names a field by its own name.
fn named(file: &str, rule: std::ops::Range<usize>, field: Field) -> Option<std::ops::Range<usize>> {
    let text = file.get(rule.clone())?;
    let name = field.name();
    let longer = |end: usize| {
        FIELDS.iter().any(|info| {
            info.name.len() > name.len() && text[end - name.len()..].starts_with(info.name)
        })
    };
    let (at, _) = text.match_indices(name).find(|(at, _)| !longer(at + name.len()))?;
    Some(rule.start + at..rule.start + at + name.len())
}
