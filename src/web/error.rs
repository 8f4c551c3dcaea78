//! The page that is shown when there is no other.

use askama::Template;
use rocket::http::{Method, Status};
use rocket::response::{self, Redirect, Responder};
use rocket::{Request, catch};

use super::parts::Shell;
use crate::http::page::render;
use crate::http::refusal;
use crate::ops;
use crate::store::StoreError;

/// Any error.
#[derive(Template)]
#[template(path = "error/page.html")]
pub struct ErrorPage {
    /// The frame.
    pub shell: Shell,
    /// The number.
    pub status: u16,
    /// What it means.
    pub title: &'static str,
    /// What happened, and what to do.
    pub message: String,
    /// Where to go from here.
    pub ways: Vec<Way>,
}

/// Where to go from here.
pub struct Way {
    /// The address.
    pub url: String,
    /// What is there.
    pub text: String,
}

/// Why a handler has no page to show.
#[derive(Debug)]
pub struct PageError {
    status: Status,
    /// For the reader; empty where only the log may know.
    message: String,
}

impl PageError {
    /// There is nothing at this address.
    pub fn not_found(message: impl Into<String>) -> PageError {
        PageError { status: Status::NotFound, message: message.into() }
    }

    /// The status to answer.
    pub fn status(&self) -> Status {
        self.status
    }

    /// For the reader; empty where only the log may know.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The disk failed; the reader need not know how.
    pub fn internal(what: &str, error: &dyn std::fmt::Display) -> PageError {
        tracing::error!(%error, "{what}");
        PageError { status: Status::InternalServerError, message: String::new() }
    }
}

impl From<ops::Error> for PageError {
    fn from(error: ops::Error) -> PageError {
        use ops::Error as E;
        let status = match &error {
            E::Invalid(_) => Status::BadRequest,
            E::NotFound(_) => Status::NotFound,
            E::NothingSent => Status::UnsupportedMediaType,
            E::Denied(_) => Status::Forbidden,
            E::Conflict(_) => Status::Conflict,
            E::TooMany(_) => Status::PayloadTooLarge,
            E::NoSpace(_) => Status::InsufficientStorage,
            E::Store(_) | E::Internal { .. } => return PageError::internal("a page", &error),
        };
        PageError { status, message: error.to_string() }
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> PageError {
        ops::Error::from(error).into()
    }
}

impl<'r> Responder<'r, 'static> for PageError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let title = match self.status.code {
            400 => "That does not make sense",
            401 => "Please log in",
            403 => "Not for you",
            404 => "Nothing here",
            405 => "Not in this way",
            409 => "That collides",
            413 => "Too large",
            507 => "No room left",
            503 => "Not now",
            500.. => "That went wrong",
            _ => "No",
        };
        let message = match (self.message, self.status.code) {
            (message, _) if !message.is_empty() => message,
            (_, 404) => "There is no page at this address.".into(),
            (_, 403) => "You may not do this, or the request came from another site.".into(),
            (_, 500..) => "The server's log says more; try again, and tell who runs it.".into(),
            (_, _) => "The request cannot be answered as it was sent.".into(),
        };
        let page = ErrorPage {
            shell: Shell::known(request),
            status: self.status.code,
            title,
            message,
            ways: ways(request.uri().path().as_str()),
        };
        render(&page, self.status)
    }
}

/// Where somebody may have wanted to go: what stands further up in the address.
fn ways(path: &str) -> Vec<Way> {
    let mut ways = Vec::new();
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    if segments.next() == Some("coprs") {
        let mut owner = segments.next().unwrap_or_default().to_owned();
        if owner == "g" {
            owner = format!("@{}", segments.next().unwrap_or_default());
        }
        let name = segments.next();
        let plain =
            |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"@._-".contains(&b));
        if plain(&owner) && owner.len() > 1 && owner != "build" {
            if let Some(name) = name.filter(|name| plain(name) && segments.next().is_some()) {
                let url = format!("/coprs/{owner}/{name}/");
                ways.push(Way { url, text: format!("Project {owner}/{name}") });
            }
            ways.push(Way {
                url: format!("/coprs/{owner}/"),
                text: format!("Projects of {owner}"),
            });
        }
    }
    ways.push(Way { url: "/".into(), text: "All projects".into() });
    ways
}

/// The page of this server that a form stood on.
fn page_before(request: &Request<'_>) -> Option<String> {
    let header = |name| request.headers().get_one(name);
    let (_, address) = header("Referer")?.split_once("://")?;
    let path = address.strip_prefix(header("Host")?)?;
    let end = path.find(['?', '#']).unwrap_or(path.len());
    Some(path[..end].to_owned()).filter(|path| path.starts_with('/'))
}

/// Everything that goes wrong before a handler runs. Who is not logged in is led to where one
/// logs in.
#[catch(default)]
pub fn any(status: Status, request: &Request<'_>) -> Result<Redirect, PageError> {
    if status == Status::Unauthorized {
        let from = match request.method() {
            Method::Get => Some(request.uri().path().to_string()),
            _ => page_before(request),
        };
        let next = |path: String| format!("?next={}", super::session::encode(&path));
        return Ok(Redirect::to(format!("/login{}", from.map(next).unwrap_or_default())));
    }
    let status = refusal::status(status);
    let message = refusal::reason(request).unwrap_or_default().to_owned();
    Err(PageError { status, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_page_leads_on_to_what_stands_above() {
        let urls = |path: &str| -> Vec<String> { ways(path).into_iter().map(|w| w.url).collect() };
        assert_eq!(urls("/nowhere"), ["/"]);
        assert_eq!(urls("/coprs/alice/toolz/"), ["/coprs/alice/", "/"]);
        let below = ["/coprs/@devs/x/", "/coprs/@devs/", "/"];
        assert_eq!(urls("/coprs/g/devs/x/build/1/"), below);
        assert_eq!(urls("/coprs/build/77"), ["/"]);
        assert_eq!(urls("/coprs/%22onload/x"), ["/"]);
    }
}
