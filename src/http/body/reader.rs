//! Reading fields as what they ought to be, with all problems collected.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::{Body, Encoding};
use crate::ops::Mistakes;

/// What Copr says of a number that is none.
const NO_INTEGER: &str = "Not a valid integer value.";

/// What is wrong with the fields of a request: one line for each, `<field>: <text>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<String>);

impl FieldErrors {
    /// The lines.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for FieldErrors {}

/// Reads the fields of a [`Body`] and remembers what was wrong with them.
///
/// Every method answers `None` for a field that was not sent (or is `null`) and for one that
/// cannot be read; [`FieldReader::finish`] tells the two apart. The rules are Copr's: lists and
/// texts stand in for each other, numbers may come as texts.
#[derive(Debug)]
pub struct FieldReader<'b> {
    body: &'b Body,
    errors: Vec<String>,
}

impl<'b> FieldReader<'b> {
    pub(super) fn new(body: &'b Body) -> FieldReader<'b> {
        FieldReader { body, errors: Vec::new() }
    }

    /// Whether the field was sent and is not `null`.
    pub fn has(&self, name: &str) -> bool {
        self.body.has(name)
    }

    /// A text of any number of lines, as it is. A list becomes its items joined by blanks, so that
    /// `[]` is the empty text; of a repeated form field the first counts.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let values = self.body.raw(name)?;
        let counted = match self.body.encoding() {
            Encoding::Form => values.get(..1).unwrap_or(values),
            _ => values,
        };
        let texts: Option<Vec<String>> = counted.iter().map(as_text).collect();
        match texts {
            Some(texts) => Some(texts.join(" ")),
            None => self.refuse(name, "must be a text"),
        }
    }

    /// A text of one line, without blanks around it. `""` is a value: it empties a field.
    pub fn line(&mut self, name: &str) -> Option<String> {
        self.text(name).map(|text| text.trim().to_owned())
    }

    /// Anything that is written as one line and has its own rules: names, states, addresses. The
    /// empty text counts as not sent.
    pub fn parse<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let line = self.line(name).filter(|line| !line.is_empty())?;
        match line.parse() {
            Ok(value) => Some(value),
            Err(error) => self.refuse(name, error),
        }
    }

    /// Like [`FieldReader::parse`], and wrong if it was not sent.
    pub fn required<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let known = self.errors.len();
        let value = self.parse(name);
        if value.is_none() && self.errors.len() == known {
            return self.refuse(name, "is required");
        }
        value
    }

    /// A whole number, also as a text. `""` counts as not sent.
    pub fn integer(&mut self, name: &str) -> Option<i64> {
        let [value] = self.body.raw(name)?.get(..1)? else { return None };
        match value {
            Value::Number(number) if number.is_i64() => number.as_i64(),
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => match text.trim().parse() {
                Ok(number) => Some(number),
                Err(_) => self.refuse(name, NO_INTEGER),
            },
            _ => self.refuse(name, NO_INTEGER),
        }
    }

    /// A switch. As a text, `false`, `0`, `no`, `off` and `""` are off, anything else is on.
    pub fn switch(&mut self, name: &str) -> Option<bool> {
        match self.body.raw(name)?.first()? {
            Value::Bool(on) => Some(*on),
            Value::Number(number) => Some(number.as_f64() != Some(0.0)),
            Value::String(text) => Some(is_on(text)),
            _ => self.refuse(name, "must be true or false"),
        }
    }

    /// Words: a list, or one text with blanks or line breaks between them.
    pub fn words(&mut self, name: &str) -> Option<Vec<String>> {
        self.split(name, |text| text.split_whitespace().map(str::to_owned).collect())
    }

    /// Items: a list, or one text with commas between them.
    pub fn comma_separated(&mut self, name: &str) -> Option<Vec<String>> {
        self.split(name, |text| {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(str::to_owned).collect()
        })
    }

    /// Items of which each may hold blanks and commas: a list, a repeated field, or one text that
    /// is one item. Empty ones are dropped.
    pub fn items(&mut self, name: &str) -> Option<Vec<String>> {
        self.split(name, |text| {
            let item = text.trim();
            if item.is_empty() { Vec::new() } else { vec![item.to_owned()] }
        })
    }

    /// Each of `items` as a `T`; see [`FieldReader::items`].
    pub fn parse_items<T>(&mut self, name: &str) -> Option<Vec<T>>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let items = self.items(name)?;
        self.parse_all(name, &items)
    }

    /// Each word as a `T`; see [`FieldReader::words`].
    pub fn parse_words<T>(&mut self, name: &str) -> Option<Vec<T>>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let words = self.words(name)?;
        self.parse_all(name, &words)
    }

    /// Notes that `name` is wrong; the text goes on where the field's name ends. Always `None`,
    /// for use in a `match`.
    pub fn refuse<T>(&mut self, name: &str, why: impl fmt::Display) -> Option<T> {
        self.errors.push(format!("{name}: {why}"));
        None
    }

    /// All problems, if there were any.
    pub fn finish(self) -> Result<(), FieldErrors> {
        if self.errors.is_empty() { Ok(()) } else { Err(FieldErrors(self.errors)) }
    }

    /// All problems, together with those of rules to come.
    pub fn mistakes(self) -> Mistakes {
        self.errors.into()
    }

    fn split(&mut self, name: &str, cut: impl Fn(&str) -> Vec<String>) -> Option<Vec<String>> {
        let texts: Option<Vec<String>> = self.body.raw(name)?.iter().map(as_text).collect();
        match texts {
            Some(texts) => Some(texts.iter().flat_map(|text| cut(text)).collect()),
            None => self.refuse(name, "must be a list of texts"),
        }
    }

    fn parse_all<T>(&mut self, name: &str, texts: &[String]) -> Option<Vec<T>>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let mut values = Vec::with_capacity(texts.len());
        for text in texts {
            match text.parse() {
                Ok(value) => values.push(value),
                Err(error) => return self.refuse(name, error),
            }
        }
        Some(values)
    }
}

/// A plain value as the text that a form would have sent.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(on) => Some(on.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_on(text: &str) -> bool {
    let off = ["", "false", "0", "no", "off"];
    !off.iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{ChrootName, ProjectName};

    fn body(value: Value) -> Body {
        let Value::Object(object) = value else { panic!("{value}") };
        Body::json(object)
    }

    fn lines(reader: FieldReader<'_>) -> Vec<String> {
        reader.finish().unwrap_err().lines().to_vec()
    }

    #[test]
    fn texts_keep_their_lines_and_lines_lose_their_blanks() {
        let body = body(json!({
            "text": " a\n b ", "number": 3, "flag": true, "list": ["a", "b"], "none": [],
            "null": null, "object": {},
        }));
        let mut read = body.reader();
        assert_eq!(read.text("text").as_deref(), Some(" a\n b "));
        assert_eq!(read.line("text").as_deref(), Some("a\n b"));
        assert_eq!(read.text("number").as_deref(), Some("3"));
        assert_eq!(read.text("flag").as_deref(), Some("true"));
        assert_eq!(read.text("list").as_deref(), Some("a b"));
        assert_eq!(read.text("none").as_deref(), Some(""), "an empty list empties a text");
        assert_eq!(read.text("null"), None);
        assert_eq!(read.text("missing"), None);
        assert_eq!(read.text("object"), None);
        assert_eq!(lines(read), ["object: must be a text"]);
    }

    #[test]
    fn of_a_repeated_form_field_the_first_text_counts() {
        let body = Body::parse_form("name=a&name=b");
        assert_eq!(body.reader().text("name").as_deref(), Some("a"));
        assert_eq!(body.reader().items("name").unwrap(), ["a", "b"]);
    }

    #[test]
    fn numbers_may_be_texts() {
        let body = body(json!({
            "a": 100, "b": "100", "c": " -7 ", "d": "", "e": null, "x": "1.5", "y": 1.5, "z": [],
            "w": true,
        }));
        let mut read = body.reader();
        let seen = ["a", "b", "c", "d", "e", "z"].map(|name| read.integer(name));
        assert_eq!(seen, [Some(100), Some(100), Some(-7), None, None, None]);
        for name in ["x", "y", "w"] {
            assert_eq!(read.integer(name), None);
        }
        let wrong = "Not a valid integer value.";
        assert_eq!(lines(read), ["x", "y", "w"].map(|name| format!("{name}: {wrong}")));
    }

    #[test]
    fn switches_are_on_unless_they_say_off() {
        for off in [json!(false), json!(""), json!("False"), json!("0"), json!("no"), json!("off")]
        {
            assert_eq!(body(json!({ "s": off })).reader().switch("s"), Some(false), "{off}");
        }
        for on in [json!(true), json!("true"), json!("y"), json!("1"), json!(1), json!("on")] {
            assert_eq!(body(json!({ "s": on })).reader().switch("s"), Some(true), "{on}");
        }
        assert_eq!(body(json!({ "s": null })).reader().switch("s"), None);
        let odd = body(json!({ "s": {} }));
        let mut read = odd.reader();
        assert_eq!(read.switch("s"), None);
        assert_eq!(lines(read), ["s: must be true or false"]);
    }

    #[test]
    fn lists_and_texts_stand_in_for_each_other() {
        let body = body(json!({
            "list": ["a", " b c "], "text": "a\n b\tc ", "comma": "a, b,,c d", "empty": "",
            "none": [], "wrong": [["a"]],
        }));
        let mut read = body.reader();
        assert_eq!(read.words("list").unwrap(), ["a", "b", "c"]);
        assert_eq!(read.words("text").unwrap(), ["a", "b", "c"]);
        assert_eq!(read.comma_separated("comma").unwrap(), ["a", "b", "c d"]);
        assert_eq!(read.items("list").unwrap(), ["a", "b c"]);
        assert_eq!(read.items("comma").unwrap(), ["a, b,,c d"], "one text is one item");
        assert_eq!(read.items("empty").unwrap(), [""; 0]);
        assert_eq!(read.words("none").unwrap(), [""; 0]);
        assert_eq!(read.words("missing"), None);
        assert_eq!(read.words("wrong"), None);
        assert_eq!(lines(read), ["wrong: must be a list of texts"]);
    }

    #[test]
    fn names_bring_their_own_rules_and_all_problems_are_told() {
        let body = body(json!({
            "name": " good ", "bad": "a b", "empty": "",
            "chroots": ["fedora-42-x86_64", "x"], "words": "fedora-42-x86_64",
        }));
        let mut read = body.reader();
        assert_eq!(read.parse::<ProjectName>("name").unwrap().as_str(), "good");
        assert_eq!(read.parse_words::<ChrootName>("words").unwrap().len(), 1);
        assert!(read.parse::<ProjectName>("bad").is_none());
        assert!(read.required::<ProjectName>("bad").is_none());
        assert!(read.required::<ProjectName>("empty").is_none());
        assert!(read.parse::<ProjectName>("empty").is_none());
        assert!(read.parse_items::<ChrootName>("chroots").is_none());
        let errors = read.finish().unwrap_err();
        assert_eq!(errors.lines().len(), 4);
        assert_eq!(errors.lines()[2], "empty: is required");
        assert!(errors.to_string().contains("\nchroots: chroot name 'x' must be"), "{errors}");
    }
}
