//! What is wrong in Copr's own server, and done right here: one test for each. Those that stand
//! elsewhere:
//!
//! | Copr's defect | test |
//! | --- | --- |
//! | a malformed `Authorization` is a 500 | `auth::guard`: `a_token_opens_the_api_and_a_bad_one_…` |
//! | so is a body that is no object | `general::a_body_that_is_no_object_is_refused_with_a_text` |
//! | so is deleting an unfinished build | `build::only_finished_builds_are_deleted` |
//! | so is a source build without a log | `build::each_address_makes_a_build_with_every_key` |
//! | so is `can_build_in` of nobody, and it drops the `@` | `project_permission::only_who_manages_…` |
//! | so is a chroot that is no name | `build_chroot::what_is_not_there_is_not_found` |
//! | so is forking too much | `fork::many_packages_are_for_admins_to_fork` |
//! | so is a list of builds that is none | `build::a_list_of_builds_is_deleted_as_a_whole_or_…` |
//! | `verify` of a deletion is not looked at | `project::a_deleted_project_leaves_its_name_…` |
//! | a fork into a group's project needs no `confirm` | `fork::what_is_there_already_takes_a_…` |
//! | searches find the creator's group projects | `lists::a_search_looks_at_owner_and_name_or_…` |
//! | `status` is looked at after `offset` | `lists::builds_are_filtered_before_they_are_cut` |
//! | `timeout: 0` of a package is 0 | `package_add::what_is_said_about_its_builds_is_kept` |
//! | a Subversion package becomes git | `package_edit::a_repository_of_subversion_stays_one` |
//! | the texts `0` and `no` are true | `project::forms_and_strings_do_as_well_as_json` |
//!
//! There is one kind of storage, so no fork has to cross from one to another.

use coprbox::clock::Timestamp;
use coprbox::model::job::Tidy;
use coprbox::model::{BuildId, ChrootState, SourceState};
use coprbox::store::{StoreError, build_chroots, builds, jobs};
use rocket::http::Method;
use serde_json::{Value, json};

use crate::hub::{Hub, Reply};

const FORM: &str = "application/x-www-form-urlencoded";
const QUERY: &str = "ownername=alice&projectname=tools";

fn with_tools() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    hub
}

/// A build of `alice/tools`.
fn create(hub: &Hub, more: Value) -> Reply {
    let mut body = json!({
        "ownername": "alice", "projectname": "tools", "pkgs": ["http://h/a-1-1.src.rpm"],
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    hub.post("alice", "/api_3/build/create/url", body)
}

fn edit(hub: &Hub, who: &str, body: Value) -> Reply {
    hub.json(who, Method::Put, "/api_3/project/edit/alice/tools", body)
}

fn edit_chroot(hub: &Hub, body: Value) -> Reply {
    let path = "/api_3/project-chroot/edit/alice/tools/fedora-42-x86_64";
    hub.json("alice", Method::Put, path, body)
}

fn chroot_config(hub: &Hub) -> Value {
    let path = "/api_3/project-chroot/build-config";
    hub.get(&format!("{path}?{QUERY}&chrootname=fedora-42-x86_64")).ok()
}

#[test]
fn parts_of_lists_that_make_no_sense_are_400() {
    let hub = with_tools();
    hub.build("tools");
    for list in [
        "project/list?ownername=alice",
        "project/search?query=tools",
        &format!("package/list?{QUERY}"),
        &format!("build/list?{QUERY}"),
        "build-chroot/list?build_id=1",
    ] {
        for wrong in ["limit=x", "limit=-1", "offset=1.5", "order=nosuch", "order_type=UP"] {
            hub.get(&format!("/api_3/{list}&{wrong}")).refused(400);
        }
        hub.get(&format!("/api_3/{list}&limit=&offset=&order=&order_type=")).ok();
    }
}

#[test]
fn a_body_without_owner_and_project_is_400() {
    let hub = with_tools();
    let calls = [
        (Method::Post, "build/create/url"),
        (Method::Post, "build/create/upload"),
        (Method::Post, "build/create/rpm-upload"),
        (Method::Post, "build/create/scm"),
        (Method::Post, "build/create/distgit"),
        (Method::Post, "build/create/pypi"),
        (Method::Post, "build/create/rubygems"),
        (Method::Post, "build/create/custom"),
        (Method::Post, "build/check-before-build"),
        (Method::Put, "package/reset"),
        (Method::Post, "package/build"),
        (Method::Delete, "package/delete"),
    ];
    for (method, path) in calls {
        let path = format!("/api_3/{path}");
        for (kind, body) in [
            ("", ""),
            ("text/plain", "ownername=alice"),
            ("application/json", ""),
            ("application/json", "{}"),
            ("application/json", r#"{"ownername": null, "projectname": ""}"#),
            ("application/json", r#"{"ownername": "alice"}"#),
            (FORM, "projectname=tools"),
        ] {
            let text = hub.send("alice", method, &path, kind, body.as_bytes()).refused(400);
            assert!(text.contains("ername: ") || text.contains("ectname: "), "{path}: {text}");
        }
        // The address does not say it either.
        let asked = format!("{path}?{QUERY}");
        hub.send("alice", method, &asked, "application/json", b"{}").refused(400);
    }
}

#[test]
fn numbers_of_any_size_are_not_found() {
    let hub = with_tools();
    for id in ["2147483648", "9223372036854775807", "9223372036854775808", &"9".repeat(400)] {
        for path in ["build", "build/source-build-config"] {
            hub.get(&format!("/api_3/{path}/{id}")).refused(404);
        }
        hub.get(&format!("/api_3/build-chroot/{id}/fedora-42-x86_64")).refused(404);
        hub.get(&format!("/api_3/build-chroot?build_id={id}&chrootname=epel-9-x86_64"))
            .refused(404);
        let list = hub.get(&format!("/api_3/build-chroot/list?build_id={id}")).ok();
        assert_eq!(list["items"], json!([]));
        for (method, path) in [(Method::Put, "cancel"), (Method::Delete, "delete")] {
            let path = format!("/api_3/build/{path}/{id}");
            hub.send("alice", method, &path, "", b"").refused(404);
        }
        create(&hub, json!({ "after_build_id": id })).refused(400);
        let builds = json!({ "builds": [id] });
        hub.json("alice", Method::Delete, "/api_3/build/delete/list", builds).refused(400);
    }
}

#[test]
fn the_source_build_of_a_copy_has_no_results() {
    let hub = with_tools();
    let id = BuildId(hub.build("tools"));
    let store = &hub.app.store;
    store.write_now(|tx| builds::set_source_state(tx, id, SourceState::Forked, None)).unwrap();
    let source = hub.get(&format!("/api_3/build/source-chroot/{id}")).ok();
    assert_eq!(source, json!({"state": "forked", "result_url": null}));
}

#[test]
fn what_is_being_deleted_is_in_the_way_only_of_its_name() {
    let hub = with_tools();
    hub.project("other");
    let delete = "/api_3/project/delete/alice/tools";
    hub.json("alice", Method::Delete, delete, json!({"verify": false})).ok();
    create(&hub, json!({})).refused(404);
    hub.json("alice", Method::Delete, delete, json!({})).refused(404);
    // A deletion that was interrupted.
    let tidy = Tidy { remove: vec!["results/alice/tools".to_owned()], ..Tidy::default() };
    hub.app.store.write_now(|tx| jobs::hold_tidy(tx, &tidy, Timestamp(i64::MAX))).unwrap();
    let body = json!({"name": "tools", "chroots": ["epel-9-x86_64"]});
    let text = hub.post("alice", "/api_3/project/add/alice", body).refused(409);
    assert!(text.contains("still being deleted"), "{text}");
    hub.build("other");
}

#[test]
fn nobody_changes_the_storage() {
    let hub = with_tools();
    for storage in [json!("pulp"), json!("garbage"), json!(7), Value::Null] {
        let edited = edit(&hub, "alice", json!({"storage": storage, "description": "d"})).ok();
        assert_eq!((&edited["storage"], &edited["description"]), (&json!("backend"), &json!("d")));
    }
}

#[test]
fn homepage_and_contact_can_be_cleared() {
    let hub = with_tools();
    for (kind, body) in
        [("application/json", r#"{"homepage": "", "contact": ""}"#), (FORM, "homepage=&contact=")]
    {
        let said = json!({"homepage": "https://h.test/", "contact": "a@h.test"});
        assert_eq!(edit(&hub, "alice", said).ok()["contact"], "a@h.test");
        let path = "/api_3/project/edit/alice/tools";
        let cleared = hub.send("alice", Method::Put, path, kind, body.as_bytes()).ok();
        assert_eq!((&cleared["homepage"], &cleared["contact"]), (&Value::Null, &Value::Null));
    }
}

#[test]
fn modules_are_split_at_commas_and_blanks() {
    let hub = with_tools();
    for said in [json!("a:1, b:2,"), json!("a:1 b:2"), json!("a:1,b:2"), json!(["a:1", " b:2 "])] {
        edit_chroot(&hub, json!({ "additional_modules": said })).ok();
        assert_eq!(chroot_config(&hub)["additional_modules"], json!(["a:1", "b:2"]), "{said}");
    }
    edit_chroot(&hub, json!({"additional_modules": "a b:2"})).refused(400);
}

#[test]
fn a_build_canceled_in_all_its_chroots_is_canceled() {
    use coprbox::ops::chroots::set_active;

    let hub = with_tools();
    let id = create(&hub, json!({"chroots": ["fedora-42-x86_64"]})).ok()["items"][0]["id"].clone();
    let build = BuildId(id.as_i64().unwrap());
    let state = || hub.get(&format!("/api_3/build/{id}")).ok()["state"].clone();
    hub.app
        .store
        .write_now(|tx| {
            builds::set_source_state(tx, build, SourceState::Succeeded, None)?;
            for (part, ..) in build_chroots::waiting(tx, build)? {
                build_chroots::set_state(tx, part, ChrootState::Pending, None)?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!(state(), "pending");
    let chroot = "fedora-42-x86_64".parse().unwrap();
    hub.app.store.write_now(|tx| set_active(tx, &chroot, false, None)).unwrap();
    assert_eq!(state(), "canceled");
}

#[test]
fn no_time_at_all_means_the_usual_time() {
    let hub = with_tools();
    for timeout in [json!(0), json!("0"), json!(""), Value::Null] {
        let made = create(&hub, json!({ "timeout": timeout })).ok();
        let path = format!("/api_3/build/source-build-config/{}", made["items"][0]["id"]);
        assert_eq!(hub.get(&path).ok()["timeout"], 18000, "{timeout}");
    }
}

#[test]
fn who_may_not_edit_a_project_is_told_about_the_project() {
    let hub = with_tools();
    let text = edit(&hub, "bob", json!({"description": "x"})).refused(403);
    assert_eq!(text, "Only owners and admins may update their projects.");
}

#[test]
fn packages_come_with_builds_only_where_they_are_asked_for() {
    let hub = with_tools();
    let gem = json!({"gem_name": "a"});
    hub.post("alice", "/api_3/package/add/alice/tools/a/rubygems", gem).ok();
    let body = json!({"ownername": "alice", "projectname": "tools", "package_name": "a"});
    let build = hub.post("alice", "/api_3/package/build", body).ok()["id"].clone();
    let latest = |said: &str| {
        let path = format!("/api_3/package?{QUERY}&packagename=a&with_latest_build={said}");
        hub.get(&path).ok()["builds"]["latest"]["id"].clone()
    };
    for no in ["False", "false", "0", "no", ""] {
        assert_eq!(latest(no), Value::Null, "{no}");
    }
    for yes in ["True", "true", "1"] {
        assert_eq!(latest(yes), build, "{yes}");
    }
}

#[test]
fn names_that_are_too_long_are_400() {
    let hub = with_tools();
    let long = "n".repeat(101);
    let body = json!({"name": long, "chroots": ["epel-9-x86_64"]});
    hub.post("alice", "/api_3/project/add/alice", body).refused(400);
    let fork = json!({"name": long, "ownername": "alice"});
    hub.post("alice", "/api_3/project/fork/alice/tools", fork).refused(400);
    create(&hub, json!({"project_dirname": format!("tools:custom:{}", "d".repeat(250))}))
        .refused(400);
    create(&hub, json!({"project_dirname": format!("tools:custom:{}", "é".repeat(125))}))
        .refused(400);
    for (kind, field, length) in [
        ("distgit", "package_name", 101),
        ("pypi", "pypi_package_name", 94),
        ("rubygems", "gem_name", 93),
    ] {
        let mut body = json!({"ownername": "alice", "projectname": "tools"});
        body[field] = json!("n".repeat(length));
        let path = format!("/api_3/build/create/{kind}");
        let text = hub.post("alice", &path, body.clone()).refused(400);
        assert!(text.starts_with(field), "{text}");
        body[field] = json!("n".repeat(length - 1));
        hub.post("alice", &path, body).ok();
    }
    // What is too long to be a name is the name of nothing.
    hub.get(&format!("/api_3/project?ownername={long}&projectname={long}")).refused(404);
    hub.get(&format!("/api_3/package?{QUERY}&packagename={long}")).refused(404);
}

#[test]
fn the_configuration_of_a_chroot_says_how_it_is_bootstrapped() {
    let hub = with_tools();
    assert!(chroot_config(&hub).get("bootstrap").is_none(), "the usual way goes without saying");
    edit(&hub, "alice", json!({"bootstrap": "on"})).ok();
    assert_eq!(chroot_config(&hub)["bootstrap"], "on");
    edit_chroot(&hub, json!({"bootstrap_image": "registry.test/f:42"})).ok();
    let config = chroot_config(&hub);
    assert_eq!(config["bootstrap"], "custom_image");
    assert_eq!(config["bootstrap_image"], "registry.test/f:42");
}

#[test]
fn every_value_of_a_repeated_field_counts() {
    let hub = with_tools();
    let both = json!(["fedora-42-x86_64", "fedora-43-x86_64"]);
    let form = format!(
        "{QUERY}&pkgs=http://h/a.spec&pkgs=http://h/b.spec&chroots=fedora-42-x86_64\
         &chroots=fedora-43-x86_64"
    );
    let path = "/api_3/build/create/url";
    let made = hub.send("alice", Method::Post, path, FORM, form.as_bytes()).ok();
    assert_eq!(made["items"].as_array().unwrap().len(), 2);
    let parts = [
        ("ownername", "", "alice"),
        ("projectname", "", "tools"),
        ("pkgs", "", "http://h/a.spec"),
        ("chroots", "", "fedora-42-x86_64"),
        ("chroots", "", "fedora-43-x86_64"),
    ];
    let other = hub.multipart("alice", path, &parts).ok();
    for build in [&made["items"][0], &made["items"][1], &other["items"][0]] {
        assert_eq!(build["chroots"], both);
    }
    // Who handed it in is there for everybody to see, as in Copr.
    let seen = hub.get(&format!("/api_3/build/{}", made["items"][0]["id"])).ok();
    assert_eq!(seen["submitter"], "alice");
}

#[test]
fn further_repositories_have_both_names_everywhere() {
    let hub = Hub::new();
    for (name, field) in [("one", "repos"), ("two", "additional_repos")] {
        let mut body = json!({"name": name, "chroots": ["fedora-42-x86_64"]});
        body[field] = json!(["http://r.test/"]);
        let made = hub.post("alice", "/api_3/project/add/alice", body).ok();
        assert_eq!(made["additional_repos"], json!(["http://r.test/"]));
        for (edited, url) in [("repos", "http://a.test/"), ("additional_repos", "http://b.test/")] {
            let mut body = json!({"repos": null, "additional_repos": null});
            body[edited] = json!(url);
            let path = format!("/api_3/project/edit/alice/{name}");
            let project = hub.json("alice", Method::Put, &path, body).ok();
            assert_eq!(project["additional_repos"], json!([url]));
        }
    }
}
