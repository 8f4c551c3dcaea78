//! `coprbox client`: the command line of the original Copr.
//!
//! It talks to a server over HTTP and needs nothing else of this program: no data directory, no
//! configuration of a server. Which server, and as whom, is in [`connect`]; what the commands
//! print, in [`show`]. Its exit codes tell scripts what happened:
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | the server refused, or there is no such thing |
//! | 2 | the command was not understood |
//! | 3 | the server cannot be reached |
//! | 6 | the copr configuration file is missing or wrong |
//! | 7 | the server does not know you, or you may not |

mod connect;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use self::connect::{Connect, Connection, NoUser};
use super::out;
use crate::client::{ClientError, ConfigError, CoprClient, CoprEdit, Role, split_name};
use crate::model::{ChrootName, DirName, Owner, PackageName, UserName};

const CODES: &str = "Exit codes: 0 done, 1 refused or not there, 2 not understood, 3 no server \
                     reached, 6 bad configuration file, 7 not permitted";

/// The commands of the original Copr.
#[derive(Args)]
#[command(version, disable_version_flag = true, after_help = CODES)]
pub(super) struct Client {
    #[command(flatten)]
    connect: Connect,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    /// Print the version
    #[arg(short, long, action = clap::ArgAction::Version)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Command,
}

/// What can be done. A copr is written OWNER/NAME, or NAME if it is your own.
#[derive(Subcommand)]
enum Command {
    /// List all the available Coprs
    ListCoprs {
        /// Only those of this user or @group
        owner: Option<Owner>,
    },
    /// Get information about a specific Copr
    InfoCopr(OneCopr),
    /// Create a new Copr
    CreateCopr(Create),
    /// Edit an existing copr
    EditCopr(Edit),
    /// Delete an existing copr
    DeleteCopr(OneCopr),
    /// Add dependencies to a copr
    AddCoprDeps(Deps),
    /// Remove dependencies from a copr
    RemoveCoprDeps(Deps),
    /// Add releases to a copr
    AddCoprReleases(Releases),
    /// Remove releases from a copr
    RemoveCoprReleases(Releases),
    /// Grant permission on a copr
    GrantCopr {
        #[command(flatten)]
        copr: OneCopr,
        /// Who is to have it
        user: UserName,
        /// What the user is to be
        permission: Permission,
    },
    /// Revoke permission on a copr
    RevokeCopr {
        #[command(flatten)]
        copr: OneCopr,
        /// Who is to lose it
        user: UserName,
        /// What the user is no longer to be [default: anything]
        permission: Option<Permission>,
    },
    /// List all the packages in a copr
    ListPkgs(OneCopr),
    /// Get information on a package
    InfoPkg(OnePkg),
    /// Create a new package by uploading a srpm
    CreatePkg {
        #[command(flatten)]
        copr: OneCopr,
        /// The source package, a file .src.rpm
        srpm: PathBuf,
    },
    /// Delete a package
    DeletePkg(OnePkg),
}

/// Which copr.
#[derive(Args)]
struct OneCopr {
    /// The copr: OWNER/NAME, or NAME if it is your own
    #[arg(value_parser = copr)]
    copr: String,
}

/// Which package of which copr.
#[derive(Args)]
struct OnePkg {
    #[command(flatten)]
    copr: OneCopr,
    /// The package
    pkg: PackageName,
}

/// `create-copr`.
#[derive(Args)]
struct Create {
    #[command(flatten)]
    copr: OneCopr,
    /// What to build for, as in fedora-43-x86_64
    #[arg(required = true, value_name = "RELEASE")]
    releases: Vec<ChrootName>,
    /// What the copr is for
    #[arg(long, default_value = "", value_name = "TEXT")]
    description: String,
    /// A copr whose packages builds may use; may be repeated
    #[arg(long = "dep", value_name = "COPR", value_parser = dependency)]
    deps: Vec<String>,
}

/// `edit-copr`: an empty text takes away what was there.
#[derive(Args)]
#[command(group = clap::ArgGroup::new("something").required(true).multiple(true))]
struct Edit {
    #[command(flatten)]
    copr: OneCopr,
    /// What the copr is for
    #[arg(long, group = "something", value_name = "TEXT")]
    description: Option<String>,
    /// How to install from it
    #[arg(long, group = "something", value_name = "TEXT")]
    instructions: Option<String>,
    /// A web address
    #[arg(long, group = "something", value_name = "URL")]
    homepage: Option<String>,
    /// A web or mail address
    #[arg(long, group = "something", value_name = "ADDRESS")]
    contact: Option<String>,
}

/// `add-copr-deps`, `remove-copr-deps`.
#[derive(Args)]
struct Deps {
    #[command(flatten)]
    copr: OneCopr,
    /// The coprs whose packages builds may use
    #[arg(required = true, value_name = "COPR", value_parser = dependency)]
    deps: Vec<String>,
}

/// `add-copr-releases`, `remove-copr-releases`.
#[derive(Args)]
struct Releases {
    #[command(flatten)]
    copr: OneCopr,
    /// The releases, as in fedora-43-x86_64
    #[arg(required = true, value_name = "RELEASE")]
    releases: Vec<ChrootName>,
}

/// What somebody can be in a copr.
#[derive(Clone, Copy, ValueEnum)]
enum Permission {
    /// May build
    Builder,
    /// May build, and change the copr
    Admin,
}

impl From<Permission> for Role {
    fn from(permission: Permission) -> Role {
        match permission {
            Permission::Builder => Role::Builder,
            Permission::Admin => Role::Admin,
        }
    }
}

fn copr(text: &str) -> Result<String, String> {
    split_name(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn dependency(text: &str) -> Result<String, String> {
    let (owner, dir) = text.split_once('/').map_or((None, text), |(o, dir)| (Some(o), dir));
    let owner = owner.map(str::parse::<Owner>).transpose().map(drop);
    let checked = owner.and_then(|()| dir.parse::<DirName>());
    checked.map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn names(chroots: &[ChrootName]) -> Vec<&str> {
    chroots.iter().map(ChrootName::as_str).collect()
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// Does what a command says; the error has an exit [`code`].
pub(super) fn run(client: Client) -> anyhow::Result<()> {
    let Connection { client: copr_client, hint } = client.connect.open()?;
    call(&copr_client, client.command, client.json).map_err(|error| match error.downcast() {
        Ok(error @ ClientError::Refused { status: 401, .. }) => Unknown { error, hint }.into(),
        Ok(error) => error.into(),
        Err(error) => error,
    })
}

/// The server does not know who asks.
#[derive(Debug, thiserror::Error)]
#[error("{error} {hint}")]
struct Unknown {
    error: ClientError,
    hint: String,
}

fn call(client: &CoprClient, command: Command, json: bool) -> anyhow::Result<()> {
    match command {
        Command::ListCoprs { owner } => {
            let owner = owner.map(|owner| owner.to_string());
            show::coprs(&client.copr_list(owner.as_deref())?, json)
        }
        Command::InfoCopr(OneCopr { copr }) => show::copr(&client.copr_info(&copr)?, json),
        Command::CreateCopr(Create { copr: OneCopr { copr }, releases, description, deps }) => {
            let (releases, deps) = (names(&releases), texts(&deps));
            show::copr(&client.copr_create(&copr, &description, &releases, &deps)?, json)
        }
        Command::EditCopr(Edit { copr, description, instructions, homepage, contact }) => {
            let edit = CoprEdit { description, instructions, homepage, contact };
            show::copr(&client.copr_edit(&copr.copr, edit)?, json)
        }
        Command::DeleteCopr(OneCopr { copr }) => {
            let was = client.copr_delete(&copr)?;
            out::say(&format!("{} is deleted", was.full_name));
            show::deleted(&was, json)
        }
        Command::AddCoprDeps(Deps { copr: OneCopr { copr }, deps }) => {
            show::copr(&client.copr_add_dependencies(&copr, &texts(&deps))?, json)
        }
        Command::RemoveCoprDeps(Deps { copr: OneCopr { copr }, deps }) => {
            show::copr(&client.copr_remove_dependencies(&copr, &texts(&deps))?, json)
        }
        Command::AddCoprReleases(Releases { copr: OneCopr { copr }, releases }) => {
            show::copr(&client.copr_add_releases(&copr, &names(&releases))?, json)
        }
        Command::RemoveCoprReleases(Releases { copr: OneCopr { copr }, releases }) => {
            show::copr(&client.copr_remove_releases(&copr, &names(&releases))?, json)
        }
        Command::GrantCopr { copr, user, permission } => {
            let has = client.copr_grant(&copr.copr, user.as_str(), permission.into())?;
            show::permissions(&has, json)
        }
        Command::RevokeCopr { copr, user, permission } => {
            let role = permission.map(Role::from);
            show::permissions(&client.copr_revoke(&copr.copr, user.as_str(), role)?, json)
        }
        Command::ListPkgs(OneCopr { copr }) => show::pkgs(&client.pkg_list(&copr)?, json),
        Command::InfoPkg(OnePkg { copr, pkg }) => {
            show::pkg(&client.pkg_info(&copr.copr, pkg.as_str())?, json)
        }
        Command::CreatePkg { copr, srpm } => {
            show::pkg(&client.pkg_create(&copr.copr, &srpm)?, json)
        }
        Command::DeletePkg(OnePkg { copr, pkg }) => {
            let was = client.pkg_delete(&copr.copr, pkg.as_str())?;
            out::say(&format!("{} of {} is deleted", was.name, was.copr));
            show::deleted(&was, json)
        }
    }
}

/// The exit code for an error of [`run`]; `None` for what is no error of a client.
pub(super) fn code(error: &anyhow::Error) -> Option<u8> {
    if error.is::<ConfigError>() {
        return Some(6);
    }
    if error.is::<NoUser>() {
        return Some(2);
    }
    if error.is::<Unknown>() {
        return Some(7);
    }
    let error = error.downcast_ref::<ClientError>()?;
    Some(match error {
        _ if error.is_forbidden() => 7,
        ClientError::Refused { .. } | ClientError::File { .. } => 1,
        ClientError::Name(_) | ClientError::NoOwner(_) | ClientError::Url(_) => 2,
        ClientError::Unreachable { .. } | ClientError::Stranger { .. } => 3,
        ClientError::Config(_) => 6,
    })
}
