//! `/package/add`.

use serde_json::{Value, json};

use crate::hub::{Hub, Reply};

fn with_tools() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    hub
}

fn add(hub: &Hub, name: &str, kind: &str, body: Value) -> Reply {
    hub.post("alice", &format!("/api_3/package/add/alice/tools/{name}/{kind}"), body)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of all kinds")]
fn every_kind_is_shown_as_copr_shows_it() {
    let hub = with_tools();
    let url = "https://git.example.test/a.git";
    for (number, (kind, body, dict)) in [
        (
            "scm",
            json!({"clone_url": url}),
            json!({
                "type": "git", "clone_url": url, "committish": null, "subdirectory": null,
                "spec": null, "source_build_method": "rpkg",
            }),
        ),
        (
            "scm",
            json!({
                "clone_url": url, "committish": "main", "subdirectory": "sub/dir", "spec": "",
                "scm_type": "git", "source_build_method": "tito",
            }),
            json!({
                "type": "git", "clone_url": url, "committish": "main", "subdirectory": "sub/dir",
                "spec": "", "source_build_method": "tito",
            }),
        ),
        (
            "scm",
            json!({
                "clone_url": "https://svn.example.test/x", "scm_type": "svn",
                "srpm_build_method": "make_srpm", "spec": "dist/x.spec",
            }),
            json!({
                "type": "svn", "clone_url": "https://svn.example.test/x", "committish": null,
                "subdirectory": null, "spec": "dist/x.spec", "source_build_method": "make_srpm",
            }),
        ),
        (
            "scm",
            json!({"clone_url": "svn+ssh://svn@h/x/trunk"}),
            json!({
                "type": "svn", "clone_url": "svn+ssh://svn@h/x/trunk", "committish": null,
                "subdirectory": null, "spec": null, "source_build_method": "rpkg",
            }),
        ),
        (
            "pypi",
            json!({"pypi_package_name": "min"}),
            json!({
                "pypi_package_name": "min", "pypi_package_version": null,
                "spec_generator": "pyp2spec", "spec_template": "", "python_versions": [],
            }),
        ),
        (
            "pypi",
            json!({
                "pypi_package_name": "ints", "pypi_package_version": "1.2.3",
                "spec_generator": "pyp2rpm", "spec_template": "fedora",
                "python_versions": [3, "3.9"],
            }),
            json!({
                "pypi_package_name": "ints", "pypi_package_version": "1.2.3",
                "spec_generator": "pyp2rpm", "spec_template": "fedora",
                "python_versions": ["3", "3.9"],
            }),
        ),
        ("rubygems", json!({"gem_name": "oracle"}), json!({"gem_name": "oracle"})),
        (
            "custom",
            json!({"script": "#!/bin/sh\r\ntrue"}),
            json!({
                "script": "#!/bin/sh\ntrue\n", "chroot": "fedora-latest-x86_64",
                "builddeps": null, "resultdir": null, "repos": "",
            }),
        ),
        (
            "custom",
            json!({
                "script": "#!/bin/sh\n", "script_chroot": "fedora-42-i386",
                "script_builddeps": ["git", "make"], "script_resultdir": "out",
                "script_repos": "https://a.test/ copr://alice/tools",
            }),
            json!({
                "script": "#!/bin/sh\n", "chroot": "fedora-42-i386", "builddeps": "git make",
                "resultdir": "out", "repos": "https://a.test/\ncopr://alice/tools",
            }),
        ),
        (
            "custom",
            json!({
                "script": "true", "chroot": "fedora-latest-i386", "builddeps": "a b",
                "resultdir": ".", "repos": "",
            }),
            json!({
                "script": "true\n", "chroot": "fedora-latest-i386", "builddeps": "a b",
                "resultdir": ".", "repos": "",
            }),
        ),
        (
            "distgit",
            json!({"package_name": null}),
            json!({
                "clone_url": "https://src.fedoraproject.org/rpms/p10", "distgit": "fedora",
            }),
        ),
        (
            "distgit",
            json!({"distgit": "fedora", "namespace": "forks/bob", "committish": "f42"}),
            json!({
                "clone_url": "https://src.fedoraproject.org/forks/bob/rpms/p11",
                "distgit": "fedora", "namespace": "forks/bob", "committish": "f42",
            }),
        ),
        (
            "distgit",
            json!({"distgit": "centos"}),
            json!({
                "clone_url": "https://gitlab.com/redhat/centos-stream/rpms/p12.git",
                "distgit": "centos",
            }),
        ),
        (
            "link",
            json!({"url": "http://h/a-1-1.src.rpm"}),
            json!({"url": "http://h/a-1-1.src.rpm"}),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let made = add(&hub, &format!("p{number}"), kind, body).ok();
        assert_eq!((&made["source_type"], &made["source_dict"]), (&json!(kind), &dict));
        let query = format!("ownername=alice&projectname=tools&packagename=p{number}");
        assert_eq!(hub.get(&format!("/api_3/package?{query}")).ok(), made);
    }
}

#[test]
fn what_is_said_about_its_builds_is_kept() {
    let hub = with_tools();
    let made = add(
        &hub,
        "a",
        "rubygems",
        json!({
            "package_name": "a", "gem_name": "a", "webhook_rebuild": true, "max_builds": "5",
            "timeout": 3600, "chroot_denylist": "fedora-43-*, epel-9-x86_64",
        }),
    )
    .ok();
    assert_eq!(made["auto_rebuild"], true);
    assert_eq!((&made["max_builds"], &made["timeout"]), (&json!(5), &json!(3600)));
    assert_eq!(made["chroot_denylist"], json!(["fedora-43-*", "epel-9-x86_64"]));
    assert_eq!(made["builds"], json!({"latest": null, "latest_succeeded": null}));
    let body = json!({"ownername": "alice", "projectname": "tools", "package_name": "a"});
    let build = hub.post("alice", "/api_3/package/build", body.clone()).ok();
    assert_eq!(build["chroots"], json!(["fedora-42-x86_64"]));
    let config = format!("/api_3/build/source-build-config/{}", build["id"]);
    assert_eq!(hub.get(&config).ok()["timeout"], 3600);
    let plain = add(&hub, "b", "rubygems", json!({"gem_name": "b", "timeout": 0})).ok();
    assert_eq!((&plain["auto_rebuild"], &plain["timeout"]), (&json!(false), &Value::Null));
}

#[test]
fn mistakes_name_their_fields() {
    let hub = with_tools();
    let url = "https://h/a.git";
    for (kind, body, expected) in [
        ("scm", json!({}), "clone_url: This field is required."),
        ("scm", json!({"clone_url": "ext::sh -c x"}), "clone_url: 'ext::sh -c x'"),
        ("scm", json!({"clone_url": "file:///srv/a.git"}), "clone_url: file:// addresses"),
        ("scm", json!({"clone_url": "--upload-pack=x"}), "clone_url: "),
        ("scm", json!({"clone_url": url, "committish": "--upload-pack=x"}), "committish: "),
        ("scm", json!({"clone_url": url, "subdirectory": "../../etc"}), "subdirectory: "),
        ("scm", json!({"clone_url": url, "spec": "x.txt"}), "spec: RPM spec file must end with"),
        ("scm", json!({"clone_url": url, "spec": "../x.spec"}), "spec: "),
        ("scm", json!({"clone_url": url, "scm_type": "hg"}), "scm_type: Not a valid choice."),
        ("scm", json!({"clone_url": "svn://h/x", "scm_type": "git"}), "scm_type: git cannot"),
        (
            "scm",
            json!({"clone_url": url, "source_build_method": "magic"}),
            "source_build_method: Not a valid choice.",
        ),
        ("scm", json!({"clone_url": url, "timeout": 108_001}), "timeout: Number must be between"),
        ("scm", json!({"clone_url": url, "max_builds": 101}), "max_builds: Number must be"),
        ("scm", json!({"clone_url": url, "max_builds": "x"}), "max_builds: "),
        (
            "scm",
            json!({"clone_url": url, "chroot_denylist": "opensuse-*"}),
            "chroot_denylist: no chroot matched by pattern \"opensuse-*\"",
        ),
        ("scm", json!({"clone_url": url, "chroot_denylist": "*"}), "chroot_denylist: "),
        ("scm", json!({"clone_url": url, "chroot_denylist": "fedora-*,e*"}), "chroot_denylist: "),
        ("scm", json!({"clone_url": url, "chroot_denylist": "a b"}), "chroot_denylist: Pattern"),
        ("scm", json!({"clone_url": url, "package_name": "other"}), "package_name: "),
        ("pypi", json!({}), "pypi_package_name: This field is required."),
        ("pypi", json!({"pypi_package_name": "a/b"}), "pypi_package_name: "),
        ("pypi", json!({"pypi_package_name": "x".repeat(94)}), "pypi_package_name: "),
        (
            "pypi",
            json!({"pypi_package_name": "x", "spec_generator": "magic"}),
            "spec_generator: Not a valid choice.",
        ),
        (
            "pypi",
            json!({"pypi_package_name": "x", "spec_template": "mine"}),
            "spec_template: Not a valid choice. 'mine' is not allowed here; use one of: fedora",
        ),
        (
            "pypi",
            json!({"pypi_package_name": "x", "python_versions": [4]}),
            "python_versions: '4' is not a valid choice",
        ),
        ("rubygems", json!({"gem_name": ""}), "gem_name: This field is required."),
        ("rubygems", json!({"gem_name": "x".repeat(93)}), "gem_name: "),
        ("custom", json!({"script": " "}), "script: This field is required."),
        ("custom", json!({"script": "x".repeat(4097)}), "script: Maximum script size is 4kB"),
        (
            "custom",
            json!({"script": "x", "script_chroot": "nosuchos-1-x86_64"}),
            "script_chroot: Not a valid choice.",
        ),
        (
            "custom",
            json!({"script": "x", "script_chroot": "fedora-40-x86_64"}),
            "script_chroot: Not a valid choice.",
        ),
        (
            "custom",
            json!({"script": "x", "script_chroot": "fedora-latest-s390x"}),
            "script_chroot: Not a valid choice.",
        ),
        ("custom", json!({"script": "x", "script_repos": "garbage"}), "script_repos: A list of"),
        ("custom", json!({"script": "x", "script_builddeps": "--root=/"}), "script_builddeps: "),
        ("custom", json!({"script": "x", "script_resultdir": "/../x"}), "script_resultdir: "),
        ("distgit", json!({"distgit": "nosuch"}), "distgit: Not a valid choice."),
        ("distgit", json!({"namespace": "../x"}), "namespace: "),
        ("distgit", json!({"committish": "-b"}), "committish: "),
        ("link", json!({}), "url: This field is required."),
        ("link", json!({"url": "http://h/a.rpm"}), "url: URLs must end with .src.rpm"),
        ("link", json!({"url": "file:///etc/a.spec"}), "url: A list of http[s] URLs"),
        ("upload", json!({}), "pkgs: A file is required"),
        ("nosuchtype", json!({}), "Unsupported package source type nosuchtype"),
        ("rpm_upload", json!({}), "Unsupported package source type rpm_upload"),
    ] {
        let text = add(&hub, "a", kind, body.clone()).refused(400);
        assert!(text.starts_with(expected), "{kind} {body}: {text}");
    }
    let twice = json!({"scm_type": "hg", "committish": "-x", "timeout": -1});
    assert_eq!(add(&hub, "a", "scm", twice).refused(400).lines().count(), 4);
    let unknown = json!({"distgit": "nosuch"});
    let text = add(&hub, "a", "distgit", unknown).refused(400);
    assert!(text.contains("DistGit ID must be one of: fedora, centos-stream, centos"), "{text}");
    hub.get("/api_3/package?ownername=alice&projectname=tools&packagename=a").refused(404);
}

#[test]
fn names_who_and_what_is_there_are_checked() {
    let hub = with_tools();
    let gem = || json!({"gem_name": "x"});
    for name in ["bad%20name", "bad@name", "a%2Fb"] {
        let text = add(&hub, name, "rubygems", gem()).refused(400);
        assert_eq!(text, "package_name: Please enter a valid package name in ^[-+_.a-zA-Z0-9]+$");
    }
    let text = add(&hub, &"n".repeat(101), "rubygems", gem()).refused(400);
    assert_eq!(text, "package_name: Field cannot be longer than 100 characters.");
    let path = "/api_3/package/add/alice/tools/lib+c_x.1-2/rubygems";
    hub.post("bob", path, gem()).refused(403);
    hub.post("", path, gem()).refused(401);
    hub.post("alice", "/api_3/package/add/alice/none/x/rubygems", gem()).refused(404);
    hub.post("alice", "/api_3/package/add/alice/none/x/nosuchtype", gem()).refused(404);
    hub.post("alice", &format!("{path}/"), gem()).ok();
    let text = hub.post("alice", path, gem()).refused(409);
    assert!(text.contains("already has a package 'lib+c_x.1-2'"), "{text}");
    let form = "package_name=f&gem_name=f&webhook_rebuild=true";
    let kind = "application/x-www-form-urlencoded";
    let path = "/api_3/package/add/alice/tools/f/rubygems?ownername=eve&package_name=z";
    let made = hub.send("alice", rocket::http::Method::Post, path, kind, form.as_bytes()).ok();
    assert_eq!((&made["name"], &made["auto_rebuild"]), (&json!("f"), &json!(true)));
}

#[test]
fn a_script_runs_in_a_chroot_of_the_project_where_there_is_no_fedora() {
    let hub = Hub::new();
    let body = json!({"name": "tools", "chroots": ["epel-9-x86_64"]});
    hub.post("alice", "/api_3/project/add/alice", body).ok();
    hub.app
        .store
        .write_now(|tx| {
            for mut chroot in coprbox::store::chroots::list(tx)? {
                chroot.active = chroot.name.distribution() != "fedora";
                coprbox::store::chroots::update(tx, &chroot)?;
            }
            Ok::<_, coprbox::store::StoreError>(())
        })
        .unwrap();
    let made = add(&hub, "a", "custom", json!({"script": "true"})).ok();
    assert_eq!(made["source_dict"]["chroot"], "epel-9-x86_64");
    let body = json!({"script": "true", "script_chroot": "fedora-latest-x86_64"});
    add(&hub, "b", "custom", body).refused(400);
}
