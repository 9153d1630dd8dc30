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
    group::{Basis, Group},
    groups::{Groups, ToolKey},
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

/// Devices known by full name: tenant and name.
pub(super) type FullNames = HashSet<(Box<str>, Box<str>)>;

/// The full names among the keys of groups.
pub(super) fn full_names(groups: &Groups) -> FullNames {
    let Groups { pool, by_tool, .. } = groups;
    let keys = by_tool.places().map(|at| ToolKey::of(by_tool.key(at)));
    let named = keys.filter(|key| key.basis == Basis::Fqdn);
    named.map(|key| (pool.text(key.tenant).into(), pool.text(key.device).into())).collect()
}

/// Merges groups of a short name into those of the one full name that it
/// begins, per tenant. The run may know more full names than these groups have.
pub(super) fn resolve(groups: &mut Groups, more: &FullNames) {
    let Groups { pool, by_tool, .. } = groups;
    let keys: Vec<(u32, ToolKey)> =
        by_tool.places().map(|at| (at, ToolKey::of(by_tool.key(at)))).collect();
    let with = |basis| keys.iter().filter(move |(_, key)| key.basis == basis);
    if with(Basis::Name).next().is_none() {
        return;
    }
    let own = with(Basis::Fqdn).map(|(_, key)| (key.tenant, key.device));
    let mut named: Vec<(u32, u32)> = own.collect();
    for (tenant, device) in more {
        named.push((pool.intern(tenant.as_bytes()), pool.intern(device.as_bytes())));
    }
    // By tenant and short name. None: several full names begin with it.
    let mut full: HashMap<(u32, u32), Option<u32>> = HashMap::new();
    for (tenant, device) in named {
        let short = pool.text(device).split('.').next().unwrap_or_default().to_owned();
        match full.entry((tenant, pool.intern(short.as_bytes()))) {
            Entry::Vacant(entry) => {
                entry.insert(Some(device));
            }
            Entry::Occupied(mut entry) => {
                if *entry.get() != Some(device) {
                    entry.insert(None);
                }
            }
        }
    }
    for (at, key) in with(Basis::Name) {
        if let Some(Some(device)) = full.get(&(key.tenant, key.device)) {
            let key = ToolKey { basis: Basis::Fqdn, device: *device, ..*key };
            let group = by_tool.take(*at);
            by_tool.entry(&key.parts()).merge(group, pool);
        }
    }
}
