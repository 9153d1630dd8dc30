//! The command line, as a contract: `docs/output.md` and the help say the same.

mod catalog;
mod tools;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

pub(crate) use self::catalog::{DiffArgs, Level, LintArgs, NewArgs, TestArgs};
pub(crate) use self::tools::{
    FindArgs, KqlArgs, ListArgs, Product, ShowArgs, ToolsArgs, ToolsCommand, ToolsOutput,
};

/// Finds remote-management (RMM) tools in the logs that you already have.
#[derive(Debug, Parser)]
#[command(name = "remora", version, about, propagate_version = true, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What is said beside the report.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct LogArgs {
    /// Say nothing but errors on standard error.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more on standard error; again for more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// When to use colours; NO_COLOR is honoured.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether to use colours on a stream that is a terminal or is not.
    pub(crate) fn choice(self, terminal: bool) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run detectors over event sources and report what they find.
    Sweep(Box<SweepArgs>),
    /// The catalog of tools, as a person reads it.
    Tools(ToolsArgs),
    /// The catalog of tools, as its keeper works on it.
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Say of the given events why each rule fired or did not.
    Explain(Box<ExplainArgs>),
    /// Plugins: what is found, what would load and why not, and whom to trust.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, in roff.
    Man,
}

/// `remora catalog`
#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Bring the tools' files in line with a collection of others; what people wrote in them stays.
    Import(ImportArgs),
    /// Say what is wrong with tools' files: what is too broad, never fires, is not tried.
    Lint(LintArgs),
    /// Show every example of tools' files to the detectors, and say which do not come out.
    Test(TestArgs),
    /// Write the file of a new tool, with what is known of it filled in.
    New(NewArgs),
    /// Say what differs between two catalogs, and between what they find.
    Diff(DiffArgs),
}

/// `remora catalog import`
#[derive(Debug, ClapArgs)]
pub(crate) struct ImportArgs {
    /// The collection: rmm-tools.
    pub(crate) collection: String,
    /// The root of a copy of it.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// The folder of the tools' files.
    #[arg(long, value_name = "DIR", default_value = "catalog/tools")]
    pub(crate) to: PathBuf,
    /// The collection's commit, in full [default: the one that the catalog is at].
    #[arg(long, value_name = "COMMIT")]
    pub(crate) commit: Option<String>,
    /// The day to note for what is compared now [default: the one that the catalog is at].
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<String>,
    /// Write out every remark, not only the first of each sort.
    #[arg(long)]
    pub(crate) all: bool,
}

/// `remora plugin`
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// List the linked-in detectors and the plugins of the plugin folders. Runs none of them.
    List {
        /// Look in this folder too.
        #[arg(long, value_name = "DIR")]
        plugin_dir: Vec<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what a plugin file says of itself and whether it would load. Does not run it.
    Info {
        /// The plugin's .so file.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Allow a plugin file, by its bytes, to be loaded from plugin folders. Does not run it.
    Trust {
        /// The plugin's .so file.
        file: PathBuf,
    },
    /// Take that back.
    Untrust {
        /// The plugin's name or SHA-256.
        plugin: String,
    },
}

const SWEEP_EXAMPLES: &str = "Examples:
  remora sweep exports/                         everything in a folder, as a table
  remora sweep --since 5d net.csv proc.csv      what a KQL query over five days would give
  zcat events.gz | remora sweep -o out.ndjson - standard input to a file

Exit status: 0 ran through; 1 --fail-on found something; 2 could not do what was asked.";

/// `remora sweep`
#[derive(Debug, ClapArgs)]
#[command(after_help = SWEEP_EXAMPLES)]
pub(crate) struct SweepArgs {
    /// Files, folders (recursive), globs, or - for standard input.
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Begin of the time window, included: a time, a date, or a span back from now such as 5d.
    #[arg(long, value_name = "T", help_heading = "Input")]
    pub(crate) since: Option<String>,
    /// End of the time window, included.
    #[arg(long, value_name = "T", help_heading = "Input")]
    pub(crate) until: Option<String>,
    /// The instant that spans count from: a time, or last-event [default: the clock].
    #[arg(long, value_name = "T", help_heading = "Input")]
    pub(crate) now: Option<String>,
    /// Whose events these are, where a source names no tenant.
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub(crate) tenant: Option<String>,

    #[command(flatten)]
    pub(crate) detectors: DetectorArgs,

    #[command(flatten)]
    pub(crate) exclusions: ExclusionArgs,
    /// List what was excluded, too, apart from the rest.
    #[arg(long, help_heading = "Exclusions")]
    pub(crate) show_excluded: bool,

    /// Report format [default: table on a terminal, ndjson in a pipe].
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) output: Option<Output>,
    /// Write the report to this file.
    #[arg(short = 'o', value_name = "FILE", help_heading = "Output")]
    pub(crate) file: Option<PathBuf>,
    /// Group by tool and device, or by rule as KQL does [default: tool for table, else rule].
    #[arg(long, value_name = "BY", help_heading = "Output")]
    pub(crate) group: Option<Group>,
    /// Exit with status 1 if there is such a sighting.
    #[arg(long, value_name = "WHAT", help_heading = "Output")]
    pub(crate) fail_on: Option<FailOn>,
    /// Refused records, unreadable inputs, a failed detector or a refused plugin make the exit status 2.
    #[arg(long, help_heading = "Output")]
    pub(crate) strict: bool,

    /// Keep standard input in this folder during the run, so that it can be read twice: for
    /// --now last-event, and for rules that look for what others learned.
    #[arg(long, value_name = "DIR", help_heading = "Work")]
    pub(crate) spool: Option<PathBuf>,
    /// Parse every record, also those that no detector could care for.
    #[arg(long, help_heading = "Work")]
    pub(crate) validate: bool,
    /// Do not show how far it is; it is shown on a terminal only.
    #[arg(long, help_heading = "Work")]
    pub(crate) no_progress: bool,
    /// Worker threads [default: one per core]; no effect on the output. With 1
    /// there is no other thread.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Work")]
    pub(crate) threads: Option<u16>,
}

/// How inputs are read.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReadingArgs {
    /// Force the source format instead of recognising it by content.
    #[arg(long, value_name = "NAME", default_value = "auto", help_heading = "Input")]
    pub(crate) format: String,
    /// The zone of times that an input declares local, such as Europe/Berlin or +02:00; such an
    /// input is refused without it.
    #[arg(long, value_name = "ZONE", help_heading = "Input")]
    pub(crate) timezone: Option<String>,
    /// Names that end in it are what a resolver made of another name by its search list; the
    /// domains of devices count without it.
    #[arg(long, value_name = "DOMAIN", help_heading = "Input")]
    pub(crate) search_suffix: Vec<String>,
}

/// Which detectors run, and what of them is reported.
#[derive(Debug, ClapArgs)]
pub(crate) struct DetectorArgs {
    /// Run these detectors only.
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Detectors")]
    pub(crate) detector: Vec<String>,
    /// Load this plugin too; replaces a detector of the same name that is linked in or in a folder.
    #[arg(long, value_name = "FILE", help_heading = "Detectors")]
    pub(crate) plugin: Vec<PathBuf>,
    /// Load the trusted plugins of this folder too.
    #[arg(long, value_name = "DIR", help_heading = "Detectors")]
    pub(crate) plugin_dir: Vec<PathBuf>,
    /// Give this detector its settings, a TOML file.
    #[arg(long, value_name = "NAME=FILE", help_heading = "Detectors")]
    pub(crate) plugin_config: Vec<String>,
    /// Look for the tools of this folder's files instead of the embedded ones.
    #[arg(long, value_name = "DIR", help_heading = "Detectors")]
    pub(crate) catalog: Option<PathBuf>,
    /// Look for the tools of this folder's files too; one replaces the embedded tool of its id.
    #[arg(long, value_name = "DIR", help_heading = "Detectors")]
    pub(crate) catalog_add: Vec<PathBuf>,
    /// Look for this too, without a catalog entry; reported as tool adhoc. TYPE is one of domain,
    /// host, url, ip, cidr, sha1, sha256, md5, signer, company, product, file, path, service,
    /// instance.
    #[arg(long, value_name = "TYPE:VALUE", help_heading = "Detectors")]
    pub(crate) indicator: Vec<String>,
    /// Look for the indicators of this file too, one a line; # begins a comment.
    #[arg(long, value_name = "FILE", help_heading = "Detectors")]
    pub(crate) indicators: Vec<PathBuf>,
    /// Report these tools only.
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Detectors")]
    pub(crate) tool: Vec<String>,
    /// Report these rules only.
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Detectors")]
    pub(crate) rule: Vec<String>,
}

/// What is taken out of the report.
#[derive(Debug, ClapArgs)]
pub(crate) struct ExclusionArgs {
    /// Exclude findings by this scenario of the catalog; an unknown name lists them.
    #[arg(long, value_name = "NAME[,KEY=VALUE…]", help_heading = "Exclusions")]
    pub(crate) scenario: Vec<String>,
}

const EXPLAIN_EXAMPLES: &str = "Examples:
  remora explain net.csv:1042             the record that a sighting names as evidence
  remora explain --why-not net.csv:1042   why each rule for such an event did not fire
  grep ws-04 net.ndjson | remora explain --tool supremo -

Without --tool, --rule and --why-not, rules that fired are explained, and those that came near: one
of the values that they ask for is there. Exit status: 0, or 2 if it could not do what was asked.";

/// `remora explain`
#[derive(Debug, ClapArgs)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// Files, FILE:LINE, FILE:LINE-LINE, folders, globs, or - for standard input.
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) reading: ReadingArgs,

    #[command(flatten)]
    pub(crate) detectors: DetectorArgs,

    #[command(flatten)]
    pub(crate) exclusions: ExclusionArgs,

    /// Explain the rules that did not fire.
    #[arg(long, help_heading = "Output")]
    pub(crate) why_not: bool,
    /// Text for people, or one JSON object.
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub(crate) output: TextOrJson,
    /// Stop after so many events; 0 for no limit [default: 20 for text, else none].
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub(crate) limit: Option<u64>,
}

/// Forms of what is neither a list of sightings nor a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextOrJson {
    /// For people.
    Text,
    /// One object.
    Json,
}

/// Report formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Table,
    /// One object.
    Json,
    /// One object a line, the summary last.
    Ndjson,
    /// One row a sighting, safe to open in a spreadsheet.
    Csv,
}

/// How findings become sightings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// By tool and device.
    Tool,
    /// By rule and its keys.
    Rule,
}

/// What makes the exit status 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Any sighting.
    Any,
}
