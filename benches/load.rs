//! What it costs to load a plugin, step by step.
//!
//! The steps are those of the host's pipeline, over the SupRemo plugin of a
//! release build: `open` (read, hash, copy, seal), `elf` (a whole shared
//! object?), `note` (the manifest's text), `manifest` (its TOML and what it
//! claims), and `check`, which is all of these and the question of trust.
//! `load_start` is the whole, from the file to a detector with its rules and
//! interests; `linked in` is the same detector without a file. So `dlopen` and
//! the layout check cost `load_start` less `check` less `linked in`; alone they
//! are no public function, and rightly so. Most of an unstripped file is line
//! tables, which `open` copies and hashes all the same: hence both.
//!
//! A library is never unloaded, and each load makes a sealed copy of its own,
//! so every measured load stays in the process: the copy's memory, an open
//! descriptor, a place in the loader's list. Therefore at most 100 loads are
//! made in all, and where criterion asks for more in one sample than its share,
//! the mean of that share stands for the rest. The file is in the page cache.

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("plugins are loaded on Linux only: there is nothing to measure");
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        fs,
        hint::black_box,
        path::Path,
        time::{Duration, Instant},
    };

    use criterion::{BatchSize, BenchmarkId, Criterion, SamplingMode};
    use remora_benches::plugin::{self, Symbols};
    use remora_engine::{
        Detectors, Manifest,
        host::{
            LinkedIn, Origin, Plugins, Trust,
            check::{Found, check},
            elf, note, open,
        },
    };
    use remora_supremo::{MANIFEST, MODULE};

    /// Loads in all, at most.
    const MAX_LOADS: u64 = 100;

    /// A plugin file, and how often it is loaded: `samples` times `loads`, and
    /// a few times before. Unstripped copies are large, so fewer of these.
    struct Plugin {
        name: &'static str,
        symbols: Symbols,
        samples: usize,
        loads: u64,
    }

    const PLUGINS: [Plugin; 2] = [
        Plugin { name: "stripped", symbols: Symbols::Stripped, samples: 20, loads: 4 },
        Plugin { name: "unstripped", symbols: Symbols::Kept, samples: 10, loads: 1 },
    ];

    pub(super) fn main() {
        let mut criterion = remora_benches::criterion();
        let mut loads = 0;
        measure_linked(&mut criterion);
        for plugin in PLUGINS {
            let path = plugin::build(plugin::SUPREMO, plugin.symbols);
            let bytes = fs::read(&path).expect("it was just built");
            eprintln!("{}: {} bytes", plugin.name, bytes.len());
            measure_steps(&mut criterion, &plugin, &path, &bytes);
            measure_start(&mut criterion, &plugin, &path, &mut loads);
        }
        criterion.final_summary();
    }

    fn measure_steps(criterion: &mut Criterion, plugin: &Plugin, path: &Path, bytes: &[u8]) {
        let sealed = open::open(path).expect("the plugin can be opened");
        assert_eq!(sealed.bytes, bytes);
        assert_eq!(sealed.sha256.len(), 64);
        elf::check(bytes).expect("a whole shared object");
        let text = note::read(bytes).expect("it has a manifest");
        assert_eq!(text, MANIFEST);
        let manifest = Manifest::read(text).expect("a manifest of this ABI");
        assert_eq!(manifest.name, "supremo");
        let trust = Trust::default();
        let checked = check(path, Found::Named, &trust).expect("it passes every step");
        assert_eq!((checked.sealed.sha256, checked.manifest), (sealed.sha256, manifest));

        let mut group = criterion.benchmark_group("load_step");
        let id = |step| BenchmarkId::new(step, plugin.name);
        group.bench_function(id("elf"), |bencher| bencher.iter(|| elf::check(black_box(bytes))));
        group.bench_function(id("note"), |bencher| bencher.iter(|| note::read(black_box(bytes))));
        group.bench_function(id("manifest"), |bencher| {
            bencher.iter(|| Manifest::read(black_box(text)));
        });
        // What is opened is closed outside the measured time, and at once.
        group.bench_function(id("open"), |bencher| {
            bencher.iter_batched(|| (), |()| open::open(path), BatchSize::PerIteration);
        });
        group.bench_function(id("check"), |bencher| {
            let routine = |()| check(path, Found::Named, &trust);
            bencher.iter_batched(|| (), routine, BatchSize::PerIteration);
        });
        group.finish();
    }

    fn start_linked() -> Detectors {
        let linked_in = [LinkedIn { manifest: MANIFEST, module: MODULE }];
        Detectors::start(&linked_in, &Plugins::default(), &[]).expect("it starts")
    }

    fn measure_linked(criterion: &mut Criterion) {
        assert_eq!(start_linked().len(), 1);
        let mut group = criterion.benchmark_group("load_start");
        group.bench_function("linked in", |bencher| bencher.iter_with_large_drop(start_linked));
        group.finish();
    }

    fn measure_start(criterion: &mut Criterion, plugin: &Plugin, path: &Path, loads: &mut u64) {
        let plugins = Plugins { files: vec![path.to_owned()], ..Plugins::default() };
        let mut load = || {
            *loads += 1;
            assert!(*loads <= MAX_LOADS, "every load stays in the process");
            Detectors::start(&[], &plugins, &[]).expect("it loads")
        };

        let (linked, loaded) = (start_linked(), load());
        let (linked, loaded) = (linked.iter().next(), loaded.iter().next());
        let (linked, loaded) = (linked.expect("one detector"), loaded.expect("one detector"));
        assert_eq!(linked.rules(), loaded.rules());
        assert_eq!(linked.interests(), loaded.interests());
        assert!(!linked.rules().is_empty() && !linked.interests().is_empty());
        assert!(matches!(loaded.origin(), Origin::File { .. }));

        let mut group = criterion.benchmark_group("load_start");
        // The warm-up is one load, and a sample asks for few.
        group.warm_up_time(Duration::from_nanos(1)).measurement_time(Duration::from_millis(50));
        group.sample_size(plugin.samples).sampling_mode(SamplingMode::Flat);
        group.bench_function(BenchmarkId::new("loaded", plugin.name), |bencher| {
            bencher.iter_custom(|asked| {
                let made = asked.clamp(1, plugin.loads);
                let mut kept = Vec::with_capacity(made as usize);
                let start = Instant::now();
                kept.extend((0..made).map(|_| load()));
                start.elapsed().mul_f64(asked as f64 / made as f64)
            });
        });
        group.finish();
    }
}
