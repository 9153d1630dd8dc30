//! What `[tool]` says, in words that can be compared and shown.

use std::fmt::Debug;

use remora_catalog::{Abuse, Technique, Tool};

/// Every key of `[tool]` but the id, in the order of the format's page.
pub(super) fn of_tool(tool: &Tool) -> Vec<(&'static str, String)> {
    let technique = |one: &Technique| format!("{} {} (ATT&CK {})", one.id, one.name, one.attack);
    let abuse = |one: &Abuse| format!("{} {} {}", one.date, one.what, one.url);
    let techniques: Vec<String> = tool.techniques.iter().map(technique).collect();
    let abuse: Vec<String> = tool.abuse.iter().map(abuse).collect();
    vec![
        ("name", tool.name.clone()),
        ("vendor", tool.vendor.clone()),
        ("home", tool.home.clone()),
        ("aliases", list(&tool.aliases)),
        ("family", tool.family.clone()),
        ("bundles", list(&tool.bundles)),
        ("rebrands", list(&tool.rebrands)),
        ("category", word(&tool.category)),
        ("platforms", all(&tool.platforms)),
        ("deployment", word(&tool.deployment)),
        ("modes", all(&tool.modes)),
        ("techniques", list(&techniques)),
        ("references", list(&tool.references)),
        ("abuse", list(&abuse)),
        ("next_steps", list(&tool.next_steps)),
        ("note", tool.note.clone()),
    ]
}

/// Texts side by side.
pub(super) fn list(texts: &[String]) -> String {
    texts.join(", ")
}

/// A thing as it is compared, where nobody reads it.
pub(super) fn words(thing: &impl Debug) -> String {
    format!("{thing:?}")
}

fn all(things: &[impl Debug]) -> String {
    list(&things.iter().map(word).collect::<Vec<_>>())
}

/// The word of a closed list as files spell it: `RemoteDesktop` is
/// `remote-desktop`.
fn word(thing: &impl Debug) -> String {
    let mut word = String::new();
    for letter in words(thing).chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.extend(letter.to_lowercase());
    }
    word
}
