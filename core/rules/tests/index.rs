//! What the index refuses, and what it makes of values and kinds that are not
//! in order. What it meets is tested against single interests elsewhere.

use remora_rules::{
    Index, IndexError, InterestSpec,
    abi::{Field, Kind, Op, field, kind},
};

fn interest(kind: Kind, field: Field, op: Op, literal: &str) -> InterestSpec {
    InterestSpec { kind, field, op, literal: literal.to_owned() }
}

fn refused(bad: InterestSpec) -> IndexError {
    let good = interest(kind::DNS, field::REMOTE_HOST, Op::HAS, "a");
    Index::new(&[good, bad]).expect_err("an interest that cannot be indexed")
}

#[test]
fn what_would_miss_events_is_refused() {
    let host = field::REMOTE_HOST;
    for (bad, message) in [
        (interest(Kind(999), host, Op::HAS, "a"), "unknown kind 999"),
        (interest(Kind(999), host, Op::KIND, ""), "unknown kind 999"),
        (interest(kind::DNS, host, Op(999), "a"), "unknown operator 999 in an interest"),
        (interest(kind::DNS, host, Op(0), "a"), "unknown operator 0 in an interest"),
        (interest(kind::DNS, host, Op::HAS_ANY, "a"), "unknown operator 17 in an interest"),
        (interest(kind::DNS, host, Op::HAS, ""), "an empty literal for `remote.host has`"),
        (interest(kind::DNS, field::NONE, Op::HAS, "a"), "an interest by `has` names no field"),
        (
            interest(kind::DNS, field::REMOTE_PORT, Op::EQ, "443"),
            "`remote.port` is a number, and interests compare text",
        ),
        (
            interest(kind::DNS, host, Op::UNDER, ".a.com"),
            "\".a.com\" is no domain: it begins with a dot; leave the dot out",
        ),
    ] {
        let error = refused(bad);
        assert_eq!((error.interest, error.to_string().as_str()), (1, message));
    }
}

#[test]
fn a_newer_field_is_never_met() {
    let newer = Field(999);
    let index = Index::new(&[interest(kind::DNS, newer, Op::HAS, "a")]).expect("an open id");
    assert!(index.fields(kind::DNS).is_empty());
    assert!(!index.wants(kind::DNS, newer, b"a"));
}

#[test]
fn a_newer_kind_has_the_interests_in_any_kind() {
    let index = Index::new(&[
        interest(kind::ANY, field::REMOTE_HOST, Op::HAS, "a"),
        interest(kind::DNS, field::REMOTE_HOST, Op::HAS, "b"),
        interest(kind::ANY, field::NONE, Op::KIND, ""),
    ])
    .expect("valid interests");
    assert_eq!(index.fields(Kind(999)), [field::REMOTE_HOST]);
    assert_eq!(index.whole_kind(Kind(999)), [2]);
    assert!(index.wants(Kind(999), field::REMOTE_HOST, b"a"));
    assert!(!index.wants(Kind(999), field::REMOTE_HOST, b"b"));
}

/// A damaged value is asked as it will be decoded: a replacement character is
/// a border, and joins nothing.
#[test]
fn bytes_that_are_not_utf8_are_borders() {
    let index = Index::new(&[
        interest(kind::DNS, field::REMOTE_HOST, Op::HAS, "a.com"),
        interest(kind::DNS, field::REMOTE_HOST, Op::EQ, "b\u{fffd}"),
    ])
    .expect("valid interests");
    for (value, wanted) in [
        (&b"\xffa.com\xfe"[..], true),
        (b"a\xff.com", false),
        (b"x\xc3a.com", true),
        (b"B\xff", true),
        (b"\xff", false),
        (b"", false),
    ] {
        assert_eq!(index.wants(kind::DNS, field::REMOTE_HOST, value), wanted, "{value:?}");
        let decoded = String::from_utf8_lossy(value);
        let mut ids = Vec::new();
        index.matches(kind::DNS, field::REMOTE_HOST, &decoded, &mut ids);
        assert_eq!(!ids.is_empty(), wanted, "{value:?}");
    }
}

#[test]
fn an_index_of_nothing_wants_nothing() {
    let index = Index::new(&[]).expect("no interests");
    assert!(index.fields(kind::DNS).is_empty());
    assert!(index.whole_kind(kind::DNS).is_empty());
    assert!(!index.wants(kind::DNS, field::REMOTE_HOST, b"a"));
}
