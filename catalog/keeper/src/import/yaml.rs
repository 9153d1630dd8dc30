//! The list's rule files: YAML in name.
//!
//! Every one of them has `dataTypes:` level with the dash of the item that it
//! belongs to, which no YAML parser accepts. What is needed of them is two
//! scalars and a literal block, so their lines are read as they are laid out:
//! keys stand in the first column, and what is indented belongs to the key
//! above it.

use super::{
    block::Block,
    remark::{Remark, Weight},
};

/// A rule file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) id: Option<String>,
    pub(super) id_line: usize,
    pub(super) query: Option<Block>,
}

pub(super) fn read(file: &str, text: &str, remarks: &mut Vec<Remark>) -> File {
    let mut found = File::default();
    let mut lines = text.lines().zip(1..).peekable();
    while let Some((line, number)) = lines.next() {
        let Some((key, value)) =
            line.split_once(':').filter(|_| !line.starts_with([' ', '#', '-']))
        else {
            if line.trim_start().starts_with("dataTypes:") {
                remarks.push(Remark::new(
                    Weight::Repaired,
                    "yaml-indent",
                    file,
                    number,
                    "`dataTypes:` is level with the dash of its item, so this is no YAML; its lines are read by their layout",
                ));
            }
            continue;
        };
        let value = value.trim();
        match key {
            "id" => {
                found.id = Some(value.to_owned()).filter(|id| !id.is_empty());
                found.id_line = number;
            }
            "tactics" | "relevantTechniques" if !value.is_empty() => {
                let message = format!("`{key}` is one value, where a list is usual");
                remarks.push(Remark::new(Weight::Odd, "yaml-scalars", file, number, message));
            }
            "query" => {
                let mut query =
                    Block { first: number + 1, text: value.trim_start_matches('|').to_owned() };
                if query.text.is_empty() {
                    while let Some((line, _)) = lines.next_if(|(line, _)| {
                        line.trim().is_empty() || line.starts_with([' ', '\t'])
                    }) {
                        query.text.push_str(line);
                        query.text.push('\n');
                    }
                } else {
                    query.first = number;
                }
                found.query = Some(query);
            }
            _ => {}
        }
    }
    found
}
