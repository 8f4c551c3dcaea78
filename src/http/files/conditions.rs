//! `If-None-Match`, `If-Modified-Since` and `If-Range`: does the client's copy still hold?

use std::time::SystemTime;

use rocket::http::HeaderMap;

/// The conditions of a request, taken out of it so that they can travel to another thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    none_match: Option<String>,
    modified_since: Option<String>,
    range: Option<String>,
    if_range: Option<String>,
}

impl Conditions {
    pub(super) fn of(headers: &HeaderMap<'_>) -> Conditions {
        let one = |name| headers.get_one(name).map(str::to_owned);
        let tags: Vec<&str> = headers.get("If-None-Match").collect();
        Conditions {
            none_match: (!tags.is_empty()).then(|| tags.join(",")),
            modified_since: one("If-Modified-Since"),
            range: one("Range"),
            if_range: one("If-Range"),
        }
    }

    /// Whether the client's copy is still good. `If-None-Match` beats the date.
    pub(super) fn not_modified(&self, etag: &str, modified: SystemTime) -> bool {
        if let Some(tags) = &self.none_match {
            return tags.split(',').map(str::trim).any(|tag| tag == "*" || strong(tag) == etag);
        }
        self.modified_since
            .as_deref()
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .is_some_and(|date| modified <= date)
    }

    /// The `Range` header, unless `If-Range` says that it was meant for an older file.
    pub(super) fn range(&self, etag: &str, modified: SystemTime) -> Option<&str> {
        let meant_for_this = self.if_range.as_deref().is_none_or(|validator| {
            validator.trim() == etag
                || httpdate::parse_http_date(validator).is_ok_and(|date| date == modified)
        });
        self.range.as_deref().filter(|_| meant_for_this)
    }
}

/// The tag without its weakness: proxies that compress mark ours as weak.
fn strong(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use rocket::http::Header;

    use super::*;

    const DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";
    const LATER: &str = "Tue, 14 Nov 2023 22:13:21 GMT";
    const EARLIER: &str = "Tue, 14 Nov 2023 22:13:19 GMT";

    fn given(headers: &[(&'static str, &'static str)]) -> Conditions {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.add(Header::new(*name, *value));
        }
        Conditions::of(&map)
    }

    fn modified() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    #[test]
    fn a_matching_tag_or_date_means_not_modified() {
        let holds = |headers: &[_]| given(headers).not_modified("\"a\"", modified());
        assert!(holds(&[("If-None-Match", "\"x\", W/\"a\"")]));
        assert!(holds(&[("If-None-Match", "*")]));
        assert!(holds(&[("If-Modified-Since", DATE)]));
        assert!(holds(&[("If-Modified-Since", LATER)]));
        assert!(!holds(&[("If-Modified-Since", EARLIER)]));
        assert!(!holds(&[("If-Modified-Since", "yesterday")]));
        assert!(!holds(&[("If-None-Match", "\"x\""), ("If-Modified-Since", LATER)]));
        assert!(!holds(&[]));
    }

    #[test]
    fn a_range_for_an_older_file_is_forgotten() {
        let range = |if_range| {
            let conditions = given(&[("Range", "bytes=1-"), ("If-Range", if_range)]);
            conditions.range("\"a\"", modified()).is_some()
        };
        assert!(range("\"a\""));
        assert!(range(DATE));
        assert!(!range(LATER), "only the exact date will do");
        assert!(!range("W/\"a\""), "weak tags do not promise equal bytes");
        assert!(given(&[("Range", "bytes=1-")]).range("\"a\"", modified()).is_some());
    }
}
