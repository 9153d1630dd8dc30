//! An explanation for people: what each rule made of an event, part by part,
//! with the place in the value that decided.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};
use remora_engine::sweep::{
    ExclusionExplained, Explanation, InterestMet, JudgedExplained, RuleExplained, Weighed,
};
use remora_rules::{Border, Occurrence, Step, Trace, Truth};
use unicode_width::UnicodeWidthChar as _;

use super::text::{cut, is_invisible, pad, plain, width, wrap};

/// Columns of the whole report.
const WIDTH: usize = 100;
/// Occurrences that are drawn for one predicate, at most.
const DRAWN: usize = 3;

const BOLD: Ansi = Ansi::new().bold();
const DIM: Ansi = Ansi::new().dimmed();
const GREEN: Ansi = Ansi::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const RED: Ansi = Ansi::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
const YELLOW: Ansi = Ansi::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));

/// Writes one explanation.
pub(crate) fn write(
    explanation: &Explanation,
    colour: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut report = Report { out, colour };
    report.head(explanation)?;
    report.screen(explanation)?;
    for rule in &explanation.rules {
        report.rule(rule, explanation.kind)?;
    }
    report.others(explanation)?;
    for judged in &explanation.judged {
        report.judged(judged)?;
    }
    report.line("")
}

struct Report<'a, W> {
    out: &'a mut W,
    colour: bool,
}

impl<W: Write> Report<'_, W> {
    fn paint(&self, ansi: Ansi, text: &str) -> String {
        if self.colour { format!("{ansi}{text}{ansi:#}") } else { text.to_owned() }
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// Text in lines behind a blank margin.
    fn text(&mut self, margin: usize, text: &str) -> io::Result<()> {
        for line in wrap(text, WIDTH - margin) {
            self.line(&format!("{:margin$}{line}", ""))?;
        }
        Ok(())
    }

    fn head(&mut self, explanation: &Explanation) -> io::Result<()> {
        let field = |name| {
            explanation.event.iter().find(|(known, _)| *known == name).map(|(_, text)| plain(text))
        };
        let device = field("device.name").or_else(|| field("device.id")).unwrap_or_default();
        let place = format!("{}:{}", plain(&explanation.source), explanation.line);
        let time = explanation.time.as_deref().unwrap_or("no time");
        let head = format!("{place}  {} event, {time}  {device}", explanation.kind);
        let head = self.paint(BOLD, head.trim_end());
        self.line(&head)
    }

    fn screen(&mut self, explanation: &Explanation) -> io::Result<()> {
        let interests = &explanation.screen.interests;
        let said = match (explanation.screen.passes, interests.len()) {
            (true, 0) => "passes; no detector asks for what it holds, so none is called".to_owned(),
            (true, 1) => "passes, and this interest routes it to a detector:".to_owned(),
            (true, _) => "passes, and these interests route it to detectors:".to_owned(),
            (false, _) => "drops it: no detector asks for what it holds".to_owned(),
        };
        self.text(2, &format!("screen  {said}"))?;
        for InterestMet { field, op, value, seen: _, detectors } in interests {
            let asked = if field.is_empty() {
                "every event of this kind".to_owned()
            } else {
                format!("{field} {op} \"{}\"", plain(value))
            };
            self.text(10, &format!("{asked} ({})", some(detectors)))?;
        }
        Ok(())
    }

    fn rule(&mut self, rule: &RuleExplained, kind: &str) -> io::Result<()> {
        let (ansi, said) = if rule.fired { (GREEN, "fired") } else { (RED, "did not fire") };
        let said = self.paint(ansi, said);
        self.line("")?;
        self.line(&format!(
            "  {} {said}: {}, {}",
            self.paint(BOLD, &plain(&rule.rule)),
            plain(&rule.tool),
            cut(&plain(&rule.title), 60)
        ))?;
        if !rule.looks_at_kind {
            return self.text(4, &format!("it does not look at {kind} events"));
        }
        match &rule.trace {
            Some(trace) => self.trace(&trace.0, 4)?,
            None => self.text(4, &format!("decided by code of {}", some(&rule.detectors)))?,
        }
        if rule.not_learned {
            let said = "what it asks for was not learned: standard input is read once; name a file";
            self.text(4, said)?;
        }
        if !rule.fired && !rule.routed {
            self.text(4, "no interest of its detector is met, so that it was not asked")?;
        }
        if rule.disagrees {
            let said = "the text of the rule and the detector's answer are at odds: the detector is faulty";
            let said = self.paint(RED, said);
            self.line(&format!("    {said}"))?;
        }
        Ok(())
    }

    fn trace(&mut self, trace: &Trace, margin: usize) -> io::Result<()> {
        let (ansi, word) = match trace.truth {
            Truth::True => (GREEN, "yes "),
            Truth::False => (RED, "no  "),
            Truth::Null => (YELLOW, "null"),
        };
        let mark = self.paint(ansi, word);
        let group = match &trace.step {
            Step::All(terms) => Some(("all of:", &terms[..])),
            Step::Any(terms) => Some(("one of:", &terms[..])),
            Step::Not(inner) => Some(("not:", std::slice::from_ref(&**inner))),
            Step::Predicate { .. } => None,
        };
        if let Some((word, parts)) = group {
            self.line(&format!("{:margin$}{mark} {word}", ""))?;
            return parts.iter().try_for_each(|part| self.trace(part, margin + 5));
        }
        let Step::Predicate { text, seen, occurrences, .. } = &trace.step else { return Ok(()) };
        let room = WIDTH.saturating_sub(margin + 5).max(40);
        for (at, line) in wrap(&plain(&shorter(text)), room).into_iter().enumerate() {
            let mark = if at == 0 { mark.as_str() } else { "    " };
            self.line(&format!("{:margin$}{mark} {line}", ""))?;
        }
        self.seen(seen, occurrences, margin + 7)
    }

    /// The value seen, and the places in it that decided.
    fn seen(&mut self, seen: &str, occurrences: &[Occurrence], margin: usize) -> io::Result<()> {
        let room = WIDTH.saturating_sub(margin).max(40);
        if seen.is_empty() {
            let empty = self.paint(DIM, "(empty)");
            return self.line(&format!("{:margin$}{empty}", ""));
        }
        if occurrences.is_empty() {
            return self.line(&format!("{:margin$}{}", "", cut(&plain(seen), room)));
        }
        // What counts first; of what does not, a few.
        let mut drawn: Vec<&Occurrence> = occurrences.iter().collect();
        drawn.sort_by_key(|one| (!one.counts, one.start));
        for occurrence in drawn.into_iter().take(DRAWN) {
            let drawing = Drawing::new(seen, occurrence, room);
            let ansi = if occurrence.counts { GREEN } else { YELLOW };
            let carets = self.paint(ansi, &"^".repeat(drawing.carets));
            self.line(&format!("{:margin$}{}", "", drawing.text))?;
            self.line(&format!("{:margin$}{:blank$}{carets}", "", "", blank = drawing.blank))?;
            self.text(margin, &borders(occurrence))?;
        }
        Ok(())
    }

    fn others(&mut self, explanation: &Explanation) -> io::Result<()> {
        let Explanation { rules, fired, other_rules, other_kind_rules, kind, .. } = explanation;
        let count =
            |count: u64| if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") };
        let shown = rules.iter().filter(|rule| rule.fired).count() as u64;
        let (more_fired, silent) = (fired - shown, other_rules.saturating_sub(fired - shown));
        let mut said = Vec::new();
        if rules.is_empty() && *fired == 0 {
            said.push("no rule fired or came near".to_owned());
        }
        if more_fired > 0 {
            said.push(format!("{} fired (not asked for)", count(more_fired)));
        }
        if silent > 0 {
            said.push(format!(
                "{} for {kind} events did not fire (--why-not shows all)",
                count(silent)
            ));
        }
        if rules.is_empty() && *other_kind_rules > 0 {
            said.push(format!("{} for other kinds of events", count(*other_kind_rules)));
        }
        if said.is_empty() {
            return Ok(());
        }
        self.line("")?;
        self.text(2, &said.join("; "))
    }

    fn judged(&mut self, judged: &JudgedExplained) -> io::Result<()> {
        self.line("")?;
        let tool = self.paint(BOLD, &plain(&judged.tool));
        let JudgedExplained { confidence, confidence_why, stage, stage_why, .. } = judged;
        self.line(&format!("  {tool}: {confidence} ({confidence_why}), {stage} ({stage_why})"))?;
        if !judged.instance.is_empty() {
            self.text(4, &format!("instance {}", plain(&judged.instance)))?;
        }
        for Weighed { witness, weight, why } in &judged.witnesses {
            let how = [witness.how, witness.class, witness.role];
            let how: Vec<&str> = how.into_iter().filter(|word| !word.is_empty()).collect();
            let seen = cut(&plain(&witness.seen), 60);
            let said = format!("{} {seen} ({}): {why}", witness.field, how.join(", "));
            let mut lines = wrap(&said, WIDTH - 12).into_iter();
            let first = lines.next().unwrap_or_default();
            self.line(&format!("    {}{first}", pad(weight.name(), 8)))?;
            for line in lines {
                self.line(&format!("{:12}{line}", ""))?;
            }
        }
        judged.exclusions.iter().try_for_each(|one| self.exclusion(one))
    }

    fn exclusion(&mut self, exclusion: &ExclusionExplained) -> io::Result<()> {
        let (ansi, said) =
            if exclusion.excludes { (YELLOW, "excludes it") } else { (DIM, "does not exclude it") };
        let said = self.paint(ansi, said);
        self.line(&format!("    scenario {} {said}", plain(&exclusion.scenario)))?;
        if let Some(in_window) = exclusion.in_window {
            let said = if in_window { "yes  its window" } else { "no   its window" };
            self.text(6, said)?;
        }
        match &exclusion.condition {
            Some(trace) => self.trace(&trace.0, 6),
            None => Ok(()),
        }
    }
}

fn some(detectors: &[String]) -> String {
    match detectors {
        [] => "nobody".to_owned(),
        [one, two, three, more @ ..] if !more.is_empty() => {
            format!("{}, {}, {} and {} more", plain(one), plain(two), plain(three), more.len())
        }
        all => all.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", "),
    }
}

/// A predicate without the middle of a long list.
fn shorter(text: &str) -> String {
    let most = 4 * WIDTH;
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most).collect();
    format!("{head} … ({} characters)", text.chars().count())
}

/// What stands on both sides of an occurrence, in words.
fn borders(occurrence: &Occurrence) -> String {
    let side = |border: Border, edge: &str| match border {
        Border::Edge => edge.to_owned(),
        Border::Border(c) => format!("{} is a border", named(c)),
        Border::Own(c) => format!("the literal's own {} is a border", named(c)),
        Border::Term(c) => format!("{} belongs to the same term", named(c)),
    };
    if (occurrence.before, occurrence.behind) == (Border::Edge, Border::Edge) {
        return "the whole value".to_owned();
    }
    let verdict = if occurrence.counts { "counts" } else { "does not count" };
    format!(
        "{verdict}: before it, {}; behind it, {}",
        side(occurrence.before, "the value begins"),
        side(occurrence.behind, "it ends")
    )
}

fn named(c: char) -> String {
    if c == ' ' { "a blank".to_owned() } else { format!("\"{}\"", plain(&c.to_string())) }
}

/// A value around an occurrence, one column a column.
struct Drawing {
    text: String,
    blank: usize,
    carets: usize,
}

impl Drawing {
    fn new(value: &str, occurrence: &Occurrence, room: usize) -> Drawing {
        let (before, rest) = value.split_at(occurrence.start);
        let (inside, behind) = rest.split_at(occurrence.end - occurrence.start);
        let inside = cut(&shown(inside), room / 2);
        let left = (room - width(&inside)) / 3;
        let before = shown(before);
        let before = if width(&before) > left {
            let kept: String = tail(&before, left.saturating_sub(1));
            format!("…{kept}")
        } else {
            before
        };
        let room = room - width(&before) - width(&inside);
        let behind = cut(&shown(behind), room);
        Drawing {
            blank: width(&before),
            carets: width(&inside).max(1),
            text: format!("{before}{inside}{behind}"),
        }
    }
}

/// The text with one visible character for each character.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_invisible(c) { '·' } else { c }).collect()
}

/// The last characters of `text` that fit in `width` columns.
fn tail(text: &str, width: usize) -> String {
    let mut taken = 0;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        taken += c.width().unwrap_or(0);
        if taken > width {
            break;
        }
        start = at;
    }
    text[start..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occurrence(start: usize, end: usize) -> Occurrence {
        Occurrence {
            literal: "x".into(),
            start,
            end,
            counts: true,
            before: Border::Edge,
            behind: Border::Edge,
        }
    }

    #[test]
    fn carets_stand_under_the_occurrence() {
        let value = format!("{}日本needle{}", "a".repeat(200), "b".repeat(200));
        let at = value.find("needle").expect("it is there");
        let drawing = Drawing::new(&value, &occurrence(at, at + 6), 60);
        assert!(width(&drawing.text) <= 60, "{}", drawing.text);
        let found = drawing.text.find("needle").expect("it is shown");
        assert_eq!(width(&drawing.text[..found]), drawing.blank);
        assert_eq!(drawing.carets, 6);
        assert!(drawing.text.starts_with('…') && drawing.text.ends_with('…'));
    }

    #[test]
    fn control_characters_keep_their_column() {
        let drawing = Drawing::new("\u{1b}[31mx", &occurrence(5, 6), 60);
        assert_eq!(drawing.text, "·[31mx");
        assert_eq!((drawing.blank, drawing.carets), (5, 1));
    }
}
