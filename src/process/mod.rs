//! The only place that starts other programs.
//!
//! A [`Program`] is described, then either run with its output going to a [`Sink`], or captured.
//! Either way it has no input, a time limit when one is wanted, and an end that reaches what it
//! started: its process group, or, behind [`Fence::Namespaces`], everything in its process
//! namespace, also what has gone into a session of its own. What an earlier server has left behind
//! is found by the [`JobMark`] in its environment.
//!
//! `PR_SET_PDEATHSIG` is not used: it fires when the *thread* that started the program ends, and
//! the runtime's threads come and go.

mod find;
mod mark;
mod run;
mod stop;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub use find::{find, package_for, packages_with};
pub use mark::{JobMark, kill_marked, kill_with_argument};

/// How long a program that is stopped may take unless it is said otherwise.
const GRACE: Duration = Duration::from_secs(10);

/// Takes a program's output, in order. Called from async code: it must not block for long.
pub trait Sink: Send + Sync {
    /// Takes the next bytes; they may end anywhere, also within a character.
    fn write(&self, bytes: &[u8]);
}

/// What a program is kept within, and so what ends with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fence {
    /// A process group of its own.
    #[default]
    Group,
    /// Process and mount namespaces of its own, made by `unshare`. Needs root; without, this is
    /// the same as `Group`.
    Namespaces,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal that was not ours.
    Signal(i32),
    /// Its time was over.
    TimedOut,
    /// It was told to stop.
    Canceled,
}

impl Exit {
    /// Whether it did what it was asked to.
    pub fn success(self) -> bool {
        self == Exit::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "ended with code {code}"),
            Exit::Signal(signal) => write!(f, "was ended by signal {signal}"),
            Exit::TimedOut => f.write_str("took too long"),
            Exit::Canceled => f.write_str("was canceled"),
        }
    }
}

/// What a captured program has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// How it ended.
    pub exit: Exit,
    /// Its standard output, complete.
    pub stdout: Vec<u8>,
    /// Its standard error; the end is left out where it is very long.
    pub stderr: Vec<u8>,
}

/// Why a program could not be run, as opposed to: it ran and failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not installed.
    #[error("{program} is not installed; {hint}")]
    Missing {
        /// Its name.
        program: String,
        /// Which package to install, first Fedora's name, then Debian's.
        hint: String,
    },
    /// The system refused to start it.
    #[error("cannot start {program}: {error}")]
    Start {
        /// Its name.
        program: String,
        /// What the system said.
        error: io::Error,
    },
    /// It wrote more than can be kept.
    #[error("{program} wrote more than {} MiB", limit >> 20)]
    TooMuchOutput {
        /// Its name.
        program: String,
        /// In bytes.
        limit: usize,
    },
    /// Its output could not be read, or its end not waited for.
    #[error("lost touch with a program: {0}")]
    Io(#[from] io::Error),
}

/// A program to be run.
#[derive(Clone, Debug)]
pub struct Program {
    name: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    clear_env: bool,
    current_dir: Option<PathBuf>,
    timeout: Option<Duration>,
    grace: Duration,
    fence: Fence,
    network: Option<PathBuf>,
}

impl Program {
    /// The program of this name, looked for as a shell would; or of this path.
    pub fn new(name: impl AsRef<OsStr>) -> Program {
        Program {
            name: name.as_ref().to_owned(),
            args: Vec::new(),
            env: Vec::new(),
            clear_env: false,
            current_dir: None,
            timeout: None,
            grace: GRACE,
            fence: Fence::default(),
            network: None,
        }
    }

    /// The program that stands first in `words`, with the others as arguments; for commands that
    /// come with a launcher in front. `None` where there are no words.
    pub fn from_words<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(words: I) -> Option<Program> {
        let mut words = words.into_iter();
        Some(Program::new(words.next()?).args(words))
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Program {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Program {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Program {
        self.env.push((key.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Gives it no variables but those set with [`Program::env`], and the job's mark.
    #[must_use]
    pub fn clear_env(mut self) -> Program {
        self.clear_env = true;
        self
    }

    /// The directory it starts in.
    #[must_use]
    pub fn current_dir(mut self, dir: impl Into<PathBuf>) -> Program {
        self.current_dir = Some(dir.into());
        self
    }

    /// Stops it after this time.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Program {
        self.timeout = Some(timeout);
        self
    }

    /// How long it may take to end when it is stopped; ten seconds unless set.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Program {
        self.grace = grace;
        self
    }

    /// What it is kept within.
    #[must_use]
    pub fn fence(mut self, fence: Fence) -> Program {
        self.fence = fence;
        self
    }

    /// Puts it into the network namespace that this file stands for. Needs root.
    #[must_use]
    pub fn network(mut self, namespace: PathBuf) -> Program {
        self.network = Some(namespace);
        self
    }

    /// Marks it as part of a job, so that a later server finds it should this one be killed.
    #[must_use]
    pub fn job(self, mark: &JobMark) -> Program {
        self.env(JobMark::VARIABLE, mark.value())
    }

    /// Its name, for messages.
    fn display_name(&self) -> String {
        self.name.to_string_lossy().into_owned()
    }
}
