//! `remora`: arguments in, reports out. No detection logic is in here.
#![forbid(unsafe_code)]

mod args;
mod cmd;
mod detectors;
mod exit;
mod folders;
mod inputs;
mod known;
mod log;
mod progress;
mod report;
mod scenarios;
mod spool;
mod stdout;
mod target;
mod times;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let args = args::Args::parse();
    log::install(&args.log);
    let result = match &args.command {
        args::Command::Sweep(sweep) => cmd::sweep::run(sweep, &args.log),
        args::Command::Catalog(catalog) => cmd::catalog::run(catalog, &args.log),
        args::Command::Tools(tools) => cmd::tools::run(tools, &args.log),
        args::Command::Explain(explain) => cmd::explain::run(explain, &args.log),
        args::Command::Plugin(plugin) => cmd::plugin::run(plugin),
        args::Command::Completions { shell } => cmd::generated::completions(*shell),
        args::Command::Man => cmd::generated::man(),
    };
    exit::code(result)
}
