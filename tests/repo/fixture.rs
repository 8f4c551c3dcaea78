//! Packages to publish, and a data directory to publish them in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use coprbox::model::{ChrootName, DirName, Owner, ProjectId};
use coprbox::repo::{Errand, Layout, Publication, SigningKey};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Packages `tiny1` … `tiny9` and their source package, made once.
static PACKAGES: LazyLock<TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let mut spec = "Name: tiny\nVersion: 1\nRelease: 1\nSummary: Nothing\nLicense: MIT\n\
        BuildArch: noarch\n%description\nNothing.\n"
        .to_owned();
    for n in 1..=9 {
        spec += &format!(
            "%package -n tiny{n}\nSummary: Nothing\n%description -n tiny{n}\nNothing & more <b>.\n\
             %files -n tiny{n}\n"
        );
    }
    fs::write(dir.path().join("tiny.spec"), spec).unwrap();
    let define = |name: &str, below: &str| format!("{name} {}/{below}", dir.path().display());
    let output = Command::new("rpmbuild")
        .args(["-ba", "--define", &define("_topdir", "top"), "--define", &define("_rpmdir", "")])
        .args(["--define", &define("_srcrpmdir", "noarch")])
        .arg(dir.path().join("tiny.spec"))
        .output()
        .expect("rpmbuild is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    dir
});

/// A data directory with one repository in the making.
pub struct Box {
    /// Keeps the directory.
    pub root: TempDir,
    pub layout: Layout,
    pub owner: Owner,
    pub dir: DirName,
    pub chroot: ChrootName,
    pub cancel: CancellationToken,
}

impl Box {
    pub fn new() -> Box {
        Box::below("data")
    }

    /// With the data directory at `path` below a temporary one.
    pub fn below(path: &str) -> Box {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join(path);
        Box {
            layout: Layout::new(data, "http://copr.example.org:5000".parse().unwrap()),
            root,
            owner: "@devs".parse().unwrap(),
            dir: "tools".parse().unwrap(),
            chroot: "fedora-42-x86_64".parse().unwrap(),
            cancel: CancellationToken::new(),
        }
    }

    pub fn errand(&self) -> Errand<'_> {
        Errand { cancel: &self.cancel, mark: None }
    }

    /// The repository.
    pub fn repo(&self) -> PathBuf {
        self.layout.chroot(&self.owner, &self.dir, &self.chroot)
    }

    /// Puts `tiny<n>` into the result directory of build `n`, and returns its place.
    pub fn add(&self, n: u32) -> String {
        let place = format!("{n:08}-tiny/tiny{n}-1-1.noarch.rpm");
        let path = self.repo().join(&place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(package(n), path).unwrap();
        place
    }

    pub async fn key(&self) -> SigningKey {
        let project = self.dir.project();
        SigningKey::create(&self.layout, ProjectId(7), &self.owner, project, self.errand())
            .await
            .unwrap()
    }

    pub fn publication(&self, packages: &[String], key: Option<SigningKey>) -> Publication {
        let mut publication = Publication::empty(self.repo(), key);
        publication.packages = packages.to_vec();
        publication
    }

    pub async fn publish(&self, packages: &[String]) {
        self.publication(packages, None).publish(self.errand()).await.unwrap();
    }
}

/// Where the unsigned package `tiny<n>` is.
pub fn package(n: u32) -> PathBuf {
    PACKAGES.path().join(format!("noarch/tiny{n}-1-1.noarch.rpm"))
}

/// Where the unsigned source package is.
pub fn source_package() -> PathBuf {
    PACKAGES.path().join("noarch/tiny-1-1.src.rpm")
}

/// The names in a directory, sorted.
pub fn names_in(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
