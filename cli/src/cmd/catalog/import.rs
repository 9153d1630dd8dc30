//! `remora catalog import`

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use anyhow::{Result, bail};
use remora_keeper::import::{self, Imported, List, Remark, Stamp};

use crate::{args::ImportArgs, exit::Status};

/// Remarks of one code that are written out without `--all`.
const SHOWN: usize = 5;

/// Runs the command.
pub(crate) fn run(args: &ImportArgs) -> Result<Status> {
    if args.collection != import::SOURCE {
        bail!(
            "{:?} is no collection that can be imported\nhelp: accepted is: {}",
            args.collection,
            import::SOURCE
        );
    }
    let stamp = stamp(args)?;
    let list = List::read(&args.folder)?;
    let done = import::import(&list, &args.to, &stamp)?;
    report(&done, args, io::stdout().lock())?;
    Ok(Status::default())
}

/// The state that is imported: the one that was named, else that of the
/// catalog.
fn stamp(args: &ImportArgs) -> Result<Stamp> {
    let mut stamp = Stamp::embedded();
    if let Some(commit) = &args.commit {
        if commit.len() != 40 || !commit.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) {
            bail!(
                "--commit {commit:?} is no full commit id\nhelp: it has 40 digits, 0 to 9 and a to f"
            );
        }
        stamp.commit.clone_from(commit);
    }
    if let Some(date) = &args.date {
        let Ok(date) = date.parse::<jiff::civil::Date>() else {
            bail!("--date {date:?} is no date\nhelp: write it as 2026-11-24");
        };
        stamp.date = date.to_string();
    }
    Ok(stamp)
}

fn report(done: &Imported, args: &ImportArgs, mut out: impl Write) -> Result<()> {
    let mut by_code: BTreeMap<_, Vec<&Remark>> = BTreeMap::new();
    for remark in &done.remarks {
        by_code.entry((remark.weight, remark.code)).or_default().push(remark);
    }
    for ((weight, code), remarks) in &by_code {
        writeln!(out, "{code}: {} {}", remarks.len(), weight.name())?;
        let shown = if args.all { remarks.len() } else { SHOWN };
        for remark in remarks.iter().take(shown) {
            writeln!(out, "  {}:{}: {}", remark.file, remark.line, remark.message)?;
        }
        if remarks.len() > shown {
            writeln!(out, "  and {} more: --all shows them", remarks.len() - shown)?;
        }
    }
    let files = |names: &[String]| match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    };
    writeln!(
        out,
        "{} tools and {} rules read from {}\nnew in {to}: {}\nchanged in {to}: {}",
        done.tools,
        done.rules,
        args.folder.display(),
        files(&done.new),
        files(&done.changed),
        to = args.to.display(),
    )?;
    Ok(())
}
