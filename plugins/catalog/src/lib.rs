//! The whole catalog as one detector.
//!
//! Every tool of `catalog/tools` that has rules, run by the SDK's rule-driven
//! detector: what eighty plugins would find, for the price of one look at each
//! row. A tool that has a plugin of its own besides, as SupRemo has, is
//! reported once all the same, because findings are one per event and rule,
//! whoever makes them.

#![forbid(unsafe_code)]

use remora_catalog::Selection;
use remora_sdk::{
    Detector, Error, Shim,
    abi::DetectorModule,
    remora_rules::RuleSet,
    rules::{Driven, RuleDriven},
};

/// For programs that link the detector in.
pub const MODULE: DetectorModule = Shim::<Catalog>::MODULE;

/// Who the detector is.
pub const MANIFEST: &str = Catalog::MANIFEST;

/// Finds every tool of the catalog.
pub type Catalog = Driven<Known>;

/// What is known of every tool.
#[derive(Debug)]
pub struct Known;

impl RuleDriven for Known {
    // By hand, because a manifest is read before any code runs; a test holds
    // it against the catalog.
    const MANIFEST: &'static str = remora_sdk::manifest!(
        name: "catalog",
        tools: [
            "action1", "addigy", "aeroadmin", "alpemix", "ammyy", "anydesk", "anyplacecontrol",
            "anyviewer", "atera", "awesun", "barracudarmm", "beamyourscreen", "beyondtrust",
            "chromerdp", "connectwise", "crosstec", "dameware", "dattormm", "desktopnow",
            "distantdesktop", "dwservice", "ehorus", "fleetdeck", "getscreen", "iperiusremote",
            "islonline", "itarian", "jumpcloud", "kaseya", "level", "litemanager", "logmein",
            "meshcentral", "mremoteng", "msp360-cloudberry", "nable", "naverisk", "netsupport",
            "ninjarmm", "optitune", "panorama9", "parsec-app", "pcvisit", "pdq", "pulseway",
            "radmin", "realvnc", "remotedesktopplus", "remotepc", "remoteutilities", "rport",
            "rustdesk", "screenmeet", "servereye", "showmypc", "simplehelp", "splashtop",
            "supremo", "syncromsp", "syspectr", "tacticalrmm", "teamviewer", "techinline",
            "tigervnc", "tightvnc", "tsplus", "ultraviewer", "xeox", "xmreality", "zohoassist",
        ],
        techniques: ["T1072", "T1219", "T1219.002"],
    );

    fn rule_sets() -> Result<Vec<RuleSet>, Error> {
        Ok(remora_catalog::embedded_rule_sets().collect())
    }

    /// The configuration is a [`Selection`]: other files instead of the
    /// embedded ones, or beside them.
    fn configured(config: &str) -> Result<Vec<RuleSet>, Error> {
        Selection::from_toml(config)?.rule_sets().map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            errors.join("\n").into()
        })
    }
}
