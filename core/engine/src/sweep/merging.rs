//! Groups are the same whatever the order of events, workers and merges, and
//! hold what their events carried.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use remora_abi::{Class, How, Op, Role, field};

use super::{
    group::{Carried, Facts, Group, Judged, Place, RuleGroup, Shown},
    groups::{Groups, ToolKey},
    judge::{Confidence, Ground, Stage},
    overlap::Identities,
    pool::Pool,
    reports::{REPORTS_CAP, ReportId, ReportSet},
    values::{VALUES_CAP, ValueSet},
};
use crate::host::OwnedWitness;

/// What an event of these tests is made of: small numbers, so that keys,
/// values, times and identities meet.
#[derive(Clone, Debug)]
struct Made {
    place: Place,
    device: u8,
    value: u16,
    report: String,
    time: Option<i64>,
    identity: u8,
    level: usize,
}

fn made() -> impl Strategy<Value = Vec<Made>> {
    let report = prop_oneof![
        3 => (0u32..40).prop_map(|number| number.to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<u64>().prop_map(|number| number.to_string()),
        1 => prop::sample::select(vec!["", "-0", "007", "+5", "x", "-3", "é"]).prop_map(str::to_owned),
    ];
    let one =
        (0u8..3, 0u16..60, report, prop::option::of(0i64..6), 0u8..90, 0usize..3, 0u32..2, 0u64..4);
    prop::collection::vec(one, 0..120).prop_map(|all| {
        (0..)
            .zip(all)
            .map(|(record, (device, value, report, time, identity, level, input, line))| Made {
                // Lines ascend with records, and several records share one.
                place: Place { input, line: record / 4 + line / 4, record },
                device,
                value,
                report,
                time: time.map(|days| days * 86_400_000_000_000),
                identity,
                level,
            })
            .collect()
    })
}

#[derive(Default)]
struct Worker {
    groups: Groups,
    identities: Identities,
}

impl Worker {
    fn take(&mut self, made: &Made) {
        let event = self.identities.insert([made.identity; 16], made.place.input);
        let (value, device) = (format!("value {}", made.value), format!("device {}", made.device));
        let witness = OwnedWitness {
            field: field::REMOTE_URL,
            op: Op::HAS,
            literal: "vendor.example".to_owned(),
            seen: format!("{value} at {:?}", made.place),
            class: Class::EXCLUSIVE,
            role: Role::UNKNOWN,
            how: How::EXACT,
        };
        let carried = Carried {
            observation: "conn_named",
            account: &value,
            image: &device,
            hashes: [("sha1", "AB"), ("md5", &value), ("", ""), ("", ""), ("", ""), ("", "")],
            remote_port: Some(i64::from(made.value) - 30),
            remote_host: &value,
            ..Carried::default()
        };
        let judged = Judged {
            time: made.time,
            plausible: made.time != Some(0),
            place: made.place,
            carried: &carried,
            event_id: self.groups.pool.intern(&made.report),
            event,
            device: u64::from(made.device),
            confidence: Confidence::ALL[made.level],
            stage: [Stage::Present, Stage::Attempted, Stage::Contacted][made.level],
            witnesses: &[&witness],
            grounds: &[[Ground::Name, Ground::Signer, Ground::Other(field::USER)][made.level]],
            excluded_by: &[],
        };
        let Groups { pool, by_rule, by_tool } = &mut self.groups;
        let device = pool.intern(&device);
        by_rule.entry(&[7, 0, device]).add(&judged, &[u32::from(made.identity)], pool);
        let key = ToolKey {
            tenant: 0,
            basis: super::Basis::Id,
            device,
            tool: pool.intern("tool"),
            instance: 0,
        };
        let name = format!("name {}", made.value % 3);
        let pattern = ["v*", "*e 7"].get(usize::from(made.value % 3)).copied();
        let group = by_tool.entry(&key.parts());
        group.add(&judged, &[1], &[made.level as u32], &name, pattern, pool);
    }

    fn merge(&mut self, other: Worker) {
        let events = self.identities.merge(other.identities);
        self.groups.merge(other.groups, &events);
    }

    /// Everything that the groups hold, by key.
    fn tell(&self) -> BTreeMap<String, String> {
        let Groups { pool, by_rule, by_tool } = &self.groups;
        let set = |set: ValueSet| format!("{:?} of {}", set.texts(pool), set.total(pool));
        let shown = |shown: Option<&Shown>| {
            shown
                .map(|one| Shown { event_id: 0, ..*one })
                .zip(shown.map(|one| pool.text(one.event_id).to_owned()))
        };
        let witnesses = |list| -> Vec<_> {
            let all = pool.witnesses(list).iter();
            all.map(|one| (one.field, pool.text(one.literal), pool.text(one.seen))).collect()
        };
        let facts = |facts: &Facts| {
            format!(
                "{:?} {:?} {:?} {:?} {:?} {:?} {} {} {:?} {} {} {}",
                shown(facts.first()),
                shown(facts.strongest()),
                shown(facts.last()),
                witnesses(facts.witnesses),
                pool.places(facts.detectors),
                facts.confidence_counts,
                facts.time_suspect,
                facts.distinct.len(pool),
                facts.stage,
                set(facts.seen_as),
                set(facts.accounts),
                set(facts.images),
            )
        };
        let mut all = BTreeMap::new();
        for at in by_rule.places() {
            let group: &RuleGroup = by_rule.group(at);
            let RuleGroup { reports, hashes, remote_ports, .. } = group;
            let ports = (remote_ports.numbers(pool), remote_ports.total(pool));
            let told = (facts(&group.facts), reports.to_texts(pool), set(*hashes), ports);
            all.insert(format!("rule {}", pool.text(by_rule.key(at)[2])), format!("{told:?}"));
        }
        for at in by_tool.places() {
            let group = by_tool.group(at);
            let places = pool.places(group.rules);
            let told = (facts(&group.facts), places, pool.grounds(group.grounds), &group.days);
            let told = (told, group.hosts.listed(pool), set(group.device_names));
            let device = pool.text(ToolKey::of(by_tool.key(at)).device);
            all.insert(format!("tool {device}"), format!("{told:?}"));
        }
        all
    }
}

proptest! {
    #[test]
    fn groups_are_the_same_whatever_the_order_and_the_workers(
        events in made(),
        order in any::<prop::sample::Index>(),
        workers in prop::collection::vec(0usize..4, 120),
        merges in Just(vec![0usize, 1, 2, 3]).prop_shuffle(),
        anew in prop::collection::vec(any::<bool>(), 4),
    ) {
        let mut alone = Worker::default();
        events.iter().for_each(|event| alone.take(event));
        let mut parts: Vec<Worker> = (0..4).map(|_| Worker::default()).collect();
        // Another order of the blocks: turned about some place.
        let turn = if events.is_empty() { 0 } else { order.index(events.len()) };
        for (event, worker) in events[turn..].iter().chain(&events[..turn]).zip(workers) {
            parts[worker].take(event);
        }
        let mut parts: Vec<Option<Worker>> = parts.into_iter().map(Some).collect();
        let mut merged = Worker::default();
        for (at, anew) in merges.into_iter().zip(anew) {
            merged.merge(parts[at].take().expect("each is merged once"));
            if anew {
                // As `tidy` does.
                let groups = std::mem::take(&mut merged.groups);
                merged.groups.merge(groups, &[]);
            }
        }
        prop_assert_eq!(merged.tell(), alone.tell());
        prop_assert_eq!(merged.identities.len(), alone.identities.len());
    }

    #[test]
    fn a_group_holds_what_its_events_carried(events in made()) {
        let mut worker = Worker::default();
        events.iter().for_each(|event| worker.take(event));
        let Groups { pool, by_rule, .. } = &worker.groups;
        for at in by_rule.places() {
            let group = by_rule.group(at);
            let device = pool.text(by_rule.key(at)[2]);
            let own = || events.iter().filter(|one| format!("device {}", one.device) == device);
            let reports: BTreeSet<ReportId> = own()
                .filter(|one| !one.report.is_empty())
                .map(|one| ReportId::read(&one.report))
                .collect();
            let reports: Vec<String> = reports.iter().map(ReportId::to_string).collect();
            prop_assert_eq!(&*group.reports.to_texts(pool), reports);
            let ports: BTreeSet<i64> = own().map(|one| i64::from(one.value) - 30).collect();
            prop_assert_eq!(group.remote_ports.total(pool), ports.len());
            let smallest: Vec<i64> = ports.into_iter().take(VALUES_CAP).collect();
            prop_assert_eq!(&*group.remote_ports.numbers(pool), smallest);
            let accounts: BTreeSet<String> =
                own().map(|one| format!("value {}", one.value)).collect();
            prop_assert_eq!(group.facts.accounts.total(pool), accounts.len());
            let smallest: Vec<String> = accounts.into_iter().take(VALUES_CAP).collect();
            prop_assert_eq!(&*group.facts.accounts.texts(pool), smallest);
            let distinct: BTreeSet<u8> = own().map(|one| one.identity).collect();
            prop_assert_eq!(group.facts.distinct.len(pool), distinct.len() as u64);
            prop_assert_eq!(group.facts().count(), own().count() as u64);
            let times = || own().filter_map(|one| one.time);
            prop_assert_eq!(group.facts.span(), times().min().zip(times().max()));
        }
    }
}

fn insert(set: &mut ReportSet, report: &str, pool: &mut Pool) {
    let report = pool.intern(report);
    set.insert(report, pool);
}

#[test]
fn report_ids_sort_numbers_first_by_value_and_stay_exact() {
    let (mut set, mut pool) = (ReportSet::default(), Pool::default());
    let given =
        ["10", "9", "", "x", "007", "-3", "18446744073709551615", "9223372036854775808", "9", "+1"];
    given.iter().for_each(|text| insert(&mut set, text, &mut pool));
    let want = ["-3", "9", "10", "9223372036854775808", "18446744073709551615", "+1", "007", "x"];
    assert_eq!(*set.to_texts(&pool), want);
}

/// Whatever the order, the smallest stay: negative numbers, numbers, texts.
#[test]
fn the_smallest_report_ids_stay_when_they_are_cut() {
    let cap = i64::try_from(REPORTS_CAP).expect("the cap is small");
    let mut pool = Pool::default();
    let mut up = ReportSet::default();
    insert(&mut up, "text", &mut pool);
    (-2..cap + 3).for_each(|number| insert(&mut up, &number.to_string(), &mut pool));
    let mut parts = [ReportSet::default(), ReportSet::default()];
    for number in (-2..cap + 3).rev() {
        insert(&mut parts[usize::from(number % 3 == 0)], &number.to_string(), &mut pool);
    }
    let [mut down, other] = parts;
    insert(&mut down, "text", &mut pool);
    down.merge(other, &mut pool);
    let texts = up.to_texts(&pool);
    assert_eq!(texts.len(), REPORTS_CAP);
    assert_eq!((&*texts[0], &*texts[REPORTS_CAP - 1]), ("-2", &*(cap - 3).to_string()));
    assert!(down.to_texts(&pool) == texts);
}

/// A log that runs backwards replaces the earliest record with every row;
/// what was replaced must not stay.
#[test]
fn memory_does_not_grow_with_rows_that_add_nothing() {
    let mut worker = Worker::default();
    let mut most = 0;
    for row in (0..400_000u64).rev() {
        worker.take(&Made {
            place: Place { input: 0, line: row, record: row },
            device: 0,
            value: 0,
            report: "1".to_owned(),
            time: Some(row as i64 + 1),
            identity: 0,
            level: 0,
        });
        worker.groups.tidy();
        most = most.max(worker.groups.pool.len());
    }
    assert_eq!(worker.tell().len(), 2);
    assert!(most < 150_000, "{most} texts for one witness");
}
