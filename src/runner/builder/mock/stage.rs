//! The place where mock works: what it reads, what it writes, and who may.
//!
//! When the server is root, mock reads and writes as an unprivileged user, who need not be able to
//! reach the server's data directory. So the directories of a build appear to it under [`MOUNTED`]
//! in the build's own mount namespace; on the host that stays an empty directory.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::config::Settings;
use super::host::Caller;
use super::{Task, script};
use crate::model::ChrootName;
use crate::model::source::SourceFile;
use crate::runner::builder::{BuildError, Built, Job};

/// Where a build's directories are mounted when the server is root.
pub(super) const MOUNTED: &str = "/run/coprbox";
/// Our directory in a job's scratch directory.
pub(super) const DIR: &str = "mock";
/// The file with the name of the build root.
const ROOT: &str = "root";
/// The configuration of the bootstrap root.
const BOOTSTRAP: &str = "bootstrap.cfg";
/// Logs that mock appends to, and those that it writes anew: as the unprivileged user, who may not
/// write into what was handed back to the server after an earlier step.
const LOGS: [&str; 5] = ["build.log", "root.log", "state.log", "hw_info.log", "installed_pkgs.log"];

/// The place, and how it looks from within.
pub(super) struct Stage {
    /// Directories of the host, and under which names mock finds them below [`MOUNTED`]. Empty
    /// when it sees the host's own paths.
    pub(super) mounts: Vec<(PathBuf, &'static str)>,
    /// The configuration, as mock finds it.
    pub(super) config: PathBuf,
    /// A configuration of the bootstrap root alone.
    pub(super) bootstrap: PathBuf,
    /// The SRPM or the spec file, as mock finds it; for a script nothing.
    pub(super) input: PathBuf,
    /// The directory with sources, as mock finds it.
    pub(super) sources: Option<PathBuf>,
    /// The result directory, as mock finds it.
    pub(super) results: PathBuf,
    /// Whose the result directory was.
    owner: Option<(u32, u32)>,
}

impl Stage {
    /// Sets it up in the job's scratch directory.
    pub(super) async fn prepare(
        job: &Job,
        root: String,
        chroot: &ChrootName,
        settings: &Settings,
        task: &Task<'_>,
        caller: &Caller,
    ) -> Result<Stage, BuildError> {
        let refused = |error: super::config::SettingError| BuildError::Failed(error.to_string());
        let config = settings.to_python().map_err(refused)?;
        let bootstrap = settings.bootstrap_root_only().map_err(refused)?;
        let dir = job.work_dir.join(DIR);
        let (input, sources) = match task {
            Task::Rebuild(srpm) => (Some(srpm.to_path_buf()), None),
            Task::Srpm(source) => (Some(source.spec.clone()), source.sources.clone()),
            Task::Script(_) => (None, None),
        };
        let name = input.as_deref().map(plain_name).unwrap_or_default();
        let set_up = SetUp {
            files: vec![
                (format!("{chroot}.cfg"), config),
                (BOOTSTRAP.into(), bootstrap),
                (ROOT.into(), root),
            ],
            // mock rebuilds a cached root when a configuration is newer; this one is as old as can
            // be, and what it says about an ordinary root is always the same.
            ageless: settings.is_ordinary_root(),
            dir: dir.clone(),
            input,
            name: name.clone(),
            sources: sources.clone().filter(|_| caller.is_root()),
            results: job.result_dir.clone(),
            caller: caller.clone(),
        };
        let owner = spawn_blocking(move || set_up.run()).await.map_err(io::Error::other)??;
        if let Task::Script(script) = task {
            script::prepare(&dir, script, caller, settings.gated).await?;
        }
        let mut stage = Stage {
            mounts: Vec::new(),
            config: dir.join(format!("{chroot}.cfg")),
            bootstrap: dir.join(BOOTSTRAP),
            input: dir.join(name),
            sources,
            results: job.result_dir.clone(),
            owner,
        };
        if caller.is_root() {
            stage.move_below(&dir);
            if let Task::Script(script) = task {
                stage.mounts.push((script.tree.clone(), script::TREE));
            }
        }
        Ok(stage)
    }

    /// Makes all paths those that mock sees in its mount namespace.
    fn move_below(&mut self, dir: &Path) {
        let seen = Path::new(MOUNTED);
        for path in [&mut self.config, &mut self.bootstrap, &mut self.input] {
            if let Ok(rest) = path.strip_prefix(dir) {
                *path = seen.join("work").join(rest);
            }
        }
        self.mounts.push((dir.to_owned(), "work"));
        let results = std::mem::replace(&mut self.results, seen.join("results"));
        self.mounts.push((results, "results"));
        if let Some(sources) = self.sources.replace(seen.join("sources")) {
            self.mounts.push((sources, "sources"));
        } else {
            self.sources = None;
        }
    }

    /// Gives the result directory and what is in it back to the server's user.
    pub(super) async fn hand_back(&self, results: &Path) -> io::Result<()> {
        let Some((uid, gid)) = self.owner else { return Ok(()) };
        let results = results.to_owned();
        let all = move || {
            for entry in walkdir::WalkDir::new(results) {
                lchown(entry.map_err(io::Error::other)?.path(), Some(uid), Some(gid))?;
            }
            Ok(())
        };
        spawn_blocking(all).await.map_err(io::Error::other)?
    }
}

/// What it takes to remove the roots of a build that ended with its server.
pub(super) struct Remains {
    /// What its root is called.
    pub(super) root: String,
    /// As for a [`Stage`].
    pub(super) mounts: Vec<(PathBuf, &'static str)>,
    /// As for a [`Stage`].
    pub(super) config: PathBuf,
    /// As for a [`Stage`].
    pub(super) bootstrap: PathBuf,
    /// Holds the configurations, as the scratch directory will be gone.
    _dir: TempDir,
}

impl Remains {
    /// Takes it from the scratch directory; `None` where no build of mock had been set up.
    pub(super) fn take(work_dir: &Path, caller: &Caller) -> io::Result<Option<Remains>> {
        let from = work_dir.join(DIR);
        let root = fs::read_to_string(from.join(ROOT)).unwrap_or_default();
        if root.is_empty() {
            return Ok(None);
        }
        let dir = TempDir::new()?;
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755))?;
        let mut config = None;
        for entry in fs::read_dir(&from)? {
            let name = entry?.file_name();
            if Path::new(&name).extension() == Some("cfg".as_ref()) {
                provide(&from.join(&name), &dir.path().join(&name))?;
                config = Some(name).filter(|name| name != BOOTSTRAP).or(config);
            }
        }
        let Some(config) = config else { return Ok(None) };
        let (mounts, seen) = if caller.is_root() {
            (vec![(dir.path().to_owned(), "work")], Path::new(MOUNTED).join("work"))
        } else {
            (Vec::new(), dir.path().to_owned())
        };
        let (config, bootstrap) = (seen.join(config), seen.join(BOOTSTRAP));
        Ok(Some(Remains { root, mounts, config, bootstrap, _dir: dir }))
    }
}

/// The part of the preparation that touches the disk.
struct SetUp {
    files: Vec<(String, String)>,
    ageless: bool,
    dir: PathBuf,
    input: Option<PathBuf>,
    name: String,
    sources: Option<PathBuf>,
    results: PathBuf,
    caller: Caller,
}

impl SetUp {
    /// Does it; returns whose the result directory was, if it has changed hands.
    fn run(self) -> io::Result<Option<(u32, u32)>> {
        // A job may be at its second step: a script has written the spec that is packed now.
        match fs::remove_dir_all(&self.dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir(&self.dir)?,
        }
        fs::set_permissions(&self.dir, Permissions::from_mode(0o755))?;
        for (name, text) in &self.files {
            let path = self.dir.join(name);
            fs::write(&path, text)?;
            fs::set_permissions(&path, Permissions::from_mode(0o644))?;
            if self.ageless {
                let age = SystemTime::UNIX_EPOCH + Duration::from_hours(24);
                File::options().write(true).open(&path)?.set_modified(age)?;
            }
        }
        if let Some(input) = &self.input {
            provide(input, &self.dir.join(&self.name))?;
        }
        for log in LOGS {
            // What an earlier attempt has left would be taken for this one's.
            match fs::remove_file(self.results.join(log)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let Caller::Root { uid, gid } = self.caller else { return Ok(None) };
        if let Some(sources) = self.sources {
            make_readable(&sources)?;
        }
        let was = fs::metadata(&self.results)?;
        chown(&self.results, Some(uid), Some(gid))?;
        Ok(Some((was.uid(), was.gid())))
    }
}

/// Puts a file that anybody may read to `to`: the same file where it is so already.
fn provide(from: &Path, to: &Path) -> io::Result<()> {
    let readable = fs::metadata(from)?.mode() & 0o004 != 0;
    if readable && fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to)?;
    fs::set_permissions(to, Permissions::from_mode(0o644))
}

/// Lets anybody read the files of a tree; who cannot reach the tree still cannot.
fn make_readable(tree: &Path) -> io::Result<()> {
    for entry in walkdir::WalkDir::new(tree) {
        let entry = entry.map_err(io::Error::other)?;
        let needed = if entry.file_type().is_dir() { 0o005 } else { 0o004 };
        if entry.file_type().is_symlink() {
            continue;
        }
        let mode = entry.metadata().map_err(io::Error::other)?.mode();
        if mode & needed != needed {
            fs::set_permissions(entry.path(), Permissions::from_mode((mode | needed) & 0o7777))?;
        }
    }
    Ok(())
}

/// The file's name where a shell would leave it alone, else one of its kind.
fn plain_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+~^-".contains(&b);
    let kind = SourceFile::of(&name);
    match kind {
        Some(_) if name.bytes().all(plain) && !name.starts_with(['-', '.']) => name,
        Some(SourceFile::Spec) => "package.spec".into(),
        _ => "package.src.rpm".into(),
    }
}

/// The packages in the result directory.
pub(super) fn collect(results: &Path) -> Result<Built, BuildError> {
    let (mut srpms, mut packages) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(results)? {
        let entry = entry?;
        let path = entry.path();
        if path.extension() != Some("rpm".as_ref()) || !entry.file_type()?.is_file() {
            continue;
        }
        let kind = SourceFile::of(&entry.file_name().to_string_lossy());
        let list = if kind == Some(SourceFile::Srpm) { &mut srpms } else { &mut packages };
        list.push(path);
    }
    packages.sort();
    match srpms.pop() {
        Some(srpm) if srpms.is_empty() => Ok(Built { srpm, packages }),
        _ => Err(BuildError::Internal("mock did not leave exactly one source RPM".into())),
    }
}
