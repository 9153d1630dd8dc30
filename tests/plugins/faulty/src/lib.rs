//! A detector that fails in every way that a host must contain, so that the
//! tests can see it contained.
//!
//! What it does depends on the file name of a started process, because a
//! detector is a function of configuration and events: `fine.exe` is a
//! finding, every other name that it wants to see is a fault. Detector and export are
//! one crate here: nothing links it in.

use remora_sdk::{
    Batch, Class, Detector, Error, Finding, Findings, Hit, Interests, Op, Rule, Rules, Witness,
    abi::NO_ROW, field, kind,
};

/// The names that it wants to see.
const NAMES: &[&str] = &[
    "fine.exe",
    "panic.exe",
    "error.exe",
    "row.exe",
    "orphan.exe",
    "rule.exe",
    "witnesses.exe",
    "flood.exe",
];

struct Faulty;

impl Detector for Faulty {
    const MANIFEST: &'static str =
        remora_sdk::manifest!(name: "faulty", tools: ["faulty"], techniques: []);

    fn new(_config: &str) -> Result<Self, Error> {
        Ok(Faulty)
    }

    fn rules(&self, rules: &mut Rules<'_>) {
        rules.push(&Rule {
            id: "faulty.process",
            tool: "faulty",
            tool_name: "Faulty",
            title: "Faulty - Process",
            kinds: &[kind::PROCESS],
            keys: &[field::DEVICE_ID, field::DEVICE_NAME],
            fields: &[field::PROCESS_NAME],
            ..Rule::default()
        });
    }

    fn interests(&self, interests: &mut Interests<'_>) {
        for name in NAMES {
            interests.push(kind::PROCESS, field::PROCESS_NAME, Op::EQ_CS, name);
        }
    }

    fn inspect(
        &self,
        batch: &Batch<'_>,
        hits: &[Hit],
        findings: &mut Findings<'_>,
    ) -> Result<(), Error> {
        for (row, _) in batch.rows(hits) {
            let name = row.text(field::PROCESS_NAME);
            let witness = Witness {
                class: Class::EXCLUSIVE,
                ..Witness::new(field::PROCESS_NAME, Op::EQ_CS, name, name)
            };
            let one = [witness];
            let finding = Finding::new(row.index(), 0, &one);
            match name {
                "panic.exe" => panic!("it met panic.exe"),
                "error.exe" => return Err("it met error.exe".into()),
                "row.exe" => findings.push(&Finding { row: batch.len(), ..finding }),
                "orphan.exe" => findings.push(&Finding { row: NO_ROW, ..finding }),
                "rule.exe" => findings.push(&Finding { rule: 1, ..finding }),
                "witnesses.exe" => findings.push(&Finding { witnesses: &[witness; 65], ..finding }),
                "flood.exe" => {
                    for _ in 0..=256 * batch.len() {
                        findings.push(&finding);
                    }
                }
                _ => findings.push(&finding),
            }
        }
        Ok(())
    }
}

remora_sdk::export_detector!(Faulty);
