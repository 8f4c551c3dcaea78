//! Repositories whose packages go away: how long they stay, and what can be done about it.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::form::{Confirm, Done, Form};
use super::super::parts::{Moment, Shell, release_title};
use super::super::view;
use super::Frame;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::project::ProjectChroot;
use crate::model::{ChrootName, Owner, ProjectName};
use crate::ops::install::days_until;
use crate::ops::{App, outdated};

/// `/coprs/<owner>/<project>/repositories/`
#[derive(Template)]
#[template(path = "settings/repositories.html")]
pub struct RepositoriesPage {
    /// The frame of all pages.
    pub shell: Shell,
    /// The frame of the settings.
    pub frame: Frame,
    /// The chroots whose packages go away.
    pub chroots: Vec<OutdatedRow>,
    /// For how many days packages stay after an extension; `None`: for ever.
    pub stay: Option<u16>,
}

/// A chroot whose packages go away.
pub struct OutdatedRow {
    /// Release and architecture.
    pub title: String,
    /// Its name.
    pub name: String,
    /// Why.
    pub why: &'static str,
    /// When, and in how many days.
    pub ends: Option<(Moment, i64)>,
    /// It can be put off.
    pub can_extend: bool,
}

impl OutdatedRow {
    /// A chroot, seen from `now`.
    pub fn new(used: &ProjectChroot, now: Timestamp) -> OutdatedRow {
        let name = &used.chroot.name;
        let why = if used.is_enabled() {
            "this server no longer offers it"
        } else {
            "switched off in this project"
        };
        OutdatedRow {
            title: format!("{} {}", release_title(name), name.arch()),
            name: name.to_string(),
            why,
            ends: used.ends_on().map(|at| (Moment::new(at, now), days_until(at).max(0))),
            can_extend: used.is_enabled(),
        }
    }
}

fn address(owner: &Owner, name: &ProjectName) -> String {
    format!("{}repositories/", view::project_url(owner, name))
}

/// The repositories whose packages go away.
#[get("/coprs/<owner>/<name>/repositories")]
pub async fn show(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
) -> Result<Page<RepositoriesPage>, PageError> {
    let read = move |db: &_| outdated::list(db, &user.0, &owner, &name);
    let (head, found) = app.store.read(read).await?;
    let now = Timestamp::now();
    Ok(Page(RepositoriesPage {
        frame: Frame::new(&head, "repositories"),
        chroots: found.iter().map(|used| OutdatedRow::new(used, now)).collect(),
        stay: Some(app.config.cleanup.eol_days).filter(|&days| days > 0),
        shell,
    }))
}

/// Puts the end of a chroot's packages off.
#[post("/coprs/<owner>/<name>/repositories/<chroot>/extend")]
pub async fn extend(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    owner: Owner,
    name: ProjectName,
    chroot: ChrootName,
) -> Result<Done, PageError> {
    let (asked, named) = (owner.to_string(), name.to_string());
    outdated::extend(app, &user.0, (&asked, &named), &chroot).await?;
    Ok(Done::at(address(&owner, &name)).saying(format!("The packages of {chroot} stay longer.")))
}

/// Asks before the packages of a chroot go away at once.
#[get("/coprs/<owner>/<name>/repositories/<chroot>/expire")]
pub async fn ask(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    chroot: ChrootName,
) -> Result<Page<Confirm>, PageError> {
    let back = address(&owner, &name);
    let project = format!("{owner}/{name}");
    let read = move |db: &_| outdated::get(db, &user.0, (&owner, &name), &chroot);
    let found = app.store.read(read).await?;
    let chroot = found.chroot.name;
    Ok(Page(Confirm {
        shell,
        title: format!("Let go of {chroot}?"),
        will_go: vec![format!("all packages and logs of {project} in {chroot}")],
        action: format!("{back}{chroot}/expire/"),
        hidden: Vec::new(),
        button: "Delete them with the next tidying".to_owned(),
        back,
        needs_typing: None,
        form: Form::default(),
    }))
}

/// Has the packages of a chroot go away at once.
#[post("/coprs/<owner>/<name>/repositories/<chroot>/expire")]
pub async fn expire(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    owner: Owner,
    name: ProjectName,
    chroot: ChrootName,
) -> Result<Done, PageError> {
    let (asked, named) = (owner.to_string(), name.to_string());
    outdated::expire(app, &user.0, (&asked, &named), &chroot).await?;
    let text = format!("The packages of {chroot} go away with the next tidying.");
    Ok(Done::at(address(&owner, &name)).saying(text))
}
