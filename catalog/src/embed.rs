//! The tools' files inside the program.
//!
//! A list by hand, which a test compares with the folder, instead of a build
//! script: what is shipped is to be seen in review.

use crate::Tool;

const FILES: &[(&str, &str)] = &[("supremo", include_str!("../tools/supremo.toml"))];

/// The text of every tool's file, with the tool's id, in the order of the ids.
pub fn embedded() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().copied()
}

/// Every tool of the embedded catalog, in the order of the ids.
pub fn embedded_tools() -> impl Iterator<Item = Tool> {
    embedded().map(|(id, text)| {
        Tool::from_toml(text, &format!("catalog/tools/{id}.toml"))
            .expect("the tests read every embedded file")
    })
}
