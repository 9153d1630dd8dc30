//! Under which key each group by tool is shown, once all keys of the run are
//! known, so that no order of work shows.
//!
//! A short name becomes the one full name of its tenant that it begins. An
//! event that names no installation belongs to the one that the other events of
//! its device and tool name: a process row has the relay in its command line,
//! the signature row of the same program has nothing. Where there are two it
//! could be either, and the events stay apart; where the device is not known
//! every row may be another's.

use std::collections::{HashMap, hash_map::Entry};

use super::group::{Basis, ToolGroup, ToolKey};

/// What was seen under each key: one value, or (none) several.
type Sole<K> = HashMap<K, Option<Box<str>>>;

fn note<K: Eq + std::hash::Hash>(sole: &mut Sole<K>, key: K, value: &str) {
    match sole.entry(key) {
        Entry::Vacant(entry) => {
            entry.insert(Some(value.into()));
        }
        Entry::Occupied(mut entry) => {
            if entry.get().as_deref() != Some(value) {
                entry.insert(None);
            }
        }
    }
}

/// The keys that groups are shown under.
#[derive(Debug, Default)]
pub(super) struct ShownKeys {
    /// Full names, by tenant and short name.
    devices: Sole<(Box<str>, Box<str>)>,
    /// Instances, by key without instance.
    instances: Sole<ToolKey>,
}

impl ShownKeys {
    /// Of all keys of the run, whether their groups are shown or not.
    pub(super) fn new<'k>(keys: impl Iterator<Item = &'k ToolKey> + Clone) -> ShownKeys {
        let mut shown = ShownKeys::default();
        for key in keys.clone().filter(|key| key.basis == Basis::Fqdn) {
            let short = key.device.split('.').next().unwrap_or_default();
            note(&mut shown.devices, (key.tenant.clone(), short.into()), &key.device);
        }
        for key in keys.filter(|key| !key.instance.is_empty() && key.basis != Basis::None) {
            let device = shown.on_device(key).unwrap_or_else(|| key.clone());
            let nameless = ToolKey { instance: "".into(), ..device };
            note(&mut shown.instances, nameless, &key.instance);
        }
        shown
    }

    /// The key with the device's full name, if it is another.
    fn on_device(&self, key: &ToolKey) -> Option<ToolKey> {
        if key.basis != Basis::Name {
            return None;
        }
        let device = self.devices.get(&(key.tenant.clone(), key.device.clone()))?.clone()?;
        Some(ToolKey { basis: Basis::Fqdn, device, ..key.clone() })
    }

    /// The key to show instead of this one, if it is another.
    fn instead_of(&self, key: &ToolKey) -> Option<ToolKey> {
        let device = self.on_device(key);
        let known = device.as_ref().unwrap_or(key);
        // None of these has an instance, so that a key with one is not found.
        match self.instances.get(known) {
            Some(Some(instance)) => Some(ToolKey { instance: instance.clone(), ..known.clone() }),
            _ => device,
        }
    }

    /// Merges groups that are shown under one key.
    pub(super) fn apply(&self, groups: &mut HashMap<ToolKey, ToolGroup>) {
        let others: Vec<(ToolKey, ToolKey)> =
            groups.keys().filter_map(|key| Some((key.clone(), self.instead_of(key)?))).collect();
        for (key, shown) in others {
            if let Some(group) = groups.remove(&key) {
                groups.entry(shown).or_default().merge(group);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key((tenant, basis, device, tool, instance): (&str, Basis, &str, &str, &str)) -> ToolKey {
        ToolKey {
            tenant: tenant.into(),
            basis,
            device: device.into(),
            tool: tool.into(),
            instance: instance.into(),
        }
    }

    #[test]
    fn keys_are_merged_where_that_is_certain() {
        use Basis::{Fqdn, Id, Name, None as Nobody};
        let given = [
            ("", Fqdn, "ws-1.x.example", "a", ""),
            ("", Name, "ws-1", "a", "i1"),
            ("", Name, "ws-1", "b", ""),
            // Of another tenant nothing is known.
            ("t", Name, "ws-1", "a", ""),
            ("t", Id, "ws-1.x.example", "a", "i2"),
            // Two full names, two instances.
            ("", Fqdn, "ws-2.x.example", "a", "i1"),
            ("", Fqdn, "ws-2.y.example", "a", "i1"),
            ("", Fqdn, "ws-2.y.example", "a", "i2"),
            ("", Fqdn, "ws-2.y.example", "a", ""),
            ("", Name, "ws-2", "a", ""),
            ("", Nobody, "", "a", "i1"),
            ("", Nobody, "", "a", ""),
        ];
        let keys: Vec<ToolKey> = given.into_iter().map(key).collect();
        let shown = [
            (0, ("", Fqdn, "ws-1.x.example", "a", "i1")),
            (1, ("", Fqdn, "ws-1.x.example", "a", "i1")),
            (2, ("", Fqdn, "ws-1.x.example", "b", "")),
        ];
        let orders: [Vec<&ToolKey>; 2] = [keys.iter().collect(), keys.iter().rev().collect()];
        for order in orders {
            let known = ShownKeys::new(order.into_iter());
            for (at, given) in keys.iter().enumerate() {
                let want =
                    shown.iter().find(|(place, _)| *place == at).map(|(_, shown)| key(*shown));
                assert_eq!(known.instead_of(given), want, "{given:?}");
            }
        }
    }
}
