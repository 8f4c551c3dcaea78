//! Making a project.

use tokio::sync::{Mutex, MutexGuard};

use super::wish::{active_chroots, delete_after};
use super::{Shown, Wish, missing_group, results_path};
use crate::model::job::{RepoKey, Tidy};
use crate::model::project::{Project, ProjectSettings};
use crate::model::user::User;
use crate::model::{DirName, JobId, Owner, ProjectName};
use crate::ops::authorise::{Action, authorise};
use crate::ops::{App, Error, Mistakes, Result};
use crate::store::projects::NewProject as Row;
use crate::store::{Connection, StoreError, groups, jobs, project_chroots, projects, users};

/// While a project is being deleted its name is free already, but its files are still in place.
/// Whoever wants the name waits here for that moment to pass.
static NAMES: Mutex<()> = Mutex::const_new(());

/// Waits for project names to be settled.
pub(in crate::ops) async fn settled() -> MutexGuard<'static, ()> {
    NAMES.lock().await
}

/// A project to be made.
#[derive(Clone, Debug, Default)]
pub struct NewProject {
    /// Its name.
    pub name: Option<String>,
    /// It can never be deleted.
    pub persistent: bool,
    /// If there is one of that name, it will do.
    pub exist_ok: bool,
    /// Where the packages are stored; there is one place only.
    pub storage: Option<String>,
    /// All else.
    pub wish: Wish,
}

impl NewProject {
    /// A project for the review of a package that is to enter Fedora: built in rawhide, without
    /// network, looked at by fedora-review; for as long as such a review may take.
    pub fn for_review(name: Option<String>) -> NewProject {
        let wish = Wish {
            chroots: Some(vec!["fedora-rawhide-x86_64".to_owned()]),
            unlisted: Some(true),
            enable_net: Some(false),
            fedora_review: Some(true),
            delete_after_days: Some(60),
            ..Wish::default()
        };
        NewProject { name, wish, ..NewProject::default() }
    }
}

enum Outcome {
    Made(Shown, JobId),
    WasThere(Shown),
}

/// Makes a project, and waits until its empty repositories are there.
pub async fn create(app: &App, user: &User, owner: &str, new: NewProject) -> Result<Shown> {
    let (user, owner) = (user.clone(), owner.to_owned());
    let names = settled().await;
    let outcome = app.store.write(move |tx| make(tx, &user, &owner, new)).await?;
    drop(names);
    match outcome {
        Outcome::WasThere(shown) => Ok(shown),
        Outcome::Made(shown, job) => {
            app.wait_for(job).await;
            Ok(shown)
        }
    }
}

fn make(tx: &Connection, user: &User, owner: &str, mut new: NewProject) -> Result<Outcome> {
    let owner = existing_owner(tx, owner)?;
    let mut mistakes = std::mem::take(&mut new.wish.mistakes);
    let name = project_name(new.name.as_deref(), &mut mistakes);
    if let Some(known) = name.as_ref().map(|name| projects::find(tx, &owner, name)).transpose()? {
        if let (true, Some(project)) = (new.exist_ok, known.as_ref()) {
            return Ok(Outcome::WasThere(Shown::new(tx, project.clone())?));
        }
        if let Some(project) = known {
            mistakes.add("name", taken(&project));
        }
    }
    let names = new.wish.chroots.take().unwrap_or_default();
    if names.is_empty() {
        mistakes.add("chroots", "'[]' is not a valid choice for this field.");
    }
    let chroots = active_chroots(tx, &names, &mut mistakes)?;
    let end = delete_after(new.wish.delete_after_days, &mut mistakes);
    if new.persistent && new.wish.delete_after_days.is_some_and(|days| days != 0) {
        mistakes.add("delete_after_days", "'delete after' can not be combined with persistent");
    }
    if new.storage.as_deref().is_some_and(|storage| !matches!(storage, "" | "backend")) {
        mistakes.add("storage", "Not a valid choice.");
    }
    let mut settings = ProjectSettings::default();
    new.wish.apply(tx, &mut settings, &mut mistakes)?;
    mistakes.none()?;
    let Some(name) = name else {
        return Err(Error::internal("checking a project's name", "no mistake was noted"));
    };
    authorise(tx, user, Action::CreateProject(&owner))?;
    if new.persistent {
        authorise(tx, user, Action::SetPersistent)?;
    }
    if !settings.auto_prune {
        authorise(tx, user, Action::DisablePruning)?;
    }
    check_files_are_gone(tx, &owner, &name)?;
    let row = Row {
        owner: &owner,
        name: &name,
        creator: user.id,
        persistent: new.persistent,
        delete_after: end.filter(|_| !new.persistent),
        settings: &settings,
    };
    let gone = || StoreError::Corrupt(format!("{owner}/{name} was added and is not there"));
    let id = projects::insert(tx, &row)?.ok_or_else(gone)?;
    let project = projects::get(tx, id)?.ok_or_else(gone)?;
    let dir = projects::main_dir(tx, &project)?.id;
    let mut repos = Vec::with_capacity(chroots.len());
    for chroot in &chroots {
        project_chroots::enable(tx, id, chroot.id)?;
        repos.push(RepoKey { dir, chroot: chroot.id });
    }
    let job = jobs::queue_tidy(tx, &Tidy { repos, remove: Vec::new() })?;
    Ok(Outcome::Made(Shown::new(tx, project)?, job))
}

/// Whether the name can be used already, when there was such a project before.
pub(in crate::ops) fn check_files_are_gone(
    tx: &Connection,
    owner: &Owner,
    name: &ProjectName,
) -> Result<()> {
    if jobs::removes(tx, &results_path(owner, &DirName::main(name.clone())))? {
        // Its deletion was interrupted by a failing disk or database.
        return Err(Error::Conflict(format!(
            "The files of an earlier project {owner}/{name} are still being deleted. \
             Try again later, or choose another name."
        )));
    }
    Ok(())
}

fn existing_owner(db: &Connection, text: &str) -> Result<Owner> {
    let found = match text.parse::<Owner>() {
        Ok(Owner::User(name)) => users::find(db, &name)?.map(|user| Owner::User(user.name)),
        Ok(Owner::Group(name)) => groups::find(db, &name)?.map(|group| Owner::Group(group.name)),
        Err(_) => None,
    };
    found.ok_or_else(|| match text.strip_prefix('@') {
        Some(group) => missing_group(group),
        None => Error::NotFound(format!("No such user `{text}'")),
    })
}

/// The name that a project is to have; `None`, with a mistake noted, when it is none.
pub(in crate::ops) fn project_name(
    text: Option<&str>,
    mistakes: &mut Mistakes,
) -> Option<ProjectName> {
    let text = text.unwrap_or_default().trim();
    if text.is_empty() {
        if !mistakes.concern("name") {
            mistakes.add("name", "This field is required.");
        }
        return None;
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !text.chars().all(legal) {
        mistakes
            .add("name", "Name must contain only letters, digits, underscores, dashes and dots.");
        return None;
    }
    if text.chars().all(|c| c.is_ascii_digit()) {
        mistakes.add("name", "Project's name can not be just number.");
        return None;
    }
    text.parse().map_err(|error| mistakes.add("name", error)).ok()
}

fn taken(project: &Project) -> String {
    match &project.owner {
        Owner::User(_) => format!("You already have a project named '{}'.", project.name),
        Owner::Group(group) => {
            format!("Group {group} already has a project named '{}'.", project.name)
        }
    }
}
