//! The SupRemo detector.
//!
//! All that is known of SupRemo is data, `catalog/tools/supremo.toml`, and
//! rules can state all of it; so the detector is the SDK's rule-driven one
//! with a name. It is its own plugin, beside the one that runs the whole
//! catalog, to be the smallest complete example of how a plugin is made: this
//! crate has the logic and is what the host's program links in; the crate in
//! `export` makes the plugin file of it, in one line.

#![forbid(unsafe_code)]

use remora_catalog::Tool;
use remora_sdk::{
    Detector, Error, Shim,
    abi::DetectorModule,
    remora_rules::RuleSet,
    rules::{Driven, RuleDriven},
};

/// The tool's file in the catalog.
const TOOL: &str = include_str!("../../../catalog/tools/supremo.toml");

/// For programs that link the detector in.
pub const MODULE: DetectorModule = Shim::<SupRemo>::MODULE;

/// Who the detector is.
pub const MANIFEST: &str = SupRemo::MANIFEST;

/// Finds SupRemo by its names, its version resource and its signature.
pub type SupRemo = Driven<Known>;

/// What is known of SupRemo.
#[derive(Debug)]
pub struct Known;

impl RuleDriven for Known {
    const MANIFEST: &'static str = remora_sdk::manifest!(
        name: "supremo",
        tools: ["supremo"],
        techniques: ["T1219", "T1219.002"],
    );

    fn rule_sets() -> Result<Vec<RuleSet>, Error> {
        let tool = Tool::from_toml(TOOL, "catalog/tools/supremo.toml")?;
        Ok(vec![tool.rule_set()])
    }
}
