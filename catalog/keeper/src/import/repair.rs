//! Mends what Kusto refuses in a condition, where only one thing can be meant.

use super::{
    block::Block,
    scan::{Sort, Token},
};

/// A fault that was mended: where, and what was done.
#[derive(Debug)]
pub(super) struct Repair {
    pub(super) at: usize,
    pub(super) message: String,
}

/// The operators of comparisons that are words.
const OPERATORS: [&str; 12] = [
    "has",
    "has_any",
    "has_all",
    "has_cs",
    "hasprefix",
    "hassuffix",
    "contains",
    "startswith",
    "endswith",
    "in",
    "in~",
    "matches",
];

pub(super) fn is_operator(token: &Token<'_>) -> bool {
    token.sort == Sort::Word && OPERATORS.contains(&token.text.trim_start_matches('!'))
        || token.is("=~")
        || token.is("==")
}

/// Mends the tokens of a condition.
pub(super) fn mend(tokens: &mut Vec<Token<'_>>, block: &Block) -> Vec<Repair> {
    let mut repairs = vec![];
    commas(tokens, &mut repairs);
    doubled_operators(tokens, &mut repairs);
    unclosed(tokens, block, &mut repairs);
    repairs
}

/// A comma after the last value of a list.
fn commas(tokens: &mut Vec<Token<'_>>, repairs: &mut Vec<Repair>) {
    let mut at = 0;
    while at + 1 < tokens.len() {
        if tokens[at].is(",") && tokens[at + 1].is(")") {
            let message = "a comma after the last value; left out".to_owned();
            repairs.push(Repair { at: tokens[at].at, message });
            tokens.remove(at);
        }
        at += 1;
    }
}

/// Two operators in a row: the second was written in place of the first.
fn doubled_operators(tokens: &mut Vec<Token<'_>>, repairs: &mut Vec<Repair>) {
    let mut at = 0;
    while at + 1 < tokens.len() {
        let (first, second) = (tokens[at], tokens[at + 1]);
        if is_operator(&first) && is_operator(&second) {
            let message = format!(
                "two operators in a row, `{}` and `{}`; the second is taken",
                first.text, second.text
            );
            repairs.push(Repair { at: first.at, message });
            tokens.remove(at);
        } else {
            at += 1;
        }
    }
}

/// A parenthesis that is not closed. The list writes one condition a line, so
/// the group ends with the last line before one that begins with `and`.
fn unclosed(tokens: &mut Vec<Token<'_>>, block: &Block, repairs: &mut Vec<Repair>) {
    let mut open = vec![];
    for (at, token) in tokens.iter().enumerate() {
        if token.is("(") {
            open.push(at);
        } else if token.is(")") {
            open.pop();
        }
    }
    while let Some(from) = open.pop() {
        let line = |token: &Token<'_>| block.line(token.at);
        let begins = |at: usize| line(&tokens[at]) > line(&tokens[at - 1]);
        let end = (from + 1..tokens.len())
            .find(|&at| tokens[at].is("and") && begins(at))
            .unwrap_or(tokens.len());
        let message =
            "a parenthesis is not closed; closed at the end of the line, before the next `and`"
                .to_owned();
        let opening = tokens[from].at;
        repairs.push(Repair { at: opening, message });
        let at = tokens[end - 1].at;
        tokens.insert(end, Token { sort: Sort::Symbol, text: ")", at });
    }
}
