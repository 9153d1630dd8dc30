//! Which device a row speaks of, for people: by id, else by full name, else by
//! short name, else by address.
//!
//! Names are compared without case, as resolvers do. A short name is merged
//! into a full name of the run if exactly one begins with it (see `keys`): with
//! two, the short name could be either, and guessing would put one host's tool
//! on another. Ids and names are not merged: a name can be given to a new device.

use std::{borrow::Cow, net::IpAddr};

use remora_abi::field;
use remora_sources::Events;

use super::{Options, group::Basis};

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
