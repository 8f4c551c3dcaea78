//! Groups of users.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Result, users};
use crate::clock::Timestamp;
use crate::model::user::{Group, User};
use crate::model::{GroupId, GroupName, UserId};

fn from_row(row: &Row<'_>) -> rusqlite::Result<Group> {
    Ok(Group { id: row.get(0)?, name: row.get(1)? })
}

/// Adds an empty group. A name that is taken is an error of the database.
pub fn insert(db: &Connection, name: &GroupName, now: Timestamp) -> Result<GroupId> {
    db.prepare_cached("INSERT INTO groups (name, created_on) VALUES (?1, ?2)")?
        .execute(params![name, now])?;
    Ok(GroupId(db.last_insert_rowid()))
}

/// The group of this name.
pub fn find(db: &Connection, name: &GroupName) -> Result<Option<Group>> {
    Ok(db
        .prepare_cached("SELECT id, name FROM groups WHERE name = ?1")?
        .query_row([name], from_row)
        .optional()?)
}

/// All groups by name. A server has some dozens.
pub fn list(db: &Connection) -> Result<Vec<Group>> {
    db.prepare_cached("SELECT id, name FROM groups ORDER BY name LIMIT 10000")?
        .query_map([], from_row)?
        .map(|row| Ok(row?))
        .collect()
}

/// The groups that a user belongs to, by name.
pub fn of_user(db: &Connection, user: UserId) -> Result<Vec<Group>> {
    db.prepare_cached(
        "SELECT g.id, g.name
         FROM group_members m JOIN groups g ON g.id = m.group_id
         WHERE m.user_id = ?1
         ORDER BY g.name
         LIMIT 10000",
    )?
    .query_map([user], from_row)?
    .map(|row| Ok(row?))
    .collect()
}

/// The users in a group, by name.
pub fn members(db: &Connection, group: GroupId) -> Result<Vec<User>> {
    db.prepare_cached(&format!(
        "SELECT {columns}
         FROM group_members m JOIN users u ON u.id = m.user_id
         WHERE m.group_id = ?1
         ORDER BY u.name
         LIMIT 10000",
        columns = users::COLUMNS
    ))?
    .query_map([group], |row| users::from_row(row, 0))?
    .map(|row| Ok(row?))
    .collect()
}

/// What a group says of itself.
pub fn profile(db: &Connection, id: GroupId) -> Result<String> {
    let found = db
        .prepare_cached("SELECT profile FROM groups WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Sets what a group says of itself.
pub fn set_profile(db: &Connection, id: GroupId, profile: &str) -> Result<()> {
    db.prepare_cached("UPDATE groups SET profile = ?2 WHERE id = ?1")?
        .execute(params![id, profile])?;
    Ok(())
}

/// Whether a user belongs to the group of this name.
pub fn is_member(db: &Connection, group: &GroupName, user: UserId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (
                 SELECT 1
                 FROM groups g JOIN group_members m ON m.group_id = g.id
                 WHERE g.name = ?1 AND m.user_id = ?2
             )",
        )?
        .query_row(params![group, user], |row| row.get(0))?)
}

/// Takes a user into a group; no harm where that is so already.
pub fn add_member(db: &Connection, group: GroupId, user: UserId) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO group_members (group_id, user_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    )?
    .execute(params![group, user])?;
    Ok(())
}

/// Takes a user out of a group; no harm where that is so already.
pub fn remove_member(db: &Connection, group: GroupId, user: UserId) -> Result<()> {
    db.prepare_cached("DELETE FROM group_members WHERE group_id = ?1 AND user_id = ?2")?
        .execute(params![group, user])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{StoreError, testing};

    #[test]
    fn members_come_and_go() {
        let store = testing::store();
        let name: GroupName = "devs".parse().unwrap();
        let now = Timestamp(7);
        let (group, user) = store
            .write_now(|tx| {
                let bob = "bob".parse().unwrap();
                Ok::<_, StoreError>((
                    insert(tx, &name, now)?,
                    users::insert(tx, &bob, None, false, now)?,
                ))
            })
            .unwrap();
        let is_in = || store.read_now(|db| is_member(db, &name, user)).unwrap();
        assert!(!is_in());
        store.write_now(|tx| add_member(tx, group, user)).unwrap();
        store.write_now(|tx| add_member(tx, group, user)).unwrap();
        assert!(is_in());
        assert_eq!(store.read_now(|db| members(db, group)).unwrap()[0].id, user);
        let devs = Group { id: group, name: name.clone() };
        assert_eq!(store.read_now(|db| of_user(db, user)).unwrap(), std::slice::from_ref(&devs));
        assert_eq!(store.read_now(list).unwrap(), [devs]);
        store.write_now(|tx| remove_member(tx, group, user)).unwrap();
        assert!(!is_in());
    }
}
