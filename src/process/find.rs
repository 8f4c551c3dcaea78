//! Where programs are, and which package brings one that is not there.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::{Error, Program};

/// Searched after `PATH`: an ordinary user's may lack the last two, a bare service's may be empty.
const ALWAYS: &str = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/// Program, its package in Fedora and EL, its package in Debian ("" where there is none).
const PACKAGES: [(&str, &str, &str); 24] = [
    ("appstream-builder", "libappstream-glib-builder", ""),
    ("bwrap", "bubblewrap", "bubblewrap"),
    ("cp", "coreutils", "coreutils"),
    ("cpio", "cpio", "cpio"),
    ("createrepo_c", "createrepo_c", "createrepo-c"),
    ("dnf", "dnf", "dnf"),
    ("dnf5", "dnf5", ""),
    ("env", "coreutils", "coreutils"),
    ("git", "git-core", "git"),
    ("gpg", "gnupg2", "gnupg"),
    ("gpg-agent", "gnupg2", "gpg-agent"),
    ("gpgconf", "gnupg2", "gnupg"),
    ("ip", "iproute", "iproute2"),
    ("mock", "mock", ""),
    ("nsenter", "util-linux", "util-linux"),
    ("rpm", "rpm", "rpm"),
    ("rpmbuild", "rpm-build", "rpm"),
    ("rpmkeys", "rpm", "rpm"),
    ("rpmsign", "rpm-sign", "rpm"),
    ("setarch", "util-linux", "util-linux"),
    ("setpriv", "util-linux", "util-linux"),
    ("svn", "subversion", "subversion"),
    ("tar", "tar", "tar"),
    ("unshare", "util-linux", "util-linux"),
];

/// Where a program is, or `None` when it is not installed. Names with a slash are paths.
pub fn find(name: impl AsRef<OsStr>) -> Option<PathBuf> {
    find_in(name.as_ref(), env::var_os("PATH").as_deref())
}

/// The packages that bring a program: Fedora's and EL's, Debian's ("" where it has none).
pub fn packages_with(program: &str) -> Option<(&'static str, &'static str)> {
    let (_, fedora, debian) = PACKAGES.iter().find(|(name, ..)| *name == program)?;
    Some((fedora, debian))
}

/// Which package to install for a program: half a sentence, as in "install rpm-build (Debian:
/// rpm)".
pub fn package_for(program: &str) -> String {
    match packages_with(program) {
        Some((fedora, debian)) if fedora == debian => format!("install {fedora}"),
        Some((fedora, "")) => format!("install {fedora} (Fedora and EL only)"),
        Some((fedora, debian)) => format!("install {fedora} (Debian: {debian})"),
        None => "install it, or correct the PATH of the server".to_owned(),
    }
}

fn find_in(name: &OsStr, path: Option<&OsStr>) -> Option<PathBuf> {
    let executable = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    if name.as_encoded_bytes().contains(&b'/') {
        return Some(PathBuf::from(name)).filter(|path| executable(path));
    }
    let mut dirs = path.map(OsStr::to_os_string).unwrap_or_default();
    dirs.push(":");
    dirs.push(ALWAYS);
    env::split_paths(&dirs)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(name))
        .find(|path| executable(path))
}

impl Program {
    /// Where this program is. It is looked for here and not by `execvp`, which would not see
    /// whether it is there when `env` or `unshare` stands in front.
    pub(super) fn locate(&self) -> Result<PathBuf, Error> {
        let own = self.env.iter().rev().find(|(key, _)| key == "PATH").map(|(_, value)| value);
        let path = own.cloned().or_else(|| env::var_os("PATH"));
        find_in(&self.name, path.as_deref()).ok_or_else(|| {
            let program = self.display_name();
            Error::Missing { hint: package_for(&program), program }
        })
    }
}

/// Where a program is that we put in front of others.
pub(super) fn need(name: &str) -> Result<OsString, Error> {
    find(name)
        .map(PathBuf::into_os_string)
        .ok_or_else(|| Error::Missing { program: name.to_owned(), hint: package_for(name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_names_packages_of_both_families() {
        assert_eq!(package_for("rpmbuild"), "install rpm-build (Debian: rpm)");
        assert_eq!(package_for("bwrap"), "install bubblewrap");
        assert_eq!(package_for("mock"), "install mock (Fedora and EL only)");
    }

    #[test]
    fn programs_are_found_without_a_path_and_never_in_the_current_directory() {
        assert!(find_in("env".as_ref(), None).is_some());
        assert!(find_in("Cargo.toml".as_ref(), Some(".:".as_ref())).is_none());
        assert!(find_in("/etc/passwd".as_ref(), None).is_none(), "not executable");
        assert!(find_in("/usr".as_ref(), None).is_none(), "a directory");
    }
}
