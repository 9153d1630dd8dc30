//! A walk over one JSON value that only looks for its end, and checks the
//! grammar on the way.
//!
//! It keeps where it is and no text, so that it can go on in the next bytes of
//! a value that is too large to be kept. What `mend` can mend is let through:
//! control characters, escapes that are none, words that are no values.

use memchr::memchr2;

/// Members that hold rows: of the hunting APIs, of Event Hub, of OData answers.
pub(crate) const WRAPPERS: &[&[u8]] = &[b"Results", b"results", b"records", b"Records", b"value"];

/// What the grammar allows next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    Colon,
    CommaOrEnd,
}

/// A walk over one JSON value, which can go on in later bytes.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    /// The brackets that are open.
    open: Vec<u8>,
    expect: Expect,
    quoted: bool,
    escaped: bool,
    bare: bool,
    /// Where the last string begins.
    token: usize,
    /// Where the last name of the outer object stands.
    name: (usize, usize),
}

/// Where a walk ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walked {
    /// Behind the value.
    At(usize),
    /// Behind the bracket that opens the rows of a wrapper.
    Wrapper(usize),
    /// Here is something that cannot stand here.
    Broken(usize),
    /// More bytes are needed.
    More,
}

impl Walk {
    /// A walk over the value that begins next.
    pub(crate) fn new() -> Walk {
        Walk {
            open: Vec::new(),
            expect: Expect::Value,
            quoted: false,
            escaped: false,
            bare: false,
            token: 0,
            name: (0, 0),
        }
    }

    /// Where the last string begins, in the data that it began in.
    pub(crate) fn last_string(&self) -> usize {
        self.token
    }

    /// Goes on at `at`, up to the end of `data`. Wrappers are recognised if `wrappers`; `last`:
    /// nothing follows `data`.
    pub(crate) fn feed(
        &mut self,
        data: &[u8],
        mut at: usize,
        last: bool,
        wrappers: bool,
    ) -> Walked {
        use Expect::*;
        while let Some(&byte) = data.get(at) {
            if self.escaped {
                self.escaped = false;
                at += 1;
                continue;
            }
            if self.quoted {
                let Some(found) = memchr2(b'"', b'\\', &data[at..]) else { return Walked::More };
                at += found + 1;
                if data[at - 1] == b'\\' {
                    self.escaped = true;
                } else if self.end_of_string(at - 1) {
                    return Walked::At(at);
                }
                continue;
            }
            if self.bare {
                if !ends_bare(byte) {
                    at += 1;
                    continue;
                }
                self.bare = false;
                if self.open.is_empty() {
                    return Walked::At(at);
                }
            }
            let top = self.open.last().copied();
            match (byte, self.expect) {
                (0..=b' ', _) => {}
                (b'"', Value | ValueOrEnd | Name | NameOrEnd) => {
                    (self.quoted, self.token) = (true, at);
                }
                (b'{', Value | ValueOrEnd) => {
                    self.open.push(byte);
                    self.expect = NameOrEnd;
                }
                (b'[', Value | ValueOrEnd) => {
                    if wrappers && self.open == b"{" {
                        match opens_rows(data, self.name, at, last) {
                            Some(true) => return Walked::Wrapper(at + 1),
                            Some(false) => {}
                            None => return Walked::More,
                        }
                    }
                    self.open.push(byte);
                    self.expect = ValueOrEnd;
                }
                (b'}', NameOrEnd | CommaOrEnd) if top == Some(b'{') => {
                    if self.close() {
                        return Walked::At(at + 1);
                    }
                }
                (b']', ValueOrEnd | CommaOrEnd) if top == Some(b'[') => {
                    if self.close() {
                        return Walked::At(at + 1);
                    }
                }
                (b':', Colon) => self.expect = Value,
                (b',', CommaOrEnd) => self.expect = if top == Some(b'{') { Name } else { Value },
                (_, Value | ValueOrEnd) if !ends_bare(byte) => {
                    self.bare = true;
                    self.expect = CommaOrEnd;
                }
                _ => return Walked::Broken(at),
            }
            at += 1;
        }
        if self.bare && self.open.is_empty() && last { Walked::At(at) } else { Walked::More }
    }

    /// Notes that a string ends with the quote at `at`; says whether it was the whole value.
    fn end_of_string(&mut self, at: usize) -> bool {
        self.quoted = false;
        let is_name = matches!(self.expect, Expect::Name | Expect::NameOrEnd);
        if is_name && self.open.len() == 1 {
            self.name = (self.token + 1, at);
        }
        self.expect = if is_name { Expect::Colon } else { Expect::CommaOrEnd };
        self.open.is_empty()
    }

    fn close(&mut self) -> bool {
        self.open.pop();
        self.expect = Expect::CommaOrEnd;
        self.open.is_empty()
    }
}

/// Whether a number or word ends before `byte`.
fn ends_bare(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b',' | b':' | b'"' | b'[' | b']' | b'{' | b'}')
}

/// Whether the array at `at`, the member `name`, holds the rows of a wrapper: it is so called and
/// holds objects or nothing. None: more bytes are needed.
pub(crate) fn opens_rows(data: &[u8], name: (usize, usize), at: usize, last: bool) -> Option<bool> {
    if !WRAPPERS.contains(&&data[name.0..name.1]) {
        return Some(false);
    }
    match data[at + 1..].iter().find(|&&byte| byte > b' ') {
        Some(b'{' | b']') => Some(true),
        Some(_) => Some(false),
        None if last => Some(true),
        None => None,
    }
}

/// Where the next byte stands that is no blank.
pub(crate) fn past_blanks(data: &[u8], from: usize) -> Option<usize> {
    data[from..].iter().position(|&byte| byte > b' ').map(|found| from + found)
}
