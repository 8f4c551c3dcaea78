//! In which order packages are built that need each other, and where there is none.

use std::collections::VecDeque;

use crate::model::dependency::Purpose;

/// One package needs another; packages are numbers from 0 here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The one that needs.
    pub from: usize,
    /// The one that is needed.
    pub to: usize,
    /// What for.
    pub purpose: Purpose,
}

/// Packages that need each other in a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knot {
    /// All of them.
    pub members: Vec<usize>,
    /// A way round, from one of them back to it.
    pub circle: Vec<usize>,
    /// One of them needs another to be built: without help from outside, none can be the first.
    pub stops_builds: bool,
}

/// The order.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// For each package, how many steps come before it: it needs nothing of its own step or later
    /// ones, but those that it is knotted with.
    pub level: Vec<usize>,
    /// For each package, the number of the knot that it is part of; a number of its own otherwise.
    pub group: Vec<usize>,
    /// The knots.
    pub knots: Vec<Knot>,
}

impl Order {
    /// The order of `count` packages. Each comes after all that it needs, as what must be installed
    /// to build another needs its own company to be there as well.
    pub fn of(count: usize, links: &[Link]) -> Order {
        let mut needs = vec![Vec::new(); count];
        for link in links {
            needs[link.from].push(link.to);
        }
        let groups = Search::new(&needs).groups();
        let (mut level, mut group) = (vec![0; count], vec![0; count]);
        for (number, members) in groups.iter().enumerate() {
            for &member in members {
                group[member] = number;
            }
            // What is needed comes first in the list, so that its level is known.
            let outside = members.iter().flat_map(|&member| &needs[member]);
            let before = outside.filter(|&&to| !members.contains(&to));
            let own = before.map(|&to| level[to] + 1).max().unwrap_or(0);
            for &member in members {
                level[member] = own;
            }
        }
        let knots = groups.iter().filter(|members| members.len() > 1);
        let knots = knots.map(|members| Knot::of(members, &group, &needs, links)).collect();
        Order { level, group, knots }
    }

    /// The packages of each step.
    pub fn steps(&self) -> Vec<Vec<usize>> {
        let count = self.level.iter().max().map_or(0, |most| most + 1);
        let mut steps = vec![Vec::new(); count];
        for (package, level) in self.level.iter().enumerate() {
            steps[*level].push(package);
        }
        steps
    }
}

impl Knot {
    fn of(members: &[usize], group: &[usize], needs: &[Vec<usize>], links: &[Link]) -> Knot {
        let mut members = members.to_vec();
        members.sort_unstable();
        let own = members.first().map(|&first| group[first]);
        let is_inside = |at: usize| Some(group[at]) == own;
        let inside = || links.iter().filter(|link| is_inside(link.from) && is_inside(link.to));
        // Each link between them is on a way round.
        let to_build = inside().find(|link| link.purpose.build);
        let first = to_build.or_else(|| inside().next());
        let circle = first.map_or_else(Vec::new, |link| {
            let mut circle = vec![link.from];
            circle.extend(way(link.to, link.from, needs, is_inside));
            circle
        });
        Knot { members, circle, stops_builds: to_build.is_some() }
    }
}

/// The shortest way from one package to another, both included.
fn way(
    from: usize,
    to: usize,
    needs: &[Vec<usize>],
    is_inside: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let mut before: Vec<Option<usize>> = vec![None; needs.len()];
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        if at == to {
            break;
        }
        for &next in needs[at].iter().filter(|&&next| is_inside(next)) {
            if next != from && before[next].is_none() {
                before[next] = Some(at);
                queue.push_back(next);
            }
        }
    }
    let mut found: Vec<usize> = std::iter::successors(Some(to), |&at| before[at]).collect();
    found.reverse();
    found
}

/// Tarjan's search for what is connected both ways.
struct Search<'a> {
    needs: &'a [Vec<usize>],
    /// When each package was first met, from 1; 0 for those that were not.
    met: Vec<usize>,
    /// The earliest package that can be reached from each.
    low: Vec<usize>,
    /// Those whose group is not known yet.
    open: Vec<usize>,
    is_open: Vec<bool>,
    clock: usize,
    found: Vec<Vec<usize>>,
}

impl<'a> Search<'a> {
    fn new(needs: &'a [Vec<usize>]) -> Search<'a> {
        let count = needs.len();
        Search {
            needs,
            met: vec![0; count],
            low: vec![0; count],
            open: Vec::new(),
            is_open: vec![false; count],
            clock: 0,
            found: Vec::new(),
        }
    }

    /// The groups, each after all that its members need.
    fn groups(mut self) -> Vec<Vec<usize>> {
        for at in 0..self.needs.len() {
            if self.met[at] == 0 {
                self.visit(at);
            }
        }
        self.found
    }

    /// As deep as there are packages in a picture, and they are few.
    fn visit(&mut self, at: usize) {
        self.clock += 1;
        (self.met[at], self.low[at]) = (self.clock, self.clock);
        self.open.push(at);
        self.is_open[at] = true;
        let needs = self.needs;
        for &next in &needs[at] {
            if self.met[next] == 0 {
                self.visit(next);
                self.low[at] = self.low[at].min(self.low[next]);
            } else if self.is_open[next] {
                self.low[at] = self.low[at].min(self.met[next]);
            }
        }
        if self.low[at] == self.met[at] {
            let from = self.open.iter().rposition(|&one| one == at).unwrap_or(0);
            let group = self.open.split_off(from);
            for &member in &group {
                self.is_open[member] = false;
            }
            self.found.push(group);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A need to be built.
    pub(crate) fn build(from: usize, to: usize) -> Link {
        Link { from, to, purpose: Purpose { build: true, run: false } }
    }

    /// A need to be run.
    pub(crate) fn run(from: usize, to: usize) -> Link {
        Link { from, to, purpose: Purpose { build: false, run: true } }
    }

    #[test]
    fn each_package_comes_after_all_that_it_needs() {
        let links = [build(0, 1), build(1, 2), run(0, 2), build(3, 2)];
        let order = Order::of(5, &links);
        assert_eq!(order.level, [2, 1, 0, 1, 0]);
        assert_eq!(order.steps(), [vec![2, 4], vec![1, 3], vec![0]]);
        assert!(order.knots.is_empty());
    }

    #[test]
    fn a_circle_is_one_step_and_is_named() {
        // 1, 2 and 3 need each other; 0 comes after, 4 before.
        let links = [build(0, 1), run(1, 2), run(2, 3), build(3, 1), run(3, 4), run(2, 1)];
        let order = Order::of(5, &links);
        assert_eq!(order.level, [2, 1, 1, 1, 0]);
        let knot = Knot { members: vec![1, 2, 3], circle: vec![3, 1, 2, 3], stops_builds: true };
        assert_eq!(order.knots, [knot]);
        let to_run = Order::of(2, &[run(0, 1), run(1, 0)]);
        let knot = Knot { members: vec![0, 1], circle: vec![0, 1, 0], stops_builds: false };
        assert_eq!(to_run.knots, [knot]);
    }

    #[test]
    fn nothing_is_in_order() {
        assert!(Order::of(0, &[]).steps().is_empty());
    }
}
