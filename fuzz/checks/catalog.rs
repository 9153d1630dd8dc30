//! A tool's file of the catalog, or a file of scenarios.

use remora_catalog::{CatalogError, Scenario, Tool};

/// Any text is refused with a line in it, or read; what is read has rules
/// that compile.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Tool::from_toml(text, "tool.toml") {
        Ok(tool) => {
            assert!(!tool.id.is_empty());
            assert_eq!(tool.rule_set().rules.len(), tool.rules.len());
        }
        Err(error) => refused(text, &error),
    }
    match Scenario::from_toml(text, "tool.toml") {
        Ok(scenarios) => {
            for one in scenarios {
                assert!(one.condition.is_some() || !one.parameters.is_empty(), "{}", one.id);
            }
        }
        Err(error) => refused(text, &error),
    }
}

fn refused(text: &str, error: &CatalogError) {
    assert!(!error.message().is_empty());
    let lines = text.split('\n').count().max(1);
    assert!((1..=lines).contains(&error.line()), "line {} of {lines}", error.line());
    assert!(error.render(false).contains("tool.toml"), "{}", error.render(false));
}
