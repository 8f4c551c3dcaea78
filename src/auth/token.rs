//! API tokens: a login and a secret, sent by clients as HTTP Basic.

use subtle::ConstantTimeEq;

use super::secret;
use crate::clock::Timestamp;
use crate::config::BaseUrl;
use crate::model::user::{Token, User};
use crate::model::{TokenId, UserId, UserName};
use crate::store::{self, Connection, tokens};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// How long after a use another one is written down.
const USES_APART: i64 = 3_600;

/// A token that was just made: the only moment when its secret is known.
pub struct NewToken {
    /// What the store keeps.
    pub token: Token,
    /// The secret half of the pair.
    pub secret: String,
}

impl NewToken {
    /// A configuration file for copr-cli and its relatives with this token in it.
    pub fn client_config(&self, user: &UserName, base_url: &BaseUrl) -> String {
        let Token { login, .. } = &self.token;
        let mut text = format!(
            "[copr-cli]\nlogin = {login}\nusername = {user}\ntoken = {}\ncopr_url = {base_url}\n",
            self.secret
        );
        if !base_url.is_https() {
            // The client refuses to start with a plain address unless it is told so.
            text.push_str("encrypted = False\n");
        }
        text.push_str(&format!("# expiration date: {}\n", self.token.last_day()));
        text
    }
}

/// Makes a token. The login is opaque, not the user's name, and holds no colon: Basic splits there.
pub fn issue(
    db: &Connection,
    user: UserId,
    label: &str,
    expires_on: Timestamp,
    now: Timestamp,
) -> store::Result<NewToken> {
    let (login, secret) = (secret::random(30), secret::random(40));
    let digest = secret::digest(&secret);
    let new = tokens::Insert { user, login: &login, digest, label, expires_on };
    Ok(NewToken { token: tokens::insert(db, &new, now)?, secret })
}

/// The moment when a token ends that still counts `days` days from today.
pub fn expiry(now: Timestamp, days: u16) -> Timestamp {
    Timestamp((now.0.div_euclid(DAY) + i64::from(days) + 1) * DAY)
}

/// Whose credentials these are.
pub struct Checked {
    /// The token that was used.
    pub token: TokenId,
    /// Its owner.
    pub user: User,
    /// Its last use was written down so long ago that this one should be, too.
    pub is_use_stale: bool,
}

/// Checks a pair. Unknown, wrong, expired and disabled look the same from outside.
pub fn check(
    db: &Connection,
    login: &str,
    secret: &str,
    now: Timestamp,
) -> store::Result<Option<Checked>> {
    let given = secret::digest(secret);
    let Some(known) = tokens::find(db, login)? else { return Ok(None) };
    let same = bool::from(given.ct_eq(&known.digest));
    if !same || known.user.disabled || known.token.expires_on <= now {
        return Ok(None);
    }
    let is_use_stale = known.token.last_used_on.is_none_or(|last| now.0 - last.0 >= USES_APART);
    Ok(Some(Checked { token: known.token.id, user: known.user, is_use_stale }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{self, TempStore};
    use crate::store::users;

    const NOON: Timestamp = Timestamp(1_700_049_600);

    fn bobs_token(days: u16) -> (TempStore, NewToken) {
        let store = testing::store();
        let new = store
            .write_now(|tx| {
                let bob = users::insert(tx, &"bob".parse().unwrap(), None, false, NOON)?;
                issue(tx, bob, "laptop", expiry(NOON, days), NOON)
            })
            .unwrap();
        (store, new)
    }

    #[test]
    fn a_token_counts_through_its_last_day() {
        let (store, new) = bobs_token(2);
        assert_eq!(new.token.last_day(), Timestamp(NOON.0 + 2 * DAY).date());
        let works = |login: &str, secret: &str, now| {
            store.read_now(|db| check(db, login, secret, Timestamp(now))).unwrap().is_some()
        };
        let (login, secret) = (new.token.login.as_str(), new.secret.as_str());
        assert!(works(login, secret, NOON.0));
        assert!(works(login, secret, NOON.0 + 2 * DAY + DAY / 2 - 1));
        assert!(!works(login, secret, NOON.0 + 2 * DAY + DAY / 2));
        assert!(!works(login, "", NOON.0));
        assert!(!works("bob", secret, NOON.0));
        assert!(!works(login, login, NOON.0));
        assert!(login.len() <= 40 && !login.contains(':'));
    }

    #[test]
    fn the_client_is_told_when_the_connection_is_plain() {
        let (_store, new) = bobs_token(2);
        let bob = "bob".parse().unwrap();
        let plain = new.client_config(&bob, &"http://a:5000".parse().unwrap());
        let (login, secret) = (&new.token.login, &new.secret);
        let expected = format!(
            "[copr-cli]\nlogin = {login}\nusername = bob\ntoken = {secret}\n\
             copr_url = http://a:5000\nencrypted = False\n# expiration date: 2023-11-17\n"
        );
        assert_eq!(plain, expected);
        assert!(!new.client_config(&bob, &"https://a".parse().unwrap()).contains("encrypted"));
    }

    #[test]
    fn a_disabled_users_token_is_dead() {
        let (store, new) = bobs_token(2);
        let bob = store.read_now(|db| users::get(db, new.token.user)).unwrap().unwrap();
        store.write_now(|tx| users::update(tx, &User { disabled: true, ..bob })).unwrap();
        let found = store.read_now(|db| check(db, &new.token.login, &new.secret, NOON)).unwrap();
        assert!(found.is_none());
    }

    #[test]
    fn uses_are_written_down_once_an_hour() {
        let (store, new) = bobs_token(2);
        let is_stale = |now: i64| {
            let checked =
                store.read_now(|db| check(db, &new.token.login, &new.secret, Timestamp(now)));
            checked.unwrap().unwrap().is_use_stale
        };
        assert!(is_stale(NOON.0));
        store.write_now(|tx| tokens::touch(tx, new.token.id, NOON)).unwrap();
        assert!(!is_stale(NOON.0 + 3_599));
        assert!(is_stale(NOON.0 + 3_600));
    }
}
