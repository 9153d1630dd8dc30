//! The two macros of a plugin, and what they are made of.
//!
//! [`manifest!`](crate::manifest) belongs into the crate that holds the detector, where
//! `CARGO_PKG_VERSION` is the detector's; [`export_detector!`](crate::export_detector) is the whole
//! content of a second crate, a cdylib. With one crate for both, a program
//! that links two detectors would find the exported symbol twice.
//!
//! `macro_rules!` and no procedural macro: nothing is derived, and what is
//! expanded must be readable.

pub use abi_stable::library::LibHeader;

use crate::abi::note;
pub use crate::shim::header;

/// The manifest of a detector, TOML:
///
/// ```
/// const MANIFEST: &str = remora_sdk::manifest!(
///     name: "hello",
///     tools: ["supremo"],
///     techniques: ["T1219.002"],
///     config: "greeting = \"what to say\"",
/// );
/// # assert!(MANIFEST.starts_with("name = \"hello\"\n"));
/// ```
///
/// `name` is unique among the detectors of a run, and made of 1 to 64 small
/// letters, digits and hyphens. `tools` and `techniques` are for people; what
/// the detector finds its rules say. `config`, which may be left out, tells
/// people which configuration the detector accepts; it must not contain
/// `'''`. The texts are TOML without escapes: no `"` or `\` in the others.
///
/// Version and licence are those of the crate that the macro is used in. The
/// ABI version and the panic strategy are added.
#[macro_export]
macro_rules! manifest {
    (
        name: $name:literal,
        tools: [$($tool:literal),* $(,)?],
        techniques: [$($technique:literal),* $(,)?]
        $(, config: $config:literal)? $(,)?
    ) => {
        ::core::concat!(
            "name = \"", $name, "\"\n",
            "version = \"", ::core::env!("CARGO_PKG_VERSION"), "\"\n",
            "abi = \"", $crate::abi::abi_version!(), "\"\n",
            "tools = [", $("\"", $tool, "\", ",)* "]\n",
            "techniques = [", $("\"", $technique, "\", ",)* "]\n",
            "licence = \"", ::core::env!("CARGO_PKG_LICENSE"), "\"\n",
            "panic = \"unwind\"\n",
            $("config = '''\n", $config, "'''\n",)?
        )
    };
}

/// Makes the crate a plugin file: the only line of a cdylib crate.
///
/// ```ignore
/// remora_sdk::export_detector!(hello::Hello);
/// ```
///
/// It exports one symbol, the root module with its layout, and writes the
/// manifest as an ELF note, where it is read before any code of the plugin
/// runs. On systems without ELF the note is left out.
///
/// The crate does not compile with `panic = "abort"`: a plugin that aborts
/// takes the host with it.
#[macro_export]
macro_rules! export_detector {
    ($detector:ty) => {
        #[cfg(not(panic = "unwind"))]
        ::core::compile_error!(
            "a detector must be built with panic = \"unwind\": a panic would end the host"
        );

        const _: () = {
            const MANIFEST: &::core::primitive::str = <$detector as $crate::Detector>::MANIFEST;

            #[cfg(all(unix, not(target_vendor = "apple")))]
            #[used]
            #[unsafe(link_section = ".note.remora")]
            static NOTE: $crate::export::Note<{ $crate::export::padded(MANIFEST.len()) }> =
                $crate::export::Note::new(MANIFEST);

            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            static ROOT: $crate::export::LibHeader = $crate::export::header::<$detector>();
        };
    };
}

/// An ELF note: owner, type, and `N` bytes of text.
///
/// Each part is padded to four bytes, as readers of notes expect on every
/// system ([ELF, "Note Section"](https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html#note_section)).
#[repr(C, align(4))]
#[derive(Debug)]
pub struct Note<const N: usize> {
    owner_size: u32,
    text_size: u32,
    ty: u32,
    owner: [u8; OWNER_SIZE],
    text: [u8; N],
}

/// The owner's name with its final NUL, padded.
const OWNER_SIZE: usize = padded(note::OWNER.len() + 1);

impl<const N: usize> Note<N> {
    /// The note that holds `manifest`; `N` is [`padded`] of its length.
    pub const fn new(manifest: &str) -> Note<N> {
        assert!(N == padded(manifest.len()), "the note has the manifest's size");
        Note {
            owner_size: note::OWNER.len() as u32 + 1,
            text_size: manifest.len() as u32,
            ty: note::TYPE_MANIFEST,
            owner: filled(note::OWNER),
            text: filled(manifest),
        }
    }
}

/// `len` rounded up to a multiple of four.
pub const fn padded(len: usize) -> usize {
    len.next_multiple_of(4)
}

/// `text` followed by zeros.
const fn filled<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    let mut at = 0;
    while at < text.len() {
        bytes[at] = text.as_bytes()[at];
        at += 1;
    }
    bytes
}
