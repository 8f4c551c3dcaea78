//! Browser sessions, kept on the server, and the one-time links that begin one.
//!
//! The cookie is called `session` as Copr's is: its clients send one back on API calls.

use std::time::Duration;

use rocket::http::{Cookie, SameSite};

use super::secret;
use crate::clock::Timestamp;
use crate::config::BaseUrl;
use crate::model::UserId;
use crate::model::user::User;
use crate::store::{self, Connection, sessions};

/// The cookie's name.
pub const COOKIE: &str = "session";

const LIFETIME: Duration = Duration::from_hours(31 * 24);

/// How long a login link can be used.
pub const LINK_LIFETIME: Duration = Duration::from_mins(30);

/// Begins a session; the answer is the cookie's value.
pub fn start(db: &Connection, user: UserId, now: Timestamp) -> store::Result<String> {
    let id = secret::random(43);
    sessions::insert(db, secret::digest(&id), user, now, now.after(LIFETIME))?;
    Ok(id)
}

/// Whose session this is.
pub fn user(db: &Connection, id: &str, now: Timestamp) -> store::Result<Option<User>> {
    sessions::user(db, secret::digest(id), now)
}

/// Ends a session: logging out.
pub fn end(db: &Connection, id: &str) -> store::Result<()> {
    sessions::delete(db, secret::digest(id))
}

/// The cookie of a session. Not for scripts, not for other sites' forms, and for encrypted
/// connections only where the server is reached by one.
pub fn cookie(id: String, base_url: &BaseUrl) -> Cookie<'static> {
    let age = i64::try_from(LIFETIME.as_secs()).unwrap_or(i64::MAX);
    Cookie::build((COOKIE, id))
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .secure(base_url.is_https())
        .max_age(time::Duration::seconds(age))
        .build()
}

/// What takes the cookie away again.
pub fn removal() -> Cookie<'static> {
    Cookie::build(COOKIE).path("/").build()
}

/// Makes a one-time login link's secret; earlier ones of the same user no longer count.
pub fn issue_link(db: &Connection, user: UserId, now: Timestamp) -> store::Result<String> {
    let secret = secret::random(43);
    sessions::insert_link(db, secret::digest(&secret), user, now.after(LINK_LIFETIME))?;
    Ok(secret)
}

/// The address that a login link's secret stands in.
pub fn link_url(base_url: &BaseUrl, secret: &str) -> String {
    format!("{base_url}/login/once/{secret}")
}

/// Whom a login link would log in; `None` when it is unknown, used or too old.
pub fn link_user(db: &Connection, secret: &str, now: Timestamp) -> store::Result<Option<User>> {
    sessions::link_user(db, secret::digest(secret), now)
}

/// Uses up a login link; `None` when it is unknown, used or too old.
pub fn take_link(db: &Connection, secret: &str, now: Timestamp) -> store::Result<Option<User>> {
    sessions::take_link(db, secret::digest(secret), now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{testing, users};

    #[test]
    fn a_link_begins_a_session_and_the_cookie_carries_it() {
        let store = testing::store();
        let now = Timestamp(1_000);
        let (link, bob) = store
            .write_now(|tx| {
                let bob = users::insert(tx, &"bob".parse().unwrap(), None, false, now)?;
                Ok::<_, store::StoreError>((issue_link(tx, bob, now)?, bob))
            })
            .unwrap();
        let late = now.after(LINK_LIFETIME);
        assert_eq!(store.write_now(|tx| take_link(tx, "wrong", now)).unwrap(), None);
        let found = store.write_now(|tx| take_link(tx, &link, Timestamp(late.0 - 1))).unwrap();
        assert_eq!(found.map(|user| user.id), Some(bob));
        let id = store.write_now(|tx| start(tx, bob, now)).unwrap();
        assert!(store.read_now(|db| user(db, &id, now)).unwrap().is_some());
        store.write_now(|tx| end(tx, &id)).unwrap();
        assert!(store.read_now(|db| user(db, &id, now)).unwrap().is_none());
    }

    #[test]
    fn the_cookie_is_for_this_site_only() {
        let plain = cookie("x".to_owned(), &"http://a".parse().unwrap());
        assert_eq!(plain.secure(), Some(false));
        assert_eq!(plain.http_only(), Some(true));
        assert_eq!(plain.same_site(), Some(SameSite::Lax));
        assert_eq!(cookie("x".to_owned(), &"https://a".parse().unwrap()).secure(), Some(true));
    }
}
