//! What the packages of a project need of each other: a picture, the order in which to build them,
//! and a table of the same.

mod layout;
mod order;
mod picture;

use askama::Template;
use rocket::{Route, State, get, routes};

use self::picture::{Drawn, Knots, Picture};
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::dependency::{Neighbour, Node, Purpose};
use crate::model::list::Slice;
use crate::model::{Owner, ProjectName};
use crate::ops::App;
use crate::ops::packages::dependencies::{self, Between, Dependencies, MOST_DRAWN, Neighbours};
use crate::web::error::PageError;
use crate::web::parts::{Masthead, Pages, Shape, Shell, State as Shown, Step};
use crate::web::session::encode;
use crate::web::view;

/// Packages on one page of the table.
const SIZE: u32 = 50;

/// The pages.
pub fn routes() -> Vec<Route> {
    routes![graph]
}

/// A package that is named, with its page.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its page.
    pub url: String,
    /// What it is needed for, or what it needs the other one for.
    pub purpose: &'static str,
}

/// Packages that are named side by side.
#[derive(Clone, Debug)]
pub struct Names {
    /// The first ones.
    pub first: Vec<Named>,
    /// Where the others are.
    pub more: Option<String>,
}

impl Names {
    fn new(url: &str, found: &Neighbours, more: &str) -> Names {
        let named = |one: &Neighbour| Named {
            name: one.name.clone(),
            url: package_url(url, &one.name),
            purpose: purpose(one.purpose),
        };
        Names {
            first: found.first.iter().map(named).collect(),
            more: found.more.then(|| more.to_owned()),
        }
    }
}

/// What a package needs, and what needs it.
#[derive(Clone, Debug)]
pub struct Around {
    /// What it needs.
    pub needs: Names,
    /// What needs it.
    pub needed_by: Names,
    /// The picture of it.
    pub url: String,
}

impl Around {
    /// For the package `name` of the project at `url`.
    pub fn new(url: &str, name: &str, found: &Between) -> Around {
        let picture = format!("{url}dependencies/?package={}", encode(name));
        Around {
            needs: Names::new(url, &found.needs, &picture),
            needed_by: Names::new(url, &found.needed_by, &picture),
            url: picture,
        }
    }

    /// There is nothing.
    pub fn is_empty(&self) -> bool {
        self.needs.first.is_empty() && self.needed_by.first.is_empty()
    }
}

/// A row of the table.
pub struct Row {
    /// The package.
    pub name: String,
    /// Its page.
    pub url: String,
    /// How it is doing.
    pub state: Option<Shown>,
    /// What it needs is known.
    pub is_known: bool,
    /// What is around it.
    pub around: Around,
}

/// `/coprs/<owner>/<project>/dependencies/`
#[derive(Template)]
#[template(path = "dependencies/graph.html")]
pub struct GraphPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// The package that is looked at.
    pub focus: Option<(String, Around)>,
    /// There are too many packages for one picture.
    pub is_large: bool,
    /// More packages than this are.
    pub most: u32,
    /// The picture.
    pub picture: Option<Picture>,
    /// Some needs or neighbours are left out of it.
    pub is_cut: bool,
    /// The states in it.
    pub legend: Vec<Shown>,
    /// What to build first, step by step.
    pub order: Vec<Vec<Named>>,
    /// What needs each other in a circle.
    pub knots: Knots,
    /// What neither needs nor is needed.
    pub alone: Vec<Named>,
    /// What nothing is known about.
    pub unknown: Vec<Named>,
    /// The table.
    pub rows: Vec<Row>,
    /// Where in the table this is.
    pub pages: Pages,
    /// Something is known.
    pub any: bool,
    /// What to do while there is nothing.
    pub first_steps: Vec<Step>,
}

/// What packages need of each other.
#[get("/coprs/<owner>/<name>/dependencies?<package>&<page>")]
pub async fn graph(
    app: &State<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    package: Option<&str>,
    page: Option<&str>,
) -> Result<Page<GraphPage>, PageError> {
    let number = view::page_number(page);
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let wanted = package.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let viewer = shell.viewer.clone();
    let found = app
        .store
        .read(move |db| {
            let place = (&owner, &name);
            dependencies::dependencies(db, place, wanted.as_deref(), slice, viewer.as_ref())
        })
        .await?;
    Ok(Page(show(shell, &found, number)))
}

fn show(shell: Shell, found: &Dependencies, number: u64) -> GraphPage {
    let project = &found.head.project;
    let url = view::project_url(&project.owner, &project.name);
    let focus = found.focus.as_ref().map(|(package, between)| {
        let name = package.name.to_string();
        let around = Around::new(&url, &name, between);
        (name, around)
    });
    let name = focus.as_ref().map(|(name, _)| name.as_str());
    let drawn = found.picture.as_ref().map(|picture| picture::draw(&url, picture, name));
    let Drawn { picture, order, knots, alone, unknown } = drawn.unwrap_or_default();
    // Around one package these would leave out what is farther away.
    let all = |names: Vec<Named>| if focus.is_none() { names } else { Vec::new() };
    let address = focus
        .as_ref()
        .map_or_else(|| format!("{url}dependencies/"), |(_, around)| around.url.clone());
    GraphPage {
        head: view::masthead(&found.head, "packages", Timestamp::now()),
        is_large: found.head.packages > MOST_DRAWN,
        most: MOST_DRAWN,
        is_cut: found.picture.as_ref().is_some_and(|picture| picture.is_cut),
        legend: picture.as_ref().map_or_else(Vec::new, Picture::states),
        picture,
        order: if focus.is_none() { order } else { Vec::new() },
        knots,
        alone: all(alone),
        unknown: all(unknown),
        rows: found.rows.iter().map(|(node, between)| row(&url, node, between)).collect(),
        pages: Pages::new(&address, number, SIZE.into(), found.head.packages.into()),
        any: found.any,
        first_steps: vec![view::build_step(&project.full_name())],
        focus,
        shell,
    }
}

fn row(url: &str, node: &Node, between: &Between) -> Row {
    Row {
        url: package_url(url, &node.name),
        state: node.state.map(Shown::from),
        is_known: node.is_known,
        around: Around::new(url, &node.name, between),
        name: node.name.clone(),
    }
}

fn package_url(project_url: &str, name: &str) -> String {
    format!("{project_url}package/{}/", encode(name))
}

fn purpose(purpose: Purpose) -> &'static str {
    match (purpose.build, purpose.run) {
        (true, true) => "to build and to run",
        (false, true) => "to run",
        _ => "to build",
    }
}
