//! Polling: local repositories and a local server play what is upstream.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coprbox::clock::Timestamp;
use coprbox::model::delivery::{Delivery, Forge};
use coprbox::model::list::Slice;
use coprbox::model::source::{Committish, SourceSpec};
use coprbox::model::{BuildId, PackageId, ProjectId};
use coprbox::ops::{App, polling};
use coprbox::store::{builds, deliveries, polls};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;

const HOUR: Duration = Duration::from_hours(1);

/// A project on a server that may go anywhere, and a clock.
struct Polled {
    hub: Hub,
    id: i64,
    now: Timestamp,
}

impl Polled {
    fn new(index: &str) -> Polled {
        let index = index.to_owned();
        let hub = Hub::with(|config| {
            config.sources.allow_file_urls = true;
            config.sources.allow_private_addresses = true;
            config.polling.pypi.clone_from(&index);
            config.polling.rubygems = format!("{index}/");
        });
        let id = hub.project("tools")["id"].as_i64().unwrap();
        Polled { hub, id, now: Timestamp::now() }
    }

    fn app(&self) -> &App {
        &self.hub.app
    }

    fn package(&self, name: &str, kind: &str, fields: Value) {
        let path = format!("/api_3/package/add/alice/tools/{name}/{kind}");
        self.hub.post("alice", &path, fields).ok();
    }

    fn git(&self, name: &str, repo: &Path) {
        let fields = json!({
            "clone_url": format!("file://{}", repo.display()), "committish": "main", "poll": true,
        });
        self.package(name, "scm", fields);
    }

    /// Lets time pass, and looks; says at how many packages.
    fn round(&mut self, later: Duration) -> usize {
        self.now = self.now.after(later);
        let stop = CancellationToken::new();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let round = polling::round(self.app(), self.now, &stop);
        runtime.block_on(round).unwrap()
    }

    fn deliveries(&self) -> Vec<Delivery> {
        self.app()
            .store
            .read_now(|db| deliveries::newest(db, ProjectId(self.id), Slice::default()))
            .unwrap()
    }

    /// What was decided, newest first.
    fn lines(&self) -> Vec<String> {
        self.deliveries().into_iter().map(|delivery| delivery.outcome).collect()
    }

    fn source(&self, build: i64) -> SourceSpec {
        let found = self.app().store.read_now(|db| builds::get(db, BuildId(build))).unwrap();
        let build = found.expect("there is such a build");
        assert!(build.options.background && build.submitter.is_none());
        build.source
    }

    fn builds(&self) -> usize {
        let path = "/api_3/build/list?ownername=alice&projectname=tools";
        self.hub.get(path).ok()["items"].as_array().unwrap().len()
    }
}

fn git(dir: &Path, args: &[&str]) -> String {
    let ended = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@b", "-C"])
        .arg(dir)
        .args(args)
        .output()
        .unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).unwrap().trim().to_owned()
}

/// Makes a commit, and tells which.
fn commit(dir: &Path) -> String {
    git(dir, &["commit", "-q", "--allow-empty", "-m", "x"]);
    git(dir, &["rev-parse", "HEAD"])
}

fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    git(dir.path(), &["init", "-q", "-b", "main"]);
    commit(dir.path());
    dir
}

/// Plays PyPI and RubyGems.
#[derive(Clone, Default)]
struct Index(Arc<Mutex<HashMap<String, String>>>);

impl Index {
    fn put(&self, path: &str, answer: Value) {
        self.0.lock().unwrap().insert(path.to_owned(), answer.to_string());
    }

    fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let index = self.clone();
        std::thread::spawn(move || {
            for mut peer in listener.incoming().map_while(Result::ok) {
                let reader = BufReader::new(peer.try_clone().unwrap());
                let mut lines = reader.lines().map_while(Result::ok);
                let first = lines.next().unwrap_or_default();
                lines.find(String::is_empty);
                let path = first.split(' ').nth(1).unwrap_or_default();
                let found = index.0.lock().unwrap().get(path).cloned();
                let (status, body) = match found {
                    Some(body) => ("200 OK", body),
                    None => ("404 Not Found", String::new()),
                };
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
                let _ = write!(peer, "{head}Connection: close\r\n\r\n{body}");
            }
        });
        format!("http://{address}")
    }
}

#[test]
fn a_branch_that_moves_is_built_at_its_commit() {
    let repo = repository();
    let mut polled = Polled::new("http://127.0.0.1:1");
    polled.git("a", repo.path());
    assert_eq!(polled.round(Duration::ZERO), 1);
    assert_eq!(polled.builds(), 0, "the first look only notes what is there");
    assert!(polled.lines()[0].starts_with("a: not built, main at "), "{:?}", polled.lines());
    assert_eq!(polled.round(HOUR * 2), 1);
    assert_eq!((polled.builds(), polled.deliveries().len()), (0, 1), "nothing has changed");

    let commit = commit(repo.path());
    git(repo.path(), &["branch", "other"]);
    assert_eq!(polled.round(Duration::from_mins(30)), 0, "its turn is in an hour");
    assert_eq!(polled.round(HOUR), 1);
    let line = &polled.lines()[0];
    assert!(line.starts_with("a: build 1, main at "), "{line}");
    assert!(line.contains(&commit[..10]) && line.contains(" after "), "{line}");
    let delivery = &polled.deliveries()[0];
    assert_eq!((delivery.letter.forge, &delivery.builds), (Forge::Poll, &vec![BuildId(1)]));
    assert_eq!(delivery.letter.event.as_deref(), Some("commit"));
    let SourceSpec::Scm(scm) = polled.source(1) else { panic!() };
    assert_eq!(scm.committish.get().map(Committish::as_str), Some(commit.as_str()));
    assert_eq!(polled.round(HOUR * 2), 1);
    assert_eq!(polled.builds(), 1);
}

#[test]
fn a_repository_that_is_away_stops_no_other_and_is_asked_less_often() {
    let (good, bad) = (repository(), repository());
    let away = bad.path().join("away");
    let mut polled = Polled::new("http://127.0.0.1:1");
    polled.git("bad", &away);
    polled.git("good", good.path());
    assert_eq!(polled.round(Duration::ZERO), 2);
    let lines = polled.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("bad: not built, clone failed: ")));
    assert!(lines.iter().any(|line| line.starts_with("good: not built, main at ")));

    assert_eq!(polled.round(Duration::from_mins(70)), 1, "the other one waits twice as long");
    // A pause may be a tenth longer than it should.
    assert_eq!(polled.round(Duration::from_mins(70)), 2);
    assert_eq!(polled.deliveries().len(), 2, "the same trouble is told once");
    let last = |polled: &Polled| {
        polled.app().store.read_now(|db| polls::last(db, PackageId(1))).unwrap().unwrap()
    };
    assert_eq!(last(&polled).failures, 2);
    std::fs::rename(good.path().join(".git"), &away).unwrap();
    polled.round(HOUR * 5);
    assert_eq!((last(&polled).failures, last(&polled).trouble), (0, None));
}

#[test]
fn releases_on_pypi_and_rubygems_are_built_when_they_are_stable() {
    let index = Index::default();
    let pypi = |version: &str| {
        index.put("/pypi/copr/json", json!({"info": {"version": version}, "releases": {}}));
    };
    let gem = |version: &str| {
        index.put("/api/v1/gems/rake.json", json!({"name": "rake", "version": version}));
    };
    pypi("1.0");
    gem("13.0.1");
    let mut polled = Polled::new(&index.serve());
    let more = json!({"pypi_package_name": "copr", "webhook_rebuild": true});
    polled.package("python-copr", "pypi", more);
    polled.package("rubygem-rake", "rubygems", json!({"gem_name": "rake", "poll": true}));
    polled.package("silent", "rubygems", json!({"gem_name": "rake"}));
    assert_eq!(polled.round(Duration::ZERO), 2);
    pypi("1.1");
    gem("13.1.0.rc1");
    assert_eq!(polled.round(HOUR * 2), 2);
    let lines = polled.lines();
    assert!(
        lines.contains(&"python-copr: build 1, release 1.1 on PyPI after 1.0".to_owned()),
        "{lines:?}"
    );
    assert!(lines.contains(
        &"rubygem-rake: not built, rake has no stable release, only 13.1.0.rc1".to_owned()
    ));
    let SourceSpec::PyPi(source) = polled.source(1) else { panic!() };
    assert_eq!(source.version, "1.1".parse().unwrap());
    gem("13.1.0");
    assert_eq!(polled.round(HOUR * 3), 2);
    assert!(matches!(polled.source(2), SourceSpec::RubyGems(_)));
    assert_eq!(polled.builds(), 2);
}

#[test]
fn a_package_that_is_pointed_elsewhere_begins_anew() {
    let (one, other) = (repository(), repository());
    commit(other.path());
    let mut polled = Polled::new("http://127.0.0.1:1");
    polled.git("a", one.path());
    polled.round(Duration::ZERO);
    let url = format!("file://{}", other.path().display());
    let edit = |fields: Value| {
        let path = "/api_3/package/edit/alice/tools/a/scm";
        polled.hub.post("alice", path, fields)
    };
    edit(json!({"clone_url": url})).ok();
    let mut polled = polled;
    polled.round(HOUR * 2);
    assert_eq!((polled.builds(), polled.deliveries().len()), (0, 2));

    let path = "/api_3/package/edit/alice/tools/a/scm";
    polled.hub.post("alice", path, json!({"poll": false})).ok();
    commit(other.path());
    assert_eq!(polled.round(HOUR * 2), 0, "who says no is left alone");
    let link = "/api_3/package/edit/alice/tools/a/link";
    let fields = json!({"url": "http://h/a.spec", "poll": true});
    let why = polled.hub.post("alice", link, fields).refused(400);
    assert!(why.contains("can be polled"), "{why}");
}

/// Makes a commit that changes a file, and tells which.
fn write(dir: &Path, file: &str, text: &str) -> String {
    let path = dir.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    git(dir, &["add", "--all"]);
    commit(dir)
}

/// A package in a directory of a repository that holds others.
fn polled_below(repo: &Path, dir: &str) -> Polled {
    let mut polled = Polled::new("http://127.0.0.1:1");
    let fields = json!({
        "clone_url": format!("file://{}", repo.display()), "committish": "main",
        "subdirectory": dir, "poll": true,
    });
    polled.package("a", "scm", fields);
    polled.round(Duration::ZERO);
    polled
}

#[test]
fn of_a_repository_only_the_packages_directory_counts() {
    for filters in ["true", "false"] {
        let repo = repository();
        git(repo.path(), &["config", "uploadpack.allowFilter", filters]);
        write(repo.path(), "rpm/a/a.spec", "1");
        let mut polled = polled_below(repo.path(), "./rpm/a/");
        let mut look = |file: &str, text: &str| {
            let commit = write(repo.path(), file, text);
            polled.round(HOUR * 2);
            (commit, polled.lines()[0].clone(), polled.builds())
        };
        let (commit, line, builds) = look("rpm/b/b.spec", "1");
        assert!(line.starts_with("a: not built, main at "), "{line}");
        assert!(line.contains(&commit[..10]), "{line}");
        assert!(line.ends_with("but no file below ./rpm/a/ has changed"), "{line}");
        assert_eq!(builds, 0);
        let (commit, line, builds) = look("rpm/a/deep/er/x", "1");
        assert!(line.starts_with("a: build 1, main at "), "{line}");
        assert!(line.contains(&commit[..10]) && !line.contains("perhaps"), "{line}");
        assert_eq!(builds, 1);
        assert_eq!(look("README", "1").2, 1);
        assert_eq!(look("rpm/a/a.spec", "2").2, 2, "compared with what was seen last");
    }
}

#[test]
fn where_a_directory_cannot_be_compared_any_commit_counts() {
    let repo = repository();
    std::os::unix::fs::symlink("real", repo.path().join("link")).unwrap();
    write(repo.path(), "real/a.spec", "1");
    let mut polled = polled_below(repo.path(), "link");
    write(repo.path(), "real/a.spec", "2");
    polled.round(HOUR * 2);
    let line = &polled.lines()[0];
    assert!(line.starts_with("a: build 1, main at "), "{line}");
    let why = "; perhaps no file below link has changed, which cannot be told: link is a symlink";
    assert!(line.ends_with(why), "{line}");
}

#[test]
fn a_directory_that_comes_and_goes_is_a_change() {
    let repo = repository();
    let mut polled = polled_below(repo.path(), "rpm");
    write(repo.path(), "other", "1");
    polled.round(HOUR * 2);
    assert_eq!(polled.builds(), 0, "{:?}", polled.lines());
    write(repo.path(), "rpm/a.spec", "1");
    polled.round(HOUR * 2);
    assert_eq!(polled.builds(), 1, "{:?}", polled.lines());
    git(repo.path(), &["rm", "-q", "rpm/a.spec"]);
    commit(repo.path());
    polled.round(HOUR * 2);
    assert_eq!(polled.builds(), 2, "{:?}", polled.lines());
}

#[test]
fn what_cannot_be_built_is_said() {
    let repo = repository();
    let mut polled = Polled::new("http://127.0.0.1:1");
    let fields = json!({
        "clone_url": format!("file://{}", repo.path().display()), "poll": true,
    });
    polled.package("a", "scm", fields);
    polled.round(Duration::ZERO);
    let path = "/api_3/package/edit/alice/tools/a/scm";
    polled.hub.post("alice", path, json!({"chroot_denylist": "fedora-*"})).ok();
    commit(repo.path());
    polled.round(HOUR * 2);
    let line = &polled.lines()[0];
    assert!(line.starts_with("a: not built, commit "), "{line}");
    assert!(line.ends_with("but its denylist leaves it no chroot"), "{line}");
    assert_eq!(polled.builds(), 0);
}
