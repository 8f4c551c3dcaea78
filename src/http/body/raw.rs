//! A body as it came, for requests that are signed or only kept.

use std::convert::Infallible;
use std::time::Duration;

use rocket::data::{Data, FromData, Outcome};
use rocket::{Request, State};

use super::source::{self, Chunks};
use super::{BodyError, BodyLimits};

/// The most bytes: what GitHub sends at the most.
const LIMIT: u64 = 25 << 20;

/// How long to wait for the next byte where no limits are set.
const IDLE: Duration = Duration::from_mins(1);

/// A body that waits: the handler looks at the address and the headers first, and takes nothing
/// from strangers.
pub struct Unread<'r> {
    chunks: Chunks<'r>,
    announced: Option<u64>,
    idle: Duration,
}

#[rocket::async_trait]
impl<'r> FromData<'r> for Unread<'r> {
    type Error = Infallible;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Unread<'r>> {
        let limits = request.guard::<&State<BodyLimits>>().await.succeeded();
        Outcome::Success(Unread {
            chunks: source::open(request, data, LIMIT),
            announced: source::announced(request),
            idle: limits.map_or(IDLE, |limits| limits.idle),
        })
    }
}

impl Unread<'_> {
    /// Reads all of it.
    pub async fn read(self) -> Result<Vec<u8>, BodyError> {
        if self.announced.is_some_and(|length| length > LIMIT) {
            return Err(BodyError::TooLarge(LIMIT));
        }
        source::collect(self.chunks, LIMIT, self.idle).await
    }
}
