//! The monitor: how the newest build of each package is doing, chroot by chroot.

use rusqlite::{CachedStatement, Connection, params};

use super::Result;
use crate::model::project::Dir;
use crate::model::{BuildId, ChrootId, ChrootName, ChrootState, PackageId};

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
    let chroots: Vec<(ChrootId, ChrootName)> = db
        .prepare_cached(
            "SELECT c.id, c.name FROM project_chroots pc JOIN chroots c ON c.id = pc.chroot_id
             WHERE pc.project_id = ?1 AND pc.delete_after IS NULL AND c.active
             ORDER BY pc.chroot_id LIMIT 10000",
        )?
        .query_map([dir.project], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut packages = db.prepare_cached(
        "SELECT id, name FROM packages WHERE project_id = ?1 ORDER BY name LIMIT 10000000",
    )?;
    let mut search = Search {
        builds: db.prepare_cached(
            "SELECT id, version FROM builds WHERE package_id = ?1 AND dir_id = ?2
             ORDER BY id DESC LIMIT 10000000",
        )?,
        parts: db.prepare_cached(
            "SELECT chroot_id, state, result_dir FROM build_chroots WHERE build_id = ?1 LIMIT 10000",
        )?,
    };
    let mut found = Vec::new();
    let mut rows = packages.query([dir.project])?;
    while let Some(row) = rows.next()? {
        let cells = search.cells(&chroots, dir, row.get(0)?)?;
        if !cells.is_empty() {
            found.push(MonitorRow { package: row.get(1)?, cells });
        }
    }
    Ok(found)
}

/// The queries that are made once for each package and for each build.
struct Search<'db> {
    builds: CachedStatement<'db>,
    parts: CachedStatement<'db>,
}

impl Search<'_> {
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
