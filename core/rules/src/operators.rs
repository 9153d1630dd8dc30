//! The operators by name: the one table that parser, checker, printer and
//! error messages read.

use remora_abi::Op;

use crate::{NumberOp, TextOp};

/// What follows an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// One value.
    One,
    /// `(a, b, …)`
    List,
    /// `(a .. b)`
    Range,
}

/// One operator as rules spell it.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) name: &'static str,
    pub(crate) operand: Operand,
    pub(crate) text: Option<TextForm>,
    pub(crate) number: Option<NumberOp>,
}

/// What an operator is on text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextForm {
    pub(crate) op: TextOp,
    pub(crate) case_sensitive: bool,
    pub(crate) negated: bool,
}

macro_rules! operators {
    ($($name:literal $operand:ident text($text:tt) number($number:tt);)*) => {
        pub(crate) const OPERATORS: &[Operator] = &[$(Operator {
            name: $name,
            operand: Operand::$operand,
            text: operators!(@text $text),
            number: operators!(@number $number),
        },)*];
    };
    (@text _) => { None };
    (@text [$op:ident $case_sensitive:literal $negated:literal]) => {
        Some(TextForm { op: TextOp::$op, case_sensitive: $case_sensitive, negated: $negated })
    };
    (@number _) => { None };
    (@number $op:ident) => { Some(NumberOp::$op) };
}

// The text form is: operator, whether case counts, whether the answer is
// turned round.
operators! {
    "has"            One   text([Has false false])        number(_);
    "!has"           One   text([Has false true])         number(_);
    "has_cs"         One   text([Has true false])         number(_);
    "!has_cs"        One   text([Has true true])          number(_);
    "has_any"        List  text([HasAny false false])     number(_);
    "!has_any"       List  text([HasAny false true])      number(_);
    "has_all"        List  text([HasAll false false])     number(_);
    "!has_all"       List  text([HasAll false true])      number(_);
    "hasprefix"      One   text([HasPrefix false false])  number(_);
    "!hasprefix"     One   text([HasPrefix false true])   number(_);
    "hasprefix_cs"   One   text([HasPrefix true false])   number(_);
    "!hasprefix_cs"  One   text([HasPrefix true true])    number(_);
    "hassuffix"      One   text([HasSuffix false false])  number(_);
    "!hassuffix"     One   text([HasSuffix false true])   number(_);
    "hassuffix_cs"   One   text([HasSuffix true false])   number(_);
    "!hassuffix_cs"  One   text([HasSuffix true true])    number(_);
    "contains"       One   text([Contains false false])   number(_);
    "!contains"      One   text([Contains false true])    number(_);
    "contains_cs"    One   text([Contains true false])    number(_);
    "!contains_cs"   One   text([Contains true true])     number(_);
    "startswith"     One   text([StartsWith false false]) number(_);
    "!startswith"    One   text([StartsWith false true])  number(_);
    "startswith_cs"  One   text([StartsWith true false])  number(_);
    "!startswith_cs" One   text([StartsWith true true])   number(_);
    "endswith"       One   text([EndsWith false false])   number(_);
    "!endswith"      One   text([EndsWith false true])    number(_);
    "endswith_cs"    One   text([EndsWith true false])    number(_);
    "!endswith_cs"   One   text([EndsWith true true])     number(_);
    "under"          One   text([Under false false])      number(_);
    "!under"         One   text([Under false true])       number(_);
    "matches regex"  One   text([Regex true false])       number(_);
    "!matches regex" One   text([Regex true true])        number(_);
    "=="             One   text([Eq true false])          number(Eq);
    "!="             One   text([Eq true true])           number(Ne);
    "=~"             One   text([Eq false false])         number(_);
    "!~"             One   text([Eq false true])          number(_);
    "in"             List  text([In true false])          number(In);
    "!in"            List  text([In true true])           number(NotIn);
    "in~"            List  text([In false false])         number(_);
    "!in~"           List  text([In false true])          number(_);
    "<"              One   text(_)                        number(Lt);
    "<="             One   text(_)                        number(Le);
    ">"              One   text(_)                        number(Gt);
    ">="             One   text(_)                        number(Ge);
    "between"        Range text(_)                        number(Between);
}

/// The operator of this spelling.
pub(crate) fn find(name: &str) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.name == name)
}

/// The operators on text, for help lines; without the forms that are made by
/// `!` before them and `_cs` behind.
pub(crate) fn text_names() -> String {
    joined(OPERATORS.iter().filter(|operator| match operator.text {
        Some(form) => match form.op {
            TextOp::Eq | TextOp::In => true,
            TextOp::Regex => !form.negated,
            _ => !form.negated && !form.case_sensitive,
        },
        None => false,
    }))
}

/// The operators on numbers, for help lines.
pub(crate) fn number_names() -> String {
    joined(OPERATORS.iter().filter(|operator| operator.number.is_some()))
}

fn joined(operators: impl Iterator<Item = &'static Operator>) -> String {
    operators.map(|operator| operator.name).collect::<Vec<_>>().join(", ")
}

/// How an operator on text is spelled.
pub(crate) fn text_name(op: TextOp, case_sensitive: bool, negated: bool) -> &'static str {
    let case_sensitive = match op {
        TextOp::HasAny | TextOp::HasAll | TextOp::Under => false,
        TextOp::Regex => true,
        _ => case_sensitive,
    };
    let form = TextForm { op, case_sensitive, negated };
    OPERATORS
        .iter()
        .find(|operator| operator.text == Some(form))
        .map(|operator| operator.name)
        .expect("every form of an operator on text has a spelling")
}

/// How an operator on numbers is spelled.
pub(crate) fn number_name(op: NumberOp) -> &'static str {
    OPERATORS
        .iter()
        .find(|operator| operator.number == Some(op))
        .map(|operator| operator.name)
        .expect("every operator on numbers has a spelling")
}

/// How a witness names the operator.
pub(crate) fn witness_op(op: TextOp, case_sensitive: bool) -> Op {
    match (op, case_sensitive) {
        (TextOp::Has, false) => Op::HAS,
        (TextOp::Has, true) => Op::HAS_CS,
        (TextOp::HasAny, _) => Op::HAS_ANY,
        (TextOp::HasAll, _) => Op::HAS_ALL,
        (TextOp::HasPrefix, false) => Op::HASPREFIX,
        (TextOp::HasPrefix, true) => Op::HASPREFIX_CS,
        (TextOp::HasSuffix, false) => Op::HASSUFFIX,
        (TextOp::HasSuffix, true) => Op::HASSUFFIX_CS,
        (TextOp::Contains, false) => Op::CONTAINS,
        (TextOp::Contains, true) => Op::CONTAINS_CS,
        (TextOp::StartsWith, false) => Op::STARTSWITH,
        (TextOp::StartsWith, true) => Op::STARTSWITH_CS,
        (TextOp::EndsWith, false) => Op::ENDSWITH,
        (TextOp::EndsWith, true) => Op::ENDSWITH_CS,
        (TextOp::Eq, false) => Op::EQ,
        (TextOp::Eq, true) => Op::EQ_CS,
        (TextOp::In, false) => Op::IN_CI,
        (TextOp::In, true) => Op::IN,
        (TextOp::Regex, _) => Op::REGEX,
        (TextOp::Under, _) => Op::UNDER,
    }
}

/// The operator of the interests that a comparison asks for: one per literal.
pub(crate) fn interest_op(op: TextOp, case_sensitive: bool) -> Option<Op> {
    match witness_op(op, case_sensitive) {
        Op::HAS_ANY | Op::HAS_ALL => Some(Op::HAS),
        Op::IN => Some(Op::EQ_CS),
        Op::IN_CI => Some(Op::EQ),
        Op::REGEX => None,
        op => Some(op),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_is_in_the_reference() {
        let reference = include_str!("../README.md");
        for operator in OPERATORS {
            // The negated words are told by their sign; `!=` and `!~` are names.
            let name = operator
                .name
                .strip_prefix('!')
                .filter(|rest| rest.starts_with(char::is_alphabetic));
            let name = name.unwrap_or(operator.name);
            let starts = format!("`{name}");
            assert!(reference.contains(&starts), "{name} is not in the reference");
        }
    }

    #[test]
    fn every_form_has_its_own_spelling() {
        for operator in OPERATORS {
            assert_eq!(find(operator.name).map(|found| found.name), Some(operator.name));
            if let Some(TextForm { op, case_sensitive, negated }) = operator.text {
                assert_eq!(text_name(op, case_sensitive, negated), operator.name);
            }
            if let Some(op) = operator.number {
                assert_eq!(number_name(op), operator.name);
            }
        }
    }
}
