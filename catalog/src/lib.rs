//! The catalog of remote-management tools, as data.
//!
//! The data lies in TOML files beside this crate, one per tool, so that a tool
//! is added, reviewed and attributed without a line of Rust. The crate only
//! gives them a type ([`Tool`]), reads them strictly ([`Tool::from_toml`]),
//! and carries them inside the program ([`embedded`]). It runs no rule and
//! knows no tool by name.
//!
//! Reading is strict because a catalog fails silently otherwise: a misspelt
//! key is a rule that never fires, and nobody misses what is not reported.

#![forbid(unsafe_code)]

mod browsers;
mod embed;
mod error;
mod model;
mod names;
mod read;
mod scenario;
mod selection;
mod sources;

pub use browsers::{browsers, is_browser, web_views};
pub use embed::{
    EmbeddedIndicator, embedded, embedded_indicators, embedded_rule_sets, embedded_tools,
    embedded_without_rules,
};
pub use error::{CatalogError, diagnose};
pub use model::{
    Abuse, Allow, Category, Deployment, Example, IndicatorEntry, InstanceEntry, Mode, Platform,
    Provenance, RuleEntry, Technique, Tool, Validity,
};
pub use scenario::{
    Parameter, ParameterType, Scenario, Template, embedded_scenario_files, scenarios,
};
pub use selection::{Selection, ToolFile, read_folder};
pub use sources::{Source, sources};
