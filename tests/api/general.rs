//! Manners that all endpoints share.

use rocket::http::Method;
use serde_json::json;

use crate::hub::Hub;

#[test]
fn an_unknown_path_and_a_wrong_method_are_told_apart_in_json() {
    let hub = Hub::new();
    for path in ["/api_3/nonexistent", "/api_3/project/nonexistent/x/y", "/api_3/mock-chroots/"] {
        assert!(hub.get(path).refused(404).contains("endpoint"), "{path}");
    }
    hub.get("/api_3/project/add/alice").refused(405);
    hub.send("alice", Method::Patch, "/api_3/project/edit/alice/x", "", b"").refused(405);
    hub.send("alice", Method::Delete, "/api_3/project", "", b"").refused(405);
}

#[test]
fn a_slash_at_the_end_never_matters() {
    let hub = Hub::new();
    hub.project("tools");
    assert_eq!(hub.get("/api_3/").ok(), json!({"version": 3}));
    assert_eq!(hub.get("/api_3").ok(), json!({"version": 3}));
    let one = hub.get("/api_3/project?ownername=alice&projectname=tools").ok();
    assert_eq!(hub.get("/api_3/project/?ownername=alice&projectname=tools").ok(), one);
}

#[test]
fn options_and_head_are_answered() {
    let hub = Hub::new();
    let answer = hub.send("", Method::Options, "/api_3/project/edit/alice/x/", "", b"");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Allow"), Some("OPTIONS, POST, PUT"));
    assert_eq!(hub.send("", Method::Options, "/api_3/none", "", b"").status, 404);
    assert_eq!(hub.send("", Method::Head, "/api_3/mock-chroots/list", "", b"").status, 200);
}

#[test]
fn who_is_unknown_is_told_so_whatever_the_body() {
    let hub = Hub::new();
    for path in ["/api_3/project/add/alice", "/api_3/build/create/upload", "/api_3/api-token"] {
        let reply = hub.send("", Method::Post, path, "application/json", b"{not json");
        assert!(reply.refused(401).contains("Login invalid/expired"), "{path}");
        assert_eq!(reply.body["output"], "notok");
    }
    assert_eq!(hub.get("/api_3/auth-check").status, 401);
    let me = hub.send("bob", Method::Get, "/api_3/auth-check", "", b"").ok();
    assert_eq!(me, json!({"id": 2, "name": "bob"}));
    hub.get("/api_3/gssapi_login/").refused(403);
}

#[test]
fn a_new_token_ends_the_one_it_was_asked_for_with() {
    let hub = Hub::new();
    let pair = hub.send("bob", Method::Post, "/api_3/api-token", "", b"").ok();
    for key in ["api_login", "api_token", "expiration"] {
        assert!(pair[key].is_string(), "{key}");
    }
    assert_eq!(hub.send("bob", Method::Get, "/api_3/auth-check", "", b"").status, 401);
    assert_eq!(hub.send("alice", Method::Get, "/api_3/auth-check", "", b"").status, 200);
}

#[test]
fn a_body_that_is_no_object_is_refused_with_a_text() {
    let hub = Hub::new();
    for body in ["[1, 2]", "{\"name\":", "3"] {
        let path = "/api_3/project/add/alice";
        let reply = hub.send("alice", Method::Post, path, "application/json", body.as_bytes());
        assert!(reply.refused(400).contains("JSON"), "{body}");
    }
}

#[test]
fn chroots_come_in_the_admins_order_without_retired_ones() {
    let hub = Hub::new();
    let text = hub.send("", Method::Get, "/api_3/mock-chroots/list", "", b"");
    let names: Vec<String> = text.ok().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 4);
    assert!(!names.contains(&"fedora-40-x86_64".to_owned()));
}

#[test]
fn pages_and_api_do_not_get_into_each_others_way() {
    // The hub has both: its routes fit together, or it would not have started.
    let hub = Hub::new();
    assert_eq!(hub.get("/coprs/nobody/none").status, 404);
    assert!(hub.get("/api_3/none").refused(404).contains("endpoint"));
}
