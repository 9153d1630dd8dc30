//! Rules.

use remora_abi::{Field, Kind, kind};
use remora_rules::{
    EventView, Index, Program, Required, Truth, compile, needs, required::required,
};

const KINDS: &[Kind] = &[kind::CONNECTION, kind::PROCESS];

/// An event with one text in every field and one number.
struct Uniform<'t>(&'t str, Option<i64>);

impl EventView for Uniform<'_> {
    fn text(&self, _: Field) -> &str {
        self.0
    }
    fn number(&self, _: Field) -> Option<i64> {
        self.1
    }
}

/// Any text is refused with a place in it, or read; what is read is printed
/// and reads back as itself, can be asked, and holds only where one of its
/// required interests is met.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let rule = match compile(text, KINDS) {
        Ok(rule) => rule,
        Err(error) => {
            assert!(text.get(error.span.clone()).is_some(), "{error:?}");
            assert!(!error.message.is_empty() && !error.message.contains('\n'), "{error:?}");
            let (line, column) = error.line_column();
            let place = format!("rule:{line}:{column}");
            assert!(error.render("rule", false).contains(&place), "{error:?}");
            return;
        }
    };
    let printed = rule.to_string();
    let again = compile(&printed, KINDS);
    assert_eq!(again.as_ref(), Ok(&rule), "{text:?} is printed as {printed:?}");

    let program = Program::new(&rule);
    let fields = needs::fields(&rule);
    let interests = match required(&rule, KINDS) {
        Required::Interests(interests) => Some(Index::new(&interests).expect("they can be asked")),
        _ => None,
    };
    // Values that may meet it: its own quoted pieces, and all of it.
    let pieces = text.split(['\'', '"']).chain(["", "a", text]);
    for piece in pieces.take(24) {
        for number in [None, Some(0), Some(443)] {
            let event = Uniform(piece, number);
            let mut reasons = 0;
            let truth = program.reasons(&event, &mut |_| reasons += 1);
            assert_eq!(truth, program.eval(&event), "{rule} of {piece:?}");
            if truth != Truth::True {
                assert_eq!(reasons, 0, "{rule} of {piece:?}");
                continue;
            }
            let Some(index) = &interests else { continue };
            for kind in KINDS {
                let asked = index.fields(*kind).iter().copied();
                let wanted = asked.clone().any(|field| index.wants(*kind, field, piece.as_bytes()));
                assert!(wanted, "{rule} holds of {piece:?}, which the screen drops");
                assert!(asked.clone().all(|field| fields.contains(&field)), "{rule}");
            }
        }
    }
}
