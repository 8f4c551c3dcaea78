//! Pictures of numbers, worked out on the server; `templates/charts.html` draws them as SVG.
//!
//! A picture has no text of its own: the drawing is stretched to the room there is, and numbers
//! and names stand beside it as the page's own text, so that they are as large on a phone as on a
//! wide screen. Each picture can be read as a table as well.

#![expect(clippy::cast_precision_loss, reason = "a picture is not that exact")]

use super::filters;

/// The drawing's width, in units of its own.
const WIDTH: f64 = 1000.0;
/// The drawing's height.
const HEIGHT: f64 = 100.0;

/// What the numbers of a picture are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// How many of something.
    Count,
    /// How long, in seconds.
    Seconds,
}

impl Unit {
    /// The number as text: `12 148`, `2 min 14 s`.
    pub fn text(self, value: u64) -> String {
        match self {
            Unit::Count => filters::in_thousands(value),
            Unit::Seconds => filters::span(value),
        }
    }

    /// A round number at or above `most` that has a round half: the upper end of an axis.
    fn top(self, most: u64) -> u64 {
        // 2, 4, 6, 10 times a power of ten; with times, what clocks call round.
        let (steps, factor, last): (&[u64], u64, u64) = match self {
            Unit::Count => (&[2, 4, 6, 10], 10, 10),
            Unit::Seconds => {
                (&[10, 20, 40, 60, 120, 240, 600, 1200, 2400, 3600, 7200, 14_400], 10, 14_400)
            }
        };
        let mut scale = 1_u64;
        while most > last * scale && scale < u64::MAX / 100_000 {
            scale *= factor;
        }
        steps.iter().map(|step| step * scale).find(|top| *top >= most).unwrap_or(most)
    }
}

/// A size in the unit that suits it.
pub fn bytes(value: u64) -> String {
    const UNITS: [&str; 5] = ["KB", "MB", "GB", "TB", "PB"];
    if value < 1000 {
        return format!("{value}\u{a0}B");
    }
    let (mut rest, mut unit) = (value as f64 / 1000.0, 0);
    while rest >= 999.5 && unit + 1 < UNITS.len() {
        rest /= 1000.0;
        unit += 1;
    }
    if rest < 9.95 {
        format!("{rest:.1}\u{a0}{}", UNITS[unit])
    } else {
        format!("{rest:.0}\u{a0}{}", UNITS[unit])
    }
}

/// One line of a picture, as it is handed in: a value for each moment, `None` where nobody looked.
pub struct Series<'a> {
    /// What it is called.
    pub name: &'a str,
    /// The colour's name in the style sheet: `ok`, `bad`, `busy`, `still`, `copy`.
    pub tone: &'static str,
    /// The values, one for each moment of the picture.
    pub values: &'a [Option<u64>],
}

/// Values over time.
#[derive(Clone, Debug)]
pub struct LineChart {
    /// What it shows.
    pub title: String,
    /// The same with the numbers that matter, for those who cannot see it.
    pub summary: String,
    /// What stands beside the axis: top, middle, foot.
    pub axis: [String; 3],
    /// What stands below it, from the first moment to the last.
    pub ticks: Vec<String>,
    /// The lines.
    pub lines: Vec<Line>,
    /// The same as a table: for each row its moment and a value for each line.
    pub rows: Vec<(String, Vec<String>)>,
}

/// One line, drawn.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is called.
    pub name: String,
    /// The colour's name.
    pub tone: &'static str,
    /// The line, as the data of a path.
    pub path: String,
    /// What is below the line, as the data of a path.
    pub area: String,
    /// Its last value.
    pub last: String,
    /// Its highest value.
    pub most: String,
}

impl LineChart {
    /// Draws lines over `moments`, which name the points from left to right. Of them `ticks` are
    /// written below, and at most `rows` are in the table, each with the highest value since the
    /// one before.
    pub fn draw(
        title: &str,
        unit: Unit,
        moments: &[String],
        series: &[Series<'_>],
        ticks: usize,
        rows: usize,
    ) -> LineChart {
        let values = series.iter().flat_map(|series| series.values.iter().flatten());
        let top = unit.top(values.copied().max().unwrap_or(0));
        let lines: Vec<Line> =
            series.iter().map(|series| Line::draw(unit, top, moments.len(), series)).collect();
        let parts: Vec<String> = lines
            .iter()
            .map(|line| format!("{}: now {}, at most {}", line.name, line.last, line.most))
            .collect();
        LineChart {
            title: title.to_owned(),
            summary: format!("{title}. {}", parts.join("; ")),
            axis: [unit.text(top), unit.text(top / 2), unit.text(0)],
            ticks: spread(moments, ticks),
            rows: table(unit, moments, series, rows),
            lines,
        }
    }
}

impl Line {
    fn draw(unit: Unit, top: u64, count: usize, series: &Series<'_>) -> Line {
        let (mut path, mut area) = (String::new(), String::new());
        let step = WIDTH / (count.max(2) - 1) as f64;
        let place = |(at, value): (usize, &Option<u64>)| {
            let y = HEIGHT - HEIGHT * (*value)? as f64 / top as f64;
            Some((at as f64 * step, y))
        };
        let places: Vec<Option<(f64, f64)>> = series.values.iter().enumerate().map(place).collect();
        for run in places.split(Option::is_none).filter(|run| !run.is_empty()) {
            let mut points: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
            // A moment alone is no line, and would not be seen.
            if let [(x, y)] = points[..] {
                points = vec![((x - step / 2.0).max(0.0), y), ((x + step / 2.0).min(WIDTH), y)];
            }
            let line: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
            let line = line.join("L");
            let (first, last) = (points[0].0, points[points.len() - 1].0);
            path += &format!("M{line}");
            area += &format!("M{first:.1} {HEIGHT}L{line}L{last:.1} {HEIGHT}Z");
        }
        let known = || series.values.iter().flatten().copied();
        Line {
            name: series.name.to_owned(),
            tone: series.tone,
            path,
            area,
            last: known().last().map_or_else(|| "–".into(), |value| unit.text(value)),
            most: known().max().map_or_else(|| "–".into(), |value| unit.text(value)),
        }
    }
}

/// `count` of these, from the first to the last, evenly.
fn spread(moments: &[String], count: usize) -> Vec<String> {
    let (count, last) = (count.clamp(2, moments.len().max(2)), moments.len().saturating_sub(1));
    (0..count).filter_map(|at| moments.get(at * last / (count - 1)).cloned()).collect()
}

fn table(
    unit: Unit,
    moments: &[String],
    series: &[Series<'_>],
    rows: usize,
) -> Vec<(String, Vec<String>)> {
    let step = moments.len().div_ceil(rows.max(1)).max(1);
    let row = |(at, names): (usize, &[String])| {
        let values = series.iter().map(|series| {
            let part = series.values.iter().skip(at * step).take(step);
            part.flatten().max().map_or_else(|| "–".into(), |value| unit.text(*value))
        });
        Some((names.first()?.clone(), values.collect()))
    };
    moments.chunks(step).enumerate().filter_map(row).collect()
}

/// A line without axes, to stand beside a number.
#[derive(Clone, Debug)]
pub struct Spark {
    /// What it says, for those who cannot see it.
    pub summary: String,
    /// The line.
    pub line: Line,
}

impl Spark {
    /// Draws one line; `None` where there is nothing but zeros to be seen, or nothing at all.
    pub fn draw(title: &str, unit: Unit, series: &Series<'_>) -> Option<Spark> {
        let most = series.values.iter().flatten().copied().max().filter(|most| *most > 0)?;
        let line = Line::draw(unit, most, series.values.len(), series);
        let summary = format!("{title}: now {}, at most {}", line.last, line.most);
        Some(Spark { summary, line })
    }
}

/// A part of a bar: its colour and where it is, in hundredths of the room.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The colour's name.
    pub tone: &'static str,
    /// Where it begins.
    pub x: String,
    /// How long it is.
    pub width: String,
}

/// A bar that lies in the cell of a table, beside the number that it shows.
#[derive(Clone, Debug)]
pub struct Bar {
    /// From left to right.
    pub pieces: Vec<Piece>,
}

impl Bar {
    /// A bar of these values, one piece each, in a column where `most` fills the room. What is not
    /// nothing can be seen.
    pub fn draw(most: u64, values: &[(&'static str, u64)]) -> Bar {
        let mut x = 0.0;
        let mut pieces = Vec::new();
        for (tone, value) in values.iter().copied().filter(|(_, value)| *value > 0) {
            let width = (100.0 * value as f64 / most.max(1) as f64).clamp(0.5, 100.0);
            pieces.push(Piece { tone, x: format!("{x:.2}"), width: format!("{width:.2}") });
            x += width;
        }
        Bar { pieces }
    }
}

/// Upright bars side by side, oldest first: one for each build of a package, say.
#[derive(Clone, Debug)]
pub struct Columns {
    /// What they show.
    pub title: String,
    /// The same with the numbers that matter.
    pub summary: String,
    /// What stands beside the axis: top, middle, foot.
    pub axis: [String; 3],
    /// The width of the drawing.
    pub width: usize,
    /// The bars.
    pub bars: Vec<Column>,
}

/// One upright bar, as it is handed in.
pub struct NewColumn {
    /// What it stands for, without its value.
    pub name: String,
    /// Its height.
    pub value: u64,
    /// The colour's name.
    pub tone: &'static str,
    /// Where it leads.
    pub url: String,
}

/// One upright bar, drawn.
#[derive(Clone, Debug)]
pub struct Column {
    /// What it stands for, with its value.
    pub title: String,
    /// Where it leads.
    pub url: String,
    /// The colour's name.
    pub tone: &'static str,
    /// The left edge.
    pub x: usize,
    /// The upper edge.
    pub y: String,
    /// From there to the foot.
    pub height: String,
}

impl Columns {
    /// From one bar to the next.
    const STEP: usize = 10;

    /// Draws bars; for few of them as many places are kept free that one does not fill the room.
    pub fn draw(title: &str, unit: Unit, bars: Vec<NewColumn>) -> Columns {
        const FEWEST: usize = 12;
        let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0);
        let top = unit.top(most);
        let summary = format!("{title}: {} bars, the highest {}", bars.len(), unit.text(most));
        let width = bars.len().max(FEWEST) * Self::STEP;
        let draw = |(at, bar): (usize, NewColumn)| {
            let height = (HEIGHT * bar.value as f64 / top as f64).max(2.0);
            Column {
                title: format!("{}: {}", bar.name, unit.text(bar.value)),
                url: bar.url,
                tone: bar.tone,
                x: at * Self::STEP,
                y: format!("{:.1}", HEIGHT - height),
                height: format!("{height:.1}"),
            }
        };
        Columns {
            title: title.to_owned(),
            summary,
            axis: [unit.text(top), unit.text(top / 2), unit.text(0)],
            width,
            bars: bars.into_iter().enumerate().map(draw).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number_with_a_round_half() {
        for (most, top) in [(0, 2), (2, 2), (3, 4), (7, 10), (11, 20), (61, 100), (4001, 6000)] {
            assert_eq!(Unit::Count.top(most), top, "{most}");
        }
        for (seconds, top) in [(3, 10), (50, 60), (700, 1200), (5000, 7200), (20_000, 40_000)] {
            assert!(Unit::Seconds.top(seconds) >= seconds);
            if seconds <= 14_400 {
                assert_eq!(Unit::Seconds.top(seconds), top, "{seconds}");
            }
        }
        assert!(Unit::Count.top(u64::MAX) > 0);
    }

    #[test]
    fn a_size_has_two_digits() {
        let plain = |size| bytes(size).replace('\u{a0}', " ");
        assert_eq!(plain(999), "999 B");
        assert_eq!(plain(1500), "1.5 KB");
        assert_eq!(plain(999_600), "1.0 MB");
        assert_eq!(plain(21_400_000_000), "21 GB");
    }

    #[test]
    fn a_line_is_broken_where_nobody_looked() {
        let values = [Some(0), Some(4), None, Some(2), Some(2)];
        let series = [Series { name: "queue", tone: "busy", values: &values }];
        let moments: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
        let chart = LineChart::draw("Queue", Unit::Count, &moments, &series, 3, 2);
        let line = &chart.lines[0];
        assert_eq!(line.path, "M0.0 100.0L250.0 0.0M750.0 50.0L1000.0 50.0");
        assert_eq!(line.area.matches('Z').count(), 2);
        assert_eq!(chart.axis, ["4", "2", "0"]);
        assert_eq!(chart.ticks, ["a", "c", "e"]);
        assert_eq!(chart.rows[0], ("a".to_owned(), vec!["4".to_owned()]));
        assert_eq!(chart.rows[1], ("d".to_owned(), vec!["2".to_owned()]));
        assert_eq!(chart.summary, "Queue. queue: now 2, at most 4");
    }

    #[test]
    fn a_moment_alone_can_be_seen() {
        let values = [Some(1), None, Some(2), None, None];
        let series = Series { name: "queue", tone: "busy", values: &values };
        let line = Line::draw(Unit::Count, 2, 5, &series);
        assert_eq!(line.path, "M0.0 50.0L125.0 50.0M375.0 0.0L625.0 0.0");
        assert_eq!(line.area.matches('Z').count(), 2);
    }

    #[test]
    fn a_picture_of_nothing_is_drawn_all_the_same() {
        let chart = LineChart::draw("Queue", Unit::Count, &[], &[], 5, 10);
        assert!(chart.ticks.is_empty() && chart.rows.is_empty() && chart.lines.is_empty());
        let none = Series { name: "queue", tone: "busy", values: &[Some(0), None] };
        assert!(Spark::draw("Queue", Unit::Count, &none).is_none());
        assert!(Columns::draw("Builds", Unit::Seconds, Vec::new()).bars.is_empty());
    }

    #[test]
    fn bars_share_a_scale_and_the_smallest_can_be_seen() {
        let bar = Bar::draw(1000, &[("ok", 500), ("bad", 0), ("still", 1)]);
        let drawn: Vec<(&str, &str)> =
            bar.pieces.iter().map(|piece| (piece.x.as_str(), piece.width.as_str())).collect();
        assert_eq!(drawn, [("0.00", "50.00"), ("50.00", "0.50")]);
    }

    #[test]
    fn a_column_says_its_value_and_few_do_not_fill_the_room() {
        let bar = |value| NewColumn {
            name: "build 7".into(),
            value,
            tone: "ok",
            url: "/coprs/build/7".into(),
        };
        let drawn = Columns::draw("Times", Unit::Seconds, vec![bar(30), bar(0)]);
        assert_eq!(drawn.width, 120);
        assert_eq!(drawn.bars[0].title.replace('\u{a0}', " "), "build 7: 30 s");
        assert_eq!((drawn.bars[0].y.as_str(), drawn.bars[1].height.as_str()), ("25.0", "2.0"));
    }
}
