//! Events that do not name the installation beside events that do.
//!
//! A process row has the relay in its command line, the signature row of the
//! same program has nothing. If the other events of the device know one
//! installation of the tool, it is that one; with two it could be either, and
//! the events stay apart. Asked once all is known, so that no order shows.

use std::collections::{HashMap, hash_map::Entry};

use super::group::{Basis, ToolGroup, ToolKey};

/// Merges groups without an instance into those of the one instance of their
/// device and tool. Where the device is not known, every row may be another's.
pub(super) fn join(groups: &mut HashMap<ToolKey, ToolGroup>) {
    let nameless = |key: &ToolKey| ToolKey { instance: "".into(), ..key.clone() };
    // None: there are several.
    let mut sole: HashMap<ToolKey, Option<ToolKey>> = HashMap::new();
    for key in groups.keys() {
        if key.instance.is_empty() || key.basis == Basis::None {
            continue;
        }
        match sole.entry(nameless(key)) {
            Entry::Vacant(entry) => {
                entry.insert(Some(key.clone()));
            }
            Entry::Occupied(mut entry) => {
                entry.insert(None);
            }
        }
    }
    for (nameless, named) in sole {
        let Some(named) = named else { continue };
        if let Some(group) = groups.remove(&nameless) {
            groups.entry(named).or_default().merge(group);
        }
    }
}
