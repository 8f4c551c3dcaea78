//! Who calls: by a token, or by name and password.
//!
//! `CoprClient(username='fedorian', password='mysecret')` is how the original is used, and `-u`
//! and `-p` on its command line; so both halves are taken as HTTP Basic here. Wrong passwords are
//! counted and slowed down together with those on the login page. Nothing is handed out in return:
//! a token from a password would be another secret to look after.

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::serde::json::Json;
use rocket::{Request, catch};

use crate::auth::guard::{self, ApiUser};
use crate::auth::login::LoginError;
use crate::http::refusal;
use crate::model::copr::Refusal;
use crate::model::user::User;

/// A user, by session, token or password. Anything else is answered 401, and 429 after too many
/// wrong passwords.
pub(super) struct Caller(pub(super) User);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Caller {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Caller, ()> {
        match request.guard::<ApiUser>().await {
            Outcome::Success(caller) => return Outcome::Success(Caller(caller.user)),
            Outcome::Error((Status::Unauthorized, ())) => {}
            other => return other.map(|caller| Caller(caller.user)),
        }
        let refused = match guard::by_password(request).await {
            Ok(Some(user)) => return Outcome::Success(Caller(user)),
            Ok(None) => return Outcome::Error((Status::Unauthorized, ())),
            Err(error) => error,
        };
        let status = match &refused {
            LoginError::Wrong => Status::Unauthorized,
            LoginError::Wait(_) => Status::TooManyRequests,
            LoginError::Store(error) => {
                tracing::error!(%error, "cannot tell who is asking");
                return Outcome::Error((Status::InternalServerError, ()));
            }
        };
        refusal::note(request, refused.to_string());
        Outcome::Error((status, ()))
    }
}

#[catch(401)]
pub(super) fn unauthorized(request: &Request<'_>) -> (Status, Json<Refusal>) {
    let error = match refusal::reason(request) {
        Some(_) => "Wrong name or password, or the API token is wrong or has expired.",
        None => "Say who you are: an API token, or the name and password of an account.",
    };
    (Status::Unauthorized, Json(Refusal { error: error.to_owned() }))
}
