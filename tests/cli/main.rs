//! The command line as scripts call it: the real program, on data directories of its own.

#![expect(clippy::unwrap_used, reason = "a test ends where its scaffolding breaks")]

mod accounts;
mod build;
mod chroots;
mod client;
mod doctor;
mod serve;
mod usage;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A data directory that is not there yet, and the program to use it with.
struct Box {
    dir: TempDir,
}

/// What a command has left.
struct Done {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Box {
    fn new() -> Box {
        Box { dir: tempfile::tempdir().unwrap() }
    }

    fn data_dir(&self) -> PathBuf {
        self.dir.path().join("state/data")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coprbox"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COPRBOX_") {
                command.env_remove(name);
            }
        }
        // No configuration file of this machine.
        command.env("COPRBOX_CONFIG", "/dev/null").env("COPRBOX_DATA_DIR", self.data_dir());
        command
    }

    /// Runs `coprbox` with these words, with nothing on stdin.
    fn run(&self, words: &[&str]) -> Done {
        self.run_with(words, "")
    }

    /// Runs `coprbox` with this text on stdin.
    fn run_with(&self, words: &[&str], stdin: &str) -> Done {
        let mut command = self.command();
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read has ended already.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        Done {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a line of words without spaces in them; it must succeed.
    fn ok(&self, line: &str) -> String {
        let done = self.run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(done.code, 0, "coprbox {line}: {}", done.stderr);
        done.stdout
    }

    /// Runs a line that must fail with this code; the answer is what it said.
    fn fails(&self, line: &str, code: i32) -> String {
        let done = self.run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(done.code, code, "coprbox {line}: {}", done.stderr);
        assert_eq!(done.stdout, "", "coprbox {line}");
        done.stderr
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.ok(line)).unwrap()
    }
}
