//! From the reasons of a rule to witnesses.
//!
//! A rule of the upstream lists says `remote.url has "vendor.example"`, and
//! that holds for the vendor's relay, for its marketing page, for a look-alike
//! host and for a search engine's redirect. Which of them it was is decided
//! here: names are compared label by label with the event's normalized host,
//! and the *most specific* indicator that the host is under gives class and
//! role. The rule's own answer is not touched by any of this.

use std::sync::OnceLock;

use remora_rules::{
    Indicator, IndicatorType, Program, Reason, Truth,
    pattern::{host_meets, labels_above, url_meets},
};

use crate::{Class, Field, How, Op, Role, Row, Witness, field};

/// The fields that hold a name of the remote side, as they came. Together they
/// are one thing that an event says, and `remote.host` is its normal form.
const NAMES: [Field; 3] = [field::REMOTE_URL, field::REMOTE_HOST, field::URL];

/// What is known of one tool.
#[derive(Debug)]
pub(super) struct Indicators {
    all: Vec<Indicator>,
    /// Made when the tool is first found.
    shown: OnceLock<Vec<Shown>>,
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
        Indicators { all, shown: OnceLock::new() }
    }

    /// Each indicator once for each field that it shows in, but for domains,
    /// in the order of `all`.
    fn shown(&self) -> &[Shown] {
        self.shown.get_or_init(|| {
            let others = |(_, one): &(usize, &Indicator)| one.ty != IndicatorType::Domain;
            let mut shown = vec![];
            for (at, indicator) in self.all.iter().enumerate().filter(others) {
                for &field in indicator.ty.fields() {
                    let Some(expr) = indicator.predicate(field) else { continue };
                    shown.push(Shown { indicator: at, field, program: Program::new(&expr) });
                }
            }
            shown
        })
    }

    /// A reason of a rule with what the indicators know of it.
    pub(super) fn witness<'a>(&self, row: Row<'a>, reason: Reason<'a, '_>) -> Witness<'a> {
        let field = reason.field;
        let (how, indicator) = if NAMES.contains(&field) {
            self.name(row, reason.literal)
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
    fn name(&self, row: Row<'_>, literal: &str) -> (How, Option<&Indicator>) {
        let host = row.text(field::REMOTE_HOST);
        if let Some(how) = stand(host, literal) {
            return (how, self.named(row).map(|(_, indicator, _)| indicator));
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

    /// The indicator that decides what a value is worth that is not a name: of
    /// those that it meets the one that says most of the tool, so that a product
    /// of the tool's own counts though the rule asks for a word that others have
    /// too; of equal ones that of the rule's literal.
    fn value(&self, row: Row<'_>, field: Field, literal: &str) -> Option<&Indicator> {
        self.shown()
            .iter()
            .filter(|shown| shown.field == field && shown.meets(row))
            .map(|shown| &self.all[shown.indicator])
            .reduce(|best, next| {
                let rank = |i: &Indicator| (i.class.0, same(&i.value, literal), i.value.len());
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
        // Beside a host that only looks like the rule's own domain, a zone that proves nothing by
        // itself (the vendor's) would make it read like that domain.
        let lookalike = witnesses.iter().any(|witness| witness.how == How::LOOKALIKE);
        if !witnesses.iter().any(named)
            && let Some((at, indicator, how)) = self.named(row)
            && (!lookalike || indicator.class == Class::EXCLUSIVE)
        {
            more.push((at, field::REMOTE_HOST, how));
        }
        for shown in self.shown() {
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

    /// The most specific indicator that speaks of the event's remote name: a
    /// pattern of its URL, else the longest domain or pattern of its host.
    fn named(&self, row: Row<'_>) -> Option<(usize, &Indicator, How)> {
        let host = row.text(field::REMOTE_HOST);
        if host.is_empty() {
            return None;
        }
        self.all
            .iter()
            .enumerate()
            .filter_map(|(at, indicator)| {
                let value = indicator.value.as_str();
                let how = match indicator.ty {
                    IndicatorType::Domain => stand(host, value)?,
                    IndicatorType::HostPattern if host_meets(value, host) => How::SUBDOMAIN,
                    IndicatorType::UrlPattern if has_url(row, value, host) => How::SUBDOMAIN,
                    _ => return None,
                };
                Some((at, indicator, how))
            })
            .reduce(|best, next| {
                let rank = |i: &Indicator| (i.ty == IndicatorType::UrlPattern, i.value.len());
                if rank(next.1) > rank(best.1) { next } else { best }
            })
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

/// Whether the event's URL meets a pattern. The pattern's host must be that of
/// the event, so that user info cannot stand for it.
fn has_url(row: Row<'_>, pattern: &str, host: &str) -> bool {
    let of = pattern.split('/').next().unwrap_or(pattern);
    let own = if of.contains('*') { host_meets(of, host) } else { same(of, host) };
    own && IndicatorType::UrlPattern
        .fields()
        .iter()
        .any(|&field| url_meets(pattern, row.text(field)))
}

/// Whether `host` is `domain` or is under it, label by label.
fn stand(host: &str, domain: &str) -> Option<How> {
    labels_above(host, domain)
        .map(|labels| if labels.is_empty() { How::EXACT } else { How::SUBDOMAIN })
}

/// Class and role of what an indicator stands for; what no indicator claims
/// may be anybody's.
fn worth(indicator: Option<&Indicator>) -> (Class, Role) {
    indicator.map_or((Class::SHARED, Role::UNKNOWN), |i| (i.class, i.role))
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
