//! Rules for a file that has indicators and none: one per kind of evidence.
//!
//! So a tool that nobody wrote rules for is found by what is known of it, and
//! the findings are judged by the indicators' classes as all others are. Any
//! one indicator is enough; ports are not, because a port number alone is
//! nobody's.

use remora_rules::{
    Expr, IndicatorType, RuleSpec,
    abi::{Field, Kind, field, kind},
};

use crate::model::{IndicatorEntry, Provenance, RuleEntry, Technique};

/// What a generated rule looks at.
struct Shape {
    name: &'static str,
    title: &'static str,
    kinds: &'static [Kind],
    keys: &'static [Field],
    /// The types it asks for, and in which of their fields.
    asks: &'static [(IndicatorType, &'static [Field])],
}

const DEVICE: [Field; 2] = [field::DEVICE_ID, field::DEVICE_NAME];

const SHAPES: [Shape; 6] = [
    Shape {
        name: "domain",
        title: "Domain",
        kinds: &[kind::CONNECTION, kind::DNS, kind::HTTP, kind::TLS, kind::PROXY],
        keys: &[DEVICE[0], DEVICE[1], field::REMOTE_HOST],
        asks: &[(IndicatorType::Domain, &[field::REMOTE_HOST])],
    },
    Shape {
        name: "connection",
        title: "Network Connection",
        kinds: &[kind::CONNECTION],
        keys: &[DEVICE[0], DEVICE[1], field::REMOTE_URL],
        asks: &[
            (IndicatorType::Address, &[field::REMOTE_IP]),
            (IndicatorType::Company, &[field::PROCESS_COMPANY]),
            (IndicatorType::Product, &[field::PROCESS_PRODUCT]),
            (IndicatorType::OriginalName, &[field::PROCESS_ORIGINAL_NAME]),
            (IndicatorType::Description, &[field::PROCESS_DESCRIPTION]),
            (IndicatorType::FileName, &[field::PROCESS_NAME]),
            (
                IndicatorType::Hash,
                &[field::PROCESS_SHA1, field::PROCESS_SHA256, field::PROCESS_MD5],
            ),
        ],
    },
    Shape {
        name: "process",
        title: "Create Process",
        kinds: &[kind::PROCESS],
        keys: &[DEVICE[0], DEVICE[1], field::USER_UPN],
        asks: &[
            (IndicatorType::Company, &[field::PROCESS_COMPANY]),
            (IndicatorType::Product, &[field::PROCESS_PRODUCT]),
            (IndicatorType::OriginalName, &[field::PROCESS_ORIGINAL_NAME]),
            (IndicatorType::Description, &[field::PROCESS_DESCRIPTION]),
            (IndicatorType::FileName, &[field::PROCESS_NAME]),
            (IndicatorType::Path, &[field::PROCESS_IMAGE, field::PROCESS_FOLDER]),
            (IndicatorType::Signer, &[field::PROCESS_SIGNER]),
            (
                IndicatorType::Hash,
                &[field::PROCESS_SHA1, field::PROCESS_SHA256, field::PROCESS_MD5],
            ),
        ],
    },
    Shape {
        name: "signature",
        title: "File Signature",
        kinds: &[kind::SIGNATURE],
        keys: &DEVICE,
        asks: &[(IndicatorType::Signer, &[field::FILE_SIGNER])],
    },
    Shape {
        name: "file",
        title: "File",
        kinds: &[kind::FILE, kind::IMAGE_LOAD],
        keys: &[DEVICE[0], DEVICE[1], field::FILE_NAME],
        asks: &[
            (IndicatorType::FileName, &[field::FILE_NAME]),
            (IndicatorType::Path, &[field::FILE_PATH]),
            (IndicatorType::Hash, &[field::FILE_SHA1, field::FILE_SHA256, field::FILE_MD5]),
        ],
    },
    Shape {
        name: "service",
        title: "Service",
        kinds: &[kind::SERVICE],
        keys: &[DEVICE[0], DEVICE[1], field::SERVICE_NAME],
        asks: &[
            (IndicatorType::Service, &[field::SERVICE_NAME]),
            (IndicatorType::Path, &[field::SERVICE_PATH]),
        ],
    },
];

pub(super) fn rules(
    tool: &str,
    name: &str,
    techniques: &[Technique],
    indicators: &[IndicatorEntry],
) -> Vec<RuleEntry> {
    SHAPES
        .iter()
        .filter_map(|shape| {
            let mut from: Option<&Provenance> = None;
            let mut any = vec![];
            for entry in indicators {
                let asked = shape.asks.iter().filter(|(ty, _)| *ty == entry.indicator.ty);
                for &field in asked.flat_map(|(_, fields)| *fields) {
                    let Some(expr) = predicate(entry, field) else { continue };
                    from.get_or_insert(&entry.provenance);
                    any.push(expr);
                }
            }
            let expr = if any.len() > 1 { Expr::Or(any) } else { any.pop()? };
            Some(RuleEntry {
                where_text: expr.to_string(),
                rule: RuleSpec {
                    id: format!("{tool}.{}", shape.name),
                    title: format!("{name} - {}", shape.title),
                    kinds: shape.kinds.to_vec(),
                    expr,
                    keys: shape.keys.to_vec(),
                    techniques: techniques.iter().map(|technique| technique.id.clone()).collect(),
                    learns: None,
                },
                generated: true,
                note: String::new(),
                allow: vec![],
                provenance: from?.clone(),
            })
        })
        .collect()
}

/// What `field` must be, with hashes only in the column of their length.
fn predicate(entry: &IndicatorEntry, field: Field) -> Option<Expr> {
    let indicator = &entry.indicator;
    if indicator.ty == IndicatorType::Hash {
        let length = match field {
            field::PROCESS_MD5 | field::FILE_MD5 => 32,
            field::PROCESS_SHA1 | field::FILE_SHA1 => 40,
            _ => 64,
        };
        if indicator.value.len() != length {
            return None;
        }
    }
    indicator.predicate(field)
}
