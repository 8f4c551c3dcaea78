//! A network for programs that make sources: nobody is in it but the programs themselves and a
//! proxy of ours, which lets them out to public addresses only.
//!
//! It is a network namespace of its own, so nothing that the programs do, and no name they
//! resolve, leads past the proxy. The namespace is made by a child process, and kept by the file
//! through which it is entered; a thread enters it once to open the port that the proxy listens
//! on. Only root can do this.

use std::fs::File;
use std::net::TcpListener;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::builder::{BuildError, Job};
use super::source::egress::Egress;
use crate::process::{self, JobMark, Program, Sink};

/// Where the proxy listens; the network is its own, so the port is always free.
pub const HOST: &str = "127.0.0.1";
/// See [`HOST`].
pub const PORT: u16 = 3128;
/// The variables that lead programs to it.
pub const VARIABLES: [&str; 4] = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"];

/// Why something that makes sources has no network although it wants some.
pub const SHUT: &str = "nothing here can keep this from private addresses, so it has no network; \
                        the setting sources.allow_private_addresses lets it reach everything";

/// Switches the loopback device on, tells the process number, and stays until it is stopped.
const HOLD: &str = "ip link set lo up && echo $$ && exec sleep 60";

/// Such a network; it is gone when this is dropped and the programs in it have ended.
pub struct Gate {
    namespace: File,
    egress: Egress,
}

/// What leads out of where sources are made.
pub enum Passage {
    /// Nothing.
    Closed,
    /// A gate.
    Gated(Gate),
    /// The network of this machine.
    Open,
}

impl Passage {
    /// The widest that the settings allow, for what `wants` network.
    pub async fn new(job: &Job, wants: bool) -> Result<Passage, BuildError> {
        if !wants {
            return Ok(Passage::Closed);
        }
        if job.private_addresses {
            return Ok(Passage::Open);
        }
        if !job.launcher.is_empty() {
            // It may lead to another machine, and only that one can keep its network.
            job.log.line(format!("behind the launcher {SHUT}"));
            return Ok(Passage::Closed);
        }
        Gate::open(&job.mark, &job.cancel).await.map(Passage::Gated)
    }

    /// The gate, if it leads through one.
    pub fn gate(&self) -> Option<&Gate> {
        match self {
            Passage::Gated(gate) => Some(gate),
            Passage::Closed | Passage::Open => None,
        }
    }
}

impl Gate {
    /// Makes the network and begins to let through what may pass.
    pub async fn open(mark: &JobMark, cancel: &CancellationToken) -> Result<Gate, BuildError> {
        if process::find("ip").is_none() {
            let why = format!("ip is not installed: {}", process::package_for("ip"));
            return Err(BuildError::Unavailable(why));
        }
        let namespace = make_namespace(mark, cancel).await?;
        let within = namespace.try_clone()?;
        // The thread ends right after, and takes its stay in the namespace with it.
        let listen = move || -> std::io::Result<TcpListener> {
            move_into_link_name_space(within.as_fd(), Some(LinkNameSpaceType::Network))?;
            TcpListener::bind((HOST, PORT))
        };
        let listener = std::thread::scope(|scope| scope.spawn(listen).join())
            .map_err(|_| BuildError::Internal("cannot listen in a network".to_owned()))??;
        Ok(Gate { namespace, egress: Egress::alone(listener)? })
    }

    /// The namespace, for [`Program::network`].
    pub fn path(&self) -> PathBuf {
        let (pid, fd) = (std::process::id(), self.namespace.as_raw_fd());
        format!("/proc/{pid}/fd/{fd}").into()
    }

    /// The address of the proxy.
    pub fn proxy() -> String {
        format!("http://{HOST}:{PORT}")
    }

    /// Why it last let something not through.
    pub fn refusal(&self) -> Option<String> {
        self.egress.refusal()
    }
}

/// A new network namespace with nothing in it but a loopback device.
async fn make_namespace(mark: &JobMark, cancel: &CancellationToken) -> Result<File, BuildError> {
    let holder = Program::new("unshare").args(["--net", "--", "sh", "-c", HOLD]).job(mark);
    let (told, number) = oneshot::channel();
    let sink = FirstLine(Mutex::new((Vec::new(), Some(told))));
    let stop = cancel.child_token();
    let holding = holder.grace(Duration::ZERO).run(&sink, &stop);
    let open = async {
        let number = number.await.unwrap_or_default();
        let namespace = File::open(format!("/proc/{}/ns/net", number.trim()));
        stop.cancel();
        namespace.map_err(|_| number)
    };
    tokio::pin!(holding, open);
    tokio::select! {
        opened = &mut open => {
            holding.await?;
            opened.map_err(|said| refused(&said))
        }
        ended = &mut holding => {
            ended?;
            if cancel.is_cancelled() { Err(BuildError::Canceled) } else { Err(refused(&sink.text())) }
        }
    }
}

fn refused(said: &str) -> BuildError {
    let why = format!("no network can be made for a source build: {}", said.trim());
    BuildError::Unavailable(why)
}

/// Passes on the first line.
struct FirstLine(Mutex<(Vec<u8>, Option<oneshot::Sender<String>>)>);

impl FirstLine {
    fn text(&self) -> String {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&state.0).into_owned()
    }
}

impl Sink for FirstLine {
    fn write(&self, bytes: &[u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.extend_from_slice(bytes);
        if let Some(end) = state.0.iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(&state.0[..end]).into_owned();
            if let Some(told) = state.1.take() {
                // Nobody listens any more once the job is stopped.
                let _ = told.send(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::model::JobId;

    /// What a shell writes that is started in the network of a gate; `None` for who is not root.
    async fn said_within(script: &str) -> Option<String> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let (dir, cancel) = (TempDir::new().unwrap(), CancellationToken::new());
        let gate = Gate::open(&JobMark::new(dir.path(), JobId(1)), &cancel).await.unwrap();
        assert_eq!(process::kill_marked(dir.path()), 0, "the namespace's maker still runs");
        let shell = Program::new("bash").args(["-c", script]).network(gate.path());
        let ran = shell.fence(process::Fence::Namespaces).capture(&cancel).await.unwrap();
        Some(String::from_utf8(ran.stdout).unwrap())
    }

    #[tokio::test]
    async fn nobody_is_there_but_the_proxy() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = format!(
            "grep -c : /proc/net/dev; (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && echo reached
             for to in 127.0.0.1:{port} localhost:{port} [::1]:{port} 169.254.169.254:80; do
                 exec 3<>/dev/tcp/{HOST}/{PORT}
                 printf 'CONNECT %s HTTP/1.1\\r\\n\\r\\n' $to >&3; head -n 1 <&3
             done"
        );
        let Some(said) = said_within(&script).await else { return };
        let refused = "HTTP/1.1 403 Forbidden\r\n";
        assert_eq!(said, format!("1\n{}", refused.repeat(4)));
    }

    #[tokio::test]
    async fn a_canceled_job_gets_none() {
        let (dir, cancel) = (TempDir::new().unwrap(), CancellationToken::new());
        cancel.cancel();
        let gate = Gate::open(&JobMark::new(dir.path(), JobId(1)), &cancel).await;
        assert!(matches!(gate, Err(BuildError::Canceled | BuildError::Unavailable(_))));
    }
}
