//! The log of a build as it grows, as server-sent events.
//!
//! `log` carries whole lines, made harmless, and as its id the byte after them, so that a browser that has lost
//! the connection goes on where it was; `state` says that a part of the build has moved on; `end`
//! that the log is complete.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rocket::futures::Stream;
use rocket::request::{FromRequest, Outcome};
use rocket::response::stream::{Event, EventStream};
use rocket::{Request, Shutdown, State, get};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::{select, time};

use super::super::error::PageError;
use super::super::{ansi, logs};
use super::files::LogPlace;
use crate::http::events::Unbuffered;
use crate::model::BuildId;
use crate::ops::pages::BuildDetail;
use crate::ops::{App, pages};
use crate::runner::log::{LogReader, PIECE, Progress};

/// A look at the tables at most this often, however often they are written to.
const PAUSE: Duration = Duration::from_millis(250);
/// And at least this often: another process's writes are not announced.
const LONGEST: Duration = Duration::from_secs(5);

/// Where a browser that has lost the connection wants to go on.
pub(super) struct LastEventId(Option<u64>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LastEventId {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<LastEventId, ()> {
        let id = request.headers().get_one("Last-Event-ID");
        Outcome::Success(LastEventId(id.and_then(|id| id.parse().ok())))
    }
}

/// Follows the log `log` of a build from byte `offset`.
#[get("/coprs/<_>/<_>/build/<id>/live?<log>&<offset>")]
pub(super) async fn follow(
    app: &State<App>,
    id: BuildId,
    log: Option<&str>,
    offset: Option<u64>,
    last: LastEventId,
    mut end: Shutdown,
) -> Result<Unbuffered<impl Stream<Item = Event>>, PageError> {
    let wanted = log.unwrap_or("source").to_owned();
    let mut follower = Follower {
        app: app.inner().clone(),
        id,
        wanted,
        at: last.0.or(offset).unwrap_or(0),
        reader: None,
        path: None,
        states: String::new(),
        writes: app.store.writes(),
    };
    // Asked for once before the answer begins, so that a wrong address is a 404.
    let mut place = follower.look().await?.0;
    let stream = EventStream! {
        loop {
            let was_finished = place.is_finished;
            let mut progress = place.live_log().and_then(|path| follower.app.runner.logs().follow(&path));
            match follower.read_on(&place).await {
                Ok(Some((text, at))) => {
                    yield Event::data(text).event("log").id(at.to_string());
                    continue;
                }
                Ok(None) if was_finished => {
                    yield Event::data("").event("end");
                    break;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, build = %follower.id, "cannot follow a log");
                    break;
                }
            }
            select! {
                () = follower.pause(progress.as_mut()) => {}
                () = &mut end => break,
            }
            match follower.look().await {
                Ok((now, has_changed)) => {
                    place = now;
                    if has_changed {
                        yield Event::data("changed").event("state");
                    }
                }
                // Deleted meanwhile, or the server is ending.
                Err(_) => break,
            }
        }
    };
    Ok(Unbuffered(stream))
}

/// Whole lines, and the byte after them.
type News = (String, u64);

/// Follows one log of one build.
struct Follower {
    app: App,
    id: BuildId,
    /// The log's name in addresses.
    wanted: String,
    /// The byte to go on from.
    at: u64,
    /// The log, once it is there. Held open, so that its being packed changes nothing.
    reader: Option<LogReader>,
    /// The file that it reads.
    path: Option<PathBuf>,
    /// The states of all parts when they were last looked at.
    states: String,
    writes: watch::Receiver<u64>,
}

impl Follower {
    /// Where the log is now, and whether any part of the build has moved on since the last look.
    async fn look(&mut self) -> Result<(LogPlace, bool), PageError> {
        let (id, layout) = (self.id, self.app.layout());
        let detail = self.app.store.read(move |db| pages::build_detail(db, id, None)).await?;
        let place = LogPlace::all(&detail, &layout)
            .into_iter()
            .find(|place| place.name == self.wanted)
            .ok_or_else(|| PageError::not_found(format!("Build {id} has no such log.")))?;
        let states = states(&detail);
        let has_changed = !self.states.is_empty() && self.states != states;
        self.states = states;
        Ok((place, has_changed))
    }

    /// The next whole lines; `None` when there are none for now.
    async fn read_on(&mut self, place: &LogPlace) -> io::Result<Option<News>> {
        let Some(path) = place.live_log() else { return Ok(None) };
        if self.path.as_ref() != Some(&path) {
            // A build that is tried again leaves its results elsewhere, and begins a new log.
            if self.path.is_some() {
                self.at = 0;
            }
            (self.reader, self.path) = (None, Some(path.clone()));
        }
        let (reader, at, all) = (self.reader.take(), self.at, place.is_finished);
        let read = move || -> io::Result<(Option<LogReader>, Option<News>)> {
            let Some(mut reader) =
                reader.map_or_else(|| LogReader::open(&path), |r| Ok(Some(r)))?
            else {
                return Ok((None, None));
            };
            if reader.at != at {
                reader.seek(at)?;
            }
            let piece = reader.piece()?;
            // Lines come whole; one that fills the piece, and the last one, come as they are.
            let is_end = all || !reader.is_growing() || piece.len() == PIECE;
            let whole = match logs::whole_lines(&piece) {
                0 if is_end => piece.len(),
                whole => whole,
            };
            if whole == 0 {
                return Ok((Some(reader), None));
            }
            Ok((Some(reader), Some((event(&piece[..whole]), at + whole as u64))))
        };
        let (reader, found) =
            tokio::task::spawn_blocking(read).await.map_err(io::Error::other)??;
        self.reader = reader;
        if let Some((_, at)) = &found {
            self.at = *at;
        }
        Ok(found)
    }

    /// Waits until there may be something new.
    async fn pause(&mut self, progress: Option<&mut watch::Receiver<Progress>>) {
        time::sleep(PAUSE).await;
        let grown = async {
            match progress {
                // An error says that the log has ended.
                Some(progress) => drop(progress.changed().await),
                None => std::future::pending().await,
            }
        };
        select! {
            () = grown => {}
            _ = self.writes.changed() => {}
            () = time::sleep(LONGEST) => {}
        }
    }
}

/// Lines as one value of JSON: a list with a text for each plain line, and for each coloured one
/// a list of pairs of classes and text.
fn event(text: &[u8]) -> String {
    let line = |line: &[u8]| {
        let pieces = ansi::pieces(line);
        match pieces.as_slice() {
            [] => json!(""),
            [plain] if plain.class.is_empty() => json!(plain.text),
            pieces => pieces.iter().map(|piece| json!([piece.class, piece.text])).collect(),
        }
    };
    logs::lines(text).map(line).collect::<Value>().to_string()
}

/// What changes when a part of the build moves on.
fn states(detail: &BuildDetail) -> String {
    let parts = detail.parts.iter().map(|part| part.chroot.state.as_str());
    std::iter::once(detail.build.source_state.as_str()).chain(parts).collect::<Vec<_>>().join(" ")
}
