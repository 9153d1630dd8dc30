//! The conformance check notices each way of breaking the contract.

use std::sync::atomic::{AtomicU32, Ordering};

use remora_sdk::{
    Batch, Detector, Error, Finding, Findings, Hit, Interests, Op, Rule, Rules,
    abi::Field,
    field, kind,
    testing::{Event, conform},
};

/// A detector with one fault; with [`NONE`] it has none.
struct Faulty<const FAULT: u32> {
    calls: AtomicU32,
}

const NONE: u32 = 0;
const MANIFEST: u32 = 1;
const OTHER_ABI: u32 = 2;
const REFUSES: u32 = 3;
const RULES_CHANGE: u32 = 4;
const INTERESTS_CHANGE: u32 = 5;
const NO_INTEREST: u32 = 6;
const SAME_ID: u32 = 7;
const NO_KINDS: u32 = 8;
const FINDS_NOTHING: u32 = 9;
const ROW: u32 = 10;
const RULE: u32 = 11;
const KIND: u32 = 12;
const FIELD: u32 = 13;
const REMEMBERS: u32 = 14;
const COUNTS_ROWS: u32 = 15;
const PANICS: u32 = 16;
const NAME: u32 = 17;

impl<const FAULT: u32> Detector for Faulty<FAULT> {
    const MANIFEST: &'static str = match FAULT {
        MANIFEST => "name = \"faulty\"\n",
        OTHER_ABI => concat!(
            "name = 'faulty'\nversion = '1.0.0'\nabi = '0.9.0'\nlicence = 'MIT'\n",
            "panic = 'unwind'\ntools = []\ntechniques = []\n",
        ),
        NAME => remora_sdk::manifest!(name: "Faulty One", tools: [], techniques: []),
        _ => remora_sdk::manifest!(name: "faulty", tools: ["faulty"], techniques: []),
    };

    fn new(_: &str) -> Result<Self, Error> {
        match FAULT {
            REFUSES => Err("not today".into()),
            _ => Ok(Faulty { calls: AtomicU32::new(0) }),
        }
    }

    fn rules(&self, rules: &mut Rules<'_>) {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        let title = if FAULT == RULES_CHANGE && calls > 0 { "again" } else { "" };
        let kinds: &[_] = if FAULT == NO_KINDS { &[] } else { &[kind::DNS] };
        let rule = Rule { id: "faulty.dns", tool: "faulty", title, kinds, ..Rule::default() };
        rules.push(&rule);
        rules.push(&Rule { id: if FAULT == SAME_ID { rule.id } else { "other" }, ..rule });
    }

    fn interests(&self, interests: &mut Interests<'_>) {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        if FAULT == NO_INTEREST {
            return;
        }
        interests.want_kind(if FAULT == KIND { kind::TLS } else { kind::DNS });
        if FAULT == INTERESTS_CHANGE && calls > 1 {
            interests.push(kind::DNS, field::REMOTE_HOST, Op::HAS, "more");
        }
    }

    fn inspect(
        &self,
        batch: &Batch<'_>,
        hits: &[Hit],
        findings: &mut Findings<'_>,
    ) -> Result<(), Error> {
        if FAULT == PANICS {
            panic!("on every call");
        }
        let calls = self.calls.fetch_add(1, Ordering::Relaxed).to_string();
        for (row, _) in batch.rows(hits) {
            let mut finding = Finding::new(row.index(), 0, &[]);
            let extra = [(Field(9999), "?")];
            match FAULT {
                FINDS_NOTHING => continue,
                ROW => finding.row = batch.len(),
                RULE => finding.rule = 7,
                FIELD => finding.extra = &extra,
                REMEMBERS => finding.instance = &calls,
                COUNTS_ROWS if batch.len() > 1 => finding.instance = "many",
                _ => {}
            }
            findings.push(&finding);
        }
        Ok(())
    }
}

fn check<const FAULT: u32>() -> Result<(), String> {
    conform::<Faulty<FAULT>>("", &[Event::new(kind::DNS), Event::new(kind::TLS)])
}

#[test]
fn a_detector_without_fault_conforms() {
    check::<NONE>().unwrap();
}

#[test]
fn each_fault_is_noticed() {
    for (result, message) in [
        (check::<MANIFEST>(), "the manifest lacks the text \"version\""),
        (check::<OTHER_ABI>(), "\"abi\" is Some(\"0.9.0\") in the manifest, not"),
        (check::<NAME>(), "\"Faulty One\" is no name for a detector"),
        (check::<REFUSES>(), "the detector was not made: not today"),
        (check::<RULES_CHANGE>(), "the rules differ from call to call"),
        (check::<INTERESTS_CHANGE>(), "the interests differ from call to call"),
        (check::<NO_INTEREST>(), "the detector has no interest"),
        (check::<SAME_ID>(), "two rules have the id \"faulty.dns\""),
        (check::<NO_KINDS>(), "rule 0 (\"faulty.dns\") lacks its id, tool or kinds"),
        (check::<FINDS_NOTHING>(), "nothing was found in any event"),
        (check::<ROW>(), "a finding of \"faulty.dns\" on row 2: there is no such row"),
        (check::<RULE>(), "a finding of \"?\" on row 0: there is no such rule"),
        (check::<KIND>(), "a finding of \"faulty.dns\" on row 1: the rule does not look at tls"),
        (check::<FIELD>(), "a finding of \"faulty.dns\" on row 0: it fills the unknown field 9999"),
        (check::<REMEMBERS>(), "the findings depend on how events are cut into batches"),
        (check::<COUNTS_ROWS>(), "the findings depend on how events are cut into batches"),
        (check::<PANICS>(), "inspect failed: on every call"),
    ] {
        let error = result.expect_err(message);
        assert!(error.starts_with(message), "{error:?}, not {message:?}");
    }
}
