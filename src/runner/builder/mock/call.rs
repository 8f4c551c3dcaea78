//! Calling mock, and stopping it.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::exit::{Failure, Traces};
use super::network::{Network, Plan, repositories_are_local};
use super::root::{Root, Way, text_of};
use super::stage::Stage;
use super::tidy::Tidy;
use super::{Stop, Task};
use crate::model::build_config::BuildConfig;
use crate::process::{Exit, Program, Sink};
use crate::runner::builder::script::Ran;
use crate::runner::builder::{BuildError, Job};
use crate::runner::gate::Gate;

/// How long mock may take to print its configuration.
const READING: Duration = Duration::from_mins(1);
/// How often the size of mock's own logs is looked at.
const LOG_CHECK: Duration = Duration::from_secs(2);

/// The calls of mock that make up one build.
pub(super) struct Session<'a> {
    pub(super) job: &'a Job,
    pub(super) build: &'a BuildConfig,
    pub(super) stage: &'a Stage,
    pub(super) root: Root<'a>,
    pub(super) started: Instant,
    /// The network of what makes sources.
    pub(super) gate: Option<Gate>,
    /// mock does not remove the root by itself.
    pub(super) keeps_root: bool,
}

impl Session<'_> {
    /// Builds. What mock made is in the result directory then; the answer says no more.
    pub(super) async fn build(&self, plan: Plan, task: &Task<'_>) -> Result<Ran, Stop> {
        let input = text_of(&self.stage.input);
        let (mut build, first) = match task {
            Task::Rebuild(_) => {
                let options = self.options()?;
                let words =
                    |mode: &str| [options.clone(), vec![mode.into(), input.clone()]].concat();
                (words("--rebuild"), words("--installdeps"))
            }
            Task::Srpm(_) => {
                let build = vec!["--buildsrpm".to_owned(), "--spec".to_owned(), input];
                (build, vec!["--init".to_owned()])
            }
            Task::Script(_) => return self.run_script(plan).await,
        };
        if let Some(sources) = &self.stage.sources {
            build.extend(["--sources".to_owned(), text_of(sources)]);
        }
        let two_calls = plan.may_need_two_calls();
        if two_calls && !self.needs_no_network().await? {
            self.run(Way::Open, &first).await?;
            build.extend(["--no-clean".to_owned(), "--offline".to_owned()]);
        }
        self.run(self.way(plan), &build).await?;
        Ok(Ran { code: 0, files: Vec::new(), tail: String::new() })
    }

    /// What the calls that run foreign code have.
    pub(super) fn way(&self, plan: Plan) -> Way<'_> {
        match (&self.gate, plan.network) {
            (Some(gate), _) => Way::Gate(gate),
            (None, Network::Around) => Way::CutOff,
            (None, _) => Way::Open,
        }
    }

    /// `--with` and `--without`.
    fn options(&self) -> Result<Vec<String>, BuildError> {
        let with = self.build.with_opts.iter().map(|name| ("--with", name));
        let without = self.build.without_opts.iter().map(|name| ("--without", name));
        let mut words = Vec::new();
        for (option, name) in with.chain(without) {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.+-".contains(&b);
            if name.is_empty() || name.starts_with('-') || !name.bytes().all(plain) {
                return Err(BuildError::Failed(format!("'{name}' is no option of a package")));
            }
            words.extend([option.to_owned(), name.clone()]);
        }
        Ok(words)
    }

    /// Whether the package manager gets all it wants from the disk.
    async fn needs_no_network(&self) -> Result<bool, BuildError> {
        let program = self.root.mock(&self.stage.config, &["--debug-config"], Way::Open);
        let printed = program.timeout(READING).capture(&self.job.cancel).await?;
        Ok(printed.exit.success()
            && repositories_are_local(&String::from_utf8_lossy(&printed.stdout)))
    }

    /// One call: its output goes to the live log, its end is put into words.
    pub(super) async fn run(&self, way: Way<'_>, what: &[String]) -> Result<(), Stop> {
        let job = self.job;
        let code = self.call(way, what, job.log.as_ref()).await?;
        match Traces::read(&job.result_dir, job.log.path()).failure(code) {
            Some(failure) => Err(Stop::Failed(failure)),
            None => Ok(()),
        }
    }

    /// One call: its output goes to `sink`; the answer is the code it ends with.
    pub(super) async fn call(
        &self,
        way: Way<'_>,
        what: &[String],
        sink: &dyn Sink,
    ) -> Result<i32, Stop> {
        let job = self.job;
        let left = job.timeout.saturating_sub(self.started.elapsed());
        let results = text_of(&self.stage.results);
        let mut words = vec!["--resultdir", &results];
        words.extend(what.iter().map(String::as_str));
        let program = self.root.mock(&self.stage.config, &words, way);
        let program = program.timeout(left).grace(job.grace);
        let exit = self.watch(program, left, sink).await?;
        if let Some(refusal) = self.gate.as_ref().and_then(Gate::refusal) {
            job.log.line(refusal);
        }
        match exit {
            Exit::Code(code) => Ok(code),
            Exit::TimedOut => Err(Stop::Failed(Failure::Timeout)),
            Exit::Canceled => Err(BuildError::Canceled.into()),
            exit @ Exit::Signal(_) => Err(Stop::Failed(Failure::Setup(format!("it {exit}")))),
        }
    }

    /// Runs it until it ends, its time is over, it is canceled or a log becomes too long.
    async fn watch(
        &self,
        program: Program,
        limit: Duration,
        sink: &dyn Sink,
    ) -> Result<Exit, BuildError> {
        let stop = self.job.cancel.child_token();
        let output = Tidy::new(sink);
        let running = program.run(&output, &stop);
        tokio::pin!(running);
        tokio::select! {
            exit = &mut running => Ok(exit?),
            log = self.overlong_log() => {
                stop.cancel();
                tokio::join!(running, self.kill_as_root()).0?;
                let why = format!("the build was stopped: {log} became longer than a log may be");
                Err(BuildError::Failed(why))
            }
            () = self.must_help_to_stop(limit) => {
                Ok(tokio::join!(running, self.kill_as_root()).0?)
            }
        }
    }

    /// Ends when one of mock's logs is longer than it may be; it is only mock that could stop
    /// writing them.
    async fn overlong_log(&self) -> String {
        loop {
            sleep(LOG_CHECK).await;
            let entries = std::fs::read_dir(&self.job.result_dir).into_iter().flatten().flatten();
            for entry in entries.filter(|entry| entry.path() != self.job.log.path()) {
                let name = entry.file_name().to_string_lossy().into_owned();
                let length = entry.metadata().map_or(0, |meta| meta.len());
                if name.strip_suffix(".log").is_some() && length > self.job.log_limit {
                    return name;
                }
            }
        }
    }

    /// Ends when mock is being stopped and our signals cannot reach it: called by an ordinary user
    /// it runs as root.
    async fn must_help_to_stop(&self, limit: Duration) {
        if self.root.caller.is_root() {
            return std::future::pending().await;
        }
        tokio::select! {
            () = self.job.cancel.cancelled() => {}
            () = sleep(limit) => {}
        }
    }

    /// Has another mock, root as well, kill what runs in the build root; the first one then ends
    /// by itself.
    async fn kill_as_root(&self) {
        if !self.root.caller.is_root() {
            self.note(self.root.aside(&self.stage.config, "--orphanskill").await);
        }
    }

    /// Removes what mock has left, when it was stopped or does not do it by itself.
    pub(super) async fn clear_away(&self, result: &Result<Ran, Stop>) {
        let state = std::fs::read_to_string(self.job.result_dir.join("state.log"));
        if state.is_err() && matches!(result, Err(Stop::Failed(_))) {
            // It ended by itself before it had begun.
            return;
        }
        let state = state.unwrap_or_default();
        // A script's root was cleaned before it was made, and is left as it is.
        let cleaned = state.lines().rfind(|line| line.contains("clean chroot"));
        let is_cleaned = cleaned.is_some_and(|line| line.ends_with("Finish: clean chroot"));
        if self.keeps_root || !is_cleaned {
            self.note(self.root.remove(&self.stage.config).await);
        }
        if state.contains("Start(bootstrap)") {
            self.note(self.root.remove_bootstrap(&self.stage.bootstrap).await);
        }
    }

    /// Says what went wrong beside the build.
    fn note(&self, outcome: Result<(), String>) {
        if let Err(why) = outcome {
            self.job.log.line(format!("could not clear away the build root: {why}"));
        }
    }
}
