//! A sweep of many files: the same bytes on any number of threads, and no call
//! of a detector that nothing was routed to.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use remora_engine::{
    Detectors,
    host::{LinkedIn, Plugins},
    sweep::{self, Grouping, Input, Options, Origin, Outcome, VALUES_CAP},
};
use remora_sdk::{
    Batch, Class, Detector, Error, Field, Finding, Findings, Hit, Interests, Kind, Op, Role, Rule,
    Rules, Shim, field, kind,
    remora_rules::{Indicator, IndicatorType, RuleSet, RuleSpec, compile},
    rules::{Driven, RuleDriven},
};

fn start(linked_in: &[LinkedIn]) -> Detectors {
    Detectors::start(linked_in, &Plugins::default(), &[]).expect("they start")
}

fn linked<D: Detector>() -> LinkedIn {
    LinkedIn { manifest: D::MANIFEST, module: Shim::<D>::MODULE }
}

fn run(detectors: &Detectors, files: &[(String, String)], folder: &Path, more: Options) -> Outcome {
    let input = |(name, text): &(String, String)| {
        let path = folder.join(name);
        fs::write(&path, text).expect("the scratch folder can be written to");
        Input { name: name.clone(), origin: Origin::Path(path) }
    };
    let options = Options { inputs: files.iter().map(input).collect(), ..more };
    let outcome = sweep::run(detectors, &options).expect("it runs");
    assert!(outcome.problems.is_empty(), "{:?}", outcome.problems);
    assert!(outcome.summary.detectors.iter().all(|one| one.state == "ok"));
    outcome
}

/// Everything that a report is made of.
fn told(outcome: &Outcome) -> String {
    let mut text = String::new();
    let mut put = |value: serde_json::Result<String>| {
        writeln!(text, "{}", value.expect("it is plain data")).expect("memory is there");
    };
    outcome.by_rule.iter().for_each(|one| put(serde_json::to_string(&one)));
    outcome.by_tool.iter().for_each(|one| put(serde_json::to_string(&one)));
    put(serde_json::to_string(&outcome.summary));
    text
}

/// Numbers that look like chance and are the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

type Helm = Driven<Known>;

struct Known;

impl RuleDriven for Known {
    const MANIFEST: &'static str =
        remora_sdk::manifest!(name: "helm", tools: ["helm"], techniques: ["T1219"]);

    fn rule_sets() -> Result<Vec<RuleSet>, Error> {
        let rule = |id: &str, kinds: &[Kind], keys: &[Field], text: &str| RuleSpec {
            id: id.to_owned(),
            title: id.to_uppercase(),
            kinds: kinds.to_vec(),
            expr: compile(text, kinds).expect("a valid rule"),
            keys: keys.to_vec(),
            techniques: vec!["T1219".to_owned()],
            learns: None,
        };
        let by_host = [field::DEVICE_ID, field::REMOTE_HOST];
        let domain =
            rule("domain", &[kind::CONNECTION], &by_host, "remote.host under 'helm.example'");
        let device =
            rule("device", &[kind::CONNECTION], &[field::DEVICE_ID], "remote.url has 'helm'");
        let signed = RuleSpec {
            learns: Some(field::FILE_SHA1),
            ..rule("signed", &[kind::SIGNATURE], &[field::DEVICE_ID], "file.signer has 'Helm'")
        };
        let asks = "process.sha1 in learned('signed')";
        let started = rule("started", &[kind::CONNECTION], &[field::DEVICE_ID], asks);
        let domain_of = Indicator {
            ty: IndicatorType::Domain,
            value: "helm.example".to_owned(),
            class: Class::EXCLUSIVE,
            role: Role::RELAY,
        };
        Ok(vec![RuleSet {
            tool: "helm".to_owned(),
            tool_name: "Helm".to_owned(),
            rules: vec![domain, device, signed, started],
            indicators: vec![domain_of],
            instances: vec![],
        }])
    }
}

/// Lines of a Defender export: few devices, and per device more hosts,
/// addresses and command lines than a set holds.
fn lines(count: u64, draw: &mut Draw) -> Vec<String> {
    let one = |_| {
        let device = draw.below(7);
        let time = format!(
            "2026-01-{:02}T{:02}:{:02}:00Z",
            1 + draw.below(20),
            draw.below(24),
            draw.below(60)
        );
        let head = format!(
            "{{\"Timestamp\":\"{time}\",\"DeviceId\":\"d{device}\",\"DeviceName\":\"ws-{device}.x.example\""
        );
        if draw.below(50) == 0 {
            let signer = ["Helm GmbH", "Others"][draw.below(2) as usize];
            return format!(
                "{head},\"SHA1\":\"{:040x}\",\"Signer\":\"{signer}\",\"IsSigned\":true,\"CertificateSerialNumber\":\"1\"}}\n",
                draw.below(30)
            );
        }
        let host = match draw.below(4) {
            0 => format!("r{}.helm.example", draw.below(40)),
            1 => "nothelm.example".to_owned(),
            2 => "helm.example.evil.example".to_owned(),
            _ => format!("h{}.other.example", draw.below(90)),
        };
        let report = match draw.below(30) {
            0 => "\"abc\"".to_owned(),
            1 => "-9223372036854775808".to_owned(),
            2 => "18446744073709551615".to_owned(),
            _ => draw.below(400).to_string(),
        };
        format!(
            "{head},\"ReportId\":{report},\"ActionType\":\"ConnectionSuccess\",\"RemoteUrl\":\"{host}\",\
             \"RemoteIP\":\"192.0.2.{}\",\"RemotePort\":{},\"InitiatingProcessFileName\":\"p{}.exe\",\
             \"InitiatingProcessSHA1\":\"{:040x}\",\"InitiatingProcessCommandLine\":\"p -n {}\",\
             \"InitiatingProcessAccountUpn\":\"u{}@x.example\"}}\n",
            draw.below(200),
            draw.below(60),
            draw.below(5),
            draw.below(40),
            draw.below(100),
            draw.below(30),
        )
    };
    (0..count).map(one).collect()
}

/// Files of which some hold the same events, one of several blocks.
fn files() -> Vec<(String, String)> {
    let mut draw = Draw(7);
    let mut files: Vec<(String, String)> = (0..10)
        .map(|at| (format!("{at}.ndjson"), lines(100 + 40 * at, &mut draw).concat()))
        .collect();
    let long = lines(3000, &mut draw);
    let from_the_middle = long[1000..1600].concat();
    files.insert(3, ("long.ndjson".to_owned(), long.concat()));
    files.push(("again.ndjson".to_owned(), from_the_middle));
    files.push(("copy.ndjson".to_owned(), files[0].1.clone()));
    assert!(files[3].1.len() > 1 << 20, "several blocks on any number of threads");
    files
}

#[test]
fn many_files_give_the_same_bytes_on_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let (detectors, files) = (start(&[linked::<Helm>()]), files());
    for grouping in [Grouping::Rule, Grouping::Tool] {
        let sweep = |threads| {
            let options = Options { grouping, threads, ..Options::default() };
            run(&detectors, &files, folder.path(), options)
        };
        let alone = sweep(1);
        // What is compared has what could differ: sets that were cut, events that several files
        // hold, and findings of the second pass.
        assert!(alone.summary.overlaps.len() >= 2, "{:?}", alone.summary.overlaps);
        assert!(alone.summary.duplicates > 300);
        assert!(alone.summary.second_pass.as_ref().is_some_and(|pass| pass.facts > 5));
        let mut accounts = alone.by_rule.iter().map(|one| one.common.accounts);
        let mut of_tools = alone.by_tool.iter().map(|one| one.common.accounts);
        assert!(accounts.by_ref().chain(of_tools.by_ref()).any(|set| set.total > VALUES_CAP));
        if grouping == Grouping::Rule {
            assert!(alone.by_rule.iter().any(|one| one.rule == "started"));
        }
        let want = told(&alone);
        for threads in [2, 8] {
            let got = told(&sweep(threads));
            let differs = want.lines().zip(got.lines()).find(|(want, got)| want != got);
            assert!(got == want, "{threads} threads: {differs:?}");
        }
    }
}

/// Inputs that cannot be opened, are cut off or change their columns stand between others, with more
/// refused records than are shown: what is told of them does not depend on who reads the next block.
#[test]
fn inputs_that_fail_in_the_middle_are_told_of_alike_on_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let detectors = start(&[linked::<Helm>()]);
    let mut draw = Draw(11);
    let mut damaged = lines(2000, &mut draw);
    damaged.iter_mut().step_by(8).for_each(|line| line.insert(0, '!'));
    let rows = |header: &str| header.to_owned() + &"d,a.example,1\n".repeat(100_000);
    let columns =
        rows("DeviceId,RemoteUrl,RemotePort\n") + &rows("RemoteUrl,DeviceId,RemotePort\n");
    let array = format!("[{}", lines(2000, &mut draw).join(","));
    let texts = [
        ("a.ndjson", Some(lines(500, &mut draw).concat())),
        ("missing.ndjson", None),
        ("damaged.ndjson", Some(damaged.concat())),
        ("foreign.txt", Some("no log at all\n".repeat(9))),
        ("columns.csv", Some(columns)),
        ("cut.json", Some(array)),
        ("empty.ndjson", Some(String::new())),
        ("z.ndjson", Some(lines(3000, &mut draw).concat())),
    ];
    let inputs: Vec<Input> = texts
        .iter()
        .map(|(name, text)| {
            let path = folder.path().join(name);
            if let Some(text) = text {
                fs::write(&path, text).expect("the scratch folder can be written to");
            }
            Input { name: (*name).to_owned(), origin: Origin::Path(path) }
        })
        .collect();
    let sweep = |threads| {
        let options = Options { inputs: inputs.clone(), threads, ..Options::default() };
        sweep::run(&detectors, &options).expect("it runs")
    };
    let alone = sweep(1);
    let problems = |of: &str| alone.problems.iter().filter(|one| one.source == of).count();
    let counted: Vec<usize> = texts.iter().map(|(name, _)| problems(name)).collect();
    assert_eq!(counted, [0, 1, 100, 1, 1, 1, 0, 0]);
    for threads in [2, 8] {
        let swept = sweep(threads);
        assert_eq!(swept.problems, alone.problems, "{threads} threads");
        assert_eq!(told(&swept), told(&alone), "{threads} threads");
    }
}

/// Looks for hosts below its own domain, and counts.
struct Counting<const QUIET: bool>;

static CALLS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
static SEEN: OnceLock<Mutex<Vec<u32>>> = OnceLock::new();

impl<const QUIET: bool> Detector for Counting<QUIET> {
    const MANIFEST: &'static str = if QUIET {
        remora_sdk::manifest!(name: "quiet", tools: ["quiet"], techniques: [])
    } else {
        remora_sdk::manifest!(name: "loud", tools: ["loud"], techniques: [])
    };

    fn new(_: &str) -> Result<Self, Error> {
        Ok(Counting)
    }

    fn rules(&self, rules: &mut Rules<'_>) {
        let name = if QUIET { "quiet" } else { "loud" };
        let kinds = &[kind::CONNECTION];
        rules.push(&Rule { id: name, tool: name, kinds, ..Rule::default() });
    }

    fn interests(&self, interests: &mut Interests<'_>) {
        let domain = if QUIET { "quiet.example" } else { "loud.example" };
        interests.push(kind::CONNECTION, field::REMOTE_HOST, Op::UNDER, domain);
    }

    fn inspect(
        &self,
        batch: &Batch<'_>,
        hits: &[Hit],
        findings: &mut Findings<'_>,
    ) -> Result<(), Error> {
        CALLS[usize::from(QUIET)].fetch_add(1, Ordering::Relaxed);
        for (row, _) in batch.rows(hits) {
            SEEN.get_or_init(Mutex::default).lock().expect("nobody panics").push(row.index());
            findings.push(&Finding::new(row.index(), 0, &[]));
        }
        Ok(())
    }
}

#[test]
fn a_detector_that_nothing_was_routed_to_is_not_called() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let detectors = start(&[linked::<Counting<true>>(), linked::<Counting<false>>()]);
    let mut text = String::new();
    for row in 0..4000 {
        let host = if row < 3 { "a.loud.example" } else { "other.example" };
        writeln!(
            text,
            "{{\"Timestamp\":\"2026-01-11T08:00:00Z\",\"DeviceId\":\"d\",\"ReportId\":{row},\
             \"ActionType\":\"ConnectionSuccess\",\"RemoteUrl\":\"{host}\"}}"
        )
        .expect("memory is there");
    }
    // Every record is decoded, so that there are four batches that could be shown.
    let options = Options { validate: true, ..Options::default() };
    let outcome = run(&detectors, &[("a.ndjson".to_owned(), text)], folder.path(), options);
    assert_eq!(outcome.summary.events, 4000);
    assert_eq!(outcome.by_rule.len(), 1);
    assert_eq!(outcome.by_rule.iter().map(|one| one.common.count).sum::<u64>(), 3);
    let [loud, quiet] = [&CALLS[0], &CALLS[1]].map(|calls| calls.load(Ordering::Relaxed));
    assert_eq!((loud, quiet), (1, 0), "the first batch is shown to the one that has hits in it");
    let seen = SEEN.get_or_init(Mutex::default).lock().expect("nobody panics");
    assert_eq!(*seen, [0, 1, 2]);
}

/// Records of one line are records of their own: each is shown that is the first or the last.
#[test]
fn evidence_is_the_same_whether_records_stand_on_lines_or_on_one() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let detectors = start(&[linked::<Helm>()]);
    let records = lines(3000, &mut Draw(5));
    let records: Vec<&str> = records.iter().map(|line| line.trim_end()).collect();
    let shown = |text: String| {
        let files = [("log".to_owned(), text)];
        let options = Options { grouping: Grouping::Rule, threads: 2, ..Options::default() };
        let outcome = run(&detectors, &files, folder.path(), options);
        let evidence = outcome.by_rule.iter().map(|one| {
            let rows = one.common.evidence.iter();
            rows.map(|row| (row.why, row.time.clone(), row.event_id.to_owned())).collect::<Vec<_>>()
        });
        evidence.collect::<Vec<_>>()
    };
    let by_lines = shown(records.join("\n"));
    assert!(by_lines.iter().any(|rows| rows.len() == 3));
    assert_eq!(shown(format!("[{}]", records.join(","))), by_lines);
}
