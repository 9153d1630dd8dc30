//! The rules of one tool with its indicators: the plain data that a catalog
//! gives and a rule-driven detector runs.

use remora_abi::{Class, Field, Kind, Op, Role, field};

use crate::Expr;

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
    /// The subject of a signing certificate.
    Signer "signer" HAS [PROCESS_SIGNER, FILE_SIGNER];
    /// The name of a service.
    Service "service" EQ [SERVICE_NAME];
}
