//! `remora tools`: the catalog as a person reads it.

mod find;
mod kql;
mod list;
mod show;

use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write as _};

use anyhow::{Context as _, Result, bail};
use remora_catalog::Tool;
use remora_keeper::names::{named, near};

use crate::{
    args::{LogArgs, ToolsArgs, ToolsCommand, ToolsOutput},
    detectors::catalogs,
    exit::Status,
};

/// Runs the command.
pub(crate) fn run(args: &ToolsArgs, log: &LogArgs) -> Result<Status> {
    let tools = catalogs::tools(args.catalog.as_deref(), &args.catalog_add)?;
    let colour = |output: ToolsOutput| {
        output == ToolsOutput::Text && log.color.choice(io::stdout().is_terminal())
    };
    match &args.command {
        ToolsCommand::List(args) => list::run(&tools, args, colour(args.output)),
        ToolsCommand::Show(args) => show::run(&tools, args, colour(args.output)),
        ToolsCommand::Find(args) => find::run(&tools, args, colour(args.output)),
        ToolsCommand::Kql(args) => kql::run(&tools, args),
    }
}

/// The tools of these names, in their order, each once.
fn by_name<'t>(tools: &'t [Tool], names: &[String]) -> Result<Vec<&'t Tool>> {
    let mut found: Vec<&Tool> = vec![];
    for name in names {
        let of_name = named(tools, name);
        if of_name.is_empty() {
            let near: Vec<String> =
                near(tools, name).iter().map(|name| format!("{name:?}")).collect();
            let hint = if near.is_empty() {
                "`remora tools list` names them all".to_owned()
            } else {
                format!("did you mean {}?", near.join(", or "))
            };
            bail!("the catalog has no tool {name:?}; {hint}");
        }
        for tool in of_name {
            if !found.iter().any(|other| other.id == tool.id) {
                found.push(tool);
            }
        }
    }
    Ok(found)
}

/// Prints a report in the form that was asked for.
fn printed(
    machine: bool,
    json: impl FnOnce() -> String,
    text: impl FnOnce(&mut BufWriter<StdoutLock<'_>>) -> io::Result<()>,
) -> Result<Status> {
    let mut out = BufWriter::new(io::stdout().lock());
    let done = if machine { writeln!(out, "{}", json()) } else { text(&mut out) };
    done.and_then(|()| out.flush()).context("standard output")?;
    Ok(Status::default())
}
