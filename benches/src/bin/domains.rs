//! The published comparison of ways to match domains.
//!
//!     cargo run --release -p remora-benches --bin domains -- benches/record docs/img
//!
//! Each way is built for each list in a process of its own, so that its memory
//! is its own and one that does not end can be ended: a way that needs more than
//! the limits is stated as such, and not tried on longer lists. Times are the
//! processor's, the lowest of several passes: other work on the machine is not
//! counted, though it takes its share of the caches. Without folders, the table
//! is only printed.
#![forbid(unsafe_code)]

use std::{
    env, fs,
    io::{self, Read, Write},
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use remora_benches::{
    domains::{self, HOSTS, Host, Question, SIZES},
    figures::{size, thousands, time},
    machine,
    plot::{self, Line, Panel},
    ways::{Search, WAYS, Way},
};
use rustix::time::{ClockId, clock_gettime};

/// A way may take so long for one list, with building and asking.
const MOST_TIME: Duration = Duration::from_secs(60);
/// And so much memory, in KiB.
const MOST_MEMORY: u64 = 4_000_000_000 / 1024;

/// What one way does with one list.
#[derive(Clone, Copy, Debug)]
struct Figures {
    /// Seconds.
    build: f64,
    /// Bytes that the process grew by.
    memory: f64,
    /// Nanoseconds.
    host: f64,
    /// How many of the hosts were answered with yes.
    yes: usize,
    /// How many were asked and checked.
    asked: usize,
}

type Outcome = Result<Figures, String>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--one", way] => one(way),
        [] => compare(None),
        [record, plot] => compare(Some((record.into(), plot.into()))),
        _ => Err("usage: domains [<folder of records> <folder of the plot>]".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Builds and asks one way, and prints its figures for the parent. The list
/// comes by standard input: making it here would leave freed memory behind, in
/// which the way would then be built without the process growing.
fn one(way: &str) -> Result<(), String> {
    let way: usize = way.parse().map_err(|error| format!("{way}: {error}"))?;
    let way = WAYS.get(way).ok_or("no such way")?;
    let text = io::read_to_string(io::stdin()).map_err(|error| error.to_string())?;
    let list: Vec<String> = text.lines().map(str::to_owned).collect();
    drop(text);
    let hosts = domains::hosts(HOSTS);
    let before = status("self", "VmRSS:");
    let started = seconds();
    let mut search = (way.build)(&list)?;
    let build = seconds() - started;
    let memory = status("self", "VmRSS:").saturating_sub(before);
    let (asked, yes) = check(way, &hosts, &mut search)?;
    let host = measure(&hosts[..asked], &mut search);
    println!("{build} {} {host} {yes} {asked}", 1024 * memory);
    Ok(())
}

/// Checks the answers to as many hosts as can be asked in a few seconds.
fn check(way: &Way, hosts: &[Host], search: &mut Search) -> Result<(usize, usize), String> {
    let started = seconds();
    let (mut asked, mut yes) = (0, 0);
    for host in hosts {
        let found = search(&host.name);
        if found != host.answers(way.question) {
            return Err(format!("answers wrongly for {}", host.name));
        }
        asked += 1;
        yes += usize::from(found);
        if seconds() - started > 3.0 {
            break;
        }
    }
    Ok((asked, yes))
}

/// Nanoseconds a host, the lowest of several passes.
fn measure(hosts: &[Host], search: &mut Search) -> f64 {
    let started = seconds();
    let mut lowest = f64::MAX;
    for _ in 0..9 {
        let pass = seconds();
        let found = hosts.iter().filter(|host| search(&host.name)).count();
        std::hint::black_box(found);
        lowest = lowest.min((seconds() - pass) / hosts.len() as f64);
        if seconds() - started > 6.0 {
            break;
        }
    }
    lowest * 1e9
}

/// The processor's time that this thread had.
fn seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// A line of a process's status, in KiB.
fn status(process: &str, key: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Runs everything, and writes what came of it.
fn compare(folders: Option<(PathBuf, PathBuf)>) -> Result<(), String> {
    let mut outcomes: Vec<Vec<Outcome>> = Vec::new();
    let longest = domains::list(SIZES[SIZES.len() - 1]);
    for (at, way) in WAYS.iter().enumerate() {
        let mut of_way: Vec<Outcome> = Vec::new();
        for size in SIZES {
            let outcome = match of_way.last() {
                Some(Err(_)) => Err("not tried".to_owned()),
                _ => apart(at, &longest[..size])?,
            };
            eprintln!("{}, {size}: {outcome:?}", way.name);
            of_way.push(outcome);
        }
        outcomes.push(of_way);
    }
    let table = table(&outcomes);
    let Some((records, plots)) = folders else {
        print!("{table}");
        return Ok(());
    };
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let write = |path: PathBuf, text: &str| {
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    write(records.join(format!("{date}-domains.md")), &format!("{}{table}", head(&date)))?;
    write(plots.join("domain-matching.svg"), &plot::svg(&panels(&outcomes)))
}

/// One way and list in a process of its own, within the limits.
fn apart(way: usize, list: &[String]) -> Result<Outcome, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut child = Command::new(program)
        .args(["--one", &way.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(list.join("\n").as_bytes()).map_err(|error| error.to_string())?;
    }
    let id = child.id().to_string();
    let started = Instant::now();
    let limit = loop {
        if child.try_wait().map_err(|error| error.to_string())?.is_some() {
            break None;
        }
        let memory = status(&id, "VmRSS:");
        let limit = if memory > MOST_MEMORY {
            Some(format!("over {} GB", (MOST_MEMORY + 1) * 1024 / 1_000_000_000))
        } else if started.elapsed() > MOST_TIME {
            Some(format!("over {} s", MOST_TIME.as_secs()))
        } else {
            None
        };
        if limit.is_some() {
            let _ = child.kill();
            break limit;
        }
        thread::sleep(Duration::from_millis(20));
    };
    let (mut said, mut wrong) = (String::new(), String::new());
    let read = |from: Option<&mut dyn Read>, into: &mut String| {
        from.map_or(Ok(0), |from| from.read_to_string(into)).map_err(|error| error.to_string())
    };
    read(child.stdout.as_mut().map(|out| out as &mut dyn Read), &mut said)?;
    read(child.stderr.as_mut().map(|out| out as &mut dyn Read), &mut wrong)?;
    child.wait().map_err(|error| error.to_string())?;
    if let Some(limit) = limit {
        return Ok(Err(limit));
    }
    let numbers: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    Ok(match numbers[..] {
        [build, memory, host, yes, asked] => {
            Ok(Figures { build, memory, host, yes: yes as usize, asked: asked as usize })
        }
        _ if wrong.contains("answers wrongly") => return Err(wrong),
        _ => Err(wrong.lines().next().unwrap_or("ended without a word").trim().to_owned()),
    })
}

/// What stands above the figures: machine, versions, load.
fn head(date: &str) -> String {
    let lock = include_str!("../../../Cargo.lock");
    let version = |name: &str| {
        let named = format!("name = \"{name}\"\nversion = \"");
        let rest = lock.split_once(&named).map_or("", |(_, rest)| rest);
        format!("{name} {}", rest.split('"').next().unwrap_or_default())
    };
    let crates = ["aho-corasick", "daachorse", "regex"].map(version).join(", ");
    format!(
        "# {date}, domain matching\n\n\
         - {}, release profile, plain target.\n\
         - {crates}.\n\
         - Load average at the end (1, 5, 15 minutes): {}. Times are processor time, the\n  \
           lowest of up to nine passes over {HOSTS} hosts (fewer where a pass takes seconds).\n\
         - Memory is what the process grew by while the way was built.\n\
         - A way may take {} s and {} GB for a list; one that needs more is not tried on\n  \
           longer lists.\n\n",
        machine::described(),
        machine::load(),
        MOST_TIME.as_secs(),
        (MOST_MEMORY + 1) * 1024 / 1_000_000_000
    )
}

fn table(outcomes: &[Vec<Outcome>]) -> String {
    let mut text = String::from(
        "| way | domains | time a host | build | memory | answers | yes, of hosts asked |\n\
         | --- | ---: | ---: | ---: | ---: | --- | ---: |\n",
    );
    for (way, of_way) in WAYS.iter().zip(outcomes) {
        for (count, outcome) in SIZES.into_iter().zip(of_way) {
            let count = thousands(count);
            text.push_str(&match outcome {
                Ok(Figures { build, memory, host, yes, asked }) => format!(
                    "| {} | {count} | {} | {} | {} | {} | {} of {} |\n",
                    way.name,
                    time(host * 1e-9),
                    time(*build),
                    size(*memory),
                    way.question.name(),
                    thousands(*yes),
                    thousands(*asked)
                ),
                Err(limit) => format!("| {} | {count} | {limit} | | | | |\n", way.name),
            });
        }
    }
    text
}

fn panels(outcomes: &[Vec<Outcome>]) -> Vec<Panel> {
    /// The colour of each way.
    const COLOURS: [usize; 11] = [0, 0, 1, 3, 2, 4, 2, 5, 6, 7, 8];
    let lines = |figure: fn(&Figures) -> f64, only_ours_once: bool| -> Vec<Line> {
        let ways = WAYS.iter().zip(outcomes).zip(COLOURS);
        let lines = ways.map(|((way, of_way), colour)| {
            let points = SIZES.into_iter().zip(of_way).filter_map(|(size, outcome)| {
                let figure = figure(outcome.as_ref().ok()?);
                (figure > 0.0).then_some((size as f64, figure))
            });
            // A line that ends early says why.
            let limit = of_way.iter().find_map(|outcome| outcome.as_ref().err());
            let limit = limit.map_or_else(String::new, |limit| format!(" ({limit})"));
            Line {
                name: format!("{}{limit}", way.name),
                colour,
                bold: way.name.starts_with("our"),
                dashed: way.question == Question::Contains,
                points: points.collect(),
            }
        });
        // `has` and `under` are built alike.
        lines.filter(|line| !only_ours_once || line.name != "our index, has").collect()
    };
    vec![
        Panel {
            title: "Time for one host, by number of domains (dashed: finds substrings only)".into(),
            label: |ns| time(ns * 1e-9),
            lines: lines(|figures| figures.host, false),
        },
        Panel {
            title: "Time to build".into(),
            label: time,
            lines: lines(|figures| figures.build, true),
        },
        Panel { title: "Memory".into(), label: size, lines: lines(|figures| figures.memory, true) },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_stated_in_the_table_and_left_out_of_the_plot() {
        let figures = Figures { build: 0.5, memory: 2e6, host: 40.0, yes: 3, asked: 1000 };
        let outcomes: Vec<Vec<Outcome>> = WAYS
            .iter()
            .map(|_| {
                vec![
                    Ok(figures),
                    Ok(figures),
                    Err("over 60 s".to_owned()),
                    Err("not tried".to_owned()),
                ]
            })
            .collect();
        let table = table(&outcomes);
        assert!(
            table.contains(
                "| our index, under | 186 | 40 ns | 500 ms | 2 MB | exact | 3 of 1,000 |"
            )
        );
        assert!(table.contains("| daachorse | 100,000 | over 60 s | | | | |"));
        assert!(
            panels(&outcomes)
                .iter()
                .flat_map(|panel| &panel.lines)
                .all(|line| line.points.len() == 2)
        );
    }
}
