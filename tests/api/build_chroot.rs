//! `/build-chroot` and `/monitor`.

use coprbox::model::nevra::Nevra;
use coprbox::model::source::SourceSpec;
use coprbox::model::{BuildId, ChrootState, ProjectId, SourceState};
use coprbox::store::{StoreError, build_chroots, builds, packages};
use serde_json::{Value, json};

use crate::hub::Hub;

/// A build of `a` that has succeeded in fedora-42 and is running in fedora-43.
fn half_built() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    let body = json!({
        "ownername": "alice", "projectname": "tools", "pkgs": "http://h/a-1-1.src.rpm",
        "chroots": ["*"], "bootstrap": "off",
    });
    hub.post("alice", "/api_3/build/create/url", body).ok();
    let id = BuildId(1);
    hub.app
        .store
        .write_now(|tx| {
            let name = "a".parse().unwrap();
            let package = packages::find_or_insert(tx, ProjectId(1), &name, &SourceSpec::Unset)?;
            builds::set_package(tx, id, package.id, "1-1", Some("a-1-1.src.rpm"))?;
            for state in [SourceState::Starting, SourceState::Succeeded] {
                builds::set_source_state(tx, id, state, None)?;
            }
            for (chroot, is_done) in build_chroots::waiting(tx, id)?.into_iter().zip([true, false])
            {
                build_chroots::set_state(tx, chroot.0, ChrootState::Starting, None)?;
                build_chroots::set_result_dir(tx, chroot.0, "00000001-a")?;
                build_chroots::set_state(tx, chroot.0, ChrootState::Running, None)?;
                if is_done {
                    let nevra = Nevra {
                        name: "a".into(),
                        epoch: None,
                        version: "1".into(),
                        release: "1".into(),
                        arch: "noarch".into(),
                    };
                    build_chroots::set_packages(tx, chroot.0, &[("a.rpm".into(), nevra)])?;
                    build_chroots::set_state(tx, chroot.0, ChrootState::Succeeded, None)?;
                }
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    hub
}

const RESULT: &str = "http://hub.test:5000/results/alice/tools/fedora-42-x86_64/00000001-a/";

#[test]
fn a_chroot_of_a_build_has_all_keys_and_a_slash_at_its_address() {
    let hub = half_built();
    let one = hub.get("/api_3/build-chroot?build_id=1&chrootname=fedora-42-x86_64").ok();
    assert_eq!((&one["state"], &one["result_url"]), (&json!("succeeded"), &json!(RESULT)));
    assert!(one["started_on"].is_i64() && one["ended_on"].is_i64());
    assert_eq!(hub.get("/api_3/build-chroot/1/fedora-42-x86_64").ok(), one);
    let list = hub.get("/api_3/build-chroot/list?build_id=1&order=name").ok();
    assert_eq!(list["items"][0], one);
    assert_eq!(list["items"][1]["state"], "running");
    assert_eq!(list["meta"]["order"], "id");
    let newest = hub.get("/api_3/build-chroot/list/1?order_type=DESC&limit=1").ok();
    assert_eq!(newest["items"][0], list["items"][1]);
    for (order, first) in
        [("status", 0), ("status&order_type=DESC", 1), ("started_on", 0), ("ended_on", 0)]
    {
        let ordered = hub.get(&format!("/api_3/build-chroot/list?build_id=1&order={order}")).ok();
        assert_eq!(ordered["items"][0], list["items"][first], "{order}");
        assert_eq!(ordered["meta"]["order"], order.split('&').next().unwrap());
    }
    let source = hub.get("/api_3/build/source-chroot/1").ok();
    let url = "http://hub.test:5000/results/alice/tools/srpm-builds/00000001";
    assert_eq!(source, json!({"state": "succeeded", "result_url": url}));
}

#[test]
fn what_is_not_there_is_not_found() {
    let hub = half_built();
    for query in [
        "build_id=9&chrootname=fedora-42-x86_64",
        "build_id=1&chrootname=epel-9-x86_64",
        "build_id=1&chrootname=fedora",
        "build_id=abc&chrootname=fedora-42-x86_64",
    ] {
        for path in ["", "/build-config", "/built-packages"] {
            hub.get(&format!("/api_3/build-chroot{path}?{query}")).refused(404);
        }
    }
    hub.get("/api_3/build-chroot?build_id=1").refused(400);
    for id in ["9", "abc"] {
        let list = hub.get(&format!("/api_3/build-chroot/list?build_id={id}")).ok();
        assert_eq!(list["items"], json!([]));
    }
}

#[test]
fn the_configuration_names_repositories_and_options() {
    let hub = half_built();
    let config = hub.get("/api_3/build-chroot/build-config?build_id=1&chrootname=fedora-42-x86_64");
    let expected = json!({
        "repos": [{
            "id": "copr_base", "name": "Copr repository", "priority": null,
            "baseurl": "http://hub.test:5000/results/alice/tools/fedora-42-x86_64/",
            "repo_gpgcheck": false, "module_hotfixes": null,
        }],
        "additional_repos": ["copr://alice/tools"], "additional_packages": [],
        "with_opts": [], "without_opts": [], "memory_limit": 2048, "timeout": 18_000,
        "enable_net": false, "is_background": false, "bootstrap": "off",
        "bootstrap_image": null,
    });
    assert_eq!(config.ok(), expected);
    let old = hub.get("/api_3/build-chroot/build-config/1/fedora-42-x86_64").ok();
    assert_eq!(old, expected);
}

#[test]
fn built_packages_come_by_chroot() {
    let hub = half_built();
    let nevra =
        json!({"name": "a", "epoch": null, "version": "1", "release": "1", "arch": "noarch"});
    let all = hub.get("/api_3/build/built-packages/1").ok();
    let expected = json!({
        "fedora-42-x86_64": {"packages": [nevra]}, "fedora-43-x86_64": {"packages": []},
    });
    assert_eq!(all, expected);
    let query = "build_id=1&chrootname=fedora-42-x86_64";
    let one = hub.get(&format!("/api_3/build-chroot/built-packages?{query}")).ok();
    assert_eq!(one, expected["fedora-42-x86_64"]);
}

#[test]
fn the_monitor_shows_the_newest_build_of_each_package() {
    let hub = half_built();
    let path = "/api_3/monitor?ownername=alice&projectname=tools";
    let plain = hub.get(path).ok();
    assert_eq!(plain["output"], "ok");
    let cell = &plain["packages"][0]["chroots"]["fedora-42-x86_64"];
    let expected = json!({"state": "succeeded", "status": 1, "build_id": 1, "pkg_version": "1-1"});
    assert_eq!(cell, &expected);
    let more = "&additional_fields[]=url_build_log&additional_fields%5B%5D=url_backend_log";
    let full = hub.get(&format!("{path}{more}")).ok();
    let chroots = &full["packages"][0]["chroots"];
    let done = &chroots["fedora-42-x86_64"]["url_build_log"];
    assert_eq!(done, &json!(format!("{RESULT}builder-live.log.gz")));
    let live = chroots["fedora-43-x86_64"]["url_backend_log"].as_str().unwrap();
    assert!(live.ends_with("/backend.log"), "{live}");
    hub.get(&format!("{path}&additional_fields[]=nosuch")).refused(400);
    hub.get(&format!("{path}&project_dirname=tools:custom:x")).refused(404);
    hub.get("/api_3/monitor?ownername=alice&projectname=none").refused(404);
    let empty: Value = {
        hub.project("other");
        hub.get("/api_3/monitor?ownername=alice&projectname=other").ok()
    };
    assert_eq!(empty["packages"], json!([]));
}
