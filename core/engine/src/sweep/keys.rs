//! Under which key each group by tool is shown, once all keys of the run are
//! known, so that no order of work shows.
//!
//! A short name becomes the one full name of its tenant that it begins. An
//! event that names no installation belongs to the one that the other events of
//! its device and tool name: a process row has the relay in its command line,
//! the signature row of the same program has nothing. Where there are two it
//! could be either, and the events stay apart; where the device is not known
//! every row may be another's.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use super::{
    group::{Basis, Group},
    groups::{Groups, ToolKey},
    intern::{Interner, Texts},
};

/// Keys of groups by tool that are kept without the groups.
#[derive(Debug, Default)]
pub(super) struct Keys {
    texts: Interner<Texts>,
    keys: HashSet<ToolKey>,
}

impl Keys {
    /// Adds a key.
    pub(super) fn insert<T: AsRef<str>>(&mut self, key: ToolKey<T>) {
        self.keys.insert(key.map(|text| self.texts.intern(text.as_ref())));
    }

    /// Every key, each once.
    pub(super) fn iter(&self) -> impl Iterator<Item = ToolKey<&str>> + Clone {
        self.keys.iter().map(|key| key.map(|text| text_of(&self.texts, text)))
    }

    /// Adds the keys of another worker.
    pub(super) fn merge(&mut self, other: &Keys) {
        other.iter().for_each(|key| self.insert(key));
    }

    /// Forgets the keys of `tools`.
    pub(super) fn forget(&mut self, tools: &HashSet<String>) {
        let Keys { texts, keys } = self;
        keys.retain(|key| !tools.contains(text_of(texts, key.tool)));
    }
}

fn text_of(texts: &Interner<Texts>, text: u32) -> &str {
    texts.get(text)
}

/// What was seen under each key: one text, or (none) several.
type Sole<K> = HashMap<K, Option<u32>>;

fn note<K: Eq + std::hash::Hash>(sole: &mut Sole<K>, key: K, text: u32) {
    match sole.entry(key) {
        Entry::Vacant(entry) => {
            entry.insert(Some(text));
        }
        Entry::Occupied(mut entry) => {
            if *entry.get() != Some(text) {
                entry.insert(None);
            }
        }
    }
}

/// No text has this number.
const UNKNOWN: u32 = u32::MAX;

/// The keys that groups are shown under. Texts have numbers of its own, because
/// the groups that it is of lie in several pools.
#[derive(Debug, Default)]
pub(super) struct ShownKeys {
    texts: Interner<Texts>,
    /// Full names, by tenant and short name.
    devices: Sole<(u32, u32)>,
    /// Instances, by key without instance.
    instances: Sole<ToolKey>,
}

impl ShownKeys {
    /// Of all keys of the run, whether their groups are shown or not.
    pub(super) fn new<'k>(keys: impl Iterator<Item = ToolKey<&'k str>> + Clone) -> ShownKeys {
        let mut shown = ShownKeys::default();
        for key in keys.clone().filter(|key| key.basis == Basis::Fqdn) {
            let short = key.device.split('.').next().unwrap_or_default();
            let [tenant, short, device] =
                [key.tenant, short, key.device].map(|text| shown.texts.intern(text));
            note(&mut shown.devices, (tenant, short), device);
        }
        for key in keys.filter(|key| !key.instance.is_empty() && key.basis != Basis::None) {
            let key = key.map(|text| shown.texts.intern(text));
            let device = shown.on_device(key).unwrap_or(key);
            note(&mut shown.instances, ToolKey { instance: 0, ..device }, key.instance);
        }
        shown
    }

    /// The key with the device's full name, if it is another.
    fn on_device(&self, key: ToolKey) -> Option<ToolKey> {
        if key.basis != Basis::Name {
            return None;
        }
        let device = (*self.devices.get(&(key.tenant, key.device))?)?;
        Some(ToolKey { basis: Basis::Fqdn, device, ..key })
    }

    /// The key to show instead of this one, if it is another.
    fn instead_of<'k>(&'k self, key: ToolKey<&'k str>) -> Option<ToolKey<&'k str>> {
        let own = key.map(|text| self.texts.find(text).unwrap_or(UNKNOWN));
        let device = self.on_device(own);
        let known = device.unwrap_or(own);
        // None of these has an instance, so that a key with one is not found.
        let instance = self.instances.get(&known).copied().flatten();
        if device.is_none() && instance.is_none() {
            return None;
        }
        Some(ToolKey {
            basis: known.basis,
            device: device.map_or(key.device, |known| text_of(&self.texts, known.device)),
            instance: instance.map_or(key.instance, |text| text_of(&self.texts, text)),
            ..key
        })
    }

    /// Merges groups that are shown under one key.
    pub(super) fn apply(&self, groups: &mut Groups) {
        let Groups { pool, by_tool, .. } = groups;
        let places: Vec<u32> = by_tool.places().collect();
        for at in places {
            let key = ToolKey::of(by_tool.key(at)).map(|text| pool.text(text));
            let Some(shown) = self.instead_of(key) else { continue };
            let shown = shown.map(str::to_owned).map(|text| pool.intern(&text));
            let group = by_tool.take(at);
            by_tool.entry(&shown.parts()).merge(group, pool);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(
        (tenant, basis, device, tool, instance): (
            &'static str,
            Basis,
            &'static str,
            &'static str,
            &'static str,
        ),
    ) -> ToolKey<&'static str> {
        ToolKey { tenant, basis, device, tool, instance }
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
        let keys: Vec<ToolKey<&str>> = given.into_iter().map(key).collect();
        let shown = [
            (0, ("", Fqdn, "ws-1.x.example", "a", "i1")),
            (1, ("", Fqdn, "ws-1.x.example", "a", "i1")),
            (2, ("", Fqdn, "ws-1.x.example", "b", "")),
        ];
        let orders = [keys.clone(), keys.iter().rev().copied().collect()];
        for order in orders {
            let known = ShownKeys::new(order.into_iter());
            for (at, given) in keys.iter().copied().enumerate() {
                let want =
                    shown.iter().find(|(place, _)| *place == at).map(|(_, shown)| key(*shown));
                assert_eq!(known.instead_of(given), want, "{given:?}");
            }
        }
    }
}
