//! `/build`: handing in, reading, canceling, deleting.

use coprbox::model::BuildId;
use coprbox::store::builds;
use rocket::http::Method;
use serde_json::{Value, json};

use crate::hub::{Hub, Reply};

fn create(hub: &Hub, who: &str, more: Value) -> Reply {
    let mut body = json!({
        "ownername": "alice", "projectname": "tools", "pkgs": ["http://h/a-1-1.src.rpm"],
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    hub.post(who, "/api_3/build/create/url", body)
}

fn with_tools() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    hub
}

#[test]
fn each_address_makes_a_build_with_every_key() {
    let hub = with_tools();
    let pkgs = "http://h/a-1-1.src.rpm\nhttps://h/b.SPEC?x=1 http://h/c-1-1.nosrc.rpm";
    let made = create(&hub, "alice", json!({ "pkgs": pkgs, "timeout": "99", "x": 1 })).ok();
    let meta = json!({"limit": null, "offset": null, "order": null, "order_type": null});
    assert_eq!(made["meta"], meta);
    assert_eq!(made["items"].as_array().unwrap().len(), 3);
    let mut first = made["items"][0].clone();
    assert!(first["submitted_on"].take().is_i64());
    let expected = json!({
        "id": 1, "state": "pending", "projectname": "tools", "ownername": "alice",
        "project_dirname": "tools", "repo_url": "http://hub.test:5000/results/alice/tools",
        "source_package": {"name": null, "version": null, "url": "http://h/a-1-1.src.rpm"},
        "submitted_on": null, "started_on": null, "ended_on": null, "submitter": "alice",
        "chroots": [], "is_background": false,
    });
    assert_eq!(first, expected);
    assert_eq!(made["items"][1]["source_package"]["url"], Value::Null, "a spec is no SRPM");
    let config = hub.get("/api_3/build/source-build-config/1").ok();
    let expected = json!({
        "source_type": "link", "source_dict": {"url": "http://h/a-1-1.src.rpm"},
        "memory_limit": 2048, "timeout": 99, "is_background": false,
    });
    assert_eq!(config, expected);
    let source = hub.get("/api_3/build/source-chroot/1").ok();
    assert_eq!(source, json!({"state": "pending", "result_url": null}));
    assert_eq!(hub.get("/api_3/build/built-packages/1").ok(), json!({}));
}

#[test]
fn chroots_are_names_and_globs_less_the_excluded_ones() {
    let hub = with_tools();
    let chosen = |more: Value| {
        let made = create(&hub, "alice", more).ok();
        made["items"][0]["chroots"].clone()
    };
    let (f42, f43) = ("fedora-42-x86_64", "fedora-43-x86_64");
    assert_eq!(chosen(json!({"chroots": ["fedora-4*"]})), json!([f42, f43]));
    assert_eq!(chosen(json!({"chroots": f43})), json!([f43]));
    assert_eq!(chosen(json!({"exclude_chroots": ["*-43-*"]})), json!([f42]));
    assert_eq!(chosen(json!({"chroots": [], "exclude_chroots": null})), json!([]));
    // What is chosen and excluded leaves nothing, and nothing is what the build gets later on.
    let chosen_and_not = json!({"chroots": [f42], "exclude_chroots": ["*-42-*"]});
    let made = create(&hub, "alice", chosen_and_not).ok()["items"][0].clone();
    assert_eq!(made["chroots"], json!([]));
    let id = BuildId(made["id"].as_i64().unwrap());
    let excluded = hub.app.store.read_now(|db| builds::excluded_chroots(db, id)).unwrap();
    assert_eq!(excluded, [f42, f43]);
    for bad in ["opensuse-*", "epel-9-x86_64", "nosuchos-1-x86_64"] {
        let text = create(&hub, "alice", json!({ "chroots": [bad] })).refused(400);
        assert!(text.contains(bad), "{text}");
    }
}

#[test]
fn mistakes_are_told_and_nothing_is_made() {
    let hub = with_tools();
    let post = |body| hub.post("alice", "/api_3/build/create/url", body);
    post(json!({})).refused(400);
    post(json!({"ownername": "alice", "projectname": "none"})).refused(404);
    let both = json!({"after_build_id": 1, "with_build_id": 1});
    for more in [
        json!({"pkgs": []}),
        json!({"pkgs": ["garbage"]}),
        json!({"pkgs": ["ftp://h/a.src.rpm"]}),
        json!({"pkgs": ["file:///etc/a.spec"]}),
        json!({"pkgs": ["http://h/a.x86_64.rpm"]}),
        json!({"timeout": 108_001}),
        json!({"timeout": "long"}),
        json!({"bootstrap": "maybe"}),
        json!({"isolation": "vm"}),
        json!({"with_build_id": 99}),
        json!({"after_build_id": "x"}),
        both,
        json!({"project_dirname": "other:custom:x"}),
        json!({"project_dirname": "tools:wrong:x"}),
        json!({"project_dirname": "tools:custom:a_b"}),
        json!({"project_dirname": "tools:pr:x"}),
    ] {
        create(&hub, "alice", more).refused(400);
    }
    create(&hub, "bob", json!({})).refused(403);
    create(&hub, "alice", json!({"packit_forge_project": "github.com/a/b"})).refused(403);
    assert_eq!(hub.get("/api_3/build/1").refused(404), "Build 1 does not exist.");
}

#[test]
fn a_check_makes_nothing() {
    let hub = with_tools();
    let check = |who: &str, dir: &str| {
        let body = json!({
            "ownername": "alice", "projectname": "tools", "project_dirname": dir,
        });
        hub.post(who, "/api_3/build/check-before-build", body)
    };
    assert!(check("alice", "tools:custom:new").ok()["message"].is_string());
    check("alice", "tools:tag").refused(400);
    check("bob", "tools").refused(403);
    let dirs = hub.get("/api_3/rpmrepo/alice/tools/fedora-42").ok()["directories"].clone();
    assert_eq!(dirs, json!({"tools": {}}));
}

#[test]
fn directories_are_made_on_demand() {
    let hub = with_tools();
    let made = create(&hub, "alice", json!({"project_dirname": "tools:custom:x"})).ok();
    let build = &made["items"][0];
    assert_eq!(build["project_dirname"], "tools:custom:x");
    assert_eq!(build["repo_url"], "http://hub.test:5000/results/alice/tools");
    create(&hub, "alice", json!({"project_dirname": "tools:pr:12"})).ok();
    let dirs = hub.get("/api_3/rpmrepo/alice/tools/fedora-42").ok()["directories"].clone();
    let expected =
        json!({"tools": {}, "tools:custom:x": {}, "tools:pr:12": {"delete_after_days": 39}});
    assert_eq!(dirs, expected);
}

#[test]
fn ids_that_are_none_are_not_found() {
    let hub = Hub::new();
    for id in ["1", "abc", "-1", "99999999999999999999"] {
        for path in ["build", "build/source-chroot", "build/built-packages"] {
            hub.get(&format!("/api_3/{path}/{id}")).refused(404);
        }
    }
}

#[test]
fn a_canceled_build_is_canceled_at_once_and_only_once() {
    let hub = with_tools();
    let made = create(&hub, "alice", json!({"chroots": ["fedora-42-x86_64"]})).ok();
    let path = format!("/api_3/build/cancel/{}", made["items"][0]["id"]);
    hub.send("bob", Method::Put, &path, "", b"").refused(403);
    assert_eq!(hub.send("alice", Method::Put, &path, "", b"").ok()["state"], "canceled");
    assert_eq!(
        hub.send("alice", Method::Put, &path, "", b"").refused(409),
        "Cannot cancel build 1"
    );
    let chroot = hub.get("/api_3/build-chroot?build_id=1&chrootname=fedora-42-x86_64").ok();
    assert_eq!(chroot["state"], "canceled");
    hub.send("alice", Method::Put, "/api_3/build/cancel/99", "", b"").refused(404);
}

#[test]
fn only_finished_builds_are_deleted() {
    let hub = with_tools();
    let (one, two) = (hub.build("tools"), hub.build("tools"));
    let delete = |who: &str, id: i64| {
        hub.send(who, Method::Delete, &format!("/api_3/build/delete/{id}"), "", b"")
    };
    delete("alice", one).refused(409);
    hub.post("alice", &format!("/api_3/build/cancel/{one}"), json!({})).ok();
    delete("bob", one).refused(403);
    assert_eq!(delete("alice", one).ok()["state"], "canceled");
    delete("alice", one).refused(404);
    assert_eq!(hub.get(&format!("/api_3/build/{two}")).ok()["id"], two);
}

#[test]
fn a_list_of_builds_is_deleted_as_a_whole_or_not_at_all() {
    let hub = with_tools();
    let (one, two) = (hub.build("tools"), hub.build("tools"));
    let delete = |body: Value| hub.json("alice", Method::Delete, "/api_3/build/delete/list", body);
    hub.post("alice", &format!("/api_3/build/cancel/{one}"), json!({})).ok();
    let text = delete(json!({"builds": [one, two, 99]})).refused(400);
    assert!(text.contains(&format!("{two} are still running")), "{text}");
    assert!(text.contains("99 don't exist"), "{text}");
    assert_eq!(hub.get(&format!("/api_3/build/{one}")).status, 200);
    delete(json!({"builds": ["abc"]})).refused(400);
    delete(json!({})).refused(400);
    assert_eq!(delete(json!({"builds": []})).ok(), json!({"builds": []}));
    assert_eq!(delete(json!({"builds": [one]})).ok(), json!({"builds": [one]}));
    assert_eq!(hub.get(&format!("/api_3/build/{one}")).status, 404);
}

#[test]
fn batches_are_joined_while_they_are_open() {
    let hub = with_tools();
    let first = hub.build("tools");
    create(&hub, "alice", json!({"with_build_id": first.to_string()})).ok();
    let body = json!({"name": "own", "chroots": ["epel-9-x86_64"]});
    hub.post("eve", "/api_3/project/add/eve", body).ok();
    let eves = |more: Value| {
        let mut body = json!({"ownername": "eve", "projectname": "own", "pkgs": "http://h/a.spec"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hub.post("eve", "/api_3/build/create/url", body)
    };
    eves(json!({ "with_build_id": first })).refused(400);
    eves(json!({ "after_build_id": first })).ok();
    let alone = hub.build("tools");
    eves(json!({ "after_build_id": alone })).refused(400);
    hub.post("alice", &format!("/api_3/build/cancel/{alone}"), json!({})).ok();
    create(&hub, "alice", json!({ "with_build_id": alone })).refused(400);
}
