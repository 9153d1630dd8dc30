//! The checked tree of a rule: plain data, so that it can be printed back,
//! turned into other languages, compared and generated in tests.

use std::collections::{BTreeMap, BTreeSet};

use remora_abi::Field;

/// A predicate over one event.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// All hold. Two or more children.
    And(Vec<Expr>),
    /// At least one holds. Two or more children.
    Or(Vec<Expr>),
    /// Three-valued negation: not null is null.
    Not(Box<Expr>),
    /// A comparison of a text field. Never null.
    Text(TextPredicate),
    /// A comparison of a number field. Null where the number is.
    Number(NumberPredicate),
    /// `isempty(field)`, or `isnotempty(field)` when negated. Never null.
    IsEmpty {
        /// A text field (empty or absent) or a number field (null).
        field: Field,
        /// `isnotempty`.
        negated: bool,
    },
    /// `field in learned("rule")`: the value is among those that the named rule
    /// has learned from the events it found in an earlier pass. Compared like
    /// `in`: exactly, with case. Never holds before [`Expr::adopt`].
    Learned {
        /// A text field.
        field: Field,
        /// The id of the rule that learns.
        rule: String,
    },
}

/// What has been learned: values by the id of the rule that learned them.
pub type Learned = BTreeMap<String, BTreeSet<String>>;

impl Expr {
    /// The tree with learned sets in the place of their names: what is asked
    /// in the pass after the one that learned. A set of which nothing is known
    /// holds nothing, and `in` it never holds.
    pub fn adopt(&self, learned: &Learned) -> Expr {
        let all = |terms: &[Expr]| terms.iter().map(|term| term.adopt(learned)).collect();
        match self {
            Expr::And(terms) => Expr::And(all(terms)),
            Expr::Or(terms) => Expr::Or(all(terms)),
            Expr::Not(inner) => Expr::Not(Box::new(inner.adopt(learned))),
            Expr::Learned { field, rule } => Expr::Text(TextPredicate {
                field: *field,
                op: TextOp::In,
                case_sensitive: true,
                negated: false,
                literals: learned.get(rule).into_iter().flatten().cloned().collect(),
            }),
            Expr::Text(_) | Expr::Number(_) | Expr::IsEmpty { .. } => self.clone(),
        }
    }

    /// The learned sets that it asks: field and id of the rule, in the order of
    /// the text.
    pub fn learned(&self) -> Vec<(Field, &str)> {
        match self {
            Expr::And(terms) | Expr::Or(terms) => terms.iter().flat_map(Expr::learned).collect(),
            Expr::Not(inner) => inner.learned(),
            Expr::Learned { field, rule } => vec![(*field, rule)],
            Expr::Text(_) | Expr::Number(_) | Expr::IsEmpty { .. } => Vec::new(),
        }
    }
}

/// How a text field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextOp {
    /// The literal occurs, bounded by term borders.
    Has,
    /// One of the literals, as `Has`.
    HasAny,
    /// Every literal, as `Has`.
    HasAll,
    /// A term begins with the literal.
    HasPrefix,
    /// A term ends with the literal.
    HasSuffix,
    /// The literal occurs.
    Contains,
    /// The value begins with the literal.
    StartsWith,
    /// The value ends with the literal.
    EndsWith,
    /// The value is the literal.
    Eq,
    /// The value is one of the literals.
    In,
    /// The value matches the regular expression somewhere.
    Regex,
    /// The host equals the domain or is below it, label by label.
    Under,
}

/// A comparison of a text field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPredicate {
    /// A text field.
    pub field: Field,
    /// How.
    pub op: TextOp,
    /// Whether case counts. `HasAny`, `HasAll` and `Under` always ignore it,
    /// `Regex` always heeds it.
    pub case_sensitive: bool,
    /// Whether the answer is turned round.
    pub negated: bool,
    /// One literal, or one or more for `HasAny`, `HasAll` and `In`; none empty
    /// (but for `Eq` and `In`, where `""` is a value like any other).
    pub literals: Vec<String>,
}

/// How a number field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberOp {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `in (…)`
    In,
    /// `!in (…)`
    NotIn,
    /// `between (a .. b)`, both ends included.
    Between,
}

/// A comparison of a number field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberPredicate {
    /// A number field.
    pub field: Field,
    /// How.
    pub op: NumberOp,
    /// One value; two for `Between`; one or more for `In` and `NotIn`.
    pub values: Vec<i64>,
}
