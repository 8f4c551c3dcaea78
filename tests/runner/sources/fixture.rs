use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use coprbox::config::{Config, DistGit};
use coprbox::model::build::{BuildOptions, DEFAULT_TIMEOUT};
use coprbox::model::chroot::ChrootRecipe;
use coprbox::model::project::Dir;
use coprbox::model::source::{Scm, ScmKind, SourceSpec, SrpmMethod};
use coprbox::model::user::User;
use coprbox::model::{BuildId, PackageId, SourceState};
use coprbox::ops::projects::{self, NewProject, Wish};
use coprbox::ops::{App, builds as build_ops};
use coprbox::process::find;
use coprbox::runner::builder::mock::Mock;
use coprbox::runner::builder::sandbox::Sandbox;
use coprbox::runner::builder::{Builder as _, Builders};
use coprbox::runner::{Engine, Runner};
use coprbox::store::builds::NewBuild;
use coprbox::store::{
    Store, StoreError, builds, chroots, deploy_keys, jobs, packages, projects as project_rows,
    users,
};
use tokio_util::sync::CancellationToken;

use super::server::Server;

/// A server without a door: an engine at work, a user, a project in one chroot.
pub struct Hub {
    pub app: App,
    pub user: User,
    dir: Dir,
    runtime: tokio::runtime::Runtime,
}

/// What came of a source build.
pub struct Outcome {
    pub message: String,
    pub log: String,
    pub srpm: Option<PathBuf>,
}

/// One that may fetch from anywhere, shared by all tests; `None`, with a word on stderr, where
/// real builds are impossible.
pub fn open() -> Option<&'static Hub> {
    static HUB: OnceLock<Option<Hub>> = OnceLock::new();
    HUB.get_or_init(|| Hub::start("open", true)).as_ref()
}

/// One with the settings that a server has when nobody says anything.
pub fn closed() -> Option<&'static Hub> {
    static HUB: OnceLock<Option<Hub>> = OnceLock::new();
    HUB.get_or_init(|| Hub::start("closed", false)).as_ref()
}

impl Hub {
    fn start(name: &str, open: bool) -> Option<Hub> {
        let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let data = tmp.join(format!("sources-{name}"));
        // Not that of other tests: their chroot has other repositories.
        let sandbox = Arc::new(Sandbox::new(&data));
        let base = std::env::var("COPRBOX_TEST_BASE_REPO").map_err(|error| error.to_string());
        let missing = ["git", "svn", "svnserve", "createrepo_c", "rpmbuild"]
            .into_iter()
            .find(|name| find(name).is_none())
            .map_or(Ok(()), |name| Err(format!("{name} is not installed")));
        let ready = missing.and_then(|()| sandbox.availability()).and(base);
        let base = ready
            .map_err(|why| std::io::stderr().write_all(format!("skipped: {why}\n").as_bytes()))
            .ok()?;
        let _ = fs::remove_dir_all(&data);
        fs::create_dir_all(&data).unwrap();
        let tools = tools(&data.join("tools"));
        let mut config = Config::in_data_dir(&data).unwrap();
        config.runner.slots = 4;
        config.sources.allow_private_addresses = open;
        config.sources.allow_file_urls = open;
        config.distgit.insert("local".to_owned(), distgit());
        let store = Store::open(&config.database()).unwrap();
        let chroot = format!("debian-12-{}", std::env::consts::ARCH);
        let recipe = ChrootRecipe::Sandbox {
            repos: vec![format!("file://{base}"), format!("file://{}", tools.display())],
            install: vec![ChrootRecipe::DEFAULT_INSTALL.to_owned(), "curl".to_owned()],
        };
        let user = store
            .write_now(|tx| {
                chroots::insert(tx, &chroot.parse().unwrap(), &recipe, "", true)?;
                users::insert(
                    tx,
                    &"alice".parse().unwrap(),
                    None,
                    true,
                    coprbox::clock::Timestamp::now(),
                )
            })
            .unwrap();
        let app = App { config: Arc::new(config), store, runner: Runner::default() };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = runtime.block_on(begin(&app, user, sandbox, chroot));
        let user = app.store.read_now(|db| users::get(db, user)).unwrap().unwrap();
        Some(Hub { app, user, dir, runtime })
    }

    /// Makes the source package of these sources.
    pub fn build(&self, source: SourceSpec) -> Outcome {
        self.build_as(None, source)
    }

    /// Makes the source package of a package that has these sources, and a key.
    pub fn build_package(&self, name: &str, source: SourceSpec, key: &str) -> Outcome {
        let name = name.parse().unwrap();
        let id = self.app.store.write_now(|tx| {
            let package = packages::find_or_insert(tx, self.dir.project, &name, &source)?;
            deploy_keys::set(tx, package.id, key)?;
            Ok::<_, StoreError>(package.id)
        });
        self.build_as(Some(id.unwrap()), source)
    }

    fn build_as(&self, package: Option<PackageId>, source: SourceSpec) -> Outcome {
        let options = BuildOptions {
            background: false,
            timeout: DEFAULT_TIMEOUT,
            enable_net: false,
            bootstrap: None,
            isolation: None,
        };
        let id = self
            .app
            .store
            .write_now(|tx| {
                let new = NewBuild {
                    project: self.dir.project,
                    dir: self.dir.id,
                    package,
                    submitter: None,
                    source: &source,
                    options: &options,
                    excluded: &[],
                    batch: None,
                };
                let id = builds::insert(tx, &new)?;
                jobs::queue_source(tx, id)?;
                Ok::<_, StoreError>(id)
            })
            .unwrap();
        self.outcome(id)
    }

    /// Builds a package again from what is on record of it.
    pub fn rebuild(&self, package: &str) -> Outcome {
        let wish = build_ops::Wish {
            owner: Some("alice".into()),
            project: Some("p".into()),
            ..build_ops::Wish::default()
        };
        let package = Some(package.to_owned());
        let submitting = build_ops::submit_package(&self.app, &self.user, wish, package);
        self.outcome(self.runtime.block_on(submitting).unwrap().id)
    }

    fn outcome(&self, id: BuildId) -> Outcome {
        let build = self.wait(id);
        let place = self.app.layout().source(&build.owner, &build.dir, id);
        let mut log = String::new();
        let packed = fs::File::open(place.join("builder-live.log.gz")).unwrap();
        flate2::read::GzDecoder::new(packed).read_to_string(&mut log).unwrap();
        // What would be built of it is not looked at here.
        let canceled = build_ops::cancel(&self.app, &self.user, id);
        let _ = self.runtime.block_on(canceled);
        let message = build.source_message.unwrap_or_default();
        Outcome { message, log, srpm: build.srpm.map(|srpm| place.join(srpm)) }
    }

    /// Whether something that follows the end of a build is so within a minute.
    pub fn soon(&self, so: impl Fn() -> bool) -> bool {
        let limit = Duration::from_mins(1);
        let looks = || std::future::ready(so());
        self.runtime.block_on(self.app.runner.wait_until(limit, looks));
        so()
    }

    fn wait(&self, id: BuildId) -> coprbox::model::build::Build {
        let begun = Instant::now();
        loop {
            let build = self.app.store.read_now(|db| builds::get(db, id)).unwrap().unwrap();
            let over = !matches!(
                build.source_state,
                SourceState::Pending | SourceState::Starting | SourceState::Running
            );
            if over {
                return build;
            }
            assert!(begun.elapsed() < Duration::from_mins(3), "{:?}", build.source_state);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Starts the engine, and makes the project.
async fn begin(
    app: &App,
    user: coprbox::model::UserId,
    sandbox: Arc<Sandbox>,
    chroot: String,
) -> Dir {
    let builders = Builders { mock: Arc::new(Mock::new(None)), sandbox };
    let layout = app.layout();
    for dir in [layout.results(), layout.uploads(), layout.work(), layout.trash()] {
        fs::create_dir_all(dir).unwrap();
    }
    let (config, store) = (Arc::clone(&app.config), app.store.clone());
    let stop = CancellationToken::new();
    let engine = Engine::new(config, store, app.runner.clone(), builders, stop);
    tokio::spawn(async move { engine.run().await.unwrap() });
    let user = app.store.read(move |db| users::get(db, user)).await.unwrap().unwrap();
    let wish = Wish { chroots: Some(vec![chroot]), ..Wish::default() };
    let new = NewProject { name: Some("p".into()), wish, ..NewProject::default() };
    let made = projects::create(app, &user, "alice", new).await.unwrap();
    let project = made.project;
    app.store.read(move |db| project_rows::main_dir(db, &project)).await.unwrap()
}

fn distgit() -> DistGit {
    let server = Server::shared();
    DistGit {
        clone_url: format!("{}/git/{{namespace}}/{{pkgname}}", server.url()),
        lookaside: Some(format!(
            "{}/files/{{namespace}}/{{pkgname}}/{{filename}}/{{hashtype}}/{{hash}}/{{filename}}",
            server.url()
        )),
        default_namespace: Some("rpms".to_owned()),
        priority: 1,
    }
}

/// A repository of programs that act as those of Fedora.
fn tools(dir: &Path) -> PathBuf {
    let tito = "#!/bin/sh\n# tito build --srpm --output DIR [--test]\nset -e\n\
                test \"$1 $2 $3\" = 'build --srpm --output'\n\
                rpmbuild -bs --define \"_sourcedir $PWD\" --define \"_srcrpmdir $4\" \\\n\
                \x20   --define \"dist .${5#--}\" *.spec\n";
    let autospec = "#!/bin/sh\nset -e\ntest \"$1\" = process-distgit\ntest -d .git\n\
                    sed 's/%autorelease/7/; s/%autochangelog/- made/' \"$2\" > \"$3\"\n";
    let own = [("tito", tito), ("rpmautospec", autospec)];
    let own = own.map(|(name, text)| (name, text.to_owned()));
    for (name, text) in own.into_iter().chain(super::generators::programs()) {
        let spec = format!(
            "Name: {name}\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\nBuildArch: noarch\n\
             %description\nx\n%install\nmkdir -p %{{buildroot}}/usr/bin\n\
             cat > %{{buildroot}}/usr/bin/{name} <<'END'\n{}\nEND\n\
             chmod 755 %{{buildroot}}/usr/bin/{name}\n%files\n/usr/bin/{name}\n",
            text.replace('%', "%%")
        );
        let top = dir.with_extension(name);
        fs::create_dir_all(&top).unwrap();
        let file = top.join(format!("{name}.spec"));
        fs::write(&file, spec).unwrap();
        let defines = [format!("_topdir {}", top.display()), format!("_rpmdir {}", dir.display())];
        let mut build = Command::new("rpmbuild");
        build.args(["-bb", "--nodeps", "--define", &defines[0], "--define", &defines[1]]);
        done(build.arg(file));
    }
    done(Command::new("createrepo_c").arg("-q").arg(dir));
    dir.to_owned()
}

/// Runs a command that has to end well; returns what it says.
#[track_caller]
pub fn done(command: &mut Command) -> String {
    let ended = command.stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{command:?}: {stderr}");
    String::from_utf8_lossy(&ended.stdout).trim().to_owned()
}

/// A git repository to be cloned.
pub struct Repo {
    pub dir: tempfile::TempDir,
}

impl Repo {
    pub fn new() -> Repo {
        let repo = Repo { dir: tempfile::tempdir().unwrap() };
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    /// One with the only commit that these files make.
    pub fn of(files: &[(&str, &str)]) -> Repo {
        let repo = Repo::new();
        repo.commit(files);
        repo
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        let mut git = Command::new("git");
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(self.dir.path());
        git.args(["-c", "user.name=Al", "-c", "user.email=al@h"]);
        done(git.args(["-c", "protocol.file.allow=always"]).args(args))
    }

    #[track_caller]
    pub fn commit(&self, files: &[(&str, &str)]) -> String {
        for (name, text) in files {
            let path = self.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "A commit"]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn url(&self) -> String {
        format!("file://{}", self.dir.path().display())
    }

    pub fn source(&self) -> Scm {
        scm(&self.url())
    }
}

pub fn scm(url: &str) -> Scm {
    Scm {
        kind: ScmKind::Git,
        clone_url: url.parse().unwrap(),
        committish: "".parse().unwrap(),
        subdirectory: "".parse().unwrap(),
        spec: "".parse().unwrap(),
        method: SrpmMethod::Rpkg,
    }
}

/// A spec file with these further lines in its head.
pub fn spec(name: &str, lines: &str) -> String {
    format!(
        "Name: {name}\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\n{lines}\n\
         %description\nx\n%files\n"
    )
}

impl Outcome {
    /// The names of the files in the source package.
    #[track_caller]
    pub fn files(&self) -> Vec<String> {
        let names = done(Command::new("rpm").args(["-qpl", "--nosignature"]).arg(self.made()));
        names.lines().map(ToOwned::to_owned).collect()
    }

    #[track_caller]
    pub fn made(&self) -> &Path {
        let why = || panic!("{}\n{}", self.message, self.log);
        self.srpm.as_deref().unwrap_or_else(why)
    }

    #[track_caller]
    pub fn nvr(&self) -> String {
        let format = "--qf=%{name}-%{version}-%{release}";
        done(Command::new("rpm").args(["-qp", "--nosignature", format]).arg(self.made()))
    }

    /// A file of the source package.
    #[track_caller]
    pub fn file(&self, name: &str) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", "rpm2archive - < \"$1\" | tar -xz", "sh"]).arg(self.made());
        done(shell.current_dir(dir.path()));
        fs::read(dir.path().join(name)).unwrap()
    }

    #[track_caller]
    pub fn failed(&self, expected: &str) {
        assert!(self.srpm.is_none(), "{}", self.log);
        assert!(self.message.contains(expected), "{}\n{}", self.message, self.log);
        assert!(self.log.contains("error: "), "{}", self.log);
    }
}
