//! What scenarios hid, for people.

use remora_engine::sweep::{Exclusion, ExclusionSummary};

use super::text::grouped;

/// How many findings an exclusion hid, and which of them may not have been meant.
pub(crate) fn sentence(hid: &ExclusionSummary, exclusion: &Exclusion) -> String {
    let findings = match hid.excluded {
        1 => "1 finding".to_owned(),
        count => format!("{} findings", grouped(count)),
    };
    let mut text = format!("{} hid {findings}", exclusion.label());
    let mut among = Vec::new();
    if hid.no_process_name > 0 {
        among.push(format!("{} about events without a process name", grouped(hid.no_process_name)));
    }
    if hid.other_process_name > 0 {
        let names = exclusion.processes.join(", ");
        among.push(format!(
            "{} about processes of other names than {names}",
            grouped(hid.other_process_name)
        ));
    }
    if !among.is_empty() {
        text.push_str(": ");
        text.push_str(&among.join(", "));
    }
    text
}
