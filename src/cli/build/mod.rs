//! `coprbox build`: from a directory to packages, on a server near or far.
//!
//! The files are chosen ([`files`]) and packed here, and nothing of theirs is run or read by rpm
//! here: that is what the server has chroots for. Then the build is watched ([`follow`]) to its
//! end. Exit codes: 0 built, 1 the build failed, 2 not understood or refused, 3 no server reached,
//! 6 bad copr configuration file, 130 stopped with Ctrl-C, and the build canceled.

mod connect;
mod files;
mod follow;
mod interrupt;
mod pack;
mod screen;
mod spec;
mod subject;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use self::connect::Connection;
use self::interrupt::Interrupt;
use self::subject::Subject;
use super::out;
use crate::client::{ClientError, ConfigError, NewBuild, Sources, split_name};
use crate::config::Size;
use crate::model::{ChrootName, Owner, ProjectName};

const CODES: &str = "Exit codes: 0 built, 1 the build failed, 2 not understood or refused, 3 no \
                     server reached, 6 bad configuration file, 130 stopped and canceled";

/// What is built, where and how.
#[derive(Args)]
#[command(after_help = CODES)]
pub(super) struct Build {
    /// A directory with a spec file in it, a spec file, or an SRPM
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The project to build in: OWNER/NAME, or NAME if it is your own [default: the package's name]
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// Make the project, for the chroots that --chroot names, if it is not there
    #[arg(long)]
    create: bool,
    /// A chroot to build in, or a pattern like fedora-*; may be repeated [default: all of the
    /// project's]
    #[arg(long = "chroot", value_name = "CHROOT")]
    chroots: Vec<String>,
    /// The spec file, seen from the directory [default: the only one there]
    #[arg(long, value_name = "FILE")]
    spec: Option<String>,
    /// Make the first source from the directory, even if it has an address or is there already
    #[arg(long)]
    pack_source: bool,
    /// How many seconds the build may take
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Whether the build has network [default: as the project has it]
    #[arg(long, value_name = "on|off", value_parser = ["on", "off"], num_args = 0..=1,
          require_equals = true, default_missing_value = "on")]
    enable_net: Option<String>,
    /// Let other builds go first
    #[arg(long)]
    background: bool,
    /// Do not wait for the build: print its number and its page's address
    #[arg(long)]
    no_wait: bool,
    /// Print what became of it as JSON; the log goes to stderr
    #[arg(long)]
    json: bool,
    /// The most that a directory may hold
    #[arg(long, value_name = "SIZE", default_value = "1 GiB")]
    max_size: Size,
    /// The server's address [default: the one in the copr configuration file]
    #[arg(long)]
    url: Option<String>,
    /// The copr configuration file [default: $COPR_CONFIG, else ~/.config/copr]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Why it is not built, and the code that says so.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(super) struct Ended {
    why: String,
    code: u8,
}

impl Ended {
    /// The build has failed.
    fn failed(why: impl Into<String>) -> Ended {
        Ended { why: why.into(), code: 1 }
    }

    /// It was not even begun.
    fn refused(why: impl Into<String>) -> Ended {
        Ended { why: why.into(), code: 2 }
    }

    /// Somebody pressed Ctrl-C.
    fn interrupted(why: impl Into<String>) -> Ended {
        Ended { why: why.into(), code: 130 }
    }
}

impl From<ClientError> for Ended {
    fn from(error: ClientError) -> Ended {
        let code = match &error {
            ClientError::Unreachable { .. } | ClientError::Stranger { .. } => 3,
            ClientError::Config(_) => 6,
            _ => 2,
        };
        Ended { why: error.to_string(), code }
    }
}

impl From<ConfigError> for Ended {
    fn from(error: ConfigError) -> Ended {
        Ended { why: error.to_string(), code: 6 }
    }
}

/// The exit code for an error of [`run`]; `None` for others.
pub(super) fn code(error: &anyhow::Error) -> Option<u8> {
    error.downcast_ref::<Ended>().map(|ended| ended.code)
}

/// Builds.
pub(super) fn run(build: Build) -> anyhow::Result<()> {
    let interrupt = Interrupt::listen()?;
    let subject = Subject::of(&build.path, build.spec.as_deref(), &interrupt)?;
    if build.pack_source && !matches!(subject, Subject::Tree { .. }) {
        return Err(Ended::refused("--pack-source is for directories").into());
    }
    let connection = connect::open(build.url.as_deref(), build.config.as_deref())?;
    let (owner, project) = place(&build, &subject, &connection)?;
    let new = NewBuild {
        owner,
        project,
        chroots: build.chroots.clone(),
        timeout: build.timeout,
        enable_net: build.enable_net.as_deref().map(|word| word == "on"),
        background: build.background,
    };
    ensure_project(&build, &new, &connection)?;
    let id = hand_in(&build, &subject, &new, &connection, &interrupt)?;
    let page = format!("{}/coprs/build/{id}", connection.client.url());
    if build.no_wait {
        if build.json {
            return out::json(&connection.client.build_json(id)?);
        }
        return out::result(&format!("{id} {page}"));
    }
    let what = format!("build {id} of {} in {}/{}", subject.name(), new.owner, new.project);
    out::say(&format!("{what}: {page}"));
    let ended = follow::to_the_end(&connection.client, id, &what, build.json, &interrupt);
    if build.json
        && let Ok(mut shown) = connection.client.build_json(id)
    {
        let parts = connection.client.build_chroots(id).unwrap_or_default();
        let part = |part: &crate::client::BuildPart| json!({ "name": part.name, "state": part.state, "result_url": part.result_url });
        shown["build_chroots"] = parts.iter().map(part).collect();
        out::json(&shown)?;
    }
    Ok(ended?)
}

/// The project that is meant.
fn place(
    build: &Build,
    subject: &Subject,
    connection: &Connection,
) -> Result<(Owner, ProjectName), Ended> {
    let named = build.project.as_deref().unwrap_or_else(|| subject.name());
    let (owner, project) = split_name(named).map_err(|error| {
        let hint = if build.project.is_some() { "" } else { "; name a project with --project" };
        Ended::refused(format!("{error}{hint}"))
    })?;
    let own = || connection.client.username().cloned().map(Owner::User);
    let owner = owner.or_else(own).ok_or_else(|| {
        Ended::refused(format!(
            "whose project is '{project}'? Write --project OWNER/{project}, or put your username \
             into the copr configuration file"
        ))
    })?;
    Ok((owner, project))
}

/// Makes sure that the build will be taken before anything is sent, and makes the project if that
/// is wanted.
fn ensure_project(build: &Build, new: &NewBuild, at: &Connection) -> Result<(), Ended> {
    match at.client.build_check(new) {
        Err(ClientError::Refused { status: 404, .. }) => {}
        other => return other.map_err(|error| at.explain(error)),
    }
    let name = format!("{}/{}", new.owner, new.project);
    if build.create && !build.chroots.is_empty() {
        let parsed: Result<Vec<ChrootName>, _> =
            build.chroots.iter().map(|chroot| chroot.parse()).collect();
        let chroots = parsed.map_err(|error| Ended::refused(format!("{error}")))?;
        at.client
            .project_create(&new.owner, &new.project, &chroots)
            .map_err(|error| at.explain(error))?;
        out::say(&format!("made the project {name}"));
        return Ok(());
    }
    let offered: Vec<String> = at.client.chroot_list()?.into_keys().collect();
    let some = offered.first().map_or("CHROOT", String::as_str);
    if build.create {
        return Err(Ended::refused(format!(
            "for which chroots is {name} to be? Name them with --chroot: {}",
            offered.join(" ")
        )));
    }
    Err(Ended::refused(format!(
        "there is no project {name}: name another with --project, or have it made with --create \
         --chroot {some}"
    )))
}

/// Packs what is to be packed, and sends it.
fn hand_in(
    build: &Build,
    subject: &Subject,
    new: &NewBuild,
    at: &Connection,
    interrupt: &Interrupt,
) -> Result<i64, Ended> {
    let packed;
    let sources = match subject {
        Subject::File { path, .. } => Sources::File(path),
        Subject::Tree { dir, name, spec, files } => {
            packed = pack::pack(dir, files, build.max_size, interrupt)?;
            Sources::Tree { packed: &packed, name, spec, pack_source: build.pack_source }
        }
    };
    let token = interrupt.token();
    let sent = at.client.build_create(new, &sources, move || token.is_cancelled());
    match sent {
        Ok(build) => Ok(build.id),
        Err(_) if interrupt.came() => Err(Ended::interrupted("stopped; nothing was handed in")),
        Err(error) => Err(at.explain(error)),
    }
}
