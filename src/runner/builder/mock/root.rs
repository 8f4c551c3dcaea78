//! A build root of mock, and how mock is called to work on it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use super::host::Caller;
use super::stage::MOUNTED;
use crate::process::{Fence, JobMark, Program};
use crate::runner::builder::Job;
use crate::runner::gate::Gate;

/// How long a call that is not a build may take.
const ASIDE: Duration = Duration::from_mins(2);

/// Makes the directories of a build appear below its first argument, which is nothing but an empty
/// directory on the host: pairs of a directory and a name follow, `--`, and a command. Exit code
/// 80 is mock's own for namespaces that do not work.
const MOUNT: &str = r#"
    mkdir -p "$1" && mount -t tmpfs -o mode=755,size=1m coprbox "$1" && cd "$1" || exit 80
    shift
    while [ "$1" != -- ]; do
        mkdir "$2" && mount --bind "$1" "$2" || exit 80
        shift 2
    done
    shift
    exec "$@""#;

/// Takes the network away from a command.
const CUT_OFF: [&str; 6] =
    ["unshare", "--net", "sh", "-c", r#"ip link set lo up; exec "$@""#, "coprbox"];

/// Which network mock itself has.
#[derive(Clone, Copy)]
pub(super) enum Way<'a> {
    /// The machine's.
    Open,
    /// None.
    CutOff,
    /// That of a gate.
    Gate(&'a Gate),
}

/// A build root of mock.
pub(super) struct Root<'a> {
    /// The program.
    pub(super) mock: &'a Path,
    /// As whom it is called.
    pub(super) caller: &'a Caller,
    /// What tells this root from others of its chroot.
    pub(super) name: String,
    /// Directories of the host, and under which names mock finds them below [`MOUNTED`].
    pub(super) mounts: &'a [(PathBuf, &'static str)],
    /// Stands in front of each command.
    pub(super) launcher: &'a [String],
    /// Is put on every process.
    pub(super) mark: Option<&'a JobMark>,
}

/// What the root of a job is called: the same for every attempt, and never that of a job of another
/// server on this machine, as the mark names the data directory.
pub(super) fn name_for(job: &Job) -> String {
    let hash = Sha256::digest(job.mark.value().as_encoded_bytes());
    let short: Vec<String> = hash[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}", job.tag, short.concat())
}

impl Root<'_> {
    /// mock, told which root it is about and what to do.
    pub(super) fn mock(&self, config: &Path, what: &[&str], way: Way<'_>) -> Program {
        let mut command: Vec<String> = Vec::new();
        if let Caller::Root { uid, gid } = self.caller {
            // In the command itself, as a launcher need not hand on our environment.
            command.extend(["env", "-u", "USERHELPER_UID"].map(Into::into));
            command.extend([format!("SUDO_UID={uid}"), format!("SUDO_GID={gid}")]);
            command.extend(["sh", "-c", MOUNT, "coprbox", MOUNTED].map(Into::into));
            for (host, name) in self.mounts {
                command.extend([text_of(host), (*name).to_owned()]);
            }
            command.push("--".into());
            if matches!(way, Way::CutOff) {
                command.extend(CUT_OFF.map(Into::into));
            }
        }
        command.extend([text_of(self.mock), "-r".into(), text_of(config)]);
        command.extend(["--uniqueext".into(), self.name.clone()]);
        command.extend(what.iter().map(ToString::to_string));
        let program = match way {
            Way::Gate(gate) => self.fenced(&command).network(gate.path()),
            Way::Open | Way::CutOff => self.fenced(&command),
        };
        match self.mark {
            Some(mark) => program.job(mark),
            None => program,
        }
    }

    /// In namespaces of its own where we are root, wherever a launcher takes it.
    fn fenced(&self, command: &[String]) -> Program {
        let Some((launcher, words)) = self.launcher.split_first() else {
            return Program::new(&command[0]).args(&command[1..]).fence(Fence::Namespaces);
        };
        let program = Program::new(launcher).args(words);
        if self.caller.is_root() {
            let unshare = "unshare --pid --mount --fork --mount-proc --propagation private --";
            return program.args(unshare.split(' ')).args(command);
        }
        program.args(command)
    }

    /// A call that is no build. What mock says matters only when it fails.
    pub(super) async fn aside(&self, config: &Path, what: &str) -> Result<(), String> {
        let program = self.mock(config, &[what], Way::Open).timeout(ASIDE);
        match program.capture(&CancellationToken::new()).await {
            Ok(ran) if ran.exit.success() => Ok(()),
            Ok(ran) => {
                let said = String::from_utf8_lossy(&ran.stderr);
                Err(format!("mock {what} {}: {said}", ran.exit))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Removes the root itself.
    pub(super) async fn remove(&self, config: &Path) -> Result<(), String> {
        self.aside(config, "--scrub=chroot").await
    }

    /// Removes the root out of which it was bootstrapped; `config` makes mock take that for an
    /// ordinary one. `--scrub=bootstrap` would remove the cache as well that other builds use.
    pub(super) async fn remove_bootstrap(&self, config: &Path) -> Result<(), String> {
        self.aside(config, "--clean").await
    }
}

/// A path as an argument; all of ours are UTF-8.
pub(super) fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
