//! Repositories of all of one's projects whose packages go away.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::form::{Confirm, Done, Form};
use super::super::parts::{Pages, Shell};
use super::super::settings::OutdatedRow;
use super::super::view;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::{ChrootName, Owner, ProjectName};
use crate::ops::outdated::{self, Ending};
use crate::ops::{App, Error};

const HERE: &str = "/user/repositories/";
/// Repositories on one page.
const SIZE: u16 = 50;

/// `/user/repositories/`
#[derive(Template)]
#[template(path = "account/repositories.html")]
pub struct RepositoriesPage {
    /// The frame.
    pub shell: Shell,
    /// The repositories, the next to go first.
    pub rows: Vec<Row>,
    /// How many there are in all.
    pub count: usize,
    /// How many of them can be extended.
    pub extendable: usize,
    /// Where in their list this is.
    pub pages: Pages,
    /// For how many days packages stay after an extension; `None`: for ever.
    pub stay: Option<u16>,
}

/// A repository.
pub struct Row {
    /// `owner/project`.
    pub project: String,
    /// The project's page.
    pub url: String,
    /// Its packages cannot be let go of.
    pub is_persistent: bool,
    /// Which chroot of it, and when it goes.
    pub outdated: OutdatedRow,
}

impl Row {
    fn new(one: &Ending, now: Timestamp) -> Row {
        Row {
            project: one.project.full_name(),
            url: view::project_url(&one.project.owner, &one.project.name),
            is_persistent: one.project.persistent,
            outdated: OutdatedRow::new(&one.used, now),
        }
    }
}

/// The repositories whose packages go away.
#[get("/user/repositories?<page>")]
pub async fn show(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    page: Option<&str>,
) -> Result<Page<RepositoriesPage>, PageError> {
    let found = app.store.read(move |db| outdated::mine(db, &user.0)).await?;
    let (number, now) = (view::page_number(page), Timestamp::now());
    let first = usize::try_from(number - 1).unwrap_or(usize::MAX).saturating_mul(SIZE.into());
    let shown = found.iter().skip(first).take(SIZE.into());
    Ok(Page(RepositoriesPage {
        rows: shown.map(|one| Row::new(one, now)).collect(),
        count: found.len(),
        extendable: found.iter().filter(|one| one.used.is_enabled()).count(),
        pages: Pages::new(HERE, number, SIZE.into(), found.len() as u64),
        stay: Some(app.config.cleanup.eol_days).filter(|&days| days > 0),
        shell,
    }))
}

/// The repository that a request names.
struct Named {
    owner: Owner,
    project: ProjectName,
    chroot: ChrootName,
}

impl Named {
    fn read(project: &str, chroot: &str) -> Result<Named, PageError> {
        let parse = || {
            let (owner, name) = project.split_once('/')?;
            Some(Named {
                owner: owner.parse().ok()?,
                project: name.parse().ok()?,
                chroot: chroot.parse().ok()?,
            })
        };
        let error = || Error::NotFound(format!("There is no repository {project} {chroot} here."));
        Ok(parse().ok_or_else(error)?)
    }

    fn typed(body: &Body) -> Result<Named, PageError> {
        let form = Form::typed(&[], body);
        Named::read(form.value("project"), form.value("chroot"))
    }
}

/// Puts the end of one off.
#[post("/user/repositories/extend", data = "<body>")]
pub async fn extend(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    body: Body,
) -> Result<Done, PageError> {
    let Named { owner, project, chroot } = Named::typed(&body)?;
    outdated::extend(app, &user.0, (&owner.to_string(), project.as_str()), &chroot).await?;
    Ok(Done::at(HERE).saying(format!("The packages of {owner}/{project} in {chroot} stay longer.")))
}

/// Asks before the packages of one go away at once.
#[get("/user/repositories/expire?<project>&<chroot>")]
pub async fn ask(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    project: &str,
    chroot: &str,
) -> Result<Page<Confirm>, PageError> {
    let named = Named::read(project, chroot)?;
    let full_name = format!("{}/{}", named.owner, named.project);
    let read =
        move |db: &_| outdated::get(db, &user.0, (&named.owner, &named.project), &named.chroot);
    let chroot = app.store.read(read).await?.chroot.name;
    let gone = vec![format!("all packages and logs of {full_name} in {chroot}")];
    let hidden = vec![("project".to_owned(), full_name), ("chroot".to_owned(), chroot.to_string())];
    Ok(Page(question(shell, format!("Let go of {chroot}?"), gone, "expire/", hidden)))
}

/// Has the packages of one go away at once.
#[post("/user/repositories/expire", data = "<body>")]
pub async fn expire(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
    body: Body,
) -> Result<Done, PageError> {
    let Named { owner, project, chroot } = Named::typed(&body)?;
    outdated::expire(app, &user.0, (&owner.to_string(), project.as_str()), &chroot).await?;
    let said = format!("The packages of {owner}/{project} in {chroot} go with the next tidying.");
    Ok(Done::at(HERE).saying(said))
}

/// Puts the end of all off.
#[post("/user/repositories/extend-all")]
pub async fn extend_all(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
) -> Result<Done, PageError> {
    let count = outdated::extend_all(app, &user.0).await?;
    Ok(Done::at(HERE).saying(format!("The packages of {} stay longer.", repositories(count))))
}

/// Asks before the packages of all go away at once.
#[get("/user/repositories/expire-all")]
pub async fn ask_all(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
) -> Result<Page<Confirm>, PageError> {
    const SHOWN: usize = 20;
    let mut found = app.store.read(move |db| outdated::mine(db, &user.0)).await?;
    found.retain(|one| !one.project.persistent);
    let named = |one: &Ending| {
        format!("all packages and logs of {} in {}", one.project.full_name(), one.used.chroot.name)
    };
    let mut gone: Vec<String> = found.iter().take(SHOWN).map(named).collect();
    if found.len() > SHOWN {
        gone.push(format!("and those of {}", repositories(found.len() - SHOWN)));
    }
    let title = format!("Let go of {}?", repositories(found.len()));
    Ok(Page(question(shell, title, gone, "expire-all/", Vec::new())))
}

/// Has the packages of all go away at once.
#[post("/user/repositories/expire-all")]
pub async fn expire_all(
    app: &State<App>,
    _here: SameOrigin,
    user: SignedIn,
) -> Result<Done, PageError> {
    let count = outdated::expire_all(app, &user.0).await?;
    let said = format!("The packages of {} go with the next tidying.", repositories(count));
    Ok(Done::at(HERE).saying(said))
}

fn repositories(count: usize) -> String {
    if count == 1 { "1 repository".to_owned() } else { format!("{count} repositories") }
}

fn question(
    shell: Shell,
    title: String,
    will_go: Vec<String>,
    action: &str,
    hidden: Vec<(String, String)>,
) -> Confirm {
    Confirm {
        shell,
        title,
        will_go,
        action: format!("{HERE}{action}"),
        hidden,
        button: "Delete them with the next tidying".to_owned(),
        back: HERE.to_owned(),
        needs_typing: None,
        form: Form::default(),
    }
}
