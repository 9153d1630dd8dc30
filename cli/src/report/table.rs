//! The table: what people look at. Grouped by tool and device (or by rule),
//! aligned, within 100 columns, closing with what was read, refused, repaired
//! and could not have been seen.

use std::{
    cmp::Reverse,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style as Ansi};
use remora_engine::sweep::{
    Basis, ByRule, ByTool, Common, Confidence, Cover, Coverage, NO_RULE, Outcome, Overlap,
    RuleSighting, SightingList, Stage, Summary, ToolSighting, WitnessOut, format_time,
};

use super::{
    Style,
    excluded::sentence,
    text::{bytes, cut, grouped, pad, plain, width, wrap},
};

/// Columns of the whole table.
const WIDTH: usize = 100;
const DEVICE: usize = 32;
/// Pairs of overlapping inputs that are named, at most.
const OVERLAPS: usize = 5;

const BOLD: Ansi = Ansi::new().bold();
const DIM: Ansi = Ansi::new().dimmed();
const RED: Ansi = Ansi::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
const YELLOW: Ansi = Ansi::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
const PLAIN: Ansi = Ansi::new();

/// Writes the table.
pub(crate) fn write(outcome: &Outcome, style: &Style<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut table = Table { out, colour: style.colour };
    let Outcome { by_rule, by_tool, excluded, .. } = outcome;
    table.tools(by_tool)?;
    table.rules(by_rule)?;
    if by_tool.is_empty() && by_rule.is_empty() {
        let excluded = outcome.summary.excluded > 0;
        let nothing = if excluded { "No sightings but what is excluded." } else { "No sightings." };
        table.line(BOLD, nothing)?;
        table.line(PLAIN, "")?;
    }
    if style.show_excluded && outcome.summary.excluded > 0 {
        table.line(BOLD, "Excluded, and shown because it was asked for:")?;
        table.line(PLAIN, "")?;
        table.tools(&excluded.by_tool)?;
        table.rules(&excluded.by_rule)?;
    }
    table.closing(&outcome.summary, style)
}

struct Table<'a, W> {
    out: &'a mut W,
    colour: bool,
}

/// What a row of either view shows.
struct Row<'a> {
    name: String,
    common: &'a Common<'a>,
    details: Vec<(&'static str, String)>,
}

fn minute(time: Option<i64>) -> String {
    let Some(time) = time else { return "no time".to_owned() };
    let text = format_time(time);
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute}"),
        _ => text,
    }
}

fn witness(witness: &WitnessOut<'_>) -> String {
    let seen = cut(&plain(&witness.seen), 60);
    // The class is the indicator's, and a look-alike is not the indicator.
    let stray = ["lookalike", "elsewhere", "search_suffix"].contains(&witness.how);
    let class = if stray { "" } else { witness.class };
    let role = if witness.role == "marketing" && !stray { "marketing" } else { "" };
    let said = [witness.how, class, role];
    let said: Vec<&str> = said.into_iter().filter(|word| !word.is_empty()).collect();
    let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) };
    format!("{} {seen}{said}", witness.field)
}

fn counts(common: &Common<'_>) -> String {
    let parts = common.confidence_counts.iter().rev();
    parts.map(|(level, count)| format!("{count} {level}")).collect::<Vec<_>>().join(", ")
}

fn details(common: &Common<'_>) -> Vec<(&'static str, String)> {
    let mut details = Vec::new();
    let why: Vec<String> = common.witnesses.iter().map(witness).collect();
    details.push(("why", why.join("; ")));
    if common.confidence_counts.iter().count() > 1 {
        details.push(("rows", counts(common)));
    }
    let list = |values: &[&str], total: usize| {
        let shown: Vec<String> = values.iter().take(3).map(|value| plain(value)).collect();
        let more = total - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", shown.join(", "))
    };
    if !common.accounts.values.is_empty() {
        details.push(("who", list(&common.accounts.values, common.accounts.total)));
    }
    if !common.images.values.is_empty() {
        details.push(("image", list(&common.images.values, common.images.total)));
    }
    if let Some(shown) =
        common.evidence.iter().find(|shown| shown.why == "strongest").or(common.evidence.first())
    {
        details.push(("at", format!("{}:{}", plain(shown.source), shown.line)));
    }
    if !common.excluded_by.is_empty() {
        details.push(("excluded", format!("by {}", plain(&common.excluded_by.join("; ")))));
    }
    if common.incomplete {
        details.push(("note", "incomplete: a detector failed during the run".to_owned()));
    }
    details
}

/// What tells devices apart: one with two installations has two sightings.
fn device<'s>(sighting: &ToolSighting<'s>) -> (&'s str, Basis, &'s str, Option<&'s str>) {
    // The id, where a name is shown instead.
    let id = sighting.device_aliases.first().filter(|_| sighting.device_basis == Basis::Id);
    (sighting.tenant, sighting.device_basis, sighting.device, id.copied())
}

fn tool_row<'s>(sighting: &'s ToolSighting<'s>) -> Row<'s> {
    let mut rows = details(&sighting.common);
    let hosts: Vec<String> = sighting.hosts.values.iter().map(|host| plain(host)).collect();
    let names = sighting.hosts.total;
    if names > 1 {
        let folded = names > hosts.len();
        let total =
            if folded { format!(" ({} names)", grouped(names as u64)) } else { String::new() };
        rows.insert(1, ("hosts", format!("{}{total}", hosts.join(", "))));
    }
    if !sighting.corroborated_by.is_empty() {
        rows.insert(
            1,
            (
                "also",
                format!("other events of the device: {}", sighting.corroborated_by.join(", ")),
            ),
        );
    }
    let mut name = plain(sighting.device);
    if !sighting.tenant.is_empty() {
        name = format!("{}/{name}", plain(sighting.tenant));
    }
    if !sighting.instance.is_empty() {
        rows.insert(0, ("instance", plain(sighting.instance)));
    }
    Row { name, common: &sighting.common, details: rows }
}

fn rule_row<'s>(sighting: &'s RuleSighting<'s>) -> Row<'s> {
    let value = |name: &str| {
        let key = sighting.keys.iter().find(|(key, _)| *key == name);
        key.map(|(_, value)| *value).unwrap_or_default()
    };
    let named = [value("device_name"), value("device_id")];
    let name = named.into_iter().find(|text| !text.is_empty()).unwrap_or("no device");
    let keys: Vec<String> = sighting
        .keys
        .iter()
        .filter(|(key, value)| *key != "device_name" && !value.is_empty())
        .map(|(key, value)| format!("{key} {}", cut(&plain(value), 60)))
        .collect();
    let mut rows = details(&sighting.common);
    if !keys.is_empty() {
        rows.insert(0, ("keys", keys.join("; ")));
    }
    Row { name: plain(name), common: &sighting.common, details: rows }
}

impl<W: Write> Table<'_, W> {
    fn paint(&self, ansi: Ansi, text: &str) -> String {
        if self.colour && ansi != PLAIN { format!("{ansi}{text}{ansi:#}") } else { text.to_owned() }
    }

    fn line(&mut self, ansi: Ansi, text: &str) -> io::Result<()> {
        let line = self.paint(ansi, text);
        writeln!(self.out, "{}", line.trim_end())
    }

    /// By tool: what matters most first; the machine outputs keep the plain
    /// order. Sightings are made twice rather than kept, for they may be many.
    fn tools(&mut self, sightings: &SightingList<ByTool>) -> io::Result<()> {
        let mut all = (0..).zip(sightings.iter()).peekable();
        while let Some((first, one)) = all.next() {
            let rank = |one: &ToolSighting<'_>| Reverse((one.common.confidence, one.common.stage));
            let mut places: Vec<(_, usize)> = vec![(rank(&one), first)];
            let mut devices = 1;
            let mut last = device(&one);
            let mut techniques = one.techniques;
            while let Some((at, next)) = all.next_if(|(_, next)| next.tool == one.tool) {
                places.push((rank(&next), at));
                // Those of one device stand together.
                let device = device(&next);
                devices += usize::from(device != last);
                last = device;
                techniques.extend(next.techniques);
                techniques.sort_unstable();
                techniques.dedup();
            }
            let devices = match devices {
                1 => "1 device".to_owned(),
                count => format!("{} devices", grouped(count as u64)),
            };
            let title = format!("{} on {devices}", plain(one.tool_name));
            self.head(&title, &techniques.join(", "))?;
            places.sort_unstable();
            self.columns("DEVICE")?;
            for one in places.into_iter().filter_map(|(_, at)| sightings.get(at)) {
                self.row(&tool_row(&one))?;
            }
            self.line(PLAIN, "")?;
        }
        Ok(())
    }

    fn rules(&mut self, sightings: &SightingList<ByRule>) -> io::Result<()> {
        let mut all = sightings.iter().peekable();
        while let Some(one) = all.next() {
            self.head(&plain(one.title), &format!("rule {}", plain(one.rule)))?;
            self.columns("DEVICE")?;
            self.row(&rule_row(&one))?;
            while let Some(next) = all.next_if(|next| next.rule == one.rule) {
                self.row(&rule_row(&next))?;
            }
            self.line(PLAIN, "")?;
        }
        Ok(())
    }

    fn head(&mut self, left: &str, right: &str) -> io::Result<()> {
        let left = cut(left, WIDTH / 2);
        let right = cut(right, WIDTH - 2 - width(&left));
        let gap = WIDTH - width(&left) - width(&right);
        let line =
            format!("{}{}{}", self.paint(BOLD, &left), " ".repeat(gap), self.paint(DIM, &right));
        writeln!(self.out, "{}", line.trim_end())
    }

    fn columns(&mut self, name: &str) -> io::Result<()> {
        let head = format!(
            "{} {} {} {} {} {:>7}",
            pad(name, DEVICE),
            pad("CONFIDENCE", 10),
            pad("STAGE", 9),
            pad("FIRST SEEN", 16),
            pad("LAST SEEN", 16),
            "ROWS",
        );
        self.line(DIM, &head)
    }

    fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        let common = row.common;
        let colour = match common.confidence {
            Confidence::Confirmed => RED,
            Confidence::Likely => YELLOW,
            Confidence::Possible => PLAIN,
        };
        let line = format!(
            "{} {} {} {} {} {:>7}",
            self.paint(BOLD, &pad(&row.name, DEVICE)),
            self.paint(colour, &pad(common.confidence.name(), 10)),
            pad(Stage::name(common.stage), 9),
            pad(&minute(common.first_seen), 16),
            pad(&minute(common.last_seen), 16),
            grouped(common.count),
        );
        writeln!(self.out, "{}", line.trim_end())?;
        if width(&row.name) > DEVICE {
            for part in wrap(&row.name, WIDTH - 13) {
                self.line(DIM, &format!("  {} {part}", pad("name", 8)))?;
            }
        }
        for (label, text) in &row.details {
            for (at, part) in wrap(text, WIDTH - 13).iter().enumerate() {
                let label = if at == 0 { *label } else { "" };
                self.line(DIM, &format!("  {} {part}", pad(label, 8)))?;
            }
        }
        Ok(())
    }

    fn closing(&mut self, summary: &Summary, style: &Style<'_>) -> io::Result<()> {
        let read = summary.inputs.iter().filter(|input| !input.format.is_empty()).count();
        let inputs = if read == 1 { "1 input".to_owned() } else { format!("{read} inputs") };
        let mut parts = vec![format!(
            "{inputs}, {} records, {}; {} refused, {} repaired",
            grouped(summary.records),
            bytes(summary.bytes),
            grouped(summary.refused),
            grouped(summary.repaired),
        )];
        if summary.other_kind > 0 {
            parts.push(format!("{} of tables that are not swept", grouped(summary.other_kind)));
        }
        self.fact("read", &parts.join(", "))?;
        if let (Some(first), Some(last)) = (&summary.first_event, &summary.last_event) {
            let sampled = if summary.sampled { " (from a sample)" } else { "" };
            self.fact("period", &format!("{first} to {last}{sampled}"))?;
        }
        if !style.window.is_open() {
            let end = |time: Option<i64>| time.map_or("open".to_owned(), format_time);
            let mut text = format!("{} to {}", end(style.window.since), end(style.window.until));
            if summary.outside_window + summary.no_time > 0 {
                text.push_str(&format!(
                    "; {} events outside, {} without a time",
                    grouped(summary.outside_window),
                    grouped(summary.no_time)
                ));
            }
            self.fact("window", &text)?;
        }
        for (hid, exclusion) in summary.scenarios.iter().zip(style.exclusions) {
            self.fact("excluded", &plain(&sentence(hid, exclusion)))?;
        }
        for input in summary.inputs.iter().filter(|input| input.error.is_some()) {
            let why = input.error.as_deref().unwrap_or_default();
            self.fact("not read", &format!("{}: {why}", plain(&input.source)))?;
        }
        for input in &summary.inputs {
            if let Some(why) = &input.probably_cut {
                let name = plain(&input.source);
                self.fact("cut off?", &format!("{name}: {why}, where exports end"))?;
            }
        }
        for Overlap { inputs: [one, other], events } in summary.overlaps.iter().take(OVERLAPS) {
            let both = format!("{} and {}", plain(one), plain(other));
            let events = grouped(*events);
            self.fact("overlap", &format!("{both}: {events} events with a finding are in both"))?;
        }
        if summary.overlaps.len() > OVERLAPS {
            let more = summary.overlaps.len() - OVERLAPS;
            self.fact("", &format!("{more} more pairs of inputs"))?;
        }
        if let Some(why) = summary.second_pass.as_ref().and_then(|pass| pass.left_out) {
            self.fact("left out", &format!("the second pass, for what was learned: {why}"))?;
        }
        for detector in summary.detectors.iter().filter(|detector| detector.error.is_some()) {
            let why = plain(detector.error.as_deref().unwrap_or_default());
            let text = match &detector.path {
                Some(path) => format!("plugin {}: {why}", plain(path)),
                None => format!("detector {}: {why}", detector.name),
            };
            self.fact(detector.state, &text)?;
        }
        self.coverage(&summary.coverage)
    }

    fn fact(&mut self, label: &str, text: &str) -> io::Result<()> {
        for (at, part) in wrap(text, WIDTH - 11).iter().enumerate() {
            let label = pad(if at == 0 { label } else { "" }, 10);
            let label = self.paint(BOLD, &label);
            writeln!(self.out, "{} {part}", label)?;
        }
        Ok(())
    }

    /// Tools of one coverage are told together.
    fn coverage(&mut self, all: &[Coverage]) -> io::Result<()> {
        let whole: Vec<&str> =
            all.iter().filter(|one| one.is_whole()).map(|one| one.tool.as_str()).collect();
        let mut told: Vec<(String, Vec<&str>)> = Vec::new();
        for one in all.iter().filter(|one| !one.is_whole()) {
            let text = describe(one);
            match told.iter_mut().find(|(known, _)| *known == text) {
                Some((_, tools)) => tools.push(&one.tool),
                None => told.push((text, vec![&one.tool])),
            }
        }
        if !told.is_empty() {
            for (text, tools) in told {
                self.fact("coverage", &format!("{}: {text}", some(&tools)))?;
            }
        }
        if !whole.is_empty() {
            self.fact(
                "covered",
                &format!("{}: network, process and signature evidence", some(&whole)),
            )?;
        }
        Ok(())
    }
}

fn some(tools: &[&str]) -> String {
    if tools.len() <= 6 {
        tools.join(", ")
    } else {
        format!("{} and {} more", tools[..6].join(", "), tools.len() - 6)
    }
}

fn describe(coverage: &Coverage) -> String {
    if coverage.why == NO_RULE {
        return "not looked for, the catalog has no rule for them".to_owned();
    }
    let parts = [
        ("network", coverage.network, coverage.network_share),
        ("process", coverage.process, coverage.process_share),
        ("signature", coverage.signature, coverage.signature_share),
    ];
    let say = |(name, cover, share): (&str, Cover, Option<f64>)| match (cover, share) {
        (Cover::Covered, _) => format!("{name} covered"),
        (Cover::Blind, _) => format!("{name} blind"),
        (Cover::Partial, Some(share)) => format!("{name} partial ({share:.2})"),
        (Cover::Partial, None) => format!("{name} partial"),
    };
    format!("{} ({})", parts.map(say).join(", "), coverage.why)
}
