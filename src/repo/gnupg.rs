//! A home for `gpg` that lives as long as one piece of work.
//!
//! `gpg` cannot sign without an agent, which it starts by itself, which stays, and whose socket
//! lies in the home directory, where a path of more than 107 bytes is no address. So every piece
//! of work gets a home of its own under a short path, with links to the key, and at its end the
//! agent is stopped. Pieces of work on the same key never meet.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf, absolute};
use std::time::Duration;

use tempfile::TempDir;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::{Errand, Error};
use crate::process::{self, Program};

/// Where the agent keeps secret keys, below a home.
pub(super) const SECRETS: &str = "private-keys-v1.d";
/// The public keys, below a home.
pub(super) const KEYRING: &str = "pubring.kbx";

/// What names of temporary homes begin with.
const PREFIX: &str = "gpg-";
/// The longest path of a home: an address has 107 bytes, the longest socket's name 20.
const LONGEST_HOME: usize = 107 - "/S.gpg-agent.browser".len();
/// What a temporary directory's name adds to the prefix, and the slash before it.
const RANDOM_PART: usize = 7;

/// A temporary home.
pub(super) struct Home {
    dir: TempDir,
    /// Leads to a home outside of the scratch directory, so that [`sweep`] finds it.
    link: Option<PathBuf>,
}

impl Home {
    /// A home in `scratch`, or where its path would be too long, in a shorter place. Secret keys
    /// are read from, and new ones written to, those below `keys`; the keyring likewise, if there
    /// is one.
    pub(super) fn open(keys: &Path, scratch: &Path) -> Result<Home, Error> {
        let home = Home::make(scratch)?;
        let keys = absolute(keys).map_err(Error::disk(keys))?;
        let fill = || {
            symlink(keys.join(SECRETS), home.path().join(SECRETS))?;
            let keyring = keys.join(KEYRING);
            if keyring.exists() {
                symlink(keyring, home.path().join(KEYRING))?;
            }
            // Without it GnuPG 2.4 may give the keyring to yet another daemon.
            fs::write(home.path().join("common.conf"), "")
        };
        fill().map_err(Error::disk(home.path()))?;
        Ok(home)
    }

    fn make(scratch: &Path) -> Result<Home, Error> {
        let scratch = absolute(scratch).map_err(Error::disk(scratch))?;
        fs::create_dir_all(&scratch).map_err(Error::disk(&scratch))?;
        let make = |parent: &Path| {
            tempfile::Builder::new()
                .prefix(PREFIX)
                .permissions(fs::Permissions::from_mode(0o700))
                .tempdir_in(parent)
                .map_err(Error::disk(parent))
        };
        let fits = |dir: &Path| dir.as_os_str().len() + PREFIX.len() + RANDOM_PART <= LONGEST_HOME;
        if fits(&scratch) {
            return Ok(Home { dir: make(&scratch)?, link: None });
        }
        let places = [std::env::temp_dir(), "/tmp".into(), "/var/tmp".into()];
        let place = places.iter().find(|place| fits(place) && place.is_dir());
        let dir = make(place.map_or(Path::new("/tmp"), PathBuf::as_path))?;
        let link = scratch.join(dir.path().file_name().unwrap_or_default());
        symlink(dir.path(), &link).map_err(Error::disk(&link))?;
        Ok(Home { dir, link: Some(link) })
    }

    /// The home's path.
    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A program that works in this home.
    pub(super) fn program(&self, errand: Errand<'_>, name: &str) -> Program {
        errand.program(name).env("GNUPGHOME", self.path()).env("LC_ALL", "C.UTF-8")
    }

    /// `gpg`, which asks nobody anything.
    pub(super) fn gpg(&self, errand: Errand<'_>) -> Program {
        self.program(errand, "gpg").args(["--batch", "--no-tty", "--yes", "--quiet"]).args([
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
        ])
    }

    /// Removes the home and ends its agent. Dropping does so too, but blocks some milliseconds
    /// meanwhile, and may leave an empty directory in `/run/user`.
    pub(super) async fn close(self, errand: Errand<'_>) -> Result<(), Error> {
        // Where there is such a directory, GnuPG puts its sockets there, under a name that only
        // GnuPG can tell.
        let user = rustix::process::geteuid().as_raw();
        if Path::new(&format!("/run/user/{user}/gnupg")).is_dir() {
            let home = self.path().to_owned();
            spawn_blocking(move || process::kill_with_argument(home.as_os_str())).await?;
            // Also what was canceled is tidied up.
            let errand = Errand { cancel: &CancellationToken::new(), ..errand };
            let program = self.program(errand, "gpgconf").arg("--remove-socketdir");
            if let Err(error) = errand.run("gpgconf", program.timeout(PATIENCE)).await {
                tracing::debug!(%error, "a directory for sockets is left in /run/user");
            }
        }
        Ok(spawn_blocking(move || drop(self)).await?)
    }
}

/// How long `gpgconf` may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Drop for Home {
    fn drop(&mut self) {
        // What is left is found by the next sweep.
        let _ = remove(self.dir.path());
        if let Some(link) = &self.link {
            let _ = fs::remove_file(link);
        }
    }
}

/// Removes a home, and then ends its agent: one that is just about to start finds no home. Asking
/// the agent to end would not do, since it does not listen while it starts.
fn remove(home: &Path) -> Result<(), Error> {
    let removed = fs::remove_dir_all(home);
    process::kill_with_argument(home.as_os_str());
    removed.map_err(Error::disk(home))
}

/// Removes the homes that an earlier server has left in `scratch` and, by way of links there,
/// elsewhere.
pub(super) fn sweep(scratch: &Path) -> Result<(), Error> {
    let Ok(entries) = fs::read_dir(scratch) else { return Ok(()) };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let path = entry.path();
        let Ok(target) = fs::read_link(&path) else {
            remove(&path)?;
            continue;
        };
        // Only what this module can have made.
        if target.file_name() == path.file_name() && target.is_dir() {
            remove(&target)?;
        }
        fs::remove_file(&path).map_err(Error::disk(&path))?;
    }
    Ok(())
}
