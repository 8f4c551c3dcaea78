//! Forms: what was typed, what is wrong with it, and how the page says so.
//!
//! A form is a plain POST to an address of its own. Done well, it answers with [`Done`]: 303 to
//! where the result is seen, and a message that is shown there once. Refused, it answers with
//! [`Refused`]: the same page with the status of the error, what was typed, and each sentence at
//! the field it is about. The template puts the page together from `templates/forms.html`.
//!
//! ```text
//! // The fields as requests name them, and as people do. Errors of `ops` begin with these names.
//! const FIELDS: Labels = &[("name", "Name"), ("chroots", "Chroots"), ("devel_mode", "By hand")];
//!
//! #[get("/coprs/<owner>/add")]                        // SignedIn: others are led to /login?next=
//! async fn add(app: &State<App>, _user: SignedIn, shell: Shell, owner: Owner)
//!     -> Result<Page<AddPage>, PageError>
//! {
//!     page(app, shell, owner, Form::new(FIELDS).set("name", "hello").tick("devel_mode", false))
//! }
//!
//! #[post("/coprs/<owner>/new", data = "<body>")]      // SameOrigin on every POST
//! async fn create(app: &State<App>, _here: SameOrigin, user: SignedIn, shell: Shell,
//!     owner: Owner, body: Body) -> Answer<AddPage>
//! {
//!     let form = Form::typed(FIELDS, &body);
//!     let mut read = body.reader();                   // as the API reads, …
//!     let wish = Wish { name: read.line("name"), chroots: read.items("chroots"),
//!         by_hand: form.is_on("devel_mode"),          // … but a box that is not ticked says no
//!         mistakes: read.mistakes() };
//!     match projects::create(app, &user.0, wish).await {
//!         Ok(made) => Ok(Done::at(url(&made)).saying("The project is there.")),
//!         Err(error) => {
//!             let (status, form) = form.refused(error)?;
//!             Err(Refused::new(status, page(app, shell, owner, form)?))
//!         }
//!     }
//! }
//! ```
//!
//! The template: `{% import "forms.html" as forms %}`, in the head `{{ forms::files() }}`, and
//!
//! ```text
//! <form class="form" method="post" action="…">        multipart where there is a file:
//!   {{ forms::summary(form) }}                         enctype="multipart/form-data"
//!   {{ forms::text(form, "name", hint="Letters and `-`.", required=true) }}
//!   {{ forms::chroots(form, "chroots", chroots) }}     chroots: Vec<ChrootGroup>
//!   {{ forms::buttons("Make it", back) }}
//! </form>
//! ```
//!
//! What destroys something is asked about first: a GET answers a [`Confirm`], whose form is the
//! POST. What somebody may not do is not offered: see [`crate::ops::authorise::Rights`].

mod choice;
mod done;

use askama::Template;
use rocket::Request;
use rocket::http::Status;
use rocket::response::{self, Responder};

pub use self::choice::{Choice, ChrootGroup, spans};
pub use self::done::{Done, Flash};

use super::error::PageError;
use super::filters;
use super::parts::Shell;
use crate::http::body::Body;
use crate::http::page::render;
use crate::ops;
use crate::store::StoreError;

/// The fields of a form: their names in requests, and what people call them.
pub type Labels = &'static [(&'static str, &'static str)];

/// What a handler of a form answers.
pub type Answer<T> = Result<Done, Refused<T>>;

/// Sentences that the API owes its clients, and what a page says in their place.
const WORDS: [(&str, &str); 4] = [
    ("'[]' is not a valid choice for this field.", "Choose at least one."),
    ("Not a valid integer value.", "This must be a whole number."),
    ("This field is required.", "This is needed."),
    ("Number must be between -1 and 720.", "Write 0 to 720, or nothing."),
];

/// A form as a page shows it.
#[derive(Clone, Debug, Default)]
pub struct Form {
    labels: Labels,
    values: Vec<(String, Vec<String>)>,
    mistakes: Vec<Mistake>,
}

/// Something that is wrong with a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The field that it is about; empty where it is about none.
    pub field: &'static str,
    /// What people call that field.
    pub label: &'static str,
    /// A sentence.
    pub text: String,
}

impl Form {
    /// An empty form.
    pub fn new(labels: Labels) -> Form {
        Form { labels, ..Form::default() }
    }

    /// What came from a form. Browsers end lines as the network does; here they end as files do.
    pub fn typed(labels: Labels, body: &Body) -> Form {
        let text = |value: &serde_json::Value| value.as_str().map(|t| t.replace("\r\n", "\n"));
        let values = body
            .entries()
            .map(|(name, values)| (name.to_owned(), values.iter().filter_map(text).collect()))
            .collect();
        Form { labels, values, mistakes: Vec::new() }
    }

    /// Fills a field in.
    #[must_use]
    pub fn set(self, name: &str, value: impl ToString) -> Form {
        self.set_all(name, [value])
    }

    /// Fills a field in that holds several values: boxes ticked in a group.
    #[must_use]
    pub fn set_all<T: ToString>(mut self, name: &str, values: impl IntoIterator<Item = T>) -> Form {
        self.values.retain(|(known, _)| known != name);
        let values = values.into_iter().map(|value| value.to_string()).collect();
        self.values.push((name.to_owned(), values));
        self
    }

    /// Ticks a box, or not.
    #[must_use]
    pub fn tick(self, name: &str, on: bool) -> Form {
        if on { self.set(name, "on") } else { self.set_all::<&str>(name, []) }
    }

    /// The form after it was refused, with the status to answer. Failures of the server itself are
    /// no matter of the form.
    pub fn refused(mut self, error: impl Into<PageError>) -> Result<(Status, Form), PageError> {
        let error = error.into();
        if error.status() == Status::InternalServerError {
            return Err(error);
        }
        for line in error.message().lines().filter(|line| !line.trim().is_empty()) {
            let (field, label, text) = self.split(line);
            let known = WORDS.iter().find(|(said, _)| *said == text);
            let text = filters::sentence(known.map_or(text, |(_, words)| words));
            let mistake = Mistake { field, label, text };
            if !self.mistakes.contains(&mistake) {
                self.mistakes.push(mistake);
            }
        }
        Ok((error.status(), self))
    }

    /// [`Form::refused`], where sentences that name no field of the form are about `field`.
    pub fn refused_at(
        self,
        field: &'static str,
        error: impl Into<PageError>,
    ) -> Result<(Status, Form), PageError> {
        let (status, mut form) = self.refused(error)?;
        let found = form.labels.iter().find(|(known, _)| *known == field);
        if let Some((field, label)) = found {
            for mistake in form.mistakes.iter_mut().filter(|one| one.field.is_empty()) {
                (mistake.field, mistake.label) = (field, label);
            }
        }
        Ok((status, form))
    }

    /// A line of an error: the field it begins with, and the rest.
    fn split<'l>(&self, line: &'l str) -> (&'static str, &'static str, &'l str) {
        let found = line.split_once(": ").and_then(|(name, text)| {
            let (name, label) = self.labels.iter().find(|(known, _)| *known == name)?;
            Some((*name, *label, text))
        });
        found.unwrap_or(("", "", line))
    }

    /// What a field holds.
    pub fn value(&self, name: &str) -> &str {
        self.all(name).first().map_or("", String::as_str)
    }

    /// All that a field holds.
    pub fn all(&self, name: &str) -> &[String] {
        let found = self.values.iter().find(|(known, _)| known == name);
        found.map_or(&[], |(_, values)| values)
    }

    /// A text of several lines, where one was sent.
    pub fn text(&self, name: &str) -> Option<String> {
        self.all(name).first().cloned()
    }

    /// A box is ticked. Boxes that are not are not sent.
    pub fn is_on(&self, name: &str) -> bool {
        !matches!(self.value(name), "" | "false" | "0" | "no" | "off")
    }

    /// This is among what a field holds.
    pub fn holds(&self, name: &str, value: &str) -> bool {
        self.all(name).iter().any(|known| known == value)
    }

    /// What people call a field.
    pub fn label<'f>(&self, name: &'f str) -> &'f str {
        self.labels.iter().find(|(known, _)| *known == name).map_or(name, |(_, label)| label)
    }

    /// What is wrong with a field.
    pub fn wrong<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f str> {
        self.mistakes.iter().filter(move |one| one.field == name).map(|one| one.text.as_str())
    }

    /// Something is wrong with a field.
    pub fn is_wrong(&self, name: &str) -> bool {
        self.wrong(name).next().is_some()
    }

    /// Something is wrong with one of these fields.
    pub fn has_mistake<const N: usize>(&self, names: &[&str; N]) -> bool {
        names.iter().any(|name| self.is_wrong(name))
    }

    /// What is wrong, in all.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// The parts of the page that describe a field: the value of its `aria-describedby`.
    pub fn described(&self, name: &str, hint: &str) -> String {
        let mut parts = Vec::new();
        if self.is_wrong(name) {
            parts.push(format!("wrong-{name}"));
        }
        if !hint.is_empty() {
            parts.push(format!("hint-{name}"));
        }
        parts.join(" ")
    }
}

/// A form was refused, or could not even be shown again.
pub enum Refused<T> {
    /// The page with the form, and the status.
    Page(Status, Box<T>),
    /// Another page.
    Error(PageError),
}

impl<T> Refused<T> {
    /// The page again, with the status of [`Form::refused`].
    pub fn new(status: Status, page: T) -> Refused<T> {
        Refused::Page(status, Box::new(page))
    }
}

impl<T> From<PageError> for Refused<T> {
    fn from(error: PageError) -> Refused<T> {
        Refused::Error(error)
    }
}

impl<T> From<ops::Error> for Refused<T> {
    fn from(error: ops::Error) -> Refused<T> {
        Refused::Error(error.into())
    }
}

impl<T> From<StoreError> for Refused<T> {
    fn from(error: StoreError) -> Refused<T> {
        Refused::Error(error.into())
    }
}

impl<'r, T: Template> Responder<'r, 'static> for Refused<T> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            Refused::Page(status, page) => render(&*page, status),
            Refused::Error(error) => error.respond_to(request),
        }
    }
}

/// The page that asks before something is destroyed.
#[derive(Template)]
#[template(path = "confirm.html")]
pub struct Confirm {
    /// The frame.
    pub shell: Shell,
    /// The question: "Delete alice/tools?"
    pub title: String,
    /// What will be gone, one item each.
    pub will_go: Vec<String>,
    /// The address that the answer is sent to.
    pub action: String,
    /// What is sent along: names and values.
    pub hidden: Vec<(String, String)>,
    /// What the button says: "Delete the project".
    pub button: String,
    /// The way back.
    pub back: String,
    /// The word to type, in the field `verify`, where a click is too little.
    pub needs_typing: Option<String>,
    /// What was typed, and what was wrong with it.
    pub form: Form,
}

impl Confirm {
    /// Its one field.
    pub const FIELDS: Labels = &[("verify", "Confirmation")];

    /// An error unless the word was typed that this page asks for.
    pub fn check(word: &str, typed: &Form) -> ops::Result<()> {
        if typed.value("verify").trim() == word {
            Ok(())
        } else {
            Err(ops::Error::invalid(format!("verify: Type '{word}' to confirm.")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: Labels = &[("name", "Name"), ("chroots", "Chroots")];

    fn refused(lines: &[&str]) -> Form {
        let lines = lines.iter().map(ToString::to_string).collect();
        Form::new(FIELDS).refused(ops::Error::Invalid(lines)).unwrap().1
    }

    #[test]
    fn a_refusal_finds_its_field() {
        let form = refused(&["name: is taken", "chroots: a: b", "other: thing", ""]);
        let at = |name: &str| form.wrong(name).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(at("name"), ["Is taken."]);
        assert_eq!(at("chroots"), ["A: b."]);
        assert_eq!(at(""), ["Other: thing."]);
        assert_eq!(form.described("name", "x"), "wrong-name hint-name");
        assert_eq!(form.mistakes().len(), 3);
    }

    #[test]
    fn an_error_about_the_whole_can_be_put_to_a_field() {
        let error = ops::Error::invalid("there is no eve");
        let form = Form::new(FIELDS).refused_at("name", error).unwrap().1;
        assert_eq!(form.wrong("name").next(), Some("There is no eve."));
    }

    #[test]
    fn the_api_speaks_to_programs_and_the_form_to_people() {
        let form = refused(&["chroots: '[]' is not a valid choice for this field."]);
        assert_eq!(form.wrong("chroots").next(), Some("Choose at least one."));
    }

    #[test]
    fn what_the_server_did_wrong_is_no_matter_of_the_form() {
        let error = ops::Error::internal("writing", "disk on fire");
        assert!(Form::new(FIELDS).refused(error).is_err());
        let denied = ops::Error::Denied("you may not".to_owned());
        let (status, form) = Form::new(FIELDS).refused(denied).unwrap();
        assert_eq!((status.code, form.wrong("").next()), (403, Some("You may not.")));
    }

    #[test]
    fn what_was_typed_is_kept() {
        let body = Body::parse_form("name=a%20b&chroots=x&chroots=y&text=1%0D%0A2&box=on&no=off");
        let form = Form::typed(FIELDS, &body);
        assert_eq!((form.value("name"), form.value("text")), ("a b", "1\n2"));
        assert!(form.holds("chroots", "y") && !form.holds("chroots", "z"));
        assert!(form.is_on("box") && !form.is_on("no") && !form.is_on("missing"));
        let form = form.tick("box", false).set("name", 7);
        assert_eq!((form.is_on("box"), form.value("name")), (false, "7"));
    }
}
