//! A data directory with an engine on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use coprbox::clock::Timestamp;
use coprbox::config::Config;
use coprbox::model::build::{Build, BuildChroot};
use coprbox::model::chroot::ChrootRecipe;
use coprbox::model::user::User;
use coprbox::model::{BuildId, ChrootName, ProjectId};
use coprbox::ops::builds::{self, RpmUpload, UploadedFile};
use coprbox::ops::projects::{self, NewProject, Shown};
use coprbox::ops::{self, App};
use coprbox::repo::check::{self, Depth};
use coprbox::rpm::Rpm;
use coprbox::runner::builder::Builders;
use coprbox::runner::builder::mock::Mock;
use coprbox::runner::engine::EngineError;
use coprbox::runner::{Engine, Runner};
use coprbox::store::{StoreError, chroots, forks, jobs, users};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::fixture::plans;

/// The chroots that are offered.
pub const X86: &str = "fedora-42-x86_64";
pub const ARM: &str = "fedora-42-aarch64";

/// A server without its doors, of alice and bob.
pub struct House {
    pub app: App,
    pub alice: User,
    pub bob: User,
    engine: Option<(CancellationToken, JoinHandle<Result<(), EngineError>>)>,
    dir: TempDir,
    _plans: plans::Watch,
}

impl House {
    /// With the engine at work.
    pub async fn new() -> House {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::in_data_dir(dir.path()).unwrap();
        config.base_url = "http://hub.test:5000".parse().unwrap();
        let (store, plans) = plans::open(&config.database());
        let (alice, bob) = store
            .write_now(|tx| {
                for name in ["alice", "bob"] {
                    users::insert(tx, &name.parse().unwrap(), None, false, Timestamp::now())?;
                }
                for name in [X86, ARM] {
                    let recipe = ChrootRecipe::Sandbox { repos: vec![], install: vec![] };
                    chroots::insert(tx, &name.parse().unwrap(), &recipe, "", true)?;
                }
                let user = |name: &str| users::find(tx, &name.parse().unwrap());
                Ok::<_, StoreError>((user("alice")?.unwrap(), user("bob")?.unwrap()))
            })
            .unwrap();
        let app = App { config: Arc::new(config), store, runner: Runner::default() };
        let mut house = House { app, alice, bob, engine: None, dir, _plans: plans };
        house.start().await;
        house
    }

    /// Starts the engine, as a new server does.
    pub async fn start(&mut self) {
        let mock = Arc::new(Mock::new(None));
        let builders = Builders { sandbox: mock.clone(), mock };
        let end = CancellationToken::new();
        // Of its own, as every server has.
        self.app.runner = Runner::default();
        let App { config, store, runner } = self.app.clone();
        let engine = Engine::new(config, store, runner, builders, end.clone());
        engine.recover().await.unwrap();
        self.engine = Some((end, tokio::spawn(engine.run())));
    }

    /// Ends the engine as a signal does.
    pub async fn stop(&mut self) {
        let (end, engine) = self.engine.take().unwrap();
        end.cancel();
        engine.await.unwrap().unwrap();
    }

    /// A project of alice's in both chroots.
    pub async fn project(&self, name: &str) -> Shown {
        let mut new = NewProject { name: Some(name.to_owned()), ..NewProject::default() };
        new.wish.chroots = Some(vec![X86.to_owned(), ARM.to_owned()]);
        projects::create(&self.app, &self.alice, "alice", new).await.unwrap()
    }

    /// A file as it comes with a request.
    pub fn upload(&self, path: &Path) -> UploadedFile {
        let temp = tempfile::NamedTempFile::new_in(self.dir.path()).unwrap().into_temp_path();
        fs::copy(path, &temp).unwrap();
        UploadedFile { name: "called-by-the-client.rpm".to_owned(), path: temp }
    }

    /// Hands in packages of alice's project and waits for the end.
    pub async fn publish(&self, project: &str, rpms: &[PathBuf], chroots: &[&str]) -> Build {
        let files = rpms.iter().map(|path| self.upload(path)).collect();
        let upload = RpmUpload { files, ..RpmUpload::default() };
        let wish = wish(project, chroots);
        let build = builds::submit_rpms(&self.app, &self.alice, wish, upload).await.unwrap();
        self.finished(build.id).await
    }

    /// The build, once it is finished.
    pub async fn finished(&self, id: BuildId) -> Build {
        let mut writes = self.app.store.writes();
        let waiting = async {
            loop {
                let build = builds::get(&self.app, id).await.unwrap();
                if build.state.is_finished() {
                    return build;
                }
                writes.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_mins(1), waiting).await.expect("a build ends")
    }

    /// Waits until nothing is left to do.
    pub async fn rest(&self) {
        let is_done = || async {
            let busy = self.app.store.read(|db| {
                Ok::<_, StoreError>(
                    jobs::any(db)? || forks::next_project(db, ProjectId(0))?.is_some(),
                )
            });
            !busy.await.unwrap()
        };
        self.app.runner.wait_until(Duration::from_mins(1), is_done).await;
        assert!(is_done().await, "the engine is still at work");
    }

    /// The fingerprint of a project's key.
    pub async fn key(&self, owner: &str, project: &str) -> String {
        let project = projects::get(&self.app, owner, project).await.unwrap().project;
        project.key_fingerprint.expect("the project has a key")
    }

    /// What became of a build in one chroot.
    pub async fn chroot(&self, id: BuildId, chroot: &str) -> BuildChroot {
        builds::chroot(&self.app, id, chroot).await.unwrap().1
    }

    /// Below the data directory.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// The packages that the repository of a project's chroot lists, which are all there, whole
    /// and signed with the project's key.
    pub async fn repository(&self, owner: &str, project: &str, chroot: &str) -> Vec<String> {
        let dir = self.path(&format!("results/{owner}/{project}/{chroot}"));
        let report = check::check(&dir, Depth::Contents);
        assert!(report.is_valid(), "{:?}", report.problems);
        let fingerprint = self.key(owner, project).await;
        for package in &report.packages {
            let rpm = Rpm::open(&dir.join(package)).unwrap();
            assert!(rpm.names_signer(&bytes(&fingerprint)), "{package} is signed");
        }
        let mut packages = report.packages;
        packages.sort();
        packages
    }
}

/// What builds of alice's project say.
pub fn wish(project: &str, chroots: &[&str]) -> builds::Wish {
    builds::Wish {
        owner: Some("alice".to_owned()),
        project: Some(project.to_owned()),
        chroots: Some(chroots.iter().map(ToString::to_string).collect()),
        ..builds::Wish::default()
    }
}

/// Texts of the sentences of a refusal.
pub fn refusal<T>(outcome: ops::Result<T>) -> String {
    outcome.err().expect("it is refused").to_string()
}

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// Makes an empty package below `dir`.
pub fn rpm(dir: &Path, name: &str, version: &str, arch: &str) -> PathBuf {
    rpm_with(dir, name, version, arch, "")
}

/// The same with another line in its spec.
pub fn rpm_with(dir: &Path, name: &str, version: &str, arch: &str, line: &str) -> PathBuf {
    let spec = dir.join(format!("{name}.spec"));
    let build_arch = if arch == "noarch" { "BuildArch: noarch\n" } else { "" };
    let text = format!(
        "Name: {name}\nVersion: {version}\nRelease: 1\nSummary: Nothing\nLicense: MIT\n\
         {build_arch}{line}\n%description\nNothing.\n%files\n"
    );
    fs::write(&spec, text).unwrap();
    let target: ChrootName = format!("any-1-{arch}").parse().unwrap();
    let output = Command::new("rpmbuild")
        .args(["-bb", "--target", target.arch()])
        .args(["--define", &format!("_topdir {}", dir.display())])
        .args(["--define", &format!("_rpmdir {}", dir.display())])
        .arg(&spec)
        .output()
        .expect("rpmbuild is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    dir.join(format!("{arch}/{name}-{version}-1.{arch}.rpm"))
}
