//! The newest projects as a feed, for programs that tell of news.

use askama::Template;
use rocket::http::ContentType;
use rocket::{State, get};

use super::super::error::PageError;
use super::super::{filters, view};
use crate::model::list::Slice;
use crate::ops::{App, pages};

/// Projects in a feed, unless the address says otherwise.
const USUAL: u32 = 200;
/// And at the most.
const MOST: u32 = 1000;

/// `/rss/`
#[derive(Template)]
#[template(path = "home/rss.xml", escape = "html")]
pub struct Feed {
    /// Where this server is reached.
    pub base: String,
    /// The newest projects.
    pub items: Vec<Item>,
}

/// A project in a feed.
pub struct Item {
    /// Its full name.
    pub title: String,
    /// Its page.
    pub link: String,
    /// The beginning of its description.
    pub said: String,
    /// When it was made, as mail has it.
    pub made: String,
}

/// The newest listed projects.
#[get("/rss")]
pub async fn newest(app: &State<App>) -> Result<(ContentType, String), PageError> {
    feed(app, USUAL, false).await
}

/// So many of them.
#[get("/rss/<count>")]
pub async fn some(app: &State<App>, count: u32) -> Result<(ContentType, String), PageError> {
    feed(app, count.min(MOST), false).await
}

/// The newest projects, those that are not listed on the home page as well.
#[get("/rss/all")]
pub async fn all(app: &State<App>) -> Result<(ContentType, String), PageError> {
    feed(app, USUAL, true).await
}

async fn feed(
    app: &State<App>,
    count: u32,
    unlisted: bool,
) -> Result<(ContentType, String), PageError> {
    let slice = Slice::first(count);
    let projects = app.store.read(move |db| pages::newest_projects(db, slice, unlisted)).await?;
    let base = app.config.base_url.to_string();
    let item = |project: &crate::model::project::Project| Item {
        title: project.full_name(),
        link: format!("{base}{}", view::project_url(&project.owner, &project.name)),
        said: filters::excerpt(&project.settings.description),
        made: project.created_on.rfc2822(),
    };
    let feed = Feed { items: projects.iter().map(item).collect(), base };
    let xml = feed.render().map_err(|error| PageError::internal("a feed", &error))?;
    Ok((ContentType::new("application", "rss+xml"), xml))
}
