//! Whose a host is: which names are everybody's.
//!
//! The public suffix list says under which names anybody registers; its private
//! part names the platforms that give a name to each customer. What it cannot
//! say, hosts where customers stand in the path, is in `common.toml`.

use super::broad::common;

/// What stands at a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// A suffix under which anybody registers names, such as `co.uk`.
    Registry,
    /// A host at which everybody has something; what it is, in words.
    Platform(&'static str),
    /// It ends in no suffix there is.
    Nobody,
    /// Somebody's own.
    Own,
}

/// Suffixes that are no registry's and may stand in a catalog all the same:
/// reserved for examples, and names inside a network.
const RESERVED: &[&str] =
    &["example", "test", "invalid", "localhost", "local", "internal", "lan", "corp", "home.arpa"];

/// Whose the host `name` itself is, in lower case.
pub(super) fn whose(name: &str) -> Whose {
    for platform in &common().platform {
        let at = name == platform.domain;
        let below =
            name.strip_suffix(platform.domain.as_str()).is_some_and(|above| above.ends_with('.'));
        if at || below && platform.below {
            return Whose::Platform(&platform.what);
        }
    }
    let Some(suffix) = psl::suffix(name.as_bytes()) else { return Whose::Own };
    let known = suffix.is_known();
    if !known {
        let reserved = |end: &str| name == end || name.ends_with(&format!(".{end}"));
        return if RESERVED.iter().any(|end| reserved(end)) { Whose::Own } else { Whose::Nobody };
    }
    match (suffix == name.as_bytes(), suffix.typ()) {
        (false, _) => Whose::Own,
        (true, Some(psl::Type::Private)) => {
            Whose::Platform("a platform whose customers have names below it")
        }
        (true, _) => Whose::Registry,
    }
}

/// The part of a host pattern that has no wildcard, from the right.
pub(super) fn fixed_end(pattern: &str) -> &str {
    match pattern.rfind('*') {
        None => pattern,
        Some(star) => match pattern[star..].find('.') {
            None => "",
            Some(dot) => &pattern[star + dot + 1..],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_everybodys_or_somebodys() {
        for (host, expected) in [
            ("co.uk", Whose::Registry),
            ("com", Whose::Registry),
            ("anydesk.com", Whose::Own),
            ("relay.net.anydesk.com", Whose::Own),
            // Customers have names below it; one of them is somebody's own.
            ("github.io", Whose::Platform("a platform whose customers have names below it")),
            ("contoso.github.io", Whose::Own),
            // Customers stand in the path, whatever the host.
            ("github.com", Whose::Platform("hosting of code")),
            ("gist.github.com", Whose::Platform("hosting of code")),
            ("raw.githubusercontent.com", Whose::Platform("hosting of code")),
            ("notgithub.com", Whose::Own),
            ("relay.exe", Whose::Nobody),
            ("relay.vendor.example", Whose::Own),
            ("vendor.local", Whose::Own),
        ] {
            assert_eq!(whose(host), expected, "{host}");
        }
    }

    #[test]
    fn a_pattern_is_as_wide_as_its_fixed_end() {
        for (pattern, end) in [
            ("relay-*.net.vendor.example", "net.vendor.example"),
            ("*.co.uk", "co.uk"),
            ("a.*.b-*.vendor.example", "vendor.example"),
            ("vendor.example", "vendor.example"),
            ("vendor.*", ""),
        ] {
            assert_eq!(fixed_end(pattern), end, "{pattern}");
        }
    }
}
