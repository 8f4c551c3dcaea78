//! What holds for many operations alike: who may, what can go wrong, how names look.

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::fields::{Commas, File, Integer, Items, Switch, Text, Words};
use crate::api::error::ErrorBody;
use crate::model::schema::{CHROOT, DIR, OWNER, PACKAGE, WORD};

/// The first words of the description.
pub(super) const ABOUT: &str = "The API of Copr, version 3, and the methods of the original Copr. \
     Every error is a JSON object whose `error` is a text: one sentence, or one line for each \
     mistake. Fields and parameters that nobody asks for are ignored, and a field that is `null` \
     was not sent. Paths may end in a slash; `HEAD` is answered where `GET` is, and `OPTIONS` \
     everywhere.";

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";
const JSON: &str = "application/json";

/// How clients say who they are.
pub(super) fn token() -> Value {
    json!({
        "type": "http",
        "scheme": "basic",
        "description": "Login and token of an API token, as the page /api shows them. Below \
                        `/api_0` name and password of an account count as well.",
    })
}

/// The schemas that belong to no handler in particular.
pub(super) fn schemas() -> Map<String, Value> {
    let shared = [
        (Text::name(), Text::schema()),
        (Words::name(), Words::schema()),
        (Items::name(), Items::schema()),
        (Commas::name(), Commas::schema()),
        (Integer::name(), Integer::schema()),
        (Switch::name(), Switch::schema()),
        (File::name(), File::schema()),
        ("Error".into(), ErrorBody::schema()),
    ];
    let pair = |(name, schema): (std::borrow::Cow<'_, str>, _)| {
        (name.into_owned(), serde_json::to_value::<&_>(&schema).unwrap_or_default())
    };
    shared.into_iter().map(pair).collect()
}

/// What stands in addresses: description and pattern by the name of the parameter.
const SEGMENTS: [(&str, &str, &str); 10] = [
    ("owner", "Whose it is: a user, or a group as `@name`.", OWNER),
    ("name", "The name of the project, in `/package` of the package.", PACKAGE),
    ("project", "The project's name.", WORD),
    ("pkg", "The package's name.", PACKAGE),
    ("who", "A user's name.", WORD),
    ("chroot", "A chroot's name: `distribution-version-arch`.", CHROOT),
    ("dir", "A directory of the project; the main one has the project's name.", DIR),
    ("name_release", "The client's `distribution-version`.", "^[^/]+$"),
    ("id", "The build's number.", "^[0-9]+$"),
    (
        "kind",
        "What the sources are. When a package is changed, `None` leaves it as it is.",
        "^(link|upload|scm|distgit|pypi|rubygems|custom|None)$",
    ),
];

/// The parameter for `{name}` in an address.
fn segment(part: &str) -> Option<Value> {
    let name = part.strip_prefix('{')?.strip_suffix('}')?;
    let (_, what, pattern) = SEGMENTS.iter().find(|(known, ..)| *known == name)?;
    Some(json!({
        "name": name, "in": "path", "required": true, "description": what,
        "schema": { "type": "string", "pattern": pattern },
    }))
}

/// Adds to an operation what follows from its address, method and needs.
pub(super) fn complete(tag: &str, path: &str, method: &str, operation: &mut Value) {
    operation["tags"] = json!([tag]);
    let name = operation["operationId"].as_str().unwrap_or_default();
    let id = format!("{tag}_{name}").replace('-', "_");
    operation["operationId"] = json!(id);
    let query: Vec<Value> = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "query")
        .cloned()
        .collect();
    let has_query = !query.is_empty();
    let asks_for_project = query.iter().any(|parameter| parameter["name"] == "projectname");
    let must_ask = query.iter().any(|parameter| parameter["required"] == true);
    let in_path = path.split('/').filter_map(segment);
    operation["parameters"] = in_path.chain(query).collect();
    let (has_body, needs_login) =
        (operation.get("requestBody").is_some(), operation.get("security").is_some());
    let original = path.starts_with("/api_0/");
    let names_something = path.contains('{') || must_ask || has_body;
    let errors = [
        (400, names_something || has_query, "Something that was sent is missing or wrong."),
        (401, needs_login, "The login is missing, wrong or expired."),
        (403, needs_login && method != "get", "The caller may not do this."),
        (404, names_something, "There is nothing of that name."),
        (408, has_body, "The request stopped half-way."),
        (413, has_body, "More was sent than the server takes."),
        (415, has_body || asks_for_project, "Nothing was sent that the server can read."),
        (429, needs_login && original, "There were too many wrong passwords."),
        (500, true, "The server is to blame; its log says why."),
        (507, has_body, "There is no room on the server's disk."),
    ];
    for (status, _, what) in errors.iter().filter(|(_, applies, _)| *applies) {
        let said = &mut operation["responses"][status.to_string()];
        if said.is_null() {
            *said = json!({ "description": what });
        }
    }
    for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
        if status.as_str() >= "400" {
            let schema = json!({ "$ref": "#/components/schemas/Error" });
            answer["content"] = json!({ JSON: { "schema": schema } });
        } else if answer["description"].as_str().is_none_or(str::is_empty) {
            answer["description"] = json!("It is done.");
        }
    }
}

/// The first words about a field that has a newer name; they make it deprecated.
const OLD: &str = "An older name of ";

/// Leaves of what is said of schemas and fields what clients can use.
pub(super) fn tidy(schemas: &mut Map<String, Value>) {
    for schema in schemas.values_mut().filter_map(Value::as_object_mut) {
        let about = schema.get("description").and_then(Value::as_str);
        // A link is for those who read the sources.
        if about.is_some_and(|about| about.contains("[`")) {
            schema.remove("description");
        }
        let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
        fields.into_iter().flat_map(Map::values_mut).for_each(tidy_field);
    }
}

/// utoipa describes the one type that a field has when it is not null: moves that to the field.
/// Marks what is kept for older clients.
fn tidy_field(field: &mut Value) {
    let own = field.pointer_mut("/oneOf/0").and_then(Value::as_object_mut);
    if let Some(about) = own.and_then(|own| own.remove("description")) {
        field["description"] = about;
    }
    if field["description"].as_str().is_some_and(|about| about.starts_with(OLD)) {
        field["deprecated"] = json!(true);
    }
}

/// Fields of fixed names may come as a form of either kind, too; files come in no other way. What
/// is ours alone takes JSON only.
pub(super) fn forms(paths: &mut Map<String, Value>, schemas: &Map<String, Value>) {
    let apiv3 = paths.iter_mut().filter(|(path, _)| !path.starts_with("/api_0/"));
    for operations in apiv3.filter_map(|(_, operations)| operations.as_object_mut()) {
        for operation in operations.values_mut() {
            let Some(content) = operation.pointer_mut("/requestBody/content") else { continue };
            let schema = content[JSON]["schema"].clone();
            let name = schema["$ref"].as_str().unwrap_or_default().rsplit('/').next();
            let Some(described) = name.and_then(|name| schemas.get(name)) else { continue };
            if described["properties"].is_object() {
                let kinds =
                    if needs_file(described) { &[MULTIPART][..] } else { &[JSON, FORM, MULTIPART] };
                let kinds =
                    kinds.iter().map(|kind| ((*kind).to_owned(), json!({ "schema": schema })));
                *content = Value::Object(kinds.collect());
            }
        }
    }
}

/// Whether a file must be among the fields.
fn needs_file(schema: &Value) -> bool {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    required
        .into_iter()
        .any(|name| schema["properties"][name]["$ref"] == "#/components/schemas/File")
}
