//! What can be written on the command line.
//!
//! `--config` and `--data-dir` may stand before or after the command. `chroot add` has a
//! `--config` of its own (the file of mock), so there the server's stands before the command.
//! `build` and `client` have nothing to do with a server's settings: their `--config` is the copr
//! configuration file, and the two options of all others are refused.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, value_parser};

use super::{build, chroot, client, doctor, group, serve, token, user};
use crate::config::Overrides;

/// A whole Fedora Copr in one binary: builds RPMs and publishes signed dnf repositories.
#[derive(Parser)]
#[command(name = "coprbox", version, disable_help_subcommand = true)]
struct Cli {
    /// Where everything is kept [default: /var/lib/coprbox for root, else
    /// ~/.local/share/coprbox]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Accounts: add, list, edit, disable, enable, password
    #[command(subcommand)]
    User(user::Command),
    /// API tokens, as copr-cli uses them: new, list, revoke
    #[command(subcommand)]
    Token(token::Command),
    /// Groups of users, which can own projects: add, list, members
    #[command(subcommand)]
    Group(group::Command),
    /// The chroots that projects can build in: list, add, enable, disable
    #[command(subcommand)]
    Chroot(chroot::Command),
    /// What this machine lacks for building and publishing
    Doctor(doctor::Doctor),
    /// Build a directory, a spec file or an SRPM on a server, and watch
    Build(build::Build),
    /// The commands of the original Copr, for any server: list-coprs, create-copr, create-pkg …
    Client(client::Client),
}

/// The name of the `--config` that all commands know, different from `chroot add`'s.
const CONFIG: &str = "configuration_file";

/// Reads the command line. Ends the process with code 2 when it makes no sense, and with code 0
/// after `--help` and `--version`.
pub(super) fn parse() -> (Command, Overrides) {
    let matches = tree().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let config = config_file(&matches);
    let client = match cli.command {
        Command::Build(_) => Some("build"),
        Command::Client(_) => Some("client"),
        _ => None,
    };
    if let Some(name) = client.filter(|_| config.is_some() || cli.data_dir.is_some()) {
        let words =
            format!("a client has no data directory, and its --config stands after '{name}'");
        tree().error(ErrorKind::ArgumentConflict, words).exit();
    }
    let mut overrides =
        Overrides { config, data_dir: cli.data_dir.clone(), ..Overrides::default() };
    if let Command::Serve(serve) = &cli.command {
        overrides.listen.clone_from(&serve.listen);
        overrides.base_url.clone_from(&serve.base_url);
    }
    (cli.command, overrides)
}

fn tree() -> clap::Command {
    // A client's help is about the client: there, the server's option is only for being refused.
    let data_dir = Arg::new("data_dir").long("data-dir").value_parser(value_parser!(PathBuf));
    let data_dir = data_dir.global(true).hide(true);
    let build_dir = data_dir.clone();
    let tree = Cli::command().mut_subcommand("client", |client| client.arg(data_dir));
    with_config(tree.mut_subcommand("build", |build| build.arg(build_dir)))
}

/// Gives `--config` to a command and those below it which have none of their own.
fn with_config(command: clap::Command) -> clap::Command {
    let own = command.get_arguments().find(|arg| arg.get_long() == Some("config"));
    if own.is_some_and(Arg::is_global_set) {
        return command;
    }
    let has_own = own.is_some();
    let command = command.mut_subcommands(with_config);
    if has_own {
        return command;
    }
    let arg = Arg::new(CONFIG)
        .long("config")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("The configuration file [default: /etc/coprbox.toml for root, else ~/.config/coprbox.toml]");
    command.arg(arg)
}

/// The `--config` that stands last.
fn config_file(matches: &ArgMatches) -> Option<PathBuf> {
    let below = matches.subcommand().and_then(|(_, matches)| config_file(matches));
    below.or_else(|| matches.try_get_one::<PathBuf>(CONFIG).ok().flatten().cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (Option<PathBuf>, Option<PathBuf>) {
        let matches = tree().try_get_matches_from(line.split(' ')).unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        (config_file(&matches), cli.data_dir)
    }

    #[test]
    fn the_tree_is_sound() {
        tree().debug_assert();
    }

    #[test]
    fn the_two_options_stand_anywhere() {
        let both = (Some("f".into()), Some("d".into()));
        for line in [
            "coprbox --config f --data-dir d user list",
            "coprbox user --config f --data-dir d list",
            "coprbox user list --config f --data-dir d",
            "coprbox --config f --data-dir d chroot add a-1-x86_64 --builder mock --config m",
            "coprbox --config f chroot add a-1-x86_64 --builder mock --config m --data-dir d",
        ] {
            assert_eq!(read(line), both, "{line}");
        }
    }
}
