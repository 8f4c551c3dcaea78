//! What making a source package in a chroot takes: the build, its chroot, a scratch directory.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::error::SourceError;
use super::lookaside::Means;
use super::scm::{Outfit, Trip};
use crate::config::Config;
use crate::model::ChrootName;
use crate::model::build::Build;
use crate::model::build_config::BuildConfig;
use crate::model::chroot::Chroot;
use crate::model::source::{CloneScheme, CloneUrl, SourceFile, SourceSpec};
use crate::runner::builder::script::{Ran, Script};
use crate::runner::builder::{BuildError, Job, SpecSource};
use crate::runner::log::LiveLog;
use crate::runner::worker::{Bench, Stop};
use crate::store::{StoreError, deploy_keys, packages};

/// Lines of a failed program's output that a message holds.
const LINES: usize = 5;

/// A source build at work.
pub(in crate::runner) struct Kitchen<'a> {
    bench: &'a Bench<'a>,
    build: &'a Build,
    chroot: Chroot,
    config: BuildConfig,
    job: Job,
    pub(super) log: &'a LiveLog,
}

/// A program to be run in the chroot.
pub(super) struct Recipe {
    /// Appears in the chroot, to be written to.
    pub(super) tree: PathBuf,
    /// Where the program starts, and where it leaves what it makes, seen from the tree.
    pub(super) dir: String,
    pub(super) out: String,
    /// Whether the latter is made for it. Scripts of users make their own.
    pub(super) makes_out: bool,
    /// What has to be installed.
    pub(super) needs: Vec<String>,
    pub(super) files: Vec<(String, Vec<u8>)>,
    pub(super) env: Vec<(String, String)>,
    pub(super) command: Vec<String>,
}

/// What no repository of the chroot has.
#[derive(Debug)]
pub(super) struct Missing {
    chroot: ChrootName,
    pub(super) names: Vec<String>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no repository of {} has {}", self.chroot, self.names.join(", "))
    }
}

impl From<Missing> for Stop {
    fn from(missing: Missing) -> Stop {
        let why = format!("{missing}: add a repository that has it to the project's chroot");
        SourceError::Srpm(why).into()
    }
}

impl<'a> Kitchen<'a> {
    /// Makes ready for a build whose source package is made in its own chroot.
    pub(in crate::runner) async fn open(
        bench: &'a Bench<'a>,
        build: &'a Build,
        result_dir: &Path,
        log: &'a Arc<LiveLog>,
    ) -> Result<Kitchen<'a>, Stop> {
        let at = bench.source_chroot(build).await?;
        Kitchen::open_in(bench, build, result_dir, log, at)
    }

    /// Makes ready for one that is made in this chroot.
    pub(super) fn open_in(
        bench: &'a Bench<'a>,
        build: &'a Build,
        result_dir: &Path,
        log: &'a Arc<LiveLog>,
        (chroot, config): (Chroot, BuildConfig),
    ) -> Result<Kitchen<'a>, Stop> {
        let job = bench.builder_job(build, result_dir, log)?;
        Ok(Kitchen { bench, build, chroot, config, job, log })
    }

    /// Sets how long each step may take.
    pub(super) fn set_time(&mut self, time: Duration) {
        self.job.timeout = time;
    }

    /// Where the files are that programs have left.
    pub(super) fn made(&self) -> PathBuf {
        self.dir().join("made")
    }

    /// Where what came with requests lies.
    pub(super) fn uploads(&self) -> PathBuf {
        self.bench.shop.layout.uploads()
    }

    /// Scratch space.
    pub(super) fn dir(&self) -> &Path {
        &self.bench.dir
    }

    /// The server's settings.
    pub(super) fn settings(&self) -> &Config {
        &self.bench.shop.config
    }

    /// Sets out to a repository.
    pub(super) async fn trip(&self, url: &CloneUrl) -> Result<Trip<'_>, Stop> {
        let outfit = Outfit {
            sources: &self.settings().sources,
            log: self.log,
            cancel: &self.bench.cancel,
            mark: &self.bench.mark,
            time: self.build.options.timeout,
            key: self.deploy_key(url).await?,
            known_hosts: self.bench.shop.layout.known_hosts(),
        };
        Ok(Trip::begin(outfit, self.dir().join("fetch")).await?)
    }

    /// The key of the package that is built from its own sources: who only may build has no use of
    /// it elsewhere.
    async fn deploy_key(&self, url: &CloneUrl) -> Result<Option<String>, Stop> {
        let is_ssh = matches!(url.scheme(), CloneScheme::Ssh | CloneScheme::SvnSsh);
        let Some(name) = self.build.package.clone().filter(|_| is_ssh) else { return Ok(None) };
        let (project, url) = (self.build.project_id, url.clone());
        let key = self.bench.shop.store.read(move |db| {
            let package = packages::find(db, project, &name)?;
            let own = package.filter(|package| match &package.source {
                SourceSpec::Scm(scm) => scm.clone_url == url,
                SourceSpec::DistGit(distgit) => distgit.clone_url == url,
                _ => false,
            });
            own.map_or(Ok::<_, StoreError>(None), |package| deploy_keys::get(db, package.id))
        });
        Ok(key.await?)
    }

    /// What downloads need.
    pub(super) fn means(&self) -> Means<'_> {
        let limits = super::limits(self.bench.shop, self.build);
        Means { limits, log: self.log, cancel: self.cancel() }
    }

    fn cancel(&self) -> &CancellationToken {
        &self.bench.cancel
    }

    /// Makes the source package of a spec and the files beside it.
    pub(super) async fn pack(&self, spec: PathBuf, sources: PathBuf) -> Result<PathBuf, Stop> {
        self.log.line(format!("making the source package in {}", self.chroot.name));
        let source =
            SpecSource { spec, sources: Some(sources), download: Some(self.means().limits) };
        let builder = self.bench.shop.builders.of(&self.chroot);
        let made = builder.make_srpm(&self.job, &self.chroot, &self.config, &source).await;
        let made = made.map_err(|error| match error {
            BuildError::Download(why) => SourceError::Download(why).into(),
            BuildError::BadSource(why) | BuildError::Failed(why) => unmade(why).into(),
            other => Stop::from(other),
        })?;
        let aside = self.dir().join("made.src.rpm");
        fs::rename(&made.srpm, &aside)?;
        Ok(aside)
    }

    /// Runs a program in the chroot, with network.
    pub(super) async fn run(&self, recipe: Recipe) -> Result<Ran, Stop> {
        self.try_run(recipe).await?.map_err(Stop::from)
    }

    /// The same for callers who know a way out when something it needs is missing.
    pub(super) async fn try_run(&self, recipe: Recipe) -> Result<Result<Ran, Missing>, Stop> {
        let to = self.made();
        fs::create_dir_all(&to)?;
        if recipe.makes_out {
            fs::create_dir_all(recipe.tree.join(&recipe.out))?;
        }
        self.log.line(format!("running {} in {}", recipe.command.join(" "), self.chroot.name));
        // The tree belongs to the user who runs it, and holds clones within clones.
        let git = [("COUNT", "1"), ("KEY_0", "safe.directory"), ("VALUE_0", "*")];
        let git = git.map(|(name, value)| (format!("GIT_CONFIG_{name}"), value.to_owned()));
        let env = git.into_iter().chain(recipe.env).collect();
        let script = Script {
            needs: recipe.needs,
            tree: recipe.tree,
            files: recipe.files,
            env,
            dir: recipe.dir,
            command: recipe.command,
            network: true,
            out: recipe.out,
            to,
            max_size: self.settings().sources.max_size.0,
        };
        let builder = self.bench.shop.builders.of(&self.chroot);
        match builder.run_script(&self.job, &self.chroot, &self.config, &script).await {
            Ok(ran) => Ok(Ok(ran)),
            Err(BuildError::MissingTools { chroot, names }) => Ok(Err(Missing { chroot, names })),
            Err(other) => Err(other.into()),
        }
    }
}

/// Why rpmbuild has made no source package: it could not download something, or something else.
pub(super) fn unmade(why: String) -> SourceError {
    let download = ["ouldn't download", "Unable to open", "curl: ("];
    if download.iter().any(|mark| why.contains(mark)) {
        SourceError::Download(why)
    } else {
        SourceError::Srpm(why)
    }
}

/// The source package among what a program has left.
pub(super) fn only_srpm(ran: &Ran, what: &str) -> Result<PathBuf, Stop> {
    if !ran.success() {
        let why = format!("{what} failed: {}", reason(&ran.tail));
        return Err(SourceError::Srpm(why).into());
    }
    let is_srpm =
        |file: &&PathBuf| SourceFile::of(&file.to_string_lossy()) == Some(SourceFile::Srpm);
    let mut srpms = ran.files.iter().filter(is_srpm);
    let why = match (srpms.next(), srpms.next()) {
        (Some(srpm), None) => return Ok(srpm.clone()),
        (None, _) => format!("{what} has left no source package"),
        _ => format!("{what} has left more than one source package"),
    };
    Err(SourceError::Srpm(why).into())
}

/// The lines of a failed program's output that matter: those that speak of errors, or the last.
pub(super) fn reason(tail: &str) -> String {
    let speaks = |line: &&str| {
        let lower = line.to_ascii_lowercase();
        let marks = [
            "error",
            "fatal",
            "no such file",
            "not found",
            "cannot",
            "could not",
            "failed",
            "denied",
        ];
        // What `sh -x` and make repeat of the commands says nothing of how they went.
        !line.starts_with('+') && marks.iter().any(|mark| lower.contains(mark))
    };
    let lines: Vec<&str> = tail.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut told: Vec<&str> = lines.iter().copied().filter(speaks).collect();
    told.dedup();
    if told.is_empty() {
        told.extend(lines.last());
    }
    let surplus = told.len().saturating_sub(LINES);
    told.drain(..surplus);
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_that_matter_are_told() {
        let tail =
            "+ make\ncc x.c\nx.c:1: error: no main\n+ echo error\nmake: *** [srpm] Error 1\n";
        assert_eq!(reason(tail), "x.c:1: error: no main; make: *** [srpm] Error 1");
        assert_eq!(reason("one\ntwo\n\n"), "two");
    }
}
