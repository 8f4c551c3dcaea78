//! The home page: the newest projects, one's own, and what is going on.

use askama::Template;
use rocket::{State, get};

use super::super::charts::{Series, Spark, Unit};
use super::super::error::PageError;
use super::super::filters;
use super::super::parts::{BuildRow, Pages, ProjectRow, Shape, Shell, Step};
use super::super::view;
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::list::Slice;
use crate::ops::statistics::QueueHistory;
use crate::ops::{App, pages};

/// Projects on one page.
const SIZE: u32 = 20;

/// `/`
#[derive(Template)]
#[template(path = "home/index.html")]
pub struct HomePage {
    /// The frame.
    pub shell: Shell,
    /// The newest projects.
    pub projects: Vec<ProjectRow>,
    /// Where in the list of projects this is.
    pub pages: Pages,
    /// The projects that the viewer has pinned, or else those in which the viewer has built last.
    pub own: Vec<ProjectRow>,
    /// The former.
    pub is_pinned: bool,
    /// The newest builds.
    pub latest: Vec<BuildRow>,
    /// How many there are of what.
    pub counts: Counts,
    /// What to do while there is nothing.
    pub first_steps: Vec<Step>,
}

/// How many there are of what.
pub struct Counts {
    /// Projects.
    pub projects: String,
    /// Builds.
    pub builds: String,
    /// Jobs at work.
    pub running: String,
    /// How many can be at work at once.
    pub slots: String,
    /// Jobs in the queue.
    pub waiting: String,
    /// How many were at work in the last day.
    pub working: Option<Spark>,
    /// How many were waiting in the last day.
    pub queue: Option<Spark>,
}

/// The home page.
#[get("/?<page>")]
pub async fn index(
    app: &State<App>,
    shell: Shell,
    page: Option<&str>,
) -> Result<Page<HomePage>, PageError> {
    show(app, shell, view::page_number(page)).await
}

/// The same under Copr's other address for it.
#[get("/coprs?<page>")]
pub async fn coprs(
    app: &State<App>,
    shell: Shell,
    page: Option<&str>,
) -> Result<Page<HomePage>, PageError> {
    show(app, shell, view::page_number(page)).await
}

/// And under Copr's addresses for its further pages.
#[get("/coprs/<number>")]
pub async fn numbered(
    app: &State<App>,
    shell: Shell,
    number: u32,
) -> Result<Page<HomePage>, PageError> {
    show(app, shell, u64::from(number).clamp(1, 1_000_000)).await
}

async fn show(app: &State<App>, shell: Shell, number: u64) -> Result<Page<HomePage>, PageError> {
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let now = Timestamp::now();
    let viewer = shell.viewer.clone();
    let home = app.store.read(move |db| pages::home(db, slice, viewer.as_ref(), now)).await?;
    let (working, queue) = sparks(&home.history);
    Ok(Page(HomePage {
        projects: home.projects.iter().map(|card| view::project_row(card, now)).collect(),
        pages: Pages::open("/", number, home.more),
        own: home.own.iter().map(|card| view::project_row(card, now)).collect(),
        is_pinned: home.is_pinned,
        latest: home.latest.iter().map(|build| view::build_row(build, now)).collect(),
        counts: Counts {
            projects: filters::in_thousands(home.project_count.into()),
            builds: filters::in_thousands(home.build_count),
            running: filters::in_thousands(home.running.into()),
            slots: filters::in_thousands(u64::from(app.config.runner.slots)),
            waiting: filters::in_thousands(home.queued.into()),
            working,
            queue,
        },
        first_steps: view::first_steps(shell.viewer.as_ref(), home.any_chroot.as_ref()),
        shell,
    }))
}

/// The last day as two lines; none where nothing went on.
fn sparks(history: &QueueHistory) -> (Option<Spark>, Option<Spark>) {
    let draw = |name, tone, values| {
        let title = format!("Builds {name} in the last 24 hours");
        Spark::draw(&title, Unit::Count, &Series { name, tone, values })
    };
    (draw("at work", "busy", &history.working), draw("waiting", "still", &history.waiting))
}
