//! `/project/fork`. What becomes of the packages is looked at in `tests/runner`.

use coprbox::model::list::Slice;
use coprbox::model::source::SourceSpec;
use coprbox::model::{BuildId, ChrootState, SourceState};
use coprbox::store::{StoreError, build_chroots, builds, packages, projects};
use rocket::http::Method;
use serde_json::{Value, json};

use crate::hub::{Hub, Reply};

/// With `alice/tools` in two chroots.
fn with_tools() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    hub
}

fn fork(hub: &Hub, who: &str, body: Value) -> Reply {
    hub.post(who, "/api_3/project/fork/alice/tools", body)
}

fn mine(confirm: bool) -> Value {
    json!({"name": "mine", "ownername": "bob", "confirm": confirm})
}

/// Ends a build of the package `a`: what the engine would do.
fn finish(hub: &Hub, id: i64, state: ChrootState) {
    let store = &hub.app.store;
    store
        .write_now(|tx| {
            let build = builds::get(tx, BuildId(id))?.unwrap();
            let name = "a".parse().unwrap();
            let package =
                packages::find_or_insert(tx, build.project_id, &name, &SourceSpec::Unset)?;
            builds::set_package(tx, build.id, package.id, &format!("{id}-1"), Some("a.src.rpm"))?;
            builds::set_source_state(tx, build.id, SourceState::Succeeded, None)?;
            for part in build_chroots::list(tx, build.id, Slice::default())? {
                build_chroots::set_result_dir(tx, part.id, &format!("{id:08}-a"))?;
                build_chroots::set_state(tx, part.id, ChrootState::Running, None)?;
                build_chroots::set_state(tx, part.id, state, None)?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

fn build(hub: &Hub, chroots: &[&str], state: ChrootState) -> i64 {
    let body = json!({
        "ownername": "alice", "projectname": "tools", "pkgs": ["http://h/a-1-1.src.rpm"],
        "chroots": chroots,
    });
    let made = hub.post("alice", "/api_3/build/create/url", body).ok();
    let id = made["items"][0]["id"].as_i64().unwrap();
    finish(hub, id, state);
    id
}

#[test]
fn a_fork_is_a_copy_of_the_settings() {
    let hub = Hub::new();
    let body = json!({
        "name": "tools", "chroots": ["fedora-42-x86_64", "fedora-43-x86_64"],
        "description": "d", "instructions": "i", "homepage": "http://h", "contact": "a@b.c",
        "additional_repos": ["http://r/"], "unlisted_on_hp": true, "enable_net": true,
        "auto_prune": false, "persistent": true, "module_hotfixes": true, "repo_priority": 7,
        "packit_forge_projects_allowed": ["github.com/a/*"], "bootstrap": "on",
    });
    let original = hub.post("alice", "/api_3/project/add/alice", body).ok();
    let edit = "/api_3/project-chroot/edit/alice/tools/fedora-42-x86_64";
    let comps = ("upload_comps", "c.xml", "<comps/>");
    let settings = json!({"with_opts": "x", "additional_packages": "gcc"}).to_string();
    hub.multipart("alice", edit, &[comps, ("json", "json", &settings)]).ok();
    let forked = fork(&hub, "bob", mine(false)).ok();
    for (key, value) in original.as_object().unwrap() {
        let expected = match &**key {
            "name" => json!("mine"),
            "ownername" => json!("bob"),
            "full_name" => json!("bob/mine"),
            "id" => json!(2),
            "persistent" => json!(false),
            "auto_prune" => json!(true),
            "contact" => Value::Null,
            "chroot_repos" => json!({
                "fedora-42-x86_64": "http://hub.test:5000/results/bob/mine/fedora-42-x86_64/",
                "fedora-43-x86_64": "http://hub.test:5000/results/bob/mine/fedora-43-x86_64/",
            }),
            _ => value.clone(),
        };
        assert_eq!(forked[key], expected, "{key}");
    }
    let chroot = "/api_3/project-chroot?ownername=bob&projectname=mine&chrootname=fedora-42-x86_64";
    let chroot = hub.get(chroot).ok();
    assert_eq!((&chroot["with_opts"], &chroot["comps_name"]), (&json!(["x"]), &json!("c.xml")));
    assert_eq!(hub.get("/coprs/bob/mine/chroot/fedora-42-x86_64/comps/").ok(), "<comps/>");
    let fork = hub
        .app
        .store
        .read_now(|db| projects::find(db, &"bob".parse().unwrap(), &"mine".parse().unwrap()));
    let fork = fork.unwrap().unwrap();
    assert_eq!(fork.forked_from.map(|id| id.0), Some(1));
    assert_eq!(fork.creator.0, 2);
}

#[test]
fn the_newest_success_of_each_chroot_comes_along() {
    let hub = with_tools();
    let (one, other) = ("fedora-42-x86_64", "fedora-43-x86_64");
    build(&hub, &[one, other], ChrootState::Succeeded);
    build(&hub, &[one], ChrootState::Succeeded);
    build(&hub, &[one, other], ChrootState::Failed);
    fork(&hub, "bob", mine(false)).ok();
    let list = hub.get("/api_3/build/list?ownername=bob&projectname=mine").ok();
    let shown: Vec<_> = list["items"].as_array().unwrap().iter().collect();
    assert_eq!(shown.len(), 2);
    for (copy, original, chroots) in [(0, 2, [one]), (1, 1, [other])] {
        let original = hub.get(&format!("/api_3/build/{original}")).ok();
        assert_eq!(shown[copy]["state"], "forked");
        assert_eq!(shown[copy]["chroots"], json!(chroots));
        assert_eq!(shown[copy]["submitter"], "alice");
        for key in ["submitted_on", "started_on", "ended_on"] {
            assert_eq!(shown[copy][key], original[key], "{key}");
        }
        assert_eq!(shown[copy]["source_package"]["version"], original["source_package"]["version"]);
    }
    let chroot = hub.get("/api_3/build-chroot?build_id=5&chrootname=fedora-42-x86_64").ok();
    assert_eq!(chroot["state"], "forked");
    let results = "http://hub.test:5000/results/bob/mine/fedora-42-x86_64/00000005-a/";
    assert_eq!(chroot["result_url"], results);
    let package = "/api_3/package?ownername=bob&projectname=mine&packagename=a";
    assert_eq!(hub.get(package).ok()["auto_rebuild"], false);
    // Again, now into a project with that package.
    fork(&hub, "bob", mine(true)).ok();
    let list = hub.get("/api_3/build/list?ownername=bob&projectname=mine").ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 4);
    let list = hub.get("/api_3/package/list?ownername=bob&projectname=mine").ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_there_already_takes_a_confirmation() {
    let hub = with_tools();
    fork(&hub, "bob", mine(false)).ok();
    let text = fork(&hub, "bob", mine(false)).refused(400);
    assert!(text.starts_with("You are about to fork into existing project: mine\n"), "{text}");
    assert_eq!(fork(&hub, "bob", mine(true)).ok()["id"], 2, "settings stay");
    let crew = |confirm| json!({"name": "ours", "ownername": "@crew", "confirm": confirm});
    assert_eq!(fork(&hub, "bob", crew(false)).ok()["full_name"], "@crew/ours");
    fork(&hub, "bob", crew(false)).refused(400);
    fork(&hub, "bob", crew(true)).ok();
    let itself = |confirm| json!({"name": "tools", "ownername": "alice", "confirm": confirm});
    let text = fork(&hub, "alice", itself(false)).refused(400);
    assert!(text.contains("--confirm"), "{text}");
    let text = fork(&hub, "alice", itself(true)).refused(400);
    assert_eq!(text, "Source project should not be same as destination");
}

#[test]
fn names_and_owners_are_checked() {
    let hub = with_tools();
    for (body, field) in [
        (json!({"name": "bad name", "ownername": "bob"}), "name: "),
        (json!({"name": "123", "ownername": "bob"}), "name: "),
        (json!({"ownername": "bob"}), "name: "),
        (json!({"name": "x"}), "ownername: "),
        (json!({"name": "x", "ownername": "alice"}), "ownername: "),
        (json!({"name": "x", "ownername": "@none"}), "ownername: "),
        (json!({"name": "x", "ownername": "a b"}), "ownername: "),
    ] {
        let text = fork(&hub, "bob", body).refused(400);
        assert!(text.starts_with(field), "{text}");
    }
    fork(&hub, "eve", json!({"name": "x", "ownername": "@crew"})).refused(400);
    fork(&hub, "", mine(false)).refused(401);
    hub.post("bob", "/api_3/project/fork/alice/none", mine(false)).refused(404);
    hub.get("/api_3/project?ownername=bob&projectname=x").refused(404);
    let old = hub.json("bob", Method::Put, "/api_3/project/fork/alice/tools/", mine(false));
    assert!(old.header("warning").unwrap().contains("deprecated"));
    old.ok();
}

#[test]
fn many_packages_are_for_admins_to_fork() {
    let hub = with_tools();
    hub.app
        .store
        .write_now(|tx| {
            let project = projects::find(tx, &"alice".parse().unwrap(), &"tools".parse().unwrap());
            let project = project?.unwrap().id;
            for n in 0..=1000 {
                let name = format!("package-{n}").parse().unwrap();
                packages::find_or_insert(tx, project, &name, &SourceSpec::Unset)?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let text = fork(&hub, "bob", mine(false)).refused(403);
    assert!(text.contains("1001"), "{text}");
    hub.get("/api_3/project?ownername=bob&projectname=mine").refused(404);
    fork(&hub, "alice", json!({"name": "mine", "ownername": "alice"})).ok();
}

#[test]
fn originals_stay_until_they_are_copied() {
    let hub = with_tools();
    let id = build(&hub, &["fedora-42-x86_64"], ChrootState::Succeeded);
    fork(&hub, "bob", mine(false)).ok();
    let path = format!("/api_3/build/delete/{id}");
    let text = hub.json("alice", Method::Delete, &path, json!({})).refused(409);
    assert!(text.contains("bob/mine"), "{text}");
    let path = "/api_3/project/delete/alice/tools";
    hub.json("alice", Method::Delete, path, json!({"verify": true})).refused(409);
    // The fork itself may go at any time.
    let path = "/api_3/project/delete/bob/mine";
    hub.json("bob", Method::Delete, path, json!({"verify": true})).ok();
    let path = "/api_3/project/delete/alice/tools";
    hub.json("alice", Method::Delete, path, json!({"verify": true})).ok();
}
