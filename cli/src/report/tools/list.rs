//! `remora tools list`, for people.

use std::io::{self, Write};

use remora_catalog::Tool;
use remora_keeper::evidence::Evidence;

use super::{BOLD, DIM, Sheet, WIDTH, count};
use crate::report::text::{cut, pad, plain, width, wrap};

/// Writes the table.
pub(crate) fn write(tools: &[&Tool], colour: bool, out: &mut impl Write) -> io::Result<()> {
    let mut sheet = Sheet { out, colour };
    let head = row("ID", "NAME", "VENDOR", "CATEGORY", "EVIDENCE", "RULES");
    let head = sheet.paint(DIM, head.trim_end());
    sheet.line(&head)?;
    for tool in tools {
        let short =
            |name: &str, has: bool| if has { name.to_owned() } else { " ".repeat(name.len()) };
        let Evidence { network, process, signature, .. } = Evidence::of(tool);
        let evidence = [short("net", network), short("proc", process), short("sig", signature)];
        let rules = match tool.rules.len() {
            0 => "none".to_owned(),
            number => number.to_string(),
        };
        let id = sheet.paint(BOLD, &pad(&tool.id, 17));
        let rest = row(
            "",
            &plain(&tool.name),
            &plain(&tool.vendor),
            tool.category.name(),
            &evidence.join(" "),
            &rules,
        );
        sheet.line(&format!("{id}{}", &rest[17..]))?;
    }
    sheet.line("")?;
    let without: Vec<&str> =
        tools.iter().filter(|tool| tool.rules.is_empty()).map(|tool| tool.id.as_str()).collect();
    let mut closing = format!(
        "{}, {}.",
        count(tools.len(), "tool"),
        count(tools.iter().map(|tool| tool.rules.len()).sum(), "rule")
    );
    if !without.is_empty() {
        closing += &format!(
            " Without a rule, hence found by nothing, {}: {}.",
            if without.len() == 1 { "is 1" } else { "are" },
            without.join(", ")
        );
    }
    closing += " Evidence: net is names in connections, DNS, TLS, HTTP and proxies; proc is process starts; sig is file signatures.";
    for line in wrap(&closing, WIDTH) {
        sheet.line(&line)?;
    }
    Ok(())
}

fn row(id: &str, name: &str, vendor: &str, category: &str, evidence: &str, rules: &str) -> String {
    debug_assert!(width(id) <= 17, "{id}");
    format!(
        "{} {} {} {} {} {:>5}",
        pad(id, 17),
        pad(&cut(name, 23), 23),
        pad(&cut(vendor, 21), 21),
        pad(category, 17),
        pad(evidence, 12),
        rules
    )
}
