//! Browser sessions and one-time login links, by the digests of their secrets.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, users};
use crate::clock::Timestamp;
use crate::model::UserId;
use crate::model::user::User;

/// Adds a session, and forgets those that have run out.
pub fn insert(
    db: &Connection,
    digest: [u8; 32],
    user: UserId,
    now: Timestamp,
    expires_on: Timestamp,
) -> Result<()> {
    db.prepare_cached("DELETE FROM sessions WHERE expires_on <= ?1")?.execute([now])?;
    db.prepare_cached(
        "INSERT INTO sessions (id_hash, user_id, created_on, expires_on) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![digest, user, now, expires_on])?;
    Ok(())
}

/// Whose session this is, while it lasts and the account is not disabled.
pub fn user(db: &Connection, digest: [u8; 32], now: Timestamp) -> Result<Option<User>> {
    let sql = format!(
        "SELECT {columns}
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id_hash = ?1 AND s.expires_on > ?2 AND NOT u.disabled",
        columns = users::COLUMNS
    );
    Ok(db
        .prepare_cached(&sql)?
        .query_row(params![digest, now], |row| users::from_row(row, 0))
        .optional()?)
}

/// When a user's sessions began and when they end, the newest first.
pub fn of_user(db: &Connection, user: UserId) -> Result<Vec<(Timestamp, Timestamp)>> {
    db.prepare_cached(
        "SELECT created_on, expires_on FROM sessions WHERE user_id = ?1
         ORDER BY created_on DESC LIMIT 10000",
    )?
    .query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?
    .map(|row| Ok(row?))
    .collect()
}

/// Ends a session.
pub fn delete(db: &Connection, digest: [u8; 32]) -> Result<()> {
    db.prepare_cached("DELETE FROM sessions WHERE id_hash = ?1")?.execute(params![digest])?;
    Ok(())
}

/// Ends all sessions of a user.
pub fn delete_of_user(db: &Connection, user: UserId) -> Result<()> {
    db.prepare_cached("DELETE FROM sessions WHERE user_id = ?1")?.execute([user])?;
    Ok(())
}

/// Adds a login link, instead of the user's earlier ones.
pub fn insert_link(
    db: &Connection,
    digest: [u8; 32],
    user: UserId,
    expires_on: Timestamp,
) -> Result<()> {
    db.prepare_cached("DELETE FROM login_links WHERE user_id = ?1")?.execute([user])?;
    db.prepare_cached(
        "INSERT INTO login_links (secret_hash, user_id, expires_on) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![digest, user, expires_on])?;
    Ok(())
}

/// Whose login link this is, while it can be used.
pub fn link_user(db: &Connection, digest: [u8; 32], now: Timestamp) -> Result<Option<User>> {
    let sql = format!(
        "SELECT {columns}
         FROM login_links l JOIN users u ON u.id = l.user_id
         WHERE l.secret_hash = ?1 AND l.expires_on > ?2 AND NOT u.disabled",
        columns = users::COLUMNS
    );
    Ok(db
        .prepare_cached(&sql)?
        .query_row(params![digest, now], |row| users::from_row(row, 0))
        .optional()?)
}

/// Uses up a login link. Whose it was, unless it has run out or the account is disabled.
pub fn take_link(db: &Connection, digest: [u8; 32], now: Timestamp) -> Result<Option<User>> {
    let taken: Option<(UserId, Timestamp)> = db
        .prepare_cached(
            "DELETE FROM login_links WHERE secret_hash = ?1 RETURNING user_id, expires_on",
        )?
        .query_row(params![digest], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((user, expires_on)) = taken else { return Ok(None) };
    if expires_on <= now {
        return Ok(None);
    }
    Ok(users::get(db, user)?.filter(|user| !user.disabled))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{self, TempStore};

    fn with_bob() -> (TempStore, UserId) {
        let store = testing::store();
        let bob = "bob".parse().unwrap();
        let id = store.write_now(|tx| users::insert(tx, &bob, None, false, Timestamp(1))).unwrap();
        (store, id)
    }

    #[test]
    fn a_session_lasts_until_it_ends_or_is_ended() {
        let (store, bob) = with_bob();
        let id_at = |digest, now| {
            store.read_now(|db| user(db, digest, Timestamp(now))).unwrap().map(|user| user.id)
        };
        for digest in [[1; 32], [2; 32]] {
            store.write_now(|tx| insert(tx, digest, bob, Timestamp(1), Timestamp(10))).unwrap();
        }
        assert_eq!((id_at([1; 32], 9), id_at([1; 32], 10)), (Some(bob), None));
        assert_eq!(id_at([3; 32], 9), None);
        store.write_now(|tx| delete(tx, [1; 32])).unwrap();
        assert_eq!((id_at([1; 32], 9), id_at([2; 32], 9)), (None, Some(bob)));
        store.write_now(|tx| delete_of_user(tx, bob)).unwrap();
        assert_eq!(id_at([2; 32], 9), None);
    }

    #[test]
    fn a_disabled_user_has_no_session() {
        let (store, bob) = with_bob();
        store.write_now(|tx| insert(tx, [1; 32], bob, Timestamp(1), Timestamp(10))).unwrap();
        let account = store.read_now(|db| users::get(db, bob)).unwrap().unwrap();
        store.write_now(|tx| users::update(tx, &User { disabled: true, ..account })).unwrap();
        assert_eq!(store.read_now(|db| user(db, [1; 32], Timestamp(2))).unwrap(), None);
    }

    #[test]
    fn a_link_works_once_and_only_the_last_one() {
        let (store, bob) = with_bob();
        let is_good = |digest, now| {
            store.read_now(|db| link_user(db, digest, Timestamp(now))).unwrap().is_some()
        };
        let take = |digest, now| {
            store.write_now(|tx| take_link(tx, digest, Timestamp(now))).unwrap().is_some()
        };
        for digest in [[1; 32], [2; 32]] {
            store.write_now(|tx| insert_link(tx, digest, bob, Timestamp(10))).unwrap();
        }
        assert!(!take([1; 32], 9));
        assert_eq!((is_good([2; 32], 9), is_good([2; 32], 10)), (true, false));
        assert!(take([2; 32], 9));
        assert!(!is_good([2; 32], 9));
        assert!(!take([2; 32], 9));
        store.write_now(|tx| insert_link(tx, [3; 32], bob, Timestamp(10))).unwrap();
        assert!(!take([3; 32], 10));
    }
}
