//! `remora tools show`, for people.

use std::io::{self, Write};

use remora_catalog::{IndicatorEntry, Provenance, Tool, sources};
use remora_keeper::evidence::Alone;
use remora_rules::{
    IndicatorType,
    abi::{Class, Role},
};

use super::{BOLD, DIM, Sheet, WIDTH, count};
use crate::report::text::{cut, pad, plain, width};

/// Writes all that is known of a tool.
pub(crate) fn write(tool: &Tool, colour: bool, out: &mut impl Write) -> io::Result<()> {
    let mut sheet = Sheet { out, colour };
    sheet.head(tool)?;
    sheet.facts(tool)?;
    if !tool.indicators.is_empty() {
        sheet.indicators(tool)?;
        sheet.strength(tool)?;
    }
    sheet.rules(tool)?;
    sheet.instances(tool)?;
    sheet.closing(tool)
}

fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> String {
    all.iter().map(|&one| name(one)).collect::<Vec<_>>().join(", ")
}

impl<W: Write> Sheet<'_, W> {
    fn head(&mut self, tool: &Tool) -> io::Result<()> {
        let techniques: Vec<&str> = tool.techniques.iter().map(|one| one.id.as_str()).collect();
        let right = techniques.join(", ");
        let left = cut(&plain(&tool.name), WIDTH - width(&tool.id) - width(&right) - 5);
        let gap = WIDTH - width(&left) - width(&tool.id) - 3 - width(&right);
        let left = format!("{} ({})", self.paint(BOLD, &left), tool.id);
        let right = self.paint(DIM, &right);
        self.line(&format!("{left}{:gap$}{right}", ""))
    }

    fn facts(&mut self, tool: &Tool) -> io::Result<()> {
        self.fact("also called", &tool.aliases.join(", "))?;
        self.fact("vendor", &tool.vendor)?;
        self.fact("home", &tool.home)?;
        self.fact("category", tool.category.name())?;
        self.fact("family", &tool.family)?;
        self.fact("platforms", &names(&tool.platforms, |one| one.name()))?;
        self.fact("server", tool.deployment.name())?;
        self.fact("modes", &names(&tool.modes, |one| one.name()))?;
        for technique in &tool.techniques {
            let text = format!("{} {} (ATT&CK {})", technique.id, technique.name, technique.attack);
            self.fact("technique", &text)?;
        }
        self.fact("comes with", &tool.bundles.join(", "))?;
        self.fact("sold as", &tool.rebrands.join(", "))?;
        self.fact("note", &tool.note)
    }

    fn indicators(&mut self, tool: &Tool) -> io::Result<()> {
        self.section("Recognised by")?;
        let head = format!(
            "  {} {} {} {} from",
            pad("type", 13),
            pad("value", 30),
            pad("class", 9),
            pad("role", 13)
        );
        let head = self.paint(DIM, &head);
        self.line(&head)?;
        for &ty in IndicatorType::ALL {
            let mut label = ty.name();
            for entry in tool.indicators.iter().filter(|entry| entry.indicator.ty == ty) {
                self.indicator(label, entry)?;
                label = "";
            }
        }
        Ok(())
    }

    fn indicator(&mut self, label: &str, entry: &IndicatorEntry) -> io::Result<()> {
        const VALUE: usize = 30;
        let IndicatorEntry { indicator, valid, note, provenance, allow: _ } = entry;
        let value = plain(&indicator.value);
        let long = width(&value) > VALUE;
        if long {
            self.line(&format!("  {} {value}", pad(label, 13)))?;
        }
        let (label, value) = if long { ("", "") } else { (label, value.as_str()) };
        self.line(&format!(
            "  {} {} {} {} {}",
            pad(label, 13),
            pad(value, VALUE),
            pad(indicator.class.name(), 9),
            pad(indicator.role.name(), 13),
            provenance.source
        ))?;
        match (&valid.from, &valid.until) {
            (None, None) => {}
            (from, until) => {
                let end = |day: &Option<String>| day.clone().unwrap_or_else(|| "?".to_owned());
                self.item(16, "", &format!("held from {} until {}", end(from), end(until)))?;
            }
        }
        if note.is_empty() { Ok(()) } else { self.item(18, "", note) }
    }

    /// What a sighting is worth, by what it shows.
    fn strength(&mut self, tool: &Tool) -> io::Result<()> {
        let of = |wanted: &dyn Fn(&IndicatorEntry) -> bool| {
            let types = IndicatorType::ALL.iter().copied();
            let has = |ty: &IndicatorType| {
                *ty != IndicatorType::Port
                    && tool
                        .indicators
                        .iter()
                        .any(|entry| entry.indicator.ty == *ty && wanted(entry))
            };
            types.filter(has).map(IndicatorType::name).collect::<Vec<_>>()
        };
        let strong = of(&|entry| Alone::of(&entry.indicator) == Alone::Likely);
        let weak = of(&|entry| matches!(entry.indicator.class, Class::VENDOR | Class::SHARED));
        let marketing = of(&|entry| {
            entry.indicator.class == Class::EXCLUSIVE && entry.indicator.role == Role::MARKETING
        });
        self.section("What a sighting is worth")?;
        if strong.is_empty() {
            self.fact("likely", "nothing that is known is this tool's alone")?;
        } else {
            self.fact("likely", &format!("an exclusive {} alone", either(&strong)))?;
            self.fact(
                "confirmed",
                "such a one, and a second witness of another sort in the same event: a name on \
                 the network, what a program says of itself, a signature, a hash",
            )?;
        }
        if !weak.is_empty() {
            self.fact(
                "possible",
                &format!("no more than a {} of its vendor or of others", either(&weak)),
            )?;
        }
        if !marketing.is_empty() {
            self.fact(
                if weak.is_empty() { "possible" } else { "" },
                "a page of the web site (marketing), opened in a browser or only asked for in \
                 DNS; from another program it is likely",
            )?;
        }
        Ok(())
    }

    fn rules(&mut self, tool: &Tool) -> io::Result<()> {
        self.section("Found by")?;
        if tool.rules.is_empty() {
            return self.item(2, "", "no rule: nothing finds this tool, and no report covers it");
        }
        for entry in &tool.rules {
            let rule = &entry.rule;
            let id = self.paint(BOLD, &plain(&rule.id));
            self.line(&format!("  {id}"))?;
            let kinds: Vec<&str> = rule.kinds.iter().map(|kind| kind.name()).collect();
            self.item(4, "", &format!("{}; {}", rule.title, kinds.join(", ")))?;
            self.item(4, "where ", &shorter(&rule.expr.to_string()))?;
            if let Some(field) = rule.learns {
                self.item(4, "", &format!("teaches other rules its {}", field.name()))?;
            }
            if entry.generated {
                self.item(4, "", "made of the indicators: the file has no rules")?;
            }
            if !entry.note.is_empty() {
                self.item(4, "note ", &entry.note)?;
            }
            self.item(4, "from ", &origin(&entry.provenance))?;
        }
        Ok(())
    }

    fn instances(&mut self, tool: &Tool) -> io::Result<()> {
        if tool.instances.is_empty() {
            return Ok(());
        }
        self.section("One installation is told from another by")?;
        for one in &tool.instances {
            self.item(2, "", &format!("{} {}", one.field.name(), one.pattern))?;
            if !one.note.is_empty() {
                self.item(4, "", &one.note)?;
            }
        }
        Ok(())
    }

    fn closing(&mut self, tool: &Tool) -> io::Result<()> {
        if !tool.abuse.is_empty() {
            self.section("Abused")?;
            for one in &tool.abuse {
                self.item(2, &format!("{} ", pad(&one.date, 10)), &one.what)?;
                self.line(&format!("{:13}{}", "", plain(&one.url)))?;
            }
        }
        if !tool.next_steps.is_empty() {
            self.section("What to do about a sighting")?;
            for (step, at) in tool.next_steps.iter().zip(1..) {
                self.item(2, &format!("{at}. "), step)?;
            }
        }
        if !tool.references.is_empty() {
            self.section("Read more")?;
            for url in &tool.references {
                // Not broken over lines: it is to be copied.
                self.line(&format!("  {}", plain(url)))?;
            }
        }
        self.section("Sources")?;
        let used = |key: &str| {
            let of = |provenance: &Provenance| provenance.source == key;
            let indicators = tool.indicators.iter().filter(|one| of(&one.provenance)).count();
            let rules = tool.rules.iter().filter(|one| of(&one.provenance)).count();
            let instances = tool.instances.iter().any(|one| of(&one.provenance));
            (indicators + rules > 0 || instances)
                .then(|| format!("{}, {}", count(indicators, "indicator"), count(rules, "rule")))
        };
        for source in sources() {
            if let Some(used) = used(&source.key) {
                self.item(
                    2,
                    "",
                    &format!("{}: {}, {}; {used}", source.key, source.name, source.licence),
                )?;
                if !source.copyright.is_empty() {
                    self.item(4, "", &source.copyright)?;
                }
                if !source.url.is_empty() {
                    self.item(4, "", &source.url)?;
                }
            }
        }
        Ok(())
    }
}

/// Where a rule comes from, in a line.
fn origin(provenance: &Provenance) -> String {
    let Provenance { source, commit, file, date } = provenance;
    let file = file.as_deref().map(|file| format!(", {file}")).unwrap_or_default();
    let commit = commit.as_deref().and_then(|commit| commit.get(..8));
    let commit = commit.map(|commit| format!(" at {commit}")).unwrap_or_default();
    format!("{source}{file}{commit}, compared {date}")
}

/// `a`, `a or b`, `a, b or c`.
fn either(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// A condition without the middle of a long list; JSON has the whole.
fn shorter(text: &str) -> String {
    const MOST: usize = 600;
    let length = text.chars().count();
    if length <= MOST {
        return text.to_owned();
    }
    let head: String = text.chars().take(MOST).collect();
    format!("{head} … ({length} characters; --output json has them all)")
}
