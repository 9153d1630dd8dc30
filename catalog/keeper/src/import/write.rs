//! The whole import: every tool's file, made first and written last, so that a
//! fault in one leaves all as they were.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs, io,
    path::{Path, PathBuf},
};

use remora_catalog::{CatalogError, Source, Tool, embedded, sources};

use super::{
    SOURCE, examples, file,
    list::List,
    oddities,
    remark::{Remark, Weight},
    seed,
    tool::wanted,
};
use crate::names::slug;

/// The state of the list that is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its commit, in full.
    pub commit: String,
    /// When it was compared, `YYYY-MM-DD`.
    pub date: String,
}

impl Stamp {
    /// The state that the embedded catalog is at.
    pub fn embedded() -> Stamp {
        let source = source();
        Stamp {
            commit: source.commit.clone().unwrap_or_default(),
            date: source.date.clone().unwrap_or_default(),
        }
    }
}

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    /// How many tools the list has.
    pub tools: usize,
    /// How many of their rules are rules of the catalog.
    pub rules: usize,
    /// Files that were not there, by name.
    pub new: Vec<String>,
    /// Files that were changed, by name.
    pub changed: Vec<String>,
    /// All that is to be said, sorted.
    pub remarks: Vec<Remark>,
}

/// Why nothing was written.
#[derive(Debug)]
pub enum ImportError {
    /// A tool's file is wrong as it is, or would be if it followed the list.
    Tool(Box<CatalogError>),
    /// Two folders of the list have one id.
    Twice(String, String, String),
    /// A file cannot be read or written.
    File(PathBuf, io::Error),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportError::Tool(why) => write!(f, "nothing is written: {}", why.render(false)),
            ImportError::Twice(id, one, other) => write!(
                f,
                "nothing is written: the folders {one:?} and {other:?} would both be the tool {id:?}; rename one"
            ),
            ImportError::File(path, why) => write!(f, "{}: {why}", path.display()),
        }
    }
}

impl std::error::Error for ImportError {}

fn source() -> &'static Source {
    sources().iter().find(|source| source.key == SOURCE).expect("sources.toml has the list")
}

/// Brings the tools' files in `folder` in line with `list`. A tool without a
/// file there starts from the embedded one, a new tool from what the list says
/// of it. Files of tools that the list does not have are left alone.
///
/// # Errors
///
/// Nothing is written then.
pub fn import(list: &List, folder: &Path, stamp: &Stamp) -> Result<Imported, ImportError> {
    let mut remarks = list.remarks.clone();
    let mut done = Imported {
        tools: list.tools.len(),
        rules: 0,
        new: vec![],
        changed: vec![],
        remarks: vec![],
    };
    let carried: BTreeMap<&str, &str> = embedded().collect();
    let mut starts: Vec<Start<'_>> = vec![];
    for listed in &list.tools {
        let id = slug(&listed.folder);
        if let Some(other) = starts.iter().find(|start| start.id == id) {
            let other = other.listed.folder.clone();
            return Err(ImportError::Twice(id, other, listed.folder.clone()));
        }
        let path = folder.join(format!("{id}.toml"));
        let there = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(why) if why.kind() == io::ErrorKind::NotFound => None,
            Err(why) => return Err(ImportError::File(path, why)),
        };
        let text = match (&there, carried.get(id.as_str())) {
            (Some(text), _) => text.clone(),
            (None, Some(text)) => (*text).to_owned(),
            (None, None) => {
                let message = "a new tool: vendor, category, platforms, deployment and what else its file says are to be filled in".to_owned();
                remarks.push(Remark::new(
                    Weight::Open,
                    "new-tool",
                    &listed.summary_file,
                    1,
                    message,
                ));
                seed::text(&id, listed, source(), stamp)
            }
        };
        let origin = path.display().to_string();
        let tool = read(&text, &origin)?;
        starts.push(Start { id, path, there, text, tool, listed });
    }
    let owners = oddities::owners(list, &starts, &mut remarks);
    let mut texts = vec![];
    for (start, names) in starts.iter().zip(&owners) {
        let wanted = wanted(&start.id, start.listed, names);
        oddities::of_tool(start.listed, &wanted, names, &mut remarks);
        let mut changes = file::Changes::default();
        let text = file::without_generated(&start.text);
        let text = file::follow(&text, &start.tool, &wanted, stamp, &mut changes);
        let origin = start.path.display().to_string();
        let tool = read(&text, &origin)?;
        let made = examples::make(&tool);
        let text = file::with_examples(&text, &made.examples);
        read(&text, &origin)?;
        done.rules += wanted.rules.len();
        let at = &start.listed.summary_file;
        let mut open = |code, message: String| {
            remarks.push(Remark::new(Weight::Open, code, at, 1, message));
        };
        for what in changes.undecided {
            open(
                "undecided",
                format!("{what} is new: its class and role are to be decided in {}.toml", start.id),
            );
        }
        for what in changes.gone {
            open(
                "gone",
                format!(
                    "{what} is not in the list any more, and was taken out of {}.toml",
                    start.id
                ),
            );
        }
        for (rule, what) in made.failed {
            open("no-example", format!("no example could be made of {rule} for {what}"));
        }
        texts.push(text);
    }
    for (start, text) in starts.iter().zip(&texts) {
        if start.there.as_ref() == Some(text) {
            continue;
        }
        fs::create_dir_all(folder).map_err(|why| ImportError::File(folder.to_owned(), why))?;
        fs::write(&start.path, text).map_err(|why| ImportError::File(start.path.clone(), why))?;
        let name = format!("{}.toml", start.id);
        if start.there.is_none() { &mut done.new } else { &mut done.changed }.push(name);
    }
    remarks.sort();
    remarks.dedup();
    done.remarks = remarks;
    Ok(done)
}

/// A tool as it is before the import.
pub(super) struct Start<'l> {
    pub(super) id: String,
    path: PathBuf,
    /// The file, if there is one.
    there: Option<String>,
    /// What the import starts from.
    text: String,
    pub(super) tool: Tool,
    pub(super) listed: &'l super::list::Listed,
}

fn read(text: &str, origin: &str) -> Result<Tool, ImportError> {
    Tool::from_toml(text, origin).map_err(|why| ImportError::Tool(Box::new(why)))
}

/// The names of several tools, for messages.
pub(super) fn joined(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}
