//! What can be asked for, and what of it is too broad to be asked for.

use std::fmt;

use remora_sdk::{Field, Op, field};

use crate::network::Network;

/// What an indicator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Type {
    Domain,
    Host,
    Url,
    Ip,
    Cidr,
    Sha1,
    Sha256,
    Md5,
    Signer,
    Company,
    Product,
    File,
    Path,
    Service,
    Instance,
}

impl Type {
    /// Every type, in the order of the help.
    pub const ALL: [Type; 15] = [
        Type::Domain,
        Type::Host,
        Type::Url,
        Type::Ip,
        Type::Cidr,
        Type::Sha1,
        Type::Sha256,
        Type::Md5,
        Type::Signer,
        Type::Company,
        Type::Product,
        Type::File,
        Type::Path,
        Type::Service,
        Type::Instance,
    ];

    /// The word before the colon.
    pub fn name(self) -> &'static str {
        match self {
            Type::Domain => "domain",
            Type::Host => "host",
            Type::Url => "url",
            Type::Ip => "ip",
            Type::Cidr => "cidr",
            Type::Sha1 => "sha1",
            Type::Sha256 => "sha256",
            Type::Md5 => "md5",
            Type::Signer => "signer",
            Type::Company => "company",
            Type::Product => "product",
            Type::File => "file",
            Type::Path => "path",
            Type::Service => "service",
            Type::Instance => "instance",
        }
    }

    /// The fields it shows in, each with how it is compared there. Networks
    /// are compared by code besides.
    pub(crate) fn shows(self) -> &'static [(Field, Op)] {
        const VERSION: [(Field, Op); 3] = [
            (field::PROCESS_NAME, Op::EQ),
            (field::PROCESS_ORIGINAL_NAME, Op::EQ),
            (field::FILE_NAME, Op::EQ),
        ];
        match self {
            Type::Domain => &[(field::REMOTE_HOST, Op::UNDER)],
            Type::Host => &[(field::REMOTE_HOST, Op::EQ)],
            Type::Url => &[(field::REMOTE_URL, Op::CONTAINS), (field::URL, Op::CONTAINS)],
            Type::Ip | Type::Cidr => &[(field::REMOTE_IP, Op::STARTSWITH)],
            Type::Sha1 => &[(field::PROCESS_SHA1, Op::EQ), (field::FILE_SHA1, Op::EQ)],
            Type::Sha256 => &[(field::PROCESS_SHA256, Op::EQ), (field::FILE_SHA256, Op::EQ)],
            Type::Md5 => &[(field::PROCESS_MD5, Op::EQ), (field::FILE_MD5, Op::EQ)],
            Type::Signer => &[(field::PROCESS_SIGNER, Op::HAS), (field::FILE_SIGNER, Op::HAS)],
            Type::Company => &[(field::PROCESS_COMPANY, Op::HAS)],
            Type::Product => &[(field::PROCESS_PRODUCT, Op::HAS)],
            Type::File => &VERSION,
            Type::Path => &[
                (field::PROCESS_IMAGE, Op::CONTAINS),
                (field::PROCESS_FOLDER, Op::CONTAINS),
                (field::FILE_PATH, Op::CONTAINS),
                (field::SERVICE_PATH, Op::CONTAINS),
            ],
            Type::Service => &[(field::SERVICE_NAME, Op::EQ)],
            Type::Instance => &[
                (field::REMOTE_HOST, Op::HAS),
                (field::REMOTE_URL, Op::HAS),
                (field::URL, Op::HAS),
                (field::PROCESS_CMDLINE, Op::HAS),
                (field::SERVICE_NAME, Op::HAS),
                (field::SERVICE_PATH, Op::HAS),
            ],
        }
    }
}

/// One thing that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Indicator {
    ty: Type,
    value: String,
}

/// `TYPE:VALUE`, as it can be read again.
impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.ty.name(), self.value)
    }
}

impl Indicator {
    /// What it is.
    pub fn ty(&self) -> Type {
        self.ty
    }

    /// Its value, in the form in which it is compared.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Reads `TYPE:VALUE`, or a value that can be only one thing: a URL, an
    /// address, a network, a hash, a domain. Values may be defanged
    /// (`hxxps://evil[.]example`).
    ///
    /// # Errors
    ///
    /// What is wrong and what would be accepted, in words.
    pub fn read(text: &str) -> Result<Indicator, String> {
        let text = text.trim();
        if let Some((name, value)) = text.split_once(':')
            && let Some(ty) = Type::ALL.into_iter().find(|ty| ty.name().eq_ignore_ascii_case(name))
        {
            return Indicator::of(ty, value);
        }
        let Some(ty) = guessed(&refanged(text)) else {
            let names = Type::ALL.map(Type::name).join(", ");
            return Err(format!(
                "{text:?} is no indicator: write TYPE:VALUE, where TYPE is one of {names}"
            ));
        };
        Indicator::of(ty, text)
    }

    /// Whether the text names its type.
    pub fn is_typed(text: &str) -> bool {
        let name = text.trim().split_once(':').map_or("", |(name, _)| name);
        Type::ALL.into_iter().any(|ty| ty.name().eq_ignore_ascii_case(name))
    }

    /// An indicator of this type.
    fn of(ty: Type, value: &str) -> Result<Indicator, String> {
        let value = value.trim();
        let wrong = |why: &str| Err(format!("{}:{value} {why}", ty.name()));
        if value.is_empty() {
            return wrong("has no value");
        }
        if value.contains(['\0', '\n', '\r']) {
            return wrong("holds a control character");
        }
        let value = match ty {
            Type::Domain | Type::Host => {
                let name = refanged(value).to_lowercase();
                let name = name.strip_prefix("*.").unwrap_or(&name).trim_end_matches('.');
                if name.contains("://") || name.contains('/') {
                    return wrong("is a URL: write url: before it, or leave out all but the host");
                }
                if !is_host(name) {
                    return wrong(
                        "is no host name: it is made of labels of letters, digits and hyphens (others in punycode), with a dot between them",
                    );
                }
                if name.parse::<std::net::IpAddr>().is_ok() {
                    return wrong("is an address: write ip: before it");
                }
                if ty == Type::Domain && !name.contains('.') {
                    return wrong(
                        "is a single label, under which half the Internet may lie: write host: for one host of that name",
                    );
                }
                name.to_owned()
            }
            Type::Url => {
                let url = refanged(value);
                let bare = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                let host = host_of(bare);
                if !is_host(&host.to_lowercase()) || !host.contains(['.', ':']) {
                    return wrong("is no URL: write it as https://host.example/path");
                }
                bare.to_owned()
            }
            Type::Ip | Type::Cidr => {
                let Some(network) = Network::read(&refanged(value)) else {
                    return wrong(
                        "is no address: write 203.0.113.7 or 2001:db8::7, a network with /bits",
                    );
                };
                if ty == Type::Ip && !network.is_address() {
                    return wrong("is a network: write cidr: before it");
                }
                if network.bits() < 8 {
                    return wrong("is too broad: give at least 8 bits");
                }
                network.to_string()
            }
            Type::Sha1 | Type::Sha256 | Type::Md5 => {
                let digits = match ty {
                    Type::Md5 => 32,
                    Type::Sha1 => 40,
                    _ => 64,
                };
                if value.len() != digits || !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return wrong(&format!("is no such hash: it has {digits} hexadecimal digits"));
                }
                value.to_lowercase()
            }
            Type::File if value.contains(['/', '\\']) => {
                return wrong("is a path: write path: before it, or leave out the folder");
            }
            Type::Signer | Type::Company | Type::Product | Type::Path | Type::Instance
                if value.chars().filter(|c| c.is_alphanumeric()).count() < 3 =>
            {
                return wrong("is too short: almost everything would have it");
            }
            _ => value.to_owned(),
        };
        Ok(Indicator { ty, value })
    }

    /// What to ask the host for, in place of the type's operator where there is
    /// one. For a network it may be more than what is meant.
    pub(crate) fn literal(&self) -> (Option<Op>, String) {
        let Some(network) = self.network() else { return (None, self.value.clone()) };
        let prefix = network.prefix();
        if network.is_address() && !self.value.contains(':') {
            // One address of version 4 has one spelling.
            (Some(Op::EQ), self.value.clone())
        } else if prefix.is_empty() {
            // Version 6, and nothing is sure of how it is spelled.
            (Some(Op::CONTAINS), ":".to_owned())
        } else {
            (Some(Op::STARTSWITH), prefix)
        }
    }

    /// The network that it is.
    pub(crate) fn network(&self) -> Option<Network> {
        matches!(self.ty, Type::Ip | Type::Cidr).then(|| Network::read(&self.value)).flatten()
    }
}

/// The type of a value that can be only one.
fn guessed(value: &str) -> Option<Type> {
    if let Some(network) = Network::read(value) {
        return Some(if network.is_address() { Type::Ip } else { Type::Cidr });
    }
    if value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return match value.len() {
            32 => Some(Type::Md5),
            40 => Some(Type::Sha1),
            64 => Some(Type::Sha256),
            _ => None,
        };
    }
    if value.contains("://") {
        return Some(Type::Url);
    }
    let name = value.strip_prefix("*.").unwrap_or(value).to_lowercase();
    // A file name looks like a domain: these endings are no zones.
    const FILES: [&str; 8] = [".exe", ".dll", ".msi", ".sys", ".ps1", ".bat", ".vbs", ".dmg"];
    let domain = is_host(&name)
        && name.contains('.')
        && !FILES.iter().any(|ending| name.ends_with(ending))
        && name
            .rsplit('.')
            .next()
            .is_some_and(|zone| zone.len() > 1 && !zone.starts_with(|c: char| c.is_ascii_digit()));
    domain.then_some(Type::Domain)
}

/// A value as it was before somebody made it unclickable: `hxxps://evil[.]example`
/// is `https://evil.example`.
pub fn refanged(value: &str) -> String {
    let mut text = value.to_owned();
    for (defanged, meant) in [
        ("[.]", "."),
        ("(.)", "."),
        ("{.}", "."),
        ("[dot]", "."),
        ("[:]", ":"),
        ("[://]", "://"),
        ("[/]", "/"),
    ] {
        text = text.replace(defanged, meant);
    }
    for scheme in ["hxxp", "hXXp", "HXXP"] {
        if let Some(rest) = text.strip_prefix(scheme) {
            text = format!("http{rest}");
        }
    }
    text
}

/// The host of a URL without its scheme.
pub(crate) fn host_of(bare: &str) -> &str {
    let authority = bare.split(['/', '?', '#']).next().unwrap_or(bare);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    host.split(':').next().unwrap_or(host)
}

fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !label.is_empty() && label.len() <= 63 && label.chars().all(allowed)
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::{Indicator, Type};

    #[test]
    fn indicators_are_read() {
        for (text, ty, value) in [
            ("domain:Evil.Example", Type::Domain, "evil.example"),
            ("domain:*.evil.example.", Type::Domain, "evil.example"),
            ("evil[.]example", Type::Domain, "evil.example"),
            ("host:relay-1.evil.example", Type::Host, "relay-1.evil.example"),
            ("host:dc01", Type::Host, "dc01"),
            ("hxxps://evil[.]example/a?b=C", Type::Url, "evil.example/a?b=C"),
            ("url:evil.example/x", Type::Url, "evil.example/x"),
            ("203.0.113.7", Type::Ip, "203.0.113.7"),
            ("2001:DB8::7", Type::Ip, "2001:db8::7"),
            ("203.0.113.77/24", Type::Cidr, "203.0.113.0/24"),
            ("D41D8CD98F00B204E9800998ECF8427E", Type::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
            (
                "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
                Type::Sha1,
                "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            ),
            ("company: Evil Corp ", Type::Company, "Evil Corp"),
            ("file:evil.exe", Type::File, "evil.exe"),
            (r"path:C:\ProgramData\evil", Type::Path, r"C:\ProgramData\evil"),
            ("SERVICE:EvilSvc", Type::Service, "EvilSvc"),
        ] {
            let read = Indicator::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((read.ty(), read.value()), (ty, value), "{text}");
            assert_eq!(Indicator::read(&read.to_string()), Ok(read), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, said) in [
            ("", "write TYPE:VALUE"),
            ("evil", "write TYPE:VALUE"),
            ("evil.exe", "write TYPE:VALUE"),
            ("domain:", "has no value"),
            ("domain:com", "single label"),
            ("domain:https://evil.example/", "is a URL"),
            ("domain:203.0.113.7", "write ip:"),
            ("domain:evil..example", "no host name"),
            ("url:nothing", "no URL"),
            ("ip:203.0.113.0/24", "write cidr:"),
            ("ip:evil.example", "no address"),
            ("cidr:10.0.0.0/4", "too broad"),
            ("cidr:::/4", "too broad"),
            ("sha256:abc", "64 hexadecimal digits"),
            (r"file:c:\evil.exe", "write path:"),
            ("company:ab", "too short"),
        ] {
            let error = Indicator::read(text).expect_err(text);
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
