//! Server-sent events.

use std::time::Duration;

use rocket::Request;
use rocket::futures::Stream;
use rocket::response::stream::{Event, EventStream};
use rocket::response::{self, Responder};

/// So that a connection that is gone is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A stream of events that no proxy holds back.
pub struct Unbuffered<S>(pub EventStream<S>);

impl<'r, S: Stream<Item = Event> + Send + 'r> Responder<'r, 'r> for Unbuffered<S> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'r> {
        let mut response = self.0.heartbeat(HEARTBEAT).respond_to(request)?;
        response.set_raw_header("X-Accel-Buffering", "no");
        Ok(response)
    }
}
