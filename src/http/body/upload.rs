//! Files that came with a request.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempPath;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

/// A file that came with a request. It lies in the spool directory and deletes itself unless it is
/// moved away with [`Upload::persist`].
#[derive(Debug)]
pub struct Upload {
    field: String,
    name: String,
    len: u64,
    path: TempPath,
}

impl Upload {
    /// The form field that it came in.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The file's name as the client gives it: a text from outside, not yet a path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its size in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where it lies for now.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands it over to whoever keeps it, or deletes it by dropping the path.
    pub fn into_path(self) -> TempPath {
        self.path
    }

    /// Moves it to `target`, on the same file system, replacing what is there.
    pub fn persist(self, target: &Path) -> io::Result<()> {
        self.path.persist(target).map_err(|error| error.error)
    }
}

/// An [`Upload`] being written. Dropped half-way, it leaves nothing behind.
pub(super) struct Spool {
    field: String,
    name: String,
    len: u64,
    file: File,
    path: TempPath,
}

impl Spool {
    pub(super) async fn begin(dir: &Path, field: String, name: String) -> io::Result<Spool> {
        let dir = dir.to_owned();
        let made = tokio::task::spawn_blocking(move || {
            let mut builder = tempfile::Builder::new();
            // Whoever builds it may be another user, and may only read it.
            builder.prefix("upload-").permissions(std::fs::Permissions::from_mode(0o644));
            builder.tempfile_in(dir)
        });
        let (file, path) = made.await.map_err(io::Error::other)??.into_parts();
        Ok(Spool { field, name, len: 0, file: File::from_std(file), path })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.len += bytes.len() as u64;
        self.file.write_all(bytes).await
    }

    pub(super) async fn finish(mut self) -> io::Result<Upload> {
        self.file.flush().await?;
        let Spool { field, name, len, path, .. } = self;
        Ok(Upload { field, name, len, path })
    }
}
