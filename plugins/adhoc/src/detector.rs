//! The detector.

use std::collections::BTreeSet;

use remora_sdk::{
    Batch, Class, Detector, Error, Field, Finding, Findings, Hit, How, Interests, Kind, Op, Row,
    Rule, Rules, Witness, field, kind,
};
use serde::Deserialize;

use crate::{
    NAME,
    indicator::{Indicator, Type, host_of},
    network::Network,
};

/// Finds the indicators of its configuration.
#[derive(Debug)]
pub struct AdHoc {
    indicators: Vec<Indicator>,
    /// One for each indicator and field in which it shows, in the order of the
    /// indicators: the detector's interests.
    asked: Vec<Asked>,
    /// The rules that it states.
    shapes: Vec<&'static Shape>,
}

#[derive(Debug)]
struct Asked {
    indicator: u32,
    field: Field,
    op: Op,
    /// For addresses: what the host cannot compare.
    network: Option<Network>,
}

/// One of its rules: what it looks at, and how sightings are grouped.
#[derive(Debug)]
struct Shape {
    id: &'static str,
    title: &'static str,
    kinds: &'static [Kind],
    keys: &'static [Field],
    /// The fields by which indicators show in such events.
    fields: &'static [Field],
}

const PROGRAM: [Field; 11] = [
    field::PROCESS_NAME,
    field::PROCESS_ORIGINAL_NAME,
    field::PROCESS_COMPANY,
    field::PROCESS_PRODUCT,
    field::PROCESS_IMAGE,
    field::PROCESS_FOLDER,
    field::PROCESS_CMDLINE,
    field::PROCESS_SHA1,
    field::PROCESS_SHA256,
    field::PROCESS_MD5,
    field::PROCESS_SIGNER,
];

static SHAPES: [Shape; 5] = [
    Shape {
        id: "adhoc.network",
        title: "Ad hoc indicator - Network",
        kinds: &[kind::CONNECTION, kind::DNS, kind::HTTP, kind::TLS, kind::PROXY],
        keys: &[field::DEVICE_ID, field::DEVICE_NAME, field::REMOTE_HOST],
        fields: &{
            let mut fields = [field::REMOTE_HOST; PROGRAM.len() + 4];
            fields[1] = field::REMOTE_URL;
            fields[2] = field::URL;
            fields[3] = field::REMOTE_IP;
            let mut at = 0;
            while at < PROGRAM.len() {
                fields[4 + at] = PROGRAM[at];
                at += 1;
            }
            fields
        },
    },
    Shape {
        id: "adhoc.process",
        title: "Ad hoc indicator - Process",
        kinds: &[kind::PROCESS],
        keys: &[field::DEVICE_ID, field::DEVICE_NAME, field::USER_UPN],
        fields: &PROGRAM,
    },
    Shape {
        id: "adhoc.signature",
        title: "Ad hoc indicator - File Signature",
        kinds: &[kind::SIGNATURE],
        keys: &[field::DEVICE_ID, field::DEVICE_NAME],
        fields: &[field::FILE_SIGNER, field::FILE_SHA1, field::FILE_SHA256, field::FILE_MD5],
    },
    Shape {
        id: "adhoc.file",
        title: "Ad hoc indicator - File",
        kinds: &[kind::FILE, kind::IMAGE_LOAD],
        keys: &[field::DEVICE_ID, field::DEVICE_NAME, field::FILE_NAME],
        fields: &[
            field::FILE_NAME,
            field::FILE_PATH,
            field::FILE_SIGNER,
            field::FILE_SHA1,
            field::FILE_SHA256,
            field::FILE_MD5,
        ],
    },
    Shape {
        id: "adhoc.service",
        title: "Ad hoc indicator - Service",
        kinds: &[kind::SERVICE],
        keys: &[field::DEVICE_ID, field::DEVICE_NAME, field::SERVICE_NAME],
        fields: &[field::SERVICE_NAME, field::SERVICE_PATH],
    },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    indicators: Vec<String>,
}

impl AdHoc {
    fn of(indicators: Vec<Indicator>) -> AdHoc {
        let mut asked = Vec::new();
        for (indicator, at) in indicators.iter().zip(0..) {
            let network = indicator.network();
            let instead = indicator.literal().0;
            asked.extend(indicator.ty().shows().iter().map(|&(field, op)| Asked {
                indicator: at,
                field,
                op: instead.unwrap_or(op),
                network,
            }));
        }
        let shown: BTreeSet<Field> = asked.iter().map(|asked| asked.field).collect();
        let stated = |shape: &&Shape| shape.fields.iter().any(|field| shown.contains(field));
        AdHoc { indicators, shapes: SHAPES.iter().filter(stated).collect(), asked }
    }

    fn witness<'a>(&'a self, row: Row<'a>, asked: &Asked) -> Option<Witness<'a>> {
        let indicator = &self.indicators[asked.indicator as usize];
        let seen = row.text(asked.field);
        if asked.network.is_some_and(|network| !network.holds(seen)) {
            return None;
        }
        let how = match indicator.ty() {
            Type::Domain if row.text(field::REMOTE_HOST).len() > indicator.value().len() => {
                How::SUBDOMAIN
            }
            Type::Domain | Type::Host => How::EXACT,
            Type::Url => url_stands(row, indicator.value()),
            _ => How::NONE,
        };
        let op = if asked.network.is_some() && asked.op != Op::EQ { Op::CODE } else { asked.op };
        Some(Witness {
            class: Class::EXCLUSIVE,
            how,
            ..Witness::new(asked.field, op, indicator.value(), seen)
        })
    }
}

/// Whether the event's host is the URL's: else the URL stands in another one's
/// path or query.
fn url_stands(row: Row<'_>, url: &str) -> How {
    let (host, of) = (row.text(field::REMOTE_HOST), host_of(url));
    if host.eq_ignore_ascii_case(of) {
        How::EXACT
    } else if host.to_lowercase().ends_with(&format!(".{}", of.to_lowercase())) {
        How::SUBDOMAIN
    } else {
        How::ELSEWHERE
    }
}

impl Detector for AdHoc {
    const MANIFEST: &'static str =
        remora_sdk::manifest!(name: "adhoc", tools: ["adhoc"], techniques: []);

    fn new(config: &str) -> Result<Self, Error> {
        let Config { indicators } = toml::from_str(config)?;
        let mut all = Vec::with_capacity(indicators.len());
        for text in &indicators {
            all.push(Indicator::read(text)?);
        }
        all.sort();
        all.dedup();
        Ok(AdHoc::of(all))
    }

    fn rules(&self, rules: &mut Rules<'_>) {
        let shown: BTreeSet<Field> = self.asked.iter().map(|asked| asked.field).collect();
        for shape in &self.shapes {
            let fields: Vec<Field> =
                shape.fields.iter().copied().filter(|field| shown.contains(field)).collect();
            rules.push(&Rule {
                id: shape.id,
                tool: NAME,
                tool_name: "ad hoc indicators",
                title: shape.title,
                techniques: &[],
                kinds: shape.kinds,
                keys: shape.keys,
                fields: &fields,
                ..Rule::default()
            });
        }
    }

    fn interests(&self, interests: &mut Interests<'_>) {
        for asked in &self.asked {
            let (_, literal) = self.indicators[asked.indicator as usize].literal();
            interests.push(kind::ANY, asked.field, asked.op, &literal);
        }
    }

    fn inspect(
        &self,
        batch: &Batch<'_>,
        hits: &[Hit],
        findings: &mut Findings<'_>,
    ) -> Result<(), Error> {
        for (row, hits) in batch.rows(hits) {
            let of_kind = |shape: &&&Shape| shape.kinds.contains(&row.kind());
            let Some((rule, shape)) = (0..).zip(&self.shapes).find(|(_, shape)| of_kind(shape))
            else {
                continue;
            };
            let asked = hits.iter().filter_map(|hit| self.asked.get(hit.interest as usize));
            // One indicator is one witness, in however many fields it shows.
            let mut told = BTreeSet::new();
            let witnesses: Vec<Witness<'_>> = asked
                .filter(|asked| shape.fields.contains(&asked.field))
                .filter_map(|asked| Some((asked.indicator, self.witness(row, asked)?)))
                .filter(|(indicator, _)| told.insert(*indicator))
                .map(|(_, witness)| witness)
                .collect();
            if !witnesses.is_empty() {
                findings.push(&Finding::new(row.index(), rule, &witnesses));
            }
        }
        Ok(())
    }
}
