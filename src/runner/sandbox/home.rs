//! The home of a build: its sources, its macros, what it makes. The only place besides `/tmp`
//! that the build user may write to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::fence::{HOME, UID};
use super::root::{make_dir, write_file};
use crate::runner::builder::BuildError;

/// rpmbuild's tree, as in mock.
const TREE: [&str; 7] = [
    "build",
    "build/BUILD",
    "build/BUILDROOT",
    "build/RPMS",
    "build/SOURCES",
    "build/SPECS",
    "build/SRPMS",
];

/// A build's home directory on the host.
pub struct Home {
    dir: PathBuf,
}

impl Home {
    /// Makes one at `dir` with these macros.
    pub fn new(dir: PathBuf, macros: &[(String, String)]) -> Result<Home, BuildError> {
        let text = macros_file(macros)?;
        make_dir(&dir)?;
        for part in TREE {
            make_dir(&dir.join(part))?;
            chown(dir.join(part), Some(UID), Some(UID))?;
        }
        write_file(&dir.join(".rpmmacros"), &text)?;
        chown(&dir, Some(UID), Some(UID))?;
        Ok(Home { dir })
    }

    /// Where it is on the host.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Copies a file into it, under a path that is ours, before anything foreign has run there.
    /// Returns its path as builds see it.
    pub fn put(&self, from: &Path, to: &str) -> io::Result<String> {
        let (mut from, to_path) = (File::open(from)?, self.dir.join(to));
        let mut file = OpenOptions::new().write(true).create_new(true).open(&to_path)?;
        io::copy(&mut from, &mut file)?;
        file.set_permissions(fs::Permissions::from_mode(0o644))?;
        chown(&to_path, Some(UID), Some(UID))?;
        Ok(format!("{HOME}/{to}"))
    }

    /// Copies the files of a directory into `SOURCES`, and those in directories below it.
    /// Symlinks stay what they are; inside they can lead only to what is inside.
    pub fn put_sources(&self, from: &Path) -> io::Result<()> {
        for entry in walkdir::WalkDir::new(from).min_depth(1) {
            let entry = entry.map_err(io::Error::other)?;
            let relative = entry.path().strip_prefix(from).map_err(io::Error::other)?;
            let to = self.dir.join("build/SOURCES").join(relative);
            if entry.file_type().is_dir() {
                make_dir(&to)?;
            } else if entry.file_type().is_symlink() {
                std::os::unix::fs::symlink(fs::read_link(entry.path())?, &to)?;
            } else if entry.file_type().is_file() {
                fs::copy(entry.path(), &to)?;
            }
            if !entry.file_type().is_symlink() {
                chown(&to, Some(UID), Some(UID))?;
            }
        }
        Ok(())
    }

    /// The only spec file in `SPECS`, as builds see it.
    pub fn only_spec(&self) -> Result<(PathBuf, PathBuf), BuildError> {
        let mut specs = Vec::new();
        for entry in fs::read_dir(self.dir.join("build/SPECS"))? {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type()?.is_file() && name.as_encoded_bytes().ends_with(b".spec") {
                specs.push((Path::new(HOME).join("build/SPECS").join(name), entry.path()));
            }
        }
        match (specs.pop(), specs.pop()) {
            (Some(spec), None) => Ok(spec),
            (None, _) => Err(BuildError::BadSource("the SRPM has no spec file in it".to_owned())),
            _ => Err(BuildError::BadSource("the SRPM has several spec files in it".to_owned())),
        }
    }

    /// Whether a spec finds out some of its requirements while it is being built.
    pub fn has_dynamic_requirements(spec: &Path) -> io::Result<bool> {
        let flags = OFlags::NOFOLLOW.bits().cast_signed();
        let mut text = Vec::new();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(spec)?;
        io::Read::read_to_end(&mut io::Read::take(file, 16 << 20), &mut text)?;
        let wanted = b"%generate_buildrequires";
        Ok(text.split(|byte| *byte == b'\n').any(|line| line.trim_ascii().starts_with(wanted)))
    }
}

/// `~/.rpmmacros`: where rpmbuild works, then the macros of the job, taken literally.
fn macros_file(macros: &[(String, String)]) -> Result<String, BuildError> {
    let mut text = format!(
        "%_topdir {HOME}/build\n\
         %_rpmfilename %%{{NAME}}-%%{{VERSION}}-%%{{RELEASE}}.%%{{ARCH}}.rpm\n"
    );
    for (name, value) in macros {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_name = name.len() > 1
            && name.chars().all(legal)
            && !name.starts_with(|c: char| c.is_ascii_digit());
        if !is_name || value.chars().any(char::is_control) {
            return Err(BuildError::Internal(format!("{name} cannot be a macro with {value:?}")));
        }
        // A backslash at the end would join the next line.
        let value = value.trim_end_matches('\\').replace('%', "%%");
        let value = if value.trim().is_empty() { "%{nil}" } else { &value };
        for part in ["%", name, " ", value, "\n"] {
            text.push_str(part);
        }
    }
    Ok(text)
}

/// Puts into a new root what builds expect: mount points, the build user, names of hosts.
pub(super) fn furnish(root: &Path) -> io::Result<()> {
    for dir in ["dev", "proc", "run", "sys", "tmp", "var", "var/tmp", "etc", "builddir"] {
        if !root.join(dir).is_dir() {
            make_dir(&root.join(dir))?;
        }
    }
    let hosts = "127.0.0.1 localhost\n::1 localhost\n";
    for (name, text) in [("etc/hosts", hosts), ("etc/resolv.conf", "")] {
        // Mount points later on; as symlinks they would lead the mount elsewhere.
        match fs::remove_file(root.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => write_file(&root.join(name), text)?,
        }
    }
    for (name, line) in [
        ("etc/passwd", format!("mockbuild:x:{UID}:{UID}:builds:{HOME}:/bin/bash\n")),
        ("etc/group", format!("mock:x:{UID}:\n")),
    ] {
        let flags = OFlags::NOFOLLOW.bits().cast_signed();
        let mut options = OpenOptions::new();
        let options = options.append(true).create(true).mode(0o644).custom_flags(flags);
        options.open(root.join(name))?.write_all(line.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, value: &str) -> Result<String, BuildError> {
        macros_file(&[(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn macros_are_taken_literally() {
        let last = |value| text("vendor", value).unwrap().lines().last().unwrap().to_owned();
        assert_eq!(last("Copr - user alice"), "%vendor Copr - user alice");
        assert_eq!(last("100% %(id)"), "%vendor 100%% %%(id)");
        assert_eq!(last("x\\"), "%vendor x");
        assert_eq!(last(""), "%vendor %{nil}");
    }

    #[test]
    fn what_is_no_macro_is_refused() {
        for (name, value) in [("a b", "x"), ("", "x"), ("1a", "x"), ("ab", "x\n%evil y")] {
            assert!(text(name, value).is_err(), "{name} {value}");
        }
    }

    #[test]
    fn dynamic_requirements_are_a_section_of_the_spec() {
        let dir = tempfile::TempDir::new().unwrap();
        let spec = dir.path().join("x.spec");
        fs::write(&spec, "%description\nno %generate_buildrequires\n").unwrap();
        assert!(!Home::has_dynamic_requirements(&spec).unwrap());
        fs::write(&spec, "%generate_buildrequires\necho x\n").unwrap();
        assert!(Home::has_dynamic_requirements(&spec).unwrap());
    }
}
