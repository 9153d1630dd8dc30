//! Examples for what no example of the file shows yet: an event for each
//! alternative of each rule, and one near miss for each kind of a rule.
//!
//! They are made of the rules, so they do not prove that a rule is right; the
//! hand-made ones do that. They prove that it stays as it is, in every reader
//! and on both sides of the plugin border.

use std::collections::BTreeMap;

use remora_catalog::{Example, InstanceEntry, RuleEntry, Tool};
use remora_rules::{
    EventView, Expr, Instances, Learned, NumberOp, NumberPredicate, Program, TextOp, TextPredicate,
    Truth,
    abi::{Field, Kind, field, kind},
};

use crate::alternatives::{Alternative, Place, alternatives, leaves, open};

/// The texts and numbers of an event, and why it meets its rule.
#[derive(Clone, Debug, Default)]
struct Draft {
    texts: BTreeMap<Field, String>,
    numbers: BTreeMap<Field, i64>,
    why: Vec<String>,
}

impl EventView for Draft {
    fn text(&self, field: Field) -> &str {
        self.texts.get(&field).map_or("", String::as_str)
    }

    fn number(&self, field: Field) -> Option<i64> {
        self.numbers.get(&field).copied()
    }
}

/// What was made, and for which rules it could not be.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) examples: Vec<Example>,
    /// Rule ids, with the alternative that no event could be made for.
    pub(super) failed: Vec<(String, String)>,
}

/// What the pass before has learned, where a rule asks for it.
const LEARNED: &str = "0123456789abcdef0123456789abcdef01234567";

/// A learned value for each rule that an expression asks for.
fn learned(expr: &Expr) -> Learned {
    let asks = expr.learned().into_iter();
    asks.map(|(_, rule)| (rule.to_owned(), [LEARNED.to_owned()].into())).collect()
}

/// An expression as it is in the pass after learning.
fn adopted(expr: &Expr) -> Expr {
    expr.adopt(&learned(expr))
}

/// Makes the examples that `tool` lacks. Those of it that were generated are
/// not counted.
pub(super) fn make(tool: &Tool) -> Made {
    of_rules(tool, |entry| !entry.generated)
}

/// Makes the examples that the rules lack which were made of a new tool's
/// indicators. They are the tool's from then on: no import makes them anew.
pub(crate) fn made(tool: &Tool) -> Vec<Example> {
    let made = of_rules(tool, |entry| entry.generated).examples;
    made.into_iter().map(|example| Example { generated: false, ..example }).collect()
}

/// The kinds of a rule that each want an example of their own. A rule that was
/// made of indicators asks the same in each of its kinds.
fn kinds(entry: &RuleEntry) -> &[Kind] {
    let kinds = entry.rule.kinds.as_slice();
    if entry.generated { &kinds[..1] } else { kinds }
}

fn of_rules(tool: &Tool, which: impl Fn(&RuleEntry) -> bool) -> Made {
    let mut made = Made::default();
    let programs: Vec<Program> =
        tool.rules.iter().map(|entry| Program::new(&adopted(&entry.rule.expr))).collect();
    let by_hand: Vec<&Example> =
        tool.examples.iter().filter(|example| !example.generated).collect();
    for entry in tool.rules.iter().filter(|entry| which(entry)) {
        positives(tool, entry, &programs, &by_hand, &mut made);
        negatives(tool, entry, &programs, &by_hand, &mut made);
    }
    made
}

fn positives(
    tool: &Tool,
    entry: &RuleEntry,
    programs: &[Program],
    by_hand: &[&Example],
    made: &mut Made,
) {
    let rule = &entry.rule;
    let expr = adopted(&rule.expr);
    let program = Program::new(&expr);
    let mut turn = 0;
    loop {
        let known = by_hand.iter().copied().chain(&made.examples);
        let of_kind: Vec<&Example> =
            known.filter(|example| rule.kinds.contains(&example.kind)).collect();
        let left = open(&expr, alternatives(&expr), of_kind.iter().copied());
        let failed = |one: &Alternative| (rule.id.clone(), one.predicate.to_string());
        let left: Vec<Alternative> =
            left.into_iter().filter(|one| !made.failed.contains(&failed(one))).collect();
        let lacking = kinds(entry).iter().copied().find(|kind| {
            !of_kind.iter().any(|e| e.kind == *kind && program.eval(*e) == Truth::True)
        });
        let Some(kind) = next_kind(kinds(entry), left.first(), lacking, &mut turn) else {
            return;
        };
        let draft = draft(&expr, &left, kind);
        let fires = program.eval(&draft) == Truth::True;
        match (fires, left.first()) {
            (true, _) => {
                let example = example(tool, programs, entry, kind, draft);
                // An event that is there already decides nothing new.
                let twice = of_kind.iter().any(|known| same(known, &example));
                made.examples.push(example);
                if twice {
                    made.examples.pop();
                    let Some(one) = left.first() else { return };
                    made.failed.push(failed(one));
                }
            }
            (false, Some(one)) => made.failed.push(failed(one)),
            (false, None) => return,
        }
    }
}

/// The kind of the next event: one that has none yet, else one that has the
/// alternative's field, in turn.
fn next_kind(
    kinds: &[Kind],
    target: Option<&Alternative>,
    lacking: Option<Kind>,
    turn: &mut usize,
) -> Option<Kind> {
    let url = |one: &Alternative| {
        matches!(&one.predicate, Expr::Text(text) if text.field == field::REMOTE_URL)
            || matches!(&one.predicate, Expr::IsEmpty { field, .. } if *field == field::REMOTE_URL)
    };
    // Only connections have a URL column.
    match target {
        Some(one) if kinds.len() > 1 && url(one) && kinds.contains(&kind::CONNECTION) => {
            Some(kind::CONNECTION)
        }
        Some(_) => {
            let kind = lacking.unwrap_or_else(|| kinds[*turn % kinds.len()]);
            *turn += 1;
            Some(kind)
        }
        None => lacking,
    }
}

fn same(one: &Example, other: &Example) -> bool {
    one.kind == other.kind && one.texts == other.texts && one.numbers == other.numbers
}

/// An event for the first of `left`, and for as many others on the way as fit.
fn draft(rule: &Expr, left: &[Alternative], kind: Kind) -> Draft {
    let mut draft = Draft::default();
    let places: Vec<Place> = left
        .iter()
        .filter(|one| kind == kind::CONNECTION || !is_url(&one.predicate))
        .map(|one| one.place)
        .collect();
    fill(rule, &places, kind, &mut 0, &mut draft);
    if let (Some(url), true) =
        (draft.texts.get(&field::REMOTE_URL).cloned(), kind == kind::CONNECTION)
        && !url.is_empty()
    {
        draft.texts.entry(field::REMOTE_HOST).or_insert(url.to_lowercase());
    }
    draft
}

fn is_url(expr: &Expr) -> bool {
    matches!(expr, Expr::Text(text) if text.field == field::REMOTE_URL)
}

fn fill(expr: &Expr, left: &[Place], kind: Kind, next: &mut usize, draft: &mut Draft) {
    match expr {
        Expr::And(terms) => {
            for term in terms {
                fill(term, left, kind, next, draft);
            }
        }
        Expr::Or(terms) => {
            // The branch with the first open place, else the first that fits.
            let mut starts = vec![];
            let mut at = *next;
            for term in terms {
                let from = at;
                leaves(term, &mut at, &mut |_, _| {});
                starts.push(from..at);
            }
            let wanted = left
                .iter()
                .find_map(|place| starts.iter().position(|range| range.contains(&place.leaf)));
            let fits = || terms.iter().position(|term| kind == kind::CONNECTION || !is_url(term));
            let chosen = wanted.or_else(fits).unwrap_or(0);
            let mut own = starts[chosen].start;
            fill(&terms[chosen], left, kind, &mut own, draft);
            *next = at;
        }
        Expr::Text(text) => {
            let places = left.iter().filter(|place| place.leaf == *next);
            let value = places.map(|place| place.value).next().unwrap_or(0);
            *next += 1;
            if !text.negated {
                put(text, value, draft);
            }
        }
        Expr::Number(number) => {
            *next += 1;
            draft.numbers.insert(number.field, sample(number));
            draft.why.push(expr.to_string());
        }
        Expr::IsEmpty { field, negated } => {
            *next += 1;
            if *negated {
                draft.texts.entry(*field).or_insert_with(|| "x".into());
            } else {
                draft.why.push(format!("no {}", field.name()));
            }
        }
        // None where the expression is adopted.
        Expr::Not(_) | Expr::Learned { .. } => *next += 1,
    }
}

/// A value that meets one literal of a predicate, beside what the field has.
fn put(text: &TextPredicate, value: usize, draft: &mut Draft) {
    let wanted: Vec<&String> = match text.op {
        TextOp::HasAll => text.literals.iter().collect(),
        TextOp::Regex => return,
        _ => text.literals.get(value).into_iter().collect(),
    };
    for literal in wanted {
        draft.why.push(format!("{} {literal:?}", text.field.name()));
        let plain = match text.field {
            // A name that is no host: as a part of one.
            field::REMOTE_URL | field::REMOTE_HOST if !literal.contains('.') => {
                format!("{literal}.example")
            }
            field::REMOTE_HOST => literal.to_lowercase(),
            field::PROCESS_FOLDER if literal.ends_with('\\') => format!("C:{literal}"),
            _ => literal.clone(),
        };
        draft
            .texts
            .entry(text.field)
            .and_modify(|there| {
                if !there.to_lowercase().contains(&plain.to_lowercase()) {
                    *there = format!("{there}-{plain}");
                }
            })
            .or_insert(plain);
    }
}

fn sample(number: &NumberPredicate) -> i64 {
    let first = number.values.first().copied().unwrap_or_default();
    match number.op {
        NumberOp::Ne | NumberOp::Gt | NumberOp::NotIn => {
            number.values.iter().max().copied().unwrap_or(first).saturating_add(1)
        }
        NumberOp::Lt => first.saturating_sub(1),
        _ => first,
    }
}

/// A draft as an example, with all rules of the tool that hold for it.
fn example(tool: &Tool, programs: &[Program], of: &RuleEntry, kind: Kind, draft: Draft) -> Example {
    let learned = learned(&of.rule.expr);
    // What another rule has learned is not learned in this example.
    let known = |expr: &Expr| expr.learned().iter().all(|(_, rule)| learned.contains_key(*rule));
    let fires = tool
        .rules
        .iter()
        .zip(programs)
        .filter(|(entry, program)| {
            entry.rule.kinds.contains(&kind)
                && known(&entry.rule.expr)
                && program.eval(&draft) == Truth::True
        })
        .map(|(entry, _)| entry.rule.id.clone())
        .collect();
    let mut example = Example {
        kind,
        texts: draft.texts.into_iter().filter(|(_, text)| !text.is_empty()).collect(),
        numbers: draft.numbers.into_iter().collect(),
        fires,
        instance: String::new(),
        learned,
        why: draft.why.join(", "),
        generated: true,
    };
    let instances = tool.instances.iter().map(InstanceEntry::instance).collect();
    example.instance = Instances::new(instances).of(&example).to_owned();
    example
}

fn negatives(
    tool: &Tool,
    entry: &RuleEntry,
    programs: &[Program],
    by_hand: &[&Example],
    made: &mut Made,
) {
    let rule = &entry.rule;
    let program = Program::new(&adopted(&rule.expr));
    for &kind in kinds(entry) {
        let known: Vec<&Example> = by_hand.iter().copied().chain(&made.examples).collect();
        let of_kind = || known.iter().copied().filter(|example| example.kind == kind);
        if of_kind().any(|example| example.fires.is_empty() && program.eval(example) != Truth::True)
        {
            continue;
        }
        let Some(fires) = of_kind().find(|example| program.eval(*example) == Truth::True) else {
            continue;
        };
        // A letter before each value makes another term of it; where that is
        // not enough, the value goes.
        let near = |change: fn(&str) -> String, why: &str| Draft {
            texts: fires.texts.iter().map(|(field, text)| (*field, change(text))).collect(),
            numbers: fires.numbers.iter().copied().collect(),
            why: vec![why.to_owned()],
        };
        let drafts = [
            near(|text| format!("x{text}"), "a letter before each value makes other words of them"),
            near(|_| String::new(), "none of the values is there"),
        ];
        let silent = |draft: &Draft| {
            tool.rules.iter().zip(programs).all(|(other, program)| {
                !other.rule.kinds.contains(&kind) || program.eval(draft) != Truth::True
            })
        };
        match drafts.into_iter().find(silent) {
            Some(draft) => made.examples.push(example(tool, programs, entry, kind, draft)),
            None => made.failed.push((rule.id.clone(), "a near miss".to_owned())),
        }
    }
}
