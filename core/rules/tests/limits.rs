//! Sizes: what KQL allows is taken, what nobody writes by hand is refused
//! before it can hurt, and how deep a rule is decides nothing about the stack.

use std::fmt::Write;

use remora_rules::{
    EventView, Index, Program, Required, Truth,
    abi::{Field, field, kind},
    compile, needs,
    required::required,
};

const KINDS: &[remora_rules::abi::Kind] = &[kind::PROCESS];

struct Name(String);

impl EventView for Name {
    fn text(&self, field: Field) -> &str {
        if field == field::PROCESS_NAME { &self.0 } else { "" }
    }

    fn number(&self, _: Field) -> Option<i64> {
        None
    }
}

fn list(operator: &str, count: usize) -> String {
    let mut text = format!("process.name {operator} (");
    for at in 0..count {
        write!(text, "{}'v{at}'", if at > 0 { "," } else { "" }).expect("a string takes any text");
    }
    text + ")"
}

#[test]
fn programs_and_indexes_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Program>();
    shared::<Index>();
}

#[test]
fn lists_are_as_long_as_in_kql() {
    for (operator, most) in
        [("has_any", 10_000), ("!has_any", 10_000), ("has_all", 256), ("in", 1_000_000)]
    {
        assert!(compile(&list(operator, most), KINDS).is_ok(), "{operator}");
        let error = compile(&list(operator, most + 1), KINDS).expect_err("one too many");
        assert_eq!(
            error.message,
            format!(
                "`{operator}` takes at most {most} distinct values, and these are {}",
                most + 1
            )
        );
    }
    let numbers = (0..300).map(|at| at.to_string()).collect::<Vec<_>>().join(",");
    assert!(compile(&format!("process.pid in ({numbers})"), KINDS).is_ok());
}

#[test]
fn only_distinct_values_count() {
    let twice = list("has_all", 256).replace(')', ", 'v0', 'v1')");
    assert!(compile(&twice, KINDS).is_ok());
}

#[test]
fn a_long_list_is_one_search() {
    let expr = compile(&list("has_any", 10_000), KINDS).expect("a valid rule");
    let program = Program::new(&expr);
    for (name, truth) in
        [("x v9999.", Truth::True), ("v10000", Truth::False), ("xv9999", Truth::False)]
    {
        assert_eq!(program.eval(&Name(name.to_owned())), truth, "{name}");
    }
    let mut seen = Vec::new();
    program.reasons(&Name("v1 v77 v2".to_owned()), &mut |reason| {
        seen.push(reason.literal.to_owned());
    });
    assert_eq!(seen, ["v77"]);
    let Required::Interests(interests) = required(&expr, KINDS) else { panic!("no interests") };
    assert_eq!(interests.len(), 10_000);
    let index = Index::new(&interests).expect("valid interests");
    let mut ids = Vec::new();
    index.matches(kind::PROCESS, field::PROCESS_NAME, "v1 v77 v2 v1 v77", &mut ids);
    let found: Vec<_> = ids.iter().map(|&id| interests[id as usize].literal.as_str()).collect();
    assert_eq!(found, ["v1", "v2", "v77"]);
}

/// A literal that occurs a million times is one hit.
#[test]
fn repetitions_are_one_hit() {
    let expr = compile("process.name contains 'a' or process.name contains 'aa' or process.name has_any ('b', 'c', 'd', 'e')", KINDS)
        .expect("a valid rule");
    let Required::Interests(interests) = required(&expr, KINDS) else { panic!("no interests") };
    let index = Index::new(&interests).expect("valid interests");
    let mut ids = Vec::new();
    index.matches(kind::PROCESS, field::PROCESS_NAME, &"a".repeat(1_000_000), &mut ids);
    assert_eq!(ids.len(), 2);
    assert!(ids.capacity() < 10_000, "{}", ids.capacity());
}

#[test]
fn chains_are_flat() {
    for join in [" and ", " or "] {
        let terms: Vec<_> = (0..10_000).map(|at| format!("process.name !has 'v{at}'")).collect();
        let text = terms.join(join);
        let expr = compile(&text, KINDS).expect("a valid rule");
        assert_eq!(Program::new(&expr).eval(&Name("x".to_owned())), Truth::True);
        assert_eq!(compile(&expr.to_string(), KINDS), Ok(expr));
    }
}

/// The deepest rules there are, on a stack that is small.
#[test]
fn the_deepest_rules_fit_any_stack() {
    let run = || {
        let deepest = 64;
        for (open, close) in [("(", ")"), ("not(", ")"), ("not ", ""), ("NOT ((", "))")] {
            let levels = deepest / (open.matches('(').count().max(1));
            let nest = |levels: usize| {
                format!("{}process.name has 'a'{}", open.repeat(levels), close.repeat(levels))
            };
            let expr = compile(&nest(levels), KINDS).expect("as deep as may be");
            let program = Program::new(&expr);
            let truth = if open.contains(['n', 'N']) && levels % 2 == 1 {
                Truth::False
            } else {
                Truth::True
            };
            assert_eq!(program.eval(&Name("a".to_owned())), truth);
            needs::needs(&expr);
            needs::fields(&expr);
            let _ = required(&expr, KINDS);
            assert_eq!(compile(&expr.to_string(), KINDS), Ok(expr));
            let error = compile(&nest(levels + 1), KINDS).expect_err("too deep");
            assert_eq!(error.message, "nested deeper than 64 levels");
            // Far deeper than any stack.
            assert!(compile(&nest(100_000), KINDS).is_err());
        }
        // Each level an `and` in an `or` in parentheses.
        let nested = "process.name has 'a' and (process.pid == 1 or ".repeat(deepest)
            + "process.name has 'a'"
            + &")".repeat(deepest);
        let expr = compile(&nested, KINDS).expect("as deep as may be");
        assert_eq!(Program::new(&expr).eval(&Name("a".to_owned())), Truth::True);
        assert_eq!(needs::needs(&expr), vec![vec![field::PROCESS_NAME]]);
        assert!(matches!(required(&expr, KINDS), Required::Interests(_)));
        assert_eq!(compile(&expr.to_string(), KINDS), Ok(expr));
        for text in [
            format!("process.name has {}", "(".repeat(100_000)),
            format!("process.name has_any {}", "(".repeat(100_000)),
        ] {
            let error = compile(&text, KINDS).expect_err("too deep");
            assert_eq!(error.message, "nested deeper than 64 levels");
        }
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(run).expect("a thread");
    thread.join().expect("the stack was enough");
}

/// The product of many alternatives is cut short, and what remains is still
/// true of every event for which the rule holds.
#[test]
fn needs_stay_small() {
    let columns: Vec<_> = field::FIELDS.iter().filter(|info| !info.field.is_number()).collect();
    let pairs: Vec<_> = columns
        .chunks_exact(2)
        .map(|pair| format!("({} has 'a' and {} has 'b')", pair[0].name, pair[1].name))
        .collect();
    let expr = compile(&pairs.join(" or "), KINDS).expect("a valid rule");
    let clauses = needs::needs(&expr);
    assert!((1..=128).contains(&clauses.len()), "{}", clauses.len());
    for clause in &clauses {
        for pair in columns.chunks_exact(2) {
            assert!(pair.iter().any(|info| clause.contains(&info.field)), "{clause:?}");
        }
    }
}

#[test]
fn a_monstrous_name_is_quoted_in_part() {
    let error = compile(&format!("{} has 'a'", "x".repeat(100_000)), KINDS).expect_err("no field");
    assert!(error.message.len() < 200, "{}", error.message.len());
    let error = compile(&format!("process.name has_any ('{}' 5)", "x".repeat(100_000)), KINDS);
    let error = error.expect_err("a missing comma");
    assert!(error.message.len() < 200, "{}", error.message.len());
}
