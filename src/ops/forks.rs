//! Forks: a copy of a project with the newest build of each package.
//!
//! All rows are there when the request is answered. The files follow: the runner copies them,
//! signs the packages with the fork's own key and publishes them.

use super::authorise::{Action, authorise};
use super::pages::{self, ProjectCard, ProjectHead};
use super::projects::{self, Shown};
use super::{App, Error, Mistakes, PATIENCE, Result};
use crate::model::job::{RepoKey, Tidy};
use crate::model::list::Slice;
use crate::model::project::{Comps, Project, ProjectSettings};
use crate::model::user::User;
use crate::model::{DirId, Owner, ProjectName};
use crate::repo::layout::result_dir_name;
use crate::store::forks::{Latest, Target};
use crate::store::projects::NewProject as Row;
use crate::store::{
    Connection, StoreError, forks, groups, jobs, packages, project_chroots,
    projects as project_rows,
};

/// More packages than this are forked by admins only.
const MOST: u32 = 1000;

/// A fork to be made.
#[derive(Clone, Debug, Default)]
pub struct NewFork {
    /// Its name.
    pub name: Option<String>,
    /// Whose it is to be: the caller's, or a group's that the caller belongs to.
    pub owner: Option<String>,
    /// If there is a project of that name, packages and builds are added to it.
    pub confirm: bool,
    /// What was wrong already when the request was read.
    pub mistakes: Mistakes,
}

/// Forks a project, and waits for the files of a small one.
pub async fn fork(
    app: &App,
    user: &User,
    (owner, project): (&str, &str),
    new: NewFork,
) -> Result<Shown> {
    let (user, owner, project) = (user.clone(), owner.to_owned(), project.to_owned());
    let names = projects::settled().await;
    let (shown, dir) = app.store.write(move |tx| make(tx, &user, (&owner, &project), new)).await?;
    drop(names);
    if app.config.runner.slots > 0 {
        let id = shown.project.id;
        let is_done = || async {
            let filling = app.store.read(move |db| {
                Ok::<_, StoreError>(forks::is_filling(db, id)? || jobs::renews(db, dir)?)
            });
            // An error here will be met again, and told, by whatever comes next.
            !filling.await.unwrap_or(false)
        };
        app.runner.wait_until(PATIENCE, is_done).await;
    }
    Ok(shown)
}

/// The forks of a project.
pub struct Forks {
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// They themselves, newest first.
    pub forks: Vec<ProjectCard>,
    /// There are older ones.
    pub more: bool,
}

/// Reads part of the list of a project's forks.
pub fn list(
    db: &Connection,
    (owner, name): (&Owner, &ProjectName),
    viewer: Option<&User>,
    slice: Slice,
) -> Result<Forks> {
    let head = pages::head(db, owner, name, viewer)?;
    let ids = forks::of(db, head.project.id, pages::one_more(slice))?;
    let mut found = project_rows::these(db, &ids)?;
    let more = pages::cut(&mut found, slice);
    Ok(Forks { head, forks: pages::cards(db, found)?, more })
}

/// Whether a fork under this name would be added to a project that is there already.
pub fn is_taken(db: &Connection, owner: &str, name: &str) -> Result<bool> {
    Ok(match (owner.parse(), name.parse()) {
        (Ok(owner), Ok(name)) => project_rows::find(db, &owner, &name)?.is_some(),
        _ => false,
    })
}

/// Whether files of a project's builds are still being copied from another.
pub async fn is_filling(app: &App, project: &Project) -> Result<bool> {
    let id = project.id;
    Ok(app.store.read(move |db| forks::is_filling(db, id)).await?)
}

fn make(
    tx: &Connection,
    user: &User,
    (owner, project): (&str, &str),
    new: NewFork,
) -> Result<(Shown, DirId)> {
    let original = projects::find(tx, owner, project)?;
    let (owner, name) = names(tx, user, &original, new.clone())?;
    let known = project_rows::find(tx, &owner, &name)?;
    if known.is_some() && !new.confirm {
        return Err(Error::Invalid(vec![
            format!("You are about to fork into existing project: {name}"),
            "Please use --confirm if you really want to do this".to_owned(),
        ]));
    }
    if known.as_ref().is_some_and(|known| known.id == original.id) {
        return Err(Error::invalid("Source project should not be same as destination"));
    }
    let count = packages::count(tx, original.id)?;
    if count > MOST && !user.admin {
        return Err(Error::Denied(format!(
            "Only an admin of this server may fork projects with more than {MOST} packages, and \
             {} has {count}.",
            original.full_name()
        )));
    }
    let is_new = known.is_none();
    let fork = match known {
        Some(known) => known,
        None => insert(tx, user, &original, (&owner, &name))?,
    };
    let dir = project_rows::main_dir(tx, &fork)?.id;
    let target = Target { project: &fork, dir, is_new };
    take_builds(tx, &original, target)?;
    let repos: Vec<RepoKey> = project_chroots::list(tx, fork.id)?
        .iter()
        .filter(|used| used.is_enabled() && used.chroot.active)
        .map(|used| RepoKey { dir, chroot: used.chroot.id })
        .collect();
    if is_new && !repos.is_empty() {
        // Empty repositories at once, so that dnf finds something while the files are copied.
        jobs::queue_tidy(tx, &Tidy { repos, remove: Vec::new() })?;
    }
    Ok((Shown::new(tx, fork)?, dir))
}

/// Owner and name of the fork, when the caller may have a project there.
fn names(
    tx: &Connection,
    user: &User,
    original: &Project,
    new: NewFork,
) -> Result<(Owner, ProjectName)> {
    let mut mistakes = new.mistakes;
    let name = projects::project_name(new.name.as_deref(), &mut mistakes);
    let owner = match new.owner.as_deref().map(str::trim).filter(|owner| !owner.is_empty()) {
        None => {
            mistakes.add("ownername", "This field is required.");
            None
        }
        Some(text) => {
            let owner = own(tx, user, text)?;
            if owner.is_none() {
                mistakes.add(
                    "ownername",
                    format!(
                        "Not a valid choice. {} can be forked for you or for a group that you \
                         belong to.",
                        original.full_name()
                    ),
                );
            }
            owner
        }
    };
    mistakes.none()?;
    owner.zip(name).ok_or_else(|| Error::internal("checking a fork", "no mistake was noted"))
}

/// The owner of this name, if that is the user or one of the user's groups.
fn own(db: &Connection, user: &User, text: &str) -> Result<Option<Owner>> {
    Ok(match text.parse::<Owner>() {
        Ok(Owner::User(name)) if name == user.name => Some(Owner::User(name)),
        Ok(Owner::Group(name)) if groups::is_member(db, &name, user.id)? => {
            Some(Owner::Group(name))
        }
        _ => None,
    })
}

/// Makes the fork with its chroots, but without packages.
fn insert(
    tx: &Connection,
    user: &User,
    original: &Project,
    (owner, name): (&Owner, &ProjectName),
) -> Result<Project> {
    authorise(tx, user, Action::CreateProject(owner))?;
    projects::check_files_are_gone(tx, owner, name)?;
    let settings = ProjectSettings { auto_prune: true, contact: None, ..original.settings.clone() };
    let row = Row {
        owner,
        name,
        creator: user.id,
        persistent: false,
        delete_after: original.delete_after,
        settings: &settings,
    };
    let gone = || StoreError::Corrupt(format!("{owner}/{name} was added and is not there"));
    let id = project_rows::insert(tx, &row)?.ok_or_else(gone)?;
    forks::set_original(tx, id, original.id)?;
    for used in project_chroots::list(tx, original.id)? {
        if !used.is_enabled() || !used.chroot.active {
            continue;
        }
        let chroot = used.chroot.id;
        project_chroots::enable(tx, id, chroot)?;
        project_chroots::update(tx, id, chroot, &used.settings)?;
        if let Some(name) = used.settings.comps_name
            && let Some(text) = project_chroots::comps(tx, original.id, chroot)?
        {
            project_chroots::set_comps(tx, id, chroot, Some(&Comps { name, text }))?;
        }
    }
    Ok(project_rows::get(tx, id)?.ok_or_else(gone)?)
}

/// Adds the packages, and the newest build of each in each chroot.
fn take_builds(tx: &Connection, original: &Project, target: Target<'_>) -> Result<()> {
    forks::take_packages(tx, original.id, target.project.id)?;
    let dir = project_rows::main_dir(tx, original)?.id;
    let latest = forks::latest(tx, (original.id, dir), target.project.id)?;
    for parts in latest.chunk_by(|one, next| one.build == next.build) {
        let Some(Latest { build, package, .. }) = parts.first() else { continue };
        let ids: Vec<_> = parts.iter().map(|latest| latest.part).collect();
        forks::take_build(tx, *build, &ids, target, |id| result_dir_name(id, package))?;
    }
    Ok(())
}
