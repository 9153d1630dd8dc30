//! The published comparison of whole programs: the sweep beside what a user
//! would run instead.
//!
//!     cargo run --release -p remora-benches --bin compare -- benches/record docs/img
//!
//! Makes the inputs, runs each program that is installed in turn with `wc -l`
//! on the same file, checks each answer against what the input holds, and
//! writes a dated record and the plot; without folders it only prints the
//! record. Options: `--input NAME` (one of the inputs only), `--records N`
//! (1,000,000), `--pairs N` (5), `--keep DIR`
//! (keep the inputs there for the next time), `--python PROGRAM` (one that has
//! DuckDB and polars).
#![forbid(unsafe_code)]

mod measure;
mod programs;
mod record;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use programs::{Answer, PROGRAMS, Program, Setting};
use record::{Row, Run, Table};
use remora_benches::inputs::{self, PLANS, Plan};

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let done = match args.split_first() {
        Some((first, [output, command @ ..])) if first == measure::MEASURE => {
            measure::measured(Path::new(output), command)
        }
        _ => Options::read(&args).and_then(|options| compare(&options)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    inputs: Vec<Plan>,
    records: usize,
    pairs: usize,
    keep: Option<PathBuf>,
    python: String,
    folders: Option<(PathBuf, PathBuf)>,
}

impl Options {
    fn read(args: &[String]) -> Result<Options, String> {
        const USAGE: &str = "usage: compare [--input NAME] [--records N] [--pairs N] [--keep DIR] \
             [--python PROGRAM] [<folder of records> <folder of the plot>]";
        let mut options = Options {
            inputs: PLANS.to_vec(),
            records: 1_000_000,
            pairs: 5,
            keep: None,
            python: "python3".to_owned(),
            folders: None,
        };
        let mut folders = Vec::new();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value\n{USAGE}"));
            let number = |text: &String| match text.parse() {
                Ok(number) if number > 0 => Ok(number),
                _ => Err(format!("{arg}: {text:?} is no number above 0\n{USAGE}")),
            };
            match arg.as_str() {
                "--input" => {
                    let name = value()?;
                    options.inputs.retain(|plan| plan.name == name);
                    if options.inputs.is_empty() {
                        let names = PLANS.map(|plan| plan.name).join(", ");
                        return Err(format!("{name:?} is no input; choose from {names}"));
                    }
                }
                "--records" => options.records = number(value()?)?,
                "--pairs" => options.pairs = number(value()?)?,
                "--keep" => options.keep = Some(value()?.into()),
                "--python" => options.python.clone_from(value()?),
                option if option.starts_with('-') => return Err(format!("{option}?\n{USAGE}")),
                folder => folders.push(PathBuf::from(folder)),
            }
        }
        options.folders = match <[PathBuf; 2]>::try_from(folders) {
            Ok([records, plots]) => Some((records, plots)),
            Err(none) if none.is_empty() => None,
            Err(_) => return Err(USAGE.to_owned()),
        };
        Ok(options)
    }
}

fn compare(options: &Options) -> Result<(), String> {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let folder = options.keep.as_deref().unwrap_or(scratch.path());
    fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    let setting = Setting {
        remora: build()?,
        python: options.python.clone(),
        queries: Path::new(env!("CARGO_MANIFEST_DIR")).join("compare"),
        list: scratch.path().join("domains.txt"),
        sigma: scratch.path().join("sigma"),
    };
    let domains = inputs::domains();
    programs::write_questions(&setting, &domains).map_err(|error| at(scratch.path(), &error))?;
    let mut run = Run {
        date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        pairs: options.pairs,
        domains: domains.len(),
        versions: Vec::new(),
        absent: Vec::new(),
        failed: Vec::new(),
    };
    let mut there = Vec::new();
    for program in &PROGRAMS {
        match version(program, &setting) {
            Some(version) => {
                run.versions.push(version);
                there.push(program);
            }
            None => run.absent.push(program.name),
        }
    }
    let mut tables = Vec::new();
    for &plan in &options.inputs {
        let input = Input::make(plan, options.records, &domains, folder)?;
        tables.push(table(&input, &there, &setting, &mut run, scratch.path())?);
    }
    let text = record::record(&run, &tables);
    print!("{text}");
    if let Some((records, plots)) = &options.folders {
        let write = |path: PathBuf, text: &str| fs::write(&path, text).map_err(|e| at(&path, &e));
        write(records.join(format!("{}-compare.md", run.date)), &text)?;
        write(plots.join("compare.svg"), &record::svg(&tables))?;
    }
    // A program of ours that answers wrongly is no entry in a table.
    let ours = |row: &&Row| row.name.starts_with("remora") && !row.is_right();
    match tables.iter().find(|table| table.rows.iter().any(|row| ours(&row))) {
        Some(table) => Err(format!("remora answered wrongly: {}", table.title)),
        None => Ok(()),
    }
}

fn at(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// Builds the program and gives its place.
fn build() -> Result<PathBuf, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "--quiet", "-p", "remora", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    if !built.success() {
        return Err("remora could not be built".to_owned());
    }
    // Beside this program, which is of the same profile.
    let own = env::current_exe().map_err(|error| error.to_string())?;
    Ok(own.with_file_name(format!("remora{}", env::consts::EXE_SUFFIX)))
}

/// Name and version of a program that is installed.
fn version(program: &Program, setting: &Setting) -> Option<String> {
    let command = (program.version)(setting);
    let (name, args) = command.split_first()?;
    let output =
        Command::new(name).args(args).output().ok().filter(|done| done.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text
        .lines()
        .next()?
        .split_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    Some(format!("{} {version}", program.name.split(',').next()?))
}

struct Input<'a> {
    plan: Plan,
    domains: &'a [String],
    records: usize,
    path: PathBuf,
    hits: usize,
}

impl<'a> Input<'a> {
    /// Makes a file, or takes the one that is there, which has its number of
    /// hits beside it.
    fn make(
        plan: Plan,
        records: usize,
        domains: &'a [String],
        folder: &Path,
    ) -> Result<Input<'a>, String> {
        let path = folder.join(format!("{records}-{}", plan.name));
        let truth = path.with_extension("hits");
        let known = fs::read_to_string(&truth).ok().and_then(|text| text.trim().parse().ok());
        let hits = match known.filter(|_| path.exists()) {
            Some(hits) => hits,
            None => {
                let hits =
                    inputs::write(plan, records, domains, &path).map_err(|e| at(&path, &e))?;
                fs::write(&truth, hits.to_string()).map_err(|error| at(&truth, &error))?;
                hits
            }
        };
        Ok(Input { plan, domains, records, path, hits })
    }
}

/// Runs every program on an input, each in turn with the base.
fn table(
    input: &Input<'_>,
    programs: &[&Program],
    setting: &Setting,
    run: &mut Run,
    scratch: &Path,
) -> Result<Table, String> {
    let [base, others @ ..] = programs else { return Err("wc is not installed".to_owned()) };
    let output = scratch.join("output");
    let once = |program: &Program, input: &Input<'_>| {
        let command = (program.command)(setting, input.plan, &input.path)?;
        Some(measure::run(&command[0], &command[1..], &output))
    };
    let of_base = || once(base, input).unwrap_or_else(|| Err("wc reads any file".to_owned()));
    // So that the file is in the page cache.
    of_base()?;
    let mut bases = Vec::new();
    let mut rows = Vec::new();
    for program in others {
        eprintln!("{}: {}", input.plan.name, program.name);
        let part = match program.share {
            1 => None,
            share => Some(Input::make(input.plan, input.records / share, input.domains, scratch)?),
        };
        let read = part.as_ref().unwrap_or(input);
        let scale = input.records as f64 / read.records as f64;
        let mut runs = Vec::new();
        let mut ratios = Vec::new();
        for _ in 0..run.pairs {
            let (base, Some(one)) = (of_base()?, once(program, read)) else { break };
            let one = match one {
                Ok(one) => one,
                Err(error) if program.name.starts_with("remora") => return Err(error),
                Err(error) => {
                    run.failed.push(format!("{}: {error}", program.name));
                    break;
                }
            };
            ratios.push(one.cpu * scale / base.cpu);
            bases.push(base);
            runs.push(one);
        }
        if !runs.is_empty() {
            let found = runs.iter().map(|one| programs::count(program.answer, &one.output));
            // The answers of all runs, as one that differs is a wrong one.
            let worst = found.max_by_key(|found| found.map(|found| found.abs_diff(read.hits)));
            let found = worst.flatten().map(|found| (found, read.hits));
            rows.push(row(program, &runs, ratios, scale, found));
        }
    }
    let ones = vec![1.0; bases.len()];
    rows.insert(0, row(base, &bases, ones, 1.0, None));
    let bytes = fs::metadata(&input.path).map_err(|error| at(&input.path, &error))?.len();
    Ok(Table { title: input.plan.title, records: input.records, bytes, rows })
}

fn row(
    program: &Program,
    runs: &[measure::Run],
    ratios: Vec<f64>,
    scale: f64,
    found: Option<(usize, usize)>,
) -> Row {
    let of = |figure: fn(&measure::Run) -> f64| median(runs.iter().map(figure).collect());
    Row {
        name: program.name,
        remark: program.remark,
        cpu: of(|run| run.cpu) * scale,
        ratio: median(ratios),
        memory: of(|run| run.memory) * 1024.0 * 1024.0,
        found: (program.answer != Answer::None).then_some(found).flatten(),
        share: program.share,
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
