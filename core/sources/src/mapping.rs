//! What a source's columns mean, as plain data.
//!
//! A [`Mapping`] says how rows are recognised, of which kind a row is, and for
//! each kind and field which raw columns feed it in what [`Shape`]. A format
//! fills tables; code is only in the shapes, which the screen and the decoder
//! share: were the meaning of a column written once for each of them, the two
//! would drift apart and the screen would miss.

use std::ops::RangeInclusive;

use remora_abi::{Field, Kind, field};

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
    /// The [host](crate::host::host_of) in the column.
    Host,
    /// The host that an HTTP request went to: the one in the first column, the Host header; where
    /// that is empty, the one in the second column, the request's target, unless it is a path.
    RequestHost,
    /// The URL of an HTTP request: the second column, the request's target, behind `http://` and
    /// the first column, the Host header, unless the target says more than a path.
    RequestUrl,
    /// The first column; the second one where the third says `F` or `false` and the fourth `T` or
    /// `true`: of two sides of a connection, the one that is at home.
    Side,
    /// By the same two columns, the first text for a connection from here and the second for one
    /// from elsewhere.
    ByDirection(&'static str, &'static str),
    /// The first column that is filled; a list in JSON as its elements joined by `;`.
    List,
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
    /// the action, says which member ([`by_action`]). A list's elements are joined by `;`; of
    /// elements that are objects, `name[].inner` takes the member `inner`. The screen does not look
    /// into it.
    Member(&'static [(&'static str, &'static str)]),
    /// The first column that is filled, as it stands; the screen does not look at it.
    Opaque,
    /// Always this text.
    Constant(&'static str),
}

impl Shape {
    /// Whether the screen lets a record through because it may hold a value, without looking at
    /// the value.
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
    /// Names of tables and of actions in them ([`glob`]), with their kind: of a table that is not
    /// swept as a whole.
    pub within: &'static [(&'static str, &'static str, Kind)],
    /// Names of tables ([`glob`]), with their kind; none for a table that is not swept. Others decide nothing.
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

/// How times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// As Kusto writes them ([`time::parse`](crate::time::parse)).
    Iso,
    /// Seconds since the epoch with a fraction, or as Kusto writes them
    /// ([`epoch::parse`](crate::epoch::parse)).
    Epoch,
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
    /// How times are written.
    pub times: Times,
    /// Whether the source's own record id, with kind and time, names one event without a device.
    pub unique_ids: bool,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{defender::DEFENDER, zeek::ZEEK};

    /// A field is made in one way, of as many columns as its shape takes.
    #[test]
    fn tables_are_consistent() {
        for table in [&DEFENDER, &ZEEK].iter().flat_map(|mapping| mapping.tables) {
            let maps: Vec<_> = table.fields.iter().copied().flatten().collect();
            for (at, map) in maps.iter().enumerate() {
                assert!(
                    maps[..at].iter().all(|other| other.field != map.field),
                    "{}",
                    map.field.name()
                );
                let columns = match map.shape {
                    Shape::Constant(_) => 0..=0,
                    Shape::ByAction(_) | Shape::Host => 1..=1,
                    Shape::ByActionOr(..)
                    | Shape::ByDirection(..)
                    | Shape::Member(_)
                    | Shape::Path
                    | Shape::RequestHost
                    | Shape::RequestUrl => 2..=2,
                    Shape::HostOf(_) | Shape::ProcessKey => 3..=3,
                    Shape::Side => 4..=4,
                    Shape::Account => 3..=usize::MAX,
                    Shape::Verbatim
                    | Shape::LastComponent
                    | Shape::List
                    | Shape::Truth
                    | Shape::Opaque => 1..=usize::MAX,
                };
                assert!(columns.contains(&map.columns.len()), "{}", map.field.name());
            }
        }
    }

    #[test]
    fn a_star_stands_for_any_text_at_the_ends() {
        for (pattern, name, expected) in [
            ("File*", "FileCreated", true),
            ("File*", "File", true),
            ("File*", "AFile", false),
            ("*ApiCall", "OpenProcessApiCall", true),
            ("*ApiCall", "ApiCalls", false),
            ("*Connection*", "InboundConnectionAccepted", true),
            ("*Connection*", "Connection", true),
            ("*Connection*", "Connectio", false),
            ("Logon", "Logon", true),
            ("Logon", "Logons", false),
            ("logon", "Logon", false),
            ("*", "anything", true),
        ] {
            assert_eq!(glob(pattern, name), expected, "{pattern} {name}");
        }
    }
}
