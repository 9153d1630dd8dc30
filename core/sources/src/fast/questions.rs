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
    /// Whether a field that comes from `text`, the column's value and not empty, is wanted.
    #[inline]
    pub(super) fn is_wanted(
        &self,
        kind: Kind,
        text: &str,
        wanted: &impl Wanted,
        out: &mut String,
    ) -> bool {
        self.fields
            .iter()
            .any(|map| wanted.wants(kind, map.field, map.of_value(text, out).as_bytes()))
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
