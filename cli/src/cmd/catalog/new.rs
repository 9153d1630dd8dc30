//! `remora catalog new`

use std::{
    io::{self, Write as _},
    path::Path,
};

use anyhow::Result;
use jiff::Timestamp;
use remora_keeper::create::{Known, create};

use crate::{args::NewArgs, exit::Status};

/// Runs the command.
pub(crate) fn run(args: &NewArgs) -> Result<Status> {
    let known = Known {
        name: args.name.clone(),
        domains: args.domain.clone(),
        companies: args.company.clone(),
        products: args.product.clone(),
        signers: args.signer.clone(),
        date: today(),
    };
    let path = create(&known, &args.to)?;
    let path = path.strip_prefix("./").unwrap_or(&path);
    let named = shell_word(path);
    let mut out = io::stdout().lock();
    writeln!(out, "wrote {}\n\nnext:", path.display())?;
    writeln!(out, "  remora catalog lint --addition {named}")?;
    writeln!(out, "  remora catalog test {named}")?;
    Ok(Status::default())
}

/// The day by UTC, as TOML writes it.
fn today() -> String {
    let now = Timestamp::now().to_string();
    now.split_once('T').map_or(now.clone(), |(day, _)| day.to_owned())
}

/// A path as one word of a command.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:~".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
