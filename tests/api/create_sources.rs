//! `/build/create` for sources that the server fetches or makes itself.

use serde_json::{Value, json};

use crate::hub::{Hub, Reply};

fn with_tools() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    hub
}

fn create(hub: &Hub, who: &str, kind: &str, more: Value) -> Reply {
    let mut body = json!({"ownername": "alice", "projectname": "tools"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    hub.post(who, &format!("/api_3/build/create/{kind}"), body)
}

/// Enough for a build of each kind.
fn least(kind: &str) -> Value {
    match kind {
        "scm" => json!({"clone_url": "https://h/a.git"}),
        "distgit" => json!({"package_name": "hello"}),
        "pypi" => json!({"pypi_package_name": "oracle"}),
        "rubygems" => json!({"gem_name": "oracle"}),
        _ => json!({"script": "#!/bin/sh\ntrue"}),
    }
}

const KINDS: [&str; 5] = ["scm", "distgit", "pypi", "rubygems", "custom"];

#[test]
fn every_kind_makes_a_build_whose_package_is_not_known_yet() {
    let hub = with_tools();
    for (kind, more, dict) in [
        (
            "scm",
            json!({
                "clone_url": "https://h/a.git", "committish": "", "subdirectory": "",
                "spec": "", "scm_type": "git", "source_build_method": "rpkg",
                "progress_callback": null, "isolation": "unchanged",
            }),
            json!({
                "type": "git", "clone_url": "https://h/a.git", "committish": "",
                "subdirectory": "", "spec": "", "srpm_build_method": "rpkg",
            }),
        ),
        (
            "distgit",
            json!({
                "distgit": null, "namespace": "rpms", "package_name": "hello", "committish": "f42",
            }),
            json!({
                "clone_url": "https://src.fedoraproject.org/rpms/hello", "distgit": "fedora",
                "namespace": "rpms", "committish": "f42",
            }),
        ),
        (
            "pypi",
            json!({
                "pypi_package_name": "oracle", "pypi_package_version": null,
                "spec_generator": null, "spec_template": "", "python_versions": [3, 2],
            }),
            json!({
                "pypi_package_name": "oracle", "pypi_package_version": null,
                "spec_generator": "pyp2spec", "spec_template": "", "python_versions": ["3", "2"],
            }),
        ),
        (
            "pypi",
            json!({"pypi_package_name": "oracle", "python_versions": []}),
            json!({
                "pypi_package_name": "oracle", "pypi_package_version": null,
                "spec_generator": "pyp2spec", "spec_template": "", "python_versions": ["3"],
            }),
        ),
        ("rubygems", json!({"gem_name": "oracle"}), json!({"gem_name": "oracle"})),
        (
            "custom",
            json!({
                "script": "#!/bin/sh\ntrue", "chroot": null, "builddeps": null,
                "resultdir": null, "repos": null,
            }),
            json!({
                "script": "#!/bin/sh\ntrue\n", "chroot": "fedora-43-x86_64", "builddeps": null,
                "resultdir": null, "repos": "",
            }),
        ),
        (
            "custom",
            json!({
                "script": "#!/bin/sh\n", "chroot": "fedora-latest-i386", "builddeps": "git",
                "resultdir": "res", "repos": ["https://a.test/", "https://b.test/"],
            }),
            json!({
                "script": "#!/bin/sh\n", "chroot": "fedora-42-i386", "builddeps": "git",
                "resultdir": "res", "repos": "https://a.test/\nhttps://b.test/",
            }),
        ),
    ] {
        let build = create(&hub, "alice", kind, more).ok();
        assert_eq!((&build["state"], &build["chroots"]), (&json!("pending"), &json!([])));
        let unknown = json!({"name": null, "version": null, "url": null});
        assert_eq!(build["source_package"], unknown);
        let path = format!("/api_3/build/source-build-config/{}", build["id"]);
        let config = hub.get(&path).ok();
        assert_eq!((&config["source_type"], &config["source_dict"]), (&json!(kind), &dict));
    }
}

#[test]
fn options_count_for_every_kind() {
    let hub = with_tools();
    for kind in KINDS {
        let mut more = least(kind);
        let options = json!({
            "chroots": ["fedora-4*"], "exclude_chroots": ["*-43-*"], "background": true,
            "timeout": "77", "project_dirname": "tools:custom:x",
        });
        more.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let build = create(&hub, "alice", kind, more).ok();
        assert_eq!(build["chroots"], json!(["fedora-42-x86_64"]), "{kind}");
        assert_eq!(build["is_background"], true);
        assert_eq!(build["project_dirname"], "tools:custom:x");
    }
}

#[test]
fn what_makes_no_sense_is_refused_for_every_kind() {
    let hub = with_tools();
    for kind in KINDS {
        let with = |key: &str, value: Value| {
            let mut body = least(kind);
            body[key] = value;
            body
        };
        create(&hub, "", kind, least(kind)).refused(401);
        create(&hub, "bob", kind, least(kind)).refused(403);
        create(&hub, "alice", kind, with("projectname", json!("none"))).refused(404);
        create(&hub, "alice", kind, json!({})).refused(400);
        create(&hub, "alice", kind, with("chroots", json!(["nosuchos-1-x86_64"]))).refused(400);
        create(&hub, "alice", kind, with("timeout", json!(108_001))).refused(400);
        let text = create(&hub, "alice", kind, with("with_build_id", json!(99))).refused(400);
        assert!(text.contains("99"), "{text}");
        let packit = with("packit_forge_project", json!("github.com/a/b"));
        create(&hub, "alice", kind, packit).refused(403);
    }
    for (kind, more, expected) in [
        ("scm", json!({"clone_url": "not a url"}), "clone_url: 'not a url'"),
        ("scm", json!({"clone_url": "https://h/a", "spec": "h.txt"}), "spec: RPM spec file must"),
        ("pypi", json!({"pypi_package_name": "x", "python_versions": [4]}), "python_versions: "),
        ("custom", json!({"script": ""}), "script: This field is required."),
        ("custom", json!({"script": "x", "chroot": "nosuchos-1-x86_64"}), "chroot: Not a valid"),
        ("distgit", json!({"package_name": "a b"}), "package_name: "),
        ("distgit", json!({"package_name": "a", "distgit": "nosuch"}), "distgit: Not a valid"),
    ] {
        let text = create(&hub, "alice", kind, more).refused(400);
        assert!(text.starts_with(expected), "{kind}: {text}");
    }
    let list = "/api_3/build/list?ownername=alice&projectname=tools";
    assert_eq!(hub.get(list).ok()["items"], json!([]));
    let reply = hub.post("alice", "/api_3/build/create/nosuch", json!({}));
    assert!(reply.refused(404).contains("endpoint"));
    assert_eq!(hub.get("/api_3/build/create/scm").status, 405);
}

#[test]
fn a_packages_script_gets_its_chroot_when_it_is_built() {
    let hub = with_tools();
    let path = "/api_3/package/add/alice/tools/a/custom";
    hub.post("alice", path, json!({"script": "true"})).ok();
    let body = json!({"ownername": "alice", "projectname": "tools", "package_name": "a"});
    let build = hub.post("alice", "/api_3/package/build", body).ok();
    assert_eq!(build["chroots"], json!(["fedora-42-x86_64", "fedora-43-x86_64"]));
    let path = format!("/api_3/build/source-build-config/{}", build["id"]);
    assert_eq!(hub.get(&path).ok()["source_dict"]["chroot"], "fedora-43-x86_64");
    let query = "/api_3/package?ownername=alice&projectname=tools&packagename=a";
    assert_eq!(hub.get(query).ok()["source_dict"]["chroot"], "fedora-latest-x86_64");
}
