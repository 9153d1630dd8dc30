//! Patterns of host names and URLs with `*`, as catalogs write them.
//!
//! No regular expressions: a catalog has hundreds of these, and compiling as
//! many expressions would be most of a start. Case is ignored in ASCII letters.

/// Whether a host name meets `pattern`, in which each `*` stands for one or
/// more characters of one label: `relay-*.net.example` is met by
/// `relay-3f.net.example`, not by `relay-.net.example` or `relay-a.b.net.example`.
pub fn host_meets(pattern: &str, host: &str) -> bool {
    meets(pattern.as_bytes(), host.as_bytes(), &|part| !part.is_empty() && !part.contains(&b'.'))
}

/// The labels of `host` above `domain`: `""` where the host is the domain,
/// `www` where it is `www.` below it; none where it is neither.
pub fn labels_above<'h>(host: &'h str, domain: &str) -> Option<&'h str> {
    let at = host.len().checked_sub(domain.len()).filter(|_| !domain.is_empty())?;
    let (above, end) = host.as_bytes().split_at(at);
    match (end.eq_ignore_ascii_case(domain.as_bytes()), above.last()) {
        (true, None) => Some(""),
        (true, Some(b'.')) => host.get(..at - 1),
        _ => None,
    }
}

/// Whether a URL meets `pattern`, in which each `*` stands for any run of
/// characters, also for none. A scheme before the URL is skipped.
pub fn url_meets(pattern: &str, url: &str) -> bool {
    let rest = url.find("://").map_or(url, |at| &url[at + 3..]);
    meets(pattern.as_bytes(), rest.as_bytes(), &|_| true)
}

fn meets(pattern: &[u8], text: &[u8], star: &dyn Fn(&[u8]) -> bool) -> bool {
    let Some(at) = pattern.iter().position(|&byte| byte == b'*') else {
        return pattern.eq_ignore_ascii_case(text);
    };
    let (head, tail) = (&pattern[..at], &pattern[at + 1..]);
    if text.len() < head.len() || !text[..head.len()].eq_ignore_ascii_case(head) {
        return false;
    }
    let rest = &text[head.len()..];
    // With one star left there is one place where the tail can be.
    if !tail.contains(&b'*') {
        return rest.len() >= tail.len() && {
            let (part, end) = rest.split_at(rest.len() - tail.len());
            star(part) && end.eq_ignore_ascii_case(tail)
        };
    }
    (0..=rest.len()).any(|len| star(&rest[..len]) && meets(tail, &rest[len..], star))
}

#[cfg(test)]
mod tests {
    use super::{host_meets, labels_above, url_meets};

    #[test]
    fn hosts_are_compared_label_by_label() {
        let domain = "supremocontrol.com";
        for (host, expected) in [
            ("supremocontrol.com", Some("")),
            ("SupremoControl.COM", Some("")),
            ("www.supremocontrol.com", Some("www")),
            ("a.b.supremocontrol.com", Some("a.b")),
            // The letter before the domain is not a dot.
            ("my-supremocontrol.com", None),
            ("notsupremocontrol.com", None),
            ("_supremocontrol.com", None),
            // Others' names that hold the domain's text.
            ("supremocontrol.com.evil.example", None),
            ("supremocontrol.com-cdn.example", None),
            ("supremocontrol.co", None),
            // A letter of several bytes where the cut falls.
            ("é.supremocontrol.com", Some("é")),
            ("ésupremocontrol.com", None),
            ("", None),
        ] {
            assert_eq!(labels_above(host, domain), expected, "{host}");
        }
        assert_eq!(labels_above("a.example", ""), None);
    }

    #[test]
    fn a_star_stays_in_its_label() {
        for (pattern, host, expected) in [
            ("relay-*.net.example", "relay-3f.net.example", true),
            ("relay-*.net.example", "RELAY-3F.NET.example", true),
            ("relay-*.net.example", "relay-.net.example", false),
            ("relay-*.net.example", "relay-a.b.net.example", false),
            ("relay-*.net.example", "relay-3f.net.example.evil", false),
            ("relay-*.net.example", "xrelay-3f.net.example", false),
            ("*.*.example", "a.b.example", true),
            ("*.*.example", "a.example", false),
            ("server-*-relay.x.example", "server-é-relay.x.example", true),
            ("plain.example", "plain.example", true),
            ("*.example", "", false),
        ] {
            assert_eq!(host_meets(pattern, host), expected, "{pattern} {host}");
        }
    }

    #[test]
    fn a_star_in_a_url_stands_for_anything() {
        for (pattern, url, expected) in [
            ("x.example/download*", "https://x.example/download/a.exe", true),
            ("x.example/download*", "X.example/download", true),
            ("x.example/download*", "https://x.example.evil/download", false),
            ("x.example/*/get/*", "http://x.example/en/get/", true),
            ("x.example/*/get/*", "http://x.example/get", false),
            ("x.example", "https://x.example", true),
        ] {
            assert_eq!(url_meets(pattern, url), expected, "{pattern} {url}");
        }
    }
}
