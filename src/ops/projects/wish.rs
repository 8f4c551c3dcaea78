//! What a request says about a project's settings, and whether that makes sense.

use std::str::FromStr;

use crate::clock::Timestamp;
use crate::model::ChrootName;
use crate::model::chroot::Chroot;
use crate::model::options::Bootstrap;
use crate::model::project::ProjectSettings;
use crate::model::repo_url::{RepoTarget, RepoUrl};
use crate::ops::{Mistakes, Result};
use crate::store::{Connection, chroots, projects};

const DAY: i64 = 24 * 60 * 60;
const MOST_DAYS: i64 = 720;

/// What a request says about a project; what it does not say is `None`.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The chroots to build in, all of them.
    pub chroots: Option<Vec<String>>,
    /// Markdown.
    pub description: Option<String>,
    /// Markdown: how to install.
    pub instructions: Option<String>,
    /// A web address; the empty text takes it away.
    pub homepage: Option<String>,
    /// A web or mail address; the empty text takes it away.
    pub contact: Option<String>,
    /// Further repositories at build time.
    pub additional_repos: Option<Vec<String>>,
    /// Further repositories that users of the packages need.
    pub runtime_dependencies: Option<Vec<String>>,
    /// Left out of the home page.
    pub unlisted: Option<bool>,
    /// Builds have network access.
    pub enable_net: Option<bool>,
    /// Old builds are removed.
    pub auto_prune: Option<bool>,
    /// The owner decides when builds enter the repository.
    pub manual_createrepo: Option<bool>,
    /// Days until the project goes away; -1: never.
    pub delete_after_days: Option<i64>,
    /// The repository file of x86_64 also names the i386 repository.
    pub multilib: Option<bool>,
    /// Packages may replace those of modules.
    pub module_hotfixes: Option<bool>,
    /// Run fedora-review after each build.
    pub fedora_review: Option<bool>,
    /// Make AppStream metadata.
    pub appstream: Option<bool>,
    /// How build roots are bootstrapped.
    pub bootstrap: Option<String>,
    /// What separates builds from the host.
    pub isolation: Option<String>,
    /// New Fedora releases are enabled as they branch.
    pub follow_fedora_branching: Option<bool>,
    /// Forge projects that may build through Packit.
    pub packit_forge_projects_allowed: Option<Vec<String>>,
    /// `priority=` of the repository.
    pub repo_priority: Option<i64>,
    /// Its repository is to have none; who says this does not say which.
    pub no_repo_priority: bool,
    /// What was wrong already when the request was read.
    pub mistakes: Mistakes,
}

impl Wish {
    /// Writes what is said into `settings` and notes what makes no sense.
    pub(super) fn apply(
        self,
        db: &Connection,
        settings: &mut ProjectSettings,
        mistakes: &mut Mistakes,
    ) -> Result<()> {
        set(&mut settings.description, self.description);
        set(&mut settings.instructions, self.instructions);
        if let Some(homepage) = self.homepage {
            if !homepage.is_empty() && !is_web_address(&homepage) {
                mistakes.add("homepage", "Invalid URL.");
            }
            settings.homepage = Some(homepage).filter(|text| !text.is_empty());
        }
        if let Some(contact) = self.contact {
            if !contact.is_empty() && !is_web_address(&contact) && !is_mail_address(&contact) {
                mistakes.add("contact", "Contact must be email address or URL");
            }
            settings.contact = Some(contact).filter(|text| !text.is_empty());
        }
        if let Some(items) = self.additional_repos {
            settings.additional_repos = repos(db, "repos", &items, mistakes)?;
        }
        if let Some(items) = self.runtime_dependencies {
            settings.runtime_dependencies = repos(db, "runtime_dependencies", &items, mistakes)?;
        }
        set(&mut settings.unlisted, self.unlisted);
        set(&mut settings.enable_net, self.enable_net);
        set(&mut settings.auto_prune, self.auto_prune);
        set(&mut settings.manual_createrepo, self.manual_createrepo);
        set(&mut settings.multilib, self.multilib);
        set(&mut settings.module_hotfixes, self.module_hotfixes);
        set(&mut settings.fedora_review, self.fedora_review);
        set(&mut settings.appstream, self.appstream);
        set(&mut settings.follow_fedora_branching, self.follow_fedora_branching);
        let bootstrap = choice("bootstrap", self.bootstrap.as_deref(), mistakes);
        if bootstrap == Some(Bootstrap::CustomImage) {
            mistakes.add("bootstrap", "an image can be named for a single chroot only");
        }
        set(&mut settings.bootstrap, bootstrap);
        set(&mut settings.isolation, choice("isolation", self.isolation.as_deref(), mistakes));
        if let Some(patterns) = self.packit_forge_projects_allowed {
            settings.packit_forge_projects_allowed =
                patterns.iter().map(|pattern| without_scheme(pattern)).collect();
        }
        if self.no_repo_priority {
            settings.repo_priority = None;
        }
        let priority = self.repo_priority.map(u32::try_from);
        match priority {
            // What is no number is not at least 1 either: Copr says both.
            None if !mistakes.concern("repo_priority") => {}
            Some(Ok(priority)) if priority >= 1 => settings.repo_priority = Some(priority),
            _ => mistakes.add("repo_priority", "Number must be at least 1."),
        }
        Ok(())
    }
}

fn set<T>(place: &mut T, wanted: Option<T>) {
    if let Some(wanted) = wanted {
        *place = wanted;
    }
}

/// One word out of a few; the empty text says nothing.
pub(in crate::ops) fn choice<T: FromStr>(
    field: &str,
    word: Option<&str>,
    mistakes: &mut Mistakes,
) -> Option<T> {
    let word = word.filter(|word| !word.is_empty())?;
    let parsed = word.parse().ok();
    if parsed.is_none() {
        mistakes.add(field, "Not a valid choice.");
    }
    parsed
}

/// Repositories out of their texts. Those on this server must be there now; what becomes of them
/// later is another matter.
pub(in crate::ops) fn repos(
    db: &Connection,
    field: &str,
    items: &[String],
    mistakes: &mut Mistakes,
) -> Result<Vec<RepoUrl>> {
    let mut parsed = Vec::with_capacity(items.len());
    for item in items {
        let Ok(repo) = item.parse::<RepoUrl>() else {
            mistakes.add(
                field,
                format!(
                    "A list of http[s] URLs separated by whitespace characters is needed \
                     ('{item}' doesn't seem to be a valid URL)."
                ),
            );
            continue;
        };
        if let RepoTarget::Copr(owner, dir) = repo.target()
            && projects::find(db, owner, dir.project())?.is_none()
        {
            mistakes.add(field, format!("the project of '{item}' does not exist"));
        }
        parsed.push(repo);
    }
    Ok(parsed)
}

/// The chroots of these names, which builds can be sent to.
pub(super) fn active_chroots(
    db: &Connection,
    names: &[String],
    mistakes: &mut Mistakes,
) -> Result<Vec<Chroot>> {
    let mut found: Vec<Chroot> = Vec::with_capacity(names.len());
    for name in names {
        let chroot = match name.parse::<ChrootName>() {
            Ok(name) => chroots::find(db, &name)?.filter(|chroot| chroot.active),
            Err(_) => None,
        };
        match chroot {
            Some(chroot) if found.iter().any(|known| known.id == chroot.id) => {}
            Some(chroot) => found.push(chroot),
            None => {
                mistakes.add("chroots", format!("'{name}' is not a valid choice for this field."));
            }
        }
    }
    Ok(found)
}

/// When a project goes away that is given `days` more days: at midnight after them. `None` for
/// days that make no sense is noted as well.
pub(super) fn delete_after(days: Option<i64>, mistakes: &mut Mistakes) -> Option<Timestamp> {
    if days.is_none() && !mistakes.concern("delete_after_days") {
        return None;
    }
    let days = days.unwrap_or(MOST_DAYS + 1);
    if !(-1..=MOST_DAYS).contains(&days) {
        mistakes.add("delete_after_days", format!("Number must be between -1 and {MOST_DAYS}."));
        return None;
    }
    let today = Timestamp::now().0.div_euclid(DAY);
    (days >= 0).then_some(Timestamp((today + days + 1) * DAY))
}

fn is_web_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_clean = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    is_scheme && scheme != "javascript" && scheme != "file" && !host.is_empty() && is_clean
}

fn is_mail_address(text: &str) -> bool {
    let clean = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let parts = text.split_once('@');
    clean && parts.is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
}

fn without_scheme(pattern: &str) -> String {
    pattern.split_once("://").map_or(pattern, |(_, rest)| rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_for_people() {
        for good in ["https://example.org", "http://h/p?q", "http://[::1]:8/x"] {
            assert!(is_web_address(good), "{good}");
        }
        for bad in ["nope", "http://", "javascript://x", "https://a b", "://x"] {
            assert!(!is_web_address(bad), "{bad}");
        }
        assert!(is_mail_address("a@example.org"));
        assert!(!is_mail_address("not an email") && !is_mail_address("@x.org"));
    }

    #[test]
    fn a_temporary_project_ends_at_a_midnight() {
        let mut mistakes = Mistakes::default();
        let end = delete_after(Some(3), &mut mistakes).unwrap();
        assert_eq!(end.0 % DAY, 0);
        let days_left = (end.0 - Timestamp::now().0) / DAY;
        assert_eq!(days_left, 3);
        assert_eq!(delete_after(Some(-1), &mut mistakes), None);
        assert!(mistakes.clone().none().is_ok());
        assert_eq!(delete_after(Some(721), &mut mistakes), None);
        assert!(mistakes.concern("delete_after_days"));
    }

    #[test]
    fn packit_patterns_have_no_scheme() {
        assert_eq!(without_scheme("https://github.com/a/*"), "github.com/a/*");
        assert_eq!(without_scheme("github.com/a/b"), "github.com/a/b");
    }
}
