//! `/build/create/tree`.

use serde_json::{Value, json};

use crate::hub::Hub;

const PATH: &str = "/api_3/build/create/tree";

fn with_tools() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    hub
}

fn files(hub: &Hub) -> usize {
    std::fs::read_dir(hub.dir().join("uploads")).unwrap().count()
}

#[test]
fn a_directory_is_kept_until_it_is_built() {
    let hub = with_tools();
    let fields = [
        ("ownername", "", "alice"),
        ("projectname", "", "tools"),
        ("chroots", "", "fedora-42-x86_64"),
        ("spec", "", "dist/my.spec"),
        ("pack_source", "", "1"),
        ("pkgs", "/home/al/my dir.tar.gz", "content"),
    ];
    let build = hub.multipart("alice", PATH, &fields).ok();
    assert_eq!(build["state"], "pending");
    assert_eq!(build["chroots"], json!(["fedora-42-x86_64"]));
    assert_eq!(build["source_package"]["url"], Value::Null);
    let config = hub.get("/api_3/build/source-build-config/1").ok();
    assert_eq!(config["source_type"], "tree");
    let source = &config["source_dict"];
    assert_eq!(source["pkg"], "my_dir.tar.gz");
    assert_eq!((&source["spec"], &source["pack_source"]), (&json!("dist/my.spec"), &json!(true)));
    let path = source["url"].as_str().unwrap().strip_prefix("http://hub.test:5000").unwrap();
    assert_eq!(hub.get(path).ok(), "content");
    hub.post("alice", "/api_3/build/cancel/1", json!({})).ok();
    assert_eq!(files(&hub), 0);
}

#[test]
fn what_is_refused_leaves_nothing() {
    let hub = with_tools();
    let names = json!({"ownername": "alice", "projectname": "tools"});
    let good = ("pkgs", "a.tar.gz", "content");
    let send = |who, file, mut fields: Value, status| {
        for (name, value) in names.as_object().unwrap() {
            fields[name] = value.clone();
        }
        hub.multipart(who, PATH, &[file, ("json", "json", &fields.to_string())]).refused(status)
    };
    let why = send("alice", ("pkgs", "a.src.rpm", "content"), json!({}), 400);
    assert!(why.contains("only .tar.gz and .tgz"), "{why}");
    let why = send("alice", ("other", "a.tar.gz", "content"), json!({}), 400);
    assert!(why.contains("pkgs"), "{why}");
    for spec in ["../a.spec", "a.txt", "-x.spec"] {
        let why = send("alice", good, json!({ "spec": spec }), 400);
        assert!(why.contains("spec"), "{why}");
    }
    send("alice", good, json!({"chroots": ["nonsense"]}), 400);
    send("eve", good, json!({}), 403);
    assert_eq!(files(&hub), 0);
}
