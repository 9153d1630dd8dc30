//! What a screen asks of a record of each kind, made ready for a block.

use remora_abi::{Field, Kind};

use crate::{
    Wanted,
    mapping::Shape,
    plan::{Plan, PlannedField, PlannedTable},
    record::Column,
};

/// What is asked of a record of one kind.
#[derive(Debug)]
pub(super) struct Questions<'p> {
    /// The kind.
    pub(super) kind: Kind,
    /// Whether every record of the kind must be read.
    pub(super) open: bool,
    /// What is asked of single columns.
    pub(super) single: Vec<Single<'p>>,
    /// Fields made of several columns.
    pub(super) several: Vec<&'p PlannedField>,
}

/// The fields that come from one column alone, where it is filled.
#[derive(Debug)]
pub(super) struct Single<'p> {
    /// The column.
    pub(super) column: Column,
    /// The fields.
    pub(super) fields: Vec<&'p PlannedField>,
    /// The field among them that comes from elsewhere where the column is empty.
    pub(super) elsewhere: Option<&'p PlannedField>,
}

impl Single<'_> {
    /// Whether a field that comes from `value`, the column's and not empty, is wanted; none where it
    /// is not UTF-8.
    #[inline]
    pub(super) fn is_wanted(
        &self,
        kind: Kind,
        value: &[u8],
        wanted: &impl Wanted,
        out: &mut String,
    ) -> Option<bool> {
        if is_simple(value) {
            return Some(self.fields.iter().any(|map| wanted.wants(kind, map.field, value)));
        }
        let text = std::str::from_utf8(value).ok()?;
        let mut of_value =
            |map: &PlannedField| wanted.wants(kind, map.field, map.of_value(text, out).as_bytes());
        Some(self.fields.iter().any(|map| of_value(map)))
    }
}

impl<'p> Questions<'p> {
    /// The questions for each kind that the plan has a table of.
    pub(super) fn all(plan: &'p Plan, wanted: &impl Wanted) -> Vec<Questions<'p>> {
        plan.tables().iter().map(|table| Questions::new(table, wanted)).collect()
    }

    /// The questions for the kind of a table.
    pub(super) fn new(table: &'p PlannedTable, wanted: &impl Wanted) -> Questions<'p> {
        let kind = table.kind;
        let wants = |field: Field, text: &str| wanted.wants(kind, field, text.as_bytes());
        let mut questions = Questions {
            kind,
            open: wanted.opens(kind),
            single: Vec::<Single<'_>>::new(),
            several: Vec::new(),
        };
        for &field in wanted.fields(kind) {
            // Wanted where it is empty: most records would have to be read anyway.
            questions.open |= wants(field, "");
            let Some(map) = table.field(field) else { continue };
            match (map.shape, &map.columns[..]) {
                (Shape::Constant(text), _) => questions.open |= wants(field, text),
                (Shape::Verbatim | Shape::Host | Shape::LastComponent, &[column])
                    if !field.is_number() =>
                {
                    questions.single(column).fields.push(map);
                }
                (Shape::HostOf(_) | Shape::RequestHost, &[column, ..]) => {
                    let single = questions.single(column);
                    single.fields.push(map);
                    single.elsewhere = Some(map);
                }
                _ => questions.several.push(map),
            }
        }
        questions
    }

    fn single(&mut self, column: Column) -> &mut Single<'p> {
        let at = self.single.iter().position(|single| single.column == column);
        let at = at.unwrap_or_else(|| {
            self.single.push(Single { column, fields: Vec::new(), elsewhere: None });
            self.single.len() - 1
        });
        &mut self.single[at]
    }
}

/// Whether a value is made of lower-case letters, digits, `-`, `_` and dots, of which none is the
/// last byte.
fn is_simple(value: &[u8]) -> bool {
    // Sixteen at a time and without a branch, which compiles to vector instructions.
    let all = |chunk: &[u8; 16]| chunk.iter().fold(true, |all, &byte| all & is_simple_byte(byte));
    let (chunks, rest) = value.as_chunks::<16>();
    let mut last = [b'a'; 16];
    last[..rest.len()].copy_from_slice(rest);
    chunks.iter().all(all) && all(&last) && !value.ends_with(b".")
}

/// Written as arithmetic, for a match would be compiled to jumps.
fn is_simple_byte(byte: u8) -> bool {
    let letter = byte.wrapping_sub(b'a') < 26;
    // `-`, `.` and digits, and between them a slash.
    let other = (byte.wrapping_sub(b'-') < 13) & (byte != b'/');
    letter | other | (byte == b'_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn simple_values_are_hosts_as_they_stand() {
        for byte in 0..=u8::MAX {
            let simple =
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
            assert_eq!(is_simple_byte(byte), simple, "{byte}");
            for length in [1, 15, 16, 17, 40] {
                for at in 0..length {
                    let mut value = vec![b'x'; length];
                    value[at] = byte;
                    let is_last_dot = byte == b'.' && at + 1 == length;
                    assert_eq!(is_simple(&value), simple && !is_last_dot, "{byte} at {at}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        /// What is asked for a simple value is what every shape makes of it, or it makes nothing.
        #[test]
        fn a_simple_value_is_its_own_host_or_has_none(value in "[a-c0-3._-]{1,20}|[0-9.]{1,16}") {
            if is_simple(value.as_bytes()) {
                let host = crate::host::host_of(&value);
                prop_assert!(host.is_none_or(|host| host == value));
                prop_assert!(!value.contains(['/', '\\']));
            }
        }
    }
}
