//! The matrix of packages and chroots.

use askama::Template;
use rocket::{State as Managed, get};

use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::{ChrootName, ChrootState, Owner, ProjectName};
use crate::ops::App;
use crate::ops::packages::pages::{self, Doing, MonitorPage as Found};
use crate::store::monitor::{MonitorCell, MonitorRow};
use crate::web::error::PageError;
use crate::web::parts::{Masthead, Shape, Shell, State, Step, release_title};
use crate::web::session::encode;
use crate::web::view;

/// Packages on one page.
const SIZE: u32 = 100;

/// What rows can be filtered by, in the order of the page.
const FILTERS: [(&str, &str, Doing); 6] = [
    ("", "all", Doing::Whatever),
    ("failed", "failed", Doing::This(ChrootState::Failed)),
    ("unfinished", "under way", Doing::Unfinished),
    ("succeeded", "succeeded", Doing::This(ChrootState::Succeeded)),
    ("canceled", "canceled", Doing::This(ChrootState::Canceled)),
    ("missing", "never built somewhere", Doing::Missing),
];

/// `/coprs/<owner>/<project>/monitor/`
#[derive(Template)]
#[template(path = "monitor/matrix.html")]
pub struct MatrixPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// Cells say more than the state.
    pub is_detailed: bool,
    /// The same page in the other way.
    pub other_url: String,
    /// The chroots.
    pub columns: Vec<Column>,
    /// The packages.
    pub rows: Vec<Row>,
    /// What package names are to hold.
    pub query: String,
    /// The filter that is on.
    pub doing: &'static str,
    /// The filters.
    pub filters: Vec<Filter>,
    /// The directory, unless it is the main one.
    pub dir: String,
    /// Where this page of the list begins and ends.
    pub position: String,
    /// The page before.
    pub back: Option<String>,
    /// The next page.
    pub further: Option<String>,
    /// What the shapes mean.
    pub legend: Vec<State>,
    /// What to do while there is nothing.
    pub first_steps: Vec<Step>,
}

/// A chroot.
pub struct Column {
    /// Its release.
    pub title: String,
    /// Its architecture.
    pub arch: String,
}

/// A package.
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its page.
    pub url: String,
    /// Its newest build in each chroot.
    pub cells: Vec<Option<Cell>>,
}

/// The newest build of a package in a chroot.
pub struct Cell {
    /// How it is doing.
    pub state: State,
    /// The build, at the log of this chroot.
    pub url: String,
    /// Its number.
    pub build: i64,
    /// The version.
    pub version: String,
}

/// A filter to choose.
pub struct Filter {
    /// What it is called.
    pub title: &'static str,
    /// The page with it on.
    pub url: String,
    /// It is on.
    pub is_on: bool,
}

/// What the address says besides.
#[derive(rocket::FromForm)]
pub struct Asked<'r> {
    q: Option<&'r str>,
    state: Option<&'r str>,
    from: Option<&'r str>,
    dirname: Option<&'r str>,
}

/// The monitor as it opens.
#[get("/coprs/<owner>/<name>/monitor?<asked..>")]
pub async fn usual(
    app: &Managed<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    asked: Asked<'_>,
) -> Result<Page<MatrixPage>, PageError> {
    show(app, shell, (owner, name), false, asked).await
}

/// The states alone.
#[get("/coprs/<owner>/<name>/monitor/simple?<asked..>")]
pub async fn simple(
    app: &Managed<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    asked: Asked<'_>,
) -> Result<Page<MatrixPage>, PageError> {
    show(app, shell, (owner, name), false, asked).await
}

/// The builds and their versions, too.
#[get("/coprs/<owner>/<name>/monitor/detailed?<asked..>")]
pub async fn detailed(
    app: &Managed<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    asked: Asked<'_>,
) -> Result<Page<MatrixPage>, PageError> {
    show(app, shell, (owner, name), true, asked).await
}

async fn show(
    app: &App,
    shell: Shell,
    (owner, name): (Owner, ProjectName),
    is_detailed: bool,
    asked: Asked<'_>,
) -> Result<Page<MatrixPage>, PageError> {
    let query = asked.q.unwrap_or_default().trim().to_owned();
    let (doing, _, wanted) = filter(asked.state);
    let offset = asked.from.and_then(|text| text.parse().ok()).unwrap_or(0).min(1 << 40);
    let dir = asked.dirname.filter(|dir| !dir.is_empty()).map(str::to_owned);
    let (text, viewer) = (query.clone(), shell.viewer.clone());
    let found = app
        .store
        .read(move |db| {
            let (wanted, part) = ((text.as_str(), wanted), (offset, SIZE));
            pages::monitor(db, (&owner, &name), dir.as_deref(), wanted, part, viewer.as_ref())
        })
        .await?;
    let way = if is_detailed { "detailed" } else { "simple" };
    Ok(Page(page(shell, &found, way, &query, doing)))
}

/// The filter of this name; all, if there is none.
fn filter(name: Option<&str>) -> (&'static str, &'static str, Doing) {
    let found = FILTERS.iter().find(|(known, ..)| Some(*known) == name);
    *found.unwrap_or(&FILTERS[0])
}

fn page(
    shell: Shell,
    found: &Found,
    way: &'static str,
    query: &str,
    doing: &'static str,
) -> MatrixPage {
    let now = Timestamp::now();
    let project = &found.head.project;
    let project_url = view::project_url(&project.owner, &project.name);
    let dir = if found.dir.is_main() { String::new() } else { found.dir.to_string() };
    let link =
        |way: &str, doing: &str, from: u64| address(&project_url, way, (query, doing, &dir), from);
    let end = found.offset + found.looked_at;
    let count = u64::from(found.count);
    let other = if way == "detailed" { "simple" } else { "detailed" };
    let position = if found.rows.is_empty() {
        String::new()
    } else {
        format!("packages {} to {} of {}", found.offset + 1, end, found.count)
    };
    let columns = by_release(&found.columns);
    MatrixPage {
        head: view::masthead(&found.head, "monitor", now),
        is_detailed: way == "detailed",
        other_url: link(other, doing, found.offset),
        columns: columns.iter().map(|name| column(name)).collect(),
        rows: found.rows.iter().map(|one| row(&project_url, &columns, one)).collect(),
        query: query.to_owned(),
        doing,
        filters: FILTERS
            .iter()
            .map(|(name, title, _)| Filter {
                title,
                url: link(way, name, 0),
                is_on: *name == doing,
            })
            .collect(),
        position,
        back: (found.offset > 0)
            .then(|| link(way, doing, found.offset.saturating_sub(SIZE.into()))),
        further: (end < count).then(|| link(way, doing, end)),
        legend: ChrootState::ALL.iter().map(|state| State::from(*state)).collect(),
        first_steps: vec![view::build_step(&project.full_name())],
        dir,
        shell,
    }
}

/// The address of a part of the monitor.
fn address(project_url: &str, way: &str, said: (&str, &str, &str), from: u64) -> String {
    let (query, doing, dir) = said;
    let from = if from == 0 { String::new() } else { from.to_string() };
    let mut address = format!("{project_url}monitor/{way}");
    let fields = [("q", query), ("state", doing), ("dirname", dir), ("from", &from)];
    let mut mark = '?';
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        address += &format!("{mark}{name}={}", encode(value));
        mark = '&';
    }
    address
}

fn column(name: &ChrootName) -> Column {
    Column { title: release_title(name), arch: name.arch().to_owned() }
}

/// Chroots with those of a release side by side, in the order in which each release first comes.
fn by_release(chroots: &[ChrootName]) -> Vec<&ChrootName> {
    let first = |name: &ChrootName| {
        chroots.iter().position(|other| other.name_release() == name.name_release())
    };
    let mut sorted: Vec<&ChrootName> = chroots.iter().collect();
    sorted.sort_by_key(|name| first(name));
    sorted
}

fn row(project_url: &str, columns: &[&ChrootName], row: &MonitorRow) -> Row {
    let cell = |chroot: &ChrootName| row.cells.iter().find(|cell| cell.chroot == *chroot);
    Row {
        url: view::package_url(project_url, &row.package),
        name: row.package.clone(),
        cells: columns
            .iter()
            .map(|chroot| cell(chroot).map(|found| show_cell(project_url, found)))
            .collect(),
    }
}

fn show_cell(project_url: &str, cell: &MonitorCell) -> Cell {
    Cell {
        state: cell.state.into(),
        url: format!("{project_url}build/{}/?log={}#log", cell.build, encode(cell.chroot.as_str())),
        build: cell.build.0,
        version: cell.version.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_only_what_differs() {
        let link = |said, from| address("/coprs/a/b/", "simple", said, from);
        assert_eq!(link(("", "", ""), 0), "/coprs/a/b/monitor/simple");
        assert_eq!(
            link(("g++", "failed", "b:pr:1"), 100),
            "/coprs/a/b/monitor/simple?q=g%2B%2B&state=failed&dirname=b:pr:1&from=100"
        );
    }

    #[test]
    fn the_chroots_of_a_release_stand_side_by_side() {
        let names: Vec<ChrootName> = ["f-1-x86_64", "f-2-x86_64", "f-1-i386"]
            .iter()
            .map(|name| name.parse().unwrap())
            .collect();
        let sorted: Vec<&str> = by_release(&names).iter().map(|name| name.as_str()).collect();
        assert_eq!(sorted, ["f-1-x86_64", "f-1-i386", "f-2-x86_64"]);
    }

    #[test]
    fn a_filter_that_there_is_none_of_is_none() {
        assert_eq!(filter(Some("failed")).2, Doing::This(ChrootState::Failed));
        assert_eq!(filter(Some("junk")).2, Doing::Whatever);
        assert_eq!(filter(None).2, Doing::Whatever);
    }
}
