//! The builder that runs mock.
//!
//! mock makes the build root, installs what the package needs, builds it and keeps logs. Ours is
//! only what surrounds that: a configuration ([`config`]), as whom and within what mock is called
//! ([`host`], `call`), how the network is cut off (`network`), what its exit code means
//! (`exit`) and that nothing is left when it was stopped. Which chroots there are says
//! [`discover`].

mod call;
pub mod config;
pub mod discover;
mod exit;
mod fetch;
pub mod host;
mod literal;
mod network;
mod root;
mod script;
mod stage;
mod tidy;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{OnceCell, watch};

use super::script::{Ran, Script};
use super::{BuildError, Builder, Built, Description, Job, SpecSource, Work, configs};
use crate::model::build_config::BuildConfig;
use crate::model::chroot::{Chroot, ChrootRecipe};
use crate::process;
use crate::runner::gate::{self, Gate};
use call::Session;
use config::Settings;
use exit::Failure;
use host::{Caller, Fences, Unfit};
use network::{Need, Network, Plan};
use root::Root;
use stage::{Remains, Stage};

/// Runs mock.
pub struct Mock {
    source: Source,
    fences: OnceCell<Fences>,
    /// How many builds of an earlier server are being cleared away.
    clearing: Arc<watch::Sender<usize>>,
}

/// Which mock, and as whom it is called.
enum Source {
    /// The one on the `PATH`; as root it works for this user.
    Installed(Option<String>),
    /// This program, called in this way.
    Given(PathBuf, Caller),
}

impl Mock {
    /// The builder; `user` is the unprivileged user that mock works for when the server is root.
    pub fn new(user: Option<String>) -> Mock {
        Mock::from(Source::Installed(user), OnceCell::new())
    }

    /// The builder around a mock that is not on the `PATH`, and what is already known about how
    /// to call it.
    pub fn with(program: PathBuf, caller: Caller, fences: Fences) -> Mock {
        Mock::from(Source::Given(program, caller), OnceCell::new_with(Some(fences)))
    }

    fn from(source: Source, fences: OnceCell<Fences>) -> Mock {
        Mock { source, fences, clearing: Arc::new(watch::Sender::new(0)) }
    }

    /// Tries once what this machine can separate builds with, so that [`Builder::describe`] can
    /// say it. Without mock nothing is tried. Takes a fraction of a second.
    pub async fn probe(&self) {
        if let Ok((_, caller)) = self.find() {
            self.fences(&caller).await;
        }
    }

    async fn fences(&self, caller: &Caller) -> Fences {
        *self.fences.get_or_init(|| Fences::probe(caller)).await
    }

    /// The program, and as whom it can be called.
    fn find(&self) -> Result<(PathBuf, Caller), Unfit> {
        match &self.source {
            Source::Given(program, caller) => Ok((program.clone(), caller.clone())),
            Source::Installed(user) => {
                let found = process::find("mock").ok_or(Unfit::Missing)?;
                let caller = Caller::find(user.as_deref())?;
                Ok((host::program(found, &caller), caller))
            }
        }
    }

    /// Ends when no roots of an earlier server are being removed any more.
    async fn remains_are_cleared(&self, job: &Job) -> Result<(), BuildError> {
        let mut clearing = self.clearing.subscribe();
        tokio::select! {
            // The sender is ours, so this cannot fail.
            _ = clearing.wait_for(|count| *count == 0) => Ok(()),
            () = job.cancel.cancelled() => Err(BuildError::Canceled),
        }
    }

    /// A build, and the packages that it has left.
    async fn build(
        &self,
        job: &Job,
        chroot: &Chroot,
        build: &BuildConfig,
        task: Task<'_>,
    ) -> Result<Built, BuildError> {
        self.run(job, chroot, build, task).await?;
        stage::collect(&job.result_dir)
    }

    /// One build, from the preparation to the clearing away; the answer is what a script's command
    /// made of it.
    async fn run(
        &self,
        job: &Job,
        chroot: &Chroot,
        build: &BuildConfig,
        task: Task<'_>,
    ) -> Result<Ran, BuildError> {
        let started = Instant::now();
        let unfit = |unfit: Unfit| BuildError::Unavailable(unfit.to_string());
        let (mock, caller) = self.find().map_err(unfit)?;
        // One of them may be that of an earlier attempt of this job.
        self.remains_are_cleared(job).await?;
        let fences = self.fences(&caller).await;
        let (need, is_launched) = (task.need(build, job), !job.launcher.is_empty());
        let plan = Plan::new(build.isolation, need, fences, &caller, is_launched)
            .map_err(BuildError::Unavailable)?;
        job.log.line(format!("mock: {plan}"));
        let gate = match plan.network {
            Network::Gate => Some(Gate::open(&job.mark, &job.cancel).await?),
            _ => None,
        };
        if gate.is_none() && need == Need::Public {
            job.log.line(gate::SHUT);
        }
        let settings = settings(job, chroot, build, &task, plan, &caller)?;
        let name = root::name_for(job);
        let stage =
            Stage::prepare(job, name.clone(), &chroot.name, &settings, &task, &caller).await?;
        let root = Root {
            mock: &mock,
            caller: &caller,
            name,
            mounts: &stage.mounts,
            launcher: &job.launcher,
            mark: Some(&job.mark),
        };
        let keeps_root = matches!(task, Task::Script(_));
        let session = Session { job, build, stage: &stage, root, started, gate, keeps_root };
        let result = session.build(plan, &task).await;
        session.clear_away(&result).await;
        stage.hand_back(&job.result_dir).await?;
        if matches!(task, Task::Rebuild(_)) {
            keep_configuration(job, chroot, &settings)?;
        }
        result.map_err(|stop| task.explain(stop, job, chroot))
    }
}

/// What mock is asked for.
enum Task<'a> {
    /// Build the packages of an SRPM.
    Rebuild(&'a Path),
    /// Make an SRPM from a spec file.
    Srpm(&'a SpecSource),
    /// Run a command on a tree.
    Script(&'a Script),
}

impl Task<'_> {
    fn need(&self, build: &BuildConfig, job: &Job) -> Need {
        let (network, makes_sources) = match self {
            Task::Rebuild(_) => (build.enable_net, false),
            // Sources that the spec names by address are fetched by rpmbuild.
            Task::Srpm(source) => (source.download.is_some(), true),
            Task::Script(script) => (script.network, true),
        };
        match (network, makes_sources && !job.private_addresses) {
            (false, false) => Need::Nothing,
            (false, true) => Need::Sealed,
            (true, true) => Need::Public,
            (true, false) => Need::Everything,
        }
    }

    /// The error for the user.
    fn explain(&self, stop: Stop, job: &Job, chroot: &Chroot) -> BuildError {
        let failure = match stop {
            Stop::Failed(failure) => failure,
            Stop::Other(error) => return error,
        };
        let sentence = failure.to_string();
        match failure {
            Failure::Build(_) => match self {
                Task::Rebuild(_) => BuildError::Failed(sentence),
                Task::Srpm(_) | Task::Script(_) => BuildError::BadSource(sentence),
            },
            Failure::Source(_) => BuildError::BadSource(sentence),
            Failure::Missing(names) => match self {
                Task::Script(script) => script.lacks(&chroot.name, names),
                _ => BuildError::MissingDependencies(names),
            },
            Failure::Timeout => BuildError::TimedOut(job.timeout),
            Failure::NoSpace => BuildError::NoSpace,
            Failure::Setup(_) => BuildError::Unavailable(sentence),
            Failure::Root(_) | Failure::Busy => BuildError::Internal(sentence),
        }
    }
}

/// Why a session came to its end before there was a result.
enum Stop {
    /// mock said so.
    Failed(Failure),
    /// We did, or there was no mock to say anything.
    Other(BuildError),
}

impl<E: Into<BuildError>> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Other(error.into())
    }
}

/// Puts the chroot's configuration and this build's beside the results, for those who want to
/// repeat the build.
fn keep_configuration(job: &Job, chroot: &Chroot, settings: &Settings) -> Result<(), BuildError> {
    // mock has read it, but an administrator may have taken it away since.
    let of_chroot = std::fs::read_to_string(&settings.base).unwrap_or_default();
    let of_build = settings.to_python().map_err(|error| BuildError::Failed(error.to_string()))?;
    Ok(configs::archive(&job.result_dir, &chroot.name, &of_chroot, &of_build)?)
}

/// What this build changes in its chroot's configuration.
fn settings(
    job: &Job,
    chroot: &Chroot,
    build: &BuildConfig,
    task: &Task<'_>,
    plan: Plan,
    caller: &Caller,
) -> Result<Settings, BuildError> {
    let ChrootRecipe::Mock { config } = &chroot.recipe else {
        let why = format!("the chroot {} is not one of mock's", chroot.name);
        return Err(BuildError::Unavailable(why));
    };
    let mut macros = job.macros.clone();
    if let Task::Srpm(source) = task {
        // The release is the same whatever chroot the SRPM is made in.
        macros.push(("dist".into(), "%nil".into()));
        let closed = u8::from(source.download.is_none());
        macros.push(("_disable_source_fetch".into(), closed.to_string()));
    }
    let mut packages = build.additional_packages.clone();
    let mut binds = Vec::new();
    if let Task::Script(script) = task {
        packages.extend(script.needs.iter().cloned());
        binds = script::binds(job, script, caller);
    }
    Ok(Settings {
        base: config.clone(),
        repos: build.repos.clone(),
        packages,
        modules: build.additional_modules.clone(),
        macros,
        network: matches!(plan.network, Network::Open | Network::Gate),
        gated: plan.network == Network::Gate,
        isolation: plan.container,
        unregistered: caller.is_root() || !host::systemd_runs(),
        bootstrap: (build.bootstrap, build.bootstrap_image.clone()),
        keep_root: plan.may_need_two_calls() || matches!(task, Task::Script(_)),
        binds,
    })
}

impl Builder for Mock {
    fn describe(&self) -> Description {
        let found = self.find();
        let (isolation, cuts_network) = match (&found, self.fences.get()) {
            (Ok((_, caller)), Some(fences)) => network::describe(caller, *fences),
            (Ok(_), None) => {
                ("what mock can separate here is found out at the start".into(), false)
            }
            (Err(unfit), _) => (unfit.to_string(), false),
        };
        Description { name: "mock", isolation, cuts_network }
    }

    fn availability(&self) -> Result<(), String> {
        self.find().map(|_| ()).map_err(|unfit| unfit.to_string())
    }

    fn make_srpm<'a>(
        &'a self,
        job: &'a Job,
        chroot: &'a Chroot,
        config: &'a BuildConfig,
        source: &'a SpecSource,
    ) -> Work<'a> {
        Box::pin(async move {
            match source.download {
                Some(limits) if self.is_shut(job) => {
                    self.make_srpm_apart(job, chroot, config, source, limits).await
                }
                _ => self.build(job, chroot, config, Task::Srpm(source)).await,
            }
        })
    }

    fn rebuild<'a>(
        &'a self,
        job: &'a Job,
        chroot: &'a Chroot,
        config: &'a BuildConfig,
        srpm: &'a Path,
    ) -> Work<'a> {
        Box::pin(self.build(job, chroot, config, Task::Rebuild(srpm)))
    }

    fn run_script<'a>(
        &'a self,
        job: &'a Job,
        chroot: &'a Chroot,
        config: &'a BuildConfig,
        script: &'a Script,
    ) -> Work<'a, Ran> {
        Box::pin(async move {
            script.check()?;
            let ran = self.run(job, chroot, config, Task::Script(script)).await;
            let files = match &ran {
                Ok(ran) if ran.success() => script.bring_out().await,
                _ => Ok(Vec::new()),
            };
            script.take_back().await?;
            Ok(Ran { files: files?, ..ran? })
        })
    }

    fn clear_remains(&self, work_dir: &Path) {
        let Ok((mock, caller)) = self.find() else { return };
        let remains = match Remains::take(work_dir, &caller) {
            Ok(None) => return,
            Ok(Some(remains)) => remains,
            Err(error) => {
                tracing::warn!(%error, "cannot remove what a build of mock has left");
                return;
            }
        };
        self.clearing.send_modify(|count| *count += 1);
        let clearing = Arc::clone(&self.clearing);
        tokio::spawn(async move {
            remove_roots(&mock, &caller, remains).await;
            clearing.send_modify(|count| *count -= 1);
        });
    }
}

/// Removes the build roots that a build has left whose server was killed.
async fn remove_roots(mock: &Path, caller: &Caller, remains: Remains) {
    let root = Root {
        mock,
        caller,
        name: remains.root.clone(),
        mounts: &remains.mounts,
        launcher: &[],
        mark: None,
    };
    let removed = root.remove(&remains.config).await;
    let bootstrap = root.remove_bootstrap(&remains.bootstrap).await;
    for why in [removed, bootstrap].into_iter().filter_map(Result::err) {
        tracing::warn!(root = root.name, "cannot remove a build root of mock: {why}");
    }
}
