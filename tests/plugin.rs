//! Plugin files that must be refused.
//!
//! Nothing broken is checked in: every broken file is made here from the built
//! plugin, by cutting it or by changing bytes of it. A refusal has exit status
//! 2 and three parts: what, why, help.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    process::Command,
};

use crate::util::{Dir, Host, Ran, built, cargo, root};

/// Bytes of the built plugin, and where its manifest's text begins.
struct Plugin {
    bytes: Vec<u8>,
    /// Of the note's owner.
    owner: usize,
    /// Of the manifest's text.
    text: usize,
}

impl Plugin {
    fn new() -> Plugin {
        let bytes = fs::read(&built().supremo).expect("the plugin was built");
        // Of a note: sizes of owner and text, the type, the owner, the text.
        let note = b"\x01\0\0\0REMORA\0\0name = ";
        let mut found = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(note));
        let at = found.next().expect("the plugin has its note");
        assert!(found.next().is_none(), "the plugin has one note");
        Plugin { owner: at + 4, text: at + 12, bytes }
    }

    /// The ABI version that its manifest states: ours.
    fn abi(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes[self.text..self.text + 1000]);
        let (_, rest) = text.split_once("abi = \"").expect("the manifest states its ABI");
        rest.split_once('"').expect("the text ends").0.to_owned()
    }

    /// The file with one text in its manifest replaced by another of the same length.
    fn with(&self, old: &str, new: &str) -> Vec<u8> {
        assert_eq!(old.len(), new.len());
        let from = &self.bytes[self.text..self.text + 1000];
        let at = from.windows(old.len()).position(|window| window == old.as_bytes());
        let at = self.text + at.unwrap_or_else(|| panic!("{old} is not in the manifest"));
        let mut bytes = self.bytes.clone();
        bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
        bytes
    }
}

fn sweep_with(dir: &Dir, plugins: &[&str]) -> Ran {
    let mut sweep = dir.remora();
    sweep.args(["sweep", "--output", "ndjson"]);
    for plugin in plugins {
        sweep.args(["--plugin", plugin]);
    }
    sweep.stdin("").run()
}

/// Asserts a refusal in its three parts.
fn assert_refused(ran: &Ran, what: &str, why: &[&str]) {
    ran.ended(2);
    eqnice!("", ran.text(), "nothing was swept");
    let head = format!("plugin {what} was not loaded: ");
    let parts: Vec<&str> = [head.as_str()].into_iter().chain(why.iter().copied()).collect();
    ran.said(&parts);
    let help = ran.stderr.lines().find_map(|line| line.trim().strip_prefix("help: "));
    assert!(help.is_some_and(|help| help.len() > 8), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
}

fn refuse(dir: &Dir, name: &str, bytes: &[u8], why: &[&str]) {
    dir.create(name, bytes);
    assert_refused(&sweep_with(dir, &[name]), name, why);
    // `info` says the same without running anything.
    let info = dir.remora().args(["plugin", "info", name]).run();
    assert!(info.ended(2).text().contains("refused"), "{}", info.text());
}

#[test]
fn what_is_no_shared_object() {
    let dir = Dir::new(Host::LinkedIn);
    for (name, bytes) in
        [("empty.so", &b""[..]), ("text.so", b"#!/bin/sh\n"), ("elf.so", b"\x7fEL")]
    {
        refuse(&dir, name, bytes, &["not a shared object"]);
    }
    // Small enough to be looked at, as a program with debug information is not.
    let program = fs::read("/bin/sh").unwrap();
    refuse(&dir, "program.so", &program, &["root symbol is missing"]);
}

#[test]
fn a_file_that_is_cut_short_at_any_length() {
    // The loader would not fail on such a file, but end the process.
    let dir = Dir::new(Host::LinkedIn);
    let Plugin { bytes, .. } = Plugin::new();
    let end = bytes.len();
    let lengths = [4, 16, 63, 64, 65, 512, 4096, end / 64, end / 8, end / 2, end - 4096, end - 1];
    for length in lengths {
        dir.create("cut.so", &bytes[..length]);
        assert_refused(&sweep_with(&dir, &["cut.so"]), "cut.so", &["cut short"]);
    }
}

#[test]
fn objects_of_other_machines() {
    let dir = Dir::new(Host::LinkedIn);
    let Plugin { bytes, .. } = Plugin::new();
    let changed = |at: usize, byte: u8| {
        let mut bytes = bytes[..1 << 16].to_vec();
        bytes[at] = byte;
        bytes
    };
    // Offsets of the ELF header: class, byte order, type, machine.
    refuse(&dir, "class.so", &changed(4, 1), &["64-bit"]);
    let other = if cfg!(target_endian = "little") { 2 } else { 1 };
    refuse(&dir, "order.so", &changed(5, other), &["byte order"]);
    refuse(&dir, "machine.so", &changed(18, 8), &["machine 8"]);
    refuse(&dir, "object.so", &changed(16, 1), &["no shared object"]);
}

#[test]
fn a_file_without_a_manifest() {
    let dir = Dir::new(Host::LinkedIn);
    let plugin = Plugin::new();
    let mut bytes = plugin.bytes.clone();
    bytes[plugin.owner] = b'X';
    refuse(&dir, "foreign.so", &bytes, &["no manifest"]);
}

#[test]
fn other_abi_versions_are_named_with_ours() {
    let dir = Dir::new(Host::LinkedIn);
    let plugin = Plugin::new();
    // A minor above the host's may use what the host does not have.
    let ours = plugin.abi();
    for abi in ["2.0.0", "0.9.0", "1.9.0"] {
        let bytes = plugin.with(&format!("abi = \"{ours}\""), &format!("abi = \"{abi}\""));
        refuse(&dir, "other.so", &bytes, &["supremo", abi, &ours]);
    }
}

#[test]
fn a_note_that_says_something_else_than_the_code() {
    let dir = Dir::new(Host::LinkedIn);
    let plugin = Plugin::new();
    let bytes = plugin.with("licence = \"Apache", "licence = \"apache");
    dir.create("edited.so", bytes);
    let ran = sweep_with(&dir, &["edited.so"]);
    assert_refused(&ran, "edited.so", &["manifest in its note is not the one its code gives"]);
}

#[test]
fn manifests_that_cannot_be_read() {
    let dir = Dir::new(Host::LinkedIn);
    let plugin = Plugin::new();
    refuse(&dir, "toml.so", &plugin.with("name = ", "name : "), &["manifest cannot be read"]);
    let named = plugin.with("name = \"supremo\"", "name = \"SUPREMO\"");
    refuse(&dir, "name.so", &named, &["\"SUPREMO\"", "no name"]);
    let aborts = plugin.with("panic = \"unwind\"", "panic = \"abort!\"");
    refuse(&dir, "panic.so", &aborts, &["panic", "would end the program"]);
}

#[test]
fn paths_that_are_no_file() {
    let dir = Dir::new(Host::LinkedIn);
    fs::copy(&built().supremo, dir.path("real.so")).unwrap();
    symlink("real.so", dir.path("link.so")).unwrap();
    dir.folder("folder.so");
    for (name, why) in
        [("link.so", "symbolic link"), ("folder.so", "not a regular file"), ("none.so", "opened")]
    {
        assert_refused(&sweep_with(&dir, &[name]), name, &[why]);
    }
}

#[test]
fn files_that_others_can_change() {
    let dir = Dir::new(Host::LinkedIn);
    dir.create("open/own.so", fs::read(&built().supremo).unwrap());
    let set = |name: &str, mode: u32| {
        fs::set_permissions(dir.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    set("open/own.so", 0o666);
    let ran = sweep_with(&dir, &["open/own.so"]);
    assert_refused(&ran, "open/own.so", &["written by everybody"]);
    set("open/own.so", 0o644);
    set("open", 0o777);
    let ran = sweep_with(&dir, &["open/own.so"]);
    assert_refused(&ran, "open/own.so", &["the folder", "written by everybody"]);
    set("open", 0o755);
    sweep_with(&dir, &["open/own.so"]).ended(0).silent();
}

#[test]
fn two_plugins_of_one_name() {
    let dir = Dir::new(Host::LinkedIn);
    for name in ["a.so", "b.so"] {
        fs::copy(&built().supremo, dir.path(name)).unwrap();
    }
    let ran = sweep_with(&dir, &["a.so", "b.so"]);
    assert_refused(&ran, "b.so", &["supremo", "a.so"]);
}

#[test]
fn plugins_of_a_folder_must_be_trusted() {
    let dir = Dir::new(Host::LinkedIn);
    dir.create("plugins/faulty.so", fs::read(&built().faulty).unwrap());
    dir.create("plugins/notes.txt", "no plugin");
    let sweep = |args: &[&str]| {
        dir.remora().args(["sweep", "--output", "ndjson"]).args(args).stdin("").run()
    };
    let from_folder = ["--plugin-dir", "plugins"];
    let untrusted = sweep(&from_folder);
    assert_refused(&untrusted, "plugins/faulty.so", &["trust"]);
    dir.remora().args(["plugin", "trust", "plugins/faulty.so"]).run().ended(0);
    let names = |ran: &Ran| -> Vec<String> {
        ran.report().summary.detectors.into_iter().map(|one| one.name).collect()
    };
    assert_eq!(names(sweep(&from_folder).ended(0).silent()), ["catalog", "faulty", "supremo"]);
    // Other bytes are another plugin, in the folder and by name.
    let mut bytes = dir.read("plugins/faulty.so");
    bytes.push(0);
    dir.create("plugins/faulty.so", bytes);
    assert_refused(&sweep(&from_folder), "plugins/faulty.so", &["trust"]);
    let named = sweep(&["--plugin", "plugins/faulty.so"]);
    assert_refused(&named, "plugins/faulty.so", &["faulty"]);
    // Without the entry a plugin that is named is trusted for that run.
    dir.remora().args(["plugin", "untrust", "faulty"]).run().ended(0);
    sweep(&["--plugin", "plugins/faulty.so"]).ended(0).silent();
    assert_refused(&sweep(&from_folder), "plugins/faulty.so", &["trust"]);
}

#[test]
fn info_and_list_run_nothing() {
    let dir = Dir::new(Host::LinkedIn);
    // Not loadable, as its code says something else; but readable.
    let bytes = Plugin::new().with("licence = \"Apache", "licence = \"apache");
    dir.create("edited.so", bytes);
    let info = dir.remora().args(["plugin", "info", "edited.so"]).run();
    let text = info.ended(0).silent().text();
    for part in ["would load", "supremo", "T1219.002", "apache", "sha256"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let list = dir.remora().args(["plugin", "list", "--plugin-dir", ".", "--json"]).run();
    let list: serde_json::Value = serde_json::from_str(list.ended(0).silent().text()).unwrap();
    assert_eq!(list[0]["state"], "linked in");
    let supremo = list.as_array().unwrap().iter().filter(|one| one["name"] == "supremo");
    let states: Vec<_> = supremo.map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["linked in", "refused"]);
}

/// Compiles the faulty plugin with a panic strategy, as far as types are checked. The compiler is
/// called as cargo does, over the SDK that is built already: cargo itself would build every
/// dependency again.
fn compile(dir: &Dir, panic: &str) -> (bool, String) {
    let sibling = cargo().with_file_name("rustc");
    let rustc = if sibling.exists() { sibling } else { "rustc".into() };
    let sdk = &built().sdk;
    let folder = sdk.parent().expect("a library lies in a folder");
    let deps = folder.join("deps");
    let deps = if deps.exists() { deps.as_path() } else { folder };
    let output = Command::new(rustc)
        .args(["--edition", "2024", "--crate-type", "cdylib", "--emit", "metadata"])
        .args(["--crate-name", "remora_faulty_plugin", "-C", &format!("panic={panic}")])
        .arg("--out-dir")
        .arg(dir.path(""))
        .arg("--extern")
        .arg(format!("remora_sdk={}", sdk.display()))
        .arg("-L")
        .arg(format!("dependency={}", deps.display()))
        .arg(root().join("tests/plugins/faulty/src/lib.rs"))
        .env("CARGO_PKG_VERSION", "0.1.0")
        .env("CARGO_PKG_LICENSE", "Apache-2.0 OR MIT")
        .output()
        .expect("the compiler can be started");
    (output.status.success(), String::from_utf8(output.stderr).expect("messages are UTF-8"))
}

#[test]
fn a_plugin_that_would_abort_does_not_compile() {
    let dir = Dir::new(Host::LinkedIn);
    let (compiled, said) = compile(&dir, "unwind");
    assert!(compiled, "{said}");
    let (compiled, said) = compile(&dir, "abort");
    assert!(!compiled);
    assert!(said.contains("a detector must be built with panic = \"unwind\""), "{said}");
}
