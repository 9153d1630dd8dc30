//! The smallest shared object that passes the structural check.

use remora_abi::note::{OWNER, ROOT_SYMBOL, TYPE_MANIFEST};

#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 62;
#[cfg(not(target_arch = "x86_64"))]
const MACHINE: u16 = 183;

/// Sizes of the parts, in ELF's own words.
const HEADER: u64 = 64;
const SEGMENT: u64 = 56;
const SECTION: u64 = 64;
const SYMBOL: u64 = 24;

/// A note of ours that holds `text`.
pub fn note(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [OWNER.len() as u32 + 1, text.len() as u32, TYPE_MANIFEST] {
        bytes.extend(word.to_le_bytes());
    }
    for part in [OWNER.as_bytes(), text.as_bytes()] {
        bytes.extend(part);
        // The owner ends in NUL; both parts are padded to four bytes.
        let end = if part.len() == OWNER.len() && part == OWNER.as_bytes() { 1 } else { 0 };
        bytes.resize((bytes.len() + end).next_multiple_of(4), 0);
    }
    bytes
}

/// A shared object of this machine whose note segment is `notes`.
pub fn object(notes: &[u8]) -> Vec<u8> {
    let names = format!("\0libc.so.6\0{ROOT_SYMBOL}\0");
    let (needed, root) = (1_u64, 11_u32);
    // Header, segments, notes, names, dynamic entries, symbols, sections.
    let notes_at = HEADER + 3 * SEGMENT;
    let names_at = notes_at + (notes.len() as u64).next_multiple_of(8);
    let dynamic_at = names_at + (names.len() as u64).next_multiple_of(8);
    let dynamic = [[5, names_at], [10, names.len() as u64], [1, needed], [0, 0]];
    let symbols_at = dynamic_at + 16 * dynamic.len() as u64;
    let sections_at = symbols_at + 2 * SYMBOL;
    let end = sections_at + 3 * SECTION;

    let mut file = Vec::new();
    file.extend(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    for half in [3, MACHINE] {
        file.extend(half.to_le_bytes());
    }
    file.extend(1_u32.to_le_bytes());
    for word in [0, HEADER, sections_at] {
        file.extend(word.to_le_bytes());
    }
    file.extend(0_u32.to_le_bytes());
    for half in [HEADER as u16, SEGMENT as u16, 3, SECTION as u16, 3, 2] {
        file.extend(half.to_le_bytes());
    }
    // Loaded as a whole; notes; dynamic entries.
    let dynamic_size = 16 * dynamic.len() as u64;
    let segments =
        [(1_u32, 0, end), (4, notes_at, notes.len() as u64), (2, dynamic_at, dynamic_size)];
    for (ty, at, size) in segments {
        file.extend(ty.to_le_bytes());
        file.extend(4_u32.to_le_bytes());
        for word in [at, at, at, size, size, if ty == 4 { 4 } else { 8 }] {
            file.extend(word.to_le_bytes());
        }
    }
    file.extend(notes);
    file.resize(names_at as usize, 0);
    file.extend(names.as_bytes());
    file.resize(dynamic_at as usize, 0);
    for word in dynamic.into_iter().flatten() {
        file.extend(word.to_le_bytes());
    }
    // No symbol, then the root: a global object of section 1.
    file.resize(symbols_at as usize + SYMBOL as usize, 0);
    file.extend(root.to_le_bytes());
    file.extend([0x11, 0, 1, 0]);
    file.extend([0; 16]);
    // No section; symbols, named in the next; names.
    let sections =
        [(11_u32, symbols_at, 2 * SYMBOL, 2_u32, SYMBOL), (3, names_at, names.len() as u64, 0, 0)];
    file.resize(file.len() + SECTION as usize, 0);
    for (ty, at, size, link, entry) in sections {
        file.extend(0_u32.to_le_bytes());
        file.extend(ty.to_le_bytes());
        for word in [2, at, at, size] {
            file.extend(word.to_le_bytes());
        }
        file.extend(link.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        for word in [8, entry] {
            file.extend(word.to_le_bytes());
        }
    }
    assert_eq!(file.len() as u64, end, "every part is in its place");
    file
}
