//! The verdict on a record, from its columns.

use remora_abi::Kind;

use super::{Columns, Found, equal, hash, questions::Questions, unwanted::Unwanted};
use crate::{
    Wanted,
    mapping::{Mapping, Shape, by_action},
    plan::{Plan, PlannedField},
    record::Record,
};

/// How many places there are for pairs of table and action: many more than pairs in a log.
const KINDS: usize = 256;

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may be wanted, or is in doubt: the reader in full decides.
    Read,
    /// It is of this kind, and nobody wants it.
    Drop(Kind),
    /// It is of a table that is not swept.
    OtherKind,
}

/// The kinds of records by the table and action that they name.
///
/// Each pair has one place, and the last that came there is known: actions follow each other in
/// no order, and a search through all of them would be guessed wrong every time.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    mapping: Option<&'static Mapping>,
    known: Vec<Option<Named>>,
}

#[derive(Clone, Debug)]
struct Named {
    table: Box<str>,
    action: Box<str>,
    /// None where the names decide nothing.
    kind: Option<Option<Kind>>,
}

impl Kinds {
    /// What the names say; none where they are not UTF-8.
    #[inline]
    fn of(&mut self, plan: &Plan, table: &[u8], action: &[u8]) -> Option<&Named> {
        let place = (hash(action) ^ hash(table).rotate_left(3)) % KINDS;
        let same = |named: &&mut Named| {
            equal(named.action.as_bytes(), action) && equal(named.table.as_bytes(), table)
        };
        if self.known[place].as_mut().filter(same).is_none() {
            let table = std::str::from_utf8(table).ok()?;
            let action = std::str::from_utf8(action).ok()?;
            let kind = plan.named_kind(table, action);
            let (table, action) = (table.into(), action.into());
            self.known[place] = Some(Named { table, action, kind });
        }
        self.known[place].as_ref()
    }
}

/// The screen of one block.
pub(crate) struct Screen<'p, 'b, 'm, W> {
    plan: &'p Plan,
    wanted: &'p W,
    questions: Vec<Questions<'p>>,
    record: Record<'b>,
    kinds: &'m mut Kinds,
    text: &'m mut String,
    out: &'m mut String,
}

impl<'p, 'b, 'm, W: Wanted> Screen<'p, 'b, 'm, W> {
    /// A screen for the records of an input of this plan.
    pub(crate) fn new(
        plan: &'p Plan,
        wanted: &'p W,
        kinds: &'m mut Kinds,
        text: &'m mut String,
        out: &'m mut String,
    ) -> Self {
        if !kinds.mapping.is_some_and(|known| std::ptr::eq(known, plan.mapping())) {
            *kinds = Kinds { mapping: Some(plan.mapping()), known: vec![None; KINDS] };
        }
        let questions = Questions::all(plan, wanted);
        let record = Record::new(plan.columns());
        Screen { plan, wanted, questions, record, kinds, text, out }
    }

    /// The verdict on a record.
    #[inline]
    pub(crate) fn verdict(
        &mut self,
        columns: &mut impl Columns<'b>,
        unwanted: &mut Unwanted,
    ) -> Verdict {
        self.decide(columns, unwanted).unwrap_or(Verdict::Read)
    }

    /// As [`Self::verdict`]; none is doubt.
    #[inline]
    fn decide(
        &mut self,
        columns: &mut impl Columns<'b>,
        unwanted: &mut Unwanted,
    ) -> Option<Verdict> {
        let mut table = Found::Empty;
        for &column in self.plan.table_columns() {
            table = columns.find(column);
            if table != Found::Empty {
                break;
            }
        }
        let action = columns.find(self.plan.action_column());
        let named = self.kinds.of(self.plan, plain(table)?, plain(action)?)?;
        let kind = match named.kind {
            Some(kind) => kind,
            None => self.plan.filled_kind(|column| match columns.find(column) {
                Found::Doubt => None,
                found => Some(found != Found::Empty),
            })?,
        };
        let Some(kind) = kind else { return Some(Verdict::OtherKind) };
        let Some(questions) = self.questions.iter().find(|asked| asked.kind == kind) else {
            return Some(Verdict::OtherKind);
        };
        if questions.open {
            return None;
        }
        let (wanted, record, out) = (self.wanted, &mut self.record, &mut *self.out);
        for single in &questions.single {
            let found = columns.find(single.column);
            let value = match found {
                Found::Doubt => return None,
                Found::Plain(value) if unwanted.holds(kind, single.column, value) => continue,
                Found::Plain(value) => value,
                Found::Escaped(value) => {
                    self.text.clear();
                    columns.unescape(value, self.text).then_some(self.text.as_bytes())?
                }
                Found::Empty => {
                    if let Some(map) = single.elsewhere
                        && may_be_elsewhere(map, &named.action)
                        && columns.find(map.columns[1]) != Found::Empty
                        && several(map, columns, wanted, kind, record, out)?
                    {
                        return None;
                    }
                    continue;
                }
            };
            if single.is_wanted(kind, value, wanted, out)? {
                return None;
            }
            if let Found::Plain(value) = found {
                unwanted.put(kind, single.column, value);
            }
        }
        for map in &questions.several {
            if several(map, columns, wanted, kind, record, out)? {
                return None;
            }
        }
        Some(Verdict::Drop(kind))
    }
}

/// A value without escapes; none where there are some.
fn plain(found: Found<'_>) -> Option<&[u8]> {
    match found {
        Found::Empty => Some(b""),
        Found::Plain(value) => Some(value),
        Found::Escaped(_) | Found::Doubt => None,
    }
}

/// Whether a field may come from elsewhere where its first column is empty.
fn may_be_elsewhere(map: &PlannedField, action: &str) -> bool {
    match map.shape {
        Shape::HostOf(members) => by_action(members, action).is_some(),
        _ => true,
    }
}

/// Whether a field made of several columns is wanted; none is doubt.
fn several<'b>(
    map: &PlannedField,
    columns: &mut impl Columns<'b>,
    wanted: &impl Wanted,
    kind: Kind,
    record: &mut Record<'b>,
    out: &mut String,
) -> Option<bool> {
    record.begin("");
    for &column in &map.columns {
        match columns.find(column) {
            Found::Empty => {}
            Found::Plain(value) => record.borrow(column, std::str::from_utf8(value).ok()?),
            Found::Escaped(value) => {
                let mut certain = false;
                record.write(column, |own| certain = columns.unescape(value, own));
                if !certain {
                    return None;
                }
            }
            Found::Doubt => return None,
        }
    }
    let opaque = map.shape.is_opaque() && map.may_hold(record);
    Some(opaque || wanted.wants(kind, map.field, map.extract(record, out).text.as_bytes()))
}
