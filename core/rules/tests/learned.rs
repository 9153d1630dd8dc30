//! Learned sets: never true before they are adopted, a plain list after.

use std::collections::BTreeMap;

use remora_rules::{
    EventView, Learned, Program, Required, Step, Tracer, Truth,
    abi::{Field, field, kind},
    compile,
    required::required,
};

struct Event(BTreeMap<Field, &'static str>);

impl EventView for Event {
    fn text(&self, field: Field) -> &str {
        self.0.get(&field).copied().unwrap_or_default()
    }

    fn number(&self, _: Field) -> Option<i64> {
        None
    }
}

const RULE: &str = "remote.url has 'x.example' and process.sha1 in learned('signed')";

fn event(sha1: &'static str) -> Event {
    Event(BTreeMap::from([(field::REMOTE_URL, "x.example"), (field::PROCESS_SHA1, sha1)]))
}

fn learned(values: &[&str]) -> Learned {
    Learned::from([("signed".into(), values.iter().map(|value| (*value).to_owned()).collect())])
}

#[test]
fn a_set_holds_what_was_learned_exactly() {
    let expr = compile(RULE, &[kind::CONNECTION]).expect("a rule");
    assert_eq!(expr.learned(), [(field::PROCESS_SHA1, "signed")]);
    let holds = |learned: &Learned, sha1| Program::new(&expr.adopt(learned)).eval(&event(sha1));
    assert_eq!(Program::new(&expr).eval(&event("aa")), Truth::False, "nothing is adopted yet");
    assert_eq!(holds(&Learned::new(), "aa"), Truth::False, "nothing was learned");
    assert_eq!(holds(&learned(&["aa", "bb"]), "bb"), Truth::True);
    assert_eq!(holds(&learned(&["aa", "bb"]), "BB"), Truth::False, "`in` heeds case");
    assert_eq!(holds(&learned(&["aa"]), ""), Truth::False);
}

#[test]
fn what_is_required_is_known_when_the_set_is() {
    let only = compile("process.sha1 in learned('signed')", &[kind::PROCESS]).expect("a rule");
    assert!(matches!(required(&only, &[kind::PROCESS]), Required::Everything { .. }));
    let literals = |learned: &Learned| match required(&only.adopt(learned), &[kind::PROCESS]) {
        Required::Interests(all) => all.into_iter().map(|one| one.literal).collect::<Vec<_>>(),
        Required::Everything { why } => panic!("{why}"),
    };
    assert_eq!(literals(&learned(&["aa", "bb"])), ["aa", "bb"]);
    assert_eq!(literals(&Learned::new()), [""; 0], "it never holds");
}

#[test]
fn an_explanation_names_the_set_and_not_its_members() {
    let expr = compile(RULE, &[kind::CONNECTION]).expect("a rule");
    let trace = Tracer::new(&expr, &learned(&["aa"])).trace(&event("aa"));
    assert_eq!(trace.truth, Truth::True);
    let Step::All(parts) = trace.step else { panic!("an `and`") };
    let Step::Predicate { text, seen, .. } = &parts[1].step else { panic!("a predicate") };
    assert_eq!((text.as_str(), seen.as_str()), ("process.sha1 in learned(\"signed\")", "aa"));
}
