//! What `export_detector!` emits, looked at from the inside: this test binary
//! exports a detector as a plugin file does.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use remora_sdk::{
    Batch, Detector, Error, Findings, Hit, Interests, Op, Rule, Rules,
    abi::DetectorModuleRef,
    export::{LibHeader, Note, header, padded},
    field, kind,
};

mod probe {
    use super::*;

    pub(crate) struct Probe;

    impl Detector for Probe {
        const MANIFEST: &'static str = remora_sdk::manifest!(
            name: "probe",
            tools: ["one", "two",],
            techniques: ["T1219"],
            config: "# nothing but \"this\"\n",
        );

        fn new(_: &str) -> Result<Self, Error> {
            Ok(Probe)
        }

        fn rules(&self, rules: &mut Rules<'_>) {
            rules.push(&Rule { id: "probe", tool: "one", ..Rule::default() });
        }

        fn interests(&self, interests: &mut Interests<'_>) {
            interests.push(kind::DNS, field::REMOTE_HOST, Op::HAS, "probe");
        }

        fn inspect(&self, _: &Batch<'_>, _: &[Hit], _: &mut Findings<'_>) -> Result<(), Error> {
            Ok(())
        }
    }
}

use probe::Probe;

remora_sdk::export_detector!(probe::Probe);

#[test]
fn the_manifest_is_toml_with_every_key() {
    let manifest: toml::Table = Probe::MANIFEST.parse().unwrap();
    let expected: toml::Table = format!(
        "name = 'probe'\n version = '{}'\n abi = '{}'\n tools = ['one', 'two']\n \
         techniques = ['T1219']\n licence = '{}'\n panic = 'unwind'\n \
         config = \"# nothing but \\\"this\\\"\\n\"",
        env!("CARGO_PKG_VERSION"),
        remora_sdk::abi::ABI_VERSION,
        env!("CARGO_PKG_LICENSE"),
    )
    .parse()
    .unwrap();
    assert_eq!(manifest, expected);
}

#[cfg(target_os = "linux")]
#[test]
fn the_note_is_in_the_file() {
    use object::read::elf::{ElfFile64, FileHeader as _, ProgramHeader as _};

    let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let file: ElfFile64<'_> = ElfFile64::parse(&*bytes).unwrap();
    let endian = file.endian();
    let mut found = vec![];
    for segment in file.elf_header().program_headers(endian, &*bytes).unwrap() {
        let Some(mut notes) = segment.notes(endian, &*bytes).unwrap() else { continue };
        while let Some(note) = notes.next().unwrap() {
            if note.name() == remora_sdk::abi::note::OWNER.as_bytes() {
                found.push((note.n_type(endian).0, note.desc().to_vec()));
            }
        }
    }
    let manifest = Probe::MANIFEST.as_bytes().to_vec();
    assert_eq!(found, [(remora_sdk::abi::note::TYPE_MANIFEST, manifest)]);
}

#[test]
fn the_note_is_padded() {
    assert_eq!([0, 1, 4, 5].map(padded), [0, 4, 4, 8]);
    let note: Note<8> = Note::new("12345");
    assert_eq!(
        format!("{note:?}"),
        "Note { owner_size: 7, text_size: 5, ty: 1, owner: [82, 69, 77, 79, 82, 65, 0, 0], \
         text: [49, 50, 51, 52, 53, 0, 0, 0] }"
    );
}

#[test]
fn the_header_leads_to_the_module() {
    static ROOT: LibHeader = header::<Probe>();
    assert!(ROOT.layout().is_some(), "the layout check is on");
    let module = ROOT.init_root_module::<DetectorModuleRef>().unwrap();
    assert_eq!((module.manifest())().as_str(), Probe::MANIFEST);
}
