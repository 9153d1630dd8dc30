//! The machine output as types, with no key that `docs/output.md` does not
//! have. Written after that page and not after the program, so that a key
//! that is renamed, removed or added without a word fails here.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Confidence {
    Possible,
    Likely,
    Confirmed,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    Present,
    Delivered,
    Resolved,
    Attempted,
    Executed,
    Contacted,
}

/// How a name met its indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
    Exact,
    Subdomain,
    Lookalike,
    SearchSuffix,
    Elsewhere,
}

/// How strongly an indicator speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Class {
    Shared,
    Vendor,
    Exclusive,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Witness {
    pub(crate) field: String,
    pub(crate) op: String,
    pub(crate) value: String,
    pub(crate) seen: String,
    pub(crate) how: Option<How>,
    pub(crate) class: Option<Class>,
    pub(crate) role: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evidence {
    pub(crate) why: Why,
    pub(crate) source: String,
    pub(crate) line: u64,
    pub(crate) time: Option<String>,
    pub(crate) event_id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Why {
    First,
    Strongest,
    Last,
}

/// `remora.sighting/1`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sighting {
    pub(crate) schema: String,
    pub(crate) id: String,
    pub(crate) tool: String,
    pub(crate) rule: String,
    pub(crate) title: String,
    pub(crate) detectors: Vec<String>,
    #[serde(default)]
    pub(crate) techniques: Vec<String>,
    pub(crate) kind: Option<String>,
    pub(crate) kinds: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) tenant: String,
    #[serde(default)]
    pub(crate) device_id: String,
    #[serde(default)]
    pub(crate) device_name: String,
    #[serde(default)]
    pub(crate) remote_url: String,
    #[serde(default)]
    pub(crate) remote_host: String,
    #[serde(default)]
    pub(crate) account: String,
    pub(crate) first_seen: Option<String>,
    pub(crate) last_seen: Option<String>,
    pub(crate) reports: Vec<String>,
    pub(crate) count: u64,
    pub(crate) distinct: u64,
    pub(crate) confidence: Confidence,
    pub(crate) confidence_counts: BTreeMap<String, u64>,
    pub(crate) stage: Stage,
    #[serde(default)]
    pub(crate) seen_as: Vec<String>,
    pub(crate) seen_as_total: Option<u64>,
    pub(crate) verdict: String,
    #[serde(default)]
    pub(crate) excluded_by: Vec<String>,
    pub(crate) witnesses: Vec<Witness>,
    #[serde(default)]
    pub(crate) accounts: Vec<String>,
    pub(crate) accounts_total: Option<u64>,
    #[serde(default)]
    pub(crate) processes: Vec<String>,
    pub(crate) processes_total: Option<u64>,
    #[serde(default)]
    pub(crate) images: Vec<String>,
    pub(crate) images_total: Option<u64>,
    #[serde(default)]
    pub(crate) cmdlines: Vec<String>,
    pub(crate) cmdlines_total: Option<u64>,
    #[serde(default)]
    pub(crate) hashes: Vec<String>,
    pub(crate) hashes_total: Option<u64>,
    #[serde(default)]
    pub(crate) parents: Vec<String>,
    pub(crate) parents_total: Option<u64>,
    #[serde(default)]
    pub(crate) remote_ips: Vec<String>,
    pub(crate) remote_ips_total: Option<u64>,
    #[serde(default)]
    pub(crate) remote_ports: Vec<i64>,
    pub(crate) remote_ports_total: Option<u64>,
    #[serde(default)]
    pub(crate) local_ips: Vec<String>,
    pub(crate) local_ips_total: Option<u64>,
    pub(crate) evidence: Vec<Evidence>,
    #[serde(default)]
    pub(crate) incomplete: bool,
}

/// `remora.tool-sighting/1`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolSighting {
    pub(crate) schema: String,
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) tenant: String,
    pub(crate) device: String,
    pub(crate) device_basis: Basis,
    #[serde(default)]
    pub(crate) device_aliases: Vec<String>,
    pub(crate) tool: String,
    pub(crate) tool_name: String,
    #[serde(default)]
    pub(crate) instance: String,
    pub(crate) detectors: Vec<String>,
    pub(crate) rules: Vec<String>,
    #[serde(default)]
    pub(crate) techniques: Vec<String>,
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    pub(crate) hosts_total: Option<u64>,
    #[serde(default)]
    pub(crate) seen_as: Vec<String>,
    pub(crate) seen_as_total: Option<u64>,
    pub(crate) stage: Stage,
    pub(crate) confidence: Confidence,
    pub(crate) confidence_counts: BTreeMap<String, u64>,
    #[serde(default)]
    pub(crate) corroborated_by: Vec<String>,
    pub(crate) verdict: String,
    #[serde(default)]
    pub(crate) excluded_by: Vec<String>,
    pub(crate) verdicts: BTreeMap<String, u64>,
    pub(crate) first_seen: Option<String>,
    pub(crate) last_seen: Option<String>,
    pub(crate) first_seen_at_edge: Option<bool>,
    pub(crate) last_seen_at_edge: Option<bool>,
    pub(crate) active_days: u64,
    pub(crate) count: u64,
    pub(crate) distinct: u64,
    pub(crate) time_suspect: Option<u64>,
    pub(crate) witnesses: Vec<Witness>,
    #[serde(default)]
    pub(crate) accounts: Vec<String>,
    pub(crate) accounts_total: Option<u64>,
    #[serde(default)]
    pub(crate) images: Vec<String>,
    pub(crate) images_total: Option<u64>,
    pub(crate) evidence: Vec<Evidence>,
    #[serde(default)]
    pub(crate) incomplete: bool,
}

/// How a device is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Basis {
    Id,
    Fqdn,
    Name,
    Address,
    None,
}

impl Basis {
    /// The word in output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Basis::Id => "id",
            Basis::Fqdn => "fqdn",
            Basis::Name => "name",
            Basis::Address => "address",
            Basis::None => "none",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InputSummary {
    pub(crate) source: String,
    pub(crate) format: Option<String>,
    pub(crate) compression: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) records: u64,
    pub(crate) first: Option<String>,
    pub(crate) last: Option<String>,
    pub(crate) devices: u64,
    pub(crate) refused: u64,
    pub(crate) repaired: u64,
    #[serde(default)]
    pub(crate) other_kind: u64,
    #[serde(default)]
    pub(crate) sampled: bool,
    pub(crate) probably_cut: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Overlap {
    pub(crate) inputs: [String; 2],
    pub(crate) events: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetectorSummary {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) version: String,
    pub(crate) state: State,
    pub(crate) error: Option<String>,
    pub(crate) path: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Ok,
    Failed,
    Refused,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Coverage {
    pub(crate) tool: String,
    pub(crate) network: Cover,
    pub(crate) network_share: Option<f64>,
    pub(crate) process: Cover,
    pub(crate) process_share: Option<f64>,
    pub(crate) signature: Cover,
    pub(crate) signature_share: Option<f64>,
    #[serde(default)]
    pub(crate) why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Cover {
    Covered,
    Partial,
    Blind,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondPass {
    pub(crate) facts: u64,
    pub(crate) left_out: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScenarioSummary {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) parameters: Vec<String>,
    pub(crate) excluded: u64,
    pub(crate) no_process_name: u64,
    pub(crate) other_process_name: u64,
}

/// `remora.summary/1`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Summary {
    pub(crate) schema: String,
    pub(crate) version: String,
    pub(crate) inputs: Vec<InputSummary>,
    pub(crate) records: u64,
    pub(crate) events: u64,
    pub(crate) screened_out: u64,
    pub(crate) other_kind: u64,
    pub(crate) no_fields: u64,
    pub(crate) refused: u64,
    pub(crate) repaired: u64,
    pub(crate) bytes: u64,
    pub(crate) outside_window: u64,
    pub(crate) no_time: u64,
    pub(crate) duplicates: u64,
    #[serde(default)]
    pub(crate) overlaps: Vec<Overlap>,
    pub(crate) first_event: Option<String>,
    pub(crate) last_event: Option<String>,
    #[serde(default)]
    pub(crate) sampled: bool,
    pub(crate) sightings: u64,
    pub(crate) excluded: u64,
    #[serde(default)]
    pub(crate) scenarios: Vec<ScenarioSummary>,
    pub(crate) second_pass: Option<SecondPass>,
    pub(crate) detectors: Vec<DetectorSummary>,
    pub(crate) coverage: Vec<Coverage>,
}

/// A report: sightings of one grouping, and the summary.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Report {
    pub(crate) by_rule: Vec<Sighting>,
    pub(crate) by_tool: Vec<ToolSighting>,
    /// What is excluded and shown all the same.
    pub(crate) excluded_by_rule: Vec<Sighting>,
    pub(crate) excluded_by_tool: Vec<ToolSighting>,
    pub(crate) summary: Summary,
}

#[derive(Deserialize)]
struct Schema {
    schema: String,
}

/// `--output json`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object<S> {
    sightings: Vec<S>,
    #[serde(default = "Vec::new")]
    excluded: Vec<S>,
    summary: Summary,
}

fn read<'t, T: Deserialize<'t>>(text: &'t str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Takes the excluded ones out of `sightings`, behind which they stand.
fn split_excluded<S>(sightings: &mut Vec<S>, verdict: impl Fn(&S) -> &str) -> Vec<S> {
    let first = sightings.iter().position(|one| verdict(one) == "excluded");
    let excluded = sightings.split_off(first.unwrap_or(sightings.len()));
    assert!(excluded.iter().all(|one| verdict(one) == "excluded"), "they come last");
    excluded
}

impl Report {
    /// Reads the lines of `--output ndjson`, and checks what holds of every report.
    pub(crate) fn read(text: &str) -> Report {
        assert!(text.ends_with('\n'), "every line is whole");
        let mut lines: Vec<&str> = text.lines().collect();
        let summary: Summary = read(lines.pop().expect("there is a summary"));
        let (mut by_rule, mut by_tool) = (Vec::<Sighting>::new(), Vec::<ToolSighting>::new());
        for line in lines {
            match read::<Schema>(line).schema.as_str() {
                "remora.sighting/1" => by_rule.push(read(line)),
                "remora.tool-sighting/1" => by_tool.push(read(line)),
                other => panic!("{other} before the last line"),
            }
        }
        // Behind those that are reported.
        let excluded_by_rule = split_excluded(&mut by_rule, |one| &one.verdict);
        let excluded_by_tool = split_excluded(&mut by_tool, |one| &one.verdict);
        Report { by_rule, by_tool, excluded_by_rule, excluded_by_tool, summary }.checked()
    }

    /// Reads the object of `--output json` with sightings by rule.
    pub(crate) fn read_object(text: &str) -> Report {
        let Object { sightings, excluded, summary } = read(text);
        Report {
            by_rule: sightings,
            by_tool: Vec::new(),
            excluded_by_rule: excluded,
            excluded_by_tool: Vec::new(),
            summary,
        }
        .checked()
    }

    /// Reads the object of `--output json` with sightings by tool.
    pub(crate) fn read_object_by_tool(text: &str) -> Report {
        let Object { sightings, excluded, summary } = read(text);
        Report {
            by_rule: Vec::new(),
            by_tool: sightings,
            excluded_by_rule: Vec::new(),
            excluded_by_tool: excluded,
            summary,
        }
        .checked()
    }

    fn checked(self) -> Report {
        let Report { by_rule, by_tool, excluded_by_rule, excluded_by_tool, summary } = &self;
        assert_eq!(summary.schema, "remora.summary/1");
        assert_eq!(
            summary.records,
            summary.events
                + summary.screened_out
                + summary.other_kind
                + summary.no_fields
                + summary.refused,
            "every record that was read is told of: {summary:?}"
        );
        let total = |of: fn(&InputSummary) -> u64| summary.inputs.iter().map(of).sum::<u64>();
        assert_eq!(summary.records, total(|input| input.records));
        assert_eq!(summary.refused, total(|input| input.refused));
        assert_eq!(summary.repaired, total(|input| input.repaired));
        assert_eq!(summary.sightings, (by_rule.len() + by_tool.len()) as u64);
        for (verdict, excluded_by) in by_rule
            .iter()
            .map(|one| (&one.verdict, &one.excluded_by))
            .chain(by_tool.iter().map(|one| (&one.verdict, &one.excluded_by)))
        {
            assert!(verdict == "unreviewed" && excluded_by.is_empty(), "{verdict} {excluded_by:?}");
        }
        for sighting in excluded_by_tool {
            assert_eq!(sighting.verdicts, [("excluded".to_owned(), sighting.count)].into());
            assert!(!sighting.excluded_by.is_empty(), "{sighting:?}");
        }
        for sighting in by_rule.iter().chain(excluded_by_rule) {
            assert!(sighting.kind.is_some() != sighting.kinds.is_some(), "{sighting:?}");
            let rows: u64 = sighting.confidence_counts.values().sum();
            assert_eq!(rows, sighting.count, "{sighting:?}");
            assert!(sighting.distinct <= sighting.count, "{sighting:?}");
            assert!((1..=3).contains(&sighting.evidence.len()), "{sighting:?}");
        }
        let keys = |one: &Sighting| {
            let third = one.remote_url.clone() + &one.remote_host + &one.account;
            let device = (one.device_id.clone(), one.device_name.clone());
            (one.tool.clone(), one.rule.clone(), one.tenant.clone(), device, third)
        };
        for sightings in [by_rule, excluded_by_rule] {
            assert!(
                sightings.windows(2).all(|pair| keys(&pair[0]) < keys(&pair[1])),
                "sightings are sorted bytewise, and no group is there twice"
            );
        }
        self
    }
}
