//! Long lists, sent in parts: however long one is, the server holds a part of it at a time.

use std::future::Future;
use std::io;

use rocket::futures::stream::{self, Stream, StreamExt};
use rocket::http::ContentType;
use rocket::request::Request;
use rocket::response::{self, Responder, Response};
use rocket::serde::json::Json;
use serde::Serialize;
use tokio_util::bytes::Bytes;
use tokio_util::io::StreamReader;

use super::params::{List, Page};
use crate::ops::listing::{Listing, PART};
use crate::ops::{self, App};

/// A list as the answer to a request: whole if it is short.
pub(super) enum LongList<T> {
    Whole(Box<Json<List<T>>>),
    Parts(Parts),
}

/// The pieces of a long list's JSON.
pub(super) type Parts = std::pin::Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// The answer with the items of `list`, shown by `show`; those that are left are read with `read`.
pub(super) fn answer<R, I, T, F>(
    app: &App,
    page: Page,
    list: Listing<R, I>,
    show: fn(&App, Vec<R>) -> Vec<T>,
    read: impl Fn(App, Vec<I>) -> F + Send + 'static,
) -> LongList<T>
where
    R: Send + 'static,
    I: Send + 'static,
    T: Serialize + Send + 'static,
    F: Future<Output = ops::Result<Vec<R>>> + Send + 'static,
{
    let first = show(app, list.first);
    if list.rest.is_empty() {
        return LongList::Whole(Box::new(Json(page.list(first))));
    }
    let state = Sending { app: app.clone(), page: Some(page), rest: list.rest.into_iter(), read };
    let begin = items(&first).map(|items| Bytes::from(format!(r#"{{"items":[{items}"#)));
    let others = stream::try_unfold(state, move |mut state| async move {
        let ids: Vec<I> = state.rest.by_ref().take(PART).collect();
        if ids.is_empty() {
            let Some(page) = state.page.take() else { return Ok(None) };
            let end = format!(r#"],"meta":{}}}"#, json(&page.meta())?);
            return Ok(Some((Bytes::from(end), state)));
        }
        // The answer is half sent; all that can be done is to break it off.
        let rows = (state.read)(state.app.clone(), ids).await.map_err(io::Error::other)?;
        let items = items(&show(&state.app, rows))?;
        let comma = if items.is_empty() { "" } else { "," };
        Ok(Some((Bytes::from(format!("{comma}{items}")), state)))
    });
    LongList::Parts(Box::pin(stream::iter([begin]).chain(others)))
}

struct Sending<I, R> {
    app: App,
    /// What the end says; gone once it is sent.
    page: Option<Page>,
    rest: std::vec::IntoIter<I>,
    read: R,
}

/// The items without the brackets around them.
fn items<T: Serialize>(items: &[T]) -> io::Result<String> {
    let mut text = json(&items)?;
    text.truncate(text.len().saturating_sub(1));
    text.drain(..text.len().min(1));
    Ok(text)
}

fn json(value: &impl Serialize) -> io::Result<String> {
    serde_json::to_string(value).map_err(io::Error::other)
}

/// As much is sent at a time as the door takes.
const CHUNK: usize = 64 << 10;

impl<'r, T: Serialize> Responder<'r, 'static> for LongList<T> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            LongList::Whole(list) => list.respond_to(request),
            LongList::Parts(parts) => Response::build()
                .header(ContentType::JSON)
                .streamed_body(StreamReader::new(parts))
                .max_chunk_size(CHUNK)
                .ok(),
        }
    }
}
