//! What packages of a project need of each other.
//!
//! Kept is what each package provides and needs, by name; who needs whom is found when it is asked
//! for, along an index. So a package that comes later finds those that have been waiting for it.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Result;
use crate::model::dependency::{Edge, Links, Neighbour, Node, Purpose};
use crate::model::list::Slice;
use crate::model::{BuildId, DirId, PackageId, ProjectId};

/// What [`Links`] are in the tables.
const PROVIDES: i64 = 0;
const TO_BUILD: i64 = 1;
const TO_RUN: i64 = 2;

/// Notes what a build has found out about its package. Another chroot of the same build adds to
/// that; a newer build takes its place, an older one that comes late is left out.
pub fn note(
    db: &Connection,
    project: ProjectId,
    (package, build): (PackageId, BuildId),
    links: &Links,
) -> Result<()> {
    if !begin(db, package, build)? {
        return Ok(());
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO package_links (project_id, kind, name, package_id) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )?;
    let kinds = [(PROVIDES, &links.provides), (TO_BUILD, &links.to_build), (TO_RUN, &links.to_run)];
    for (kind, names) in kinds {
        for name in names {
            insert.execute(params![project, kind, name, package])?;
        }
    }
    Ok(())
}

/// Makes room for what a build has to say about a package; `false` when a newer one has spoken.
fn begin(db: &Connection, package: PackageId, build: BuildId) -> Result<bool> {
    db.prepare_cached("DELETE FROM package_headers WHERE package_id = ?1 AND build_id < ?2")?
        .execute(params![package, build])?;
    let added = db
        .prepare_cached(
            "INSERT INTO package_headers (package_id, build_id) VALUES (?1, ?2)
             ON CONFLICT (package_id) DO NOTHING",
        )?
        .execute(params![package, build])?;
    if added > 0 {
        return Ok(true);
    }
    Ok(db
        .prepare_cached("SELECT 1 FROM package_headers WHERE package_id = ?1 AND build_id = ?2")?
        .exists(params![package, build])?)
}

/// Notes about a forked build what is known about the package of its original.
pub fn take(db: &Connection, original: BuildId, fork: BuildId) -> Result<()> {
    let found: Option<(ProjectId, PackageId, PackageId)> = db
        .prepare_cached(
            "SELECT copy.project_id, copy.package_id, b.package_id
             FROM builds b JOIN package_headers h ON h.package_id = b.package_id
             JOIN builds copy ON copy.id = ?2
             WHERE b.id = ?1 AND copy.package_id IS NOT NULL",
        )?
        .query_row([original, fork], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((project, package, from)) = found else { return Ok(()) };
    if begin(db, package, fork)? {
        db.prepare_cached(
            "INSERT INTO package_links (project_id, kind, name, package_id)
             SELECT ?1, kind, name, ?2 FROM package_links WHERE package_id = ?3
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![project, package, from])?;
    }
    Ok(())
}

/// Forgets what a build has found out.
pub fn forget(db: &Connection, build: BuildId) -> Result<()> {
    db.prepare_cached("DELETE FROM package_headers WHERE build_id = ?1")?.execute([build])?;
    Ok(())
}

/// Whether anything is known about any package of a project.
pub fn any(db: &Connection, project: ProjectId) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT 1 FROM package_links WHERE project_id = ?1 LIMIT 1")?
        .exists([project])?)
}

const NODE: &str = "
SELECT pk.id, pk.name,
       (SELECT b.state FROM builds b WHERE b.package_id = pk.id AND b.dir_id = ?2
        ORDER BY b.id DESC LIMIT 1),
       EXISTS (SELECT 1 FROM package_headers h WHERE h.package_id = pk.id)
FROM packages pk";

fn node(row: &Row<'_>) -> rusqlite::Result<Node> {
    Ok(Node { id: row.get(0)?, name: row.get(1)?, state: row.get(2)?, is_known: row.get(3)? })
}

/// Packages of a project by name, with how they are doing in its main directory.
pub fn nodes(
    db: &Connection,
    (project, dir): (ProjectId, DirId),
    slice: Slice,
) -> Result<Vec<Node>> {
    let (limit, offset) = super::bounds(slice);
    db.prepare_cached(&format!(
        "{NODE} WHERE pk.project_id = ?1 ORDER BY pk.name LIMIT ?3 OFFSET ?4"
    ))?
    .query_map(params![project, dir, limit, offset], node)?
    .map(|row| Ok(row?))
    .collect()
}

/// The packages with these numbers, in this order, without those that have gone.
pub fn these(db: &Connection, ids: &[PackageId], dir: DirId) -> Result<Vec<Node>> {
    let mut query = db.prepare_cached(&format!("{NODE} WHERE pk.id = ?1"))?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        for row in query.query_map(params![id, dir], node)? {
            found.push(row?);
        }
    }
    Ok(found)
}

/// Who needs whom in a project, at most so many. Looks along what its packages provide.
pub fn edges(db: &Connection, project: ProjectId, limit: u32) -> Result<Vec<Edge>> {
    db.prepare_cached(
        "SELECT need.package_id, have.package_id, max(need.kind = 1), max(need.kind = 2)
         FROM package_links have CROSS JOIN package_links need
             ON need.project_id = have.project_id AND need.kind IN (1, 2) AND need.name = have.name
         WHERE have.project_id = ?1 AND have.kind = 0 AND need.package_id != have.package_id
         GROUP BY need.package_id, have.package_id LIMIT ?2",
    )?
    .query_map(params![project, limit], |row| {
        let purpose = Purpose { build: row.get(2)?, run: row.get(3)? };
        Ok(Edge { from: row.get(0)?, to: row.get(1)?, purpose })
    })?
    .map(|row| Ok(row?))
    .collect()
}

fn neighbour(row: &Row<'_>) -> rusqlite::Result<Neighbour> {
    let purpose = Purpose { build: row.get(2)?, run: row.get(3)? };
    Ok(Neighbour { id: row.get(0)?, name: row.get(1)?, purpose })
}

/// What a package needs of its project, by name.
pub fn needs(db: &Connection, package: PackageId, limit: u32) -> Result<Vec<Neighbour>> {
    db.prepare_cached(
        "SELECT pk.id, pk.name, max(need.kind = 1), max(need.kind = 2)
         FROM package_links need CROSS JOIN package_links have
             ON have.project_id = need.project_id AND have.kind = 0 AND have.name = need.name
         JOIN packages pk ON pk.id = have.package_id
         WHERE need.package_id = ?1 AND need.kind IN (1, 2) AND have.package_id != ?1
         GROUP BY pk.id ORDER BY pk.name LIMIT ?2",
    )?
    .query_map(params![package, limit], neighbour)?
    .map(|row| Ok(row?))
    .collect()
}

/// What needs a package in its project, by name.
pub fn needed_by(db: &Connection, package: PackageId, limit: u32) -> Result<Vec<Neighbour>> {
    db.prepare_cached(
        "SELECT pk.id, pk.name, max(need.kind = 1), max(need.kind = 2)
         FROM package_links have CROSS JOIN package_links need
             ON need.project_id = have.project_id AND need.kind IN (1, 2) AND need.name = have.name
         JOIN packages pk ON pk.id = need.package_id
         WHERE have.package_id = ?1 AND have.kind = 0 AND need.package_id != ?1
         GROUP BY pk.id ORDER BY pk.name LIMIT ?2",
    )?
    .query_map(params![package, limit], neighbour)?
    .map(|row| Ok(row?))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::build::BuildOptions;
    use crate::model::project::{Project, ProjectSettings};
    use crate::model::source::SourceSpec;
    use crate::model::{Owner, UserId};
    use crate::store::builds::{self, NewBuild};
    use crate::store::projects::{self, NewProject};
    use crate::store::{StoreError, packages, testing};

    fn project(db: &Connection) -> Project {
        db.execute("INSERT INTO users (name, created_on) VALUES ('alice', 0)", []).unwrap();
        let new = NewProject {
            owner: &Owner::User("alice".parse().unwrap()),
            name: &"tools".parse().unwrap(),
            creator: UserId(1),
            persistent: false,
            delete_after: None,
            settings: &ProjectSettings::default(),
        };
        let id = projects::insert(db, &new).unwrap().unwrap();
        projects::get(db, id).unwrap().unwrap()
    }

    /// A build of a package of this name.
    fn build(db: &Connection, project: &Project, name: &str) -> (PackageId, BuildId) {
        let source = SourceSpec::Link { url: "http://h/a-1-1.src.rpm".into() };
        let name = name.parse().unwrap();
        let package = packages::find_or_insert(db, project.id, &name, &source).unwrap().id;
        let new = NewBuild {
            project: project.id,
            dir: projects::main_dir(db, project).unwrap().id,
            package: Some(package),
            submitter: None,
            source: &source,
            options: &BuildOptions::default(),
            excluded: &[],
            batch: None,
        };
        (package, builds::insert(db, &new).unwrap())
    }

    fn links(provides: &[&str], to_build: &[&str], to_run: &[&str]) -> Links {
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Links { provides: set(provides), to_build: set(to_build), to_run: set(to_run) }
    }

    fn names(found: &[Neighbour]) -> Vec<(&str, bool, bool)> {
        found.iter().map(|n| (n.name.as_str(), n.purpose.build, n.purpose.run)).collect()
    }

    #[test]
    fn packages_find_each_other_whichever_is_first() {
        let store = testing::store();
        let outcome = store.write_now(|db| {
            let project = project(db);
            let app = build(db, &project, "app");
            note(db, project.id, app, &links(&["app"], &["lib-devel", "gcc"], &["lib.so.1"]))?;
            assert!(edges(db, project.id, 10)?.is_empty());
            let lib = build(db, &project, "lib");
            note(db, project.id, lib, &links(&["lib", "lib-devel", "lib.so.1"], &["lib"], &[]))?;
            let purpose = Purpose { build: true, run: true };
            let edge = Edge { from: app.0, to: lib.0, purpose };
            assert_eq!(edges(db, project.id, 10)?, [edge]);
            assert_eq!(names(&needs(db, app.0, 10)?), [("lib", true, true)]);
            assert_eq!(names(&needed_by(db, lib.0, 10)?), [("app", true, true)]);
            assert!(needs(db, lib.0, 10)?.is_empty(), "nobody needs itself");
            Ok::<_, StoreError>(())
        });
        outcome.unwrap();
    }

    #[test]
    fn the_newest_build_has_the_say_and_takes_it_along_when_it_goes() {
        let store = testing::store();
        let outcome = store.write_now(|db| {
            let project = project(db);
            let lib = build(db, &project, "lib");
            note(db, project.id, lib, &links(&["lib"], &[], &[]))?;
            let (first, second) = (build(db, &project, "app"), build(db, &project, "app"));
            note(db, project.id, second, &links(&["app"], &[], &["lib"]))?;
            note(db, project.id, first, &links(&["app"], &["lib"], &[]))?;
            assert_eq!(names(&needs(db, first.0, 10)?), [("lib", false, true)], "the newer one");
            note(db, project.id, second, &links(&["app"], &["lib"], &[]))?;
            assert_eq!(names(&needs(db, first.0, 10)?), [("lib", true, true)], "another chroot");
            let third = build(db, &project, "app");
            note(db, project.id, third, &links(&["app"], &["lib"], &[]))?;
            assert_eq!(names(&needs(db, first.0, 10)?), [("lib", true, false)], "replaced");
            let known = |db: &Connection| {
                let dir = projects::main_dir(db, &project)?.id;
                let nodes = nodes(db, (project.id, dir), Slice::first(10))?;
                Ok::<_, StoreError>(nodes.iter().map(|node| node.is_known).collect::<Vec<_>>())
            };
            assert_eq!(known(db)?, [true, true]);
            builds::delete(db, third.1)?;
            assert_eq!(known(db)?, [false, true]);
            assert!(edges(db, project.id, 10)?.is_empty());
            builds::delete(db, lib.1)?;
            assert!(!any(db, project.id)?);
            Ok::<_, StoreError>(())
        });
        outcome.unwrap();
    }
}
