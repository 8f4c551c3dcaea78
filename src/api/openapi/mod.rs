//! The description of the API that programs read, `/api_3/openapi.json`, and the page of it for
//! people, `/api_3/docs`.
//!
//! It is made of what stands at the handlers: [`described!`](described) takes the same list for
//! Rocket and for the description, `#[utoipa::path]` finds path and method in Rocket's own
//! attribute and adds what Rocket cannot know. What is true of many operations alike is said
//! once, in [`rules`]. Tests hold it against the running handlers: the routes, the parameters and
//! fields that are asked for, who is let in.

mod fields;
mod page;
mod rules;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use rocket::http::{ContentType, Method};
use rocket::{Route, get};
use serde_json::{Map, Value, json};

use super::methods;
use crate::auth::guard::Caller;
use crate::http::page::Page;

pub(in crate::api) use fields::{
    Commas, File, Integer, Items, Schemas, Switch, Text, Words, bodies, joined,
};

/// Handlers: their routes, and their description.
pub(super) struct Endpoints {
    pub(super) routes: Vec<Route>,
    /// Path, then method, then operation.
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
}

/// Takes the names of handlers that have `#[utoipa::path]` above Rocket's attribute.
macro_rules! described {
    ($($handler:ident),+ $(,)?) => {{
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($handler),+))]
        struct Described;

        $crate::api::openapi::Endpoints::new(
            rocket::routes![$($handler),+],
            &<Described as utoipa::OpenApi>::openapi(),
        )
    }};
}

pub(super) use described;

impl Endpoints {
    /// What [`described!`](described) makes.
    pub(super) fn new(routes: Vec<Route>, described: &utoipa::openapi::OpenApi) -> Endpoints {
        let mut described = serde_json::to_value(described).unwrap_or_default();
        let mut take = |pointer: &str| match described.pointer_mut(pointer).map(Value::take) {
            Some(Value::Object(object)) => object,
            _ => Map::new(),
        };
        Endpoints { routes, paths: take("/paths"), schemas: take("/components/schemas") }
    }

    /// These, and each once more under the method that older clients use for it.
    pub(super) fn also(mut self, old: Method) -> Endpoints {
        self.routes = methods::also(old, self.routes);
        let old = old.as_str().to_ascii_lowercase();
        for operations in self.paths.values_mut().filter_map(Value::as_object_mut) {
            let Some(mut alias) = operations.values().next().cloned() else { continue };
            let name = alias["operationId"].as_str().unwrap_or_default();
            alias["operationId"] = json!(format!("{name}_by_{old}"));
            alias["deprecated"] = json!(true);
            operations.insert(old.clone(), alias);
        }
        self
    }

    /// These and others.
    pub(super) fn and(mut self, other: Endpoints) -> Endpoints {
        self.routes.extend(other.routes);
        for (path, operations) in other.paths {
            let mine = self.paths.entry(path).or_insert_with(|| json!({}));
            if let (Value::Object(mine), Value::Object(operations)) = (mine, operations) {
                mine.extend(operations);
            }
        }
        self.schemas.extend(other.schemas);
        self
    }
}

/// The endpoints below one path that belong together.
pub(super) struct Namespace {
    /// What the description calls it.
    pub(super) name: &'static str,
    /// What it is about, in a sentence.
    pub(super) about: &'static str,
    /// The path that everything in it lies below.
    pub(super) base: &'static str,
    pub(super) endpoints: Endpoints,
}

/// The finished description.
struct Document {
    json: String,
    page: page::Docs,
}

/// Made when it is asked for first, in some milliseconds; it never changes after that.
static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let whole = describe(super::namespaces());
    Document { page: page::Docs::new(&whole), json: whole.to_string() }
});

/// All namespaces as one OpenAPI document.
fn describe(namespaces: Vec<Namespace>) -> Value {
    let (mut paths, mut schemas, mut tags) = (Map::new(), rules::schemas(), Vec::new());
    for namespace in namespaces {
        tags.push(json!({ "name": namespace.name, "description": namespace.about }));
        schemas.extend(namespace.endpoints.schemas);
        for (path, mut operations) in namespace.endpoints.paths {
            let path = format!("{}{}", namespace.base, path.replace("{_", "{"));
            for operation in operations.as_object_mut().into_iter().flatten() {
                rules::complete(namespace.name, &path, operation.0, operation.1);
            }
            let known = paths.entry(path).or_insert_with(|| json!({}));
            if let (Value::Object(known), Value::Object(operations)) = (known, operations) {
                known.extend(operations);
            }
        }
    }
    rules::tidy(&mut schemas);
    rules::forms(&mut paths, &schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "coprbox",
            "summary": env!("CARGO_PKG_DESCRIPTION"),
            "description": rules::ABOUT,
            "version": env!("CARGO_PKG_VERSION"),
            "license": {
                "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE"),
            },
        },
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": { "token": rules::token() } },
    })
}

/// This description, for programs.
#[utoipa::path(responses((status = 200, body = Object, content_type = "application/json")))]
#[get("/openapi.json")]
fn document() -> (ContentType, &'static str) {
    (ContentType::JSON, &DOCUMENT.json)
}

/// This description once more, where Copr has its own. Copr's is written in an older OpenAPI.
#[utoipa::path(responses((status = 200, body = Object, content_type = "application/json")))]
#[get("/swagger.json")]
fn swagger() -> (ContentType, &'static str) {
    document()
}

/// This description, for people.
#[utoipa::path(responses((status = 200, body = String, content_type = "text/html")))]
#[get("/docs")]
fn docs(caller: Caller) -> Page<page::Shown> {
    Page(DOCUMENT.page.shown_to(caller))
}

pub(super) fn endpoints() -> Endpoints {
    described![document, swagger, docs]
}
