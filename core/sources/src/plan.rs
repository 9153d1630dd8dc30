//! A mapping made ready: its columns numbered, so that a record is a row of
//! slots and a field knows its slots.
//!
//! Made once for an input. Looking columns up by name for every field of every
//! record would cost more than reading the record.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use remora_abi::{Field, Kind};

use crate::{
    epoch,
    mapping::{Mapping, Recognise, Shape, Times, glob},
    record::{Column, Record},
    time,
};

/// A mapping with its columns numbered.
#[derive(Debug)]
pub(crate) struct Plan {
    mapping: &'static Mapping,
    names: Vec<&'static str>,
    ids: HashMap<&'static [u8], Column, BuildHasherDefault<ShortHash>>,
    table_columns: Vec<Column>,
    action_column: Column,
    filled: Vec<PlannedFilled>,
    tables: Vec<PlannedTable>,
}

#[derive(Debug)]
struct PlannedFilled {
    any: Vec<Column>,
    none: Vec<Column>,
    kind: Kind,
}

/// A table with its columns numbered.
#[derive(Debug)]
pub(crate) struct PlannedTable {
    /// The kind.
    pub(crate) kind: Kind,
    /// The columns that hold the time, and how it is written.
    pub(crate) time: Vec<Column>,
    times: Times,
    /// The fields.
    pub(crate) fields: Vec<PlannedField>,
    /// Columns of which one makes an event of a row.
    own: Vec<Column>,
    /// Where a field stands in `fields`.
    places: HashMap<Field, usize, BuildHasherDefault<ShortHash>>,
}

/// A field with its columns numbered.
#[derive(Debug)]
pub(crate) struct PlannedField {
    /// The field.
    pub(crate) field: Field,
    /// Its columns.
    pub(crate) columns: Vec<Column>,
    /// Its shape.
    pub(crate) shape: Shape,
    common: bool,
    /// Whether the field's values are numbers.
    pub(crate) is_number: bool,
}

impl PlannedTable {
    /// How `field` is made, if the kind has it.
    #[inline]
    pub(crate) fn field(&self, field: Field) -> Option<&PlannedField> {
        self.places.get(&field).map(|&place| &self.fields[place])
    }

    /// When it happened, and whether there is a time that cannot be read.
    pub(crate) fn when(&self, record: &Record<'_>) -> (Option<i64>, bool) {
        let text = record.first(&self.time);
        let time = match self.times {
            Times::Iso => time::parse(text),
            Times::Epoch => epoch::parse(text),
        };
        (time, time.is_none() && !text.is_empty())
    }

    /// Whether a field that is not common to all kinds is filled.
    pub(crate) fn is_event(&self, record: &Record<'_>) -> bool {
        self.own.iter().any(|&column| record.filled(column)) || {
            let mut out = String::new();
            self.fields
                .iter()
                .filter(|map| !map.common && is_derived(map.shape))
                .any(|map| !map.extract(record, &mut out).text.is_empty())
        }
    }
}

/// Whether a column of the shape may be filled and yet say nothing.
fn is_derived(shape: Shape) -> bool {
    matches!(shape, Shape::HostOf(_) | Shape::Host | Shape::RequestHost | Shape::Member(_))
}

impl Plan {
    /// Numbers the columns of `mapping`.
    pub(crate) fn new(mapping: &'static Mapping) -> Plan {
        let mut plan = Plan {
            mapping,
            names: Vec::new(),
            ids: HashMap::default(),
            table_columns: Vec::new(),
            action_column: 0,
            filled: Vec::new(),
            tables: Vec::new(),
        };
        plan.table_columns = plan.number(mapping.kinds.table_columns);
        plan.action_column = plan.number(&[mapping.kinds.action_column])[0];
        for table in mapping.tables {
            let time = plan.number(table.time);
            let fields: Vec<_> = table
                .fields
                .iter()
                .copied()
                .flatten()
                .map(|map| PlannedField {
                    field: map.field,
                    columns: plan.number(map.columns),
                    shape: map.shape,
                    common: map.common,
                    is_number: map.field.is_number(),
                })
                .collect();
            let own = fields
                .iter()
                .filter(|map| !map.common && !is_derived(map.shape))
                .flat_map(|map| map.columns.iter().copied())
                .collect();
            let places = fields.iter().enumerate().map(|(at, map)| (map.field, at)).collect();
            let (kind, times) = (table.kind, mapping.times);
            plan.tables.push(PlannedTable { kind, time, times, fields, own, places });
        }
        for filled in mapping.kinds.filled {
            let any = plan.number_like(filled.any);
            let none = plan.number_like(filled.none);
            plan.filled.push(PlannedFilled { any, none, kind: filled.kind });
        }
        plan
    }

    fn number(&mut self, names: &[&'static str]) -> Vec<Column> {
        names
            .iter()
            .map(|&name| {
                *self.ids.entry(name.as_bytes()).or_insert_with(|| {
                    self.names.push(name);
                    Column::try_from(self.names.len() - 1).expect("a mapping has few columns")
                })
            })
            .collect()
    }

    /// As [`Self::number`]; a name that ends in `*` stands for all columns numbered so far that
    /// begin like it.
    fn number_like(&mut self, names: &[&'static str]) -> Vec<Column> {
        let mut columns = Vec::new();
        for &name in names {
            match name.strip_suffix('*') {
                Some(start) => columns.extend(
                    (0..)
                        .zip(&self.names)
                        .filter(|(_, name)| name.starts_with(start))
                        .map(|(at, _)| at),
                ),
                None => columns.extend(self.number(&[name])),
            }
        }
        columns
    }

    /// How many columns the mapping knows.
    pub(crate) fn columns(&self) -> usize {
        self.names.len()
    }

    /// The number of a column.
    #[inline]
    pub(crate) fn column(&self, name: &[u8]) -> Option<Column> {
        self.ids.get(name).copied()
    }

    /// The name of a column.
    pub(crate) fn name(&self, column: Column) -> &'static str {
        self.names[usize::from(column)]
    }

    /// Whether events take their time from a column.
    pub(crate) fn is_time(&self, column: Column) -> bool {
        self.tables.iter().any(|table| table.time.contains(&column))
    }

    /// Whether a list is made of a column.
    pub(crate) fn is_list(&self, column: Column) -> bool {
        let mut maps = self.tables.iter().flat_map(|table| &table.fields);
        maps.any(|map| matches!(map.shape, Shape::List) && map.columns.contains(&column))
    }

    /// Whether these names of columns are those of a file of this mapping.
    pub(crate) fn recognises<'n>(&self, names: impl Iterator<Item = &'n str> + Clone) -> bool {
        let Recognise { subject, origin } = self.mapping.recognise;
        names.clone().any(|name| subject.iter().any(|pattern| glob(pattern, name)))
            && names.clone().any(|name| origin.contains(&name))
    }

    /// Whether a table is known by this name, be it swept or not.
    pub(crate) fn is_table(&self, name: &str) -> bool {
        !name.is_empty() && self.mapping.kinds.tables.iter().any(|&(table, _)| glob(table, name))
    }

    /// The table of a record's kind; none where its table is not swept.
    pub(crate) fn table(&self, record: &Record<'_>) -> Option<&PlannedTable> {
        let kind = self.kind(record)?;
        self.tables.iter().find(|table| table.kind == kind)
    }

    fn kind(&self, record: &Record<'_>) -> Option<Kind> {
        let name = record.first(&self.table_columns);
        match self.named_kind(name, record.value(self.action_column)) {
            Some(kind) => kind,
            None => self.filled_kind(|column| Some(record.filled(column))).flatten(),
        }
    }

    /// The kind of a record that names this table and this action, none for a table that is not
    /// swept; none at all where the names decide nothing.
    pub(crate) fn named_kind(&self, table: &str, action: &str) -> Option<Option<Kind>> {
        type Names = &'static [(&'static str, Option<Kind>)];
        let find = |names: Names, name: &str| {
            let fits = |pattern: &str| !name.is_empty() && glob(pattern, name);
            names.iter().find(|(pattern, _)| fits(pattern)).map(|&(_, kind)| kind)
        };
        let rules = &self.mapping.kinds;
        let within = rules
            .within
            .iter()
            .find(|(of, pattern, _)| !table.is_empty() && glob(of, table) && glob(pattern, action));
        within
            .map(|&(.., kind)| Some(kind))
            .or_else(|| find(rules.tables, table))
            .or_else(|| find(rules.actions, action))
    }

    /// The kind of a record that names none, by which columns are filled; none at all where
    /// `filled` cannot tell of one that it is asked for.
    pub(crate) fn filled_kind(
        &self,
        mut filled: impl FnMut(Column) -> Option<bool>,
    ) -> Option<Option<Kind>> {
        let mut any = |columns: &[Column]| {
            for &column in columns {
                if filled(column)? {
                    return Some(true);
                }
            }
            Some(false)
        };
        for set in &self.filled {
            if any(&set.any)? && !any(&set.none)? {
                return Some(Some(set.kind));
            }
        }
        Some(None)
    }

    /// The columns that name a record's table; the first that is filled counts.
    pub(crate) fn table_columns(&self) -> &[Column] {
        &self.table_columns
    }

    /// The column that names a record's action.
    pub(crate) fn action_column(&self) -> Column {
        self.action_column
    }

    /// The names of the columns, by number.
    pub(crate) fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// The tables, one a kind.
    pub(crate) fn tables(&self) -> &[PlannedTable] {
        &self.tables
    }

    /// Which mapping it is: the columns of two plans of one mapping have the same numbers.
    pub(crate) fn mapping(&self) -> &'static Mapping {
        self.mapping
    }
}

/// A fast hash of short texts of our own choosing, looked up for every column of every record:
/// eight bytes at a time, rotated and multiplied. Nothing from outside is ever stored under it.
#[derive(Debug, Default)]
pub(crate) struct ShortHash(u64);

impl Hasher for ShortHash {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    #[inline]
    fn write_usize(&mut self, length: usize) {
        self.write_u64(length as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use remora_abi::{field, kind};

    use super::*;
    use crate::mapping::{FieldMap, Filled, KindRules, Table};

    const fn map(field: Field, columns: &'static [&'static str], shape: Shape) -> FieldMap {
        FieldMap { field, columns, shape, common: false }
    }

    static OTHER: Mapping = Mapping {
        recognise: Recognise { subject: &["Image"], origin: &["Computer"] },
        kinds: KindRules {
            table_columns: &[],
            within: &[],
            tables: &[],
            action_column: "Task",
            actions: &[],
            filled: &[Filled { any: &["*"], none: &[], kind: kind::PROCESS }],
        },
        tables: &[Table {
            kind: kind::PROCESS,
            time: &[],
            fields: &[&[
                map(field::PROCESS_NAME, &["Image", "Other"], Shape::LastComponent),
                map(field::PROCESS_CMDLINE, &["Blob"], Shape::Opaque),
            ]],
        }],
        times: Times::Iso,
        unique_ids: false,
    };

    /// A mapping of another source fills tables and needs no code.
    #[test]
    fn another_mapping_uses_the_same_shapes() {
        let plan = Plan::new(&OTHER);
        let mut record = Record::new(plan.columns());
        let mut out = String::new();
        let set = |record: &mut Record<'_>, name: &str, text: &str| {
            record.set(plan.column(name.as_bytes()).expect("a column"), text);
        };
        for (image, name) in [
            (r"C:\x\a.exe", "a.exe"),
            ("/usr/bin/a", "a"),
            (r"C:\x/y\z/a.exe", "a.exe"),
            ("a.exe", "a.exe"),
            (r"C:\x\", ""),
        ] {
            record.begin("");
            set(&mut record, "Image", image);
            let table = plan.table(&record).expect("a kind");
            let field = table.field(field::PROCESS_NAME).expect("a field");
            assert_eq!(field.extract(&record, &mut out).text, name, "{image}");
        }
        record.begin("");
        assert!(plan.table(&record).is_none(), "nothing is filled");
        set(&mut record, "Blob", "text");
        let table = plan.table(&record).expect("a kind");
        let field = table.field(field::PROCESS_CMDLINE).expect("a field");
        assert_eq!(field.extract(&record, &mut out).text, "text");
        assert!(field.shape.is_opaque() && !Shape::LastComponent.is_opaque());
    }
}
