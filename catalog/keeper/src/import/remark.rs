//! What an import has to say of the collection.

use std::fmt;

/// How much a remark changes what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Something could not be taken over.
    LeftOut,
    /// Something was read in spite of a fault, in the way that is said.
    Repaired,
    /// Something has to be looked at by a person.
    Open,
    /// Nothing was changed, but it is worth knowing.
    Odd,
}

impl Weight {
    /// The word in output.
    pub fn name(self) -> &'static str {
        match self {
            Weight::LeftOut => "left out",
            Weight::Repaired => "repaired",
            Weight::Open => "open",
            Weight::Odd => "odd",
        }
    }
}

/// One repair or oddity, with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// How much it changes.
    pub weight: Weight,
    /// What it is, in one word that does not change: `kql-syntax`.
    pub code: &'static str,
    /// The file, relative to the collection's root, with `/`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What it is, in words.
    pub message: String,
}

impl Remark {
    pub(super) fn new(
        weight: Weight,
        code: &'static str,
        file: &str,
        line: usize,
        message: impl Into<String>,
    ) -> Remark {
        Remark { weight, code, file: file.to_owned(), line, message: message.into() }
    }
}

/// On one line: `file:line: weight: message [code]`.
impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Remark { weight, code, file, line, message } = self;
        write!(f, "{file}:{line}: {}: {message} [{code}]", weight.name())
    }
}
