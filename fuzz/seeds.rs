//! Writes seeds for every target into `fuzz/corpus`, from the repository's own
//! data: the catalog, the samples, the case files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use remora_fuzz::object;

fn main() {
    let fuzz = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = fuzz.parent().expect("fuzz/ lies in the repository").to_owned();
    let mut seeds = Seeds { corpus: fuzz.join("corpus"), written: 0 };

    let scenarios = files(&root.join("catalog/scenarios"));
    for tool in files(&root.join("catalog/tools")).into_iter().chain(scenarios) {
        let text = read(&tool);
        seeds.write("catalog", &text);
        for rule in texts(&text, &["where"]) {
            seeds.write("rule", &rule);
        }
    }
    for cases in files(&root.join("core/rules/tests/cases")) {
        for rule in texts(&read(&cases), &["rule", "text", "where"]) {
            seeds.write("rule", &rule);
        }
    }
    for cases in files(&root.join("core/sources/tests/cases")) {
        for input in texts(&read(&cases), &["input"]) {
            for target in ["ndjson", "csv", "open"] {
                let size = if target == "open" { "" } else { " " };
                seeds.write(target, &(size.to_owned() + &input));
            }
            // A tab, a newline and a backslash are written with escapes in these files.
            let text = input.replace("\\x09", "\t").replace("\\N", "\n").replace("\\x5c", "\\");
            for format in 0..6 {
                let chosen = [format, format, format + 4, format];
                seeds.write("screen", [&chosen, text.as_bytes()].concat());
            }
            if text.starts_with('#') {
                seeds.write("zeek", &(" ".to_owned() + &text));
            }
        }
    }
    for sample in files(&root.join("tests/samples/office")) {
        let text = read(&sample);
        let csv = sample.extension().is_some_and(|extension| extension == "csv");
        let head: String = text.lines().take(6).map(|line| line.to_owned() + "\n").collect();
        seeds.write(if csv { "csv" } else { "ndjson" }, &(" ".to_owned() + &head));
        seeds.write("open", &head);
        seeds.write("screen", [&[u8::from(csv), 0, 6, 0], head.as_bytes()].concat());
    }
    for time in [
        "2026-01-15T08:30:01.1234567Z",
        "2026-01-15 08:30:01",
        "2021-06-23 03:08:14.159814200+00:00",
        "2026-01-15",
        "2025-12-31T23:30:00-05:30",
    ] {
        seeds.write("time", time);
    }
    let hash = "0123456789abcdef".repeat(4);
    seeds.write(
        "trust",
        &format!(
            "[[plugin]]\nname = \"supremo\"\nsha256 = \"{hash}\"\npath = \"/a.so\"\nadded = \"2026-01-15\"\n\
             [[key]]\nname = \"me\"\nminisign = \"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\"\n"
        ),
    );
    let manifest = format!(
        "name = \"a-b\"\nversion = \"1.2.3\"\nabi = \"{}\"\ntools = [\"a\", ]\ntechniques = []\n\
         licence = \"MIT\"\npanic = \"unwind\"\n",
        remora_abi::ABI_VERSION
    );
    let note = object::note(&manifest);
    seeds.write("note", &manifest);
    seeds.write("note", &note);
    seeds.write("note", [object::note("x = 1"), note.clone()].concat());
    seeds.write("elf", object::object(&note));
    seeds.write("elf", object::object(&[]));
    println!("{} seeds in {}", seeds.written, seeds.corpus.display());
}

struct Seeds {
    corpus: PathBuf,
    written: usize,
}

impl Seeds {
    fn write(&mut self, target: &str, seed: impl AsRef<[u8]>) {
        let folder = self.corpus.join(target);
        fs::create_dir_all(&folder).expect("a folder is made");
        let path = folder.join(format!("seed-{:04}", self.written));
        fs::write(path, seed).expect("a seed is written");
        self.written += 1;
    }
}

/// The files of a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the repository has it");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it is read").path()).collect();
    files.sort();
    files
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("it is text")
}

/// Every text under one of these keys, at whatever depth.
fn texts(toml: &str, keys: &[&str]) -> Vec<String> {
    fn walk(value: &toml::Value, keys: &[&str], found: &mut Vec<String>) {
        match value {
            toml::Value::Table(table) => {
                for (key, value) in table {
                    match value {
                        toml::Value::String(text) if keys.contains(&key.as_str()) => {
                            found.push(text.clone());
                        }
                        value => walk(value, keys, found),
                    }
                }
            }
            toml::Value::Array(values) => values.iter().for_each(|value| walk(value, keys, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(&toml::Value::Table(toml.parse().expect("it is TOML")), keys, &mut found);
    found
}
