//! Runs the case files of `tests/cases`. Each says in `why` what it is for.

mod naive;

use std::{collections::BTreeMap, fmt::Write, fs, path::PathBuf};

use naive::Event;
use remora_rules::{
    Index, Program, Required, Truth,
    abi::{Field, Kind, Op, kind},
    compile, needs,
    required::required,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    needle: Option<String>,
    #[serde(default)]
    case: Vec<Case>,
    #[serde(default)]
    url: Vec<Url>,
    #[serde(default)]
    error: Vec<Error>,
    #[serde(default)]
    print: Vec<Print>,
    #[serde(default)]
    required: Vec<RequiredCase>,
    #[serde(default)]
    needs: Vec<Needs>,
    #[serde(default)]
    render: Vec<Render>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
struct Kinds(Vec<String>);

impl Default for Kinds {
    fn default() -> Kinds {
        Kinds(vec!["connection".to_owned()])
    }
}

impl Kinds {
    fn get(&self) -> Vec<Kind> {
        self.0.iter().map(|name| Kind::from_name(name).expect("a kind's name")).collect()
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Number(i64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Holds {
    Decided(bool),
    Named(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    rule: String,
    #[serde(default)]
    kinds: Kinds,
    event: BTreeMap<String, Value>,
    holds: Holds,
    reasons: Option<Vec<[String; 4]>>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Url {
    value: String,
    host: String,
    has: bool,
    under: bool,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Error {
    text: String,
    #[serde(default)]
    kinds: Kinds,
    message: String,
    span: String,
    help: Option<String>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Print {
    text: String,
    #[serde(default)]
    kinds: Kinds,
    printed: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequiredCase {
    rule: String,
    #[serde(default)]
    kinds: Kinds,
    interests: Option<Vec<String>>,
    everything: Option<String>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Needs {
    rule: String,
    #[serde(default)]
    kinds: Kinds,
    needs: Vec<Vec<String>>,
    fields: Vec<String>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Render {
    text: String,
    #[serde(default)]
    kinds: Kinds,
    line: usize,
    column: usize,
    rendered: String,
    why: String,
}

/// What went wrong, case by case, so that one failure hides no other.
#[derive(Default)]
struct Failures {
    run: usize,
    text: String,
}

impl Failures {
    fn check(&mut self, holds: bool, about: impl FnOnce() -> String) {
        self.run += 1;
        if !holds {
            writeln!(self.text, "- {}", about()).expect("a string takes any text");
        }
    }

    fn finish(self, at_least: usize) {
        assert!(self.text.is_empty(), "\n{}", self.text);
        assert!(self.run >= at_least, "only {} checks were made", self.run);
    }
}

fn files() -> Vec<(String, File)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry of the folder of cases").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| {
            let name = path.file_name().expect("a file's name").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("a readable case file");
            let file = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, file)
        })
        .collect();
    files.sort_by(|(left, _), (right, _)| left.cmp(right));
    files
}

fn field(name: &str) -> Field {
    Field::from_name(name).unwrap_or_else(|| panic!("no field {name}"))
}

fn event(values: &BTreeMap<String, Value>) -> Event {
    let mut event = Event::default();
    for (name, value) in values {
        let field = field(name);
        match value {
            Value::Number(number) => {
                assert!(field.is_number(), "{name} is text");
                event.numbers.insert(field, *number);
            }
            Value::Text(text) => {
                assert!(!field.is_number(), "{name} is a number");
                event.texts.insert(field, text.clone());
            }
        }
    }
    event
}

#[test]
fn rules_hold_as_said() {
    let mut failures = Failures::default();
    for (name, file) in files() {
        for case in &file.case {
            let about = |what: &dyn std::fmt::Debug| {
                format!("{name}: {}\n  {}\n  {what:?}", case.why, case.rule)
            };
            let expected = match &case.holds {
                Holds::Decided(true) => Truth::True,
                Holds::Decided(false) => Truth::False,
                Holds::Named(null) => {
                    assert_eq!(null, "null", "{name}: {}", case.why);
                    Truth::Null
                }
            };
            let expr = match compile(&case.rule, &case.kinds.get()) {
                Ok(expr) => expr,
                Err(error) => {
                    failures.check(false, || about(&error.render(&name, false)));
                    continue;
                }
            };
            let event = event(&case.event);
            let program = Program::new(&expr);
            let truth = program.eval(&event);
            failures.check(truth == expected, || about(&truth));
            let naive = naive::eval(&expr, &event);
            failures.check(naive == expected, || about(&("naive", naive)));

            let mut reasons = Vec::new();
            let of_reasons = program.reasons(&event, &mut |reason| {
                let texts = [reason.field.name(), reason.op.name(), reason.literal, reason.seen];
                reasons.push(texts.map(str::to_owned));
            });
            failures.check(of_reasons == expected, || about(&("reasons", of_reasons)));
            if let Some(expected) = &case.reasons {
                failures.check(&reasons == expected, || about(&reasons));
            }
            if expected != Truth::True {
                failures.check(reasons.is_empty(), || about(&reasons));
            }

            let printed = expr.to_string();
            failures.check(compile(&printed, &case.kinds.get()).as_ref() == Ok(&expr), || {
                about(&printed)
            });
        }
    }
    failures.finish(600);
}

#[test]
fn urls_meet_as_said() {
    let mut failures = Failures::default();
    for (name, file) in files() {
        if file.url.is_empty() {
            continue;
        }
        let needle = file.needle.expect("a needle");
        let many: Vec<_> = (0..200).map(|at| format!("'host{at}.example'")).collect();
        let rules = [
            (format!("remote.url has '{needle}'"), true),
            (format!("remote.url has_any ('a.example', '{needle}')"), true),
            (format!("remote.url has_any ({}, '{needle}')", many.join(",")), true),
            (format!("remote.host under '{needle}'"), false),
        ];
        for (rule, is_has) in rules {
            let expr = compile(&rule, &[kind::CONNECTION]).expect("a valid rule");
            let program = Program::new(&expr);
            let Required::Interests(interests) = required(&expr, &[kind::CONNECTION]) else {
                panic!("no interests for {rule}");
            };
            let index = Index::new(&interests).expect("valid interests");
            for url in &file.url {
                let expected = if is_has { url.has } else { url.under };
                let mut event = Event::default();
                event.texts.insert(field("remote.url"), url.value.clone());
                event.texts.insert(field("remote.host"), url.host.clone());
                let about = || format!("{name}: {} {:?}: {rule:.60}", url.value, url.why);
                failures.check(program.eval(&event) == Truth::from(expected), about);
                let (field, value) = if is_has {
                    (field("remote.url"), &url.value)
                } else {
                    (field("remote.host"), &url.host)
                };
                let wants = index.wants(kind::CONNECTION, field, value.as_bytes());
                failures.check(wants == expected, || format!("index: {}", about()));
            }
        }
    }
    failures.finish(8 * 38);
}

#[test]
fn errors_are_as_said() {
    let mut failures = Failures::default();
    for (name, file) in files() {
        for case in &file.error {
            let about = |what: &str| format!("{name}: {}\n  {}\n  {what}", case.why, case.text);
            match compile(&case.text, &case.kinds.get()) {
                Ok(expr) => failures.check(false, || about(&format!("is read as {expr}"))),
                Err(error) => {
                    let shown = error.render(&name, false);
                    failures.check(error.message.contains(&case.message), || about(&shown));
                    let span = error.text.get(error.span.clone());
                    failures.check(span == Some(&case.span), || about(&shown));
                    let help = error.help.clone().unwrap_or_default();
                    if let Some(expected) = &case.help {
                        failures.check(help.contains(expected), || about(&shown));
                    }
                    failures.check(!shown.contains('\x1b'), || about(&shown));
                    failures.check(error.render(&name, true).contains('\x1b'), || about(&shown));
                }
            }
        }
    }
    failures.finish(300);
}

#[test]
fn rules_print_as_said() {
    let mut failures = Failures::default();
    for (_, file) in files() {
        for case in &file.print {
            let expr = compile(&case.text, &case.kinds.get()).expect("a valid rule");
            let printed = expr.to_string();
            failures.check(printed == case.printed, || format!("{}: {printed}", case.why));
            let again = compile(&printed, &case.kinds.get()).expect("what is printed is valid");
            failures.check(again == expr, || format!("{}: {again}", case.why));
        }
    }
    failures.finish(24);
}

#[test]
fn interests_are_as_said() {
    let mut failures = Failures::default();
    for (_, file) in files() {
        for case in &file.required {
            let kinds = case.kinds.get();
            let expr = compile(&case.rule, &kinds).expect("a valid rule");
            match required(&expr, &kinds) {
                Required::Interests(interests) => {
                    let shown: Vec<_> = interests
                        .iter()
                        .map(|interest| {
                            let kind = match interest.kind {
                                kind::ANY => "any",
                                kind => kind.name(),
                            };
                            let (field, op) = (interest.field.name(), interest.op.name());
                            format!("{kind} {field} {op} {}", interest.literal)
                        })
                        .collect();
                    failures.check(Some(&shown) == case.interests.as_ref(), || {
                        format!("{}: {shown:?}", case.why)
                    });
                    failures.check(Index::new(&interests).is_ok(), || case.why.clone());
                }
                Required::Everything { why } => {
                    let expected = case.everything.as_ref();
                    failures.check(expected.is_some_and(|part| why.contains(part)), || {
                        format!("{}: {why}", case.why)
                    });
                }
            }
        }
    }
    failures.finish(25);
}

#[test]
fn needs_are_as_said() {
    let mut failures = Failures::default();
    let names = |fields: &[Field]| -> Vec<String> {
        fields.iter().map(|field| field.name().to_owned()).collect()
    };
    for (_, file) in files() {
        for case in &file.needs {
            let expr = compile(&case.rule, &case.kinds.get()).expect("a valid rule");
            let needs: Vec<_> = needs::needs(&expr).iter().map(|clause| names(clause)).collect();
            failures.check(needs == case.needs, || format!("{}: {needs:?}", case.why));
            let fields = names(&needs::fields(&expr));
            failures.check(fields == case.fields, || format!("{}: {fields:?}", case.why));
        }
    }
    failures.finish(20);
}

#[test]
fn errors_render_as_said() {
    let mut failures = Failures::default();
    for (_, file) in files() {
        for case in &file.render {
            let error = compile(&case.text, &case.kinds.get()).expect_err("an invalid rule");
            failures.check(error.line_column() == (case.line, case.column), || {
                format!("{}: {:?}", case.why, error.line_column())
            });
            let rendered = error.render("rule", false);
            failures.check(rendered == case.rendered, || format!("{}:\n{rendered}", case.why));
        }
    }
    failures.finish(8);
}

/// Every operator appears in some case that holds and in some that does not.
#[test]
fn every_operator_is_covered() {
    let all: Vec<_> = files().into_iter().flat_map(|(_, file)| file.case).collect();
    let mut lacking = Vec::new();
    for id in Op::HAS.0..=Op::REGEX.0 {
        let name = Op(id).name();
        for negated in ["", "!"] {
            // How a negated operator is spelled.
            let name = match (negated, name) {
                ("!", "==") => "!=".to_owned(),
                ("!", "=~") => "!~".to_owned(),
                _ => format!("{negated}{name}"),
            };
            if !all.iter().any(|case| case.rule.contains(&format!(" {name} "))) {
                lacking.push(name);
            }
        }
    }
    assert!(lacking.is_empty(), "no case has {lacking:?}");
}
