//! What the commands of the catalog's keeper are told.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::{ReadingArgs, TextOrJson};

const LINT_EXAMPLES: &str = "Examples:
  remora catalog lint                           the program's own catalog
  remora catalog lint --addition mine/          files that are used beside it
  remora catalog lint --level note acme.toml    everything there is to say

docs/lints.md says of each code what it means and how it is mended. Exit status: 0 no error; 1
errors; 2 could not do what was asked.";

/// `remora catalog lint`
#[derive(Debug, ClapArgs)]
#[command(after_help = LINT_EXAMPLES)]
pub(crate) struct LintArgs {
    /// Tools' files, or folders of them [default: the catalog in the program].
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The files are used beside the catalog in the program: compare them with it, and take
    /// missing examples for warnings.
    #[arg(long, requires = "paths")]
    pub(crate) addition: bool,
    /// Show findings of at least this severity; others are counted.
    #[arg(long, value_name = "LEVEL", default_value = "warning")]
    pub(crate) level: Level,
    /// Text for people, or one JSON object with every finding.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: TextOrJson,
}

const TEST_EXAMPLES: &str = "Examples:
  remora catalog test                                 the program's own catalog
  remora catalog test acme.toml                       a file of your own
  remora catalog test --plugin libacme.so acme.toml   and through a plugin that knows its tool

Exit status: 0 all came out as they say; 1 some did not; 2 could not do what was asked.";

/// `remora catalog test`
#[derive(Debug, ClapArgs)]
#[command(after_help = TEST_EXAMPLES)]
pub(crate) struct TestArgs {
    /// Tools' files, or folders of them [default: the catalog in the program].
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Show the examples to this plugin too, of the tools that it knows. Runs it.
    #[arg(long, value_name = "FILE")]
    pub(crate) plugin: Vec<PathBuf>,
    /// Text for people, or one JSON object.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: TextOrJson,
}

const NEW_EXAMPLES: &str = "Example:
  remora catalog new \"Vendor Desk\" --domain vendor.example --company \"Vendor Ltd\"

writes vendor-desk.toml. Exit status: 0; 2 if it could not do what was asked.";

/// `remora catalog new`
#[derive(Debug, ClapArgs)]
#[command(after_help = NEW_EXAMPLES)]
pub(crate) struct NewArgs {
    /// The tool's name; its letters and digits make the id and the file's name.
    pub(crate) name: String,
    /// The folder to write into.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) to: PathBuf,
    /// A domain that its programs talk to; again for more.
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) domain: Vec<String>,
    /// A company name in its programs' version resources; again for more.
    #[arg(long, value_name = "NAME")]
    pub(crate) company: Vec<String>,
    /// A product name in its programs' version resources; again for more.
    #[arg(long, value_name = "NAME")]
    pub(crate) product: Vec<String>,
    /// Who signs its programs; again for more.
    #[arg(long, value_name = "NAME")]
    pub(crate) signer: Vec<String>,
}

/// Severities of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// What is wrong.
    Error,
    /// And what is probably not meant.
    Warning,
    /// And what is worth knowing.
    Note,
}

const DIFF_EXAMPLES: &str = "Examples:
  remora catalog diff embedded mine/ --addition     what your folder changes beside it
  remora catalog diff old/ new/ --on exports/       and what that changes in a sweep

Exit status, as diff has it: 0 the same; 1 something differs; 2 could not do what was asked.";

/// `remora catalog diff`
#[derive(Debug, ClapArgs)]
#[command(after_help = DIFF_EXAMPLES)]
pub(crate) struct DiffArgs {
    /// A folder of tools' files, or embedded: the catalog in the program.
    pub(crate) old: PathBuf,
    /// Likewise.
    pub(crate) new: PathBuf,
    /// NEW stands beside the catalog in the program, as with sweep --catalog-add.
    #[arg(long)]
    pub(crate) addition: bool,
    /// Sweep these files, folders or globs with both catalogs, and say which sightings differ.
    #[arg(long, value_name = "INPUT", num_args = 1..)]
    pub(crate) on: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Text for people, or one JSON object.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: TextOrJson,
}
