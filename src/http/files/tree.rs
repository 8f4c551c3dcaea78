//! Opening files beneath the root, and nowhere else.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// The root directory, held open: renaming it does not move what is served.
pub(super) struct Root(OwnedFd);

/// What stands at a path.
pub(super) enum Entry {
    File(OpenFile),
    Directory(OwnedFd),
    /// Nothing, or nothing that is served: symbolic links, sockets, unreadable files.
    Nothing,
}

/// A file, and what was true of it when it was opened: a log may grow while it is sent.
pub(super) struct OpenFile {
    pub(super) file: File,
    pub(super) len: u64,
    pub(super) modified: SystemTime,
    /// Changes whenever the file is replaced, grows or is written to.
    pub(super) tag: String,
}

impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Root> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Root(rustix::fs::openat(CWD, path, flags, Mode::empty())?))
    }

    /// Opens `path`. Errors are the server's own trouble, such as too many open files.
    pub(super) fn entry(&self, path: &str) -> io::Result<Entry> {
        // NONBLOCK: opening a named pipe must not wait for its other end.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let Some(fd) = self.open_beneath(path, flags)? else { return Ok(Entry::Nothing) };
        let stat = rustix::fs::fstat(&fd)?;
        Ok(match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {
                let len = u64::try_from(stat.st_size).unwrap_or(0);
                let (seconds, nanos) = (stat.st_mtime, stat.st_mtime_nsec);
                let modified = UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap_or(0));
                let tag = format!("{:x}-{len:x}-{seconds:x}.{nanos:x}", stat.st_ino);
                Entry::File(OpenFile { file: File::from(fd), len, modified, tag })
            }
            FileType::Directory => Entry::Directory(fd),
            _ => Entry::Nothing,
        })
    }

    /// Whether a regular file stands at `path`.
    pub(super) fn has_file(&self, path: &str) -> io::Result<bool> {
        let Some(fd) = self.open_beneath(path, OFlags::PATH | OFlags::CLOEXEC)? else {
            return Ok(false);
        };
        Ok(FileType::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode) == FileType::RegularFile)
    }

    fn open_beneath(&self, path: &str, flags: OFlags) -> io::Result<Option<OwnedFd>> {
        let resolve =
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        match rustix::fs::openat2(self.0.as_fd(), path, flags, Mode::empty(), resolve) {
            Ok(fd) => Ok(Some(fd)),
            Err(
                Errno::NOENT
                | Errno::NOTDIR
                | Errno::LOOP
                | Errno::XDEV
                | Errno::ACCESS
                | Errno::NAMETOOLONG
                | Errno::INVAL
                | Errno::NXIO,
            ) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
