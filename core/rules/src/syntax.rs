//! What was written, with its places, before anybody asks whether it makes
//! sense: the parser's result and the checker's input.

use std::ops::Range;

use crate::operators::Operator;

/// Something and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Spanned<T> {
    pub(crate) node: T,
    pub(crate) span: Range<usize>,
}

/// A name as written.
pub(crate) type Name<'t> = Spanned<&'t str>;

/// A condition as written.
#[derive(Clone, Debug)]
pub(crate) enum Syntax<'t> {
    And(Vec<Syntax<'t>>),
    Or(Vec<Syntax<'t>>),
    Not(Box<Syntax<'t>>),
    /// `isempty(field)` and its like.
    Test {
        test: Spanned<Test>,
        field: Name<'t>,
    },
    /// `field operator values`
    Comparison {
        field: Name<'t>,
        operator: Spanned<&'static Operator>,
        values: Vec<Spanned<Literal>>,
    },
    /// `field in learned("rule")`
    Learned {
        field: Name<'t>,
        /// The word `learned`.
        word: Range<usize>,
        rule: Spanned<String>,
    },
}

/// A function that tests a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Empty,
    NotEmpty,
    Null,
    NotNull,
}

impl Test {
    pub(crate) const ALL: [(&'static str, Test); 4] = [
        ("isempty", Test::Empty),
        ("isnotempty", Test::NotEmpty),
        ("isnull", Test::Null),
        ("isnotnull", Test::NotNull),
    ];
}

/// A value as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Literal {
    Text(String),
    Number(i64),
}
