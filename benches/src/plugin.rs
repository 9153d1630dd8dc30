//! The plugin file that is loaded.
//!
//! Cargo does not build another member's `cdylib` for a bench, so it is asked
//! to here, for the optimised build that a user would load. Where the file
//! lies is read from Cargo's own messages: the target folder may be anywhere.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Stdio},
};

/// The package whose `cdylib` is loaded.
const PACKAGE: &str = "remora-supremo-export";

/// Whether a plugin file has its symbols and line tables. They are most of the
/// file, and every step that reads all of it shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbols {
    /// As the release profile leaves it.
    Kept,
    /// As one would give it away.
    Stripped,
}

/// Builds the SupRemo plugin and gives the path of a copy of its own: the next
/// build puts its file in the same place.
///
/// # Panics
///
/// If it cannot be built: there is nothing to measure then.
pub fn build(symbols: Symbols) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let (arguments, name): (&[&str], _) = match symbols {
        Symbols::Kept => (&["build"], "bench_supremo"),
        Symbols::Stripped => (&["rustc"], "bench_supremo_stripped"),
    };
    let mut command = Command::new(cargo);
    command.args(arguments).args(["--release", "--message-format=json", "-p", PACKAGE]);
    if symbols == Symbols::Stripped {
        command.args(["--", "-C", "strip=symbols"]);
    }
    let output = command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "{PACKAGE} could not be built: {}", output.status);
    let built = artifact(&output.stdout).expect("cargo names the shared object that it built");
    let copy = built.with_file_name(format!("{name}{}", env::consts::DLL_SUFFIX));
    fs::copy(&built, &copy).expect("the target folder can be written to");
    copy
}

/// The shared object that the last artifact message of the package names.
fn artifact(messages: &[u8]) -> Option<PathBuf> {
    let target = PACKAGE.replace('-', "_");
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
        assert_eq!(artifact(messages.as_bytes()), Some(PathBuf::from(wanted)));
        assert_eq!(artifact(b"{}"), None);
    }
}
