//! The lints: what each is called and how much it weighs.
//!
//! A code never changes its meaning: suppressions and other programs name it.
//! `docs/lints.md` has a section for each.

use remora_rules::Severity::{self, Error, Warning};

use super::Strictness;

/// One thing that may be wrong with a catalog.
#[derive(Debug, PartialEq, Eq)]
pub struct Lint {
    /// What it is called in output, in suppressions and in the docs.
    pub code: &'static str,
    /// How much it weighs in a catalog, at most.
    pub catalog: Severity,
    /// How much it weighs in an addition, at most.
    pub addition: Severity,
}

impl Lint {
    /// How much it weighs, at most.
    pub fn severity(&self, strictness: Strictness) -> Severity {
        match strictness {
            Strictness::Catalog => self.catalog,
            Strictness::Addition => self.addition,
        }
    }
}

macro_rules! lints {
    ($($(#[$meta:meta])* $name:ident $code:literal $catalog:ident $addition:ident;)*) => {
        $($(#[$meta])* pub(super) static $name: Lint =
            Lint { code: $code, catalog: $catalog, addition: $addition };)*

        /// Every lint, in the order of the docs.
        pub static LINTS: &[&Lint] = &[$(&$name,)*];
    };
}

lints! {
    /// A file that is no tool's file.
    INVALID_FILE "invalid-file" Error Error;
    /// Something still to be filled in.
    UNFINISHED "unfinished" Error Error;
    /// A file that is not called like its tool.
    FILE_NAME "file-name" Error Error;
    /// Two files of one tool.
    DUPLICATE_TOOL "duplicate-tool" Error Error;
    /// Two rules of one id.
    DUPLICATE_RULE "duplicate-rule" Error Error;
    /// Names that differ only in spelling.
    SIMILAR_NAME "similar-name" Error Warning;
    /// A tool that is named and not there.
    UNKNOWN_TOOL "unknown-tool" Error Warning;
    /// Entries of others without their names.
    ATTRIBUTION "attribution" Error Warning;
    /// A tool that nothing finds.
    NO_RULE "no-rule" Error Warning;
    /// A tool that has nothing of its own.
    NOTHING_EXCLUSIVE "nothing-exclusive" Error Warning;
    /// An analyst is not told what to do.
    NO_NEXT_STEPS "no-next-steps" Error Warning;
    /// A suffix under which anybody registers names.
    PUBLIC_SUFFIX "public-suffix" Error Error;
    /// A name that ends in no suffix there is.
    NO_SUCH_SUFFIX "no-such-suffix" Warning Warning;
    /// A host at which everybody has something.
    SHARED_PLATFORM "shared-platform" Error Error;
    /// A word that anybody uses.
    BARE_WORD "bare-word" Error Error;
    /// A wildcard where none is understood.
    WILDCARD "wildcard" Error Error;
    /// Blanks that nobody sees.
    STRAY_BLANK "stray-blank" Warning Warning;
    /// Capitals where there never are any.
    UPPER_CASE "upper-case" Error Error;
    /// One indicator of two tools.
    SHARED_INDICATOR "shared-indicator" Error Error;
    /// A domain below another tool's own.
    DOMAIN_BELOW "domain-below" Warning Warning;
    /// A rule that no source can meet.
    NEVER_FILLED "never-filled" Error Error;
    /// A rule that wants to see everything.
    WIDE_RULE "wide-rule" Error Warning;
    /// A rule without an example that fires it.
    NO_EXAMPLE "no-example" Error Warning;
    /// A rule without an example that does not fire it.
    NO_NEAR_MISS "no-near-miss" Error Warning;
    /// A part of a rule that no example tries.
    UNTRIED "untried" Error Warning;
    /// A suppression of nothing.
    UNUSED_ALLOW "unused-allow" Warning Warning;
}

/// The lint of a code.
pub fn lint_of(code: &str) -> Option<&'static Lint> {
    LINTS.iter().copied().find(|lint| lint.code == code)
}
