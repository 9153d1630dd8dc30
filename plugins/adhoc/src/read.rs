//! Files of indicators: one a line.

use std::{fmt, fs, path::Path};

use crate::Indicator;

/// What is wrong with a line, or with the file (line 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as it was named.
    pub file: String,
    /// From 1; 0 for the whole file.
    pub line: usize,
    /// What is wrong and what would be accepted.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// Reads a file: an indicator a line, blank lines and those that begin with
/// `#` left out, and what stands behind a blank and `#`. Gives the indicators,
/// and how many lines did not name a type and were guessed.
///
/// # Errors
///
/// Everything that is wrong with the file; a file without indicators is.
pub fn read_file(path: &Path) -> Result<(Vec<Indicator>, usize), Vec<Problem>> {
    let file = path.display().to_string();
    let problem = |line, message: String| Problem { file: file.clone(), line, message };
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return Err(vec![problem(0, error.to_string())]),
    };
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}'),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|&&b| b == b'\n').count() + 1;
            return Err(vec![problem(line, "is not UTF-8: save the file as UTF-8".to_owned())]);
        }
    };
    let (mut all, mut problems, mut guessed) = (Vec::new(), Vec::new(), 0);
    for (line, number) in text.lines().zip(1..) {
        let line = line.split(" #").next().unwrap_or(line).trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match Indicator::read(line) {
            Ok(indicator) => {
                guessed += usize::from(!Indicator::is_typed(line));
                all.push(indicator);
            }
            Err(message) => problems.push(problem(number, message)),
        }
    }
    if all.is_empty() && problems.is_empty() {
        problems.push(problem(0, "holds no indicator: write one a line, TYPE:VALUE".to_owned()));
    }
    if problems.is_empty() { Ok((all, guessed)) } else { Err(problems) }
}
