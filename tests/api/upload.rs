//! `/build/create/upload`.

use serde_json::{Value, json};

use crate::hub::Hub;

const PATH: &str = "/api_3/build/create/upload";

fn with_tools() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    hub
}

fn names() -> String {
    json!({"ownername": "alice", "projectname": "tools", "chroots": null}).to_string()
}

fn files(hub: &Hub) -> usize {
    std::fs::read_dir(hub.dir().join("uploads")).unwrap().count()
}

#[test]
fn a_file_is_kept_until_it_is_built_and_can_be_downloaded() {
    let hub = with_tools();
    let file = ("pkgs", "my pkg-1-1.src.rpm", "content");
    let build = hub.multipart("alice", PATH, &[file, ("json", "json", &names())]).ok();
    assert_eq!(build["state"], "pending");
    let url = build["source_package"]["url"].as_str().unwrap();
    let path = url.strip_prefix("http://hub.test:5000").unwrap();
    assert!(path.starts_with("/tmp/") && path.ends_with("/my_pkg-1-1.src.rpm"), "{path}");
    assert_eq!(hub.get(path).ok(), "content");
    let config = hub.get("/api_3/build/source-build-config/1").ok();
    assert_eq!(config["source_dict"]["url"], url);
    assert_eq!(config["source_dict"]["pkg"], "my_pkg-1-1.src.rpm");
    assert!(config["source_dict"]["tmp"].is_string());
}

#[test]
fn parameters_come_first_or_last_or_as_plain_fields() {
    let hub = with_tools();
    let file = ("pkgs", "path/../a.spec", "Name: a");
    let build = hub.multipart("alice", PATH, &[("json", "json", &names()), file]).ok();
    assert_eq!(build["source_package"]["url"], Value::Null);
    let fields = [
        ("ownername", "", "alice"),
        ("projectname", "", "tools"),
        ("chroots", "", "fedora-42-x86_64"),
        ("chroots", "", "fedora-43-x86_64"),
        file,
    ];
    let build = hub.multipart("alice", PATH, &fields).ok();
    assert_eq!(build["chroots"], json!(["fedora-42-x86_64", "fedora-43-x86_64"]));
}

#[test]
fn what_is_refused_leaves_nothing() {
    let hub = with_tools();
    let json = names();
    let good = ("pkgs", "a-1-1.src.rpm", "content");
    let other = r#"{"ownername": "alice", "projectname": "none"}"#;
    let bad = r#"{"ownername": "alice", "projectname": "tools", "chroots": ["x-1-y"]}"#;
    for (who, parts, status) in [
        ("alice", vec![("json", "json", json.as_str())], 400),
        ("alice", vec![("pkgs", "a-1-1.rpm", "x"), ("json", "json", &json)], 400),
        ("alice", vec![good, ("json", "json", other)], 404),
        ("alice", vec![good, ("json", "json", bad)], 400),
        ("alice", vec![good, ("json", "json", "{")], 400),
        ("bob", vec![good, ("json", "json", &json)], 403),
        ("", vec![good, ("json", "json", &json)], 401),
    ] {
        hub.multipart(who, PATH, &parts).refused(status);
        assert_eq!(files(&hub), 0, "{parts:?}");
    }
    hub.post("alice", PATH, json!({"ownername": "alice", "projectname": "tools"})).refused(400);
    assert_eq!(
        hub.get("/api_3/build/list?ownername=alice&projectname=tools").ok()["items"],
        json!([])
    );
}

#[test]
fn a_canceled_upload_goes_away() {
    let hub = with_tools();
    let file = ("pkgs", "a-1-1.src.rpm", "content");
    hub.multipart("alice", PATH, &[file, ("json", "json", &names())]).ok();
    assert_eq!(files(&hub), 1);
    hub.post("alice", "/api_3/build/cancel/1", json!({})).ok();
    assert_eq!(files(&hub), 0);
}

#[test]
fn uploads_are_reached_by_their_name_only() {
    let hub = with_tools();
    std::fs::write(hub.dir().join("uploads/secret"), "x").unwrap();
    for path in ["/tmp/..%2f/coprbox.db", "/tmp/a/..%2f..%2fcoprbox.db", "/tmp/uploads/secret"] {
        assert_eq!(hub.get(path).status, 404, "{path}");
    }
}
