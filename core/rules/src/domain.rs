//! `under`: a host is a domain or below it, label by label.
//!
//! KQL has no such operator, and `has` is no substitute: a dot or a hyphen is
//! a border to it, so `x.com.evil.example` and `my-x.com` have `x.com`. The
//! value is a host as `remote.host` holds it; nothing is cut out of URLs here,
//! because there is one place that does that, the sources' mapping.

use std::collections::HashMap;

use crate::fold::fold_text;

/// The domain in the form it is compared in, or what is wrong with it.
pub(crate) fn normalize(literal: &str) -> Result<String, &'static str> {
    if literal.is_empty() {
        return Err("it is empty");
    }
    if literal.contains('*') {
        return Err("it holds a wildcard; every host below the domain is met without one");
    }
    if literal.starts_with('.') {
        return Err("it begins with a dot; leave the dot out");
    }
    if literal.ends_with('.') {
        return Err("it ends with a dot; leave the dot out");
    }
    if literal.contains("..") {
        return Err("it holds an empty label");
    }
    if literal.contains("://") {
        return Err("it holds a scheme; leave only the host name");
    }
    if literal.contains(['/', '\\', '?', '#', '@', ':']) {
        return Err("it holds more than a host name; leave out user, port, path and query");
    }
    if literal.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("it holds a blank");
    }
    Ok(fold_text(literal).into_owned())
}

/// The form in which hosts are compared.
fn without_root(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// Whether `host` (folded) is `domain` (normalized) or below it.
pub(crate) fn is_under(host: &str, domain: &str) -> bool {
    without_root(host)
        .strip_suffix(domain)
        .is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

/// Many domains, by id.
#[derive(Debug, Default)]
pub(crate) struct Domains {
    ids: HashMap<Box<str>, Vec<u32>>,
    longest: usize,
}

impl Domains {
    pub(crate) fn insert(&mut self, domain: String, id: u32) {
        self.longest = self.longest.max(domain.len());
        self.ids.entry(domain.into()).or_default().push(id);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The ids of the domains that `host` (folded) is or is below, from the
    /// broadest domain on.
    pub(crate) fn above<'d>(&'d self, host: &'d str) -> impl Iterator<Item = &'d [u32]> {
        let host = without_root(host);
        // No domain is longer than the longest, so a hostile value of dots
        // alone costs a few look-ups.
        let shortest_start = host.len().saturating_sub(self.longest);
        let borders = memchr::memrchr_iter(b'.', host.as_bytes()).map(|dot| dot + 1).chain([0]);
        borders
            .take_while(move |&start| start >= shortest_start)
            .filter_map(|start| self.ids.get(&host[start..]).map(Vec::as_slice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_and_many_agree() {
        let domains = ["com", "x.com", "a.x.com", "y.org", "münchen.de"];
        let mut many = Domains::default();
        for (id, domain) in domains.iter().enumerate() {
            many.insert((*domain).to_owned(), id as u32);
        }
        for host in [
            "",
            ".",
            "com",
            "com.",
            "com..",
            "x.com",
            "x.com.",
            "ax.com",
            "a.x.com",
            "b.a.x.com",
            ".x.com",
            "x.com.y.org",
            "x_com",
            "xn--x.com",
            "a.münchen.de",
            "ünchen.de",
            "y.orga",
        ] {
            let mut found: Vec<u32> = many.above(host).flatten().copied().collect();
            found.sort_unstable();
            let expected: Vec<u32> = (0..domains.len() as u32)
                .filter(|&id| is_under(host, domains[id as usize]))
                .collect();
            assert_eq!(found, expected, "{host}");
        }
    }

    #[test]
    fn domains_are_host_names() {
        assert_eq!(normalize("SupRemo.COM").as_deref(), Ok("supremo.com"));
        for wrong in [
            "",
            ".x.com",
            "x.com.",
            "*.x.com",
            "https://x.com",
            "x.com/",
            "x.com:443",
            "u@x.com",
            "x com",
            "x..com",
        ] {
            assert!(normalize(wrong).is_err(), "{wrong}");
        }
    }
}
