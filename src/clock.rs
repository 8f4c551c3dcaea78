//! The time of day, as the store and the API keep it: whole seconds since 1970.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A moment, in unix seconds. APIv3 sends times in exactly this form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment.
    pub fn now() -> Timestamp {
        SystemTime::now().into()
    }

    /// The moment `span` after this one.
    #[must_use]
    pub fn after(self, span: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add_unsigned(span.as_secs()))
    }

    /// How long ago `earlier` was, seen from here; zero when it lies ahead.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The calendar date in UTC, as `YYYY-MM-DD`.
    pub fn date(self) -> String {
        let moment = self.to_utc();
        format!("{:04}-{:02}-{:02}", moment.year(), u8::from(moment.month()), moment.day())
    }

    /// Date and time in UTC, as RFC 3339 has it; for machines and `<time datetime>`.
    pub fn rfc3339(self) -> String {
        let m = self.to_utc();
        format!("{}T{:02}:{:02}:{:02}Z", self.date(), m.hour(), m.minute(), m.second())
    }

    /// Date and time to the minute in UTC, for people: `YYYY-MM-DD HH:MM`.
    pub fn minute(self) -> String {
        let moment = self.to_utc();
        format!("{} {:02}:{:02}", self.date(), moment.hour(), moment.minute())
    }

    /// Date and time in UTC, as mail and feeds have it: `Tue, 14 Nov 2023 22:13:20 GMT`.
    pub fn rfc2822(self) -> String {
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(self.0.max(0).unsigned_abs()))
    }

    fn to_utc(self) -> time::OffsetDateTime {
        time::OffsetDateTime::from_unix_timestamp(self.0)
            .unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(moment: SystemTime) -> Timestamp {
        let seconds = moment.duration_since(UNIX_EPOCH).map_or(0, |span| span.as_secs());
        Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_date_and_as_rfc3339() {
        let moment = Timestamp(1_700_000_000);
        assert_eq!(moment.date(), "2023-11-14");
        assert_eq!(moment.rfc3339(), "2023-11-14T22:13:20Z");
        assert_eq!(moment.minute(), "2023-11-14 22:13");
        assert_eq!(moment.rfc2822(), "Tue, 14 Nov 2023 22:13:20 GMT");
    }

    #[test]
    fn the_future_is_no_time_ago() {
        assert_eq!(Timestamp(5).since(Timestamp(9)), Duration::ZERO);
    }
}
