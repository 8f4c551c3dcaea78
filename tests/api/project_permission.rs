//! `/project/permissions`.

use rocket::http::Method;
use serde_json::{Value, json};

use crate::hub::{Hub, Reply};

fn with_tools() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    hub
}

fn set(hub: &Hub, who: &str, body: Value) -> Reply {
    hub.json(who, Method::Put, "/api_3/project/permissions/set/alice/tools", body)
}

fn request(hub: &Hub, who: &str, body: Value) -> Reply {
    hub.json(who, Method::Put, "/api_3/project/permissions/request/alice/tools", body)
}

fn roles(hub: &Hub) -> Reply {
    hub.send("alice", Method::Get, "/api_3/project/permissions/get/alice/tools/", "", b"")
}

#[test]
fn a_role_is_asked_for_and_given_and_then_counts() {
    let hub = with_tools();
    let can = |who: &str| {
        let path = format!("/api_3/project/permissions/can_build_in/{who}/alice/tools");
        hub.get(&path).ok()["can_build_in"].clone()
    };
    roles(&hub).refused(404);
    assert_eq!(request(&hub, "bob", json!({"builder": true, "admin": true})).ok()["updated"], true);
    assert_eq!(request(&hub, "bob", json!({"builder": true})).ok()["updated"], false);
    assert_eq!(can("bob"), false);
    let updated = set(&hub, "alice", json!({"bob": {"builder": "approved"}})).ok();
    assert_eq!(updated, json!({"updated": ["bob"]}));
    assert_eq!(can("bob"), true);
    let expected = json!({"permissions": {"bob": {"admin": "request", "builder": "approved"}}});
    assert_eq!(roles(&hub).ok(), expected);
    let same = hub.post(
        "alice",
        "/api_3/project/permissions/set/alice/tools",
        json!({"bob": {"builder": "approved"}}),
    );
    assert_eq!(same.header("Warning"), None);
    assert_eq!(same.ok(), json!({"updated": []}));
    let text = request(&hub, "bob", json!({"builder": true})).refused(400);
    assert_eq!(text, "You already are 'builder' in 'alice/tools'");
    assert_eq!(request(&hub, "bob", json!({"builder": false})).ok()["updated"], true);
    assert_eq!(can("bob"), false);
}

#[test]
fn one_mistake_undoes_the_whole_request() {
    let hub = with_tools();
    for bad in [
        json!({"bob": {"builder": "approved"}, "nobody": {"builder": "approved"}}),
        json!({"bob": {"builder": "approved"}, "eve": {"pilot": "approved"}}),
        json!({"bob": {"builder": "approved"}, "eve": {"admin": "maybe"}}),
        json!({"bob": {"builder": "approved"}, "eve": "approved"}),
        json!({"bob": {"builder": "approved"}, "alice": {"admin": "approved"}}),
        json!({}),
    ] {
        set(&hub, "alice", bad).refused(400);
    }
    roles(&hub).refused(404);
    set(&hub, "alice", json!(["bob"])).refused(400);
    for bad in [json!({}), json!({"pilot": true}), json!({"admin": "yes"})] {
        request(&hub, "bob", bad).refused(400);
    }
    request(&hub, "alice", json!({"admin": true})).refused(400);
}

#[test]
fn only_who_manages_a_project_sees_and_sets_roles() {
    let hub = with_tools();
    set(&hub, "bob", json!({"bob": {"admin": "approved"}})).refused(403);
    hub.get("/api_3/project/permissions/get/alice/tools").refused(401);
    set(&hub, "alice", json!({"bob": {"admin": "approved"}})).ok();
    set(&hub, "bob", json!({"eve": {"builder": "approved"}})).ok();
    let edit = json!({"description": "bob was here"});
    hub.json("bob", Method::Put, "/api_3/project/edit/alice/tools", edit).ok();
    hub.json("bob", Method::Delete, "/api_3/project/delete/alice/tools", json!({})).refused(403);
    let can = "/api_3/project/permissions/can_build_in";
    hub.get(&format!("{can}/nobody/alice/tools")).refused(404);
    hub.get(&format!("{can}/bob/alice/none")).refused(404);
    let body = json!({"name": "team", "chroots": ["epel-9-x86_64"]});
    hub.post("bob", "/api_3/project/add/@crew", body).ok();
    let group = hub.get(&format!("{can}/eve/%40crew/team")).ok();
    assert_eq!(group["ownername"], "@crew");
}
