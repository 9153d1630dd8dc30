//! What must hold of every rule: random trees over a small alphabet, whose
//! literals and values nearly meet each other, held against the naive reading
//! of the language; and random texts, of which none may break the parser.

mod naive;

use std::collections::BTreeMap;

use naive::{Event, interest_meets};
use proptest::{collection::vec, prelude::*, sample::select};
use remora_rules::{
    Expr, Index, InterestSpec, Learned, NumberOp, NumberPredicate, Program, Required, Step, TextOp,
    TextPredicate, Tracer, Truth,
    abi::{Field, Kind, Op, field, kind},
    compile, needs,
    required::required,
};

const TEXTS: &[Field] = &[field::PROCESS_NAME, field::PROCESS_COMPANY, field::REMOTE_HOST];
const NUMBERS: &[Field] = &[field::REMOTE_PORT, field::EVENT_CODE];
const KINDS: &[Kind] = &[kind::CONNECTION, kind::PROCESS];

/// Letters with and without case, in and outside of ASCII, and borders.
const PIECES: &[&str] =
    &["a", "A", "b", "ab", "1", ".", "-", "_", " ", "é", "É", "ß", "İ", "com", ".com", "٣"];

fn literal() -> impl Strategy<Value = String> {
    vec(select(PIECES), 1..4).prop_map(|pieces| pieces.concat())
}

fn value() -> impl Strategy<Value = String> {
    vec(select(PIECES), 0..7).prop_map(|pieces| pieces.concat())
}

fn domain() -> impl Strategy<Value = String> {
    vec(select(&["a", "b", "ab", "com", "é", "-"][..]), 1..4).prop_map(|labels| labels.join("."))
}

fn event() -> impl Strategy<Value = Event> {
    let texts = vec(prop_oneof![value(), domain()], TEXTS.len());
    let numbers = vec(prop::option::of(0..4_i64), NUMBERS.len());
    (texts, numbers).prop_map(|(texts, numbers)| Event {
        texts: TEXTS.iter().copied().zip(texts).collect(),
        numbers: NUMBERS
            .iter()
            .zip(numbers)
            .filter_map(|(&field, number)| Some((field, number?)))
            .collect::<BTreeMap<_, _>>(),
    })
}

fn text_predicate() -> impl Strategy<Value = Expr> {
    use TextOp::*;
    let ops = [
        Has, HasAny, HasAll, HasPrefix, HasSuffix, Contains, StartsWith, EndsWith, Eq, In, Regex,
        Under,
    ];
    (select(ops.to_vec()), any::<bool>(), any::<bool>()).prop_flat_map(
        |(op, case_sensitive, negated)| {
            let literals = match op {
                HasAny => vec(literal(), 1..12).boxed(),
                HasAll => vec(literal(), 1..4).boxed(),
                Eq => vec(value(), 1).boxed(),
                In => vec(value(), 1..8).boxed(),
                Under => vec(domain(), 1).boxed(),
                Regex => vec(select(&["a", "^a.*b$", "[.-]", "(?i)É", "x*"][..]), 1)
                    .prop_map(|patterns| patterns.into_iter().map(str::to_owned).collect())
                    .boxed(),
                _ => vec(literal(), 1).boxed(),
            };
            let case_sensitive = match op {
                HasAny | HasAll | Under => false,
                Regex => true,
                _ => case_sensitive,
            };
            (select(TEXTS), literals).prop_map(move |(field, literals)| {
                Expr::Text(TextPredicate { field, op, case_sensitive, negated, literals })
            })
        },
    )
}

fn number_predicate() -> impl Strategy<Value = Expr> {
    use NumberOp::*;
    let ops = [Eq, Ne, Lt, Le, Gt, Ge, In, NotIn, Between];
    select(ops.to_vec()).prop_flat_map(|op| {
        let count = match op {
            In | NotIn => 1..4,
            Between => 2..3,
            _ => 1..2,
        };
        (select(NUMBERS), vec(0..4_i64, count))
            .prop_map(move |(field, values)| Expr::Number(NumberPredicate { field, op, values }))
    })
}

fn expr() -> impl Strategy<Value = Expr> {
    let fields = [TEXTS, NUMBERS].concat();
    let is_empty = (select(fields), any::<bool>())
        .prop_map(|(field, negated)| Expr::IsEmpty { field, negated });
    let leaf = prop_oneof![6 => text_predicate(), 1 => number_predicate(), 1 => is_empty];
    leaf.prop_recursive(5, 32, 4, |inner| {
        prop_oneof![
            3 => vec(inner.clone(), 2..5).prop_map(Expr::And),
            3 => vec(inner.clone(), 2..5).prop_map(Expr::Or),
            1 => inner.prop_map(|inner| Expr::Not(Box::new(inner))),
        ]
    })
}

fn interest() -> impl Strategy<Value = InterestSpec> {
    let ops: Vec<Op> = (Op::KIND.0..=Op::UNDER.0).map(Op).collect();
    let kinds = [kind::ANY, kind::CONNECTION, kind::PROCESS];
    (select(kinds.to_vec()), select(TEXTS), select(ops)).prop_flat_map(|(kind, field, op)| {
        let literal = match op {
            Op::KIND => Just(String::new()).boxed(),
            Op::UNDER => domain().boxed(),
            _ => literal().boxed(),
        };
        literal.prop_map(move |literal| InterestSpec { kind, field, op, literal })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    /// The program's answer is the naive one.
    #[test]
    fn programs_agree_with_the_naive_reading(expr in expr(), events in vec(event(), 1..8)) {
        let program = Program::new(&expr);
        for event in &events {
            prop_assert_eq!(program.eval(event), naive::eval(&expr, event), "{}", expr);
        }
    }

    /// An explanation comes to the evaluator's truth, and what it shows of
    /// places is why.
    #[test]
    fn explanations_agree_with_the_evaluator(expr in expr(), events in vec(event(), 1..8)) {
        let (program, tracer) = (Program::new(&expr), Tracer::new(&expr, &Learned::new()));
        for event in &events {
            let trace = tracer.trace(event);
            prop_assert_eq!(program.eval(event), trace.truth, "{}", expr);
            if let (Expr::Text(predicate), Step::Predicate { occurrences, .. }) = (&expr, &trace.step) {
                use TextOp::*;
                let counts = occurrences.iter().any(|one| one.counts);
                let holds = (trace.truth == Truth::True) != predicate.negated;
                match predicate.op {
                    Eq | In | Regex | Under => prop_assert!(occurrences.is_empty()),
                    HasAll => prop_assert!(counts || !holds, "{}", expr),
                    _ => prop_assert_eq!(counts, holds, "{} {:?}", expr, event),
                }
            }
        }
    }

    /// A rule that holds has met one of its required interests: the screen
    /// drops nothing that matters.
    #[test]
    fn a_rule_that_holds_met_a_required_interest(expr in expr(), events in vec(event(), 1..8)) {
        let Required::Interests(interests) = required(&expr, KINDS) else { return Ok(()) };
        let index = Index::new(&interests).expect("required interests can be indexed");
        for event in &events {
            if naive::eval(&expr, event) != Truth::True {
                continue;
            }
            for kind in KINDS {
                let naive = event.texts.iter().any(|(&field, value)| {
                    interests.iter().any(|interest| {
                        interest.kind == *kind && interest_meets(interest, field, value)
                    })
                });
                prop_assert!(naive, "{} over {:?}", expr, event);
                let indexed = index.fields(*kind).iter().any(|&field| {
                    event.texts.get(&field).is_some_and(|value| {
                        index.wants(*kind, field, value.as_bytes())
                    })
                });
                prop_assert!(indexed, "index: {} over {:?}", expr, event);
            }
        }
    }

    /// The index meets exactly the interests that are met one by one.
    #[test]
    fn the_index_agrees_with_single_interests(
        interests in vec(interest(), 0..40),
        values in vec(prop_oneof![value(), domain()], 1..12),
    ) {
        let index = Index::new(&interests).expect("valid interests");
        for kind in [kind::CONNECTION, kind::PROCESS, kind::DNS, Kind(999)] {
            let of_kind = |interest: &InterestSpec| {
                interest.kind == kind::ANY || interest.kind == kind
            };
            let ids = |holds: &dyn Fn(&InterestSpec) -> bool| -> Vec<u32> {
                let ids = (0..).zip(&interests).filter(|(_, interest)| of_kind(interest) && holds(interest));
                ids.map(|(id, _)| id).collect()
            };
            prop_assert_eq!(index.whole_kind(kind), ids(&|interest| interest.op == Op::KIND));
            for &field in TEXTS {
                let asked = !ids(&|interest| interest.op != Op::KIND && interest.field == field).is_empty();
                prop_assert_eq!(index.fields(kind).contains(&field), asked);
                for value in &values {
                    let expected = ids(&|interest| interest_meets(interest, field, value));
                    let mut found = vec![7];
                    index.matches(kind, field, value, &mut found);
                    prop_assert_eq!(&found[1..], &expected, "{} {}", field.name(), value);
                    let wants = index.wants(kind, field, value.as_bytes());
                    prop_assert_eq!(wants, !expected.is_empty());
                }
            }
        }
    }

    /// What is printed reads back as the same tree.
    #[test]
    fn printed_rules_read_back(expr in expr()) {
        let printed = expr.to_string();
        let again = compile(&printed, KINDS);
        prop_assert!(again.as_ref() == Ok(&expr), "{}\n{:?}", printed, again);
    }

    /// A rule that holds has a filled field in every clause of its needs, and
    /// it reads no field that it does not name.
    #[test]
    fn a_rule_that_holds_has_what_it_needs(expr in expr(), events in vec(event(), 1..8)) {
        let clauses = needs::needs(&expr);
        let fields = needs::fields(&expr);
        prop_assert!(clauses.iter().flatten().all(|field| fields.contains(field)));
        let filled = |event: &Event, field: Field| {
            event.numbers.contains_key(&field)
                || event.texts.get(&field).is_some_and(|text| !text.is_empty())
        };
        for event in &events {
            if naive::eval(&expr, event) == Truth::True {
                for clause in &clauses {
                    prop_assert!(
                        clause.iter().any(|&field| filled(event, field)),
                        "{} over {:?} lacks {:?}", expr, event, clause
                    );
                }
            }
        }
    }

    /// Each reason is a predicate of the rule that holds, and nothing but.
    #[test]
    fn reasons_hold(expr in expr(), event in event()) {
        let program = Program::new(&expr);
        let mut reasons = Vec::new();
        let truth = program.reasons(&event, &mut |reason| reasons.push(reason));
        prop_assert_eq!(truth, program.eval(&event));
        prop_assert!(truth == Truth::True || reasons.is_empty());
        for reason in &reasons {
            let op = match reason.op {
                Op::HAS_ANY | Op::HAS_ALL => Op::HAS,
                Op::IN => Op::EQ_CS,
                Op::IN_CI => Op::EQ,
                Op::REGEX => continue,
                op => op,
            };
            prop_assert!(naive::meets(op, reason.literal, reason.seen), "{:?}", reason);
            prop_assert_eq!(event.texts.get(&reason.field).map(String::as_str), Some(reason.seen));
        }
    }

    /// No text breaks the parser, and a text that is read prints and reads back.
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        read_or_refuse(&text)?;
    }

    /// Nor does any heap of the language's own words.
    #[test]
    fn any_heap_of_words_is_read_or_refused(words in vec(select(WORDS), 0..24)) {
        read_or_refuse(&words.join(" "))?;
        read_or_refuse(&words.concat())?;
    }

    /// Nor a valid rule with a piece cut out, doubled or replaced.
    #[test]
    fn mutations_are_read_or_refused(
        expr in expr(),
        at in any::<prop::sample::Index>(),
        length in 0_usize..12,
        with in prop_oneof![Just(String::new()), "\\PC{0,4}", select(WORDS).prop_map(str::to_owned)],
    ) {
        let chars: Vec<char> = expr.to_string().chars().collect();
        let from = at.index(chars.len() + 1);
        let to = (from + length).min(chars.len());
        let text: String = chars[..from].iter().copied().chain(with.chars()).chain(chars[to..].iter().copied()).collect();
        read_or_refuse(&text)?;
    }
}

const WORDS: &[&str] = &[
    "process.name",
    "RemoteUrl",
    "remote.port",
    "has",
    "has_any",
    "!has",
    "in",
    "!in~",
    "matches",
    "regex",
    "under",
    "between",
    "==",
    "!~",
    "<",
    "and",
    "or",
    "not",
    "NOT",
    "where",
    "isempty",
    "isnull",
    "(",
    ")",
    ",",
    "..",
    "'a'",
    "\"b",
    "@'c'",
    "'",
    "\\",
    "\t",
    "\r\n",
    "\r",
    "1",
    "-",
    "0x",
    "// c",
    "\n",
    "|",
    "!",
    "@",
    "é",
];

fn read_or_refuse(text: &str) -> Result<(), TestCaseError> {
    match compile(text, KINDS) {
        Ok(expr) => {
            let printed = expr.to_string();
            let again = compile(&printed, KINDS);
            prop_assert!(again.as_ref() == Ok(&expr), "{} printed as {}", text, printed);
        }
        Err(error) => {
            prop_assert!(text.get(error.span.clone()).is_some(), "{:?}", error);
            prop_assert!(!error.message.is_empty() && !error.message.contains('\n'));
            let (line, column) = error.line_column();
            prop_assert!(line >= 1 && column >= 1);
            prop_assert!(
                error.render("rule", false).contains(&format!("rule:{line}:{column}")),
                "{}",
                error.render("rule", false)
            );
        }
    }
    Ok(())
}
