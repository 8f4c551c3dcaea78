//! Passwords: argon2id, off the async threads.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

/// The fewest characters of a password.
pub const SHORTEST: usize = 8;

/// The most bytes: a limit for the hash's work, not for people.
const LONGEST: usize = 1024;

/// Why a password was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("a password must have at least {SHORTEST} characters")]
    Short,
    /// Too long.
    #[error("a password must have at most {LONGEST} bytes")]
    Long,
    /// The hash could not be made.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

/// One hash takes 19 MiB for some 30 ms; more than two at once are not needed.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// What is checked for accounts that are not there, so that the answer takes as long for them.
static NOBODY: LazyLock<String> = LazyLock::new(|| digest("nobody's password").unwrap_or_default());

fn digest(password: &str) -> Result<String, PasswordError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| PasswordError::Hash(error.to_string()))
}

/// The hash of a new password. Takes its time: not for async threads.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::Short);
    }
    if password.len() > LONGEST {
        return Err(PasswordError::Long);
    }
    digest(password)
}

/// Whether `password` has this hash; without a hash, no, after the same time.
/// Not for async threads.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    let parsed = hash.and_then(|hash| PasswordHash::new(hash).ok());
    let is_known = parsed.is_some();
    let Some(parsed) = parsed.or_else(|| PasswordHash::new(&NOBODY).ok()) else { return false };
    let password = &password.as_bytes()[..password.len().min(LONGEST + 1)];
    Argon2::default().verify_password(password, &parsed).is_ok() && is_known
}

/// [`verify`] for async code.
pub async fn check(password: String, hash: Option<String>) -> bool {
    let Ok(_turn) = AT_ONCE.acquire().await else { return false };
    tokio::task::spawn_blocking(move || verify(&password, hash.as_deref())).await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_fits_its_hash() {
        let hash = hash("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify("correct horse", Some(&hash)));
        assert!(!verify("correct horsf", Some(&hash)));
        assert!(!verify("", Some(&hash)));
        assert!(!verify("correct horse", None));
        assert!(!verify("nobody's password", None));
        assert!(!verify("correct horse", Some("damaged")));
    }

    #[test]
    fn passwords_have_a_length() {
        assert!(matches!(hash("1234567"), Err(PasswordError::Short)));
        assert!(matches!(hash(&"x".repeat(1025)), Err(PasswordError::Long)));
    }
}
