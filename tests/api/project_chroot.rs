//! `/project-chroot`.

use rocket::http::Method;
use serde_json::{Value, json};

use crate::hub::{Hub, Reply};

const EDIT: &str = "/api_3/project-chroot/edit/alice/tools/fedora-42-x86_64";

fn with_tools() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    hub
}

fn edit(hub: &Hub, body: Value) -> Reply {
    hub.json("alice", Method::Put, EDIT, body)
}

fn get(hub: &Hub, what: &str, chroot: &str) -> Reply {
    hub.get(&format!(
        "/api_3/project-chroot{what}?ownername=alice&projectname=tools&chrootname={chroot}"
    ))
}

#[test]
fn a_chroot_has_every_key() {
    let hub = with_tools();
    let expected = json!({
        "mock_chroot": "fedora-42-x86_64", "ownername": "alice", "projectname": "tools",
        "comps_name": null, "additional_repos": [], "additional_packages": [],
        "additional_modules": [], "with_opts": [], "without_opts": [],
        "delete_after_days": null, "isolation": "unchanged",
    });
    assert_eq!(get(&hub, "", "fedora-42-x86_64").ok(), expected);
    get(&hub, "", "epel-9-x86_64").refused(404);
    get(&hub, "", "fedora-40-x86_64").refused(404);
    assert_eq!(get(&hub, "", "fedora").refused(404), "Chroot identification is not valid");
    hub.get("/api_3/project-chroot?ownername=alice").refused(400);
}

#[test]
fn settings_come_as_json_form_or_multipart() {
    let hub = with_tools();
    let body = json!({
        "additional_packages": ["gcc", "make"], "with_opts": "a b", "without_opts": null,
        "additional_modules": "m:1,!n:2", "additional_repos": ["http://r/$chroot?priority=3"],
        "isolation": "nspawn", "bootstrap": "on",
    });
    let edited = edit(&hub, body).ok();
    assert_eq!(edited["additional_packages"], json!(["gcc", "make"]));
    assert_eq!(edited["with_opts"], json!(["a", "b"]));
    assert_eq!(edited["additional_modules"], json!(["m:1", "!n:2"]));
    assert_eq!(edited["isolation"], "nspawn");
    let same = edit(&hub, json!({"additional_modules": []})).ok();
    assert_eq!(same["additional_modules"], json!(["m:1", "!n:2"]));
    let kind = "application/x-www-form-urlencoded";
    let edited = hub.send("alice", Method::Post, EDIT, kind, b"additional_packages=x+y").ok();
    assert_eq!(edited["additional_packages"], json!(["x", "y"]));
    let json = r#"{"additional_packages": [], "delete_comps": false, "isolation": null}"#;
    let edited = hub.multipart("alice", EDIT, &[("json", "json", json)]).ok();
    assert_eq!(edited["additional_packages"], json!([]));
    assert_eq!(edited["isolation"], "nspawn");
    let config = get(&hub, "/build-config", "fedora-42-x86_64").ok();
    assert_eq!((&config["isolation"], &config["bootstrap"]), (&json!("nspawn"), &json!("on")));
    assert_eq!(config["repos"][1]["baseurl"], "http://r/fedora-42-x86_64");
    assert_eq!(config["repos"][1]["priority"], 3);
    assert_eq!(
        config["additional_repos"],
        json!(["copr://alice/tools", "http://r/$chroot?priority=3"])
    );
}

#[test]
fn settings_are_reset_before_others_are_set() {
    let hub = with_tools();
    edit(&hub, json!({"with_opts": ["a"], "additional_packages": ["x"], "isolation": "simple"}))
        .ok();
    let body = json!({"reset_fields": ["with_opts", "isolation", "additional_packages"], "with_opts": "b"});
    let edited = edit(&hub, body).ok();
    assert_eq!(edited["with_opts"], json!(["b"]));
    assert_eq!(edited["additional_packages"], json!([]));
    assert_eq!(edited["isolation"], "unchanged");
    let text = edit(&hub, json!({"reset_fields": ["nosuch"]})).refused(400);
    assert!(text.contains("nosuch"), "{text}");
}

#[test]
fn an_image_alone_means_a_custom_image() {
    let hub = with_tools();
    edit(&hub, json!({"bootstrap_image": "registry.example.test/f:42"})).ok();
    let config = get(&hub, "/build-config", "fedora-42-x86_64").ok();
    assert_eq!(config["bootstrap"], "custom_image");
    assert_eq!(config["bootstrap_image"], "registry.example.test/f:42");
    edit(&hub, json!({"bootstrap": "unchanged"})).ok();
    let config = get(&hub, "/build-config", "fedora-42-x86_64").ok();
    assert!(config.get("bootstrap").is_none() && config.get("bootstrap_image").is_none());
}

#[test]
fn nonsense_is_refused_and_nothing_changes() {
    let hub = with_tools();
    for body in [
        json!({"additional_modules": ["nostream"]}),
        json!({"additional_repos": "garbage"}),
        json!({"additional_repos": "copr://alice/none"}),
        json!({"bootstrap": "maybe"}),
        json!({"bootstrap": "custom_image"}),
        json!({"bootstrap_image": "a b"}),
        json!({"isolation": "vm", "with_opts": "x"}),
    ] {
        edit(&hub, body).refused(400);
    }
    hub.json("bob", Method::Put, EDIT, json!({"with_opts": "x"})).refused(403);
    assert_eq!(get(&hub, "", "fedora-42-x86_64").ok()["with_opts"], json!([]));
}

const COMPS: &str = "<comps><group><id>all</id></group></comps>";
const ADDRESS: &str = "/coprs/alice/tools/chroot/fedora-42-x86_64/comps/";

#[test]
fn a_comps_file_is_kept_until_it_is_deleted() {
    let hub = with_tools();
    hub.get(ADDRESS).refused(404);
    let file = ("upload_comps", "d/my comps.xml", COMPS);
    let edited = hub.multipart("alice", EDIT, &[file, ("json", "json", "{}")]).ok();
    assert_eq!(edited["comps_name"], "my comps.xml");
    assert_eq!(get(&hub, "", "fedora-42-x86_64").ok()["comps_name"], "my comps.xml");
    assert_eq!(get(&hub, "", "fedora-43-x86_64").ok()["comps_name"], Value::Null);
    let kept = hub.get(ADDRESS);
    assert!(kept.header("content-type").unwrap().starts_with("text/plain"), "no browser runs it");
    assert_eq!(kept.ok(), COMPS);
    let same = edit(&hub, json!({"with_opts": "x", "delete_comps": false})).ok();
    assert_eq!(same["comps_name"], "my comps.xml");
    let file = ("upload_comps", "b.xml", "<comps/>");
    let edited = hub.multipart("alice", EDIT, &[file, ("delete_comps", "", "true")]).ok();
    assert_eq!(edited["comps_name"], "b.xml", "a new one takes the place of the old one");
    assert_eq!(edit(&hub, json!({"delete_comps": true})).ok()["comps_name"], Value::Null);
    hub.get(ADDRESS).refused(404);
    hub.multipart("alice", EDIT, &[file]).ok();
    edit(&hub, json!({"reset_fields": ["comps_name"]})).ok();
    hub.get(ADDRESS).refused(404);
    hub.get("/coprs/alice/none/chroot/fedora-42-x86_64/comps/").refused(404);
}

#[test]
fn a_group_has_comps_files_at_its_own_address() {
    let hub = Hub::new();
    let body = json!({"name": "tools", "chroots": ["fedora-42-x86_64"]});
    hub.post("bob", "/api_3/project/add/@crew", body).ok();
    let path = "/api_3/project-chroot/edit/@crew/tools/fedora-42-x86_64";
    hub.multipart("bob", path, &[("upload_comps", "c.xml", COMPS)]).ok();
    for address in ["g/crew", "@crew"] {
        let address = format!("/coprs/{address}/tools/chroot/fedora-42-x86_64/comps/");
        assert_eq!(hub.get(&address).ok(), COMPS);
    }
}

#[test]
fn what_is_no_comps_file_is_refused_and_the_old_one_stays() {
    let hub = with_tools();
    hub.multipart("alice", EDIT, &[("upload_comps", "c.xml", COMPS)]).ok();
    for (name, text) in [
        ("bad.xml", "<comps>"),
        ("bad.xml", "<html/>"),
        ("bad.xml", ""),
        (&*"x".repeat(128), COMPS),
    ] {
        let text = hub.multipart("alice", EDIT, &[("upload_comps", name, text)]).refused(400);
        assert!(text.starts_with("upload_comps: "), "{text}");
    }
    hub.multipart("bob", EDIT, &[("upload_comps", "c.xml", "<comps/>")]).refused(403);
    assert_eq!(hub.get(ADDRESS).ok(), COMPS);
    assert_eq!(std::fs::read_dir(hub.dir().join("uploads")).unwrap().count(), 0);
}

#[test]
fn what_waits_for_a_chroot_that_is_switched_off_on_the_server_is_canceled() {
    use coprbox::ops::chroots::set_active;

    let hub = Hub::new();
    hub.project("tools");
    let body = json!({
        "ownername": "alice", "projectname": "tools", "pkgs": ["http://h/a-1-1.src.rpm"],
        "chroots": ["fedora-42-x86_64", "fedora-43-x86_64"],
    });
    hub.post("alice", "/api_3/build/create/url", body).ok();
    let name = "fedora-42-x86_64".parse().unwrap();
    let stay = Some(std::time::Duration::from_hours(48));
    hub.app.store.write_now(|tx| set_active(tx, &name, false, stay)).unwrap();
    let parts = hub.get("/api_3/build-chroot/list?build_id=1").ok();
    let states: Vec<&str> = parts["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["canceled", "waiting"]);
    assert_eq!(parts["items"][0]["started_on"], json!(null));
    let offer = hub.get("/api_3/rpmrepo/alice/tools/fedora-42").ok();
    let arch = &offer["repos"]["fedora-42"]["arch"]["x86_64"];
    assert_eq!(arch["delete_after_days"], 1);
    hub.app.store.write_now(|tx| set_active(tx, &name, true, stay)).unwrap();
    let offer = hub.get("/api_3/rpmrepo/alice/tools/fedora-42").ok();
    assert_eq!(offer["repos"]["fedora-42"]["arch"]["x86_64"], json!({"opts": {}}));
}
