//! A detector that is nothing but rules: a manifest and where the rules come
//! from.

use std::marker::PhantomData;

use remora_rules::RuleSet;

use super::RuleDetector;
use crate::{Batch, Detector, Error, Fact, Findings, Hit, Interests, Rules, log};

/// What makes a rule-driven detector the one it is. [`Driven`] is the detector.
pub trait RuleDriven: Send + Sync + 'static {
    /// Who the detector is; made with [`manifest!`](crate::manifest).
    const MANIFEST: &'static str;

    /// Its rules and indicators, by tool.
    ///
    /// # Errors
    ///
    /// In words, for the user: the program ends before any event is read.
    fn rule_sets() -> Result<Vec<RuleSet>, Error>;

    /// Its rules and indicators for a configuration, which is TOML and not
    /// blank. By default there is none that it takes.
    ///
    /// # Errors
    ///
    /// In words, for the user: which key is wrong and what it accepts.
    fn configured(config: &str) -> Result<Vec<RuleSet>, Error> {
        let _ = config;
        let name = log::name_in(Self::MANIFEST);
        Err(format!("the {name} detector takes no configuration").into())
    }
}

/// The detector of the rules of `T`, second pass included. A detector that
/// decides something by code implements [`Detector`] itself, with a
/// [`RuleDetector`] for its rules.
#[derive(Debug)]
pub struct Driven<T>(RuleDetector, PhantomData<fn() -> T>);

impl<T: RuleDriven> Detector for Driven<T> {
    const MANIFEST: &'static str = T::MANIFEST;

    fn new(config: &str) -> Result<Self, Error> {
        let sets = if config.trim().is_empty() { T::rule_sets()? } else { T::configured(config)? };
        Ok(Driven(RuleDetector::new(sets)?, PhantomData))
    }

    fn rules(&self, rules: &mut Rules<'_>) {
        self.0.rules(rules);
    }

    fn interests(&self, interests: &mut Interests<'_>) {
        self.0.interests(interests);
    }

    fn inspect(
        &self,
        batch: &Batch<'_>,
        hits: &[Hit],
        findings: &mut Findings<'_>,
    ) -> Result<(), Error> {
        self.0.inspect(batch, hits, findings)
    }

    fn adopt(&self, facts: &[Fact<'_>]) -> Result<Self, Error> {
        Ok(Driven(self.0.adopt(facts)?, PhantomData))
    }
}
