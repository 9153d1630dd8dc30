//! Which tool a row of a software inventory names.
//!
//! An inventory gives a program's name and who publishes it, spelt by whoever
//! made the installer. The whole name, or a product name that only the tool has,
//! speaks for it; a word of the name that others may use needs the publisher
//! beside it; a publisher alone is its other products too.

use remora_catalog::Tool;
use remora_rules::{IndicatorType, abi::Class};

use super::words::{has, words};
use crate::{
    evidence::Alone,
    names::{key, names},
};

/// A program as an inventory lists it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Software<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Who publishes it.
    pub vendor: &'a str,
}

/// A tool that a program may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoftwareMatch<'t> {
    /// The tool's id.
    pub tool: &'t str,
    /// How sure that is; one row is one witness, so nothing is confirmed.
    pub confidence: Alone,
    /// By what: `name SupRemo`, `company NanoSystems`.
    pub by: Vec<(&'static str, &'t str)>,
}

/// What is known of one tool, made ready.
#[derive(Debug)]
struct Prepared<'t> {
    tool: &'t Tool,
    names: Vec<Words<'t>>,
    products: Vec<(Words<'t>, Class)>,
    companies: Vec<(Words<'t>, &'static str, Class)>,
    vendor: Words<'t>,
}

#[derive(Debug)]
struct Words<'t> {
    text: &'t str,
    key: String,
    words: Vec<String>,
}

impl<'t> Words<'t> {
    fn new(text: &'t str) -> Words<'t> {
        Words { text, key: key(text), words: words(text) }
    }
}

/// What is known of all tools, made ready to be asked many times.
#[derive(Debug)]
pub struct Known<'t> {
    tools: Vec<Prepared<'t>>,
}

impl<'t> Known<'t> {
    /// Of these tools.
    pub fn new(tools: &'t [Tool]) -> Known<'t> {
        let prepared = |tool: &'t Tool| {
            let of = |types: &'static [IndicatorType]| {
                let own = tool.indicators.iter().map(|entry| &entry.indicator);
                own.filter(|indicator| types.contains(&indicator.ty))
            };
            let products = of(&[IndicatorType::Product, IndicatorType::Description]);
            let companies = of(&[IndicatorType::Company, IndicatorType::Signer]);
            Prepared {
                tool,
                names: names(tool).map(Words::new).collect(),
                products: products.map(|one| (Words::new(&one.value), one.class)).collect(),
                companies: companies
                    .map(|one| (Words::new(&one.value), one.ty.name(), one.class))
                    .collect(),
                vendor: Words::new(&tool.vendor),
            }
        };
        Known { tools: tools.iter().map(prepared).collect() }
    }

    /// The tools that a program may be, in the order of the tools.
    pub fn find(&self, software: Software<'_>) -> Vec<SoftwareMatch<'t>> {
        let (name, vendor) = (Words::new(software.name), Words::new(software.vendor));
        if name.key.is_empty() && vendor.key.is_empty() {
            return vec![];
        }
        self.tools.iter().filter_map(|tool| tool.find(&name, &vendor)).collect()
    }
}

impl<'t> Prepared<'t> {
    fn find(&self, name: &Words<'_>, vendor: &Words<'_>) -> Option<SoftwareMatch<'t>> {
        let in_name = |known: &Words<'_>| has(&name.words, &known.words);
        let in_vendor = |known: &Words<'_>| has(&vendor.words, &known.words);
        let whole = self.names.iter().find(|known| known.key == name.key && !known.key.is_empty());
        let product = self.products.iter().filter(|(known, _)| in_name(known));
        let product = product.max_by_key(|(known, class)| (class.0, known.words.len()));
        let called = self.names.iter().filter(|known| in_name(known));
        let called = called.max_by_key(|known| known.words.len());
        let company = self.companies.iter().filter(|(known, ..)| in_vendor(known));
        let company = company.max_by_key(|(known, _, class)| (class.0, known.words.len()));
        let made = company.map(|(known, ty, _)| (*ty, known.text)).or_else(|| {
            let own = !vendor.key.is_empty() && vendor.key == self.vendor.key;
            own.then_some(("vendor", self.vendor.text))
        });

        let named = whole.or(called).map(|known| ("name", known.text));
        let product_word = product.map(|(known, _)| ("product", known.text));
        let class = product.map_or(Class::UNKNOWN, |(_, class)| *class);
        let of_company = company.map_or(Class::UNKNOWN, |(_, _, class)| *class);
        let likely = whole.is_some()
            || class == Class::EXCLUSIVE
            || (made.is_some() && (named.is_some() || class == Class::VENDOR))
            || of_company == Class::EXCLUSIVE;
        // A word that anybody uses says nothing alone, nor does the publisher
        // of everything.
        let possible = named.is_some()
            || class == Class::VENDOR
            || of_company == Class::VENDOR
            || (class == Class::SHARED && made.is_some() && of_company != Class::SHARED);
        if !likely && !possible {
            return None;
        }
        // The name says it where the product is spelt the same.
        let product_word =
            product_word.filter(|(_, text)| named.is_none_or(|(_, name)| key(name) != key(text)));
        Some(SoftwareMatch {
            tool: &self.tool.id,
            confidence: if likely { Alone::Likely } else { Alone::Possible },
            by: [named, product_word, made].into_iter().flatten().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use remora_catalog::embedded_tools;

    use super::*;

    /// Program, publisher, tools with what they are found by.
    #[test]
    fn programs_are_told_from_others() {
        let tools: Vec<Tool> = embedded_tools().collect();
        let known = Known::new(&tools);
        let (likely, possible) = (Alone::Likely, Alone::Possible);
        for (name, vendor, expected) in [
            ("AnyDesk", "AnyDesk Software GmbH", &[("anydesk", likely)][..]),
            ("anydesk", "philandro", &[("anydesk", likely)]),
            ("AnyDesk MSI 8.0", "", &[("anydesk", likely)]),
            ("TeamViewer 15 Host (x64)", "TeamViewer", &[("teamviewer", likely)]),
            ("chrome_remote_desktop_host", "google", &[("chromerdp", likely)]),
            (
                "ScreenConnect Client (0a1b2c3d4e5f6071)",
                "ConnectWise, LLC",
                &[("connectwise", likely)],
            ),
            ("Uranium Backup", "Nanosystems S.r.l.", &[("supremo", possible)]),
            // The publisher of everything, words that anybody uses.
            ("Google Chrome", "Google LLC", &[]),
            ("Microsoft Endpoint Manager", "Microsoft Corporation", &[]),
            ("Remote Desktop Connection Viewer", "Microsoft Corporation", &[]),
            ("Connect", "Contoso", &[]),
            // Parts of words.
            ("Company Desktop Manager", "Contoso", &[]),
            ("MyTeamViewerX", "Contoso", &[]),
            ("", "", &[]),
            ("---", "", &[]),
        ] {
            let found = known.find(Software { name, vendor });
            let got: Vec<(&str, Alone)> =
                found.iter().map(|one| (one.tool, one.confidence)).collect();
            assert_eq!(got, expected, "{name}, {vendor}: {found:?}");
        }
    }
}
