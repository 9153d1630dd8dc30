//! What the catalog knows of a tool.
//!
//! Everything is checked when it is read, and typed: kinds, fields, classes
//! and roles are the contract's own, and rules are compiled. Each indicator and
//! rule keeps its provenance beside it and not in a comment, so that an import
//! can tell what it may replace, and people can see whom to credit.

use remora_rules::{
    EventView, Indicator, Instance, Learned, RuleSet, RuleSpec,
    abi::{Field, Kind},
};
use serde::Deserialize;

use crate::{CatalogError, read};

/// One tool.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Lower-case letters, digits and hyphens; also the file's name.
    pub id: String,
    /// For people.
    pub name: String,
    /// Other names that it has, had, or is given in lists.
    pub aliases: Vec<String>,
    /// Who makes it.
    pub vendor: String,
    /// What several tools have in common, e.g. `VNC`; `""` for nothing.
    pub family: String,
    /// Ids of tools that come with it or that it starts.
    pub bundles: Vec<String>,
    /// Ids of tools under whose name or by whose maker it is sold as well.
    pub rebrands: Vec<String>,
    /// Its web site.
    pub home: String,
    /// What it is for.
    pub category: Category,
    /// Where its agent or client runs.
    pub platforms: Vec<Platform>,
    /// Who runs its server.
    pub deployment: Deployment,
    /// How it comes to run on a device; empty where that is not stated.
    pub modes: Vec<Mode>,
    /// The ATT&CK techniques that its use is an instance of.
    pub techniques: Vec<Technique>,
    /// Where to read more.
    pub references: Vec<String>,
    /// Where it was abused.
    pub abuse: Vec<Abuse>,
    /// What an analyst should do about a sighting, in order.
    pub next_steps: Vec<String>,
    /// What has to be said about the entry; `""` for nothing.
    pub note: String,
    /// What lints leave alone in the whole file.
    pub allow: Vec<Allow>,
    /// By what it is recognised.
    pub indicators: Vec<IndicatorEntry>,
    /// How one installation of it is told from another.
    pub instances: Vec<InstanceEntry>,
    /// When it is reported.
    pub rules: Vec<RuleEntry>,
    /// What the rules must and must not report.
    pub examples: Vec<Example>,
}

impl Tool {
    /// Reads a tool's file. `origin` names the text in errors.
    ///
    /// A file with indicators and no rules gets rules that ask for the
    /// indicators; see [`RuleEntry::generated`].
    ///
    /// # Errors
    ///
    /// The first thing that is wrong: TOML syntax, an unknown key or word, a
    /// value that cannot be one of its type, a rule that does not compile, an
    /// id that stands twice, an example of rules or fields that do not exist.
    pub fn from_toml(text: &str, origin: &str) -> Result<Tool, CatalogError> {
        read::tool(text).map_err(|problem| CatalogError::new(origin, text, problem))
    }

    /// The rules and indicators, for a rule-driven detector.
    pub fn rule_set(&self) -> RuleSet {
        RuleSet {
            tool: self.id.clone(),
            tool_name: self.name.clone(),
            rules: self.rules.iter().map(|entry| entry.rule.clone()).collect(),
            indicators: self.indicators.iter().map(|entry| entry.indicator.clone()).collect(),
            instances: self.instances.iter().map(InstanceEntry::instance).collect(),
        }
    }
}

/// What a tool is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Category {
    /// Somebody sees and moves another's desktop.
    RemoteDesktop,
    /// Many devices are watched and managed from one console.
    RemoteManagement,
    /// Sessions of a help desk, opened per case.
    RemoteSupport,
    /// Devices, accounts and settings of a fleet are managed.
    DeviceManagement,
    /// A connection into a network: tunnels, port forwarding, shells.
    RemoteAccess,
}

/// Where a tool runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say all")]
pub enum Platform {
    Windows,
    Macos,
    Linux,
    Android,
    Ios,
}

/// Who runs a tool's server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Deployment {
    /// The vendor: names on the wire are the vendor's.
    Cloud,
    /// The user: names on the wire may be anybody's.
    SelfHosted,
    /// Either.
    Both,
}

/// How a tool comes to run on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Mode {
    /// Without installation.
    Portable,
    /// Somebody at the device lets each session in.
    Attended,
    /// Installed, waiting for sessions that nobody at the device lets in.
    Unattended,
}

/// An ATT&CK technique.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technique {
    /// E.g. `T1219.002`.
    pub id: String,
    /// As ATT&CK of that version names it.
    pub name: String,
    /// The version of ATT&CK, e.g. `18`.
    pub attack: String,
}

/// One report of a tool's abuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abuse {
    /// When it was reported: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub date: String,
    /// What happened, in one sentence.
    pub what: String,
    /// Who says so.
    pub url: String,
}

/// Something that a lint finds, and that is right all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// The lint's code; which there are, the catalog's keeper knows.
    pub lint: String,
    /// Why it is right.
    pub why: String,
}

/// Where an entry comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The key of a [`Source`](crate::Source).
    pub source: String,
    /// The commit it was read at, in full; none where there are no commits.
    pub commit: Option<String>,
    /// The file in that collection.
    pub file: Option<String>,
    /// When it was compared with its source, `YYYY-MM-DD`.
    pub date: String,
}

/// An indicator with its provenance.
#[derive(Clone, Debug)]
pub struct IndicatorEntry {
    /// What it is and what it is worth.
    pub indicator: Indicator,
    /// Between which days it held, both included; for addresses, which change
    /// hands.
    pub valid: Validity,
    /// What has to be said about it; `""` for nothing.
    pub note: String,
    /// What lints leave alone in it.
    pub allow: Vec<Allow>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// From when to when something held; open at an end that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// The first day, `YYYY-MM-DD`.
    pub from: Option<String>,
    /// The last day, `YYYY-MM-DD`.
    pub until: Option<String>,
}

/// A pattern that tells one installation of a tool from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceEntry {
    /// The field that is looked at.
    pub field: Field,
    /// A regular expression with a capture named `instance`.
    pub pattern: String,
    /// What has to be said about it; `""` for nothing.
    pub note: String,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl InstanceEntry {
    /// What a rule-driven detector needs of it.
    pub fn instance(&self) -> Instance {
        Instance { field: self.field, pattern: self.pattern.clone() }
    }
}

/// A rule with its provenance.
#[derive(Clone, Debug)]
pub struct RuleEntry {
    /// The rule, compiled.
    pub rule: RuleSpec,
    /// Its text as it stands in the file.
    pub where_text: String,
    /// Whether it does not stand in the file but was made from the indicators,
    /// because the file has no rules.
    pub generated: bool,
    /// What has to be said about it; `""` for nothing.
    pub note: String,
    /// What lints leave alone in it.
    pub allow: Vec<Allow>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// An event and the rules that hold for it.
#[derive(Clone, Debug)]
pub struct Example {
    /// The event's kind.
    pub kind: Kind,
    /// Its text fields.
    pub texts: Vec<(Field, String)>,
    /// Its number fields.
    pub numbers: Vec<(Field, i64)>,
    /// What the pass before has learned, by the rule that learns it.
    pub learned: Learned,
    /// The ids of the rules that must hold; all others of the tool must not.
    pub fires: Vec<String>,
    /// The installation that the event speaks of; `""` for none.
    pub instance: String,
    /// Why the example is there.
    pub why: String,
    /// Whether an import made it, and may replace it.
    pub generated: bool,
}

impl EventView for Example {
    fn text(&self, field: Field) -> &str {
        self.texts.iter().find(|(own, _)| *own == field).map_or("", |(_, text)| text)
    }

    fn number(&self, field: Field) -> Option<i64> {
        self.numbers.iter().find(|(own, _)| *own == field).map(|(_, number)| *number)
    }
}
