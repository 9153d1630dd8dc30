//! Detectors whose whole logic is rules and indicators.
//!
//! [`Driven`] is such a detector, made of a manifest and the data;
//! [`RuleDetector`] has the bodies of the [`Detector`](crate::Detector)
//! trait's functions, for detectors that are more than rules. Its
//! interests are what the rules provably need ([`required`]), and a row is
//! evaluated only against the rules whose interests it met: the cost of a
//! detector with a hundred rules is that of the few that could hold.
//!
//! What a witness is worth comes from the tool's indicators and not from the
//! rule, because a rule names what it looks for while an indicator knows whose
//! it is; the indicators module has the reasoning.

mod driven;
mod indicators;

pub use driven::{Driven, RuleDriven};

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use remora_rules::{
    Expr, Instances, InterestSpec, Learned, Program, Required, RuleSet, RuleSpec, Truth, needs,
    required::required,
};

use self::indicators::Indicators;
use crate::{
    Batch, Error, Fact, Field, Finding, Findings, Hit, Interests, Op, Row, Rule, Rules, field,
};

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
    /// For each rule that learns, the fields in which other rules look for
    /// what it learns.
    asked: BTreeMap<String, BTreeSet<Field>>,
}

#[derive(Clone, Debug)]
struct Tool {
    id: String,
    name: String,
    indicators: Arc<Indicators>,
    instances: Arc<Instances>,
}

#[derive(Debug)]
struct Prepared {
    spec: RuleSpec,
    /// Index of its tool.
    tool: usize,
    /// What is asked in this pass: none where it is not evaluated.
    asked: Option<Asked>,
    fields: Vec<Field>,
    where_text: String,
}

/// A condition, made ready to run when the first row reaches it: of a catalog's
/// hundreds of rules a run meets a few, and a start should not wait for all.
#[derive(Debug)]
struct Asked {
    expr: Expr,
    program: OnceLock<Program>,
}

impl Asked {
    fn program(&self) -> &Program {
        self.program.get_or_init(|| Program::new(&self.expr))
    }
}

impl Prepared {
    fn new(tool: usize, spec: RuleSpec) -> Prepared {
        Prepared {
            asked: None,
            fields: needs::fields(&spec.expr),
            where_text: spec.expr.to_string(),
            tool,
            spec,
        }
    }
}

impl RuleDetector {
    /// Prepares the rules of `sets`, in their order.
    ///
    /// Refuses a rule id that stands twice and a rule without kinds: neither
    /// could be reported on.
    pub fn new(sets: Vec<RuleSet>) -> Result<RuleDetector, Error> {
        let mut detector = RuleDetector {
            tools: vec![],
            rules: vec![],
            interests: vec![],
            reached: vec![],
            asked: BTreeMap::new(),
        };
        let mut ids = BTreeSet::new();
        for set in sets {
            let tool = detector.tools.len();
            for spec in set.rules {
                if !ids.insert(spec.id.clone()) {
                    return Err(format!("two rules have the id {:?}", spec.id).into());
                }
                if spec.kinds.is_empty() {
                    return Err(format!("rule {:?} looks at no kind", spec.id).into());
                }
                detector.rules.push(Prepared::new(tool, spec));
            }
            detector.tools.push(Tool {
                id: set.tool,
                name: set.tool_name,
                indicators: Arc::new(Indicators::new(set.indicators)),
                instances: Arc::new(Instances::new(set.instances)),
            });
        }
        detector.check_learning()?;
        detector.ask(|rule| rule.spec.expr.learned().is_empty().then(|| rule.spec.expr.clone()));
        Ok(detector)
    }

    /// Notes who asks for what is learned, and refuses what would never be
    /// learned.
    fn check_learning(&mut self) -> Result<(), Error> {
        for rule in &self.rules {
            let (id, asks) = (&rule.spec.id, rule.spec.expr.learned());
            if rule.spec.learns.is_some() && !asks.is_empty() {
                return Err(format!(
                    "rule {id:?} learns from what another rule learned: there are two passes only"
                )
                .into());
            }
            if rule.spec.learns.is_some_and(Field::is_number) {
                return Err(format!("rule {id:?} learns a number; only texts are learned").into());
            }
            for (field, learner) in asks {
                let learns = self
                    .rules
                    .iter()
                    .any(|one| one.spec.id == learner && one.spec.learns.is_some());
                if !learns {
                    return Err(format!("rule {id:?} asks for what rule {learner:?} learned, but no rule of this id learns anything").into());
                }
                self.asked.entry(learner.to_owned()).or_default().insert(field);
            }
        }
        Ok(())
    }

    /// States interests for, and evaluates, the rules for which `expr` gives a
    /// condition.
    fn ask(&mut self, expr: impl Fn(&Prepared) -> Option<Expr>) {
        let mut known = BTreeMap::new();
        for number in 0..self.rules.len() {
            let Some(expr) = expr(&self.rules[number]) else { continue };
            self.push(number, expr, &mut known);
        }
    }

    /// The body of [`Detector::adopt`](crate::Detector::adopt): the detector of
    /// the rules that ask for what was learned.
    ///
    /// # Errors
    ///
    /// None today; the trait's function has one.
    pub fn adopt(&self, facts: &[Fact<'_>]) -> Result<RuleDetector, Error> {
        let mut learned = Learned::new();
        for fact in facts {
            learned.entry(fact.set.to_owned()).or_default().insert(fact.literal.to_owned());
        }
        let rules = self.rules.iter().map(|rule| Prepared::new(rule.tool, rule.spec.clone()));
        let mut detector = RuleDetector {
            tools: self.tools.clone(),
            rules: rules.collect(),
            interests: vec![],
            reached: vec![],
            asked: BTreeMap::new(),
        };
        detector.ask(|rule| {
            let asks = !rule.spec.expr.learned().is_empty();
            asks.then(|| rule.spec.expr.adopt(&learned))
        });
        Ok(detector)
    }

    fn push(&mut self, number: usize, expr: Expr, known: &mut BTreeMap<InterestSpec, usize>) {
        let rule = &mut self.rules[number];
        let number = u32::try_from(number).expect("rules are counted in u32");
        let wanted = match required(&expr, &rule.spec.kinds) {
            Required::Interests(interests) => interests,
            Required::Everything { why } => {
                tracing::debug!(rule = rule.spec.id, why, "a rule wants every event of its kinds");
                whole_kinds(&rule.spec)
            }
        };
        rule.asked = Some(Asked { expr, program: OnceLock::new() });
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
    /// finding for each rule that holds for a row, with the tool's instance
    /// that the row speaks of.
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
        let Some(asked) = &rule.asked else { return };
        let mut reasons = vec![];
        let truth = asked.program().reasons(&row, &mut |reason| reasons.push(reason));
        if truth != Truth::True {
            return;
        }
        let Tool { indicators, instances, .. } = &self.tools[rule.tool];
        let mut witnesses: Vec<_> =
            reasons.into_iter().map(|reason| indicators.witness(row, reason)).collect();
        indicators.support(row, &mut witnesses);
        let instance = instances.of(&row);
        findings.push(&Finding { instance, ..Finding::new(row.index(), number, &witnesses) });
        if let Some(field) = rule.spec.learns {
            for target in self.asked.get(&rule.spec.id).into_iter().flatten() {
                findings.learn(*target, row.text(field), &rule.spec.id);
            }
        }
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
