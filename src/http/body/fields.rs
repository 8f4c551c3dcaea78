//! The one shape: named values and files.

use rocket::http::RawStr;
use serde_json::{Map, Value};

use super::{BodyError, FieldReader, Upload};

/// How a body was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// There was none, or of a type that nobody understands.
    Nothing,
    /// One JSON object, as a whole or as the `json` part of a multipart form.
    Json,
    /// Fields of a form of either kind.
    Form,
}

/// The fields of a request's body and the files in it.
///
/// A JSON `null` is the same as a missing field. Files that are not taken out with
/// [`Body::take_file`] are deleted with it.
#[derive(Debug)]
pub struct Body {
    encoding: Encoding,
    fields: Vec<(String, Vec<Value>)>,
    files: Vec<Upload>,
}

impl Body {
    /// The field that holds the items of a body that is a list, for [`super::BodyOrList`].
    pub const LIST: &str = "";

    /// No body.
    pub fn nothing() -> Body {
        Body { encoding: Encoding::Nothing, fields: Vec::new(), files: Vec::new() }
    }

    /// Fields out of a JSON object.
    pub fn json(object: Map<String, Value>) -> Body {
        let fields = object.into_iter().filter_map(|(name, value)| match value {
            Value::Null => None,
            Value::Array(items) => {
                Some((name, items.into_iter().filter(|item| !item.is_null()).collect()))
            }
            value => Some((name, vec![value])),
        });
        Body { encoding: Encoding::Json, fields: fields.collect(), files: Vec::new() }
    }

    /// Fields out of the text of a JSON document.
    pub fn parse_json(text: &[u8]) -> Result<Body, BodyError> {
        match serde_json::from_slice(text) {
            Ok(Value::Object(object)) => Ok(Body::json(object)),
            Ok(list @ Value::Array(_)) => {
                let whole = std::iter::once((Body::LIST.to_owned(), list));
                Ok(Body::json(whole.collect()))
            }
            Ok(_) => Err(BodyError::NotAnObject),
            Err(error) => Err(BodyError::Malformed { what: "JSON", why: error.to_string() }),
        }
    }

    /// Fields out of a form, in their order; a field may come several times.
    pub fn form(pairs: impl IntoIterator<Item = (String, String)>) -> Body {
        let mut body = Body { encoding: Encoding::Form, ..Body::nothing() };
        for (name, value) in pairs {
            let value = Value::String(value);
            match body.fields.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(value),
                None => body.fields.push((name, vec![value])),
            }
        }
        body
    }

    /// Fields out of the text of an `application/x-www-form-urlencoded` form, or of a query.
    pub fn parse_form(text: &str) -> Body {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |part| RawStr::new(part).url_decode_lossy().into_owned();
            (decode(name), decode(value))
        });
        Body::form(pairs)
    }

    pub(super) fn with_files(mut self, files: Vec<Upload>) -> Body {
        self.files = files;
        self
    }

    /// How it was encoded; tells a missing body from an empty one.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The values of a field as they came; `None` when it was not sent or is `null`.
    pub fn raw(&self, name: &str) -> Option<&[Value]> {
        #[cfg(test)]
        asked::note(name);
        let field = self.fields.iter().find(|(known, _)| known == name);
        field.map(|(_, values)| values.as_slice())
    }

    /// All fields with their values as they came, for requests whose fields have no fixed names.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &[Value])> {
        self.fields.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// Whether a field was sent and is not `null`.
    pub fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Reads fields as what they ought to be.
    pub fn reader(&self) -> FieldReader<'_> {
        FieldReader::new(self)
    }

    /// The files, in their order.
    pub fn files(&self) -> &[Upload] {
        &self.files
    }

    /// Takes out the first file that came in the field `field`.
    pub fn take_file(&mut self, field: &str) -> Option<Upload> {
        #[cfg(test)]
        asked::note(field);
        let place = self.files.iter().position(|file| file.field() == field)?;
        Some(self.files.remove(place))
    }
}

/// Which fields and parameters this thread has asked for: tests hold them against the description
/// of the API.
#[cfg(test)]
pub(crate) mod asked {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    thread_local! {
        static NAMES: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
    }

    pub(super) fn note(name: &str) {
        NAMES.with_borrow_mut(|names| names.insert(name.to_owned()));
    }

    /// The names since the last call.
    pub(crate) fn take() -> BTreeSet<String> {
        NAMES.take()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_is_the_same_as_missing() {
        let body = Body::parse_json(br#"{"a": null, "b": [null, 1], "c": [], "d": ""}"#).unwrap();
        assert!(!body.has("a"));
        assert_eq!(body.raw("b"), Some([json!(1)].as_slice()));
        assert_eq!(body.raw("c"), Some([].as_slice()));
        assert_eq!(body.raw("d"), Some([json!("")].as_slice()));
        assert_eq!(body.encoding(), Encoding::Json);
    }

    #[test]
    fn json_must_be_an_object() {
        assert!(Body::parse_json(b"[1]").unwrap().has(Body::LIST), "the guard refuses it");
        for text in ["3", "\"x\"", "null"] {
            let refused = Body::parse_json(text.as_bytes());
            assert!(matches!(refused, Err(BodyError::NotAnObject)), "{text}");
        }
        for text in ["", "{", "{\"a\":}", "a=b"] {
            let refused = Body::parse_json(text.as_bytes());
            assert!(matches!(refused, Err(BodyError::Malformed { .. })), "{text}");
        }
    }

    #[test]
    fn repeated_form_fields_all_count() {
        let body = Body::parse_form("chroots=a&name=x+y%26&chroots=b&flag&&%C3%A9=%zz");
        assert_eq!(body.raw("chroots"), Some([json!("a"), json!("b")].as_slice()));
        assert_eq!(body.raw("name"), Some([json!("x y&")].as_slice()));
        assert_eq!(body.raw("flag"), Some([json!("")].as_slice()));
        assert_eq!(body.raw("é"), Some([json!("%zz")].as_slice()));
    }
}
