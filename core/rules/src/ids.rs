//! Equal literals are looked for once: who asked for which is kept apart.

use std::borrow::Cow;

use crate::{literals::hash_whole, term::Place};

/// A literal with where it counts (none: as the whole value) and whether its
/// case does.
type Key<'l> = (Cow<'l, str>, Option<Place>, bool);

/// The distinct ones of many literals, numbered, and who asked for each.
#[derive(Debug)]
pub(crate) struct Distinct<'l> {
    literals: Vec<Key<'l>>,
    /// One more than the number of the literal that stands here; 0 is free. A
    /// table of our own, because a million literals come here at every start,
    /// and a map that owns its keys takes twice the time.
    slots: Vec<u32>,
    /// Literal and asker.
    asked: Vec<(u32, u32)>,
}

impl<'l> Distinct<'l> {
    /// None, with room for at most so many.
    pub(crate) fn with_room(most: usize) -> Self {
        let slots = vec![0; (2 * most).next_power_of_two().max(2)];
        Distinct { literals: Vec::new(), slots, asked: Vec::new() }
    }

    /// `id` asks for this literal.
    pub(crate) fn add(&mut self, literal: Key<'l>, id: u32) {
        let last = self.slots.len() - 1;
        // Half of the slots stay free, so a free one is near.
        let mut at = hash_whole(literal.0.as_bytes()) as usize & last;
        let number = loop {
            match self.slots[at].checked_sub(1) {
                Some(number) if self.literals[number as usize] == literal => break number,
                Some(_) => at = (at + 1) & last,
                None => {
                    let number = self.literals.len() as u32;
                    self.literals.push(literal);
                    self.slots[at] = number + 1;
                    break number;
                }
            }
        };
        self.asked.push((number, id));
    }

    /// The literals, in the order of their numbers.
    pub(crate) fn literals(&self) -> &[Key<'l>] {
        &self.literals
    }

    /// Who asked for each literal.
    pub(crate) fn ids(mut self) -> Ids {
        self.asked.sort_unstable();
        let mut starts = vec![0; self.literals.len() + 1];
        for &(number, _) in &self.asked {
            starts[number as usize + 1] += 1;
        }
        for number in 0..self.literals.len() {
            starts[number + 1] += starts[number];
        }
        let ids = self.asked.into_iter().map(|(_, id)| id);
        Ids { starts: starts.into(), ids: ids.collect() }
    }
}

/// The askers of each literal.
#[derive(Debug)]
pub(crate) struct Ids {
    /// Where the askers of each literal begin, and behind the last their end.
    starts: Box<[u32]>,
    ids: Box<[u32]>,
}

impl Ids {
    /// Who asked for this literal.
    pub(crate) fn of(&self, literal: usize) -> &[u32] {
        &self.ids[self.starts[literal] as usize..self.starts[literal + 1] as usize]
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        size_of_val(&*self.starts) + size_of_val(&*self.ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_literals_have_all_their_askers() {
        let mut distinct = Distinct::with_room(6);
        for (id, (text, place, case_sensitive)) in (10..).zip([
            ("a", Some(Place::Terms), false),
            ("b", Some(Place::Terms), false),
            ("a", Some(Place::Terms), false),
            ("a", None, false),
            ("a", None, true),
            ("b", Some(Place::Terms), false),
        ]) {
            distinct.add((text.into(), place, case_sensitive), id);
        }
        let texts: Vec<_> = distinct.literals().iter().map(|(text, ..)| text.to_string()).collect();
        assert_eq!(texts, ["a", "b", "a", "a"]);
        let ids = distinct.ids();
        let all: Vec<&[u32]> = (0..texts.len()).map(|at| ids.of(at)).collect();
        assert_eq!(all, [&[10, 12][..], &[11, 15], &[13], &[14]]);
    }
}
