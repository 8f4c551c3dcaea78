//! A git or Subversion repository.

use super::{optional, required};
use crate::config::Config;
use crate::model::source::{CloneScheme, CloneUrl, Said, Scm, ScmKind, SpecPath};
use crate::ops::Mistakes;
use crate::ops::projects::choice;

/// What a request says about a repository.
#[derive(Clone, Debug, Default)]
pub struct ScmWish {
    /// Where it is.
    pub clone_url: Option<String>,
    /// The branch, tag or commit.
    pub committish: Option<String>,
    /// The directory below the checkout.
    pub subdirectory: Option<String>,
    /// The spec file below that.
    pub spec: Option<String>,
    /// `git` or `svn`; told from the address when nothing is said.
    pub kind: Option<String>,
    /// How the SRPM is made.
    pub method: Option<String>,
}

impl ScmWish {
    pub(super) fn make(
        self,
        old: Option<&Scm>,
        config: &Config,
        mistakes: &mut Mistakes,
    ) -> Option<Scm> {
        let url = self.clone_url.as_deref();
        let url: Option<CloneUrl> =
            required("clone_url", url, old.map(|old| &old.clone_url), mistakes);
        if url.as_ref().is_some_and(|url| url.scheme() == CloneScheme::File)
            && !config.sources.allow_file_urls
        {
            mistakes.add(
                "clone_url",
                "file:// addresses are not allowed here (sources.allow_file_urls)",
            );
        }
        let kind = choice("scm_type", self.kind.as_deref(), mistakes)
            .or(old.map(|old| old.kind))
            .or_else(|| url.as_ref().map(ScmKind::of))
            .unwrap_or_default();
        if let Some(url) = url.as_ref().filter(|url| !kind.goes_with(url)) {
            let other = ScmKind::of(url);
            mistakes.add("scm_type", format!("{kind} cannot fetch from {url}; say {other}"));
        }
        let committish = self.committish.as_deref();
        let committish =
            optional("committish", committish, old.map(|old| &old.committish), mistakes);
        let subdirectory = self.subdirectory.as_deref();
        let subdirectory =
            optional("subdirectory", subdirectory, old.map(|old| &old.subdirectory), mistakes);
        let spec = spec(self.spec.as_deref(), old.map(|old| &old.spec), mistakes);
        let method = choice("source_build_method", self.method.as_deref(), mistakes)
            .or(old.map(|old| old.method))
            .unwrap_or_default();
        Some(Scm { kind, clone_url: url?, committish, subdirectory, spec, method })
    }
}

fn spec(
    given: Option<&str>,
    old: Option<&Said<SpecPath>>,
    mistakes: &mut Mistakes,
) -> Said<SpecPath> {
    if given.is_some_and(|text| !text.is_empty() && text.strip_suffix(".spec").is_none()) {
        mistakes.add("spec", "RPM spec file must end with .spec");
        return Said::Nothing;
    }
    optional("spec", given, old, mistakes)
}
