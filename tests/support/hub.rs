//! A server without an engine, in the test's own process and on a directory of its own.

use std::sync::Arc;

use coprbox::auth::attempts::Attempts;
use coprbox::auth::token;
use coprbox::clock::Timestamp;
use coprbox::config::Config;
use coprbox::http::body::BodyLimits;
use coprbox::model::chroot::ChrootRecipe;
use coprbox::ops::App;
use coprbox::runner::Runner;
use coprbox::runner::builder::Builders;
use coprbox::runner::builder::mock::Mock;
use coprbox::store::{Store, StoreError, chroots, groups, users};
use rocket::http::{ContentType, Header, Method};
use rocket::local::blocking::Client;
use serde_json::Value;

#[path = "plans.rs"]
mod plans;

/// The chroots that every hub offers; the last one is switched off.
pub const CHROOTS: [&str; 5] =
    ["fedora-42-x86_64", "fedora-42-i386", "fedora-43-x86_64", "epel-9-x86_64", "fedora-40-x86_64"];

/// A hub with alice, who is its admin, bob, who belongs to the group crew, and eve.
pub struct Hub {
    /// What operations work on.
    pub app: App,
    client: Client,
    basic: Vec<(String, String)>,
    _plans: plans::Watch,
    dir: tempfile::TempDir,
}

/// An answer.
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its body: JSON, or the text.
    pub body: Value,
    /// Its headers.
    pub headers: Vec<(String, String)>,
}

impl Reply {
    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// The text of an error with this status.
    #[track_caller]
    pub fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        self.body["error"].as_str().expect("`error` is a text").to_owned()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl Hub {
    /// A fresh one.
    pub fn new() -> Hub {
        Hub::with(|_| ())
    }

    /// A fresh one with other settings.
    pub fn with(change: impl FnOnce(&mut Config)) -> Hub {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::in_data_dir(dir.path()).unwrap();
        change(&mut config);
        config.runner.slots = 0;
        config.base_url = "http://hub.test:5000".parse().unwrap();
        let spool = dir.path().join("uploads");
        std::fs::create_dir_all(&spool).unwrap();
        let (store, plans) = plans::open(&config.database());
        let basic = people(&store);
        let limits = BodyLimits::new(spool, 1 << 20);
        let app = App { config: Arc::new(config), store, runner: Runner::default() };
        let figment = rocket::Config::figment().merge(("log_level", "off"));
        let mock = Arc::new(Mock::new(None));
        let builders = Builders { sandbox: mock.clone(), mock };
        let rocket = rocket::custom(figment)
            .manage(app.store.clone())
            .manage(Arc::clone(&app.config))
            .manage(Attempts::default())
            .manage(builders)
            .manage(app.clone())
            .manage(limits);
        let rocket = coprbox::web::mount(coprbox::api::mount(rocket));
        let client = Client::untracked(rocket).unwrap();
        Hub { app, client, basic, _plans: plans, dir }
    }

    /// Where it keeps its things.
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Sends a request with any body, as `who` or, for "", as nobody; `login:secret` is sent as it is.
    pub fn send(&self, who: &str, method: Method, path: &str, kind: &str, body: &[u8]) -> Reply {
        self.send_with(&[], who, method, path, kind, body)
    }

    /// [`Hub::send`] with further headers.
    pub fn send_with(
        &self,
        headers: &[(&'static str, String)],
        who: &str,
        method: Method,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> Reply {
        let mut request = self.client.req(method, path.to_owned());
        for (name, value) in headers {
            request.add_header(Header::new(*name, value.clone()));
        }
        if let Some((_, basic)) = self.basic.iter().find(|(name, _)| name == who) {
            request.add_header(Header::new("Authorization", basic.clone()));
        } else if who.contains(':') {
            request.add_header(Header::new("Authorization", format!("Basic {}", base64(who))));
        }
        if !kind.is_empty() {
            request.add_header(Header::new("Content-Type", kind.to_owned()));
        }
        let answer = request.body(body).dispatch();
        let status = answer.status().code;
        let pair = |header: Header<'_>| (header.name().to_string(), header.value().to_owned());
        let headers = answer.headers().iter().map(pair).collect();
        let is_json = answer.content_type() == Some(ContentType::JSON);
        let text = answer.into_string().unwrap_or_default();
        let body = if is_json && method != Method::Head {
            serde_json::from_str(&text).unwrap()
        } else {
            Value::String(text)
        };
        Reply { status, body, headers }
    }

    /// Reads, as nobody.
    pub fn get(&self, path: &str) -> Reply {
        self.send("", Method::Get, path, "", b"")
    }

    /// Sends JSON.
    pub fn json(&self, who: &str, method: Method, path: &str, body: Value) -> Reply {
        self.send(who, method, path, "application/json", body.to_string().as_bytes())
    }

    /// Sends JSON with POST.
    pub fn post(&self, who: &str, path: &str, body: Value) -> Reply {
        self.json(who, Method::Post, path, body)
    }

    /// Sends a multipart form: `(field, file name, text)`; no file name for plain fields.
    pub fn multipart(&self, who: &str, path: &str, parts: &[(&str, &str, &str)]) -> Reply {
        let mut body = String::new();
        for (field, file, text) in parts {
            body += &format!("--XX\r\nContent-Disposition: form-data; name=\"{field}\"");
            if !file.is_empty() {
                body += &format!("; filename=\"{file}\"");
            }
            body += if *field == "json" { "\r\nContent-Type: application/json" } else { "" };
            body += &format!("\r\n\r\n{text}\r\n");
        }
        body += "--XX--\r\n";
        let kind = "multipart/form-data; boundary=XX";
        self.send(who, Method::Post, path, kind, body.as_bytes())
    }

    /// A project of alice's in two chroots.
    pub fn project(&self, name: &str) -> Value {
        let body = serde_json::json!({
            "name": name, "chroots": ["fedora-42-x86_64", "fedora-43-x86_64"],
        });
        self.post("alice", "/api_3/project/add/alice", body).ok()
    }

    /// A build of alice's project, from an address.
    pub fn build(&self, project: &str) -> i64 {
        let body = serde_json::json!({
            "ownername": "alice", "projectname": project, "pkgs": ["http://h/a-1-1.src.rpm"],
        });
        let made = self.post("alice", "/api_3/build/create/url", body).ok();
        made["items"][0]["id"].as_i64().unwrap()
    }
}

/// Adds the people, and tells their `Authorization` headers.
fn people(store: &Store) -> Vec<(String, String)> {
    let now = Timestamp::now();
    store
        .write_now(|tx| {
            let mut basic = Vec::new();
            for (name, admin) in [("alice", true), ("bob", false), ("eve", false)] {
                let user = users::insert(tx, &name.parse().unwrap(), None, admin, now)?;
                let new = token::issue(tx, user, "", token::expiry(now, 1), now)?;
                let pair = format!("{}:{}", new.token.login, new.secret);
                basic.push((name.to_owned(), format!("Basic {}", base64(&pair))));
                if name == "bob" {
                    let crew = groups::insert(tx, &"crew".parse().unwrap(), now)?;
                    groups::add_member(tx, crew, user)?;
                }
            }
            for name in CHROOTS {
                let recipe = ChrootRecipe::Sandbox { repos: vec![], install: vec![] };
                let active = name != CHROOTS[4];
                chroots::insert(tx, &name.parse().unwrap(), &recipe, "", active)?;
            }
            Ok::<_, StoreError>(basic)
        })
        .unwrap()
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut coded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..=chunk.len() {
            coded.push(char::from(DIGITS[(word >> (18 - 6 * place)) as usize & 63]));
        }
    }
    coded
}
