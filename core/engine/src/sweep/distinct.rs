//! The events of a group, each once.

use roaring::RoaringBitmap;

use super::pool::{Held, Moving, Pool, Slot};

/// Events by their number in [`super::overlap::Identities`]: in the group four
/// bytes, for most have one event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EventSet(Slot);

impl EventSet {
    /// Adds an event.
    pub(super) fn insert(&mut self, event: u32, pool: &mut Pool) {
        match self.0.held() {
            Held::Nothing => self.0 = Slot::one(event),
            Held::One(known) if known == event => {}
            Held::One(known) => {
                let both = RoaringBitmap::from_iter([known, event]);
                self.0 = Slot::many(&mut pool.events, both);
            }
            Held::Many(at) => {
                pool.events[at].insert(event);
            }
        }
    }

    /// Adds every event of another set of the same pool.
    pub(super) fn merge(&mut self, other: EventSet, pool: &mut Pool) {
        match (self.0.held(), other.0.held()) {
            (_, Held::Nothing) => {}
            (Held::Nothing, _) => *self = other,
            (Held::One(one), Held::Many(_)) => {
                *self = other;
                self.insert(one, pool);
            }
            (_, Held::One(event)) => self.insert(event, pool),
            (Held::Many(at), Held::Many(other)) => {
                let other = std::mem::take(&mut pool.events[other]);
                pool.events[at] |= other;
            }
        }
    }

    /// The same set in another pool.
    pub(super) fn moved(self, moving: &mut Moving<'_>) -> EventSet {
        EventSet(moving.events(self.0))
    }

    /// How many there are.
    pub(super) fn len(self, pool: &Pool) -> u64 {
        match self.0.held() {
            Held::Nothing => 0,
            Held::One(_) => 1,
            Held::Many(at) => pool.events[at].len(),
        }
    }
}
