use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use coprbox::model::build_config::{BuildConfig, BuildRepo};
use coprbox::model::chroot::{Chroot, ChrootRecipe};
use coprbox::model::options::{Bootstrap, Isolation};
use coprbox::model::{ChrootId, JobId};
use coprbox::process::{JobMark, find, kill_marked};
use coprbox::runner::builder::sandbox::Sandbox;
use coprbox::runner::builder::{BuildError, Builder, Built, Job};
use coprbox::runner::log::LiveLog;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The data directory of a server, and a chroot of the base repository.
pub struct Bench {
    pub dir: TempDir,
    pub builder: Arc<Sandbox>,
    pub chroot: Chroot,
    jobs: AtomicU32,
}

/// The end of a build and what it leaves.
pub struct Done {
    pub job: Job,
    pub result: Result<Built, BuildError>,
}

impl Bench {
    /// With the build roots that all tests share, also with those of runs before. `None`, with a
    /// word on stderr, where real builds are impossible.
    pub fn new() -> Option<Bench> {
        static SHARED: OnceLock<Arc<Sandbox>> = OnceLock::new();
        let mut bench = Bench::with_own_roots()?;
        let data_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox");
        bench.builder = SHARED.get_or_init(|| Arc::new(Sandbox::new(&data_dir))).clone();
        Some(bench)
    }

    /// With no build roots yet.
    pub fn with_own_roots() -> Option<Bench> {
        let dir = TempDir::new().unwrap();
        let builder = Arc::new(Sandbox::new(dir.path()));
        let base = match base_repository(&builder) {
            Err(why) => {
                std::io::stderr().write_all(format!("skipped: {why}\n").as_bytes()).unwrap();
                return None;
            }
            Ok(base) => base,
        };
        let chroot = Chroot {
            id: ChrootId(1),
            name: format!("debian-12-{}", std::env::consts::ARCH).parse().unwrap(),
            recipe: ChrootRecipe::Sandbox {
                repos: vec![format!("file://{}", base.display())],
                install: vec![ChrootRecipe::DEFAULT_INSTALL.to_owned()],
            },
            comment: String::new(),
            active: true,
        };
        Some(Bench { dir, builder, chroot, jobs: AtomicU32::new(0) })
    }

    /// The addresses of the chroot's repositories.
    pub fn base(&mut self) -> &mut Vec<String> {
        match &mut self.chroot.recipe {
            ChrootRecipe::Sandbox { repos, .. } => repos,
            ChrootRecipe::Mock { .. } => unreachable!("made above"),
        }
    }

    pub fn config(&self) -> BuildConfig {
        BuildConfig {
            chroot: self.chroot.name.clone(),
            repos: Vec::new(),
            additional_repos: Vec::new(),
            additional_packages: Vec::new(),
            additional_modules: Vec::new(),
            with_opts: Vec::new(),
            without_opts: Vec::new(),
            enable_net: false,
            bootstrap: Bootstrap::Default,
            bootstrap_image: None,
            isolation: Isolation::Default,
        }
    }

    pub fn job(&self) -> Job {
        let number = self.jobs.fetch_add(1, Ordering::Relaxed);
        let made = |name: String| {
            let path = self.dir.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        let result_dir = made(format!("results-{number}"));
        let log = LiveLog::create(&result_dir.join("builder-live.log")).unwrap();
        Job {
            tag: format!("test-{number}"),
            work_dir: made(format!("work-{number}")),
            result_dir,
            log: Arc::new(log),
            log_limit: 1 << 30,
            mark: JobMark::new(self.dir.path(), JobId(number.into())),
            cancel: CancellationToken::new(),
            launcher: Vec::new(),
            timeout: Duration::from_mins(5),
            grace: Duration::from_secs(10),
            private_addresses: false,
            macros: vec![("vendor".into(), "Copr - user alice 100%".into())],
        }
    }

    /// Builds and looks that nothing stays behind, however it ends.
    pub async fn build_as(&self, job: Job, config: &BuildConfig, srpm: &Path) -> Done {
        let result = self.builder.rebuild(&job, &self.chroot, config, srpm).await;
        check_quiet(&job);
        Done { job, result }
    }

    pub async fn build(&self, srpm: &Path) -> Done {
        self.build_as(self.job(), &self.config(), srpm).await
    }

    /// An SRPM of a spec; it packages the file that [`installs`] makes.
    pub fn srpm(&self, name: &str, extra_tags: &str, sections: &str) -> PathBuf {
        let spec = format!(
            "Name: {name}\nVersion: 1.0\nRelease: 1%{{?dist}}\nSummary: A test\nLicense: MIT\n\
             {extra_tags}\n%description\nA test.\n{sections}\n%files\n/usr/share/{name}\n"
        );
        self.srpm_of(name, &spec)
    }

    pub fn srpm_of(&self, name: &str, spec: &str) -> PathBuf {
        let top = self.dir.path().join(format!("srpm-{name}"));
        fs::create_dir_all(&top).unwrap();
        let path = top.join(format!("{name}.spec"));
        fs::write(&path, spec).unwrap();
        let defines = [format!("_topdir {}", top.display()), "dist .srpm".to_owned()];
        let built = Command::new("rpmbuild")
            .args(["-bs", "--nodeps", "--define", &defines[0], "--define", &defines[1]])
            .arg(&path)
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let mut made = fs::read_dir(top.join("SRPMS")).unwrap().flatten();
        made.next().unwrap().path()
    }

    pub fn is_quiet(&self) -> bool {
        kill_marked(self.dir.path()) == 0
    }
}

/// A build has left no files and no mounts behind.
pub fn check_quiet(job: &Job) {
    let left: Vec<_> = fs::read_dir(&job.work_dir).unwrap().flatten().collect();
    assert!(left.is_empty(), "left in the work directory: {left:?}");
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains(job.work_dir.to_str().unwrap()), "a mount is left");
}

/// The base repository, or why there are no real builds here.
fn base_repository(builder: &Sandbox) -> Result<PathBuf, String> {
    let base = std::env::var_os("COPRBOX_TEST_BASE_REPO").map(PathBuf::from);
    let base = base.ok_or("COPRBOX_TEST_BASE_REPO names no repository")?;
    if !base.join("repodata/repomd.xml").is_file() {
        return Err(format!("{} is no repository", base.display()));
    }
    let needed = ["createrepo_c", "rpmbuild"];
    if let Some(missing) = needed.into_iter().find(|name| find(name).is_none()) {
        return Err(format!("{missing} is not installed"));
    }
    builder.availability().map(|()| base)
}

impl Done {
    pub fn names(&self) -> Vec<String> {
        let built = self.result.as_ref().unwrap_or_else(|error| panic!("{error}\n{}", self.log()));
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        built.packages.iter().map(name).collect()
    }

    pub fn error(&self) -> &BuildError {
        self.result.as_ref().expect_err("the build should have failed")
    }

    /// The live log.
    pub fn log(&self) -> String {
        self.file("builder-live.log")
    }

    pub fn file(&self, name: &str) -> String {
        fs::read_to_string(self.job.result_dir.join(name)).unwrap_or_default()
    }
}

/// What installs a file so that the default `%files` is right.
pub fn installs(name: &str, text: &str) -> String {
    format!(
        "%install\nmkdir -p %{{buildroot}}/usr/share\ncat > %{{buildroot}}/usr/share/{name} \
         <<'END'\n{text}\nEND\n"
    )
}

/// A repository of these packages, as a build's configuration names it.
pub fn repository(dir: &Path, packages: &[PathBuf]) -> BuildRepo {
    fs::create_dir_all(dir).unwrap();
    for package in packages {
        fs::copy(package, dir.join(package.file_name().unwrap())).unwrap();
    }
    let made = Command::new("createrepo_c").arg("-q").arg(dir).status().unwrap();
    assert!(made.success());
    BuildRepo {
        id: "copr_base".into(),
        name: "Copr repository".into(),
        baseurl: format!("file://{}", dir.display()),
        priority: None,
        repo_gpgcheck: Some(false),
        module_hotfixes: None,
    }
}
