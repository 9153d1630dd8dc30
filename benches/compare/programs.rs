//! What a user would run instead, and how its answer is read.
//!
//! Every program is asked which records go to a listed domain or below one,
//! with one thread. Those that can group are asked for first and last time,
//! report ids and count by device and name besides, which is what a hunt wants.

use std::{
    fs,
    path::{Path, PathBuf},
};

use remora_benches::inputs::{Form, Plan};

/// What every program is given.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Our program.
    pub(crate) remora: PathBuf,
    /// A Python that may have DuckDB and polars.
    pub(crate) python: String,
    /// The folder of the Python queries.
    pub(crate) queries: PathBuf,
    /// A file with a domain a line.
    pub(crate) list: PathBuf,
    /// A folder with a Sigma rule that has the domains.
    pub(crate) sigma: PathBuf,
}

/// How a program's output says how many records it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is not asked.
    None,
    /// The output is the number.
    Number,
    /// Each line is a record.
    Lines,
    /// Sightings of Remora by rule.
    Sightings,
}

/// One program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    /// For the table.
    pub(crate) name: &'static str,
    /// How its answer is read.
    pub(crate) answer: Answer,
    /// What of it is weaker or stronger than the question.
    pub(crate) remark: &'static str,
    /// It reads this share of the records only, one of so many, because it
    /// takes long; its figures are scaled.
    pub(crate) share: usize,
    /// The arguments for a file, program first; nothing if it does not read
    /// such files.
    pub(crate) command: fn(&Setting, Plan, &Path) -> Option<Vec<String>>,
    /// What tells its version.
    pub(crate) version: fn(&Setting) -> Vec<String>,
}

/// The base first, then ours, then the others.
pub(crate) const PROGRAMS: [Program; 7] = [
    Program {
        name: "wc -l",
        answer: Answer::None,
        remark: "counts line ends",
        share: 1,
        command: |_, _, file| Some(words(&["wc", "-l"], &[file])),
        version: |_| words(&["wc", "--version"], &[]),
    },
    Program {
        name: "remora, full catalog",
        answer: Answer::Sightings,
        remark: "all rules of all tools, grouped",
        share: 1,
        command: |setting, _, file| {
            let sweep = ["sweep", "--threads", "1", "--group", "rule", "--output", "ndjson"];
            Some(words(&[&[text(&setting.remora).as_str()], &sweep[..]].concat(), &[file]))
        },
        version: |setting| words(&[&text(&setting.remora), "--version"], &[]),
    },
    Program {
        name: "DuckDB",
        answer: Answer::Number,
        remark: "the URL column alone, grouped",
        share: 1,
        command: |setting, plan, file| query(setting, "query_duckdb.py", plan, file),
        version: |setting| python(setting, "duckdb"),
    },
    Program {
        name: "polars",
        answer: Answer::Number,
        remark: "the URL column alone, grouped",
        share: 1,
        command: |setting, plan, file| query(setting, "query_polars.py", plan, file),
        version: |setting| python(setting, "polars"),
    },
    Program {
        name: "ripgrep",
        answer: Answer::Number,
        remark: "lines that hold a domain anywhere, as part of any word",
        share: 1,
        command: |setting, _, file| {
            let count = ["rg", "-j1", "-F", "-i", "-c", "--no-config", "-f"];
            Some(words(&count, &[&setting.list, file]))
        },
        version: |_| words(&["rg", "--version"], &[]),
    },
    Program {
        name: "grep",
        answer: Answer::Number,
        remark: "as ripgrep",
        share: 5,
        command: |setting, _, file| {
            let count = ["env", "LC_ALL=C", "grep", "-F", "-i", "-c", "-f"];
            Some(words(&count, &[&setting.list, file]))
        },
        version: |_| words(&["grep", "--version"], &[]),
    },
    Program {
        name: "rsigma",
        answer: Answer::Lines,
        remark: "one Sigma rule, `RemoteUrl|contains`",
        share: 10,
        command: |setting, plan, file| {
            let eval = ["rsigma", "engine", "eval", "-r", &text(&setting.sigma), "-e"];
            let mut command = words(&eval, &[]);
            command.push(format!("@{}", file.display()));
            (plan.form == Form::Ndjson).then_some(command)
        },
        version: |_| words(&["rsigma", "--version"], &[]),
    },
];

/// The number of records that an output says were found.
pub(crate) fn count(answer: Answer, output: &str) -> Option<usize> {
    match answer {
        Answer::None => None,
        Answer::Number => output.split_whitespace().last()?.parse().ok(),
        Answer::Lines => Some(output.lines().filter(|line| !line.trim().is_empty()).count()),
        Answer::Sightings => {
            let sightings = output.lines().map(serde_json::from_str::<serde_json::Value>);
            sightings.map(|line| line.ok().map(|line| strict(&line))).sum()
        }
    }
}

/// The records of a sighting of a `.domain` rule that a strict match of the
/// domains would find as well.
fn strict(sighting: &serde_json::Value) -> usize {
    let by_name = sighting["rule"].as_str().is_some_and(|rule| rule.ends_with(".domain"));
    let how = |witness: &serde_json::Value| {
        matches!(witness["how"].as_str(), Some("exact" | "subdomain"))
    };
    let named = sighting["witnesses"].as_array().is_some_and(|all| all.iter().any(how));
    let count = sighting["count"].as_u64().unwrap_or(0);
    if by_name && named { usize::try_from(count).unwrap_or(usize::MAX) } else { 0 }
}

/// Writes what the programs ask by: the list, and the Sigma rule.
///
/// # Errors
///
/// What writing gives.
pub(crate) fn write_questions(setting: &Setting, domains: &[String]) -> std::io::Result<()> {
    fs::write(&setting.list, domains.join("\n") + "\n")?;
    fs::create_dir_all(&setting.sigma)?;
    let mut rule = String::from(
        "title: listed domains\nid: 7d3f3a52-5f0e-4a52-9c1e-0f6b8f0f2a11\nstatus: test\n\
         logsource:\n  category: network_connection\n  product: windows\n\
         detection:\n  selection:\n    RemoteUrl|contains:\n",
    );
    for domain in domains {
        rule.push_str(&format!("      - '{domain}'\n"));
    }
    rule.push_str("  condition: selection\nlevel: medium\n");
    fs::write(setting.sigma.join("listed.yml"), rule)
}

fn query(setting: &Setting, name: &str, plan: Plan, file: &Path) -> Option<Vec<String>> {
    let form = match plan.form {
        Form::Ndjson => "ndjson",
        Form::Csv => "csv",
        Form::Zeek => "zeek",
    };
    let mut command =
        words(&[&setting.python], &[&setting.queries.join(name), file, &setting.list]);
    command.push(form.to_owned());
    Some(command)
}

fn python(setting: &Setting, module: &str) -> Vec<String> {
    words(&[&setting.python, "-c", &format!("import {module}; print({module}.__version__)")], &[])
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn words(words: &[&str], files: &[&Path]) -> Vec<String> {
    let words = words.iter().map(|&word| word.to_owned());
    words.chain(files.iter().map(|file| text(file))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        assert_eq!(count(Answer::None, "12 a.log"), None);
        assert_eq!(count(Answer::Number, "17 203\n"), Some(203));
        assert_eq!(count(Answer::Number, "no such thing"), None);
        assert_eq!(count(Answer::Lines, "{}\n\n{}\n"), Some(2));
        let sightings = concat!(
            r#"{"rule":"x.domain","count":3,"witnesses":[{"how":"subdomain"}]}"#,
            "\n",
            r#"{"rule":"x.domain","count":5,"witnesses":[{"how":"lookalike"}]}"#,
            "\n",
            r#"{"rule":"x.connection","count":7,"witnesses":[{"how":"exact"}]}"#,
            "\n",
            r#"{"schema":"remora.summary/1","sightings":3}"#,
            "\n",
        );
        assert_eq!(count(Answer::Sightings, sightings), Some(3));
        assert_eq!(count(Answer::Sightings, "an error\n"), None);
    }
}
