//! The root module of a plugin: the functions that the host calls.
//!
//! Plain `extern "C"` functions in prefix structs instead of trait objects: a
//! call costs what a call through a C table costs, a panic can be kept inside
//! by the shim that every function is (`remora-sdk` generates them), and
//! growth is appending.

use std::ffi::c_void;

use abi_stable::{
    StableAbi,
    library::RootModule,
    package_version_strings,
    sabi_types::VersionStrings,
    std_types::{RResult, RSlice, RStr},
};

use crate::{AbiError, Batch, Fact, Finding, Hit, HostServicesRef, Interest, RuleInfo};

/// Where a detector puts what it says. Functions never fail and never unwind;
/// what the host cannot use (a row out of range, an unknown rule) it reports
/// as a fault of the detector after the call.
///
/// Owner: the host. Lives for the call it is passed to, on that thread.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
#[sabi(kind(Prefix(prefix_ref = SinkTableRef, prefix_fields = SinkTablePrefix)))]
#[sabi(missing_field(option))]
pub struct SinkTable {
    /// States a rule; only during [`DetectorModule::rules`].
    pub rule: extern "C" fn(ctx: *mut c_void, rule: &RuleInfo<'_>),
    /// States an interest; only during [`DetectorModule::interests`].
    pub interest: extern "C" fn(ctx: *mut c_void, interest: &Interest<'_>),
    /// States a finding; only during [`DetectorModule::inspect`].
    #[sabi(last_prefix_field)]
    pub finding: extern "C" fn(ctx: *mut c_void, finding: &Finding<'_>),
    /// States a fact; only during [`DetectorModule::inspect`]. Since ABI 1.1.
    pub learn: extern "C" fn(ctx: *mut c_void, fact: &Fact<'_>),
}

/// A [`SinkTable`] with the host's context for one call.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Sink {
    /// The host's; passed back to every function of the table, never read.
    pub ctx: *mut c_void,
    /// The functions.
    pub table: SinkTableRef,
}

/// One detector instance for a run, opaque to the host.
///
/// Owner: the plugin, from `new` until `drop`. Shared by all workers: the
/// plugin guarantees that it is `Send + Sync`.
#[repr(transparent)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct DetectorHandle(pub *mut c_void);

// SAFETY: `remora-sdk` makes handles from `Detector`s only, which are `Send`
// and `Sync` by the trait's bounds; the contract above asks the same of others.
unsafe impl Send for DetectorHandle {}
// SAFETY: as above.
unsafe impl Sync for DetectorHandle {}

/// The functions of a detector. A prefix type: later ABIs append functions
/// (`adopt` came with 1.1), and a host treats an absent one as absent.
///
/// No function unwinds. After [`Status::PANIC`](crate::Status::PANIC) the
/// detector answers every call with [`Status::POISONED`](crate::Status::POISONED).
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
#[sabi(kind(Prefix(prefix_ref = DetectorModuleRef, prefix_fields = DetectorModulePrefix)))]
#[sabi(missing_field(option))]
pub struct DetectorModule {
    /// The manifest, the same text as in the ELF note.
    pub manifest: extern "C" fn() -> RStr<'static>,
    /// Makes one detector for the run. `config` is TOML, `""` for none.
    pub new:
        extern "C" fn(host: HostServicesRef, config: RStr<'_>) -> RResult<DetectorHandle, AbiError>,
    /// States the detector's rules through `sink.rule`, each time the same.
    pub rules: extern "C" fn(detector: DetectorHandle, sink: &Sink) -> RResult<(), AbiError>,
    /// States what it wants to see through `sink.interest`, each time the same.
    pub interests: extern "C" fn(detector: DetectorHandle, sink: &Sink) -> RResult<(), AbiError>,
    /// Looks at the rows that met its interests and states findings through
    /// `sink.finding`. A pure function of configuration and batch. Called from
    /// several threads at once; not called when no row met an interest.
    pub inspect: extern "C" fn(
        detector: DetectorHandle,
        batch: &Batch<'_>,
        hits: RSlice<'_, Hit>,
        sink: &Sink,
    ) -> RResult<(), AbiError>,
    /// Ends the detector. The handle is not used afterwards.
    #[sabi(last_prefix_field)]
    pub drop: extern "C" fn(detector: DetectorHandle),
    /// Makes the detector of the second pass: `facts` are all that `detector`
    /// has learned in the first, sorted, none twice. The new detector has the
    /// same rules in the same order; it is asked for its interests, and then
    /// inspects the events that meet them. It states no facts. Called at most
    /// once, after the last `inspect` of the first pass, and not where nothing
    /// was learned; both handles are dropped. Absent in plugins built before
    /// ABI 1.1, which learn nothing.
    pub adopt: extern "C" fn(
        detector: DetectorHandle,
        facts: RSlice<'_, Fact<'_>>,
    ) -> RResult<DetectorHandle, AbiError>,
}

impl RootModule for DetectorModuleRef {
    abi_stable::declare_root_module_statics! {DetectorModuleRef}
    const BASE_NAME: &'static str = "remora_detector";
    const NAME: &'static str = "remora_detector";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}
