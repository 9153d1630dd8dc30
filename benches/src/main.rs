//! The table of a record: `cargo run -p remora-benches -- target/criterion`.
//!
//! Criterion leaves its samples behind as JSON, one folder a bench; this reads
//! them and prints one table a group. Figures that are copied from a terminal by
//! hand are copied wrongly, and a record is only worth what its figures are.
//! Beside the median stands the lowest sample: on a machine with other work, it
//! is the figure that the work disturbs least.
#![forbid(unsafe_code)]

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::Value;

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1) else {
        eprintln!("usage: remora-benches <criterion's folder, e.g. target/criterion>");
        return ExitCode::from(2);
    };
    match tables(Path::new(&folder)) {
        Ok(tables) => {
            print!("{tables}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// One bench.
#[derive(Debug, PartialEq)]
struct Bench {
    name: String,
    /// The parameter, where it is a number: rows or literals.
    size: Option<u64>,
    /// Nanoseconds of one iteration, ascending.
    samples: Vec<f64>,
    /// Elements of one iteration.
    elements: Option<u64>,
}

/// A table for each group in `folder`, by name.
fn tables(folder: &Path) -> Result<String, String> {
    let mut found = Vec::new();
    collect(folder, &mut found).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut groups: BTreeMap<String, Vec<Bench>> = BTreeMap::new();
    for folder in found {
        let (group, bench) =
            read(&folder).ok_or_else(|| format!("{}: not as expected", folder.display()))?;
        groups.entry(group).or_default().push(bench);
    }
    let mut text = String::new();
    for (group, mut benches) in groups {
        benches.sort_by(|one, other| (one.size, &one.name).cmp(&(other.size, &other.name)));
        text.push_str(&format!("\n## {group}\n\n"));
        text.push_str("| bench | median | lowest | median an element |\n");
        text.push_str("| --- | ---: | ---: | ---: |\n");
        for Bench { name, samples, elements, .. } in benches {
            let median = samples[samples.len() / 2];
            let each = elements.map_or_else(String::new, |count| time(median / count as f64));
            text.push_str(&format!(
                "| {name} | {} | {} | {each} |\n",
                time(median),
                time(samples[0])
            ));
        }
    }
    Ok(text)
}

/// The folders in which criterion keeps the newest figures of a bench.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        if path.ends_with("new") && path.join("benchmark.json").is_file() {
            found.push(path);
        } else {
            collect(&path, found)?;
        }
    }
    Ok(())
}

/// The bench whose figures lie in `folder`, and its group.
fn read(folder: &Path) -> Option<(String, Bench)> {
    let file =
        |name| -> Option<Value> { serde_json::from_slice(&fs::read(folder.join(name)).ok()?).ok() };
    let (about, sample) = (file("benchmark.json")?, file("sample.json")?);
    let numbers = |key: &str| -> Option<Vec<f64>> {
        sample[key].as_array()?.iter().map(Value::as_f64).collect()
    };
    let pairs = numbers("times")?.into_iter().zip(numbers("iters")?);
    let mut samples: Vec<f64> = pairs.map(|(time, count)| time / count).collect();
    samples.sort_by(f64::total_cmp);
    samples.first()?;
    let parameter = about["value_str"].as_str();
    let parts = [about["function_id"].as_str(), parameter];
    let bench = Bench {
        name: parts.into_iter().flatten().collect::<Vec<_>>().join(" / "),
        size: parameter.and_then(|text| text.parse().ok()),
        samples,
        elements: about["throughput"]["Elements"].as_u64(),
    };
    Some((about["group_id"].as_str()?.to_owned(), bench))
}

/// A time with three digits that count.
fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "\u{b5}s"),
        ns => (ns / 1e6, "ms"),
    };
    let digits = match value {
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        for (nanoseconds, text) in [
            (0.5, "0.50 ns"),
            (9.996, "10.0 ns"),
            (123.4, "123 ns"),
            (1234.0, "1.23 \u{b5}s"),
            (45_600.0, "45.6 \u{b5}s"),
            (1_234_567.0, "1.23 ms"),
            (123_456_789.0, "123 ms"),
        ] {
            assert_eq!(time(nanoseconds), text);
        }
    }

    /// Two benches as criterion writes them.
    #[test]
    fn a_table_is_made_of_what_criterion_wrote() {
        let root = tempfile::tempdir().unwrap();
        for (function, size, times) in [("b", "1024", "[20, 60, 40]"), ("a", "64", "[8, 8, 16]")] {
            let new = root.path().join("g").join(function).join(size).join("new");
            fs::create_dir_all(&new).unwrap();
            let about = format!(
                r#"{{"group_id":"g","function_id":"{function}","value_str":"{size}",
                    "throughput":{{"Elements":{size}}}}}"#
            );
            fs::write(new.join("benchmark.json"), about).unwrap();
            let sample = format!(r#"{{"iters":[1,2,2],"times":{times}}}"#);
            fs::write(new.join("sample.json"), sample).unwrap();
        }
        assert_eq!(
            tables(root.path()).unwrap(),
            "\n## g\n\n\
             | bench | median | lowest | median an element |\n\
             | --- | ---: | ---: | ---: |\n\
             | a / 64 | 8.00 ns | 4.00 ns | 0.12 ns |\n\
             | b / 1024 | 20.0 ns | 20.0 ns | 0.02 ns |\n"
        );
    }
}
