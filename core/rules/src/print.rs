//! The canonical text of a rule: what is printed reads back as the same tree.
//!
//! Field names are canonical, texts stand in double quotes with the fewest
//! escapes, and parentheses stand only where the tree is not what precedence
//! alone would make of it.

use std::fmt::{self, Formatter, Write};

use crate::{
    Expr, NumberOp, NumberPredicate, TextOp, TextPredicate,
    operators::{number_name, text_name},
};

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::And(terms) => chain(f, terms, " and "),
            Expr::Or(terms) => chain(f, terms, " or "),
            Expr::Not(inner) => write!(f, "not({inner})"),
            Expr::Text(predicate) => write!(f, "{predicate}"),
            Expr::Number(predicate) => write!(f, "{predicate}"),
            Expr::IsEmpty { field, negated } => {
                write!(f, "{}({})", if *negated { "isnotempty" } else { "isempty" }, field.name())
            }
            Expr::Learned { field, rule } => {
                write!(f, "{} in learned(", field.name())?;
                quote(f, rule)?;
                f.write_char(')')
            }
        }
    }
}

fn chain(f: &mut Formatter<'_>, terms: &[Expr], join: &str) -> fmt::Result {
    for (at, term) in terms.iter().enumerate() {
        if at > 0 {
            f.write_str(join)?;
        }
        match term {
            Expr::Or(_) => write!(f, "({term})")?,
            // A chain within a chain of its own sort was grouped in the text.
            Expr::And(_) if join == " and " => write!(f, "({term})")?,
            _ => write!(f, "{term}")?,
        }
    }
    Ok(())
}

impl fmt::Display for TextPredicate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = text_name(self.op, self.case_sensitive, self.negated);
        write!(f, "{} {name} ", self.field.name())?;
        match self.op {
            TextOp::HasAny | TextOp::HasAll | TextOp::In => {
                list(f, &self.literals, |f, text| quote(f, text))
            }
            _ => self.literals.iter().try_for_each(|text| quote(f, text)),
        }
    }
}

impl fmt::Display for NumberPredicate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.field.name(), number_name(self.op))?;
        match (self.op, self.values.as_slice()) {
            (NumberOp::Between, [low, high]) => write!(f, "({low} .. {high})"),
            (NumberOp::In | NumberOp::NotIn, values) => {
                list(f, values, |f, number| write!(f, "{number}"))
            }
            (_, values) => values.iter().try_for_each(|number| write!(f, "{number}")),
        }
    }
}

fn list<T>(
    f: &mut Formatter<'_>,
    values: &[T],
    mut each: impl FnMut(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_char('(')?;
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        each(f, value)?;
    }
    f.write_char(')')
}

/// A text as a literal, quotes and escapes included; KQL reads it the same.
pub(crate) fn quoted_text(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    // Writing into a text never fails.
    let _ = quote(&mut literal, text);
    literal
}

fn quote(f: &mut impl Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
