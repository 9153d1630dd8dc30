//! What a source's columns mean, as plain data.
//!
//! A [`Mapping`] says how rows are recognised, of which kind a row is, and for
//! each kind and field which raw columns feed it in what [`Shape`]. A format
//! fills tables; code is only in the shapes, which the screen and the decoder
//! share ([`extract`](crate::extract)): were the meaning of a column written
//! once for the screen and once for the decoder, the two would drift apart and
//! the screen would miss.

use std::{collections::HashMap, hash::BuildHasherDefault, ops::RangeInclusive};

use remora_abi::{Field, Kind, field};

use crate::record::{Column, Record};

/// How one field is made of raw columns.
#[derive(Clone, Copy, Debug)]
pub struct FieldMap {
    /// The field.
    pub field: Field,
    /// The raw columns, in the order that the shape asks for.
    pub columns: &'static [&'static str],
    /// How the columns make the value.
    pub shape: Shape,
    /// Whether the field alone makes no event of a row: where, when and which record it is.
    pub common: bool,
}

/// How raw columns make a value. Where the field is a number, the text that the shape gives is
/// read as one.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// The first column that is filled, as it stands.
    Verbatim,
    /// The [host](crate::host::host_of) in the first column. Where that column is empty, the host
    /// in a member of the second column, a JSON object or a string that holds one; the third
    /// column, the action, says which member ([`by_action`]).
    HostOf(&'static [(&'static str, &'static str)]),
    /// What follows the last slash or backslash of the first column that is filled.
    LastComponent,
    /// Folder and file name, joined unless the folder's last component is the file name already.
    Path,
    /// Any number of names, then domain and account: the first name that is filled, else
    /// `domain\account`, else the account.
    Account,
    /// Device, process id and start time, joined by `|`; empty unless all three are there. Start
    /// times that can be read are written alike, for sources differ in trailing zeros.
    ProcessKey,
    /// `true` or `false`.
    Truth,
    /// What a table says of the column's value ([`by_action`]); else `""`.
    ByAction(&'static [(&'static str, &'static str)]),
    /// What a table says of the first column's value; else the first text where the second column
    /// is filled, the second text where it is empty.
    ByActionOr(&'static [(&'static str, &'static str)], &'static str, &'static str),
    /// A member of the first column, a JSON object or a string that holds one; the second column,
    /// the action, says which member ([`by_action`]). A list's elements are joined by `;`. The
    /// screen does not look into it.
    Member(&'static [(&'static str, &'static str)]),
    /// The first column that is filled, as it stands; the screen does not look at it.
    Opaque,
    /// Always this text.
    Constant(&'static str),
}

impl Shape {
    /// Whether the screen lets a record through because the first column is filled, without
    /// looking at the value.
    pub fn is_opaque(self) -> bool {
        matches!(self, Shape::Member(_) | Shape::Opaque)
    }
}

/// The fields of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The kind.
    pub kind: Kind,
    /// The columns that hold the time; the first that is filled counts.
    pub time: &'static [&'static str],
    /// The fields, in groups, so that tables can share some.
    pub fields: &'static [&'static [FieldMap]],
}

/// A set of columns that decides the kind of a row.
#[derive(Clone, Copy, Debug)]
pub struct Filled {
    /// At least one of these is filled. A `*` at the end stands for any ending.
    pub any: &'static [&'static str],
    /// And none of these.
    pub none: &'static [&'static str],
    /// Then it is this kind.
    pub kind: Kind,
}

/// Of which kind a row is: the first that decides.
#[derive(Clone, Copy, Debug)]
pub struct KindRules {
    /// Columns that name the row's table.
    pub table_columns: &'static [&'static str],
    /// Names of tables, with their kind; none for a table that is not swept. Others decide nothing.
    pub tables: &'static [(&'static str, Option<Kind>)],
    /// The column that names the action.
    pub action_column: &'static str,
    /// Names of actions ([`glob`]), the first that fits, with their kind; none for an action of a
    /// table that is not swept. Others decide nothing.
    pub actions: &'static [(&'static str, Option<Kind>)],
    /// Filled columns. A row that none of them fits is of a table that is not swept.
    pub filled: &'static [Filled],
}

/// Which names of columns make a file one of this mapping: one of `subject` and one of `origin`.
#[derive(Clone, Copy, Debug)]
pub struct Recognise {
    /// Columns that say what happened.
    pub subject: &'static [&'static str],
    /// Columns that say where, or which record it is.
    pub origin: &'static [&'static str],
}

/// What a source's columns mean.
#[derive(Clone, Copy, Debug)]
pub struct Mapping {
    /// How a file is recognised.
    pub recognise: Recognise,
    /// How a row's kind is decided.
    pub kinds: KindRules,
    /// The fields of each kind.
    pub tables: &'static [Table],
}

/// The numbers that a field can have.
pub(crate) fn range(field: Field) -> RangeInclusive<i64> {
    match field {
        field::REMOTE_PORT | field::LOCAL_PORT => 0..=65535,
        _ => i64::MIN..=i64::MAX,
    }
}

/// Whether `name` fits `pattern`, in which a `*` at the beginning, at the end or at both stands
/// for any text.
pub fn glob(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (None, None) => name == pattern,
        (None, Some(start)) => name.starts_with(start),
        (Some(end), None) => name.ends_with(end),
        (Some(inner), Some(_)) => name.contains(inner.strip_suffix('*').unwrap_or(inner)),
    }
}

/// What `table` says of an action: the text beside the first pattern ([`glob`]) that fits.
pub fn by_action(
    table: &'static [(&'static str, &'static str)],
    action: &str,
) -> Option<&'static str> {
    table.iter().find(|(pattern, _)| glob(pattern, action)).map(|&(_, text)| text)
}

/// A mapping with its columns numbered.
#[derive(Debug)]
pub(crate) struct Plan {
    mapping: &'static Mapping,
    names: Vec<&'static str>,
    ids: HashMap<&'static [u8], Column, BuildHasherDefault<Fnv>>,
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
    /// The columns that hold the time.
    pub(crate) time: Vec<Column>,
    /// The fields.
    pub(crate) fields: Vec<PlannedField>,
    /// Columns of which one makes an event of a row.
    own: Vec<Column>,
    /// Where a field stands in `fields`.
    places: HashMap<Field, usize, BuildHasherDefault<Fnv>>,
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
}

impl PlannedTable {
    /// How `field` is made, if the kind has it.
    #[inline]
    pub(crate) fn field(&self, field: Field) -> Option<&PlannedField> {
        self.places.get(&field).map(|&place| &self.fields[place])
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
    matches!(shape, Shape::HostOf(_) | Shape::Member(_))
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
                })
                .collect();
            let own = fields
                .iter()
                .filter(|map| !map.common && !is_derived(map.shape))
                .flat_map(|map| map.columns.iter().copied())
                .collect();
            let places = fields.iter().enumerate().map(|(at, map)| (map.field, at)).collect();
            plan.tables.push(PlannedTable { kind: table.kind, time, fields, own, places });
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

    /// Whether these names of columns are those of a file of this mapping.
    pub(crate) fn recognises<'n>(&self, names: impl Iterator<Item = &'n str> + Clone) -> bool {
        let Recognise { subject, origin } = self.mapping.recognise;
        names.clone().any(|name| subject.iter().any(|pattern| glob(pattern, name)))
            && names.clone().any(|name| origin.contains(&name))
    }

    /// The table of a record's kind; none where its table is not swept.
    pub(crate) fn table(&self, record: &Record<'_>) -> Option<&PlannedTable> {
        let kind = self.kind(record)?;
        self.tables.iter().find(|table| table.kind == kind)
    }

    fn kind(&self, record: &Record<'_>) -> Option<Kind> {
        let rules = &self.mapping.kinds;
        let name = record.first(&self.table_columns);
        if let Some(&(_, kind)) =
            rules.tables.iter().find(|(table, _)| !name.is_empty() && glob(table, name))
        {
            return kind;
        }
        let action = record.value(self.action_column);
        if let Some(&(_, kind)) =
            rules.actions.iter().find(|(pattern, _)| !action.is_empty() && glob(pattern, action))
        {
            return kind;
        }
        let any = |columns: &[Column]| columns.iter().any(|&column| record.filled(column));
        self.filled.iter().find(|set| any(&set.any) && !any(&set.none)).map(|set| set.kind)
    }
}

/// FNV-1a: keys are short, ours, and looked up for every column of every record.
#[derive(Debug)]
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl std::hash::Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
