//! Bytes that claim to be a shared object.

use remora_engine::{
    Manifest,
    host::{elf, note},
};

/// Any bytes are refused or pass; what passes can be read on.
pub(crate) fn check(data: &[u8]) {
    match elf::check(data) {
        Ok(()) => {
            if let Ok(text) = note::read(data) {
                let _ = Manifest::read(text);
            }
        }
        Err(error) => {
            assert!(!error.why.is_empty() && !error.help.is_empty(), "{error}");
            assert!(!error.why.contains('\n'), "{error}");
        }
    }
    // `note::read` asks for bytes that passed; it must not rely on it.
    let _ = note::read(data);
}
