//! Which device a row speaks of, for people: by id, else by full name, else by
//! short name, else by address.
//!
//! Names are compared without case, as resolvers do. A short name is merged
//! into a full name of the run if exactly one begins with it: with two, the
//! short name could be either, and guessing would put one host's tool on
//! another. Ids and names are not merged: a name can be given to a new device.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet, hash_map::Entry},
    net::IpAddr,
};

use remora_abi::field;
use remora_sources::Events;

use super::{
    Options,
    group::{Basis, ToolGroup, ToolKey},
};

/// The device of a row, and how it is known.
pub(super) fn device(events: &Events, row: usize) -> (Basis, Cow<'_, str>) {
    let text = |field| events.text(row, field);
    let id = text(field::DEVICE_ID);
    if !id.is_empty() {
        return (Basis::Id, id.into());
    }
    let name = text(field::DEVICE_NAME);
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.parse::<IpAddr>().is_ok() {
        return (Basis::Address, name.into());
    }
    if !name.is_empty() {
        let basis = if name.contains('.') { Basis::Fqdn } else { Basis::Name };
        return (basis, name.to_lowercase().into());
    }
    match text(field::LOCAL_IP) {
        "" => (Basis::None, "".into()),
        address => (Basis::Address, address.into()),
    }
}

/// Whose device it is: as the source says, else as the run does.
pub(super) fn tenant<'t>(events: &'t Events, row: usize, options: &'t Options) -> &'t str {
    match events.text(row, field::TENANT) {
        "" => &options.tenant,
        tenant => tenant,
    }
}

/// Devices known by full name: tenant and name.
pub(super) type FullNames = HashSet<(Box<str>, Box<str>)>;

/// The full names among the keys of groups.
pub(super) fn full_names(groups: &HashMap<ToolKey, ToolGroup>) -> FullNames {
    let named = groups.keys().filter(|key| key.basis == Basis::Fqdn);
    named.map(|key| (key.tenant.clone(), key.device.clone())).collect()
}

/// Merges groups of a short name into those of the one full name that it
/// begins, per tenant. The run may know more full names than these groups have.
pub(super) fn resolve(groups: &mut HashMap<ToolKey, ToolGroup>, more: &FullNames) {
    // By tenant and short name. None: several full names begin with it.
    type Full = HashMap<(Box<str>, Box<str>), Option<Box<str>>>;
    let mut full = Full::new();
    let named = groups.keys().filter(|key| key.basis == Basis::Fqdn);
    let own = named.map(|key| (&key.tenant, &key.device));
    for (tenant, device) in own.chain(more.iter().map(|(tenant, device)| (tenant, device))) {
        let short = device.split('.').next().unwrap_or_default();
        match full.entry((tenant.clone(), short.into())) {
            Entry::Vacant(entry) => {
                entry.insert(Some(device.clone()));
            }
            Entry::Occupied(mut entry) => {
                if entry.get().as_ref() != Some(device) {
                    entry.insert(None);
                }
            }
        }
    }
    let of = |key: &ToolKey| full.get(&(key.tenant.clone(), key.device.clone())).cloned().flatten();
    let short: Vec<(ToolKey, Box<str>)> = groups
        .keys()
        .filter(|key| key.basis == Basis::Name)
        .filter_map(|key| Some((key.clone(), of(key)?)))
        .collect();
    for (key, device) in short {
        if let Some(group) = groups.remove(&key) {
            let key = ToolKey { basis: Basis::Fqdn, device, ..key };
            groups.entry(key).or_default().merge(group);
        }
    }
}
