//! JSON that does not stand one object a line: arrays, the answers of query
//! APIs, batches of messages, objects printed over several lines.
//!
//! What holds the rows is not parsed as a whole, for it may be larger than
//! memory. It is read as a flow of tokens: brackets, commas and the other
//! members of a wrapper (`"Schema":[…]`) are passed over, each object that is
//! no wrapper is a record. So any position between two tokens is a border, and
//! what follows it is read alike whatever came before.
//!
//! A damaged object must not take the rest of its array with it. The grammar
//! is checked while its end is looked for, so that a quote or bracket too many
//! or too few is noticed where it stands and not at the end of the input; from
//! there the next object is looked for that begins like this one, or stands
//! where one must stand.

use memchr::{memchr, memchr2};

use crate::{
    framing::{BYTE_ORDER_MARK, Frame},
    walk::{Walk, Walked, opens_rows, past_blanks},
};

/// Finds the tokens.
#[derive(Clone, Debug)]
pub(crate) struct Elements {
    limit: usize,
    /// How many brackets of arrays and wrappers are open.
    open: usize,
}

impl Elements {
    /// Elements of up to `limit` bytes.
    pub(crate) fn new(limit: usize) -> Elements {
        Elements { limit, open: 0 }
    }

    /// Whether brackets are open: where the input ends so, it was cut off.
    pub(crate) fn is_open(&self) -> bool {
        self.open > 0
    }

    /// What begins at `at`, which lies before the end of `data`; see [`content`] for which frames
    /// are records.
    pub(crate) fn next(&mut self, data: &[u8], at: usize, last: bool) -> Frame {
        // Nothing is decided by bytes beyond the limit, for they may be at hand or not.
        let window = data.len().min(at + self.limit + 1);
        let cut = window < data.len();
        match self.token(&data[..window], at, last && !cut) {
            Frame::More if cut => Frame::TooLong,
            frame => frame,
        }
    }

    fn token(&mut self, data: &[u8], at: usize, last: bool) -> Frame {
        match data[at] {
            b'[' => {
                self.open += 1;
                Frame::Record(at + 1)
            }
            byte if is_filler(byte) => {
                let run = data[at..].iter().take_while(|&&byte| is_filler(byte));
                let (length, closed) = run.fold((0, 0), |(length, closed), &byte| {
                    (length + 1, closed + usize::from(matches!(byte, b']' | b'}')))
                });
                self.open = self.open.saturating_sub(closed);
                Frame::Record(at + length)
            }
            b'{' => self.object(data, at, last),
            b'"' => self.member(data, at, last),
            0xEF if data[at..].starts_with(BYTE_ORDER_MARK) => {
                Frame::Record(at + BYTE_ORDER_MARK.len())
            }
            0xEF if !last && BYTE_ORDER_MARK.starts_with(&data[at..]) => Frame::More,
            _ => {
                let end = data[at..]
                    .iter()
                    .position(|&byte| matches!(byte, b'\n' | b',' | b'{' | b'}' | b'[' | b']'));
                match end {
                    Some(length) => self.record(at, at + length),
                    None if last => self.record(at, data.len()),
                    None => Frame::More,
                }
            }
        }
    }

    /// A record from `at` to `end`, unless it is too long.
    fn record(&self, at: usize, end: usize) -> Frame {
        if end - at > self.limit { Frame::TooLong } else { Frame::Record(end) }
    }

    fn object(&mut self, data: &[u8], at: usize, last: bool) -> Frame {
        let mut walk = Walk::new();
        match walk.feed(data, at, last, true) {
            Walked::At(end) => self.record(at, end),
            Walked::Wrapper(end) => {
                let frame = self.record(at, end);
                self.open += 2 * usize::from(matches!(frame, Frame::Record(_)));
                frame
            }
            walked => self.broken(data, at, last, walked, walk.last_string()),
        }
    }

    /// A name with its value, of a wrapper; or a string that stands for a record.
    fn member(&mut self, data: &[u8], at: usize, last: bool) -> Frame {
        let mut walk = Walk::new();
        let end = match walk.feed(data, at, last, false) {
            Walked::At(end) => end,
            walked => return self.broken(data, at, last, walked, at + 1),
        };
        let Some(colon) = past_blanks(data, end) else {
            return if last { self.record(at, end) } else { Frame::More };
        };
        if data[colon] != b':' {
            return self.record(at, end);
        }
        let Some(value) = past_blanks(data, colon + 1) else {
            return if last { Frame::Unclosed(data.len()) } else { Frame::More };
        };
        if data[value] == b'[' {
            match opens_rows(data, (at + 1, end - 1), value, last) {
                Some(true) => {
                    let frame = self.record(at, value + 1);
                    self.open += usize::from(matches!(frame, Frame::Record(_)));
                    return frame;
                }
                Some(false) => {}
                None => return Frame::More,
            }
        }
        let mut walk = Walk::new();
        match walk.feed(data, value, last, false) {
            Walked::At(end) => self.record(at, end),
            walked => self.broken(data, at, last, walked, walk.last_string().max(value)),
        }
    }

    /// What begins at `at` is damaged, or does not end: its last string begins at `token`.
    fn broken(&self, data: &[u8], at: usize, last: bool, walked: Walked, token: usize) -> Frame {
        let place = match walked {
            Walked::Broken(place) => place,
            _ if last => data.len(),
            _ => return Frame::More,
        };
        match next_object(data, at, token.clamp(at + 1, place), last) {
            Next::At(next) if next - at <= self.limit => Frame::Unclosed(next),
            Next::Nowhere if last => Frame::Unclosed(data.len()),
            _ => Frame::More,
        }
    }
}

/// Where the next object begins.
enum Next {
    At(usize),
    Nowhere,
    /// More bytes are needed to tell.
    More,
}

/// The first object at or after `from` that may be the next one after the damaged one at `at`:
/// it has the same first name, or its first name stands on a line of its own as deep as there, or
/// it begins a line, or follows another object's end and a comma. A quote stands behind its
/// bracket, which in the text of a string would be escaped. What stands before `at` must not
/// count, for it may have been given away.
fn next_object(data: &[u8], at: usize, mut from: usize, last: bool) -> Next {
    let own = first_name(data, at);
    let own_depth = past_blanks(data, at + 1).and_then(|name| depth(data, at, name));
    while let Some(found) = memchr(b'{', &data[from..]) {
        let place = from + found;
        from = place + 1;
        let quote = match past_blanks(data, place + 1) {
            Some(quote) if data[quote] == b'"' => quote,
            Some(_) => continue,
            None if last => continue,
            None => return Next::More,
        };
        let named = own.is_some_and(|name| data[quote..].starts_with(name));
        let as_deep = own_depth.is_some() && depth(data, place, quote) == own_depth;
        if named || as_deep || data[place - 1] == b'\n' || follows_object(data, at, place) {
            return Next::At(place);
        }
        if !last && own.is_some_and(|name| name.starts_with(&data[quote..])) {
            return Next::More;
        }
    }
    Next::Nowhere
}

/// The first name of the object at `at`, in its quotes.
fn first_name(data: &[u8], at: usize) -> Option<&[u8]> {
    let start = past_blanks(data, at + 1)?;
    let rest = data[start..].strip_prefix(b"\"")?;
    let length = memchr2(b'"', b'\\', rest)?;
    (rest[length] == b'"').then(|| &data[start..start + length + 2])
}

/// How many blanks stand before `at` on its line, where nothing else does and the line begins
/// behind `from`.
fn depth(data: &[u8], from: usize, at: usize) -> Option<usize> {
    let blanks = data[from..at].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t'));
    let blanks = blanks.count();
    (data[..at - blanks].last() == Some(&b'\n')).then_some(blanks)
}

/// Whether a bracket that closes an object, behind `at`, and a comma stand before `place`.
fn follows_object(data: &[u8], at: usize, place: usize) -> bool {
    let mut before = data[at..place].iter().rev().filter(|&&byte| byte > b' ');
    before.next() == Some(&b',') && before.next() == Some(&b'}')
}

/// Whether a byte between records says nothing.
fn is_filler(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b',' | b':' | b']' | b'}')
}

/// The record in a frame; none where the frame holds tokens between records.
pub(crate) fn content(frame: &[u8]) -> Option<&[u8]> {
    match *frame.first()? {
        b'[' => None,
        byte if is_filler(byte) => None,
        b'{' => frame.ends_with(b"}").then_some(frame),
        b'"' => {
            let mut walk = Walk::new();
            let Walked::At(end) = walk.feed(frame, 0, true, false) else { return Some(frame) };
            past_blanks(frame, end).is_none().then_some(frame)
        }
        _ if frame == BYTE_ORDER_MARK => None,
        _ => Some(frame.trim_ascii_end()),
    }
}
