//! `/webhooks`: what forges and CI systems send. Not APIv3: the answers are texts, and the secret
//! in the address is the only login.

use std::fmt::Display;

use rocket::http::uri::Segments;
use rocket::http::uri::fmt::Path;
use rocket::http::{ContentType, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::response::{self, Responder};
use rocket::{Catcher, Request, Response, Route, State, catch, catchers, post, routes};

use crate::http::body::{Body, BodyError, Unread};
use crate::model::BuildId;
use crate::model::delivery::{Arrival, Forge, Letter, cut, is_shown};
use crate::ops::webhooks::custom::{Hook, Refusal, Target};
use crate::ops::webhooks::{self, custom, is_same, is_signed};
use crate::ops::{App, Error};

/// Everything below this path is a webhook.
pub(super) const BASE: &str = "/webhooks";

/// The header that names the builds which a forge's delivery has led to.
const BUILDS: &str = "X-Copr-Builds";
/// The most headers that are kept of a delivery.
const HEADERS: usize = 30;

/// What happened, in the words of GitHub and of those that speak as it does: these name all of it.
const EVENTS: [&str; 4] = ["X-GitHub-Event", "X-Forgejo-Event", "X-Gitea-Event", "X-Gogs-Event"];
const DELIVERIES: [&str; 4] =
    ["X-GitHub-Delivery", "X-Forgejo-Delivery", "X-Gitea-Delivery", "X-Gogs-Delivery"];
/// Sums over the body; GitHub's with the algorithm in front.
const SIGNATURES: [&str; 5] = [
    "X-Hub-Signature-256",
    "X-Hub-Signature",
    "X-Forgejo-Signature",
    "X-Gitea-Signature",
    "X-Gogs-Signature",
];

type Answer = (Status, String);

/// An answer to a forge, and what is built.
struct Told(Answer, Vec<BuildId>);

impl<'r> Responder<'r, 'static> for Told {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let Told(answer, builds) = self;
        let mut response = Response::build_from(answer.respond_to(request)?);
        if !builds.is_empty() {
            let numbers: Vec<String> = builds.iter().map(ToString::to_string).collect();
            response.raw_header(BUILDS, numbers.join(" "));
        }
        response.ok()
    }
}

impl From<Answer> for Told {
    fn from(answer: Answer) -> Told {
        Told(answer, Vec::new())
    }
}

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

    /// The first of these headers that says something.
    fn any(&self, names: &[&str]) -> Option<String> {
        let said = names.iter().filter_map(|name| self.get(name));
        said.map(str::trim).find(|text| !text.is_empty()).map(cut)
    }

    fn is_ping(&self) -> bool {
        self.any(&EVENTS).as_deref() == Some("ping")
    }

    fn letter(&self, forge: Forge) -> Letter {
        let (event, delivery): (&[_], &[_]) = match forge {
            Forge::Github | Forge::Custom | Forge::Poll => (&EVENTS, &DELIVERIES),
            Forge::Gitlab => (&["X-Gitlab-Event"], &["X-Gitlab-Webhook-UUID"]),
            Forge::Bitbucket => (&["X-Event-Key"], &["X-Hook-UUID"]),
        };
        Letter {
            forge,
            event: self.any(event),
            delivery: self.any(delivery),
            user_agent: self.any(&["User-Agent"]),
            sender: None,
        }
    }

    /// What has arrived, at an address that names these.
    fn arrival(
        &self,
        forge: Forge,
        package: Option<String>,
        dir: Option<String>,
        payload: Vec<u8>,
    ) -> Arrival {
        let all = self.0.headers().iter().filter(|header| is_shown(header.name().as_str()));
        let shown = all.map(|header| (header.name().to_string(), cut(header.value())));
        Arrival {
            letter: self.letter(forge),
            package: package.as_deref().map(cut),
            dir,
            headers: shown.take(HEADERS).collect(),
            payload,
            repeats: None,
        }
    }

    /// Whether every proof that was sent is one of knowing the secret.
    fn prove(&self, secret: &str, body: &[u8]) -> bool {
        let is_good = |name: &&str| {
            let signature = self.get(name).unwrap_or_default().trim();
            // GitHub's older header, which Bitbucket uses with the newer sum.
            if signature.starts_with("sha1=") {
                return true;
            }
            let sum = signature.strip_prefix("sha256=").unwrap_or(signature);
            // Gitea and Forgejo sign with nothing where no secret was given to them.
            sum.is_empty() || is_signed(secret, body, sum)
        };
        SIGNATURES.iter().all(is_good)
            && self.get("X-Gitlab-Token").is_none_or(|token| is_same(token, secret))
    }
}

#[post("/<path..>", data = "<body>")]
async fn receive(
    app: &State<App>,
    path: Segments<'_, Path>,
    headers: Headers<'_>,
    body: Unread<'_>,
) -> Told {
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
                return unknown().into();
            };
            let package = rest.first().map(|&name| name.to_owned());
            let sent = from_forge(app, forge, (id, secret), package, &headers, body).await;
            return sent.unwrap_or_else(Told::from);
        }
        _ => return unknown().into(),
    };
    let (target, secret) = hook;
    let package = package.map(|&name| name.to_owned());
    let hook = Hook { target, secret: secret.to_owned(), package };
    from_anything(app, hook, &headers, body).await.into()
}

fn unknown() -> Answer {
    let text = "There is no such webhook. The project's page of integrations lists all.";
    (Status::NotFound, text.to_owned())
}

/// The error is an answer, too.
async fn from_forge(
    app: &App,
    forge: Forge,
    (id, secret): (&str, &str),
    package: Option<String>,
    headers: &Headers<'_>,
    body: Unread<'_>,
) -> Result<Told, Answer> {
    let ok = || (Status::Ok, "OK".to_owned());
    if forge == Forge::Github && headers.is_ping() {
        return Ok(ok().into());
    }
    let project = webhooks::admit(app, id, secret).await.map_err(|error| refused(&error))?;
    let body = body.read().await.map_err(|error| (error.status(), error.to_string()))?;
    if !headers.prove(secret, &body) {
        return Err((Status::Forbidden, "The signature is not made with this secret.".to_owned()));
    }
    if forge == Forge::Github && headers.any(&EVENTS).is_none() {
        return Err((Status::BadRequest, "The header X-GitHub-Event is missing.".to_owned()));
    }
    let not_json = || (BodyError::NotJson.status(), BodyError::NotJson.to_string());
    let payload = payload(headers, body).ok_or_else(not_json)?;
    let arrival = headers.arrival(forge, package, None, payload);
    let built = webhooks::receive(app, project, arrival).await;
    built.map(|builds| Told(ok(), builds)).map_err(|error| refused(&error))
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
    let dir = match &hook.target {
        Target::Project(_) => None,
        Target::Dir { dir, .. } => Some(dir.clone()),
    };
    let arrival = headers.arrival(Forge::Custom, hook.package.clone(), dir, body);
    match custom::build(app, hook, arrival).await {
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
