//! One event, as conditions of the rule language ask it.

use remora_abi::Field;
use remora_rules::EventView;
use remora_sources::Events;

/// A row of decoded events.
#[derive(Clone, Copy)]
pub(super) struct Row<'e> {
    pub(super) events: &'e Events,
    pub(super) row: usize,
}

impl EventView for Row<'_> {
    fn text(&self, field: Field) -> &str {
        self.events.text(self.row, field)
    }

    fn number(&self, field: Field) -> Option<i64> {
        self.events.number(self.row, field)
    }
}
