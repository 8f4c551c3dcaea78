//! Where packages and the lines between them are drawn: a column for each step of the build order,
//! what is built first on the left.
//!
//! The lines that end at one package meet on their way: in each column that they pass they have
//! one place together, so that a package that everybody needs does not drown the others. Within
//! the columns, everything moves towards the middle of what it is connected with, some times back
//! and forth; the order with the fewest crossings stays.

#![expect(clippy::cast_precision_loss, reason = "a picture is not that exact")]
#![expect(clippy::cast_possible_truncation, reason = "a picture is not that large")]

use std::collections::HashMap;
use std::fmt::Write as _;

use super::order::{Link, Order};

/// A package's box.
pub const BOX: i64 = 44;
/// Between boxes.
const GAP: f64 = 14.0;
/// Between passing lines.
const LANE_GAP: f64 = 4.0;
/// What a passing line takes.
const LANE: f64 = 6.0;
/// Between columns, where the lines are: at least so much, and more for many lines, at most so much.
const WAY: std::ops::RangeInclusive<i64> = 60..=128;
/// How far lines within a column go beside it.
const ARC: i64 = 34;
/// Around everything.
const MARGIN: i64 = 12;
/// Above the boxes, for the numbers of the columns.
const HEAD: i64 = 30;
/// From the tip of a line's head to where the line ends.
const NECK: i64 = 6;
/// How often the order within the columns is bettered.
const SWEEPS: usize = 8;

/// The lines by what they mean.
pub const STYLES: usize = 3;

/// What a need is drawn as: 0 to build, 1 to run, 2 both.
fn style(link: &Link) -> usize {
    match (link.purpose.build, link.purpose.run) {
        (true, true) => 2,
        (false, true) => 1,
        _ => 0,
    }
}

/// Everything in its place.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    /// The width of the whole.
    pub width: i64,
    /// The height of the whole.
    pub height: i64,
    /// The left edge and the width of each column.
    pub columns: Vec<(i64, i64)>,
    /// The upper left corner and the width of each package's box.
    pub boxes: Vec<(i64, i64, i64)>,
    /// The lines of each style, as the data of one path.
    pub lines: [String; STYLES],
    /// Their heads, as the data of one path.
    pub heads: String,
}

/// Something that has a place in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Package(usize),
    /// Lines of one style that pass on their way to a package.
    Lane,
}

/// What is being put in order.
struct Layout<'a> {
    order: &'a Order,
    links: &'a [Link],
    things: Vec<Thing>,
    /// Things that belong side by side have the same number.
    group: Vec<usize>,
    /// The column of each thing.
    column_of: Vec<usize>,
    /// From a thing to one in the column to its left, with a style; each once.
    pieces: Vec<(usize, usize, usize)>,
    /// The things of each column, from the top.
    columns: Vec<Vec<usize>>,
    /// The middle of each thing.
    y: Vec<f64>,
}

/// Draws packages that need `widths` of room.
pub fn draw(order: &Order, links: &[Link], widths: &[i64]) -> Drawing {
    let mut layout = Layout::new(order, links);
    layout.put_in_order();
    layout.put_in_place();
    layout.drawing(widths)
}

impl<'a> Layout<'a> {
    fn new(order: &'a Order, links: &'a [Link]) -> Layout<'a> {
        let packages = order.level.len();
        let mut layout = Layout {
            order,
            links,
            things: (0..packages).map(Thing::Package).collect(),
            group: order.group.clone(),
            column_of: order.level.clone(),
            pieces: Vec::new(),
            columns: order.steps(),
            y: Vec::new(),
        };
        // Those that come from farthest away make the lanes that others join.
        let mut far: Vec<&Link> = links.iter().collect();
        far.sort_by_key(|link| std::cmp::Reverse(order.level[link.from]));
        let mut lanes: HashMap<(usize, usize, usize), usize> = HashMap::new();
        for link in far {
            layout.lead(link, &mut lanes);
        }
        layout.y = vec![0.0; layout.things.len()];
        layout
    }

    /// Leads a line from column to column, along lanes that are there already where they are.
    fn lead(&mut self, link: &Link, lanes: &mut HashMap<(usize, usize, usize), usize>) {
        let (style, target) = (style(link), self.order.level[link.to]);
        let mut at = link.from;
        for column in (target + 1..self.order.level[link.from]).rev() {
            let key = (link.to, style, column);
            let known = lanes.get(&key).copied();
            let lane = known.unwrap_or_else(|| self.add_lane(column));
            self.pieces.push((at, lane, style));
            if known.is_some() {
                return;
            }
            lanes.insert(key, lane);
            at = lane;
        }
        if self.order.level[link.from] != target {
            self.pieces.push((at, link.to, style));
        }
    }

    fn add_lane(&mut self, column: usize) -> usize {
        let lane = self.things.len();
        self.things.push(Thing::Lane);
        // No knot has this number.
        self.group.push(usize::MAX - lane);
        self.column_of.push(column);
        self.columns[column].push(lane);
        lane
    }

    fn height(&self, thing: usize) -> f64 {
        if self.things[thing] == Thing::Lane { LANE } else { BOX as f64 }
    }

    /// The things that each is connected with in the next column on the left, or on the right.
    fn neighbours(&self, on_the_left: bool) -> Vec<Vec<usize>> {
        let mut found = vec![Vec::new(); self.things.len()];
        for &(right, left, _) in &self.pieces {
            if on_the_left {
                found[right].push(left);
            } else {
                found[left].push(right);
            }
        }
        found
    }

    /// The columns, from one end to the other.
    fn along(&self, to_the_right: bool) -> Vec<usize> {
        let columns = 0..self.columns.len();
        if to_the_right { columns.collect() } else { columns.rev().collect() }
    }

    fn put_in_order(&mut self) {
        let sides = [self.neighbours(true), self.neighbours(false)];
        let mut best = (self.crossings(), self.columns.clone());
        for sweep in 0..SWEEPS {
            let place = sweep % 2;
            for column in self.along(place == 0) {
                self.sort(column, &sides[place]);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.columns.clone());
            }
        }
        self.columns = best.1;
    }

    /// Sorts a column by the middle of what its things are connected with on one side.
    fn sort(&mut self, column: usize, neighbours: &[Vec<usize>]) {
        let places = self.places();
        let middle = |thing: usize| {
            let around = &neighbours[thing];
            if around.is_empty() {
                return places[thing];
            }
            around.iter().map(|&one| places[one]).sum::<f64>() / around.len() as f64
        };
        // A knot stays together: all of it goes where its middle is.
        let mut knots: HashMap<usize, (f64, f64)> = HashMap::new();
        for &thing in &self.columns[column] {
            let knot = knots.entry(self.group[thing]).or_default();
            *knot = (knot.0 + middle(thing), knot.1 + 1.0);
        }
        let key = |&thing: &usize| {
            let (sum, count) = knots[&self.group[thing]];
            (sum / count, self.group[thing], middle(thing))
        };
        let mut things = std::mem::take(&mut self.columns[column]);
        things.sort_by(|a, b| {
            let (a, b) = (key(a), key(b));
            a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.total_cmp(&b.2))
        });
        self.columns[column] = things;
    }

    /// Where in its column each thing is, from 0 at the top to 1 at the foot.
    fn places(&self) -> Vec<f64> {
        let mut places = vec![0.0; self.things.len()];
        for column in &self.columns {
            for (at, &thing) in column.iter().enumerate() {
                places[thing] = (at as f64 + 0.5) / column.len() as f64;
            }
        }
        places
    }

    /// How often lines cross.
    fn crossings(&self) -> usize {
        let places = self.places();
        let mut between: Vec<Vec<(f64, f64)>> = vec![Vec::new(); self.columns.len()];
        for &(right, left, _) in &self.pieces {
            between[self.column_of[right]].push((places[right], places[left]));
        }
        let mut count = 0;
        for pieces in &between {
            for (at, a) in pieces.iter().enumerate() {
                let later = &pieces[at + 1..];
                count += later.iter().filter(|b| (a.0 - b.0) * (a.1 - b.1) < 0.0).count();
            }
        }
        count
    }

    /// Gives everything a height at which its lines are short, in the order that it has.
    fn put_in_place(&mut self) {
        for column in 0..self.columns.len() {
            let distances = self.distances(column);
            for (&thing, at) in self.columns[column].iter().zip(distances) {
                self.y[thing] = at;
            }
        }
        let sides = [self.neighbours(true), self.neighbours(false)];
        for sweep in 0..SWEEPS {
            for column in self.along(sweep % 2 == 0) {
                self.settle(column, &sides);
            }
        }
        let top = self.things.iter().enumerate().map(|(at, _)| self.y[at] - self.height(at) / 2.0);
        let top = top.fold(f64::INFINITY, f64::min);
        let shift = (HEAD + MARGIN) as f64 - top;
        for y in &mut self.y {
            *y += shift;
        }
    }

    /// How far below the first thing of a column each is when they stand close.
    fn distances(&self, column: usize) -> Vec<f64> {
        let mut at = 0.0;
        let mut before: Option<usize> = None;
        let mut distances = Vec::with_capacity(self.columns[column].len());
        for &thing in &self.columns[column] {
            if let Some(before) = before {
                let are_lanes = [before, thing].iter().all(|&one| self.things[one] == Thing::Lane);
                let gap = if are_lanes { LANE_GAP } else { GAP };
                at += f64::midpoint(self.height(before), self.height(thing)) + gap;
            }
            before = Some(thing);
            distances.push(at);
        }
        distances
    }

    /// Moves the things of a column to where they want to be, as far as there is room: those that
    /// would overlap make a block, which goes to the middle of what its things want.
    fn settle(&mut self, column: usize, sides: &[Vec<Vec<usize>>; 2]) {
        let distances = self.distances(column);
        let mut blocks: Vec<(f64, usize)> = Vec::new();
        for (&thing, distance) in self.columns[column].iter().zip(&distances) {
            let around = || sides.iter().flat_map(|side| &side[thing]);
            let count = around().count();
            let wish = if count == 0 {
                self.y[thing]
            } else {
                around().map(|&one| self.y[one]).sum::<f64>() / count as f64
            };
            let (mut sum, mut size) = (wish - distance, 1);
            while let Some(&(last, many)) = blocks.last()
                && last / many as f64 > sum / size as f64
            {
                blocks.pop();
                (sum, size) = (sum + last, size + many);
            }
            blocks.push((sum, size));
        }
        let tops = blocks.iter().flat_map(|&(sum, size)| vec![sum / size as f64; size]);
        for ((&thing, distance), top) in self.columns[column].iter().zip(&distances).zip(tops) {
            self.y[thing] = top + distance;
        }
    }

    fn drawing(&self, widths: &[i64]) -> Drawing {
        let mut drawing = Drawing::default();
        let mut x = MARGIN;
        for (column, packages) in self.order.steps().iter().enumerate() {
            if column > 0 {
                x += self.way(column);
            }
            let width = packages.iter().map(|&package| widths[package]).max().unwrap_or(0);
            drawing.columns.push((x, width));
            x += width;
        }
        let y = |thing: usize| self.y[thing].round() as i64;
        let mut foot = 0;
        for package in 0..self.order.level.len() {
            let (x, width) = drawing.columns[self.order.level[package]];
            drawing.boxes.push((x, y(package) - BOX / 2, width));
        }
        for thing in 0..self.things.len() {
            foot = foot.max(y(thing) + BOX / 2);
        }
        // Lines within the last column want room beside it.
        let last = self.columns.len().saturating_sub(1);
        let is_last = |link: &&Link| self.level(link) == Some(last);
        let beside = if self.links.iter().any(|link| is_last(&link)) { ARC + 8 } else { 0 };
        (drawing.width, drawing.height) = (x + beside + MARGIN, foot + MARGIN);
        self.draw_lines(&mut drawing);
        drawing
    }

    /// The room for the lines on the left of a column.
    fn way(&self, column: usize) -> i64 {
        let lines = self.pieces.iter().filter(|piece| self.column_of[piece.0] == column).count();
        let wide = WAY.start() + i64::try_from(lines / 2).unwrap_or(i64::MAX / 2);
        wide.min(*WAY.end())
    }

    /// The column of a line between packages of the same.
    fn level(&self, link: &Link) -> Option<usize> {
        let level = self.order.level[link.from];
        (level == self.order.level[link.to]).then_some(level)
    }

    fn draw_lines(&self, drawing: &mut Drawing) {
        let mut heads: Vec<(i64, i64)> = Vec::new();
        for &(right, left, style) in &self.pieces {
            let line = &mut drawing.lines[style];
            let (column, next) = (self.column_of[right], self.column_of[left]);
            let (from, (x, width)) = (drawing.columns[column].0, drawing.columns[next]);
            let is_lane = self.things[left] == Thing::Lane;
            // A line ends within its head, which it may be as thick as.
            let to = x + width + if is_lane { 0 } else { NECK };
            let (y, end) = (self.y[right].round() as i64, self.y[left].round() as i64);
            let half = i64::midpoint(from, to);
            // Writing to a text does not fail.
            let _ = write!(line, "M{from} {y}C{half} {y} {half} {end} {to} {end}");
            if is_lane {
                let _ = write!(line, "H{x}");
            } else {
                heads.push((to - NECK, end));
            }
        }
        for link in self.links {
            let Some(level) = self.level(link) else { continue };
            let (x, width) = drawing.columns[level];
            let edge = x + width;
            // Leaves below the middle and arrives above it: so the way up goes around the way down,
            // and neither covers lines from other columns.
            let (from, end) = (self.y[link.from].round() as i64, self.y[link.to].round() as i64);
            let (from, end) = (from + 10, end - 10);
            let far = edge + ARC + if end > from { -8 } else { 8 };
            let line = &mut drawing.lines[style(link)];
            let neck = edge + NECK;
            let _ = write!(line, "M{edge} {from}C{far} {from} {far} {end} {neck} {end}");
            heads.push((edge, end));
        }
        heads.sort_unstable();
        heads.dedup();
        for (x, y) in heads {
            let _ = write!(drawing.heads, "M{x} {y}l9 -4v8z");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::order::tests::{build, run};
    use super::*;

    fn drawn(count: usize, links: &[Link]) -> Drawing {
        draw(&Order::of(count, links), links, &vec![100; count])
    }

    #[test]
    fn what_is_built_first_is_on_the_left_and_nothing_overlaps() {
        // 0 needs 1 to 9, which all need 10.
        let links: Vec<Link> = (1..10).flat_map(|n| [build(0, n), run(n, 10)]).collect();
        let drawing = drawn(11, &links);
        assert_eq!(drawing.columns.len(), 3);
        assert!(drawing.boxes[10].0 < drawing.boxes[1].0);
        assert!(drawing.boxes[1].0 < drawing.boxes[0].0);
        let mut tops: Vec<i64> = drawing.boxes[1..10].iter().map(|one| one.1).collect();
        tops.sort_unstable();
        assert!(tops.windows(2).all(|pair| pair[1] - pair[0] >= BOX));
        let (first, last) = (tops[0], tops[8]);
        let middle = i64::midpoint(first, last);
        assert!((drawing.boxes[0].1 - middle).abs() < 3, "in the middle");
        assert_eq!(drawing.lines[0].matches('M').count(), 9);
        assert_eq!(drawing.lines[1].matches('M').count(), 9);
        assert!(drawing.height > last + BOX && drawing.width > drawing.boxes[0].0 + 100);
    }

    #[test]
    fn long_lines_share_their_way() {
        // 0 to 4 need 5, past 6, which stands between.
        let mut links: Vec<Link> = (0..5).flat_map(|n| [run(n, 6), run(n, 5)]).collect();
        links.push(run(6, 5));
        let drawing = drawn(7, &links);
        // Five to each, of which those to 5 end at one lane: that and 6 go on.
        assert_eq!(drawing.lines[1].matches('M').count(), 5 + 5 + 2);
        assert_eq!(drawing.heads.matches('M').count(), 2, "{}", drawing.heads);
    }

    #[test]
    fn lines_that_can_be_apart_do_not_cross() {
        let links = [build(0, 5), build(1, 4), build(2, 3)];
        let order = Order::of(6, &links);
        let mut layout = Layout::new(&order, &links);
        assert_eq!(layout.crossings(), 3);
        layout.put_in_order();
        assert_eq!(layout.crossings(), 0);
    }

    #[test]
    fn circles_are_drawn_beside_their_column() {
        let drawing = drawn(2, &[run(0, 1), build(1, 0)]);
        assert_eq!(drawing.columns.len(), 1);
        let right = drawing.boxes[0].0 + drawing.boxes[0].2;
        assert!(drawing.lines[1].starts_with(&format!("M{right} ")));
        assert!(drawing.width > right + ARC);
    }

    #[test]
    fn many_packages_are_drawn_in_no_time() {
        let link = |n: usize| (1..5).map(move |k| build(n, (n * 7 + k * 13) % n.max(1)));
        let links: Vec<Link> =
            (1..150).flat_map(link).filter(|link| link.from != link.to).collect();
        let begin = std::time::Instant::now();
        let drawing = drawn(150, &links);
        assert!(drawing.boxes.len() == 150 && drawing.lines[0].len() < 200_000);
        assert!(begin.elapsed() < std::time::Duration::from_secs(2), "{:?}", begin.elapsed());
    }
}
