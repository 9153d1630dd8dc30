//! Rules without examples, and parts of rules that no example tries.
//!
//! What an example says is believed here; whether it comes out so is another
//! question, which `catalog test` answers.

use std::ops::Range;

use remora_catalog::{Example, RuleEntry};
use remora_rules::{Expr, Learned, TextOp, abi::Kind};

use super::{
    codes::{NO_EXAMPLE, NO_NEAR_MISS, UNTRIED},
    file::Entry,
    finding::Report,
    place::{first_line, literal},
    rules::adopted,
};
use crate::alternatives::{alternatives, count, open, unmet};

/// Of a rule with more alternatives it is asked only that each is met.
const MOST: usize = 512;

pub(super) fn check(entry: &Entry, report: &mut Report) {
    for (at, one) in entry.tool().rules.iter().enumerate() {
        sides(entry, at, one, report);
        untried(entry, at, one, report);
    }
}

/// The kinds of a rule that each want an example of their own. A rule that was
/// made of the indicators asks the same in each of its kinds.
fn kinds(one: &RuleEntry) -> Vec<&[Kind]> {
    let kinds = one.rule.kinds.as_slice();
    if one.generated { vec![kinds] } else { kinds.chunks(1).collect() }
}

fn sides(entry: &Entry, at: usize, one: &RuleEntry, report: &mut Report) {
    let id = &one.rule.id;
    let examples = &entry.tool().examples;
    let span = || entry.of_rule(at, "id");
    for kinds in kinds(one) {
        let names = kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        let has = |fires: bool| {
            examples.iter().any(|e| kinds.contains(&e.kind) && e.fires.contains(id) == fires)
        };
        if !has(true) {
            let message = format!("no example ({names}) fires the rule {id:?}");
            report
                .push(&NO_EXAMPLE, entry, span(), message)
                .help(format!("add an [[example]] with fires = [{id:?}]"));
        }
        if !has(false) {
            let message = format!("no example ({names}) is a near miss of the rule {id:?}");
            report
                .push(&NO_NEAR_MISS, entry, span(), message)
                .help("add an [[example]] of what must not be reported, with fires = []");
        }
    }
}

fn untried(entry: &Entry, at: usize, one: &RuleEntry, report: &mut Report) {
    let tool = entry.tool();
    let rule = &one.rule;
    let of_kind: Vec<&Example> =
        tool.examples.iter().filter(|e| rule.kinds.contains(&e.kind)).collect();
    if !of_kind.iter().any(|example| example.fires.contains(&rule.id)) {
        // Said already, of the rule as a whole.
        return;
    }
    let mut learned = Learned::new();
    for (id, values) in tool.examples.iter().flat_map(|example| &example.learned) {
        learned.entry(id.clone()).or_default().extend(values.iter().cloned());
    }
    let expr = if learned.is_empty() { adopted(&rule.expr) } else { rule.expr.adopt(&learned) };
    let events = of_kind.iter().copied();
    // What indicators make is a plain list, which may be long.
    let (left, why) = if one.generated || count(&expr) > MOST {
        (unmet(&expr, events), "none that fires meets it")
    } else {
        let open = open(&expr, alternatives(&expr), events);
        let left = open.into_iter().map(|alternative| alternative.predicate);
        (left.collect(), "each that fires would fire without it")
    };
    for predicate in left {
        let message = format!("no example decides `{predicate}` of the rule {:?}: {why}", rule.id);
        let span = span(entry, at, one, &predicate);
        report
            .push(&UNTRIED, entry, span, message)
            .help("add an [[example]] that meets this part and no other, or leave the part out");
    }
}

fn span(entry: &Entry, at: usize, one: &RuleEntry, predicate: &Expr) -> Range<usize> {
    let Expr::Text(text) = predicate else {
        return first_line(entry.text(), entry.of_rule(at, "where"));
    };
    let value = text.literals.first().map_or("", String::as_str);
    if one.generated {
        let shows = |known: &str| {
            known == value || text.op == TextOp::StartsWith && known.starts_with(value)
        };
        let of = entry.tool().indicators.iter().position(|i| shows(&i.indicator.value));
        return of.map_or_else(|| entry.of_tool("id"), |at| entry.of_indicator(at, "value"));
    }
    literal(entry.text(), entry.of_rule(at, "where"), value)
}
