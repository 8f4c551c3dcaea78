//! Slows down the guessing of passwords.
//!
//! Counted per account and address, in memory: a stranger cannot lock out a user who sits
//! elsewhere, and a restart forgives. API tokens are not counted; they cannot be guessed, and
//! copr-cli tries a wrong one three times at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many wrong passwords cost nothing: people mistype.
const FREE: u32 = 5;

/// The longest wait.
const LONGEST: Duration = Duration::from_mins(5);

/// After this long without a try, all is forgotten.
const MEMORY: Duration = Duration::from_hours(1);

/// More pairs than this are an attack, which must not fill the memory.
const MOST: usize = 10_000;

/// The wrong passwords of the last hour.
#[derive(Default)]
pub struct Attempts {
    wrong: Mutex<HashMap<(String, IpAddr), Wrong>>,
}

#[derive(Clone, Copy)]
struct Wrong {
    count: u32,
    last: Instant,
}

impl Wrong {
    fn wait(self) -> Duration {
        match self.count.checked_sub(FREE) {
            None => Duration::ZERO,
            Some(more) => Duration::from_secs(1 << more.min(16)).min(LONGEST),
        }
    }
}

impl Attempts {
    /// How long this account must wait at this address before its next try counts; zero: not at
    /// all.
    pub fn wait(&self, account: &str, address: IpAddr, now: Instant) -> Duration {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        match wrong.get(&key(account, address)) {
            Some(found) => found.wait().saturating_sub(now.duration_since(found.last)),
            None => Duration::ZERO,
        }
    }

    /// Notes a wrong password.
    pub fn failed(&self, account: &str, address: IpAddr, now: Instant) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.len() >= MOST {
            wrong.retain(|_, found| now.duration_since(found.last) < MEMORY);
        }
        if wrong.len() >= MOST {
            wrong.clear();
        }
        let found = wrong.entry(key(account, address)).or_insert(Wrong { count: 0, last: now });
        if now.duration_since(found.last) >= MEMORY {
            found.count = 0;
        }
        *found = Wrong { count: found.count.saturating_add(1), last: now };
    }

    /// Notes a right password.
    pub fn succeeded(&self, account: &str, address: IpAddr) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.remove(&key(account, address));
    }
}

/// Names come as they were typed; their beginning tells them apart well enough.
fn key(account: &str, address: IpAddr) -> (String, IpAddr) {
    (account.chars().take(100).collect(), address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_becomes_slow_and_the_right_password_forgives() {
        let attempts = Attempts::default();
        let (here, there) = ([127, 0, 0, 1].into(), [10, 0, 0, 1].into());
        let start = Instant::now();
        for _ in 0..4 {
            attempts.failed("bob", here, start);
            assert_eq!(attempts.wait("bob", here, start), Duration::ZERO);
        }
        attempts.failed("bob", here, start);
        assert_eq!(attempts.wait("bob", here, start), Duration::from_secs(1));
        attempts.failed("bob", here, start);
        assert_eq!(attempts.wait("bob", here, start), Duration::from_secs(2));
        assert_eq!(attempts.wait("bob", here, start + Duration::from_secs(2)), Duration::ZERO);
        assert_eq!(attempts.wait("bob", there, start), Duration::ZERO);
        assert_eq!(attempts.wait("alice", here, start), Duration::ZERO);
        for _ in 0..50 {
            attempts.failed("bob", here, start);
        }
        assert_eq!(attempts.wait("bob", here, start), LONGEST);
        attempts.succeeded("bob", here);
        assert_eq!(attempts.wait("bob", here, start), Duration::ZERO);
    }

    #[test]
    fn the_memory_stays_small() {
        let attempts = Attempts::default();
        let (here, now) = ([127, 0, 0, 1].into(), Instant::now());
        for number in 0..MOST + 5 {
            attempts.failed(&number.to_string(), here, now);
        }
        assert!(attempts.wrong.lock().unwrap().len() <= MOST);
    }
}
