//! `/package`.

use coprbox::model::source::SourceSpec;
use coprbox::model::{BuildId, ProjectId};
use coprbox::store::{StoreError, builds, deploy_keys, packages, projects};
use rocket::http::Method;
use serde_json::{Value, json};

use crate::hub::{Hub, Reply};

const QUERY: &str = "ownername=alice&projectname=tools";

/// A package `a` of alice's project with one build, and the numbers of both.
fn with_package() -> (Hub, i64, i64) {
    let hub = Hub::new();
    let project = hub.project("tools");
    let id = hub.build("tools");
    let package = hub
        .app
        .store
        .write_now(|tx| {
            let project = ProjectId(project["id"].as_i64().unwrap());
            let source = SourceSpec::Link { url: "http://h/a-1-1.src.rpm".into() };
            let made = packages::find_or_insert(tx, project, &"a".parse().unwrap(), &source)?;
            builds::set_package(tx, BuildId(id), made.id, "1-1", Some("a-1-1.src.rpm"))?;
            Ok::<_, StoreError>(made)
        })
        .unwrap();
    (hub, package.id.0, id)
}

fn named(more: Value) -> Value {
    let mut body = json!({"ownername": "alice", "projectname": "tools", "package_name": "a"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn get(hub: &Hub) -> Reply {
    hub.get(&format!("/api_3/package?{QUERY}&packagename=a"))
}

#[test]
fn a_package_comes_with_both_builds_always_there() {
    let (hub, package, build) = with_package();
    let expected = json!({
        "id": package, "name": "a", "ownername": "alice", "projectname": "tools",
        "source_type": "link", "source_dict": {"url": "http://h/a-1-1.src.rpm"},
        "auto_rebuild": false, "builds": {"latest": null, "latest_succeeded": null},
    });
    assert_eq!(get(&hub).ok(), expected);
    let path = format!(
        "/api_3/package/list?{QUERY}&with_latest_build=True&with_latest_succeeded_build=False"
    );
    let all = hub.get(&path).ok();
    assert_eq!(all["items"][0]["builds"]["latest"]["id"], build);
    assert_eq!(all["items"][0]["builds"]["latest_succeeded"], Value::Null);
    hub.get(&format!("/api_3/package?{QUERY}&packagename=none")).refused(404);
    hub.get(&format!("/api_3/package?{QUERY}")).refused(400);
}

#[test]
fn a_package_is_built_again_from_its_address_and_knows_its_chroots() {
    let (hub, ..) = with_package();
    let build = |more: Value| hub.post("alice", "/api_3/package/build", named(more));
    let made = build(json!({})).ok();
    assert_eq!(made["chroots"], json!(["fedora-42-x86_64", "fedora-43-x86_64"]));
    assert_eq!(made["source_package"]["name"], "a");
    let made = build(json!({"chroots": ["fedora-43-x86_64"], "is_background": true})).ok();
    assert_eq!(made["chroots"], json!(["fedora-43-x86_64"]));
    assert_eq!(made["is_background"], true);
    let made = build(json!({"exclude_chroots": "*-43-*"})).ok();
    assert_eq!(made["chroots"], json!(["fedora-42-x86_64"]));
    build(json!({"exclude_chroots": "*"})).refused(400);
    build(json!({"chroots": ["nosuchos-1-x86_64"]})).refused(400);
    build(json!({"package_name": "none"})).refused(404);
    hub.post("bob", "/api_3/package/build", named(json!({}))).refused(403);
}

#[test]
fn a_file_that_came_with_a_build_is_that_builds_alone() {
    let hub = Hub::new();
    hub.project("tools");
    let body = json!({"ownername": "alice", "projectname": "tools"}).to_string();
    let parts = [("pkgs", "a-1-1.src.rpm", "content"), ("json", "json", &body)];
    let build = hub.multipart("alice", "/api_3/build/create/upload", &parts).ok();
    hub.app
        .store
        .write_now(|tx| {
            let id = BuildId(build["id"].as_i64().unwrap());
            let source = builds::get(tx, id)?.unwrap().source;
            let made = packages::find_or_insert(tx, ProjectId(1), &"a".parse().unwrap(), &source)?;
            builds::set_package(tx, id, made.id, "1-1", Some("a-1-1.src.rpm"))
        })
        .unwrap();
    assert_eq!(get(&hub).ok()["source_type"], "upload");
    let text = hub.post("alice", "/api_3/package/build", named(json!({}))).refused(400);
    assert!(text.contains("a-1-1.src.rpm was kept only until it was built"), "{text}");
    // Nor does a change of the package take it from the build.
    let path = "/api_3/package/reset";
    let reset = hub.json("alice", Method::Put, path, named(json!({}))).ok();
    assert_eq!(reset["source_type"], "unset");
    let url = hub.get("/api_3/build/source-build-config/1").ok()["source_dict"]["url"].clone();
    let path = url.as_str().unwrap().strip_prefix("http://hub.test:5000").unwrap();
    assert_eq!(hub.get(path).ok(), "content");
}

#[test]
fn a_reset_package_has_no_source_to_build_from() {
    let (hub, ..) = with_package();
    let path = "/api_3/package/reset";
    hub.json("bob", Method::Put, path, named(json!({}))).refused(403);
    let reset = hub.json("alice", Method::Put, path, named(json!({}))).ok();
    assert_eq!((&reset["source_type"], &reset["source_dict"]), (&json!("unset"), &json!({})));
    assert_eq!(get(&hub).ok(), reset);
    hub.post("alice", "/api_3/package/build", named(json!({}))).refused(400);
    hub.json("alice", Method::Put, path, json!({"ownername": "alice"})).refused(400);
}

#[test]
fn a_deleted_package_takes_its_finished_builds_along() {
    let (hub, _, build) = with_package();
    let path = "/api_3/package/delete";
    let text = hub.json("alice", Method::Delete, path, named(json!({}))).refused(400);
    assert!(text.contains(&build.to_string()), "{text}");
    hub.post("alice", &format!("/api_3/build/cancel/{build}"), json!({})).ok();
    hub.post("bob", path, named(json!({}))).refused(403);
    let form = format!("{QUERY}&package_name=a");
    let kind = "application/x-www-form-urlencoded";
    let gone = hub.send("alice", Method::Post, path, kind, form.as_bytes()).ok();
    assert_eq!(gone["name"], "a");
    get(&hub).refused(404);
    hub.get(&format!("/api_3/build/{build}")).refused(404);
}

/// The key that the store has for alice's package.
fn deploy_key(hub: &Hub, name: &str) -> Option<String> {
    let name = name.parse().unwrap();
    hub.app
        .store
        .read_now(|db| {
            let project = projects::find(db, &"alice".parse().unwrap(), &"p".parse().unwrap())?;
            let package = packages::find(db, project.unwrap().id, &name)?.unwrap();
            deploy_keys::get(db, package.id)
        })
        .unwrap()
}

#[test]
fn a_deploy_key_is_written_and_never_shown() {
    let hub = Hub::new();
    hub.project("p");
    let text = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----";
    let change = |who: &str, what: &str, key: &str| {
        let body = json!({"clone_url": "git@h.test:a/b.git", "deploy_key": key});
        hub.post(who, &format!("/api_3/package/{what}/alice/p/b/scm"), body)
    };
    change("alice", "add", "ssh-ed25519 AAAA").refused(400);
    assert!(!change("alice", "add", text).ok().to_string().contains("abc"));
    assert_eq!(deploy_key(&hub, "b"), Some(format!("{text}\n")));
    let shown = hub.get("/api_3/package?ownername=alice&projectname=p&packagename=b").ok();
    assert!(!shown.to_string().contains("PRIVATE"), "{shown}");
    change("eve", "edit", "").refused(403);
    let untouched = json!({"clone_url": "git@h.test:a/c.git"});
    hub.post("alice", "/api_3/package/edit/alice/p/b/scm", untouched).ok();
    assert_eq!(deploy_key(&hub, "b"), Some(format!("{text}\n")));
    change("alice", "edit", "").ok();
    assert_eq!(deploy_key(&hub, "b"), None);
}
