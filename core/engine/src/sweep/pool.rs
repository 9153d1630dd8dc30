//! What the groups of a worker share, and how it moves to another worker's.
//!
//! A group holds numbers of four bytes: of texts, of lists of witnesses, of
//! sets with more than one member. So a group of one event, and most are that,
//! takes some 150 bytes beside the texts that only it has
//! (`docs/performance.md` has the sum).
//!
//! Texts that were replaced (the latest event's id, a value that a smaller one
//! pushed out) stay in the pool. When as many were replaced as the pool holds,
//! the groups move to a new one, which is what merging does anyway.

use roaring::RoaringBitmap;

use super::{
    intern::{Interner, Lists, MOST, Texts},
    judge::Ground,
    reports::Reports,
    values::Many,
};
use crate::host::OwnedWitness;
use remora_abi::{Class, Field, How, Op, Role};

/// A pool with fewer replaced texts than this is not worth a new one.
const LITTLE: usize = 1 << 16;

/// A witness with its texts in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Packed {
    pub(super) field: Field,
    pub(super) op: Op,
    pub(super) literal: u32,
    pub(super) seen: u32,
    pub(super) class: Class,
    pub(super) role: Role,
    pub(super) how: How,
}

/// What groups refer to.
#[derive(Debug, Default)]
pub(super) struct Pool {
    texts: Interner<Texts>,
    /// Sorted sets of places, of which there are few different ones.
    places: Interner<Lists<u32>>,
    grounds: Interner<Lists<Ground>>,
    witnesses: Interner<Lists<Packed>>,
    pub(super) values: Vec<Many>,
    pub(super) reports: Vec<Reports>,
    pub(super) events: Vec<RoaringBitmap>,
    replaced: usize,
    scratch: Vec<Packed>,
    buffer: String,
}

impl Pool {
    /// The number of a text.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        self.texts.intern(text)
    }

    /// A text.
    pub(super) fn text(&self, text: u32) -> &str {
        self.texts.get(text)
    }

    /// An empty text to write a value into before it is interned; to be given
    /// back, so that its memory serves again.
    pub(super) fn take_buffer(&mut self) -> String {
        std::mem::take(&mut self.buffer)
    }

    /// Takes the buffer back.
    pub(super) fn give_buffer(&mut self, mut buffer: String) {
        buffer.clear();
        self.buffer = buffer;
    }

    /// Texts and values apart, to change one by the other.
    pub(super) fn texts_and_values(&mut self) -> (&mut Interner<Texts>, &mut Vec<Many>) {
        (&mut self.texts, &mut self.values)
    }

    /// The number of a list of witnesses.
    pub(super) fn intern_witnesses(&mut self, witnesses: &[&OwnedWitness]) -> u32 {
        self.scratch.clear();
        for witness in witnesses {
            self.scratch.push(Packed {
                field: witness.field,
                op: witness.op,
                literal: self.texts.intern(&witness.literal),
                seen: self.texts.intern(&witness.seen),
                class: witness.class,
                role: witness.role,
                how: witness.how,
            });
        }
        self.witnesses.intern(&self.scratch)
    }

    /// A list of witnesses.
    pub(super) fn witnesses(&self, list: u32) -> &[Packed] {
        self.witnesses.get(list)
    }

    /// The set of all places of `known` and `more`.
    pub(super) fn add_places(&mut self, known: u32, more: &[u32]) -> u32 {
        union(&mut self.places, known, more)
    }

    /// The set of all places of two sets.
    pub(super) fn merge_places(&mut self, one: u32, other: u32) -> u32 {
        if one == other { one } else { merge(&mut self.places, one, other) }
    }

    /// The places of a set, ascending.
    pub(super) fn places(&self, set: u32) -> &[u32] {
        self.places.get(set)
    }

    /// The set of all grounds of `known` and `more`.
    pub(super) fn add_grounds(&mut self, known: u32, more: &[Ground]) -> u32 {
        union(&mut self.grounds, known, more)
    }

    /// The set of all grounds of two sets.
    pub(super) fn merge_grounds(&mut self, one: u32, other: u32) -> u32 {
        if one == other { one } else { merge(&mut self.grounds, one, other) }
    }

    /// The grounds of a set, ascending.
    pub(super) fn grounds(&self, set: u32) -> &[Ground] {
        self.grounds.get(set)
    }

    /// Notes that so many texts may be no longer referred to.
    pub(super) fn replace(&mut self, texts: usize) {
        self.replaced += texts;
    }

    /// How many texts it holds, referred to or not.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether a good part of the texts may be no longer referred to.
    pub(super) fn is_wasteful(&self) -> bool {
        self.replaced > self.texts.len().max(LITTLE)
    }
}

fn union<T: Copy + Ord + std::hash::Hash>(
    sets: &mut Interner<Lists<T>>,
    known: u32,
    more: &[T],
) -> u32 {
    let all = sets.get(known);
    if more.iter().all(|one| all.contains(one)) {
        return known;
    }
    if all.is_empty() && more.is_sorted_by(|one, next| one < next) {
        return sets.intern(more);
    }
    let mut all: Vec<T> = all.iter().chain(more).copied().collect();
    all.sort_unstable();
    all.dedup();
    sets.intern(&all)
}

fn merge<T: Copy + Ord + std::hash::Hash>(
    sets: &mut Interner<Lists<T>>,
    one: u32,
    other: u32,
) -> u32 {
    let more = sets.get(other).to_vec();
    union(sets, one, &more)
}

/// Nothing, one number, or the place of a set of several: the four bytes by
/// which a group refers to a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot(u32);

/// What a [`Slot`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Nothing,
    One(u32),
    Many(usize),
}

impl Slot {
    pub(super) fn one(number: u32) -> Slot {
        assert!(number < MOST, "memory ends before the numbers do");
        Slot(number + 1)
    }

    /// Puts the set into `sets`.
    pub(super) fn many<T>(sets: &mut Vec<T>, set: T) -> Slot {
        sets.push(set);
        Slot::at(sets.len() - 1)
    }

    /// The set at a place.
    pub(super) fn at(place: usize) -> Slot {
        let place = u32::try_from(place).unwrap_or(MOST);
        assert!(place < MOST, "memory ends before the numbers do");
        Slot(1 << 31 | place)
    }

    pub(super) fn held(self) -> Held {
        match self.0 {
            0 => Held::Nothing,
            number if number < 1 << 31 => Held::One(number - 1),
            place => Held::Many((place ^ 1 << 31) as usize),
        }
    }
}

/// Takes the parts of groups from a pool into another.
pub(super) struct Moving<'p> {
    from: Pool,
    to: &'p mut Pool,
    /// By number there, the number here; 0 if it was not asked for yet.
    texts: Vec<u32>,
    /// By number of an event there, the number here; empty if they are the same.
    events: &'p [u32],
}

impl<'p> Moving<'p> {
    /// From one pool into another, where the numbers of events are others.
    pub(super) fn new(from: Pool, to: &'p mut Pool, events: &'p [u32]) -> Moving<'p> {
        let texts = vec![0; from.texts.limit()];
        Moving { from, to, texts, events }
    }

    /// The pool that is moved into.
    pub(super) fn to(&mut self) -> &mut Pool {
        self.to
    }

    pub(super) fn text(&mut self, text: u32) -> u32 {
        let known = &mut self.texts[text as usize];
        if *known == 0 {
            *known = self.to.texts.intern(self.from.texts.get(text));
        }
        *known
    }

    pub(super) fn places(&mut self, set: u32) -> u32 {
        self.to.places.intern(self.from.places.get(set))
    }

    pub(super) fn grounds(&mut self, set: u32) -> u32 {
        self.to.grounds.intern(self.from.grounds.get(set))
    }

    pub(super) fn witnesses(&mut self, list: u32) -> u32 {
        let mut all = self.from.witnesses.get(list).to_vec();
        for one in &mut all {
            (one.literal, one.seen) = (self.text(one.literal), self.text(one.seen));
        }
        self.to.witnesses.intern(&all)
    }

    pub(super) fn values(&mut self, slot: Slot) -> Slot {
        match slot.held() {
            Held::Nothing => slot,
            Held::One(text) => Slot::one(self.text(text)),
            Held::Many(at) => {
                let mut many = std::mem::take(&mut self.from.values[at]);
                many.smallest.iter_mut().for_each(|text| *text = self.text(*text));
                Slot::many(&mut self.to.values, many)
            }
        }
    }

    pub(super) fn reports(&mut self, slot: Slot) -> Slot {
        match slot.held() {
            Held::Nothing => slot,
            Held::One(text) => Slot::one(self.text(text)),
            Held::Many(at) => {
                let reports = std::mem::take(&mut self.from.reports[at]);
                Slot::many(&mut self.to.reports, reports)
            }
        }
    }

    pub(super) fn events(&mut self, slot: Slot) -> Slot {
        let here = |number: u32| self.events.get(number as usize).copied().unwrap_or(number);
        match slot.held() {
            Held::Nothing => slot,
            Held::One(number) => Slot::one(here(number)),
            Held::Many(at) => {
                let mut events = std::mem::take(&mut self.from.events[at]);
                if !self.events.is_empty() {
                    events = events.into_iter().map(here).collect();
                }
                Slot::many(&mut self.to.events, events)
            }
        }
    }
}
