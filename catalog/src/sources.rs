//! Where catalog entries come from.

use std::sync::LazyLock;

use serde::Deserialize;

/// A collection that entries were taken from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What provenances call it.
    pub key: String,
    /// For people.
    pub name: String,
    /// Where it is; `""` for Remora's own entries.
    pub url: String,
    /// SPDX expression.
    pub licence: String,
    /// The copyright line of its licence; `""` for Remora's own entries.
    pub copyright: String,
    /// The commit that was imported last, in full.
    pub commit: Option<String>,
    /// When that was, `YYYY-MM-DD`.
    pub date: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: Vec<Source>,
}

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let file: File =
        toml::from_str(include_str!("../sources.toml")).expect("the tests read sources.toml");
    file.source
});

/// Every collection that entries were taken from.
pub fn sources() -> &'static [Source] {
    &SOURCES
}

#[cfg(test)]
mod tests {
    use super::sources;

    #[test]
    fn keys_are_unique_and_foreign_sources_are_credited() {
        for (at, source) in sources().iter().enumerate() {
            assert!(sources()[..at].iter().all(|other| other.key != source.key));
            assert!(!source.licence.is_empty(), "{}", source.key);
            if source.key != "remora" {
                assert!(source.url.starts_with("https://"), "{}", source.key);
                assert!(source.copyright.starts_with("Copyright"), "{}", source.key);
            }
        }
        assert!(!sources().is_empty());
    }
}
