//! From a hunting query to a rule's condition.
//!
//! A query of the list is a table, a window of time, one or two conditions and
//! a summary. The window and the summary are the same everywhere and become
//! options and keys of ours; the condition is read by the rule language's own
//! parser, after what Kusto itself would refuse is mended.

use remora_rules::{
    Expr,
    abi::{Field, Kind, field, kind},
    compile,
};

use super::{
    block::Block,
    remark::{Remark, Weight},
    repair::{Repair, is_operator, mend},
    scan::{Sort, Token, tokens},
};

/// What a query says.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) kind: Kind,
    /// The condition; it asks for the values of a set as those that a rule of
    /// the set's name has learned.
    pub(super) condition: Expr,
    pub(super) sets: Vec<Set>,
    /// What was mended, in words.
    pub(super) repairs: Vec<String>,
}

/// The values that a column of another table has where a condition holds.
#[derive(Clone, Debug)]
pub(super) struct Set {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) condition: Expr,
    pub(super) field: Field,
}

/// Why a text is no query.
#[derive(Debug)]
pub(super) enum No {
    /// No table is named: prose, or nothing.
    Prose,
    /// The all-tools query, whose values are the CSV's.
    AllTools,
    /// It cannot be read; said in a remark.
    Broken,
}

/// The tables of the list's queries.
const TABLES: [(&str, Kind); 3] = [
    ("DeviceNetworkEvents", kind::CONNECTION),
    ("DeviceProcessEvents", kind::PROCESS),
    ("DeviceFileCertificateInfo", kind::SIGNATURE),
];

/// The tabular operators that follow a pipe.
const STAGES: [&str; 6] = ["where", "summarize", "extend", "distinct", "project", "sort"];

/// Reads the query in `block` of `file`.
pub(super) fn read(file: &str, block: &Block, remarks: &mut Vec<Remark>) -> Result<Read, No> {
    let all = tokens(&block.text);
    let mut sets = vec![];
    let mut main = None;
    for statement in all.split(|token| token.is(";")) {
        let mut stages = statement.split(|token| token.is("|"));
        let Some(source) = stages.next() else { continue };
        if statement.iter().any(|token| token.is("datatable")) {
            return Err(No::AllTools);
        }
        let Some(kind) = source.last().and_then(table) else { continue };
        let stages: Vec<&[Token<'_>]> = stages.collect();
        let mut said = vec![];
        match (source, stages.last()) {
            ([word, name, ..], Some([distinct, column]))
                if word.is("let") && distinct.is("distinct") =>
            {
                let Some(condition) = conditions(file, block, kind, &stages, &mut said, remarks)
                else {
                    return Err(No::Broken);
                };
                columns(file, block, &[*column], remarks);
                let field = field::alias(kind, column.text)
                    .or_else(|| field::alias(kind, &column.text.to_uppercase()))
                    .ok_or(No::Broken)?;
                sets.push(Set { name: name.text.to_owned(), kind, condition, field });
            }
            _ => main = Some((kind, stages)),
        }
    }
    let Some((kind, stages)) = main else { return Err(No::Prose) };
    let mut repairs = vec![];
    let condition = conditions(file, block, kind, &stages, &mut repairs, remarks);
    for repair in &repairs {
        let line = block.line(repair.at);
        remarks.push(Remark::new(Weight::Repaired, "kql-syntax", file, line, &*repair.message));
    }
    let repairs = repairs.into_iter().map(|repair| repair.message).collect();
    Ok(Read { kind, condition: condition.ok_or(No::Broken)?, sets, repairs })
}

/// The conditions among the stages that follow a table, as one.
fn conditions(
    file: &str,
    block: &Block,
    kind: Kind,
    stages: &[&[Token<'_>]],
    repairs: &mut Vec<Repair>,
    remarks: &mut Vec<Remark>,
) -> Option<Expr> {
    let mut found: Vec<Vec<Token<'_>>> = vec![];
    for &stage in stages {
        let Some((first, rest)) = stage.split_first() else { continue };
        let condition = if first.is("where") {
            rest
        } else if !STAGES.contains(&first.text) && rest.first().is_some_and(is_operator) {
            let message = "the word `where` is missing; read as if it were there".to_owned();
            repairs.push(Repair { at: first.at, message });
            stage
        } else {
            keys(file, block, kind, stage, remarks);
            continue;
        };
        if is_window(condition) {
            continue;
        }
        columns(file, block, condition, remarks);
        let mut condition = condition.to_vec();
        repairs.extend(mend(&mut condition, block));
        found.push(condition);
    }
    condition(file, block, kind, &found, remarks)
}

fn table(token: &Token<'_>) -> Option<Kind> {
    TABLES.iter().find(|(name, _)| token.is(name)).map(|(_, kind)| *kind)
}

/// `Timestamp between (…)`: the window, which is an option of a sweep.
fn is_window(condition: &[Token<'_>]) -> bool {
    matches!(condition, [first, second, ..] if first.is("Timestamp") && second.is("between"))
}

/// The tokens as a rule's text: `in (name)`, the values of a sub-query, is in
/// the rule language what a rule of that name has learned.
fn text(tokens: &[Token<'_>]) -> String {
    let mut words: Vec<String> = vec![];
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match &tokens[at..] {
            [is, open, set, close, ..]
                if is.is("in") && open.is("(") && set.sort == Sort::Word && close.is(")") =>
            {
                words.push(format!("in learned({:?})", set.text));
                at += 4;
            }
            _ => {
                words.push(token.text.to_owned());
                at += 1;
            }
        }
    }
    words.join(" ")
}

/// The conditions as one rule. Text literals that stand side by side are one,
/// as in KQL; that is said, because a comma was forgotten.
fn condition(
    file: &str,
    block: &Block,
    kind: Kind,
    conditions: &[Vec<Token<'_>>],
    remarks: &mut Vec<Remark>,
) -> Option<Expr> {
    let mut text = String::new();
    for (number, tokens) in conditions.iter().enumerate() {
        for pair in tokens.windows(2) {
            if pair.iter().all(|token| token.sort == Sort::Literal) {
                let message = format!(
                    "no comma between {} and {}: KQL joins them to one value, and so does the rule",
                    pair[0].text, pair[1].text
                );
                let line = block.line(pair[0].at);
                remarks.push(Remark::new(
                    Weight::Odd,
                    "literal-concatenation",
                    file,
                    line,
                    message,
                ));
            }
        }
        let joined = self::text(tokens);
        match (conditions.len(), number) {
            (1, _) => text = joined,
            (_, 0) => text = format!("({joined})"),
            _ => text += &format!(" and ({joined})"),
        }
    }
    let line = conditions.first().and_then(|c| c.first()).map_or(block.first, |t| block.line(t.at));
    match compile(&text, &[kind]) {
        Ok(expr) => {
            if let Expr::Or(terms) = &expr
                && terms.iter().any(|term| matches!(term, Expr::And(_)))
            {
                let message = format!("`and` binds tighter than `or`, so this is: {expr}");
                remarks.push(Remark::new(Weight::Odd, "precedence", file, line, message));
            }
            Some(expr)
        }
        Err(why) => {
            let help = why.help.map(|help| format!("; {help}")).unwrap_or_default();
            let message = format!("this condition cannot be read: {}{help}", why.message);
            remarks.push(Remark::new(Weight::LeftOut, "kql-syntax", file, line, message));
            None
        }
    }
}

/// Columns of a condition that the table spells otherwise.
fn columns(file: &str, block: &Block, condition: &[Token<'_>], remarks: &mut Vec<Remark>) {
    for token in condition.iter().filter(|token| token.is("Sha1")) {
        let message = "names `Sha1`; the column is `SHA1`, and names are case-sensitive";
        let line = block.line(token.at);
        remarks.push(Remark::new(Weight::Repaired, "column-Sha1", file, line, message));
    }
}

/// Keys of the summary that the table lacks.
fn keys(file: &str, block: &Block, kind: Kind, stage: &[Token<'_>], remarks: &mut Vec<Remark>) {
    if kind != kind::CONNECTION || !stage.first().is_some_and(|first| first.is("summarize")) {
        return;
    }
    if let Some(token) = stage.iter().find(|token| token.is("AccountUpn")) {
        let message = "groups by `AccountUpn`, which `DeviceNetworkEvents` lacks; left out of the keys, which gives the same groups";
        let line = block.line(token.at);
        remarks.push(Remark::new(Weight::Repaired, "column-AccountUpn", file, line, message));
    }
}
