//! Plumbing: the built program, the built plugins, scratch folders, commands.
//!
//! Cargo builds neither the program nor a shared object of another member for
//! a test. So `cargo build` is asked here, once per process, for the profile
//! and into the folder that this test was built in; where all is fresh that
//! takes a moment. Its lock is free while tests run.

use std::{
    cell::RefCell,
    env,
    ffi::{OsStr, OsString},
    fs,
    io::{BufRead as _, BufReader, Read, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use cargo_metadata::{Artifact, Message};

use crate::report::Report;

/// A command that runs longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// What cargo built.
#[derive(Debug)]
pub(crate) struct Built {
    /// The program.
    pub(crate) remora: PathBuf,
    /// The SupRemo detector as a plugin file.
    pub(crate) supremo: PathBuf,
    /// The catalog detector as a plugin file.
    pub(crate) catalog: PathBuf,
    /// The detector that fails, as a plugin file.
    pub(crate) faulty: PathBuf,
    /// The SDK, as the compiler links it.
    pub(crate) sdk: PathBuf,
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").into()
}

/// Whether files that are made from what the program prints are to be
/// rewritten: `REMORA_BLESS=1`.
pub(crate) fn bless() -> bool {
    env::var_os("REMORA_BLESS").is_some_and(|value| value == "1")
}

/// The cargo that runs this test.
pub(crate) fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| env!("CARGO").into(), PathBuf::from)
}

/// Builds the program and the plugins, once.
pub(crate) fn built() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| {
        // <target folder>/<profile's folder>/deps/<this test>
        let exe = env::current_exe().expect("a test knows its own path");
        let folder = exe.ancestors().nth(2).expect("a test lies in <profile>/deps");
        let target = folder.parent().expect("a profile's folder lies in the target folder");
        let profile = match folder.file_name().and_then(OsStr::to_str) {
            Some("debug") => "dev",
            Some(name) => name,
            None => panic!("{} is no folder of a profile", folder.display()),
        };
        let mut cargo = Command::new(cargo());
        cargo.args(["build", "--quiet", "--message-format=json-render-diagnostics"]);
        for package in
            ["remora", "remora-catalog-export", "remora-supremo-export", "remora-faulty-plugin"]
        {
            cargo.args(["--package", package]);
        }
        cargo.args(["--profile", profile]).arg("--target-dir").arg(target);
        let mut child = cargo
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo can be started");
        let messages = BufReader::new(child.stdout.take().expect("cargo's output is piped"));
        let mut artifacts: Vec<Artifact> = Vec::new();
        for message in Message::parse_stream(messages) {
            if let Message::CompilerArtifact(artifact) = message.expect("cargo writes JSON") {
                artifacts.push(artifact);
            }
        }
        assert!(child.wait().expect("cargo ends").success(), "the program must build");
        let file = |target: &str, extension: &str| {
            let named = artifacts.iter().filter(|artifact| artifact.target.name == target);
            let mut files = named.flat_map(|artifact| {
                artifact.filenames.iter().chain(&artifact.executable).map(PathBuf::from)
            });
            let fits = |file: &PathBuf| file.extension().unwrap_or_default() == extension;
            files.find(fits).unwrap_or_else(|| panic!("cargo built no {target}.{extension}"))
        };
        let library = env::consts::DLL_EXTENSION;
        Built {
            remora: file("remora", env::consts::EXE_EXTENSION),
            supremo: file("remora_supremo_export", library),
            catalog: file("remora_catalog_export", library),
            faulty: file("remora_faulty_plugin", library),
            sdk: file("remora_sdk", "rlib"),
        }
    })
}

/// How the program has the SupRemo detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// As a part of it.
    LinkedIn,
    /// Loaded with `--plugin`.
    Loaded,
}

impl Host {
    /// Both, where plugins can be loaded.
    pub(crate) fn all() -> &'static [Host] {
        if cfg!(target_os = "linux") { &[Host::LinkedIn, Host::Loaded] } else { &[Host::LinkedIn] }
    }
}

/// Runs `test` on each host and compares what its commands printed.
pub(crate) fn on_each_host(test: impl Fn(&Dir, &mut TestCommand<'_>)) {
    let mut first: Option<Vec<Ran>> = None;
    for host in Host::all() {
        let dir = Dir::new(*host);
        test(&dir, &mut dir.sweep());
        let ran = dir.ran.into_inner();
        let Some(first) = &first else {
            first = Some(ran);
            continue;
        };
        assert_eq!(first.len(), ran.len(), "on another host it runs other commands");
        for (one, other) in first.iter().zip(&ran) {
            eqnice!(one.text(), other.text(), "linked in, then {host:?}: {}", other.command);
            eqnice!(one.stderr, other.stderr, "linked in, then {host:?}: {}", other.command);
            assert_eq!(one.status, other.status, "linked in, then {host:?}: {}", other.command);
        }
    }
}

/// A scratch folder, in which commands run.
#[derive(Debug)]
pub(crate) struct Dir {
    temp: tempfile::TempDir,
    host: Host,
    ran: RefCell<Vec<Ran>>,
}

impl Dir {
    /// An empty one.
    pub(crate) fn new(host: Host) -> Dir {
        let temp = tempfile::tempdir().expect("a scratch folder can be made");
        Dir { temp, host, ran: RefCell::default() }
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn create(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders are made");
        fs::write(path, content).expect("a file is written");
    }

    /// Makes an empty folder.
    pub(crate) fn folder(&self, name: &str) {
        fs::create_dir_all(self.path(name)).expect("a folder is made");
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("the file can be read")
    }

    /// Writes the trust file: plugins by name and hash.
    pub(crate) fn trust(&self, plugins: &[(&str, &str)]) {
        let entry = |(name, hash): &(&str, &str)| {
            format!("[[plugin]]\nname = {name:?}\nsha256 = {hash:?}\n")
        };
        self.create(
            "home/.config/remora/trust.toml",
            plugins.iter().map(entry).collect::<String>(),
        );
    }

    /// The program, without arguments.
    pub(crate) fn remora(&self) -> TestCommand<'_> {
        let mut command = Command::new(&built().remora);
        command
            .current_dir(self.temp.path())
            // Nothing of the user's own: plugins, trust, colours.
            .env("HOME", self.path("home"))
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("REMORA_FAULTY")
            .env_remove("REMORA_FAULTY_RAN")
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        TestCommand { dir: self, command, stdin: None }
    }

    /// `remora sweep`, on this folder's host.
    pub(crate) fn sweep(&self) -> TestCommand<'_> {
        self.on_host("sweep")
    }

    /// A command that runs detectors, on this folder's host.
    pub(crate) fn on_host(&self, name: &str) -> TestCommand<'_> {
        let mut command = self.remora();
        command.arg(name);
        if self.host == Host::Loaded {
            command.arg("--plugin").arg(&built().supremo);
        }
        command
    }
}

/// A command in a scratch folder.
#[derive(Debug)]
pub(crate) struct TestCommand<'d> {
    dir: &'d Dir,
    command: Command,
    stdin: Option<Vec<u8>>,
}

impl TestCommand<'_> {
    /// Adds an argument.
    pub(crate) fn arg(&mut self, arg: impl AsRef<OsStr>) -> &mut Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub(crate) fn args(&mut self, args: impl IntoIterator<Item: AsRef<OsStr>>) -> &mut Self {
        self.command.args(args);
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn env(&mut self, name: &str, value: impl AsRef<OsStr>) -> &mut Self {
        self.command.env(name, value);
        self
    }

    /// Runs it in another folder.
    pub(crate) fn current_dir(&mut self, folder: &Path) -> &mut Self {
        self.command.current_dir(folder);
        self
    }

    /// What it reads from standard input; nothing if this is not called.
    pub(crate) fn stdin(&mut self, content: impl Into<Vec<u8>>) -> &mut Self {
        self.stdin = Some(content.into());
        self
    }

    /// Starts it with every stream piped, for tests that hold the ends.
    pub(crate) fn spawn(&mut self) -> Child {
        self.command.stdin(Stdio::piped()).spawn().expect("remora can be started")
    }

    /// Runs it with a reader that leaves after the first line, as `| head -1`.
    pub(crate) fn run_to_first_line(&mut self) -> Ran {
        let mut child = self.spawn();
        let mut line = Vec::new();
        let stdout = child.stdout.take().expect("output is piped");
        let mut reader = BufReader::with_capacity(16, stdout);
        reader.read_until(b'\n', &mut line).expect("a pipe can be read");
        drop(reader);
        let output = child.wait_with_output().expect("remora ends");
        let (stderr, places) = without_places(output.stderr);
        Ran {
            command: "remora … | head -1".to_owned(),
            status: output.status.code(),
            stdout: line,
            stderr,
            places,
        }
    }

    /// Runs it to its end.
    pub(crate) fn run(&mut self) -> Ran {
        let words = self.command.get_args().map(OsStr::to_owned);
        let command = words.collect::<Vec<OsString>>().join(OsStr::new(" "));
        if self.stdin.is_some() {
            self.command.stdin(Stdio::piped());
        }
        let mut child = self.command.spawn().expect("remora can be started");
        if let Some(content) = self.stdin.take() {
            let mut stdin = child.stdin.take().expect("standard input is piped");
            thread::spawn(move || {
                // The program may end before it has read all.
                let _ = stdin.write_all(&content);
            });
        }
        let stdout = drain(child.stdout.take());
        let stderr = drain(child.stderr.take());
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                child.kill().expect("a child can be killed");
                panic!("it hangs: remora {}", command.display());
            }
            thread::sleep(Duration::from_millis(2));
        };
        let (stderr, places) = without_places(stderr.join().expect("its errors are read"));
        let ran = Ran {
            command: format!("remora {}", command.display()),
            status: status.code(),
            stdout: stdout.join().expect("its output is read"),
            stderr,
            places,
        };
        self.dir.ran.borrow_mut().push(ran.clone());
        ran
    }
}

fn drain(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    let mut stream = stream.expect("output is piped");
    thread::spawn(move || {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("a pipe can be read");
        all
    })
}

/// The hash of a file as the trust file has it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Standard error, and apart from it what it says of the place of a plugin:
/// that a group can write to the checkout is so on many systems, and no matter
/// of a case.
fn without_places(stderr: Vec<u8>) -> (String, String) {
    let text = String::from_utf8(stderr).expect("messages are UTF-8");
    let of_place = |line: &&str| line.contains("can be written by group ");
    let (places, others): (Vec<&str>, Vec<&str>) = text.split_inclusive('\n').partition(of_place);
    (others.concat(), places.concat())
}

/// What a command did.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    /// The command, to be shown.
    pub(crate) command: String,
    /// The exit status; none if a signal ended it.
    pub(crate) status: Option<i32>,
    /// Standard output.
    pub(crate) stdout: Vec<u8>,
    /// Standard error.
    pub(crate) stderr: String,
    /// What it says of the places of plugins.
    pub(crate) places: String,
}

impl Ran {
    /// Asserts the exit status.
    pub(crate) fn ended(&self, status: i32) -> &Self {
        assert_eq!(self.status, Some(status), "{}\nstandard error:\n{}", self.command, self.stderr);
        self
    }

    /// Asserts that one line of standard error has all of these parts.
    pub(crate) fn said(&self, parts: &[&str]) -> &Self {
        let has = |line: &str| parts.iter().all(|part| line.contains(part));
        assert!(
            self.stderr.lines().any(has),
            "{}\nno line has {parts:?} in standard error:\n{}",
            self.command,
            self.stderr
        );
        self
    }

    /// Asserts that standard error is empty.
    pub(crate) fn silent(&self) -> &Self {
        eqnice!("", self.stderr, "{}", self.command);
        self
    }

    /// Standard output as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("reports are UTF-8")
    }

    /// Standard output as `--output ndjson` writes it.
    pub(crate) fn report(&self) -> Report {
        Report::read(self.text())
    }
}
