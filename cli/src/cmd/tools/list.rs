//! `remora tools list`

use anyhow::{Result, bail};
use remora_catalog::{Category, Tool};
use remora_rules::nearest;

use super::printed;
use crate::{
    args::{ListArgs, ToolsOutput},
    exit::Status,
    report::tools::{json, list},
};

pub(super) fn run(tools: &[Tool], args: &ListArgs, colour: bool) -> Result<Status> {
    let known = || Category::ALL.iter().map(|category| category.name());
    for name in &args.category {
        if !known().any(|category| category == name) {
            let hint = match nearest(name, known()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("there are {}", known().collect::<Vec<_>>().join(", ")),
            };
            bail!("no tool is of a category {name:?}; {hint}");
        }
    }
    let wanted = |tool: &&Tool| {
        args.category.is_empty() || args.category.iter().any(|name| name == tool.category.name())
    };
    let tools: Vec<&Tool> = tools.iter().filter(wanted).collect();
    printed(
        args.output == ToolsOutput::Json,
        || json::list(&tools),
        |out| list::write(&tools, colour, out),
    )
}
