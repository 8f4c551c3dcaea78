//! `/project`: making, changing, deleting.

use coprbox::ops::Error;
use coprbox::ops::projects::{self, NewProject, Wish};
use coprbox::store::users;
use rocket::http::Method;
use serde_json::{Value, json};

use crate::hub::Hub;

fn path(verb: &str, project: &str) -> String {
    format!("/api_3/project/{verb}/{project}")
}

fn edit(hub: &Hub, who: &str, project: &str, body: Value) -> crate::hub::Reply {
    hub.json(who, Method::Put, &path("edit", project), body)
}

#[test]
fn a_project_comes_back_with_every_key() {
    let hub = Hub::new();
    let project = hub.project("tools");
    let expected = json!({
        "id": 1, "name": "tools", "ownername": "alice", "full_name": "alice/tools",
        "homepage": null, "contact": null, "description": "", "instructions": "",
        "devel_mode": false, "persistent": false, "unlisted_on_hp": false, "auto_prune": true,
        "chroot_repos": {
            "fedora-42-x86_64": "http://hub.test:5000/results/alice/tools/fedora-42-x86_64/",
            "fedora-43-x86_64": "http://hub.test:5000/results/alice/tools/fedora-43-x86_64/",
        },
        "additional_repos": [], "enable_net": false, "bootstrap": "default",
        "isolation": "default", "module_hotfixes": false, "appstream": false,
        "packit_forge_projects_allowed": [], "follow_fedora_branching": true,
        "repo_priority": null, "storage": "backend",
    });
    assert_eq!(project, expected);
    let got = hub.get("/api_3/project?ownername=alice&projectname=tools").ok();
    assert_eq!(got, expected);
}

#[test]
fn all_mistakes_are_told_at_once_one_line_each() {
    let hub = Hub::new();
    let body = json!({
        "name": "has space", "chroots": ["nosuchos-1-x86_64", "fedora-40-x86_64"],
        "homepage": "nope", "contact": "me", "additional_repos": "garbage http://ok/",
        "runtime_dependencies": ["copr://alice/none"], "delete_after_days": "soon",
        "bootstrap": "maybe", "isolation": "vm", "repo_priority": 0, "storage": "pulp",
    });
    let text = hub.post("alice", &path("add", "alice"), body).refused(400);
    let fields: Vec<&str> =
        text.lines().map(|line| line.split(':').next().unwrap_or_default()).collect();
    let expected = [
        "delete_after_days",
        "name",
        "chroots",
        "chroots",
        "delete_after_days",
        "storage",
        "homepage",
        "contact",
        "repos",
        "runtime_dependencies",
        "bootstrap",
        "isolation",
        "repo_priority",
    ];
    assert_eq!(fields, expected, "{text}");
    assert_eq!(hub.get("/api_3/project/list").ok()["items"], json!([]));
}

#[test]
fn the_owner_is_looked_for_before_the_fields_and_the_permission_after() {
    let hub = Hub::new();
    let good = json!({"name": "x", "chroots": ["fedora-42-x86_64"]});
    hub.post("bob", &path("add", "nobody"), json!({})).refused(404);
    hub.post("bob", &path("add", "@none"), json!({})).refused(404);
    hub.post("bob", &path("add", "alice"), json!({})).refused(400);
    hub.post("bob", &path("add", "alice"), good.clone()).refused(403);
    hub.post("eve", &path("add", "@crew"), good.clone()).refused(403);
    for (key, value) in [("persistent", true), ("auto_prune", false)] {
        let mut body = good.clone();
        body[key] = json!(value);
        hub.post("bob", &path("add", "bob"), body).refused(403);
    }
    let group = hub.post("bob", &path("add", "%40crew"), good.clone()).ok();
    assert_eq!(group["full_name"], "@crew/x");
    hub.post("alice", &path("add", "bob"), good).ok();
}

#[test]
fn a_name_is_given_once() {
    let hub = Hub::new();
    let first = hub.project("tools");
    let body = json!({"name": "tools", "chroots": ["epel-9-x86_64"]});
    let text = hub.post("alice", &path("add", "alice"), body.clone()).refused(400);
    assert!(text.contains("already have a project named 'tools'"), "{text}");
    for word in ["True", "true", "1"] {
        let path = format!("/api_3/project/add/alice?ownername=alice&exist_ok={word}");
        assert_eq!(hub.post("alice", &path, body.clone()).ok(), first);
    }
    let path = "/api_3/project/add/alice?exist_ok=False";
    hub.post("alice", path, body).refused(400);
}

#[test]
fn two_at_once_make_one_project() {
    let hub = Hub::new();
    let alice = hub.app.store.read_now(|db| users::find(db, &"alice".parse().unwrap()));
    let alice = alice.unwrap().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let (app, alice) = (hub.app.clone(), alice.clone());
            let chroots = Some(vec!["fedora-42-x86_64".to_owned()]);
            let new = NewProject {
                name: Some("race".to_owned()),
                wish: Wish { chroots, ..Wish::default() },
                ..NewProject::default()
            };
            runtime.spawn(async move { projects::create(&app, &alice, "alice", new).await })
        })
        .collect();
    let outcomes = tasks.into_iter().map(|task| runtime.block_on(task).unwrap());
    let (made, refused): (Vec<_>, Vec<_>) = outcomes.partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert!(refused.iter().all(|outcome| matches!(outcome, Err(Error::Invalid(_)))));
}

#[test]
fn forms_and_strings_do_as_well_as_json() {
    let hub = Hub::new();
    let form = "name=+form+&chroots=fedora-42-x86_64&chroots=epel-9-x86_64&enable_net=no\
                &repo_priority=7&unknown=1&additional_repos=http://a/+http://b/&homepage=";
    let kind = "application/x-www-form-urlencoded";
    let made = hub.send("alice", Method::Post, &path("add", "alice"), kind, form.as_bytes()).ok();
    assert_eq!(made["name"], "form");
    assert_eq!(made["chroot_repos"].as_object().unwrap().len(), 2);
    assert_eq!(made["enable_net"], false);
    assert_eq!(made["repo_priority"], 7);
    assert_eq!(made["additional_repos"], json!(["http://a/", "http://b/"]));
    assert_eq!(made["homepage"], Value::Null);
}

#[test]
fn an_edit_changes_only_what_it_names() {
    let hub = Hub::new();
    hub.project("tools");
    let body = json!({
        "description": "Größe", "homepage": "https://h/", "repos": ["copr://alice/tools"],
        "devel_mode": true, "repo_priority": "5", "delete_after_days": 3, "name": "other",
        "packit_forge_projects_allowed": "https://github.com/a/* b", "persistent": true,
    });
    let edited = edit(&hub, "alice", "alice/tools?projectname=ignored", body).ok();
    assert_eq!(edited["description"], "Größe");
    assert_eq!(edited["packit_forge_projects_allowed"], json!(["github.com/a/*", "b"]));
    assert_eq!((&edited["name"], &edited["persistent"]), (&json!("tools"), &json!(false)));
    let nulls = json!({"description": null, "chroots": null, "homepage": null, "repos": null});
    assert_eq!(edit(&hub, "alice", "alice/tools", nulls).ok(), edited);
    let same = edit(&hub, "alice", "alice/tools", json!({"chroots": []})).ok();
    assert_eq!(same, edited);
    let cleared = json!({"homepage": "", "repos": [], "description": ""});
    let cleared = edit(&hub, "alice", "alice/tools", cleared).ok();
    assert_eq!((&cleared["homepage"], &cleared["description"]), (&Value::Null, &json!("")));
    assert_eq!(cleared["additional_repos"], json!([]));
}

#[test]
fn the_old_methods_still_work_and_say_so() {
    let hub = Hub::new();
    hub.project("tools");
    let reply = hub.post("alice", &path("edit", "alice/tools"), json!({"description": "x"}));
    assert!(reply.header("Warning").unwrap().contains("Use PUT method instead of POST"));
    assert_eq!(reply.ok()["description"], "x");
    hub.post("alice", &path("regenerate-repos", "alice/tools"), json!({})).ok();
    hub.post("alice", &path("delete", "alice/tools"), json!({"verify": true})).ok();
    assert!(hub.get("/api_3/project?ownername=alice&projectname=tools").status == 404);
}

#[test]
fn chroots_are_replaced_and_dropped_ones_kept_for_a_week() {
    let hub = Hub::new();
    hub.project("tools");
    let body = json!({"chroots": ["fedora-43-x86_64", "epel-9-x86_64"]});
    let edited = edit(&hub, "alice", "alice/tools", body).ok();
    let names: Vec<&String> = edited["chroot_repos"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["epel-9-x86_64", "fedora-43-x86_64"]);
    let query = "ownername=alice&projectname=tools&chrootname=fedora-42-x86_64";
    let dropped = hub.get(&format!("/api_3/project-chroot?{query}")).ok();
    assert_eq!(dropped["delete_after_days"], 6);
    let body = json!({"chroots": ["fedora-42-x86_64"]});
    edit(&hub, "alice", "alice/tools", body).ok();
    let back = hub.get(&format!("/api_3/project-chroot?{query}")).ok();
    assert_eq!(back["delete_after_days"], Value::Null);
}

#[test]
fn a_chroot_with_a_running_build_stays() {
    let hub = Hub::new();
    hub.project("tools");
    let body = json!({
        "ownername": "alice", "projectname": "tools", "pkgs": "http://h/a.spec",
        "chroots": ["fedora-42-x86_64"],
    });
    hub.post("alice", "/api_3/build/create/url", body).ok();
    let body = json!({"chroots": ["fedora-43-x86_64"], "description": "x"});
    edit(&hub, "alice", "alice/tools", body).refused(409);
    let same = hub.get("/api_3/project?ownername=alice&projectname=tools").ok();
    assert_eq!(same["description"], "");
    assert_eq!(same["chroot_repos"].as_object().unwrap().len(), 2);
}

#[test]
fn only_those_who_may_change_a_project_do() {
    let hub = Hub::new();
    hub.project("tools");
    edit(&hub, "bob", "alice/tools", json!({"description": "x"})).refused(403);
    edit(&hub, "alice", "alice/none", json!({})).refused(404);
    hub.json("bob", Method::Delete, &path("delete", "alice/tools"), json!({})).refused(403);
    hub.json("bob", Method::Put, &path("regenerate-repos", "alice/tools"), json!({})).refused(403);
}

#[test]
fn a_deleted_project_leaves_its_name_and_takes_its_files_along() {
    let hub = Hub::new();
    let old = hub.project("tools");
    let tree = hub.dir().join("results/alice/tools");
    std::fs::create_dir_all(tree.join("fedora-42-x86_64")).unwrap();
    std::fs::write(tree.join("pubkey.gpg"), "old").unwrap();
    let gone = hub.json("alice", Method::Delete, &path("delete", "alice/tools"), json!({})).ok();
    assert_eq!(gone, old);
    assert!(!tree.exists());
    assert!(hub.dir().join("trash/1-0/pubkey.gpg").exists());
    let new = hub.project("tools");
    assert_ne!(new["id"], old["id"]);
}

#[test]
fn a_project_with_running_builds_and_a_persistent_one_stay() {
    let hub = Hub::new();
    hub.project("tools");
    let build = hub.build("tools");
    let delete =
        |project: &str| hub.json("alice", Method::Delete, &path("delete", project), json!({}));
    let text = delete("alice/tools").refused(400);
    assert!(text.contains(&build.to_string()), "{text}");
    let body = json!({"name": "kept", "chroots": ["epel-9-x86_64"], "persistent": true});
    hub.post("alice", &path("add", "alice"), body).ok();
    delete("alice/kept").refused(403);
    delete("alice/none").refused(404);
}
