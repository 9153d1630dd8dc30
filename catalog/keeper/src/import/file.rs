//! A tool's file, changed in place: what came from the list follows it, what
//! people wrote stays, and so do comments and order.

use remora_catalog::{Example, Provenance, Tool, sources};
use remora_rules::{
    Expr, IndicatorType, TextOp,
    abi::{Class, Field, Kind, Role},
};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, Value};

use super::{
    SOURCE,
    tool::{Indicator, Rule, Wanted},
    write::Stamp,
};

/// What became of a file.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// New indicators, whose class and role somebody has to decide.
    pub(super) undecided: Vec<String>,
    /// What the list no longer has, and so the file neither.
    pub(super) gone: Vec<String>,
}

/// Brings indicators and rules of `text`, which reads as `tool`, in line with
/// the list.
pub(super) fn follow(
    text: &str,
    tool: &Tool,
    wanted: &Wanted,
    stamp: &Stamp,
    changes: &mut Changes,
) -> String {
    let mut document = parsed(&recredited(text, stamp));
    indicators(&mut document, tool, wanted, stamp, changes);
    rules(&mut document, tool, wanted, stamp, changes);
    document.to_string()
}

/// The text without its generated examples.
pub(super) fn without_generated(text: &str) -> String {
    let mut document = parsed(text);
    let tables = tables(&mut document, "example");
    tables.retain(|table| !table.get("generated").and_then(Item::as_bool).unwrap_or_default());
    if tables.is_empty() {
        document.remove("example");
    }
    document.to_string()
}

/// The text with these examples at its end.
pub(crate) fn with_examples(text: &str, examples: &[Example]) -> String {
    let mut text = text.to_owned();
    for one in examples {
        let event: Vec<String> = one
            .texts
            .iter()
            .map(|(field, value)| format!("{:?} = {}", field.name(), quoted(value)))
            .chain(one.numbers.iter().map(|(field, value)| format!("{:?} = {value}", field.name())))
            .collect();
        let event = match event.as_slice() {
            [] => "{}".to_owned(),
            event => format!("{{ {} }}", event.join(", ")),
        };
        let learned: Vec<String> = one
            .learned
            .iter()
            .map(|(rule, values)| {
                format!("{} = {}", quoted(rule), list(values.iter().map(String::as_str)))
            })
            .collect();
        let learned = match learned.as_slice() {
            [] => String::new(),
            learned => format!("learned = {{ {} }}\n", learned.join(", ")),
        };
        let instance = match one.instance.as_str() {
            "" => String::new(),
            instance => format!("instance = {}\n", quoted(instance)),
        };
        text += &format!(
            "\n[[example]]\nkind = {:?}\nevent = {event}\n{learned}fires = {}\n{instance}why = {}\n{}",
            one.kind.name(),
            list(one.fires.iter().map(String::as_str)),
            quoted(&one.why),
            if one.generated { "generated = true\n" } else { "" },
        );
    }
    text
}

/// The text with the commit that the entries are at now: in the head, and in
/// links to the list's pages.
fn recredited(text: &str, stamp: &Stamp) -> String {
    let link = sources().iter().find(|source| source.key == SOURCE).map(|s| s.url.as_str());
    let link = format!("{}/tree/", link.unwrap_or_default());
    let mut head = true;
    let lines = text.split('\n').map(|line| {
        head &= line.starts_with('#');
        let before = if head { "at commit " } else { &link };
        let Some(at) = line.find(before).map(|at| at + before.len()) else {
            return line.to_owned();
        };
        let end = at + stamp.commit.len();
        match line.get(at..end) {
            Some(old) if old.chars().all(|c| c.is_ascii_hexdigit()) => {
                format!("{}{}{}", &line[..at], stamp.commit, &line[end..])
            }
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn parsed(text: &str) -> DocumentMut {
    text.parse().expect("the text was read as a tool's file")
}

fn tables<'d>(document: &'d mut DocumentMut, key: &str) -> &'d mut ArrayOfTables {
    document
        .entry(key)
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
        .expect("the text was read as a tool's file")
}

fn indicators(
    document: &mut DocumentMut,
    tool: &Tool,
    wanted: &Wanted,
    stamp: &Stamp,
    changes: &mut Changes,
) {
    let tables = tables(document, "indicator");
    let mut gone = vec![];
    for (at, entry) in tool.indicators.iter().enumerate() {
        if entry.provenance.source != SOURCE {
            continue;
        }
        let (ty, value) = (entry.indicator.ty, &entry.indicator.value);
        let files: &[String] = match find(&wanted.indicators, ty, value) {
            Some(one) => &one.files,
            None if wanted.mentioned.contains(value) => std::slice::from_ref(&wanted.summary_file),
            None => {
                changes.gone.push(format!("the {} {value:?}", ty.name()));
                gone.push(at);
                continue;
            }
        };
        if let Some(table) = tables.get_mut(at) {
            restamp(table, &entry.provenance, files, stamp);
        }
    }
    for at in gone.into_iter().rev() {
        tables.remove(at);
    }
    for one in &wanted.indicators {
        let known = |(ty, value): (IndicatorType, &str)| {
            ty == one.ty && value.to_lowercase() == one.value.to_lowercase()
        };
        if tool.indicators.iter().any(|e| known((e.indicator.ty, &e.indicator.value))) {
            continue;
        }
        changes.undecided.push(format!("the {} {:?}", one.ty.name(), one.value));
        tables.push(indicator(one, stamp));
    }
    if tables.is_empty() {
        document.remove("indicator");
    }
}

fn find<'w>(all: &'w [Indicator], ty: IndicatorType, value: &str) -> Option<&'w Indicator> {
    all.iter().find(|one| one.ty == ty && one.value.to_lowercase() == value.to_lowercase())
}

fn rules(
    document: &mut DocumentMut,
    tool: &Tool,
    wanted: &Wanted,
    stamp: &Stamp,
    changes: &mut Changes,
) {
    let tables = tables(document, "rule");
    let domain = format!("{}.domain", tool.id);
    let mut gone = vec![];
    // Generated rules stand in no table.
    let entries = tool.rules.iter().filter(|entry| !entry.generated);
    for (at, entry) in entries.clone().enumerate() {
        let rule = &entry.rule;
        let Some(table) = tables.get_mut(at) else { continue };
        let Some(one) = wanted.rules.iter().find(|one| one.id == rule.id) else {
            if entry.provenance.source == SOURCE {
                changes.gone.push(format!("the rule {}", rule.id));
                gone.push(at);
            }
            continue;
        };
        if entry.provenance.source != SOURCE && rule.id != domain {
            continue;
        }
        if in_order(&rule.expr) != in_order(&one.expr) {
            table.insert("where", Item::Value(condition(&one.expr)));
        }
        if rule.kinds != one.kinds {
            set(table, "kinds", &list(one.kinds.iter().map(|kind| kind.name())));
        }
        if rule.keys != one.keys {
            set(table, "keys", &list(one.keys.iter().map(|field| field.name())));
        }
        match one.learns {
            Some(field) if rule.learns != one.learns => set(table, "learns", &quoted(field.name())),
            None if rule.learns.is_some() => drop(table.remove("learns")),
            _ => {}
        }
        restamp(table, &entry.provenance, std::slice::from_ref(&one.file), stamp);
    }
    for at in gone.into_iter().rev() {
        tables.remove(at);
    }
    for one in &wanted.rules {
        if !entries.clone().any(|entry| entry.rule.id == one.id) {
            tables.push(rule(one, tool, stamp));
        }
    }
    if tables.is_empty() {
        document.remove("rule");
    }
}

/// A tree whose lists are sorted: their order is the keeper's to choose.
fn in_order(expr: &Expr) -> Expr {
    let mut expr = expr.clone();
    sort(&mut expr);
    expr
}

fn sort(expr: &mut Expr) {
    match expr {
        Expr::And(terms) | Expr::Or(terms) => terms.iter_mut().for_each(sort),
        Expr::Text(text) => text.literals.sort(),
        _ => {}
    }
}

/// States provenance anew, if the list says something else now.
fn restamp(table: &mut Table, old: &Provenance, files: &[String], stamp: &Stamp) {
    let file = match &old.file {
        Some(file) if files.contains(file) => file,
        _ => &files[0],
    };
    let same = old.source == SOURCE
        && old.commit.as_ref() == Some(&stamp.commit)
        && old.file.as_ref() == Some(file)
        && old.date == stamp.date;
    if !same {
        set(table, "provenance", &provenance(file, stamp));
    }
}

fn set(table: &mut Table, key: &str, value: &str) {
    let value: Value = value.parse().expect("what is written here is TOML");
    table.insert(key, Item::Value(value));
}

fn provenance(file: &str, stamp: &Stamp) -> String {
    format!(
        "{{ source = {SOURCE:?}, commit = {:?}, file = {}, date = {} }}",
        stamp.commit,
        quoted(file),
        stamp.date,
    )
}

/// A new indicator. Nobody has said what it is worth yet, so it is worth
/// little.
fn indicator(one: &Indicator, stamp: &Stamp) -> Table {
    let role = match one.ty {
        IndicatorType::Domain => Role::SERVICE,
        _ => Role::AGENT,
    };
    table(&format!(
        "type = {:?}\nvalue = {}\nclass = {:?}\nrole = {:?}\nprovenance = {}\n",
        one.ty.name(),
        quoted(&one.value),
        Class::VENDOR.name(),
        role.name(),
        provenance(&one.files[0], stamp),
    ))
}

fn rule(one: &Rule, tool: &Tool, stamp: &Stamp) -> Table {
    let mut text = format!(
        "id = {}\ntitle = {}\nkinds = {}\n",
        quoted(&one.id),
        quoted(&format!("{} - {}", tool.name, one.title)),
        list(one.kinds.iter().copied().map(Kind::name)),
    );
    text += &format!("where = {}\n", condition(&one.expr));
    text += &format!(
        "keys = {}\ntechniques = {}\n",
        list(one.keys.iter().copied().map(Field::name)),
        list(tool.techniques.iter().map(|technique| technique.id.as_str())),
    );
    if let Some(field) = one.learns {
        text += &format!("learns = {}\n", quoted(field.name()));
    }
    if !one.note.is_empty() {
        text += &format!("note = {}\n", quoted(&one.note));
    }
    table(&(text + &format!("provenance = {}\n", provenance(&one.file, stamp))))
}

/// A table of an array, ready to be put into another document: a blank line
/// before it, and no place of its own.
fn table(text: &str) -> Table {
    let mut table = parsed(text).as_table().clone();
    table.set_position(None);
    table.decor_mut().set_prefix("\n");
    table
}

fn list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let quoted: Vec<String> = texts.map(quoted).collect();
    format!("[{}]", quoted.join(", "))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A condition as a TOML value: on one line if it is short, else a line for
/// each part, and for each value of a long list.
fn condition(expr: &Expr) -> Value {
    const SHORT: usize = 84;
    let one = expr.to_string();
    let text = if one.len() <= SHORT { one } else { format!("\n{}", laid_out(expr, 0)) };
    let (open, close) = if text.starts_with('\n') { ("'''", "'''") } else { ("'", "'") };
    // A literal text cannot hold its own quotes.
    if text.contains(open) || (open == "'" && text.contains('\n')) {
        return Value::from(text);
    }
    format!("{open}{text}{close}").parse().expect("a literal text without its quotes")
}

fn laid_out(expr: &Expr, depth: usize) -> String {
    const WIDE: usize = 76;
    let indent = "    ".repeat(depth + 1);
    // Every chain in a chain stands in parentheses, for people.
    let parts = |terms: &[Expr], word: &str| {
        let parts: Vec<String> = terms
            .iter()
            .map(|term| {
                let inner = laid_out(term, depth + 1);
                let chain = matches!(term, Expr::Or(_) | Expr::And(_));
                if chain { format!("({inner})") } else { inner }
            })
            .collect();
        parts.join(&format!("\n{indent}{word} "))
    };
    match expr {
        Expr::And(terms) => parts(terms, "and"),
        Expr::Or(terms) => parts(terms, "or"),
        Expr::Text(text) if matches!(text.op, TextOp::HasAny | TextOp::HasAll | TextOp::In) => {
            let one = expr.to_string();
            if one.len() <= WIDE {
                return one;
            }
            let Some((head, _)) = one.split_once(" (") else { return one };
            let values: Vec<String> = text
                .literals
                .iter()
                .map(|literal| {
                    let mut alone = text.clone();
                    alone.literals = vec![literal.clone()];
                    let alone = alone.to_string();
                    let value = alone.split_once(" (").map_or("", |(_, value)| value);
                    format!("{indent}{}", value.trim_end_matches(')'))
                })
                .collect();
            let end = "    ".repeat(depth);
            format!("{head} (\n{}\n{end})", values.join(",\n"))
        }
        leaf => leaf.to_string(),
    }
}
