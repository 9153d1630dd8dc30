//! A module that answers errors where the SDK's trait cannot: a host must not
//! rely on who wrote the shims.

use std::ptr;

use remora_engine::{
    Detectors, LoadError,
    abi::{
        AbiError, Batch, DetectorHandle, DetectorModule, Fact, Hit, HostServicesRef, RErr, ROk,
        RResult, RSlice, RStr, Sink, Status,
    },
    host::{LinkedIn, LoadStep, Plugins},
};

const MANIFEST: &str = "name = \"raw\"\nversion = \"0.1.0\"\nabi = \"1.0.0\"\npanic = \"unwind\"\n";

fn error<T>() -> RResult<T, AbiError> {
    RErr(AbiError { status: Status::FAILED, message: "no\nwill\u{7}".into() })
}

extern "C" fn manifest() -> RStr<'static> {
    RStr::from_str(MANIFEST)
}

extern "C" fn new(_: HostServicesRef, _: RStr<'_>) -> RResult<DetectorHandle, AbiError> {
    ROk(DetectorHandle(ptr::null_mut()))
}

extern "C" fn new_fails(_: HostServicesRef, _: RStr<'_>) -> RResult<DetectorHandle, AbiError> {
    error()
}

extern "C" fn says_nothing(_: DetectorHandle, _: &Sink) -> RResult<(), AbiError> {
    ROk(())
}

extern "C" fn fails(_: DetectorHandle, _: &Sink) -> RResult<(), AbiError> {
    error()
}

extern "C" fn inspect(
    _: DetectorHandle,
    _: &Batch<'_>,
    _: RSlice<'_, Hit>,
    _: &Sink,
) -> RResult<(), AbiError> {
    ROk(())
}

extern "C" fn drop(_: DetectorHandle) {}

extern "C" fn adopt(
    detector: DetectorHandle,
    _: RSlice<'_, Fact<'_>>,
) -> RResult<DetectorHandle, AbiError> {
    ROk(detector)
}

const FINE: DetectorModule = DetectorModule {
    manifest,
    new,
    rules: says_nothing,
    interests: says_nothing,
    inspect,
    drop,
    adopt,
};

fn start(module: DetectorModule) -> Result<Detectors, LoadError> {
    let linked_in = [LinkedIn { manifest: MANIFEST, module }];
    Detectors::start(&linked_in, &Plugins::default(), &[])
}

#[test]
fn an_error_in_any_call_of_the_start_is_told_on_one_line() {
    assert_eq!(start(FINE).expect("it starts").len(), 1);
    for (module, step, call) in [
        (DetectorModule { new: new_fails, ..FINE }, LoadStep::Start, "new"),
        (DetectorModule { rules: fails, ..FINE }, LoadStep::Rules, "rules"),
        (DetectorModule { interests: fails, ..FINE }, LoadStep::Rules, "interests"),
    ] {
        let error = start(module).expect_err(call);
        assert_eq!(error.step, step, "{call}");
        assert_eq!(error.why, format!("raw failed in `{call}`: no will"));
    }
}
