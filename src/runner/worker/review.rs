//! fedora-review, for packages that were just built.
//!
//! The tool reads the spec file, which runs code, so it works in the chroot that it reviews for,
//! where it is installed from the chroot's own repositories. Whatever comes of it, the build stays
//! as good as it is: where there is no review, the log says why.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::block_in_place;

use super::{Bench, Stop, builder_dir, remove_dir, results};
use crate::model::PackageName;
use crate::model::build::Build;
use crate::model::build_config::BuildConfig;
use crate::model::chroot::Chroot;
use crate::runner::builder::script::{Ran, Script};
use crate::runner::builder::{self, BuildError};

/// The distribution whose rules it knows.
const DISTRIBUTION: &str = "fedora";
/// The tool, and the directory of what it finds, beside the packages.
const TOOL: &str = "/usr/bin/fedora-review";
const DIR: &str = "fedora-review";
/// How long it may take.
const LIMIT: Duration = Duration::from_hours(1);
/// The most that its findings may be.
const MAX_SIZE: u64 = 256 << 20;

/// What is reviewed.
pub(super) struct Subject<'a> {
    pub(super) build: &'a Build,
    pub(super) package: &'a PackageName,
    pub(super) chroot: &'a Chroot,
    pub(super) config: &'a BuildConfig,
    /// Where its packages are.
    pub(super) packages: &'a Path,
    /// Its result directory.
    pub(super) dir: &'a Path,
}

impl Bench<'_> {
    /// Reviews what was built. The answer is a line for the engine's log.
    pub(super) async fn review(&self, subject: &Subject<'_>) -> Result<String, Stop> {
        if subject.chroot.name.distribution() != DISTRIBUTION {
            return Ok(format!("no review: there are none for {}", subject.chroot.name));
        }
        let outcome = self.run_review(subject).await;
        Ok(match outcome {
            Ok(ran) if ran.success() => format!("reviewed: see {DIR}/review.txt"),
            Ok(ran) => format!("no review: fedora-review failed: {}", ran.last_line()),
            Err(BuildError::Canceled) => return Err(Stop::Canceled),
            Err(error) => format!("no review: {error}"),
        })
    }

    async fn run_review(&self, subject: &Subject<'_>) -> Result<Ran, BuildError> {
        let Subject { build, package, chroot, config, packages, dir } = subject;
        let (tree, logs) = (self.dir.join("review"), self.dir.join("review-logs"));
        let to = dir.join(DIR);
        block_in_place(|| {
            remove_dir(&builder_dir(&self.dir))?;
            for fresh in [&tree, &logs, &to] {
                remove_dir(fresh)?;
                std::fs::create_dir_all(fresh)?;
            }
            copy_rpms(packages, &tree)
        })?;
        let limit = self.shop.config.runner.max_log_size.0;
        let log = to.join("fedora-review.log");
        let log = Arc::new(self.shop.runner.logs().create(&log, limit)?);
        let job = self.builder_job(build, &logs, &log)?;
        let job = builder::Job { timeout: job.timeout.min(LIMIT), ..job };
        let script = script(tree, package, to.clone());
        let ran = self.shop.builders.of(chroot).run_script(&job, chroot, config, &script).await;
        if let Err(error) = &ran {
            log.line(format!("error: {error}"));
        }
        log.finish().await?;
        block_in_place(|| results::pack_logs(&to))?;
        ran
    }
}

/// Copies, since the build user is to own what is reviewed.
fn copy_rpms(from: &Path, to: &Path) -> io::Result<()> {
    for rpm in results::rpm_files(from)? {
        if let Some(name) = rpm.file_name() {
            std::fs::copy(&rpm, to.join(name))?;
        }
    }
    Ok(())
}

fn script(tree: std::path::PathBuf, package: &PackageName, to: std::path::PathBuf) -> Script {
    let words = [TOOL, "--no-colors", "--prebuilt", "--rpm-spec", "--name", package.as_str()];
    Script {
        needs: vec![TOOL.to_owned()],
        tree,
        files: Vec::new(),
        // There is no group mock in a build root, nor any use for one.
        env: vec![("REVIEW_NO_MOCKGROUP_CHECK".to_owned(), "1".to_owned())],
        dir: String::new(),
        command: words.map(str::to_owned).to_vec(),
        network: false,
        // It calls the directory of its findings after the package.
        out: package.to_string(),
        to,
        max_size: MAX_SIZE,
    }
}
