//! Which tools a run looks for: the embedded ones, files of the user's own, or
//! both.
//!
//! The catalog detector takes a selection as its configuration, so that one
//! that is loaded from a plugin file looks for the same as the one that is
//! linked in.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use remora_rules::RuleSet;
use serde::{Deserialize, Serialize};

use crate::{
    CatalogError, Tool,
    embed::{self, embedded_rule_sets},
    error::Problem,
};

/// Which tools a run looks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// The embedded tools, but for those that a file replaces.
    pub embedded: bool,
    /// Files of the user's own.
    #[serde(default, rename = "file")]
    pub files: Vec<ToolFile>,
}

/// A tool's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolFile {
    /// Where it was read, for errors.
    pub origin: String,
    /// What stands in it.
    pub text: String,
}

impl ToolFile {
    /// The file's name without its ending, which is the tool's id.
    pub fn name(&self) -> String {
        Path::new(&self.origin).file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// The files of a folder, in the order of their names. Files whose names do not
/// end in `.toml`, hidden ones, and folders in the folder are left out.
///
/// With them, what is wrong: that the folder cannot be read or has no such
/// file, and each file that cannot be read or is not UTF-8.
pub fn read_folder(folder: &Path) -> (Vec<ToolFile>, Vec<CatalogError>) {
    let entries = fs::read_dir(folder).and_then(|all| all.collect::<io::Result<Vec<_>>>());
    let mut paths: Vec<_> = match entries {
        Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect(),
        Err(error) => {
            return (
                Vec::new(),
                vec![whole(folder, &error.to_string(), "name a folder of tools' files")],
            );
        }
    };
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".toml") && !name.starts_with('.') && !path.is_dir()
    });
    paths.sort();
    if paths.is_empty() {
        let help =
            "the folder needs at least one file <tool>.toml; `remora catalog new` writes one";
        return (Vec::new(), vec![whole(folder, "there is no tool's file", help)]);
    }
    let (mut files, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        let origin = path.display().to_string();
        match fs::read(&path) {
            Err(error) => {
                errors.push(whole(&path, &error.to_string(), "make it readable, or move it"))
            }
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => files.push(ToolFile { origin, text }),
                Err(error) => errors.push(not_utf8(&origin, &error)),
            },
        }
    }
    (files, errors)
}

fn whole(path: &Path, message: &str, help: &str) -> CatalogError {
    CatalogError::new(&path.display().to_string(), "", Problem::new(0..0, message).help(help))
}

fn not_utf8(origin: &str, error: &std::string::FromUtf8Error) -> CatalogError {
    let at = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes());
    // Up to there nothing was replaced, so that the place is the same.
    let problem = Problem::new(at..at + 1, "the file is not UTF-8").help("save it as UTF-8");
    CatalogError::new(origin, &text, problem)
}

impl Selection {
    /// Reads what [`to_toml`](Self::to_toml) gives.
    ///
    /// # Errors
    ///
    /// What is no selection.
    pub fn from_toml(text: &str) -> Result<Selection, CatalogError> {
        toml::from_str(text)
            .map_err(|error| CatalogError::new("configuration", text, Problem::of_toml(error)))
    }

    /// The selection as a detector's configuration.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("texts and tables have a form in TOML")
    }

    /// The tools of the files, in the order of their ids.
    ///
    /// # Errors
    ///
    /// Everything that is wrong: files that cannot be read as tools, whose name
    /// is not the tool's id, a tool or a rule that stands twice.
    pub fn tools(&self) -> Result<Vec<Tool>, Vec<CatalogError>> {
        let (mut tools, mut errors) = (BTreeMap::new(), Vec::new());
        for file in &self.files {
            match Tool::from_toml(&file.text, &file.origin) {
                Err(error) => errors.push(error),
                Ok(tool) => {
                    errors.extend(misnamed(file, &tool));
                    if let Some((other, _)) = tools.get(&tool.id) {
                        let other: &&ToolFile = other;
                        let message = format!("{:?} is the tool of {} too", tool.id, other.origin);
                        errors.push(at_text(file, &tool.id, message, "leave one of them out"));
                    } else {
                        tools.insert(tool.id.clone(), (file, tool));
                    }
                }
            }
        }
        errors.extend(self.clashes(&tools));
        if errors.is_empty() {
            Ok(tools.into_values().map(|(_, tool)| tool).collect())
        } else {
            Err(errors)
        }
    }

    /// Rules that have the id of another tool's rule.
    fn clashes(&self, tools: &BTreeMap<String, (&ToolFile, Tool)>) -> Vec<CatalogError> {
        let mut owners: BTreeMap<String, String> = BTreeMap::new();
        if self.embedded {
            for (tool, rule) in
                embed::embedded_rules().filter(|(tool, _)| !tools.contains_key(*tool))
            {
                owners.insert(rule.to_owned(), format!("of the embedded tool {tool:?}"));
            }
        }
        let mut errors = Vec::new();
        for (id, (file, tool)) in tools {
            for entry in &tool.rules {
                let own = format!("of the tool {id:?} in {}", file.origin);
                if let Some(other) = owners.insert(entry.rule.id.clone(), own) {
                    let message = format!("{:?} is the id of a rule {other} too", entry.rule.id);
                    errors.push(at_text(file, &entry.rule.id, message, "give it another id"));
                }
            }
        }
        errors
    }

    /// Rules and indicators of every selected tool, in the order of the ids.
    ///
    /// # Errors
    ///
    /// As [`tools`](Self::tools).
    pub fn rule_sets(&self) -> Result<Vec<RuleSet>, Vec<CatalogError>> {
        let tools = self.tools()?;
        let own: BTreeSet<&str> = tools.iter().map(|tool| tool.id.as_str()).collect();
        let mut sets: Vec<RuleSet> = Vec::new();
        if self.embedded {
            sets.extend(embedded_rule_sets().filter(|set| !own.contains(set.tool.as_str())));
        }
        sets.extend(tools.iter().map(Tool::rule_set));
        sets.sort_by(|one, other| one.tool.cmp(&other.tool));
        Ok(sets)
    }
}

/// A file that is not named as its tool: two files of one tool would not be
/// seen side by side.
fn misnamed(file: &ToolFile, tool: &Tool) -> Option<CatalogError> {
    let stem = file.name();
    (stem != tool.id).then(|| {
        let message = format!("the tool's id is {:?}, and the file's name is {stem:?}", tool.id);
        let help = format!("name the file {}.toml, or change the id", tool.id);
        at_text(file, &tool.id, message, &help)
    })
}

/// An error where a value first stands in a file.
fn at_text(file: &ToolFile, value: &str, message: String, help: &str) -> CatalogError {
    let quoted = [format!("\"{value}\""), format!("'{value}'")];
    let found = quoted
        .iter()
        .find_map(|quoted| file.text.find(quoted.as_str()).map(|at| at..at + quoted.len()));
    CatalogError::new(
        &file.origin,
        &file.text,
        Problem::new(found.unwrap_or(0..0), message).help(help),
    )
}
