//! The chroots a project is built in, and what it changes in them.

use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::convert::{self, Json};
use super::named::Named;
use super::{Result, chroots};
use crate::clock::Timestamp;
use crate::model::project::{ChrootSettings, Comps, ProjectChroot};
use crate::model::{ChrootId, ChrootName, ProjectId};

const SELECT: &str = "
SELECT c.id, c.name, c.recipe, c.comment, c.active, pc.delete_after, pc.retire_after, pc.additional_repos,
       pc.additional_packages, pc.additional_modules, pc.with_opts, pc.without_opts, pc.bootstrap,
       pc.bootstrap_image, pc.isolation, pc.comps_name
FROM project_chroots pc JOIN chroots c ON c.id = pc.chroot_id";

fn from_row(row: &Row<'_>) -> rusqlite::Result<ProjectChroot> {
    let chroot = chroots::from_row(row, 0)?;
    let row = Named::new(row, 5);
    let list = |column| row.get(column).map(|Json(list)| list);
    Ok(ProjectChroot {
        chroot,
        delete_after: row.get("delete_after")?,
        retire_after: row.get("retire_after")?,
        settings: ChrootSettings {
            additional_repos: convert::parse_repos(row.get("additional_repos")?)?,
            additional_packages: list("additional_packages")?,
            additional_modules: list("additional_modules")?,
            with_opts: list("with_opts")?,
            without_opts: list("without_opts")?,
            bootstrap: row.get("bootstrap")?,
            bootstrap_image: row.get("bootstrap_image")?,
            isolation: row.get("isolation")?,
            comps_name: row.get("comps_name")?,
        },
    })
}

/// Every chroot of a project, those switched off but not yet cleared away included.
pub fn list(db: &Connection, project: ProjectId) -> Result<Vec<ProjectChroot>> {
    db.prepare_cached(&format!(
        "{SELECT} WHERE pc.project_id = ?1 ORDER BY pc.chroot_id LIMIT 10000"
    ))?
    .query_map([project], from_row)?
    .map(|row| Ok(row?))
    .collect()
}

/// The chroots of a project whose packages go away: switched off here, or no longer offered by the
/// server.
pub fn ending(db: &Connection, project: ProjectId) -> Result<Vec<ProjectChroot>> {
    db.prepare_cached(&format!(
        "{SELECT} WHERE pc.project_id = ?1 AND (pc.delete_after IS NOT NULL OR NOT c.active)
         ORDER BY pc.chroot_id LIMIT 10000"
    ))?
    .query_map([project], from_row)?
    .map(|row| Ok(row?))
    .collect()
}

/// The names of the chroots that builds go to: switched on here and active on the server.
pub fn enabled_names(db: &Connection, project: ProjectId) -> Result<Vec<ChrootName>> {
    db.prepare_cached(
        "SELECT c.name FROM project_chroots pc JOIN chroots c ON c.id = pc.chroot_id
         WHERE pc.project_id = ?1 AND pc.delete_after IS NULL AND c.active
         ORDER BY pc.chroot_id LIMIT 10000",
    )?
    .query_map([project], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// One chroot of a project.
pub fn find(
    db: &Connection,
    project: ProjectId,
    name: &ChrootName,
) -> Result<Option<ProjectChroot>> {
    Ok(db
        .prepare_cached(&format!("{SELECT} WHERE pc.project_id = ?1 AND c.name = ?2"))?
        .query_row(params![project, name], from_row)
        .optional()?)
}

/// Switches a chroot on; its settings of an earlier time are kept.
pub fn enable(db: &Connection, project: ProjectId, chroot: ChrootId) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO project_chroots (project_id, chroot_id) VALUES (?1, ?2)
         ON CONFLICT (project_id, chroot_id) DO UPDATE SET delete_after = NULL",
    )?
    .execute(params![project, chroot])?;
    Ok(())
}

/// Switches a chroot off; its data go away after the given moment.
pub fn disable(
    db: &Connection,
    project: ProjectId,
    chroot: ChrootId,
    delete_after: Timestamp,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE project_chroots SET delete_after = ?3 WHERE project_id = ?1 AND chroot_id = ?2",
    )?
    .execute(params![project, chroot, delete_after])?;
    Ok(())
}

/// Says when the data of a chroot go away that the server no longer offers; `None` keeps them. Those
/// that a project has switched off itself, and persistent projects, are left as they are.
pub fn retire(db: &Connection, chroot: ChrootId, retire_after: Option<Timestamp>) -> Result<()> {
    db.prepare_cached(
        "UPDATE project_chroots SET retire_after = ?2
         WHERE chroot_id = ?1 AND delete_after IS NULL
             AND project_id IN (SELECT id FROM projects WHERE persistent = 0)",
    )?
    .execute(params![chroot, retire_after])?;
    Ok(())
}

/// Says for one project when the data of a chroot go away that the server no longer offers.
pub fn set_retirement(
    db: &Connection,
    project: ProjectId,
    chroot: ChrootId,
    retire_after: Option<Timestamp>,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE project_chroots SET retire_after = ?3 WHERE project_id = ?1 AND chroot_id = ?2",
    )?
    .execute(params![project, chroot, retire_after])?;
    Ok(())
}

/// Whether any project uses a chroot, or did until lately.
pub fn any(db: &Connection, chroot: ChrootId) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM project_chroots WHERE chroot_id = ?1")?.exists([chroot])?)
}

/// Switches `new` on, as `model` is, in every project that has `model` switched on and follows
/// branches; the answer is which.
pub fn follow(db: &Connection, model: ChrootId, new: ChrootId) -> Result<Vec<ProjectId>> {
    db.prepare_cached(
        "INSERT INTO project_chroots (project_id, chroot_id, additional_repos, additional_packages,
             additional_modules, with_opts, without_opts, bootstrap, bootstrap_image, isolation,
             comps_name, comps)
         SELECT pc.project_id, ?2, pc.additional_repos, pc.additional_packages,
             pc.additional_modules, pc.with_opts, pc.without_opts, pc.bootstrap,
             pc.bootstrap_image, pc.isolation, pc.comps_name, pc.comps
         FROM project_chroots pc JOIN projects p ON p.id = pc.project_id
         WHERE pc.chroot_id = ?1 AND pc.delete_after IS NULL AND p.follow_fedora_branching = 1
         ON CONFLICT (project_id, chroot_id) DO NOTHING
         RETURNING project_id",
    )?
    .query_map(params![model, new], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// Forgets a chroot of a project, with all that the project changed in it.
pub fn delete(db: &Connection, project: ProjectId, chroot: ChrootId) -> Result<()> {
    db.prepare_cached("DELETE FROM project_chroots WHERE project_id = ?1 AND chroot_id = ?2")?
        .execute(params![project, chroot])?;
    Ok(())
}

/// The chroot with this number, as a project uses it.
pub fn get(db: &Connection, project: ProjectId, chroot: ChrootId) -> Result<Option<ProjectChroot>> {
    Ok(db
        .prepare_cached(&format!("{SELECT} WHERE pc.project_id = ?1 AND pc.chroot_id = ?2"))?
        .query_row(params![project, chroot], from_row)
        .optional()?)
}

/// Replaces what a project changes in a chroot, but for the comps file, which [`set_comps`] does.
pub fn update(
    db: &Connection,
    project: ProjectId,
    chroot: ChrootId,
    settings: &ChrootSettings,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE project_chroots SET
             additional_repos = :repos, additional_packages = :packages,
             additional_modules = :modules, with_opts = :with, without_opts = :without,
             bootstrap = :bootstrap, bootstrap_image = :image, isolation = :isolation
         WHERE project_id = :project AND chroot_id = :chroot",
    )?
    .execute(named_params! {
        ":project": project,
        ":chroot": chroot,
        ":repos": convert::repos(&settings.additional_repos),
        ":packages": Json(&settings.additional_packages),
        ":modules": Json(&settings.additional_modules),
        ":with": Json(&settings.with_opts),
        ":without": Json(&settings.without_opts),
        ":bootstrap": settings.bootstrap,
        ":image": settings.bootstrap_image,
        ":isolation": settings.isolation,
    })?;
    Ok(())
}

/// Replaces the comps file of a chroot, or removes it.
pub fn set_comps(
    db: &Connection,
    project: ProjectId,
    chroot: ChrootId,
    comps: Option<&Comps>,
) -> Result<()> {
    let (name, text) = (comps.map(|comps| &comps.name), comps.map(|comps| &comps.text));
    db.prepare_cached(
        "UPDATE project_chroots SET comps_name = ?3, comps = ?4
         WHERE project_id = ?1 AND chroot_id = ?2",
    )?
    .execute(params![project, chroot, name, text])?;
    Ok(())
}

/// The content of the comps file of a chroot.
pub fn comps(db: &Connection, project: ProjectId, chroot: ChrootId) -> Result<Option<String>> {
    let found = db
        .prepare_cached(
            "SELECT comps FROM project_chroots WHERE project_id = ?1 AND chroot_id = ?2",
        )?
        .query_row(params![project, chroot], |row| row.get(0))
        .optional()?;
    Ok(found.flatten())
}
