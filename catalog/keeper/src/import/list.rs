//! The list as it lies in a folder.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use remora_rules::{
    Expr,
    abi::{Field, Kind, kind},
};

use super::{
    csv_names::{self, Named},
    markdown::{self, Section},
    query::{self, No, Set},
    remark::{Remark, Weight},
    scan::{Sort, tokens},
    text,
    tool::NAMES,
    yaml,
};
use crate::names::slug;

/// The folder of tools.
const TOOLS: &str = "RMM";
/// The rule over all names of the table.
const ALL_TOOLS: &str = "Network Indicators/rmm__all_netconn.yaml";
/// The page that lists the tools.
const README: &str = "README.md";

/// What the list says, and what is to be said of it.
#[derive(Debug)]
pub struct List {
    pub(super) tools: Vec<Listed>,
    pub(super) names: Vec<Named>,
    pub(super) remarks: Vec<Remark>,
}

/// A tool's folder.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) folder: String,
    /// At most one per kind, of the rule files where there is one, else of the
    /// Markdown page; in the order of the kinds.
    pub(super) queries: Vec<Query>,
    /// Queries of the Markdown page for kinds that have a rule file.
    pub(super) others: Vec<Query>,
    /// The web sites on the summary page, as written there.
    pub(super) sites: Vec<Site>,
    /// The names on the summary page.
    pub(super) summary: Vec<(String, usize)>,
    pub(super) summary_file: String,
}

/// A web site on a summary page.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) url: String,
    pub(super) host: String,
}

/// A query of the list as a rule.
#[derive(Clone, Debug)]
pub struct Query {
    /// The kind of events that its table holds.
    pub kind: Kind,
    /// The rule file's id; none in Markdown.
    pub id: Option<String>,
    /// The file, relative to the list's root.
    pub file: String,
    /// The line on which the query begins, from 1.
    pub line: usize,
    /// The condition. Values that another table gives are those that another
    /// rule of the tool learns.
    pub condition: Expr,
    /// The field whose values other queries of the tool ask for.
    pub learns: Option<Field>,
    /// The sets that it asks for.
    sets: Vec<Set>,
    /// What was mended to read it.
    pub repairs: Vec<String>,
}

/// Why a folder is not read.
#[derive(Debug)]
pub enum ListError {
    /// It has no folder of tools.
    NotTheList(PathBuf),
    /// Something in it cannot be read.
    Unreadable(PathBuf, io::Error),
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListError::NotTheList(folder) => write!(
                f,
                "{} has no folder {TOOLS}: give the root of a copy of the list, which holds {TOOLS} and \"Network Indicators\"",
                folder.display()
            ),
            ListError::Unreadable(path, why) => {
                write!(f, "{} cannot be read: {why}", path.display())
            }
        }
    }
}

impl std::error::Error for ListError {}

impl List {
    /// Reads the list in `folder`.
    ///
    /// # Errors
    ///
    /// The folder is not the list, or cannot be read. What is wrong *in* the
    /// list's files is no error but a remark.
    pub fn read(folder: &Path) -> Result<List, ListError> {
        let tools = folder.join(TOOLS);
        if !tools.is_dir() {
            return Err(ListError::NotTheList(folder.to_owned()));
        }
        let mut list = List { tools: vec![], names: vec![], remarks: vec![] };
        let names = folder.join(NAMES);
        if names.is_file() {
            let bytes = fs::read(&names).map_err(|why| ListError::Unreadable(names, why))?;
            let text = text::clean(NAMES, &bytes, &mut list.remarks);
            list.names = csv_names::read(NAMES, text.as_bytes(), &mut list.remarks);
        } else {
            let message = "the table of network names is missing: no `.domain` rules".to_owned();
            list.remarks.push(Remark::new(Weight::LeftOut, "no-names", NAMES, 1, message));
        }
        list.compare_all_tools(folder);
        let readme = fs::read(folder.join(README)).unwrap_or_default();
        let readme = text::clean(README, &readme, &mut list.remarks);
        for name in entries(&tools)? {
            if !readme.contains(&format!("({TOOLS}/{name}/")) {
                let message = format!("does not list the folder {name:?}");
                list.remarks.push(Remark::new(Weight::Odd, "not-in-readme", README, 1, message));
            }
            if tools.join(&name).is_dir() {
                let listed = tool(&tools.join(&name), &name, &mut list.remarks)?;
                list.tools.push(listed);
            }
        }
        Ok(list)
    }

    /// The values of the all-tools rule against the table's.
    fn compare_all_tools(&mut self, folder: &Path) {
        let Ok(bytes) = fs::read(folder.join(ALL_TOOLS)) else { return };
        let text = text::clean(ALL_TOOLS, &bytes, &mut self.remarks);
        let Some(block) = yaml::read(ALL_TOOLS, &text, &mut self.remarks).query else { return };
        let literals: Vec<&str> = tokens(&block.text)
            .into_iter()
            .skip_while(|token| !token.is("["))
            .take_while(|token| !token.is("]"))
            .filter(|token| token.sort == Sort::Literal)
            .map(|token| token.text.trim_matches(['\'', '"']))
            .collect();
        let pairs: Vec<(&str, &str)> =
            literals.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        let own: Vec<(&str, &str)> =
            self.names.iter().map(|named| (named.value.as_str(), named.tool.as_str())).collect();
        let message = match pairs == own {
            true => format!(
                "the all-tools rule has the table's {} values; the `.domain` rules stand for it, and keep the tool's name",
                own.len()
            ),
            false => "the all-tools rule and the table have different values; the table is taken"
                .to_owned(),
        };
        let first = block.first;
        self.remarks.push(Remark::new(Weight::Odd, "csv-vs-all-rule", ALL_TOOLS, first, message));
    }

    /// The queries that the catalog takes over, with the folder of their tool.
    pub fn queries(&self) -> impl Iterator<Item = (&str, &Query)> {
        self.tools
            .iter()
            .flat_map(|tool| tool.queries.iter().map(|query| (tool.folder.as_str(), query)))
    }

    /// The remarks on reading the list.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }
}

/// The names in a folder, sorted, so that no file system's order shows.
fn entries(folder: &Path) -> Result<Vec<String>, ListError> {
    let unreadable = |why| ListError::Unreadable(folder.to_owned(), why);
    let mut names = vec![];
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        // A name that is no text cannot be one of the list's.
        if let Ok(name) = name.into_string() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn tool(path: &Path, folder: &str, remarks: &mut Vec<Remark>) -> Result<Listed, ListError> {
    let mut listed = Listed {
        folder: folder.to_owned(),
        queries: vec![],
        others: vec![],
        sites: vec![],
        summary: vec![],
        summary_file: format!("{TOOLS}/{folder}/"),
    };
    let mut pages = vec![];
    for name in entries(path)? {
        let file = format!("{TOOLS}/{folder}/{name}");
        let full = path.join(&name);
        let read = || fs::read(&full).map_err(|why| ListError::Unreadable(full.clone(), why));
        let lower = name.to_ascii_lowercase();
        if lower.ends_with(".yaml") || lower.ends_with(".yml") {
            let text = text::clean(&file, &read()?, remarks);
            rule_file(&file, &text, &mut listed, remarks);
        } else if lower.starts_with("rmm_ahq_") {
            pages.push((file.clone(), text::clean(&file, &read()?, remarks)));
            let own = name["rmm_ahq_".len()..].trim_end_matches(".md");
            if own != folder {
                let message = format!("the file says {own:?}, the folder {folder:?}");
                remarks.push(Remark::new(Weight::Odd, "file-name-mismatch", &file, 1, message));
            }
        } else if lower.starts_with("rmm_summary_") {
            let text = text::clean(&file, &read()?, remarks);
            summary(&text, &mut listed);
            listed.summary_file = file;
        }
    }
    for (file, text) in pages {
        page(&file, &text, &mut listed, remarks);
    }
    listed.queries.sort_by_key(|query| (query.kind != kind::CONNECTION, query.kind));
    let all = std::mem::take(&mut listed.queries);
    listed.queries = learning(all, &slug(folder), remarks);
    Ok(listed)
}

/// Joins each query that asks for a set to the query that finds the set's
/// events: that rule learns what this one asks for.
fn learning(all: Vec<Query>, tool: &str, remarks: &mut Vec<Remark>) -> Vec<Query> {
    let mut queries = all.clone();
    let id = |query: &Query| query.id.clone().unwrap_or(format!("{tool}.{}", query.kind.name()));
    for (at, query) in all.iter().enumerate() {
        for (_, name) in query.condition.learned() {
            let set = query.sets.iter().find(|set| set.name == name);
            let learner = set.and_then(|set| {
                let same = |one: &Query| one.kind == set.kind && one.condition == set.condition;
                Some((all.iter().position(same)?, set.field))
            });
            if let Some((learner, field)) = learner {
                queries[learner].learns = Some(field);
                renamed(&mut queries[at].condition, name, &id(&all[learner]));
            } else {
                let message =
                    format!("asks for the values of `{name}`, which no rule of the tool finds");
                let Query { file, line, .. } = query;
                remarks.push(Remark::new(Weight::LeftOut, "cross-table", file, *line, message));
            }
        }
    }
    // What is not learned by anybody is left out.
    let ids: Vec<String> = queries.iter().filter(|one| one.learns.is_some()).map(id).collect();
    queries.retain(|one| {
        one.condition.learned().iter().all(|(_, rule)| ids.iter().any(|id| id == rule))
    });
    queries
}

fn renamed(expr: &mut Expr, from: &str, to: &str) {
    match expr {
        Expr::And(terms) | Expr::Or(terms) => {
            terms.iter_mut().for_each(|term| renamed(term, from, to));
        }
        Expr::Learned { rule, .. } if rule == from => to.clone_into(rule),
        _ => {}
    }
}

fn rule_file(file: &str, text: &str, listed: &mut Listed, remarks: &mut Vec<Remark>) {
    let found = yaml::read(file, text, remarks);
    let Some(block) = found.query else {
        let message = "this rule file has no query".to_owned();
        remarks.push(Remark::new(Weight::LeftOut, "no-query", file, 1, message));
        return;
    };
    match query::read(file, &block, remarks) {
        Ok(read) => {
            if found.id.is_none() {
                let message =
                    "this rule file has no id; the rule gets one of tool and kind".to_owned();
                remarks.push(Remark::new(Weight::Repaired, "no-id", file, 1, message));
            }
            add(query(file, found.id, read, block.first, remarks), found.id_line, listed, remarks);
        }
        Err(No::Prose) => prose(file, block.first, &block.text, remarks),
        Err(No::AllTools | No::Broken) => {}
    }
}

fn add(query: Query, line: usize, listed: &mut Listed, remarks: &mut Vec<Remark>) {
    if listed.queries.iter().any(|known| known.kind == query.kind) {
        let message = format!("a second rule file for {} events", query.kind.name());
        remarks.push(Remark::new(Weight::LeftOut, "kind-twice", &query.file, line, message));
    } else {
        listed.queries.push(query);
    }
}

fn page(file: &str, text: &str, listed: &mut Listed, remarks: &mut Vec<Remark>) {
    let sections = markdown::sections(text);
    if sections.is_empty() && listed.queries.is_empty() {
        let message = "no query at all; the tool gets an entry without rules".to_owned();
        remarks.push(Remark::new(Weight::Odd, "no-rule-at-all", file, 1, message));
    }
    for Section { line, fence, .. } in sections {
        let Some(block) = fence else { continue };
        let mut own = vec![];
        match query::read(file, &block, &mut own) {
            Ok(read) => {
                let query = query(file, None, read, block.first, &mut own);
                if listed.queries.iter().any(|known| known.kind == query.kind) {
                    listed.others.push(query);
                } else {
                    listed.queries.push(query);
                }
            }
            Err(No::Prose) => prose(file, line, &block.text, &mut own),
            Err(No::AllTools | No::Broken) => {}
        }
        remarks.append(&mut own);
    }
}

fn query(
    file: &str,
    id: Option<String>,
    read: query::Read,
    line: usize,
    remarks: &mut Vec<Remark>,
) -> Query {
    if let Some(set) = read.sets.first() {
        let message = format!(
            "asks for the values of `{}` from another table: a rule for the second pass, after that table's rule has learned them",
            set.name
        );
        remarks.push(Remark::new(Weight::Odd, "cross-table", file, line, message));
    }
    Query {
        kind: read.kind,
        id,
        file: file.to_owned(),
        line,
        condition: read.condition,
        learns: None,
        sets: read.sets,
        repairs: read.repairs,
    }
}

fn prose(file: &str, line: usize, text: &str, remarks: &mut Vec<Remark>) {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = match text.as_str() {
        "" => "an empty query block".to_owned(),
        text => format!("prose in place of a query: {text}"),
    };
    remarks.push(Remark::new(Weight::Odd, "prose-instead-of-query", file, line, message));
}

fn summary(text: &str, listed: &mut Listed) {
    for section in markdown::sections(text) {
        let heading = section.heading.to_ascii_lowercase();
        if heading.contains("website") {
            listed.sites = section.items.iter().filter_map(|(item, _)| site(item)).collect();
        } else if heading.starts_with("network") {
            listed.summary = section.items;
        }
    }
}

/// The address of a web site, with a scheme, and its host.
fn site(item: &str) -> Option<Site> {
    let url = item.split_whitespace().next()?;
    let url = if url.contains("://") { url.to_owned() } else { format!("https://{url}") };
    let host = url.split("://").nth(1)?.split(['/', '?', ':']).next()?.to_ascii_lowercase();
    host.contains('.').then_some(Site { url, host })
}
