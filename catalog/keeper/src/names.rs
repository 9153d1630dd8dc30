//! Names of tools: as ids, compared by their letters and digits, found.

use remora_catalog::Tool;
use remora_rules::nearest;

/// The id that a name makes: lower case, and every run of other characters
/// than letters and digits one hyphen. Empty if the name has none of them.
pub fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

/// What of a name counts: letters and digits, in lower case.
pub fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The names of a tool: its id, its name, its other names.
pub fn names(tool: &Tool) -> impl Iterator<Item = &str> {
    [tool.id.as_str(), tool.name.as_str()]
        .into_iter()
        .chain(tool.aliases.iter().map(String::as_str))
}

/// The tools that are called `name`; case, blanks and punctuation do not
/// count. One whose id it is goes before those that are only called so.
pub fn named<'t>(tools: &'t [Tool], name: &str) -> Vec<&'t Tool> {
    let wanted = key(name);
    if wanted.is_empty() {
        return vec![];
    }
    if let Some(tool) = tools.iter().find(|tool| key(&tool.id) == wanted) {
        return vec![tool];
    }
    tools.iter().filter(|tool| names(tool).any(|own| key(own) == wanted)).collect()
}

/// At most three names that `name` may be a misspelling or a part of, the
/// nearest first.
pub fn near<'t>(tools: &'t [Tool], name: &str) -> Vec<&'t str> {
    let wanted = key(name);
    let mut near: Vec<&str> = vec![];
    let mut keys: Vec<(String, &str)> =
        tools.iter().flat_map(|tool| names(tool).map(|own| (key(own), own))).collect();
    while near.len() < 3
        && let Some(found) = nearest(&wanted, keys.iter().map(|(key, _)| key.as_str()))
    {
        let found = found.to_owned();
        let own = keys.iter().find(|(key, _)| *key == found).map(|(_, own)| *own);
        near.extend(own);
        keys.retain(|(key, _)| *key != found);
    }
    if wanted.len() >= 3 {
        let parts = keys.iter().filter(|(key, _)| key.contains(&wanted)).map(|(_, own)| *own);
        near.extend(parts.take(3_usize.saturating_sub(near.len())));
    }
    near
}

#[cfg(test)]
mod tests {
    use remora_catalog::embedded_tools;

    use super::*;

    #[test]
    fn tools_are_found_by_any_of_their_names() {
        let tools: Vec<Tool> = embedded_tools().collect();
        for name in ["supremo", "SupRemo", " sup-remo ", "SUPREMO"] {
            let found: Vec<&str> =
                named(&tools, name).into_iter().map(|tool| tool.id.as_str()).collect();
            assert_eq!(found, ["supremo"], "{name}");
        }
        // Every tool by all its names.
        for tool in &tools {
            for name in names(tool) {
                let found = named(&tools, name);
                let has = found.iter().any(|other| other.id == tool.id);
                let other = tools.iter().any(|other| key(&other.id) == key(name));
                assert!(has || other, "{}: {name}", tool.id);
            }
        }
        for name in ["", "-", "nothing of the sort"] {
            assert!(named(&tools, name).is_empty(), "{name}");
        }
    }

    #[test]
    fn misspelt_names_are_guessed() {
        let tools: Vec<Tool> = embedded_tools().collect();
        assert_eq!(near(&tools, "anydsk").first(), Some(&"anydesk"));
        assert_eq!(near(&tools, "Team Veiwer").first(), Some(&"teamviewer"));
        assert!(near(&tools, "logme").iter().any(|name| key(name).contains("logmein")));
        assert!(near(&tools, "zzzzzzzzzzzz").is_empty());
    }

    #[test]
    fn ids_are_slugs_of_names() {
        for (name, id) in [
            ("SupRemo", "supremo"),
            ("MSP360_CloudBerry", "msp360-cloudberry"),
            ("BlueTrait.io", "bluetrait-io"),
            ("parsec.app", "parsec-app"),
            ("A  b--C.", "a-b-c"),
            ("Ünder", "nder"),
            ("…", ""),
        ] {
            assert_eq!(slug(name), id);
        }
    }

    #[test]
    fn spelling_is_not_the_name() {
        assert_eq!(key("Any-Desk 2.0"), key("anydesk20"));
        assert_ne!(key("TightVNC"), key("TigerVNC"));
    }
}
