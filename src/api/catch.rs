//! Answers to what no handler has answered: unknown paths, wrong methods, missing logins, bodies
//! that cannot be read. Never a page: clients take only JSON.

use rocket::http::{Header, Status};
use rocket::serde::json::Json;
use rocket::{Catcher, Request, catch, catchers};

use super::error::{ErrorBody, OUR_FAULT};
use super::methods;
use crate::auth::guard::login_invalid;
use crate::http::refusal;
use crate::ops::App;

/// What is answered where no handler is.
#[derive(rocket::Responder)]
enum Nowhere {
    Unknown((Status, Json<ErrorBody>)),
    /// The address is there, for other methods.
    NotAllowed((Status, Json<ErrorBody>), Header<'static>),
}

#[catch(404)]
fn not_found(request: &Request<'_>) -> Nowhere {
    let allowed = methods::allowed(request);
    if allowed.is_empty() || allowed.contains(request.method().as_str()) {
        return Nowhere::Unknown(answer(Status::NotFound, "Such API endpoint doesn't exist"));
    }
    let text = "The method is not allowed for the requested URL.";
    Nowhere::NotAllowed(answer(Status::MethodNotAllowed, text), methods::allow_header(&allowed))
}

/// A segment of the address is no number: Rocket would call the request unprocessable.
#[catch(422)]
fn no_such(request: &Request<'_>) -> Nowhere {
    not_found(request)
}

#[catch(401)]
fn unauthorized(request: &Request<'_>) -> (Status, Json<ErrorBody>) {
    let base_url = request.rocket().state::<App>().map_or("", |app| app.config.base_url.as_str());
    let error = login_invalid(base_url);
    (Status::Unauthorized, Json(ErrorBody { output: Some("notok"), error }))
}

#[catch(default)]
fn other(status: Status, request: &Request<'_>) -> (Status, Json<ErrorBody>) {
    match refusal::reason(request) {
        Some(reason) => answer(status, reason),
        None if status.code >= 500 => answer(status, OUR_FAULT),
        None => answer(status, status.reason().unwrap_or("The request was refused.")),
    }
}

fn answer(status: Status, text: &str) -> (Status, Json<ErrorBody>) {
    (status, Json(ErrorBody::new(text)))
}

pub(super) fn catchers() -> Vec<Catcher> {
    catchers![not_found, no_such, unauthorized, other]
}
