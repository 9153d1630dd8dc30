//! Where a plugin's manifest lies in its file, so that it can be read before
//! any code of the plugin runs.
//!
//! An ELF note rather than a section or an exported static: it survives
//! `strip`, and lies in a `PT_NOTE` segment, so that it is found through the
//! program headers alone.

/// The section that the linker collects the note from.
pub const SECTION: &str = ".note.remora";
/// The note's owner.
pub const OWNER: &str = "REMORA";
/// The note's type: a manifest, TOML.
pub const TYPE_MANIFEST: u32 = 1;
/// The exported static that holds the root module's header. The name is
/// `abi_stable`'s.
pub const ROOT_SYMBOL: &str = "_1as_0lib_1header_0root_bmodule_bloader";
