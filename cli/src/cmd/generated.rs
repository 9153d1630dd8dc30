//! `remora completions` and `remora man`: what can be generated from the
//! command line itself.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;

use crate::{args::Args, exit::Status};

/// Prints the completion script of a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<Status> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "remora", &mut script);
    print(&script)
}

/// Prints the manual page of the program, and of every command behind it.
pub(crate) fn man() -> Result<Status> {
    let mut page = Vec::new();
    let mut command = Args::command();
    command.build();
    page_of(&command, &mut page).context("the manual page")?;
    print(&page)
}

fn page_of(command: &clap::Command, out: &mut Vec<u8>) -> io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(out)?;
    for part in command.get_subcommands().filter(|part| part.get_name() != "help") {
        page_of(part, out)?;
    }
    Ok(())
}

fn print(bytes: &[u8]) -> Result<Status> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).context("standard output")?;
    Ok(Status::default())
}
