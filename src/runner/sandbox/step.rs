//! The steps of a build: commands with their logs, within the job's time.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;

use crate::clock::Timestamp;
use crate::process::{Exit, Fence, Program, Sink};
use crate::runner::builder::{BuildError, Job};
use crate::runner::gate::Gate;
use crate::runner::log::{Both, LiveLog, Tail};

/// How the programs that make fences begin their complaints.
const FENCE_MAKERS: [&str; 2] = ["bwrap: ", "unshare: "];
/// A file system with less room than this is full.
const FULL: u64 = 16 << 20;

/// A build at work: its job, its logs, its clock.
pub struct Bench<'a> {
    /// What the caller gave.
    pub job: &'a Job,
    /// dnf and rpm, as mock's `root.log`.
    pub root_log: LiveLog,
    /// rpmbuild, as mock's `build.log`.
    pub build_log: LiveLog,
    state_log: LiveLog,
    started: Instant,
}

/// How a step ended that was not stopped.
pub struct Ended {
    /// Its exit code; signals count as 128 and their number.
    pub code: i32,
    /// The end of its output.
    pub tail: String,
}

impl Ended {
    /// Whether it did what it should.
    pub fn success(&self) -> bool {
        self.code == 0
    }

    /// The last line of its output that says anything, for errors nobody has words for.
    pub fn last_line(&self) -> &str {
        self.tail.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no output")
    }
}

impl<'a> Bench<'a> {
    /// Opens the logs in the result directory.
    pub fn new(job: &'a Job) -> io::Result<Bench<'a>> {
        let log = |name: &str| LiveLog::with_limit(&job.result_dir.join(name), job.log_limit);
        let bench = Bench {
            job,
            root_log: log("root.log")?,
            build_log: log("build.log")?,
            state_log: log("state.log")?,
            started: Instant::now(),
        };
        fs::write(job.result_dir.join("hw_info.log"), hardware())?;
        Ok(bench)
    }

    /// Notes that something begins, as mock's `state.log` does.
    pub fn begin(&self, what: &str) {
        self.state(&format!("Start: {what}"));
    }

    /// Notes that it has ended well.
    pub fn finish(&self, what: &str) {
        self.state(&format!("Finish: {what}"));
    }

    fn state(&self, text: &str) {
        self.state_log.line(format!("{} - {text}", Timestamp::now()));
        self.job.log.line(text);
    }

    /// A line of our own, in the live log and one more.
    pub fn note(&self, log: &LiveLog, text: &str) {
        log.line(text);
        self.job.log.line(text);
    }

    /// Runs a command through the launcher, if there is one. Its output goes to `log` and to the
    /// live log.
    pub async fn run(&self, log: &LiveLog, words: Vec<OsString>) -> Result<Ended, BuildError> {
        self.run_through(None, log, words).await
    }

    /// The same in the network of a gate, where there is one.
    pub async fn run_through(
        &self,
        gate: Option<&Gate>,
        log: &LiveLog,
        words: Vec<OsString>,
    ) -> Result<Ended, BuildError> {
        let tail = Tail::default();
        let both = Both(log, self.job.log.as_ref());
        let exit = self.execute(words, &Both(&both, &tail), gate).await?;
        if let Some(refusal) = gate.and_then(Gate::refusal) {
            self.note(log, &refusal);
        }
        self.ended(exit, tail)
    }

    /// Runs a command whose output is its result and belongs into no log.
    pub async fn ask(&self, words: Vec<OsString>) -> Result<Ended, BuildError> {
        let tail = Tail::default();
        let exit = self.execute(words, &tail, None).await?;
        self.ended(exit, tail)
    }

    /// Runs a command whose output is a log by itself.
    pub async fn record(&self, log: &LiveLog, words: Vec<OsString>) -> Result<(), BuildError> {
        self.execute(words, log, None).await.map(drop)
    }

    /// Waits for something of other builds, such as a lock, within the job's time.
    pub async fn wait<T>(&self, what: impl Future<Output = T>) -> Result<T, BuildError> {
        tokio::select! {
            done = what => Ok(done),
            () = self.job.cancel.cancelled() => Err(BuildError::Canceled),
            () = tokio::time::sleep(self.time_left()) => {
                Err(BuildError::TimedOut(self.job.timeout))
            }
        }
    }

    fn time_left(&self) -> std::time::Duration {
        self.job.timeout.saturating_sub(self.started.elapsed())
    }

    async fn execute(
        &self,
        words: Vec<OsString>,
        sink: &dyn Sink,
        gate: Option<&Gate>,
    ) -> Result<Exit, BuildError> {
        let job = self.job;
        if job.cancel.is_cancelled() {
            return Err(BuildError::Canceled);
        }
        let launcher = job.launcher.iter().map(OsString::from);
        // A launcher passes signals on to where its command is; a namespace here would only hide
        // it from the services that it talks to.
        let fence = if job.launcher.is_empty() { Fence::Namespaces } else { Fence::Group };
        let program = Program::from_words(launcher.chain(words))
            .ok_or_else(|| BuildError::Internal("there is no command to run".to_owned()))?
            .timeout(self.time_left())
            .grace(job.grace)
            .fence(fence)
            .job(&job.mark);
        let program = match gate {
            Some(gate) => program.network(gate.path()),
            None => program,
        };
        match program.run(sink, &job.cancel).await? {
            Exit::Canceled => Err(BuildError::Canceled),
            Exit::TimedOut => Err(BuildError::TimedOut(job.timeout)),
            exit => Ok(exit),
        }
    }

    fn ended(&self, exit: Exit, tail: Tail) -> Result<Ended, BuildError> {
        let tail = tail.into_text();
        let code = match exit {
            Exit::Code(code) => code,
            Exit::Signal(signal) => 128 + signal,
            Exit::TimedOut | Exit::Canceled => -1,
        };
        if code == 0 {
            return Ok(Ended { code, tail });
        }
        let says = |words: &str| tail.contains(words);
        let refused = says("No space left on device") || says("Disk quota exceeded");
        if refused && is_full(&self.job.work_dir) || says("more space needed on the") {
            return Err(BuildError::NoSpace);
        }
        // All it says is that the fence could not be made.
        let only = tail.trim();
        if !only.contains('\n') && FENCE_MAKERS.iter().any(|name| only.starts_with(name)) {
            return Err(BuildError::Unavailable(format!(
                "{only} (needed: bubblewrap 0.7 or newer, and a kernel and container that allow \
                 root to make namespaces)"
            )));
        }
        Ok(Ended { code, tail })
    }
}

fn is_full(dir: &Path) -> bool {
    rustix::fs::statvfs(dir).is_ok_and(|fs| fs.f_bavail.saturating_mul(fs.f_frsize) < FULL)
}

/// What the machine is, as mock's `hw_info.log` tells it.
fn hardware() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut cpu: Vec<&str> = cpuinfo
        .lines()
        .filter(|line| {
            ["model name", "processor", "cpu MHz", "CPU"].iter().any(|key| line.starts_with(key))
        })
        .collect();
    cpu.truncate(2048);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory: Vec<&str> = memory.lines().take(16).collect();
    format!("CPU info:\n{}\n\nMemory:\n{}\n", cpu.join("\n"), memory.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_last_that_says_anything() {
        let ended = |tail: &str| Ended { code: 1, tail: tail.to_owned() };
        assert_eq!(ended("first\n  the end \n\n").last_line(), "the end");
        assert_eq!(ended(" \n").last_line(), "no output");
    }
}
