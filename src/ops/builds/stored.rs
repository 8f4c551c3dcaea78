//! The lasting place of files that came with a request.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rand::RngExt;
use tempfile::TempPath;

use crate::ops::{Error, Result};

/// Uploads at their lasting place; they go away with the value unless they are
/// [kept](Self::keep).
pub(in crate::ops) struct Stored {
    /// The directory below the upload area that holds them.
    pub(in crate::ops) dir: String,
    path: PathBuf,
    is_kept: bool,
}

impl Stored {
    /// Moves files, each with the name it is to have, into a directory of their own.
    pub(in crate::ops) async fn take_in(
        uploads: PathBuf,
        files: Vec<(String, TempPath)>,
    ) -> Result<Stored> {
        let moving = tokio::task::spawn_blocking(move || {
            let stored = Stored::make(&uploads)?;
            move_durably(files, &uploads, &stored.path)?;
            Ok(stored)
        });
        let moved = moving.await.map_err(|error| Error::internal("storing an upload", error))?;
        moved.map_err(|error: io::Error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::NoSpace(
                "There is no room on the disk for the uploaded file. Tell the server's admin."
                    .to_owned(),
            ),
            _ => Error::internal("storing an upload", error),
        })
    }

    /// An empty directory. A name that is taken already is somebody else's.
    fn make(uploads: &Path) -> io::Result<Stored> {
        std::fs::create_dir_all(uploads)?;
        loop {
            let dir = temporary_name();
            let path = uploads.join(&dir);
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Stored { dir, path, is_kept: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A build or a package refers to them, and has them removed when it needs them no more.
    pub(in crate::ops) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        if !self.is_kept {
            // Not there, or left for the next start to clear away.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// A name of the form that Copr gives to the directory of an upload.
pub(super) fn temporary_name() -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_";
    let mut rng = rand::rng();
    let letter = || char::from(LETTERS[rng.random_range(..LETTERS.len())]);
    format!("tmp{}", std::iter::repeat_with(letter).take(8).collect::<String>())
}

/// Moves files so that they are there even after a power cut: a build that was accepted has them.
fn move_durably(files: Vec<(String, TempPath)>, uploads: &Path, dir: &Path) -> io::Result<()> {
    for (name, temp) in files {
        File::open(&temp)?.sync_all()?;
        temp.persist(dir.join(name)).map_err(|error| error.error)?;
    }
    File::open(dir)?.sync_all()?;
    File::open(uploads)?.sync_all()
}
