//! The picture of packages that need each other, ready for print.

use std::collections::HashMap;

use super::layout::{self, Drawing};
use super::order::{Knot, Link, Order};
use super::{Named, package_url};
use crate::model::PackageId;
use crate::model::dependency::{Edge, Node};
use crate::ops::packages::dependencies::Picture as Found;
use crate::web::parts::State as Shown;

/// A longer name is cut off in its box.
const LONGEST: usize = 26;
/// What stands beside the name in a box.
const BESIDE: usize = 48;
/// The narrowest box.
const NARROWEST: usize = 124;

/// A box of the picture.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The package's page.
    pub url: String,
    /// All of it in words.
    pub title: String,
    /// The name, as far as there is room.
    pub name: String,
    /// How it is doing; nothing where it was never built.
    pub state: Option<Shown>,
    /// It is the one that is looked at.
    pub is_focus: bool,
    /// It is part of a circle.
    pub is_knotted: bool,
    /// The left edge.
    pub x: i64,
    /// The upper edge.
    pub y: i64,
    /// The width.
    pub width: i64,
}

/// The picture.
#[derive(Clone, Debug)]
pub struct Picture {
    /// What it shows, in words.
    pub summary: String,
    /// The boxes, from left to right.
    pub cells: Vec<Cell>,
    /// The lines.
    pub drawing: Drawing,
    /// The columns are the steps of the order; the number and the middle of each.
    pub steps: Vec<(usize, i64)>,
}

impl Picture {
    /// The height of a box.
    pub const BOX: i64 = layout::BOX;

    /// The states that are in it, each once.
    pub fn states(&self) -> Vec<Shown> {
        let mut states: Vec<Shown> = Vec::new();
        for state in self.cells.iter().filter_map(|cell| cell.state) {
            if !states.iter().any(|known| known.word == state.word) {
                states.push(state);
            }
        }
        states
    }
}

/// A circle, in words.
#[derive(Clone, Debug)]
pub struct Circle {
    /// The way round, with the first package once more at its end.
    pub way: Vec<Named>,
    /// How many more packages are knotted with these.
    pub more: usize,
}

/// What needs each other in a circle.
#[derive(Clone, Debug, Default)]
pub struct Knots {
    /// Where none can be built first.
    pub builds: Vec<Circle>,
    /// Where they only have to be installed together.
    pub runs: Vec<Circle>,
}

/// The picture with what is told beside it.
#[derive(Default)]
pub struct Drawn {
    /// The picture, where there is something to be drawn.
    pub picture: Option<Picture>,
    /// The steps in which to build.
    pub order: Vec<Vec<Named>>,
    /// The circles.
    pub knots: Knots,
    /// What is connected with nothing.
    pub alone: Vec<Named>,
    /// What nothing is known about.
    pub unknown: Vec<Named>,
}

/// Draws what was found in the project at `url`, around the package `focus` if there is one.
pub fn draw(url: &str, found: &Found, focus: Option<&str>) -> Drawn {
    let is_linked = |id: PackageId| found.edges.iter().any(|edge| edge.from == id || edge.to == id);
    let (nodes, others): (Vec<&Node>, Vec<&Node>) =
        found.nodes.iter().partition(|node| is_linked(node.id));
    let (alone, unknown): (Vec<&Node>, Vec<&Node>) =
        others.into_iter().partition(|node| node.is_known);
    let number: HashMap<PackageId, usize> =
        nodes.iter().enumerate().map(|(at, node)| (node.id, at)).collect();
    let link = |edge: &Edge| {
        let (from, to) = (*number.get(&edge.from)?, *number.get(&edge.to)?);
        Some(Link { from, to, purpose: edge.purpose })
    };
    let links: Vec<Link> = found.edges.iter().filter_map(link).collect();
    let order = Order::of(nodes.len(), &links);
    let with_page = |node: &&Node| Named {
        name: node.name.clone(),
        url: package_url(url, &node.name),
        purpose: "",
    };
    let names: Vec<Named> = nodes.iter().map(with_page).collect();
    let step = |step: Vec<usize>| step.into_iter().map(|at| names[at].clone()).collect();
    Drawn {
        picture: (!nodes.is_empty()).then(|| picture(&nodes, &names, &links, &order, focus)),
        knots: knots(&order.knots, &names),
        alone: alone.iter().map(with_page).collect(),
        unknown: unknown.iter().map(with_page).collect(),
        order: order.steps().into_iter().map(step).collect(),
    }
}

fn knots(found: &[Knot], names: &[Named]) -> Knots {
    let mut knots = Knots::default();
    for knot in found {
        let way: Vec<Named> = knot.circle.iter().map(|&at| names[at].clone()).collect();
        let more = (knot.members.len() + 1).saturating_sub(way.len());
        let to = if knot.stops_builds { &mut knots.builds } else { &mut knots.runs };
        to.push(Circle { way, more });
    }
    knots
}

fn picture(
    nodes: &[&Node],
    names: &[Named],
    links: &[Link],
    order: &Order,
    focus: Option<&str>,
) -> Picture {
    let states: Vec<Option<Shown>> = nodes.iter().map(|node| node.state.map(Shown::from)).collect();
    let widths: Vec<i64> = nodes.iter().map(|node| width(&node.name)).collect();
    let drawing = layout::draw(order, links, &widths);
    let is_knotted = |at: usize| order.knots.iter().any(|knot| knot.members.contains(&at));
    let cell = |at: usize| {
        let (x, y, width) = drawing.boxes[at];
        let is_focus = focus == Some(&*nodes[at].name);
        Cell {
            url: names[at].url.clone(),
            title: title(nodes[at], states[at], at, links),
            name: short(&nodes[at].name),
            state: states[at],
            is_focus,
            is_knotted: is_knotted(at),
            x,
            y,
            width,
        }
    };
    let mut cells: Vec<Cell> = (0..nodes.len()).map(cell).collect();
    // Who goes through them with the keyboard goes as the eye does.
    cells.sort_by_key(|cell| (cell.x, cell.y));
    let steps = drawing.columns.iter().map(|(x, width)| x + width / 2);
    let steps = if focus.is_none() { (1..).zip(steps).collect() } else { Vec::new() };
    let count = match links.len() {
        1 => "1 need".to_owned(),
        many => format!("{many} needs"),
    };
    let summary = format!(
        "{} packages in {} columns with {count} between them; the table below says the same",
        nodes.len(),
        drawing.columns.len(),
    );
    Picture { summary, cells, drawing, steps }
}

/// All about a package in words.
fn title(node: &Node, state: Option<Shown>, at: usize, links: &[Link]) -> String {
    let needs = links.iter().filter(|link| link.from == at).count();
    let needed_by = links.iter().filter(|link| link.to == at).count();
    let state = state.map_or("never built", |state| state.word);
    let needs = if node.is_known { needs.to_string() } else { "not known".to_owned() };
    format!("{}: {state}; needs: {needs}; needed by: {needed_by}", node.name)
}

/// The room that a name takes, as far as that can be told without its font.
fn width(name: &str) -> i64 {
    let letters = name.chars().count().min(LONGEST);
    i64::try_from((letters * 41 / 5 + BESIDE).max(NARROWEST)).unwrap_or(i64::MAX)
}

fn short(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BuildState;
    use crate::model::dependency::Purpose;

    fn node(id: i64, name: &str) -> Node {
        let state = (id != 3).then_some(BuildState::Succeeded);
        Node { id: PackageId(id), name: name.to_owned(), state, is_known: id != 3 }
    }

    fn edge(from: i64, to: i64) -> Edge {
        let purpose = Purpose { build: true, run: false };
        Edge { from: PackageId(from), to: PackageId(to), purpose }
    }

    #[test]
    fn everything_is_told_in_words_as_well() {
        let nodes = vec![node(1, "app"), node(2, "lib"), node(3, "bare"), node(4, "far")];
        let edges = vec![edge(1, 2), edge(1, 9)];
        let drawn = draw("/p/", &Found { nodes, edges, is_cut: false }, None);
        let picture = drawn.picture.unwrap();
        let titles: Vec<&str> = picture.cells.iter().map(|cell| cell.title.as_str()).collect();
        let lib = "lib: succeeded; needs: 0; needed by: 1";
        assert_eq!(titles, [lib, "app: succeeded; needs: 1; needed by: 0"]);
        assert_eq!(picture.cells[0].url, "/p/package/lib/");
        let order: Vec<&str> = drawn.order.iter().map(|step| step[0].name.as_str()).collect();
        assert_eq!(order, ["lib", "app"]);
        assert_eq!((drawn.alone.len(), drawn.alone[0].name.as_str()), (1, "far"));
        assert_eq!((drawn.unknown.len(), drawn.unknown[0].name.as_str()), (1, "bare"));
        assert_eq!(picture.states().len(), 1);
    }

    #[test]
    fn a_circle_is_named_with_how_many_more_there_are() {
        let nodes = (1..5).map(|id| node(id, &format!("p{id}"))).collect();
        let edges = vec![edge(1, 2), edge(2, 1), edge(2, 3), edge(3, 4), edge(4, 2)];
        let drawn = draw("/p/", &Found { nodes, edges, is_cut: false }, None);
        let circle = &drawn.knots.builds[0];
        let way: Vec<&str> = circle.way.iter().map(|one| one.name.as_str()).collect();
        assert_eq!((way, circle.more), (vec!["p1", "p2", "p1"], 2));
        assert!(drawn.knots.runs.is_empty());
        assert!(drawn.picture.unwrap().cells.iter().all(|cell| cell.is_knotted));
    }

    #[test]
    fn a_long_name_is_cut_off_between_letters() {
        assert_eq!(short(&"ü".repeat(40)).chars().count(), LONGEST);
        assert_eq!(width(&"x".repeat(400)), width(&"x".repeat(26)));
    }
}
