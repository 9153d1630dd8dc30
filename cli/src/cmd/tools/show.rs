//! `remora tools show`

use std::io::Write as _;

use anyhow::Result;
use remora_catalog::Tool;

use super::{by_name, printed};
use crate::{
    args::{ShowArgs, ToolsOutput},
    exit::Status,
    report::tools::{json, show},
};

pub(super) fn run(tools: &[Tool], args: &ShowArgs, colour: bool) -> Result<Status> {
    let tools = by_name(tools, &args.names)?;
    printed(
        args.output == ToolsOutput::Json,
        || json::tools(&tools),
        |out| {
            for (at, tool) in tools.iter().enumerate() {
                if at > 0 {
                    writeln!(out, "\n")?;
                }
                show::write(tool, colour, out)?;
            }
            Ok(())
        },
    )
}
