//! `remora tools find TERM`, for people.

use std::io::{self, Write};

use remora_keeper::{
    evidence::Alone,
    find::{By, How, TermMatch},
};
use remora_rules::abi::{Class, Role};

use super::{BOLD, Sheet};
use crate::report::text::{cut, plain};

/// Matches that are told of a term, at most.
const MOST: usize = 20;

/// Writes what a term belongs to.
pub(crate) fn write(
    term: &str,
    found: &[TermMatch<'_>],
    colour: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut sheet = Sheet { out, colour };
    let term = sheet.paint(BOLD, &plain(&cut(term, 70)));
    if found.is_empty() {
        return sheet.line(&format!("{term}\n  no tool of the catalog"));
    }
    sheet.line(&term)?;
    for (at, one) in found.iter().take(MOST).enumerate() {
        let (what, value) = by(one);
        let tool = one.tool;
        sheet.item(2, "", &format!("{} ({}): {} {what} {value}", tool.name, tool.id, how(one)))?;
        let decides = |other: &TermMatch<'_>| {
            other.tool.id == tool.id && other.is_remote() && other.how != How::Lookalike
        };
        let decided = one.is_remote() && found[..at].iter().any(decides);
        let worth =
            if decided { class(one) + "; the one above is more specific" } else { worth(one) };
        sheet.item(4, "", &worth)?;
    }
    if found.len() > MOST {
        sheet.item(2, "", &format!("and {} more; say more of it", found.len() - MOST))?;
    }
    Ok(())
}

/// By what a term was found: its type and value.
pub(super) fn by<'t>(found: &TermMatch<'t>) -> (&'static str, &'t str) {
    match found.by {
        By::Indicator(indicator) => (indicator.ty.name(), &indicator.value),
        By::Name(name) => ("name", name),
        By::Vendor(vendor) => ("vendor", vendor),
    }
}

fn how(found: &TermMatch<'_>) -> &'static str {
    match found.how {
        How::Exact => "is the",
        How::Subdomain => "below the",
        How::Pattern => "fits the",
        How::Words => "has the words of the",
        How::Part => "is a part of the",
        How::Lookalike => "another's host that looks like the",
    }
}

/// Class and role of what it was found by.
fn class(found: &TermMatch<'_>) -> String {
    match found.by {
        By::Indicator(one) => format!("{}, {}", one.class.name(), one.role.name()),
        By::Name(_) | By::Vendor(_) => String::new(),
    }
}

/// What the find says of the tool.
fn worth(found: &TermMatch<'_>) -> String {
    let By::Indicator(indicator) = found.by else {
        return "what it is called, which is no evidence".to_owned();
    };
    if found.how == How::Lookalike {
        return "rules meet it, and the sweep calls it a look-alike: possible".to_owned();
    }
    let said = match (Alone::of(indicator), indicator.class, indicator.role) {
        (Alone::Likely, ..) if found.how == How::Part => "the whole of it is this tool's alone",
        (Alone::Likely, ..) => "only this tool has it: likely",
        (_, Class::EXCLUSIVE, Role::MARKETING) => {
            "the tool's web site: possible from a browser, likely from another program"
        }
        (_, Class::VENDOR, _) => "the vendor's other products have it too: possible",
        _ => "others have it too: possible",
    };
    format!("{}; {said}", class(found))
}
