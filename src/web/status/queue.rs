//! What waits, what is at work, and which sets of builds are not finished.

use askama::Template;
use rocket::{State, get};

use super::super::error::PageError;
use super::super::filters;
use super::super::parts::{BuildRow, Moment, Pages, Shape, Shell, Took};
use super::super::{parts, view};
use super::Head;
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::build::Build;
use crate::model::{ChrootState, SourceState};
use crate::ops::{self, App, queue};
use crate::store::Connection;
use crate::store::queue::Task;

/// Tasks on one page.
const SIZE: u32 = 50;

/// `/status/pending/`
#[derive(Template)]
#[template(path = "status/pending.html")]
pub struct PendingPage {
    /// The frame.
    pub shell: Shell,
    /// What stands above.
    pub head: Head,
    /// How many of the tasks are in the background.
    pub background: u32,
    /// How many builds run at once.
    pub slots: u16,
    /// What waits, in the order in which it will be taken.
    pub rows: Vec<PendingRow>,
    /// Where in the queue this is.
    pub pages: Pages,
}

/// A task that waits.
pub struct PendingRow {
    /// How many are taken before it, and itself.
    pub position: u32,
    /// The build.
    pub build: BuildRow,
    /// Its chroot, or "source package".
    pub what: String,
    /// It gives way to others.
    pub background: bool,
    /// Since when it waits.
    pub since: Moment,
    /// When it begins, likely.
    pub begins: String,
    /// How long it takes, likely.
    pub takes: String,
}

/// What waits.
#[get("/status?<page>")]
pub async fn status(
    app: &State<App>,
    shell: Shell,
    page: Option<&str>,
) -> Result<Page<PendingPage>, PageError> {
    pending(app, shell, page).await
}

/// The same under its longer address.
#[get("/status/pending?<page>")]
pub async fn pending(
    app: &State<App>,
    shell: Shell,
    page: Option<&str>,
) -> Result<Page<PendingPage>, PageError> {
    let number = view::page_number(page).min(u64::from(queue::HORIZON / SIZE));
    let skip = u32::try_from(number - 1).unwrap_or(0) * SIZE;
    let slots = app.config.runner.slots;
    let read = move |db: &Connection| {
        Ok::<_, ops::Error>((queue::counts(db)?, queue::waiting(db, slots, skip, SIZE)?))
    };
    let (counts, found) = app.store.read(read).await?;
    let now = Timestamp::now();
    let row = |found: &queue::Waiting| PendingRow {
        position: found.position,
        build: view::build_row(&found.build, now),
        what: what(&found.task),
        background: found.task.background,
        since: Moment::new(found.task.queued_on, now),
        begins: match found.begins_in {
            None => "–".into(),
            Some(0..10) => "next".into(),
            Some(seconds) => format!("in about {}", roughly(seconds)),
        },
        takes: found
            .takes
            .map_or_else(|| "–".into(), |seconds| format!("about {}", roughly(seconds))),
    };
    let total = u64::from(counts.waiting).min(queue::HORIZON.into());
    Ok(Page(PendingPage {
        shell,
        head: Head::new("pending", &counts),
        background: counts.background,
        slots,
        rows: found.iter().map(row).collect(),
        pages: Pages::new("/status/pending/", number, SIZE.into(), total),
    }))
}

/// A span as a guess, which has no seconds to spare.
fn roughly(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{}\u{a0}s", seconds.div_ceil(10) * 10),
        60..3600 => format!("{}\u{a0}min", (seconds + 30) / 60),
        _ => format!("{}\u{a0}h {:02}\u{a0}min", seconds / 3600, seconds / 60 % 60),
    }
}

fn what(task: &Task) -> String {
    task.chroot.as_ref().map_or_else(|| "source package".into(), |(_, name)| name.to_string())
}

/// `/status/pending/all/`
#[derive(Template)]
#[template(path = "status/all.html")]
pub struct AllPage {
    /// The frame.
    pub shell: Shell,
    /// What stands above.
    pub head: Head,
    /// What waits, by project and chroot.
    pub rows: Vec<CrowdRow>,
}

/// Tasks of one project that wait for the same.
pub struct CrowdRow {
    /// Whose they are.
    pub owner: String,
    /// The owner's page.
    pub owner_url: String,
    /// The project.
    pub project: String,
    /// Its page.
    pub project_url: String,
    /// The chroot, or "source package".
    pub what: String,
    /// The architecture; empty for source packages.
    pub arch: String,
    /// They give way to others.
    pub background: bool,
    /// How many there are.
    pub count: String,
}

/// What waits, put together by owner, project and chroot.
#[get("/status/pending/all")]
pub async fn all(app: &State<App>, shell: Shell) -> Result<Page<AllPage>, PageError> {
    let read = |db: &Connection| Ok::<_, ops::Error>((queue::counts(db)?, queue::crowds(db)?));
    let (counts, crowds) = app.store.read(read).await?;
    let row = |crowd: &crate::store::queue::Crowd| CrowdRow {
        owner: crowd.owner.to_string(),
        owner_url: view::owner_url(&crowd.owner),
        project: crowd.project.to_string(),
        project_url: view::project_url(&crowd.owner, &crowd.project),
        what: crowd.chroot.as_ref().map_or_else(|| "source package".into(), ToString::to_string),
        arch: crowd.chroot.as_ref().map_or("", |chroot| chroot.arch()).to_owned(),
        background: crowd.background,
        count: filters::in_thousands(crowd.count.into()),
    };
    let rows = crowds.iter().map(row).collect();
    Ok(Page(AllPage { shell, head: Head::new("all", &counts), rows }))
}

/// `/status/running/`
#[derive(Template)]
#[template(path = "status/working.html")]
pub struct WorkingPage {
    /// The frame.
    pub shell: Shell,
    /// What stands above.
    pub head: Head,
    /// The states that are shown: "running".
    pub word: &'static str,
    /// What is at work.
    pub rows: Vec<WorkingRow>,
}

/// A task that is at work.
pub struct WorkingRow {
    /// The build.
    pub build: BuildRow,
    /// Its chroot, or "source package".
    pub what: String,
    /// How far it is.
    pub state: parts::State,
    /// How long it has been at work.
    pub took: Took,
    /// How long it takes, likely.
    pub takes: String,
}

/// Source packages that are being handed on.
#[get("/status/importing")]
pub async fn importing(app: &State<App>, shell: Shell) -> Result<Page<WorkingPage>, PageError> {
    working(app, shell, "importing").await
}

/// Builds that are given a place to work.
#[get("/status/starting")]
pub async fn starting(app: &State<App>, shell: Shell) -> Result<Page<WorkingPage>, PageError> {
    working(app, shell, "starting").await
}

/// Builds that are at work.
#[get("/status/running")]
pub async fn running(app: &State<App>, shell: Shell) -> Result<Page<WorkingPage>, PageError> {
    working(app, shell, "running").await
}

async fn working(
    app: &App,
    shell: Shell,
    word: &'static str,
) -> Result<Page<WorkingPage>, PageError> {
    let read = |db: &Connection| Ok::<_, ops::Error>((queue::counts(db)?, queue::at_work(db)?));
    let (counts, found) = app.store.read(read).await?;
    let now = Timestamp::now();
    let row = |found: &queue::AtWork| WorkingRow {
        build: view::build_row(&found.build, now),
        what: what(&found.task),
        state: state(&found.task, &found.build),
        took: Took::new(found.task.started_on, None, now),
        takes: found
            .takes
            .map_or_else(|| "–".into(), |seconds| format!("about {}", roughly(seconds))),
    };
    let rows: Vec<WorkingRow> =
        found.iter().map(row).filter(|row| shown_as(row.state.word) == word).collect();
    Ok(Page(WorkingPage { shell, head: Head::new(word, &counts), word, rows }))
}

/// Under which of the three words a state is shown. Whatever else the engine has in hand, such as
/// what is built and being published, is running.
fn shown_as(state: &str) -> &'static str {
    match state {
        "importing" => "importing",
        "starting" | "pending" => "starting",
        _ => "running",
    }
}

fn state(task: &Task, build: &Build) -> parts::State {
    match task.chroot {
        Some(_) => task.state.parse::<ChrootState>().map_or(build.state.into(), Into::into),
        None => task.state.parse::<SourceState>().map_or(build.state.into(), Into::into),
    }
}

/// `/status/batches/`
#[derive(Template)]
#[template(path = "status/batches.html")]
pub struct BatchesPage {
    /// The frame.
    pub shell: Shell,
    /// What stands above.
    pub head: Head,
    /// Sets of builds that are not finished.
    pub rows: Vec<BatchRow>,
}

/// A set of builds.
pub struct BatchRow {
    /// Its number.
    pub id: String,
    /// The set that it waits for.
    pub blocked_by: Option<String>,
    /// `owner/project`.
    pub project: String,
    /// The project's page.
    pub project_url: String,
    /// How many of its builds are unfinished.
    pub open: u32,
    /// How many builds it has.
    pub builds: u32,
}

/// Sets of builds that are not finished.
#[get("/status/batches")]
pub async fn batches(app: &State<App>, shell: Shell) -> Result<Page<BatchesPage>, PageError> {
    let read = |db: &Connection| Ok::<_, ops::Error>((queue::counts(db)?, queue::batches(db)?));
    let (counts, found) = app.store.read(read).await?;
    let row = |batch: &crate::store::queue::OpenBatch| BatchRow {
        id: batch.id.to_string(),
        blocked_by: batch.blocked_by.map(|id| id.to_string()),
        project_url: format!("/coprs/{}/", batch.project),
        project: batch.project.clone(),
        open: batch.open,
        builds: batch.builds,
    };
    let rows = found.iter().map(row).collect();
    Ok(Page(BatchesPage { shell, head: Head::new("batches", &counts), rows }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_is_no_more_exact_than_it_can_be() {
        let plain = |seconds| roughly(seconds).replace('\u{a0}', " ");
        assert_eq!(plain(11), "20 s");
        assert_eq!(plain(100), "2 min");
        assert_eq!(plain(3700), "1 h 01 min");
    }

    #[test]
    fn each_state_of_work_has_its_page() {
        assert_eq!(shown_as("starting"), "starting");
        assert_eq!(shown_as("importing"), "importing");
        assert_eq!(shown_as("running"), "running");
    }
}
