//! From a request's path to a path below the root.

use rocket::http::uri::Segments;
use rocket::http::uri::fmt::Path;
use rocket::request::FromSegments;

/// A path below the root: names joined by `/`, `.` for the root itself. Never absolute, and free
/// of `.`, `..` and empty names. Leading dots, `:`, `@`, `^`, `~` and `+` are names like others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TreePath(String);

/// The request names something that cannot be in the tree.
#[derive(Debug)]
pub(super) struct NotInTree;

impl TreePath {
    /// The path, for the system call.
    pub(super) fn as_str(&self) -> &str {
        if self.0.is_empty() { "." } else { &self.0 }
    }

    /// Whether this is the root itself.
    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last name; empty for the root.
    pub(super) fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or("")
    }

    /// The same file before or after its log was compressed: `x.log` for `x.log.gz` and back.
    pub(super) fn log_twin(&self) -> Option<TreePath> {
        if let Some(stem) = self.0.strip_suffix(".log.gz") {
            return Some(TreePath(format!("{stem}.log")));
        }
        let stem = self.0.strip_suffix(".log")?;
        Some(TreePath(format!("{stem}.log.gz")))
    }

    fn from_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<TreePath, NotInTree> {
        let mut path = String::new();
        for name in names.filter(|name| !name.is_empty()) {
            if matches!(name, "." | "..") || name.contains(['/', '\0']) {
                return Err(NotInTree);
            }
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(name);
        }
        Ok(TreePath(path))
    }
}

impl FromSegments<'_> for TreePath {
    type Error = NotInTree;

    /// Takes the segments as Rocket decoded them, once.
    fn from_segments(segments: Segments<'_, Path>) -> Result<TreePath, NotInTree> {
        TreePath::from_names(segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(names: &[&str]) -> Result<TreePath, NotInTree> {
        TreePath::from_names(names.iter().copied())
    }

    #[test]
    fn odd_names_are_names() {
        let odd = path(&["@devs", "foo:pr:1", ".disable-appstream", "a^1~2+3", ""]).unwrap();
        assert_eq!(odd.as_str(), "@devs/foo:pr:1/.disable-appstream/a^1~2+3");
        assert_eq!(path(&["", ""]).unwrap().as_str(), ".");
        assert!(path(&[]).unwrap().is_root());
    }

    #[test]
    fn ways_out_are_none() {
        for bad in ["..", ".", "a/b", "../x", "a\0"] {
            assert!(path(&["x", bad]).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_log_has_a_twin() {
        let twin = |name| path(&["d", name]).unwrap().log_twin().map(|twin| twin.0);
        assert_eq!(twin("build.log").as_deref(), Some("d/build.log.gz"));
        assert_eq!(twin("build.log.gz").as_deref(), Some("d/build.log"));
        assert_eq!(twin("primary.xml.gz"), None);
        assert_eq!(twin("a.rpm"), None);
    }
}
