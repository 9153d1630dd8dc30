//! The judge: how sure, and what happened.
//!
//! Confidence is one pure function over the witnesses of *all* findings of one
//! tool about one event; stage is one over the event. Detectors state
//! witnesses, never a confidence, so that a forged version resource or a
//! look-alike name weighs the same whichever detector saw it. The cases are
//! data: `tests/cases/judge.toml`.

use std::{borrow::Borrow, fmt};

use remora_abi::{Class, Field, How, Kind, Op, Role, field, kind};
use serde::Serialize;

use crate::host::OwnedWitness;

/// How sure it is that the tool was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Only names of the vendor or of others, look-alikes, or a visit to a web page.
    Possible,
    /// One witness that only this tool has.
    Likely,
    /// Two independent witnesses, at least one of which only this tool has.
    Confirmed,
}

impl Confidence {
    /// Every level, weakest first.
    pub const ALL: [Confidence; 3] =
        [Confidence::Possible, Confidence::Likely, Confidence::Confirmed];

    /// The word in output.
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Possible => "possible",
            Confidence::Likely => "likely",
            Confidence::Confirmed => "confirmed",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What happened, in the order of how far it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It lies on the device: a file, a signature, an inventory entry.
    Present,
    /// A browser fetched an installer or a join link.
    Delivered,
    /// A name was asked for.
    Resolved,
    /// A connection failed or was blocked.
    Attempted,
    /// It ran, or listened.
    Executed,
    /// It reached its servers.
    Contacted,
}

impl Stage {
    /// The word in output.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Present => "present",
            Stage::Delivered => "delivered",
            Stage::Resolved => "resolved",
            Stage::Attempted => "attempted",
            Stage::Executed => "executed",
            Stage::Contacted => "contacted",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which programs are browsers: catalog data, handed in by whoever runs the
/// sweep. Names are file names, compared without case.
#[derive(Clone, Debug, Default)]
pub struct Browsers {
    /// Programs in which a person looks at web pages.
    pub browsers: Vec<String>,
    /// Programs that show web pages inside others; the parent decides.
    pub embedded: Vec<String>,
}

impl Browsers {
    /// Whether `process`, started by `parent`, is a browser.
    pub fn include(&self, process: &str, parent: &str) -> bool {
        let among = |names: &[String], name: &str| {
            names.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        if among(&self.embedded, process) {
            return among(&self.browsers, parent);
        }
        among(&self.browsers, process)
    }
}

/// What the judge looks at in an event, beside its witnesses.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The event's kind.
    pub kind: Kind,
    /// What the source calls it.
    pub action: &'a str,
    /// `success`, `failure`, `attempt` or empty.
    pub outcome: &'a str,
    /// How a name was seen.
    pub observation: &'a str,
    /// Whether the process is a browser.
    pub browser: bool,
}

impl Circumstances<'_> {
    /// A name that was asked for, with nothing to say that it was reached.
    fn is_question(&self) -> bool {
        self.kind == kind::DNS || matches!(self.observation, "dns_query" | "dns_answer")
    }

    fn has_failed(&self) -> bool {
        matches!(self.outcome, "failure" | "attempt")
    }
}

/// Witnesses of one source are one witness: whoever writes the company name
/// into a version resource writes the product beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ground {
    /// The name of a remote host, wherever it was seen.
    Name,
    /// The version resource of a program.
    VersionResource,
    /// The certificate that signed a file.
    Signer,
    /// The hash of a file.
    Hash,
    /// The name or path of a file.
    FileName,
    /// A service.
    Service,
    /// An entry of a software inventory.
    Inventory,
    /// Any other field is a ground of its own.
    Other(Field),
}

impl Ground {
    /// The ground that a field speaks of.
    pub fn of(field: Field) -> Ground {
        match field {
            field::REMOTE_HOST | field::REMOTE_URL | field::URL | field::DNS_ANSWERS => {
                Ground::Name
            }
            field::PROCESS_COMPANY
            | field::PROCESS_PRODUCT
            | field::PROCESS_DESCRIPTION
            | field::PROCESS_ORIGINAL_NAME
            | field::PROCESS_INTERNAL_NAME
            | field::PROCESS_PRODUCT_VERSION => Ground::VersionResource,
            field::PROCESS_SIGNER | field::FILE_SIGNER | field::FILE_SIGNER_HASH => Ground::Signer,
            field::PROCESS_SHA1
            | field::PROCESS_SHA256
            | field::PROCESS_MD5
            | field::FILE_SHA1
            | field::FILE_SHA256
            | field::FILE_MD5 => Ground::Hash,
            field::PROCESS_NAME
            | field::PROCESS_IMAGE
            | field::PROCESS_FOLDER
            | field::FILE_NAME
            | field::FILE_PATH => Ground::FileName,
            field::SERVICE_NAME | field::SERVICE_PATH => Ground::Service,
            field::SOFTWARE_NAME | field::SOFTWARE_VENDOR => Ground::Inventory,
            other => Ground::Other(other),
        }
    }

    /// The words in output.
    pub fn name(self) -> &'static str {
        match self {
            Ground::Name => "name",
            Ground::VersionResource => "version resource",
            Ground::Signer => "signer",
            Ground::Hash => "hash",
            Ground::FileName => "file name",
            Ground::Service => "service",
            Ground::Inventory => "inventory",
            Ground::Other(field) => field.name(),
        }
    }
}

/// What a witness is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Says nothing of the tool: another party's name that looks like it.
    Stray,
    /// Fits the tool and others.
    Weak,
    /// Only this tool has it.
    Strong,
}

impl Weight {
    /// The word in output.
    pub fn name(self) -> &'static str {
        match self {
            Weight::Stray => "stray",
            Weight::Weak => "weak",
            Weight::Strong => "strong",
        }
    }
}

/// What `witness` is worth in `event`, and why, in words.
pub fn weigh(event: &Circumstances<'_>, witness: &OwnedWitness) -> (Weight, &'static str) {
    match witness.how {
        How::LOOKALIKE => return (Weight::Stray, "the text stands in the name of another host"),
        How::SEARCH_SUFFIX => return (Weight::Stray, "a resolver's search-list attempt"),
        How::ELSEWHERE => return (Weight::Stray, "it stands in a path or query, not in the host"),
        _ => {}
    }
    match witness.class {
        Class::EXCLUSIVE => {}
        Class::VENDOR => return (Weight::Weak, "the vendor's other products have it too"),
        Class::SHARED => return (Weight::Weak, "others have it too"),
        _ => return (Weight::Weak, "nothing says that only this tool has it"),
    }
    // Looking at a vendor's web site, or asking for its name, is not using
    // the tool.
    if Ground::of(witness.field) != Ground::Name || witness.role != Role::MARKETING {
        return (Weight::Strong, "only this tool has it");
    }
    if event.browser {
        (Weight::Weak, "a browser on the vendor's web site")
    } else if event.is_question() {
        (Weight::Weak, "only the name of the vendor's web site was asked for")
    } else if event.has_failed() {
        (Weight::Weak, "the vendor's web site was not reached")
    } else if event.observation == "conn_rdns" {
        (Weight::Weak, "a reverse name of the vendor's web site")
    } else {
        (Weight::Strong, "only this tool has it, and no browser opened it")
    }
}

/// The grounds on which witnesses speak of the tool; look-alikes have none.
pub fn grounds(event: &Circumstances<'_>, witnesses: &[impl Borrow<OwnedWitness>]) -> Vec<Ground> {
    let mut grounds: Vec<Ground> = Vec::new();
    for witness in witnesses.iter().map(Borrow::borrow) {
        let ground = Ground::of(witness.field);
        if weigh(event, witness).0 != Weight::Stray && !grounds.contains(&ground) {
            grounds.push(ground);
        }
    }
    grounds
}

/// How sure the witnesses of all findings of one tool about one event make.
pub fn confidence(
    event: &Circumstances<'_>,
    witnesses: &[impl Borrow<OwnedWitness>],
) -> Confidence {
    let mut witnesses_of = witnesses.iter().map(Borrow::borrow);
    if !witnesses_of.any(|witness| weigh(event, witness).0 == Weight::Strong) {
        return Confidence::Possible;
    }
    match grounds(event, witnesses).len() {
        0 | 1 => Confidence::Likely,
        _ => Confidence::Confirmed,
    }
}

/// What happened in an event that speaks of a tool.
pub fn stage(event: &Circumstances<'_>, witnesses: &[impl Borrow<OwnedWitness>]) -> Stage {
    stage_and_why(event, witnesses).0
}

/// What happened in an event that speaks of a tool, and by what that is seen.
pub fn stage_and_why(
    event: &Circumstances<'_>,
    witnesses: &[impl Borrow<OwnedWitness>],
) -> (Stage, &'static str) {
    match event.kind {
        kind::SIGNATURE => (Stage::Present, "a signed file lies on the device"),
        kind::FILE => (Stage::Present, "a file lies on the device"),
        kind::INVENTORY => (Stage::Present, "the software inventory lists it"),
        kind::SERVICE => (Stage::Present, "a service is installed"),
        kind::PROCESS => (Stage::Executed, "a process started"),
        kind::IMAGE_LOAD => (Stage::Executed, "a process loaded it"),
        _ if event.is_question() => (Stage::Resolved, "a name was asked for"),
        _ if event.has_failed() => (Stage::Attempted, "the connection failed, or was only tried"),
        _ if event.action == "ListeningConnectionCreated" => (Stage::Executed, "it listens"),
        _ if event.browser && witnesses.iter().map(Borrow::borrow).any(delivers) => {
            (Stage::Delivered, "a browser on a download or join page")
        }
        _ => (Stage::Contacted, "a connection was made"),
    }
}

fn delivers(witness: &OwnedWitness) -> bool {
    matches!(witness.role, Role::DOWNLOAD | Role::JOIN | Role::INSTALLER)
        && matches!(witness.how, How::EXACT | How::SUBDOMAIN)
}

/// Which witness stands for a name when several do: see [`Op::INDICATOR`].
pub(super) fn is_supporting(witness: &OwnedWitness) -> bool {
    witness.op == Op::INDICATOR
}
