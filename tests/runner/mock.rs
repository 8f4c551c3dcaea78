//! The builder that runs mock: around a small stand-in that behaves as mock does, and around the
//! real one where it is installed.

mod real;
mod stand_in;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use coprbox::model::build_config::BuildConfig;
use coprbox::model::chroot::{Chroot, ChrootRecipe};
use coprbox::model::options::{Bootstrap, Isolation};
use coprbox::model::{ChrootId, JobId};
use coprbox::process::{JobMark, kill_marked};
use coprbox::runner::builder::Job;
use coprbox::runner::log::LiveLog;
use coprbox::runner::source::download::Limits;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// How many jobs there are, in all tests together: they run side by side, and what one has left
/// must not be taken for another's.
static JOBS: AtomicU32 = AtomicU32::new(0);

/// A place with the directories of one server, and jobs in it.
struct Bench {
    dir: TempDir,
}

impl Bench {
    fn new() -> Bench {
        Bench { dir: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A job with directories of its own.
    fn job(&self) -> Job {
        let number = JOBS.fetch_add(1, Ordering::Relaxed);
        let (work_dir, result_dir) =
            (self.path(&format!("work-{number}")), self.path(&format!("results-{number}")));
        fs::create_dir(&work_dir).unwrap();
        fs::create_dir(&result_dir).unwrap();
        let log = LiveLog::create(&result_dir.join("builder-live.log")).unwrap();
        Job {
            tag: format!("test-{}-{number}.", std::process::id()),
            work_dir,
            result_dir,
            log: Arc::new(log),
            log_limit: 1 << 30,
            mark: JobMark::new(self.dir.path(), JobId(number.into())),
            cancel: CancellationToken::new(),
            launcher: Vec::new(),
            timeout: Duration::from_mins(5),
            grace: Duration::from_secs(10),
            private_addresses: false,
            macros: vec![("copr_username".into(), "alice".into())],
        }
    }

    /// Whether nothing that was started for one of the jobs is still running.
    fn is_quiet(&self) -> bool {
        kill_marked(self.dir.path()) == 0
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        kill_marked(self.dir.path());
    }
}

fn chroot(name: &str, config: &Path) -> Chroot {
    Chroot {
        id: ChrootId(1),
        name: name.parse().unwrap(),
        recipe: ChrootRecipe::Mock { config: config.to_owned() },
        comment: String::new(),
        active: true,
    }
}

fn config(chroot: &str) -> BuildConfig {
    BuildConfig {
        chroot: chroot.parse().unwrap(),
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

fn live_log(job: &Job) -> String {
    fs::read_to_string(job.log.path()).unwrap()
}

/// What a source build may download.
fn downloads() -> Limits {
    Limits { private_addresses: true, max_size: 1 << 20, time: Duration::from_mins(1) }
}
