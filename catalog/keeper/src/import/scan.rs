//! Tokens of a KQL text: enough to cut it at its pipes and to see what the
//! rule language's parser will not take.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A name, keyword or number.
    Word,
    /// A text literal, with its quotes.
    Literal,
    /// Anything else.
    Symbol,
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) sort: Sort,
    pub(super) text: &'t str,
    /// Its first byte in the text.
    pub(super) at: usize,
}

impl Token<'_> {
    pub(super) fn is(&self, text: &str) -> bool {
        self.sort != Sort::Literal && self.text == text
    }
}

/// The tokens of a text; comments and blanks are none.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = vec![];
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (sort, len) = match first {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '/' if rest.starts_with("//") => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '\'' | '"' => (Sort::Literal, literal(rest, first, true)),
            '@' if rest[1..].starts_with(['\'', '"']) => {
                let quote = rest[1..].chars().next().unwrap_or('\'');
                (Sort::Literal, 1 + literal(&rest[1..], quote, false))
            }
            '!' if rest[1..].starts_with(char::is_alphabetic) => (Sort::Word, 1 + word(&rest[1..])),
            c if is_word(c) => (Sort::Word, word(rest)),
            '=' | '~' | '<' | '>' | '!' => {
                let end = rest.find(|c| !"=~<>!".contains(c)).unwrap_or(rest.len());
                (Sort::Symbol, end)
            }
            c => (Sort::Symbol, c.len_utf8()),
        };
        tokens.push(Token { sort, text: &rest[..len], at });
        at += len;
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

fn word(text: &str) -> usize {
    text.find(|c| !is_word(c)).unwrap_or(text.len())
}

/// The length of the literal that `text` begins with, to the end of the text
/// if it is not closed.
fn literal(text: &str, quote: char, escapes: bool) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && escapes {
            chars.next();
        } else if c == quote {
            // Without escapes a doubled quote is a quote.
            if !escapes && chars.next_if(|(_, next)| *next == quote).is_some() {
                continue;
            }
            return at + quote.len_utf8();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::tokens;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn literals_hide_pipes_and_comments() {
        assert_eq!(texts("a has 'x|y' // b | c\n| d"), ["a", "has", "'x|y'", "|", "d"]);
        assert_eq!(texts(r"@'\a\' 'it\'s' @'a''b'"), [r"@'\a\'", r"'it\'s'", "@'a''b'"]);
        assert_eq!(
            texts("a !has \"x\" and b=~'é'"),
            ["a", "!has", "\"x\"", "and", "b", "=~", "'é'"]
        );
        assert_eq!(texts("'open"), ["'open"]);
        assert_eq!(texts("x<=1,(y)"), ["x", "<=", "1", ",", "(", "y", ")"]);
        assert_eq!(texts("!"), ["!"]);
    }
}
