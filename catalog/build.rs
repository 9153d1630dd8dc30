//! Makes Rust data of the tools' files.
//!
//! Reading eighty files of TOML takes longer than the rest of a start, and a
//! sweep needs little of them: rules and indicators. So the program carries
//! these as plain constants beside the files' texts. What is wrong with a file
//! is not judged here: `Tool::from_toml` does that, and the crate's tests hold
//! both forms against each other.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let mut code = String::from("&[\n");
    for path in &files(&Path::new(&root).join("tools")) {
        let text =
            fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        // A broken file is embedded as it is: the tests say what is wrong with it.
        let file: Table = text.parse().unwrap_or_default();
        tool(&mut code, path, &file);
    }
    code.push_str("]\n");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("tools.rs"), code).expect("the output folder is writable");

    // Scenarios are few and read only where one is switched on: their text is enough.
    let mut code = String::from("&[\n");
    for path in &files(&Path::new(&root).join("scenarios")) {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let path = path.display().to_string();
        put(&mut code, format_args!("({stem:?}, include_str!({path:?})),\n"));
    }
    code.push_str("]\n");
    fs::write(Path::new(&out).join("scenarios.rs"), code).expect("the output folder is writable");
}

/// The TOML files of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the catalog's folder is there")
        .map(|entry| entry.expect("the catalog's folder is readable").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    paths.sort();
    for path in &paths {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    paths
}

fn tool(code: &mut String, path: &Path, file: &Table) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let about = file.get("tool").and_then(Value::as_table).cloned().unwrap_or_default();
    put(code, format_args!("Embedded {{ id: {stem:?}, name: {:?},\n", text(&about, "name")));
    put(code, format_args!("text: include_str!({:?}),\nrules: &[\n", path.display().to_string()));
    for rule in tables(file, "rule") {
        put(
            code,
            format_args!(
                "Rule {{ id: {:?}, title: {:?}, kinds: &{:?}, condition: {:?}, keys: &{:?}, techniques: &{:?}, learns: {:?} }},\n",
                text(rule, "id"),
                text(rule, "title"),
                texts(rule, "kinds"),
                text(rule, "where"),
                texts(rule, "keys"),
                texts(rule, "techniques"),
                text(rule, "learns"),
            ),
        );
    }
    code.push_str("],\nindicators: &[\n");
    for indicator in tables(file, "indicator") {
        let [ty, value, class, role] =
            ["type", "value", "class", "role"].map(|key| text(indicator, key));
        put(code, format_args!("[{ty:?}, {value:?}, {class:?}, {role:?}],\n"));
    }
    code.push_str("],\ninstances: &[\n");
    for instance in tables(file, "instance") {
        let [field, pattern] = ["field", "pattern"].map(|key| text(instance, key));
        put(code, format_args!("[{field:?}, {pattern:?}],\n"));
    }
    code.push_str("] },\n");
}

fn put(code: &mut String, arguments: std::fmt::Arguments<'_>) {
    code.write_fmt(arguments).expect("writing to a string does not fail");
}

fn tables<'f>(file: &'f Table, key: &str) -> impl Iterator<Item = &'f Table> {
    file.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
}

fn text<'t>(table: &'t Table, key: &str) -> &'t str {
    table.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn texts<'t>(table: &'t Table, key: &str) -> Vec<&'t str> {
    let all = table.get(key).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_str).collect()
}
