//! The dated table and the plot of a comparison.

use std::fmt::Write as _;

use remora_benches::{
    figures::{size, thousands},
    machine,
};

/// What one program did with one input.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The program.
    pub(crate) name: &'static str,
    /// What of its question is weaker or stronger.
    pub(crate) remark: &'static str,
    /// Seconds of processor time for all records.
    pub(crate) cpu: f64,
    /// That time as a multiple of `wc -l`, the median of the pairs.
    pub(crate) ratio: f64,
    /// Peak memory in bytes.
    pub(crate) memory: f64,
    /// The records that it found, and how many there are to be found in those
    /// that it read; nothing for a program that is not asked.
    pub(crate) found: Option<(usize, usize)>,
    /// It read one of so many records.
    pub(crate) share: usize,
}

/// One input and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// What the input is.
    pub(crate) title: &'static str,
    /// Records in it.
    pub(crate) records: usize,
    /// Bytes in it.
    pub(crate) bytes: u64,
    /// The programs, the base first.
    pub(crate) rows: Vec<Row>,
}

/// What was run.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The day.
    pub(crate) date: String,
    /// Runs of each program, in turn with the base.
    pub(crate) pairs: usize,
    /// Domains that were asked for.
    pub(crate) domains: usize,
    /// Names and versions of the programs.
    pub(crate) versions: Vec<String>,
    /// Programs that are not installed.
    pub(crate) absent: Vec<&'static str>,
    /// Programs that ended with an error, and what they said.
    pub(crate) failed: Vec<String>,
}

/// The whole record.
pub(crate) fn record(run: &Run, tables: &[Table]) -> String {
    let mut text = format!(
        "# {}, whole programs\n\n\
         - {}, release profile.\n\
         - {}.\n\
         - Load average at the end (1, 5, 15 minutes): {}. Files in the page cache, one thread.\n\
         - Asked for: records whose host is one of {} domains or below one. The input knows how\n  \
           many these are; *found* is what a program said.\n\
         - *CPU* is user and system time of the whole process for all records, *x wc* its ratio to\n  \
           `wc -l` run in turn with it; medians of {} pairs. A program that is marked with a share\n  \
           read that share of the records, and its times are scaled.\n",
        run.date,
        machine::described(),
        run.versions.join("; "),
        machine::load(),
        run.domains,
        run.pairs,
    );
    if !run.absent.is_empty() {
        let _ = writeln!(text, "- Not installed, so not run: {}.", run.absent.join(", "));
    }
    for failed in &run.failed {
        let _ = writeln!(text, "- Ended with an error: {failed}.");
    }
    for table in tables {
        let _ = write!(text, "\n{}", markdown(table));
    }
    text
}

/// One input's table.
pub(crate) fn markdown(table: &Table) -> String {
    let mut text = format!(
        "## {}\n\n{} records, {}.\n\n\
         | program | CPU | x wc | records a second | memory | found | |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | --- |\n",
        table.title,
        thousands(table.records),
        size(table.bytes as f64)
    );
    for row in &table.rows {
        let found = row.found.map_or_else(String::new, |(found, there)| {
            format!("{} of {}", thousands(found), thousands(there))
        });
        let share = match row.share {
            1 => String::new(),
            share => format!(" (1 of {share} records)"),
        };
        let _ = writeln!(
            text,
            "| {}{share} | {:.2} s | {} | {} | {} | {found}{} | {} |",
            row.name,
            row.cpu,
            ratio(row.ratio),
            rate(table.records as f64 / row.cpu),
            size(row.memory),
            if row.is_right() { "" } else { ", **wrong**" },
            row.remark
        );
    }
    text
}

impl Row {
    /// Whether it found what there is. A program that is not asked is right.
    pub(crate) fn is_right(&self) -> bool {
        self.found.is_none_or(|(found, there)| found == there)
    }
}

fn ratio(ratio: f64) -> String {
    if ratio < 9.95 { format!("{ratio:.1}") } else { format!("{ratio:.0}") }
}

fn rate(records: f64) -> String {
    format!("{:.2} M", records / 1e6)
}

const WIDTH: f64 = 860.0;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 740.0;
/// Height of a bar with the room below it.
const STEP: f64 = 24.0;
const HEAD: f64 = 44.0;

/// Bars of each program's time as a multiple of `wc -l`, an input a panel; the
/// scale is logarithmic, and bars of programs that answered wrongly are pale.
pub(crate) fn svg(tables: &[Table]) -> String {
    let rows = |table: &Table| table.rows.len() - 1;
    let height: f64 =
        tables.iter().map(|table| HEAD + STEP * rows(table) as f64).sum::<f64>() + 60.0;
    let most =
        tables.iter().flat_map(|table| &table.rows).map(|row| row.ratio).fold(10.0, f64::max);
    let end = most.log10() * 1.02;
    let x = |ratio: f64| LEFT + (ratio.max(1.0).log10() / end) * (RIGHT - LEFT);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif\" font-size=\"13\">\n\
         <style>.back{{fill:#ffffff}}text{{fill:#1f2328}}.grid{{stroke:#d1d9e0}}.ours{{fill:#0550ae}}\
         .other{{fill:#8c959f}}.wrong{{fill:#d8dee4}}@media (prefers-color-scheme: dark){{\
         .back{{fill:#0d1117}}text{{fill:#e6edf3}}.grid{{stroke:#30363d}}.ours{{fill:#79c0ff}}\
         .other{{fill:#8b949e}}.wrong{{fill:#3d444d}}}}</style>\n\
         <rect class=\"back\" width=\"{WIDTH}\" height=\"{height}\"/>\n"
    );
    let mut top = 8.0;
    for table in tables {
        let bottom = top + HEAD + STEP * rows(table) as f64;
        let _ = writeln!(
            out,
            "<text x=\"16\" y=\"{}\" font-size=\"15\" font-weight=\"600\">{}</text>",
            top + 22.0,
            table.title
        );
        for tick in
            [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0].into_iter().filter(|tick| *tick <= most)
        {
            let _ = writeln!(
                out,
                "<path class=\"grid\" d=\"M{0:.1} {1}V{2}\"/>",
                x(tick),
                top + HEAD - 12.0,
                bottom - 4.0
            );
        }
        for (at, row) in table.rows.iter().skip(1).enumerate() {
            let y = top + HEAD - 8.0 + STEP * at as f64;
            let class = match (row.is_right(), row.name.starts_with("remora")) {
                (true, true) => "ours",
                (true, false) => "other",
                (false, _) => "wrong",
            };
            let weight = if class == "ours" { 600 } else { 400 };
            let wrong = if class == "wrong" { ", wrong answer" } else { "" };
            let _ = writeln!(
                out,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" font-weight=\"{weight}\">{}</text>\
                 <rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"16\" rx=\"2\"/>\
                 <text x=\"{:.1}\" y=\"{}\" font-weight=\"{weight}\">{}{wrong}</text>",
                LEFT - 10.0,
                y + 13.0,
                row.name,
                (x(row.ratio) - LEFT).max(2.0),
                x(row.ratio).max(LEFT + 2.0) + 6.0,
                y + 13.0,
                ratio(row.ratio)
            );
        }
        top = bottom;
    }
    let _ = writeln!(
        out,
        "<text x=\"16\" y=\"{}\">Processor time as a multiple of wc -l on the same file, one thread; \
         logarithmic, shorter is better.</text>\n</svg>",
        height - 20.0
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |name, ratio, found| Row {
            name,
            remark: "",
            cpu: ratio * 0.2,
            ratio,
            memory: 9e6,
            found,
            share: 1,
        };
        Table {
            title: "an input",
            records: 1_000_000,
            bytes: 1_300_000_000,
            rows: vec![
                row("wc -l", 1.0, None),
                row("remora, full catalog", 1.6, Some((1_027, 1_027))),
                row("ripgrep", 11.0, Some((3_197, 1_027))),
            ],
        }
    }

    #[test]
    fn a_wrong_answer_is_called_so() {
        let text = markdown(&table());
        assert!(
            text.contains(
                "| remora, full catalog | 0.32 s | 1.6 | 3.12 M | 9 MB | 1,027 of 1,027 |"
            ),
            "{text}"
        );
        assert!(text.contains("| 3,197 of 1,027, **wrong** |"), "{text}");
    }

    #[test]
    fn the_plot_shows_all_but_the_base() {
        let svg = svg(&[table()]);
        assert_eq!(svg.matches("<rect class=\"ours\"").count(), 1);
        assert_eq!(svg.matches("wrong answer").count(), 1);
        assert!(!svg.contains(">wc -l<"), "{svg}");
    }
}
