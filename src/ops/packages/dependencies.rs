//! What the packages of a project need of each other.

use std::collections::HashSet;

use super::find;
use crate::model::dependency::{Edge, Neighbour, Node};
use crate::model::list::Slice;
use crate::model::package::Package;
use crate::model::user::User;
use crate::model::{Owner, PackageId, ProjectName};
use crate::ops::pages::{self, ProjectHead};
use crate::ops::{Error, Result};
use crate::store::{Connection, dependencies, projects};

/// More packages than this are not drawn at once.
pub const MOST_DRAWN: u32 = 150;
/// Nor more needs between them.
const MOST_EDGES: u32 = 1500;
/// How many packages are drawn on each side of the one that is looked at.
const MOST_AROUND: u32 = 60;
/// How many packages a row of the table names on each side, and the page of a package.
const MOST_NAMED: u32 = 12;

/// Packages that another one needs, or that need it: the first ones by name.
pub struct Neighbours {
    /// They themselves.
    pub first: Vec<Neighbour>,
    /// There are more.
    pub more: bool,
}

impl Neighbours {
    fn read(
        read: impl FnOnce(u32) -> crate::store::Result<Vec<Neighbour>>,
        most: u32,
    ) -> Result<Neighbours> {
        let mut first = read(most + 1)?;
        let more = pages::cut(&mut first, Slice::first(most));
        Ok(Neighbours { first, more })
    }
}

/// A package between those that it needs and those that need it.
pub struct Between {
    /// What it needs.
    pub needs: Neighbours,
    /// What needs it.
    pub needed_by: Neighbours,
}

impl Between {
    fn read(db: &Connection, package: PackageId, most: u32) -> Result<Between> {
        Ok(Between {
            needs: Neighbours::read(|most| dependencies::needs(db, package, most), most)?,
            needed_by: Neighbours::read(|most| dependencies::needed_by(db, package, most), most)?,
        })
    }
}

/// What a package needs of its project, and what needs it: as much as its page shows.
pub fn around(db: &Connection, package: PackageId) -> Result<Between> {
    Between::read(db, package, MOST_NAMED)
}

/// Packages to be drawn, with what they need of each other.
pub struct Picture {
    /// The packages.
    pub nodes: Vec<Node>,
    /// Who needs whom among them.
    pub edges: Vec<Edge>,
    /// Some were left out, as there are too many.
    pub is_cut: bool,
}

/// The page about what packages need of each other.
pub struct Dependencies {
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// The package that is looked at, with what is around it.
    pub focus: Option<(Package, Between)>,
    /// All packages, where they are few enough, or those around the one that is looked at.
    pub picture: Option<Picture>,
    /// Part of all packages, by name.
    pub rows: Vec<(Node, Between)>,
    /// Something is known about some package.
    pub any: bool,
}

/// Reads what the packages of a project need of each other: a picture, and part of a table.
pub fn dependencies(
    db: &Connection,
    (owner, name): (&Owner, &ProjectName),
    package: Option<&str>,
    slice: Slice,
    viewer: Option<&User>,
) -> Result<Dependencies> {
    let head = pages::head(db, owner, name, viewer)?;
    let project = &head.project;
    let dir = projects::main_dir(db, project)?.id;
    let focus = match package.map(|text| find(db, project, text)).transpose()? {
        Some(package) => {
            let between = Between::read(db, package.id, MOST_AROUND)?;
            Some((package, between))
        }
        None => None,
    };
    let picture = match &focus {
        Some((package, between)) => {
            let ids = ids_around(package.id, between);
            let nodes = dependencies::these(db, &ids, dir)?;
            let is_cut = between.needs.more || between.needed_by.more;
            Some(Picture { edges: among(db, &ids)?, nodes, is_cut })
        }
        None if slice.offset == 0 && head.packages <= MOST_DRAWN => {
            let mut edges = dependencies::edges(db, project.id, MOST_EDGES + 1)?;
            let is_cut = pages::cut(&mut edges, Slice::first(MOST_EDGES));
            let nodes = dependencies::nodes(db, (project.id, dir), Slice::first(MOST_DRAWN))?;
            Some(Picture { nodes, edges, is_cut })
        }
        None => None,
    };
    let row = |node: Node| {
        let between = Between::read(db, node.id, MOST_NAMED)?;
        Ok::<_, Error>((node, between))
    };
    let rows = dependencies::nodes(db, (project.id, dir), slice)?;
    Ok(Dependencies {
        any: dependencies::any(db, project.id)?,
        rows: rows.into_iter().map(row).collect::<Result<_>>()?,
        picture,
        focus,
        head,
    })
}

/// A package and those around it, each once.
fn ids_around(package: PackageId, between: &Between) -> Vec<PackageId> {
    let around = between.needs.first.iter().chain(&between.needed_by.first).map(|one| one.id);
    let mut seen = HashSet::new();
    std::iter::once(package).chain(around).filter(|id| seen.insert(*id)).collect()
}

/// Who needs whom among these.
fn among(db: &Connection, ids: &[PackageId]) -> Result<Vec<Edge>> {
    let wanted: HashSet<PackageId> = ids.iter().copied().collect();
    let mut edges = Vec::new();
    for from in ids {
        let needs = dependencies::needs(db, *from, MOST_EDGES)?;
        let inside = needs.into_iter().filter(|one| wanted.contains(&one.id));
        edges.extend(inside.map(|one| Edge { from: *from, to: one.id, purpose: one.purpose }));
    }
    Ok(edges)
}
