//! What the catalog knows and the engine does not: handed over as data, because
//! the engine knows no tool by name.

use remora_catalog::{Tool, embedded_indicators, embedded_without_rules};
use remora_engine::sweep::{Browsers, Folding};

/// Which programs are browsers.
pub(crate) fn browsers() -> Browsers {
    Browsers {
        browsers: remora_catalog::browsers().to_vec(),
        embedded: remora_catalog::web_views().to_vec(),
    }
}

/// What a run's catalog knows of its tools beside what detectors ask.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Which host names of a tool are shown as one.
    pub(crate) folding: Folding,
    /// Tools that cannot be found, because no rule asks for them.
    pub(crate) without_rules: Vec<String>,
}

impl Known {
    /// Of the tools of the user's own files, and of those of the embedded
    /// catalog that they do not replace, if it counts.
    pub(crate) fn new(embedded: bool, files: &[Tool]) -> Known {
        let mut known = Known::default();
        let own = |tool: &str| files.iter().any(|file| file.id == tool);
        if embedded {
            for (tool, indicators) in embedded_indicators().filter(|(tool, _)| !own(tool)) {
                known.folding.add(tool, indicators);
            }
            let without = embedded_without_rules().filter(|tool| !own(tool));
            known.without_rules.extend(without.map(str::to_owned));
        }
        for file in files {
            let indicators = file.indicators.iter().map(|entry| &entry.indicator);
            known
                .folding
                .add(&file.id, indicators.map(|one| (one.ty, one.role, one.value.as_str())));
            if file.rules.is_empty() {
                known.without_rules.push(file.id.clone());
            }
        }
        known
    }
}
