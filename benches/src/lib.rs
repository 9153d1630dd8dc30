//! What the benches share: made-up inputs and how they are measured.
//!
//! Inputs are generated from a seed and carry the right answer with them, so
//! that every bench can check its own answer before it measures anything, and
//! a fresh clone needs no data. Recorded logs would be more real and would have
//! to be fetched, explained and licensed; what they show beyond this (whole
//! files, against other programs) is no matter of a microbench.
#![forbid(unsafe_code)]

pub mod domains;
pub mod event;
pub mod events;
pub mod figures;
pub mod inputs;
pub mod machine;
pub mod plot;
pub mod plugin;
pub mod random;
pub mod terms;
pub mod ways;

use std::time::Duration;

use criterion::Criterion;

/// How the benches measure, unless the command line says otherwise: short, so
/// that all groups together take a few minutes on two cores. A figure that a
/// decision rests on wants `--measurement-time 10`.
pub fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1200))
        .sample_size(30)
        .nresamples(20_000)
        .configure_from_args()
}
