//! Between the C table that the host calls and the trait that an author
//! writes: the only unsafe code of the SDK.
//!
//! Every entry is guarded: no panic leaves it, because one that did would
//! abort the host. After a panic the detector is *poisoned*: every later call
//! answers [`Status::POISONED`], and its memory is leaked rather than dropped,
//! since its own code can no longer be trusted to run. Calls that were already
//! under way on other threads end as they may; the trait is `Sync`, so that is
//! as sound as any panic with shared state.
//!
//! The shims are generic functions and not macro text, so that they can be
//! read and tested, and so that a linked-in detector runs the same ones as a
//! loaded one.

use std::{
    any::Any,
    marker::PhantomData,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
};

use abi_stable::{
    library::{CheckTypeLayout, LibHeader, RootModuleResult},
    prefix_type::{PrefixRefTrait as _, PrefixTypeTrait as _},
    std_types::ROk,
};

use crate::{
    Batch, Detector, Error, Fact, Findings, Hit, Interests, Rules,
    abi::{
        self, AbiError, DetectorHandle, DetectorModule, DetectorModuleRef, HostServicesRef, RErr,
        RResult, RSlice, RStr, Sink, Status,
    },
    log,
};

/// A detector behind its handle.
struct Slot<D> {
    detector: D,
    /// Set for good by the first panic.
    poisoned: AtomicBool,
}

/// The functions by which a host reaches the detector `D`.
#[derive(Debug)]
pub struct Shim<D>(PhantomData<D>);

impl<D: Detector> Shim<D> {
    /// For a detector that is linked into the host's program.
    pub const MODULE: DetectorModule = DetectorModule {
        manifest: Self::manifest,
        new: Self::make_linked,
        rules: Self::rules,
        interests: Self::interests,
        inspect: Self::inspect,
        drop: Self::drop,
        adopt: Self::adopt,
    };

    /// For a detector in a file of its own, as
    /// [`export_detector!`](crate::export_detector) exports it: its first `new`
    /// also connects the plugin's panic messages and `tracing` events with the
    /// host's log. Those are process-wide settings, and a plugin file has its
    /// own copy of them; a linked-in detector shares the host's and must leave
    /// them alone.
    pub const LOADED: DetectorModule = DetectorModule { new: Self::make_loaded, ..Self::MODULE };

    extern "C" fn manifest() -> RStr<'static> {
        RStr::from_str(D::MANIFEST)
    }

    extern "C" fn make_linked(
        _host: HostServicesRef,
        config: RStr<'_>,
    ) -> RResult<DetectorHandle, AbiError> {
        guard(|| Self::make(config.as_str()))
    }

    extern "C" fn make_loaded(
        host: HostServicesRef,
        config: RStr<'_>,
    ) -> RResult<DetectorHandle, AbiError> {
        guard(|| {
            log::connect(host, log::name_in(D::MANIFEST));
            Self::make(config.as_str())
        })
    }

    fn make(config: &str) -> Result<DetectorHandle, AbiError> {
        D::new(config).map(Self::handle).map_err(|e| failure(Status::CONFIG, &e))
    }

    fn handle(detector: D) -> DetectorHandle {
        let slot = Box::new(Slot { detector, poisoned: AtomicBool::new(false) });
        DetectorHandle(Box::into_raw(slot).cast())
    }

    extern "C" fn adopt(
        detector: DetectorHandle,
        facts: RSlice<'_, abi::Fact<'_>>,
    ) -> RResult<DetectorHandle, AbiError> {
        Self::enter(detector, |d| {
            let facts: Vec<Fact<'_>> = facts
                .iter()
                .map(|fact| Fact {
                    field: fact.field,
                    literal: fact.literal.as_str(),
                    set: fact.set.as_str(),
                })
                .collect();
            d.adopt(&facts).map(Self::handle)
        })
    }

    extern "C" fn rules(detector: DetectorHandle, sink: &Sink) -> RResult<(), AbiError> {
        Self::enter(detector, |d| {
            d.rules(&mut Rules::new(sink));
            Ok(())
        })
    }

    extern "C" fn interests(detector: DetectorHandle, sink: &Sink) -> RResult<(), AbiError> {
        Self::enter(detector, |d| {
            d.interests(&mut Interests::new(sink));
            Ok(())
        })
    }

    extern "C" fn inspect(
        detector: DetectorHandle,
        batch: &abi::Batch<'_>,
        hits: RSlice<'_, Hit>,
        sink: &Sink,
    ) -> RResult<(), AbiError> {
        Self::enter(detector, |d| {
            d.inspect(&Batch::new(batch), hits.as_slice(), &mut Findings::new(sink))
        })
    }

    extern "C" fn drop(detector: DetectorHandle) {
        // SAFETY: as in `enter`.
        let poisoned = unsafe { &(*detector.0.cast::<Slot<D>>()).poisoned };
        if poisoned.load(Ordering::Acquire) {
            return;
        }
        let dropped = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: `make` made the pointer with `Box::into_raw` from this
            // very type, and the host does not use the handle afterwards.
            drop(unsafe { Box::from_raw(detector.0.cast::<Slot<D>>()) });
        }));
        if let Err(payload) = dropped {
            // Nobody is left to be told; the hook has printed it.
            mem::forget(payload);
        }
    }

    /// Calls into a detector that has not panicked yet.
    fn enter<T>(
        detector: DetectorHandle,
        call: impl FnOnce(&D) -> Result<T, Error>,
    ) -> RResult<T, AbiError> {
        // SAFETY: the contract of `DetectorModule` is that the host passes
        // handles that this module's `new` returned, and none after `drop`:
        // so never null, and always a live `Slot<D>`. The reference is shared,
        // and `D` is `Sync`.
        let slot = unsafe { &*detector.0.cast::<Slot<D>>() };
        if slot.poisoned.load(Ordering::Acquire) {
            return RErr(AbiError {
                status: Status::POISONED,
                message: "the detector panicked in an earlier call".into(),
            });
        }
        let result = guard(|| call(&slot.detector).map_err(|e| failure(Status::FAILED, &e)));
        if let RErr(AbiError { status: Status::PANIC, .. }) = result {
            slot.poisoned.store(true, Ordering::Release);
        }
        result
    }
}

/// Runs `call`, and turns a panic into an error.
fn guard<T>(call: impl FnOnce() -> Result<T, AbiError>) -> RResult<T, AbiError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => ROk(value),
        Ok(Err(error)) => RErr(error),
        Err(payload) => {
            let message = panic_message(payload.as_ref()).into();
            // Dropping a payload may panic again.
            mem::forget(payload);
            RErr(AbiError { status: Status::PANIC, message })
        }
    }
}

/// What a panic said, as far as it said it in words.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(a payload that is not text)")
}

/// An error and its causes, on one line.
fn failure(status: Status, error: &Error) -> AbiError {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    let line: Vec<&str> = message.lines().map(str::trim).collect();
    AbiError { status, message: line.join(" ").into() }
}

/// The header that a plugin file exports for `D`, layout check included.
pub const fn header<D: Detector>() -> LibHeader {
    // SAFETY: `root::<D>` returns what was cast from the prefix of a
    // `DetectorModuleRef`, which is the type named here.
    unsafe { LibHeader::from_constructor::<DetectorModuleRef>(root::<D>, CheckTypeLayout::Yes) }
}

extern "C" fn root<D: Detector>() -> RootModuleResult {
    let module: DetectorModuleRef = Shim::<D>::LOADED.leak_into_prefix();
    // SAFETY: erasing the type is what the header's constructor is asked for;
    // the host casts it back after it has compared layouts.
    ROk(unsafe { module.to_prefix_ref().cast() })
}

/// The host's side of a sink, for the test kit.
#[cfg(feature = "testing")]
pub(crate) mod receive {
    use std::{ffi::c_void, ptr};

    use abi_stable::{prefix_type::WithMetadata, staticref};

    use crate::abi::{Fact, Finding, Interest, RuleInfo, Sink, SinkTable, SinkTableRef};

    /// What is done with what a detector says.
    pub(crate) trait Receive {
        fn rule(&mut self, rule: &RuleInfo<'_>);
        fn interest(&mut self, interest: &Interest<'_>);
        fn finding(&mut self, finding: &Finding<'_>);
        fn learn(&mut self, fact: &Fact<'_>);
    }

    /// Runs `call` with a sink that leads to `receiver`.
    pub(crate) fn with_sink<R: Receive, T>(receiver: &mut R, call: impl FnOnce(&Sink) -> T) -> T {
        call(&Sink { ctx: ptr::from_mut(receiver).cast(), table: Table::<R>::table() })
    }

    struct Table<R>(R);

    impl<R: Receive> Table<R> {
        staticref! {
            const TABLE: WithMetadata<SinkTable> = WithMetadata::new(SinkTable {
                rule: Self::rule,
                interest: Self::interest,
                finding: Self::finding,
                learn: Self::learn,
            })
        }

        fn table() -> SinkTableRef {
            SinkTableRef(Self::TABLE.as_prefix())
        }

        /// # Safety
        ///
        /// `ctx` must come from `with_sink::<R>`, and its call must not have
        /// ended.
        unsafe fn receiver<'a>(ctx: *mut c_void) -> &'a mut R {
            // SAFETY: `with_sink` made `ctx` from a `&mut R` which it holds
            // throughout the call and does not use itself.
            unsafe { &mut *ctx.cast::<R>() }
        }

        extern "C" fn rule(ctx: *mut c_void, rule: &RuleInfo<'_>) {
            // SAFETY: a sink lives for the call that it is passed to, on that
            // thread, and detectors pass `ctx` back as it is.
            unsafe { Self::receiver(ctx) }.rule(rule);
        }

        extern "C" fn interest(ctx: *mut c_void, interest: &Interest<'_>) {
            // SAFETY: as in `rule`.
            unsafe { Self::receiver(ctx) }.interest(interest);
        }

        extern "C" fn finding(ctx: *mut c_void, finding: &Finding<'_>) {
            // SAFETY: as in `rule`.
            unsafe { Self::receiver(ctx) }.finding(finding);
        }

        extern "C" fn learn(ctx: *mut c_void, fact: &Fact<'_>) {
            // SAFETY: as in `rule`.
            unsafe { Self::receiver(ctx) }.learn(fact);
        }
    }
}
