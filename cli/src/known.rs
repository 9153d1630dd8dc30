//! What the catalog knows and the engine does not: handed over as data, because
//! the engine knows no tool by name.

use remora_engine::{
    host::Detectors,
    sweep::{Browsers, Folding},
};

/// Which programs are browsers.
pub(crate) fn browsers() -> Browsers {
    Browsers {
        browsers: remora_catalog::browsers().to_vec(),
        embedded: remora_catalog::web_views().to_vec(),
    }
}

/// Which host names of a tool are shown as one.
pub(crate) fn folding() -> Folding {
    let mut folding = Folding::default();
    for (tool, indicators) in remora_catalog::embedded_indicators() {
        folding.add(tool, indicators);
    }
    folding
}

/// Tools of the catalog that cannot be found, where the run is about the
/// catalog at all.
pub(crate) fn without_rules(detectors: &Detectors) -> Vec<String> {
    if !detectors.iter().any(|detector| detector.name() == remora_catalog_detector::NAME) {
        return vec![];
    }
    remora_catalog::embedded_without_rules().map(str::to_owned).collect()
}
