//! The strict data guard: one JSON document that is exactly one type.

use rocket::data::{Data, FromData, Outcome};
use rocket::http::Status;
use rocket::{Request, State};
use serde::de::DeserializeOwned;

use super::{BodyError, BodyLimits, source};
use crate::http::refusal;

/// A body that must be JSON and a `T`. What does not fit is answered 400 with the parser's own
/// words: they name the field.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

#[rocket::async_trait]
impl<'r, T: DeserializeOwned> FromData<'r> for JsonBody<T> {
    type Error = BodyError;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, JsonBody<T>> {
        let Some(limits) = request.guard::<&State<BodyLimits>>().await.succeeded() else {
            let missing = std::io::Error::other("no limits are set for request bodies");
            return Outcome::Error((Status::InternalServerError, BodyError::Storage(missing)));
        };
        match read(request, data, limits).await {
            Ok(value) => Outcome::Success(JsonBody(value)),
            Err(error) => {
                refusal::note(request, error.to_string());
                Outcome::Error((error.status(), error))
            }
        }
    }
}

async fn read<T: DeserializeOwned>(
    request: &Request<'_>,
    data: Data<'_>,
    limits: &BodyLimits,
) -> Result<T, BodyError> {
    if !request.content_type().is_some_and(|kind| kind.is_json()) {
        return Err(BodyError::NotJson);
    }
    let limit = limits.fields;
    let text = source::collect(source::open(request, data, limit), limit, limits.idle).await?;
    serde_json::from_slice(&text).map_err(|error| BodyError::Malformed {
        what: "JSON for this request",
        why: error.to_string(),
    })
}
