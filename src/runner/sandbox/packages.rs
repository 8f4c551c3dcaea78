//! Installing packages into a build root: dnf finds and downloads, rpm installs.
//!
//! They are kept apart so that what has network runs nothing foreign, and what runs scriptlets
//! has no network.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arch::Arch;
use super::cache::Place;
use super::dnf::{self, Repos};
use super::fence::{CONF, PACKAGES, ROOT, Wrap};
use super::root::{BuildRoot, make_dir, write_file};
use super::step::Bench;
use crate::model::ChrootName;
use crate::process;
use crate::runner::builder::BuildError;

/// The names under which dnf 4 is installed.
const DNF: [&str; 3] = ["dnf4", "dnf-3", "dnf"];

/// Tells dnf to leave all packages of the transaction in one place, also those of local
/// repositories, and to install nothing.
const DOWNLOAD: [&str; 2] = ["--downloadonly", "--downloaddir=/packages"];

/// What is wanted in a root.
#[derive(Clone, Copy)]
pub enum Wanted<'a> {
    /// These packages, groups or provided things.
    Packages(&'a [String]),
    /// The newest of everything that is there.
    Upgrade,
    /// What this SRPM requires for its build.
    Requirements(&'a Path),
}

/// Installs packages for one build.
pub struct Installer<'a> {
    bench: &'a Bench<'a>,
    place: Arc<Place>,
    dnf: OsString,
    dir: PathBuf,
    local_repos: Vec<PathBuf>,
    release: String,
    arch: Arch,
}

impl<'a> Installer<'a> {
    /// For roots of `chroot`. Configuration and packages are kept in `dir`, which is made;
    /// `db_path` is where the root's rpm has its database.
    pub fn new(
        bench: &'a Bench<'a>,
        place: Arc<Place>,
        dir: PathBuf,
        chroot: &ChrootName,
        arch: Arch,
        repos: Repos<'_>,
        db_path: &str,
    ) -> Result<Installer<'a>, BuildError> {
        let (conf, packages) = (dir.join("conf"), dir.join("packages"));
        for dir in [&dir, &conf, &packages, &place.dnf_cache] {
            make_dir(dir)?;
        }
        write_file(&conf.join("dnf.conf"), &repos.configuration(chroot)?)?;
        // Debian's rpm would keep its database in root's home otherwise.
        write_file(&conf.join(".rpmmacros"), &format!("%_dbpath {db_path}\n"))?;
        Ok(Installer {
            bench,
            place,
            dnf: find_dnf().map_err(BuildError::Unavailable)?,
            dir,
            local_repos: repos.local_dirs(),
            release: chroot.version().to_owned(),
            arch,
        })
    }

    /// Brings what is wanted into the root.
    pub async fn install(&self, root: &BuildRoot, wanted: Wanted<'_>) -> Result<(), BuildError> {
        let mut wrap = self.wrap_dnf(root);
        let mut words = self.dnf_words();
        match wanted {
            Wanted::Packages(packages) => {
                packages.iter().try_for_each(|spec| dnf::check_package(spec))?;
                words.extend(["--setopt=plugins=0", "install"].map(OsString::from));
                words.extend(DOWNLOAD.map(OsString::from));
                words.push("--".into());
                words.extend(packages.iter().map(OsString::from));
            }
            Wanted::Upgrade => {
                // A package that cannot be installed spoils only the builds that need it.
                words.extend(["--setopt=plugins=0", "--nobest", "upgrade"].map(OsString::from));
                words.extend(DOWNLOAD.map(OsString::from));
            }
            Wanted::Requirements(srpm) => {
                wrap = wrap.show(srpm, "/wanted.src.rpm");
                words.extend(["--disableplugin=*", "--enableplugin=builddep"].map(OsString::from));
                words.push("builddep".into());
                words.extend(DOWNLOAD.map(OsString::from));
                words.push("/wanted.src.rpm".into());
            }
        }
        let packages = self.download(root.enter(wrap.command(words))).await?;
        if packages.is_empty() {
            return Ok(());
        }
        self.install_files(root, &packages).await
    }

    /// Switches module streams on, or off where they start with `!`.
    pub async fn toggle_modules(
        &self,
        root: &BuildRoot,
        modules: &[String],
    ) -> Result<(), BuildError> {
        for module in modules {
            let (verb, name) = match module.strip_prefix('!') {
                Some(name) => ("disable", name),
                None => ("enable", module.as_str()),
            };
            dnf::check_package(name)?;
            let mut words = self.dnf_words();
            words.extend(["--setopt=plugins=0", "module", verb, "--", name].map(OsString::from));
            self.download(root.enter(self.wrap_dnf(root).command(words))).await?;
        }
        Ok(())
    }

    /// Looks whether the repositories have changed.
    pub async fn refresh(&self, root: &BuildRoot) -> Result<(), BuildError> {
        let mut words = self.dnf_words();
        words.extend(["--setopt=plugins=0", "makecache"].map(OsString::from));
        self.download(root.enter(self.wrap_dnf(root).command(words))).await.map(drop)
    }

    /// What is installed, as mock's `installed_pkgs.log`.
    pub fn list_command(&self, root: &BuildRoot) -> Vec<OsString> {
        let format = "%{nevra} %{buildtime} %{size} %{pkgid} installed\\n";
        let wrap = self.wrap_rpm(root);
        root.enter(wrap.command(["rpm", "--root", ROOT, "-qa", "--qf", format]))
    }

    fn wrap_dnf(&self, root: &BuildRoot) -> Wrap {
        let mut wrap = Wrap::new(root.dir())
            .network()
            .show(&self.dir.join("conf"), CONF)
            .lend(&self.place.dnf_cache, format!("{ROOT}/var/cache/dnf"))
            .lend(&self.dir.join("packages"), PACKAGES)
            .env("HOME", CONF);
        for dir in &self.local_repos {
            wrap = wrap.show(dir, dir);
        }
        wrap
    }

    fn wrap_rpm(&self, root: &BuildRoot) -> Wrap {
        Wrap::new(root.dir())
            .no_network()
            .show(&self.dir.join("conf"), CONF)
            .show(&self.dir.join("packages"), PACKAGES)
            .env("HOME", CONF)
    }

    fn dnf_words(&self) -> Vec<OsString> {
        let mut words = vec![self.dnf.clone()];
        words.extend(["-y", "-c", "/conf/dnf.conf", "--installroot=/build"].map(OsString::from));
        words.push(format!("--releasever={}", self.release).into());
        if self.arch.forced {
            words.push(format!("--forcearch={}", self.arch.rpm).into());
        }
        words
    }

    /// Runs dnf; the answer is what it has downloaded, as the fenced commands see it.
    async fn download(&self, command: Vec<OsString>) -> Result<Vec<OsString>, BuildError> {
        // One dnf at a time works with the cache. Its own locks are files with process numbers,
        // which mean nothing from one process namespace to the next.
        let _turn = self.bench.wait(self.place.cache.lock()).await?;
        remove_with_ending(&self.place.dnf_cache, ".pid")?;
        let packages = self.dir.join("packages");
        remove_with_ending(&packages, ".rpm")?;
        let ended = self.bench.run(&self.bench.root_log, command).await?;
        if !ended.success() {
            return Err(dnf::explain(&ended));
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&packages)? {
            let name = entry?.file_name();
            if name.as_encoded_bytes().ends_with(b".rpm") {
                names.push(Path::new(PACKAGES).join(name).into_os_string());
            }
        }
        names.sort();
        Ok(names)
    }

    async fn install_files(
        &self,
        root: &BuildRoot,
        packages: &[OsString],
    ) -> Result<(), BuildError> {
        let mut words: Vec<OsString> =
            ["rpm", "--root", ROOT, "-Uv", "--oldpackage", "--noplugins", "--nosignature"]
                .map(OsString::from)
                .into();
        if self.arch.forced {
            words.push("--ignorearch".into());
        }
        words.extend_from_slice(packages);
        let wrap = self.wrap_rpm(root).installing().kernel_files();
        let ended = self.bench.run(&self.bench.root_log, root.enter(wrap.command(words))).await?;
        remove_with_ending(&self.dir.join("packages"), ".rpm")?;
        if ended.success() {
            return Ok(());
        }
        let why = ended.last_line();
        Err(BuildError::Failed(format!("the build's requirements cannot be installed: {why}")))
    }
}

/// dnf 4 on this machine, or what to do.
pub fn find_dnf() -> Result<OsString, String> {
    let is_dnf5 = |path: &Path| {
        path.canonicalize().is_ok_and(|path| path.file_name().is_some_and(|name| name == "dnf5"))
    };
    let found = DNF.iter().find(|name| process::find(name).is_some_and(|path| !is_dnf5(&path)));
    found.map(OsString::from).ok_or_else(|| {
        "dnf 4 is not installed: install python3-dnf and dnf-plugins-core (Debian: dnf and \
         dnf-plugins-core), or use mock"
            .to_owned()
    })
}

fn remove_with_ending(dir: &Path, ending: &str) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().ends_with(ending.as_bytes()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
