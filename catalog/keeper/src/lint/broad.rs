//! Indicators that others have too.
//!
//! A class is a claim: `exclusive` says that nobody else has the value. Where
//! the value itself speaks against that, the finding of every rule that meets
//! it would be worth more than it is.

use std::sync::LazyLock;

use remora_catalog::IndicatorEntry;
use remora_rules::{
    IndicatorType as Type, Severity,
    abi::{Class, Field, field},
};
use serde::Deserialize;

use super::{
    codes::{
        BARE_WORD, Lint, NO_SUCH_SUFFIX, PUBLIC_SUFFIX, SHARED_PLATFORM, STRAY_BLANK, WILDCARD,
    },
    domains::{Whose, fixed_end, whose},
    file::Entry,
    finding::Report,
};

/// What is nobody's alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Common {
    pub(super) platform: Vec<Platform>,
    words: Words,
}

/// A host at which everybody has something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Platform {
    pub(super) domain: String,
    pub(super) what: String,
    /// Whether the hosts below it are everybody's too.
    pub(super) below: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    any: Vec<String>,
    files: Vec<String>,
}

pub(super) fn common() -> &'static Common {
    static COMMON: LazyLock<Common> = LazyLock::new(|| {
        toml::from_str(include_str!("common.toml")).expect("the tests read common.toml")
    });
    &COMMON
}

/// Why a value is nobody's alone.
#[derive(Debug)]
pub(super) struct Broad {
    pub(super) lint: &'static Lint,
    /// What it is, to stand behind "is".
    pub(super) what: String,
    pub(super) help: &'static str,
}

/// Whether a host name, or the fixed end of a pattern of one, is everybody's.
pub(super) fn host(name: &str) -> Option<Broad> {
    match whose(name) {
        Whose::Own => None,
        Whose::Registry => Some(Broad {
            lint: &PUBLIC_SUFFIX,
            what: "a suffix under which anybody registers names".to_owned(),
            help: "write the vendor's own domain below it",
        }),
        Whose::Platform(what) => Some(Broad {
            lint: &SHARED_PLATFORM,
            what: format!("{what}: everybody has something there"),
            help: "name the vendor's own place there, as a host below it or as a url-pattern with its path, or give it the class `shared`",
        }),
        Whose::Nobody => Some(Broad {
            lint: &NO_SUCH_SUFFIX,
            what: "no name that can be registered: there is no such suffix".to_owned(),
            help: "look at its spelling; a file's name is the type `file-name`",
        }),
    }
}

/// Whether words are anybody's.
pub(super) fn words(value: &str) -> Option<Broad> {
    let lower = value.to_lowercase();
    let mut terms = lower.split(|c: char| !c.is_alphanumeric()).filter(|term| !term.is_empty());
    let short = value.chars().filter(|c| c.is_alphanumeric()).count() < 3;
    if !short && !terms.all(|term| common().words.any.iter().any(|word| word == term)) {
        return None;
    }
    Some(Broad {
        lint: &BARE_WORD,
        what: if short {
            "too short to be anybody's own"
        } else {
            "nothing but words that anybody uses"
        }
        .to_owned(),
        help: "add what makes it the tool's own, or give it the class `shared`",
    })
}

/// Whether a file name, with or without its ending, is any program's.
pub(super) fn file_name(value: &str) -> Option<Broad> {
    let lower = value.to_lowercase();
    let stem = lower.rsplit_once('.').map_or(lower.as_str(), |(stem, _)| stem);
    common().words.files.iter().any(|name| name == stem).then(|| Broad {
        lint: &BARE_WORD,
        what: "a file name that many programs have".to_owned(),
        help: "use a part of its path, or what its version resource says, or give it the class `shared`",
    })
}

/// What a value of a field is, if it is nobody's alone.
pub(super) fn in_field(of: Field, literal: &str) -> Option<Broad> {
    match of {
        field::REMOTE_URL | field::REMOTE_HOST | field::URL => {
            let name = literal.trim().trim_start_matches('.').to_lowercase();
            let name = name.split('/').next().unwrap_or_default();
            if name.contains('.') {
                return host(name);
            }
            Some(Broad {
                lint: &BARE_WORD,
                what: "a word, no name of a host: any name or URL with it will do".to_owned(),
                help: "write the whole domain",
            })
        }
        field::PROCESS_NAME | field::FILE_NAME | field::PROCESS_ORIGINAL_NAME => file_name(literal),
        field::PROCESS_COMPANY
        | field::PROCESS_PRODUCT
        | field::PROCESS_DESCRIPTION
        | field::PROCESS_SIGNER
        | field::FILE_SIGNER
        | field::SERVICE_NAME
        | field::TLS_CERT_SUBJECT
        | field::HTTP_USER_AGENT => words(literal),
        _ => None,
    }
}

fn broad(entry: &IndicatorEntry) -> Option<Broad> {
    let value = entry.indicator.value.as_str();
    match entry.indicator.ty {
        Type::Domain => host(value),
        Type::HostPattern => host(fixed_end(value)),
        Type::UrlPattern => {
            let (name, path) = value.split_once('/').unwrap_or((value, ""));
            // A path of somebody's makes a place of a host that is everybody's.
            let of_somebody = path.chars().take_while(|c| *c != '/').any(char::is_alphanumeric);
            host(fixed_end(name)).filter(|broad| !(of_somebody && broad.lint == &SHARED_PLATFORM))
        }
        Type::FileName | Type::OriginalName => file_name(value),
        Type::Company
        | Type::Product
        | Type::Description
        | Type::Signer
        | Type::Service
        | Type::Certificate
        | Type::UserAgent => words(value),
        Type::Path => {
            let last = value.trim_end_matches(['\\', '/']);
            let last = last.rsplit(['\\', '/']).next().unwrap_or_default();
            let only = value.matches(['\\', '/']).count() <= 1;
            words(last).filter(|_| only)
        }
        Type::Address | Type::Port | Type::Hash => None,
    }
}

pub(super) fn check(entry: &Entry, report: &mut Report) {
    for (at, one) in entry.tool().indicators.iter().enumerate() {
        let indicator = &one.indicator;
        let (ty, value, class) = (indicator.ty.name(), &indicator.value, indicator.class);
        let span = || entry.of_indicator(at, "value");
        let patterns = matches!(indicator.ty, Type::HostPattern | Type::UrlPattern);
        if value.contains('*') && !patterns {
            report
                .push(&WILDCARD, entry, span(), format!("the {ty} {value:?} has a wildcard, and only patterns have any"))
                .help("leave the `*` out: a value that is compared as words is met anywhere in the text")
                .upstream(&one.provenance);
        }
        if let Some(what) = stray_blank(value) {
            report
                .push(&STRAY_BLANK, entry, span(), format!("the {ty} {value:?} has {what}"))
                .help("write one plain blank between words")
                .upstream(&one.provenance);
        }
        let Some(Broad { lint, what, help }) = broad(one) else { continue };
        let message = format!("the {ty} {value:?} is {what}");
        // A suffix is wrong whatever it is said to be worth; all else is right
        // if it is said to be everybody's.
        if [&PUBLIC_SUFFIX, &NO_SUCH_SUFFIX].contains(&lint) {
            report.push(lint, entry, span(), message).help(help).upstream(&one.provenance);
        } else if class == Class::EXCLUSIVE {
            let message = format!("{message}, and is classed `exclusive`");
            report.push(lint, entry, span(), message).help(help);
        } else if class == Class::VENDOR {
            let message = format!("{message}, and is classed `vendor`");
            report.push(lint, entry, span(), message).help(help).at_most(Severity::Warning);
        }
    }
}

/// What nobody sees in a value and everything is compared with.
pub(super) fn stray_blank(value: &str) -> Option<String> {
    let odd = value.chars().find(|c| {
        (c.is_whitespace() && *c != ' ')
            || ('\u{200b}'..='\u{200f}').contains(c)
            || *c == '\u{feff}'
    });
    match odd {
        Some(c) => Some(format!("the blank U+{:04X}", u32::from(c))),
        None if value.contains("  ") => Some("two blanks in a row".to_owned()),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_read_and_have_nothing_twice() {
        let Common { platform, words } = common();
        for list in [&words.any, &words.files] {
            for (at, word) in list.iter().enumerate() {
                assert!(!list[..at].contains(word), "{word} stands twice");
                assert_eq!(*word, word.to_lowercase());
            }
        }
        for (at, one) in platform.iter().enumerate() {
            assert!(
                platform[..at].iter().all(|other| other.domain != one.domain),
                "{}",
                one.domain
            );
        }
    }

    #[test]
    fn words_are_anybodys_if_all_of_them_are() {
        for (value, expected) in [
            ("Remote Desktop", true),
            ("Remote Support Software, Inc.", true),
            ("AnyDesk Software", false),
            ("Level", false),
            ("IT", true),
            ("x1", true),
            ("RMM", true),
            ("…", true),
        ] {
            assert_eq!(words(value).is_some(), expected, "{value}");
        }
        assert!(file_name("Setup.exe").is_some());
        assert!(file_name("agent").is_some());
        assert!(file_name("anydesk.exe").is_none());
    }
}
