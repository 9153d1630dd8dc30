//! The plugin file that is loaded.
//!
//! Cargo does not build another member's `cdylib` for a bench, so it is asked
//! to here, for the optimised build that a user would load. Where the file
//! lies is read from Cargo's own messages: the target folder may be anywhere.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use memchr::memmem;

/// The package of the SupRemo plugin.
pub const SUPREMO: &str = "remora-supremo-export";
/// The package of the plugin that has the whole catalog.
pub const CATALOG: &str = "remora-catalog-export";

/// Whether a plugin file has its symbols and line tables. They are most of the
/// file, and every step that reads all of it shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbols {
    /// As the release profile leaves it.
    Kept,
    /// As one would give it away.
    Stripped,
}

/// Builds the plugin of a package and gives the path of a copy of its own: the next
/// build puts its file in the same place.
///
/// # Panics
///
/// If it cannot be built: there is nothing to measure then.
pub fn build(package: &str, symbols: Symbols) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let (arguments, name): (&[&str], _) = match symbols {
        Symbols::Kept => (&["build"], format!("bench-{package}")),
        Symbols::Stripped => (&["rustc"], format!("bench-{package}-stripped")),
    };
    let mut command = Command::new(cargo);
    command.args(arguments).args(["--release", "--message-format=json", "-p", package]);
    if symbols == Symbols::Stripped {
        command.args(["--", "-C", "strip=symbols"]);
    }
    let output = command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "{package} could not be built: {}", output.status);
    let built =
        artifact(package, &output.stdout).expect("cargo names the shared object that it built");
    let copy = built.with_file_name(format!("{name}{}", env::consts::DLL_SUFFIX));
    fs::copy(&built, &copy).expect("the target folder can be written to");
    copy
}

/// Copies a plugin file into `folder` under another name of the detector, which
/// has as many letters: so a plugin of one build can stand for many.
///
/// # Panics
///
/// If the file does not state the old name as a manifest does.
pub fn renamed(file: &Path, (old, new): (&str, &str), folder: &Path) -> PathBuf {
    assert_eq!(old.len(), new.len(), "lengths stand in the file");
    let line = |name: &str| format!("name = \"{name}\"\n");
    let (old, changed) = (line(old), line(new));
    let mut bytes = fs::read(file).expect("the plugin was just built");
    let places: Vec<usize> = memmem::find_iter(&bytes, &old).collect();
    assert!(!places.is_empty(), "the manifest stands in the file");
    for at in places {
        bytes[at..at + old.len()].copy_from_slice(changed.as_bytes());
    }
    let copy = folder.join(format!("{new}{}", env::consts::DLL_SUFFIX));
    fs::write(&copy, bytes).expect("the folder can be written to");
    copy
}

/// The shared object that the last artifact message of the package names.
fn artifact(package: &str, messages: &[u8]) -> Option<PathBuf> {
    let target = package.replace('-', "_");
    let mut found = None;
    for line in messages.split(|&byte| byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<serde_json::Value>(line) else { continue };
        if message["reason"] == "compiler-artifact" && message["target"]["name"] == target {
            let names = message["filenames"].as_array()?.iter().filter_map(|name| name.as_str());
            let suffix = env::consts::DLL_SUFFIX;
            found = names.map(PathBuf::from).find(|path| {
                path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(suffix))
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_read_from_the_messages_of_cargo() {
        let wanted = format!("/t/release/libremora_supremo_export{}", env::consts::DLL_SUFFIX);
        let line = |name: &str, file: &str| {
            serde_json::json!({
                "reason": "compiler-artifact",
                "target": { "name": name },
                "filenames": ["/t/release/notes.txt", file],
            })
        };
        let messages = format!(
            "not json\n{}\n{}\n{{\"reason\":\"build-finished\",\"success\":true}}\n",
            line("remora_supremo", "/t/release/libremora_supremo.rlib"),
            line("remora_supremo_export", &wanted),
        );
        assert_eq!(artifact(SUPREMO, messages.as_bytes()), Some(PathBuf::from(wanted)));
        assert_eq!(artifact(SUPREMO, b"{}"), None);
    }
}
