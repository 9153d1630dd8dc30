//! `remora catalog`: what the catalog's keeper does.

mod diff;
mod import;
mod lint;
mod new;
mod test;

use anyhow::Result;

use crate::{
    args::{CatalogCommand, LogArgs},
    exit::Status,
};

/// Runs the command.
pub(crate) fn run(command: &CatalogCommand, log: &LogArgs) -> Result<Status> {
    match command {
        CatalogCommand::Diff(args) => diff::run(args),
        CatalogCommand::Import(args) => import::run(args),
        CatalogCommand::Lint(args) => lint::run(args, log),
        CatalogCommand::New(args) => new::run(args),
        CatalogCommand::Test(args) => test::run(args),
    }
}
