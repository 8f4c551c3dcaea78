//! `coprbox group`.

use clap::Subcommand;
use serde::Serialize;

use super::{data_dir, out};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::model::{GroupName, UserName};
use crate::ops::{Error, accounts};
use crate::store::groups;

/// What can be done with groups.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a group
    Add {
        /// Its name, without the @
        name: GroupName,
        /// A user in it; may be given several times
        #[arg(long = "member", value_name = "USER")]
        members: Vec<UserName>,
    },
    /// List all groups and who is in them
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Change who is in a group, and list the members
    Members {
        /// The group
        name: GroupName,
        /// A user to take in; may be given several times
        #[arg(long, value_name = "USER")]
        add: Vec<UserName>,
        /// A user to take out; may be given several times
        #[arg(long, value_name = "USER")]
        remove: Vec<UserName>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// A group as programs read it.
#[derive(Serialize)]
struct View {
    name: GroupName,
    members: Vec<UserName>,
}

pub(super) fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    let store = data_dir::store(config)?;
    match command {
        Command::Add { name, members } => {
            store.write_now(|tx| accounts::add_group(tx, &name, &members, Timestamp::now()))?;
            out::say(&format!("added the group @{name}"));
            Ok(())
        }
        Command::List { json } => {
            let views: Vec<View> = store.read_now(|db| {
                let view = |group: crate::model::user::Group| {
                    let members = groups::members(db, group.id)?;
                    let members = members.into_iter().map(|user| user.name).collect();
                    Ok::<_, Error>(View { name: group.name, members })
                };
                groups::list(db)?.into_iter().map(view).collect()
            })?;
            list(&views, json)
        }
        Command::Members { name, add, remove, json } => {
            let members =
                store.write_now(|tx| accounts::change_members(tx, &name, &add, &remove))?;
            let members: Vec<UserName> = members.into_iter().map(|user| user.name).collect();
            if json {
                return out::json(&members);
            }
            members.iter().try_for_each(|member| out::result(member.as_str()))
        }
    }
}

fn list(views: &[View], json: bool) -> anyhow::Result<()> {
    if json {
        return out::json(&views);
    }
    let row = |view: &View| {
        let members: Vec<&str> = view.members.iter().map(UserName::as_str).collect();
        [format!("@{}", view.name), members.join(" ")]
    };
    out::table(&views.iter().map(row).collect::<Vec<_>>())
}
