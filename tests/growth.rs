//! A plugin that was built before the ABI grew still loads, and finds what it
//! found.
//!
//! The sources of ABI 1.0 (`core/abi`, `core/rules`, `core/sdk` and the workspace
//! table, as they were committed) lie packed in `plugins/before/abi-1.0.tar.gz`.
//! The plugin beside them is built with these, in a workspace and a target
//! folder of its own, and loaded by the host as it is now.

use std::{fs, path::PathBuf, process::Command};

use crate::{
    faults::process,
    util::{Dir, Host, cargo, root},
};

/// Builds the plugin with the sources of its time.
fn before() -> PathBuf {
    // Stable, so that a second run builds nothing.
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("abi-1.0");
    let old = root().join("tests/plugins/before");
    let packed = fs::File::open(old.join("abi-1.0.tar.gz")).expect("the old sources are there");
    fs::create_dir_all(&folder).expect("a folder for the old sources");
    tar::Archive::new(flate2::read::GzDecoder::new(packed))
        .unpack(&folder)
        .expect("the old sources can be unpacked");
    let plugin = folder.join("plugin");
    fs::create_dir_all(plugin.join("src")).expect("a folder for the plugin");
    for file in ["Cargo.toml", "src/lib.rs"] {
        copy_if_changed(&old.join("plugin").join(file), &plugin.join(file));
    }
    // Only what the plugin needs, and the versions that are there already.
    let table = fs::read_to_string(folder.join("Cargo.toml")).expect("the old workspace table");
    let (head, rest) = table.split_once("members = [").expect("a list of members");
    let (_, tail) = rest.split_once(']').expect("its end");
    let (_, tail) = tail.split_once("default-members").expect("the default members");
    let (_, tail) = tail.split_once('\n').expect("their end");
    let members = "members = [\"core/abi\", \"core/rules\", \"core/sdk\", \"plugin\"]\n";
    fs::write(folder.join("Cargo.toml"), format!("{head}{members}{tail}")).expect("a workspace");
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");
    let built = Command::new(cargo())
        .args(["build", "--quiet", "--offline", "--package", "remora-before-plugin"])
        .arg("--target-dir")
        .arg(folder.join("target"))
        .current_dir(&folder)
        .status()
        .expect("cargo can be started");
    assert!(built.success(), "the plugin of ABI 1.0 must build with its own sources");
    let name = format!("libremora_before_plugin.{}", std::env::consts::DLL_EXTENSION);
    folder.join("target/debug").join(name)
}

/// A changed time alone would build everything again.
fn copy_if_changed(from: &PathBuf, to: &PathBuf) {
    let new = fs::read(from).expect("the plugin's file");
    if fs::read(to).ok().as_ref() != Some(&new) {
        fs::write(to, new).expect("the plugin's file can be written");
    }
}

#[test]
fn a_plugin_from_before_the_abi_grew_still_finds() {
    let plugin = before();
    let dir = Dir::new(Host::LinkedIn);
    dir.create("proc.ndjson", process("d1", "before.exe") + &process("d2", "after.exe"));
    let info = dir.remora().args(["plugin", "info"]).arg(&plugin).run();
    assert!(info.ended(0).text().contains("1.0.0"), "{}", info.text());
    let ran =
        dir.sweep().arg("--plugin").arg(&plugin).args(["--tool", "before", "proc.ndjson"]).run();
    let report = ran.ended(0).silent().report();
    let found: Vec<_> =
        report.by_rule.iter().map(|one| (one.rule.as_str(), one.count, one.confidence)).collect();
    assert_eq!(found, [("before.process", 1, crate::report::Confidence::Likely)]);
    assert!(report.summary.detectors.iter().any(|one| one.name == "before"));
}
