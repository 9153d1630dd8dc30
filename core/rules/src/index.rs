//! The shared matcher: thousands of interests asked at once.
//!
//! One matcher per kind and field, so that a value is only ever compared to
//! what somebody asked of it. In each, literals are found by hashes over the
//! value's terms or over all of it, which costs the same for a hundred
//! interests and a million, and only what has no term of its own by an
//! automaton. The answer is exact, the same as asking every interest by itself:
//! the screen may then drop what is not wanted without asking anybody else, and
//! detectors need not look again.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    ops::ControlFlow,
};

use remora_abi::{
    Field, Kind, Op,
    field::{self, FIELDS},
    kind::{self, KINDS},
};

use crate::{
    InterestSpec, domain,
    ids::{Distinct, Ids},
    literals::{Literal, Literals, Whole, prepared},
    term::{Place, Value},
};

/// Why an interest cannot be indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexError {
    /// Which interest, by position.
    pub interest: u32,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for IndexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for IndexError {}

/// An exact index over interests.
///
/// Asking changes nothing in it, and it is shared by all threads.
#[derive(Debug)]
pub struct Index {
    matchers: Vec<Matcher>,
    /// By the kind's id. In the place of [`kind::ANY`] stands what holds for
    /// kinds that the table lacks: the interests in any kind.
    kinds: Vec<KindIndex>,
}

#[derive(Debug, Default)]
struct KindIndex {
    fields: Vec<Field>,
    whole: Vec<u32>,
    /// By the field's id: the matcher of this kind and that of any kind.
    matchers: Vec<[Option<u32>; 2]>,
}

impl Index {
    /// Builds the index; interest `n` of the slice has id `n`. Refuses unknown
    /// operators and kinds, number fields and empty literals. An interest in a
    /// field that the table lacks is never met: such a field reads `""`.
    pub fn new(interests: &[InterestSpec]) -> Result<Index, IndexError> {
        let mut whole: HashMap<Kind, Vec<u32>> = HashMap::new();
        let mut asked: BTreeMap<(Kind, Field), Vec<u32>> = BTreeMap::new();
        for (id, interest) in (0..).zip(interests) {
            check(interest).map_err(|message| IndexError { interest: id, message })?;
            if interest.op == Op::KIND {
                whole.entry(interest.kind).or_default().push(id);
            } else if interest.field.info().is_some() {
                asked.entry((interest.kind, interest.field)).or_default().push(id);
            }
        }
        let (places, asked): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
        let matchers = asked.iter().map(|ids| Matcher::new(interests, ids)).collect();
        let find = |kind, field| {
            let mut places = (0..).zip(&places);
            places.find(|&(_, place)| *place == (kind, field)).map(|(at, _)| at)
        };
        let kinds = [kind::ANY].into_iter().chain(KINDS.iter().map(|info| info.kind));
        let kinds = kinds.map(|kind| {
            let mut index = KindIndex::default();
            index.matchers.push([None, None]);
            for info in FIELDS {
                let of_kind = find(kind, info.field).filter(|_| kind != kind::ANY);
                let found = [of_kind, find(kind::ANY, info.field)];
                if found != [None, None] {
                    index.fields.push(info.field);
                }
                index.matchers.push(found);
            }
            let ids = [kind, kind::ANY].into_iter().filter_map(|kind| whole.get(&kind));
            index.whole = ids.flatten().copied().collect();
            index.whole.sort_unstable();
            index.whole.dedup();
            index
        });
        Ok(Index { kinds: kinds.collect(), matchers })
    }

    /// The fields that some interest of `kind` (or of any kind) looks at, in
    /// the order of their ids.
    pub fn fields(&self, kind: Kind) -> &[Field] {
        &self.kind(kind).fields
    }

    /// The interests that want every event of `kind`, ascending.
    pub fn whole_kind(&self, kind: Kind) -> &[u32] {
        &self.kind(kind).whole
    }

    /// Whether any interest meets `value`. Bytes that are not UTF-8 count as
    /// U+FFFD. Interests in whole kinds do not count; they are asked by
    /// [`whole_kind`](Self::whole_kind).
    ///
    /// The screen asks this of every record, of the bytes as they stand there.
    /// An ASCII value is never copied; another one only if part of it is like
    /// part of a literal.
    pub fn wants(&self, kind: Kind, field: Field, value: &[u8]) -> bool {
        let matchers = self.matchers(kind, field);
        if value.is_empty() || *matchers == [None, None] {
            return false;
        }
        let any = |value: &Value<'_>| {
            matchers.iter().flatten().any(|&matcher| self.matchers[matcher as usize].any(value))
        };
        match Value::of_ascii(value) {
            Some(value) => any(&value),
            None => any(&Value::new(&String::from_utf8_lossy(value))),
        }
    }

    /// The ids of all interests that `value` meets, ascending, appended to
    /// `out`.
    pub fn matches(&self, kind: Kind, field: Field, value: &str, out: &mut Vec<u32>) {
        if value.is_empty() {
            return;
        }
        let start = out.len();
        let mut tidy_at = start + TIDY;
        let value = Value::new(value);
        for &matcher in self.matchers(kind, field).iter().flatten() {
            let _ = self.matchers[matcher as usize].each(&value, |ids| {
                out.extend_from_slice(ids);
                if out.len() >= tidy_at {
                    tidy(out, start);
                    tidy_at = start + TIDY.max(2 * (out.len() - start));
                }
                ControlFlow::Continue(())
            });
        }
        tidy(out, start);
    }

    /// About how many bytes the index holds: what grows with the interests.
    pub fn memory(&self) -> usize {
        self.matchers.iter().map(Matcher::memory).sum()
    }

    fn kind(&self, kind: Kind) -> &KindIndex {
        self.kinds.get(usize::from(kind.0)).unwrap_or(&self.kinds[0])
    }

    /// Borrowed: a copy of the array costs more than most values do.
    fn matchers(&self, kind: Kind, field: Field) -> &[Option<u32>; 2] {
        self.kind(kind).matchers.get(usize::from(field.0)).unwrap_or(&[None, None])
    }
}

/// A literal that occurs often in one value is reported as often: ids are
/// sorted out before they grow much beyond the number of interests.
const TIDY: usize = 1024;

fn tidy(ids: &mut Vec<u32>, start: usize) {
    ids[start..].sort_unstable();
    let mut kept = start;
    for at in start..ids.len() {
        if kept == start || ids[at] != ids[kept - 1] {
            ids[kept] = ids[at];
            kept += 1;
        }
    }
    ids.truncate(kept);
}

fn check(interest: &InterestSpec) -> Result<(), String> {
    let InterestSpec { kind, field, op, literal } = interest;
    if *kind != kind::ANY && kind.info().is_none() {
        return Err(format!("unknown kind {}", kind.0));
    }
    if *op == Op::KIND {
        return Ok(());
    }
    if !op.is_known() || *op > Op::UNDER {
        return Err(format!("unknown operator {} in an interest", op.0));
    }
    if *field == field::NONE {
        return Err(format!("an interest by `{}` names no field", op.name()));
    }
    if field.is_number() {
        return Err(format!("`{}` is a number, and interests compare text", field.name()));
    }
    if literal.is_empty() {
        return Err(format!("an empty literal for `{} {}`", field.name(), op.name()));
    }
    if *op == Op::UNDER {
        domain::normalize(literal).map_err(|why| format!("{literal:?} is no domain: {why}"))?;
    }
    Ok(())
}

/// The interests in one field of one kind.
#[derive(Debug)]
struct Matcher {
    /// Literals that stand somewhere in a value.
    parts: Literals,
    part_ids: Ids,
    /// Literals that are the value.
    whole: Option<Whole>,
    whole_ids: Ids,
}

impl Matcher {
    /// The matcher of those interests that `ids` names.
    fn new(interests: &[InterestSpec], ids: &[u32]) -> Matcher {
        let is_part = |id: &&u32| place(interests[**id as usize].op).0.is_some();
        let count = ids.iter().filter(is_part).count();
        let mut parts = Distinct::with_room(count);
        let mut whole = Distinct::with_room(ids.len() - count);
        for &id in ids {
            let InterestSpec { op, literal, .. } = &interests[id as usize];
            let (place, case_sensitive) = place(*op);
            let kept = if place.is_some() { &mut parts } else { &mut whole };
            kept.add((prepared(literal, case_sensitive), place, case_sensitive), id);
        }
        let literals: Vec<Literal<'_>> = parts
            .literals()
            .iter()
            .filter_map(|(text, place, case_sensitive)| {
                Some(Literal { text, place: (*place)?, case_sensitive: *case_sensitive })
            })
            .collect();
        let wholes: Vec<(&str, bool)> =
            whole.literals().iter().map(|(text, _, cased)| (&**text, *cased)).collect();
        Matcher {
            parts: Literals::new(&literals),
            part_ids: parts.ids(),
            whole: (!wholes.is_empty()).then(|| Whole::new(&wholes)),
            whole_ids: whole.ids(),
        }
    }

    #[inline]
    fn any(&self, value: &Value<'_>) -> bool {
        let found = |_| ControlFlow::Break(());
        self.whole.as_ref().is_some_and(|whole| whole.each(value, found).is_break())
            || self.parts.any(value)
    }

    /// Calls `each` with the ids of the interests that `value` meets, in no
    /// order, some more than once.
    fn each(
        &self,
        value: &Value<'_>,
        mut each: impl FnMut(&[u32]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if let Some(whole) = &self.whole {
            whole.each(value, |at| each(self.whole_ids.of(at)))?;
        }
        self.parts.each(value, |at| each(self.part_ids.of(at)))
    }

    fn memory(&self) -> usize {
        let whole = self.whole.as_ref().map_or(0, Whole::memory);
        self.parts.memory() + whole + self.part_ids.memory() + self.whole_ids.memory()
    }
}

/// Where a literal counts, if not as the whole value, and whether its case
/// does.
fn place(op: Op) -> (Option<Place>, bool) {
    let (place, case_sensitive) = match op {
        Op::HAS => (Place::Terms, false),
        Op::HAS_CS => (Place::Terms, true),
        Op::HASPREFIX => (Place::TermStart, false),
        Op::HASPREFIX_CS => (Place::TermStart, true),
        Op::HASSUFFIX => (Place::TermEnd, false),
        Op::HASSUFFIX_CS => (Place::TermEnd, true),
        Op::CONTAINS => (Place::Anywhere, false),
        Op::CONTAINS_CS => (Place::Anywhere, true),
        Op::STARTSWITH => (Place::Start, false),
        Op::STARTSWITH_CS => (Place::Start, true),
        Op::ENDSWITH => (Place::End, false),
        Op::ENDSWITH_CS => (Place::End, true),
        Op::UNDER => (Place::Under, false),
        Op::EQ => return (None, false),
        Op::EQ_CS => return (None, true),
        op => unreachable!("operator {} was refused", op.0),
    };
    (Some(place), case_sensitive)
}
