//! Where records begin and end.
//!
//! The cutter of blocks and the scan of a block ask the same function, so that
//! they count the same records. Lines end at a newline. A CSV record may hold
//! newlines in quoted fields: a quote opens a field only where the field
//! begins; inside, two quotes are one, and a quote before a delimiter, a line
//! break or the end closes it. A quote before anything else is taken as a part
//! of the value, as writers that forget to double it mean it, but only on the
//! line on which the field was opened. Where that line ends and the field is
//! found broken later, or never ends, the opening quote itself was the stray
//! one: that line is refused and the next one is tried, so that one stray
//! quote costs one record and not the rest of the file. The lenient reading
//! that closes at any quote would shift columns silently instead.

use memchr::{memchr, memchr_iter, memchr2};

use crate::{
    elements::{self, Elements},
    walk::{Walk, Walked},
};

/// The largest record, in bytes without its line end.
pub const MAX_RECORD: usize = 16 << 20;

/// What text in UTF-8 may begin with.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How records are separated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// A record a line.
    Lines,
    /// CSV with this delimiter.
    Csv(u8),
    /// JSON objects, wherever they stand ([`elements`](crate::elements)).
    Elements,
}

/// What was found at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A record; the next one begins at this position.
    Record(usize),
    /// Lines without recoverable structure, counted as one record; the next one begins at this
    /// position.
    Unclosed(usize),
    /// A record longer than the limit.
    TooLong,
    /// More bytes are needed to tell.
    More,
}

/// Finds the borders of records in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Framer {
    framing: Framing,
    limit: usize,
    runs: OddRuns,
    elements: Elements,
    /// Whether a quoted field of what was found last may hold a line break.
    broken: bool,
}

impl Framer {
    /// A framer for records of up to `limit` bytes.
    pub(crate) fn new(framing: Framing, limit: usize) -> Self {
        let elements = Elements::new(limit);
        Framer { framing, limit, runs: OddRuns::default(), elements, broken: false }
    }

    /// What begins at `at`, which lies before the end of `data`. `last`: nothing follows `data`.
    #[inline]
    pub(crate) fn next(&mut self, data: &[u8], at: usize, last: bool) -> Frame {
        match self.framing {
            Framing::Lines => self.line_end(data, at, at, last),
            Framing::Csv(delimiter) => self.csv(data, at, last, delimiter),
            Framing::Elements => self.elements.next(data, at, last),
        }
    }

    /// Whether the input, if it ends behind the frames so far, was cut off between records.
    pub(crate) fn is_open(&self) -> bool {
        self.elements.is_open()
    }

    /// What finds the end of the record at the front that is longer than the limit: `front` is
    /// its first byte.
    pub(crate) fn skip(&self, front: u8) -> Skip {
        match (self.framing, front) {
            (Framing::Elements, b'{' | b'"') => Skip::Value(Walk::new(), self.limit),
            _ => Skip::Line,
        }
    }

    /// The bytes of a record without its line end, and without the byte order mark that stands
    /// before it where files were joined; none where it is blank and so no record.
    #[inline]
    pub(crate) fn content<'d>(&self, line: &'d [u8]) -> Option<&'d [u8]> {
        if self.framing == Framing::Elements {
            return elements::content(line);
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        let blank = match self.framing {
            Framing::Csv(b'\t') => line.iter().all(|&byte| byte == b' '),
            _ => line.iter().all(|&byte| matches!(byte, b' ' | b'\t' | b'\r')),
        };
        (!blank).then_some(line)
    }

    /// How many line ends there are in what [`Self::next`] found.
    #[inline]
    pub(crate) fn lines(&self, frame: &[u8]) -> u32 {
        if self.broken || self.framing == Framing::Elements {
            let ends = memchr_iter(b'\n', frame).count();
            return u32::try_from(ends).expect("a record is smaller than 4 GiB");
        }
        u32::from(frame.ends_with(b"\n"))
    }

    /// Tells that the first `cut` bytes of the data are gone.
    pub(crate) fn shift(&mut self, cut: usize) {
        self.runs.shift(cut);
    }

    /// The end of the record that began at `at`, whose last line goes on at `from`.
    fn line_end(&self, data: &[u8], at: usize, from: usize, last: bool) -> Frame {
        let end = memchr(b'\n', &data[from..]).map(|newline| from + newline);
        match end {
            Some(end) if end - at <= self.limit => Frame::Record(end + 1),
            None if data.len() - at <= self.limit => {
                if last {
                    Frame::Record(data.len())
                } else {
                    Frame::More
                }
            }
            _ => Frame::TooLong,
        }
    }

    fn csv(&mut self, data: &[u8], at: usize, last: bool, delimiter: u8) -> Frame {
        let mut from = at;
        self.broken = false;
        loop {
            let quote = match memchr2(b'"', b'\n', &data[from..]) {
                Some(found) if data[from + found] == b'"' => from + found,
                _ => return self.line_end(data, at, from, last),
            };
            if quote - at > self.limit {
                return Frame::TooLong;
            }
            from = quote + 1;
            if quote == at || data[quote - 1] == delimiter {
                match self.close(data, at, from, last, delimiter) {
                    Close::At(end) => {
                        self.broken |= memchr(b'\n', &data[from..end]).is_some();
                        from = end;
                    }
                    Close::Never => return self.line_end(data, at, quote, last).unclosed(),
                    Close::More => return Frame::More,
                }
            }
        }
    }

    /// Where the quoted field ends whose content begins at `open`: behind its closing quote.
    fn close(&mut self, data: &[u8], at: usize, open: usize, last: bool, delimiter: u8) -> Close {
        // The run of quotes at the very beginning is the one that the opening quote cuts.
        let cut = open + quotes(&data[open..]);
        if cut - at > self.limit {
            return Close::Never;
        }
        let mut run = ((cut - open) % 2 == 1).then_some((open, cut));
        let mut from = if run.is_some() { open } else { cut };
        loop {
            let (start, end) = match run.take().or_else(|| self.runs.next(data, from, last)) {
                Some(run) => run,
                None if last || data.len() - at > self.limit => return Close::Never,
                None => return Close::More,
            };
            if end - at > self.limit {
                return Close::Never;
            }
            let after = end + blanks(&data[end..], delimiter);
            if after - at > self.limit {
                return Close::At(after);
            }
            match &data[after..] {
                [] | [b'\r'] if last => return Close::At(after),
                [] | [b'\r'] => return Close::More,
                [b'\n', ..] | [b'\r', b'\n', ..] => return Close::At(after),
                [next, ..] if *next == delimiter => return Close::At(after),
                _ if memchr(b'\n', &data[from..start]).is_some() => return Close::Never,
                _ => from = end,
            }
        }
    }
}

/// Finds the end of a record that is not kept.
#[derive(Debug)]
pub(crate) enum Skip {
    /// Behind the next newline.
    Line,
    /// Behind a JSON value; if it is damaged, behind so many bytes, for within them nothing begins.
    Value(Walk, usize),
}

impl Skip {
    /// Where in the bytes that follow the record ends, if it does.
    pub(crate) fn end(&mut self, data: &[u8]) -> Option<usize> {
        match self {
            Skip::Line => memchr(b'\n', data).map(|newline| newline + 1),
            Skip::Value(walk, searched) => match walk.feed(data, 0, false, false) {
                Walked::At(end) | Walked::Wrapper(end) => Some(end),
                // What follows is framed as if it began anew.
                Walked::Broken(place) => Some(place.max(*searched).min(data.len())),
                Walked::More => {
                    *searched = 0;
                    None
                }
            },
        }
    }
}

impl Frame {
    fn unclosed(self) -> Frame {
        match self {
            Frame::Record(end) => Frame::Unclosed(end),
            other => other,
        }
    }
}

/// Where a quoted field ends.
enum Close {
    /// Behind its closing quote and the blanks after it.
    At(usize),
    /// Nowhere: its opening quote is a stray one.
    Never,
    /// More bytes are needed to tell.
    More,
}

/// How many quotes `bytes` begins with.
pub(crate) fn quotes(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&byte| byte == b'"').count()
}

/// How many blanks `bytes` begins with.
pub(crate) fn blanks(bytes: &[u8], delimiter: u8) -> usize {
    let is_blank = |byte: u8| byte != delimiter && matches!(byte, b' ' | b'\t');
    bytes.iter().take_while(|&&byte| is_blank(byte)).count()
}

/// Finds runs of an odd number of quotes, the only ones that can end a quoted field, and
/// remembers how far it has looked: where every line opens a field that never ends, looking
/// again from each of them would take quadratic time.
#[derive(Clone, Debug, Default)]
struct OddRuns {
    /// There is no odd run from here ...
    from: usize,
    /// ... to here.
    to: usize,
    /// And here ends the one that begins there, if it is known.
    end: Option<usize>,
}

impl OddRuns {
    /// Begin and end of the first odd run at or after `from`, which is not inside a run. A run
    /// that touches the end of `data` counts only if nothing follows.
    fn next(&mut self, data: &[u8], from: usize, last: bool) -> Option<(usize, usize)> {
        let mut at = from;
        if self.from <= from && from <= self.to {
            if let Some(end) = self.end {
                return Some((self.to, end));
            }
            at = self.to;
        } else {
            self.from = from;
        }
        self.end = None;
        loop {
            let Some(found) = memchr(b'"', &data[at..]) else {
                self.to = data.len();
                return None;
            };
            self.to = at + found;
            let length = quotes(&data[self.to..]);
            at = self.to + length;
            if at == data.len() && !last {
                return None;
            }
            if length % 2 == 1 {
                self.end = Some(at);
                return Some((self.to, at));
            }
        }
    }

    fn shift(&mut self, cut: usize) {
        *self = match self.to.checked_sub(cut) {
            Some(to) => OddRuns {
                from: self.from.saturating_sub(cut),
                to,
                end: self.end.map(|end| end - cut),
            },
            None => OddRuns::default(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 24;

    /// The frames of a text: records as they are, refused lines with `!` before them, records that
    /// are too long as `>`.
    fn frames(framing: Framing, text: &str) -> Vec<String> {
        let data = text.as_bytes();
        let mut framer = Framer::new(framing, LIMIT);
        let (mut at, mut found) = (0, Vec::new());
        while at < data.len() {
            match framer.next(data, at, true) {
                Frame::Record(end) => {
                    found.push(text[at..end].to_owned());
                    at = end;
                }
                Frame::Unclosed(end) => {
                    found.push(format!("!{}", &text[at..end]));
                    at = end;
                }
                Frame::TooLong => {
                    found.push(">".to_owned());
                    at = memchr(b'\n', &data[at + LIMIT..])
                        .map_or(data.len(), |newline| at + LIMIT + newline + 1);
                }
                Frame::More => panic!("nothing follows"),
            }
        }
        found
    }

    #[test]
    fn lines_end_at_newlines() {
        let cases: &[(&str, &[&str])] = &[
            ("a\nb", &["a\n", "b"]),
            ("\n\na\r\n", &["\n", "\n", "a\r\n"]),
            ("\"a\nb\"\n", &["\"a\n", "b\"\n"]),
            ("123456789012345678901234\na", &["123456789012345678901234\n", "a"]),
            ("1234567890123456789012345\na", &[">", "a"]),
            ("1234567890123456789012345", &[">"]),
        ];
        for (text, expected) in cases {
            assert_eq!(frames(Framing::Lines, text), *expected, "{text:?}");
        }
    }

    #[test]
    fn quoted_fields_hold_line_breaks() {
        let cases: &[(&str, &[&str])] = &[
            ("a,b\n1,2", &["a,b\n", "1,2"]),
            ("a,\"x\ny\",b\n1", &["a,\"x\ny\",b\n", "1"]),
            ("\"x\ny\"\n1", &["\"x\ny\"\n", "1"]),
            ("\"x\r\ny\"\r\n1", &["\"x\r\ny\"\r\n", "1"]),
            ("\"\",\"\"\n1", &["\"\",\"\"\n", "1"]),
            ("\"\"\"\n\"\"\"\n1", &["\"\"\"\n\"\"\"\n", "1"]),
            ("\"a\" \t,\"b\" \nc", &["\"a\" \t,\"b\" \n", "c"]),
            // In an unquoted field a quote is a character.
            ("a\"\nb\"\n", &["a\"\n", "b\"\n"]),
            // A quote that should have been doubled.
            ("\"a\"b\",c\nd", &["\"a\"b\",c\n", "d"]),
            // It never ends; it ends wrong on a later line; then its line is refused.
            ("a,\"b\nc\nd", &["!a,\"b\n", "c\n", "d"]),
            ("a,\"b\nc,\"d\"\ne", &["!a,\"b\n", "c,\"d\"\n", "e"]),
            ("\"", &["!\""]),
            ("\"\n", &["!\"\n"]),
            // The field that breaks was opened on the second line: up to there.
            ("\"a\nb\",\"c\nd,\"e\"\nf", &["!\"a\nb\",\"c\n", "d,\"e\"\n", "f"]),
            // The limit counts the whole record; a quoted field that does not end within it is a
            // stray quote on a line of its own length.
            ("\"345678901\n345678901234\"\na", &["\"345678901\n345678901234\"\n", "a"]),
            ("\"345678901\n3456789012345\"\na", &["!\"345678901\n", "3456789012345\"\n", "a"]),
            ("\"345678901234567890123456\"\na", &[">", "a"]),
            ("123456789012345678901234,\"\na\"\n", &[">", "a\"\n"]),
            ("\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"", &[">"]),
            ("\"\"                           \na", &[">", "a"]),
        ];
        for (text, expected) in cases {
            assert_eq!(frames(Framing::Csv(b','), text), *expected, "{text:?}");
        }
        assert_eq!(frames(Framing::Csv(b'\t'), "\"a\"\t\"b\nc\"\n"), ["\"a\"\t\"b\nc\"\n"]);
    }

    #[test]
    fn blank_lines_are_no_records() {
        let content = |framing, line: &'static str| {
            Framer::new(framing, LIMIT).content(line.as_bytes()).map(<[u8]>::to_vec)
        };
        for framing in [Framing::Lines, Framing::Csv(b',')] {
            assert_eq!(content(framing, " \t\r\n"), None);
            assert_eq!(content(framing, "\u{feff}\n"), None);
            assert_eq!(content(framing, "\u{feff} a \r\n").as_deref(), Some(&b" a "[..]));
        }
        assert_eq!(content(Framing::Csv(b','), ",\n").as_deref(), Some(&b","[..]));
        assert_eq!(content(Framing::Csv(b'\t'), "\t\n").as_deref(), Some(&b"\t"[..]));
        assert_eq!(content(Framing::Csv(b'\t'), " \n"), None);
    }
}
