//! The plot of the domain comparison: an SVG, written by hand because it is
//! three panels of lines and a plotting library is more than the rest of the
//! benches.

use std::fmt::Write;

/// One line in a panel.
#[derive(Clone, Debug)]
pub struct Line {
    /// Stands beside the line's end.
    pub name: String,
    /// Which colour, from the table of this module.
    pub colour: usize,
    /// Ours: drawn thicker.
    pub bold: bool,
    /// Answers something weaker: drawn dashed.
    pub dashed: bool,
    /// Domains and the figure, ascending.
    pub points: Vec<(f64, f64)>,
}

/// One panel: a figure over the number of domains, both logarithmic.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Above the panel.
    pub title: String,
    /// How a figure is written on the axis.
    pub label: fn(f64) -> String,
    /// What is drawn.
    pub lines: Vec<Line>,
}

/// On white and on black: no two next to each other alike, none too faint.
const COLOURS: &[(&str, &str)] = &[
    ("#0550ae", "#79c0ff"),
    ("#1b7c83", "#56d4dd"),
    ("#953800", "#ffa657"),
    ("#cf222e", "#ff7b72"),
    ("#9a6700", "#e3b341"),
    ("#8250df", "#d2a8ff"),
    ("#116329", "#7ee787"),
    ("#bf3989", "#ff80c8"),
    ("#4d5761", "#b1bac4"),
];

const WIDTH: f64 = 940.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 640.0;
const HEIGHT: f64 = 250.0;
/// From one panel's top to the next one's.
const STEP: f64 = 330.0;
const TOP: f64 = 52.0;
/// Between the base lines of two labels.
const LEADING: f64 = 17.0;

/// The panels, one below the other.
pub fn svg(panels: &[Panel]) -> String {
    let mut out = Svg(String::new());
    let height = TOP + STEP * panels.len() as f64 - 10.0;
    out.line(format_args!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13">"#
    ));
    out.style();
    out.line(format_args!(r#"<rect class="back" width="{WIDTH}" height="{height}"/>"#));
    for (at, panel) in panels.iter().enumerate() {
        out.panel(panel, TOP + STEP * at as f64);
    }
    out.0.push_str("</svg>\n");
    out.0
}

struct Svg(String);

impl Svg {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a string takes any text");
    }

    fn style(&mut self) {
        let colours = |dark: bool| -> String {
            let each = COLOURS.iter().enumerate().map(|(at, (light, on_dark))| {
                let colour = if dark { on_dark } else { light };
                format!(".s{at}{{stroke:{colour}}}.f{at}{{fill:{colour}}}")
            });
            each.collect()
        };
        self.line(format_args!(
            "<style>.back{{fill:#ffffff}}text{{fill:#1f2328}}.grid{{stroke:#d1d9e0}}\
             .lead{{stroke:#9198a1}}{}\
             @media (prefers-color-scheme: dark){{.back{{fill:#0d1117}}text{{fill:#e6edf3}}\
             .grid{{stroke:#30363d}}.lead{{stroke:#6e7681}}{}}}</style>",
            colours(false),
            colours(true)
        ));
    }

    fn panel(&mut self, panel: &Panel, top: f64) {
        let points = || panel.lines.iter().flat_map(|line| &line.points);
        let (Some(low), Some(high)) = (
            points().map(|point| point.1).reduce(f64::min),
            points().map(|point| point.1).reduce(f64::max),
        ) else {
            return;
        };
        let (first, last) =
            (low.log10().floor(), high.log10().ceil().max(low.log10().floor() + 1.0));
        let x = |size: f64| LEFT + (size.log10() - 2.0) / 4.0 * (RIGHT - LEFT);
        let y = |figure: f64| top + HEIGHT - (figure.log10() - first) / (last - first) * HEIGHT;
        self.line(format_args!(
            r#"<text x="{LEFT}" y="{}" font-size="15" font-weight="600">{}</text>"#,
            top - 18.0,
            panel.title
        ));
        for decade in first as i32..=last as i32 {
            let (figure, label) = (y(10_f64.powi(decade)), (panel.label)(10_f64.powi(decade)));
            self.line(format_args!(
                r#"<path class="grid" d="M{LEFT} {figure:.1}H{RIGHT}"/><text x="{}" y="{:.1}" text-anchor="end">{label}</text>"#,
                LEFT - 8.0,
                figure + 4.5
            ));
        }
        for (size, label) in
            [(1e2, "100"), (1e3, "1,000"), (1e4, "10,000"), (1e5, "100,000"), (1e6, "1,000,000")]
        {
            self.line(format_args!(
                r#"<path class="grid" d="M{0:.1} {top}V{1}"/><text x="{0:.1}" y="{2}" text-anchor="middle">{label}</text>"#,
                x(size),
                top + HEIGHT,
                top + HEIGHT + 18.0
            ));
        }
        let mut ends = Vec::new();
        for line in panel.lines.iter().filter(|line| !line.points.is_empty()) {
            let places: Vec<(f64, f64)> =
                line.points.iter().map(|&(size, figure)| (x(size), y(figure))).collect();
            let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
            let dashes = if line.dashed { r#" stroke-dasharray="6 4""# } else { "" };
            let width = if line.bold { 3.5 } else { 1.8 };
            self.line(format_args!(
                r#"<path class="s{}" d="M{}" fill="none" stroke-width="{width}" stroke-linejoin="round"{dashes}/>"#,
                line.colour,
                path.join("L")
            ));
            for (x, y) in &places {
                self.line(format_args!(
                    r#"<circle class="f{}" cx="{x:.1}" cy="{y:.1}" r="{}"/>"#,
                    line.colour,
                    if line.bold { 4.0 } else { 2.8 }
                ));
            }
            ends.extend(places.last().map(|&end| (end, line)));
        }
        self.labels(ends, top);
    }

    /// Names in a column at the right, in the order of the lines' ends and none
    /// on another, each led to by a thin line.
    fn labels(&mut self, mut ends: Vec<((f64, f64), &Line)>, top: f64) {
        ends.sort_by(|one, other| one.0.1.total_cmp(&other.0.1));
        let heights: Vec<f64> = ends.iter().map(|end| end.0.1).collect();
        for (((x, y), line), place) in ends.into_iter().zip(spread(&heights, top, top + HEIGHT)) {
            let weight = if line.bold { "600" } else { "400" };
            self.line(format_args!(
                r#"<path class="lead" d="M{:.1} {y:.1}L{:.1} {place:.1}H{:.1}" fill="none" stroke-width="0.8" stroke-dasharray="1.5 2.5"/><text class="f{}" x="{}" y="{:.1}" font-weight="{weight}">{}</text>"#,
                x + 5.0,
                RIGHT + 22.0,
                RIGHT + 30.0,
                line.colour,
                RIGHT + 34.0,
                place + 4.5,
                line.name
            ));
        }
    }
}

/// Ascending places, each as near to the wanted one as there is room for.
fn spread(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut places = wanted.to_vec();
    for at in 1..places.len() {
        places[at] = places[at].max(places[at - 1] + LEADING);
    }
    let mut most = bottom + LEADING;
    for place in places.iter_mut().rev() {
        *place = place.min(most - LEADING);
        most = *place;
    }
    // Too many for the panel: they go on below it.
    if let Some(over) = places.first().map(|first| top - first).filter(|over| *over > 0.0) {
        places.iter_mut().for_each(|place| *place += over);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_do_not_lie_on_each_other() {
        for wanted in [&[10.0, 11.0, 12.0][..], &[95.0, 99.0, 100.0], &[5.0; 9], &[0.0, 50.0]] {
            let places = spread(wanted, 0.0, 100.0);
            assert!(places.windows(2).all(|two| two[1] - two[0] >= LEADING - 1e-9), "{places:?}");
            assert!(places[0] >= 0.0);
        }
        assert_eq!(spread(&[0.0, 50.0], 0.0, 100.0), [0.0, 50.0]);
    }

    #[test]
    fn a_plot_holds_its_lines_in_both_themes() {
        let line = Line {
            name: "a way".to_owned(),
            colour: 1,
            bold: true,
            dashed: true,
            points: vec![(1e2, 10.0), (1e6, 1000.0)],
        };
        let label = |figure: f64| format!("{figure} ns");
        let panel = Panel { title: "time".to_owned(), label, lines: vec![line] };
        let svg = svg(&[panel]);
        // The corners of the panel: the least at the left below, the most at
        // the right above.
        assert!(svg.contains(r#"d="M76.0 302.0L640.0 52.0""#), "{svg}");
        for part in ["a way", "10 ns", "1000 ns", "prefers-color-scheme: dark"] {
            assert!(svg.contains(part), "{part}");
        }
    }
}
