//! `coprbox token`.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{data_dir, out};
use crate::auth::token::{self, NewToken};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::model::{TokenId, UserName};
use crate::ops::{Error, Result, accounts};
use crate::store::tokens;

/// What can be done with API tokens.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a token; prints a configuration file for copr-cli
    New(New),
    /// List a user's tokens
    List {
        /// The user
        user: UserName,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Forget a token, which is refused from then on
    Revoke {
        /// Its number, as 'token list' shows it
        id: TokenId,
    },
}

/// `token new`.
#[derive(Args)]
pub(super) struct New {
    /// Whose it is to be
    user: UserName,
    /// What to call it
    #[arg(long, default_value = "copr-cli", value_name = "LABEL")]
    name: String,
    /// For how many days it counts [default: the setting tokens.days]
    #[arg(long)]
    days: Option<u16>,
    /// The last day on which it counts, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = last_day, conflicts_with = "days")]
    expires: Option<Timestamp>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A new token as programs read it.
#[derive(Serialize)]
struct NewView<'a> {
    id: TokenId,
    login: &'a str,
    username: &'a UserName,
    token: &'a str,
    copr_url: &'a str,
    expiration: String,
}

/// A token as programs read it.
#[derive(Serialize)]
struct View {
    id: TokenId,
    name: String,
    login: String,
    created_on: Timestamp,
    expiration: String,
    last_used_on: Option<Timestamp>,
}

pub(super) fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    let store = data_dir::store(config)?;
    match command {
        Command::New(new) => {
            let now = Timestamp::now();
            let days = new.days.unwrap_or(config.tokens.days);
            let expires_on = new.expires.unwrap_or_else(|| token::expiry(now, days));
            let made = store.write_now(|tx| {
                let user = accounts::user(tx, &new.user)?;
                Ok::<_, Error>(token::issue(tx, user.id, &new.name, expires_on, now)?)
            })?;
            print(&made, &new, config)
        }
        Command::List { user, json } => {
            let found = store.read_now(|db| {
                let user = accounts::user(db, &user)?;
                Ok::<_, Error>(tokens::of_user(db, user.id)?)
            })?;
            list(found.into_iter().map(View::from).collect(), json)
        }
        Command::Revoke { id } => {
            store.write_now(|tx| {
                if tokens::get(tx, id)?.is_none() {
                    return Err(Error::NotFound(format!("there is no token {id}")));
                }
                Result::Ok(tokens::delete(tx, id)?)
            })?;
            out::say(&format!("the token {id} is refused from now on"));
            Ok(())
        }
    }
}

impl From<crate::model::user::Token> for View {
    fn from(token: crate::model::user::Token) -> View {
        let expiration = token.last_day();
        View {
            id: token.id,
            name: token.label,
            login: token.login,
            created_on: token.created_on,
            expiration,
            last_used_on: token.last_used_on,
        }
    }
}

/// The end of the day that `text` names.
fn last_day(text: &str) -> std::result::Result<Timestamp, String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    let day = time::Date::parse(text, format)
        .map_err(|_| "write a day like 2030-12-31: year, month, day".to_owned())?;
    Ok(token::expiry(Timestamp(day.midnight().assume_utc().unix_timestamp()), 0))
}

fn print(made: &NewToken, new: &New, config: &Config) -> anyhow::Result<()> {
    if new.json {
        return out::json(&NewView {
            id: made.token.id,
            login: &made.token.login,
            username: &new.user,
            token: &made.secret,
            copr_url: config.base_url.as_str(),
            expiration: made.token.last_day(),
        });
    }
    out::say("write this into ~/.config/copr; the token is not shown again");
    out::result(made.client_config(&new.user, &config.base_url).trim_end())
}

fn list(views: Vec<View>, json: bool) -> anyhow::Result<()> {
    if json {
        return out::json(&views);
    }
    let row = |view: &View| {
        let used = view
            .last_used_on
            .map_or("never used".to_owned(), |used| format!("last used {}", used.date()));
        [view.id.to_string(), view.name.clone(), format!("until {}", view.expiration), used]
    };
    out::table(&views.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_end_at_midnight() {
        assert_eq!(last_day("1970-01-01"), Ok(Timestamp(86_400)));
        assert_eq!(last_day("2001-01-01"), Ok(Timestamp(978_393_600)));
        for bad in ["", "2001", "2001-13-01", "2001-02-30", "01-01-2001", "2001-01-01x"] {
            assert!(last_day(bad).is_err(), "{bad}");
        }
    }
}
