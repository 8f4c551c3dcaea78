//! How programs are run that fetch from a repository: with an environment of ours alone, through
//! the proxy, within the job's time and the allowed size.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::remote;
use crate::config::SourcesConfig;
use crate::model::source::{CloneScheme, CloneUrl};
use crate::process::{Captured, Exit, JobMark, Program};
use crate::runner::builder::BuildError;
use crate::runner::log::LiveLog;
use crate::runner::source::egress::Egress;
use crate::runner::source::error::SourceError;
use crate::runner::worker::Stop;

/// How long a server may be silent, in seconds, until git gives up.
const SILENCE: u32 = 60;
/// The least time between two looks at how much there is.
const LOOK: Duration = Duration::from_millis(500);
/// Lines of a program's complaint that a message holds.
const LINES: usize = 4;

/// What a trip is given.
pub(in crate::runner::source) struct Outfit<'a> {
    pub(in crate::runner::source) sources: &'a SourcesConfig,
    pub(in crate::runner::source) log: &'a LiveLog,
    pub(in crate::runner::source) cancel: &'a CancellationToken,
    pub(in crate::runner::source) mark: &'a JobMark,
    /// How long all of it may take.
    pub(in crate::runner::source) time: Duration,
    /// The package's own private key, for ssh.
    pub(in crate::runner::source) key: Option<String>,
    /// The server's `known_hosts`.
    pub(in crate::runner::source) known_hosts: PathBuf,
}

/// One fetching of sources.
pub(in crate::runner::source) struct Trip<'a> {
    pub(super) outfit: Outfit<'a>,
    /// Scratch space of its own.
    pub(super) dir: PathBuf,
    egress: Egress,
    until: Instant,
}

impl<'a> Trip<'a> {
    /// Sets out, with `dir`, which is not there yet, as scratch space.
    pub(in crate::runner::source) async fn begin(
        outfit: Outfit<'a>,
        dir: PathBuf,
    ) -> io::Result<Trip<'a>> {
        fs::create_dir(&dir)?;
        fs::create_dir(dir.join("home"))?;
        let egress = Egress::start(outfit.sources.allow_private_addresses).await?;
        let until = Instant::now() + outfit.time;
        let trip = Trip { outfit, dir, egress, until };
        write_private(&trip.dir.join("gitconfig"), &trip.git_config())?;
        trip.write_svn_config()?;
        Ok(trip)
    }

    /// Our settings for git, in place of the system's and the user's.
    fn git_config(&self) -> String {
        // No helper is asked for passwords, no hook or monitor of anybody is started; a bare
        // repository that lies inside a checkout is not taken for one.
        format!(
            "[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n\taskPass =\n\
             [credential]\n\thelper =\n\
             [init]\n\tdefaultBranch = main\n\
             [http]\n\tproxy = {}\n\tproxyAuthMethod = basic\n\
             \tlowSpeedLimit = 1\n\tlowSpeedTime = {SILENCE}\n\
             [safe]\n\tdirectory = *\n\tbareRepository = explicit\n\
             [gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n\
             [advice]\n\tdetachedHead = false\n\
             [submodule]\n\trecurse = false\n",
            self.egress.url()
        )
    }

    fn write_svn_config(&self) -> io::Result<()> {
        let dir = self.dir.join("svn");
        fs::create_dir(&dir)?;
        let (at, (user, secret)) = (self.egress.address(), self.egress.credentials());
        let servers = format!(
            "[global]\nhttp-proxy-host = {}\nhttp-proxy-port = {}\n\
             http-proxy-username = {user}\nhttp-proxy-password = {secret}\n\
             http-timeout = {SILENCE}\nstore-passwords = no\nstore-auth-creds = no\n",
            at.ip(),
            at.port()
        );
        write_private(&dir.join("servers"), &servers)
    }

    /// A program that sees nothing of the server's own environment.
    pub(super) fn program(&self, name: &str, schemes: &str) -> Program {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Program::new(name)
            .clear_env()
            .env("PATH", path)
            .env("HOME", self.dir.join("home"))
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.dir.join("gitconfig"))
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_CEILING_DIRECTORIES", &self.dir)
            .env("GIT_ALLOW_PROTOCOL", schemes)
            // The shell reads only these words; the path is the program's own affair.
            .env("GIT_SSH_COMMAND", r#"ssh -F "$COPRBOX_SSH_CONFIG""#)
            .env("GIT_SSH_VARIANT", "ssh")
            .env("COPRBOX_SSH_CONFIG", self.ssh_config_file())
            .env("SVN_SSH", "ssh -q -F ssh_config")
    }

    fn ssh_config_file(&self) -> PathBuf {
        self.dir.join("ssh_config")
    }

    /// Holds ssh to the address that was checked; the key is there until what is returned is
    /// dropped. `None` where the repository is reached otherwise.
    pub(super) fn prepare_ssh(
        &self,
        url: &CloneUrl,
        pinned: Option<std::net::IpAddr>,
    ) -> Result<Option<KeyFile>, Stop> {
        let is_ssh = matches!(url.scheme(), CloneScheme::Ssh | CloneScheme::SvnSsh);
        let Some(ip) = pinned.filter(|_| is_ssh) else { return Ok(None) };
        let Some(key) = &self.outfit.key else {
            let why = "a repository behind ssh needs a deploy key, which is stored with the \
                       package (deploy_key)";
            return Err(SourceError::Clone(why.to_owned()).into());
        };
        let file = KeyFile(self.dir.join("deploy_key"));
        write_private(&file.0, key)?;
        let quoted = |path: &Path| format!("\"{}\"", path.display());
        let config = format!(
            "HostName {ip}\nHostKeyAlias {}\nBatchMode yes\nStrictHostKeyChecking accept-new\n\
             UserKnownHostsFile {}\nGlobalKnownHostsFile /dev/null\nCheckHostIP no\n\
             UpdateHostKeys no\nIdentitiesOnly yes\nIdentityAgent none\nIdentityFile {}\n\
             PreferredAuthentications publickey\nForwardAgent no\nPermitLocalCommand no\n\
             ProxyCommand none\nProxyJump none\nControlMaster no\nControlPath none\n\
             ConnectTimeout {SILENCE}\nServerAliveInterval {SILENCE}\n",
            remote::authority(url),
            quoted(&self.outfit.known_hosts),
            quoted(&file.0),
        );
        // A submodule may be on another host.
        let _ = fs::remove_file(self.ssh_config_file());
        write_private(&self.ssh_config_file(), &config)?;
        Ok(Some(file))
    }

    /// Runs a program to its end, while what it makes in `grows` stays within the limit.
    pub(super) async fn run(&self, program: Program, grows: &Path) -> Result<Captured, Stop> {
        let stop = self.outfit.cancel.child_token();
        let left = self.until.saturating_duration_since(Instant::now());
        let program = program.timeout(left).job(self.outfit.mark);
        let running = program.capture(&stop);
        tokio::pin!(running);
        let mut pause = LOOK;
        let ended = loop {
            tokio::select! {
                ended = &mut running => break ended,
                () = tokio::time::sleep(pause) => {
                    let looked = Instant::now();
                    let (dir, limit) = (grows.to_owned(), self.outfit.sources.max_size.0);
                    let big = tokio::task::spawn_blocking(move || is_larger(&dir, limit)).await;
                    if big.unwrap_or(false) {
                        stop.cancel();
                        // What it says about being stopped is of no interest.
                        let _ = running.await;
                        return Err(self.too_big());
                    }
                    pause = LOOK.max(looked.elapsed() * 10);
                }
            }
        };
        let ended = ended.map_err(BuildError::from)?;
        match ended.exit {
            Exit::Canceled => Err(Stop::Canceled),
            Exit::TimedOut => {
                let why = format!("it took longer than {} s", self.outfit.time.as_secs());
                Err(SourceError::Clone(why).into())
            }
            _ => Ok(ended),
        }
    }

    /// Whether all that was fetched is still within the limit.
    pub(super) async fn check_size(&self, dir: &Path) -> Result<(), Stop> {
        let (dir, limit) = (dir.to_owned(), self.outfit.sources.max_size.0);
        let big = tokio::task::spawn_blocking(move || is_larger(&dir, limit)).await;
        if big.unwrap_or(false) { Err(self.too_big()) } else { Ok(()) }
    }

    fn too_big(&self) -> Stop {
        let limit = self.outfit.sources.max_size.0;
        let why = format!("the repository is larger than {limit} bytes (sources.max_size)");
        SourceError::Clone(why).into()
    }

    /// Writes what a program complained about into the log, and returns the lines that matter.
    pub(super) fn complaint(&self, ended: &Captured, url: &CloneUrl) -> String {
        let text = String::from_utf8_lossy(&ended.stderr);
        let text = text.replace(url.as_str(), &remote::shown(url.as_str()));
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            self.outfit.log.line(line);
        }
        if let Some(refusal) = self.egress.refusal() {
            return refusal;
        }
        lines_that_matter(&text).unwrap_or_else(|| ended.exit.to_string())
    }
}

/// A private key on the disk, for as long as this lives.
pub(super) struct KeyFile(PathBuf);

impl Drop for KeyFile {
    fn drop(&mut self) {
        // It goes with the scratch directory at the latest.
        let _ = fs::remove_file(&self.0);
    }
}

/// The errors in a program's output; its last line where nothing is marked as one.
fn lines_that_matter(text: &str) -> Option<String> {
    let marks = ["fatal: ", "error: ", "svn: ", "remote: ", "ERROR: "];
    let told = |line: &&str| {
        marks.iter().any(|mark| line.starts_with(mark)) || line.contains("ermission denied")
    };
    let mut lines: Vec<&str> = text.lines().map(str::trim).filter(told).collect();
    lines.dedup();
    lines.truncate(LINES);
    if lines.is_empty() {
        lines.extend(text.lines().map(str::trim).rfind(|line| !line.is_empty()));
    }
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// Whether the files below a directory have more than `limit` bytes. Blocks.
fn is_larger(dir: &Path, limit: u64) -> bool {
    let mut sum = 0;
    // What is gone or not readable at the moment counts next time.
    for entry in walkdir::WalkDir::new(dir).into_iter().filter_map(Result::ok) {
        sum += entry.metadata().map_or(0, |meta| if meta.is_file() { meta.len() } else { 0 });
        if sum > limit {
            return true;
        }
    }
    false
}

/// A new file that only the server may read.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_output_the_errors_are_told() {
        let text = "Cloning\nremote: Not found.\nnoise\nfatal: repository 'x' not found\n";
        let told = lines_that_matter(text).unwrap();
        assert_eq!(told, "remote: Not found.; fatal: repository 'x' not found");
        assert_eq!(lines_that_matter("a\nlast\n\n").as_deref(), Some("last"));
        assert_eq!(lines_that_matter(" \n"), None);
    }

    #[test]
    fn sizes_are_added_up() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        for name in ["x", "a/y"] {
            fs::write(dir.path().join(name), [0; 600]).unwrap();
        }
        assert!(is_larger(dir.path(), 1000));
        assert!(!is_larger(dir.path(), 1200));
    }
}
