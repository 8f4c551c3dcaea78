//! The data directory: made where it is missing, used by one server at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, bail};

use crate::config::Config;
use crate::store::Store;

/// Opens the store; directory and database are made where there are none.
pub(super) fn store(config: &Config) -> anyhow::Result<Store> {
    make(&config.data_dir)?;
    let path = config.database();
    // The directory may be open to others for some reason; what is in here is for nobody else.
    // SQLite gives its other files the same mode.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("cannot make the database {}", path.display()))?;
    Store::open(&path).with_context(|| format!("cannot open the database {}", path.display()))
}

/// Makes the data directory. Only its owner may look into it: what is public goes through HTTP.
/// Where that is root, builders drop to a user without rights, who must get through to the work.
fn make(dir: &Path) -> anyhow::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let mode = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot make the directory {}", parent.display()))?;
    }
    match DirBuilder::new().mode(mode).create(dir) {
        // Another command made it just now.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        outcome => {
            outcome.with_context(|| format!("cannot make the data directory {}", dir.display()))
        }
    }
}

/// The sign that a server works in this data directory; gone with the value or the process.
pub(super) struct ServerLock(#[expect(dead_code, reason = "the open file is the lock")] File);

/// Takes the data directory for a server; refused while another one has it.
pub(super) fn lock(config: &Config) -> anyhow::Result<ServerLock> {
    make(&config.data_dir)?;
    let path = config.data_dir.join("server.lock");
    let problem = || format!("cannot use {}", path.display());
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(problem)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid).with_context(problem)?;
            let dir = config.data_dir.display();
            match pid.trim() {
                "" => bail!("another server is using the data directory {dir}"),
                pid => bail!(
                    "another server, process {pid}, is using the data directory {dir}; stop it or \
                     choose another with --data-dir"
                ),
            }
        }
        Err(TryLockError::Error(error)) => return Err(error).with_context(problem),
    }
    file.set_len(0).with_context(problem)?;
    file.rewind().with_context(problem)?;
    writeln!(file, "{}", std::process::id()).with_context(problem)?;
    Ok(ServerLock(file))
}

/// Whether a server is using the data directory now.
pub(super) fn is_served(config: &Config) -> bool {
    let Ok(file) = File::open(config.data_dir.join("server.lock")) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_directory_has_one_server() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::in_data_dir(&dir.path().join("a/b")).unwrap();
        assert!(!is_served(&config));
        let first = lock(&config).unwrap();
        assert!(is_served(&config));
        let refusal = lock(&config).err().unwrap().to_string();
        assert!(refusal.contains(&format!("process {}", std::process::id())), "{refusal}");
        drop(first);
        // A program that another test is just starting holds the file open until it is executed.
        let begun = Instant::now();
        while lock(&config).is_err() {
            assert!(begun.elapsed() < Duration::from_mins(1), "the lock outlives its server");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn others_see_neither_the_directory_nor_the_database() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::in_data_dir(&dir.path().join("data")).unwrap();
        store(&config).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&config.data_dir) & 0o766, 0o700);
        assert_eq!(mode(&config.database()) & 0o777, 0o600);
    }
}
