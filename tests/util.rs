//! Plumbing of the end-to-end tests: the built program, the built plugin.
//!
//! Cargo does not build another member's program or shared object for a test,
//! so they are built here, once, into the folder that the test itself is in.

use std::{
    io::{BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use cargo_metadata::Message;
use serde_json::Value;

/// The program and the SupRemo plugin.
#[derive(Debug)]
pub struct Built {
    /// The program.
    pub remora: PathBuf,
    /// The plugin's shared object.
    pub plugin: PathBuf,
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").to_owned()
}

/// Builds the program and the plugin, once.
pub fn built() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut child = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--message-format=json"])
            .args(["-p", "remora", "-p", "remora-supremo-export"])
            .current_dir(root())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo runs");
        let out = BufReader::new(child.stdout.take().expect("its output is piped"));
        let (mut remora, mut plugin) = (None, None);
        for message in Message::parse_stream(out) {
            if let Message::CompilerArtifact(artifact) = message.expect("cargo speaks JSON") {
                let file = || artifact.filenames.first().map(|path| PathBuf::from(path.as_str()));
                match artifact.target.name.as_str() {
                    "remora" => remora = artifact.executable.map(PathBuf::from),
                    "remora_supremo_export" => plugin = file(),
                    _ => {}
                }
            }
        }
        assert!(child.wait().expect("cargo ends").success(), "the program builds");
        Built { remora: remora.expect("a program"), plugin: plugin.expect("a plugin") }
    })
}

/// Runs `remora` in `dir` with `stdin`.
pub fn remora(dir: &Path, args: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(&built().remora)
        .args(args)
        .current_dir(dir)
        .env("HOME", dir)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_DATA_HOME")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("remora runs");
    let mut input = child.stdin.take().expect("its input is piped");
    let stdin = stdin.to_owned();
    // The program may end before it has read all.
    let feed = std::thread::spawn(move || {
        let _ = input.write_all(&stdin);
    });
    let output = child.wait_with_output().expect("remora ends");
    feed.join().expect("the feeder ends");
    output
}

/// The sightings and the summary of an ndjson report.
pub fn report(output: &Output) -> (Vec<Value>, Value) {
    let text = String::from_utf8(output.stdout.clone()).expect("reports are UTF-8");
    let mut lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let summary = lines.pop().expect("a report ends with its summary");
    assert_eq!(summary["schema"], "remora.summary/1");
    (lines, summary)
}
