//! What every client relies on, across all endpoints. Where each point of the list of what makes a
//! server compatible is tested; those without a file are here:
//!
//! | point | test |
//! | --- | --- |
//! | errors are texts, in JSON, always | `every_error_is_a_text_in_json`, `general`, `catch` |
//! | answers are objects, lists have `meta` | `every_answer_is_an_object_and_lists_have_meta` |
//! | pages end, whatever the number of rows | `pages_end_whatever_the_number_of_rows`, `lists` |
//! | no limit unless one is asked for | `a_list_without_a_limit_is_whole` |
//! | keys that are always there | `project`, `package`, `build`, `build_chroot`: `…every_key` |
//! | slashes at the end of addresses of results | `build_chroot`, `build`, `repo::layout` |
//! | numbers as texts, nulls, missing and unknown keys | `nulls_and_unknown_keys_say_nothing` |
//! | `@`, `:` raw and encoded, slashes | `every_spelling_of_an_address_will_do`, `directories` |
//! | the path counts, not the query | `project::an_edit_changes_only_what_it_names`, `package_add` |
//! | uploads: refused, cut off, in any order | `upload`, `tests/http/door.rs`, `tests/http/body.rs` |
//! | older methods | `older_methods_are_taken`, `project::the_old_methods_still_work_and_say_so` |
//! | 401 says `notok` and locks nobody out | `a_wrong_token_locks_nobody_out`, `general` |
//! | exit codes of copr-cli | `tests/conformance`: the acceptance suite |
//! | forks take a confirmation | `fork::what_is_there_already_takes_a_confirmation` |
//! | an unknown chroot is a line of a 400 | `project::all_mistakes_are_told_at_once_one_line_each` |
//! | `.repo` files, `rpmrepo` | `dotrepo`, `repo::dotrepo`, `directories` |
//! | listings for wget | `tests/http/files.rs` |
//! | states end | `model::state`, `build::a_canceled_build_…`, `defects`, `tests/runner/engine` |
//! | batches | `build::batches_are_joined_while_they_are_open`, `tests/runner/engine` |
//! | chroots: globs, exclusions, ends and returns | `build`, `project`, `package_add`, `project_chroot` |
//! | webhooks | `hooks`, `forges`, `webhook` |
//! | every command of copr-cli | `tests/e2e/test_commands.py`, `tests/conformance` |
//! | `dnf copr` | `tests/e2e/test_dnf_copr.py` |
//! | two at once | `one_of_many_makes_the_package`, `project::two_at_once_make_one_project` |
//! | the users' documents | `user_documents` |
//! | HEAD and OPTIONS, 405 elsewhere | `reading_has_a_head_and_nothing_else`, `general` |
//! | Unicode, foreign line ends, long scripts | `texts_are_kept_as_they_are`, `package_add` |

use coprbox::model::project::ProjectSettings;
use coprbox::model::source::SourceSpec;
use coprbox::ops::packages::{self as ops_packages, Place, Wish};
use coprbox::ops::sources::{RubyGemsWish, SourceWish};
use coprbox::ops::{Error, Mistakes};
use coprbox::store::projects::NewProject;
use coprbox::store::{StoreError, packages, projects, users};
use rocket::http::Method;
use serde_json::{Value, json};

use crate::hub::{Hub, Reply};

const QUERY: &str = "ownername=alice&projectname=tools";

/// `alice/tools` with a package `a` and a build of it, and a group's project `@crew/team`.
fn hub() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    hub.post("alice", "/api_3/package/add/alice/tools/a/rubygems", json!({"gem_name": "a"})).ok();
    let body = json!({"ownername": "alice", "projectname": "tools", "package_name": "a"});
    hub.post("alice", "/api_3/package/build", body).ok();
    let body = json!({"name": "team", "chroots": ["fedora-42-x86_64"]});
    hub.post("bob", "/api_3/project/add/@crew", body).ok();
    hub
}

/// Every address that can be read without a token.
fn readable() -> Vec<String> {
    let chroot = "chrootname=fedora-42-x86_64";
    [
        "",
        "mock-chroots/list",
        "project/list",
        "project/search?query=tools",
        "project/permissions/can_build_in/bob/alice/tools",
        "build/1",
        "build/source-chroot/1",
        "build/source-build-config/1",
        "build/built-packages/1",
        "build-chroot/list?build_id=1",
        "build-chroot/list/1",
        "build-chroot/1/fedora-42-x86_64",
        "build-chroot/build-config/1/fedora-42-x86_64",
        "rpmrepo/alice/tools/fedora-42",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(
        ["project", "package/list", "build/list", "monitor", "package"]
            .map(|path| format!("{path}?{QUERY}&packagename=a")),
    )
    .chain(
        ["project-chroot", "project-chroot/build-config"]
            .map(|path| format!("{path}?{QUERY}&{chroot}")),
    )
    .chain(
        ["build-chroot", "build-chroot/build-config", "build-chroot/built-packages"]
            .map(|path| format!("{path}?build_id=1&{chroot}")),
    )
    .map(|path| format!("/api_3/{path}"))
    .collect()
}

#[test]
fn every_answer_is_an_object_and_lists_have_meta() {
    let hub = hub();
    for path in readable() {
        let answer = hub.get(&path).ok();
        let answer = answer.as_object().unwrap_or_else(|| panic!("{path}"));
        assert!(!answer.contains_key("error"), "{path}");
        let is_list = path.split('?').next().is_some_and(|path| path.contains("list"))
            || path.contains("search");
        let is_list = is_list && !path.contains("mock-chroots");
        assert_eq!(answer.contains_key("items"), is_list, "{path}");
        assert_eq!(answer.get("meta").is_some_and(Value::is_object), is_list, "{path}");
        if let Some(items) = answer.get("items") {
            assert!(items.as_array().unwrap().iter().all(Value::is_object), "{path}");
        }
    }
}

#[test]
fn reading_has_a_head_and_nothing_else() {
    let hub = hub();
    for path in readable() {
        let head = hub.send("", Method::Head, &path, "", b"");
        assert_eq!((head.status, head.body), (200, json!("")), "{path}");
        let options = hub.send("", Method::Options, &path, "", b"");
        assert_eq!(options.status, 200, "{path}");
        let allowed = options.header("Allow").unwrap().to_owned();
        assert!(allowed.contains("GET, HEAD, OPTIONS"), "{path}: {allowed}");
        hub.send("alice", Method::Patch, &path, "", b"").refused(405);
        if allowed == "GET, HEAD, OPTIONS" {
            hub.send("alice", Method::Post, &path, "", b"").refused(405);
        }
    }
}

#[test]
fn older_methods_are_taken() {
    let hub = Hub::new();
    for (path, methods) in [
        ("project/add/o", "POST"),
        ("project/edit/o/p", "POST, PUT"),
        ("project/fork/o/p", "POST, PUT"),
        ("project/delete/o/p", "DELETE, POST"),
        ("project/regenerate-repos/o/p", "POST, PUT"),
        ("project/permissions/set/o/p", "POST, PUT"),
        ("project/permissions/request/o/p", "POST, PUT"),
        ("project-chroot/edit/o/p/c", "POST, PUT"),
        ("package/add/o/p/n/scm", "POST"),
        ("package/edit/o/p/n", "POST, PUT"),
        ("package/edit/o/p/n/scm", "POST, PUT"),
        ("package/reset", "POST, PUT"),
        ("package/build", "POST"),
        ("package/delete", "DELETE, POST"),
        ("build/create/url", "POST"),
        ("build/create/upload", "POST"),
        ("build/create/rpm-upload", "POST"),
        ("build/create/scm", "POST"),
        ("build/create/distgit", "POST"),
        ("build/create/pypi", "POST"),
        ("build/create/rubygems", "POST"),
        ("build/create/custom", "POST"),
        ("build/check-before-build", "POST"),
        ("build/cancel/1", "POST, PUT"),
        ("build/delete/1", "DELETE, POST"),
        ("build/delete/list", "DELETE, POST"),
        ("webhook/generate/o/p", "POST"),
        ("api-token", "POST"),
    ] {
        let path = format!("/api_3/{path}");
        let answer = hub.send("", Method::Options, &path, "", b"");
        let allowed = answer.header("Allow").unwrap();
        let own: Vec<&str> = allowed.split(", ").filter(|&method| method != "OPTIONS").collect();
        assert_eq!(own.join(", "), methods, "{path}");
        for method in own {
            let reply = hub.send("", method.parse().unwrap(), &path, "", b"");
            reply.refused(401);
        }
    }
}

#[test]
fn what_is_no_number_is_no_builds_address() {
    let hub = Hub::new();
    let refused = |method, path: &str| {
        let reply = hub.send("alice", method, path, "", b"");
        reply.refused(405);
        reply.header("Allow").unwrap().to_owned()
    };
    assert_eq!(refused(Method::Get, "/api_3/build/check-before-build"), "OPTIONS, POST");
    assert_eq!(refused(Method::Put, "/api_3/build/list"), "GET, HEAD, OPTIONS");
    hub.get("/api_3/build/abc").refused(404);
    hub.send("alice", Method::Put, "/api_3/build/abc", "", b"").refused(404);
    assert_eq!(hub.send("", Method::Options, "/api_3/build/abc", "", b"").status, 404);
}

#[test]
fn every_error_is_a_text_in_json() {
    let hub = hub();
    let is_json = |reply: Reply, status: u16| {
        assert_eq!(reply.header("Content-Type"), Some("application/json"));
        assert!(!reply.refused(status).is_empty());
    };
    is_json(hub.get("/api_3/nowhere"), 404);
    is_json(hub.get("/api_3/build/abc"), 404);
    is_json(hub.get("/api_3/project?ownername=alice"), 400);
    is_json(hub.post("alice", "/api_3/project/list", json!({})), 405);
    is_json(hub.post("", "/api_3/project/add/alice", json!({})), 401);
    is_json(hub.post("bob", "/api_3/webhook/generate/alice/tools", json!({})), 403);
    let named = json!({"ownername": "alice", "projectname": "tools"}).to_string();
    let large = "x".repeat(2 << 20);
    let parts = [("pkgs", "a.spec", large.as_str()), ("json", "json", &named)];
    is_json(hub.multipart("alice", "/api_3/build/create/upload", &parts), 413);
    let path = "/api_3/package/add/alice/tools/a/rubygems";
    is_json(hub.post("alice", path, json!({"gem_name": "a"})), 409);
    is_json(hub.send("alice", Method::Delete, "/api_3/build/delete/list", "", b""), 415);
    // While a table is gone the server is to blame, and does not tell its insides.
    let rename = |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        hub.app.store.write_now(|tx| Ok::<_, StoreError>(tx.execute_batch(&sql)?)).unwrap();
    };
    rename("built_packages", "gone");
    let failed = hub.get("/api_3/build/built-packages/1");
    assert!(!failed.refused(500).contains("built_packages"));
    is_json(failed, 500);
    rename("gone", "built_packages");
}

/// What copr-cli does until a page is empty; the names, and how many requests that took.
fn paged(hub: &Hub, limit: i64) -> (Vec<String>, usize) {
    let (mut names, mut offset) = (Vec::new(), 0);
    for requests in 1.. {
        let path = format!("/api_3/package/list?{QUERY}&limit={limit}&offset={offset}");
        let page = hub.get(&path).ok();
        assert_eq!(page["meta"]["limit"], limit);
        let items = page["items"].as_array().unwrap();
        if items.is_empty() {
            return (names, requests);
        }
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        offset = page["meta"]["offset"].as_i64().unwrap() + limit;
    }
    unreachable!("the loop ends with an empty page")
}

#[test]
fn pages_end_whatever_the_number_of_rows() {
    let hub = Hub::new();
    hub.project("tools");
    let mut there = 0;
    for (rows, requests) in [(0, 1), (1, 2), (999, 2), (1000, 2), (1001, 3)] {
        hub.app
            .store
            .write_now(|tx| {
                let owner = "alice".parse().unwrap();
                let project = projects::find(tx, &owner, &"tools".parse().unwrap())?.unwrap();
                for number in there..rows {
                    let name = format!("p{number}").parse().unwrap();
                    packages::insert(tx, project.id, &name, &SourceSpec::Unset)?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        there = rows;
        let expected: Vec<String> = (0..rows).map(|number| format!("p{number}")).collect();
        assert_eq!(paged(&hub, 1000), (expected, requests), "{rows}");
    }
}

#[test]
fn a_list_without_a_limit_is_whole() {
    let hub = Hub::new();
    hub.app
        .store
        .write_now(|tx| {
            let eve = users::find(tx, &"eve".parse().unwrap())?.unwrap().id;
            for number in 0..2500 {
                let new = NewProject {
                    owner: &"eve".parse().unwrap(),
                    name: &format!("p{number}").parse().unwrap(),
                    creator: eve,
                    persistent: false,
                    delete_after: None,
                    settings: &ProjectSettings::default(),
                };
                projects::insert(tx, &new)?.unwrap();
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    for path in ["/api_3/project/list", "/api_3/project/list?ownername=eve&limit=0"] {
        let all = hub.get(path).ok();
        assert_eq!(all["items"].as_array().unwrap().len(), 2500);
        assert_eq!(all["meta"]["limit"], Value::Null);
        assert_eq!(all["items"][2499]["name"], "p2499");
    }
}

/// Every option that a client sends as null when its user says nothing, and some of no meaning.
fn with_nulls(said: Value) -> Value {
    let mut body = json!({"no_such_key": {"a": [1]}, "progress_callback": null});
    let names = "description instructions homepage contact additional_repos repos chroots \
        runtime_dependencies unlisted_on_hp enable_net persistent auto_prune devel_mode \
        delete_after_days multilib module_hotfixes fedora_review appstream bootstrap \
        bootstrap_image use_bootstrap_container isolation follow_fedora_branching \
        packit_forge_projects_allowed repo_priority storage confirm verify additional_packages \
        additional_modules with_opts without_opts delete_comps reset_fields webhook_rebuild \
        max_builds timeout chroot_denylist committish subdirectory spec scm_type \
        source_build_method srpm_build_method pypi_package_version spec_generator spec_template \
        python_versions script_chroot script_builddeps script_resultdir script_repos chroot \
        builddeps resultdir distgit namespace project_dirname exclude_chroots background \
        is_background after_build_id with_build_id packit_forge_project memory_limit";
    let all = body.as_object_mut().unwrap();
    all.extend(names.split_whitespace().map(|name| (name.to_owned(), Value::Null)));
    all.extend(said.as_object().unwrap().clone());
    body
}

#[test]
fn nulls_and_unknown_keys_say_nothing() {
    let hub = hub();
    let place = |more: Value| {
        let mut body = json!({"ownername": "alice", "projectname": "tools"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let script = json!({"script": "true", "chroot": "fedora-42-x86_64"});
    let (put, post, delete) = (Method::Put, Method::Post, Method::Delete);
    for (method, path, said) in [
        (post, "project/add/alice", json!({"name": "x", "chroots": ["epel-9-x86_64"]})),
        (put, "project/edit/alice/tools", json!({"repo_priority": "7"})),
        (post, "project/fork/alice/x", json!({"name": "y", "ownername": "alice"})),
        (put, "project/regenerate-repos/alice/tools", json!({})),
        (put, "project-chroot/edit/alice/tools/fedora-42-x86_64", json!({"with_opts": "a b"})),
        (post, "package/add/alice/tools/b/pypi", json!({"pypi_package_name": "b"})),
        (post, "package/add/alice/tools/c/scm", json!({"clone_url": "https://h.test/c.git"})),
        (post, "package/edit/alice/tools/b", json!({"max_builds": "5", "timeout": "99"})),
        (put, "package/reset", place(json!({"package_name": "b"}))),
        (post, "package/build", place(json!({"package_name": "c", "timeout": "99"}))),
        (post, "build/create/url", place(json!({"pkgs": "http://h.test/a.spec"}))),
        (post, "build/create/scm", place(json!({"clone_url": "https://h.test/c.git"}))),
        (post, "build/create/distgit", place(json!({"package_name": "hello"}))),
        (post, "build/create/pypi", place(json!({"pypi_package_name": "b"}))),
        (post, "build/create/rubygems", place(json!({"gem_name": "b"}))),
        (post, "build/create/custom", place(script)),
        (post, "build/check-before-build", place(json!({"after_build_id": "1"}))),
        (put, "build/cancel/1", json!({})),
        (delete, "build/delete/1", json!({})),
        (delete, "build/delete/list", json!({"builds": []})),
        (post, "webhook/generate/alice/tools", json!({})),
        (delete, "package/delete", place(json!({"package_name": "a"}))),
        (delete, "project/delete/alice/x", json!({})),
    ] {
        let path = format!("/api_3/{path}");
        let reply = hub.json("alice", method, &path, with_nulls(said));
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    }
    let project = hub.get(&format!("/api_3/project?{QUERY}")).ok();
    assert_eq!(project["repo_priority"], 7);
    assert_eq!(project["chroot_repos"].as_object().unwrap().len(), 2);
    let build = hub.get(&format!("/api_3/build/list?{QUERY}&limit=1")).ok();
    assert_eq!(build["items"][0]["is_background"], false);
}

#[test]
fn every_spelling_of_an_address_will_do() {
    let hub = hub();
    let body = json!({
        "ownername": "@crew", "projectname": "team", "project_dirname": "team:custom:x",
        "pkgs": "http://h.test/a.spec",
    });
    hub.post("bob", "/api_3/build/create/url", body).ok();
    for at in ["@", "%40"] {
        let query = format!("ownername={at}crew&projectname=team");
        assert_eq!(hub.get(&format!("/api_3/project?{query}")).ok()["ownername"], "@crew");
        let path = format!("/api_3/project/edit/{at}crew/team");
        for end in ["", "/", "/?projectname=other"] {
            hub.json("bob", Method::Put, &format!("{path}{end}"), json!({})).ok();
        }
        for colon in [":", "%3A", "%3a"] {
            let dir = format!("team{colon}custom{colon}x");
            let offer = hub.get(&format!("/api_3/rpmrepo/{at}crew/{dir}/fedora-42/")).ok();
            assert!(offer["directories"]["team:custom:x"].is_object());
            let monitor = format!("/api_3/monitor/?{query}&project_dirname={dir}");
            hub.get(&monitor).ok();
            let file = hub.get(&format!("/coprs/{at}crew/{dir}/repo/fedora-42/x.repo")).ok();
            assert!(file.as_str().unwrap().starts_with("[copr:hub.test:group_crew:team:custom:x]"));
        }
    }
    for path in readable() {
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        let slashed = format!("{}/?{query}", path.trim_end_matches('/'));
        assert_eq!(hub.get(&slashed).ok(), hub.get(&format!("{path}?{query}")).ok(), "{path}");
    }
}

#[test]
fn a_wrong_token_locks_nobody_out() {
    let hub = Hub::new();
    for _ in 0..20 {
        let reply = hub.send("alice:wrong", Method::Get, "/api_3/auth-check", "", b"");
        assert_eq!((reply.status, &reply.body["output"]), (401, &json!("notok")));
    }
    assert_eq!(hub.send("alice", Method::Get, "/api_3/auth-check", "", b"").ok()["name"], "alice");
}

#[test]
fn one_of_many_makes_the_package() {
    let hub = Hub::new();
    hub.project("tools");
    let alice = hub.app.store.read_now(|db| users::find(db, &"alice".parse().unwrap()));
    let alice = alice.unwrap().unwrap();
    let wish = || Wish {
        source: SourceWish::RubyGems(RubyGemsWish { name: Some("a".to_owned()) }),
        webhook_rebuild: None,
        poll: None,
        max_builds: None,
        timeout: None,
        chroot_denylist: None,
        deploy_key: None,
        mistakes: Mistakes::default(),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let (app, alice, wish) = (hub.app.clone(), alice.clone(), wish());
            let place = Place::new("alice", "tools", "a");
            runtime.spawn(async move {
                ops_packages::add(&app, &alice, place, None, wish, None).await.map(drop)
            })
        })
        .collect();
    let outcomes = tasks.into_iter().map(|task| runtime.block_on(task).unwrap());
    let (made, refused): (Vec<_>, Vec<_>) = outcomes.partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert!(refused.iter().all(|outcome| matches!(outcome, Err(Error::Conflict(_)))));
}

#[test]
fn texts_are_kept_as_they_are() {
    let hub = Hub::new();
    let description = "  Größe — 日本語 \u{1f980}\r\n\n* a\u{0301}\n ";
    let body = json!({
        "name": "tools", "chroots": ["fedora-42-x86_64"], "description": description,
        "instructions": description, "contact": "https://größe.test/é",
    });
    let made = hub.post("alice", "/api_3/project/add/alice", body).ok();
    assert_eq!(
        (&made["description"], &made["instructions"]),
        (&json!(description), &json!(description))
    );
    assert_eq!(made["contact"], "https://größe.test/é");
    let script = |script: &str| {
        let body = json!({
            "ownername": "alice", "projectname": "tools", "script": script,
            "chroot": "fedora-42-x86_64",
        });
        hub.post("alice", "/api_3/build/create/custom", body)
    };
    let made = script("#!/bin/sh\r\necho größe\r\n").ok();
    let path = format!("/api_3/build/source-build-config/{}", made["id"]);
    assert_eq!(hub.get(&path).ok()["source_dict"]["script"], "#!/bin/sh\necho größe\n");
    script(&"é".repeat(4096)).ok();
    assert_eq!(script(&"x".repeat(4097)).refused(400), "script: Maximum script size is 4kB");
}
