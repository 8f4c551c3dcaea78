//! The pages of deliveries.

use coprbox::model::delivery::{Arrival, Forge, Letter};
use coprbox::model::list::Slice;
use coprbox::model::{DeliveryId, ProjectId};
use coprbox::store::deliveries;
use rocket::http::Method;
use serde_json::{Value, json};

use crate::site::Site;

const LIST: &str = "/coprs/alice/tools/integrations/deliveries/";
const URL: &str = "https://git.test/a.git";

/// A site with a project of two packages, and what a push to their repository has led to.
fn pushed() -> Site {
    let site = Site::new();
    let id = site.hub.project("tools")["id"].as_i64().unwrap();
    for dir in ["one", "two"] {
        let path = format!("/api_3/package/add/alice/tools/{dir}/scm");
        let fields = json!({"clone_url": URL, "subdirectory": dir, "webhook_rebuild": true});
        site.hub.post("alice", &path, fields).ok();
    }
    let path = "/api_3/webhook/generate/alice/tools";
    let secret = site.hub.post("alice", path, Value::Null).ok()["webhook_secret"].clone();
    let path = format!("/webhooks/github/{id}/{}/", secret.as_str().unwrap());
    let headers = [
        ("X-GitHub-Event", "push".to_owned()),
        ("X-GitHub-Delivery", "<d-1>".to_owned()),
        ("User-Agent", "GitHub-Hookshot/1".to_owned()),
    ];
    let body = json!({
        "repository": {"clone_url": URL}, "ref": "refs/heads/main", "after": "cafe",
        "commits": [{"added": ["one/<b>.spec"], "modified": [], "removed": []}],
    });
    let body = body.to_string();
    let kind = "application/json";
    let reply = site.hub.send_with(&headers, "", Method::Post, &path, kind, body.as_bytes());
    assert_eq!(reply.status, 200);
    site
}

#[test]
fn deliveries_are_for_administrators_of_the_project() {
    let site = pushed();
    assert_ne!(site.get(LIST).status, 200, "nobody");
    site.log_in("eve");
    for path in [LIST.to_owned(), format!("{LIST}1/")] {
        let page = site.get(&path);
        assert_eq!(page.status, 403, "{path}");
        page.lacks("cafe").lacks("Hookshot");
    }
    assert_eq!(site.post(&format!("{LIST}1/redeliver"), "").status, 403);
    site.log_in("alice");
    site.page(LIST);
    for path in ["7/", "x/", "-1/"] {
        assert_eq!(site.get(&format!("{LIST}{path}")).status, 404, "{path}");
    }
}

#[test]
fn a_delivery_says_of_each_package_why_it_was_built_or_not() {
    let site = pushed();
    site.log_in("alice");
    let list = site.page(LIST);
    list.has("GitHub").has("<code>push</code>").has("one in build 1").has("built");
    list.has(&format!("href=\"{LIST}1/\""));
    assert_eq!(site.page(LIST.trim_end_matches('/')).text.len(), list.text.len());
    let page = site.page(&format!("{LIST}1/"));
    page.has("/coprs/alice/tools/build/1/\">build 1</a>");
    page.has("/coprs/alice/tools/package/two/").has("no file below two has changed");
    page.has("&#60;d-1&#62;").has("one/&#60;b&#62;.spec").lacks("<b>.spec");
    page.has("Take it in once more");
}

#[test]
fn a_delivery_is_taken_in_once_more_at_the_press_of_a_button() {
    let site = pushed();
    site.log_in("alice");
    let button = format!("{LIST}1/redeliver");
    let foreign = [("Sec-Fetch-Site", "cross-site")];
    assert_eq!(site.send(Method::Post, &button, "", &foreign).status, 403);
    let sent = site.post(&button, "");
    assert_eq!(
        (sent.status, sent.header("location")),
        (303, "/coprs/alice/tools/integrations/deliveries/2/")
    );
    let page = site.page(&format!("{LIST}2/"));
    page.has("was taken in once more, as number 2").has("build/2/").has(">delivery 1</a>");
    site.page(LIST).has("again");
}

#[test]
fn what_cannot_come_again_says_why_in_place_of_the_button() {
    let site = Site::new();
    let id = ProjectId(site.hub.project("tools")["id"].as_i64().unwrap());
    site.log_in("alice");
    site.page(LIST).has("Nothing has arrived yet").has("/coprs/alice/tools/integrations/");
    let letter = Letter { forge: Forge::Poll, event: Some("commit".into()), ..Letter::default() };
    let arrival = Arrival { letter, ..Arrival::default() };
    let note = |tx: &_| {
        let came = (coprbox::clock::Timestamp::now(), &arrival);
        deliveries::insert(tx, id, came, "a: not built, main at cafe is there", &[])
    };
    site.hub.app.store.write_now(|tx| note(tx)).unwrap();
    let page = site.page(&format!("{LIST}1/"));
    page.has("Polling").has("the server has looked by itself").lacks("Take it in");
    assert_eq!(site.post(&format!("{LIST}1/redeliver"), "").status, 409);
    let all = site.hub.app.store.read_now(|db| deliveries::newest(db, id, Slice::default()));
    assert_eq!(all.unwrap().iter().map(|one| one.id).collect::<Vec<_>>(), [DeliveryId(1)]);
}
