//! What a program costs: processor time and memory of a child.
//!
//! Each is run by a process of its own, because the system states the peak
//! memory of children only for all of them together.

use std::{
    env, io,
    path::Path,
    process::{Command, Stdio},
};

use nix::sys::resource::{UsageWho, getrusage};

/// What one run took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    /// Seconds of processor time, user and system.
    pub(crate) cpu: f64,
    /// Peak resident memory in MiB; small ones cannot be told from that of
    /// the process that runs them, about 3.
    pub(crate) memory: f64,
    /// What it wrote to standard output.
    pub(crate) output: String,
}

/// The argument that makes this program run another one and say what it took.
pub(crate) const MEASURE: &str = "--measure";

/// Runs a program in a process of its own.
///
/// # Errors
///
/// That it cannot be started, or ended with an error, in words.
pub(crate) fn run(program: &str, args: &[String], output: &Path) -> Result<Run, String> {
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let done = Command::new(own)
        .arg(MEASURE)
        .arg(output)
        .arg(program)
        .args(args)
        .output()
        .map_err(|error| error.to_string())?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&done.stdout);
    let figures: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [cpu, memory] = figures[..] else {
        return Err(format!("{program}: no figures in {said:?}"));
    };
    let output = std::fs::read(output).map_err(|error| error.to_string())?;
    Ok(Run { cpu, memory, output: String::from_utf8_lossy(&output).into_owned() })
}

/// The other side of [`run`]: runs `command` with its output in a file, and
/// prints what it took.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn measured(output: &Path, command: &[String]) -> Result<(), String> {
    let say = |error: io::Error| error.to_string();
    let [program, args @ ..] = command else { return Err("no program".to_owned()) };
    let file = std::fs::File::create(output).map_err(say)?;
    let done = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .map_err(|error| format!("{program}: {error}"))?;
    // 1 is what a search ends with that found nothing.
    if !matches!(done.status.code(), Some(0 | 1)) {
        let said = String::from_utf8_lossy(&done.stderr);
        let last = said.trim().lines().last().unwrap_or_default().to_owned();
        return Err(format!("{program}: {}: {last}", done.status));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 * 1e-6;
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    println!("{cpu} {}", usage.max_rss() as f64 / 1024.0);
    Ok(())
}
