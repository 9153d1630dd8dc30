//! Many literals at once, and values made to break the search for them: the
//! index answers what the naive reading answers, literal by literal.

mod naive;

use std::fmt::Write;

use naive::{Event, meets};
use proptest::{collection::vec, prelude::*, sample::select};
use remora_rules::{
    EventView, Expr, Index, InterestSpec, Program, TextOp, TextPredicate, Truth,
    abi::{Field, Kind, Op, field, kind},
};

const KIND: Kind = kind::CONNECTION;
const FIELD: Field = field::REMOTE_URL;

const OPS: &[Op] = &[
    Op::HAS,
    Op::HAS_CS,
    Op::HASPREFIX,
    Op::HASPREFIX_CS,
    Op::HASSUFFIX,
    Op::HASSUFFIX_CS,
    Op::CONTAINS,
    Op::CONTAINS_CS,
    Op::STARTSWITH,
    Op::STARTSWITH_CS,
    Op::ENDSWITH,
    Op::ENDSWITH_CS,
    Op::EQ,
    Op::EQ_CS,
];

/// What literals and values are made of. The dotted `İ`, the dotless `ı`, `ß`,
/// `ẞ`, the Kelvin, Ångström and Ohm signs and the final sigma have no partner
/// or one that has another; `Ⱥ` and `Ɫ` change their length when they are
/// folded; `½`, `Ⅷ`, `Ⓐ` and the combining dots are borders that look like
/// letters.
const PIECES: &[&str] = &[
    "a",
    "B",
    "k",
    "K",
    "ab",
    "AB",
    "com",
    "Com",
    "www",
    "x",
    "7",
    "10",
    ".",
    ".",
    "-",
    "_",
    "/",
    "://",
    " ",
    "  ",
    "%2F",
    "@",
    "\0",
    "\u{7f}",
    "é",
    "É",
    "İ",
    "i",
    "ı",
    "ß",
    "ẞ",
    "ss",
    "\u{212a}",
    "\u{212b}",
    "å",
    "Å",
    "\u{2126}",
    "ω",
    "σ",
    "ς",
    "Σ",
    "Ⱥ",
    "ⱥ",
    "Ɫ",
    "ɫ",
    "½",
    "Ⅷ",
    "ⅷ",
    "Ⓐ",
    "ⓐ",
    "\u{308}",
    "٣",
    "中",
    "。",
    "𐐀",
    "𐐨",
    "ǅ",
    "\u{fffd}",
    "abcdefghijklmnopqrstuvwxyz0123456789a",
    "abcdefghijklmnopqrstuvwxyz0123456789B",
    "longer-than-a-chunk-of-sixty-four-bytes-and-with-borders-in-it.example",
    "longerthanachunkofsixtyfourbyteswithoutasingleborderinitforgoodmeasure",
];

fn text(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    vec(select(PIECES), pieces).prop_map(|pieces| pieces.concat())
}

fn literal() -> impl Strategy<Value = (Op, String)> {
    let domain = vec(select(&["a", "ab", "com", "é", "x-y", "10", "_", "-"][..]), 1..4);
    prop_oneof![
        6 => (select(OPS), text(1..6)),
        1 => domain.prop_map(|labels| (Op::UNDER, labels.join("."))),
    ]
}

/// A value that holds literals, with pieces between them.
fn values(literals: Vec<(Op, String)>) -> impl Strategy<Value = (Vec<(Op, String)>, Vec<String>)> {
    let texts: Vec<String> = literals.iter().map(|(_, text)| text.clone()).collect();
    let part = prop_oneof![
        text(0..3),
        select(texts.clone()),
        select(texts).prop_map(|text| text.to_uppercase()),
    ];
    let value = vec(part, 0..5).prop_map(|parts| parts.concat());
    (Just(literals), vec(value, 1..8))
}

fn index(literals: &[(Op, String)]) -> Index {
    let interest = |(op, literal): &(Op, String)| InterestSpec {
        kind: KIND,
        field: FIELD,
        op: *op,
        literal: literal.clone(),
    };
    Index::new(&literals.iter().map(interest).collect::<Vec<_>>()).expect("valid interests")
}

fn found(index: &Index, value: &str) -> Vec<u32> {
    let mut found = Vec::new();
    index.matches(KIND, FIELD, value, &mut found);
    assert_eq!(index.wants(KIND, FIELD, value.as_bytes()), !found.is_empty(), "{value:?}");
    found
}

/// Those of the literals that the value meets, one by one.
fn expected(literals: &[(Op, String)], value: &str) -> Vec<u32> {
    let met = (0..).zip(literals).filter(|(_, (op, literal))| meets(*op, literal, value));
    met.map(|(id, _)| id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 768, ..ProptestConfig::default() })]

    #[test]
    fn the_index_answers_as_one_by_one(
        (literals, values) in vec(literal(), 1..60).prop_flat_map(values)
    ) {
        let index = index(&literals);
        for value in &values {
            prop_assert_eq!(found(&index, value), expected(&literals, value), "{:?}", value);
        }
    }

    /// The same set as a rule: what the screen wants is what the rule wants.
    #[test]
    fn the_index_answers_as_a_program(
        (literals, values) in vec(text(1..5).prop_map(|text| (Op::HAS, text)), 1..40)
            .prop_flat_map(values)
    ) {
        let index = index(&literals);
        let program = Program::new(&Expr::Text(TextPredicate {
            field: FIELD,
            op: TextOp::HasAny,
            case_sensitive: false,
            negated: false,
            literals: literals.iter().map(|(_, text)| text.clone()).collect(),
        }));
        for value in values {
            let wanted = !found(&index, &value).is_empty();
            let event = Event { texts: [(FIELD, value)].into(), ..Event::default() };
            prop_assert_eq!(program.eval(&event), Truth::from(wanted), "{:?}", event.text(FIELD));
        }
    }

    /// Bytes that are no text are asked as they will be decoded.
    #[test]
    fn damaged_values_are_asked_as_decoded(
        literals in vec(literal(), 1..20),
        parts in vec(prop_oneof![
            text(0..3).prop_map(String::into_bytes),
            vec(any::<u8>(), 0..3),
        ], 0..6),
    ) {
        let index = index(&literals);
        let value = parts.concat();
        let wanted = !expected(&literals, &String::from_utf8_lossy(&value)).is_empty();
        prop_assert_eq!(index.wants(KIND, FIELD, &value), wanted && !value.is_empty());
    }
}

/// Lists in which no term is rare: addresses, all pairs and triples of a few
/// words, and ends that share their only whole term.
#[test]
fn literals_that_share_their_terms_are_told_apart() {
    let mut literals = Vec::new();
    for at in 0..400 {
        literals.push((Op::HAS, format!("10.{}.{}.{}", at % 4, at / 4 % 10, at / 40)));
        literals.push((Op::UNDER, format!("w{}.w{}.com", at % 20, at / 20)));
        literals.push((Op::ENDSWITH, format!("x{at}.net")));
        literals.push((Op::CONTAINS, format!("p{at}-r")));
        literals.push((Op::HAS_CS, format!("Same {} Word {} Twice", at % 20, at / 20)));
    }
    let index = index(&literals);
    let mut hits = 0;
    for at in (0..500).step_by(23) {
        for value in [
            format!("10.{}.{}.{}", at % 4, at / 4 % 10, at / 40),
            format!("https://10.{}.{}.{}:8080/", at % 4, at / 4 % 10, at / 40),
            format!("10.{}-{}.{}", at % 4, at / 4 % 10, at / 40),
            format!("a.w{}.w{}.com", at % 20, at / 20),
            format!("aw{}.w{}.com.", at % 20, at / 20),
            format!("http://w{}.w{}.com/", at % 20, at / 20),
            format!("yx{at}.NET"),
            format!("xp{at}-run"),
            format!("the Same {} Word {} Twice", at % 20, at / 20),
            format!("the same {} word {} twice", at % 20, at / 20),
        ] {
            let met = expected(&literals, &value);
            hits += met.len();
            assert_eq!(found(&index, &value), met, "{value}");
        }
    }
    assert!(hits > 100, "{hits}");
}

/// Literals at the edges, across every border of whatever blocks a search may
/// use, or nearly everywhere.
#[test]
fn values_may_be_a_megabyte() {
    let literals: Vec<(Op, String)> = [
        (Op::HAS, "anydesk.com"),
        (Op::HAS, "desk"),
        (Op::UNDER, "anydesk.com"),
        (Op::STARTSWITH, "anydesk"),
        (Op::ENDSWITH, "desk.com"),
        (Op::CONTAINS, "nydes"),
        (Op::HAS_CS, "AnyDesk.com"),
        (Op::HAS, "krämer"),
        (Op::HASPREFIX, "any"),
        (Op::EQ, "anydesk.com"),
    ]
    .map(|(op, text)| (op, text.to_owned()))
    .into();
    let index = index(&literals);
    // The naive reading takes its time, so it reads less.
    for size in [1 << 12, 1 << 20] {
        for (piece, filled, then_domain, then_name) in [
            ("a", &[][..], &[4, 5][..], &[7][..]),
            (".", &[], &[0, 2, 4, 5, 8], &[7]),
            ("a.", &[], &[0, 2, 4, 5, 8], &[7]),
            ("anydeskxcom.", &[3, 5, 8], &[0, 2, 3, 4, 5, 8], &[3, 5, 7, 8]),
            ("xanydesk.com", &[4, 5], &[4, 5], &[5, 7]),
            ("desk-", &[1], &[0, 1, 4, 5, 8], &[1, 7]),
            ("Ж", &[], &[4, 5], &[7]),
            ("é.", &[], &[0, 2, 4, 5, 8], &[7]),
            ("\u{212a}", &[], &[4, 5], &[7]),
            ("anydesk.com/", &[0, 3, 5, 8], &[0, 3, 4, 5, 8], &[0, 3, 5, 7, 8]),
        ] {
            let base = piece.repeat(size / piece.len());
            for (value, met) in [
                (base.clone(), filled),
                (format!("{base}anydesk.com"), then_domain),
                (format!("{base} KRÄMER"), then_name),
            ] {
                if size == 1 << 12 {
                    assert_eq!(expected(&literals, &value), met, "{piece}");
                }
                assert_eq!(found(&index, &value), met, "{piece}");
            }
        }
    }
    for before in (0..200).chain([4095, 4096, (1 << 20) - 8, 1 << 20]) {
        let mut value = "x".repeat(before);
        value.push_str("/AnyDesk.com/");
        assert_eq!(found(&index, &value), [0, 5, 6, 8], "{before}");
        value.insert(before, 'x');
        value.pop();
        assert_eq!(found(&index, &value), [0, 4, 5, 6, 8], "{before}");
    }
}

/// Who asks for the same is told the same, by one search.
#[test]
fn equal_literals_of_many_askers_are_all_met() {
    let literals: Vec<(Op, String)> = (0..3000)
        .map(|at| (if at % 3 == 0 { Op::UNDER } else { Op::HAS }, format!("host{}.com", at % 2)))
        .collect();
    let index = index(&literals);
    for value in ["host0.com", "www.Host1.com", "host1.com/", "host2.com"] {
        assert_eq!(found(&index, value), expected(&literals, value), "{value}");
    }
}

/// A long list does not make a value's search longer: its literals are spread,
/// and what holds them stays small.
#[test]
fn a_long_list_stays_small() {
    let mut names = String::new();
    let literals: Vec<(Op, String)> = (0..50_000_u64)
        .map(|at| {
            names.clear();
            write!(names, "n{:x}.example.com", at.wrapping_mul(0x9e37_79b9_7f4a_7c15))
                .expect("a string takes any text");
            (if at % 2 == 0 { Op::HAS } else { Op::UNDER }, names.clone())
        })
        .collect();
    let index = index(&literals);
    let texts: usize = literals.iter().map(|(_, text)| text.len()).sum();
    let beside = index.memory() - texts;
    assert!(beside < 64 * literals.len(), "{} bytes a literal", beside / literals.len());
    for (id, (_, text)) in (0..).zip(&literals).step_by(997) {
        assert_eq!(found(&index, &format!("a.{}", text.to_uppercase())), [id]);
        assert_eq!(found(&index, &format!("a{text}")), []);
    }
}
