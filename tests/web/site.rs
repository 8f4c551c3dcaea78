//! The pages of a hub, as a browser sees them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use coprbox::auth::attempts::Attempts;
use coprbox::auth::{password, session};
use coprbox::clock::Timestamp;
use coprbox::http::body::BodyLimits;
use coprbox::model::list::Slice;
use coprbox::model::user::User;
use coprbox::model::{BuildId, ChrootState, SourceState};
use coprbox::runner::builder::Builders;
use coprbox::runner::builder::mock::Mock;
use coprbox::store::{StoreError, build_chroots, builds, jobs, packages, projects, users};
use coprbox::{http, web};
use rocket::http::{Header, Method};
use rocket::local::blocking::Client;

use crate::hub::Hub;

/// A browser that remembers cookies, and the hub behind it.
pub struct Site {
    /// The hub; its API serves to put things there.
    pub hub: Hub,
    client: Client,
}

/// A page.
pub struct Page {
    /// The status.
    pub status: u16,
    /// The body.
    pub text: String,
    headers: BTreeMap<String, String>,
}

impl Page {
    /// A header; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The page holds this.
    #[track_caller]
    pub fn has(&self, wanted: &str) -> &Page {
        assert!(self.text.contains(wanted), "no {wanted:?} in {}", self.text);
        self
    }

    /// The page does not hold this.
    #[track_caller]
    pub fn lacks(&self, unwanted: &str) -> &Page {
        assert!(!self.text.contains(unwanted), "{unwanted:?} in {}", self.text);
        self
    }
}

impl Site {
    /// A fresh one.
    pub fn new() -> Site {
        let hub = Hub::new();
        let mock = Arc::new(Mock::new(None));
        let figment = rocket::Config::figment().merge(("log_level", "off"));
        let rocket = rocket::custom(figment)
            .manage(hub.app.store.clone())
            .manage(Attempts::default())
            .manage(BodyLimits::new(hub.dir().join("uploads"), 1 << 20))
            .manage(Builders { sandbox: mock.clone(), mock })
            .manage(hub.app.clone());
        let client = Client::tracked(web::mount(http::with_manners(rocket))).unwrap();
        Site { hub, client }
    }

    /// Sends a request with some headers; `form` is the body.
    pub fn send(&self, method: Method, path: &str, form: &str, headers: &[(&str, &str)]) -> Page {
        let mut request = self.client.req(method, path.to_owned());
        let has_kind = headers.iter().any(|(name, _)| *name == "Content-Type");
        if method == Method::Post && !has_kind {
            request.add_header(Header::new("Content-Type", "application/x-www-form-urlencoded"));
        }
        for (name, value) in headers {
            request.add_header(Header::new((*name).to_owned(), (*value).to_owned()));
        }
        let answer = request.body(form).dispatch();
        let status = answer.status().code;
        let headers = answer
            .headers()
            .iter()
            .map(|header| (header.name().to_string().to_lowercase(), header.value().to_owned()))
            .collect();
        Page { status, text: answer.into_string().unwrap_or_default(), headers }
    }

    /// Reads a page that is there.
    #[track_caller]
    pub fn page(&self, path: &str) -> Page {
        let page = self.get(path);
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        page
    }

    /// Reads whatever is there.
    pub fn get(&self, path: &str) -> Page {
        self.send(Method::Get, path, "", &[])
    }

    /// Sends a form.
    pub fn post(&self, path: &str, form: &str) -> Page {
        self.send(Method::Post, path, form, &[])
    }

    /// Sends a form with files: `(field, file name, text)`; no file name for plain fields.
    pub fn multipart(&self, path: &str, parts: &[(&str, &str, &str)]) -> Page {
        let mut body = String::new();
        for (field, file, text) in parts {
            body += &format!("--XX\r\nContent-Disposition: form-data; name=\"{field}\"");
            if !file.is_empty() {
                body += &format!("; filename=\"{file}\"");
            }
            body += &format!("\r\n\r\n{text}\r\n");
        }
        body += "--XX--\r\n";
        let kind = ("Content-Type", "multipart/form-data; boundary=XX");
        self.send(Method::Post, path, &body, &[kind])
    }

    /// Somebody of the hub's people.
    pub fn user(&self, name: &str) -> User {
        let name = name.parse().unwrap();
        self.hub.app.store.read_now(|db| users::find(db, &name)).unwrap().unwrap()
    }

    /// Gives a user a password.
    pub fn set_password(&self, name: &str, text: &str) {
        let (id, hash) = (self.user(name).id, password::hash(text).unwrap());
        self.hub.app.store.write_now(|tx| users::set_password_hash(tx, id, &hash)).unwrap();
    }

    /// A one-time link for a user, as a path.
    pub fn login_link(&self, name: &str) -> String {
        let id = self.user(name).id;
        let issue = |tx: &_| session::issue_link(tx, id, Timestamp::now());
        let secret = self.hub.app.store.write_now(|tx| issue(tx)).unwrap();
        format!("/login/once/{secret}")
    }

    /// Logs the browser in.
    pub fn log_in(&self, name: &str) {
        assert_eq!(self.post(&self.login_link(name), "").status, 303);
    }

    /// A build of alice's project `tools` whose source package is there; its first chroot is in
    /// this state. The answer is its number and where its log goes.
    pub fn build(&self, state: ChrootState) -> (i64, PathBuf) {
        let store = &self.hub.app.store;
        let found = store
            .read_now(|db| projects::find(db, &"alice".parse().unwrap(), &"tools".parse().unwrap()))
            .unwrap();
        if found.is_none() {
            self.hub.project("tools");
        }
        let id = BuildId(self.hub.build("tools"));
        store.write_now(|tx| advance(tx, id, state)).unwrap();
        let dir = self.hub.dir().join("results/alice/tools/fedora-42-x86_64");
        let dir = dir.join(format!("{}-hello", id.padded()));
        std::fs::create_dir_all(&dir).unwrap();
        (id.0, dir.join("builder-live.log"))
    }
}

/// Does to the tables what the engine would.
fn advance(
    tx: &coprbox::store::Connection,
    id: BuildId,
    state: ChrootState,
) -> Result<(), StoreError> {
    jobs::withdraw(tx, id)?;
    let build = builds::get(tx, id)?.unwrap();
    let name = "hello".parse().unwrap();
    let package = packages::find_or_insert(tx, build.project_id, &name, &build.source)?;
    builds::set_source_state(tx, id, SourceState::Starting, None)?;
    builds::set_package(tx, id, package.id, "2.12-1", Some("hello-2.12-1.src.rpm"))?;
    builds::set_source_state(tx, id, SourceState::Succeeded, None)?;
    let key = coprbox::model::job::RepoKey {
        dir: build.dir_id,
        chroot: coprbox::store::chroots::find(tx, &"fedora-42-x86_64".parse().unwrap())?
            .unwrap()
            .id,
    };
    if build_chroots::list(tx, id, Slice::default())?.is_empty() {
        build_chroots::insert(tx, id, key, ChrootState::Pending)?;
    }
    let chroot = build_chroots::list(tx, id, Slice::default())?.remove(0).id;
    build_chroots::set_state(tx, chroot, ChrootState::Starting, None)?;
    build_chroots::set_result_dir(tx, chroot, &format!("{}-hello", id.padded()))?;
    let message = (state == ChrootState::Failed).then_some("rpmbuild <failed>");
    build_chroots::set_state(tx, chroot, state, message)?;
    Ok(())
}
