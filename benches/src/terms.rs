//! Literals, and values that meet them or nearly do.
//!
//! The literals are what a catalog asks of hosts, URLs and company names; each
//! value is made on purpose to meet one of them, to miss it narrowly in one of
//! the ways in which a search goes wrong, or to have nothing to do with any.
//! So the right answer is known without asking any of the searches compared.
//! Narrow misses are far more frequent than in real logs, because a search that
//! answers wrongly should be found out by a few hundred values.

use std::sync::LazyLock;

use regex::Regex;

use crate::random::Random;

/// How many literals there are: as many as the domains of the public list of
/// RMM tools that the rules come from.
pub const LITERALS: usize = 186;

/// Literals that stand inside a longer one, by position: the shorter, the
/// longer.
const NESTED: [(usize, usize); 2] = [(5, 12), (60, 101)];

/// What one may ask of a value and the first literals of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// One of them occurs as whole terms, case ignored: KQL's `has_any`.
    Has,
    /// One of them occurs, whatever stands beside it.
    Contains,
    /// One of them occurs between two `\b` of a regular expression. To that an
    /// underscore is a letter, and there is no border behind a final dot.
    WordBorders,
    /// As [`Has`](Self::Has), but of overlapping occurrences only the first and
    /// longest is looked at.
    FirstAndLongest,
}

/// How a value stands to the literals; numbers are positions in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// No literal occurs in it.
    Plain,
    /// The literal's letters, with other punctuation between them.
    Respelt,
    /// The literal occurs as whole terms.
    Whole(usize),
    /// The same, and an underscore stands before it.
    Underscored(usize),
    /// The literal is part of a longer word.
    Inside(usize),
    /// The same, and what makes the word longer is a letter outside ASCII.
    InsideForeign(usize),
    /// The literal occurs as whole terms, within an occurrence of a longer
    /// literal that is part of a longer word.
    Covered {
        /// What counts.
        literal: usize,
        /// What does not.
        by: usize,
    },
    /// The literal occurs twice, and only the second time as whole terms.
    Second(usize),
}

/// A value and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// A host, a URL or a company name.
    pub text: String,
    /// How it stands to the literals.
    pub shape: Shape,
}

impl Value {
    /// The right answer to `question` about the first `count` literals.
    pub fn answers(&self, question: Question, count: usize) -> bool {
        let among = |literal: usize| literal < count;
        let bounded = |literal: usize| literals()[literal].ends_with(is_term_char);
        match (question, self.shape) {
            (_, Shape::Plain | Shape::Respelt) => false,
            (Question::Contains, Shape::Inside(literal) | Shape::InsideForeign(literal)) => {
                among(literal)
            }
            (_, Shape::Inside(_) | Shape::InsideForeign(_)) => false,
            (Question::WordBorders, Shape::Underscored(_)) => false,
            (Question::WordBorders, Shape::Whole(literal) | Shape::Second(literal)) => {
                among(literal) && bounded(literal)
            }
            (Question::FirstAndLongest, Shape::Covered { literal, by }) => {
                among(literal) && !among(by)
            }
            (
                _,
                Shape::Whole(literal)
                | Shape::Underscored(literal)
                | Shape::Covered { literal, .. }
                | Shape::Second(literal),
            ) => among(literal),
        }
    }
}

/// Whether `c` is part of a term of KQL: a letter or a decimal digit.
pub fn is_term_char(c: char) -> bool {
    static EXACT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[\p{L}\p{Nd}]").expect("the class is valid"));
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    c.is_alphanumeric() && EXACT.is_match(c.encode_utf8(&mut [0; 4]))
}

/// The literals: domains, and company names in every fifth place, all ASCII.
/// The first two are those of the SupRemo rules.
pub fn literals() -> &'static [String] {
    static ALL: LazyLock<Vec<String>> = LazyLock::new(|| {
        let mut all: Vec<String> = (0..LITERALS).map(literal).collect();
        for (shorter, longer) in NESTED {
            all[longer] = format!("get-{}", all[shorter]);
        }
        all
    });
    &ALL
}

fn literal(at: usize) -> String {
    const FIRST: [&str; 14] = [
        "kar", "ven", "sol", "tri", "lum", "pol", "zen", "bri", "qua", "fen", "hal", "jor", "wim",
        "dra",
    ];
    const SECOND: [&str; 14] = [
        "nex", "tova", "mir", "dexa", "lio", "gar", "bex", "rudo", "pax", "sonu", "vik", "yra",
        "celo", "thun",
    ];
    const ENDING: [&str; 7] = ["desk", "assist", "view", "control", "connect", "remote", ""];
    const TLD: [&str; 5] = ["com", "net", "io", "eu", "co.uk"];
    const FORM: [&str; 5] = [" S.r.l.", " GmbH", " Solutions Ltd.", ", Inc.", " Software"];
    match at {
        0 => return "supremocontrol.com".into(),
        1 => return "nanosystems.it".into(),
        _ => {}
    }
    let root = format!("{}{}", FIRST[at % 14], SECOND[at / 14]);
    if is_company(at) {
        let (initial, rest) = root.split_at(1);
        return format!("{}{rest}{}", initial.to_ascii_uppercase(), FORM[at / 5 % 5]);
    }
    format!("{root}{}.{}", ENDING[at % 7], TLD[at / 7 % 5])
}

/// No literal of a pair of [`NESTED`] is one.
fn is_company(at: usize) -> bool {
    at % 5 == 4
}

/// `count` values, always the same.
pub fn values(count: usize) -> Vec<Value> {
    let mut random = Random::new(0x7e37);
    (0..count).map(|_| value(&mut random)).collect()
}

fn value(random: &mut Random) -> Value {
    // Every list length must have values that meet it.
    let of = [2, 20, LITERALS][random.below(3)];
    let any = random.below(of);
    // An occurrence of a longer literal is one of the shorter, too.
    let single = NESTED.iter().find(|(_, longer)| *longer == any).map_or(any, |pair| pair.0);
    let open = literals()[single].ends_with(is_term_char);
    let shape = match random.below(100) {
        0..=83 => return Value { text: plain(random), shape: Shape::Plain },
        84..=86 => Shape::Respelt,
        87..=90 => Shape::Whole(any),
        91..=92 => Shape::Underscored(any),
        93..=94 => Shape::Inside(single),
        95..=96 => Shape::InsideForeign(single),
        97 => {
            let (literal, by) = NESTED[random.below(NESTED.len())];
            Shape::Covered { literal, by }
        }
        _ => Shape::Second(single),
    };
    let word = |literal: usize, random: &mut Random| mix_case(&literals()[literal], random);
    let (text, literal) = match shape {
        Shape::Plain => unreachable!("returned above"),
        Shape::Respelt => (literals()[single].replace(['.', ' ', '-'], "+"), single),
        Shape::Whole(literal) => {
            let before = random.pick(&["", "", "relay7.", "eu-west.relay12.", "my-", "\u{bd}"]);
            (format!("{before}{}", word(literal, random)), literal)
        }
        Shape::Underscored(literal) => (format!("x_{}", word(literal, random)), literal),
        Shape::Inside(literal) if open && random.below(2) == 0 => {
            (format!("{}pany", word(literal, random)), literal)
        }
        Shape::Inside(literal) => (format!("not{}", word(literal, random)), literal),
        Shape::InsideForeign(literal) if open && random.below(2) == 0 => {
            (format!("{}\u{e9}", word(literal, random)), literal)
        }
        Shape::InsideForeign(literal) => (format!("\u{436}{}", word(literal, random)), literal),
        Shape::Covered { literal, by } => (format!("wid{}", word(by, random)), literal),
        Shape::Second(literal) => {
            let (one, two) = (word(literal, random), word(literal, random));
            (format!("not{one}/{two}"), literal)
        }
    };
    Value { text: dress(&text, literal, random), shape }
}

/// Puts a name where it is met: in a host, a URL or a company's name.
fn dress(name: &str, literal: usize, random: &mut Random) -> String {
    if is_company(literal) {
        return match random.below(3) {
            0 => format!("{name} & Sons"),
            _ => name.to_owned(),
        };
    }
    match random.below(4) {
        0 => name.to_owned(),
        1 => format!("https://{name}:443/api/v2/session?id={:016x}", random.draw()),
        2 => format!("{name}/download/client.exe"),
        _ => format!("https://search.contoso.example/find?q={name}&page={}", random.below(9)),
    }
}

fn plain(random: &mut Random) -> String {
    const LABELS: &[&str] = &[
        "login",
        "update",
        "telemetry",
        "cdn",
        "mail",
        "static",
        "content",
        "assets",
        "support",
        "fileserver",
        "edge",
        "webcontrol",
        "remote-desk",
    ];
    const OWNERS: &[&str] = &[
        "contoso.example",
        "fabrikam.example",
        "windowsupdate.com",
        "microsoftonline.com",
        "svc.cloud.example.net",
        "b\u{fc}ro-m\u{fc}ller.example",
    ];
    const COMPANIES: &[&str] = &[
        "Microsoft Corporation",
        "Google LLC",
        "Mozilla Corporation",
        "Kr\u{e4}mer & S\u{f6}hne GmbH",
        "\u{130}stanbul Yaz\u{131}l\u{131}m A.\u{15e}.",
        "Contoso, Ltd.",
        "The Git Development Community",
    ];
    let host = |random: &mut Random| {
        let (label, owner) = (random.pick(LABELS), random.pick(OWNERS));
        mix_case(&format!("{label}{}.{owner}", random.below(100)), random)
    };
    match random.below(5) {
        0 => random.pick(COMPANIES).to_owned(),
        1 | 2 => host(random),
        _ => format!(
            "https://{}/{}/{}?session={:016x}&lang=en",
            host(random),
            random.pick(LABELS),
            random.pick(LABELS),
            random.draw()
        ),
    }
}

/// Logs have names in any case.
fn mix_case(text: &str, random: &mut Random) -> String {
    match random.below(4) {
        0 => text.to_ascii_uppercase(),
        1 => {
            let flip = |c: char, bit| if bit == 0 { c.to_ascii_uppercase() } else { c };
            text.chars().map(|c| flip(c, random.below(2))).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const COUNTS: [usize; 3] = [2, 20, LITERALS];

    /// Literal by literal and letter by letter, as KQL's `has` and `contains`
    /// are described.
    fn occurs(text: &str, literal: &str, whole: bool) -> bool {
        let text: Vec<char> = text.chars().collect();
        let literal: Vec<char> = literal.chars().collect();
        let same = |(one, other): (&char, &char)| one.eq_ignore_ascii_case(other);
        let ends = [*literal.first().unwrap(), *literal.last().unwrap()];
        (0..(text.len() + 1).saturating_sub(literal.len())).any(|start| {
            let end = start + literal.len();
            let before = start.checked_sub(1).map(|at| text[at]);
            let joined = |end: char, beside: Option<char>| {
                is_term_char(end) && beside.is_some_and(is_term_char)
            };
            text[start..end].iter().zip(&literal).all(same)
                && !(whole && (joined(ends[0], before) || joined(ends[1], text.get(end).copied())))
        })
    }

    #[test]
    fn values_are_what_they_are_said_to_be() {
        for value in values(600) {
            for count in COUNTS {
                for (question, whole) in [(Question::Has, true), (Question::Contains, false)] {
                    let met = literals()[..count].iter().any(|one| occurs(&value.text, one, whole));
                    assert_eq!(met, value.answers(question, count), "{question:?} {value:?}");
                }
            }
        }
    }

    #[test]
    fn a_few_hundred_values_have_every_shape_and_tell_the_questions_apart() {
        let values = values(600);
        let shapes: HashSet<_> =
            values.iter().map(|value| std::mem::discriminant(&value.shape)).collect();
        assert_eq!(shapes.len(), 8);
        let count = |question, literals| {
            values.iter().filter(|value| value.answers(question, literals)).count()
        };
        for literals in COUNTS {
            assert!(count(Question::Has, literals) < count(Question::Contains, literals));
            assert!(count(Question::WordBorders, literals) < count(Question::Has, literals));
        }
        // Of the first two no literal lies in another.
        let nested =
            |literals| count(Question::Has, literals) - count(Question::FirstAndLongest, literals);
        assert_eq!(nested(2), 0);
        assert!(nested(20) > 0 && nested(LITERALS) > nested(20));
    }

    #[test]
    fn literals_are_distinct_ascii_and_begin_with_those_of_supremo() {
        let all = literals();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), LITERALS);
        assert!(all.iter().all(|one| one.is_ascii()));
        assert_eq!(all[..2], ["supremocontrol.com", "nanosystems.it"]);
        for (shorter, longer) in NESTED {
            assert!(!is_company(shorter) && !is_company(longer));
        }
    }
}
