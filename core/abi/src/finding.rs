//! What a detector says: its rules, its findings and their witnesses.

use abi_stable::{
    StableAbi,
    std_types::{RSlice, RStr},
};

use crate::{Field, Kind, Op};

crate::open_id! {
    /// How strongly an indicator speaks for the tool.
    Class(u16)
}

impl Class {
    /// Not classified; judged like [`SHARED`](Self::SHARED).
    pub const UNKNOWN: Class = Class(0);
    /// Infrastructure of others that the tool uses too.
    pub const SHARED: Class = Class(1);
    /// The vendor's, but also of its other products or its web site.
    pub const VENDOR: Class = Class(2);
    /// Only this tool has it.
    pub const EXCLUSIVE: Class = Class(3);

    /// The name in catalogs and output; `""` if unknown.
    pub fn name(self) -> &'static str {
        match self {
            Class::SHARED => "shared",
            Class::VENDOR => "vendor",
            Class::EXCLUSIVE => "exclusive",
            _ => "",
        }
    }

    /// The class of this name.
    pub fn from_name(name: &str) -> Option<Class> {
        [Class::SHARED, Class::VENDOR, Class::EXCLUSIVE].into_iter().find(|c| c.name() == name)
    }
}

crate::open_id! {
    /// What part an indicator plays in the life of the tool. The judge needs
    /// it beside the class: a browser on a tool's marketing page is worth less
    /// than one on its download page, though both names are the tool's alone.
    Role(u16)
}

macro_rules! roles {
    ($($id:literal $konst:ident $name:literal $meaning:literal;)*) => {
        impl Role {
            $(#[doc = $meaning] pub const $konst: Role = Role($id);)*

            /// Every named role.
            pub const ALL: &[Role] = &[$(Role::$konst),*];

            /// The name in catalogs; `""` if unknown.
            pub fn name(self) -> &'static str {
                match self.0 {
                    $($id => $name,)*
                    _ => "",
                }
            }

            /// The role of this name.
            pub fn from_name(name: &str) -> Option<Role> {
                Role::ALL.iter().copied().find(|role| role.name() == name)
            }
        }
    };
}

impl Role {
    /// No role stated.
    pub const UNKNOWN: Role = Role(0);
}

roles! {
    1 AGENT "agent" "The program on the managed device.";
    2 SERVICE "service" "A service of the tool in the cloud.";
    3 VIEWER "viewer" "The program of the one who controls.";
    4 HELPER "helper" "A part that the agent starts.";
    5 INSTALLER "installer" "An installer.";
    6 UPDATER "updater" "An updater or its server.";
    7 RELAY "relay" "A relay that carries sessions.";
    8 PORTAL "portal" "A console or account page.";
    9 DOWNLOAD "download" "Where the client is downloaded.";
    10 JOIN "join" "Where a session is joined.";
    11 MARKETING "marketing" "The vendor's web site.";
    12 OTHER_PRODUCT "other-product" "Another product of the vendor.";
}

crate::open_id! {
    /// How a name stands to the indicator it met.
    How(u16)
}

impl How {
    /// Not a name, or not known.
    pub const NONE: How = How(0);
    /// The host is the indicator.
    pub const EXACT: How = How(1);
    /// The host is below the indicator.
    pub const SUBDOMAIN: How = How(2);
    /// The text occurs elsewhere in the host: another party's name.
    pub const LOOKALIKE: How = How(3);
    /// A resolver's search-list attempt.
    pub const SEARCH_SUFFIX: How = How(4);
    /// The text occurs in path, query, fragment or user info.
    pub const ELSEWHERE: How = How(5);

    /// The name in output; `""` if none.
    pub fn name(self) -> &'static str {
        match self {
            How::EXACT => "exact",
            How::SUBDOMAIN => "subdomain",
            How::LOOKALIKE => "lookalike",
            How::SEARCH_SUFFIX => "search_suffix",
            How::ELSEWHERE => "elsewhere",
            _ => "",
        }
    }
}

/// One rule of a detector: what `--rule`, grouping, coverage and explanations
/// use.
///
/// Owner: the detector. Borrowed for the call that pushes it; the host copies.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct RuleInfo<'a> {
    /// Unique id, e.g. a GUID or `supremo.domain`.
    pub id: RStr<'a>,
    /// The tool it finds, by id.
    pub tool: RStr<'a>,
    /// The tool's name, for people.
    pub tool_name: RStr<'a>,
    /// The rule's name, for people.
    pub title: RStr<'a>,
    /// ATT&CK ids.
    pub techniques: RSlice<'a, RStr<'a>>,
    /// The kinds it looks at.
    pub kinds: RSlice<'a, Kind>,
    /// The keys by which its findings are grouped, beside the tenant.
    pub keys: RSlice<'a, Field>,
    /// The fields it reads to decide.
    pub fields: RSlice<'a, Field>,
    /// The rule in the rule language; `""` where it is decided by code.
    pub where_text: RStr<'a>,
}

/// One reason for a finding.
///
/// Owner: the detector. Borrowed for the call that pushes its finding.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Witness<'a> {
    /// The field that was looked at.
    pub field: Field,
    /// The predicate that held.
    pub op: Op,
    /// The literal it was compared to.
    pub literal: RStr<'a>,
    /// The value seen.
    pub seen: RStr<'a>,
    /// How strongly the indicator speaks for the tool.
    pub class: Class,
    /// Which part it plays.
    pub role: Role,
    /// How a name met it.
    pub how: How,
}

/// A text that a detector adds to a finding.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct FindingText<'a> {
    /// Which field it fills.
    pub field: Field,
    /// Its value.
    pub text: RStr<'a>,
}

/// Something learned from the events of one pass, to be looked for in the next:
/// the hash of a signed file, say.
///
/// Owner: who passes it (a detector that learns, the host that gives it back).
/// Borrowed for that call. Since ABI 1.1.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Fact<'a> {
    /// The text field in which the literal is to be looked for.
    pub field: Field,
    /// The literal; never empty.
    pub literal: RStr<'a>,
    /// Which of the detector's sets it belongs to; the detector's own word, `""`
    /// if it has only one.
    pub set: RStr<'a>,
}

/// [`Finding::row`] of a finding that belongs to no single event.
pub const NO_ROW: u32 = u32::MAX;

/// One detector's statement about one event. Confidence does not cross: the
/// host derives it from the witnesses of all findings about the event.
///
/// Owner: the detector. Borrowed for the call that pushes it; the host copies,
/// and keeps what was pushed in a call only if that call returns without an
/// error.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Finding<'a> {
    /// Row of the batch, or [`NO_ROW`].
    pub row: u32,
    /// Index of the rule, in the order in which the detector pushed them.
    pub rule: u32,
    /// Which installation of the tool; `""` if not known.
    pub instance: RStr<'a>,
    /// Why.
    pub witnesses: RSlice<'a, Witness<'a>>,
    /// What the detector adds.
    pub extra: RSlice<'a, FindingText<'a>>,
}
