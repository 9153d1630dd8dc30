//! Which tool a single name belongs to.

use remora_catalog::Tool;
use remora_rules::{
    EventView, Indicator, IndicatorType, Program, Truth,
    abi::{Field, field},
    pattern::{host_meets, url_meets},
};
use remora_sources::host::host_of;

use super::words::{has, words};
use crate::names::{key, names};

/// By what of a tool it was found.
#[derive(Clone, Copy, Debug)]
pub enum By<'t> {
    /// An indicator.
    Indicator(&'t Indicator),
    /// Its id, its name, one of its other names.
    Name(&'t str),
    /// Who makes it.
    Vendor(&'t str),
}

/// How the term stands to that; what says most comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It is the same, but for case (of names: blanks and punctuation).
    Exact,
    /// The host is below the domain.
    Subdomain,
    /// It fits the pattern, lies in the network, or has the part of a path.
    Pattern,
    /// It has all its words, one after the other.
    Words,
    /// It is some of its words.
    Part,
    /// Another party's host that holds the domain's text: rules meet it, and the
    /// sweep says so.
    Lookalike,
}

impl TermMatch<'_> {
    /// Whether it was found by the name or address of a host.
    pub fn is_remote(&self) -> bool {
        matches!(self.by, By::Indicator(indicator) if is_remote(indicator.ty))
    }
}

impl How {
    /// For reports.
    pub fn name(self) -> &'static str {
        match self {
            How::Exact => "exact",
            How::Subdomain => "subdomain",
            How::Pattern => "pattern",
            How::Words => "words",
            How::Part => "part",
            How::Lookalike => "lookalike",
        }
    }
}

/// A tool that a term belongs to.
#[derive(Clone, Copy, Debug)]
pub struct TermMatch<'t> {
    /// The tool.
    pub tool: &'t Tool,
    /// By what.
    pub by: By<'t>,
    /// How.
    pub how: How,
}

/// The tools that `text` belongs to, what says most first; of hosts the most
/// specific, which decides what a sighting is worth. Of a name of a host only
/// what is said of hosts counts: `rustdesk.example` is no product.
pub fn term<'t>(tools: &'t [Tool], text: &str) -> Vec<TermMatch<'t>> {
    let text = text.trim();
    if text.is_empty() {
        return vec![];
    }
    let term =
        Term { text, host: host_of(text).filter(|host| host.contains('.')), words: words(text) };
    let mut found: Vec<TermMatch<'t>> = vec![];
    for tool in tools {
        let indicators = tool.indicators.iter().map(|entry| &entry.indicator);
        found.extend(indicators.filter_map(|indicator| {
            let how = term.meets(indicator)?;
            Some(TermMatch { tool, by: By::Indicator(indicator), how })
        }));
        // Of several names that are the same but for blanks, the first.
        let called = names(tool).filter_map(|name| Some((name, term.is_called(name)?)));
        if let Some((name, how)) = called.min_by_key(|(_, how)| *how) {
            found.push(TermMatch { tool, by: By::Name(name), how });
        }
        if let Some(how) = term.is_called(&tool.vendor) {
            found.push(TermMatch { tool, by: By::Vendor(&tool.vendor), how });
        }
    }
    if found.iter().any(TermMatch::is_remote) {
        found.retain(|one| one.is_remote() || one.how == How::Exact);
    }
    // Of hosts the most specific decides, as it does for the judge; of the rest
    // what is nearest, then what is the tool's alone.
    found.sort_by_key(|one| {
        let (class, len) = match one.by {
            By::Indicator(indicator) => (indicator.class.0, indicator.value.len()),
            By::Name(name) => (u16::MAX, name.len()),
            By::Vendor(_) => (0, 0),
        };
        let host = one.is_remote() && one.how != How::Lookalike;
        let url = matches!(one.by, By::Indicator(i) if i.ty == IndicatorType::UrlPattern);
        let how = if host { How::Exact } else { one.how };
        let class = if host { u16::MAX } else { class };
        (!host, how, std::cmp::Reverse((class, url, len)))
    });
    found
}

fn is_remote(ty: IndicatorType) -> bool {
    use IndicatorType as T;
    matches!(ty, T::Domain | T::HostPattern | T::UrlPattern | T::Address)
}

struct Term<'a> {
    text: &'a str,
    host: Option<std::borrow::Cow<'a, str>>,
    words: Vec<String>,
}

impl Term<'_> {
    fn meets(&self, indicator: &Indicator) -> Option<How> {
        use IndicatorType as T;
        let value = indicator.value.as_str();
        if same(self.text, value) {
            return Some(How::Exact);
        }
        match indicator.ty {
            T::Domain => self.stands_to(value),
            T::HostPattern => {
                let host = self.host.as_deref()?;
                host_meets(value, host).then_some(How::Pattern)
            }
            T::UrlPattern => url_meets(value, self.text).then_some(How::Pattern),
            T::Address | T::Path => self.satisfies(indicator).then_some(How::Pattern),
            T::Port => None,
            T::FileName | T::OriginalName => {
                let name = self.text.rsplit(['/', '\\']).next()?;
                same(name, value).then_some(How::Pattern)
            }
            T::Hash | T::Service => None,
            T::Company
            | T::Product
            | T::Description
            | T::Signer
            | T::Certificate
            | T::UserAgent => self.stands_in(&words(value)),
        }
    }

    /// How the host stands to a domain.
    fn stands_to(&self, domain: &str) -> Option<How> {
        let host = self.host.as_deref()?;
        if same(host, domain) {
            return Some(How::Exact);
        }
        let above = host.len().checked_sub(domain.len() + 1)?;
        if host.get(above..above + 1) == Some(".") && same(&host[above + 1..], domain) {
            return Some(How::Subdomain);
        }
        has(&words(host), &words(domain)).then_some(How::Lookalike)
    }

    /// Whether an event with this value would show the indicator.
    fn satisfies(&self, indicator: &Indicator) -> bool {
        let field = indicator.ty.fields().first().copied().unwrap_or(field::NONE);
        indicator
            .predicate(field)
            .is_some_and(|expr| Program::new(&expr).eval(&Only(field, self.text)) == Truth::True)
    }

    fn is_called(&self, name: &str) -> Option<How> {
        if key(name).is_empty() {
            return None;
        }
        if key(name) == key(self.text) {
            return Some(How::Exact);
        }
        self.stands_in(&words(name))
    }

    /// Whether it has all the words, or is some of them.
    fn stands_in(&self, known: &[String]) -> Option<How> {
        if has(&self.words, known) {
            return Some(How::Words);
        }
        has(known, &self.words).then_some(How::Part)
    }
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// An event with one value.
struct Only<'a>(Field, &'a str);

impl EventView for Only<'_> {
    fn text(&self, field: Field) -> &str {
        if field == self.0 { self.1 } else { "" }
    }

    fn number(&self, _: Field) -> Option<i64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use remora_catalog::embedded_tools;

    use super::*;

    #[test]
    fn names_of_all_sorts_are_found() {
        let tools: Vec<Tool> = embedded_tools().collect();
        for (text, tool, by, how) in [
            ("anydesk.com", "anydesk", "anydesk.com", How::Exact),
            ("relay-3185a847.net.anydesk.com", "anydesk", "relay-*.net.anydesk.com", How::Pattern),
            (
                "https://user@WWW.SupRemoControl.com:443/x",
                "supremo",
                "www.supremocontrol.com",
                How::Exact,
            ),
            ("x.net.anydesk.com", "anydesk", "net.anydesk.com", How::Subdomain),
            (
                "https://www.supremocontrol.com/it/download/",
                "supremo",
                "www.supremocontrol.com/*download*",
                How::Pattern,
            ),
            ("my-supremocontrol.com", "supremo", "supremocontrol.com", How::Lookalike),
            ("supremocontrol.com.evil.example", "supremo", "supremocontrol.com", How::Lookalike),
            ("Philandro Software GmbH", "anydesk", "philandro software", How::Words),
            ("philandro", "anydesk", "philandro software", How::Part),
            ("nanosystems s.r.l.", "supremo", "Nanosystems S.R.L.", How::Exact),
            ("Sup Remo", "supremo", "supremo", How::Exact),
            ("ScreenConnect", "connectwise", "ScreenConnect", How::Exact),
        ] {
            let found = term(&tools, text);
            let first = found.first().unwrap_or_else(|| panic!("{text}: nothing"));
            let value = match first.by {
                By::Indicator(indicator) => indicator.value.as_str(),
                By::Name(name) | By::Vendor(name) => name,
            };
            assert_eq!((first.tool.id.as_str(), first.how), (tool, how), "{text}: {value}");
            if how != How::Exact || by.contains('.') {
                assert!(value.eq_ignore_ascii_case(by) || value.ends_with(by), "{text}: {value}");
            }
        }
        for text in ["", " ", "contoso.example", "notsupremocontrol.com", "deskx", "203.0.113.9"] {
            assert!(term(&tools, text).is_empty(), "{text}");
        }
    }

    /// Every indicator leads to its tool, but ports, which are nobody's.
    #[test]
    fn every_indicator_is_found() {
        let tools: Vec<Tool> = embedded_tools().collect();
        let mut count = 0;
        for tool in &tools {
            for entry in &tool.indicators {
                let value = &entry.indicator.value;
                let found = term(&tools, value);
                let own = found.iter().any(|one| one.tool.id == tool.id && one.how == How::Exact);
                assert!(own, "{}: {value}", tool.id);
                count += 1;
            }
        }
        assert!(count > 500, "{count}");
    }
}
