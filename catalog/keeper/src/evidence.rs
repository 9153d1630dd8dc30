//! What a tool can be seen by, and what that is worth.

use remora_catalog::Tool;
use remora_rules::{
    Indicator,
    abi::{Class, Role, kind},
};

/// The kinds of evidence that rules of a tool look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Connections, DNS, TLS, HTTP, proxies.
    pub network: bool,
    /// Programs that ran.
    pub process: bool,
    /// File signatures.
    pub signature: bool,
    /// Files, services.
    pub other: bool,
}

impl Evidence {
    /// Of a tool's rules.
    pub fn of(tool: &Tool) -> Evidence {
        let mut evidence = Evidence::default();
        for &kind in tool.rules.iter().flat_map(|entry| &entry.rule.kinds) {
            match kind {
                kind::CONNECTION | kind::DNS | kind::HTTP | kind::TLS | kind::PROXY => {
                    evidence.network = true;
                }
                kind::PROCESS | kind::IMAGE_LOAD => evidence.process = true,
                kind::SIGNATURE => evidence.signature = true,
                _ => evidence.other = true,
            }
        }
        evidence
    }

    /// The names, in this order.
    pub fn names(self) -> Vec<&'static str> {
        let all = [
            ("network", self.network),
            ("process", self.process),
            ("signature", self.signature),
            ("other", self.other),
        ];
        all.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
    }
}

/// The confidence that an indicator gives where nothing else is seen: the
/// sweep's judge has the same levels, from events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alone {
    /// Others have it as well, or it says only that somebody looked.
    Possible,
    /// Only this tool has it.
    Likely,
}

impl Alone {
    /// What an indicator gives.
    pub fn of(indicator: &Indicator) -> Alone {
        let only = indicator.class == Class::EXCLUSIVE && indicator.role != Role::MARKETING;
        if only { Alone::Likely } else { Alone::Possible }
    }

    /// As reports have it.
    pub fn name(self) -> &'static str {
        match self {
            Alone::Possible => "possible",
            Alone::Likely => "likely",
        }
    }
}
