//! Rule-driven detectors: which rules hold, what the witnesses are worth, and
//! what the detector asks for.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use remora_sdk::{
    Class, Error, Field, Hit, Kind, Op, Role, field, kind,
    remora_rules::{Indicator, IndicatorType, Instance, RuleSet, RuleSpec, compile},
    rules::{Driven, RuleDetector, RuleDriven},
    testing::{Event, Found, Host, conform},
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tool: Vec<Tool>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    id: String,
    rules: Vec<StatedRule>,
    indicators: Vec<StatedIndicator>,
    #[serde(default)]
    instances: Vec<StatedInstance>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatedRule {
    id: String,
    kinds: Vec<String>,
    r#where: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatedIndicator {
    r#type: String,
    value: String,
    class: String,
    role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatedInstance {
    field: String,
    pattern: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    kind: String,
    event: BTreeMap<String, String>,
    #[serde(default)]
    number: BTreeMap<String, i64>,
    #[serde(default)]
    instance: String,
    #[serde(default)]
    finds: BTreeMap<String, Vec<String>>,
}

impl Case {
    fn event(&self) -> Event {
        let field = |name: &str| Field::from_name(name).expect("a field");
        let mut event = Event::new(Kind::from_name(&self.kind).expect("a kind"));
        for (name, value) in &self.event {
            event = event.text(field(name), value);
        }
        for (name, value) in &self.number {
            event = event.number(field(name), *value);
        }
        event
    }
}

fn file() -> File {
    toml::from_str(include_str!("rules.toml")).unwrap()
}

fn rule(id: &str, kinds: &[Kind], text: &str) -> RuleSpec {
    RuleSpec {
        id: id.into(),
        title: format!("title of {id}"),
        kinds: kinds.to_vec(),
        expr: compile(text, kinds).unwrap(),
        keys: vec![field::DEVICE_ID],
        techniques: vec!["T1219".into()],
        learns: None,
    }
}

fn sets() -> Vec<RuleSet> {
    let indicator = |stated: &StatedIndicator| Indicator {
        ty: *IndicatorType::ALL.iter().find(|ty| ty.name() == stated.r#type).unwrap(),
        value: stated.value.clone(),
        class: Class::from_name(&stated.class).unwrap(),
        role: Role::from_name(&stated.role).unwrap(),
    };
    let instance = |stated: &StatedInstance| Instance {
        field: Field::from_name(&stated.field).unwrap(),
        pattern: stated.pattern.clone(),
    };
    file()
        .tool
        .iter()
        .map(|tool| RuleSet {
            tool: tool.id.clone(),
            tool_name: tool.id.to_uppercase(),
            rules: tool
                .rules
                .iter()
                .map(|stated| {
                    let kinds: Vec<Kind> =
                        stated.kinds.iter().map(|name| Kind::from_name(name).unwrap()).collect();
                    rule(&stated.id, &kinds, &stated.r#where)
                })
                .collect(),
            indicators: tool.indicators.iter().map(indicator).collect(),
            instances: tool.instances.iter().map(instance).collect(),
        })
        .collect()
}

type Steering = Driven<Steered>;

struct Steered;

impl RuleDriven for Steered {
    const MANIFEST: &'static str =
        remora_sdk::manifest!(name: "steering", tools: ["helm", "rudder"], techniques: ["T1219"]);

    fn rule_sets() -> Result<Vec<RuleSet>, Error> {
        Ok(sets())
    }
}

fn by_rule(found: &[Found]) -> BTreeMap<String, Vec<String>> {
    let witnesses = |found: &Found| found.witnesses.iter().map(ToString::to_string).collect();
    found.iter().map(|found| (found.rule.clone(), witnesses(found))).collect()
}

#[test]
fn cases_come_out_as_they_say() {
    let host = Host::of::<Steering>("").unwrap();
    for case in file().case {
        let found = host.inspect(&[case.event()]).unwrap();
        let got = by_rule(&found);
        assert_eq!(got.len(), found.len(), "{}: a rule is reported twice", case.why);
        assert_eq!(got, case.finds, "{}", case.why);
        let instances = found.iter().all(|found| found.instance == case.instance);
        assert!(instances, "{}: {found:?}", case.why);
    }
}

#[test]
fn it_keeps_the_contract() {
    let events: Vec<Event> = file().case.iter().map(Case::event).collect();
    conform::<Steering>("", &events).unwrap();
}

#[test]
fn interests_are_asked_for_once() {
    let host = Host::of::<Steering>("").unwrap();
    let interests = host.interests();
    for (at, interest) in interests.iter().enumerate() {
        assert!(!interests[..at].contains(interest), "{interest:?} twice");
    }
    // Two tools want this one.
    let url = interests.iter().filter(|interest| {
        interest.kind == kind::CONNECTION && interest.field == field::REMOTE_URL
    });
    assert_eq!(url.count(), 1);
    // The port and the negations cannot be narrowed; nothing else opens a kind.
    let whole: Vec<Kind> =
        interests.iter().filter(|i| i.op == Op::KIND).map(|interest| interest.kind).collect();
    assert_eq!(whole, [kind::CONNECTION, kind::SERVICE]);
}

#[test]
fn a_hit_of_another_interest_reaches_no_rule() {
    // A host that routes by the rules' interests alone never shows this row;
    // one that states only the hit of another rule gets that rule's answer.
    let host = Host::of::<Steering>("").unwrap();
    let event = Event::new(kind::PROCESS)
        .text(field::PROCESS_NAME, "helm.exe")
        .text(field::PROCESS_COMPANY, "Contoso")
        .text(field::PROCESS_PRODUCT, "Helm");
    let both = host.inspect(std::slice::from_ref(&event)).unwrap();
    assert_eq!(by_rule(&both).into_keys().collect::<Vec<_>>(), ["helm.file", "helm.pair"]);
    let at = |f: Field| host.interests().iter().position(|i| i.field == f).unwrap() as u32;
    let hit = Hit { row: 0, interest: at(field::PROCESS_PRODUCT) };
    let one = host.inspect_with(&[event], &[hit]).unwrap();
    assert_eq!(by_rule(&one).into_keys().collect::<Vec<_>>(), ["helm.pair"]);
}

#[test]
fn rules_are_stated_with_all_that_people_see() {
    let host = Host::of::<Steering>("").unwrap();
    let stated = host.rules().iter().find(|rule| rule.id == "helm.file").unwrap();
    assert_eq!((stated.tool.as_str(), stated.tool_name.as_str()), ("helm", "HELM"));
    assert_eq!(stated.title, "title of helm.file");
    assert_eq!(stated.kinds, [kind::PROCESS]);
    assert_eq!(stated.keys, [field::DEVICE_ID]);
    assert_eq!(stated.techniques, ["T1219"]);
    assert_eq!(stated.fields, [field::PROCESS_NAME, field::PROCESS_COMPANY]);
    assert_eq!(
        stated.where_text,
        "process.name =~ \"helm.exe\" and process.company has \"Contoso\""
    );
}

#[test]
fn rules_that_could_not_be_reported_on_are_refused() {
    let with = |rules: Vec<RuleSpec>| {
        let set = RuleSet {
            tool: "helm".into(),
            tool_name: "Helm".into(),
            rules,
            indicators: vec![],
            instances: vec![],
        };
        RuleDetector::new(vec![set]).unwrap_err().to_string()
    };
    let one = rule("helm.dns", &[kind::DNS], "remote.host has 'helm.example'");
    assert_eq!(with(vec![one.clone(), one.clone()]), "two rules have the id \"helm.dns\"");
    let none = RuleSpec { kinds: vec![], ..one };
    assert_eq!(with(vec![none]), "rule \"helm.dns\" looks at no kind");
}

type Learning = Driven<Learned>;

struct Learned;

impl RuleDriven for Learned {
    const MANIFEST: &'static str =
        remora_sdk::manifest!(name: "learning", tools: ["helm"], techniques: ["T1219"]);

    fn rule_sets() -> Result<Vec<RuleSet>, Error> {
        let signed = RuleSpec {
            learns: Some(field::FILE_SHA1),
            ..rule("signed", &[kind::SIGNATURE], "file.signer has 'Helm'")
        };
        let started = rule("started", &[kind::PROCESS], "process.sha1 in learned('signed')");
        let named = "remote.url has 'helm.example' and process.sha1 in learned('signed')";
        let named = rule("named", &[kind::CONNECTION], named);
        let set = RuleSet {
            tool: "helm".into(),
            tool_name: "Helm".into(),
            rules: vec![signed, started, named],
            indicators: vec![],
            instances: vec![],
        };
        Ok(vec![set])
    }
}

#[test]
fn what_one_rule_learns_others_look_for_in_the_second_pass() {
    let signed = |sha1: &str, signer: &str| {
        Event::new(kind::SIGNATURE).text(field::FILE_SHA1, sha1).text(field::FILE_SIGNER, signer)
    };
    let started = |sha1: &str| Event::new(kind::PROCESS).text(field::PROCESS_SHA1, sha1);
    let host = Host::of::<Learning>("").unwrap();
    let found = |events: &[Event]| -> Vec<(u32, String)> {
        let found = host.sweep(events).unwrap();
        found.into_iter().map(|found| (found.row, found.rule)).collect()
    };
    // The hash is found in rows before the one that it was learned from too.
    assert_eq!(
        found(&[
            started("aa"),
            signed("aa", "Helm GmbH"),
            signed("bb", "Others"),
            started("bb"),
            started("aa"),
            Event::new(kind::CONNECTION)
                .text(field::REMOTE_URL, "helm.example")
                .text(field::PROCESS_SHA1, "aa"),
            Event::new(kind::CONNECTION)
                .text(field::REMOTE_URL, "other.example")
                .text(field::PROCESS_SHA1, "aa"),
        ]),
        [(1, "signed"), (0, "started"), (4, "started"), (5, "named")]
            .map(|(row, rule)| (row, rule.to_owned()))
    );
    // An empty hash is never learned, and equals no empty hash.
    assert_eq!(found(&[signed("", "Helm"), started("")]), [(0, "signed".to_owned())]);
    // In the first pass the rules that look for it ask for nothing.
    assert!(host.interests().iter().all(|interest| interest.kind == kind::SIGNATURE));
}

#[test]
fn learning_that_could_never_serve_is_refused() {
    let refusal = |rules: Vec<RuleSpec>| {
        let (tool, tool_name) = ("helm".to_owned(), "Helm".to_owned());
        let set = RuleSet { tool, tool_name, rules, indicators: vec![], instances: vec![] };
        RuleDetector::new(vec![set]).unwrap_err().to_string()
    };
    let asks = || rule("asks", &[kind::PROCESS], "process.sha1 in learned('other')");
    assert!(refusal(vec![asks()]).contains("no rule of this id learns anything"));
    let silent = rule("other", &[kind::SIGNATURE], "file.signer has 'a'");
    assert!(refusal(vec![asks(), silent]).contains("no rule of this id learns anything"));
    let chain = RuleSpec { learns: Some(field::PROCESS_SHA1), ..asks() };
    assert!(refusal(vec![chain]).contains("two passes only"));
}
