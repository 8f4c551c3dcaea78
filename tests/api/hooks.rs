//! `/webhooks`.

use coprbox::model::delivery::Delivery;
use coprbox::model::list::Slice;
use coprbox::model::{BuildId, ProjectId};
use coprbox::ops::chroots;
use coprbox::store::{builds, deliveries};
use rocket::http::Method;
use serde_json::{Value, json};

use crate::hub::{Hub, Reply};

const JSON: &str = "application/json";
const URL: &str = "https://github.test/example/a.git";

/// A project with packages that webhooks rebuild.
pub struct Hooked {
    pub hub: Hub,
    pub id: i64,
    pub secret: String,
}

impl Hooked {
    /// Packages from the same repository, each below its own directory.
    pub fn new(packages: &[(&str, &str)]) -> Hooked {
        let hub = Hub::new();
        let id = hub.project("tools")["id"].as_i64().unwrap();
        let made = hub.post("alice", "/api_3/webhook/generate/alice/tools", Value::Null).ok();
        let secret = made["webhook_secret"].as_str().unwrap().to_owned();
        let hooked = Hooked { hub, id, secret };
        for (name, dir) in packages {
            let more = json!({"committish": "main", "subdirectory": dir, "webhook_rebuild": true});
            hooked.package(name, "scm", more);
        }
        hooked
    }

    pub fn package(&self, name: &str, kind: &str, more: Value) {
        let mut body = json!({"clone_url": URL});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let path = format!("/api_3/package/add/alice/tools/{name}/{kind}");
        self.hub.post("alice", &path, body).ok();
    }

    pub fn path(&self, service: &str, rest: &str) -> String {
        format!("/webhooks/{service}/{}/{}/{rest}", self.id, self.secret)
    }

    pub fn send(&self, path: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Reply {
        let headers: Vec<_> = headers.iter().map(|&(name, value)| (name, value.into())).collect();
        self.hub.send_with(&headers, "", Method::Post, path, JSON, body)
    }

    fn github(&self, event: &str, body: &Value) -> Reply {
        let headers =
            [("X-GitHub-Event", event), ("X-GitHub-Delivery", "d-1"), ("User-Agent", "G")];
        self.send(&self.path("github", ""), &headers, body.to_string().as_bytes())
    }

    /// The builds there are: number, package, directory, committish.
    pub fn builds(&self) -> Vec<Value> {
        self.hub.get("/api_3/build/list?ownername=alice&projectname=tools").ok()["items"]
            .as_array()
            .unwrap()
            .iter()
            .rev()
            .map(|build| {
                assert_eq!(
                    (&build["submitter"], &build["is_background"]),
                    (&Value::Null, &json!(true))
                );
                let path = format!("/api_3/build/source-build-config/{}", build["id"]);
                let source = self.hub.get(&path).ok()["source_dict"].clone();
                json!([
                    build["source_package"]["name"],
                    build["project_dirname"],
                    source["committish"]
                ])
            })
            .collect()
    }

    pub fn deliveries(&self) -> Vec<Delivery> {
        self.hub
            .app
            .store
            .read_now(|db| deliveries::newest(db, ProjectId(self.id), Slice::default()))
            .unwrap()
    }
}

fn push(reference: &str, file: &str) -> Value {
    json!({
        "repository": {"clone_url": URL}, "ref": reference, "after": "deadbeef",
        "sender": {"url": "https://github.test/users/x"},
        "commits": [{"added": [file], "modified": [], "removed": []}],
    })
}

#[track_caller]
pub fn says(reply: &Reply, status: u16, text: &str) {
    assert_eq!((reply.status, &reply.body), (status, &json!(text)));
}

#[test]
fn a_push_builds_the_packages_whose_files_it_changes() {
    let hooked = Hooked::new(&[("a", "rpm/a"), ("b", "rpm/b"), ("c", "")]);
    says(&hooked.github("push", &push("refs/heads/main", "rpm/a/a.spec")), 200, "OK");
    let expected = [json!(["a", "tools", "deadbeef"]), json!(["c", "tools", "deadbeef"])];
    assert_eq!(hooked.builds(), expected);
    let [delivery] = hooked.deliveries().try_into().unwrap();
    assert_eq!(delivery.builds, [BuildId(1), BuildId(2)]);
    assert_eq!(delivery.letter.event.as_deref(), Some("push"));
    assert_eq!(delivery.letter.delivery.as_deref(), Some("d-1"));
    assert_eq!(delivery.letter.user_agent.as_deref(), Some("G"));
    assert_eq!(delivery.letter.sender.as_deref(), Some("https://github.test/users/x"));
    let lines: Vec<&str> = delivery.outcome.lines().collect();
    let left_out = "b: not built, no file below rpm/b has changed";
    assert_eq!(lines, ["a: build 1", left_out, "c: build 2"]);

    says(&hooked.github("push", &push("refs/heads/other", "rpm/a/a.spec")), 200, "OK");
    says(&hooked.github("ping", &json!({"zen": "x"})), 200, "OK");
    says(&hooked.github("push", &json!({"x": 1})), 400, "Bad Request");
    assert_eq!(hooked.builds().len(), 2);
    assert_eq!(hooked.deliveries().len(), 3, "a ping shows no secret");
    assert!(hooked.deliveries()[0].outcome.contains("repository"));
}

#[test]
fn a_build_is_as_the_package_and_the_project_have_it() {
    let hooked = Hooked::new(&[]);
    let more = json!({
        "webhook_rebuild": true, "timeout": 77, "chroot_denylist": "fedora-42-*",
    });
    hooked.package("a", "scm", more);
    hooked.package("off", "scm", json!({}));
    hooked.package(
        "elsewhere",
        "scm",
        json!({"clone_url": "https://h/b", "webhook_rebuild": true}),
    );
    hooked.github("push", &push("refs/heads/any", "x"));
    assert_eq!(hooked.builds().len(), 1);
    assert_eq!(hooked.hub.get("/api_3/build/1").ok()["chroots"], json!(["fedora-43-x86_64"]));
    let build = hooked.hub.app.store.read_now(|db| builds::get(db, BuildId(1))).unwrap().unwrap();
    assert_eq!(build.options.timeout.as_secs(), 77);
    assert!(!build.options.enable_net);
}

#[test]
fn a_tag_builds_the_package_it_is_named_after_or_the_one_in_the_address() {
    let hooked = Hooked::new(&[("a", ""), ("b", "")]);
    let tag =
        |name: &str| json!({"repository": {"clone_url": URL}, "ref": name, "ref_type": "tag"});
    says(&hooked.github("create", &tag("a-1.2-1")), 200, "OK");
    let path = hooked.path("github", "b/");
    let sent =
        hooked.send(&path, &[("X-GitHub-Event", "create")], tag("v7").to_string().as_bytes());
    says(&sent, 200, "OK");
    hooked.github("delete", &tag("a-1.2-1"));
    assert_eq!(hooked.builds(), [json!(["a", "tools", "a-1.2-1"]), json!(["b", "tools", "v7"])]);
}

#[test]
fn other_forges_say_the_same_in_other_words() {
    let hooked = Hooked::new(&[("a", "")]);
    let gitlab = |kind: &str, reference: &str| {
        let body = json!({
            "object_kind": kind, "ref": reference, "after": "cafe", "user_username": "bob",
            "project": {"git_http_url": URL.trim_end_matches(".git")},
            "commits": [{"added": ["a"], "modified": [], "removed": []}],
        });
        hooked.send(&hooked.path("gitlab", ""), &[], body.to_string().as_bytes())
    };
    says(&gitlab("push", "refs/heads/main"), 200, "OK");
    says(&gitlab("tag_push", "refs/tags/a-2"), 200, "OK");
    let body = json!({
        "repository": {"links": {"html": {"href": URL}}},
        "push": {"changes": [
            {"new": {"type": "branch", "name": "main", "target": {"hash": "f00d"}}},
        ]},
    });
    says(&hooked.send(&hooked.path("bitbucket", ""), &[], body.to_string().as_bytes()), 200, "OK");
    let commits: Vec<Value> = hooked.builds().iter().map(|build| build[2].clone()).collect();
    assert_eq!(commits, [json!("cafe"), json!("a-2"), json!("f00d")]);
}

#[test]
fn only_the_secret_opens() {
    let hooked = Hooked::new(&[("a", "")]);
    let good = push("refs/heads/main", "x").to_string();
    let event = ("X-GitHub-Event", "push");
    let post = |path: &str, headers: &[_]| hooked.send(path, headers, good.as_bytes()).status;
    assert_eq!(post(&format!("/webhooks/github/{}/nope/", hooked.id), &[event]), 403);
    assert_eq!(post(&format!("/webhooks/github/77/{}/", hooked.secret), &[event]), 404);
    assert_eq!(post(&format!("/webhooks/github/x/{}/", hooked.secret), &[event]), 404);
    assert_eq!(post(&hooked.path("nosuch", ""), &[event]), 404);
    assert_eq!(post(&hooked.path("github", ""), &[]), 400, "no event");
    let github = hooked.path("github", "");
    let bad = format!("sha256={}", "0".repeat(64));
    assert_eq!(post(&github, &[event, ("X-Hub-Signature-256", &bad)]), 403);
    assert_eq!(post(&hooked.path("gitlab", ""), &[("X-Gitlab-Token", "nope")]), 403);
    assert_eq!(hooked.hub.get(&github).status, 405);
    let other = hooked.hub.project("other")["id"].as_i64().unwrap();
    assert_eq!(post(&format!("/webhooks/github/{other}//"), &[event]), 404);
    assert_eq!(post(&format!("/webhooks/github/{other}/null/"), &[event]), 403, "none was made");
    assert!(hooked.builds().is_empty() && hooked.deliveries().is_empty());
}

#[test]
fn a_form_will_do_and_anything_else_is_no_payload() {
    let hooked = Hooked::new(&[("a", "")]);
    let send = |kind: &str, body: &str| {
        let event = [("X-GitHub-Event", "push".to_owned())];
        let path = hooked.path("github", "");
        hooked.hub.send_with(&event, "", Method::Post, &path, kind, body.as_bytes()).status
    };
    let json = push("refs/heads/main", "x").to_string();
    let coded: Vec<String> = json.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let coded = coded.concat();
    let form = "application/x-www-form-urlencoded";
    assert_eq!(send(form, &format!("payload={coded}")), 200);
    assert_eq!(hooked.builds().len(), 1);
    assert_eq!(send(form, "x=1"), 415);
    assert_eq!(send("text/plain", &json), 415);
    assert_eq!(send("", &json), 415);
    assert_eq!(send(JSON, "{"), 400);
}

#[test]
fn a_custom_hook_answers_the_builds_number() {
    let hooked = Hooked::new(&[("a", "")]);
    hooked.package("linked", "link", json!({"clone_url": null, "url": "http://h/l-1-1.src.rpm"}));
    let send = |path: &str, body: &str| hooked.send(path, &[], body.as_bytes());
    says(&send(&hooked.path("custom", "a/"), "{}"), 200, "1\n");
    says(&send(&hooked.path("custom", "a"), ""), 200, "2\n");
    says(&send(&hooked.path("custom", "linked/"), "any"), 200, "3\n");
    says(&send(&hooked.path("custom", ""), "{}"), 400, "PACKAGE_NAME_REQUIRED\n");
    says(&send(&hooked.path("custom", "none/"), "{}"), 404, "PACKAGE_NOT_FOUND\n");
    let bad = |id: i64| send(&format!("/webhooks/custom/{id}/nope/none/"), "{}");
    says(&bad(hooked.id), 403, "BAD_UUID\n");
    says(&bad(77), 404, "PROJECT_NOT_FOUND\n");
    let ping = [("X-GitHub-Event", "ping")];
    says(&hooked.send(&hooked.path("custom", "a/"), &ping, b""), 200, "SKIPPED\n");
    assert_eq!(hooked.builds()[0], json!(["a", "tools", "main"]));
    let body = json!({"ownername": "alice", "projectname": "tools", "package_name": "a"});
    hooked.hub.json("alice", Method::Put, "/api_3/package/reset", body).ok();
    says(&send(&hooked.path("custom", "a/"), "{}"), 500, "BUILD_REQUEST_ERROR\n");
    assert!(hooked.deliveries()[0].outcome.starts_with("a: not built, Package 'a' doesn't have"));
}

#[test]
fn a_project_without_active_chroots_builds_nothing() {
    let hooked = Hooked::new(&[("a", "")]);
    for name in ["fedora-42-x86_64", "fedora-43-x86_64"] {
        let name = name.parse().unwrap();
        let store = &hooked.hub.app.store;
        assert!(store.write_now(|tx| chroots::set_active(tx, &name, false, None)).unwrap());
    }
    let sent = hooked.send(&hooked.path("custom", "a/"), &[], b"{}");
    says(&sent, 500, "NO_ACTIVE_CHROOTS_IN_PROJECT\n");
    let directory = format!("/webhooks/custom-dir/alice/tools:custom:x/{}/a/", hooked.secret);
    says(&hooked.send(&directory, &[], b"{}"), 500, "NO_ACTIVE_CHROOTS_IN_PROJECT\n");
    assert!(hooked.builds().is_empty());
    assert_eq!(hooked.deliveries()[0].outcome, "a: not built, the project has no active chroots");
}

#[test]
fn a_script_gets_what_came() {
    let hooked = Hooked::new(&[]);
    let body = json!({"clone_url": null, "script": "true", "chroot": "fedora-43-x86_64"});
    hooked.package("scripted", "custom", body);
    let path = hooked.path("custom", "scripted/");
    says(&hooked.send(&path, &[], b"what \xff came"), 200, "1\n");
    let source = hooked.hub.get("/api_3/build/source-build-config/1").ok()["source_dict"].clone();
    assert_eq!(source["hook_data"], true);
    let file = format!("uploads/{}/hook_payload", source["tmp"].as_str().unwrap());
    assert_eq!(std::fs::read(hooked.hub.dir().join(file)).unwrap(), b"what \xff came");
    assert_eq!(
        hooked.hub.get(&format!("/tmp/{}/hook_payload", source["tmp"].as_str().unwrap())).status,
        200
    );
    hooked.hub.post("alice", "/api_3/build/cancel/1", json!({})).ok();
    assert_eq!(std::fs::read_dir(hooked.hub.dir().join("uploads")).unwrap().count(), 0);
}

#[test]
fn a_directory_is_made_when_it_can_be() {
    let hooked = Hooked::new(&[("a", "")]);
    let send = |dir: &str, secret: &str, rest: &str| {
        hooked.send(&format!("/webhooks/custom-dir/alice/{dir}/{secret}/{rest}"), &[], b"{}")
    };
    let secret = hooked.secret.as_str();
    says(&send("tools:custom:hook", secret, "a/"), 200, "1\n");
    says(&send("tools", secret, "a"), 200, "2\n");
    says(&send("tools:wrong:hook", secret, "a/"), 400, "CANT_CREATE_DIRECTORY\n");
    says(&send("tools:wrong:hook", "nope", "a/"), 403, "BAD_UUID\n");
    says(&send("tools:custom:x", "nope", "none/"), 404, "PACKAGE_NOT_FOUND\n");
    says(&send("none:custom:x", secret, "a/"), 404, "PROJECT_NOT_FOUND\n");
    let dirs: Vec<Value> = hooked.builds().iter().map(|build| build[1].clone()).collect();
    assert_eq!(dirs, [json!("tools:custom:hook"), json!("tools")]);
}

#[test]
fn the_newest_hundred_deliveries_are_kept() {
    let hooked = Hooked::new(&[]);
    for number in 0..103 {
        hooked.github("push", &push(&format!("refs/heads/{number}"), "x"));
    }
    assert_eq!(hooked.deliveries().len(), 100);
}
