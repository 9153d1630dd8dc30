//! A detector as it was written and built at ABI 1.0, before detectors could
//! learn: it must keep loading and finding in every later host of major 1.
//!
//! It is built with the sources of its time, which lie packed beside it.

use remora_sdk::{
    Batch, Class, Detector, Error, Finding, Findings, Hit, Interests, Op, Rule, Rules, Witness,
    field, kind,
};

struct Before;

impl Detector for Before {
    const MANIFEST: &'static str =
        remora_sdk::manifest!(name: "before", tools: ["before"], techniques: ["T1219"]);

    fn new(_config: &str) -> Result<Self, Error> {
        Ok(Before)
    }

    fn rules(&self, rules: &mut Rules<'_>) {
        rules.push(&Rule {
            id: "before.process",
            tool: "before",
            tool_name: "Before",
            title: "Before - Process",
            kinds: &[kind::PROCESS],
            keys: &[field::DEVICE_ID, field::DEVICE_NAME],
            fields: &[field::PROCESS_NAME],
            ..Rule::default()
        });
    }

    fn interests(&self, interests: &mut Interests<'_>) {
        interests.push(kind::PROCESS, field::PROCESS_NAME, Op::EQ, "before.exe");
    }

    fn inspect(
        &self,
        batch: &Batch<'_>,
        hits: &[Hit],
        findings: &mut Findings<'_>,
    ) -> Result<(), Error> {
        for (row, _) in batch.rows(hits) {
            let witness = Witness {
                class: Class::EXCLUSIVE,
                ..Witness::new(
                    field::PROCESS_NAME,
                    Op::EQ,
                    "before.exe",
                    row.text(field::PROCESS_NAME),
                )
            };
            findings.push(&Finding::new(row.index(), 0, &[witness]));
        }
        Ok(())
    }
}

remora_sdk::export_detector!(Before);
