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
    Batch, Detector, Error, Findings, Hit, Interests, Rules, Shim, abi::DetectorModule,
    rules::RuleDetector,
};

/// The tool's file in the catalog.
const TOOL: &str = include_str!("../../../catalog/tools/supremo.toml");

/// For programs that link the detector in.
pub const MODULE: DetectorModule = Shim::<SupRemo>::MODULE;

/// Who the detector is.
pub const MANIFEST: &str = SupRemo::MANIFEST;

/// Finds SupRemo by its names, its version resource and its signature.
#[derive(Debug)]
pub struct SupRemo(RuleDetector);

impl Detector for SupRemo {
    const MANIFEST: &'static str = remora_sdk::manifest!(
        name: "supremo",
        tools: ["supremo"],
        techniques: ["T1219", "T1219.002"],
    );

    fn new(config: &str) -> Result<Self, Error> {
        if !config.trim().is_empty() {
            return Err("the supremo detector takes no configuration".into());
        }
        let tool = Tool::from_toml(TOOL, "catalog/tools/supremo.toml")?;
        Ok(SupRemo(RuleDetector::new(vec![tool.rule_set()])?))
    }

    fn rules(&self, rules: &mut Rules<'_>) {
        self.0.rules(rules);
    }

    fn interests(&self, interests: &mut Interests<'_>) {
        self.0.interests(interests);
    }

    fn inspect(
        &self,
        batch: &Batch<'_>,
        hits: &[Hit],
        findings: &mut Findings<'_>,
    ) -> Result<(), Error> {
        self.0.inspect(batch, hits, findings)
    }
}
