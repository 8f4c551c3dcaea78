//! The chroots this server offers.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Result;
use crate::model::chroot::{Chroot, ChrootRecipe};
use crate::model::{ChrootId, ChrootName};

const COLUMNS: &str = "c.id, c.name, c.recipe, c.comment, c.active";

/// Reads a chroot from columns `id, name, recipe, comment, active`, beginning at `first`.
pub(super) fn from_row(row: &Row<'_>, first: usize) -> rusqlite::Result<Chroot> {
    Ok(Chroot {
        id: row.get(first)?,
        name: row.get(first + 1)?,
        recipe: row.get(first + 2)?,
        comment: row.get(first + 3)?,
        active: row.get(first + 4)?,
    })
}

/// Adds a chroot. A name that is taken is an error of the database.
pub fn insert(
    db: &Connection,
    name: &ChrootName,
    recipe: &ChrootRecipe,
    comment: &str,
    active: bool,
) -> Result<ChrootId> {
    db.prepare_cached(
        "INSERT INTO chroots (name, recipe, comment, active) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![name, recipe, comment, active])?;
    Ok(ChrootId(db.last_insert_rowid()))
}

/// Replaces what a chroot is made of and whether it can be used.
pub fn update(db: &Connection, chroot: &Chroot) -> Result<()> {
    db.prepare_cached("UPDATE chroots SET recipe = ?2, comment = ?3, active = ?4 WHERE id = ?1")?
        .execute(params![chroot.id, chroot.recipe, chroot.comment, chroot.active])?;
    Ok(())
}

/// The newest numbered release of Fedora that is offered for an architecture.
pub fn newest_fedora(db: &Connection, arch: &str) -> Result<Option<ChrootName>> {
    let fits = |chroot: &Chroot| {
        chroot.active && chroot.name.distribution() == "fedora" && chroot.name.arch() == arch
    };
    // Rawhide and ELN have no number.
    let number = |name: &ChrootName| name.version().parse::<u32>().ok();
    let offered = list(db)?.into_iter().filter(fits).map(|chroot| chroot.name);
    Ok(offered.filter(|name| number(name).is_some()).max_by_key(number))
}

/// The chroot of this name.
pub fn find(db: &Connection, name: &ChrootName) -> Result<Option<Chroot>> {
    Ok(db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM chroots c WHERE c.name = ?1"))?
        .query_row([name], |row| from_row(row, 0))
        .optional()?)
}

/// The chroot with this number.
pub fn get(db: &Connection, id: ChrootId) -> Result<Option<Chroot>> {
    Ok(db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM chroots c WHERE c.id = ?1"))?
        .query_row([id], |row| from_row(row, 0))
        .optional()?)
}

/// All chroots, in the order in which they were added. A server has some dozens.
pub fn list(db: &Connection) -> Result<Vec<Chroot>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM chroots c ORDER BY c.id LIMIT 10000"))?
        .query_map([], |row| from_row(row, 0))?
        .map(|row| Ok(row?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{StoreError, testing};

    #[test]
    fn a_chroot_comes_back_as_it_went_in() {
        let store = testing::store();
        let name: ChrootName = "fedora-42-x86_64".parse().unwrap();
        let recipe = ChrootRecipe::Sandbox {
            repos: vec!["file:///base".into()],
            install: vec![ChrootRecipe::DEFAULT_INSTALL.into()],
        };
        let id = store.write_now(|tx| insert(tx, &name, &recipe, "hi", true)).unwrap();
        let found = store.read_now(|db| find(db, &name)).unwrap().unwrap();
        assert_eq!(
            found,
            Chroot {
                id,
                name: name.clone(),
                recipe: recipe.clone(),
                comment: "hi".into(),
                active: true
            }
        );
        store.write_now(|tx| update(tx, &Chroot { active: false, ..found })).unwrap();
        assert!(!store.read_now(list).unwrap()[0].active);
        let twice: Result<_, StoreError> =
            store.write_now(|tx| insert(tx, &name, &recipe, "", true));
        assert!(twice.is_err());
    }
}
