//! What stands in the note segment of an object that is whole otherwise.

use remora_engine::{
    Manifest,
    host::{elf, note},
};

use super::object::{self, object};

/// Any notes are read or refused; a manifest alone among them is found.
pub(crate) fn check(data: &[u8]) {
    let file = object(data);
    elf::check(&file).expect("the object is whole whatever its notes are");
    if let Ok(text) = note::read(&file) {
        assert!(memchr(data, text.as_bytes()), "the text is of the notes");
        if let Ok(manifest) = Manifest::parse(text) {
            let _ = manifest.check();
            assert!((1..=64).contains(&manifest.name.len()), "{}", manifest.name);
        }
    }
    // The same bytes as the text of a note that is whole.
    if let Ok(text) = std::str::from_utf8(data) {
        let file = object(&object::note(text));
        let read = note::read(&file).map_err(|error| error.why);
        assert_eq!(read, Ok(text), "a manifest reads back");
        let _ = Manifest::read(text);
    }
}

fn memchr(data: &[u8], part: &[u8]) -> bool {
    part.is_empty() || data.windows(part.len()).any(|window| window == part)
}
