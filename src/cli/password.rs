//! Where a password comes from: a line of stdin, or somebody at a terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{Context, bail};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::model::UserName;

/// How a new password was given.
pub(super) enum Given {
    /// This is it.
    Password(String),
    /// Not at all: a one-time link takes its place.
    Nothing,
}

/// Reads a new password: with `from_stdin` the first line, else by asking where there is a
/// terminal to ask at.
pub(super) fn read(from_stdin: bool) -> anyhow::Result<Given> {
    if from_stdin {
        let line = line()?;
        if line.is_empty() {
            bail!("there is no password on stdin");
        }
        return Ok(Given::Password(line));
    }
    if !io::stdin().is_terminal() {
        return Ok(Given::Nothing);
    }
    let password = ask("Password (empty for a one-time link): ")?;
    if password.is_empty() {
        return Ok(Given::Nothing);
    }
    if ask("The same again: ")? != password {
        bail!("these were two different passwords");
    }
    Ok(Given::Password(password))
}

/// Asks for the password of an account elsewhere: at the terminal, or where there is none, on stdin.
pub(super) fn of(user: &UserName) -> anyhow::Result<String> {
    let password =
        if io::stdin().is_terminal() { ask(&format!("Password of {user}: "))? } else { line()? };
    if password.is_empty() {
        bail!("no password was given");
    }
    Ok(password)
}

fn line() -> anyhow::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("cannot read the password from stdin")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Asks at the terminal, which does not show what is typed.
fn ask(question: &str) -> anyhow::Result<String> {
    write!(io::stderr(), "{question}")?;
    let stdin = io::stdin();
    let usual = tcgetattr(&stdin).context("cannot set up the terminal")?;
    let mut silent = usual.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &silent).context("cannot set up the terminal")?;
    let answer = line();
    tcsetattr(&stdin, OptionalActions::Flush, &usual).context("cannot set up the terminal")?;
    writeln!(io::stderr())?;
    answer
}
