//! Builds that belong together, and those that wait for them.

use askama::Template;
use rocket::{State, get};

use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::BatchId;
use crate::ops::App;
use crate::ops::builds::batches::{Batch, batch_detail};
use crate::web::error::PageError;
use crate::web::parts::{BuildRow, Shape, Shell, Took};
use crate::web::view;

/// `/batches/detail/<id>/`
#[derive(Template)]
#[template(path = "build/batch.html")]
pub struct BatchPage {
    /// The frame.
    pub shell: Shell,
    /// The batch's number.
    pub id: i64,
    /// The batches that it waits for, the first to be built first; then itself.
    pub chain: Vec<Shown>,
    /// The batches that wait for it.
    pub waiting: Vec<Shown>,
}

/// A batch on the page.
pub struct Shown {
    /// Its number.
    pub id: i64,
    /// "finished", "at work", "waits for batch 7".
    pub standing: String,
    /// Its builds.
    pub builds: Vec<BuildRow>,
    /// It is the one that the page is about.
    pub is_here: bool,
}

/// A batch.
#[get("/batches/detail/<id>")]
pub async fn show(app: &State<App>, shell: Shell, id: i64) -> Result<Page<BatchPage>, PageError> {
    page(app, shell, id).await
}

/// The same at the address that Copr's status pages link to.
#[get("/status/batches/detail/<id>")]
pub async fn status(app: &State<App>, shell: Shell, id: i64) -> Result<Page<BatchPage>, PageError> {
    page(app, shell, id).await
}

async fn page(app: &App, shell: Shell, id: i64) -> Result<Page<BatchPage>, PageError> {
    let found = app.store.read(move |db| batch_detail(db, BatchId(id))).await?;
    let now = Timestamp::now();
    let shown = |batch: &Batch, before: Option<&Batch>| Shown {
        id: batch.id.0,
        standing: match before.filter(|before| !before.is_finished) {
            _ if batch.is_finished => "finished".to_owned(),
            Some(before) => format!("waits for batch {}", before.id.0),
            None => "at work".to_owned(),
        },
        builds: batch.builds.iter().map(|build| view::build_row(build, now)).collect(),
        is_here: batch.id.0 == id,
    };
    let mut chain: Vec<Shown> = Vec::new();
    let mut before = None;
    for batch in &found.chain {
        chain.push(shown(batch, before));
        before = Some(batch);
    }
    let waiting = found.waiting.iter().map(|batch| shown(batch, before)).collect();
    Ok(Page(BatchPage { shell, id, chain, waiting }))
}
