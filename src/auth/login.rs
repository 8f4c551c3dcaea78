//! Logging in with name and password.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::attempts::Attempts;
use super::{password, session};
use crate::clock::Timestamp;
use crate::model::UserName;
use crate::model::user::User;
use crate::store::{Store, StoreError, users};

/// Why a log-in was refused. Unknown names, wrong passwords and disabled accounts look the same.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Name and password do not fit.
    #[error("wrong name or password")]
    Wrong,
    /// Too many wrong tries.
    #[error("too many wrong passwords; try again in {} s", .0.as_secs() + 1)]
    Wait(Duration),
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks a password and begins a session; the answer is the cookie's value.
pub async fn log_in(
    store: &Store,
    attempts: &Attempts,
    name: &str,
    password: String,
    address: IpAddr,
) -> Result<String, LoginError> {
    let user = check(store, attempts, name, password, address).await?;
    Ok(store.write(move |tx| session::start(tx, user.id, Timestamp::now())).await?)
}

/// The user of this name and password.
pub async fn check(
    store: &Store,
    attempts: &Attempts,
    name: &str,
    password: String,
    address: IpAddr,
) -> Result<User, LoginError> {
    let now = Instant::now();
    let wait = attempts.wait(name, address, now);
    if !wait.is_zero() {
        return Err(LoginError::Wait(wait));
    }
    // Counted before it is known: many tries at the same time are many tries.
    attempts.failed(name, address, now);
    let account = match name.parse::<UserName>() {
        Err(_) => None,
        Ok(name) => {
            store
                .read(move |db| {
                    let Some(user) = users::find(db, &name)? else { return Ok(None) };
                    let hash = users::password_hash(db, user.id)?;
                    Ok::<_, StoreError>(Some((user, hash)))
                })
                .await?
        }
    };
    let account = account.filter(|(user, _)| !user.disabled);
    let hash = account.as_ref().and_then(|(_, hash)| hash.clone());
    let fits = password::check(password, hash).await;
    let Some((user, _)) = account.filter(|_| fits) else { return Err(LoginError::Wrong) };
    attempts.succeeded(name, address);
    Ok(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[tokio::test]
    async fn the_right_password_begins_a_session() {
        let store = testing::store();
        let bob = store
            .write_now(|tx| {
                let id = users::insert(tx, &"bob".parse().unwrap(), None, false, Timestamp(1))?;
                users::insert(tx, &"eve".parse().unwrap(), None, false, Timestamp(1))?;
                users::set_password_hash(tx, id, &password::hash("correct horse").unwrap())?;
                users::get(tx, id)
            })
            .unwrap()
            .unwrap();
        let attempts = Attempts::default();
        let here = [127, 0, 0, 1].into();
        let try_in = async |name: &str, password: &str| {
            log_in(&store, &attempts, name, password.to_owned(), here).await
        };
        let id = try_in("bob", "correct horse").await.unwrap();
        let found = store.read_now(|db| session::user(db, &id, Timestamp::now())).unwrap();
        assert_eq!(found, Some(bob.clone()));
        for (name, password) in [("bob", "x"), ("eve", ""), ("nobody", "x"), ("a/b", "x")] {
            assert!(matches!(try_in(name, password).await, Err(LoginError::Wrong)), "{name}");
        }
        for _ in 0..4 {
            assert!(matches!(try_in("bob", "x").await, Err(LoginError::Wrong)));
        }
        assert!(matches!(try_in("bob", "correct horse").await, Err(LoginError::Wait(_))));

        store.write_now(|tx| users::update(tx, &User { disabled: true, ..bob })).unwrap();
        let fresh = Attempts::default();
        let refused = log_in(&store, &fresh, "bob", "correct horse".to_owned(), here).await;
        assert!(matches!(refused, Err(LoginError::Wrong)));
    }
}
