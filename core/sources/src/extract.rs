//! From raw columns to the value of a field: the one place that does it.
//!
//! The screen asks here what a field would be, and the decoder writes what it
//! gets from here, so both see the same text by construction.

use std::borrow::Cow;

use memchr::memrchr2;

use crate::{
    host::{host_of, lower},
    mapping::{Shape, by_action, range},
    member,
    plan::PlannedField,
    record::{Column, Record},
    time,
};

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extracted<'r> {
    /// The value; `""` where there is none, or none that can be read.
    pub(crate) text: &'r str,
    /// Whether there is a value that cannot be read.
    pub(crate) damaged: bool,
}

impl<'r> From<&'r str> for Extracted<'r> {
    fn from(text: &'r str) -> Self {
        Extracted { text, damaged: false }
    }
}

impl PlannedField {
    /// The field's value as text. `out` is memory for values that stand nowhere as they are.
    #[inline]
    pub(crate) fn extract<'r>(&self, record: &'r Record<'_>, out: &'r mut String) -> Extracted<'r> {
        if !self.is_number {
            return self.text(record, out);
        }
        let (number, damaged) = self.number(record, out);
        out.clear();
        if let Some(number) = number {
            out.push_str(&number.to_string());
        }
        Extracted { text: out, damaged }
    }

    /// Whether the record may hold a value of a field that is opaque to the screen.
    pub(crate) fn may_hold(&self, record: &Record<'_>) -> bool {
        match self.shape {
            Shape::Member(members) => {
                record.filled(self.columns[0])
                    && by_action(members, record.value(self.columns[1])).is_some()
            }
            _ => !record.first(&self.columns).is_empty(),
        }
    }

    /// The value of a number field, and whether there is one that cannot be read.
    pub(crate) fn number(&self, record: &Record<'_>, out: &mut String) -> (Option<i64>, bool) {
        let text = self.text(record, out).text.trim_ascii();
        if text.is_empty() {
            return (None, false);
        }
        let number = whole_number(text).filter(|number| range(self.field).contains(number));
        (number, number.is_none())
    }

    /// The value of a field that comes from one column alone, where that column is filled.
    #[inline]
    pub(crate) fn of_value<'r>(&self, value: &'r str, out: &'r mut String) -> &'r str {
        match self.shape {
            Shape::HostOf(_) | Shape::Host | Shape::RequestHost => host(value, out),
            Shape::LastComponent => last_component(value),
            _ => value,
        }
    }

    #[inline]
    fn text<'r>(&self, record: &'r Record<'_>, out: &'r mut String) -> Extracted<'r> {
        match self.shape {
            // Most fields are one of these, and to be found in fewer steps than the others.
            Shape::Verbatim | Shape::Opaque => record.first(&self.columns).into(),
            _ => self.made(record, out),
        }
    }

    /// What [`Self::text`] does not give at once.
    fn made<'r>(&self, record: &'r Record<'_>, out: &'r mut String) -> Extracted<'r> {
        let columns = &self.columns[..];
        out.clear();
        match self.shape {
            Shape::Verbatim | Shape::Opaque => record.first(columns).into(),
            Shape::Constant(text) => text.into(),
            Shape::LastComponent => last_component(record.first(columns)).into(),
            Shape::ByAction(table) => {
                by_action(table, record.value(columns[0])).unwrap_or("").into()
            }
            Shape::ByActionOr(table, filled, empty) => by_action(table, record.value(columns[0]))
                .unwrap_or(if record.filled(columns[1]) { filled } else { empty })
                .into(),
            Shape::HostOf(members) => {
                let url = record.value(columns[0]);
                if url.is_empty() {
                    let damaged = find_member(record, &columns[1..], members, out);
                    let host = host_of(out).map(Cow::into_owned).unwrap_or_default();
                    *out = host;
                    return Extracted { text: out, damaged };
                }
                host(url, out).into()
            }
            Shape::Host => host(record.value(columns[0]), out).into(),
            Shape::RequestHost => match (record.value(columns[0]), record.value(columns[1])) {
                ("", "*") => "".into(),
                ("", target) => host(target, out).into(),
                (name, _) => host(name, out).into(),
            },
            Shape::RequestUrl => {
                request_url(record.value(columns[0]), record.value(columns[1]), out).into()
            }
            Shape::Side => {
                record.value(columns[usize::from(is_inbound(record, &columns[2..]))]).into()
            }
            Shape::ByDirection(here, elsewhere) => {
                if is_inbound(record, columns) { elsewhere } else { here }.into()
            }
            Shape::List => match record.first(columns) {
                list if list.starts_with('[') => {
                    member::push_elements(list, out);
                    out.as_str().into()
                }
                list => list.into(),
            },
            Shape::Member(members) => {
                let damaged = find_member(record, columns, members, out);
                Extracted { text: out, damaged }
            }
            Shape::Path => {
                join_path(record.value(columns[0]), record.value(columns[1]), out).into()
            }
            Shape::Account => {
                let (names, account) = columns.split_at(columns.len() - 2);
                let (domain, name) = (record.value(account[0]), record.value(account[1]));
                match record.first(names) {
                    "" if domain.is_empty() || name.is_empty() => name.into(),
                    "" => {
                        out.extend([domain, "\\", name]);
                        out.as_str().into()
                    }
                    best => best.into(),
                }
            }
            Shape::ProcessKey => process_key(record, columns, out).into(),
            Shape::Truth => match record.first(columns).trim_ascii() {
                "" => "".into(),
                text if text.eq_ignore_ascii_case("true") => "true".into(),
                text if text.eq_ignore_ascii_case("false") => "false".into(),
                text => match whole_number(text) {
                    Some(1) => "true".into(),
                    Some(0) => "false".into(),
                    _ => Extracted { text: "", damaged: true },
                },
            },
        }
    }
}

/// A whole number in decimal, perhaps with a fraction of zeros, as a column of numbers with gaps
/// gets it from tools that keep such columns as floats.
fn whole_number(text: &str) -> Option<i64> {
    // Most are nothing but digits, of which eighteen always fit.
    if !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.bytes().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let plain = digits.starts_with(|first: char| first.is_ascii_digit());
    (plain && fraction.bytes().all(|byte| byte == b'0')).then(|| whole.parse().ok())?
}

/// The host in a value, `""` where there is none.
#[inline]
fn host<'r>(value: &'r str, out: &'r mut String) -> &'r str {
    match host_of(value) {
        Some(Cow::Borrowed(host)) => host,
        Some(Cow::Owned(host)) => {
            *out = host;
            out
        }
        None => "",
    }
}

/// What follows the last slash or backslash.
fn last_component(path: &str) -> &str {
    memrchr2(b'/', b'\\', path.as_bytes()).map_or(path, |at| &path[at + 1..])
}

/// The URL of a request: a target that is no path says all of it, as what is asked of a proxy does.
fn request_url<'r>(host: &str, target: &'r str, out: &'r mut String) -> &'r str {
    if host.is_empty() || !target.starts_with(['/', '*']) && !target.is_empty() {
        return target;
    }
    out.extend(["http://", host]);
    if target != "*" {
        out.push_str(target);
    }
    out
}

/// Whether a connection comes from elsewhere to here: not from a local address, but to one.
fn is_inbound(record: &Record<'_>, from_and_to: &[Column]) -> bool {
    let says = |at: usize, words: [&str; 2]| words.contains(&record.value(from_and_to[at]));
    says(0, ["F", "false"]) && says(1, ["T", "true"])
}

/// `folder` joined with `name` unless that is its last component already. Without a folder there
/// is no path.
fn join_path<'r>(folder: &'r str, name: &str, out: &'r mut String) -> &'r str {
    let last = last_component(folder);
    if folder.is_empty() || name.is_empty() || last == name || lower(last) == lower(name) {
        return folder;
    }
    out.push_str(folder);
    if !folder.ends_with(['/', '\\']) {
        out.push(if folder.contains('/') && !folder.contains('\\') { '/' } else { '\\' });
    }
    out.push_str(name);
    out
}

fn process_key<'r>(record: &Record<'_>, columns: &[Column], out: &'r mut String) -> &'r str {
    let part = |at: usize| record.value(columns[at]).trim_ascii();
    let (device, start) = (part(0), part(2));
    if let (Some(pid), false, false) = (whole_number(part(1)), device.is_empty(), start.is_empty())
    {
        out.extend([device, "|", &pid.to_string(), "|"]);
        match time::parse(start) {
            Some(nanoseconds) => {
                out.push_str(
                    &jiff::Timestamp::from_nanosecond(nanoseconds.into())
                        .map_or_else(|_| start.to_owned(), |instant| instant.to_string()),
                );
            }
            None => out.push_str(start),
        }
    }
    out
}

/// Appends the member that the action names to `out`; says whether the column was filled but
/// could not be read.
fn find_member(
    record: &Record<'_>,
    columns: &[Column],
    members: &'static [(&'static str, &'static str)],
    out: &mut String,
) -> bool {
    let object = record.value(columns[0]);
    if object.is_empty() {
        return false;
    }
    by_action(members, record.value(columns[1]))
        .is_some_and(|name| !member::append(object, name, out))
}
