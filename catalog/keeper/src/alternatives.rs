//! The alternatives of a rule: each value of a list, each branch of an `or`.
//!
//! A rule with eighteen domains and one example is tried for one of them. An
//! alternative is *exercised* by an event if the rule holds for it, and would
//! not without the alternative. Where another alternative covers one (a domain
//! beside one below it) nothing is decided by it alone; then it is enough that
//! its value is met.

use remora_rules::{EventView, Expr, Program, TextOp, TextPredicate, Truth};

/// One alternative of a rule.
#[derive(Debug)]
pub struct Alternative {
    /// Which it is, as a predicate of its own.
    pub predicate: Expr,
    /// The place of its leaf in the rule, and of its value there.
    pub(crate) place: Place,
    /// Holds where the predicate does.
    program: Program,
    /// The rule without it; none if nothing would be left.
    without: Option<Program>,
}

/// A leaf of a tree, counted from the left, and a value of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) leaf: usize,
    pub(crate) value: usize,
}

/// The alternatives of a rule, in the order of its text. Each holds the rest of
/// the rule, so that this is for rules of some hundred values at most.
pub fn alternatives(rule: &Expr) -> Vec<Alternative> {
    let mut found = vec![];
    predicates(rule, |place, predicate| {
        found.push(Alternative {
            program: Program::new(&predicate),
            predicate,
            place,
            without: without(rule, place, &mut 0).as_ref().map(Program::new),
        });
    });
    found
}

/// How many alternatives a rule has.
pub(crate) fn count(rule: &Expr) -> usize {
    let mut count = 0;
    leaves(rule, &mut 0, &mut |_, expr| count += values(expr));
    count
}

/// The alternatives that no event meets for which the rule holds, however many
/// there are. What it says less: one that is met may still decide nothing.
pub(crate) fn unmet<'e, E: EventView + 'e>(
    rule: &Expr,
    events: impl Iterator<Item = &'e E>,
) -> Vec<Expr> {
    let program = Program::new(rule);
    let fires: Vec<&E> = events.filter(|event| program.eval(*event) == Truth::True).collect();
    let mut left = vec![];
    predicates(rule, |_, predicate| {
        let program = Program::new(&predicate);
        if !fires.iter().any(|event| program.eval(*event) == Truth::True) {
            left.push(predicate);
        }
    });
    left
}

/// Each value of each leaf, as a predicate of its own.
fn predicates(rule: &Expr, mut see: impl FnMut(Place, Expr)) {
    leaves(rule, &mut 0, &mut |leaf, expr| {
        for value in 0..values(expr) {
            see(Place { leaf, value }, only(expr, value));
        }
    });
}

/// How many values of a leaf stand for one another.
fn values(leaf: &Expr) -> usize {
    match leaf {
        Expr::Text(text) if has_choice(text.op) => text.literals.len(),
        _ => 1,
    }
}

/// The alternatives that none of `events` exercises.
pub fn open<'e, E: EventView + 'e>(
    rule: &Expr,
    alternatives: Vec<Alternative>,
    events: impl Iterator<Item = &'e E> + Clone,
) -> Vec<Alternative> {
    let program = Program::new(rule);
    let holds = |program: &Program, event: &E| program.eval(event) == Truth::True;
    let fires: Vec<&E> = events.filter(|event| holds(&program, event)).collect();
    let decided = |one: &Alternative| {
        fires.iter().any(|event| {
            holds(&one.program, event)
                && one.without.as_ref().is_none_or(|without| !holds(without, event))
        })
    };
    // One that another covers is decided by no event at all, so the plain
    // sight of it has to do; that nothing decides it is seen by trying.
    alternatives
        .into_iter()
        .filter(|one| !decided(one) && !fires.iter().any(|event| is_covered(one, *event, &holds)))
        .collect()
}

/// Whether an event that is nothing but the alternative's own value still meets
/// the rule's other alternatives: then it is covered, and met by this event.
fn is_covered<E: EventView>(
    one: &Alternative,
    event: &E,
    holds: &impl Fn(&Program, &E) -> bool,
) -> bool {
    let Expr::Text(text) = &one.predicate else { return false };
    let alone = text.literals.iter().any(|literal| {
        let seen = event.text(text.field);
        seen.to_lowercase() == literal.to_lowercase()
    });
    alone && holds(&one.program, event)
}

/// Whether a list of an operator's values means any of them.
fn has_choice(op: TextOp) -> bool {
    matches!(op, TextOp::HasAny | TextOp::In)
}

/// Every leaf with its number.
pub(crate) fn leaves(expr: &Expr, next: &mut usize, see: &mut dyn FnMut(usize, &Expr)) {
    match expr {
        Expr::And(terms) | Expr::Or(terms) => {
            for term in terms {
                leaves(term, next, see);
            }
        }
        leaf => {
            see(*next, leaf);
            *next += 1;
        }
    }
}

/// A leaf with one of its values.
fn only(leaf: &Expr, value: usize) -> Expr {
    match leaf {
        Expr::Text(text) if has_choice(text.op) => {
            Expr::Text(TextPredicate { literals: vec![text.literals[value].clone()], ..*text })
        }
        leaf => leaf.clone(),
    }
}

/// The tree without a value of a leaf; none if nothing can hold any more.
fn without(expr: &Expr, place: Place, next: &mut usize) -> Option<Expr> {
    match expr {
        Expr::And(terms) => {
            let kept: Vec<_> = terms.iter().map(|term| without(term, place, next)).collect();
            let kept: Option<Vec<Expr>> = kept.into_iter().collect();
            kept.map(Expr::And)
        }
        Expr::Or(terms) => {
            let mut kept: Vec<Expr> =
                terms.iter().filter_map(|term| without(term, place, next)).collect();
            if kept.len() > 1 { Some(Expr::Or(kept)) } else { kept.pop() }
        }
        leaf => {
            let own = *next == place.leaf;
            *next += 1;
            if !own {
                return Some(leaf.clone());
            }
            let mut leaf = leaf.clone();
            match &mut leaf {
                Expr::Text(text) if has_choice(text.op) && text.literals.len() > 1 => {
                    text.literals.remove(place.value);
                    Some(leaf)
                }
                _ => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use remora_rules::{
        abi::{Field, field, kind},
        compile,
    };

    use super::*;

    struct Event(&'static str, &'static str);

    impl EventView for Event {
        fn text(&self, field: Field) -> &str {
            match field {
                field::REMOTE_URL => self.0,
                field::PROCESS_COMPANY => self.1,
                _ => "",
            }
        }

        fn number(&self, _: Field) -> Option<i64> {
            None
        }
    }

    fn left(rule: &str, events: &[Event]) -> Vec<String> {
        let rule = compile(rule, &[kind::CONNECTION]).unwrap();
        let left = open(&rule, alternatives(&rule), events.iter());
        left.into_iter().map(|one| one.predicate.to_string()).collect()
    }

    #[test]
    fn every_value_and_branch_is_asked_for() {
        let rule = r#"remote.url has_any ("a.example", "b.example") and (process.company has "A" or isempty(process.company))"#;
        let (a, b) = (r#"remote.url has_any ("a.example")"#, r#"remote.url has_any ("b.example")"#);
        let (company, empty) = (r#"process.company has "A""#, "isempty(process.company)");
        assert_eq!(left(rule, &[]), [a, b, company, empty]);
        assert_eq!(left(rule, &[Event("a.example", "A")]), [b, empty]);
        // What does not fire exercises nothing.
        assert_eq!(left(rule, &[Event("a.example", "B")]), [a, b, company, empty]);
        let both = [Event("a.example", "A"), Event("www.b.example", "")];
        assert_eq!(left(rule, &both), Vec::<String>::new());
        // Two values in one event decide nothing.
        assert_eq!(left(rule, &[Event("a.example/b.example", "A")]), [a, b, empty]);
    }

    /// Where there are very many, what is met is enough.
    #[test]
    fn what_is_not_met_is_left() {
        let rule = r#"remote.url has_any ("a.example", "b.example") or process.company has "A""#;
        let rule = compile(rule, &[kind::CONNECTION]).unwrap();
        assert_eq!(count(&rule), 3);
        let left = |events: &[Event]| -> Vec<String> {
            unmet(&rule, events.iter()).iter().map(ToString::to_string).collect()
        };
        assert_eq!(left(&[]).len(), 3);
        // Both at once decide nothing, and are met.
        assert_eq!(left(&[Event("a.example/b.example", "")]), [r#"process.company has "A""#]);
    }

    #[test]
    fn what_another_value_covers_has_to_be_seen() {
        let rule = r#"remote.url has_any ("a.example", "www.a.example")"#;
        let inner = r#"remote.url has_any ("www.a.example")"#;
        assert_eq!(left(rule, &[Event("a.example", "")]), [inner]);
        assert_eq!(
            left(rule, &[Event("a.example", ""), Event("www.a.example", "")]),
            Vec::<String>::new()
        );
    }
}
