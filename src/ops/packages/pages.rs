//! What the pages about packages show.

use super::dependencies::{self, Between};
use super::{Shown, With, find, find_dir, show};
use crate::config::Config;
use crate::model::assign;
use crate::model::build::{Build, BuildChroot};
use crate::model::list::Slice;
use crate::model::package::Package;
use crate::model::user::User;
use crate::model::{ChrootName, ChrootState, DirName, Owner, PackageId, ProjectName};
use crate::ops::authorise::{Action, authorise};
use crate::ops::pages::{ProjectHead, head};
use crate::ops::sources::{Offered, offered};
use crate::ops::{Error, Result};
use crate::store::builds::Filter;
use crate::store::monitor::{self, MonitorRow, Stretch};
use crate::store::{
    Connection, build_chroots, builds, deploy_keys, packages, project_chroots, projects,
};

/// How many of its newest builds the pictures of a package show.
const HISTORY: u32 = 60;
/// And in how many chroots, at the most.
const LINES: usize = 3;

/// A page of a project's packages.
pub struct PackageList {
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// The packages with their newest builds, by name.
    pub packages: Vec<Shown>,
    /// How many there are in all of these.
    pub count: u32,
}

/// Reads part of the list of a project's packages, of those whose names hold `text`.
pub fn list(
    db: &Connection,
    (owner, name): (&Owner, &ProjectName),
    text: &str,
    slice: Slice,
    viewer: Option<&User>,
) -> Result<PackageList> {
    let head = head(db, owner, name, viewer)?;
    let project = &head.project;
    let ids = packages::matching(db, project.id, text, slice)?;
    let dir = projects::main_dir(db, project)?;
    let with = With { latest: true, latest_succeeded: false };
    Ok(PackageList {
        packages: show(db, packages::these(db, &ids)?, with, Some(&dir))?,
        count: packages::count_matching(db, project.id, text)?,
        head,
    })
}

/// How many packages the monitor looks at in one go for those in a state.
const MONITOR_REACH: u32 = 1000;

/// Which rows of the monitor are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// All.
    Whatever,
    /// Those with a chroot in this state.
    This(ChrootState),
    /// Those with a chroot that is not finished.
    Unfinished,
    /// Those that were never built in some chroot.
    Missing,
}

/// A page of the monitor.
pub struct MonitorPage {
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// The directory.
    pub dir: DirName,
    /// The chroots.
    pub columns: Vec<ChrootName>,
    /// The rows.
    pub rows: Vec<MonitorRow>,
    /// How many packages there are with such a name.
    pub count: u32,
    /// How many of them come before the first one that was looked at.
    pub offset: u64,
    /// How many were looked at for these rows.
    pub looked_at: u64,
}

/// Reads part of the monitor of a project's directory.
pub fn monitor(
    db: &Connection,
    (owner, name): (&Owner, &ProjectName),
    dir: Option<&str>,
    (text, doing): (&str, Doing),
    (offset, rows): (u64, u32),
    viewer: Option<&User>,
) -> Result<MonitorPage> {
    let head = head(db, owner, name, viewer)?;
    let dir = find_dir(db, &head.project, dir)?;
    let columns: Vec<ChrootName> =
        monitor::columns(db, &dir)?.into_iter().map(|(_, name)| name).collect();
    let most = if doing == Doing::Whatever { rows } else { MONITOR_REACH };
    let stretch = Stretch { text, offset, rows: rows as usize, most };
    let wanted = |row: &MonitorRow| match doing {
        Doing::Whatever => true,
        Doing::This(state) => row.cells.iter().any(|cell| cell.state == state),
        Doing::Unfinished => row.cells.iter().any(|cell| !cell.state.is_finished()),
        Doing::Missing => row.cells.len() < columns.len(),
    };
    let (rows, looked_at) = monitor::part(db, &dir, stretch, wanted)?;
    let count = packages::count_matching(db, head.project.id, text)?;
    Ok(MonitorPage { head, dir: dir.name, columns, rows, count, offset, looked_at })
}

/// A text that changes whenever a build of a project moves on.
pub fn pulse(db: &Connection, owner: &Owner, name: &ProjectName) -> Result<String> {
    let project = projects::find(db, owner, name)?
        .ok_or_else(|| Error::NotFound(format!("There is no project {owner}/{name} here.")))?;
    Ok(monitor::pulse(db, project.id)?)
}

/// What the form of a package needs.
pub struct Editing {
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// The package; `None` for a new one.
    pub package: Option<Package>,
    /// It has a key to clone with.
    pub has_key: bool,
    /// What sources can be chosen from.
    pub offered: Offered,
}

/// Reads what the form of a package needs, for somebody who may change packages.
pub fn editing(
    db: &Connection,
    config: &Config,
    (owner, name): (&Owner, &ProjectName),
    package: Option<&str>,
    user: &User,
) -> Result<Editing> {
    let head = head(db, owner, name, Some(user))?;
    authorise(db, user, Action::EditPackages(&head.project))?;
    let package = package.map(|text| find(db, &head.project, text)).transpose()?;
    let has_key = match &package {
        Some(package) => deploy_keys::get(db, package.id)?.is_some(),
        None => false,
    };
    Ok(Editing { offered: offered(db, config, head.project.id)?, package, has_key, head })
}

/// The package that an address names by its number, as Copr does, or by its name.
pub fn find_to_delete(
    db: &Connection,
    (owner, name): (&Owner, &ProjectName),
    text: &str,
    user: &User,
) -> Result<(ProjectHead, Package, u32)> {
    let head = head(db, owner, name, Some(user))?;
    authorise(db, user, Action::EditPackages(&head.project))?;
    let by_number = match text.parse() {
        Ok(number) => packages::get(db, PackageId(number))?,
        Err(_) => None,
    };
    let package = match by_number.filter(|package| package.project == head.project.id) {
        Some(package) => package,
        None => find(db, &head.project, text)?,
    };
    let count = builds::count_of(db, package.id)?;
    Ok((head, package, count))
}

/// A package with part of its builds.
pub struct PackageDetail {
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// The package.
    pub package: Package,
    /// How many builds it has.
    pub count: u32,
    /// The builds of this page, newest first.
    pub builds: Vec<Build>,
    /// The chroots of the project that the package is built in.
    pub chroots: Vec<ChrootName>,
    /// The newest builds, newest first, for the pictures.
    pub history: Vec<Build>,
    /// The chroots that most of these have.
    pub columns: Vec<ChrootName>,
    /// How many seconds each of these builds took in each of these chroots, where it succeeded.
    pub times: Vec<Vec<Option<u64>>>,
    /// What it needs of its project, and what needs it.
    pub between: Between,
}

/// Reads a package with part of its builds.
pub fn detail(
    db: &Connection,
    (owner, name): (&Owner, &ProjectName),
    package: &str,
    slice: Slice,
    viewer: Option<&User>,
) -> Result<PackageDetail> {
    let head = head(db, owner, name, viewer)?;
    let package = find(db, &head.project, package)?;
    let filter = Filter { package: Some(&package.name), ..Filter::default() };
    let history = builds::list(db, head.project.id, filter, Slice::first(HISTORY))?;
    let enabled = project_chroots::enabled_names(db, head.project.id)?;
    let chroots = assign::chroots(&enabled, &[], &package.chroot_denylist);
    let columns: Vec<ChrootName> = chroots.iter().take(LINES).cloned().collect();
    let mut times = Vec::with_capacity(history.len());
    for build in &history {
        times.push(times_in(&build_chroots::list(db, build.id, Slice::default())?, &columns));
    }
    Ok(PackageDetail {
        count: builds::count_of(db, package.id)?,
        builds: builds::list(db, head.project.id, filter, slice)?,
        chroots,
        history,
        columns,
        times,
        between: dependencies::around(db, package.id)?,
        package,
        head,
    })
}

/// How many seconds a build took in each of these chroots, where it succeeded.
fn times_in(parts: &[BuildChroot], columns: &[ChrootName]) -> Vec<Option<u64>> {
    let time = |name: &ChrootName| {
        let part = parts.iter().find(|part| part.name == *name)?;
        let is_done = part.state == ChrootState::Succeeded;
        let (start, end) = (part.started_on?, part.ended_on?);
        is_done.then(|| end.since(start).as_secs())
    };
    columns.iter().map(time).collect()
}

/// What the form of a rebuild needs.
pub struct Rebuilding {
    /// What all pages of the project show.
    pub head: ProjectHead,
    /// The package; `None` for all.
    pub package: Option<Package>,
    /// The chroots of the project.
    pub chroots: Vec<ChrootName>,
    /// Those among them that the package is built in.
    pub usual: Vec<ChrootName>,
    /// The names of the packages, where there are few enough to choose from.
    pub names: Option<Vec<String>>,
}

/// More packages than these are not listed to choose from.
const FEW: u32 = 200;

/// Reads what the form of a rebuild needs, for somebody who may build.
pub fn rebuilding(
    db: &Connection,
    (owner, name): (&Owner, &ProjectName),
    package: Option<&str>,
    user: &User,
) -> Result<Rebuilding> {
    let head = head(db, owner, name, Some(user))?;
    authorise(db, user, Action::Build(&head.project))?;
    let package = package.map(|text| find(db, &head.project, text)).transpose()?;
    let chroots = project_chroots::enabled_names(db, head.project.id)?;
    let denied = package.as_ref().map_or(&[][..], |package| &package.chroot_denylist);
    let usual = assign::chroots(&chroots, &[], denied);
    let names = if package.is_none() && head.packages <= FEW {
        let named = packages::named(db, head.project.id)?;
        Some(named.into_iter().map(|(_, name)| name).collect())
    } else {
        None
    };
    Ok(Rebuilding { head, package, chroots, usual, names })
}
