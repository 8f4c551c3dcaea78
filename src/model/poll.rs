//! What was found where something new to build may turn up.

use std::time::Duration;

use crate::clock::Timestamp;

/// The longest pause between two looks, where looking fails.
const LONGEST: Duration = Duration::from_hours(24);

/// The last look at a package's upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    /// What was looked at.
    pub upstream: String,
    /// What was there when it could last be told: a commit or a version.
    pub seen: Option<String>,
    /// When it was looked at.
    pub looked_on: Timestamp,
    /// How often in a row it could not be told.
    pub failures: u32,
    /// Why it could not be told this time.
    pub trouble: Option<String>,
}

/// What a look has brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It was never looked at before: this is what there is.
    First(String),
    /// There is something new.
    Changed {
        /// What was there before.
        before: String,
        /// What is there now.
        now: String,
    },
    /// It cannot be told; why. Told once for the same reason.
    Trouble(String),
    /// Nothing that would have to be told.
    Nothing,
}

impl Poll {
    /// The look after `last`, and what it has brought. `found` is what there is now.
    pub fn after(
        last: Option<Poll>,
        upstream: String,
        found: Result<String, String>,
        now: Timestamp,
    ) -> (Poll, News) {
        // A package that is pointed elsewhere begins anew.
        let last = last.filter(|last| last.upstream == upstream);
        let (seen, failures, trouble) = match last {
            Some(last) => (last.seen, last.failures, last.trouble),
            None => (None, 0, None),
        };
        let mut poll = Poll { upstream, seen, looked_on: now, failures: 0, trouble: None };
        let news = match found {
            Err(why) => {
                poll.failures = failures.saturating_add(1);
                let is_known = trouble.as_ref() == Some(&why);
                poll.trouble = Some(why.clone());
                if is_known { News::Nothing } else { News::Trouble(why) }
            }
            Ok(found) => match poll.seen.replace(found.clone()) {
                None => News::First(found),
                Some(before) if before == found => News::Nothing,
                Some(before) => News::Changed { before, now: found },
            },
        };
        (poll, news)
    }

    /// How long to wait for the next look: longer, the more often it has failed.
    pub fn pause(&self, usual: Duration) -> Duration {
        let doubled = usual.saturating_mul(1 << self.failures.min(10));
        if self.failures == 0 { usual } else { doubled.min(LONGEST.max(usual)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn look(last: Option<&Poll>, at: &str, found: Result<&str, &str>) -> (Poll, News) {
        let found = found.map(str::to_owned).map_err(str::to_owned);
        Poll::after(last.cloned(), at.to_owned(), found, Timestamp(1))
    }

    #[test]
    fn only_what_is_new_after_the_first_look_is_news() {
        let (first, news) = look(None, "a", Ok("1"));
        assert_eq!(news, News::First("1".to_owned()));
        let (second, news) = look(Some(&first), "a", Ok("1"));
        assert_eq!((news, &second), (News::Nothing, &first));
        let (third, news) = look(Some(&second), "a", Ok("2"));
        assert_eq!(news, News::Changed { before: "1".to_owned(), now: "2".to_owned() });
        let (_, news) = look(Some(&third), "b", Ok("3"));
        assert_eq!(news, News::First("3".to_owned()));
    }

    #[test]
    fn trouble_is_told_once_and_forgets_nothing() {
        let (first, _) = look(None, "a", Ok("1"));
        let (second, news) = look(Some(&first), "a", Err("down"));
        assert_eq!((news, second.failures), (News::Trouble("down".to_owned()), 1));
        let (third, news) = look(Some(&second), "a", Err("down"));
        assert_eq!((news, third.failures), (News::Nothing, 2));
        let (_, news) = look(Some(&third), "a", Err("gone"));
        assert_eq!(news, News::Trouble("gone".to_owned()));
        let (fourth, news) = look(Some(&third), "a", Ok("2"));
        assert!(matches!(news, News::Changed { .. }));
        assert_eq!((fourth.failures, fourth.trouble), (0, None));
    }

    #[test]
    fn pauses_grow_with_failures_up_to_a_day() {
        let after = |failures| {
            let (poll, _) = look(None, "a", Err("x"));
            Poll { failures, ..poll }.pause(HOUR)
        };
        assert_eq!([0, 1, 3].map(after), [HOUR, HOUR * 2, HOUR * 8]);
        assert_eq!([5, 10, u32::MAX].map(after), [LONGEST; 3]);
        let (poll, _) = look(None, "a", Err("x"));
        assert_eq!(poll.pause(LONGEST * 7), LONGEST * 7);
    }
}
