//! What the sweep takes of a row with a finding.

use remora_abi::{Field, field};
use remora_sources::Events;
use sha2::{Digest, Sha256};

use super::{group::Carried, overlap::Identity, pool::Pool, read::Job};

/// Times before this cannot be an event's: 2000-01-01T00:00:00Z.
const YEAR_2000: i64 = 946_684_800_000_000_000;
const DAY: i64 = 86_400_000_000_000;

/// Whether a clock could show this time by `now`.
pub(super) fn is_plausible(time: i64, now: i64) -> bool {
    YEAR_2000 <= time && time <= now.saturating_add(DAY)
}

/// The value of a key of a group.
pub(super) fn key(events: &Events, row: usize, key: Field, pool: &mut Pool) -> u32 {
    if key.is_number() {
        let number = events.number(row, key).map(|number| number.to_string());
        pool.intern(&number.unwrap_or_default())
    } else {
        pool.intern(events.text(row, key))
    }
}

/// What groups collect.
pub(super) fn carried(events: &Events, row: usize) -> Carried<'_> {
    let text = |field| events.text(row, field);
    let or = |first, second| if text(first).is_empty() { text(second) } else { text(first) };
    let hashes = [
        ("sha1", field::PROCESS_SHA1),
        ("sha256", field::PROCESS_SHA256),
        ("md5", field::PROCESS_MD5),
        ("sha1", field::FILE_SHA1),
        ("sha256", field::FILE_SHA256),
        ("md5", field::FILE_MD5),
    ];
    Carried {
        observation: text(field::OBSERVATION),
        account: text(field::USER),
        process: text(field::PROCESS_NAME),
        image: text(field::PROCESS_IMAGE),
        cmdline: text(field::PROCESS_CMDLINE),
        hashes: hashes.map(|(function, field)| (function, text(field))),
        parent: or(field::PARENT_IMAGE, field::PARENT_NAME),
        remote_ip: text(field::REMOTE_IP),
        remote_port: events.number(row, field::REMOTE_PORT),
        local_ip: text(field::LOCAL_IP),
        remote_host: text(field::REMOTE_HOST),
    }
}

/// The identity of an event: kind, device, time and the source's record id
/// where it has all of them (of a source whose ids need no device, without),
/// else a hash of the record. So an event that two exports hold counts once.
pub(super) fn identify(job: &Job, events: &Events, row: usize) -> Identity {
    let text = |field| events.text(row, field);
    let id = text(field::EVENT_ID);
    let device = match text(field::DEVICE_ID) {
        "" => text(field::DEVICE_NAME),
        id => id,
    };
    let time = events.time(row);
    let is_unique = !device.is_empty() || job.stream.has_unique_ids();
    let (Some(time), false, true) = (time, id.is_empty(), is_unique) else {
        return job.stream.record_hash(&job.block, events.span(row));
    };
    let mut hash = Sha256::new();
    hash.update(events.kinds()[row].0.to_le_bytes());
    hash.update(time.to_le_bytes());
    hash.update((device.len() as u64).to_le_bytes());
    hash.update(device.as_bytes());
    hash.update(id.as_bytes());
    let hash = hash.finalize();
    std::array::from_fn(|at| hash[at])
}
