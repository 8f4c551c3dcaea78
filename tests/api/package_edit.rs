//! `/package/edit`, and files that packages keep.

use rocket::http::Method;
use serde_json::{Value, json};

use crate::hub::{Hub, Reply};

const PATH: &str = "/api_3/package/edit/alice/tools/a";

/// Alice's project with the package `a`, made from these fields.
fn with_package(kind: &str, body: Value) -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    hub.post("alice", &format!("/api_3/package/add/alice/tools/a/{kind}"), body).ok();
    hub
}

fn edit(hub: &Hub, kind: &str, body: Value) -> Reply {
    hub.post("alice", &format!("{PATH}{kind}"), body)
}

fn scm() -> Value {
    json!({
        "clone_url": "https://h/a.git", "committish": "main", "subdirectory": "sub",
        "spec": "a.spec", "source_build_method": "tito", "webhook_rebuild": true,
        "max_builds": 3, "timeout": 100, "chroot_denylist": "epel-*",
    })
}

fn build(hub: &Hub) -> Reply {
    let body = json!({"ownername": "alice", "projectname": "tools", "package_name": "a"});
    hub.post("alice", "/api_3/package/build", body)
}

fn uploads(hub: &Hub) -> usize {
    std::fs::read_dir(hub.dir().join("uploads")).unwrap().count()
}

#[test]
fn what_is_not_said_stays() {
    let hub = with_package("scm", scm());
    let before = edit(&hub, "/scm", json!({})).ok();
    assert_eq!(before["source_dict"]["committish"], "main");
    let now = edit(&hub, "/scm", json!({"package_name": "a", "committish": "devel"})).ok();
    let mut expected = before.clone();
    expected["source_dict"]["committish"] = json!("devel");
    assert_eq!(now, expected);
    for (kind, value) in [("", "2"), ("/", "3"), ("/None", "4"), ("/scm/", "5")] {
        let now = edit(&hub, kind, json!({"committish": value, "clone_url": null})).ok();
        expected["source_dict"]["committish"] = json!(value);
        assert_eq!(now, expected);
    }
    let now = hub.json("alice", Method::Put, PATH, json!({"subdirectory": ""})).ok();
    expected["source_dict"]["subdirectory"] = json!("");
    assert_eq!(now, expected);
    let now = edit(&hub, "", json!({"webhook_rebuild": false, "max_builds": 0})).ok();
    assert_eq!((&now["auto_rebuild"], &now["max_builds"]), (&json!(false), &Value::Null));
    assert_eq!((&now["timeout"], &now["chroot_denylist"]), (&json!(100), &json!(["epel-*"])));
    let now = edit(&hub, "", json!({"timeout": "0", "chroot_denylist": ""})).ok();
    assert_eq!((&now["timeout"], &now["chroot_denylist"]), (&Value::Null, &Value::Null));
    assert_eq!(now["source_dict"], expected["source_dict"]);
    let now = edit(&hub, "", json!({"package_name": "renamed", "spec": "b.spec"})).ok();
    assert_eq!((&now["name"], &now["source_dict"]["spec"]), (&json!("a"), &json!("b.spec")));
}

#[test]
fn a_repository_of_subversion_stays_one() {
    let body = json!({"clone_url": "https://svn.example.test/x", "scm_type": "svn"});
    let hub = with_package("scm", body);
    let now = edit(&hub, "/scm", json!({"committish": "77"})).ok();
    assert_eq!(
        (&now["source_dict"]["type"], &now["source_dict"]["committish"]),
        (&json!("svn"), &json!("77"))
    );
    let now = edit(&hub, "/scm", json!({"scm_type": "git"})).ok();
    assert_eq!(now["source_dict"]["type"], "git");
}

#[test]
fn every_kind_can_be_edited_in_part() {
    for (kind, body, change, key, value) in [
        (
            "pypi",
            json!({"pypi_package_name": "x", "spec_template": "pld", "python_versions": [3]}),
            json!({"pypi_package_version": "2.0"}),
            "spec_template",
            json!("pld"),
        ),
        (
            "custom",
            json!({"script": "a", "script_chroot": "fedora-43-x86_64", "script_resultdir": "o"}),
            json!({"script": "b"}),
            "chroot",
            json!("fedora-43-x86_64"),
        ),
        (
            "distgit",
            json!({"namespace": "forks/bob"}),
            json!({"committish": "rawhide"}),
            "clone_url",
            json!("https://src.fedoraproject.org/forks/bob/rpms/a"),
        ),
        (
            "distgit",
            json!({"namespace": "forks/bob"}),
            json!({"distgit": "centos"}),
            "clone_url",
            json!("https://gitlab.com/redhat/centos-stream/rpms/a.git"),
        ),
        ("rubygems", json!({"gem_name": "x"}), json!({}), "gem_name", json!("x")),
        ("link", json!({"url": "http://h/a.spec"}), json!({}), "url", json!("http://h/a.spec")),
    ] {
        let hub = with_package(kind, body);
        let now = edit(&hub, "", change).ok();
        assert_eq!((&now["source_type"], &now["source_dict"][key]), (&json!(kind), &value));
    }
}

#[test]
fn another_kind_replaces_all_of_the_source() {
    let hub = with_package("scm", scm());
    let text = edit(&hub, "/pypi", json!({})).refused(400);
    assert_eq!(text, "pypi_package_name: This field is required.");
    let now = edit(&hub, "/rubygems", json!({"gem_name": "switched"})).ok();
    assert_eq!(now["source_dict"], json!({"gem_name": "switched"}));
    assert_eq!((&now["auto_rebuild"], &now["max_builds"]), (&json!(true), &json!(3)));
    edit(&hub, "/nosuchtype", json!({})).refused(400);
    edit(&hub, "/scm", json!({})).refused(400);
    let body = json!({"ownername": "alice", "projectname": "tools", "package_name": "a"});
    hub.json("alice", Method::Put, "/api_3/package/reset", body).ok();
    edit(&hub, "", json!({"webhook_rebuild": true})).refused(400);
    edit(&hub, "/scm", json!({"clone_url": "https://h/a.git"})).ok();
}

#[test]
fn who_may_not_and_what_is_not_there() {
    let hub = with_package("scm", scm());
    hub.post("bob", PATH, json!({"committish": "evil"})).refused(403);
    hub.post("", PATH, json!({})).refused(401);
    hub.post("alice", "/api_3/package/edit/alice/none/a/scm", json!({})).refused(404);
    hub.post("alice", "/api_3/package/edit/alice/tools/none", json!({})).refused(404);
    hub.post("alice", "/api_3/package/edit/alice/tools/none/scm", scm()).refused(404);
    let text = edit(&hub, "", json!({"committish": "--upload-pack=x"})).refused(400);
    assert!(text.starts_with("committish: "), "{text}");
}

#[test]
fn a_package_keeps_its_file_for_all_its_builds() {
    let hub = with_package("scm", scm());
    let file = ("pkgs", "my pkg-1-1.src.rpm", "content");
    let path = format!("{PATH}/upload");
    let parts = [file, ("json", "json", r#"{"webhook_rebuild": false}"#)];
    hub.multipart("bob", &path, &parts).refused(403);
    let bad = ("pkgs", "a.txt", "x");
    hub.multipart("alice", &path, &[bad]).refused(400);
    hub.multipart("alice", &path, &[file, ("timeout", "", "x")]).refused(400);
    assert_eq!(uploads(&hub), 0);
    let now = hub.multipart("alice", &path, &parts).ok();
    assert_eq!((&now["source_type"], &now["auto_rebuild"]), (&json!("upload"), &json!(false)));
    assert_eq!(now["source_dict"]["pkg"], "my_pkg-1-1.src.rpm");
    let url = now["source_dict"]["url"].as_str().unwrap();
    let url = url.strip_prefix("http://hub.test:5000").unwrap().to_owned();
    assert_eq!(hub.get(&url).ok(), "content");
    // Each build has the file for itself.
    let first = build(&hub).ok();
    assert_eq!(first["chroots"], json!(["fedora-42-x86_64", "fedora-43-x86_64"]));
    assert_eq!(uploads(&hub), 2);
    hub.post("alice", &format!("/api_3/build/cancel/{}", first["id"]), json!({})).ok();
    assert_eq!(uploads(&hub), 1);
    build(&hub).ok();
    // What is not said stays, the file too; a new one takes its place.
    let same = edit(&hub, "", json!({"max_builds": 7})).ok();
    assert_eq!(same["source_dict"], now["source_dict"]);
    let other = hub.multipart("alice", &path, &[("pkgs", "b.spec", "Name: b")]).ok();
    assert_eq!(other["source_dict"]["pkg"], "b.spec");
    assert_eq!((uploads(&hub), hub.get(&url).status), (2, 404));
    edit(&hub, "/rubygems", json!({"gem_name": "x"})).ok();
    assert_eq!(uploads(&hub), 1);
}

#[test]
fn a_kept_file_goes_with_its_package_and_its_project() {
    let file = ("pkgs", "a-1-1.src.rpm", "content");
    let path = "/api_3/package/add/alice/tools/a/upload";
    let named = json!({"ownername": "alice", "projectname": "tools", "package_name": "a"});
    for (method, path_of_end, body) in [
        (Method::Put, "/api_3/package/reset", named.clone()),
        (Method::Delete, "/api_3/package/delete", named),
        (Method::Delete, "/api_3/project/delete/alice/tools", json!({})),
    ] {
        let hub = Hub::new();
        hub.project("tools");
        hub.multipart("alice", path, &[file]).ok();
        hub.multipart("alice", path, &[file]).refused(409);
        assert_eq!(uploads(&hub), 1);
        hub.json("alice", method, path_of_end, body).ok();
        assert_eq!(uploads(&hub), 0, "{path_of_end}");
    }
}

#[test]
fn a_file_that_is_gone_cannot_be_built_from() {
    let hub = Hub::new();
    hub.project("tools");
    let file = ("pkgs", "a-1-1.src.rpm", "content");
    hub.multipart("alice", "/api_3/package/add/alice/tools/a/upload", &[file]).ok();
    for entry in std::fs::read_dir(hub.dir().join("uploads")).unwrap() {
        std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
    }
    let text = build(&hub).refused(400);
    assert!(text.contains("default source"), "{text}");
    assert_eq!(uploads(&hub), 0);
}
