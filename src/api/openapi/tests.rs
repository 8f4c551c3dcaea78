use std::collections::BTreeSet;

use rocket::http::Method;
use serde_json::{Map, Value, json};

use super::describe;
use crate::api::{mount, namespaces};
use crate::http::body::asked;

#[path = "../../../tests/support/hub.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod hub;

use hub::{Hub, Reply};

/// An operation of the description, ready to be called.
struct Call<'d> {
    method: Method,
    path: String,
    described: &'d Value,
    schemas: &'d Value,
}

/// What sources can be without a file.
const KINDS: [&str; 6] = ["scm", "distgit", "pypi", "rubygems", "custom", "link"];

/// What a parameter in an address or a query is called with, so that its handler goes on.
fn value_of(name: &str) -> &'static str {
    match name {
        "owner" | "ownername" | "who" => "alice",
        "name" | "project" | "projectname" | "project_dirname" | "dir" | "pkg" | "packagename"
        | "query" => "tools",
        "chroot" | "chrootname" => "fedora-42-x86_64",
        "name_release" => "fedora-42",
        "order" => "id",
        "order_type" => "ASC",
        "status" => "pending",
        "additional_fields[]" => "url_build",
        "exist_ok" | "with_latest_build" | "with_latest_succeeded_build" => "true",
        "id" | "build_id" | "limit" | "offset" => "1",
        other => panic!("what does a client send as {other}?"),
    }
}

fn calls(document: &Value) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, described) in operations.as_object().unwrap() {
            calls.push(Call {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                described,
                schemas: &document["components"]["schemas"],
            });
        }
    }
    calls
}

impl Call<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path.trim_end_matches('/'))
    }

    fn parameters(&self, place: &str) -> Vec<&str> {
        let all = self.described["parameters"].as_array().into_iter().flatten();
        let there = all.filter(|parameter| parameter["in"] == place);
        there.map(|parameter| parameter["name"].as_str().unwrap()).collect()
    }

    /// The documented fields of the body, of those that have fixed names.
    fn fields(&self) -> Vec<&str> {
        let content = self.described["requestBody"]["content"].as_object();
        let Some(content) = content.and_then(|content| content.values().next()) else {
            return Vec::new();
        };
        let Some(path) = content["schema"]["$ref"].as_str() else { return Vec::new() };
        let schema = &self.schemas[path.rsplit('/').next().unwrap()];
        schema["properties"].as_object().into_iter().flatten().map(|(key, _)| &**key).collect()
    }

    /// Calls it with everything or with nothing that can be left out; `kind` is for addresses that
    /// have one.
    fn send(&self, hub: &Hub, who: &str, everything: bool, kind: &str) -> Reply {
        let mut path = self.path.clone();
        for name in self.parameters("path") {
            let is_package = path.starts_with("/api_3/package/") && name == "name";
            let value = if name == "kind" || is_package { kind } else { value_of(name) };
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let mut body = Map::new();
        if everything {
            let query = self.parameters("query");
            let pairs: Vec<String> =
                query.iter().map(|name| format!("{name}={}", value_of(name))).collect();
            path = format!("{path}?{}", pairs.join("&"));
            body.extend(self.fields().into_iter().map(|name| (name.to_owned(), json!("1"))));
        }
        // Whoever asks for a token loses the one that was used.
        let who = if path.contains("/api-token") && !who.is_empty() { "bob" } else { who };
        hub.json(who, self.method, &path, Value::Object(body))
    }
}

/// A hub with something of everything.
fn hub() -> Hub {
    let hub = Hub::new();
    hub.project("tools");
    hub.build("tools");
    let sources = json!({
        "clone_url": "https://example.com/tools.git", "pypi_package_name": "tools",
        "gem_name": "tools", "script": "#!/bin/sh", "script_chroot": "fedora-42-x86_64",
        "url": "https://example.com/tools-1-1.src.rpm",
    });
    // A package of each kind, by the kind's name.
    for kind in KINDS {
        let path = format!("/api_3/package/add/alice/tools/{kind}/{kind}");
        hub.post("alice", &path, sources.clone()).ok();
    }
    hub
}

#[test]
fn every_route_is_described_and_every_description_has_a_route() {
    let rocket = mount(rocket::build());
    let routes: BTreeSet<String> = rocket
        .routes()
        .filter(|route| route.method != Method::Options)
        .map(|route| {
            let path = route.uri.to_string().replace("<_", "<").replace('<', "{");
            format!("{} {}", route.method, path.replace('>', "}"))
        })
        .filter(|name| name.contains(" /api_3") || name.contains(" /api_0"))
        .collect();
    let document = describe(namespaces());
    let described: BTreeSet<String> = calls(&document).iter().map(Call::name).collect();
    assert_eq!(routes, described);
    let ids: BTreeSet<&str> = calls(&document)
        .iter()
        .map(|call| call.described["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), described.len(), "each operation has a name of its own");
}

#[test]
fn handlers_ask_for_exactly_what_is_described() {
    let mut wrong = Vec::new();
    let (hub, document) = (hub(), describe(namespaces()));
    for call in calls(&document) {
        asked::take();
        for kind in KINDS {
            for everything in [true, false] {
                call.send(&hub, "eve", everything, kind);
            }
            if !call.path.contains("{kind}") && !call.path.starts_with("/api_3/package/edit/") {
                break;
            }
        }
        let mut asked = asked::take();
        asked.remove("");
        let mut described: BTreeSet<String> =
            call.parameters("query").iter().map(ToString::to_string).collect();
        // Below /api_0 one struct is read and described, and no field is asked for by name.
        let is_struct = call.path.starts_with("/api_0/")
            && call.described["requestBody"]["content"]["application/json"].is_object();
        if !is_struct {
            described.extend(call.fields().iter().map(ToString::to_string));
        }
        if asked != described {
            let more: Vec<&String> = asked.difference(&described).collect();
            let less: Vec<&String> = described.difference(&asked).collect();
            wrong.push(format!("{}: asked, not described {more:?}; {less:?}", call.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lists_are_ordered_by_exactly_the_words_that_are_described() {
    fn words(call: &Call<'_>, name: &str) -> Option<BTreeSet<String>> {
        let mut all = call.described["parameters"].as_array().into_iter().flatten();
        let schema = &all.find(|parameter| parameter["name"] == name)?["schema"];
        // One that may be left out is this or null.
        let choices = schema["oneOf"].as_array().map_or(std::slice::from_ref(schema), |all| all);
        let words = choices.iter().filter_map(|choice| choice["enum"].as_array()).flatten();
        Some(words.filter_map(Value::as_str).map(ToOwned::to_owned).collect())
    }
    let (hub, document) = (hub(), describe(namespaces()));
    let calls = calls(&document);
    for name in ["order", "order_type"] {
        let mut all: BTreeSet<String> =
            calls.iter().filter_map(|call| words(call, name)).flatten().collect();
        assert!(all.contains("id") || all.contains("DESC"), "{all:?}");
        // What other lists of other servers take, and what none does.
        all.extend(["nosuch", "ID", "name ", "finished_on", "asc"].map(ToOwned::to_owned));
        for call in calls.iter().filter(|call| call.method == Method::Get) {
            let Some(described) = words(call, name) else { continue };
            let needed = call.parameters("query").into_iter().filter(|&other| other != name);
            let pairs: Vec<String> =
                needed.map(|other| format!("{other}={}", value_of(other))).collect();
            let mut path = call.path.clone();
            for part in call.parameters("path") {
                path = path.replace(&format!("{{{part}}}"), value_of(part));
            }
            let taken = all.iter().filter(|word| {
                let word = word.replace(' ', "%20");
                let path = format!("{path}?{}&{name}={word}", pairs.join("&"));
                hub.get(&path).status == 200
            });
            assert_eq!(taken.cloned().collect::<BTreeSet<_>>(), described, "{path} {name}");
        }
    }
}

#[test]
fn fields_with_a_newer_name_are_deprecated() {
    let document = describe(namespaces());
    let edit = &document["components"]["schemas"]["ProjectEdit"]["properties"];
    assert_eq!(edit["build_enable_net"]["deprecated"], true, "{edit}");
    assert_eq!(edit["enable_net"]["deprecated"], Value::Null);
}

#[test]
fn answers_are_as_described() {
    let mut wrong = Vec::new();
    let (hub, document) = (hub(), describe(namespaces()));
    for call in calls(&document) {
        let needs_login = call.described.get("security").is_some();
        for (who, everything) in [("", true), ("", false), ("eve", true), ("alice", false)] {
            let reply = call.send(&hub, who, everything, "scm");
            let answer = &call.described["responses"][reply.status.to_string()];
            let kind = reply.header("Content-Type").unwrap_or_default();
            let mut kinds = answer["content"].as_object().into_iter().flatten();
            if !kinds.any(|(known, _)| kind.starts_with(known.as_str()))
                || (who.is_empty() && (reply.status == 401) != needs_login)
                || reply.status >= 500
            {
                let (name, status) = (call.name(), reply.status);
                wrong.push(format!("{name} as {who:?}: {status} {kind} {}", reply.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn references_lead_somewhere() {
    fn references<'d>(value: &'d Value, found: &mut BTreeSet<&'d str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = describe(namespaces());
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    let (prefix, schemas) = ("#/components/schemas/", &document["components"]["schemas"]);
    let known: BTreeSet<String> =
        schemas.as_object().unwrap().keys().map(|name| format!("{prefix}{name}")).collect();
    let found: BTreeSet<String> = found.into_iter().map(ToOwned::to_owned).collect();
    assert_eq!(found, known, "each schema is used, and each that is used is there");
}

#[test]
fn the_description_and_its_page_are_served() {
    let hub = Hub::new();
    for path in ["/api_3/openapi.json", "/api_3/swagger.json"] {
        assert_eq!(hub.get(path).ok()["openapi"], "3.1.0");
    }
    let page = hub.send("", Method::Get, "/api_3/docs", "", b"");
    // Long paths may break at their slashes.
    let html = page.body.as_str().unwrap().replace("<wbr>", "");
    assert_eq!(page.status, 200);
    for word in ["/api_3/project/add/{owner}", "ProjectEdit", "/api_0/coprs", "Switch"] {
        assert!(html.contains(word), "{word}");
    }
}
