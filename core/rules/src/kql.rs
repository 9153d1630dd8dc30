//! What must be asked of a store of logs so that no record is missed that a
//! rule could match: required interests as a KQL condition over a table's own
//! columns.
//!
//! A condition made here is as wide as it has to be and as narrow as it can be
//! told: whatever satisfies one of the interests satisfies it. A field that is
//! a column is compared as the rule compares it; a field that is cut out of a
//! column is asked for in the whole column, with an operator that the whole
//! satisfies whenever the part does.

use std::{collections::BTreeMap, fmt::Write as _};

use remora_abi::{Field, Op};

use crate::{InterestSpec, print::quoted_text};

/// Values of one list. Kusto uses its index for lists of up to 128 values and
/// reads every row for longer ones (documentation of `has_any`).
const LIST: usize = 128;
/// Columns of a line that a list is broken at.
const WIDTH: usize = 96;

/// Where a table has a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The column, as it stands.
    Is(&'static str),
    /// A part of one of the columns, but for case; in it, the part ends where
    /// the column ends, or at something that is neither letter nor digit.
    Within(&'static [&'static str]),
    /// The columns joined by slashes or backslashes, or one of them.
    Joined(&'static [&'static str]),
    /// The table has nothing of it: it is empty in every row.
    Nowhere,
    /// In nothing that a condition could ask for.
    Hidden,
}

/// One value that a column is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ask {
    /// The column.
    pub column: &'static str,
    /// One of KQL's own operators, of those that take one value.
    pub op: Op,
    /// The value.
    pub literal: String,
}

/// What to ask a table for so that every row that meets one of `interests` is
/// among the answers, given where the table has each field. Sorted, none twice.
///
/// # Errors
///
/// The first interest that nothing can be asked for: every row is needed.
pub fn asks(
    interests: &[InterestSpec],
    place: impl Fn(Field) -> Place,
) -> Result<Vec<Ask>, &InterestSpec> {
    let mut all = Vec::new();
    for interest in interests {
        let InterestSpec { field, op, literal, .. } = interest;
        let (columns, op, literal) = match place(*field) {
            Place::Nowhere => continue,
            Place::Hidden => return Err(interest),
            Place::Is(column) => (vec![column], itself(*op), literal.as_str()),
            Place::Within(columns) => (columns.to_vec(), around(*op), literal.as_str()),
            Place::Joined(columns) => {
                let longest = literal.split(['/', '\\']).max_by_key(|part| part.len());
                (columns.to_vec(), Op::CONTAINS, longest.unwrap_or_default())
            }
        };
        if literal.is_empty() {
            return Err(interest);
        }
        let ask = |column| Ask { column, op, literal: literal.to_owned() };
        all.extend(columns.into_iter().map(ask));
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// KQL's operator for one on the same text. KQL has no `under`: a host that is
/// or is below a domain has the domain as whole terms.
fn itself(op: Op) -> Op {
    if op == Op::UNDER { Op::HAS } else { op }
}

/// The operator that a text satisfies if a part of it satisfies `op`, where
/// the part ends at borders of terms.
fn around(op: Op) -> Op {
    match op {
        Op::HASPREFIX | Op::HASPREFIX_CS | Op::STARTSWITH | Op::STARTSWITH_CS => Op::HASPREFIX,
        Op::HASSUFFIX | Op::HASSUFFIX_CS | Op::ENDSWITH | Op::ENDSWITH_CS => Op::HASSUFFIX,
        Op::CONTAINS | Op::CONTAINS_CS => Op::CONTAINS,
        _ => Op::HAS,
    }
}

/// The condition that any of `asks` holds, in KQL, without the `where` before
/// it; one line each column and operator, long lists broken.
pub fn condition(asks: &[Ask]) -> String {
    let mut lists: BTreeMap<(&str, Op), Vec<&str>> = BTreeMap::new();
    for Ask { column, op, literal } in asks {
        lists.entry((column, *op)).or_default().push(literal);
    }
    let mut text = String::new();
    for ((column, op), literals) in &lists {
        let (name, joins) = match *op {
            Op::HAS => ("has_any", true),
            Op::EQ => ("in~", true),
            Op::EQ_CS => ("in", true),
            op => (op.name(), false),
        };
        for part in literals.chunks(if joins { LIST } else { 1 }) {
            if !text.is_empty() {
                text.push_str("\n    or ");
            }
            match part {
                [one] => {
                    let _ = write!(text, "{column} {} {}", op.name(), quoted_text(one));
                }
                many => {
                    let _ = write!(text, "{column} {name} (");
                    list(&mut text, many);
                    text.push(')');
                }
            }
        }
    }
    text
}

fn list(text: &mut String, literals: &[&str]) {
    let literals: Vec<String> = literals.iter().map(|literal| quoted_text(literal)).collect();
    let whole = literals.join(", ");
    let begun = text.chars().rev().take_while(|&c| c != '\n').count();
    if begun + whole.chars().count() < WIDTH {
        return text.push_str(&whole);
    }
    let mut column = WIDTH;
    for (at, literal) in literals.iter().enumerate() {
        let wide = literal.chars().count() + 2;
        if at > 0 {
            text.push(',');
        }
        if column + wide > WIDTH {
            text.push_str("\n        ");
            column = 8;
        } else {
            text.push(' ');
        }
        text.push_str(literal);
        column += wide;
    }
}

#[cfg(test)]
mod tests {
    use remora_abi::{Kind, field, kind};

    use super::*;
    use crate::{EventView, Program, Required, Truth, compile, required::required};

    /// A table with a column for the URL, one that the host is cut out of, and
    /// a path in two columns.
    fn place(field: Field) -> Place {
        match field {
            field::REMOTE_URL => Place::Is("RemoteUrl"),
            field::REMOTE_HOST => Place::Within(&["RemoteUrl", "LocalIP"]),
            field::PROCESS_IMAGE => {
                Place::Joined(&["InitiatingProcessFolderPath", "InitiatingProcessFileName"])
            }
            field::PROCESS_COMPANY => Place::Is("InitiatingProcessVersionInfoCompanyName"),
            field::USER => Place::Hidden,
            _ => Place::Nowhere,
        }
    }

    fn interests(rule: &str, kind: Kind) -> Vec<InterestSpec> {
        match required(&compile(rule, &[kind]).unwrap(), &[kind]) {
            Required::Interests(interests) => interests,
            Required::Everything { why } => panic!("{why}"),
        }
    }

    fn asked(rule: &str) -> String {
        condition(&asks(&interests(rule, kind::CONNECTION), place).unwrap())
    }

    #[test]
    fn fields_become_columns() {
        for (rule, expected) in [
            (r#"remote.url has "a.example""#, r#"RemoteUrl has "a.example""#),
            (
                r#"remote.url has_any ("b.example", "a.example", "b.example")"#,
                r#"RemoteUrl has_any ("a.example", "b.example")"#,
            ),
            (r#"remote.url == "A" "#, r#"RemoteUrl == "A""#),
            (r#"remote.url in~ ("A", "B")"#, r#"RemoteUrl in~ ("A", "B")"#),
            (
                r#"remote.host under "a.example""#,
                "LocalIP has \"a.example\"\n    or RemoteUrl has \"a.example\"",
            ),
            (r#"remote.url startswith "a" "#, r#"RemoteUrl startswith "a""#),
            // What a part of a column is, the column has.
            (
                r#"remote.host == "a.example""#,
                "LocalIP has \"a.example\"\n    or RemoteUrl has \"a.example\"",
            ),
            (
                r#"remote.host startswith_cs "a.""#,
                "LocalIP hasprefix \"a.\"\n    or RemoteUrl hasprefix \"a.\"",
            ),
            // The longest part of a path lies in one column.
            (
                r#"process.image endswith @"\Vendor\tool.exe""#,
                "InitiatingProcessFileName contains \"tool.exe\"\n    or InitiatingProcessFolderPath contains \"tool.exe\"",
            ),
            // Nothing of a field that the table lacks.
            (r#"remote.url has "a" or file.name has "b""#, r#"RemoteUrl has "a""#),
            (r#"file.name has "b""#, ""),
        ] {
            assert_eq!(asked(rule), expected, "{rule}");
        }
    }

    #[test]
    fn what_cannot_be_asked_needs_every_row() {
        for rule in [r#"user has "x""#, r#"process.image contains "\\""#] {
            let interests = interests(rule, kind::CONNECTION);
            assert!(asks(&interests, place).is_err(), "{rule}");
        }
    }

    #[test]
    fn long_lists_stay_within_the_index() {
        let names: Vec<String> = (0..300).map(|at| format!("\"n{at}.example\"")).collect();
        let text = asked(&format!("remote.url has_any ({})", names.join(", ")));
        assert_eq!(text.matches("has_any").count(), 3);
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert_eq!(text.matches(".example\"").count(), 300);
    }

    /// A row of the table.
    struct Row<'a> {
        url: &'a str,
        inspected: &'a str,
        folder: &'a str,
        name: &'a str,
    }

    impl EventView for Row<'_> {
        fn text(&self, field: Field) -> &str {
            match field {
                field::REMOTE_URL => self.url,
                field::LOCAL_IP => self.inspected,
                field::PROCESS_FOLDER => self.folder,
                field::PROCESS_NAME => self.name,
                _ => "",
            }
        }

        fn number(&self, _: Field) -> Option<i64> {
            None
        }
    }

    /// An event that a rule holds for, and the row it was read from.
    struct Read<'a>(&'a str, String);

    impl EventView for Read<'_> {
        fn text(&self, field: Field) -> &str {
            match field {
                field::REMOTE_HOST => self.0,
                field::PROCESS_IMAGE => &self.1,
                _ => "",
            }
        }

        fn number(&self, _: Field) -> Option<i64> {
            None
        }
    }

    /// What is printed reads back, quotes and all, and holds for the row of
    /// every event that the rule holds for.
    #[test]
    fn what_a_rule_finds_is_asked_for() {
        let rows = [
            ("https://A.Tool-x.example:443/p", "", "a.tool-x.example", r"C:\Tool \x", "y.exe"),
            ("", "a.tool-x.example", "a.tool-x.example", r"C:\Tool \x", "y.exe"),
            ("u@tool-x.example.", "", "tool-x.example", "/opt/tool", "y"),
        ];
        let mut held = 0;
        for rule in [
            r#"remote.host under "tool-x.example""#,
            r#"remote.host == "a.tool-x.example""#,
            r#"remote.host has "x.example""#,
            r#"remote.host hassuffix "ample""#,
            r#"remote.host endswith "-x.example""#,
            r#"remote.host startswith "a.too""#,
            r#"remote.host contains_cs "ool-x""#,
            r#"process.image has @"\x\y""#,
            r#"process.image =~ @"c:\tool \x\y.exe""#,
            r#"process.image contains "tool/y""#,
        ] {
            let kinds = [kind::CONNECTION];
            let program = Program::new(&compile(rule, &kinds).unwrap());
            let printed = asked(rule);
            let back = compile(&printed, &kinds)
                .unwrap_or_else(|error| panic!("{}", error.render(&printed, false)));
            let back = Program::new(&back);
            for (url, inspected, host, folder, name) in rows {
                let joint = if folder.contains('/') { '/' } else { '\\' };
                let event = Read(host, format!("{folder}{joint}{name}"));
                if program.eval(&event) == Truth::True {
                    held += 1;
                    let row = Row { url, inspected, folder, name };
                    assert_eq!(back.eval(&row), Truth::True, "{rule} at {url}: {printed}");
                }
            }
        }
        assert!(held >= 15, "{held}");
    }

    #[test]
    fn literals_are_escaped() {
        let hostile = "a\"b\\c\nd\u{7}é";
        let ask = Ask { column: "RemoteUrl", op: Op::HAS, literal: hostile.into() };
        let text = condition(std::slice::from_ref(&ask));
        assert_eq!(text, "RemoteUrl has \"a\\\"b\\\\c\\nd\\u0007é\"");
        let back = compile(&text, &[kind::CONNECTION]).unwrap();
        let row = Row { url: hostile, inspected: "", folder: "", name: "" };
        assert_eq!(Program::new(&back).eval(&row), Truth::True);
    }
}
