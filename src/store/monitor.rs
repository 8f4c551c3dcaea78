//! The monitor: how the newest build of each package is doing, chroot by chroot.

use rusqlite::{CachedStatement, Connection, params};

use super::{Result, packages};
use crate::model::list::Slice;
use crate::model::project::Dir;
use crate::model::{BuildId, ChrootId, ChrootName, ChrootState, PackageId, ProjectId};

/// A package of the monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorRow {
    /// The package's name.
    pub package: String,
    /// Its chroots, in the order in which the server got them.
    pub cells: Vec<MonitorCell>,
}

/// The newest build of a package in a chroot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorCell {
    /// The chroot's name.
    pub chroot: ChrootName,
    /// How far the chroot is.
    pub state: ChrootState,
    /// The build.
    pub build: BuildId,
    /// The version it is a build of.
    pub version: Option<String>,
    /// Where its results are.
    pub result_dir: Option<String>,
}

/// The newest build of each package of a directory, in each chroot that its project has switched
/// on; by package name, without those that were never built. From indexes: a few steps for each
/// package whose newest build has every chroot, and as many as it has builds for one that was
/// never built in some chroot.
pub fn of_dir(db: &Connection, dir: &Dir) -> Result<Vec<MonitorRow>> {
    let columns = columns(db, dir)?;
    let mut packages = db.prepare_cached(
        "SELECT id, name FROM packages WHERE project_id = ?1 ORDER BY name LIMIT 10000000",
    )?;
    let mut search = Search::new(db)?;
    let mut found = Vec::new();
    let mut rows = packages.query([dir.project])?;
    while let Some(row) = rows.next()? {
        let cells = search.cells(&columns, dir, row.get(0)?)?;
        if !cells.is_empty() {
            found.push(MonitorRow { package: row.get(1)?, cells });
        }
    }
    Ok(found)
}

/// The chroots that a project has switched on, in the order in which the server got them.
pub fn columns(db: &Connection, dir: &Dir) -> Result<Vec<(ChrootId, ChrootName)>> {
    let chroots = db
        .prepare_cached(
            "SELECT c.id, c.name FROM project_chroots pc JOIN chroots c ON c.id = pc.chroot_id
             WHERE pc.project_id = ?1 AND pc.delete_after IS NULL AND c.active
             ORDER BY pc.chroot_id LIMIT 10000",
        )?
        .query_map([dir.project], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(chroots)
}

/// Where to look, and how far.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// Only packages with this in their names, in whatever case.
    pub text: &'a str,
    /// How many of these to leave out.
    pub offset: u64,
    /// How many rows are wanted.
    pub rows: usize,
    /// How many packages to look at for them, at the most.
    pub most: u32,
}

/// Part of the monitor: the rows that are `wanted`, by package name and with those that were never
/// built, and how many packages were looked at for them.
pub fn part(
    db: &Connection,
    dir: &Dir,
    stretch: Stretch<'_>,
    wanted: impl Fn(&MonitorRow) -> bool,
) -> Result<(Vec<MonitorRow>, u64)> {
    let columns = columns(db, dir)?;
    let slice = Slice { limit: Some(stretch.most), offset: stretch.offset };
    let ids = packages::matching(db, dir.project, stretch.text, slice)?;
    let mut names = db.prepare_cached("SELECT name FROM packages WHERE id = ?1")?;
    let mut search = Search::new(db)?;
    let (mut found, mut looked_at) = (Vec::new(), 0);
    for id in ids {
        if found.len() == stretch.rows {
            break;
        }
        looked_at += 1;
        let cells = search.cells(&columns, dir, id)?;
        let row = MonitorRow { package: names.query_row([id], |row| row.get(0))?, cells };
        if wanted(&row) {
            found.push(row);
        }
    }
    Ok((found, looked_at))
}

/// What changes whenever a build of a project moves on: how the newest of those under way are doing,
/// and which build is the newest.
pub fn pulse(db: &Connection, project: ProjectId) -> Result<String> {
    let mut pulse: String = db
        .prepare_cached("SELECT coalesce(max(id), 0) FROM builds WHERE project_id = ?1")?
        .query_row([project], |row| row.get::<_, i64>(0))?
        .to_string();
    let mut builds = db.prepare_cached(
        "SELECT id, state FROM builds WHERE project_id = ?1
             AND state NOT IN ('succeeded', 'forked', 'skipped', 'failed', 'canceled')
         ORDER BY id DESC LIMIT 100",
    )?;
    let mut parts =
        db.prepare_cached("SELECT state FROM build_chroots WHERE build_id = ?1 LIMIT 10000")?;
    let mut rows = builds.query([project])?;
    while let Some(row) = rows.next()? {
        let id: BuildId = row.get(0)?;
        pulse += &format!(" {id}:{}", row.get::<_, String>(1)?);
        let mut states = parts.query([id])?;
        while let Some(state) = states.next()? {
            pulse.push(',');
            pulse += &state.get::<_, String>(0)?;
        }
    }
    Ok(pulse)
}

/// The queries that are made once for each package and for each build.
struct Search<'db> {
    builds: CachedStatement<'db>,
    parts: CachedStatement<'db>,
}

impl<'db> Search<'db> {
    fn new(db: &'db Connection) -> Result<Search<'db>> {
        Ok(Search {
            builds: db.prepare_cached(
                "SELECT id, version FROM builds WHERE package_id = ?1 AND dir_id = ?2
                 ORDER BY id DESC LIMIT 10000000",
            )?,
            parts: db.prepare_cached(
                "SELECT chroot_id, state, result_dir FROM build_chroots WHERE build_id = ?1
                 LIMIT 10000",
            )?,
        })
    }

    /// Goes through the builds of a package, newest first, until every chroot is found.
    fn cells(
        &mut self,
        chroots: &[(ChrootId, ChrootName)],
        dir: &Dir,
        package: PackageId,
    ) -> Result<Vec<MonitorCell>> {
        let mut cells: Vec<Option<MonitorCell>> = vec![None; chroots.len()];
        let mut missing = chroots.len();
        let mut builds = self.builds.query(params![package, dir.id])?;
        while missing > 0
            && let Some(build) = builds.next()?
        {
            let id: BuildId = build.get(0)?;
            let mut parts = self.parts.query([id])?;
            while let Some(part) = parts.next()? {
                let chroot: ChrootId = part.get(0)?;
                let place = chroots.iter().position(|(known, _)| *known == chroot);
                let Some(place) = place.filter(|&place| cells[place].is_none()) else { continue };
                cells[place] = Some(MonitorCell {
                    chroot: chroots[place].1.clone(),
                    state: part.get(1)?,
                    build: id,
                    version: build.get(1)?,
                    result_dir: part.get(2)?,
                });
                missing -= 1;
            }
        }
        Ok(cells.into_iter().flatten().collect())
    }
}
