//! Which methods a path takes: the old names that clients still use, and the answers to others.

use std::collections::BTreeSet;

use rocket::http::{Header, Method, Status};
use rocket::route::{Handler, Outcome};
use rocket::{Data, Request, Route, routes};

/// The routes, and each once more under the method that older clients use for it.
pub(super) fn also(old: Method, routes: Vec<Route>) -> Vec<Route> {
    let aliases: Vec<Route> = routes
        .iter()
        .map(|route| {
            let handler = Deprecated { inner: route.handler.clone(), old, new: route.method };
            let mut alias = Route::ranked(route.rank, old, route.uri.as_str(), handler);
            alias.name.clone_from(&route.name);
            alias
        })
        .collect();
    routes.into_iter().chain(aliases).collect()
}

/// A handler under its old method: the same answer, with a word about the new one.
#[derive(Clone)]
struct Deprecated {
    inner: Box<dyn Handler>,
    old: Method,
    new: Method,
}

#[rocket::async_trait]
impl Handler for Deprecated {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let mut outcome = self.inner.handle(request, data).await;
        if let Outcome::Success(response) = &mut outcome {
            let (old, new) = (self.old, self.new);
            let text = format!("This method is deprecated: Use {new} method instead of {old}");
            response.set_header(Header::new("Warning", text));
        }
        outcome
    }
}

/// The methods that the path of this request takes; empty for a path that is not there.
pub(super) fn allowed(request: &Request<'_>) -> BTreeSet<&'static str> {
    let path = request.uri().path();
    let mut allowed = BTreeSet::new();
    for route in request.rocket().routes() {
        if route.method != Method::Options && fits(route.uri.path(), path.as_str()) {
            allowed.insert(route.method.as_str());
        }
    }
    if allowed.contains("GET") {
        allowed.insert("HEAD");
    }
    if !allowed.is_empty() {
        allowed.insert("OPTIONS");
    }
    allowed
}

/// The value of an `Allow` header.
pub(super) fn allow_header(allowed: &BTreeSet<&'static str>) -> Header<'static> {
    let list: Vec<&str> = allowed.iter().copied().collect();
    Header::new("Allow", list.join(", "))
}

/// Whether a path fits a route like `/api_3/build/<id>`. An id is a number: `/api_3/build/list` and
/// its like are none of that route's.
fn fits(route: &str, path: &str) -> bool {
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let fits_one = |(own, given): (&String, &String)| match own.as_str() {
        "<id>" => is_number(given),
        own => own.starts_with('<') || own == given,
    };
    let segments = |text: &str| -> Vec<String> {
        text.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let (route, path) = (segments(route), segments(path));
    route.len() == path.len() && route.iter().zip(&path).all(fits_one)
}

/// The answer to `OPTIONS`.
#[derive(rocket::Responder)]
enum Options {
    #[response(status = 200)]
    Known((), Header<'static>),
    #[response(status = 404)]
    Unknown(Status),
}

#[rocket::options("/<_..>")]
fn answer_options(allowed: Allowed) -> Options {
    if allowed.0.is_empty() {
        return Options::Unknown(Status::NotFound);
    }
    Options::Known((), allow_header(&allowed.0))
}

struct Allowed(BTreeSet<&'static str>);

#[rocket::async_trait]
impl<'r> rocket::request::FromRequest<'r> for Allowed {
    type Error = std::convert::Infallible;

    async fn from_request(
        request: &'r Request<'_>,
    ) -> rocket::request::Outcome<Allowed, Self::Error> {
        rocket::request::Outcome::Success(Allowed(allowed(request)))
    }
}

/// `OPTIONS` on every path.
pub(super) fn options() -> Vec<Route> {
    routes![answer_options]
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn paths_fit_with_and_without_a_slash_at_the_end() {
        assert!(fits("/api_3/build/<id>", "/api_3/build/7/"));
        assert!(fits("/api_3/project", "/api_3/project/"));
        assert!(!fits("/api_3/project", "/api_3/project/x"));
        assert!(!fits("/api_3/build/<id>", "/api_3/build"));
        assert!(!fits("/api_3/build/<id>", "/api_3/build/list"));
    }
}
