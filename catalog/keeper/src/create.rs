//! A new tool's file, from what somebody knows of the tool.
//!
//! The file reads as it is written, so that it can be tried at once; what has
//! to be filled in stands in it in a form that a lint finds. Rules are not
//! written down: a file without any gets them made of its indicators, and
//! whoever adds one adds a rule as well. Examples are, because they are what a
//! later change is held against.

use std::{
    fmt, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use remora_catalog::{CatalogError, Tool};
use toml_edit::Value;

use crate::{
    import::{made_examples, with_examples},
    names::slug,
};

/// What stands where something is to be filled in: anywhere, and in a domain.
pub const BLANKS: [&str; 2] = ["FILL IN", "fill-in.invalid"];

/// What is known of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// Domains of it.
    pub domains: Vec<String>,
    /// Company names in the version resources of its programs.
    pub companies: Vec<String>,
    /// Product names there.
    pub products: Vec<String>,
    /// Who signs its programs.
    pub signers: Vec<String>,
    /// The day on which this is written down, `YYYY-MM-DD`.
    pub date: String,
}

/// Why no file was written.
#[derive(Debug)]
pub enum CreateError {
    /// A name that makes no id, or would not stand on a line.
    Name(String),
    /// A value that is none of its type.
    Value(Box<CatalogError>),
    /// There is such a file.
    Exists(PathBuf),
    /// The file cannot be written.
    File(PathBuf, io::Error),
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CreateError::Name(name) => write!(
                f,
                "{name:?} makes no id for a tool\nhelp: an id is made of the letters a to z and the digits of the name, which is one line"
            ),
            CreateError::Value(why) => {
                f.write_str(why.message())?;
                why.help().map_or(Ok(()), |help| write!(f, "\nhelp: {help}"))
            }
            CreateError::Exists(path) => write!(
                f,
                "{} is there already, and is not written over\nhelp: change that file, or choose another name or folder (--to)",
                path.display()
            ),
            CreateError::File(path, why) => write!(f, "{}: {why}", path.display()),
        }
    }
}

impl std::error::Error for CreateError {}

/// Writes the file of a new tool into a folder, which is made if it is not
/// there. Gives the file's path.
///
/// # Errors
///
/// Nothing is written then, and no file is ever written over.
pub fn create(known: &Known, folder: &Path) -> Result<PathBuf, CreateError> {
    let text = text(known)?;
    let path = folder.join(format!("{}.toml", slug(&known.name)));
    let wrong = |why: io::Error| match why.kind() {
        io::ErrorKind::AlreadyExists => CreateError::Exists(path.clone()),
        _ => CreateError::File(path.clone(), why),
    };
    fs::create_dir_all(folder).map_err(|why| CreateError::File(folder.to_owned(), why))?;
    let mut file = fs::File::create_new(&path).map_err(wrong)?;
    file.write_all(text.as_bytes()).map_err(wrong)?;
    Ok(path)
}

/// The text of the file.
///
/// # Errors
///
/// A name that makes no id, a value that is none of its type.
pub fn text(known: &Known) -> Result<String, CreateError> {
    let name = known.name.trim();
    let id = slug(name);
    if id.is_empty() || name.chars().any(char::is_control) {
        return Err(CreateError::Name(known.name.clone()));
    }
    let text = head(name, &id, known) + &indicators(known) + RULES;
    let read = |text: &str| {
        Tool::from_toml(text, &format!("{id}.toml"))
            .map_err(|why| CreateError::Value(Box::new(why)))
    };
    let examples = made_examples(&read(&text)?);
    let text = with_examples(&text, &examples);
    read(&text)?;
    Ok(text)
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn head(name: &str, id: &str, known: &Known) -> String {
    let [blank, domain] = BLANKS;
    let vendor = known.companies.first().map_or(blank, String::as_str);
    format!(
        r#"# {name}
#
# {blank} marks what is still to be said, {domain} the vendor's domain (replace
# it in the whole file at once). `remora catalog lint --addition` points at what
# is left; docs/catalog-format.md says what each key holds.

[tool]
id = {id}
name = {name_text}
# Other names that it has, had, or is given in lists: aliases = ["…"]
vendor = {vendor}
home = {home}
# remote-desktop, remote-management, remote-support, device-management, remote-access
category = "remote-desktop"
# windows, macos, linux, android, ios
platforms = ["windows"]
# Who runs the server: cloud (the vendor), self-hosted, both
deployment = "cloud"
techniques = [{{ id = "T1219", name = "Remote Access Tools", attack = "18" }}]
references = []
# In order: whom to ask, what to look at on the device, what if nobody approves it.
next_steps = [
    {ask},
]
"#,
        id = quoted(id),
        name_text = quoted(name),
        vendor = quoted(vendor),
        home = quoted(&format!("https://{blank}/")),
        ask = quoted(&format!("Ask who supports this device, and whether they use {name}.")),
    )
}

fn indicators(known: &Known) -> String {
    let blank = [BLANKS[1].to_owned()];
    let none = [&known.domains, &known.companies, &known.products, &known.signers]
        .iter()
        .all(|values| values.is_empty());
    let domains = if none { &blank[..] } else { &known.domains };
    // A company makes other things too; but if nothing else is known, it is all
    // that can be the tool's own.
    let maker =
        if domains.is_empty() && known.products.is_empty() { "exclusive" } else { "vendor" };
    let mut text = "
# By what it is recognised; each is a block of its own. Types: domain, host-pattern,
# url-pattern, company, product, file-name, path, service, signer, hash, and more.
#   class: exclusive (only this tool has it), vendor (the vendor's other products
#          too), shared (anybody may)
#   role:  agent, service, viewer, relay, portal, download, marketing, and more
"
    .to_owned();
    for (ty, values, class, role) in [
        ("domain", domains, "exclusive", "service"),
        ("company", &known.companies, maker, "agent"),
        ("product", &known.products, "exclusive", "agent"),
        ("signer", &known.signers, maker, "agent"),
    ] {
        for value in values {
            text += &format!(
                "\n[[indicator]]\ntype = {ty:?}\nvalue = {}\nclass = {class:?}\nrole = {role:?}\nprovenance = {{ source = \"remora\", date = {} }}\n",
                quoted(value),
                known.date,
            );
        }
    }
    text
}

const RULES: &str = r#"
# Without a [[rule]], rules are made of the indicators: any one is enough. With
# rules of your own there are only those; they are KQL's `where`:
#
# [[rule]]
# id = "<tool>.connection"
# title = "<Tool> - Network Connection"
# kinds = ["connection"]
# where = 'remote.host under "vendor.example" and process.product has "Vendor Desk"'
# keys = ["device.id", "device.name", "remote.url"]
# techniques = ["T1219"]
# provenance = { source = "remora", date = 2026-11-24 }

# What must be reported, and what must not. Those here are made of the
# indicators; add what you have seen, and what looks like it and is not.
"#;
