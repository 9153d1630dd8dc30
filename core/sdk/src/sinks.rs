//! What a detector says, and where it puts it: rules, interests, findings.
//!
//! Three sinks rather than one, so that a detector cannot state a finding
//! where only rules belong. The structs borrow everything, because the host
//! copies what it keeps: a detector that finds nothing allocates nothing.

use crate::{
    Class, Field, How, Kind, Op, Role,
    abi::{self, FindingText, RSlice, RStr, Sink},
};

/// One rule, as people, grouping and coverage see it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rule<'a> {
    /// Unique among all detectors, e.g. a GUID or `supremo.domain`.
    pub id: &'a str,
    /// The id of the tool that it finds.
    pub tool: &'a str,
    /// The tool's name, for people.
    pub tool_name: &'a str,
    /// The rule's name, for people.
    pub title: &'a str,
    /// ATT&CK ids.
    pub techniques: &'a [&'a str],
    /// The kinds that it looks at.
    pub kinds: &'a [Kind],
    /// The keys by which its findings are grouped, beside the tenant.
    pub keys: &'a [Field],
    /// The fields that it reads to decide.
    pub fields: &'a [Field],
    /// The rule in the rule language; `""` where code decides.
    pub where_text: &'a str,
}

/// Takes the detector's rules.
#[derive(Debug)]
pub struct Rules<'a> {
    sink: Out<'a>,
    count: u32,
}

impl<'a> Rules<'a> {
    pub(crate) fn new(sink: &'a Sink) -> Rules<'a> {
        Rules { sink: Out(sink), count: 0 }
    }

    /// States a rule, and returns its number: what [`Finding::rule`] wants.
    pub fn push(&mut self, rule: &Rule<'_>) -> u32 {
        let techniques: Vec<RStr<'_>> = rule.techniques.iter().map(|&id| id.into()).collect();
        let info = abi::RuleInfo {
            id: rule.id.into(),
            tool: rule.tool.into(),
            tool_name: rule.tool_name.into(),
            title: rule.title.into(),
            techniques: techniques.as_slice().into(),
            kinds: rule.kinds.into(),
            keys: rule.keys.into(),
            fields: rule.fields.into(),
            where_text: rule.where_text.into(),
        };
        (self.sink.0.table.rule())(self.sink.0.ctx, &info);
        next(&mut self.count)
    }
}

/// Takes the detector's interests.
#[derive(Debug)]
pub struct Interests<'a> {
    sink: Out<'a>,
    count: u32,
}

impl<'a> Interests<'a> {
    pub(crate) fn new(sink: &'a Sink) -> Interests<'a> {
        Interests { sink: Out(sink), count: 0 }
    }

    /// Asks for the events of `kind` ([`kind::ANY`](abi::kind::ANY) for every
    /// kind) whose text `field` compares to `literal` by `op`, and returns the
    /// interest's number: what [`Hit::interest`](crate::Hit::interest) names.
    ///
    /// The host refuses a detector with an empty literal, a number field, or
    /// an operator beyond [`Op::UNDER`]: to ignore such an interest would miss
    /// events.
    pub fn push(&mut self, kind: Kind, field: Field, op: Op, literal: &str) -> u32 {
        let interest = abi::Interest { kind, field, op, literal: literal.into() };
        (self.sink.0.table.interest())(self.sink.0.ctx, &interest);
        next(&mut self.count)
    }

    /// Asks for every event of `kind`, and returns the interest's number. This
    /// makes the host decode every such record: ask for less if you can.
    pub fn want_kind(&mut self, kind: Kind) -> u32 {
        self.push(kind, abi::field::NONE, Op::KIND, "")
    }
}

/// One reason for a finding.
#[derive(Clone, Copy, Debug)]
pub struct Witness<'a> {
    /// The field that was looked at.
    pub field: Field,
    /// The predicate that held; [`Op::CODE`] where none describes it.
    pub op: Op,
    /// The literal that the value was compared to.
    pub literal: &'a str,
    /// The value seen.
    pub seen: &'a str,
    /// How strongly it speaks for the tool.
    pub class: Class,
    /// Which part it plays.
    pub role: Role,
    /// How a name met the literal; [`How::NONE`] where it is not a name.
    pub how: How,
}

impl<'a> Witness<'a> {
    /// A witness without class, role and how: it counts like
    /// [`Class::SHARED`]. Set what you know:
    /// `Witness { class: Class::EXCLUSIVE, ..Witness::new(…) }`.
    pub fn new(field: Field, op: Op, literal: &'a str, seen: &'a str) -> Witness<'a> {
        Witness {
            field,
            op,
            literal,
            seen,
            class: Class::UNKNOWN,
            role: Role::UNKNOWN,
            how: How::NONE,
        }
    }
}

/// One statement about one event. How much it is worth is not said here: the
/// host derives it from the witnesses of all findings about the event.
#[derive(Clone, Copy, Debug)]
pub struct Finding<'a> {
    /// Which row, [`Row::index`](crate::Row::index); less than the batch's
    /// length, or the finding is a fault of the detector.
    pub row: u32,
    /// Which rule, by the number that [`Rules::push`] returned; likewise.
    pub rule: u32,
    /// Which installation of the tool (a relay host, a tenant name); `""` if
    /// not known.
    pub instance: &'a str,
    /// Why. A finding without witnesses is never worth more than `possible`.
    pub witnesses: &'a [Witness<'a>],
    /// Texts that the detector adds, by field.
    pub extra: &'a [(Field, &'a str)],
}

impl<'a> Finding<'a> {
    /// A finding without instance and extra texts.
    pub fn new(row: u32, rule: u32, witnesses: &'a [Witness<'a>]) -> Finding<'a> {
        Finding { row, rule, instance: "", witnesses, extra: &[] }
    }
}

/// Takes the detector's findings.
///
/// * Order does not matter, and several findings about one row are fine; the
///   host keeps one per event and rule id.
/// * The host copies: what is borrowed may go after the push.
/// * Nothing is returned, and nothing can fail. What the host cannot use (a
///   row out of range, an unknown rule) it reports as a fault of the detector.
/// * The host keeps the findings of a call only if the call returns `Ok`.
#[derive(Debug)]
pub struct Findings<'a>(Out<'a>);

impl<'a> Findings<'a> {
    pub(crate) fn new(sink: &'a Sink) -> Findings<'a> {
        Findings(Out(sink))
    }

    /// States a finding.
    pub fn push(&mut self, finding: &Finding<'_>) {
        let witnesses: Vec<abi::Witness<'_>> = finding
            .witnesses
            .iter()
            .map(|witness| abi::Witness {
                field: witness.field,
                op: witness.op,
                literal: witness.literal.into(),
                seen: witness.seen.into(),
                class: witness.class,
                role: witness.role,
                how: witness.how,
            })
            .collect();
        let extra: Vec<FindingText<'_>> = finding
            .extra
            .iter()
            .map(|&(field, text)| FindingText { field, text: text.into() })
            .collect();
        let finding = abi::Finding {
            row: finding.row,
            rule: finding.rule,
            instance: finding.instance.into(),
            witnesses: RSlice::from_slice(&witnesses),
            extra: RSlice::from_slice(&extra),
        };
        (self.0.0.table.finding())(self.0.0.ctx, &finding);
    }

    /// Learns `literal`, to be looked for in `field` of every event: see
    /// [`Detector::adopt`](crate::Detector::adopt). `set` is the detector's own
    /// word for what the literal belongs to. An empty literal is not learned.
    pub fn learn(&mut self, field: Field, literal: &str, set: &str) {
        if literal.is_empty() {
            return;
        }
        // A host of this plugin's ABI or later has it; an older one refuses
        // the plugin.
        if let Some(learn) = self.0.0.table.learn() {
            let fact = abi::Fact { field, literal: literal.into(), set: set.into() };
            learn(self.0.0.ctx, &fact);
        }
    }
}

/// What a detector learned in the first pass, as the host gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fact<'a> {
    /// The field in which it is to be looked for.
    pub field: Field,
    /// The literal; never empty.
    pub literal: &'a str,
    /// Which set it belongs to.
    pub set: &'a str,
}

/// The host's sink for one call.
struct Out<'a>(&'a Sink);

impl std::fmt::Debug for Out<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sink")
    }
}

fn next(count: &mut u32) -> u32 {
    let this = *count;
    *count += 1;
    this
}
