//! The borders of `docs/ARCHITECTURE.md`: which crate may use which, who may
//! name `abi_stable`, and where unsafe code may be.
//!
//! Read from `cargo metadata` and from the source, because a border that
//! nothing watches is crossed by accident. A change here is a change of the
//! page.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use crate::util::{cargo, root};

/// What each crate may use of ours. Dependencies of tests are free.
const ARROWS: &[(&str, &[&str])] = &[
    ("remora-abi", &[]),
    ("remora-rules", &["remora-abi"]),
    ("remora-sources", &["remora-abi"]),
    ("remora-sdk", &["remora-abi", "remora-rules"]),
    ("remora-engine", &["remora-abi", "remora-rules", "remora-sources"]),
    ("remora-catalog", &["remora-rules"]),
    ("remora-keeper", &["remora-catalog", "remora-rules", "remora-sources"]),
    ("remora-adhoc", &["remora-sdk"]),
    ("remora-catalog-detector", &["remora-catalog", "remora-sdk"]),
    ("remora-catalog-export", &["remora-catalog-detector", "remora-sdk"]),
    ("remora-supremo", &["remora-catalog", "remora-sdk"]),
    ("remora-supremo-export", &["remora-sdk", "remora-supremo"]),
    ("remora-faulty-plugin", &["remora-sdk"]),
    (
        "remora",
        &[
            "remora-adhoc",
            "remora-catalog",
            "remora-catalog-detector",
            "remora-engine",
            "remora-keeper",
            "remora-rules",
            "remora-supremo",
        ],
    ),
];
/// Crates that may use all, and that nothing may use.
const FREE: &[&str] = &["remora-tests", "remora-benches"];

/// Where `abi_stable` is named, so that it could be replaced.
const ABI_STABLE: &[&str] = &["core/abi", "core/sdk", "core/engine/src/host"];
/// Where unsafe code is.
const UNSAFE: &[&str] = &["core/abi", "core/sdk/src/shim.rs", "core/engine/src/host/load.rs"];
/// The macro that exports a detector needs unsafe attributes: of the section
/// of the note and of the name of the symbol.
const UNSAFE_ATTRIBUTES: &[&str] = &["core/sdk/src/export.rs"];

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.cargo_path(cargo()).current_dir(root()).no_deps();
    command.exec().expect("cargo tells of the workspace")
}

#[test]
fn crates_use_what_the_page_says() {
    let arrows: BTreeMap<&str, BTreeSet<&str>> =
        ARROWS.iter().map(|(name, uses)| (*name, uses.iter().copied().collect())).collect();
    let metadata = metadata();
    let ours: BTreeSet<&str> =
        metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let known: BTreeSet<&str> = arrows.keys().copied().chain(FREE.iter().copied()).collect();
    assert_eq!(ours, known, "every crate of the workspace has its arrows");
    for package in &metadata.packages {
        let name = package.name.as_str();
        let normal = || {
            let not_for_tests = |kind| kind != DependencyKind::Development;
            package.dependencies.iter().filter(move |one| not_for_tests(one.kind))
        };
        let uses: BTreeSet<&str> = normal()
            .map(|dependency| dependency.name.as_str())
            .filter(|name| ours.contains(name))
            .collect();
        if let Some(allowed) = arrows.get(name) {
            let crossed: Vec<_> = uses.difference(allowed).collect();
            assert!(crossed.is_empty(), "{name} must not use {crossed:?}");
            let may = ["remora-abi", "remora-sdk", "remora-engine"].contains(&name);
            let names = normal().any(|dependency| dependency.name == "abi_stable");
            assert!(may || !names, "{name} must not use abi_stable");
        }
        let free = uses.iter().find(|name| FREE.contains(name));
        assert!(free.is_none(), "{name} must not use {free:?}");
    }
}

#[test]
fn an_exported_plugin_is_a_crate_of_its_own() {
    // Both in one crate would put the exported symbol into the library, and a
    // program that links two such plugins would not link.
    for package in metadata().packages {
        for target in &package.targets {
            let kinds: Vec<String> = target.crate_types.iter().map(ToString::to_string).collect();
            let exported = kinds.iter().any(|kind| kind == "cdylib");
            assert!(!exported || kinds == ["cdylib"], "{}: {kinds:?}", package.name);
        }
    }
}

#[test]
fn only_the_boundary_names_abi_stable() {
    let mut named = BTreeSet::new();
    for (file, words) in sources() {
        if words.iter().any(|word| word == "abi_stable") {
            assert!(lies_in(&file, ABI_STABLE), "{} names abi_stable", file.display());
            named.insert(file);
        }
    }
    assert!(!named.is_empty(), "the search finds it where it is");
}

#[test]
fn unsafe_code_is_where_the_page_says() {
    let mut found = BTreeSet::new();
    for (file, words) in sources() {
        for (at, word) in words.iter().enumerate() {
            if word != "unsafe" {
                continue;
            }
            // `#[unsafe(…)]`
            let before = at.checked_sub(2).map(|from| words[from..at].concat());
            let after = words.get(at + 1);
            let attribute = before.as_deref() == Some("#[") && after.is_some_and(|one| one == "(");
            let allowed = lies_in(&file, UNSAFE) || attribute && lies_in(&file, UNSAFE_ATTRIBUTES);
            assert!(allowed, "{} has unsafe code", file.display());
            found.insert(file.clone());
        }
    }
    let shim = Path::new("core/sdk/src/shim.rs");
    assert!(found.contains(shim), "the search finds it where it is: {found:?}");
}

#[test]
fn every_other_crate_forbids_unsafe_code() {
    for package in metadata().packages {
        let name = package.name.as_str();
        // These have some, or are the one line of a macro that has.
        let may = ["remora-abi", "remora-sdk", "remora-engine"].contains(&name)
            || name.ends_with("-export")
            || name == "remora-faulty-plugin"
            || FREE.contains(&name);
        for target in package.targets.iter().filter(|target| target.is_lib() || target.is_bin()) {
            let text = fs::read_to_string(&target.src_path).expect("the crate has its root");
            assert!(may || text.contains("#![forbid(unsafe_code)]"), "{}", target.src_path);
        }
    }
}

/// Whether a path from the root is one of these or lies below one.
fn lies_in(file: &Path, places: &[&str]) -> bool {
    places.iter().any(|place| file.starts_with(place))
}

/// Every Rust file of what is shipped, by its path from the root, as words.
fn sources() -> Vec<(PathBuf, Vec<String>)> {
    let mut files = Vec::new();
    for folder in ["core", "cli", "catalog", "plugins"] {
        collect(&root().join(folder), &mut files);
    }
    assert!(files.len() > 50, "the sources are found");
    files
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<String>)>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("a folder can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source is UTF-8");
            let name = path.strip_prefix(root()).expect("it lies below the root").to_owned();
            files.push((name, words(&text)));
        }
    }
}

/// The names and punctuation of Rust code, without comments and the contents of strings.
fn words(code: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let taken = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = string(rest) {
            length
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            words.push(rest[..end].to_owned());
            end
        } else {
            if !first.is_whitespace() {
                words.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    words
}

/// The length of the block comment, comments in it included, that `code` begins with.
fn block_comment(code: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < code.len() {
        if code[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if code[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                break;
            }
        } else {
            at += code[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of the string or character that `code` begins with, if it does.
fn string(code: &str) -> Option<usize> {
    let body = code.trim_start_matches(['b', 'c']);
    let prefix = code.len() - body.len();
    if prefix > 1 {
        return None;
    }
    if let Some(raw) = body.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let open = raw[hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        let end = open.find(&close).map_or(open.len(), |at| at + close.len());
        return Some(prefix + 1 + hashes + 1 + end);
    }
    let quote = body.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let mut escaped = false;
    let mut length = 0;
    for (at, c) in body.char_indices().skip(1) {
        length += 1;
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(prefix + at + 1),
            // A lifetime, not a character.
            _ if quote == '\'' && length == 1 && !body[at + c.len_utf8()..].starts_with('\'') => {
                return None;
            }
            _ => {}
        }
    }
    None
}

#[test]
fn words_are_code_alone() {
    let code = r####"
        // unsafe in a comment
        /* unsafe /* unsafe */ unsafe */
        let a = "unsafe \" unsafe"; let b = r#"unsafe " unsafe"#; let c = b"unsafe"; let d = b'"';
        fn f<'a>(x: &'a str) -> char { '\'' } let e = '"'; let g = '\u{22}'; // "
        #![forbid(unsafe_code)]
        #[unsafe(no_mangle)] unsafe { broken() }
    "####;
    let words = words(code);
    assert_eq!(words.iter().filter(|word| *word == "unsafe").count(), 2, "{words:?}");
    assert!(words.ends_with(&["unsafe", "{", "broken", "(", ")", "}"].map(str::to_owned)));
}
