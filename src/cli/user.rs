//! `coprbox user`.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::password::{self, Given};
use super::{data_dir, out};
use crate::auth;
use crate::auth::session::{self, LINK_LIFETIME};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::model::user::User;
use crate::model::{GroupName, UserName};
use crate::ops::Result;
use crate::ops::accounts::{self, UserEdit};
use crate::store::{Connection, groups, users};

/// What can be done with accounts.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Add an account; without a password it prints a one-time link to log in with
    Add(Add),
    /// List all accounts
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Change an account
    Edit(Edit),
    /// Disable an account: no log-in, no tokens
    Disable {
        /// The account
        name: UserName,
    },
    /// Let a disabled account in again
    Enable {
        /// The account
        name: UserName,
    },
    /// Set a password, or print a one-time link to log in with
    Password {
        /// The account
        name: UserName,
        /// Take the password from the first line of stdin
        #[arg(long)]
        password_stdin: bool,
    },
}

/// `user add`.
#[derive(Args)]
pub(super) struct Add {
    /// The login name
    name: UserName,
    /// May do everything on this server
    #[arg(long)]
    admin: bool,
    /// The e-mail address
    #[arg(long)]
    email: Option<String>,
    /// Take the password from the first line of stdin
    #[arg(long)]
    password_stdin: bool,
}

/// `user edit`.
#[derive(Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true)))]
pub(super) struct Edit {
    /// The account
    name: UserName,
    /// The e-mail address; an empty one takes it away
    #[arg(long, group = "change")]
    email: Option<String>,
    /// May do everything on this server
    #[arg(long, group = "change", conflicts_with = "no_admin")]
    admin: bool,
    /// May do what ordinary users may
    #[arg(long, group = "change")]
    no_admin: bool,
}

/// A user as programs read it.
#[derive(Serialize)]
struct View {
    name: UserName,
    email: Option<String>,
    admin: bool,
    disabled: bool,
    groups: Vec<GroupName>,
    created_on: Timestamp,
}

pub(super) fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    let store = data_dir::store(config)?;
    let disable = |name: &UserName, disabled: bool| {
        let edit = UserEdit { disabled: Some(disabled), ..UserEdit::default() };
        store.write_now(|tx| accounts::edit_user(tx, name, edit))
    };
    match command {
        Command::Add(add) => {
            let hash = hash(password::read(add.password_stdin)?)?;
            let now = Timestamp::now();
            let link = store.write_now(|tx| {
                let user = accounts::add_user(tx, &add.name, add.email.as_deref(), add.admin, now)?;
                admit(tx, &user, hash.as_deref(), now)
            })?;
            out::say(&format!("added the user {}", add.name));
            print_link(link, config)
        }
        Command::List { json } => list(&store.read_now(views)?, json),
        Command::Edit(edit) => {
            let admin = (edit.admin || edit.no_admin).then_some(edit.admin);
            let change = UserEdit { email: edit.email, admin, disabled: None };
            store.write_now(|tx| accounts::edit_user(tx, &edit.name, change))?;
            out::say(&format!("changed the user {}", edit.name));
            Ok(())
        }
        Command::Disable { name } => {
            disable(&name, true)?;
            out::say(&format!("disabled the user {name}; tokens and sessions are refused"));
            Ok(())
        }
        Command::Enable { name } => {
            disable(&name, false)?;
            out::say(&format!("enabled the user {name}"));
            Ok(())
        }
        Command::Password { name, password_stdin } => {
            store.read_now(|db| accounts::user(db, &name))?;
            let hash = hash(password::read(password_stdin)?)?;
            let now = Timestamp::now();
            let link = store.write_now(|tx| {
                let user = accounts::user(tx, &name)?;
                admit(tx, &user, hash.as_deref(), now)
            })?;
            if link.is_none() {
                out::say(&format!("set the password of {name}"));
            }
            print_link(link, config)
        }
    }
}

fn hash(given: Given) -> anyhow::Result<Option<String>> {
    match given {
        Given::Password(password) => Ok(Some(auth::password::hash(&password)?)),
        Given::Nothing => Ok(None),
    }
}

/// Sets the password; without one, makes a link, whose secret is the answer.
fn admit(
    tx: &Connection,
    user: &User,
    hash: Option<&str>,
    now: Timestamp,
) -> Result<Option<String>> {
    match hash {
        Some(hash) => accounts::set_password(tx, user, hash).map(|()| None),
        None => Ok(Some(session::issue_link(tx, user.id, now)?)),
    }
}

fn print_link(secret: Option<String>, config: &Config) -> anyhow::Result<()> {
    let Some(secret) = secret else { return Ok(()) };
    let minutes = LINK_LIFETIME.as_secs() / 60;
    out::say(&format!("log in with this link, once and within {minutes} minutes:"));
    out::result(&session::link_url(&config.base_url, &secret))
}

fn views(db: &Connection) -> Result<Vec<View>> {
    const PAGE: u32 = 1000;
    let mut views: Vec<View> = Vec::new();
    loop {
        let page = users::list(db, views.last().map(|view| &view.name), PAGE)?;
        let is_last = page.len() < PAGE as usize;
        for user in page {
            let groups = groups::of_user(db, user.id)?;
            views.push(View {
                name: user.name,
                email: user.email,
                admin: user.admin,
                disabled: user.disabled,
                groups: groups.into_iter().map(|group| group.name).collect(),
                created_on: user.created_on,
            });
        }
        if is_last {
            return Ok(views);
        }
    }
}

fn list(views: &[View], json: bool) -> anyhow::Result<()> {
    if json {
        return out::json(&views);
    }
    let row = |view: &View| {
        let groups: Vec<String> = view.groups.iter().map(|group| format!("@{group}")).collect();
        let mut words = groups;
        words.extend(view.admin.then(|| "admin".to_owned()));
        words.extend(view.disabled.then(|| "disabled".to_owned()));
        [view.name.to_string(), view.email.clone().unwrap_or_default(), words.join(" ")]
    };
    out::table(&views.iter().map(row).collect::<Vec<_>>())
}
