//! `/api_0`: the methods of the original Copr.

use std::process::Command;

use coprbox::auth::password;
use coprbox::model::copr::{Copr, Permissions, Pkg};
use coprbox::ops::projects::{self, Change};
use coprbox::store::{StoreError, users};
use rocket::http::Method;
use serde_json::{Value, json};

use crate::hub::{Hub, Reply};

const TOOLS: &str = "/api_0/coprs/alice/tools";

/// A hub with alice's copr `tools`, made through the old door, and bob's `lib`.
fn with_coprs() -> Hub {
    let hub = Hub::new();
    let tools = json!({"name": "tools", "releases": ["fedora-42-x86_64"], "description": "d"});
    hub.post("alice", "/api_0/coprs/alice", tools).ok();
    let lib = json!({"name": "lib", "releases": ["fedora-42-x86_64"]});
    hub.post("bob", "/api_0/coprs/bob", lib).ok();
    hub
}

/// Calls one of the methods that add, remove, grant and revoke, as alice.
fn call(hub: &Hub, method: &str, body: Value) -> Reply {
    hub.post("alice", &format!("{TOOLS}/{method}"), body)
}

fn copr(reply: Reply) -> Copr {
    serde_json::from_value(reply.ok()).unwrap()
}

#[test]
fn a_copr_is_made_shown_changed_and_deleted() {
    let hub = with_coprs();
    let expected = json!({
        "owner": "alice", "name": "tools", "full_name": "alice/tools", "description": "d",
        "instructions": "", "homepage": null, "contact": null, "releases": ["fedora-42-x86_64"],
        "dependencies": [], "repos": [], "url": "http://hub.test:5000/coprs/alice/tools/",
    });
    let mut shown = hub.get(TOOLS).ok();
    let created_on = shown.as_object_mut().unwrap().remove("created_on").unwrap();
    assert!(created_on.as_i64().unwrap() > 1_700_000_000);
    assert_eq!(shown, expected);

    let edit = json!({"homepage": "https://example.org", "contact": "a@example.org"});
    let edited = copr(hub.json("alice", Method::Put, TOOLS, edit));
    assert_eq!(edited.homepage.as_deref(), Some("https://example.org"));
    assert_eq!(edited.description, "d");
    let emptied = hub.json("alice", Method::Put, TOOLS, json!({"homepage": "", "contact": null}));
    let emptied = copr(emptied);
    assert_eq!((emptied.homepage, emptied.contact), (None, Some("a@example.org".to_owned())));

    let gone = copr(hub.send("alice", Method::Delete, TOOLS, "", b""));
    assert_eq!(gone.full_name, "alice/tools");
    hub.get(TOOLS).refused(404);
    hub.get("/api_3/project?ownername=alice&projectname=tools").refused(404);
}

#[test]
fn coprs_are_listed_all_or_those_of_one_owner_in_parts() {
    let hub = with_coprs();
    let names = |path: &str| -> Vec<String> {
        let found = hub.get(path).ok();
        let coprs = found["coprs"].as_array().unwrap().iter();
        coprs.map(|copr| copr["full_name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("/api_0/coprs"), ["alice/tools", "bob/lib"]);
    assert_eq!(names("/api_0/coprs/?owner=bob"), ["bob/lib"]);
    assert_eq!(names("/api_0/coprs?owner=nobody"), [""; 0]);
    assert_eq!(names("/api_0/coprs?limit=1&offset=1"), ["bob/lib"]);
    hub.get("/api_0/coprs?limit=x").refused(400);
}

#[test]
fn mistakes_are_told_in_the_words_of_the_request() {
    let hub = with_coprs();
    let body = json!({
        "name": "a b", "releases": ["fedora-1-x86_64"], "dependencies": ["lib", "bob/none"],
    });
    let told = hub.post("alice", "/api_0/coprs/alice", body).refused(400);
    let fields: Vec<&str> =
        told.lines().map(|line| line.split(':').next().unwrap_or_default()).collect();
    assert_eq!(fields, ["dependencies", "name", "releases", "dependencies"], "{told}");

    let told = hub.post("alice", "/api_0/coprs/alice", json!({"name": "x"})).refused(400);
    assert!(told.contains("missing field `releases`"), "{told}");
    let body = json!({"name": "x", "releases": [], "chroots": ["fedora-42-x86_64"]});
    let told = hub.post("alice", "/api_0/coprs/alice", body).refused(400);
    assert!(told.contains("unknown field `chroots`"), "{told}");
    let form = "application/x-www-form-urlencoded";
    let told = hub.send("alice", Method::Put, TOOLS, form, b"description=x").refused(415);
    assert!(told.contains("application/json"), "{told}");
    hub.get("/api_0/nothing").refused(404);
    hub.json("alice", Method::Put, "/api_0/coprs/alice", json!({})).refused(405);
}

#[test]
fn dependencies_are_added_once_and_removed_alone() {
    let hub = with_coprs();
    let repos =
        json!({"additional_repos": ["https://example.org/x/", "copr://bob/lib?priority=5"]});
    hub.json("alice", Method::Put, "/api_3/project/edit/alice/tools", repos).ok();
    let before = copr(hub.get(TOOLS));
    assert_eq!(before.dependencies, ["bob/lib"]);
    assert_eq!(before.repos, ["https://example.org/x/"]);

    let group = json!({"name": "base", "releases": ["fedora-42-x86_64"]});
    hub.post("bob", "/api_0/coprs/@crew", group).ok();
    let both = json!({"dependencies": ["bob/lib", "@crew/base", "@crew/base"]});
    for _ in 0..2 {
        let after = copr(call(&hub, "add_dependencies", both.clone()));
        assert_eq!(after.dependencies, ["bob/lib", "@crew/base"]);
        assert_eq!(after.repos, before.repos);
    }
    let today = hub.get("/api_3/project?ownername=alice&projectname=tools").ok();
    let repos = json!(["https://example.org/x/", "copr://bob/lib?priority=5", "copr://@crew/base"]);
    assert_eq!(today["additional_repos"], repos);

    // What is gone can still be taken off the list.
    hub.send("bob", Method::Delete, "/api_0/coprs/%40crew/base", "", b"").ok();
    for _ in 0..2 {
        let after =
            copr(call(&hub, "remove_dependencies", json!({"dependencies": ["@crew/base"]})));
        assert_eq!(after.dependencies, ["bob/lib"]);
    }
}

#[test]
fn what_cannot_be_a_dependency_changes_nothing() {
    let hub = with_coprs();
    let add = |names: Value| call(&hub, "add_dependencies", json!({ "dependencies": names }));
    let told = add(json!(["bob/lib", "bob/none"])).refused(400);
    assert_eq!(told, "dependencies: there is no project bob/none");
    assert!(add(json!(["alice/tools"])).refused(400).contains("its own packages"));
    assert!(add(json!(["lib"])).refused(400).contains("OWNER/NAME"));
    assert!(add(json!([])).refused(400).contains("at least one"));
    call(&hub, "remove_dependencies", json!({"dependencies": ["lib"]})).refused(400);
    assert_eq!(copr(hub.get(TOOLS)).dependencies, [""; 0]);
}

#[test]
fn releases_are_added_and_removed_and_one_stays() {
    let hub = with_coprs();
    let releases = |names: &[&str]| json!({ "releases": names });
    let (new, old) = ("epel-9-x86_64", "fedora-42-x86_64");
    for _ in 0..2 {
        let after = copr(call(&hub, "add_releases", releases(&[new, new])));
        assert_eq!(after.releases, [old, new]);
    }
    for _ in 0..2 {
        let after = copr(call(&hub, "remove_releases", releases(&[old])));
        assert_eq!(after.releases, [new]);
    }
    let told = call(&hub, "remove_releases", releases(&[new])).refused(400);
    assert!(told.starts_with("releases: at least one must stay"), "{told}");
    let told = call(&hub, "remove_releases", releases(&["fedora-4-x86_64"])).refused(400);
    assert!(told.contains("no chroot 'fedora-4-x86_64'"), "{told}");
    // The server has this one, but builds nothing in it.
    let told = call(&hub, "add_releases", releases(&["fedora-40-x86_64"])).refused(400);
    assert!(told.contains("builds nothing for 'fedora-40-x86_64'"), "{told}");
    call(&hub, "add_releases", releases(&[])).refused(400);
    assert_eq!(copr(hub.get(TOOLS)).releases, [new]);
}

#[test]
fn a_release_with_a_running_build_stays() {
    let hub = with_coprs();
    call(&hub, "add_releases", json!({"releases": ["epel-9-x86_64"]})).ok();
    let build = json!({
        "ownername": "alice", "projectname": "tools", "pkgs": ["http://h/a-1-1.src.rpm"],
        "chroots": ["epel-9-x86_64"],
    });
    hub.post("alice", "/api_3/build/create/url", build).ok();
    let told = call(&hub, "remove_releases", json!({"releases": ["epel-9-x86_64"]})).refused(409);
    assert!(told.contains("epel-9-x86_64"), "{told}");
}

#[test]
fn adding_at_the_same_time_loses_nothing() {
    let hub = with_coprs();
    let names: Vec<String> = (0..8).map(|number| format!("lib{number}")).collect();
    for name in &names {
        let body = json!({"name": name, "releases": ["fedora-42-x86_64"]});
        hub.post("bob", "/api_0/coprs/bob", body).ok();
    }
    let alice = hub.app.store.read_now(|db| users::find(db, &"alice".parse().unwrap()));
    let alice = alice.unwrap().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let tasks: Vec<_> = names
        .iter()
        .map(|name| {
            let (app, alice, name) = (hub.app.clone(), alice.clone(), format!("bob/{name}"));
            runtime.spawn(async move {
                let copr = ("alice", "tools");
                projects::change_dependencies(&app, &alice, copr, Change::Add, vec![name]).await
            })
        })
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap().unwrap();
    }
    let mut found = copr(hub.get(TOOLS)).dependencies;
    found.sort();
    assert_eq!(found, names.iter().map(|name| format!("bob/{name}")).collect::<Vec<_>>());
}

#[test]
fn permissions_are_granted_one_by_one_and_revoked_together() {
    let hub = with_coprs();
    let permissions = |reply: Reply| -> Permissions { serde_json::from_value(reply.ok()).unwrap() };
    let words = |has: Permissions| -> Vec<&str> {
        has.permissions.into_iter().map(coprbox::model::permission::Role::as_str).collect()
    };
    let grant = |what: &str| call(&hub, "grant", json!({"user": "eve", "permission": what}));
    assert_eq!(words(permissions(grant("builder"))), ["builder"]);
    assert_eq!(words(permissions(grant("admin"))), ["builder", "admin"]);
    assert_eq!(words(permissions(grant("admin"))), ["builder", "admin"]);
    hub.json("eve", Method::Put, TOOLS, json!({"description": "eve's"})).ok();
    let one = json!({"user": "eve", "permission": "builder"});
    assert_eq!(words(permissions(call(&hub, "revoke", one))), ["admin"]);
    assert_eq!(words(permissions(call(&hub, "revoke", json!({"user": "eve"})))), [""; 0]);
    hub.json("eve", Method::Put, TOOLS, json!({})).refused(403);

    assert!(grant("owner").refused(400).contains("builder"));
    call(&hub, "grant", json!({"user": "nobody", "permission": "admin"})).refused(400);
    call(&hub, "grant", json!({"user": "alice", "permission": "admin"})).refused(400);
}

/// The bytes of a real SRPM named `hello`, or `None` where rpmbuild is not installed.
#[expect(clippy::print_stderr, reason = "a test says that it is skipped")]
fn srpm(dir: &std::path::Path) -> Option<Vec<u8>> {
    let spec = "Name: hello\nVersion: 1.0\nRelease: 1\nSummary: s\nLicense: MIT\n%description\nd\n";
    std::fs::write(dir.join("hello.spec"), spec).unwrap();
    let made = Command::new("rpmbuild")
        .args(["-bs", "hello.spec", "--define", "_srcrpmdir ."])
        .current_dir(dir)
        .output();
    if !made.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: rpmbuild is needed to make an SRPM");
        return None;
    }
    Some(std::fs::read(dir.join("hello-1.0-1.src.rpm")).unwrap())
}

fn upload(hub: &Hub, who: &str, file: &str, content: &[u8]) -> Reply {
    let head = format!(
        "--XX\r\nContent-Disposition: form-data; name=\"srpm\"; filename=\"{file}\"\r\n\r\n"
    );
    let body = [head.as_bytes(), content, b"\r\n--XX--\r\n"].concat();
    let kind = "multipart/form-data; boundary=XX";
    hub.send(who, Method::Post, &format!("{TOOLS}/pkgs"), kind, &body)
}

#[test]
fn a_package_is_known_as_soon_as_its_srpm_is_handed_in() {
    let hub = with_coprs();
    let dir = tempfile::tempdir().unwrap();
    let Some(srpm) = srpm(dir.path()) else { return };
    let made: Pkg = serde_json::from_value(upload(&hub, "alice", "x.src.rpm", &srpm).ok()).unwrap();
    assert_eq!((made.name.as_str(), made.copr.as_str()), ("hello", "alice/tools"));
    let build = made.build.clone().unwrap();
    assert_eq!((build.state.as_str(), build.version.as_deref()), ("pending", None));
    let page = format!("http://hub.test:5000/coprs/alice/tools/build/{}/", build.id);
    assert_eq!(build.url, page);
    let shown = hub.get(&format!("{TOOLS}/pkgs/hello")).ok();
    assert_eq!(serde_json::from_value::<Pkg>(shown.clone()).unwrap(), made);
    assert_eq!(hub.get(&format!("{TOOLS}/pkgs")).ok(), json!({ "pkgs": [shown] }));

    let one = format!("{TOOLS}/pkgs/hello");
    let told = hub.send("alice", Method::Delete, &one, "", b"").refused(400);
    assert!(told.contains("still running"), "{told}");
    hub.json("alice", Method::Put, &format!("/api_3/build/cancel/{}", build.id), json!({})).ok();
    let gone = hub.send("alice", Method::Delete, &one, "", b"").ok();
    assert_eq!(gone["build"]["state"], "canceled");
    hub.get(&one).refused(404);
}

#[test]
fn only_srpms_become_packages_and_what_is_refused_leaves_nothing() {
    let hub = with_coprs();
    assert!(upload(&hub, "alice", "a.spec", b"Name: a").refused(400).starts_with("srpm: "));
    let told = upload(&hub, "alice", "a-1-1.src.rpm", b"nonsense").refused(400);
    assert_eq!(told, "srpm: a-1-1.src.rpm: this is not an RPM package");
    upload(&hub, "alice", "", b"").refused(400);
    upload(&hub, "bob", "a-1-1.src.rpm", b"nonsense").refused(403);
    upload(&hub, "", "a-1-1.src.rpm", b"nonsense").refused(401);
    assert_eq!(std::fs::read_dir(hub.dir().join("uploads")).unwrap().count(), 0);
    assert_eq!(hub.get(&format!("{TOOLS}/pkgs")).ok(), json!({"pkgs": []}));
    hub.get(&format!("{TOOLS}/pkgs/hello")).refused(404);
}

#[test]
fn nobody_changes_what_belongs_to_others() {
    let hub = with_coprs();
    let methods = [
        ("add_dependencies", json!({"dependencies": ["alice/tools"]})),
        ("remove_dependencies", json!({"dependencies": ["alice/tools"]})),
        ("add_releases", json!({"releases": ["epel-9-x86_64"]})),
        ("remove_releases", json!({"releases": ["epel-9-x86_64"]})),
        ("grant", json!({"user": "eve", "permission": "admin"})),
        ("revoke", json!({"user": "eve"})),
    ];
    for (method, body) in methods {
        let path = format!("/api_0/coprs/bob/lib/{method}");
        hub.post("eve", &path, body.clone()).refused(403);
        let told = hub.post("", &path, body).refused(401);
        assert!(told.contains("Say who you are"), "{told}");
    }
    hub.json("eve", Method::Put, "/api_0/coprs/bob/lib", json!({})).refused(403);
    hub.send("eve", Method::Delete, "/api_0/coprs/bob/lib", "", b"").refused(403);
    let body = json!({"name": "x", "releases": ["fedora-42-x86_64"]});
    hub.post("eve", "/api_0/coprs/bob", body.clone()).refused(403);
    hub.post("eve", "/api_0/coprs/@crew", body.clone()).refused(403);
    hub.post("eve", "/api_0/coprs/none", body).refused(404);
}

#[test]
fn a_name_and_a_password_do_as_well_as_a_token() {
    let hub = with_coprs();
    let hash = password::hash("mysecret").unwrap();
    hub.app
        .store
        .write_now(|tx| {
            let bob = users::find(tx, &"bob".parse().unwrap())?.unwrap();
            users::set_password_hash(tx, bob.id, &hash)?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let edit = |pair: &str| {
        hub.json(pair, Method::Put, "/api_0/coprs/bob/lib", json!({"description": "x"}))
    };
    assert_eq!(copr(edit("bob:mysecret")).description, "x");
    let told = edit("bob:nonsense").refused(401);
    assert!(told.contains("Wrong name or password"), "{told}");
    edit("nobody:mysecret").refused(401);
    // APIv3 is called often, and by programs: tokens only.
    let today = "/api_3/project/edit/bob/lib";
    hub.json("bob:mysecret", Method::Put, today, json!({"description": "y"})).refused(401);
    for _ in 0..4 {
        edit("bob:nonsense").refused(401);
    }
    let told = edit("bob:mysecret").refused(429);
    assert!(told.contains("too many wrong passwords"), "{told}");
}
