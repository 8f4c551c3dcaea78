//! `/build/create/rpm-upload`. What becomes of the packages is looked at in `tests/runner`.

use serde_json::{Value, json};

use crate::hub::{Hub, Reply};

const PATH: &str = "/api_3/build/create/rpm-upload";

fn with_tools() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    hub
}

/// A header of an RPM file: numbers of tags, and texts.
fn header(texts: &[(u32, &str)]) -> Vec<u8> {
    let (mut index, mut store) = (Vec::new(), Vec::new());
    for (tag, text) in texts {
        for number in [*tag, 6, u32::try_from(store.len()).unwrap(), 1] {
            index.extend(number.to_be_bytes());
        }
        store.extend(text.as_bytes());
        store.push(0);
    }
    let mut all = vec![0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0];
    all.extend(u32::try_from(texts.len()).unwrap().to_be_bytes());
    all.extend(u32::try_from(store.len()).unwrap().to_be_bytes());
    all.extend(index);
    all.extend(store);
    all
}

/// The least that is a package.
fn rpm(name: &str, version: &str, arch: &str) -> Vec<u8> {
    let mut file = vec![0xed, 0xab, 0xee, 0xdb];
    file.resize(96, 0);
    file.extend(header(&[]));
    let tags =
        [(1000, name), (1001, version), (1002, "1"), (1022, arch), (1044, "tool-1-1.src.rpm")];
    file.extend(header(&tags));
    file.extend(b"payload");
    file
}

/// Sends parts: field, file name or nothing, content.
fn send(hub: &Hub, who: &str, parts: &[(&str, &str, &[u8])]) -> Reply {
    let mut body = Vec::new();
    for (field, file, content) in parts {
        body.extend(format!("--XX\r\nContent-Disposition: form-data; name=\"{field}\"").bytes());
        if !file.is_empty() {
            body.extend(format!("; filename=\"{file}\"").bytes());
        }
        let kind = if *field == "json" { "\r\nContent-Type: application/json" } else { "" };
        body.extend(format!("{kind}\r\n\r\n").bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--XX--\r\n");
    hub.send(who, rocket::http::Method::Post, PATH, "multipart/form-data; boundary=XX", &body)
}

fn fields(more: Value) -> Vec<u8> {
    let mut fields = json!({"ownername": "alice", "projectname": "tools", "project_dirname": null});
    for (key, value) in more.as_object().unwrap() {
        fields[key] = value.clone();
    }
    fields.to_string().into_bytes()
}

#[test]
fn a_package_becomes_a_build_without_a_source_phase() {
    let hub = with_tools();
    let file = rpm("tool", "2", "noarch");
    let part = ("pkgs", "whatever.rpm", &*file);
    let build =
        send(&hub, "alice", &[part, ("json", "json", &fields(json!({"chroots": null})))]).ok();
    assert_eq!(build["state"], "pending");
    assert_eq!(build["chroots"], json!(["fedora-42-x86_64", "fedora-43-x86_64"]));
    assert_eq!(build["source_package"], json!({"name": "tool", "version": "2-1", "url": null}));
    let source = hub.get("/api_3/build/source-chroot/1").ok();
    assert_eq!(source, json!({"state": "succeeded", "result_url": null}));
    let config = hub.get("/api_3/build/source-build-config/1").ok();
    assert_eq!(config["source_type"], "rpm_upload");
    assert_eq!(config["source_dict"]["files"], json!(["tool-2-1.noarch.rpm"]), "not the client's");
    let package = hub.get("/api_3/package?ownername=alice&projectname=tools&packagename=tool").ok();
    assert_eq!(package["source_type"], "rpm_upload");
    let tmp = config["source_dict"]["tmp"].as_str().unwrap();
    assert!(hub.dir().join("uploads").join(tmp).join("tool-2-1.noarch.rpm").is_file());
    let again = json!({"ownername": "alice", "projectname": "tools", "package_name": "tool"});
    hub.post("alice", "/api_3/package/build", again).refused(400);
    hub.post("alice", "/api_3/build/cancel/1", json!({})).ok();
    assert_eq!(std::fs::read_dir(hub.dir().join("uploads")).unwrap().count(), 0);
}

#[test]
fn chroots_are_named_as_clients_of_all_ages_do() {
    let hub = with_tools();
    let file = rpm("tool", "1", "noarch");
    let part = ("pkgs", "tool-1-1.noarch.rpm", &*file);
    for (more, given) in [
        (json!({"chroot": "fedora-43-x86_64"}), json!(["fedora-43-x86_64"])),
        (json!({"chroots": ["fedora-42-*"], "chroot": null}), json!(["fedora-42-x86_64"])),
        (json!({"exclude_chroots": ["fedora-42-*"]}), json!(["fedora-43-x86_64"])),
    ] {
        let build = send(&hub, "alice", &[part, ("json", "json", &fields(more))]).ok();
        assert_eq!(build["chroots"], given);
    }
    let nothing = json!({"chroot": "fedora-42-x86_64", "exclude_chroots": ["fedora-42-*"]});
    send(&hub, "alice", &[part, ("json", "json", &fields(nothing))]).refused(400);
    let plain: [(&str, &str, &[u8]); 5] = [
        ("ownername", "", b"alice"),
        ("projectname", "", b"tools"),
        ("chroots", "", b"fedora-42-x86_64"),
        ("chroots", "", b"fedora-43-x86_64"),
        part,
    ];
    let build = send(&hub, "alice", &plain).ok();
    assert_eq!(build["chroots"], json!(["fedora-42-x86_64", "fedora-43-x86_64"]));
}

#[test]
fn several_packages_are_one_build_with_a_name() {
    let hub = with_tools();
    let (one, two) = (rpm("one", "1", "noarch"), rpm("two", "1", "x86_64"));
    let parts = [("pkgs", "a.rpm", &*one), ("pkgs", "b.rpm", &*two)];
    let named = fields(json!({"name": "both"}));
    let build = send(&hub, "alice", &[parts[0], parts[1], ("json", "json", &named)]).ok();
    assert_eq!(build["source_package"]["name"], "both");
    let build =
        send(&hub, "alice", &[("json", "json", &fields(json!({}))), parts[1], parts[0]]).ok();
    assert_eq!(build["source_package"]["name"], "two");
}

#[test]
fn what_is_refused_leaves_nothing() {
    let hub = with_tools();
    let file = rpm("tool", "1", "noarch");
    let good = ("pkgs", "tool.rpm", &*file);
    let (odd, hidden) = (rpm("to ol", "1", "noarch"), rpm(".tool", "1", "noarch"));
    let none = fields(json!({}));
    let sum = fields(json!({"sha256": "0".repeat(64)}));
    let chroot = fields(json!({"chroots": ["fedora-40-x86_64"]}));
    let no_project = fields(json!({"projectname": "none"}));
    let named = fields(json!({"name": "a b"}));
    for (who, files, fields, status) in [
        ("alice", vec![], &none, 400),
        ("alice", vec![("pkgs", "tool.src.rpm", &*file)], &none, 400),
        ("alice", vec![("pkgs", "tool.rpm", &b"x"[..])], &none, 400),
        ("alice", vec![("pkgs", "tool.rpm", &*odd)], &none, 400),
        ("alice", vec![("pkgs", "tool.rpm", &*hidden)], &none, 400),
        ("alice", vec![good, ("logs", "build.log", &b"x"[..])], &none, 400),
        ("alice", vec![good, good], &none, 400),
        ("alice", vec![good], &sum, 400),
        ("alice", vec![good], &chroot, 400),
        ("alice", vec![good], &named, 400),
        ("alice", vec![good], &no_project, 404),
        ("bob", vec![good], &none, 403),
        ("", vec![good], &none, 401),
    ] {
        let mut parts = files.clone();
        parts.push(("json", "json", fields));
        send(&hub, who, &parts).refused(status);
        assert_eq!(std::fs::read_dir(hub.dir().join("uploads")).unwrap().count(), 0, "{files:?}");
    }
    hub.post("alice", PATH, json!({"ownername": "alice", "projectname": "tools"})).refused(400);
    let all = hub.get("/api_3/build/list?ownername=alice&projectname=tools").ok();
    assert_eq!(all["items"], json!([]));
}
