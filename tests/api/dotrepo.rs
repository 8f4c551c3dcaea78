//! What dnf asks for: `.repo` files, and `/rpmrepo`.

use rocket::http::Method;
use serde_json::json;

use crate::hub::Hub;

fn hub() -> Hub {
    let hub = Hub::new();
    hub.project("lib");
    let body = json!({
        "name": "tools", "chroots": ["fedora-42-x86_64", "fedora-42-i386", "epel-9-x86_64"],
        "multilib": true, "module_hotfixes": true, "repo_priority": 10,
        "runtime_dependencies": ["copr://alice/lib?priority=4", "https://h/$chroot/?priority=5"],
    });
    hub.post("alice", "/api_3/project/add/alice", body).ok();
    let body = json!({"name": "team", "chroots": ["fedora-42-x86_64"]});
    hub.post("bob", "/api_3/project/add/@crew", body).ok();
    hub
}

#[test]
fn the_first_line_of_a_repo_file_is_its_id() {
    let hub = hub();
    let reply = hub.get("/coprs/alice/tools/repo/fedora-42/dnf.repo?arch=x86_64");
    assert_eq!(reply.header("Content-Disposition"), Some("filename=alice-tools.repo"));
    assert!(reply.header("Content-Type").unwrap().starts_with("text/plain"));
    let text = reply.ok().as_str().unwrap().to_owned();
    assert!(text.starts_with("[copr:hub.test:alice:tools]\n"), "{text}");
    for line in [
        "[copr:hub.test:alice:tools:ml]",
        "priority=10",
        "[coprdep:hub.test:alice:lib]",
        "priority=4",
        "baseurl=https://h/fedora-42-x86_64/",
        "priority=5",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
    let plain = hub.get("/coprs/alice/tools/repo/fedora-42/").ok();
    assert!(!plain.as_str().unwrap().contains(":ml]"), "multilib needs an arch");
}

#[test]
fn both_spellings_of_a_group_lead_to_its_repo_file() {
    let hub = hub();
    for path in ["/coprs/@crew/team", "/coprs/%40crew/team", "/coprs/g/crew/team"] {
        for end in ["/repo/fedora-42", "/repo/fedora-42/", "/repo/fedora-42/crew.repo"] {
            let text = hub.get(&format!("{path}{end}")).ok();
            assert!(text.as_str().unwrap().starts_with("[copr:hub.test:group_crew:team]\n"));
        }
    }
}

#[test]
fn dnf_is_told_which_chroots_there_are() {
    let hub = hub();
    let reply = hub.get("/coprs/alice/tools/repo/epel-9/dnf.repo?arch=aarch64");
    assert_eq!(reply.status, 404);
    let data = reply.header("Copr-Error-Data").unwrap();
    assert!(data.starts_with("eyJhdmFpbGFibGUgY2hyb290cyI6"), "{data}");
    for path in ["alice/none", "nobody/tools", "alice/tools:custom:x"] {
        let reply = hub.get(&format!("/coprs/{path}/repo/fedora-42/dnf.repo"));
        assert_eq!((reply.status, reply.header("Copr-Error-Data")), (404, None));
    }
}

#[test]
fn rpmrepo_has_what_dnf5_needs() {
    let hub = hub();
    let body = json!({"chroots": ["fedora-42-x86_64", "fedora-42-i386"]});
    hub.json("alice", Method::Put, "/api_3/project/edit/alice/tools", body).ok();
    let offer = hub.get("/api_3/rpmrepo/alice/tools:custom:any/fedora-42/").ok();
    assert_eq!(offer["results_url"], "http://hub.test:5000/results");
    assert_eq!(offer["pubkey_url"], "http://hub.test:5000/results/alice/tools/pubkey.gpg");
    assert_eq!(offer["directories"], json!({"tools": {}}));
    let opts = json!({"module_hotfixes": "1", "priority": 10});
    let multilib =
        json!({"i386": {"opts": {"cost": "1100", "module_hotfixes": "1", "priority": 10}}});
    let fedora = &offer["repos"]["fedora-42"]["arch"];
    assert_eq!(fedora["x86_64"], json!({"opts": opts, "multilib": multilib}));
    assert_eq!(fedora["i386"], json!({"opts": opts}));
    let dropped = &offer["repos"]["epel-9"]["arch"]["x86_64"];
    assert_eq!(dropped, &json!({"opts": opts, "delete_after_days": 6}));
    let needed = offer["dependencies"].as_array().unwrap();
    assert_eq!(needed[0]["data"], json!({"owner": "alice", "projectname": "lib"}));
    assert_eq!(needed[0]["opts"]["id"], "coprdep:hub.test:alice:lib");
    assert_eq!(needed[1]["type"], "external_baseurl");
    assert_eq!(needed[1]["data"], json!({"pattern": "https://h/$chroot/"}));
    hub.get("/api_3/rpmrepo/alice/none/fedora-42").refused(404);
}

#[test]
fn dnf5_is_told_of_dependencies_what_the_repo_file_says() {
    let hub = hub();
    let edit = |project: &str, body| {
        let path = format!("/api_3/project/edit/alice/{project}");
        hub.json("alice", Method::Put, &path, body).ok();
    };
    let opts = || {
        let offer = hub.get("/api_3/rpmrepo/alice/tools/fedora-42").ok();
        let mut needed = offer["dependencies"][0].clone();
        needed["opts"].as_object_mut().unwrap().retain(|key, _| key != "id" && key != "name");
        (needed["opts"].take(), needed["data"]["projectname"].take())
    };
    assert_eq!(opts(), (json!({"priority": 4}), json!("lib")));
    edit("lib", json!({"repo_priority": 5, "module_hotfixes": true}));
    assert_eq!(opts().0, json!({"module_hotfixes": "1", "priority": 4}));
    edit("tools", json!({"runtime_dependencies": "copr://alice/lib:custom:x"}));
    let expected = (json!({"module_hotfixes": "1", "priority": 5}), json!("lib:custom:x"));
    assert_eq!(opts(), expected);
    let file = hub.get("/coprs/alice/tools/repo/fedora-42/").ok().as_str().unwrap().to_owned();
    let section = &file[file.find("[coprdep:").unwrap()..];
    for line in [
        "baseurl=http://hub.test:5000/results/alice/lib:custom:x/fedora-$releasever-$basearch/",
        "module_hotfixes=1",
        "priority=5",
    ] {
        assert!(section.lines().any(|own| own == line), "{line}\n{file}");
    }
}
