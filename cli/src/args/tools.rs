//! `remora tools`

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

/// `remora tools`
#[derive(Debug, ClapArgs)]
pub(crate) struct ToolsArgs {
    #[command(subcommand)]
    pub(crate) command: ToolsCommand,
    /// The tools of this folder's files instead of the embedded ones.
    #[arg(long, value_name = "DIR", global = true, help_heading = "Catalog")]
    pub(crate) catalog: Option<PathBuf>,
    /// The tools of this folder's files too; one replaces the embedded tool of its id.
    #[arg(long, value_name = "DIR", global = true, help_heading = "Catalog")]
    pub(crate) catalog_add: Vec<PathBuf>,
}

/// The commands of `remora tools`.
#[derive(Debug, Subcommand)]
pub(crate) enum ToolsCommand {
    /// Every tool of the catalog, with what it is recognised by.
    List(ListArgs),
    /// All that the catalog knows of a tool: indicators, rules, sources, what to do next.
    Show(ShowArgs),
    /// Which tool a domain, URL, company, signer, file name or hash belongs to; or which tools an
    /// inventory of installed software names.
    Find(FindArgs),
    /// Print the queries that fetch the logs worth sweeping from Defender or Sentinel.
    Kql(KqlArgs),
}

/// Forms of what is told of tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ToolsOutput {
    /// For people.
    Text,
    /// One object.
    Json,
}

/// `remora tools list`
#[derive(Debug, ClapArgs)]
pub(crate) struct ListArgs {
    /// Tools of this category only: remote-desktop, remote-management, remote-support,
    /// device-management, remote-access.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) category: Vec<String>,
    /// A table for people, or one JSON object.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ToolsOutput,
}

/// `remora tools show`
#[derive(Debug, ClapArgs)]
pub(crate) struct ShowArgs {
    /// Ids, names or other names of tools; case, blanks and punctuation do not count.
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// Text for people, or one JSON object.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ToolsOutput,
}

const FIND_EXAMPLES: &str = "Examples:
  remora tools find relay-3185a847.net.anydesk.com   a host below a domain, or one that fits a pattern
  remora tools find 'philandro Software GmbH'        a company or a signer
  remora tools find --inventory software.csv         what is installed where

Exit status: 0 whether something was found or not; 2 if it could not do what was asked.";

/// `remora tools find`
#[derive(Debug, ClapArgs)]
#[command(after_help = FIND_EXAMPLES)]
pub(crate) struct FindArgs {
    /// Domains, host names, URLs, addresses, companies, products, signers, file names, hashes,
    /// names of tools.
    #[arg(value_name = "TERM", required_unless_present = "inventory")]
    pub(crate) terms: Vec<String>,
    /// A CSV file of installed software, one row a device and program; again for more.
    #[arg(long, value_name = "FILE", help_heading = "Inventory")]
    pub(crate) inventory: Vec<PathBuf>,
    /// Which column is the program's name, its vendor, the device or the version, if the header
    /// does not tell: name=Application, vendor=…, device=…, version=….
    #[arg(
        long,
        value_name = "PART=COLUMN",
        value_delimiter = ',',
        requires = "inventory",
        help_heading = "Inventory"
    )]
    pub(crate) column: Vec<String>,
    /// Text for people, or one JSON object.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: ToolsOutput,
}

const KQL_EXAMPLES: &str = "Examples:
  remora tools kql --days 1                                   a query a table, for the last day
  remora tools kql --days 30 --every 6 --to queries/          each query as a file
  remora tools kql --tool anydesk --table DeviceProcessEvents --for sentinel

Each query fetches every row that a rule of the catalog could match: sweep what they give back.
docs/getting-logs.md says how to run them, and what limits the answers.";

/// `remora tools kql`
#[derive(Debug, ClapArgs)]
#[command(after_help = KQL_EXAMPLES)]
pub(crate) struct KqlArgs {
    /// These tables only: DeviceNetworkEvents, DeviceProcessEvents, DeviceFileCertificateInfo,
    /// DeviceEvents.
    #[arg(long, value_name = "TABLE", value_delimiter = ',')]
    pub(crate) table: Vec<String>,
    /// Rules of these tools only.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) tool: Vec<String>,
    /// Whose tables.
    #[arg(long = "for", value_name = "PRODUCT", default_value = "defender")]
    pub(crate) product: Product,
    /// So many days back from now, rounded up to the hour.
    #[arg(long, value_name = "N", default_value = "7", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) days: u32,
    /// Hours of one query. Fewer hours, fewer rows: an answer that was cut off needs less.
    #[arg(long, value_name = "HOURS", default_value = "24", value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub(crate) every: u32,
    /// The instant that the days count from [default: the clock].
    #[arg(long, value_name = "T")]
    pub(crate) now: Option<String>,
    /// Characters of one query, at most; what is longer is cut into several.
    #[arg(long, value_name = "N", default_value = "10000")]
    pub(crate) length: usize,
    /// Write each query to a file of its own in this folder, instead of standard output.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
}

/// Whose tables are queried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Product {
    /// Microsoft Defender XDR, advanced hunting.
    Defender,
    /// Microsoft Sentinel, Log Analytics.
    Sentinel,
}
