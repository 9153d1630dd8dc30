//! The gallery of bad plugins, `gallery.toml`.
//!
//! Nothing broken is checked in: every broken file is made here from a built
//! plugin, by cutting it or by changing bytes of it, or is a faulty plugin
//! that is asked for a fault. Whatever it is, the program says what, why and
//! what to do, and what it reports of the rest is what it reports without.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
};

use serde::Deserialize;

use crate::{
    report::State,
    util::{Dir, Host, Ran, TestCommand, built, cargo, root, sha256},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gallery {
    file: Vec<File>,
    fault: Vec<Fault>,
}

/// A plugin that does not load.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    #[serde(default = "faulty")]
    from: String,
    content: Option<String>,
    #[serde(default)]
    cut: Vec<String>,
    #[serde(default)]
    patch: Vec<(String, u8)>,
    #[serde(default)]
    note: Vec<(String, String)>,
    #[serde(default)]
    everywhere: Vec<(String, String)>,
    mode: Option<u32>,
    folder_mode: Option<u32>,
    place: Option<String>,
    #[serde(default)]
    ask: String,
    why: Vec<String>,
    help: String,
    #[serde(default = "faulty")]
    name: String,
    #[serde(default)]
    runs: bool,
}

fn faulty() -> String {
    "faulty".to_owned()
}

/// A detector that fails during the run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) title: String,
    pub(crate) process: String,
    pub(crate) message: String,
}

fn gallery() -> Gallery {
    let text = fs::read_to_string(root().join("tests/gallery.toml")).expect("it is there");
    toml::from_str(&text).unwrap_or_else(|error| panic!("tests/gallery.toml: {error}"))
}

/// The faults during a run.
pub(crate) fn faults() -> Vec<Fault> {
    gallery().fault
}

/// A built plugin, and where its parts are.
pub(crate) struct Plugin {
    pub(crate) bytes: Vec<u8>,
    /// The note that holds the manifest.
    note: usize,
    /// The exported header.
    root: usize,
}

impl Plugin {
    pub(crate) fn new(from: &str) -> Plugin {
        let bytes = fs::read(match from {
            "supremo" => &built().supremo,
            "faulty" => &built().faulty,
            // A small one: there is a limit to the size of plugins.
            "program" => Path::new("/bin/sh"),
            other => panic!("there is no plugin {other:?}"),
        });
        let bytes = bytes.expect("it was built");
        // Of a note: sizes of owner and text, the type, the owner, the text.
        let note = find(&bytes, b"\x01\0\0\0REMORA\0\0name = ").map_or(0, |at| at - 8);
        let root = find(&bytes, b"abi stable library for Rust     ").unwrap_or(0);
        Plugin { bytes, note, root }
    }

    fn place(&self, place: &str) -> usize {
        let (base, offset) = place.split_once('+').expect("a place is BASE+N");
        let base = match base {
            "header" => 0,
            "note" => self.note,
            "root" => self.root,
            other => panic!("there is no {other:?} in a plugin"),
        };
        base + offset.parse::<usize>().expect("a place is BASE+N")
    }

    /// Changes a text in the note to another of its length.
    pub(crate) fn edit_note(&mut self, old: &str, new: &str) {
        assert_eq!(old.len(), new.len(), "{new}");
        let note = &self.bytes[self.note..self.note + 1000];
        let at = find(note, old.as_bytes()).unwrap_or_else(|| panic!("{old} is not in the note"));
        let at = self.note + at;
        self.bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
    }

    fn edit_everywhere(&mut self, old: &str, new: &str) {
        assert_eq!(old.len(), new.len(), "{new}");
        let mut from = 0;
        while let Some(at) = find(&self.bytes[from..], old.as_bytes()) {
            from += at;
            self.bytes[from..from + new.len()].copy_from_slice(new.as_bytes());
        }
        assert!(from > 0, "{old} is not in the file");
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, part)
}

/// A length as it is written: bytes, a share, or bytes off the end.
fn length(text: &str, whole: usize) -> usize {
    let number = |text: &str| text.parse::<usize>().expect("a length is a number");
    match (text.split_once('/'), text.strip_prefix('-')) {
        (Some((over, under)), _) => whole * number(over) / number(under),
        (_, Some(less)) => whole - number(less),
        _ => number(text),
    }
}

impl File {
    /// The files that the case makes, each with what it is.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        if let Some(content) = &self.content {
            return vec![(self.title.clone(), content.as_bytes().to_vec())];
        }
        let mut plugin = Plugin::new(&self.from);
        for (place, byte) in &self.patch {
            let at = plugin.place(place);
            assert_ne!(plugin.bytes[at], *byte, "{}: nothing is changed", self.title);
            plugin.bytes[at] = *byte;
        }
        self.note.iter().for_each(|(old, new)| plugin.edit_note(old, new));
        self.everywhere.iter().for_each(|(old, new)| plugin.edit_everywhere(old, new));
        if self.cut.is_empty() {
            return vec![(self.title.clone(), plugin.bytes)];
        }
        let cut = |text: &String| {
            let length = length(text, plugin.bytes.len());
            (format!("{} ({text})", self.title), plugin.bytes[..length].to_vec())
        };
        self.cut.iter().map(cut).collect()
    }

    /// Puts a file where `--plugin-dir plugins` finds it, and trusts its bytes.
    fn lay(&self, dir: &Dir, bytes: &[u8]) {
        let path = dir.path("plugins/case.so");
        dir.folder("plugins");
        match self.place.as_deref() {
            None => dir.create("plugins/case.so", bytes),
            Some("folder") => dir.folder("plugins/case.so"),
            Some("link") => {
                dir.create("real.so", bytes);
                symlink("../real.so", &path).expect("a link is made");
            }
            Some(other) => panic!("{}: there is no place {other:?}", self.title),
        }
        if let Some(mode) = self.mode {
            set_mode(dir, "plugins/case.so", mode);
        }
        if let Some(mode) = self.folder_mode {
            set_mode(dir, "plugins", mode);
        }
        dir.trust(&[("faulty", &sha256(bytes)), ("supremo", &sha256(bytes))]);
    }
}

pub(crate) fn set_mode(dir: &Dir, name: &str, mode: u32) {
    fs::set_permissions(dir.path(name), fs::Permissions::from_mode(mode)).expect("a mode is set");
}

/// Rows of which SupRemo and the faulty detector each want some.
const INPUT: &str = concat!(
    "{\"Timestamp\":\"2026-01-11T08:00:00Z\",\"DeviceId\":\"d1\",\"ReportId\":1,\"ActionType\":\"ProcessCreated\",",
    "\"FileName\":\"fine.exe\",\"ProcessVersionInfoCompanyName\":\"NanoSystems\"}\n",
    "broken\n",
    "{\"Timestamp\":\"2026-01-11T09:00:00Z\",\"DeviceId\":\"d2\",\"ReportId\":2,\"ActionType\":\"ConnectionSuccess\",",
    "\"RemoteUrl\":\"supremocontrol.com\",\"RemoteIP\":\"192.0.2.1\"}\n",
);

fn sweep<'d>(dir: &'d Dir, args: &[&str]) -> TestCommand<'d> {
    let mut sweep = dir.remora();
    sweep.args(["sweep", "--output", "ndjson"]).args(args).stdin(INPUT);
    sweep
}

/// A report without what it says of detectors.
fn of_the_rest(ran: &Ran) -> (Vec<String>, serde_json::Value) {
    let mut lines: Vec<String> = ran.text().lines().map(str::to_owned).collect();
    let summary = lines.pop().expect("there is a summary");
    let mut summary: serde_json::Value = serde_json::from_str(&summary).expect("it is JSON");
    summary.as_object_mut().expect("it is an object").remove("detectors").expect("it is there");
    (lines, summary)
}

/// Asserts a message in its three parts.
fn assert_said(ran: &Ran, case: &File, title: &str) {
    let head = "plugin plugins/case.so was not loaded: ";
    let lines: Vec<&str> = ran.stderr.lines().collect();
    let at = lines.iter().position(|line| line.contains(head));
    let at = at.unwrap_or_else(|| panic!("{title}: it is not said\n{}", ran.stderr));
    let why = lines[at].split_once(head).expect("as found").1;
    for part in &case.why {
        assert!(why.contains(part), "{title}: {part:?} is not in {why:?}");
    }
    let help = lines.get(at + 1).and_then(|line| line.strip_prefix("  help: "));
    assert!(help.is_some_and(|help| help.contains(&case.help)), "{title}:\n{}", ran.stderr);
    assert_eq!(ran.stderr.matches(head).count(), 1, "{title}: it is said once");
}

#[test]
fn every_file_is_refused_in_words_and_the_rest_is_reported() {
    let plain = Dir::new(Host::LinkedIn);
    let without = sweep(&plain, &[]).run();
    let without = of_the_rest(without.ended(0));
    assert!(!without.0.is_empty(), "there is something to be found");
    for case in gallery().file {
        for (title, bytes) in case.files() {
            let dir = Dir::new(Host::LinkedIn);
            case.lay(&dir, &bytes);

            let named =
                sweep(&dir, &["--plugin", "plugins/case.so"]).env("REMORA_FAULTY", &case.ask).run();
            assert_eq!(named.status, Some(2), "{title}\n{}", named.stderr);
            eqnice!("", named.text(), "{title}: nothing is swept");
            assert_said(&named, &case, &title);

            for (strict, status) in [(&[][..], 0), (&["--strict"], 2)] {
                let found = sweep(&dir, &["--plugin-dir", "plugins"])
                    .args(strict)
                    .env("REMORA_FAULTY", &case.ask)
                    .run();
                assert_eq!(found.status, Some(status), "{title}\n{}", found.stderr);
                assert_said(&found, &case, &title);
                assert_eq!(of_the_rest(&found), without, "{title}");
                let detectors = found.report().summary.detectors;
                let refused: Vec<_> =
                    detectors.iter().filter(|one| one.state == State::Refused).collect();
                let [refused] = refused[..] else { panic!("{title}: {detectors:?}") };
                assert_eq!(refused.name, case.name, "{title}");
                assert_eq!(refused.path.as_deref(), Some("plugins/case.so"), "{title}");
                let error = refused.error.as_deref().expect("a refusal has its words");
                assert!(case.why.iter().all(|part| error.contains(part)), "{title}: {error}");
            }

            // `info` says the same without running anything.
            let info = dir
                .remora()
                .args(["plugin", "info", "plugins/case.so"])
                .env("REMORA_FAULTY_RAN", dir.path("ran"))
                .run();
            let (status, state) = if case.runs { (0, "would load") } else { (2, "refused") };
            assert_eq!(info.status, Some(status), "{title}: {}", info.text());
            assert!(info.text().contains(state), "{title}: {}", info.text());
            assert!(!dir.path("ran").exists(), "{title}: `info` ran it");
        }
    }
}

#[test]
fn other_bytes_of_a_plugin_can_be_changed_and_it_still_loads() {
    // So that the cases fail for what they change, and not for being changed.
    let dir = Dir::new(Host::LinkedIn);
    let mut plugin = Plugin::new("faulty");
    plugin.bytes.push(0);
    dir.create("plugins/case.so", &plugin.bytes);
    sweep(&dir, &["--plugin", "plugins/case.so"]).run().ended(0);
}

#[test]
fn two_of_one_name_do_not_load_whatever_their_order() {
    let dir = Dir::new(Host::LinkedIn);
    let mut plugin = Plugin::new("faulty");
    let one = plugin.bytes.clone();
    plugin.bytes.push(0);
    let other = plugin.bytes;
    for name in ["named/a.so", "named/b.so", "one/a.so"] {
        dir.create(name, &one);
    }
    dir.create("two/b.so", &other);
    dir.trust(&[("faulty", &sha256(&one)), ("faulty", &sha256(&other))]);
    let states = |ran: &Ran| -> Vec<(String, State)> {
        let detectors = ran.report().summary.detectors;
        let others = detectors.into_iter().filter(|one| one.name != "catalog");
        others.map(|one| (one.name, one.state)).collect()
    };
    let refused = ("faulty".to_owned(), State::Refused);
    let ok = |name: &str| (name.to_owned(), State::Ok);

    // Named twice: which of them is meant?
    let named = sweep(&dir, &["--plugin", "named/a.so", "--plugin", "named/b.so"]).run();
    named.ended(2).said(&["plugin named/b.so", "faulty is the name of named/a.so too"]);
    // Found twice: neither.
    for folders in [["one", "two"], ["two", "one"]] {
        let [first, second] = folders;
        let found = sweep(&dir, &["--plugin-dir", first, "--plugin-dir", second]).run();
        found.ended(0).said(&["plugin one/a.so", "the name of two/b.so too"]);
        found.said(&["plugin two/b.so", "the name of one/a.so too"]);
        assert_eq!(states(&found), [refused.clone(), refused.clone(), ok("supremo")]);
    }
    // The same bytes are one plugin.
    let found = sweep(&dir, &["--plugin-dir", "one", "--plugin-dir", "named"]).run();
    assert_eq!(states(found.ended(0)), [ok("faulty"), ok("supremo")]);
    // The one that is named is meant.
    let both = sweep(&dir, &["--plugin", "one/a.so", "--plugin-dir", "two", "-v"]).run();
    both.ended(0).said(&["one/a.so takes the place of two/b.so"]);
    assert_eq!(states(&both), [ok("faulty"), ok("supremo")]);
}

#[test]
fn what_a_plugin_prints_is_no_part_of_the_report() {
    let dir = Dir::new(Host::LinkedIn);
    dir.create("plugins/faulty.so", Plugin::new("faulty").bytes);
    let args = ["--plugin", "plugins/faulty.so", "--threads", "1"];
    let silent = sweep(&dir, &args).run();
    let printing = sweep(&dir, &args).env("REMORA_FAULTY", "print").run();
    eqnice!(silent.ended(0).text(), printing.ended(0).text());
    assert!(printing.report().by_rule.iter().any(|one| one.tool == "faulty"));
    for call in ["new", "rules", "interests", "inspect", "drop"] {
        printing.said(&[&format!("{{\"printed in\":\"{call}\"}}")]);
    }
    // The reader that leaves early is still noticed.
    dir.create("in.ndjson", INPUT);
    let mut head = dir.remora();
    head.args(["sweep", "in.ndjson"]).args(args).env("REMORA_FAULTY", "print");
    let head = head.run_to_first_line();
    assert_eq!(head.status, Some(0), "{}", head.stderr);
}

#[test]
fn a_panic_at_the_end_of_a_detector_leaves_the_report_whole() {
    let dir = Dir::new(Host::LinkedIn);
    dir.create("plugins/faulty.so", Plugin::new("faulty").bytes);
    let args = ["--plugin", "plugins/faulty.so"];
    let fine = sweep(&dir, &args).run();
    let ran = sweep(&dir, &args).env("REMORA_FAULTY", "panic drop").run();
    eqnice!(fine.ended(0).text(), ran.ended(0).text());
    ran.said(&["faulty", "it was asked for a panic in drop"]);
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
