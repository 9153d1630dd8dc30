//! What the pages show is what the program prints, and what is in the code.
//!
//! `REMORA_BLESS=1` rewrites the parts between the markers. The page of fields
//! has its own test, beside the tables that it is made from.

use std::fs;

use remora_catalog::scenarios;

use crate::util::{Dir, Host, bless, root};

/// The text between two markers of a page, and the page with it replaced.
fn between<'p>(page: &'p str, name: &str) -> Option<&'p str> {
    let (_, rest) = page.split_once(&format!("<!-- {name}:begin -->\n"))?;
    let (part, _) = rest.split_once(&format!("<!-- {name}:end -->"))?;
    Some(part)
}

/// Compares the part of a page between these markers with what it should be, or rewrites it.
fn check(file: &str, name: &str, should: &str) {
    let path = root().join(file);
    let page = fs::read_to_string(&path).expect("the page is there");
    let part = between(&page, name).unwrap_or_else(|| panic!("{file} has the part {name}"));
    if part != should && bless() {
        let begin = format!("<!-- {name}:begin -->\n");
        let page = page.replacen(&format!("{begin}{part}"), &format!("{begin}{should}"), 1);
        fs::write(&path, page).expect("the page is written");
        return;
    }
    eqnice!(should, part, "{file}, {name}; REMORA_BLESS=1 rewrites it");
}

#[test]
fn the_readme_shows_the_table_of_the_office() {
    let dir = Dir::new(Host::LinkedIn);
    let mut sweep = dir.sweep();
    sweep.current_dir(&root()).args(["--output", "table", "tests/samples/office"]);
    let table = sweep.run();
    check("README.md", "table", &format!("```\n{}```\n", table.ended(0).text()));
}

#[test]
fn the_readme_shows_the_detector_but_for_its_comments() {
    let code = fs::read_to_string(root().join("plugins/supremo/src/lib.rs")).unwrap();
    let is_comment = |line: &&str| line.trim_start().starts_with("//");
    let lines: Vec<&str> = code.lines().filter(|line| !is_comment(line)).collect();
    check("README.md", "plugin", &format!("```rust\n{}\n```\n", lines.join("\n").trim()));
}

#[test]
fn the_page_of_scenarios_lists_every_one_with_its_parameters() {
    let mut page = String::from("| scenario | when | takes |\n| --- | --- | --- |\n");
    let mut parameters: Vec<(String, String, String)> = Vec::new();
    for scenario in scenarios().iter().filter(|one| one.tool == "supremo") {
        let keys: Vec<String> =
            scenario.parameters.iter().map(|one| format!("`{}`", one.key)).collect();
        let takes = match &scenario.condition {
            Some(condition) => format!("nothing: `{condition}`"),
            None => keys.join(", "),
        };
        page += &format!("| `{}` | {} | {takes} |\n", scenario.id, scenario.title);
        for one in &scenario.parameters {
            if !parameters.iter().any(|(key, ..)| *key == one.key) {
                // Each scenario asks for its own code.
                let meaning = match one.key.as_str() {
                    "channel" => {
                        "the channel or provider in which the scenario's event code counts"
                    }
                    _ => &one.meaning,
                };
                parameters.push((one.key.clone(), meaning.to_owned(), one.example.clone()));
            }
        }
    }
    page += "\n| key | value | example |\n| --- | --- | --- |\n";
    for (key, meaning, example) in parameters {
        page += &format!("| `{key}` | {meaning} | `{key}={example}` |\n");
    }
    check("docs/scenarios.md", "scenarios", &page);
}
