use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{Error, Exit, Fence, JobMark, Program, Sink, kill_marked};
use crate::model::JobId;

#[derive(Default)]
struct Memory(Mutex<Vec<u8>>);

impl Sink for Memory {
    fn write(&self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
    }
}

impl Memory {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

fn script(text: &str) -> Program {
    Program::new("bash").arg("-c").arg(text)
}

/// Runs a script until a file appears, then cancels it.
async fn cancel_once_ready(program: Program, ready: &Path) -> (Exit, String, Duration) {
    let (sink, cancel) = (Memory::default(), CancellationToken::new());
    let stopper = async {
        while !ready.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        cancel.cancel();
        Instant::now()
    };
    let (exit, canceled) = tokio::join!(program.run(&sink, &cancel), stopper);
    (exit.unwrap(), sink.text(), canceled.elapsed())
}

/// Waits until a process is gone; false when it still lives after two seconds.
async fn ends(pid_file: &Path) -> bool {
    let pid = fs::read_to_string(pid_file).unwrap();
    for _ in 0..400 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        if stat.is_empty() || stat.contains(") Z ") {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}

fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("skipped: needs root");
    }
    root
}

#[tokio::test]
async fn both_outputs_arrive_in_the_order_of_writing() {
    let sink = Memory::default();
    let program = script("for i in 1 2 3; do echo out $i; echo err $i >&2; done; exit 3");
    let exit = program.run(&sink, &CancellationToken::new()).await.unwrap();
    assert_eq!(exit, Exit::Code(3));
    assert_eq!(sink.text(), "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");
}

#[tokio::test]
async fn capturing_keeps_them_apart_and_a_full_pipe_blocks_nothing() {
    let program = script("head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2");
    let captured = program.capture(&CancellationToken::new()).await.unwrap();
    assert!(captured.exit.success());
    assert_eq!((captured.stdout.len(), captured.stderr.len()), (3_000_000, 2_000_000));
}

#[tokio::test]
async fn too_much_to_keep_is_an_error_and_ends_the_program() {
    let started = Instant::now();
    let error = script("cat /dev/zero").capture(&CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "bash wrote more than 16 MiB");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn what_is_not_there_names_its_package() {
    let error = Program::new("no-such-program").capture(&CancellationToken::new()).await;
    assert!(matches!(error, Err(Error::Missing { program, .. }) if program == "no-such-program"));
}

#[tokio::test]
async fn environment_and_directory_are_what_was_asked_for() {
    let dir = TempDir::new().unwrap();
    let program = Program::new("env").clear_env().env("A", "1").current_dir(dir.path());
    let captured = program.capture(&CancellationToken::new()).await.unwrap();
    assert_eq!(captured.stdout, b"A=1\n");
    let program = Program::new("pwd").arg("-P").current_dir(dir.path());
    let captured = program.capture(&CancellationToken::new()).await.unwrap();
    let wanted = dir.path().canonicalize().unwrap();
    assert_eq!(String::from_utf8_lossy(&captured.stdout).trim(), wanted.to_string_lossy());
}

#[tokio::test]
async fn input_is_empty() {
    let captured = script("cat; echo end").capture(&CancellationToken::new()).await.unwrap();
    assert_eq!(captured.stdout, b"end\n");
}

#[tokio::test]
async fn the_time_limit_ends_it_and_the_log_says_so() {
    let sink = Memory::default();
    let program = script("echo begun; sleep 60").timeout(Duration::from_millis(200));
    let exit = program.run(&sink, &CancellationToken::new()).await.unwrap();
    assert_eq!(exit, Exit::TimedOut);
    assert!(sink.text().starts_with("begun\n"), "{}", sink.text());
    assert!(sink.text().contains("time limit"), "{}", sink.text());
}

#[tokio::test]
async fn a_canceled_program_may_clean_up() {
    let dir = TempDir::new().unwrap();
    let ready = dir.path().join("ready");
    let text = format!(
        "trap 'echo cleaned; exit 1' INT; touch {}; for i in {{1..600}}; do sleep 0.1; done",
        ready.display()
    );
    let (exit, log, took) = cancel_once_ready(script(&text), &ready).await;
    assert_eq!(exit, Exit::Canceled);
    assert!(log.contains("cleaned"), "{log}");
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn who_ignores_signals_is_killed_after_the_grace_time() {
    let dir = TempDir::new().unwrap();
    for (fence, name) in [(Fence::Group, "a"), (Fence::Namespaces, "b")] {
        let ready = dir.path().join(name);
        let text =
            format!("trap '' INT TERM; touch {}; while :; do sleep 60; done", ready.display());
        let program = script(&text).grace(Duration::from_millis(300)).fence(fence);
        let (exit, _, took) = cancel_once_ready(program, &ready).await;
        assert_eq!(exit, Exit::Canceled);
        assert!(took < Duration::from_secs(4), "{took:?}");
    }
}

#[tokio::test]
async fn a_canceled_namespace_ends_with_all_sessions_in_it() {
    if !is_root() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let (ready, marked) = (dir.path().join("ready"), JobMark::new(dir.path(), JobId(1)));
    let text = format!(
        "setsid bash -c 'touch {}; trap \"\" INT TERM; exec sleep 61' & exec sleep 61",
        ready.display()
    );
    let program = script(&text).fence(Fence::Namespaces).job(&marked);
    let (exit, _, took) = cancel_once_ready(program, &ready).await;
    assert_eq!(exit, Exit::Canceled);
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(kill_marked(dir.path()), 0, "nothing may be left");
}

#[tokio::test]
async fn the_end_of_a_namespace_is_the_programs_own() {
    for fence in [Fence::Group, Fence::Namespaces] {
        let sink = Memory::default();
        let cancel = CancellationToken::new();
        let exit = script("exit 7").fence(fence).run(&sink, &cancel).await.unwrap();
        assert_eq!(exit, Exit::Code(7));
    }
    if is_root() {
        let program = script("echo $$").fence(Fence::Namespaces);
        let captured = program.capture(&CancellationToken::new()).await.unwrap();
        assert_eq!(captured.stdout, b"1\n");
    }
}

#[tokio::test]
async fn output_held_open_by_another_session_is_not_waited_for() {
    let dir = TempDir::new().unwrap();
    let pid = dir.path().join("pid");
    let sink = Memory::default();
    let text = format!("setsid bash -c 'echo $$ > {}; exec sleep 20' & sleep 0.3", pid.display());
    let started = Instant::now();
    let exit = script(&text).run(&sink, &CancellationToken::new()).await.unwrap();
    assert_eq!(exit, Exit::Code(0));
    assert!(sink.text().contains("holds its output open"), "{}", sink.text());
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_dropped_run_kills_its_program() {
    let dir = TempDir::new().unwrap();
    for (fence, name) in [(Fence::Group, "a"), (Fence::Namespaces, "b")] {
        let pid = dir.path().join(name);
        // Seen from inside its namespace, a process has another number.
        let text = format!("readlink /proc/self > {0}; exec sleep 62", pid.display());
        let (sink, cancel) = (Memory::default(), CancellationToken::new());
        let mark = JobMark::new(&pid, JobId(1));
        let run = script(&text).fence(fence).job(&mark).run(&sink, &cancel);
        assert!(tokio::time::timeout(Duration::from_millis(300), run).await.is_err());
        assert!(fence == Fence::Namespaces || ends(&pid).await);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(kill_marked(&pid), 0, "{fence:?} left something");
    }
}

#[tokio::test]
async fn marked_processes_are_found_and_killed_with_their_children() {
    let dir = TempDir::new().unwrap();
    let (ours, others) = (dir.path().join("a"), dir.path().join("ab"));
    fs::create_dir_all(&ours).unwrap();
    let ready = dir.path().join("ready");
    let text = format!("env -i setsid sleep 63 & touch {}; wait", ready.display());
    let (sink, cancel) = (Memory::default(), CancellationToken::new());
    let program = script(&text).job(&JobMark::new(&ours, JobId(7)));
    let killer = async {
        while !ready.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(kill_marked(&others), 0, "another server's directory");
        let dir = ours.clone();
        let found = tokio::task::spawn_blocking(move || kill_marked(&dir)).await.unwrap();
        assert!(found >= 2, "found {found}");
    };
    let (exit, ()) = tokio::join!(program.run(&sink, &cancel), killer);
    assert_eq!(exit.unwrap(), Exit::Signal(9));
}
