//! Detectors whose whole logic is rules and indicators.
//!
//! [`RuleDetector`] has the bodies of the [`Detector`](crate::Detector)
//! trait's functions, so that a plugin is a name, a manifest and the data. Its
//! interests are what the rules provably need ([`required`]), and a row is
//! evaluated only against the rules whose interests it met: the cost of a
//! detector with a hundred rules is that of the few that could hold.
//!
//! What a witness is worth comes from the tool's indicators and not from the
//! rule, because a rule names what it looks for while an indicator knows whose
//! it is; the indicators module has the reasoning.

mod indicators;

use std::collections::{BTreeMap, BTreeSet};

use remora_rules::{
    InterestSpec, Program, Required, RuleSet, RuleSpec, Truth, needs, required::required,
};

use self::indicators::Indicators;
use crate::{Batch, Error, Field, Finding, Findings, Hit, Interests, Op, Row, Rule, Rules, field};

impl remora_rules::EventView for Row<'_> {
    fn text(&self, field: Field) -> &str {
        Row::text(self, field)
    }

    fn number(&self, field: Field) -> Option<i64> {
        Row::number(self, field)
    }
}

/// Runs the rules of one or more tools.
#[derive(Debug)]
pub struct RuleDetector {
    tools: Vec<Tool>,
    rules: Vec<Prepared>,
    interests: Vec<InterestSpec>,
    /// For each interest the rules that it may be the reason of, ascending.
    reached: Vec<Vec<u32>>,
}

#[derive(Debug)]
struct Tool {
    id: String,
    name: String,
    indicators: Indicators,
}

#[derive(Debug)]
struct Prepared {
    spec: RuleSpec,
    /// Index of its tool.
    tool: usize,
    program: Program,
    fields: Vec<Field>,
    where_text: String,
}

impl RuleDetector {
    /// Prepares the rules of `sets`, in their order.
    ///
    /// Refuses a rule id that stands twice and a rule without kinds: neither
    /// could be reported on.
    pub fn new(sets: Vec<RuleSet>) -> Result<RuleDetector, Error> {
        let mut detector =
            RuleDetector { tools: vec![], rules: vec![], interests: vec![], reached: vec![] };
        let mut ids = BTreeSet::new();
        let mut known = BTreeMap::new();
        for set in sets {
            let tool = detector.tools.len();
            for spec in set.rules {
                if !ids.insert(spec.id.clone()) {
                    return Err(format!("two rules have the id {:?}", spec.id).into());
                }
                if spec.kinds.is_empty() {
                    return Err(format!("rule {:?} looks at no kind", spec.id).into());
                }
                detector.push(tool, spec, &mut known);
            }
            detector.tools.push(Tool {
                id: set.tool,
                name: set.tool_name,
                indicators: Indicators::new(set.indicators),
            });
        }
        Ok(detector)
    }

    fn push(&mut self, tool: usize, spec: RuleSpec, known: &mut BTreeMap<InterestSpec, usize>) {
        let number = u32::try_from(self.rules.len()).expect("rules are counted in u32");
        let wanted = match required(&spec.expr, &spec.kinds) {
            Required::Interests(interests) => interests,
            Required::Everything { why } => {
                tracing::debug!(rule = spec.id, why, "a rule wants every event of its kinds");
                whole_kinds(&spec)
            }
        };
        for interest in wanted {
            let at = *known.entry(interest.clone()).or_insert_with(|| {
                self.interests.push(interest);
                self.reached.push(vec![]);
                self.interests.len() - 1
            });
            let rules = &mut self.reached[at];
            if rules.last() != Some(&number) {
                rules.push(number);
            }
        }
        self.rules.push(Prepared {
            program: Program::new(&spec.expr),
            fields: needs::fields(&spec.expr),
            where_text: spec.expr.to_string(),
            tool,
            spec,
        });
    }

    /// The body of [`Detector::rules`](crate::Detector::rules).
    pub fn rules(&self, rules: &mut Rules<'_>) {
        for rule in &self.rules {
            let tool = &self.tools[rule.tool];
            let techniques: Vec<&str> = rule.spec.techniques.iter().map(String::as_str).collect();
            rules.push(&Rule {
                id: &rule.spec.id,
                tool: &tool.id,
                tool_name: &tool.name,
                title: &rule.spec.title,
                techniques: &techniques,
                kinds: &rule.spec.kinds,
                keys: &rule.spec.keys,
                fields: &rule.fields,
                where_text: &rule.where_text,
            });
        }
    }

    /// The body of [`Detector::interests`](crate::Detector::interests).
    pub fn interests(&self, interests: &mut Interests<'_>) {
        for interest in &self.interests {
            interests.push(interest.kind, interest.field, interest.op, &interest.literal);
        }
    }

    /// The body of [`Detector::inspect`](crate::Detector::inspect): one
    /// finding for each rule that holds for a row.
    ///
    /// Its witnesses are the rule's reasons in the order of the rule's text,
    /// then the tool's other indicators that the event carries
    /// ([`Op::INDICATOR`]), in the order of the rule set.
    pub fn inspect(
        &self,
        batch: &Batch<'_>,
        hits: &[Hit],
        findings: &mut Findings<'_>,
    ) -> Result<(), Error> {
        let mut reached = vec![];
        for (row, hits) in batch.rows(hits) {
            reached.clear();
            for hit in hits {
                reached.extend(self.reached.get(hit.interest as usize).into_iter().flatten());
            }
            reached.sort_unstable();
            reached.dedup();
            for &number in &reached {
                self.evaluate(row, number, findings);
            }
        }
        Ok(())
    }

    fn evaluate(&self, row: Row<'_>, number: u32, findings: &mut Findings<'_>) {
        let rule = &self.rules[number as usize];
        if !rule.spec.kinds.contains(&row.kind()) {
            return;
        }
        let mut reasons = vec![];
        let truth = rule.program.reasons(&row, &mut |reason| reasons.push(reason));
        if truth != Truth::True {
            return;
        }
        let indicators = &self.tools[rule.tool].indicators;
        let mut witnesses: Vec<_> =
            reasons.into_iter().map(|reason| indicators.witness(row, reason)).collect();
        indicators.support(row, &mut witnesses);
        findings.push(&Finding::new(row.index(), number, &witnesses));
    }
}

/// An interest in every event of each of the rule's kinds.
fn whole_kinds(rule: &RuleSpec) -> Vec<InterestSpec> {
    rule.kinds
        .iter()
        .map(|&kind| InterestSpec {
            kind,
            field: field::NONE,
            op: Op::KIND,
            literal: String::new(),
        })
        .collect()
}
