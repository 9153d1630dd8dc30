//! The judge's cases, from `cases/judge.toml`.

use remora_engine::{
    abi::{Class, Field, How, Kind, Op, Role},
    host::OwnedWitness,
    sweep::judge::{Browsers, Circumstances, confidence, stage},
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    event: Event,
    witness: Vec<Witness>,
    confidence: String,
    stage: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    kind: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    observation: String,
    #[serde(default)]
    process: String,
    #[serde(default)]
    parent: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Witness {
    field: String,
    class: String,
    role: String,
    #[serde(default)]
    how: String,
}

fn how(name: &str) -> How {
    let all = [How::EXACT, How::SUBDOMAIN, How::LOOKALIKE, How::SEARCH_SUFFIX, How::ELSEWHERE];
    match name {
        "" => How::NONE,
        name => all.into_iter().find(|how| how.name() == name).expect("a known `how`"),
    }
}

fn read(witness: &Witness) -> OwnedWitness {
    let class = match witness.class.as_str() {
        "" => Class::UNKNOWN,
        name => Class::from_name(name).expect("a known class"),
    };
    let role = match witness.role.as_str() {
        "" => Role::UNKNOWN,
        name => Role::from_name(name).expect("a known role"),
    };
    OwnedWitness {
        field: Field::from_name(&witness.field).expect("a known field"),
        op: Op::HAS,
        literal: "x".into(),
        seen: "x".into(),
        class,
        role,
        how: how(&witness.how),
    }
}

#[test]
fn every_case_is_judged_as_it_says() {
    let text = include_str!("cases/judge.toml");
    let file: File = toml::from_str(text).expect("the cases are TOML");
    let browsers = Browsers {
        browsers: vec!["chrome.exe".into()],
        embedded: vec!["msedgewebview2.exe".into()],
    };
    for case in &file.case {
        let event = Circumstances {
            kind: Kind::from_name(&case.event.kind).expect("a known kind"),
            action: &case.event.action,
            outcome: &case.event.outcome,
            observation: &case.event.observation,
            browser: browsers.include(&case.event.process, &case.event.parent),
        };
        let witnesses: Vec<OwnedWitness> = case.witness.iter().map(read).collect();
        assert_eq!(confidence(&event, &witnesses).name(), case.confidence, "{}", case.why);
        assert_eq!(stage(&event, &witnesses).name(), case.stage, "{}", case.why);
    }
    assert!(file.case.len() > 30);
}
