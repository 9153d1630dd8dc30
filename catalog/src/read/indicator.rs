//! Indicators: values that can be what their type says, none twice.

use remora_rules::{
    Indicator, IndicatorType,
    abi::{Class, Role},
};
use serde::Deserialize;
use toml::{Spanned, value::Datetime};

use super::{
    allow, provenance,
    words::{Text, not_blank, shortened, word},
};
use crate::{
    error::Problem,
    model::{IndicatorEntry, Validity},
};

/// The longest value: names and paths are far below it.
const LONGEST: usize = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    r#type: Text,
    value: Text,
    class: Text,
    role: Text,
    #[serde(default)]
    valid: Option<Spanned<RawValidity>>,
    #[serde(default)]
    note: String,
    #[serde(default)]
    allow: Vec<allow::Raw>,
    provenance: provenance::Raw,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawValidity {
    from: Option<Spanned<Datetime>>,
    until: Option<Spanned<Datetime>>,
}

pub(super) fn entries(raw: Vec<Raw>) -> Result<Vec<IndicatorEntry>, Problem> {
    let mut entries: Vec<IndicatorEntry> = vec![];
    for raw in raw {
        let types = IndicatorType::ALL;
        let ty = word("indicator type", &raw.r#type, types.iter().map(|&ty| (ty.name(), ty)))?;
        let classes = [Class::SHARED, Class::VENDOR, Class::EXCLUSIVE];
        let class = word("class", &raw.class, classes.map(|class| (class.name(), class)))?;
        let role = word("role", &raw.role, Role::ALL.iter().map(|&role| (role.name(), role)))?;
        let span = raw.value.span();
        let value = not_blank("an indicator's value", raw.value)?;
        let twice = entries.iter().any(|entry| {
            entry.indicator.ty == ty && entry.indicator.value.to_lowercase() == value.to_lowercase()
        });
        if twice {
            let message = format!("the {} {value:?} is listed twice", ty.name());
            return Err(Problem::new(span, message)
                .help("keep the one whose class and role are right, and leave the other out"));
        }
        if let Err((why, help)) = check(ty, &value) {
            let message = format!("{:?} is no {}: {why}", shortened(&value), ty.name());
            return Err(Problem::new(span, message).help(help));
        }
        entries.push(IndicatorEntry {
            indicator: Indicator { ty, value, class, role },
            valid: validity(ty, raw.valid)?,
            note: raw.note,
            allow: allow::entries(raw.allow)?,
            provenance: provenance::provenance(raw.provenance)?,
        });
    }
    Ok(entries)
}

fn validity(ty: IndicatorType, raw: Option<Spanned<RawValidity>>) -> Result<Validity, Problem> {
    let Some(raw) = raw else { return Ok(Validity::default()) };
    let span = raw.span();
    if ty != IndicatorType::Address {
        return Err(Problem::new(span, "only addresses have a validity")
            .help("leave `valid` out, or say it in the note"));
    }
    let raw = raw.into_inner();
    let day = |raw: Option<Spanned<Datetime>>| raw.map(|raw| provenance::day(&raw)).transpose();
    let valid = Validity { from: day(raw.from)?, until: day(raw.until)? };
    match (&valid.from, &valid.until) {
        (Some(from), Some(until)) if from > until => {
            Err(Problem::new(span, "the validity ends before it begins"))
        }
        _ => Ok(valid),
    }
}

/// Why a value is none of its type, and what would be one.
type Wrong = (&'static str, &'static str);

fn check(ty: IndicatorType, value: &str) -> Result<(), Wrong> {
    if value.len() > LONGEST {
        return Err(("it is longer than 1024 bytes", "give the part that is the tool's own"));
    }
    match ty {
        IndicatorType::Domain => domain(value),
        IndicatorType::HostPattern => host_pattern(value),
        IndicatorType::UrlPattern => url_pattern(value),
        IndicatorType::Address => address(value),
        IndicatorType::Port => port(value),
        IndicatorType::Hash => hash(value),
        _ if value.chars().any(char::is_control) => {
            Err(("it has a control character", "leave it out"))
        }
        _ => Ok(()),
    }
}

fn domain(value: &str) -> Result<(), Wrong> {
    const HELP: &str = "a domain is written like \"relay.vendor.example\": lower case, without scheme, port, path or wildcard";
    if value.contains('*') {
        return Err((
            "it has a wildcard",
            "use the type `host-pattern`, or the domain alone: it covers what is below it",
        ));
    }
    labels(value).map_err(|why| (why, HELP))?;
    if !value.contains('.') {
        return Err(("it is one label", HELP));
    }
    Ok(())
}

/// Whether each label of a host is made as host names are.
fn labels(value: &str) -> Result<(), &'static str> {
    if value.len() > 253 {
        return Err("it is longer than a host name can be");
    }
    for label in value.split('.') {
        if label.is_empty() || label.len() > 63 {
            return Err("one of its labels is empty or too long");
        }
        if label.chars().any(|c| c.is_ascii_uppercase()) {
            return Err("it has capitals");
        }
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        if !label.chars().all(allowed) {
            return Err("it has characters that host names lack");
        }
    }
    Ok(())
}

fn host_pattern(value: &str) -> Result<(), Wrong> {
    const HELP: &str = "a host pattern is written like \"relay-*.net.vendor.example\": `*` is a part of one label, the last two labels have none";
    if !value.contains('*') {
        return Err(("it has no `*`", "use the type `domain`"));
    }
    labels(&value.replace('*', "x")).map_err(|why| (why, HELP))?;
    let mut last = value.rsplit('.');
    let fixed = |label: Option<&str>| label.is_some_and(|label| !label.contains('*'));
    if !fixed(last.next()) || !fixed(last.next()) {
        return Err(("a `*` stands in its last two labels", HELP));
    }
    Ok(())
}

fn url_pattern(value: &str) -> Result<(), Wrong> {
    const HELP: &str =
        "a URL pattern is written like \"vendor.example/download/*\": a host, a path, no scheme";
    if value.contains("://") {
        return Err(("it has a scheme", HELP));
    }
    let Some((host, _)) = value.split_once('/') else { return Err(("it has no path", HELP)) };
    if host.contains('*') { host_pattern(host) } else { domain(host) }
        .map_err(|(why, _)| (why, HELP))
}

fn address(value: &str) -> Result<(), Wrong> {
    const HELP: &str = "an address is written like \"203.0.113.9\" or \"2001:db8::1\", a network like \"203.0.113.0/24\" with 8, 16 or 24 bits";
    match value.split_once('/') {
        None if value.parse::<std::net::IpAddr>().is_ok() => Ok(()),
        None => Err(("it cannot be read", HELP)),
        Some((network, "8" | "16" | "24")) if network.parse::<std::net::Ipv4Addr>().is_ok() => {
            Ok(())
        }
        Some(_) => Err(("such a network cannot be compared as text", HELP)),
    }
}

fn port(value: &str) -> Result<(), Wrong> {
    const HELP: &str = "a port is written like \"7070/tcp\" or \"50001/udp\"";
    match value.split_once('/') {
        Some((number, "tcp" | "udp")) if number.parse::<u16>().is_ok_and(|port| port > 0) => Ok(()),
        _ => Err(("it cannot be read", HELP)),
    }
}

fn hash(value: &str) -> Result<(), Wrong> {
    const HELP: &str =
        "a hash is written in lower case: 32 digits (MD5), 40 (SHA-1) or 64 (SHA-256)";
    if ![32, 40, 64].contains(&value.len()) {
        return Err(("it has another length", HELP));
    }
    let hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    if value.chars().all(hex) { Ok(()) } else { Err(("it is not hexadecimal in lower case", HELP)) }
}
