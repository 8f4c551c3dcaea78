//! The command line.
//!
//! One file for each command. Results go to stdout and can be read by programs (`--json`), words
//! for people go to stderr. The code is 0 when it is done, 1 when it failed, 2 when the command
//! was not understood; `build` and `client` have some more. All others but `serve` work beside a running server
//! on the same data directory; they make directory and database where there are none.

mod build;
mod chroot;
mod client;
mod data_dir;
mod doctor;
mod first_start;
mod group;
mod out;
mod password;
mod serve;
mod token;
mod tree;
mod user;

use std::process::ExitCode;

use crate::config::{Config, Overrides};

/// Runs the program: reads the command line, does what it says.
pub fn main() -> ExitCode {
    let (command, overrides) = tree::parse();
    start_logging(&command);
    match run(command, overrides) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if out::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            out::say(&format!("coprbox: {error:#}"));
            let code = build::code(&error).or_else(|| client::code(&error));
            code.map_or(ExitCode::FAILURE, ExitCode::from)
        }
    }
}

fn run(command: tree::Command, overrides: Overrides) -> anyhow::Result<()> {
    let config = || Config::load(&overrides);
    match command {
        tree::Command::Serve(_) => serve::run(config()?),
        tree::Command::Doctor(command) => doctor::run(&command, &config()?),
        tree::Command::User(command) => user::run(command, &config()?),
        tree::Command::Token(command) => token::run(command, &config()?),
        tree::Command::Group(command) => group::run(command, &config()?),
        tree::Command::Chroot(command) => chroot::run(command, &config()?),
        // On somebody's own machine, where no server is set up.
        tree::Command::Build(command) => build::run(command),
        tree::Command::Client(command) => client::run(command),
    }
}

/// `COPRBOX_LOG` says what is logged, in the words of `tracing`'s filters. Rocket and hyper log
/// what is no error of ours, so of them only warnings are heard.
fn start_logging(command: &tree::Command) {
    use std::io::IsTerminal;

    use tracing_subscriber::EnvFilter;

    let usual = match command {
        tree::Command::Serve(_) => "info,rocket=off,hyper=warn,rusqlite_migration=warn",
        _ => "warn",
    };
    let filter = EnvFilter::try_from_env("COPRBOX_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .finish();
    // Before Rocket, which would take its own. A second call in one process changes nothing, which is as well.
    let _ = tracing_log::LogTracer::init();
    let _ = tracing::subscriber::set_global_default(subscriber);
}
