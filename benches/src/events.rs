//! Made-up Defender rows, decoded as the sweep decodes them.
//!
//! They go through the real source and not straight into columns, so that a
//! batch has the columns, the widths and the gaps that a batch of a sweep has.

use std::io::Cursor;

use remora_abi::{Field, Kind};
use remora_sources::{Events, FormatName, Sampler, Scan, Wanted, input};
use serde_json::json;

use crate::random::Random;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// SupRemo talks to a relay: meets interests, and two rules hold.
    Contact,
    /// A browser talks to somebody else: meets no interest.
    Browsing,
    /// Another program of SupRemo's vendor is started: meets an interest in
    /// the company, and no rule holds.
    Backup,
}

/// The rows as [`Events`], in order.
///
/// # Panics
///
/// If they do not fit into one block (about 1,000 rows do), or are not decoded
/// one to one.
pub fn decode(rows: impl IntoIterator<Item = Row>) -> Events {
    let mut random = Random::new(0x5eed);
    let (mut lines, mut count) = (String::new(), 0);
    for row in rows {
        lines.push_str(&line(row, count, &mut random).to_string());
        lines.push('\n');
        count += 1;
    }
    let mut opened =
        input::open_reader(Box::new(Cursor::new(lines)), Some(FormatName::DefenderNdjson))
            .expect("the rows are NDJSON of Defender");
    let block = opened.blocks.next(&mut Vec::new()).expect("there is at least one row");
    let mut scan = Scan::default();
    opened.stream.scan(&block, &Everything, &mut Unsampled, false, &mut scan);
    assert_eq!((scan.events.len(), scan.refusals.len()), (count, 0), "every row is an event");
    scan.events
}

struct Everything;

impl Wanted for Everything {
    fn fields(&self, _: Kind) -> &[Field] {
        &[]
    }

    fn opens(&self, _: Kind) -> bool {
        true
    }

    fn wants(&self, _: Kind, _: Field, _: &[u8]) -> bool {
        true
    }
}

struct Unsampled;

impl Sampler for Unsampled {
    fn take(&mut self, _: Kind, _: u64) -> bool {
        false
    }
}

fn line(row: Row, number: usize, random: &mut Random) -> serde_json::Value {
    let device = random.below(400);
    let user = random.pick(&["a.berg", "k.lund", "m.rossi", "p.ito", "svc-sql"]);
    let mut line = json!({
        "Timestamp": format!("2026-01-12T08:{:02}:{:02}.{:07}Z", number / 60 % 60, number % 60, number),
        "DeviceId": format!("{:040x}", u128::from(random.draw())),
        "DeviceName": format!("ws-{device:04}.contoso.example"),
        "ReportId": 1000 + number,
    });
    let more = match row {
        Row::Contact => connection(
            &format!("https://relay{}.supremocontrol.com:443/", random.below(60)),
            ["Supremo.exe", r"C:\Program Files (x86)\SupRemo", "Nanosystems S.r.l.", "SupRemo"],
            user,
            random,
        ),
        Row::Browsing => connection(
            random.pick(&[
                "login.microsoftonline.com",
                "https://news.contoso.example/today?section=4",
                "cdn17.fabrikam.example",
                "",
            ]),
            [
                "msedge.exe",
                r"C:\Program Files (x86)\Microsoft\Edge\Application",
                "Microsoft Corporation",
                "Microsoft Edge",
            ],
            user,
            random,
        ),
        Row::Backup => json!({
            "ActionType": "ProcessCreated",
            "FileName": "UraniumBackup.exe",
            "FolderPath": r"C:\Program Files (x86)\Uranium Backup\UraniumBackup.exe",
            "ProcessCommandLine": "\"C:\\Program Files (x86)\\Uranium Backup\\UraniumBackup.exe\" -auto",
            "ProcessId": random.below(30_000),
            "ProcessVersionInfoCompanyName": "Nanosystems S.r.l.",
            "ProcessVersionInfoProductName": "Uranium Backup",
            "ProcessVersionInfoOriginalFileName": "UraniumBackup.exe",
            "SHA1": format!("{:040x}", u128::from(random.draw())),
            "AccountName": user,
            "AccountUpn": format!("{user}@contoso.example"),
            "InitiatingProcessFileName": "services.exe",
        }),
    };
    let into = line.as_object_mut().expect("made as an object");
    into.extend(more.as_object().expect("made as an object").clone());
    line
}

fn connection(
    url: &str,
    [name, folder, company, product]: [&str; 4],
    user: &str,
    random: &mut Random,
) -> serde_json::Value {
    json!({
        "ActionType": "ConnectionSuccess",
        "RemoteIP": format!("192.0.2.{}", random.below(256)),
        "RemotePort": 443,
        "RemoteUrl": url,
        "LocalIP": format!("10.20.0.{}", random.below(256)),
        "LocalPort": 49_152 + random.below(16_000),
        "Protocol": "Tcp",
        "InitiatingProcessFileName": name,
        "InitiatingProcessFolderPath": folder,
        "InitiatingProcessCommandLine": format!("\"{folder}\\{name}\""),
        "InitiatingProcessId": random.below(30_000),
        "InitiatingProcessVersionInfoCompanyName": company,
        "InitiatingProcessVersionInfoProductName": product,
        "InitiatingProcessVersionInfoOriginalFileName": name,
        "InitiatingProcessSHA1": format!("{:040x}", u128::from(random.draw())),
        "InitiatingProcessAccountName": user,
        "InitiatingProcessAccountUpn": format!("{user}@contoso.example"),
        "InitiatingProcessParentFileName": "explorer.exe",
    })
}

#[cfg(test)]
mod tests {
    use remora_abi::{field, kind};

    use super::*;

    #[test]
    fn rows_are_decoded_as_what_they_are() {
        let events = decode([Row::Contact, Row::Browsing, Row::Backup]);
        assert_eq!(events.kinds(), [kind::CONNECTION, kind::CONNECTION, kind::PROCESS]);
        assert!(events.text(0, field::REMOTE_HOST).ends_with(".supremocontrol.com"));
        assert_eq!(events.text(0, field::PROCESS_COMPANY), "Nanosystems S.r.l.");
        assert_eq!(events.text(1, field::PROCESS_NAME), "msedge.exe");
        assert_eq!(events.text(2, field::PROCESS_PRODUCT), "Uranium Backup");
        assert_eq!(events.number(0, field::REMOTE_PORT), Some(443));
    }

    #[test]
    fn the_largest_batch_fits_into_a_block() {
        assert_eq!(decode([Row::Contact; 1024]).len(), 1024);
        assert_eq!(decode([Row::Backup; 1024]).len(), 1024);
    }
}
