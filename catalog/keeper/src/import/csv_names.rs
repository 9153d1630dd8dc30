//! The list's table of network names: a value and a tool's name a line.

use super::remark::{Remark, Weight};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) value: String,
    /// The tool as the table spells it.
    pub(super) tool: String,
    pub(super) line: usize,
}

pub(super) fn read(file: &str, bytes: &[u8], remarks: &mut Vec<Remark>) -> Vec<Named> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let mut names = vec![];
    for record in reader.byte_records() {
        let record = match record {
            Ok(record) => record,
            Err(why) => {
                let line = why.position().map_or(1, |at| usize::try_from(at.line()).unwrap_or(1));
                let message = format!("this line cannot be read: {why}");
                remarks.push(Remark::new(Weight::LeftOut, "csv-line", file, line, message));
                continue;
            }
        };
        let line = record.position().map_or(1, |at| usize::try_from(at.line()).unwrap_or(1));
        let text = |at: usize| record.get(at).map(String::from_utf8_lossy).unwrap_or_default();
        let (value, tool) = (text(0).into_owned(), text(1).into_owned());
        if value.is_empty() || tool.is_empty() {
            let message = "this line lacks a name or its tool".to_owned();
            remarks.push(Remark::new(Weight::LeftOut, "csv-line", file, line, message));
            continue;
        }
        if !value.contains('.') {
            let message = format!(
                "{value:?} is not a domain: it is met inside other names, and no domain covers it"
            );
            remarks.push(Remark::new(Weight::Odd, "not-a-domain", file, line, message));
        }
        names.push(Named { value, tool, line });
    }
    names
}
