//! The host in a value that is a URL or a name.
//!
//! The rules of a look-up, not of a browser: nothing is percent-decoded, no
//! other dot than `.` separates labels, and Unicode names stay as they are, in
//! lower case. A URL parser would refuse or rewrite much of what logs hold
//! (`host:port`, underscores, bare names), and a value that it refused would
//! be a host that nobody finds.

use std::{borrow::Cow, net::Ipv6Addr};

use memchr::{memchr, memrchr};

/// The longest name that DNS can carry, in bytes, without the final dot.
const LONGEST: usize = 253;

/// The host of `value`: without scheme (or a leading `//`), user information, port, path, query,
/// fragment, brackets and one final dot, in lower case. A backslash ends the host like a slash.
///
/// None where there is no name: an address (IPv4 or IPv6), an empty label, more than 253 bytes.
///
/// ```
/// use remora_sources::host::host_of;
///
/// assert_eq!(host_of("https://user:pw@WWW.Example.com:443/x").as_deref(), Some("www.example.com"));
/// assert_eq!(host_of("203.0.113.9"), None);
/// ```
pub fn host_of<'v>(value: &'v str) -> Option<Cow<'v, str>> {
    let rest = after_scheme(value.trim_ascii());
    let (end, kinds) = authority(rest.as_bytes());
    let authority = &rest[..end];
    if kinds & !(DOT | DIGIT) == 0 {
        let host = authority.strip_suffix('.').unwrap_or(authority);
        let plain = !host.is_empty() && !host.starts_with('.') && !host.ends_with('.');
        // Only where the last byte is a digit can all labels be numbers.
        let number = host.as_bytes().last().is_some_and(u8::is_ascii_digit) && is_ipv4(host);
        return (plain && !number && host.len() <= LONGEST).then_some(Cow::Borrowed(host));
    }
    let host = memrchr(b'@', authority.as_bytes()).map_or(authority, |at| &authority[at + 1..]);
    let before = |host: &'v str, end: u8| memchr(end, host.as_bytes()).map(|at| &host[..at]);
    let host = match host.strip_prefix('[') {
        Some(bracketed) => before(bracketed, b']')?,
        None if is_ipv6(host) => return None,
        None => before(host, b':').unwrap_or(host),
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    let dots_touch = host.as_bytes().windows(2).any(|two| two == b"..");
    let plain = !host.is_empty() && !host.starts_with('.') && !host.ends_with('.') && !dots_touch;
    if !plain || is_ipv4(host) || is_ipv6(host) {
        return None;
    }
    let host = lower(host);
    (host.len() <= LONGEST).then_some(host)
}

/// What a byte is in an authority: of plain names nothing, ...
const DOT: u8 = 1;
const DIGIT: u8 = 2;
/// ... and else something that needs a closer look.
const OTHER: u8 = 4;
/// It ends the authority.
const END: u8 = 8;

const BYTES: [u8; 256] = {
    let mut bytes = [OTHER; 256];
    let mut byte = 0;
    while byte < 128 {
        bytes[byte] = match byte as u8 {
            b'.' => DOT,
            b'0'..=b'9' => DIGIT,
            b'/' | b'\\' | b'?' | b'#' => END,
            b'@' | b':' | b'[' | b']' | b'A'..=b'Z' => OTHER,
            _ => 0,
        };
        byte += 1;
    }
    bytes
};

/// Where the authority ends that `bytes` begin with, and what is in it; two dots in a row count as
/// something else.
#[inline]
fn authority(bytes: &[u8]) -> (usize, u8) {
    let (mut kinds, mut before) = (0, 0);
    for (at, &byte) in bytes.iter().enumerate() {
        let kind = BYTES[usize::from(byte)];
        if kind == END {
            return (at, kinds);
        }
        kinds |= kind | if kind & before & DOT != 0 { OTHER } else { 0 };
        before = kind;
    }
    (bytes.len(), kinds)
}

/// What follows `scheme://` or a leading `//`.
fn after_scheme(value: &str) -> &str {
    // Neither a scheme nor nothing at all has a slash in it: the first one decides.
    let Some(slash) = memchr(b'/', value.as_bytes()) else { return value };
    let (scheme, rest) = value.split_at(slash);
    let Some(rest) = rest.strip_prefix("//") else { return value };
    let Some(scheme) = scheme.strip_suffix(':') else {
        return if scheme.is_empty() { rest } else { value };
    };
    let mut bytes = scheme.bytes();
    let named = bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-'));
    if named { rest } else { value }
}

/// Four labels of digits. Out of range or with leading zeros it is no name either.
fn is_ipv4(host: &str) -> bool {
    if !host.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let mut labels = 0;
    host.split('.').all(|label| {
        labels += 1;
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit())
    }) && labels == 4
}

/// An IPv6 address, perhaps with a zone.
fn is_ipv6(host: &str) -> bool {
    memchr(b':', host.as_bytes()).is_some() && {
        let address = host.split_once('%').map_or(host, |(address, _)| address);
        address.parse::<Ipv6Addr>().is_ok()
    }
}

/// Lower case, letter by letter: what stands beside a letter does not change it.
pub(crate) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    Cow::Owned(text.chars().flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rule as it is stated, one step after the other.
    fn by_steps(value: &str) -> Option<String> {
        let value = value.trim_ascii();
        let named = |scheme: &str| {
            scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
        };
        let rest = match value.split_once("//") {
            Some(("", rest)) => rest,
            Some((scheme, rest)) if scheme.strip_suffix(':').is_some_and(named) => rest,
            _ => value,
        };
        let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or("");
        let host = authority.rsplit('@').next().unwrap_or("");
        let host = match host.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']')?.0,
            None if is_ipv6(host) => return None,
            None => host.split(':').next().unwrap_or(""),
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        let address = is_ipv4(host) || is_ipv6(host);
        let host = lower(host).into_owned();
        let name = !address && host.split('.').all(|label| !label.is_empty());
        (name && host.len() <= LONGEST).then_some(host)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]

        #[test]
        fn the_quick_way_is_the_same(
            value in "([a-z]{1,5}:)?/{0,3}[a-c.]{0,3}[aZ0-9.:@/?#\\\\%\\[\\] é_-]{0,16}[.]?",
        ) {
            prop_assert_eq!(host_of(&value).map(Cow::into_owned), by_steps(&value));
        }
    }

    const CASES: &[(&str, Option<&str>)] = &[
        // Values of a URL column that a name look-up and a term look-up see differently.
        ("supremocontrol.com", Some("supremocontrol.com")),
        ("www.supremocontrol.com", Some("www.supremocontrol.com")),
        ("SupremoControl.COM", Some("supremocontrol.com")),
        ("https://SUPREMOCONTROL.com:443/x", Some("supremocontrol.com")),
        ("supremocontrol.com:8080", Some("supremocontrol.com")),
        ("//supremocontrol.com/x", Some("supremocontrol.com")),
        ("supremocontrol.com.", Some("supremocontrol.com")),
        ("https://user:pw@www.supremocontrol.com/", Some("www.supremocontrol.com")),
        ("xn--80ak6aa92e.supremocontrol.com", Some("xn--80ak6aa92e.supremocontrol.com")),
        ("supremocontrol.com.evil.example", Some("supremocontrol.com.evil.example")),
        ("my-supremocontrol.com", Some("my-supremocontrol.com")),
        ("supremocontrol.com-cdn.example", Some("supremocontrol.com-cdn.example")),
        ("_supremocontrol.com", Some("_supremocontrol.com")),
        ("https://supremocontrol.com@evil.example/", Some("evil.example")),
        ("https://supremocontrol.com:pw@evil.example/", Some("evil.example")),
        ("https://evil.example/?next=supremocontrol.com", Some("evil.example")),
        ("https://evil.example/supremocontrol.com/a", Some("evil.example")),
        ("https://notsupremocontrol.com/?r=supremocontrol.com", Some("notsupremocontrol.com")),
        ("supremocontrol.com%2Fx", Some("supremocontrol.com%2fx")),
        ("notsupremocontrol.com", Some("notsupremocontrol.com")),
        ("1supremocontrol.com", Some("1supremocontrol.com")),
        ("supremocontrol.com2", Some("supremocontrol.com2")),
        ("supremocontrol.company", Some("supremocontrol.company")),
        ("a.supremocontrol.community", Some("a.supremocontrol.community")),
        ("supremocontrol.co", Some("supremocontrol.co")),
        ("supremocontrol_com", Some("supremocontrol_com")),
        ("supremocontrol . com", Some("supremocontrol . com")),
        ("https%3A%2F%2Fsupremocontrol.com%2F", Some("https%3a%2f%2fsupremocontrol.com%2f")),
        ("supremocontrol%2Ecom", Some("supremocontrol%2ecom")),
        ("https://x/%73upremocontrol.com", Some("x")),
        ("xn--supremocontrol-9za.com", Some("xn--supremocontrol-9za.com")),
        ("sуpremocontrol.com", Some("sуpremocontrol.com")),
        ("supremocontrol。com", Some("supremocontrol。com")),
        ("ésupremocontrol.com", Some("ésupremocontrol.com")),
        ("supremocontrol.comé", Some("supremocontrol.comé")),
        ("203.0.113.9", None),
        ("", None),
        // Schemes, and what only looks like one.
        ("wss://X.com/", Some("x.com")),
        ("svn+ssh://x.com/", Some("x.com")),
        ("1x://x.com/", Some("1x")),
        ("a_b://x.com/", Some("a_b")),
        ("x.com//y.com", Some("x.com")),
        ("https:/x.com/", Some("https")),
        ("https:///x.com", None),
        ("https://", None),
        ("://x.com", None),
        // What ends the host.
        ("x.com/", Some("x.com")),
        ("x.com?q=1", Some("x.com")),
        ("x.com#f", Some("x.com")),
        (r"https:\\x.com\y", Some("https")),
        (r"https://evil.example\@x.com/", Some("evil.example")),
        ("https://x.com/@y.com", Some("x.com")),
        ("https://a@b@x.com/", Some("x.com")),
        ("u@x.com", Some("x.com")),
        ("https://x.com?@y.com", Some("x.com")),
        // Ports.
        ("x.com:", Some("x.com")),
        ("x.com:https", Some("x.com")),
        ("x.com:443:80", Some("x.com")),
        (":443", None),
        // Addresses.
        ("203.0.113.9:443", None),
        ("https://203.0.113.9/x", None),
        ("203.0.113.9.", None),
        ("010.001.1.1", None),
        ("999.1.1.1", None),
        ("1.2.3", Some("1.2.3")),
        ("1.2.3.4.5", Some("1.2.3.4.5")),
        ("1.2.3.4a", Some("1.2.3.4a")),
        ("2001:db8::1", None),
        ("::ffff:192.0.2.1", None),
        ("fe80::1%eth0", None),
        ("[2001:db8::1]", None),
        ("https://[2001:db8::1]:443/x", None),
        ("https://[fe80::1%25eth0]/", None),
        ("[2001:db8::1", None),
        ("[x.com]:443", Some("x.com")),
        ("[]", None),
        // Labels.
        ("localhost", Some("localhost")),
        ("a..b", None),
        (".x.com", None),
        ("x.com..", None),
        (".", None),
        // Case, letter by letter: a final sigma is a sigma.
        ("BÜCHER.EXAMPLE", Some("bücher.example")),
        ("ΟΔΟΣ.example", Some("οδοσ.example")),
        (" x.com\t", Some("x.com")),
        ("x\u{fffd}.com", Some("x\u{fffd}.com")),
    ];

    #[test]
    fn hosts_are_cut_out_and_nothing_else_is_changed() {
        for &(value, expected) in CASES {
            assert_eq!(host_of(value).as_deref(), expected, "{value:?}");
        }
    }

    /// The limit counts bytes of the name as it is looked up.
    #[test]
    fn names_beyond_what_dns_can_carry_are_none() {
        let longest = format!("{}.com", vec!["abcdefghi"; 25].join(".").split_at(249).0);
        assert_eq!(longest.len(), 253);
        assert_eq!(host_of(&longest).as_deref(), Some(&longest[..]));
        assert_eq!(host_of(&format!("{longest}.")).as_deref(), Some(&longest[..]));
        assert_eq!(host_of(&format!("x{longest}")), None);
        assert_eq!(host_of(&format!("https://{longest}/{longest}")).as_deref(), Some(&longest[..]));
    }

    #[test]
    fn a_host_in_lower_case_is_borrowed() {
        assert!(matches!(host_of("https://x.com/A"), Some(Cow::Borrowed("x.com"))));
    }
}
