//! `/webhooks`: what forges and CI systems send. Not APIv3: the answers are texts, and the secret
//! in the address is the only login.

use std::fmt::Display;

use rocket::http::uri::Segments;
use rocket::http::uri::fmt::Path;
use rocket::http::{ContentType, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::{Catcher, Request, Route, State, catch, catchers, post, routes};

use crate::http::body::{Body, BodyError, Unread};
use crate::model::delivery::{Forge, Letter, cut};
use crate::ops::webhooks::custom::{Hook, Refusal, Target};
use crate::ops::webhooks::{self, custom, is_same, is_signed};
use crate::ops::{App, Error};

/// Everything below this path is a webhook.
pub(super) const BASE: &str = "/webhooks";

type Answer = (Status, String);

/// The headers that matter.
struct Headers<'r>(&'r Request<'r>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Headers<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Headers<'r>, Self::Error> {
        Outcome::Success(Headers(request))
    }
}

impl Headers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.headers().get_one(name)
    }

    fn kind(&self) -> Option<&ContentType> {
        self.0.content_type()
    }

    fn is_ping(&self) -> bool {
        self.get("X-GitHub-Event") == Some("ping")
    }

    fn letter(&self, forge: Forge) -> Letter {
        let (event, delivery) = match forge {
            Forge::Github | Forge::Custom | Forge::Poll => ("X-GitHub-Event", "X-GitHub-Delivery"),
            Forge::Gitlab => ("X-Gitlab-Event", "X-Gitlab-Webhook-UUID"),
            Forge::Bitbucket => ("X-Event-Key", "X-Hook-UUID"),
        };
        let text = |name| self.get(name).map(cut);
        Letter {
            forge,
            event: text(event),
            delivery: text(delivery),
            user_agent: text("User-Agent"),
            sender: None,
        }
    }

    /// Whether every proof that was sent is one of knowing the secret.
    fn prove(&self, secret: &str, body: &[u8]) -> bool {
        self.get("X-Hub-Signature-256").is_none_or(|sum| is_signed(secret, body, sum))
            && self.get("X-Gitlab-Token").is_none_or(|token| is_same(token, secret))
    }
}

#[post("/<path..>", data = "<body>")]
async fn receive(
    app: &State<App>,
    path: Segments<'_, Path>,
    headers: Headers<'_>,
    body: Unread<'_>,
) -> Answer {
    let parts: Vec<&str> = path.filter(|part| !part.is_empty()).collect();
    let (hook, package) = match parts.as_slice() {
        ["custom-dir", owner, dir, secret, rest @ ..] if rest.len() < 2 => {
            let target = Target::Dir { owner: (*owner).to_owned(), dir: (*dir).to_owned() };
            ((target, *secret), rest.first())
        }
        ["custom", id, secret, rest @ ..] if rest.len() < 2 => {
            ((Target::Project((*id).to_owned()), *secret), rest.first())
        }
        [forge, id, secret, rest @ ..] if rest.len() < 2 => {
            let Ok(forge @ (Forge::Github | Forge::Gitlab | Forge::Bitbucket)) = forge.parse()
            else {
                return unknown();
            };
            let package = rest.first().map(|&name| name.to_owned());
            return from_forge(app, forge, (id, secret), package, &headers, body).await;
        }
        _ => return unknown(),
    };
    let (target, secret) = hook;
    let package = package.map(|&name| name.to_owned());
    let hook = Hook { target, secret: secret.to_owned(), package };
    from_anything(app, hook, &headers, body).await
}

fn unknown() -> Answer {
    let text = "There is no such webhook. The project's page of integrations lists all.";
    (Status::NotFound, text.to_owned())
}

async fn from_forge(
    app: &App,
    forge: Forge,
    (id, secret): (&str, &str),
    package: Option<String>,
    headers: &Headers<'_>,
    body: Unread<'_>,
) -> Answer {
    if forge == Forge::Github && headers.is_ping() {
        return (Status::Ok, "OK".to_owned());
    }
    let project = match webhooks::admit(app, id, secret).await {
        Ok(project) => project,
        Err(error) => return refused(&error),
    };
    let body = match body.read().await {
        Ok(body) => body,
        Err(error) => return (error.status(), error.to_string()),
    };
    if !headers.prove(secret, &body) {
        return (Status::Forbidden, "The signature is not made with this secret.".to_owned());
    }
    if forge == Forge::Github && headers.get("X-GitHub-Event").is_none() {
        return (Status::BadRequest, "The header X-GitHub-Event is missing.".to_owned());
    }
    let Some(payload) = payload(headers, body) else {
        return (BodyError::NotJson.status(), BodyError::NotJson.to_string());
    };
    match webhooks::receive(app, project, package, headers.letter(forge), payload).await {
        Ok(()) => (Status::Ok, "OK".to_owned()),
        Err(error) => refused(&error),
    }
}

/// The JSON of a body: all of it, or the field `payload` of a form. `None` for anything else.
fn payload(headers: &Headers<'_>, body: Vec<u8>) -> Option<Vec<u8>> {
    let kind = headers.kind()?;
    if kind.is_json() {
        return Some(body);
    }
    if !kind.is_form() {
        return None;
    }
    let form = Body::parse_form(&String::from_utf8_lossy(&body));
    Some(form.raw("payload")?.first()?.as_str()?.as_bytes().to_vec())
}

fn refused(error: &Error) -> Answer {
    match error {
        Error::NotFound(text) => (Status::NotFound, text.clone()),
        Error::Denied(text) => (Status::Forbidden, text.clone()),
        // The reason stands in the project's list of deliveries.
        Error::Invalid(_) => (Status::BadRequest, "Bad Request".to_owned()),
        other => failed(other),
    }
}

async fn from_anything(app: &App, hook: Hook, headers: &Headers<'_>, body: Unread<'_>) -> Answer {
    if headers.is_ping() {
        return (Status::Ok, "SKIPPED\n".to_owned());
    }
    if let Err(refusal) = custom::check(app, hook.clone()).await {
        return in_a_word(&refusal);
    }
    let body = match body.read().await {
        Ok(body) => body,
        Err(error) => return (error.status(), format!("{error}\n")),
    };
    if !headers.prove(&hook.secret, &body) {
        return in_a_word(&Refusal::BadUuid);
    }
    match custom::build(app, hook, headers.letter(Forge::Custom), body).await {
        Ok(build) => (Status::Ok, format!("{build}\n")),
        Err(refusal) => in_a_word(&refusal),
    }
}

fn in_a_word(refusal: &Refusal) -> Answer {
    let status = match refusal {
        Refusal::ProjectNotFound | Refusal::PackageNotFound => Status::NotFound,
        Refusal::BadUuid => Status::Forbidden,
        Refusal::PackageNameRequired | Refusal::CantCreateDirectory => Status::BadRequest,
        Refusal::NoActiveChroots | Refusal::BuildRequest => Status::InternalServerError,
        Refusal::Failed(error) => return failed(error),
    };
    (status, format!("{refusal}\n"))
}

fn failed(error: &dyn Display) -> Answer {
    tracing::error!(%error, "a webhook");
    let text = "BUILD_REQUEST_ERROR\n";
    (Status::InternalServerError, text.to_owned())
}

/// What no handler has answered: any other method, above all.
#[catch(default)]
fn other(status: Status, _: &Request<'_>) -> Answer {
    if status == Status::NotFound {
        return (Status::MethodNotAllowed, "Webhooks are sent with POST.".to_owned());
    }
    (status, status.reason().unwrap_or("The request was refused.").to_owned())
}

pub(super) fn routes() -> Vec<Route> {
    routes![receive]
}

pub(super) fn catchers() -> Vec<Catcher> {
    catchers![other]
}
