//! What a detector wants to see, and what it is told of why it sees it.

use abi_stable::{StableAbi, std_types::RStr};

use crate::{Field, Kind};

crate::open_id! {
    /// How a value is compared. Open: an unknown operator in an interest is
    /// refused by the host, because ignoring it would miss events. In a
    /// witness it says which predicate held.
    Op(u16)
}

macro_rules! ops {
    ($($id:literal $konst:ident $name:literal $meaning:literal;)*) => {
        impl Op {
            $(#[doc = $meaning] pub const $konst: Op = Op($id);)*

            /// The operator as rules and witnesses spell it; `"?"` if unknown.
            pub fn name(self) -> &'static str {
                match self.0 {
                    $($id => $name,)*
                    _ => "?",
                }
            }

            /// Whether this host knows the operator.
            pub fn is_known(self) -> bool {
                const KNOWN: &[u16] = &[$($id),*];
                KNOWN.contains(&self.0)
            }
        }
    };
}

ops! {
    1 KIND "kind" "Every event of the kind; field and literal are ignored.";
    2 HAS "has" "The literal occurs as whole terms, case ignored (KQL `has`).";
    3 HAS_CS "has_cs" "As `has`, case-sensitive.";
    4 HASPREFIX "hasprefix" "A term begins with the literal, case ignored.";
    5 HASPREFIX_CS "hasprefix_cs" "As `hasprefix`, case-sensitive.";
    6 HASSUFFIX "hassuffix" "A term ends with the literal, case ignored.";
    7 HASSUFFIX_CS "hassuffix_cs" "As `hassuffix`, case-sensitive.";
    8 CONTAINS "contains" "The literal occurs anywhere, case ignored.";
    9 CONTAINS_CS "contains_cs" "As `contains`, case-sensitive.";
    10 STARTSWITH "startswith" "The value begins with the literal, case ignored.";
    11 STARTSWITH_CS "startswith_cs" "As `startswith`, case-sensitive.";
    12 ENDSWITH "endswith" "The value ends with the literal, case ignored.";
    13 ENDSWITH_CS "endswith_cs" "As `endswith`, case-sensitive.";
    14 EQ "=~" "The value equals the literal, case ignored.";
    15 EQ_CS "==" "The value equals the literal exactly.";
    16 UNDER "under" "The host equals the domain or is a subdomain of it, label by label.";
    17 HAS_ANY "has_any" "Witnesses only: one of several literals, as `has`.";
    18 HAS_ALL "has_all" "Witnesses only: all of several literals, as `has`.";
    19 IN "in" "Witnesses only: one of several values, exactly.";
    20 IN_CI "in~" "Witnesses only: one of several values, case ignored.";
    21 REGEX "matches regex" "Witnesses only: a regular expression matched.";
    22 INDICATOR "indicator" "Witnesses only: not a predicate of the rule, but another indicator of the same tool that the event carries.";
    23 CODE "code" "Witnesses only: decided by the detector's code.";
}

/// One thing that a detector wants to see: events of `kind` whose `field`
/// compares to `literal` by `op`, or every event of a kind ([`Op::KIND`]).
///
/// Owner: the detector. Borrowed for the call that pushes it; the host copies.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Interest<'a> {
    /// The kind, or [`kind::ANY`](crate::kind::ANY).
    pub kind: Kind,
    /// A text field.
    pub field: Field,
    /// One of the operators up to [`Op::UNDER`].
    pub op: Op,
    /// Never empty, but for [`Op::KIND`].
    pub literal: RStr<'a>,
}

/// Why a row was routed to a detector. A detector is shown every row that met
/// one of its interests, with one hit per interest met, ordered by row; and
/// nothing says that a hit is *all* that a row meets in other detectors.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Row of the batch, `< batch.len`.
    pub row: u32,
    /// Index of the interest, in the order in which the detector pushed them.
    pub interest: u32,
}
