//! The layout of everything that crosses the boundary, compared with
//! `layout.txt`.
//!
//! The load-time check refuses a plugin whose layout differs, but only on the
//! machine of whoever loads it. This snapshot says the same on the machine of
//! whoever changes a type, names the field that moved, and shows a change that
//! was meant (a function appended, a new id) as a diff to read in review.
//! Function *signatures* do not show here, since every function pointer has
//! one size; the load-time check knows them.
//!
//! `REMORA_BLESS=1 cargo test -p remora-abi` writes the file anew.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]
// Sizes of pointers are part of the text; a 32-bit host has other plugins.
#![cfg(target_pointer_width = "64")]

use std::{
    env,
    fmt::Write as _,
    fs,
    mem::{align_of, offset_of, size_of},
    path::Path,
};

use remora_abi::{
    AbiError, Batch, Class, DetectorHandle, DetectorModule, DetectorModuleRef, Fact, Field,
    Finding, FindingText, Hit, HostServices, HostServicesRef, How, Interest, Kind, NumberColumn,
    Op, RResult, RSlice, RStr, RString, Role, RuleInfo, Sink, SinkTable, SinkTableRef, Status,
    TextColumn, TimeColumn, Witness, field::FIELDS, kind::KINDS,
};

/// Writes one type: size, alignment and the offset of every field. The
/// pattern has to name every field, so that one added without a line here
/// does not compile.
macro_rules! layout {
    ($out:ident, $ty:ty { $($field:tt),* $(,)? }) => {{
        type This = $ty;
        measure!($out, $ty);
        $(writeln!($out, "    {:>3} {}", offset_of!(This, $field), stringify!($field)).unwrap();)*
        let _every_field = |value: This| {
            let This { $($field: _),* } = value;
        };
    }};
}

/// Writes the size and alignment of types.
macro_rules! measure {
    ($out:ident, $($ty:ty),* $(,)?) => {
        $(writeln!(
            $out,
            "{} size {} align {}",
            stringify!($ty),
            size_of::<$ty>(),
            align_of::<$ty>(),
        )
        .unwrap();)*
    };
}

fn types() -> String {
    let mut out = String::new();
    measure!(
        out,
        RStr<'static>,
        RSlice<'static, u8>,
        RString,
        RResult<(), AbiError>,
        RResult<DetectorHandle, AbiError>,
        HostServicesRef,
        SinkTableRef,
        DetectorModuleRef,
    );
    layout!(out, Field { 0 });
    layout!(out, Kind { 0 });
    layout!(out, Op { 0 });
    layout!(out, Class { 0 });
    layout!(out, Role { 0 });
    layout!(out, How { 0 });
    layout!(out, Status { 0 });
    layout!(out, TextColumn<'static> { field, values });
    layout!(out, NumberColumn<'static> { field, values, validity });
    layout!(out, TimeColumn<'static> { values, validity });
    layout!(out, Batch<'static> { len, kinds, times, seqs, texts, numbers });
    layout!(out, Interest<'static> { kind, field, op, literal });
    layout!(out, Hit { row, interest });
    layout!(
        out,
        RuleInfo<'static> {
            id,
            tool,
            tool_name,
            title,
            techniques,
            kinds,
            keys,
            fields,
            where_text,
        }
    );
    layout!(out, Witness<'static> { field, op, literal, seen, class, role, how });
    layout!(out, FindingText<'static> { field, text });
    layout!(out, Finding<'static> { row, rule, instance, witnesses, extra });
    layout!(out, AbiError { status, message });
    layout!(out, HostServices { log });
    layout!(out, Fact<'static> { field, literal, set });
    layout!(out, SinkTable { rule, interest, finding, learn });
    layout!(out, Sink { ctx, table });
    layout!(out, DetectorHandle { 0 });
    layout!(out, DetectorModule { manifest, new, rules, interests, inspect, drop, adopt });
    out
}

/// The numbers that cross the boundary. None may change its meaning; new ones
/// are new lines.
fn ids() -> String {
    let mut out = String::new();
    for info in FIELDS {
        writeln!(out, "field {} {} {:?}", info.field.0, info.name, info.ty).unwrap();
    }
    for info in KINDS {
        writeln!(out, "kind {} {}", info.kind.0, info.name).unwrap();
    }
    for op in (1..=u16::MAX).map(Op).filter(|op| op.is_known()) {
        writeln!(out, "op {} {}", op.0, op.name()).unwrap();
    }
    for class in (0..=u16::MAX).map(Class).filter(|class| !class.name().is_empty()) {
        writeln!(out, "class {} {}", class.0, class.name()).unwrap();
    }
    for role in Role::ALL {
        writeln!(out, "role {} {}", role.0, role.name()).unwrap();
    }
    for how in (0..=u16::MAX).map(How).filter(|how| !how.name().is_empty()) {
        writeln!(out, "how {} {}", how.0, how.name()).unwrap();
    }
    for (status, name) in [
        (Status::PANIC, "panic"),
        (Status::CONFIG, "config"),
        (Status::FAILED, "failed"),
        (Status::POISONED, "poisoned"),
    ] {
        writeln!(out, "status {} {name}", status.0).unwrap();
    }
    out
}

#[test]
fn layout_is_the_snapshot() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layout.txt");
    let now = format!("{}{}", types(), ids());
    if env::var_os("REMORA_BLESS").is_some() {
        fs::write(&path, &now).unwrap();
        return;
    }
    let snapshot = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let gone: Vec<_> = snapshot.lines().filter(|line| !now.lines().any(|l| l == *line)).collect();
    let new: Vec<_> = now.lines().filter(|line| !snapshot.lines().any(|l| l == *line)).collect();
    assert!(
        now == snapshot,
        "the ABI has changed; lines gone: {gone:#?}, lines new: {new:#?} \
         (REMORA_BLESS=1 writes {} anew, if that was meant)",
        path.display()
    );
}
