//! Standard output is the report's alone.
//!
//! A plugin runs in this process and could print: among the lines of a report
//! that a script reads, that is damage that nobody sees. So where a plugin may
//! be loaded, the report keeps the stream that was there, and what is printed
//! goes to standard error instead.

use std::io::{self, Write};

use remora_engine::host::Plugins;

/// Where the report goes. To be called before any plugin is loaded.
#[cfg(target_os = "linux")]
pub(crate) fn take(plugins: &Plugins) -> io::Result<Box<dyn Write>> {
    // Folders that cannot be read are told of elsewhere.
    let found = || plugins.in_folders().is_ok_and(|files| !files.is_empty());
    let in_home = || plugins.in_home().is_ok_and(|files| !files.is_empty());
    if plugins.files.is_empty() && !found() && !in_home() {
        return Ok(Box::new(io::stdout().lock()));
    }
    let kept = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok(Box::new(std::fs::File::from(kept)))
}

/// Where the report goes: no plugin is loaded on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn take(_plugins: &Plugins) -> io::Result<Box<dyn Write>> {
    Ok(Box::new(io::stdout().lock()))
}
