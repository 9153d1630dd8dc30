//! From checked bytes to a module: dlopen, then the layout check.
//!
//! The only unsafe code of the engine. By the time it runs, the bytes were
//! copied and sealed, their structure was checked and the manifest was read.
//! A library is never closed: function pointers, layout constants and
//! thread-local destructors of it may live as long as the process.
#![allow(unsafe_code)]

use std::{
    mem,
    os::fd::{AsRawFd as _, OwnedFd},
    path::Path,
};

use abi_stable::{
    StableAbi,
    abi_stability::abi_checking::check_layout_compatibility,
    library::{AbiHeaderRef, LibraryError, ROOT_MODULE_LOADER_NAME_WITH_NUL},
};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use remora_abi::DetectorModuleRef;

use super::{LoadError, LoadStep, Manifest, check::Checked};

/// A plugin that was loaded.
pub(super) struct Loaded {
    pub(super) manifest: Manifest,
    pub(super) module: DetectorModuleRef,
}

/// Loads what passed every check: from here on its code runs.
pub(super) fn load(path: &Path, checked: Checked) -> Result<Loaded, LoadError> {
    let Checked { sealed, manifest, text, .. } = checked;
    let library = link(sealed.fd).map_err(|error| error.at(path))?;
    let module = root(library, &manifest, &text).map_err(|error| error.at(path))?;
    Ok(Loaded { manifest, module })
}

/// Opens the library for the life of the process, whatever comes after: the
/// loader knows a library by its name, which here is a descriptor's number.
/// Were one refused later and its number given to the next, the loader would
/// give the refused one again.
fn link(fd: OwnedFd) -> Result<&'static Library, LoadError> {
    let name = format!("/proc/self/fd/{}", fd.as_raw_fd());
    // SAFETY: opening runs the library's constructors. The caller decided that
    // this plugin's code may run; its bytes are whole (`elf::check`) and
    // cannot change any more (sealed).
    let library =
        unsafe { Library::open(Some(&name), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| {
            LoadError::new(
                LoadStep::Link,
                format!("the system's loader refused it: {error}"),
                "build it on this system, or for an older C library",
            )
        })?;
    mem::forget(fd);
    Ok(Box::leak(Box::new(library)))
}

/// The module that the library exports, its layout checked.
fn root(
    library: &'static Library,
    manifest: &Manifest,
    text: &str,
) -> Result<DetectorModuleRef, LoadError> {
    let header = {
        // SAFETY: the symbol is the exported header that every root module of
        // abi_stable has; it is read as a pointer, and `upgrade` checks the
        // magic behind it before anything else is.
        let symbol =
            unsafe { library.get::<AbiHeaderRef>(ROOT_MODULE_LOADER_NAME_WITH_NUL.as_bytes()) };
        *symbol.map_err(|error| {
            LoadError::new(
                LoadStep::Link,
                format!("it exports no detector: {error}"),
                "add `remora_sdk::export_detector!(…)` to its cdylib crate",
            )
        })?
    };
    let rebuild =
        format!("build {} against remora-sdk for ABI {}", manifest.name, remora_abi::ABI_VERSION);
    let layout = |error: &LibraryError| explain(error, &rebuild);
    let header = header.upgrade().map_err(|error| layout(&error))?;
    let Some(theirs) = header.layout() else {
        return Err(LoadError::new(
            LoadStep::Layout,
            "it was built without the description of its types, so that nothing can be checked",
            rebuild.clone(),
        ));
    };
    // `init_root_module` takes a library that has more functions than its user
    // knows, and refuses one that has fewer. A plugin is the other way round:
    // it may be older than this host, never newer (`manifest` saw to that). So
    // the plugin's types are what is asked for, and ours what is offered; the
    // functions that it lacks read as absent.
    check_layout_compatibility(theirs, <DetectorModuleRef as StableAbi>::LAYOUT)
        .map_err(|error| differs(&error.to_string(), &rebuild))?;
    // SAFETY: the layouts were compared just now.
    let module = unsafe { header.init_root_module_with_unchecked_layout::<DetectorModuleRef>() }
        .map_err(|error| layout(&error))?;
    let said = (module.manifest())();
    if said.as_rslice().as_slice() != text.as_bytes() {
        return Err(LoadError::new(
            LoadStep::Note,
            "the manifest in its note is not the one its code gives",
            "build it again and do not edit the file",
        ));
    }
    Ok(module)
}

/// The layout checker writes hundreds of lines; the last difference is what a
/// person can use.
fn differs(text: &str, help: &str) -> LoadError {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let last = lines.iter().rposition(|line| line.starts_with("Error:"));
    let after = |word: &str| {
        let from = last.unwrap_or_default();
        let at = lines[from..].iter().position(|line| line.starts_with(word))?;
        lines.get(from + at + 1).filter(|line| !line.is_empty())
    };
    let last = last.map(|at| lines[at].trim_start_matches("Error:").trim());
    let why = match (last, after("Expected:"), after("Found:")) {
        (Some(what), Some(theirs), Some(ours)) => {
            format!(" ({what}: {theirs} in the plugin, {ours} here)")
        }
        (Some(what), ..) => format!(" ({what})"),
        _ => String::new(),
    };
    let why = format!("its types are not laid out as this remora's{why}");
    // For whoever builds the plugin.
    tracing::debug!("{text}");
    LoadError::new(LoadStep::Layout, why, help)
}

/// What `abi_stable` says, in a sentence.
fn explain(error: &LibraryError, help: &str) -> LoadError {
    let text = error.to_string();
    let why = match error {
        LibraryError::IncompatibleVersionNumber { expected_version, actual_version, .. } => {
            format!(
                "it was built for detector ABI {actual_version}, and this remora has {expected_version}"
            )
        }
        LibraryError::RootModule { .. } => "the start of its module failed".to_owned(),
        _ => "its types are not laid out as this remora's".to_owned(),
    };
    // For whoever builds the plugin.
    tracing::debug!("{text}");
    LoadError::new(LoadStep::Layout, why, help)
}
