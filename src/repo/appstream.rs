//! AppStream metadata: what software centres show of the applications in a repository.
//!
//! `appstream-builder` unpacks every package and reads pictures, fonts and translations out of it:
//! all of it foreign. So it works behind bubblewrap, without network, seeing the packages and the
//! system's programs and nothing else of this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Errand, Error};

/// How long it may take; large repositories with many applications do without.
const LIMIT: Duration = Duration::from_mins(3);
/// The program, and the name that its files begin with.
pub const PROGRAM: &str = "appstream-builder";
/// What it makes: the list of applications, and their icons.
const MADE: [&str; 2] = ["appstream.xml.gz", "appstream-icons.tar.gz"];
/// Where things are behind the fence.
const PACKAGES: &str = "/packages";
const OUT: &str = "/out";

/// How a repository is to be described.
#[derive(Clone, Debug)]
pub struct AppStream {
    /// `appstream-builder` of this machine.
    pub program: PathBuf,
    /// Where applications are said to come from: `owner/project`.
    pub origin: String,
}

impl AppStream {
    /// Adds the descriptions of applications in `packages`, paths below `repo`, to the metadata in
    /// `repodata`. `scratch` is an empty directory on the same file system.
    pub(super) async fn describe<'a>(
        &self,
        repo: &Path,
        packages: impl Iterator<Item = &'a String>,
        scratch: &Path,
        repodata: &Path,
        errand: Errand<'_>,
    ) -> Result<(), Error> {
        let (inbox, out) = (scratch.join("packages"), scratch.join("out"));
        for dir in [&inbox, &out] {
            fs::create_dir_all(dir).map_err(Error::disk(dir))?;
        }
        for (number, package) in packages.enumerate() {
            // Two builds may have packages of the same name.
            let link = inbox.join(format!("{number}.rpm"));
            fs::hard_link(repo.join(package), &link).map_err(Error::disk(&link))?;
        }
        let fenced = self.fenced(&inbox, &out, errand).timeout(LIMIT);
        errand.run(PROGRAM, fenced).await?;
        for name in MADE {
            let file = out.join(name);
            let is_made = fs::symlink_metadata(&file).is_ok_and(|meta| meta.is_file());
            if is_made {
                let add = errand.program("modifyrepo_c").arg("--no-compress").arg(file);
                errand.run("modifyrepo_c", add.arg(repodata)).await?;
            }
        }
        Ok(())
    }

    fn fenced(&self, inbox: &Path, out: &Path, errand: Errand<'_>) -> crate::process::Program {
        let mut program = errand
            .program("bwrap")
            .args(["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"])
            .args(["--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp"])
            .args(["--ro-bind", "/usr", "/usr"]);
        for dir in ["/bin", "/lib", "/lib64", "/etc/fonts", "/etc/ld.so.cache"] {
            program = program.args(["--ro-bind-try", dir, dir]);
        }
        program = program.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]);
        for (option, from, at) in [
            ("--ro-bind", self.program.as_path(), self.program.as_path()),
            ("--ro-bind", inbox, Path::new(PACKAGES)),
            ("--bind", out, Path::new(OUT)),
        ] {
            program = program.arg(option).arg(from).arg(at);
        }
        program
            .args(["--chdir", "/tmp", "--"])
            .arg(&self.program)
            .args(["--temp-dir=/tmp/work", "--cache-dir=/tmp/cache", "--log-dir=/tmp"])
            .arg(format!("--packages-dir={PACKAGES}"))
            .arg(format!("--output-dir={OUT}"))
            .args(["--basename=appstream", "--include-failed", "--min-icon-size=48"])
            .args(["--veto-ignore=missing-parents", "--enable-hidpi"])
            .arg(format!("--origin={}", self.origin))
    }
}
