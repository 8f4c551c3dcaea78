//! Lists: paging, order, filters, searching.

use serde_json::{Value, json};

use crate::hub::Hub;

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

#[test]
fn a_list_has_meta_and_no_limit_of_its_own() {
    let hub = Hub::new();
    let empty = hub.get("/api_3/project/list?ownername=nobody").ok();
    let meta = json!({"limit": null, "offset": 0, "order": "id", "order_type": "ASC"});
    assert_eq!(empty, json!({"items": [], "meta": meta}));
    for name in ["c", "a", "b"] {
        hub.project(name);
    }
    assert_eq!(names(&hub.get("/api_3/project/list").ok()), ["c", "a", "b"]);
    let page = hub.get("/api_3/project/list?order=name&order_type=DESC&limit=2&offset=1").ok();
    assert_eq!(names(&page), ["b", "a"]);
    let meta = json!({"limit": 2, "offset": 1, "order": "name", "order_type": "DESC"});
    assert_eq!(page["meta"], meta);
    let beyond = hub.get("/api_3/project/list?limit=0&offset=1000").ok();
    assert_eq!((names(&beyond).len(), &beyond["meta"]["limit"]), (0, &Value::Null));
}

#[test]
fn pages_end_as_the_client_expects() {
    let hub = Hub::new();
    hub.project("tools");
    for _ in 0..5 {
        hub.build("tools");
    }
    for limit in [1, 4, 5, 6] {
        let (mut offset, mut seen) = (0, Vec::new());
        loop {
            let path = format!(
                "/api_3/build/list?ownername=alice&projectname=tools&limit={limit}&offset={offset}"
            );
            let page = hub.get(&path).ok();
            let items = page["items"].as_array().unwrap();
            if items.is_empty() {
                break;
            }
            seen.extend(items.iter().map(|build| build["id"].as_i64().unwrap()));
            let meta = &page["meta"];
            offset = meta["offset"].as_i64().unwrap() + meta["limit"].as_i64().unwrap();
        }
        assert_eq!(seen, [5, 4, 3, 2, 1], "newest first, {limit} at a time");
    }
}

#[test]
fn projects_are_ordered_by_what_is_kept_of_them() {
    let hub = Hub::new();
    for (name, more) in [
        ("a", json!({"description": "2", "repo_priority": 9, "contact": "x@y.z"})),
        ("b", json!({"instructions": "1", "delete_after_days": 3})),
        ("c", json!({"description": "1", "instructions": "0", "homepage": "http://h/"})),
    ] {
        let mut body = json!({"name": name, "chroots": ["epel-9-x86_64"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hub.post("bob", "/api_3/project/add/bob", body).ok();
    }
    let ordered = |order: &str, owner: &str| {
        let page = hub.get(&format!("/api_3/project/list?order={order}&{owner}")).ok();
        assert_eq!(page["meta"]["order"], order);
        names(&page).concat()
    };
    for (order, expected) in [
        ("id", "abc"),
        ("name", "abc"),
        ("created_on", "abc"),
        ("description", "bca"),
        ("instructions", "acb"),
        // Those of which nothing is said come last.
        ("homepage", "cab"),
        ("contact", "abc"),
        ("delete_after", "bac"),
        ("repo_priority", "abc"),
    ] {
        assert_eq!(ordered(order, ""), expected, "{order}");
        assert_eq!(ordered(order, "ownername=bob"), expected, "{order}");
        let back: String = expected.chars().rev().collect();
        let what = "order_type=DESC";
        let tied = matches!(order, "homepage" | "contact" | "delete_after" | "repo_priority");
        assert!(tied || ordered(order, what) == back, "{order}");
    }
    assert_eq!(ordered("repo_priority", "order_type=DESC"), "cba");
    for order in ["full_name", "user", "owner", "key_fingerprint", "id;", "name DESC"] {
        let order = order.replace(' ', "%20");
        let text = hub.get(&format!("/api_3/project/list?order={order}")).refused(400);
        assert!(text.starts_with("Cannot order by "), "{text}");
    }
}

#[test]
fn nonsense_is_refused() {
    let hub = Hub::new();
    for query in [
        "limit=-1",
        "limit=1.5",
        "limit=x",
        "offset=-1",
        "limit=99999999999999999999",
        "order=nosuch",
        "order_type=UP",
        "order_type=asc",
    ] {
        hub.get(&format!("/api_3/project/list?{query}")).refused(400);
    }
    let text = hub.get("/api_3/project?ownername=alice").refused(400);
    assert_eq!(text, "Missing argument projectname");
    hub.get("/api_3/build/list?ownername=alice").refused(400);
}

#[test]
fn builds_are_filtered_before_they_are_cut() {
    let hub = Hub::new();
    hub.project("tools");
    let ids: Vec<i64> = (0..4).map(|_| hub.build("tools")).collect();
    for id in [ids[0], ids[3]] {
        hub.post("alice", &format!("/api_3/build/cancel/{id}"), json!({})).ok();
    }
    let list = |more: &str| {
        let path = format!("/api_3/build/list?ownername=alice&projectname=tools{more}");
        let page = hub.get(&path).ok();
        let items = page["items"].as_array().unwrap().clone();
        items.iter().map(|build| build["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(list("&status=canceled"), [ids[3], ids[0]]);
    assert_eq!(list("&status=canceled&offset=1&limit=1"), [ids[0]]);
    assert_eq!(list("&status=nosuch"), [0; 0]);
    assert_eq!(list("&packagename=none"), [0; 0]);
    hub.get("/api_3/build/list?ownername=alice&projectname=none").refused(404);
}

#[test]
fn a_search_looks_at_owner_and_name_or_everywhere() {
    let hub = Hub::new();
    hub.project("hello-tools");
    hub.project("other");
    let body = json!({"name": "team-tools", "chroots": ["epel-9-x86_64"], "description": "100%"});
    hub.post("bob", "/api_3/project/add/@crew", body).ok();
    let found = |query: &str| {
        let page = hub.get(&format!("/api_3/project/search?query={query}")).ok();
        names(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found("tools"), ["team-tools", "hello-tools"]);
    assert_eq!(found("ALI/tool"), ["hello-tools"]);
    assert_eq!(found("%40crew/"), ["team-tools"]);
    assert_eq!(found("00%25"), ["team-tools"]);
    assert_eq!(found("hello_tools"), [""; 0]);
    let text = hub.get("/api_3/project/search?query=to").refused(400);
    assert_eq!(text, "Search string must have at least 3 characters");
    assert_eq!(found("to/").len() + found("/to").len(), 2, "parts of names may be short");
    hub.get("/api_3/project/search").refused(400);
    hub.get("/api_3/project/search?query=").refused(400);
}

#[test]
fn a_long_list_comes_whole_however_it_is_sent() {
    let hub = Hub::new();
    hub.project("tools");
    // One more than is read in one go.
    let urls: Vec<String> = (0..1_001).map(|n| format!("http://h/a-{n}-1.src.rpm")).collect();
    let body = json!({"ownername": "alice", "projectname": "tools", "pkgs": urls});
    let made = hub.post("alice", "/api_3/build/create/url", body).ok();
    let first = made["items"][0]["id"].as_i64().unwrap();
    let list = |more: &str| {
        let page =
            hub.get(&format!("/api_3/build/list?ownername=alice&projectname=tools{more}")).ok();
        let items = page["items"].as_array().unwrap().clone();
        let ids: Vec<i64> = items.iter().map(|build| build["id"].as_i64().unwrap()).collect();
        (ids, page["meta"].clone())
    };
    let (ids, meta) = list("");
    assert_eq!(ids, (first..first + 1_001).rev().collect::<Vec<_>>());
    assert_eq!(meta, json!({"limit": null, "offset": 0, "order": "id", "order_type": "ASC"}));
    let (ids, meta) = list("&limit=1001&offset=1");
    assert_eq!((ids.len(), ids[0]), (1_000, first + 999));
    assert_eq!(meta["limit"], 1001);
}
