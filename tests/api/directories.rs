//! Directories with letters of other languages in their names: raw and encoded, in the API, in
//! repository files, and in the tree.

use coprbox::http::files::ResultsTree;
use rocket::local::blocking::Client;
use serde_json::json;

use crate::hub::Hub;

const DIR: &str = "tools:custom:größe-日本";
const ENCODED: &str = "tools:custom:gr%C3%B6%C3%9Fe-%E6%97%A5%E6%9C%AC";

fn with_dir() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    let body = json!({
        "ownername": "alice", "projectname": "tools", "pkgs": "http://h/a-1-1.src.rpm",
        "project_dirname": DIR, "chroots": ["fedora-42-x86_64"],
    });
    let made = hub.post("alice", "/api_3/build/create/url", body).ok();
    assert_eq!(made["items"][0]["project_dirname"], DIR);
    hub
}

#[test]
fn a_directory_is_named_as_it_was_asked_for() {
    let hub = with_dir();
    let offer = hub.get(&format!("/api_3/rpmrepo/alice/{ENCODED}/fedora-42")).ok();
    let names: Vec<&String> = offer["directories"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["tools", DIR]);
    let query = format!("ownername=alice&projectname=tools&project_dirname={ENCODED}");
    assert_eq!(hub.get(&format!("/api_3/monitor?{query}")).ok()["packages"], json!([]));
    let other = query.replace("%9C%AC", "%9C%AD");
    hub.get(&format!("/api_3/monitor?{other}")).refused(404);
}

#[test]
fn addresses_are_encoded_and_ids_are_ascii() {
    let hub = with_dir();
    let config = "/api_3/build-chroot/build-config?build_id=1&chrootname=fedora-42-x86_64";
    let config = hub.get(config).ok();
    let baseurl = format!("http://hub.test:5000/results/alice/{ENCODED}/fedora-42-x86_64/");
    assert_eq!(config["repos"][1]["baseurl"], baseurl);
    for dir in [ENCODED.to_owned(), ENCODED.replace(':', "%3A"), ENCODED.to_lowercase()] {
        let reply = hub.get(&format!("/coprs/alice/{dir}/repo/fedora-42/dnf.repo"));
        let header = reply.header("Content-Disposition").unwrap().to_owned();
        assert!(header.is_ascii(), "{header}");
        let text = reply.ok().as_str().unwrap().to_owned();
        let id = "[copr:hub.test:alice:tools:custom:gr_c3_b6_c3_9fe-_e6_97_a5_e6_9c_ac]";
        assert_eq!(text.lines().next(), Some(id));
        let place = format!("http://hub.test:5000/results/alice/{ENCODED}");
        for line in [
            format!("baseurl={place}/fedora-$releasever-$basearch/"),
            format!("gpgkey={place}/pubkey.gpg"),
        ] {
            assert!(text.lines().any(|own| own == line), "{line}\n{text}");
        }
    }
}

#[test]
fn a_dependency_may_be_such_a_directory() {
    let hub = with_dir();
    let needs = json!({
        "name": "user", "chroots": ["fedora-42-x86_64"],
        "runtime_dependencies": [format!("copr://alice/{DIR}")],
    });
    hub.post("alice", "/api_3/project/add/alice", needs).ok();
    let offer = hub.get("/api_3/rpmrepo/alice/user/fedora-42").ok();
    let id = offer["dependencies"][0]["opts"]["id"].as_str().unwrap();
    let file = hub.get("/coprs/alice/user/repo/fedora-42/x.repo").ok();
    assert!(id.is_ascii() && file.as_str().unwrap().contains(&format!("[{id}]\n")), "{file}");
}

#[test]
fn its_files_are_where_its_address_says() {
    let hub = with_dir();
    let place = hub.dir().join("results/alice").join(DIR);
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("pubkey.gpg"), "key").unwrap();
    let figment = rocket::Config::figment().merge(("log_level", "off"));
    let tree = ResultsTree::open(&hub.dir().join("results")).unwrap();
    let client = Client::untracked(rocket::custom(figment).mount("/results", tree)).unwrap();
    let get = |path: &str| client.get(path.to_owned()).dispatch().into_string().unwrap();
    assert_eq!(get(&format!("/results/alice/{ENCODED}/pubkey.gpg")), "key");
    let link = format!("href=\"{}/\"", ENCODED.replace(':', "%3A"));
    assert!(get("/results/alice/").contains(&link));
}
