//! Which fields the records of a kind can have.

use remora_rules::abi::{Field, Kind, field::ALIASES};
use remora_sources::{defender::DEFENDER, mapping::Mapping};

/// The built-in mappings.
const MAPPINGS: &[&Mapping] = &[&DEFENDER];

/// Kinds of which a mapping knows some sources only: others have fields that
/// it lacks, so that nothing can be said of what is never filled.
fn is_known(kind: Kind) -> bool {
    ALIASES.iter().any(|alias| alias.kind == kind)
}

/// Whether a source fills one of `fields` in records of `kind`; none if the
/// fields of that kind are not known.
pub(super) fn fills(kind: Kind, fields: &[Field]) -> Option<bool> {
    if !is_known(kind) {
        return None;
    }
    let mapped = MAPPINGS
        .iter()
        .flat_map(|mapping| mapping.tables)
        .filter(|table| table.kind == kind)
        .flat_map(|table| table.fields.iter().copied().flatten())
        .map(|map| map.field);
    let mut known = mapped.chain(ALIASES.iter().filter(|a| a.kind == kind).map(|a| a.field));
    Some(known.any(|field| fields.contains(&field)))
}

#[cfg(test)]
mod tests {
    use remora_rules::abi::{field, kind};

    use super::*;

    #[test]
    fn tables_say_what_they_fill() {
        assert_eq!(fills(kind::CONNECTION, &[field::REMOTE_URL]), Some(true));
        assert_eq!(fills(kind::CONNECTION, &[field::SERVICE_NAME]), Some(false));
        assert_eq!(fills(kind::CONNECTION, &[field::SERVICE_NAME, field::REMOTE_IP]), Some(true));
        assert_eq!(fills(kind::SIGNATURE, &[field::FILE_SIGNER]), Some(true));
        assert_eq!(fills(kind::SIGNATURE, &[field::DEVICE_ID]), Some(true));
        assert_eq!(fills(kind::SIGNATURE, &[field::PROCESS_NAME]), Some(false));
        // Defender has answers to DNS questions; other logs have more of them.
        assert_eq!(fills(kind::DNS, &[field::URL]), None);
        assert_eq!(fills(kind::SERVICE, &[field::SERVICE_NAME]), None);
    }
}
