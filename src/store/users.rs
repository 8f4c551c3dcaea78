//! User accounts.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Result;
use crate::clock::Timestamp;
use crate::model::user::User;
use crate::model::{UserId, UserName};

/// The columns that [`from_row`] reads, of a table called `u`.
pub(super) const COLUMNS: &str = "u.id, u.name, u.email, u.admin, u.disabled, u.created_on";

/// Reads a user from [`COLUMNS`], beginning at `first`.
pub(super) fn from_row(row: &Row<'_>, first: usize) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get(first)?,
        name: row.get(first + 1)?,
        email: row.get(first + 2)?,
        admin: row.get(first + 3)?,
        disabled: row.get(first + 4)?,
        created_on: row.get(first + 5)?,
    })
}

/// Adds an account without a password. A name that is taken is an error of the database.
pub fn insert(
    db: &Connection,
    name: &UserName,
    email: Option<&str>,
    admin: bool,
    now: Timestamp,
) -> Result<UserId> {
    db.prepare_cached(
        "INSERT INTO users (name, email, admin, created_on) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![name, email, admin, now])?;
    Ok(UserId(db.last_insert_rowid()))
}

/// Writes down e-mail address, admin right and whether the account is disabled.
pub fn update(db: &Connection, user: &User) -> Result<()> {
    db.prepare_cached("UPDATE users SET email = ?2, admin = ?3, disabled = ?4 WHERE id = ?1")?
        .execute(params![user.id, user.email, user.admin, user.disabled])?;
    Ok(())
}

/// The user of this name.
pub fn find(db: &Connection, name: &UserName) -> Result<Option<User>> {
    Ok(db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM users u WHERE u.name = ?1"))?
        .query_row([name], |row| from_row(row, 0))
        .optional()?)
}

/// The user with this number.
pub fn get(db: &Connection, id: UserId) -> Result<Option<User>> {
    Ok(db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM users u WHERE u.id = ?1"))?
        .query_row([id], |row| from_row(row, 0))
        .optional()?)
}

/// At most `limit` users by name, after the one called `after`.
pub fn list(db: &Connection, after: Option<&UserName>, limit: u32) -> Result<Vec<User>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM users u WHERE u.name > ?1 ORDER BY u.name LIMIT ?2"
    ))?
    .query_map(params![after.map_or("", UserName::as_str), limit], |row| from_row(row, 0))?
    .map(|row| Ok(row?))
    .collect()
}

/// What a user says of themselves.
pub fn profile(db: &Connection, id: UserId) -> Result<String> {
    let found = db
        .prepare_cached("SELECT profile FROM users WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Sets what a user says of themselves.
pub fn set_profile(db: &Connection, id: UserId, profile: &str) -> Result<()> {
    db.prepare_cached("UPDATE users SET profile = ?2 WHERE id = ?1")?
        .execute(params![id, profile])?;
    Ok(())
}

/// How many admins there are whose accounts are not disabled.
pub fn admins(db: &Connection) -> Result<u32> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM users WHERE admin AND NOT disabled")?
        .query_row([], |row| row.get(0))?)
}

/// How many users have handed in a build since then; looks at the newest build of each.
pub fn active(db: &Connection, since: Timestamp) -> Result<u32> {
    Ok(db
        .prepare_cached(
            "SELECT count(*) FROM users u WHERE ?1 <= (
                 SELECT b.submitted_on FROM builds b WHERE b.submitter_id = u.id
                 ORDER BY b.id DESC LIMIT 1)",
        )?
        .query_row([since], |row| row.get(0))?)
}

/// Blanks what an account holds of a person; its name and number stay, as projects and builds
/// refer to them.
pub fn blank(db: &Connection, id: UserId) -> Result<()> {
    for sql in [
        "UPDATE users SET email = NULL, admin = 0, password_hash = NULL, profile = ''
         WHERE id = ?1",
        "DELETE FROM group_members WHERE user_id = ?1",
        "DELETE FROM permissions WHERE user_id = ?1",
        "DELETE FROM tokens WHERE user_id = ?1",
        "DELETE FROM sessions WHERE user_id = ?1",
        "DELETE FROM login_links WHERE user_id = ?1",
        "DELETE FROM pins WHERE owner = (SELECT name FROM users WHERE id = ?1)",
    ] {
        db.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}

/// Whether there is any account at all.
pub fn any(db: &Connection) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM users LIMIT 1)")?
        .query_row([], |row| row.get(0))?)
}

/// A user's password hash; `None` where no password is set.
pub fn password_hash(db: &Connection, id: UserId) -> Result<Option<String>> {
    let found = db
        .prepare_cached("SELECT password_hash FROM users WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(found.flatten())
}

/// Sets a user's password hash.
pub fn set_password_hash(db: &Connection, id: UserId, hash: &str) -> Result<()> {
    db.prepare_cached("UPDATE users SET password_hash = ?2 WHERE id = ?1")?
        .execute(params![id, hash])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[test]
    fn a_user_comes_back_as_it_went_in() {
        let store = testing::store();
        assert!(!store.read_now(any).unwrap());
        let name: UserName = "alice".parse().unwrap();
        let now = Timestamp(7);
        let id = store.write_now(|tx| insert(tx, &name, Some("a@example.org"), true, now)).unwrap();
        let found = store.read_now(|db| find(db, &name)).unwrap().unwrap();
        let expected = User {
            id,
            name: name.clone(),
            email: Some("a@example.org".to_owned()),
            admin: true,
            disabled: false,
            created_on: now,
        };
        assert_eq!(found, expected);
        let changed = User { disabled: true, email: None, ..expected };
        store.write_now(|tx| update(tx, &changed)).unwrap();
        assert_eq!(store.read_now(|db| get(db, id)).unwrap(), Some(changed.clone()));
        assert_eq!(store.read_now(|db| list(db, None, 10)).unwrap(), [changed]);
        assert_eq!(store.read_now(|db| list(db, Some(&name), 10)).unwrap(), []);
        assert!(store.write_now(|tx| insert(tx, &name, None, false, now)).is_err());
        assert!(store.read_now(any).unwrap());
    }
}
