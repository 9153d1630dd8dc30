//! The literals of rules: what they are compared with, and whether one of them
//! alone is enough.
//!
//! `remote.url has "level"` is narrow beside a product and wide without one. So
//! a literal counts as wide only if the rule holds for an event that has it and
//! nothing else.

use std::{collections::BTreeSet, ops::Range};

use remora_rules::{
    EventView, Expr, Program, Severity, TextOp, TextPredicate, Truth,
    abi::{Field, field},
};

use super::{
    broad::{Broad, in_field, stray_blank},
    codes::{NO_SUCH_SUFFIX, PUBLIC_SUFFIX, SHARED_PLATFORM, STRAY_BLANK, UPPER_CASE, WILDCARD},
    file::Entry,
    finding::Report,
    place,
};
use crate::alternatives::leaves;

/// An event with one text.
struct Alone<'t> {
    field: Field,
    text: &'t str,
}

impl EventView for Alone<'_> {
    fn text(&self, field: Field) -> &str {
        if field == self.field { self.text } else { "" }
    }

    fn number(&self, _: Field) -> Option<i64> {
        None
    }
}

pub(super) fn check(entry: &Entry, report: &mut Report) {
    for (at, one) in entry.tool().rules.iter().enumerate() {
        // What was made of the indicators is judged there.
        if one.generated {
            continue;
        }
        let program = Program::new(&one.rule.expr);
        let mut texts = vec![];
        leaves(&one.rule.expr, &mut 0, &mut |_, leaf| {
            if let Expr::Text(text) = leaf {
                texts.push(text.clone());
            }
        });
        // One literal may be asked for in several fields, and is wrong once.
        let mut seen = BTreeSet::new();
        for text in &texts {
            for literal in text.literals.iter().filter(|one| seen.insert(*one)) {
                let of = Literal { entry, at, text, literal };
                of.check_spelling(report);
                of.check_width(&program, report);
            }
        }
    }
}

struct Literal<'e> {
    entry: &'e Entry,
    /// Which rule.
    at: usize,
    text: &'e TextPredicate,
    literal: &'e str,
}

impl Literal<'_> {
    fn span(&self) -> Range<usize> {
        place::literal(self.entry.text(), self.entry.of_rule(self.at, "where"), self.literal)
    }

    fn check_spelling(&self, report: &mut Report) {
        let Literal { entry, text, literal, .. } = *self;
        let provenance = &entry.tool().rules[self.at].provenance;
        let name = text.field.name();
        if text.op == TextOp::Regex {
            return;
        }
        if literal.contains('*') {
            let message =
                format!("{name} is compared with {literal:?}, in which `*` is a plain `*`");
            report
                .push(&WILDCARD, entry, self.span(), message)
                .help("leave it out and use `has`, `startswith`, `endswith` or `under`; or `matches regex`")
                .upstream(provenance);
        }
        let ends = literal.trim() != literal && !literal.trim().is_empty();
        let what = stray_blank(literal).or(ends.then(|| "a blank at an end".to_owned()));
        if let Some(what) = what {
            report
                .push(
                    &STRAY_BLANK,
                    entry,
                    self.span(),
                    format!("the literal {literal:?} has {what}"),
                )
                .help("if it is meant, say so with an example")
                .upstream(provenance);
        }
        let lower = text.field == field::REMOTE_HOST;
        if lower && text.case_sensitive && !text.negated && *literal != literal.to_lowercase() {
            let message = format!(
                "{name} is always in lower case, and never meets {literal:?} with its capitals"
            );
            report
                .push(&UPPER_CASE, entry, self.span(), message)
                .help("write it in lower case, or compare without regard to case")
                .upstream(provenance);
        }
    }

    fn check_width(&self, program: &Program, report: &mut Report) {
        let Literal { entry, text, literal, .. } = *self;
        if text.negated || text.op == TextOp::Regex {
            return;
        }
        let alone = Alone { field: text.field, text: literal };
        let Some(Broad { lint, what, help }) = in_field(text.field, literal) else { return };
        // The beginning of a name has no suffix yet.
        let begins = [TextOp::StartsWith, TextOp::HasPrefix, TextOp::Contains].contains(&text.op);
        if program.eval(&alone) != Truth::True || begins && lint == &NO_SUCH_SUFFIX {
            return;
        }
        let rule = &entry.tool().rules[self.at];
        let message = format!(
            "{literal:?} in {} alone fires the rule {:?}, and is {what}",
            text.field.name(),
            rule.rule.id,
        );
        // A suffix of registries or a platform says nothing of a tool; a word
        // may be all that there is, and is judged by what it is worth.
        let wrong = [&PUBLIC_SUFFIX, &SHARED_PLATFORM].contains(&lint);
        let severity = if wrong { Severity::Error } else { Severity::Warning };
        report
            .push(lint, entry, self.span(), message)
            .help(help)
            .at_most(severity)
            .upstream(&rule.provenance);
    }
}
