//! What is told of the catalog's tools, for people and as JSON.

pub(crate) mod found;
pub(crate) mod inventory;
pub(crate) mod json;
pub(crate) mod list;
pub(crate) mod show;

use std::io::{self, Write};

use anstyle::Style;

use super::text::{pad, plain, wrap};

/// Columns of a sheet: what any terminal has.
const WIDTH: usize = 80;
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Lines of labelled text.
struct Sheet<'a, W> {
    out: &'a mut W,
    colour: bool,
}

impl<W: Write> Sheet<'_, W> {
    fn paint(&self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text.trim_end())
    }

    /// A heading after an empty line.
    fn section(&mut self, text: &str) -> io::Result<()> {
        let text = self.paint(BOLD, text);
        writeln!(self.out, "\n{text}")
    }

    /// A label with text behind it; nothing where the text is empty.
    fn fact(&mut self, label: &str, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        const LABEL: usize = 12;
        for (at, part) in wrap(&plain(text), WIDTH - LABEL - 3).iter().enumerate() {
            let label = pad(if at == 0 { label } else { "" }, LABEL);
            let label = self.paint(DIM, &label);
            self.line(&format!("  {label} {part}"))?;
        }
        Ok(())
    }

    /// Text behind a margin, its first line behind a mark.
    fn item(&mut self, margin: usize, mark: &str, text: &str) -> io::Result<()> {
        let blank = margin + mark.chars().count();
        for (at, part) in wrap(&plain(text), WIDTH - blank).iter().enumerate() {
            if at == 0 {
                self.line(&format!("{:margin$}{mark}{part}", ""))?;
            } else {
                self.line(&format!("{:blank$}{part}", ""))?;
            }
        }
        Ok(())
    }
}

/// A count with its word: `1 rule`, `2 rules`.
fn count(number: usize, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {word}{plural}", super::text::grouped(number as u64))
}
