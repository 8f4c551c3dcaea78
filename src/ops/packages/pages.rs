//! What the pages about packages show.

use super::{Shown, With, find_dir, show};
use crate::model::list::Slice;
use crate::model::user::User;
use crate::model::{ChrootName, ChrootState, DirName, Owner, ProjectName};
use crate::ops::pages::{ProjectHead, head};
use crate::ops::{Error, Result};
use crate::store::monitor::{self, MonitorRow, Stretch};
use crate::store::{Connection, packages, projects};

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
