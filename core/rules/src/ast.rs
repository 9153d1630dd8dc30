//! The checked tree of a rule: plain data, so that it can be printed back,
//! turned into other languages, compared and generated in tests.

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
