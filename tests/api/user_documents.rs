//! The documents that users have been given, word for word: every command in them, and a request
//! with every field that they name.

use coprbox::clock::Timestamp;
use coprbox::model::chroot::ChrootRecipe;
use coprbox::store::{StoreError, chroots, groups, users};
use rocket::http::Method;
use serde_json::{Value, json};

use crate::hub::Hub;

/// A hub with the people, projects and chroots of the documents.
fn documented() -> Hub {
    let hub = Hub::new();
    hub.app
        .store
        .write_now(|tx| {
            let now = Timestamp::now();
            users::insert(tx, &"myuser".parse().unwrap(), None, false, now)?;
            groups::insert(tx, &"copr".parse().unwrap(), now)?;
            for mut chroot in chroots::list(tx)? {
                chroot.active = true;
                chroots::update(tx, &chroot)?;
            }
            let recipe = ChrootRecipe::Sandbox { repos: vec![], install: vec![] };
            chroots::insert(tx, &"fedora-39-x86_64".parse().unwrap(), &recipe, "", true)?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    for (owner, name) in [("myuser", "my-project"), ("@copr", "copr-dev")] {
        let body = json!({
            "name": name,
            "chroots": ["fedora-42-x86_64", "fedora-40-x86_64", "fedora-39-x86_64"],
        });
        hub.post("alice", &format!("/api_3/project/add/{owner}"), body).ok();
    }
    hub
}

fn send(hub: &Hub, method: Method, path: &str, text: &str) -> Value {
    hub.send("alice", method, path, "application/json", text.as_bytes()).ok()
}

const CREATE: &str = r#"{
    "clone_url": "https://github.com/user/repo.git",
    "committish": "main",
    "subdirectory": "",
    "spec": "package.spec",
    "source_build_method": "rpkg",
    "webhook_rebuild": true
  }"#;

const EDIT: &str = r#"{
    "webhook_rebuild": true,
    "committish": "develop"
  }"#;

const NAMED: &str = r#"{
    "ownername": "myuser",
    "projectname": "my-project",
    "package_name": "my-package"
  }"#;

const BUILD: &str = r#"{
    "ownername": "myuser",
    "projectname": "my-project",
    "package_name": "my-package",
    "chroots": ["fedora-40-x86_64", "fedora-39-x86_64"]
  }"#;

#[test]
fn the_commands_about_packages_work_as_they_stand() {
    let hub = documented();
    let add = "/api_3/package/add/myuser/my-project/my-package/scm";
    let made = send(&hub, Method::Post, add, CREATE);
    assert_eq!((&made["name"], &made["auto_rebuild"]), (&json!("my-package"), &json!(true)));
    assert_eq!(
        made["source_dict"],
        json!({
            "type": "git", "clone_url": "https://github.com/user/repo.git", "committish": "main",
            "subdirectory": "", "spec": "package.spec", "source_build_method": "rpkg",
        })
    );
    let path = "/api_3/package/edit/myuser/my-project/my-package";
    let edited = send(&hub, Method::Post, path, EDIT);
    let mut expected = made.clone();
    expected["source_dict"]["committish"] = json!("develop");
    assert_eq!(edited, expected);
    let build = send(&hub, Method::Post, "/api_3/package/build", BUILD);
    assert_eq!(build["chroots"], json!(["fedora-40-x86_64", "fedora-39-x86_64"]));
    hub.post("alice", &format!("/api_3/build/cancel/{}", build["id"]), json!({})).ok();
    let reset = send(&hub, Method::Put, "/api_3/package/reset", NAMED);
    assert_eq!((&reset["source_type"], &reset["source_dict"]), (&json!("unset"), &json!({})));
    let gone = send(&hub, Method::Delete, "/api_3/package/delete", NAMED);
    assert_eq!(gone["name"], "my-package");

    let path = "/api_3/package/add/@copr/copr-dev/copr-frontend/scm";
    send(&hub, Method::Post, path, CREATE);
    let query = "ownername=@copr&projectname=copr-dev";
    let one = hub.get(&format!("/api_3/package/?{query}&packagename=copr-frontend")).ok();
    assert_eq!(one["ownername"], "@copr");
    let all = hub.get(&format!("/api_3/package/list?{query}")).ok();
    assert_eq!(all["items"], json!([one]));
    assert!(all["meta"].is_object());
}

#[test]
fn every_kind_of_source_in_the_documents_can_be_a_packages() {
    let hub = documented();
    for (kind, body) in [
        ("scm", serde_json::from_str(CREATE).unwrap()),
        ("link", json!({"url": "https://example.test/a-1-1.src.rpm"})),
        ("pypi", json!({"pypi_package_name": "a", "python_versions": ["3", "3.9"]})),
        ("rubygems", json!({"gem_name": "a"})),
        ("custom", json!({"script": "#!/bin/sh\ntrue\n"})),
    ] {
        let mut body: Value = body;
        body["max_builds"] = json!(3);
        body["timeout"] = json!(600);
        let path = format!("/api_3/package/add/myuser/my-project/my-{kind}/{kind}");
        let made = hub.post("alice", &path, body).ok();
        assert_eq!((&made["source_type"], &made["max_builds"]), (&json!(kind), &json!(3)));
    }
    let path = "/api_3/package/add/myuser/my-project/my-upload/upload";
    let made = hub.multipart("alice", path, &[("pkgs", "a-1-1.src.rpm", "x")]).ok();
    assert_eq!(made["source_type"], "upload");
    for kind in ["scm", "link", "upload", "pypi", "rubygems", "custom"] {
        let body = json!({
            "ownername": "myuser", "projectname": "my-project",
            "package_name": format!("my-{kind}"), "background": true, "timeout": 60,
            "enable_net": true,
        });
        let build = hub.post("alice", "/api_3/package/build", body).ok();
        assert_eq!(build["source_package"]["name"], format!("my-{kind}"));
    }
}

#[test]
fn every_request_about_builds_works_with_all_its_fields() {
    let hub = documented();
    for (kind, body) in [
        ("url", json!({"pkgs": "http://h/a-1-1.src.rpm\nhttp://h/b-1-1.src.rpm"})),
        (
            "scm",
            json!({
                "clone_url": "https://github.com/user/repo.git", "committish": "main",
                "subdirectory": "rpm", "spec": "package.spec", "scm_type": "git",
                "source_build_method": "tito_test",
            }),
        ),
        ("scm", json!({"clone_url": "svn://example.test/repo"})),
        (
            "distgit",
            json!({
                "package_name": "hello", "distgit": "fedora", "namespace": "rpms",
                "committish": "f42",
            }),
        ),
        ("distgit", json!({"package_name": "hello", "distgit": "centos"})),
        (
            "pypi",
            json!({
                "pypi_package_name": "hello", "pypi_package_version": "1.0",
                "python_versions": ["3", "3.9"], "spec_generator": "pyp2spec",
                "spec_template": "fedora",
            }),
        ),
        ("rubygems", json!({"gem_name": "hello"})),
        (
            "custom",
            json!({
                "script": "#!/bin/sh\ntrue\n", "chroot": "fedora-42-x86_64", "builddeps": "git",
                "resultdir": "out", "repos": "https://example.test/repo/",
            }),
        ),
    ] {
        let mut body = body;
        for (key, value) in [
            ("ownername", json!("myuser")),
            ("projectname", json!("my-project")),
            ("chroots", json!(["fedora-40-x86_64", "fedora-39-x86_64"])),
            ("background", json!(true)),
            ("timeout", json!(3600)),
            ("enable_net", json!(true)),
        ] {
            body[key] = value;
        }
        let made = hub.post("alice", &format!("/api_3/build/create/{kind}"), body).ok();
        let build = if kind == "url" { &made["items"][1] } else { &made };
        assert_eq!(build["chroots"], json!(["fedora-40-x86_64", "fedora-39-x86_64"]), "{kind}");
        assert_eq!(build["is_background"], true);
        let id = build["id"].as_i64().unwrap();
        for path in ["source-chroot", "source-build-config", "built-packages"] {
            assert!(hub.get(&format!("/api_3/build/{path}/{id}/")).ok().is_object(), "{path}");
        }
        assert_eq!(send(&hub, Method::Put, &format!("/api_3/build/cancel/{id}"), "")["id"], id);
    }
    let parts = [
        ("ownername", "", "myuser"),
        ("projectname", "", "my-project"),
        ("pkgs", "hello-1-1.src.rpm", "content"),
        ("chroots", "", "fedora-40-x86_64"),
        ("chroots", "", "fedora-39-x86_64"),
    ];
    let build = hub.multipart("alice", "/api_3/build/create/upload", &parts).ok();
    assert_eq!(build["chroots"], json!(["fedora-40-x86_64", "fedora-39-x86_64"]));
    let query = "ownername=myuser&projectname=my-project&status=canceled&limit=100&offset=0";
    let canceled = hub.get(&format!("/api_3/build/list?{query}")).ok();
    assert_eq!(canceled["items"].as_array().unwrap().len(), 8);
    assert_eq!(send(&hub, Method::Delete, "/api_3/build/delete/9", "")["id"], 9);
    let body = r#"{"builds": [8, 7]}"#;
    let gone = send(&hub, Method::Delete, "/api_3/build/delete/list", body);
    assert_eq!(gone, json!({"builds": [8, 7]}));
}
