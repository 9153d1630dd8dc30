//! Tools' files, read: from folders, or those of the program.

use std::{
    fmt, fs,
    io::{self, Read as _},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use remora_catalog::{CatalogError, Selection, Tool, ToolFile, embedded as texts, read_folder};

use super::{Strictness, finding::Finding, place::Place};

/// A tool's file that could be read.
#[derive(Clone, Debug)]
pub struct Entry {
    origin: String,
    text: Arc<str>,
    /// Where each line begins.
    lines: Vec<usize>,
    tool: Tool,
    place: Place,
}

impl Entry {
    /// Reads a tool's file. `origin` names it in findings, and its last
    /// component is its file name.
    ///
    /// # Errors
    ///
    /// What [`Tool::from_toml`] refuses.
    pub fn read(origin: &str, text: &str) -> Result<Entry, CatalogError> {
        let tool = Tool::from_toml(text, origin)?;
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        Ok(Entry {
            origin: origin.to_owned(),
            text: text.into(),
            lines,
            tool,
            place: Place::of(text),
        })
    }

    /// The name of the file.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says.
    pub fn tool(&self) -> &Tool {
        &self.tool
    }

    /// The line, from 1, on which an example of the tool begins.
    pub fn line_of_example(&self, at: usize) -> usize {
        self.line_column(self.place.get("example").item(at).span.start).0
    }

    /// Line and column of a byte, from 1, the column in characters.
    pub(super) fn line_column(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        (line, self.text.get(start..at).map_or(0, |before| before.chars().count()) + 1)
    }

    pub(super) fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// A value of `[tool]`.
    pub(super) fn of_tool(&self, key: &str) -> Range<usize> {
        self.place.get("tool").get(key).span.clone()
    }

    /// A value of an indicator.
    pub(super) fn of_indicator(&self, at: usize, key: &str) -> Range<usize> {
        self.place.of_item("indicator", at, key)
    }

    /// A value of a rule; of one that was made of the indicators, the tool's
    /// id, for it stands nowhere.
    pub(super) fn of_rule(&self, at: usize, key: &str) -> Range<usize> {
        if self.tool.rules.get(at).is_none_or(|entry| entry.generated) {
            return self.of_tool("id");
        }
        self.place.of_item("rule", at, key)
    }
}

/// The program's own files, as they lie in the repository.
pub fn embedded() -> Vec<Entry> {
    texts()
        .map(|(id, text)| {
            Entry::read(&format!("catalog/tools/{id}.toml"), text)
                .expect("the tests read every embedded file")
        })
        .collect()
}

/// Files that were read, and what is to be said of those that could not be.
#[derive(Debug, Default)]
pub struct Files {
    /// Those that are tools' files.
    pub entries: Vec<Entry>,
    /// Those that are not: one finding each.
    pub findings: Vec<Finding>,
}

impl Files {
    /// Reads files, and of folders every `.toml` file, in the order of their
    /// names.
    ///
    /// # Errors
    ///
    /// A path that is not there, a folder that cannot be read or has no such
    /// file. A file that is no tool's file is a finding, and the others are
    /// read.
    pub fn read(paths: &[PathBuf]) -> Result<Files, ReadError> {
        let mut files = Files::default();
        for path in paths {
            if !path.is_dir() {
                // Whether it is there at all.
                fs::metadata(path).map_err(|why| ReadError::Path(path.clone(), why))?;
                files.take(path);
                continue;
            }
            let (found, errors) = read_folder(path);
            // Nothing of a folder, and not: nothing of one of its files.
            let whole = errors.iter().find(|error| Path::new(error.origin()) == path);
            if let Some(error) = whole {
                return Err(ReadError::Folder(Box::new(error.clone())));
            }
            files.findings.extend(errors.iter().map(Finding::invalid));
            found.iter().for_each(|file| files.add(&file.origin, &file.text));
        }
        Ok(files)
    }

    /// Looks at them all; see [`lint`](super::lint). What could not be read is
    /// among the findings.
    pub fn lint(self, beside: &[Tool], strictness: Strictness) -> Vec<Finding> {
        let mut findings = super::lint(&self.entries, beside, strictness);
        findings.extend(self.findings);
        findings.sort_by(|one, other| one.order().cmp(&other.order()));
        findings
    }

    /// Those that could be read, as the configuration of the catalog's detector,
    /// which then has their rules and no others.
    pub fn selection(&self) -> Selection {
        let file = |entry: &Entry| ToolFile {
            origin: entry.origin.clone(),
            text: entry.text.as_ref().to_owned(),
        };
        Selection { embedded: false, files: self.entries.iter().map(file).collect() }
    }

    /// How many files there were.
    pub fn len(&self) -> usize {
        self.entries.len() + self.findings.len()
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn add(&mut self, origin: &str, text: &str) {
        match Entry::read(origin, text) {
            Ok(entry) => self.entries.push(entry),
            Err(error) => self.findings.push(Finding::invalid(&error)),
        }
    }

    fn take(&mut self, path: &Path) {
        let origin = path.display().to_string();
        let text = bytes(path).map_err(|why| format!("this file cannot be read: {why}"));
        let text = text.and_then(|bytes| {
            String::from_utf8(bytes).map_err(|why| {
                let at = why.utf8_error().valid_up_to();
                format!("this file is not UTF-8: the byte at offset {at} is none of a character")
            })
        });
        match text {
            Ok(text) => self.add(&origin, &text),
            Err(message) => self.findings.push(Finding::unread(&origin, message)),
        }
    }
}

/// The bytes of a file, and not much more than a tool's file may have: what is
/// longer is refused whatever follows.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    const ENOUGH: u64 = 8 << 20;
    let mut bytes = vec![];
    fs::File::open(path)?.take(ENOUGH).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Why nothing was read.
#[derive(Debug)]
pub enum ReadError {
    /// A path that cannot be read.
    Path(PathBuf, io::Error),
    /// A folder that cannot be read, or has no tool's file.
    Folder(Box<CatalogError>),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Path(path, why) => write!(f, "{}: {why}", path.display()),
            ReadError::Folder(error) => {
                write!(f, "{}: {}", error.origin(), error.message())?;
                error.help().map_or(Ok(()), |help| write!(f, "\nhelp: {help}"))
            }
        }
    }
}

impl std::error::Error for ReadError {}
