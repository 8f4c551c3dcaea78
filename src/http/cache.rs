//! How long an answer may be kept, by name.

use rocket::http::Header;

/// What browsers and proxies may do with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachePolicy {
    /// Keep it in one browser only, and ask each time: it is meant for one person.
    Private,
    /// Keep it, but ask each time whether it still holds.
    Revalidate,
    /// Keep it for a day: it should not change, but might.
    Day,
    /// Keep it for ever: its address changes when it does.
    Immutable,
}

impl CachePolicy {
    /// The value of `Cache-Control`.
    pub fn as_str(self) -> &'static str {
        match self {
            CachePolicy::Private => "private, no-cache",
            CachePolicy::Revalidate => "no-cache",
            CachePolicy::Day => "public, max-age=86400",
            CachePolicy::Immutable => "public, max-age=31536000, immutable",
        }
    }
}

impl From<CachePolicy> for Header<'static> {
    fn from(policy: CachePolicy) -> Header<'static> {
        Header::new("Cache-Control", policy.as_str())
    }
}
