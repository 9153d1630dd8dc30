//! What the pages show is what the program prints, and what is in the code.
//!
//! `REMORA_BLESS=1` rewrites the parts between the markers. The page of fields
//! has its own test, beside the tables that it is made from.

use std::fs;

use crate::util::{Dir, Host, bless, root};

/// The text between two markers of a page, and the page with it replaced.
fn between<'p>(page: &'p str, name: &str) -> Option<&'p str> {
    let (_, rest) = page.split_once(&format!("<!-- {name}:begin -->\n"))?;
    let (part, _) = rest.split_once(&format!("<!-- {name}:end -->"))?;
    Some(part)
}

/// Compares the part of the README between these markers with what it should be, or rewrites it.
fn check_readme(name: &str, should: &str) {
    let path = root().join("README.md");
    let page = fs::read_to_string(&path).expect("there is a README");
    let part = between(&page, name).unwrap_or_else(|| panic!("the README has the part {name}"));
    if part != should && bless() {
        fs::write(&path, page.replacen(part, should, 1)).expect("the README is written");
        return;
    }
    eqnice!(should, part, "README.md, {name}; REMORA_BLESS=1 rewrites it");
}

#[test]
fn the_readme_shows_the_table_of_the_office() {
    let dir = Dir::new(Host::LinkedIn);
    let mut sweep = dir.sweep();
    sweep.current_dir(&root()).args(["--output", "table", "tests/samples/office"]);
    let table = sweep.run();
    check_readme("table", &format!("```\n{}```\n", table.ended(0).text()));
}

#[test]
fn the_readme_shows_the_detector_but_for_its_comments() {
    let code = fs::read_to_string(root().join("plugins/supremo/src/lib.rs")).unwrap();
    let is_comment = |line: &&str| line.trim_start().starts_with("//");
    let lines: Vec<&str> = code.lines().filter(|line| !is_comment(line)).collect();
    check_readme("plugin", &format!("```rust\n{}\n```\n", lines.join("\n").trim()));
}
