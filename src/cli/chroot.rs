//! `coprbox chroot`.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::{data_dir, out};
use crate::config::Config;
use crate::model::ChrootName;
use crate::model::chroot::{Chroot, ChrootRecipe};
use crate::ops::chroots;
use crate::store::Store;

/// What can be done with chroots.
#[derive(Subcommand)]
pub(super) enum Command {
    /// List all chroots
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Add a chroot
    Add(Add),
    /// Let projects use a chroot
    Enable {
        /// The chroots
        #[arg(required = true)]
        names: Vec<ChrootName>,
    },
    /// Let no project use a chroot any longer
    Disable {
        /// The chroots
        #[arg(required = true)]
        names: Vec<ChrootName>,
    },
}

/// `chroot add`.
#[derive(Args)]
pub(super) struct Add {
    /// Its name: DISTRIBUTION-VERSION-ARCH
    name: ChrootName,
    /// Who makes it
    #[arg(long)]
    builder: Builder,
    /// The configuration file of mock [default: /etc/mock/NAME.cfg]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["repos", "install"])]
    config: Option<PathBuf>,
    /// A repository to make it from (sandbox); may be given several times
    #[arg(long = "repo", value_name = "URL")]
    repos: Vec<String>,
    /// A package or group to put into it (sandbox); may be given several times
    /// (default: @buildsys-build)
    #[arg(long, value_name = "SPEC")]
    install: Vec<String>,
    /// What to say about it where a chroot is chosen
    #[arg(long, default_value = "", value_name = "TEXT", hide_default_value = true)]
    comment: String,
}

/// The builders.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Builder {
    /// mock, which must be installed
    Mock,
    /// The embedded one: dnf and bubblewrap
    Sandbox,
}

/// A chroot as programs read it.
#[derive(Serialize)]
struct View<'a> {
    name: &'a ChrootName,
    active: bool,
    comment: &'a str,
    #[serde(flatten)]
    recipe: &'a ChrootRecipe,
}

impl View<'_> {
    fn of(chroot: &Chroot) -> View<'_> {
        let Chroot { name, recipe, comment, active, .. } = chroot;
        View { name, active: *active, comment, recipe }
    }
}

pub(super) fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    let store = data_dir::store(config)?;
    match command {
        Command::List { json } => list(&store.read_now(crate::store::chroots::list)?, json),
        Command::Add(add) => {
            let (name, comment) = (add.name.clone(), add.comment.clone());
            let recipe = recipe(add)?;
            store.write_now(|tx| chroots::add(tx, &name, &recipe, &comment))?;
            out::say(&format!("added the chroot {name}"));
            Ok(())
        }
        Command::Enable { names } => switch(&store, &names, true, config),
        Command::Disable { names } => switch(&store, &names, false, config),
    }
}

fn recipe(add: Add) -> anyhow::Result<ChrootRecipe> {
    match add.builder {
        Builder::Mock => {
            let usual = || PathBuf::from(format!("/etc/mock/{}.cfg", add.name));
            let config = std::path::absolute(add.config.unwrap_or_else(usual))?;
            if !add.repos.is_empty() || !add.install.is_empty() {
                bail!("mock's repositories and packages are in its configuration file");
            }
            Ok(ChrootRecipe::Mock { config })
        }
        Builder::Sandbox if add.config.is_some() => bail!(
            "'--config' after 'chroot add' is the file of mock; the configuration of coprbox \
             itself stands before the command"
        ),
        Builder::Sandbox => {
            let usual = || vec![ChrootRecipe::DEFAULT_INSTALL.to_owned()];
            let install = if add.install.is_empty() { usual() } else { add.install };
            Ok(ChrootRecipe::Sandbox { repos: add.repos, install })
        }
    }
}

fn switch(
    store: &Store,
    names: &[ChrootName],
    active: bool,
    config: &Config,
) -> anyhow::Result<()> {
    let word = if active { "enabled" } else { "disabled" };
    let stay = config.cleanup.retired_chroots();
    for name in names {
        if store.write_now(|tx| chroots::set_active(tx, name, active, stay))? {
            out::say(&format!("{word} the chroot {name}"));
            if let (false, Some(_)) = (active, stay) {
                let days = config.cleanup.eol_days;
                out::say(&format!(
                    "what projects have built in it is removed in {days} days, unless it is enabled \
                     again before"
                ));
            }
        } else {
            out::say(&format!("the chroot {name} was {word} already"));
        }
    }
    Ok(())
}

fn list(chroots: &[Chroot], json: bool) -> anyhow::Result<()> {
    if json {
        return out::json(&chroots.iter().map(View::of).collect::<Vec<_>>());
    }
    let row = |chroot: &Chroot| {
        let state = if chroot.active { "enabled" } else { "disabled" };
        let origin = match &chroot.recipe {
            ChrootRecipe::Mock { config } => config.display().to_string(),
            ChrootRecipe::Sandbox { repos, .. } => repos.join(" "),
        };
        let builder = chroot.recipe.builder().to_owned();
        [chroot.name.to_string(), state.to_owned(), builder, origin]
    };
    out::table(&chroots.iter().map(row).collect::<Vec<_>>())
}
