//! Builds: looking them up. How they are handed in, canceled and deleted is in the modules below.

mod batch;
pub mod batches;
mod cancel;
mod delete;
mod hooked;
mod options;
pub mod pages;
mod rebuild;
mod repeat;
mod rpms;
mod stored;
mod submit;
mod tree;
mod upload;

use std::collections::BTreeMap;

pub use cancel::cancel;
pub(super) use cancel::forget_upload;
use delete::project_of;
pub use delete::{delete, delete_list, delete_some};
pub(super) use delete::{remove, remove_all, running};
pub(super) use hooked::{Hooked, copy_for, hand_in, place, source_for};
pub(super) use options::Place;
pub use options::Wish;
pub use rebuild::{submit_package, submit_packages};
pub use repeat::{repeat, unbuilt};
pub use rpms::{RpmUpload, submit_rpms};
pub(super) use stored::Stored;
pub use submit::{check, submit_source, submit_urls};
pub use tree::{TreeWish, submit_tree};
pub(super) use upload::file_name;
pub use upload::{UploadedFile, submit_srpm, submit_upload};

use super::listing::Listing;
use super::{App, Error, Result, projects};
use crate::clock::Timestamp;
use crate::model::build::{Build, BuildChroot};
use crate::model::build_config::{BuildConfig, Parts};
use crate::model::list::{ChrootKey, Direction, Slice};
use crate::model::nevra::Nevra;
use crate::model::{BuildId, BuildState, ChrootName, PackageName};
use crate::store::builds::Filter;
use crate::store::{
    Connection, StoreError, build_chroots, builds, chroots, project_chroots,
    projects as project_rows,
};

fn missing(id: BuildId) -> Error {
    Error::NotFound(format!("Build {id} does not exist."))
}

/// The number of a build out of its text; what is no number, or a larger one than there can be, is
/// the number of nothing.
pub fn number(text: &str) -> Result<BuildId> {
    text.parse().map_err(|_| Error::NotFound(format!("Build {text} does not exist.")))
}

fn find(db: &Connection, id: BuildId) -> Result<Build> {
    builds::get(db, id)?.ok_or_else(|| missing(id))
}

/// One build.
pub async fn get(app: &App, id: BuildId) -> Result<Build> {
    app.store.look_up(move |db| find(db, id)).await
}

/// A project's builds, newest first, perhaps of one package or in one state only. Names of no
/// package and of no state fit nothing.
pub async fn list(
    app: &App,
    (owner, project): (&str, &str),
    package: Option<&str>,
    state: Option<&str>,
    slice: Slice,
) -> Result<Listing<Build, BuildId>> {
    let (owner, project) = (owner.to_owned(), project.to_owned());
    let package = package.map(str::parse::<PackageName>).transpose();
    let state = state.map(str::parse::<BuildState>).transpose();
    app.store
        .read(move |db| {
            let project = projects::find(db, &owner, &project)?;
            let (Ok(package), Ok(state)) = (package, state) else { return Ok(Listing::empty()) };
            let filter = Filter { package: package.as_ref(), state, dir: None };
            let ids = builds::ids(db, project.id, filter, slice)?;
            Listing::read(ids, |ids| Ok(builds::these(db, ids)?))
        })
        .await
}

/// The builds with these numbers, as a [`Listing`] has them.
pub async fn these(app: &App, ids: Vec<BuildId>) -> Result<Vec<Build>> {
    app.store.read(move |db| Ok(builds::these(db, &ids)?)).await
}

/// The chroots of a build, all of them; none for a build that is not there.
pub async fn chroots(
    app: &App,
    id: BuildId,
    order: (ChrootKey, Direction),
) -> Result<Option<(Build, Vec<BuildChroot>)>> {
    app.store
        .look_up(move |db| {
            let Some(build) = builds::get(db, id)? else { return Ok(None) };
            let mut chroots = build_chroots::list(db, id, Slice::default())?;
            put_in_order(&mut chroots, order);
            Ok(Some((build, chroots)))
        })
        .await
}

/// Orders what has been read in the order of the numbers, and leaves it so where all else is equal.
fn put_in_order(chroots: &mut [BuildChroot], (key, direction): (ChrootKey, Direction)) {
    let time = |time: Option<Timestamp>| time.map_or(i64::MAX, |time| time.0);
    match key {
        ChrootKey::Id => {}
        ChrootKey::Status => chroots.sort_by_key(|chroot| chroot.state.number()),
        ChrootKey::StartedOn => chroots.sort_by_key(|chroot| time(chroot.started_on)),
        ChrootKey::EndedOn => chroots.sort_by_key(|chroot| time(chroot.ended_on)),
        ChrootKey::ResultDir => chroots
            .sort_by_cached_key(|chroot| (chroot.result_dir.is_none(), chroot.result_dir.clone())),
    }
    if direction == Direction::Descending {
        chroots.reverse();
    }
}

fn find_chroot(db: &Connection, id: BuildId, name: &str) -> Result<(Build, BuildChroot)> {
    let build = find(db, id)?;
    let known = match name.parse::<ChrootName>() {
        Ok(name) => chroots::find(db, &name)?,
        Err(_) => return Err(Error::NotFound("Chroot identification is not valid".to_owned())),
    };
    let Some(known) = known else {
        return Err(Error::NotFound(format!("Chroot {name} does not exist")));
    };
    let chroot = build_chroots::find(db, id, &known.name)?.ok_or_else(|| {
        Error::NotFound(format!("Build {id} was not submitted to {name} chroot."))
    })?;
    Ok((build, chroot))
}

/// One chroot of a build.
pub async fn chroot(app: &App, id: BuildId, name: &str) -> Result<(Build, BuildChroot)> {
    let name = name.to_owned();
    app.store.look_up(move |db| find_chroot(db, id, &name)).await
}

/// The packages that a build made in one chroot.
pub async fn chroot_packages(app: &App, id: BuildId, name: &str) -> Result<Vec<Nevra>> {
    let name = name.to_owned();
    app.store
        .look_up(move |db| {
            let (_, chroot) = find_chroot(db, id, &name)?;
            Ok(build_chroots::packages(db, chroot.id)?)
        })
        .await
}

/// The packages that a build made, by chroot. One look-up by index for each chroot.
pub async fn packages(app: &App, id: BuildId) -> Result<BTreeMap<String, Vec<Nevra>>> {
    app.store
        .look_up(move |db| {
            find(db, id)?;
            let mut made = BTreeMap::new();
            for chroot in build_chroots::list(db, id, Slice::default())? {
                made.insert(chroot.name.to_string(), build_chroots::packages(db, chroot.id)?);
            }
            Ok(made)
        })
        .await
}

/// What a build is configured with in one chroot.
pub async fn config(app: &App, id: BuildId, name: &str) -> Result<(Build, BuildConfig)> {
    let (name, layout) = (name.to_owned(), app.layout());
    app.store
        .look_up(move |db| {
            let (build, chroot) = find_chroot(db, id, &name)?;
            let gone = || StoreError::Corrupt(format!("build {id} belongs to no project"));
            let project = project_rows::get(db, build.project_id)?.ok_or_else(gone)?;
            let used = project_chroots::find(db, project.id, &chroot.name)?
                .filter(crate::model::project::ProjectChroot::is_enabled);
            let parts = Parts {
                project: &project,
                dir: &build.dir,
                chroot: &chroot.name,
                settings: used.as_ref().map(|used| &used.settings),
                options: Some(&build.options),
                url: &|owner, dir, chroot| layout.chroot_url(owner, dir, chroot),
            };
            let config = BuildConfig::new(&parts, |owner, name| hotfixes(db, owner, name))?;
            Ok((build, config))
        })
        .await
}

/// Whether a project's packages may replace those of modules; `None` when it is not there.
pub(super) fn hotfixes(
    db: &Connection,
    owner: &crate::model::Owner,
    name: &crate::model::ProjectName,
) -> Result<Option<bool>, StoreError> {
    Ok(project_rows::find(db, owner, name)?.map(|project| project.settings.module_hotfixes))
}
