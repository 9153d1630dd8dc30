//! What does not fit together in the list: its table against its rules, its
//! spellings, its queries against each other.

use std::collections::BTreeSet;

use remora_rules::{
    Expr, IndicatorType,
    abi::{field, kind},
    needs,
};

use super::{
    csv_names::Named,
    list::{List, Listed},
    remark::{Remark, Weight},
    tool::{NAMES, Wanted},
    write::{Start, joined},
};
use crate::names::key;

/// Which names of the table are whose, tool by tool. The table spells tools in
/// its own way: letters and digits of a tool's folder, name or alias decide.
pub(super) fn owners<'l>(
    list: &'l List,
    starts: &[Start<'_>],
    remarks: &mut Vec<Remark>,
) -> Vec<Vec<&'l Named>> {
    let mut owned = vec![vec![]; starts.len()];
    let mut spelt = BTreeSet::new();
    for named in &list.names {
        let owner = starts.iter().position(|start| {
            let tool = &start.tool;
            let names = [start.listed.folder.as_str(), &start.id, &tool.name];
            let mut names = names.into_iter().chain(tool.aliases.iter().map(String::as_str));
            names.any(|name| key(name) == key(&named.tool))
        });
        let Some(at) = owner else {
            let message = format!(
                "{:?} is no tool's folder, name or alias: {:?} is nobody's; add the alias to the tool's file",
                named.tool, named.value
            );
            remarks.push(Remark::new(Weight::LeftOut, "no-owner", NAMES, named.line, message));
            continue;
        };
        let folder = &starts[at].listed.folder;
        if named.tool != *folder && spelt.insert(named.tool.as_str()) {
            let message = format!("the table says {:?}, the folder {folder:?}", named.tool);
            remarks.push(Remark::new(Weight::Odd, "tool-spelling", NAMES, named.line, message));
        }
        owned[at].push(named);
    }
    owned
}

/// What is odd in one tool's entries.
pub(super) fn of_tool(
    listed: &Listed,
    wanted: &Wanted,
    names: &[&Named],
    remarks: &mut Vec<Remark>,
) {
    kinds(listed, remarks);
    table_and_rule(listed, names, remarks);
    for rule in wanted.rules.iter().filter(|rule| rule.kinds.len() == 1) {
        let mut odd = |code, message: String| {
            remarks.push(Remark::new(Weight::Odd, code, &rule.file, rule.line, message));
        };
        let fields = needs::fields(&rule.expr);
        if rule.kinds == [kind::CONNECTION] && !fields.contains(&field::REMOTE_URL) {
            odd(
                "net-without-url",
                "asks for no URL: every connection of the process counts".into(),
            );
        }
        if has_empty(&rule.expr) {
            odd(
                "isempty",
                "depends on an empty column: a source that never fills it matches more".into(),
            );
        }
    }
    for one in &wanted.indicators {
        let value = &one.value;
        let mut odd = |code, message: String| {
            remarks.push(Remark::new(Weight::Odd, code, &one.files[0], one.line, message));
        };
        if !value.is_ascii() {
            odd("non-ascii-value", format!("{value:?} has letters outside ASCII"));
        }
        if one.ty != IndicatorType::Domain && !value.ends_with(char::is_alphanumeric) {
            odd(
                "punctuation-edge",
                format!("{value:?} ends in punctuation: what follows it is not looked at"),
            );
        }
    }
    for other in &listed.others {
        let own = listed.queries.iter().find(|query| query.kind == other.kind);
        let Some((own, one, page)) = own.map(|own| (own, &own.condition, &other.condition)) else {
            continue;
        };
        // Sets are named by the queries, so what is asked of them is all the same.
        let learned = |expr: &Expr| !expr.learned().is_empty();
        if shape(one) != shape(page) && !(learned(one) && learned(page)) {
            let message =
                format!("differs from {}, which is taken: here {page}; there {one}", own.file);
            remarks.push(Remark::new(Weight::Odd, "md-vs-yaml", &other.file, other.line, message));
        }
    }
}

/// Which kinds a tool has, and of what.
fn kinds(listed: &Listed, remarks: &mut Vec<Remark>) {
    let folder = format!("RMM/{}", listed.folder);
    let own = &listed.queries;
    if own.is_empty() {
        return;
    }
    let all = [kind::CONNECTION, kind::PROCESS, kind::SIGNATURE];
    let missing: BTreeSet<&str> = all
        .iter()
        .filter(|kind| !own.iter().any(|query| query.kind == **kind))
        .map(|kind| kind.name())
        .collect();
    if !missing.is_empty() {
        let message = format!("no query for {}", joined(&missing));
        remarks.push(Remark::new(Weight::Odd, "kind-missing", &folder, 1, message));
    }
    if own.iter().all(|query| query.id.is_none()) {
        let message = "only Markdown queries: the rules get ids of tool and kind".to_owned();
        remarks.push(Remark::new(Weight::Odd, "md-only", &own[0].file, own[0].line, message));
    }
}

/// The table's names against the rule's.
fn table_and_rule(listed: &Listed, names: &[&Named], remarks: &mut Vec<Remark>) {
    let rule = listed.queries.iter().find(|query| query.kind == kind::CONNECTION);
    let mut urls = vec![];
    if let Some(expr) = rule.map(|rule| &rule.condition) {
        literals(expr, &mut urls);
    }
    for named in names {
        // A value is redundant or covered if a shorter one is met within it.
        let met = urls.iter().any(|url| within(&named.value, url));
        if !met && !urls.is_empty() {
            let message = format!("{:?} is not met by the tool's own rule", named.value);
            remarks.push(Remark::new(Weight::Odd, "csv-only-domain", NAMES, named.line, message));
        }
        if names
            .iter()
            .any(|other| other.value != named.value && within(&named.value, &other.value))
        {
            let message = format!("{:?} is met by a shorter value of the tool", named.value);
            remarks.push(Remark::new(Weight::Odd, "redundant-needle", NAMES, named.line, message));
        }
    }
    let Some(rule) = rule else { return };
    for url in urls {
        if !names.iter().any(|named| within(&url, &named.value) || within(&named.value, &url)) {
            let message = format!("{url:?} is in the rule and not in the table");
            remarks.push(Remark::new(
                Weight::Odd,
                "rule-only-domain",
                &rule.file,
                rule.line,
                message,
            ));
        }
        if !url.contains('.') {
            let message = format!("{url:?} is not a domain: it is met inside other names");
            remarks.push(Remark::new(Weight::Odd, "not-a-domain", &rule.file, rule.line, message));
        }
    }
}

/// Whether `has` finds `part` in `name`.
fn within(name: &str, part: &str) -> bool {
    let (name, part) = (name.to_lowercase(), part.to_lowercase());
    name.match_indices(&part).any(|(at, _)| {
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        edge(name[..at].chars().next_back()) && edge(name[at + part.len()..].chars().next())
    })
}

fn literals(expr: &Expr, found: &mut Vec<String>) {
    match expr {
        Expr::And(terms) | Expr::Or(terms) => terms.iter().for_each(|term| literals(term, found)),
        Expr::Text(text) if text.field == field::REMOTE_URL => {
            found.extend(text.literals.iter().cloned());
        }
        _ => {}
    }
}

fn has_empty(expr: &Expr) -> bool {
    match expr {
        Expr::And(terms) | Expr::Or(terms) => terms.iter().any(has_empty),
        Expr::IsEmpty { negated, .. } => !negated,
        _ => false,
    }
}

/// A tree as text in which order and case do not count, nor whether a list has
/// one value.
fn shape(expr: &Expr) -> String {
    match expr {
        Expr::And(terms) => sorted("and", terms),
        Expr::Or(terms) => sorted("or", terms),
        Expr::Text(text) => {
            let mut values: Vec<String> = text.literals.iter().map(|l| l.to_lowercase()).collect();
            values.sort();
            let op = format!("{:?}", text.op).replace("HasAny", "Has");
            format!("{} {op} {values:?}", text.field.name())
        }
        other => other.to_string(),
    }
}

fn sorted(word: &str, terms: &[Expr]) -> String {
    let mut shapes: Vec<String> = terms.iter().map(shape).collect();
    shapes.sort();
    format!("{word}({})", shapes.join("; "))
}
