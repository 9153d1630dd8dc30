//! `under`: a host is a domain or below it, label by label.
//!
//! KQL has no such operator, and `has` is no substitute: a dot or a hyphen is
//! a border to it, so `x.com.evil.example` and `my-x.com` have `x.com`. The
//! value is a host as `remote.host` holds it; nothing is cut out of URLs here,
//! because there is one place that does that, the sources' mapping.

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

#[cfg(test)]
mod tests {
    use crate::{
        literals::{Literal, Literals},
        term::{Place, Value},
    };

    use super::*;

    #[test]
    fn borders_are_dots_and_the_ends() {
        for (host, domain, under) in [
            ("", "com", false),
            (".", "com", false),
            ("com", "com", true),
            ("com.", "com", true),
            ("com..", "com", false),
            ("x.com", "x.com", true),
            ("x.com.", "x.com", true),
            ("ax.com", "x.com", false),
            ("b.a.x.com", "x.com", true),
            (".x.com", "x.com", true),
            ("x.com.y.org", "x.com", false),
            ("x_com", "com", false),
            ("xn--x.com", "x.com", false),
            ("a.münchen.de", "münchen.de", true),
            ("münchen.de", "ünchen.de", false),
            ("y.orga", "y.org", false),
        ] {
            assert_eq!(is_under(host, domain), under, "{host} under {domain}");
            let domain = Literal { text: domain, place: Place::Under, case_sensitive: false };
            let many = Literals::new(&[domain]);
            assert_eq!(many.any(&Value::new(host)), under, "{host} under {domain:?}");
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
