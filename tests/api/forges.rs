//! Deliveries as the forges really send them, cut to what there is to see; and taking them in once
//! more.

use coprbox::model::delivery::{Forge, Line};
use coprbox::model::list::Slice;
use coprbox::model::user::User;
use coprbox::model::{BuildId, DeliveryId, ProjectId};
use coprbox::ops::webhooks::log;
use coprbox::store::{deliveries, users};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::hooks::{Hooked, says};

const COMMIT: &str = "c9a1dd0f3ea2f6a7fbc3b4ab2e42bd05a80ad4e4";

/// What Gitea and Forgejo sign with.
fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let mut text = String::new();
    for byte in mac.finalize().into_bytes() {
        text += &format!("{byte:02x}");
    }
    text
}

/// A push as Gitea and Forgejo tell of it.
fn gitea_push() -> Value {
    json!({
        "ref": "refs/heads/main",
        "before": "28e1879d029cb852e4844d9c718537df08844e03",
        "after": COMMIT,
        "compare_url": "https://codeberg.test/crew/tools/compare/28e1879d...c9a1dd0f",
        "commits": [{
            "id": COMMIT,
            "message": "Update to 1.3\n",
            "url": format!("https://codeberg.test/crew/tools/commit/{COMMIT}"),
            "author": {"name": "Al", "email": "al@example.org", "username": "al"},
            "committer": {"name": "Al", "email": "al@example.org", "username": "al"},
            "verification": null,
            "timestamp": "2026-03-13T13:52:11-04:00",
            "added": [], "removed": [], "modified": ["rpm/a/a.spec"],
        }],
        "total_commits": 1,
        "head_commit": {"id": COMMIT},
        "repository": {
            "id": 140, "name": "tools", "full_name": "crew/tools", "private": false,
            "html_url": "https://codeberg.test/crew/tools",
            "ssh_url": "ssh://git@codeberg.test/crew/tools.git",
            "clone_url": "https://codeberg.test/crew/tools.git",
            "default_branch": "main",
        },
        "pusher": {"id": 1, "login": "al", "email": "al@example.org", "username": "al"},
        "sender": {
            "id": 1, "login": "al", "full_name": "", "email": "al@example.org",
            "avatar_url": "https://codeberg.test/avatars/1", "username": "al",
            "html_url": "https://codeberg.test/al",
        },
    })
}

fn crew(hooked: &Hooked) {
    for (name, dir) in [("a", "rpm/a"), ("b", "rpm/b")] {
        let fields = json!({
            "clone_url": "https://codeberg.test/crew/tools/", "committish": "main",
            "subdirectory": dir, "webhook_rebuild": true,
        });
        hooked.package(name, "scm", fields);
    }
}

#[test]
fn forgejo_and_gitea_sign_in_their_own_way() {
    let hooked = Hooked::new(&[]);
    crew(&hooked);
    let body = gitea_push().to_string();
    let good = signature(&hooked.secret, body.as_bytes());
    let with_sum = format!("sha256={good}");
    let wrong = signature("another", body.as_bytes());
    let send = |headers: &[(&'static str, &str)]| {
        hooked.send(&hooked.path("github", ""), headers, body.as_bytes())
    };
    let forgejo = [
        ("X-Forgejo-Event", "push"),
        ("X-Forgejo-Delivery", "f6266f16-1bf3-46a5-9ea4-602e06ead473"),
        ("X-Forgejo-Signature", good.as_str()),
        ("X-Gitea-Signature", &good),
        ("X-Hub-Signature", "sha1=0123"),
        ("X-Hub-Signature-256", &with_sum),
        ("User-Agent", "Go-http-client/1.1"),
    ];
    let reply = send(&forgejo);
    says(&reply, 200, "OK");
    assert_eq!(reply.header("X-Copr-Builds"), Some("1"));
    assert_eq!(hooked.builds(), [json!(["a", "tools", COMMIT])]);
    let [delivery] = hooked.deliveries().try_into().unwrap();
    let letter = &delivery.letter;
    assert_eq!((letter.forge, letter.event.as_deref()), (Forge::Github, Some("push")));
    assert_eq!(letter.delivery.as_deref(), Some("f6266f16-1bf3-46a5-9ea4-602e06ead473"));
    assert_eq!(letter.sender.as_deref(), Some("https://codeberg.test/al"));

    // Gitea without a secret has empty signatures, and GitHub's headers as well.
    let gitea = [
        ("X-Gitea-Event", "push"),
        ("X-GitHub-Event", "push"),
        ("X-Gitea-Signature", ""),
        ("X-Hub-Signature", "sha1="),
        ("X-Hub-Signature-256", "sha256="),
    ];
    says(&send(&gitea), 200, "OK");
    for (name, sum) in [
        ("X-Gitea-Signature", wrong.as_str()),
        ("X-Forgejo-Signature", &wrong),
        ("X-Hub-Signature", &format!("sha256={wrong}")),
        ("X-Gitea-Signature", "nonsense"),
    ] {
        assert_eq!(send(&[("X-Gitea-Event", "push"), (name, sum)]).status, 403, "{name}: {sum}");
    }
    assert_eq!(hooked.deliveries().len(), 2);
}

#[test]
fn a_new_tag_in_gitea_is_one_build() {
    let hooked = Hooked::new(&[]);
    crew(&hooked);
    let send = |event: &str, body: &Value| {
        let headers = [("X-Gitea-Event", event)];
        hooked.send(&hooked.path("github", ""), &headers, body.to_string().as_bytes()).ok()
    };
    let mut tag = gitea_push();
    let fields = json!({"sha": COMMIT, "ref": "a-1.3", "ref_type": "tag", "commits": null});
    tag.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    send("create", &tag);
    // The same tag once more, as a push that has no commits.
    tag["ref"] = json!("refs/tags/a-1.3");
    send("push", &tag);
    assert_eq!(hooked.builds(), [json!(["a", "tools", "a-1.3"])]);
}

#[test]
fn gitlab_shows_its_token() {
    let hooked = Hooked::new(&[]);
    let url = "https://gitlab.test/crew/tools.git";
    hooked.package("a", "scm", json!({"clone_url": url, "webhook_rebuild": true}));
    let body = json!({
        "object_kind": "push", "event_name": "push",
        "before": "95790bf891e76fee5e1747ab589903a6a1f80f22", "after": COMMIT,
        "ref": "refs/heads/main", "checkout_sha": COMMIT, "message": null,
        "user_id": 4, "user_name": "Al", "user_username": "al", "user_email": null,
        "project_id": 15,
        "project": {
            "id": 15, "name": "tools", "web_url": "https://gitlab.test/crew/tools",
            "git_ssh_url": "git@gitlab.test:crew/tools.git", "git_http_url": url,
            "path_with_namespace": "crew/tools", "default_branch": "main",
        },
        "commits": [{
            "id": COMMIT, "message": "Update", "title": "Update",
            "timestamp": "2026-12-12T08:17:11+02:00",
            "author": {"name": "Al", "email": "al@example.org"},
            "added": ["CHANGELOG"], "modified": ["app/a.rb"], "removed": [],
        }],
        "total_commits_count": 1,
    });
    let headers = [
        ("X-Gitlab-Event", "Push Hook"),
        ("X-Gitlab-Token", hooked.secret.as_str()),
        ("X-Gitlab-Webhook-UUID", "13792a34-cac6-4fda-95a8-c58e00a3954e"),
        ("User-Agent", "GitLab/18.1.0"),
    ];
    let reply = hooked.send(&hooked.path("gitlab", ""), &headers, body.to_string().as_bytes());
    says(&reply, 200, "OK");
    assert_eq!(hooked.builds(), [json!(["a", "tools", COMMIT])]);
    let [delivery] = hooked.deliveries().try_into().unwrap();
    let content = hooked.hub.app.store.read_now(|db| deliveries::content(db, delivery.id));
    let shown = content.unwrap().unwrap().headers;
    let names: Vec<String> = shown.iter().map(|(name, _)| name.to_lowercase()).collect();
    assert!(names.contains(&"x-gitlab-event".to_owned()), "{names:?}");
    assert!(!shown.iter().any(|(_, value)| value.contains(&hooked.secret)), "{shown:?}");
}

#[test]
fn bitbucket_signs_in_the_older_header() {
    let hooked = Hooked::new(&[]);
    let url = "https://bitbucket.test/crew/tools";
    hooked.package("a", "scm", json!({"clone_url": format!("{url}.git"), "webhook_rebuild": true}));
    let body = json!({
        "actor": {
            "display_name": "Al", "type": "user", "uuid": "{a54f16da-24e9-4d7f-a3a7-b1ba2cd98aa3}",
            "links": {"html": {"href": "https://bitbucket.test/%7Ba54f16da%7D/"}},
        },
        "repository": {
            "type": "repository", "name": "tools", "full_name": "crew/tools", "scm": "git",
            "links": {"html": {"href": url}},
        },
        "push": {"changes": [{
            "old": null,
            "new": {"type": "tag", "name": "a-2.0", "target": {"type": "commit", "hash": COMMIT}},
            "created": true, "closed": false, "forced": false, "truncated": false,
        }]},
    })
    .to_string();
    let sum = format!("sha256={}", signature(&hooked.secret, body.as_bytes()));
    let headers = [
        ("X-Event-Key", "repo:push"),
        ("X-Hook-UUID", "3dd7c4b2-1f6c-4d9c-8c79-0e3d1f0b1e00"),
        ("X-Hub-Signature", sum.as_str()),
    ];
    says(&hooked.send(&hooked.path("bitbucket", ""), &headers, body.as_bytes()), 200, "OK");
    assert_eq!(hooked.builds(), [json!(["a", "tools", "a-2.0"])]);
}

/// The delivery once more, as who.
fn again(hooked: &Hooked, who: &str, id: DeliveryId) -> Result<DeliveryId, String> {
    let app = &hooked.hub.app;
    let user = person(hooked, who);
    let (owner, project) = ("alice".parse().unwrap(), "tools".parse().unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let done = runtime.block_on(log::redeliver(app, &user, (&owner, &project), id));
    done.map_err(|error| error.to_string())
}

fn person(hooked: &Hooked, who: &str) -> User {
    let found = hooked.hub.app.store.read_now(|db| users::find(db, &who.parse().unwrap()));
    found.unwrap().unwrap()
}

#[test]
fn a_delivery_is_taken_in_once_more_with_what_is_right_by_now() {
    let hooked = Hooked::new(&[]);
    let headers = [("X-Gitea-Event", "push"), ("X-Gitea-Delivery", "d-1")];
    let body = gitea_push().to_string();
    says(&hooked.send(&hooked.path("github", ""), &headers, body.as_bytes()), 200, "OK");
    let first = hooked.deliveries().remove(0);
    let missing = "no package is cloned from https://codeberg.test/crew/tools.git";
    assert_eq!(first.lines().collect::<Vec<_>>(), [Line::Words(missing.to_owned())]);
    crew(&hooked);
    assert!(again(&hooked, "eve", first.id).unwrap_err().contains("admin"));
    let second = again(&hooked, "alice", first.id).unwrap();
    assert_eq!(hooked.builds(), [json!(["a", "tools", COMMIT])]);
    let all = hooked.deliveries();
    assert_eq!(
        (all[0].id, all[0].repeats, &all[0].builds),
        (second, Some(first.id), &vec![BuildId(1)])
    );
    assert_eq!(all[0].letter.delivery.as_deref(), Some("d-1"));
    assert_eq!(all[0].size as usize, body.len());
    let why = "no file below rpm/b has changed".to_owned();
    let left = Line::Left { package: "b".to_owned(), why };
    assert_eq!(all[0].lines().nth(1), Some(left));
    assert!(again(&hooked, "alice", DeliveryId(77)).unwrap_err().contains("no delivery 77"));
}

#[test]
fn custom_deliveries_come_again_with_payload_package_and_directory() {
    let hooked = Hooked::new(&[("a", "")]);
    let fields = json!({"clone_url": null, "script": "true", "chroot": "fedora-43-x86_64"});
    hooked.package("scripted", "custom", fields);
    let secret = hooked.secret.clone();
    let path = format!("/webhooks/custom-dir/alice/tools:custom:x/{secret}/scripted/");
    says(&hooked.send(&path, &[], b"what came"), 200, "1\n");
    says(&hooked.send(&hooked.path("custom", "a"), &[], b""), 200, "2\n");
    let all = hooked.deliveries();
    again(&hooked, "alice", all[0].id).unwrap();
    again(&hooked, "alice", all[1].id).unwrap();
    let builds = hooked.builds();
    assert_eq!(builds[2], json!(["a", "tools", "main"]));
    assert_eq!([&builds[3][0], &builds[3][1]], ["scripted", "tools:custom:x"]);
    let source = hooked.hub.get("/api_3/build/source-build-config/4").ok()["source_dict"].clone();
    let file = format!("uploads/{}/hook_payload", source["tmp"].as_str().unwrap());
    assert_eq!(std::fs::read(hooked.hub.dir().join(file)).unwrap(), b"what came");
    let bare = hooked.hub.send_with(
        &[],
        "",
        rocket::http::Method::Post,
        &hooked.path("custom", "scripted"),
        "",
        b"",
    );
    says(&bare, 200, "5\n");
    let empty = hooked.deliveries().remove(0);
    again(&hooked, "alice", empty.id).unwrap();
    assert_eq!(hooked.builds()[5][0], "scripted", "nothing is a payload, too");

    let body = json!({"ownername": "alice", "projectname": "tools", "package_name": "a"});
    hooked.hub.json("alice", rocket::http::Method::Put, "/api_3/package/reset", body).ok();
    let third = again(&hooked, "alice", all[0].id).unwrap();
    assert_eq!(hooked.deliveries()[0].id, third, "what was refused is noted, too");
    assert!(hooked.deliveries()[0].builds.is_empty());
}

#[test]
fn long_and_old_payloads_are_not_kept() {
    let hooked = Hooked::new(&[("a", "")]);
    let long = vec![b' '; deliveries::LONGEST + 1];
    says(&hooked.send(&hooked.path("custom", "a"), &[], &long), 200, "1\n");
    let long = hooked.deliveries().remove(0);
    assert!(again(&hooked, "alice", long.id).unwrap_err().contains("too long"));
    says(&hooked.send(&hooked.path("custom", "a"), &[], b"{}"), 200, "2\n");
    let old = hooked.deliveries().remove(0);
    let kept =
        |id| hooked.hub.app.store.read_now(|db| deliveries::content(db, id)).unwrap().is_some();
    assert!(kept(old.id));
    for _ in 0..25 {
        hooked.send(&hooked.path("custom", "a"), &[], b"{}");
    }
    assert!(!kept(old.id));
    assert!(again(&hooked, "alice", old.id).unwrap_err().contains("no longer kept"));
    let project = ProjectId(hooked.id);
    let count = hooked.hub.app.store.read_now(|db| deliveries::count(db, project)).unwrap();
    assert_eq!(count, 27);
    let slice = Slice { limit: Some(2), offset: 1 };
    let part = hooked.hub.app.store.read_now(|db| deliveries::newest(db, project, slice)).unwrap();
    assert_eq!(part.iter().map(|d| d.id.0).collect::<Vec<_>>(), [26, 25]);
}
