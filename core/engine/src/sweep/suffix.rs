//! Names that a resolver made of another name.
//!
//! Asked for `relay.vendor.example`, a resolver with a search list also asks
//! for `relay.vendor.example.corp.example`. Such a name is below the
//! organisation's own domain; that the tool's name stands in it is no other
//! party's doing. It says that somebody wanted the tool's host, and nothing of
//! whether there is one: as a witness it is worth what a look-alike is, and
//! people need not look for a phisher.
//!
//! Decided here and not by detectors: what the search list is, the run knows.

use remora_abi::{How, field};
use remora_rules::pattern::labels_above;
use remora_sources::Events;

use super::findings::Pooled;

/// Says of look-alikes that are a search list's attempts that they are these.
/// `suffixes` are those of the run; beside them counts the domain of the
/// event's own device.
pub(super) fn mark(events: &Events, findings: &mut [Pooled], suffixes: &[String]) {
    for finding in findings {
        if !finding.witnesses.iter().any(|witness| witness.how == How::LOOKALIKE) {
            continue;
        }
        let host = events.text(finding.row, field::REMOTE_HOST);
        let own = domain_of(events.text(finding.row, field::DEVICE_NAME));
        for suffix in suffixes.iter().map(String::as_str).chain(own) {
            let Some(asked) = labels_above(host, suffix) else { continue };
            for witness in &mut finding.witnesses {
                if witness.how == How::LOOKALIKE && labels_above(asked, &witness.literal).is_some()
                {
                    witness.how = How::SEARCH_SUFFIX;
                }
            }
        }
    }
}

/// The domain of a device that is known by its full name.
fn domain_of(device: &str) -> Option<&str> {
    let device = device.strip_suffix('.').unwrap_or(device);
    if device.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    device.split_once('.').map(|(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::domain_of;

    #[test]
    fn a_device_with_a_full_name_has_a_domain() {
        for (device, domain) in [
            ("ws-1.corp.example", Some("corp.example")),
            ("WS-1.Corp.example.", Some("Corp.example")),
            ("ws-1", None),
            ("ws-1.", None),
            ("192.0.2.7", None),
            ("2001:db8::1", None),
            ("", None),
        ] {
            assert_eq!(domain_of(device), domain, "{device}");
        }
    }
}
