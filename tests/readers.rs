//! What reads bytes that nobody vouches for.
//!
//! The checks are those of the fuzz targets (`fuzz/checks`). Here they run on
//! every file that ever broke one, and on random changes of real files.

use std::fs;

use proptest::prelude::*;
use remora_engine::host::{elf, note};

use crate::{
    checks::{CHECKS, check, object},
    gallery::Plugin,
    util::root,
};

#[test]
fn what_once_broke_a_check_does_not_any_more() {
    let folder = root().join("fuzz/regressions");
    let mut replayed = 0;
    for entry in fs::read_dir(&folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if !path.is_dir() {
            continue;
        }
        let target = path.file_name().expect("a folder has a name").to_string_lossy().into_owned();
        assert!(CHECKS.iter().any(|(name, _)| *name == target), "{target} is no target");
        for entry in fs::read_dir(&path).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            println!("{}", path.display());
            check(&target, &fs::read(&path).expect("it can be read"));
            replayed += 1;
        }
    }
    println!("{replayed} files");
}

#[test]
fn every_target_has_its_program() {
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("it is there");
    let manifest: toml::Table = manifest.parse().expect("it is TOML");
    let bins = manifest["bin"].as_array().expect("it has programs");
    let mut names: Vec<&str> = bins.iter().filter_map(|bin| bin["name"].as_str()).collect();
    names.retain(|name| *name != "seeds");
    names.sort_unstable();
    let targets: Vec<&str> = CHECKS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, targets);
    for name in names {
        let path = root().join(format!("fuzz/fuzz_targets/{name}.rs"));
        let text = fs::read_to_string(&path).expect("a program has its file");
        assert!(text.contains(&format!("check(\"{name}\"")), "{}", path.display());
    }
}

#[test]
fn the_smallest_object_passes_and_a_real_one_too() {
    let small = object::object(&object::note("name = 1"));
    elf::check(&small).expect("it is whole");
    assert_eq!(note::read(&small).expect("it has a note"), "name = 1");
    for length in 0..small.len() {
        let cut = &small[..length];
        elf::check(cut).expect_err("cut short");
        let _ = note::read(cut);
    }
    elf::check(&Plugin::new("faulty").bytes).expect("it is whole");
}

#[test]
fn two_notes_and_foreign_ones_are_told_apart() {
    let (one, other) = (object::note("a = 1"), object::note("b = 2"));
    let mut foreign = one.clone();
    foreign[12] = b'X';
    let read = |notes: &[&[u8]]| {
        let file = object::object(&notes.concat());
        note::read(&file).map(str::to_owned).map_err(|error| error.why)
    };
    assert_eq!(read(&[&foreign, &other]), Ok("b = 2".to_owned()));
    assert!(read(&[&one, &other]).expect_err("which?").contains("two manifests"));
    assert!(read(&[&foreign]).expect_err("not ours").contains("no manifest"));
    assert!(read(&[]).expect_err("none").contains("no manifest"));
    let long = object::note(&"#".repeat(65 * 1024));
    assert!(read(&[&long]).expect_err("long").contains("64 KiB"));
}

/// What is done to some bytes, one after the other.
fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, Change)>> {
    let change = prop_oneof![
        4 => any::<u8>().prop_map(Change::Byte),
        3 => prop_oneof![
            Just(0), Just(1), Just(u64::MAX), Just(i64::MAX as u64), Just(1 << 32), any::<u64>()
        ].prop_map(Change::Word),
        1 => Just(Change::Cut),
    ];
    proptest::collection::vec((any::<prop::sample::Index>(), change), 1..6)
}

#[derive(Clone, Debug)]
enum Change {
    /// Puts a byte.
    Byte(u8),
    /// Puts eight bytes, where the words of a header stand.
    Word(u64),
    /// Cuts the rest off.
    Cut,
}

fn changed(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, Change)]) -> Vec<u8> {
    for (at, change) in changes.iter().filter(|_| !bytes.is_empty()).collect::<Vec<_>>() {
        if bytes.is_empty() {
            break;
        }
        let at = at.index(bytes.len());
        match change {
            Change::Byte(byte) => bytes[at] = *byte,
            Change::Word(word) => {
                let at = at & !7;
                let end = (at + 8).min(bytes.len());
                bytes[at..end].copy_from_slice(&word.to_le_bytes()[..end - at]);
            }
            Change::Cut => bytes.truncate(at),
        }
    }
    bytes
}

const TRUST: &str = concat!(
    "[[plugin]]\nname = \"a\"\nsha256 = \"",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\npath = \"/a.so\"\n",
    "[[key]]\nname = \"k\"\nminisign = \"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\"\n",
);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// A shared object, changed anywhere: refused in words, or whole.
    #[test]
    fn changed_objects_are_read_or_refused(changes in changes()) {
        let small = object::object(&object::note("name = \"a\"\nversion = \"1\"\nabi = \"1.0.0\"\n"));
        check("elf", &changed(small, &changes));
    }

    /// What passes the check reaches past no end: cut anywhere, it fails.
    #[test]
    fn what_passes_is_whole(changes in changes(), cut in any::<prop::sample::Index>()) {
        let bytes = changed(object::object(&object::note("x = 1")), &changes);
        if elf::check(&bytes).is_ok() {
            // The section headers are the last part of the smallest object.
            let cut = cut.index(bytes.len());
            let last = bytes.len() - 64 * 3;
            prop_assert!(cut > last || elf::check(&bytes[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn changed_notes_are_read_or_refused(changes in changes()) {
        check("note", &changed(object::note("name = \"a\"\nabi = \"1.0.0\"\n"), &changes));
    }

    #[test]
    fn any_notes_are_read_or_refused(notes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check("note", &notes);
    }

    #[test]
    fn changed_trust_files_are_read_or_refused(changes in changes()) {
        check("trust", &changed(TRUST.as_bytes().to_vec(), &changes));
    }

    /// What is trusted is written and read back, whatever the names are.
    #[test]
    fn trust_files_read_back(
        plugins in proptest::collection::vec(("\\PC{0,12}", "[0-9a-f]{64}", "\\PC{0,20}"), 0..5)
    ) {
        use remora_engine::host::trust::{Trust, TrustedPlugin};
        let mut trust = Trust::default();
        for (name, sha256, path) in plugins {
            trust.add(TrustedPlugin { name, sha256, path, added: String::new() });
        }
        check("trust", trust.to_text().as_bytes());
        prop_assert_eq!(Trust::parse(&trust.to_text()), Ok(trust));
    }
}
