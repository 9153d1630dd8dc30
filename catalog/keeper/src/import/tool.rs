//! What the list says of one tool, in the catalog's terms.

use std::collections::BTreeSet;

use remora_rules::{
    Expr, IndicatorType, TextOp, TextPredicate,
    abi::{Field, Kind, field, kind},
};

use super::{csv_names::Named, list::Listed};

/// The file of network names, as provenance names it.
pub(super) const NAMES: &str = "Network Indicators/RMM_SummaryNetworkURI.csv";

/// An indicator that the list has.
#[derive(Debug)]
pub(super) struct Indicator {
    pub(super) ty: IndicatorType,
    pub(super) value: String,
    /// The files that have it; the first is the one to name.
    pub(super) files: Vec<String>,
    /// The line in the first file from which it was read.
    pub(super) line: usize,
}

/// A rule that the list has, or that stands for a part of it.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    /// What it is called beside the tool's name.
    pub(super) title: &'static str,
    pub(super) kinds: Vec<Kind>,
    pub(super) expr: Expr,
    pub(super) keys: Vec<Field>,
    pub(super) learns: Option<Field>,
    pub(super) file: String,
    /// The line in that file on which its query begins.
    pub(super) line: usize,
    pub(super) note: String,
}

/// What the list says of a tool.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) indicators: Vec<Indicator>,
    pub(super) rules: Vec<Rule>,
    /// Hosts that the list names without making indicators of them; entries
    /// that people made of them stay.
    pub(super) mentioned: BTreeSet<String>,
    /// The file to name for such hosts.
    pub(super) summary_file: String,
}

pub(super) fn wanted(id: &str, listed: &Listed, names: &[&Named]) -> Wanted {
    let mut wanted = Wanted {
        indicators: vec![],
        rules: vec![],
        mentioned: listed.sites.iter().map(|site| site.host.clone()).collect(),
        summary_file: listed.summary_file.clone(),
    };
    wanted.mentioned.extend(listed.summary.iter().map(|(name, _)| name.to_lowercase()));
    for query in &listed.queries {
        let expr = &query.condition;
        leaf_indicators(expr, (&query.file, query.line), &mut wanted.indicators);
        wanted.rules.push(Rule {
            id: query.id.clone().unwrap_or_else(|| format!("{id}.{}", query.kind.name())),
            title: title(query.kind),
            kinds: vec![query.kind],
            expr: expr.clone(),
            keys: keys(query.kind),
            learns: query.learns,
            file: query.file.clone(),
            line: query.line,
            note: query
                .repairs
                .iter()
                .map(|repair| format!("Repaired on import: {repair}."))
                .collect::<Vec<_>>()
                .join(" "),
        });
    }
    let values: Vec<String> = names.iter().map(|named| named.value.clone()).collect();
    for named in names.iter().filter(|named| named.value.contains('.')) {
        let (value, place) = (named.value.to_lowercase(), (NAMES, named.line));
        add(&mut wanted.indicators, IndicatorType::Domain, &value, place);
    }
    if !values.is_empty() {
        wanted.rules.push(Rule {
            id: format!("{id}.domain"),
            title: "Domain",
            kinds: vec![kind::CONNECTION, kind::DNS, kind::HTTP, kind::TLS, kind::PROXY],
            expr: domain_rule(values),
            keys: vec![field::DEVICE_ID, field::DEVICE_NAME, field::REMOTE_HOST],
            learns: None,
            file: NAMES.to_owned(),
            line: names[0].line,
            note: String::new(),
        });
    }
    wanted
}

/// The names wherever a record has one, whatever process it was: a record with
/// a URL column is judged by that column, all others by the host they name.
fn domain_rule(values: Vec<String>) -> Expr {
    let has_any = |field| {
        Expr::Text(TextPredicate {
            field,
            op: TextOp::HasAny,
            case_sensitive: false,
            negated: false,
            literals: values.clone(),
        })
    };
    Expr::Or(vec![
        has_any(field::REMOTE_URL),
        Expr::And(vec![
            Expr::IsEmpty { field: field::REMOTE_URL, negated: false },
            has_any(field::REMOTE_HOST),
        ]),
    ])
}

fn title(kind: Kind) -> &'static str {
    match kind {
        kind::CONNECTION => "Network Connection",
        kind::PROCESS => "Create Process",
        _ => "File Signature",
    }
}

fn keys(kind: Kind) -> Vec<Field> {
    let mut keys = vec![field::DEVICE_ID, field::DEVICE_NAME];
    match kind {
        kind::CONNECTION => keys.push(field::REMOTE_URL),
        kind::PROCESS => keys.push(field::USER_UPN),
        _ => {}
    }
    keys
}

/// The indicators in a rule's predicates.
fn leaf_indicators(expr: &Expr, place: (&str, usize), found: &mut Vec<Indicator>) {
    match expr {
        Expr::And(terms) | Expr::Or(terms) => {
            for term in terms {
                leaf_indicators(term, place, found);
            }
        }
        Expr::Text(text) if !text.negated => {
            for literal in &text.literals {
                if let Some((ty, value)) = indicator(text, literal) {
                    add(found, ty, &value, place);
                }
            }
        }
        _ => {}
    }
}

fn indicator(text: &TextPredicate, literal: &str) -> Option<(IndicatorType, String)> {
    let ty = match text.field {
        field::REMOTE_URL => {
            // A name without a dot is met inside others and covers no domain.
            let ty = IndicatorType::Domain;
            return literal.contains('.').then(|| (ty, literal.to_lowercase()));
        }
        field::PROCESS_COMPANY => IndicatorType::Company,
        field::PROCESS_PRODUCT => IndicatorType::Product,
        field::PROCESS_DESCRIPTION => IndicatorType::Description,
        field::FILE_SIGNER => IndicatorType::Signer,
        field::PROCESS_FOLDER => IndicatorType::Path,
        // Names are compared whole; a part of one is no file name.
        field::PROCESS_NAME if text.op == TextOp::Eq => IndicatorType::FileName,
        field::PROCESS_ORIGINAL_NAME => IndicatorType::OriginalName,
        _ => return None,
    };
    Some((ty, literal.to_owned()))
}

fn add(found: &mut Vec<Indicator>, ty: IndicatorType, value: &str, (file, line): (&str, usize)) {
    let same =
        |one: &&mut Indicator| one.ty == ty && one.value.to_lowercase() == value.to_lowercase();
    match found.iter_mut().find(same) {
        Some(known) => {
            if !known.files.iter().any(|other| other == file) {
                known.files.push(file.to_owned());
            }
        }
        None => {
            found.push(Indicator {
                ty,
                value: value.to_owned(),
                files: vec![file.to_owned()],
                line,
            });
        }
    }
}
