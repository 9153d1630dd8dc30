//! Sets of what a group's events carried: capped, exact in number, and the
//! same whatever the order in which values came or parts were merged.

use std::{
    collections::{HashSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

use super::{
    intern::{Interner, Texts},
    listed::List,
    pool::{Held, Moving, Pool, Slot},
};

/// At most this many values of a set are kept: the smallest.
pub const VALUES_CAP: usize = 20;

/// The smallest values, and how many different ones there were. Four bytes in
/// the group: most sets hold one value, and there are ten sets to each of
/// perhaps a million groups.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ValueSet(Slot);

/// A set of several values.
#[derive(Debug, Default)]
pub(super) struct Many {
    /// Texts, ascending by what they say.
    pub(super) smallest: Vec<u32>,
    /// Hashes of every value, from when there were more than the cap.
    all: Option<HashSet<u64>>,
}

impl ValueSet {
    /// Adds a value; an empty one is none.
    pub(super) fn insert(&mut self, value: &str, pool: &mut Pool) {
        if value.is_empty() {
            return;
        }
        match self.0.held() {
            Held::Nothing => self.0 = Slot::one(pool.intern(value)),
            Held::One(known) if pool.text(known) == value => {}
            Held::One(known) => {
                let mut many = Many { smallest: vec![known], all: None };
                let (texts, values) = pool.texts_and_values();
                many.insert(value, texts);
                self.0 = Slot::many(values, many);
            }
            Held::Many(at) => {
                let (texts, values) = pool.texts_and_values();
                if values[at].insert(value, texts) {
                    pool.replace(1);
                }
            }
        }
    }

    /// Adds a number.
    pub(super) fn insert_number(&mut self, number: i64, pool: &mut Pool) {
        let digits = digits(number);
        self.insert(std::str::from_utf8(&digits).expect("seven bits are ASCII"), pool);
    }

    /// Adds every value of another set of the same pool.
    pub(super) fn merge(&mut self, other: ValueSet, pool: &mut Pool) {
        let (one, other) = match (self.0.held(), other.0.held()) {
            (_, Held::Nothing) => return,
            (Held::Nothing, _) => return *self = other,
            (Held::One(one), Held::One(other)) if one == other => return,
            held => held,
        };
        let (texts, values) = pool.texts_and_values();
        let mut take = |held| match held {
            Held::Nothing => Many::default(),
            Held::One(text) => Many { smallest: vec![text], all: None },
            Held::Many(at) => std::mem::take(&mut values[at]),
        };
        let (mut all, more) = (take(one), take(other));
        all.merge(more, texts);
        self.0 = match (one, other) {
            (Held::Many(at), _) | (_, Held::Many(at)) => {
                values[at] = all;
                Slot::at(at)
            }
            _ => Slot::many(values, all),
        };
    }

    /// The same set in another pool.
    pub(super) fn moved(self, moving: &mut Moving<'_>) -> ValueSet {
        ValueSet(moving.values(self.0))
    }

    fn smallest<V>(self, pool: &Pool, value: impl Fn(u32) -> V) -> List<V> {
        match self.0.held() {
            Held::Nothing => List::default(),
            Held::One(text) => List::One([value(text)]),
            Held::Many(at) => {
                List::Many(pool.values[at].smallest.iter().map(|text| value(*text)).collect())
            }
        }
    }

    /// The smallest values, ascending.
    pub(super) fn texts(self, pool: &Pool) -> List<&str> {
        self.smallest(pool, |text| pool.text(text))
    }

    /// The smallest text.
    pub(super) fn first(self, pool: &Pool) -> Option<&str> {
        match self.0.held() {
            Held::Nothing => None,
            Held::One(text) => Some(pool.text(text)),
            Held::Many(at) => pool.values[at].smallest.first().map(|text| pool.text(*text)),
        }
    }

    /// The smallest numbers, ascending.
    pub(super) fn numbers(self, pool: &Pool) -> List<i64> {
        self.smallest(pool, |number| number_of(pool.text(number)))
    }

    /// How many different values there were.
    pub(super) fn total(self, pool: &Pool) -> usize {
        match self.0.held() {
            Held::Nothing => 0,
            Held::One(_) => 1,
            Held::Many(at) => {
                let many = &pool.values[at];
                many.all.as_ref().map_or(many.smallest.len(), |all| all.len())
            }
        }
    }
}

impl Many {
    /// Adds a value, and tells whether one was pushed out by it.
    fn insert(&mut self, value: &str, texts: &mut Interner<Texts>) -> bool {
        let place = self.smallest.binary_search_by(|known| texts.get(*known).cmp(value));
        let Err(place) = place else { return false };
        if self.smallest.len() == VALUES_CAP {
            self.hashes(texts).insert(hash(value));
            if place == VALUES_CAP {
                return false;
            }
            self.smallest.pop();
            self.smallest.insert(place, texts.intern(value));
            return true;
        }
        self.smallest.insert(place, texts.intern(value));
        false
    }

    fn merge(&mut self, other: Many, texts: &Interner<Texts>) {
        if self.all.is_some() || other.all.is_some() {
            let all = self.hashes(texts);
            match other.all {
                Some(others) => all.extend(others.iter()),
                None => all.extend(other.smallest.iter().map(|text| hash(texts.get(*text)))),
            }
        }
        self.smallest.extend(other.smallest);
        self.smallest.sort_unstable_by_key(|text| texts.get(*text));
        self.smallest.dedup();
        if self.smallest.len() > VALUES_CAP {
            self.hashes(texts);
            self.smallest.truncate(VALUES_CAP);
        }
    }

    /// The hashes of every value so far.
    fn hashes(&mut self, texts: &Interner<Texts>) -> &mut HashSet<u64> {
        let smallest = self.smallest.iter();
        self.all.get_or_insert_with(|| smallest.map(|text| hash(texts.get(*text))).collect())
    }
}

/// A number as a text of ten characters of seven bits, so that numbers sort by
/// value.
fn digits(number: i64) -> [u8; 10] {
    let bits = (number ^ i64::MIN) as u64;
    std::array::from_fn(|at| (bits >> (7 * (9 - at)) & 0x7f) as u8)
}

/// The number of [`digits`].
fn number_of(text: &str) -> i64 {
    text.bytes().fold(0, |bits: i64, byte| bits << 7 | i64::from(byte)) ^ i64::MIN
}

fn hash(value: &str) -> u64 {
    // Without keys: the count must not differ from run to run.
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
