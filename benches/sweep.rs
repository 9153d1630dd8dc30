//! A sweep and two of its parts, by format, and with eighty plugins.
//!
//! * `screen`: records that nobody wants are framed, asked for and dropped; the
//!   whole catalog asks. In memory, so that no file is read.
//! * `route`: who wants which row of a decoded batch of 1,024.
//! * `sweep`: a file of which 5 % go to listed domains, from the first byte to
//!   groups by rule; one thread, detectors started before.
//! * `plugins`: the NDJSON file, and one with 0.1 %, with the catalog as one
//!   detector (`one`), and as eighty, of one tool each, that are linked in or
//!   loaded from a file of their own. There are not eighty tools with rules, so the first tools have two
//!   detectors that state the same rules. The files are copies of one, each with
//!   a name and a configuration of its own.
//!
//! Every sweep must find each record that the input has for a listed domain, and
//! every way of `plugins` the same sightings.

use std::{
    fs,
    hint::black_box,
    io::Cursor,
    path::{Path, PathBuf},
    sync::Arc,
};

use criterion::{BenchmarkId, Criterion, Throughput};
use remora_abi::Kind;
use remora_benches::{
    events::{Row, decode},
    inputs::{self, Form, Plan},
    plugin::{self, Symbols},
};
use remora_catalog::{Selection, ToolFile, embedded, embedded_rule_sets};
use remora_catalog_detector::{MANIFEST, MODULE};
use remora_engine::{
    Detectors,
    host::{LinkedIn, Plugins},
    sweep::{self, Grouping, Input, Options, Origin, Router},
};
use remora_sources::{Sampler, Scan, input};

const FORMS: [(&str, Form); 3] =
    [("ndjson", Form::Ndjson), ("csv", Form::Csv), ("zeek", Form::Zeek)];
/// Of ten thousand.
const HITS: usize = 500;
const RECORDS: usize = 20_000;
const PLUGINS: usize = 80;

fn main() {
    let mut criterion = remora_benches::criterion();
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let catalog = start(&[LinkedIn { manifest: MANIFEST, module: MODULE }], &Plugins::default());
    let files = FORMS.map(|form| File::new(form, HITS, folder.path()));
    screen(&mut criterion, &catalog, folder.path());
    route(&mut criterion, &catalog);
    let mut group = criterion.benchmark_group("sweep");
    for file in &files {
        let way = BenchmarkId::new("catalog", file.name);
        measure(&mut group, way, &catalog, file);
    }
    group.finish();
    let [dense, ..] = files;
    let sparse = File::new(("sparse.ndjson", Form::Ndjson), 10, folder.path());
    plugins(&mut criterion, &catalog, &[sparse, dense], folder.path());
    criterion.final_summary();
}

fn start(linked_in: &[LinkedIn], plugins: &Plugins) -> Detectors {
    Detectors::start(linked_in, plugins, &[]).expect("they start")
}

/// A made-up input.
struct File {
    name: &'static str,
    path: PathBuf,
    bytes: u64,
    hits: u64,
}

impl File {
    fn new((name, form): (&'static str, Form), hits: usize, folder: &Path) -> File {
        let path = folder.join(format!("{name}-hits"));
        let hits = write(form, hits, &path);
        let bytes = path.metadata().expect("it was just written").len();
        assert!(hits > 0);
        File { name, path, bytes, hits }
    }
}

fn write(form: Form, hits: usize, path: &Path) -> u64 {
    let plan = Plan { title: "", name: "", form, hits };
    let hits = inputs::write(plan, RECORDS, &inputs::domains(), path).expect("a file is written");
    hits as u64
}

fn screen(criterion: &mut Criterion, catalog: &Detectors, folder: &Path) {
    struct Unsampled;

    impl Sampler for Unsampled {
        fn take(&mut self, _: Kind, _: u64) -> bool {
            false
        }

        fn would_take(&self, _: Kind, _: u64) -> bool {
            false
        }
    }

    let router = Router::new(catalog).expect("the host took these interests");
    let mut group = criterion.benchmark_group("screen");
    for (name, form) in FORMS {
        let path = folder.join(name);
        assert_eq!(write(form, 0, &path), 0);
        let bytes: Arc<[u8]> = fs::read(&path).expect("it was just written").into();
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let mut scan = Scan::default();
        let mut counted = || {
            let reader = Box::new(Cursor::new(bytes.clone()));
            let opened = input::open_reader(reader, None).expect("the format is told by the bytes");
            let (stream, mut blocks) = (opened.stream, opened.blocks);
            let (mut records, mut dropped) = (0, 0);
            while let Some(block) = blocks.next(&mut Vec::new()) {
                stream.scan(&block, &router, &mut Unsampled, false, &mut scan);
                records += scan.counts.records;
                dropped += scan.counts.screened_out;
                blocks.recycle(block);
            }
            (records, dropped)
        };
        let (records, dropped) = counted();
        // Names that only look like listed ones are wanted: `has` meets some of them.
        assert!(records == RECORDS as u64 && dropped > records / 10 * 9, "{name}: {dropped}");
        group.bench_function(name, |bencher| bencher.iter(&mut counted));
    }
    group.finish();
}

fn route(criterion: &mut Criterion, catalog: &Detectors) {
    const ROWS: usize = 1024;
    let router = Router::new(catalog).expect("the host took these interests");
    let mut group = criterion.benchmark_group("route");
    group.throughput(Throughput::Elements(ROWS as u64));
    for (name, row, met) in
        [("met", Row::Contact, ROWS), ("near", Row::Backup, ROWS), ("not met", Row::Browsing, 0)]
    {
        let events = decode(vec![row; ROWS]);
        let mut hits = Vec::new();
        router.route(&events, 0..ROWS, 0, &mut hits);
        let rows = hits[0].chunk_by(|one, next| one.row == next.row).count();
        assert_eq!(rows, met, "{name}");
        group.bench_function(name, |bencher| {
            bencher.iter(|| router.route(black_box(&events), 0..ROWS, 0, &mut hits));
        });
    }
    group.finish();
}

type Group<'c> = criterion::BenchmarkGroup<'c, criterion::measurement::WallTime>;

/// Measures a sweep, and gives the rules and rows of its sightings.
fn measure(
    group: &mut Group<'_>,
    way: BenchmarkId,
    detectors: &Detectors,
    file: &File,
) -> Vec<(String, u64)> {
    let options = Options {
        inputs: vec![Input { name: file.name.to_owned(), origin: Origin::Path(file.path.clone()) }],
        grouping: Grouping::Rule,
        threads: 1,
        ..Options::default()
    };
    let run = || sweep::run(detectors, &options).expect("it can be swept");
    let outcome = run();
    assert_eq!(outcome.summary.records, RECORDS as u64);
    let faults = detectors.iter().filter_map(|one| one.fault()).count();
    assert_eq!(faults, 0);
    let found: Vec<(String, u64)> =
        outcome.by_rule.iter().map(|one| (one.common.id.clone(), one.common.count)).collect();
    let by_name = outcome.by_rule.iter().filter(|one| one.rule.ends_with(".domain"));
    let rows: u64 = by_name.map(|one| one.common.count).sum();
    assert!(rows >= file.hits, "{}: {rows} of {}", file.name, file.hits);
    group.throughput(Throughput::Bytes(file.bytes));
    group.bench_function(way, |bencher| bencher.iter_with_large_drop(run));
    found
}

/// The detectors of one tool each: names, and the files that configure them.
fn of_one_tool() -> Vec<(String, String)> {
    let with_rules: Vec<String> = embedded_rule_sets().map(|set| set.tool).collect();
    let files: Vec<ToolFile> = embedded()
        .map(|(origin, text)| ToolFile { origin: origin.to_owned(), text: text.to_owned() })
        .filter(|file| with_rules.contains(&file.name()))
        .collect();
    assert!(files.len() <= PLUGINS && !files.is_empty());
    let named = |(at, file): (usize, &ToolFile)| {
        let selection = Selection { embedded: false, files: vec![file.clone()] };
        (format!("tool-{at:02}"), selection.to_toml())
    };
    files.iter().cycle().take(PLUGINS).enumerate().map(named).collect()
}

fn plugins(criterion: &mut Criterion, catalog: &Detectors, files: &[File], folder: &Path) {
    let of_one_tool = of_one_tool();
    let configs: Plugins =
        Plugins { configs: of_one_tool.iter().cloned().collect(), ..Plugins::default() };

    let linked: Vec<LinkedIn> = of_one_tool
        .iter()
        .map(|(name, _)| LinkedIn {
            manifest: MANIFEST.replace("name = \"catalog\"", &format!("name = \"{name}\"")).leak(),
            module: MODULE,
        })
        .collect();
    let linked = start(&linked, &configs);
    let loaded = if cfg!(target_os = "linux") {
        let built = plugin::build(plugin::CATALOG, Symbols::Stripped);
        let copy =
            |(name, _): &(String, String)| plugin::renamed(&built, ("catalog", name), folder);
        let files = of_one_tool.iter().map(copy).collect();
        Some(start(&[], &Plugins { files, ..configs }))
    } else {
        eprintln!("`loaded` is left out: plugins are loaded on Linux only");
        None
    };
    let mut group = criterion.benchmark_group("plugins");
    for file in files {
        let one = measure(&mut group, BenchmarkId::new("one", file.name), catalog, file);
        for (way, eighty) in
            [("eighty linked in", Some(&linked)), ("eighty loaded", loaded.as_ref())]
        {
            let Some(eighty) = eighty else { continue };
            assert_eq!(eighty.len(), PLUGINS);
            let found = measure(&mut group, BenchmarkId::new(way, file.name), eighty, file);
            assert!(one == found, "{way}: {} sightings, and {}", one.len(), found.len());
        }
    }
    group.finish();
}
