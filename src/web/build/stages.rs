//! The stages of a build with the time each took, as a bar and as a list.

use std::path::Path;

use crate::runner::log::{LiveLogs, LogReader, Mark, Stage};
use crate::web::filters;

/// The width of the bar, in its own units.
const WIDTH: u64 = 1000;
/// A stage is at least so wide, so that it can be seen and hit.
const LEAST: u64 = 8;

/// A stage of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageBar {
    /// What people call it.
    pub title: &'static str,
    /// The name of its colour.
    pub class: &'static str,
    /// How long it took; empty where nobody knows.
    pub took: String,
    /// The line that announces it.
    pub line: u64,
    /// The left edge.
    pub x: u64,
    /// The width.
    pub width: u64,
}

/// Where the stages begin in the log at `path`. Blocks.
pub fn marks(path: &Path, live: &LiveLogs) -> Vec<Mark> {
    if let Some(marks) = live.marks(path) {
        return marks;
    }
    let reader = LogReader::open(path).ok().flatten();
    reader.map(|reader| reader.marks().to_vec()).unwrap_or_default()
}

/// The bar for these marks; `end` is when the last stage was over, in milliseconds since 1970.
pub fn bars(marks: &[Mark], end: u64) -> Vec<StageBar> {
    let ends = marks.iter().skip(1).map(|mark| mark.at).chain([Some(end)]);
    let spans: Vec<Option<u64>> =
        marks.iter().zip(ends).map(|(mark, end)| Some(end?.saturating_sub(mark.at?))).collect();
    let total: u64 = spans.iter().flatten().sum::<u64>().max(1);
    let room = WIDTH.saturating_sub(LEAST * marks.len() as u64);
    let mut x = 0;
    let bar = |(mark, span): (&Mark, &Option<u64>)| {
        let width = LEAST + room * span.unwrap_or(total / marks.len() as u64) / total;
        let bar = StageBar {
            title: mark.stage.title(),
            class: class(mark.stage),
            took: span.map(words).unwrap_or_default(),
            line: mark.line,
            x,
            width,
        };
        x += width;
        bar
    };
    marks.iter().zip(&spans).map(bar).collect()
}

/// Short spans are told in tenths of seconds.
fn words(milliseconds: u64) -> String {
    match milliseconds {
        0..9_950 => {
            let tenths = (milliseconds + 50) / 100;
            format!("{}.{}\u{a0}s", tenths / 10, tenths % 10)
        }
        _ => filters::span((milliseconds + 500) / 1000),
    }
}

fn class(stage: Stage) -> &'static str {
    match stage {
        Stage::Fetch | Stage::Root | Stage::Dependencies | Stage::Requires => "stage-before",
        Stage::Prep | Stage::Configure => "stage-prep",
        Stage::Build => "stage-build",
        Stage::Install | Stage::Package => "stage-install",
        Stage::Check => "stage-check",
        Stage::End => "stage-end",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_as_wide_as_it_is_long() {
        let mark = |stage, line, at| Mark { stage, line, offset: 0, at };
        let marks = [
            mark(Stage::Prep, 1, Some(1000)),
            mark(Stage::Build, 9, Some(2000)),
            mark(Stage::Check, 12, Some(11_000)),
        ];
        let bars = bars(&marks, 11_000);
        let shown: Vec<(&str, &str)> =
            bars.iter().map(|bar| (bar.title, bar.took.as_str())).collect();
        let expected = [("prep", "1.0\u{a0}s"), ("build", "9.0\u{a0}s"), ("check", "0.0\u{a0}s")];
        assert_eq!(shown, expected);
        assert!(bars[1].width > 8 * bars[0].width && bars[2].width == LEAST);
        assert_eq!(bars[2].x, bars[0].width + bars[1].width);
        assert!(bars[2].x + bars[2].width <= WIDTH);
        assert!(super::bars(&[], 5).is_empty());
    }

    #[test]
    fn without_times_all_are_alike() {
        let marks =
            [Stage::Prep, Stage::Build].map(|stage| Mark { stage, line: 1, offset: 0, at: None });
        let bars = bars(&marks, 5);
        assert_eq!((bars[0].width, bars[0].took.as_str()), (bars[1].width, ""));
    }
}
