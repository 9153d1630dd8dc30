//! The shared matcher: thousands of interests asked at once.
//!
//! One matcher per kind and field, so that a value is only ever compared to
//! what somebody asked of it. In each, literals that may stand anywhere are
//! found by one automaton, whole values and domains by a hash. The answer is
//! exact, the same as asking every interest by itself: the screen may then
//! drop what is not wanted without asking anybody else, and detectors need not
//! look again.

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
    InterestSpec,
    domain::{self, Domains},
    fold::fold_text,
    literals::Literals,
    term::{Needle, Place, Value},
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
    matchers: Vec<[Option<usize>; 2]>,
}

impl Index {
    /// Builds the index; interest `n` of the slice has id `n`. Refuses unknown
    /// operators and kinds, number fields and empty literals. An interest in a
    /// field that the table lacks is never met: such a field reads `""`.
    pub fn new(interests: &[InterestSpec]) -> Result<Index, IndexError> {
        let mut whole: HashMap<Kind, Vec<u32>> = HashMap::new();
        let mut builders: BTreeMap<(Kind, Field), MatcherBuilder> = BTreeMap::new();
        for (id, interest) in (0..).zip(interests) {
            check(interest).map_err(|message| IndexError { interest: id, message })?;
            if interest.op == Op::KIND {
                whole.entry(interest.kind).or_default().push(id);
            } else if interest.field.info().is_some() {
                let builder = builders.entry((interest.kind, interest.field)).or_default();
                builder.add(interest, id);
            }
        }
        let (places, builders): (Vec<_>, Vec<_>) = builders.into_iter().unzip();
        let matchers = builders.into_iter().map(MatcherBuilder::build).collect();
        let find = |kind, field| places.iter().position(|&place| place == (kind, field));
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
    pub fn wants(&self, kind: Kind, field: Field, value: &[u8]) -> bool {
        let [None, None] = self.matchers(kind, field) else {
            let value = String::from_utf8_lossy(value);
            return self.each(kind, field, &value, |_| ControlFlow::Break(())).is_break();
        };
        false
    }

    /// The ids of all interests that `value` meets, ascending, appended to
    /// `out`.
    pub fn matches(&self, kind: Kind, field: Field, value: &str, out: &mut Vec<u32>) {
        let start = out.len();
        let mut tidy_at = start + TIDY;
        let _ = self.each(kind, field, value, |id| {
            out.push(id);
            if out.len() == tidy_at {
                tidy(out, start);
                tidy_at = start + TIDY.max(2 * (out.len() - start));
            }
            ControlFlow::Continue(())
        });
        tidy(out, start);
    }

    fn kind(&self, kind: Kind) -> &KindIndex {
        self.kinds.get(usize::from(kind.0)).unwrap_or(&self.kinds[0])
    }

    /// Borrowed: a copy of the array costs more than most values do.
    fn matchers(&self, kind: Kind, field: Field) -> &[Option<usize>; 2] {
        self.kind(kind).matchers.get(usize::from(field.0)).unwrap_or(&[None, None])
    }

    fn each(
        &self,
        kind: Kind,
        field: Field,
        value: &str,
        mut each: impl FnMut(u32) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if value.is_empty() {
            return ControlFlow::Continue(());
        }
        let value = Value::new(value);
        for matcher in self.matchers(kind, field).iter().flatten() {
            self.matchers[*matcher].each(&value, &mut each)?;
        }
        ControlFlow::Continue(())
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
    literals: Literals,
    /// The interest of each literal.
    literal_ids: Vec<u32>,
    exact: HashMap<Box<str>, Vec<u32>>,
    folded: HashMap<Box<str>, Vec<u32>>,
    domains: Domains,
}

#[derive(Default)]
struct MatcherBuilder {
    needles: Vec<Needle>,
    literal_ids: Vec<u32>,
    exact: HashMap<Box<str>, Vec<u32>>,
    folded: HashMap<Box<str>, Vec<u32>>,
    domains: Domains,
}

impl MatcherBuilder {
    fn add(&mut self, interest: &InterestSpec, id: u32) {
        let literal = interest.literal.as_str();
        let (place, case_sensitive) = match interest.op {
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
            Op::EQ => {
                return self.folded.entry(fold_text(literal).into()).or_default().push(id);
            }
            Op::EQ_CS => return self.exact.entry(literal.into()).or_default().push(id),
            Op::UNDER => return self.domains.insert(fold_text(literal).into_owned(), id),
            op => unreachable!("operator {} was refused", op.0),
        };
        self.needles.push(Needle::new(literal, place, case_sensitive));
        self.literal_ids.push(id);
    }

    fn build(self) -> Matcher {
        let MatcherBuilder { needles, literal_ids, exact, folded, domains } = self;
        Matcher { literals: Literals::new(needles), literal_ids, exact, folded, domains }
    }
}

impl Matcher {
    /// Calls `each` with the ids of the interests that `value` meets, in no
    /// order, some more than once.
    fn each(
        &self,
        value: &Value<'_>,
        each: &mut impl FnMut(u32) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if !self.exact.is_empty() {
            self.exact.get(value.text()).into_iter().flatten().try_for_each(|&id| each(id))?;
        }
        if !self.folded.is_empty() {
            self.folded.get(value.folded()).into_iter().flatten().try_for_each(|&id| each(id))?;
        }
        if !self.domains.is_empty() {
            self.domains.above(value.folded()).flatten().try_for_each(|&id| each(id))?;
        }
        self.literals.each(value, |at| each(self.literal_ids[at]))
    }
}
