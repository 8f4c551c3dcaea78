//! The description as a page for people.

use askama::Template;
use serde_json::Value;

use crate::auth::guard::Caller;
use crate::model::user::User;

/// What does not change about the page, ready for print.
pub(super) struct Docs {
    namespaces: Vec<Section>,
    schemas: Vec<Schema>,
}

/// The page for one reader.
#[derive(Template)]
#[template(path = "api/docs.html")]
pub(super) struct Shown {
    shell: Shell,
    docs: &'static Docs,
}

/// What the frame around all pages asks for.
struct Shell {
    viewer: Option<User>,
    after_login: Option<&'static str>,
}

impl Docs {
    /// For whoever asks.
    pub(super) fn shown_to(&'static self, caller: Caller) -> Shown {
        Shown { shell: Shell { viewer: caller.0, after_login: Some("/api_3/docs") }, docs: self }
    }
}

struct Section {
    name: String,
    about: Prose,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: Prose,
    more: Prose,
    is_deprecated: bool,
    needs_login: bool,
    parameters: Vec<Field>,
    /// The content types of the body, and its fields.
    body: Option<(String, Kind, Vec<Field>)>,
    answers: Vec<Answer>,
}

struct Answer {
    status: String,
    about: Prose,
    kind: Kind,
}

/// A parameter, a field of a body, or a key of an answer.
struct Field {
    name: String,
    /// `path` or `query`; empty for fields.
    place: String,
    kind: Kind,
    is_required: bool,
    is_deprecated: bool,
    about: Prose,
}

struct Schema {
    name: String,
    about: Prose,
    kind: Kind,
    fields: Vec<Field>,
}

/// A description: text, and between backticks code.
struct Prose(Vec<Span>);

struct Span {
    text: String,
    is_code: bool,
}

impl Prose {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A type in words, the name of a schema that it consists of among them.
#[derive(Default)]
struct Kind {
    before: String,
    link: String,
    after: String,
}

impl Kind {
    fn word(word: impl Into<String>) -> Kind {
        Kind { before: word.into(), ..Kind::default() }
    }

    fn is_none(&self) -> bool {
        self.before.is_empty() && self.link.is_empty()
    }
}

impl Docs {
    /// The page of this OpenAPI document.
    pub(super) fn new(document: &Value) -> Docs {
        let mut namespaces: Vec<Section> = items(&document["tags"])
            .map(|tag| Section {
                name: text(&tag["name"]),
                about: prose(&tag["description"]),
                operations: Vec::new(),
            })
            .collect();
        let schemas = &document["components"]["schemas"];
        for (path, operations) in pairs(&document["paths"]) {
            for (method, described) in pairs(operations) {
                let tag = described["tags"][0].as_str().unwrap_or_default();
                let Some(section) = namespaces.iter_mut().find(|section| section.name == tag)
                else {
                    continue;
                };
                section.operations.push(operation(path, method, described, schemas));
            }
        }
        for section in &mut namespaces {
            // What is current comes before what is kept for older clients.
            section.operations.sort_by_key(|operation| operation.is_deprecated);
        }
        let schemas = pairs(schemas).map(|(name, described)| schema(name, described)).collect();
        Docs { namespaces, schemas }
    }
}

fn operation(path: &str, method: &str, described: &Value, schemas: &Value) -> Operation {
    let parameters = items(&described["parameters"]).map(|parameter| Field {
        name: text(&parameter["name"]),
        place: text(&parameter["in"]),
        kind: kind(&parameter["schema"]),
        is_required: parameter["required"] == true,
        is_deprecated: false,
        about: prose(&parameter["description"]),
    });
    let content = &described["requestBody"]["content"];
    let body = pairs(content).next().map(|(_, first)| {
        let kinds: Vec<&str> = pairs(content).map(|(kind, _)| kind).collect();
        let resolved = resolve(&first["schema"], schemas);
        (kinds.join(", "), kind(&first["schema"]), fields(resolved))
    });
    let answers = pairs(&described["responses"]).map(|(status, answer)| Answer {
        status: status.to_owned(),
        about: prose(&answer["description"]),
        kind: pairs(&answer["content"])
            .next()
            .map_or_else(Kind::default, |(_, content)| kind(&content["schema"])),
    });
    Operation {
        id: text(&described["operationId"]),
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        summary: prose(&described["summary"]),
        more: prose(&described["description"]),
        is_deprecated: described["deprecated"] == true,
        needs_login: described.get("security").is_some(),
        parameters: parameters.collect(),
        body,
        answers: answers.collect(),
    }
}

fn schema(name: &str, described: &Value) -> Schema {
    let fields = fields(described);
    Schema {
        name: name.to_owned(),
        about: prose(&described["description"]),
        kind: if fields.is_empty() { kind(described) } else { Kind::default() },
        fields,
    }
}

fn fields(described: &Value) -> Vec<Field> {
    let required: Vec<&str> = items(&described["required"]).filter_map(Value::as_str).collect();
    let mut fields: Vec<Field> = pairs(&described["properties"])
        .map(|(name, property)| Field {
            name: name.to_owned(),
            place: String::new(),
            kind: kind(property),
            is_required: required.contains(&name),
            is_deprecated: property["deprecated"] == true,
            about: prose(&property["description"]),
        })
        .collect();
    fields.sort_by_key(|field| (field.is_deprecated, !field.is_required));
    fields
}

fn resolve<'d>(schema: &'d Value, schemas: &'d Value) -> &'d Value {
    match schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        Some(name) => &schemas[name],
        None => schema,
    }
}

/// A schema as a type in words.
fn kind(schema: &Value) -> Kind {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return Kind { link: name.to_owned(), ..Kind::default() };
    }
    let one_of = ["oneOf", "anyOf"].into_iter().find_map(|word| schema[word].as_array());
    if let Some(choices) = one_of {
        let is_null = |choice: &&Value| choice["type"] == "null";
        let named = choices.iter().find(|choice| !is_null(choice)).map_or_else(Kind::default, kind);
        let or_null = choices.iter().any(|choice| is_null(&choice));
        let others = choices.iter().filter(|choice| !is_null(choice)).count() > 1;
        let after = match (or_null, others) {
            (true, _) => " or null",
            (false, true) => " or another",
            (false, false) => "",
        };
        return Kind { after: named.after.clone() + after, ..named };
    }
    let words: Vec<String> =
        items(&schema["enum"]).filter_map(Value::as_str).map(ToOwned::to_owned).collect();
    if !words.is_empty() {
        return Kind::word(words.join(" | "));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    match types.as_slice() {
        ["array"] => within("list of ", &schema["items"]),
        ["object"] if schema["additionalProperties"].is_object() => {
            within("object of ", &schema["additionalProperties"])
        }
        [] => Kind::word("anything"),
        types => Kind::word(types.join(" or ")),
    }
}

fn within(words: &str, inner: &Value) -> Kind {
    let inner = kind(inner);
    Kind { before: format!("{words}{}", inner.before), ..inner }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn pairs(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    object.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

/// A description as it is shown; one without end leaves its last backtick where it is.
fn prose(value: &Value) -> Prose {
    let text = value.as_str().unwrap_or_default();
    let pairs = text.matches('`').count() / 2;
    let spans = text.splitn(2 * pairs + 1, '`').enumerate();
    let spans = spans.map(|(at, text)| Span { text: text.to_owned(), is_code: at % 2 == 1 });
    Prose(spans.filter(|span| !span.text.is_empty()).collect())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::prose;

    #[test]
    fn what_stands_between_backticks_is_code() {
        let spans = |text: &str| {
            let spans = prose(&json!(text)).0.into_iter();
            spans.map(|span| (span.text, span.is_code)).collect::<Vec<_>>()
        };
        let span = |text: &str, is_code| (text.to_owned(), is_code);
        assert_eq!(
            spans("`a` or `b`."),
            [span("a", true), span(" or ", false), span("b", true), span(".", false)]
        );
        assert_eq!(spans("no end `here"), [span("no end `here", false)]);
        assert_eq!(spans("`a` and `b"), [span("a", true), span(" and `b", false)]);
        assert!(spans("").is_empty());
    }
}
