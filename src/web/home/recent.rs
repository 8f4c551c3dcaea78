//! What was built lately: by anybody, and by oneself.

use std::time::Duration;

use askama::Template;
use rocket::{State, get};

use super::super::error::PageError;
use super::super::parts::{BuildRow, Pages, Shape, Shell, Took};
use super::super::view;
use crate::auth::guard::SignedIn;
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::list::Slice;
use crate::ops::{App, pages};

/// Builds on one page.
const SIZE: u32 = 50;
/// How far back everybody's builds are shown.
const EVERYBODYS: Duration = Duration::from_hours(2 * 24);
/// How far back one's own are.
const OWN: Duration = Duration::from_hours(30 * 24);

/// `/recent/`
#[derive(Template)]
#[template(path = "home/recent.html")]
pub struct RecentPage {
    /// The frame.
    pub shell: Shell,
    /// These are the builds of who is looking.
    pub own: bool,
    /// The builds.
    pub builds: Vec<BuildRow>,
    /// Where in their list this is.
    pub pages: Pages,
}

/// What has ended in the last two days.
#[get("/recent/all?<page>")]
pub async fn all(
    app: &State<App>,
    shell: Shell,
    page: Option<&str>,
) -> Result<Page<RecentPage>, PageError> {
    let (number, slice, now) = part(page);
    let since = Timestamp(now.0.saturating_sub_unsigned(EVERYBODYS.as_secs()));
    let (builds, more) = app.store.read(move |db| pages::ended_since(db, since, slice)).await?;
    Ok(Page(RecentPage {
        shell,
        own: false,
        builds: builds.iter().map(|build| view::build_row(build, now)).collect(),
        pages: Pages::open("/recent/", number, more),
    }))
}

/// The same under the shorter address.
#[get("/recent?<page>")]
pub async fn recent(
    app: &State<App>,
    shell: Shell,
    page: Option<&str>,
) -> Result<Page<RecentPage>, PageError> {
    all(app, shell, page).await
}

/// What who is looking has handed in, in the last thirty days.
#[get("/recent/my?<page>")]
pub async fn my(
    app: &State<App>,
    shell: Shell,
    viewer: SignedIn,
    page: Option<&str>,
) -> Result<Page<RecentPage>, PageError> {
    let (number, slice, now) = part(page);
    let since = Timestamp(now.0.saturating_sub_unsigned(OWN.as_secs()));
    let user = viewer.0.id;
    let (builds, more) =
        app.store.read(move |db| pages::submitted_since(db, user, since, slice)).await?;
    Ok(Page(RecentPage {
        shell,
        own: true,
        builds: builds.iter().map(|build| view::build_row(build, now)).collect(),
        pages: Pages::open("/recent/my/", number, more),
    }))
}

fn part(page: Option<&str>) -> (u64, Slice, Timestamp) {
    let number = view::page_number(page);
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    (number, slice, Timestamp::now())
}
