//! Deleting a project.

use std::path::PathBuf;
use std::time::Duration;

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::filters;
use super::super::form::{Answer, Confirm, Done, Form, Refused};
use super::super::parts::Shell;
use super::super::view;
use super::Frame;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::http::body::Body;
use crate::http::files::size;
use crate::http::page::Page;
use crate::model::{Owner, ProjectName};
use crate::ops::settings::Deletion;
use crate::ops::{App, projects, settings};

/// How long the page counts files.
const PATIENCE: Duration = Duration::from_millis(500);

/// `/coprs/<owner>/<project>/delete/`
#[derive(Template)]
#[template(path = "settings/delete.html")]
pub struct DeletePage {
    /// The frame of all pages.
    pub shell: Shell,
    /// The frame of the settings.
    pub frame: Frame,
    /// The confirmation.
    pub form: Form,
    /// What will be gone.
    pub will_go: Vec<String>,
    /// Why it cannot be deleted now.
    pub hindrance: Option<String>,
}

async fn page(
    app: &App,
    user: &SignedIn,
    shell: Shell,
    (owner, name): (Owner, ProjectName),
    form: Form,
) -> Result<DeletePage, PageError> {
    let viewer = user.0.clone();
    let found = app.store.read(move |db| settings::deletion(db, &viewer, &owner, &name)).await?;
    let data = app.layout().data_dir().to_owned();
    let dirs: Vec<PathBuf> = found.dirs.iter().map(|dir| data.join(dir)).collect();
    let count = move || settings::bytes_below(&dirs, PATIENCE);
    let size = tokio::task::spawn_blocking(count)
        .await
        .map_err(|error| PageError::internal("counting the files of a project", &error))?;
    Ok(DeletePage {
        frame: Frame::new(&found.head, "delete"),
        will_go: will_go(&found, size),
        hindrance: hindrance(&found),
        form,
        shell,
    })
}

fn will_go(found: &Deletion, (bytes, is_all): (u64, bool)) -> Vec<String> {
    let count = |many: u64, one: &str, more: &str| match many {
        1 => format!("1 {one}"),
        _ => format!("{} {more}", filters::in_thousands(many)),
    };
    let head = &found.head;
    let more = if is_all { "" } else { "more than " };
    let mut items = vec![
        count(head.packages.into(), "package", "packages"),
        format!("{} with their logs", count(head.builds.into(), "build", "builds")),
        format!("{more}{} of files in the results tree", size(bytes)),
        "the repositories: dnf on machines that have them enabled will complain".to_owned(),
        "the signing key, settings, permissions and webhooks".to_owned(),
    ];
    if found.dirs.len() > 1 {
        items.insert(2, format!("{} directories beside the main one", found.dirs.len() - 1));
    }
    items
}

fn hindrance(found: &Deletion) -> Option<String> {
    let head = &found.head;
    if head.project.persistent {
        return Some("This project is protected against deletion.".to_owned());
    }
    if !head.rights.delete {
        return Some(format!("Only the owner, {}, may delete it.", head.project.owner));
    }
    let ids: Vec<String> = found.unfinished.iter().take(10).map(ToString::to_string).collect();
    (!ids.is_empty()).then(|| {
        format!("Builds are still under way: {}. Wait for them, or cancel them.", ids.join(", "))
    })
}

/// Says what will go, and asks for the word.
#[get("/coprs/<owner>/<name>/delete")]
pub async fn ask(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
) -> Result<Page<DeletePage>, PageError> {
    let form = Form::new(Confirm::FIELDS);
    Ok(Page(page(app, &user, shell, (owner, name), form).await?))
}

/// Deletes the project.
#[post("/coprs/<owner>/<name>/delete", data = "<body>")]
pub async fn delete(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    body: Body,
) -> Answer<DeletePage> {
    let form = Form::typed(Confirm::FIELDS, &body);
    let (asked, named) = (owner.to_string(), name.to_string());
    let outcome = match Confirm::check("yes", &form) {
        Ok(()) => projects::delete(app, &user.0, &asked, &named).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(gone) => {
            let text = format!("{} is deleted.", gone.project.full_name());
            Ok(Done::at(view::owner_url(&owner)).saying(text))
        }
        Err(error) => {
            let (status, form) = form.refused(error)?;
            Err(Refused::new(status, page(app, &user, shell, (owner, name), form).await?))
        }
    }
}
