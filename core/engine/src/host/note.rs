//! The manifest's text, read from the ELF note without running anything.

use object::{
    Endianness,
    elf::{self, FileHeader64},
    read::elf::{FileHeader as _, ProgramHeader as _},
};
use remora_abi::note::{OWNER, TYPE_MANIFEST};

use super::{LoadError, LoadStep};

/// A manifest longer than this is refused.
const MAX_LEN: usize = 64 * 1024;

/// The manifest's text in the note of a shared object that passed
/// [`elf::check`](super::elf::check). Found through the program headers, so
/// that a stripped file has it too.
pub fn read(bytes: &[u8]) -> Result<&str, LoadError> {
    let refuse = |why: &str| {
        LoadError::new(LoadStep::Note, why, "build it with `remora_sdk::export_detector!`")
    };
    let unreadable = |_| refuse("its notes cannot be read");
    let header = FileHeader64::<Endianness>::parse(bytes).map_err(unreadable)?;
    let endian = header.endian().map_err(unreadable)?;
    let mut found = None;
    for segment in header.program_headers(endian, bytes).map_err(unreadable)? {
        if segment.p_type(endian) != elf::PT_NOTE {
            continue;
        }
        let Some(mut notes) = segment.notes(endian, bytes).map_err(unreadable)? else {
            continue;
        };
        while let Some(note) = notes.next().map_err(unreadable)? {
            let ours = note.name() == OWNER.as_bytes() && note.n_type(endian).0 == TYPE_MANIFEST;
            if ours && found.replace(note.desc()).is_some() {
                return Err(refuse("it has two manifests"));
            }
        }
    }
    let Some(text) = found else {
        return Err(refuse("it carries no manifest, so it is no Remora plugin"));
    };
    if text.len() > MAX_LEN {
        return Err(refuse("its manifest is longer than 64 KiB"));
    }
    std::str::from_utf8(text).map_err(|_| refuse("its manifest is not UTF-8"))
}
