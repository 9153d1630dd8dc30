//! From the reasons of a rule to witnesses.
//!
//! A rule of the upstream lists says `remote.url has "vendor.example"`, and
//! that holds for the vendor's relay, for its marketing page, for a look-alike
//! host and for a search engine's redirect. Which of them it was is decided
//! here: names are compared label by label with the event's normalized host,
//! and the *most specific* indicator that the host is under gives class and
//! role. The rule's own answer is not touched by any of this.

use remora_rules::{Expr, Indicator, IndicatorType, Program, Reason, TextOp, TextPredicate, Truth};

use crate::{Class, Field, How, Op, Role, Row, Witness, field};

/// The fields that hold a name of the remote side, as they came. Together they
/// are one thing that an event says, and `remote.host` is its normal form.
const NAMES: [Field; 3] = [field::REMOTE_URL, field::REMOTE_HOST, field::URL];

/// What is known of one tool.
#[derive(Debug)]
pub(super) struct Indicators {
    all: Vec<Indicator>,
    /// Each indicator once for each field that it shows in, but for domains,
    /// in the order of `all`.
    shown: Vec<Shown>,
}

#[derive(Debug)]
struct Shown {
    /// Index into `all`.
    indicator: usize,
    field: Field,
    program: Program,
}

impl Indicators {
    pub(super) fn new(all: Vec<Indicator>) -> Indicators {
        let mut shown = vec![];
        for (at, indicator) in all.iter().enumerate() {
            let Some(op) = text_op(indicator.ty) else { continue };
            for &field in indicator.ty.fields() {
                let program = Program::new(&Expr::Text(TextPredicate {
                    field,
                    op,
                    case_sensitive: false,
                    negated: false,
                    literals: vec![indicator.value.clone()],
                }));
                shown.push(Shown { indicator: at, field, program });
            }
        }
        Indicators { all, shown }
    }

    /// A reason of a rule with what the indicators know of it.
    pub(super) fn witness<'a>(&self, row: Row<'a>, reason: Reason<'a, '_>) -> Witness<'a> {
        let field = reason.field;
        let (how, indicator) = if NAMES.contains(&field) {
            self.name(row.text(field::REMOTE_HOST), reason.literal)
        } else {
            (How::NONE, self.value(row, field, reason.literal))
        };
        let (class, role) = worth(indicator);
        Witness {
            field,
            op: reason.op,
            literal: reason.literal,
            seen: row.text(field),
            class,
            role,
            how,
        }
    }

    /// How an event's host stands to the literal of a reason, and the
    /// indicator that decides what that is worth.
    fn name(&self, host: &str, literal: &str) -> (How, Option<&Indicator>) {
        if let Some(how) = stand(host, literal) {
            return (how, self.domain(host).map(|(_, indicator, _)| indicator));
        }
        // The name is somewhere, but it is not whose host this is.
        let how = if host.to_lowercase().contains(&literal.to_lowercase()) {
            How::LOOKALIKE
        } else {
            How::ELSEWHERE
        };
        let indicator = self.domains().find(|(_, indicator)| same(&indicator.value, literal));
        (how, indicator.map(|(_, indicator)| indicator))
    }

    /// The indicator that decides what a value is worth that is not a name.
    fn value(&self, row: Row<'_>, field: Field, literal: &str) -> Option<&Indicator> {
        self.shown
            .iter()
            .filter(|shown| shown.field == field && shown.meets(row))
            .map(|shown| &self.all[shown.indicator])
            .reduce(|best, next| {
                let rank = |i: &Indicator| (same(&i.value, literal), i.value.len());
                if rank(next) > rank(best) { next } else { best }
            })
    }

    /// Adds what the event carries of the tool in fields that no witness
    /// stands for yet: for each such field, the most specific indicator.
    pub(super) fn support<'a>(&'a self, row: Row<'a>, witnesses: &mut Vec<Witness<'a>>) {
        // By the indicator's position, which is also the final order.
        let mut more: Vec<(usize, Field, How)> = vec![];
        let named = |w: &Witness<'_>| {
            NAMES.contains(&w.field) && matches!(w.how, How::EXACT | How::SUBDOMAIN)
        };
        if !witnesses.iter().any(named)
            && let Some((at, _, how)) = self.domain(row.text(field::REMOTE_HOST))
        {
            more.push((at, field::REMOTE_HOST, how));
        }
        for shown in &self.shown {
            let taken = witnesses.iter().any(|witness| witness.field == shown.field);
            if taken || !shown.meets(row) {
                continue;
            }
            let len = |at: usize| self.all[at].value.len();
            match more.iter_mut().find(|(_, field, _)| *field == shown.field) {
                Some(best) if len(best.0) < len(shown.indicator) => best.0 = shown.indicator,
                Some(_) => {}
                None => more.push((shown.indicator, shown.field, How::NONE)),
            }
        }
        more.sort_by_key(|&(at, _, _)| at);
        witnesses.extend(more.into_iter().map(|(at, field, how)| {
            let indicator = &self.all[at];
            Witness {
                field,
                op: Op::INDICATOR,
                literal: &indicator.value,
                seen: row.text(field),
                class: indicator.class,
                role: indicator.role,
                how,
            }
        }));
    }

    /// The most specific domain that `host` is or is under.
    fn domain(&self, host: &str) -> Option<(usize, &Indicator, How)> {
        self.domains()
            .filter_map(|(at, indicator)| Some((at, indicator, stand(host, &indicator.value)?)))
            .reduce(|best, next| if next.1.value.len() > best.1.value.len() { next } else { best })
    }

    fn domains(&self) -> impl Iterator<Item = (usize, &Indicator)> {
        self.all.iter().enumerate().filter(|(_, i)| i.ty == IndicatorType::Domain)
    }
}

impl Shown {
    fn meets(&self, row: Row<'_>) -> bool {
        self.program.eval(&row) == Truth::True
    }
}

/// How values of this type are compared; none for domains, which are compared
/// by [`stand`], because the answer has degrees.
fn text_op(ty: IndicatorType) -> Option<TextOp> {
    match ty.op() {
        Op::HAS => Some(TextOp::Has),
        Op::EQ => Some(TextOp::Eq),
        _ => None,
    }
}

/// Whether `host` is `domain` or is under it, label by label.
fn stand(host: &str, domain: &str) -> Option<How> {
    let (host, domain) = (host.as_bytes(), domain.as_bytes());
    if domain.is_empty() || host.len() < domain.len() {
        return None;
    }
    let (above, end) = host.split_at(host.len() - domain.len());
    match (end.eq_ignore_ascii_case(domain), above.last()) {
        (true, None) => Some(How::EXACT),
        (true, Some(b'.')) => Some(How::SUBDOMAIN),
        _ => None,
    }
}

/// Class and role of what an indicator stands for; what no indicator claims
/// may be anybody's.
fn worth(indicator: Option<&Indicator>) -> (Class, Role) {
    indicator.map_or((Class::SHARED, Role::UNKNOWN), |i| (i.class, i.role))
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_label_by_label() {
        let domain = "supremocontrol.com";
        for (host, expected) in [
            ("supremocontrol.com", Some(How::EXACT)),
            ("SupremoControl.COM", Some(How::EXACT)),
            ("www.supremocontrol.com", Some(How::SUBDOMAIN)),
            ("a.b.supremocontrol.com", Some(How::SUBDOMAIN)),
            // The letter before the domain is not a dot.
            ("my-supremocontrol.com", None),
            ("notsupremocontrol.com", None),
            ("_supremocontrol.com", None),
            // Others' names that hold the domain's text.
            ("supremocontrol.com.evil.example", None),
            ("supremocontrol.com-cdn.example", None),
            ("supremocontrol.co", None),
            // A letter of several bytes where the cut falls.
            ("é.supremocontrol.com", Some(How::SUBDOMAIN)),
            ("ésupremocontrol.com", None),
            ("", None),
        ] {
            assert_eq!(stand(host, domain), expected, "{host}");
        }
        assert_eq!(stand("a.example", ""), None);
    }
}
