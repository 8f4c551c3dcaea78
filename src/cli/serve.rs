//! `coprbox serve`.

use anyhow::Context;
use clap::Args;
use rocket::figment::Figment;

use super::{data_dir, first_start, out};
use crate::auth::attempts::Attempts;
use crate::config::Config;

/// What can be said to the server on the command line; all else is in the configuration file.
#[derive(Args)]
#[command(after_help = settings())]
pub(super) struct Serve {
    /// Address and port of the server [default: 127.0.0.1:5000]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) listen: Option<String>,
    /// Where clients reach it [default: http:// and the address]
    #[arg(long, value_name = "URL")]
    pub(super) base_url: Option<String>,
}

/// All keys of the configuration file, for `--help`.
fn settings() -> String {
    let mut text =
        "Settings, in the configuration file or as variables (COPRBOX_RUNNER_SLOTS=4):\n"
            .to_owned();
    for key in crate::config::KEYS {
        text.push_str(&format!("  {} = {}\n      {}\n", key.name, key.default, key.doc));
    }
    text
}

/// Runs the server until it is told to stop.
pub(super) fn run(config: Config) -> anyhow::Result<()> {
    let _lock = data_dir::lock(&config)?;
    let store = data_dir::store(&config)?;
    let welcome = first_start::welcome(&store, &config)?;
    if let Some(welcome) = welcome {
        welcome.print(&config)?;
    }
    first_start::find_chroots(&store)?;
    let figment = Figment::from(rocket::Config::release_default())
        .merge(("address", config.listen.ip()))
        .merge(("port", config.listen.port()))
        .merge(("log_level", "off"));
    out::say(&format!("listening on {}, reached as {}", config.listen, config.base_url));
    let server = rocket::custom(figment)
        .manage(store.clone())
        .manage(config)
        .manage(Attempts::default())
        .launch();
    rocket::execute(server).map_err(|error| anyhow::anyhow!("{error}")).context("the server")?;
    store.checkpoint()?;
    Ok(())
}
