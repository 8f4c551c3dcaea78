//! The batches of a project: builds that go together, and what they wait for.

use askama::Template;
use rocket::{State, get};

use super::super::error::PageError;
use super::super::parts::Shell;
use super::Frame;
use crate::auth::guard::SignedIn;
use crate::http::page::Page;
use crate::model::{Owner, ProjectName};
use crate::ops::App;
use crate::ops::builds::batches;
use crate::store::batches::ProjectBatch;

/// `/coprs/<owner>/<project>/batches/`
#[derive(Template)]
#[template(path = "settings/batches.html")]
pub struct BatchesPage {
    /// The frame of all pages.
    pub shell: Shell,
    /// The frame of the settings.
    pub frame: Frame,
    /// The newest batches that the project has builds in.
    pub batches: Vec<ProjectBatch>,
}

/// The newest batches of a project.
#[get("/coprs/<owner>/<name>/batches")]
pub async fn show(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
) -> Result<Page<BatchesPage>, PageError> {
    let read = move |db: &_| batches::of_project(db, &user.0, &owner, &name);
    let (head, batches) = app.store.read(read).await?;
    Ok(Page(BatchesPage { frame: Frame::new(&head, "batches"), batches, shell }))
}
