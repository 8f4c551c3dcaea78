//! A server without HTTP whose engine runs, with a builder that takes packages from a shelf.

use std::collections::HashMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use coprbox::clock::Timestamp;
use coprbox::config::Config;
use coprbox::model::build::Build;
use coprbox::model::build_config::BuildConfig;
use coprbox::model::chroot::{Chroot, ChrootRecipe};
use coprbox::model::user::User;
use coprbox::model::{BuildId, BuildState, ChrootId, ChrootName};
use coprbox::ops::builds::{self, UploadedFile, Wish as BuildWish};
use coprbox::ops::projects::{self, NewProject, Wish};
use coprbox::ops::{App, chroots};
use coprbox::repo::check::{Depth, check};
use coprbox::runner::builder::script::{Ran, Script};
use coprbox::runner::builder::{
    BuildError, Builder, Builders, Built, Description, Job, SpecSource, Work,
};
use coprbox::runner::{Engine, Runner};
use coprbox::store::{Connection, StoreError, jobs, users};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

#[path = "../../support/plans.rs"]
pub mod plans;

/// The chroots of every server, all of them in use.
pub const CHROOTS: [&str; 2] = ["fedora-42-x86_64", "fedora-43-x86_64"];

/// An SRPM and the package that is built of it.
type Made = (PathBuf, PathBuf);

/// What has been made so far, by `name-version`.
static SHELF: LazyLock<(TempDir, Mutex<HashMap<String, Made>>)> =
    LazyLock::new(|| (tempfile::tempdir().unwrap(), Mutex::default()));

/// Makes `name-version-1` of nothing, once.
fn make(name: &str, version: &str) -> Made {
    let (dir, made) = &*SHELF;
    let mut made = made.lock().unwrap();
    let made = made.entry(format!("{name}-{version}"));
    made.or_insert_with(|| rpmbuild(dir.path(), name, version)).clone()
}

fn rpmbuild(dir: &Path, name: &str, version: &str) -> Made {
    let spec = dir.join(format!("{name}-{version}.spec"));
    let text = format!(
        "Name: {name}\nVersion: {version}\nRelease: 1\nSummary: Nothing\nLicense: MIT\n\
         BuildArch: noarch\n%description\nNothing.\n%files\n"
    );
    fs::write(&spec, text).unwrap();
    let define = |name: &str, value: &str| format!("{name} {}/{value}", dir.display());
    let output = Command::new("rpmbuild")
        .args(["-ba", "--define", &define("_topdir", "top"), "--define", &define("_rpmdir", "")])
        .args(["--define", &define("_srcrpmdir", "")])
        .arg(&spec)
        .output()
        .expect("rpmbuild is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let file = |name: String| dir.join(name);
    let stem = format!("{name}-{version}-1");
    (file(format!("{stem}.src.rpm")), file(format!("noarch/{stem}.noarch.rpm")))
}

/// Takes what an SRPM makes from the shelf.
struct Shelf;

impl Builder for Shelf {
    fn describe(&self) -> Description {
        Description { name: "shelf", isolation: "nothing".to_owned(), cuts_network: false }
    }

    fn availability(&self) -> Result<(), String> {
        Ok(())
    }

    fn make_srpm<'a>(
        &'a self,
        _job: &'a Job,
        _chroot: &'a Chroot,
        _config: &'a BuildConfig,
        _source: &'a SpecSource,
    ) -> Work<'a> {
        only_srpms()
    }

    fn run_script<'a>(
        &'a self,
        job: &'a Job,
        chroot: &'a Chroot,
        _config: &'a BuildConfig,
        script: &'a Script,
    ) -> Work<'a, Ran> {
        Box::pin(async move {
            // "plain" is a package in whose chroot there are no tools.
            if script.out == "plain" {
                let names = script.needs.clone();
                return Err(BuildError::MissingTools { chroot: chroot.name.clone(), names });
            }
            job.log.line(script.command.join(" "));
            let reviewed = fs::read_dir(&script.tree).unwrap().count();
            let review = script.to.join("review.txt");
            fs::write(&review, format!("{reviewed} packages reviewed\n")).unwrap();
            Ok(Ran { code: 0, files: vec![review], tail: String::new() })
        })
    }

    fn rebuild<'a>(
        &'a self,
        job: &'a Job,
        _chroot: &'a Chroot,
        config: &'a BuildConfig,
        srpm: &'a Path,
    ) -> Work<'a> {
        let read = config.repos.iter().map(|repo| format!("{} {}", repo.id, repo.baseurl));
        job.log.line(read.collect::<Vec<_>>().join("\n"));
        let name = srpm.file_name().unwrap().to_str().unwrap();
        let rpm = name.replace(".src.rpm", ".noarch.rpm");
        let from = SHELF.0.path().join("noarch").join(&rpm);
        let (srpm_copy, package) = (job.result_dir.join(name), job.result_dir.join(rpm));
        fs::copy(srpm, &srpm_copy).unwrap();
        fs::copy(from, &package).unwrap();
        Box::pin(async move { Ok(Built { srpm: srpm_copy, packages: vec![package] }) })
    }
}

fn only_srpms<'a, T: Send + 'a>() -> Work<'a, T> {
    Box::pin(async { panic!("every source here is an SRPM") })
}

/// A server with alice, who is its admin.
pub struct Works {
    pub app: App,
    pub alice: User,
    stop: CancellationToken,
    engine: Option<tokio::task::JoinHandle<()>>,
    _plans: plans::Watch,
    dir: TempDir,
}

impl Works {
    pub fn new() -> Works {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::in_data_dir(dir.path()).unwrap();
        config.base_url = "http://hub.test:5000".parse().unwrap();
        let config = Arc::new(config);
        let (store, plans) = plans::open(&config.database());
        let alice = store.write_now(|tx| furnish(tx)).unwrap();
        let (stop, runner) = (CancellationToken::new(), Runner::default());
        let shelf: Arc<dyn Builder> = Arc::new(Shelf);
        let builders = Builders { mock: Arc::clone(&shelf), sandbox: shelf };
        let engine =
            Engine::new(Arc::clone(&config), store.clone(), runner.clone(), builders, stop.clone());
        let engine = tokio::spawn(async move {
            engine.recover().await.unwrap();
            engine.run().await.unwrap();
        });
        let app = App { config, store, runner };
        Works { app, alice, stop, engine: Some(engine), _plans: plans, dir }
    }

    /// Ends the engine, and waits until it has.
    pub async fn close(mut self) {
        self.stop.cancel();
        self.engine.take().unwrap().await.unwrap();
    }

    /// A path below the data directory.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Makes `alice/<name>` in all chroots.
    pub async fn project(&self, name: &str, wish: Wish) {
        let chroots = Some(CHROOTS.map(str::to_owned).to_vec());
        let wish = Wish { chroots: wish.chroots.clone().or(chroots), ..wish };
        let new = NewProject { name: Some(name.to_owned()), wish, ..NewProject::default() };
        projects::create(&self.app, &self.alice, "alice", new).await.unwrap();
    }

    pub async fn edit(&self, name: &str, wish: Wish) {
        projects::edit(&self.app, &self.alice, "alice", name, wish).await.unwrap();
        self.rest().await;
    }

    /// Builds `package-version-1` in the first chroot, in a directory of a project.
    pub async fn build(&self, dir: &str, package: &str, version: &str) -> BuildId {
        let project = dir.split(':').next().unwrap().to_owned();
        let temp = tempfile::NamedTempFile::new_in(self.dir.path()).unwrap().into_temp_path();
        fs::copy(make(package, version).0, &temp).unwrap();
        let file = UploadedFile { name: format!("{package}-{version}-1.src.rpm"), path: temp };
        let wish = BuildWish {
            owner: Some("alice".to_owned()),
            project: Some(project),
            dir: Some(dir.to_owned()),
            chroots: Some(vec![CHROOTS[0].to_owned()]),
            ..BuildWish::default()
        };
        let build = builds::submit_upload(&self.app, &self.alice, wish, Some(file)).await.unwrap();
        let done = || async { self.get(build.id).await.is_none_or(|b| b.state.is_finished()) };
        self.app.runner.wait_until(Duration::from_mins(1), done).await;
        let build = self.get(build.id).await.unwrap();
        assert_eq!(build.state, BuildState::Succeeded, "{:?}", build.source_message);
        build.id
    }

    pub async fn get(&self, id: BuildId) -> Option<Build> {
        self.app.store.read(move |db| coprbox::store::builds::get(db, id)).await.unwrap()
    }

    /// Waits until all work on the results tree is done.
    pub async fn rest(&self) {
        let is_done = || async {
            let queued = self.app.store.read(jobs::any).await;
            !queued.unwrap()
        };
        self.app.runner.wait_until(Duration::from_mins(1), is_done).await;
        assert!(is_done().await, "the engine is still at work");
    }

    /// The packages that a repository lists, without their directories; it is as it should be.
    pub fn listed(&self, repo: &str) -> Vec<String> {
        let report = check(&self.path("results/alice").join(repo), Depth::Contents);
        assert!(report.is_valid(), "{:?}", report.problems);
        let name = |package: &String| package.rsplit('/').next().unwrap().to_owned();
        let mut names: Vec<String> = report.packages.iter().map(name).collect();
        names.retain(|name| !name.contains(".src."));
        names.sort();
        names
    }

    /// A packed log.
    pub fn log(&self, below: &str) -> String {
        let packed = fs::File::open(self.path("results/alice").join(below)).unwrap();
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(packed).read_to_string(&mut text).unwrap();
        text
    }

    /// Runs a change of the tables that no operation makes: time that passes, say.
    pub fn change(&self, change: impl FnOnce(&Connection) -> Result<(), StoreError>) {
        self.app.store.write_now(|tx| change(tx)).unwrap();
    }
}

/// Adds the people and the chroots.
fn furnish(tx: &Connection) -> Result<User, coprbox::ops::Error> {
    let name = "alice".parse().unwrap();
    users::insert(tx, &name, None, true, Timestamp::now())?;
    for name in CHROOTS {
        add_chroot(tx, name);
    }
    Ok(users::find(tx, &name)?.unwrap())
}

/// Adds a chroot as the admin would.
pub fn add_chroot(tx: &Connection, name: &str) -> ChrootId {
    let name: ChrootName = name.parse().unwrap();
    let repos = vec!["file:///nowhere".to_owned()];
    let recipe = ChrootRecipe::Sandbox { repos, install: vec!["bash".to_owned()] };
    chroots::add(tx, &name, &recipe, "").unwrap().id
}
