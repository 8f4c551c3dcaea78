//! Which packages something that happened in a repository concerns. Copr's rules.

use std::path::{Component, Path, PathBuf};

use super::forge::{Change, Push};
use crate::model::source::Scm;

/// The address of a repository without what makes no difference: slashes at the end, and `.git`.
pub(super) fn stem(url: &str) -> &str {
    let url = url.trim_end_matches('/');
    url.strip_suffix(".git").unwrap_or(url)
}

/// Whether a change concerns the package, or why not. `named` is the package that the webhook's
/// address names: it counts for tags alone.
pub(super) fn concerns(
    change: &Change,
    package: &str,
    scm: &Scm,
    named: Option<&str>,
) -> Result<(), String> {
    match change {
        Change::Tag(tag) if named == Some(package) || is_tag_of(tag, package) => Ok(()),
        Change::Tag(tag) => Err(format!("the tag {tag} is not one of this package")),
        Change::Push(push) => touches(push, scm),
        Change::Nothing(why) => Err(why.clone()),
    }
}

/// Whether a tag is the package's name, perhaps with a version and a release.
fn is_tag_of(tag: &str, package: &str) -> bool {
    ["-", "_"].into_iter().any(|separator| {
        let mut parts: Vec<&str> = tag.split(separator).collect();
        (0..2).any(|_| {
            if parts.len() > 1 && parts.last().is_some_and(|last| has_digit(last)) {
                parts.pop();
            }
            parts.join("-") == package || parts.join("_") == package
        })
    })
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

fn touches(push: &Push, scm: &Scm) -> Result<(), String> {
    if let Some(committish) = scm.committish.get()
        && !push.reference.ends_with(committish.as_str())
    {
        return Err(format!("the push is to {}, not to {committish}", push.reference));
    }
    // A forge that does not say which files it was may have changed any.
    let Some(files) = &push.files else { return Ok(()) };
    let below = scm.subdirectory.get().map(|dir| normal(Path::new(dir.as_str())));
    let below = below.unwrap_or_default();
    if files.iter().any(|file| normal(Path::new(file)).starts_with(&below)) {
        return Ok(());
    }
    Err(match scm.subdirectory.get() {
        Some(dir) => format!("no file below {dir} has changed"),
        None => "no file has changed".to_owned(),
    })
}

fn normal(path: &Path) -> PathBuf {
    path.components().filter(|part| matches!(part, Component::Normal(_))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::{ScmKind, SrpmMethod};

    fn scm(committish: &str, subdirectory: &str) -> Scm {
        Scm {
            kind: ScmKind::Git,
            clone_url: "https://h/a.git".parse().unwrap(),
            committish: committish.parse().unwrap(),
            subdirectory: subdirectory.parse().unwrap(),
            spec: "".parse().unwrap(),
            method: SrpmMethod::Rpkg,
        }
    }

    fn push(files: Option<&[&str]>) -> Change {
        let files = files.map(|files| files.iter().map(ToString::to_string).collect());
        Change::Push(Push { reference: "refs/heads/main".to_owned(), files })
    }

    fn fits(change: &Change, scm: &Scm) -> bool {
        concerns(change, "a", scm, None).is_ok()
    }

    #[test]
    fn git_and_slashes_at_the_end_of_an_address_do_not_count() {
        for same in ["https://h/a", "https://h/a/", "https://h/a.git", "https://h/a.git//"] {
            assert_eq!(stem(same), "https://h/a");
        }
        for other in ["http://h/a", "https://h/A", "https://h/a.git.git", "https://h/a.git/b"] {
            assert_ne!(stem(other), "https://h/a");
        }
    }

    #[test]
    fn a_tag_is_a_name_with_perhaps_version_and_release() {
        for (tag, package) in [
            ("foo-1.2", "foo"),
            ("foo-1.2-3", "foo"),
            ("foo_1.2", "foo"),
            ("my-pkg-1.0-1", "my-pkg"),
            ("my-pkg-1.0", "my_pkg"),
            ("my_pkg_1.0_1", "my-pkg"),
            ("foo-2-1", "foo-2"),
            ("foo", "foo"),
        ] {
            assert!(is_tag_of(tag, package), "{tag} {package}");
        }
        for (tag, package) in [
            ("1.2", "foo"),
            ("v1.2", "foo"),
            ("foo-1-2-3", "foo"),
            ("foo-rc", "foo"),
            ("food-1.2", "foo"),
            ("Foo-1.2", "foo"),
            ("", "foo"),
        ] {
            assert!(!is_tag_of(tag, package), "{tag} {package}");
        }
    }

    #[test]
    fn the_package_in_the_address_is_for_any_tag() {
        let tag = Change::Tag("v1".to_owned());
        assert!(concerns(&tag, "a", &scm("", ""), Some("a")).is_ok());
        assert!(concerns(&tag, "a", &scm("", ""), Some("b")).is_err());
        // And says nothing about a push.
        assert!(concerns(&push(Some(&["f"])), "a", &scm("", ""), Some("b")).is_ok());
        assert!(concerns(&push(Some(&[])), "a", &scm("", ""), Some("a")).is_err());
    }

    #[test]
    fn a_push_is_to_the_packages_branch() {
        let push = push(Some(&["f"]));
        for (committish, expected) in
            [("", true), ("main", true), ("refs/heads/main", true), ("other", false)]
        {
            assert_eq!(fits(&push, &scm(committish, "")), expected, "{committish}");
        }
    }

    #[test]
    fn a_push_changes_a_file_below_the_packages_directory() {
        for (dir, file, expected) in [
            ("", "x", true),
            (".", "x", true),
            ("rpm", "rpm/a.spec", true),
            ("./rpm/", "rpm/d/a.spec", true),
            ("/rpm", "rpm/a", true),
            ("rpm/a", "rpm//a/f", true),
            ("rpm", "rpms/a.spec", false),
            ("rpm", "a/rpm/a.spec", false),
            ("rpm/a", "rpm/b/a", false),
        ] {
            assert_eq!(fits(&push(Some(&[file])), &scm("", dir)), expected, "{dir} {file}");
        }
        assert!(fits(&push(Some(&["README", "rpm/a"])), &scm("", "rpm")));
        assert!(!fits(&push(Some(&[])), &scm("", "")), "no commits");
        assert!(fits(&push(None), &scm("main", "rpm")), "nothing is said about files");
    }
}
