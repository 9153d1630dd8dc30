//! Events that several inputs hold: two exports of one period, a file under
//! two names. They count once in `distinct`; the summary names the inputs.

use std::collections::{BTreeMap, HashMap, HashSet, hash_map::Entry};

use serde::Serialize;

/// The identity of an event: equal for the same event in two exports.
pub(super) type Identity = [u8; 16];

/// Identities of the events with a finding, and the inputs that hold each.
/// Merging is commutative.
#[derive(Debug, Default)]
pub(super) struct Identities {
    /// The first input, by place, that holds it.
    first: HashMap<Identity, u32>,
    /// Every other one.
    others: HashSet<(Identity, u32)>,
}

impl Identities {
    /// Notes that `input` holds it.
    pub(super) fn insert(&mut self, identity: Identity, input: u32) {
        match self.first.entry(identity) {
            Entry::Vacant(entry) => {
                entry.insert(input);
            }
            Entry::Occupied(mut entry) => {
                let first = *entry.get();
                if first != input {
                    entry.insert(first.min(input));
                    self.others.insert((identity, first.max(input)));
                }
            }
        }
    }

    /// Takes in those of another worker.
    pub(super) fn merge(&mut self, other: Identities) {
        for (identity, input) in other.first {
            self.insert(identity, input);
        }
        for (identity, input) in other.others {
            self.insert(identity, input);
        }
    }

    /// How many different ones there are.
    pub(super) fn len(&self) -> usize {
        self.first.len()
    }

    /// Which inputs hold the same events, by name, and how many.
    pub(super) fn overlaps(&self, sources: &[String]) -> Vec<Overlap> {
        let mut pairs: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for (identity, other) in &self.others {
            *pairs.entry((self.first[identity], *other)).or_default() += 1;
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
        merged.merge(fill(&[4, 2, 1, 0]));
        assert_eq!(merged.overlaps(&sources), expected);
        assert_eq!(merged.len(), 3);
    }
}
