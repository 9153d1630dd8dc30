//! The file of a tool that the catalog does not have yet.

use remora_catalog::Source;

use super::{list::Listed, write::Stamp};

/// The beginning of a file that has entries of the list: whom to credit.
fn head(name: &str, source: &Source, stamp: &Stamp) -> String {
    format!(
        "# {name}\n\
         #\n\
         # Entries whose provenance names the source `{}` are from\n\
         #   {}\n\
         #   at commit {}, {} License,\n\
         #   {}\n\
         # (full text: LICENSE-{} in this folder's parent). Their field names are\n\
         # Remora's; what they match is unchanged.\n",
        source.key, source.url, stamp.commit, source.licence, source.copyright, source.key,
    )
}

/// A file with what is known without asking anybody. What has to be filled in
/// says so.
pub(super) fn text(id: &str, listed: &Listed, source: &Source, stamp: &Stamp) -> String {
    let folder = &listed.folder;
    let home = listed.sites.first().map_or("", |site| site.url.as_str());
    let quoted = |text: &str| toml_edit::Value::from(text).to_string();
    let page = format!("{}/tree/{}/RMM/{folder}", source.url, stamp.commit);
    format!(
        "{}\n\
         [tool]\n\
         id = {}\n\
         name = {}\n\
         vendor = \"unknown\"\n\
         home = {}\n\
         category = \"remote-management\"\n\
         platforms = [\"windows\"]\n\
         deployment = \"cloud\"\n\
         techniques = [{{ id = \"T1219\", name = \"Remote Access Tools\", attack = \"18\" }}]\n\
         references = [{}]\n\
         next_steps = [\"Ask who supports this device, and whether they use it.\"]\n\
         note = \"New from the list: vendor, category, platforms and deployment are to be filled in.\"\n",
        head(folder, source, stamp),
        quoted(id),
        quoted(folder),
        quoted(home),
        quoted(&page),
    )
}
