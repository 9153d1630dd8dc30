//! Events that several inputs hold: two exports of one period, a file under
//! two names. They count once in `distinct`; the summary names the inputs.

use std::collections::{BTreeMap, HashSet};

use hashbrown::{HashTable, hash_table::Entry};
use serde::Serialize;

/// The identity of an event: equal for the same event in two exports. A
/// cryptographic hash, so that any part of it is as good as the whole for
/// looking it up.
pub(super) type Identity = [u8; 16];

/// Identities of the events with a finding, and the inputs that hold each.
/// Merging is commutative.
#[derive(Debug, Default)]
pub(super) struct Identities {
    /// By number, in the order in which they came.
    all: Vec<Identity>,
    /// By number: the first input, by place, that holds it.
    first: Vec<u32>,
    numbers: HashTable<u32>,
    /// Every other one: number and input.
    others: HashSet<(u32, u32)>,
}

fn hash(identity: &Identity) -> u64 {
    let (hash, _) = identity.split_first_chunk().expect("an identity has sixteen bytes");
    u64::from_le_bytes(*hash)
}

impl Identities {
    /// Notes that `input` holds it, and gives its number.
    pub(super) fn insert(&mut self, identity: Identity, input: u32) -> u32 {
        let Identities { all, first, numbers, others } = self;
        let of = |number: &u32| &all[*number as usize];
        match numbers.entry(hash(&identity), |one| *of(one) == identity, |one| hash(of(one))) {
            Entry::Vacant(entry) => {
                let number = u32::try_from(all.len()).expect("memory ends before the numbers do");
                entry.insert(number);
                all.push(identity);
                first.push(input);
                number
            }
            Entry::Occupied(entry) => {
                let number = *entry.get();
                let known = &mut first[number as usize];
                if *known != input {
                    others.insert((number, input.max(*known)));
                    *known = input.min(*known);
                }
                number
            }
        }
    }

    /// Takes in those of another worker, and gives by number there the number
    /// here.
    pub(super) fn merge(&mut self, other: Identities) -> Vec<u32> {
        let all = other.all.iter().zip(other.first);
        let here: Vec<u32> = all.map(|(identity, input)| self.insert(*identity, input)).collect();
        for (number, input) in other.others {
            self.insert(other.all[number as usize], input);
        }
        here
    }

    /// How many different ones there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Which inputs hold the same events, by name, and how many.
    pub(super) fn overlaps(&self, sources: &[String]) -> Vec<Overlap> {
        let mut pairs: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for (number, other) in &self.others {
            *pairs.entry((self.first[*number as usize], *other)).or_default() += 1;
        }
        let name = |at: u32| sources[at as usize].clone();
        pairs
            .into_iter()
            .map(|((one, other), events)| Overlap { inputs: [name(one), name(other)], events })
            .collect()
    }
}

/// Two inputs that hold the same events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// Their names.
    pub inputs: [String; 2],
    /// Events with a finding that both hold.
    pub events: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_inputs_and_workers_does_not_matter() {
        let sources: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
        let held = [(1, 0), (1, 1), (2, 2), (2, 1), (3, 0), (3, 0), (1, 2)];
        let fill = |order: &[usize]| {
            let mut all = Identities::default();
            for at in order {
                all.insert([held[*at].0; 16], held[*at].1);
            }
            all
        };
        let straight = fill(&[0, 1, 2, 3, 4, 5, 6]);
        let overlap = |one: &str, other: &str| Overlap {
            inputs: [one.to_owned(), other.to_owned()],
            events: 1,
        };
        let expected = vec![overlap("a", "b"), overlap("a", "c"), overlap("b", "c")];
        assert_eq!(straight.overlaps(&sources), expected);
        assert_eq!(straight.len(), 3);
        let mut merged = fill(&[6, 3, 5]);
        let numbers = merged.merge(fill(&[4, 2, 1, 0]));
        assert_eq!(numbers.len(), 3);
        assert!((0..3).all(|number| numbers.contains(&number)));
        assert_eq!(merged.overlaps(&sources), expected);
        assert_eq!(merged.len(), 3);
    }
}
