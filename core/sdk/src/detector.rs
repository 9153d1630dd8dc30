//! The trait that a detector implements.
//!
//! Nothing in it is FFI: an author writes a struct and five functions, and
//! never sees a pointer, a layout or a calling convention. That is comfort,
//! and it keeps the door open for a host that reaches the same detector in
//! another way (a worker process, a sandbox).

use crate::{Batch, Fact, Findings, Hit, Interests, Rules};

/// Why a detector cannot go on, in words. `?` makes one of any error, and
/// `"…".into()` of a text.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A detector: sees the events that it asked for, and says what it finds.
///
/// # The life of a detector
///
/// 1. The host reads [`MANIFEST`](Self::MANIFEST) from the plugin's file,
///    before any code runs.
/// 2. [`new`](Self::new) makes one detector for the whole run.
/// 3. [`rules`](Self::rules) and [`interests`](Self::interests) are asked,
///    possibly more than once, before the first event.
/// 4. [`inspect`](Self::inspect) is called for every batch in which at least
///    one event met an interest; from several threads at once, batches in any
///    order.
/// 5. If it has learned something ([`Findings::learn`]), [`adopt`](Self::adopt)
///    makes a second detector from what was learned, and the host reads the
///    inputs once more, for that one alone.
/// 6. It is dropped after the last batch.
///
/// # What a failure does
///
/// A panic anywhere ends the detector, not the host: the detector is never
/// called again and not dropped, for nothing is known of its state. An error
/// from `inspect` switches it off for the rest of the run as well. What it had
/// said in the call that failed is discarded, what it said in earlier calls is
/// kept, and the report says that the detector's part is incomplete.
///
/// A stack overflow, an endless loop, `abort` and `exit` are not contained.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a detector",
    note = "implement `remora_sdk::Detector` for it"
)]
pub trait Detector: Send + Sync + Sized + 'static {
    /// Who the detector is; made with [`manifest!`](crate::manifest).
    const MANIFEST: &'static str;

    /// Makes the detector for a run.
    ///
    /// `config` is TOML, `""` where the user configured nothing. An error ends
    /// the program before any event is read, and its words are shown to the
    /// user: say which key is wrong and what it accepts. A detector that has
    /// no configuration should refuse one that is not empty, since a key that
    /// is silently ignored looks like one that works.
    fn new(config: &str) -> Result<Self, Error>;

    /// States every rule that a finding may name. The order of the pushes
    /// numbers them, and must be the same on every call.
    fn rules(&self, rules: &mut Rules<'_>);

    /// States what the detector wants to see. An event that meets none of its
    /// interests never reaches it, so they must cover everything that it could
    /// find; an event that meets one too many costs only time. The order of
    /// the pushes numbers them, and must be the same on every call.
    fn interests(&self, interests: &mut Interests<'_>);

    /// Looks at the rows of `batch` that `hits` names, and pushes what it
    /// finds.
    ///
    /// `hits` is never empty, is ordered by row, and has one entry per row and
    /// interest met. Rows without a hit may be looked at too, but whether such
    /// a row is in the batch at all depends on what *other* detectors want.
    ///
    /// This must be a function of configuration and batch alone: no state
    /// that remembers earlier batches, no clock, no randomness. Batches are cut
    /// anywhere and come in any order, and the output must not depend on it.
    fn inspect(
        &self,
        batch: &Batch<'_>,
        hits: &[Hit],
        findings: &mut Findings<'_>,
    ) -> Result<(), Error>;

    /// Makes the detector of the second pass from what this one has learned in
    /// the first: all of it, sorted, whatever the order of events and inputs.
    /// It must state the same rules; its interests may be quite others. What
    /// it finds is added to what was found before. What it learns is ignored.
    ///
    /// A detector that never learns is never asked; by default it is an error.
    fn adopt(&self, facts: &[Fact<'_>]) -> Result<Self, Error> {
        let _ = facts;
        Err("this detector learns facts and cannot adopt them".into())
    }
}
