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
    /// What the directory that counts held there, as [`Content::Tree`] has it.
    pub tree: Option<String>,
    /// When it was looked at.
    pub looked_on: Timestamp,
    /// How often in a row it could not be told.
    pub failures: u32,
    /// Why it could not be told this time.
    pub trouble: Option<String>,
}

/// What there is upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// A commit or a version.
    pub at: String,
    /// What of it counts.
    pub content: Content,
}

/// What of a commit or a version counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// All of it.
    Whole,
    /// A directory, whose content has this name; none where there is no such directory.
    Tree(String),
    /// A directory, but its content cannot be told; why.
    Unknown(String),
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
        /// Why it may be new elsewhere than in the directory that counts.
        doubt: Option<String>,
    },
    /// There is something new, but the directory that counts is as it was.
    Elsewhere {
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
        found: Result<Found, String>,
        now: Timestamp,
    ) -> (Poll, News) {
        // A package that is pointed elsewhere begins anew.
        let last = last.filter(|last| last.upstream == upstream);
        let mut poll =
            Poll { upstream, seen: None, tree: None, looked_on: now, failures: 0, trouble: None };
        let (mut failures, mut trouble) = (0, None);
        if let Some(last) = last {
            (poll.seen, poll.tree) = (last.seen, last.tree);
            (failures, trouble) = (last.failures, last.trouble);
        }
        let news = match found {
            Ok(found) => poll.take(found),
            Err(why) => {
                poll.failures = failures.saturating_add(1);
                let is_known = trouble.as_ref() == Some(&why);
                poll.trouble = Some(why.clone());
                if is_known { News::Nothing } else { News::Trouble(why) }
            }
        };
        (poll, news)
    }

    /// Puts what was found in the place of what was there before.
    fn take(&mut self, Found { at: now, content }: Found) -> News {
        if self.seen.as_ref() == Some(&now) {
            return News::Nothing;
        }
        let (tree, doubt) = match content {
            Content::Whole => (None, None),
            Content::Tree(tree) => {
                let unknown = "what was there before is not known".to_owned();
                (Some(tree), self.tree.is_none().then_some(unknown))
            }
            Content::Unknown(why) => (None, Some(why)),
        };
        let is_same = tree.is_some() && tree == self.tree;
        self.tree = tree;
        match self.seen.replace(now.clone()) {
            None => News::First(now),
            Some(before) if is_same => News::Elsewhere { before, now },
            Some(before) => News::Changed { before, now, doubt },
        }
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
        let found = found.map(|at| Found { at: at.to_owned(), content: Content::Whole });
        let found = found.map_err(str::to_owned);
        Poll::after(last.cloned(), at.to_owned(), found, Timestamp(1))
    }

    #[test]
    fn only_what_is_new_after_the_first_look_is_news() {
        let (first, news) = look(None, "a", Ok("1"));
        assert_eq!(news, News::First("1".to_owned()));
        let (second, news) = look(Some(&first), "a", Ok("1"));
        assert_eq!((news, &second), (News::Nothing, &first));
        let (third, news) = look(Some(&second), "a", Ok("2"));
        let (before, now) = ("1".to_owned(), "2".to_owned());
        assert_eq!(news, News::Changed { before, now, doubt: None });
        let (_, news) = look(Some(&third), "b", Ok("3"));
        assert_eq!(news, News::First("3".to_owned()));
    }

    #[test]
    fn of_a_directory_only_its_own_content_is_news() {
        let tree = |id: &str| Content::Tree(id.to_owned());
        let look = |last: Option<&Poll>, at: &str, content| {
            let found = Found { at: at.to_owned(), content };
            Poll::after(last.cloned(), "a".to_owned(), Ok(found), Timestamp(1))
        };
        let (first, news) = look(None, "1", tree("x"));
        assert_eq!(news, News::First("1".to_owned()));
        let (second, news) = look(Some(&first), "2", tree("x"));
        let (before, now) = ("1".to_owned(), "2".to_owned());
        assert_eq!(news, News::Elsewhere { before, now });
        // What is seen once more need not be looked into.
        let (second, news) = look(Some(&second), "2", Content::Whole);
        assert_eq!((news, second.tree.as_deref()), (News::Nothing, Some("x")));
        let (third, news) = look(Some(&second), "3", tree(""));
        assert!(matches!(news, News::Changed { doubt: None, .. }), "{news:?}");
        let doubt = |news| match news {
            News::Changed { doubt, .. } => doubt.unwrap_or_default(),
            other => panic!("{other:?}"),
        };
        let (fourth, news) = look(Some(&third), "4", Content::Unknown("no such thing".to_owned()));
        assert_eq!((doubt(news), &fourth.tree), ("no such thing".to_owned(), &None));
        let (_, news) = look(Some(&fourth), "5", tree("x"));
        assert_eq!(doubt(news), "what was there before is not known");
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
