//! Starting, reading and waiting.

use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Pid;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::stop::{Target, interrupts_are_ignored};
use super::{Captured, Error, Exit, Fence, Program, Sink, find};

/// How long we read on after a program's end while something it started holds its output open.
const DRAIN: Duration = Duration::from_secs(5);
/// The most that [`Program::capture`] keeps of a stream.
const CAPTURE_LIMIT: usize = 16 << 20;
const CHUNK: usize = 64 << 10;

impl Program {
    /// Runs it to its end; both its outputs go to `sink` in the order of writing. When `cancel`
    /// is cancelled or the time is over it gets INT, and after the grace time KILL.
    pub async fn run(self, sink: &dyn Sink, cancel: &CancellationToken) -> Result<Exit, Error> {
        let (reader, writer) = io::pipe()?;
        let mut running = self.start(writer.try_clone()?.into(), writer.into())?;
        let mut output = Receiver::from_owned_fd(reader.into())?;
        let pump = copy(&mut output, |bytes| {
            sink.write(bytes);
            Ok(())
        });
        let (exit, all_read) = running.finish(&self, pump, cancel).await?;
        if !all_read {
            sink.write(
                b"\n[the program has ended, but something that it started still holds its output \
                  open; not waiting for that]\n",
            );
        }
        if exit == Exit::TimedOut {
            let limit = self.timeout.unwrap_or_default().as_secs();
            sink.write(format!("\n[stopped: the time limit of {limit} s is over]\n").as_bytes());
        }
        Ok(exit)
    }

    /// Runs it to its end and keeps what it writes, its two outputs apart.
    pub async fn capture(self, cancel: &CancellationToken) -> Result<Captured, Error> {
        let (out_reader, out_writer) = io::pipe()?;
        let (err_reader, err_writer) = io::pipe()?;
        let mut running = self.start(out_writer.into(), err_writer.into())?;
        let mut out = Receiver::from_owned_fd(out_reader.into())?;
        let mut err = Receiver::from_owned_fd(err_reader.into())?;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let both = async {
            let read = tokio::try_join!(
                copy(&mut out, |bytes| {
                    if stdout.len() + bytes.len() > CAPTURE_LIMIT {
                        // Half an answer must not pass for a whole one.
                        return Err(Error::TooMuchOutput {
                            program: self.display_name(),
                            limit: CAPTURE_LIMIT,
                        });
                    }
                    stdout.extend_from_slice(bytes);
                    Ok(())
                }),
                copy(&mut err, |bytes| {
                    let room = CAPTURE_LIMIT.saturating_sub(stderr.len());
                    stderr.extend_from_slice(&bytes[..room.min(bytes.len())]);
                    Ok(())
                })
            );
            read.map(drop)
        };
        let (exit, _) = running.finish(&self, both, cancel).await?;
        Ok(Captured { exit, stdout, stderr })
    }

    /// The words that are really executed: what makes the fence stands in front.
    fn command_line(&self) -> Result<(Vec<OsString>, Fence), Error> {
        let program: PathBuf = self.locate()?;
        let mut words = Vec::new();
        let mut fence = Fence::Group;
        if interrupts_are_ignored() {
            // Rust resets signals only with `unsafe`; coreutils 8.31 and later do it for us.
            words.extend([find::need("env")?, "--default-signal=INT".into()]);
        }
        if let Some(network) = &self.network {
            words.push(find::need("nsenter")?);
            let mut option = OsString::from("--net=");
            option.push(network);
            words.extend([option, "--".into()]);
        }
        if self.fence == Fence::Namespaces && rustix::process::geteuid().is_root() {
            words.push(find::need("unshare")?);
            let flags = ["--pid", "--mount", "--fork", "--mount-proc", "--propagation", "private"];
            words.extend(flags.map(OsString::from));
            words.push("--".into());
            fence = Fence::Namespaces;
        }
        words.push(program.into_os_string());
        words.extend(self.args.iter().cloned());
        Ok((words, fence))
    }

    fn start(&self, stdout: Stdio, stderr: Stdio) -> Result<Running, Error> {
        let (words, fence) = self.command_line()?;
        let failed = |error| Error::Start { program: self.display_name(), error };
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        command.process_group(0);
        if self.clear_env {
            command.env_clear();
        }
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        if let Some(dir) = &self.current_dir {
            command.current_dir(dir);
        }
        let child = command.spawn().map_err(failed)?;
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        let pid = pid.ok_or_else(|| failed(io::Error::other("it has no process number")))?;
        // `command` ends here and closes our copies of the pipe's writing end.
        Ok(Running { child, target: Target::new(pid, fence) })
    }
}

/// A program at work.
struct Running {
    child: Child,
    target: Target,
}

impl Running {
    /// Waits for the end while `pump` reads; says also whether everything has been read.
    async fn finish(
        &mut self,
        program: &Program,
        pump: impl Future<Output = Result<(), Error>>,
        cancel: &CancellationToken,
    ) -> Result<(Exit, bool), Error> {
        tokio::pin!(pump);
        let mut all_read = false;
        let exit = {
            let ended = self.wait(program, cancel);
            tokio::pin!(ended);
            tokio::select! {
                exit = &mut ended => exit?,
                result = &mut pump => {
                    // Nobody reads any more after an error; dropping `self` kills the program.
                    result?;
                    all_read = true;
                    ended.await?
                }
            }
        };
        if !all_read {
            let Ok(result) = timeout(DRAIN, &mut pump).await else {
                self.target.kill_group();
                return Ok((exit, false));
            };
            result?;
        }
        Ok((exit, true))
    }

    async fn wait(&mut self, program: &Program, cancel: &CancellationToken) -> io::Result<Exit> {
        let expired = async {
            match program.timeout {
                Some(limit) => sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        let why = tokio::select! {
            // What has ended by itself has not been canceled.
            biased;
            status = self.child.wait() => {
                self.target.disarm();
                return Ok(exit_of(status?));
            }
            () = cancel.cancelled() => Exit::Canceled,
            () = expired => Exit::TimedOut,
        };
        self.target.interrupt();
        if timeout(program.grace, self.child.wait()).await.is_err() {
            self.target.kill();
            self.child.wait().await?;
        }
        // What the program has left in its group would go on working.
        self.target.kill_group();
        self.target.disarm();
        Ok(why)
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Code(-1),
    }
}

/// Hands on everything that `from` gives until its end.
async fn copy<R: AsyncRead + Unpin>(
    from: &mut R,
    mut to: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match from.read(&mut buffer).await {
            Ok(0) => return Ok(()),
            Ok(length) => to(&buffer[..length])?,
            Err(error) => return Err(error.into()),
        }
    }
}
