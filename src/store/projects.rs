//! Projects and their directories.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params, params};

use super::convert::{self, Json};
use super::named::Named;
use super::{Result, StoreError};
use crate::clock::Timestamp;
use crate::model::list::{Direction, ProjectKey, Slice};
use crate::model::project::{Dir, Project, ProjectSettings};
use crate::model::{DirId, DirName, Owner, ProjectId, ProjectName, UserId};

const SELECT: &str = "
SELECT p.id, p.owner, p.name, p.creator_id, p.created_on, p.persistent, p.key_fingerprint,
       p.forked_from, p.delete_after, p.description, p.instructions, p.homepage, p.contact, p.additional_repos,
       p.runtime_dependencies, p.unlisted, p.enable_net, p.auto_prune, p.manual_createrepo,
       p.multilib, p.module_hotfixes, p.fedora_review, p.appstream, p.bootstrap, p.isolation,
       p.follow_fedora_branching, p.packit_forge_projects_allowed, p.repo_priority
FROM projects p";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Project> {
    let row = Named::new(row, 0);
    Ok(Project {
        id: row.get("id")?,
        owner: row.get("owner")?,
        name: row.get("name")?,
        creator: row.get("creator_id")?,
        created_on: row.get("created_on")?,
        persistent: row.get("persistent")?,
        key_fingerprint: row.get("key_fingerprint")?,
        forked_from: row.get("forked_from")?,
        delete_after: row.get("delete_after")?,
        settings: ProjectSettings {
            description: row.get("description")?,
            instructions: row.get("instructions")?,
            homepage: row.get("homepage")?,
            contact: row.get("contact")?,
            additional_repos: convert::parse_repos(row.get("additional_repos")?)?,
            runtime_dependencies: convert::parse_repos(row.get("runtime_dependencies")?)?,
            unlisted: row.get("unlisted")?,
            enable_net: row.get("enable_net")?,
            auto_prune: row.get("auto_prune")?,
            manual_createrepo: row.get("manual_createrepo")?,
            multilib: row.get("multilib")?,
            module_hotfixes: row.get("module_hotfixes")?,
            fedora_review: row.get("fedora_review")?,
            appstream: row.get("appstream")?,
            bootstrap: row.get("bootstrap")?,
            isolation: row.get("isolation")?,
            follow_fedora_branching: row.get("follow_fedora_branching")?,
            packit_forge_projects_allowed: row.get::<Json<_>>("packit_forge_projects_allowed")?.0,
            repo_priority: row.get("repo_priority")?,
        },
    })
}

/// A project that is not there yet.
pub struct NewProject<'a> {
    /// Whose it is to be.
    pub owner: &'a Owner,
    /// Its name.
    pub name: &'a ProjectName,
    /// Who makes it.
    pub creator: UserId,
    /// Cannot be deleted.
    pub persistent: bool,
    /// When it goes away by itself.
    pub delete_after: Option<Timestamp>,
    /// All else.
    pub settings: &'a ProjectSettings,
}

/// Adds a project and its main directory; `None` when the owner has one of that name.
pub fn insert(db: &Connection, new: &NewProject<'_>) -> Result<Option<ProjectId>> {
    let now = Timestamp::now();
    let added = db
        .prepare_cached(
            "INSERT INTO projects (owner, name, creator_id, created_on, persistent, description,
                 instructions, additional_repos, runtime_dependencies, unlisted, enable_net,
                 auto_prune, manual_createrepo, multilib, module_hotfixes, fedora_review,
                 appstream, bootstrap, isolation, follow_fedora_branching,
                 packit_forge_projects_allowed)
             VALUES (?1, ?2, ?3, ?4, ?5, '', '', '[]', '[]', 0, 0, 1, 0, 0, 0, 0, 0, 'default',
                 'default', 1, '[]')
             ON CONFLICT (owner, name) DO NOTHING",
        )?
        .execute(params![new.owner, new.name, new.creator, now, new.persistent])?;
    if added == 0 {
        return Ok(None);
    }
    let id = ProjectId(db.last_insert_rowid());
    update(db, id, new.delete_after, new.settings)?;
    insert_dir(db, id, &DirName::main(new.name.clone()))?;
    Ok(Some(id))
}

/// Replaces what a project's owner may change.
pub fn update(
    db: &Connection,
    id: ProjectId,
    delete_after: Option<Timestamp>,
    settings: &ProjectSettings,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE projects SET
             delete_after = :delete_after, description = :description,
             instructions = :instructions, homepage = :homepage, contact = :contact,
             additional_repos = :additional_repos, runtime_dependencies = :runtime_dependencies,
             unlisted = :unlisted, enable_net = :enable_net, auto_prune = :auto_prune,
             manual_createrepo = :manual_createrepo, multilib = :multilib,
             module_hotfixes = :module_hotfixes, fedora_review = :fedora_review,
             appstream = :appstream, bootstrap = :bootstrap, isolation = :isolation,
             follow_fedora_branching = :follow_fedora_branching,
             packit_forge_projects_allowed = :packit, repo_priority = :repo_priority
         WHERE id = :id",
    )?
    .execute(named_params! {
        ":id": id,
        ":delete_after": delete_after,
        ":description": settings.description,
        ":instructions": settings.instructions,
        ":homepage": settings.homepage,
        ":contact": settings.contact,
        ":additional_repos": convert::repos(&settings.additional_repos),
        ":runtime_dependencies": convert::repos(&settings.runtime_dependencies),
        ":unlisted": settings.unlisted,
        ":enable_net": settings.enable_net,
        ":auto_prune": settings.auto_prune,
        ":manual_createrepo": settings.manual_createrepo,
        ":multilib": settings.multilib,
        ":module_hotfixes": settings.module_hotfixes,
        ":fedora_review": settings.fedora_review,
        ":appstream": settings.appstream,
        ":bootstrap": settings.bootstrap,
        ":isolation": settings.isolation,
        ":follow_fedora_branching": settings.follow_fedora_branching,
        ":packit": Json(&settings.packit_forge_projects_allowed),
        ":repo_priority": settings.repo_priority,
    })?;
    Ok(())
}

/// Notes the signing key.
pub fn set_key(db: &Connection, id: ProjectId, fingerprint: &str) -> Result<()> {
    db.prepare_cached("UPDATE projects SET key_fingerprint = ?2 WHERE id = ?1")?
        .execute(params![id, fingerprint])?;
    Ok(())
}

/// The owner's project of this name.
pub fn find(db: &Connection, owner: &Owner, name: &ProjectName) -> Result<Option<Project>> {
    Ok(db
        .prepare_cached(&format!("{SELECT} WHERE p.owner = ?1 AND p.name = ?2"))?
        .query_row(params![owner, name], from_row)
        .optional()?)
}

/// The project with this number.
pub fn get(db: &Connection, id: ProjectId) -> Result<Option<Project>> {
    Ok(db
        .prepare_cached(&format!("{SELECT} WHERE p.id = ?1"))?
        .query_row([id], from_row)
        .optional()?)
}

/// The numbers of projects, of one owner or of all: by id and by name out of an index alone.
pub fn ids(
    db: &Connection,
    owner: Option<&Owner>,
    (key, direction): (ProjectKey, Direction),
    slice: Slice,
) -> Result<Vec<ProjectId>> {
    let (limit, offset) = super::bounds(slice);
    let mut values: Vec<&dyn ToSql> = vec![&limit, &offset];
    let wanted = match &owner {
        Some(owner) => {
            values.push(owner);
            " WHERE owner = ?3"
        }
        None => "",
    };
    let order = super::order_by(column(key), direction);
    db.prepare_cached(&format!("SELECT id FROM projects{wanted} {order} LIMIT ?1 OFFSET ?2"))?
        .query_map(values.as_slice(), |row| row.get(0))?
        .map(|row| Ok(row?))
        .collect()
}

/// The numbers of an owner's newest projects.
pub fn newest_ids(db: &Connection, owner: &Owner, limit: u32) -> Result<Vec<ProjectId>> {
    ids(db, Some(owner), (ProjectKey::Id, Direction::Descending), Slice::first(limit))
}

/// The projects with these numbers, in this order, without those that have gone.
pub fn these(db: &Connection, ids: &[ProjectId]) -> Result<Vec<Project>> {
    super::these(db, &format!("{SELECT} WHERE p.id = ?1"), ids, from_row)
}

/// Projects, of one owner or of all.
pub fn list(
    db: &Connection,
    owner: Option<&Owner>,
    order: (ProjectKey, Direction),
    slice: Slice,
) -> Result<Vec<Project>> {
    these(db, &ids(db, owner, order, slice)?)
}

/// What stands in `ORDER BY`. Where nothing is said Copr's database has the end of the list, SQLite
/// its beginning.
fn column(key: ProjectKey) -> &'static str {
    match key {
        // Numbers are given in the order of time.
        ProjectKey::Id | ProjectKey::CreatedOn => "id",
        ProjectKey::Name => "name",
        ProjectKey::Description => "description",
        ProjectKey::Instructions => "instructions",
        ProjectKey::Homepage => "coalesce(homepage, char(1114111))",
        ProjectKey::Contact => "coalesce(contact, char(1114111))",
        ProjectKey::DeleteAfter => "coalesce(delete_after, 9e18)",
        ProjectKey::RepoPriority => "coalesce(repo_priority, 9e18)",
    }
}

/// What a search is for.
#[derive(Clone, Copy, Debug)]
pub enum Search<'a> {
    /// Part of an owner's name and part of a project's name.
    Named {
        /// Part of the owner as shown, `@` included.
        owner: &'a str,
        /// Part of the project's name.
        name: &'a str,
    },
    /// Part of a name, of a description, or of the name of a package.
    Anywhere(&'a str),
}

/// The numbers of projects that fit, newest first. Reads every project: a text inside a text has no
/// index.
pub fn search(db: &Connection, wanted: Search<'_>, slice: Slice) -> Result<Vec<ProjectId>> {
    let (limit, offset) = super::bounds(slice);
    let named = match wanted {
        Search::Named { .. } => "p.owner LIKE ?1 ESCAPE '!' AND p.name LIKE ?2 ESCAPE '!'",
        Search::Anywhere(_) => {
            "p.owner LIKE ?1 ESCAPE '!' OR p.name LIKE ?2 ESCAPE '!'
             OR p.description LIKE ?2 ESCAPE '!' OR p.instructions LIKE ?2 ESCAPE '!'
             OR EXISTS (SELECT 1 FROM packages pk
                        WHERE pk.project_id = p.id AND pk.name LIKE ?2 ESCAPE '!')"
        }
    };
    let (owner, name) = match wanted {
        Search::Named { owner, name } => (owner, name),
        Search::Anywhere(text) => (text, text),
    };
    db.prepare_cached(&format!(
        "SELECT p.id FROM projects p WHERE {named} ORDER BY p.id DESC LIMIT ?3 OFFSET ?4"
    ))?
    .query_map(params![like(owner), like(name), limit, offset], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// The pattern for `LIKE` that finds `text` anywhere.
fn like(text: &str) -> String {
    let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

/// The newest projects for the home page: neither unlisted nor temporary.
pub fn newest(db: &Connection, slice: Slice) -> Result<Vec<Project>> {
    let ids: rusqlite::Result<Vec<ProjectId>> = db
        .prepare_cached(
            "SELECT id FROM projects WHERE unlisted = 0 AND delete_after IS NULL
             ORDER BY id DESC LIMIT ?1 OFFSET ?2",
        )?
        .query_map(super::bounds(slice), |row| row.get(0))?
        .collect();
    these(db, &ids?)
}

/// How many projects there are, of one owner or of all.
pub fn count(db: &Connection, owner: Option<&Owner>) -> Result<u32> {
    Ok(match owner {
        Some(owner) => db
            .prepare_cached("SELECT count(*) FROM projects WHERE owner = ?1")?
            .query_row([owner], |row| row.get(0))?,
        None => {
            db.prepare_cached("SELECT count(*) FROM projects")?.query_row([], |row| row.get(0))?
        }
    })
}

/// Removes a project and all that belongs to it.
pub fn delete(db: &Connection, id: ProjectId) -> Result<()> {
    // Not left to the cascade: builds refer to directories and packages that go as well.
    for sql in [
        "DELETE FROM builds WHERE project_id = ?1",
        "DELETE FROM packages WHERE project_id = ?1",
        "DELETE FROM projects WHERE id = ?1",
    ] {
        db.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}

/// Gives a project a new webhook secret; an earlier one is forgotten.
pub fn set_webhook_secret(db: &Connection, id: ProjectId, secret: &str) -> Result<()> {
    db.prepare_cached("UPDATE projects SET webhook_secret = ?2 WHERE id = ?1")?
        .execute(params![id, secret])?;
    Ok(())
}

/// The secret that webhooks of a project carry; `None` before the first was made.
pub fn webhook_secret(db: &Connection, id: ProjectId) -> Result<Option<String>> {
    let found = db
        .prepare_cached("SELECT webhook_secret FROM projects WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(found.flatten())
}

/// Removes a directory that has no builds any more.
pub fn delete_dir(db: &Connection, id: DirId) -> Result<()> {
    db.prepare_cached("DELETE FROM dirs WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Adds a directory to a project.
pub fn insert_dir(db: &Connection, project: ProjectId, name: &DirName) -> Result<DirId> {
    db.prepare_cached("INSERT INTO dirs (project_id, name, created_on) VALUES (?1, ?2, ?3)")?
        .execute(params![project, name, Timestamp::now()])?;
    Ok(DirId(db.last_insert_rowid()))
}

fn dir_from_row(row: &Row<'_>) -> rusqlite::Result<Dir> {
    Ok(Dir { id: row.get("id")?, project: row.get("project_id")?, name: row.get("name")? })
}

/// A project's directory of this name.
pub fn find_dir(db: &Connection, project: ProjectId, name: &DirName) -> Result<Option<Dir>> {
    Ok(db
        .prepare_cached(
            "SELECT id, project_id, name FROM dirs WHERE project_id = ?1 AND name = ?2",
        )?
        .query_row(params![project, name], dir_from_row)
        .optional()?)
}

/// The directory with this number.
pub fn get_dir(db: &Connection, id: DirId) -> Result<Option<Dir>> {
    Ok(db
        .prepare_cached("SELECT id, project_id, name FROM dirs WHERE id = ?1")?
        .query_row([id], dir_from_row)
        .optional()?)
}

/// A project's directories, the main one first. Pull requests make some hundreds at the most
/// before they expire.
pub fn dirs(db: &Connection, project: ProjectId) -> Result<Vec<Dir>> {
    db.prepare_cached(
        "SELECT id, project_id, name FROM dirs WHERE project_id = ?1 ORDER BY id LIMIT 100000",
    )?
    .query_map([project], dir_from_row)?
    .map(|row| Ok(row?))
    .collect()
}

/// The main directory, which every project has from its first moment.
pub fn main_dir(db: &Connection, project: &Project) -> Result<Dir> {
    find_dir(db, project.id, &DirName::main(project.name.clone()))?
        .ok_or_else(|| StoreError::Corrupt(format!("{} has no directory", project.full_name())))
}
