//! The rules of one tool with its indicators: the plain data that a catalog
//! gives and a rule-driven detector runs.

use remora_abi::{Class, Field, Kind, Op, Role, field};

use crate::{Expr, Instance, TextOp, TextPredicate};

/// One tool's rules and indicators.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// The tool's id, e.g. `supremo`.
    pub tool: String,
    /// The tool's name, for people.
    pub tool_name: String,
    /// Its rules.
    pub rules: Vec<RuleSpec>,
    /// What is known to be the tool's; gives witnesses their class and role.
    pub indicators: Vec<Indicator>,
    /// Where the name of an installation stands; the first that finds one decides.
    pub instances: Vec<Instance>,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct RuleSpec {
    /// Unique id.
    pub id: String,
    /// For people.
    pub title: String,
    /// The kinds it looks at.
    pub kinds: Vec<Kind>,
    /// What must hold.
    pub expr: Expr,
    /// The keys by which its findings are grouped, beside the tenant.
    pub keys: Vec<Field>,
    /// ATT&CK ids.
    pub techniques: Vec<String>,
    /// The field, if any, whose value in each event that it finds is learned,
    /// for rules that ask `in learned("…")` for this rule's id.
    pub learns: Option<Field>,
}

/// Something by which a tool is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indicator {
    /// What it is.
    pub ty: IndicatorType,
    /// Its value.
    pub value: String,
    /// How strongly it speaks for the tool.
    pub class: Class,
    /// Which part it plays.
    pub role: Role,
}

impl Indicator {
    /// What a field must be for the indicator to show in it; none for types
    /// that are no comparison of one text: patterns of hosts and URLs
    /// ([`crate::pattern`]), and ports.
    pub fn predicate(&self, field: Field) -> Option<Expr> {
        let (op, literal) = match (self.ty, self.ty.op()) {
            (IndicatorType::Address, _) => match self.value.split_once('/') {
                None => (TextOp::Eq, self.value.clone()),
                Some((network, bits)) => {
                    let kept = bits.parse::<usize>().ok()? / 8;
                    let octets: Vec<&str> = network.split('.').take(kept).collect();
                    (TextOp::StartsWith, format!("{}.", octets.join(".")))
                }
            },
            (_, Op::UNDER) => (TextOp::Under, self.value.clone()),
            (_, Op::HAS) => (TextOp::Has, self.value.clone()),
            (_, Op::EQ) => (TextOp::Eq, self.value.clone()),
            (_, Op::CONTAINS) => (TextOp::Contains, self.value.clone()),
            _ => return None,
        };
        Some(Expr::Text(TextPredicate {
            field,
            op,
            case_sensitive: false,
            negated: false,
            literals: vec![literal],
        }))
    }
}

macro_rules! indicator_types {
    ($($(#[$meta:meta])* $variant:ident $name:literal $op:ident [$($field:ident),*];)*) => {
        /// What an indicator is, hence in which fields it shows and how it is
        /// compared there.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum IndicatorType { $($(#[$meta])* $variant,)* }

        impl IndicatorType {
            /// Every type.
            pub const ALL: &[IndicatorType] = &[$(IndicatorType::$variant,)*];

            /// The name in catalogs.
            pub fn name(self) -> &'static str {
                match self { $(IndicatorType::$variant => $name,)* }
            }

            /// The fields it shows in.
            pub fn fields(self) -> &'static [Field] {
                match self { $(IndicatorType::$variant => &[$(field::$field),*],)* }
            }

            /// How its value is compared to those fields.
            pub fn op(self) -> Op {
                match self { $(IndicatorType::$variant => Op::$op,)* }
            }
        }
    };
}

indicator_types! {
    /// A domain: the host itself or a host below it.
    Domain "domain" UNDER [REMOTE_HOST];
    /// A host name in which `*` stands for a part of a label, as in
    /// `relay-*.net.example`; also how reports fold hosts together.
    HostPattern "host-pattern" REGEX [REMOTE_HOST];
    /// A URL in which `*` stands for anything, without its scheme.
    UrlPattern "url-pattern" REGEX [URL, REMOTE_URL];
    /// An address, or a network of whole octets such as `203.0.113.0/24`.
    Address "address" REGEX [REMOTE_IP];
    /// A port with its protocol, e.g. `7070/tcp`.
    Port "port" REGEX [REMOTE_PORT];
    /// A company name in a version resource.
    Company "company" HAS [PROCESS_COMPANY];
    /// A product name in a version resource.
    Product "product" HAS [PROCESS_PRODUCT];
    /// An original file name in a version resource.
    OriginalName "original-name" EQ [PROCESS_ORIGINAL_NAME];
    /// A file description in a version resource.
    Description "description" HAS [PROCESS_DESCRIPTION];
    /// A file name.
    FileName "file-name" EQ [PROCESS_NAME, FILE_NAME];
    /// A part of a path.
    Path "path" CONTAINS [PROCESS_IMAGE, PROCESS_FOLDER, FILE_PATH, SERVICE_PATH];
    /// The name of a service.
    Service "service" EQ [SERVICE_NAME];
    /// The subject of a signing certificate.
    Signer "signer" HAS [PROCESS_SIGNER, FILE_SIGNER];
    /// The subject of a certificate that a server shows.
    Certificate "certificate" HAS [TLS_CERT_SUBJECT];
    /// The hash of a file: MD5, SHA-1 or SHA-256 by its length.
    Hash "hash" EQ [PROCESS_SHA1, PROCESS_SHA256, PROCESS_MD5, FILE_SHA1, FILE_SHA256, FILE_MD5];
    /// A user agent.
    UserAgent "user-agent" HAS [HTTP_USER_AGENT];
}
