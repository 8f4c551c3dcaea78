//! API tokens. Only a digest of each secret is kept.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Result, users};
use crate::clock::Timestamp;
use crate::model::user::{Token, User};
use crate::model::{TokenId, UserId};

const COLUMNS: &str =
    "t.id, t.user_id, t.login, t.label, t.created_on, t.expires_on, t.last_used_on";

/// How many columns [`COLUMNS`] has.
const WIDTH: usize = 7;

fn from_row(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token {
        id: row.get(0)?,
        user: row.get(1)?,
        login: row.get(2)?,
        label: row.get(3)?,
        created_on: row.get(4)?,
        expires_on: row.get(5)?,
        last_used_on: row.get(6)?,
    })
}

/// A new token.
pub struct Insert<'a> {
    /// Whose it is.
    pub user: UserId,
    /// Its public half, not used by another token.
    pub login: &'a str,
    /// The digest of its secret.
    pub digest: [u8; 32],
    /// What its owner calls it.
    pub label: &'a str,
    /// The first moment when it no longer counts.
    pub expires_on: Timestamp,
}

/// Adds a token.
pub fn insert(db: &Connection, token: &Insert<'_>, now: Timestamp) -> Result<Token> {
    db.prepare_cached(
        "INSERT INTO tokens (user_id, login, token_hash, label, created_on, expires_on)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        token.user,
        token.login,
        token.digest,
        token.label,
        now,
        token.expires_on
    ])?;
    Ok(Token {
        id: TokenId(db.last_insert_rowid()),
        user: token.user,
        login: token.login.to_owned(),
        label: token.label.to_owned(),
        created_on: now,
        expires_on: token.expires_on,
        last_used_on: None,
    })
}

/// A token with its owner and the digest of its secret.
pub struct Known {
    /// The token.
    pub token: Token,
    /// The digest of its secret.
    pub digest: [u8; 32],
    /// Whose it is.
    pub user: User,
}

/// The token with this login.
pub fn find(db: &Connection, login: &str) -> Result<Option<Known>> {
    let sql = format!(
        "SELECT {COLUMNS}, {columns}, t.token_hash
         FROM tokens t JOIN users u ON u.id = t.user_id
         WHERE t.login = ?1",
        columns = users::COLUMNS
    );
    Ok(db
        .prepare_cached(&sql)?
        .query_row([login], |row| {
            Ok(Known {
                token: from_row(row)?,
                user: users::from_row(row, WIDTH)?,
                digest: row.get("token_hash")?,
            })
        })
        .optional()?)
}

/// A user's tokens, oldest first.
pub fn of_user(db: &Connection, user: UserId) -> Result<Vec<Token>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM tokens t WHERE t.user_id = ?1 ORDER BY t.id LIMIT 10000"
    ))?
    .query_map([user], from_row)?
    .map(|row| Ok(row?))
    .collect()
}

/// The token with this number.
pub fn get(db: &Connection, id: TokenId) -> Result<Option<Token>> {
    Ok(db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM tokens t WHERE t.id = ?1"))?
        .query_row([id], from_row)
        .optional()?)
}

/// Notes that a token was used.
pub fn touch(db: &Connection, id: TokenId, now: Timestamp) -> Result<()> {
    db.prepare_cached("UPDATE tokens SET last_used_on = ?2 WHERE id = ?1")?
        .execute(params![id, now])?;
    Ok(())
}

/// Forgets a token, which counts no longer from now on.
pub fn delete(db: &Connection, id: TokenId) -> Result<()> {
    db.prepare_cached("DELETE FROM tokens WHERE id = ?1")?.execute([id])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{StoreError, testing};

    #[test]
    fn a_token_comes_back_with_its_owner() {
        let store = testing::store();
        let now = Timestamp(7);
        let token = store
            .write_now(|tx| {
                let user = users::insert(tx, &"bob".parse().unwrap(), None, false, now)?;
                let new = Insert {
                    user,
                    login: "abc",
                    digest: [9; 32],
                    label: "laptop",
                    expires_on: Timestamp(100),
                };
                insert(tx, &new, now)
            })
            .unwrap();
        let known = store.read_now(|db| find(db, "abc")).unwrap().unwrap();
        assert_eq!((&known.token, known.digest), (&token, [9; 32]));
        assert_eq!(known.user.name.as_str(), "bob");
        store.write_now(|tx| touch(tx, token.id, Timestamp(8))).unwrap();
        let used = store.read_now(|db| get(db, token.id)).unwrap().unwrap();
        assert_eq!(used.last_used_on, Some(Timestamp(8)));
        assert_eq!(store.read_now(|db| of_user(db, token.user)).unwrap(), [used]);
        let gone = store.write_now(|tx| {
            delete(tx, token.id)?;
            Ok::<_, StoreError>(find(tx, "abc")?.is_none())
        });
        assert!(gone.unwrap());
    }
}
