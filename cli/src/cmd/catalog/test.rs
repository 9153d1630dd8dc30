//! `remora catalog test`

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufWriter, Write},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use remora_engine::host::{
    Detectors, LinkedIn, Origin, Plugins, Trust,
    check::{Found, check},
};
use remora_keeper::{
    lint::{self, Entry, Files},
    trial::{self, Failure, Tested},
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    args::{TestArgs, TextOrJson},
    detectors,
    exit::Status,
    stdout,
};

/// The schema of the machine output.
const SCHEMA: &str = "remora.catalog-test/1";

/// The detector that runs whatever files it is given.
const CATALOG: &str = "catalog";

/// Runs the command.
pub(crate) fn run(args: &TestArgs) -> Result<Status> {
    let mut linked_in = detectors::linked_in();
    let mut configs = BTreeMap::new();
    let files = if args.paths.is_empty() {
        Files { entries: lint::embedded(), findings: vec![] }
    } else {
        let files = Files::read(&args.paths)?;
        linked_in = vec![LinkedIn {
            manifest: remora_catalog_detector::MANIFEST,
            module: remora_catalog_detector::MODULE,
        }];
        configs.insert(CATALOG.to_owned(), files.selection().to_toml());
        files
    };
    let trust = detectors::trust().unwrap_or_else(Trust::unreadable);
    let mut plugins = Plugins { files: args.plugin.clone(), trust, ..Plugins::default() };
    let out = BufWriter::new(stdout::take(&plugins).context("standard output")?);
    let entries = &files.entries;
    let own = Plugins { configs: configs.clone(), ..Plugins::default() };
    let mut all = trial::test(entries, &Detectors::start(&linked_in, &own, &[])?)?;
    if args.plugin.iter().any(|path| is_catalog(path, &plugins.trust)) {
        plugins.configs = configs;
    }
    if !args.plugin.is_empty() {
        let loaded = trial::test(entries, &Detectors::start(&[], &plugins, &[])?)?;
        if let Some(none) = loaded.iter().find(|one| one.shown.is_empty()) {
            bail!(
                "the plugin {} states no rule of a tool of these files\nhelp: `remora plugin info` says which tools it knows",
                none.detector
            );
        }
        all.extend(loaded);
    }
    for finding in &files.findings {
        tracing::error!("{}", finding.render(false));
    }
    let silent = without_rules(entries);
    match args.output {
        TextOrJson::Text => text(&all, &silent, out)?,
        TextOrJson::Json => json(&all, &silent, out)?,
    }
    let found = all.iter().any(|one| !one.passed());
    Ok(Status { found, failed: !files.findings.is_empty() })
}

/// Whether a plugin is that detector. What is wrong with it is told when it is
/// loaded.
fn is_catalog(path: &Path, trust: &Trust) -> bool {
    check(path, Found::Named, trust).is_ok_and(|checked| checked.manifest.name == CATALOG)
}

/// Tools that no detector can find.
fn without_rules(entries: &[Entry]) -> Vec<&str> {
    let without = entries.iter().filter(|entry| entry.tool().rules.is_empty());
    without.map(|entry| entry.tool().id.as_str()).collect()
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::LinkedIn => "linked in".to_owned(),
        Origin::File { path, .. } => path.display().to_string(),
    }
}

fn text(all: &[Tested], silent: &[&str], mut out: impl Write) -> Result<()> {
    for tested in all {
        for failure in &tested.failures {
            writeln!(out, "{}", shown(failure, tested))?;
        }
    }
    for tested in all.iter().filter(|one| !one.shown.is_empty()) {
        let (tools, examples) = (tested.shown.len(), tested.examples());
        let tools = if tools == 1 { "1 tool".to_owned() } else { format!("{tools} tools") };
        let examples =
            if examples == 1 { "1 example".to_owned() } else { format!("{examples} examples") };
        write!(out, "{} ({}): {tools}, {examples}, ", tested.detector, origin(&tested.origin))?;
        if tested.passed() {
            writeln!(out, "all as they say")?;
            continue;
        }
        let mut by_tool: BTreeMap<&str, usize> = BTreeMap::new();
        for failure in &tested.failures {
            *by_tool.entry(&failure.tool).or_default() += 1;
        }
        let by_tool: Vec<String> =
            by_tool.iter().map(|(tool, count)| format!("{count} of {tool}")).collect();
        let mut what = vec![];
        if !by_tool.is_empty() {
            what.push(format!("{} failed ({})", tested.failures.len(), by_tool.join(", ")));
        }
        if let Some(fault) = &tested.fault {
            what.push(format!("and the detector failed in {fault}"));
        }
        writeln!(out, "{}", what.join(", "))?;
    }
    if !silent.is_empty() {
        writeln!(out, "without rules, so that nothing finds them: {}", silent.join(", "))?;
    }
    out.flush()?;
    Ok(())
}

/// A failure as people read it.
fn shown(failure: &Failure, tested: &Tested) -> String {
    let Failure { file, line, example, missed, fired, unlearned, .. } = failure;
    let texts = example.texts.iter().map(|(field, text)| (field.name(), format!("{text:?}")));
    let numbers = example.numbers.iter().map(|(field, number)| (field.name(), number.to_string()));
    let fields: Vec<(&str, String)> = texts.chain(numbers).collect();
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut text = format!("{file}:{line}: {}\n", example.why);
    for (name, value) in &fields {
        text += &format!("    {name:width$}  {value}\n");
    }
    let who = format!("{} ({})", tested.detector, origin(&tested.origin));
    text += &format!("  {} event, through {who}:\n", example.kind.name());
    for (what, rules) in [
        ("did not fire", missed),
        ("fired and should not", fired),
        ("has nothing to learn from: no example fires", unlearned),
    ] {
        for rule in rules {
            text += &format!("  {what}: {rule}\n");
        }
    }
    text
}

#[derive(Serialize)]
struct Report<'t> {
    schema: &'static str,
    passed: bool,
    without_rules: &'t [&'t str],
    detectors: Vec<DetectorOut<'t>>,
}

#[derive(Serialize)]
struct DetectorOut<'t> {
    name: &'t str,
    origin: String,
    passed: bool,
    examples: usize,
    tools: &'t BTreeMap<String, usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'t str>,
    failures: Vec<FailureOut<'t>>,
}

#[derive(Serialize)]
struct FailureOut<'t> {
    tool: &'t str,
    file: &'t str,
    line: usize,
    kind: &'static str,
    event: Map<String, Value>,
    why: &'t str,
    expected: BTreeSet<&'t str>,
    missed: &'t [String],
    fired: &'t [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    unlearned: &'t [String],
}

fn json(all: &[Tested], silent: &[&str], mut out: impl Write) -> Result<()> {
    let detectors = all.iter().filter(|one| !one.shown.is_empty()).map(|tested| DetectorOut {
        name: &tested.detector,
        origin: match &tested.origin {
            Origin::LinkedIn => "linked-in".to_owned(),
            Origin::File { path, .. } => path.display().to_string(),
        },
        passed: tested.passed(),
        examples: tested.examples(),
        tools: &tested.shown,
        fault: tested.fault.as_deref(),
        failures: tested.failures.iter().map(failure).collect(),
    });
    let report = Report {
        schema: SCHEMA,
        passed: all.iter().all(Tested::passed),
        without_rules: silent,
        detectors: detectors.collect(),
    };
    serde_json::to_writer_pretty(&mut out, &report)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

fn failure(failure: &Failure) -> FailureOut<'_> {
    let example = &failure.example;
    let texts = example.texts.iter().map(|(field, text)| (field.name(), Value::from(&**text)));
    let numbers = example.numbers.iter().map(|(field, number)| (field.name(), (*number).into()));
    FailureOut {
        tool: &failure.tool,
        file: &failure.file,
        line: failure.line,
        kind: example.kind.name(),
        event: texts.chain(numbers).map(|(name, value)| (name.to_owned(), value)).collect(),
        why: &example.why,
        expected: example.fires.iter().map(String::as_str).collect(),
        missed: &failure.missed,
        fired: &failure.fired,
        unlearned: &failure.unlearned,
    }
}
