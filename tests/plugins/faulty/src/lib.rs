//! A detector that fails in every way that a host must contain, so that the
//! tests can see it contained.
//!
//! What it does while it looks at events depends on the file name of a started
//! process, because a detector is a function of configuration and events:
//! `fine.exe` is a finding, every other name that it wants to see is a fault.
//! What it does before and after depends on the environment variable
//! `REMORA_FAULTY`, a fault and a call: `panic new`. Detector and export are
//! one crate here: nothing links it in.

use std::{env, fs};

use remora_sdk::{
    Batch, Class, Detector, Error, Finding, Findings, Hit, Interests, Kind, Op, Rule, Rules,
    Witness, abi::NO_ROW, field, kind,
};

/// The names that it wants to see.
const NAMES: &[&str] = &[
    "fine.exe",
    "panic.exe",
    "error.exe",
    "words.exe",
    "row.exe",
    "orphan.exe",
    "unrouted.exe",
    "rule.exe",
    "witnesses.exe",
    "flood.exe",
    "huge.exe",
];

/// A rule of SupRemo's, by other keys.
const FOREIGN: &str = "889b90bc-599e-4e28-bb19-1ffc04dbf80b";

const MEGABYTE: usize = 1 << 20;

/// Whether it is to fail in this way.
fn is_asked(fault: &str) -> bool {
    env::var("REMORA_FAULTY").is_ok_and(|asked| asked == fault)
}

/// What every call does first.
fn enter(call: &str) {
    if is_asked("print") {
        println!("{{\"printed in\":\"{call}\"}}");
    }
    assert!(!is_asked(&format!("panic {call}")), "it was asked for a panic in {call}");
}

/// Runs when the library is opened, before anything else of it: whoever only
/// looks at the file must never get here.
#[cfg(target_os = "linux")]
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = constructor;

#[cfg(target_os = "linux")]
extern "C" fn constructor() {
    if let Some(path) = env::var_os("REMORA_FAULTY_RAN") {
        let _ = fs::write(path, "it ran");
    }
}

struct Faulty;

impl Drop for Faulty {
    fn drop(&mut self) {
        enter("drop");
    }
}

impl Detector for Faulty {
    const MANIFEST: &'static str =
        remora_sdk::manifest!(name: "faulty", tools: ["faulty"], techniques: []);

    fn new(_config: &str) -> Result<Self, Error> {
        enter("new");
        if is_asked("error new") {
            return Err("it was asked for an error in new".into());
        }
        Ok(Faulty)
    }

    fn rules(&self, rules: &mut Rules<'_>) {
        enter("rules");
        let rule = Rule {
            id: "faulty.process",
            tool: "faulty",
            tool_name: "Faulty",
            title: "Faulty - Process",
            kinds: &[kind::PROCESS],
            keys: &[field::DEVICE_ID, field::DEVICE_NAME],
            fields: &[field::PROCESS_NAME],
            ..Rule::default()
        };
        rules.push(&rule);
        let long = "a".repeat(2 * MEGABYTE);
        let more = match env::var("REMORA_FAULTY").unwrap_or_default().as_str() {
            "nameless rules" => Rule { id: "", ..rule },
            "kindless rules" => Rule { id: "b", kinds: &[], ..rule },
            "unknown rules" => Rule { id: "b", kinds: &[Kind(9999)], ..rule },
            "same rules" => rule,
            "foreign rules" => Rule { id: FOREIGN, ..rule },
            "huge rules" => Rule { id: "b", where_text: &long, ..rule },
            "flood rules" => {
                for at in 0..=1 << 16 {
                    rules.push(&Rule { id: &format!("b{at}"), ..rule });
                }
                return;
            }
            _ => return,
        };
        rules.push(&more);
    }

    fn interests(&self, interests: &mut Interests<'_>) {
        enter("interests");
        for name in NAMES {
            interests.push(kind::PROCESS, field::PROCESS_NAME, Op::EQ_CS, name);
        }
        let name = field::PROCESS_NAME;
        let long = "a".repeat(2 * MEGABYTE);
        let (kind, field, op, literal) = match env::var("REMORA_FAULTY").as_deref() {
            Ok("kind interests") => (Kind(9999), name, Op::EQ_CS, "a"),
            Ok("operator interests") => (kind::PROCESS, name, Op(9999), "a"),
            Ok("empty interests") => (kind::PROCESS, name, Op::EQ_CS, ""),
            Ok("number interests") => (kind::PROCESS, field::REMOTE_PORT, Op::EQ_CS, "1"),
            Ok("domain interests") => (kind::DNS, field::REMOTE_HOST, Op::UNDER, "no domain!"),
            Ok("huge interests") => (kind::PROCESS, name, Op::EQ_CS, long.as_str()),
            Ok("flood interests") => {
                for _ in 0..=MEGABYTE {
                    interests.push(kind::PROCESS, name, Op::EQ_CS, "a");
                }
                return;
            }
            _ => return,
        };
        interests.push(kind, field, op, literal);
    }

    fn inspect(
        &self,
        batch: &Batch<'_>,
        hits: &[Hit],
        findings: &mut Findings<'_>,
    ) -> Result<(), Error> {
        enter("inspect");
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
                "words.exe" => {
                    let words = "many\nwords\u{1b}[31m ".repeat(MEGABYTE / 16);
                    return Err(format!("it met words.exe: {words}").into());
                }
                "row.exe" => findings.push(&Finding { row: batch.len(), ..finding }),
                "orphan.exe" => findings.push(&Finding { row: NO_ROW, ..finding }),
                "unrouted.exe" => {
                    let routed = |row: &u32| hits.iter().any(|hit| hit.row == *row);
                    let row = (0..batch.len()).find(|row| !routed(row)).unwrap_or(NO_ROW);
                    findings.push(&Finding { row, ..finding });
                }
                "rule.exe" => findings.push(&Finding { rule: 1, ..finding }),
                "witnesses.exe" => findings.push(&Finding { witnesses: &[witness; 65], ..finding }),
                "flood.exe" => {
                    for _ in 0..=256 * batch.len() {
                        findings.push(&finding);
                    }
                }
                "huge.exe" => {
                    let long = "é".repeat(MEGABYTE);
                    let witness = Witness { literal: &long, seen: &long, ..witness };
                    findings.push(&Finding { instance: &long, witnesses: &[witness], ..finding });
                }
                _ => findings.push(&finding),
            }
        }
        Ok(())
    }
}

remora_sdk::export_detector!(Faulty);
