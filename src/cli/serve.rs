//! `coprbox serve`: the server, put together.

use std::io;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use rocket::figment::Figment;
use rocket::{Build, Rocket};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{data_dir, first_start, out};
use crate::auth::attempts::Attempts;
use crate::config::Config;
use crate::http::body::BodyLimits;
use crate::http::door::Door;
use crate::http::files::ResultsTree;
use crate::ops::{App, disk, janitor, polling, statistics};
use crate::repo::Layout;
use crate::runner::builder::Builders;
use crate::runner::builder::mock::Mock;
use crate::runner::builder::sandbox::Sandbox;
use crate::runner::{Engine, Runner};
use crate::store::Store;
use crate::{api, http, web};

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
    make_rooms(&config).context("cannot make the data directory's rooms")?;
    let welcome = first_start::welcome(&store, &config)?;
    first_start::find_chroots(&store)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the server's threads")?;
    let outcome = runtime.block_on(serve(config, store.clone(), welcome));
    store.checkpoint()?;
    outcome
}

/// The directories that the server serves from and works in.
fn make_rooms(config: &Config) -> io::Result<()> {
    let layout = Layout::new(config.data_dir.clone(), config.base_url.clone());
    for room in [layout.results(), layout.uploads(), layout.work(), layout.trash()] {
        std::fs::create_dir_all(room)?;
    }
    Ok(())
}

async fn serve(
    config: Config,
    store: Store,
    welcome: Option<first_start::Welcome>,
) -> anyhow::Result<()> {
    let config = Arc::new(config);
    let stop = CancellationToken::new();
    let runner = Runner::default();
    let mock = Arc::new(Mock::new(config.runner.mock_user.clone()));
    let builders = builders(&config, Arc::clone(&mock));
    let engine = Engine::new(
        Arc::clone(&config),
        store.clone(),
        runner.clone(),
        builders.clone(),
        stop.clone(),
    );
    engine.recover().await.context("cannot put right what an earlier server left")?;
    let app = App { config: Arc::clone(&config), store, runner };
    let signals = Signals::listen()?;
    let mut chores = tokio::spawn({
        let (app, stop) = (app.clone(), stop.clone());
        async move {
            tokio::join!(
                janitor::run(app.clone(), stop.clone()),
                polling::run(app.clone(), stop.clone()),
                statistics::run(app.clone(), stop.clone()),
                disk::run(app, stop)
            )
        }
    });
    let door = Door::open(assemble(app, builders)?, config.listen).await?;
    if let Some(welcome) = welcome {
        welcome.print(&config)?;
    }
    out::say(&format!("listening on {}, reached as {}", door.address(), config.base_url));

    let mut engine = tokio::spawn(async move {
        // What mock separates here takes a moment to find out; builds say it, visitors do not wait.
        mock.probe().await;
        engine.run().await
    });
    let mut door = tokio::spawn(door.serve(stop.clone()));
    // If a part of the server ends by itself, all of it ends: no half-dead server.
    let mut chores_ended = None;
    let (engine_ended, door_ended) = tokio::select! {
        () = signals.any() => (None, None),
        outcome = &mut engine => (Some(outcome), None),
        outcome = &mut door => (None, Some(outcome)),
        outcome = &mut chores => {
            chores_ended = Some(outcome);
            (None, None)
        }
    };
    tracing::info!("stopping; builds under way go back into the queue");
    stop.cancel();
    let outcome = match engine_ended {
        Some(outcome) => outcome,
        None => engine.await,
    };
    match door_ended {
        Some(outcome) => outcome,
        None => door.await,
    }
    .context("the web server failed")?;
    match chores_ended {
        Some(outcome) => outcome,
        None => chores.await,
    }
    .context("what is done now and then has failed")?;
    outcome.context("the build engine failed")?.context("the build engine failed")
}

/// What tells the server to stop; heard from the moment this is made, so it is made before
/// anybody can connect.
struct Signals {
    term: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Signals> {
        let listen = |kind| signal(kind).context("cannot wait for signals");
        Ok(Signals {
            term: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn any(mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Everything that answers requests.
fn assemble(app: App, builders: Builders) -> anyhow::Result<Rocket<Build>> {
    let layout = app.layout();
    let results = layout.results();
    let tree = ResultsTree::open(&results)
        .with_context(|| format!("cannot open the results tree {}", results.display()))?;
    // In the scratch space, so that what a crash leaves there goes at the next start.
    let spool = layout.work().join("spool");
    std::fs::create_dir_all(&spool).with_context(|| format!("cannot make {}", spool.display()))?;
    let figment = Figment::from(rocket::Config::release_default())
        .merge(("log_level", "off"))
        // No proxy is trusted with saying who the client is.
        .merge(("ip_header", false));
    let rocket = rocket::custom(figment)
        .manage(app.store.clone())
        .manage(Attempts::default())
        .manage(BodyLimits::new(spool, app.config.uploads.max_size.0))
        .manage(builders)
        .manage(app)
        .mount("/results", tree);
    Ok(web::mount(api::mount(http::with_manners(rocket))))
}

/// The builders of this machine.
fn builders(config: &Config, mock: Arc<Mock>) -> Builders {
    Builders { mock, sandbox: Arc::new(Sandbox::new(&config.data_dir)) }
}
