//! The address of an SRPM or a spec file.

use crate::config::Config;
use crate::model::source::{SourceFile, SourceSpec};
use crate::ops::Mistakes;

/// What a request says about an address.
#[derive(Clone, Debug, Default)]
pub struct LinkWish {
    /// The address.
    pub url: Option<String>,
}

impl LinkWish {
    pub(super) fn make(
        self,
        old: Option<&SourceSpec>,
        config: &Config,
        mistakes: &mut Mistakes,
    ) -> Option<SourceSpec> {
        match (self.url.filter(|url| !url.is_empty()), old) {
            (Some(url), _) => {
                check_url("url", &url, config, mistakes);
                Some(SourceSpec::Link { url })
            }
            (None, Some(old @ SourceSpec::Link { .. })) => Some(old.clone()),
            (None, _) => {
                mistakes.add("url", "This field is required.");
                None
            }
        }
    }
}

/// Notes what is wrong with an address that `field` holds.
pub(in crate::ops) fn check_url(field: &str, url: &str, config: &Config, mistakes: &mut Mistakes) {
    let scheme = url.split_once("://").map(|(scheme, rest)| (scheme, !rest.is_empty()));
    let is_url = match scheme {
        Some(("http" | "https", has_rest)) => has_rest,
        Some(("file", has_rest)) => has_rest && config.sources.allow_file_urls,
        _ => false,
    };
    if !is_url || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        mistakes.add(
            field,
            format!(
                "A list of http[s] URLs separated by whitespace characters is needed \
                 ('{url}' doesn't seem to be a valid URL)."
            ),
        );
    }
    let link = SourceSpec::Link { url: url.to_owned() };
    if link.file_name().and_then(SourceFile::of).is_none() {
        mistakes.add(
            field,
            format!(
                "URLs must end with .src.rpm, .nosrc.rpm, or .spec \
                 ('{url}' doesn't seem to be a valid URL)."
            ),
        );
    }
}
