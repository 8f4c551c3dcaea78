// A server for the examples in the documentation of `coprbox::client`, which include this file as
// a module: nothing of it is shown, and everything that is shown runs. No engine runs behind it,
// so what is queued stays queued. (No `//!` here: an included file cannot have it.)

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use coprbox::auth::attempts::Attempts;
use coprbox::auth::{password, token};
use coprbox::client::CoprClient;
use coprbox::clock::Timestamp;
use coprbox::config::Config;
use coprbox::http::body::BodyLimits;
use coprbox::http::door::Door;
use coprbox::model::chroot::ChrootRecipe;
use coprbox::model::source::SourceSpec;
use coprbox::ops::{App, projects};
use coprbox::runner::Runner;
use coprbox::store::{Store, StoreError, chroots, packages, users};
use tokio_util::sync::CancellationToken;

/// A server with the users `fedorian`, whose password is `mysecret`, and `helper`; it goes away
/// with the value.
pub struct Hub {
    url: String,
    token: (String, String),
    store: Store,
    dir: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

pub fn start() -> Hub {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::in_data_dir(dir.path()).unwrap();
    config.runner.slots = 0;
    config.base_url = "https://copr.example.org".parse().unwrap();
    let spool = dir.path().join("uploads");
    std::fs::create_dir_all(&spool).unwrap();
    let store = Store::open(&config.database()).unwrap();
    let token = fill(&store);
    let app = App { config: Arc::new(config), store: store.clone(), runner: Runner::default() };
    let rocket = rocket::custom(rocket::Config::figment().merge(("log_level", "off")))
        .manage(store.clone())
        .manage(Attempts::default())
        .manage(app)
        .manage(BodyLimits::new(spool, 1 << 20));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let door = runtime.block_on(Door::open(coprbox::api::mount(rocket), any)).unwrap();
    let url = format!("http://{}", door.address());
    runtime.spawn(door.serve(CancellationToken::new()));
    Hub { url, token, store, dir, _runtime: runtime }
}

fn fill(store: &Store) -> (String, String) {
    let hash = password::hash("mysecret").unwrap();
    let now = Timestamp::now();
    let filled = store.write_now(|tx| {
        let fedorian = users::insert(tx, &"fedorian".parse().unwrap(), None, false, now)?;
        users::set_password_hash(tx, fedorian, &hash)?;
        users::insert(tx, &"helper".parse().unwrap(), None, false, now)?;
        for name in ["fedora-42-x86_64", "fedora-43-x86_64"] {
            let recipe = ChrootRecipe::Sandbox { repos: vec![], install: vec![] };
            chroots::insert(tx, &name.parse().unwrap(), &recipe, "", true)?;
        }
        let new = token::issue(tx, fedorian, "", token::expiry(now, 1), now)?;
        Ok::<_, StoreError>((new.token.login, new.secret))
    });
    filled.unwrap()
}

#[allow(dead_code, reason = "no example needs all of it")]
impl Hub {
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn login(&self) -> &str {
        &self.token.0
    }

    pub fn token(&self) -> &str {
        &self.token.1
    }

    /// A client for fedorian.
    pub fn client(&self) -> CoprClient {
        CoprClient::with_token(&self.url, Some("fedorian"), self.login(), self.token()).unwrap()
    }

    /// A copr configuration file of fedorian's.
    pub fn config_file(&self) -> PathBuf {
        let path = self.dir.path().join("copr");
        let (login, token) = &self.token;
        let text = format!(
            "[copr-cli]\nlogin = {login}\nusername = fedorian\ntoken = {token}\ncopr_url = {}\n",
            self.url
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Adds a package without builds to a copr of fedorian's.
    pub fn add_pkg(&self, copr: &str, pkg: &str) {
        let added = self.store.write_now(|tx| {
            let project = projects::find(tx, "fedorian", copr)?;
            let name = pkg.parse()?;
            packages::find_or_insert(tx, project.id, &name, &SourceSpec::Unset)?;
            Ok::<_, coprbox::ops::Error>(())
        });
        added.unwrap();
    }

    /// An SRPM; `None` where rpmbuild is not installed.
    pub fn srpm(&self, name: &str) -> Option<PathBuf> {
        let spec = format!(
            "Name: {name}\nVersion: 1.0\nRelease: 1\nSummary: s\nLicense: MIT\n%description\nd\n"
        );
        std::fs::write(self.dir.path().join("it.spec"), spec).unwrap();
        let made = std::process::Command::new("rpmbuild")
            .args(["-bs", "it.spec", "--define", "_srcrpmdir ."])
            .current_dir(self.dir.path())
            .output();
        let is_made = made.is_ok_and(|output| output.status.success());
        is_made.then(|| self.dir.path().join(format!("{name}-1.0-1.src.rpm")))
    }
}
