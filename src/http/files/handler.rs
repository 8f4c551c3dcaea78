//! The Rocket side: requests become questions, answers become responses.

use std::io::{self, Cursor};
use std::path::Path;
use std::sync::Arc;

use rocket::http::{ContentType, Method, Status};
use rocket::response::{Builder, Response};
use rocket::route::{Handler, Outcome};
use rocket::{Data, Request, Route};
use tokio::io::AsyncReadExt;

use super::answer::{self, Answer, Content, FileAnswer, Part, Question};
use super::conditions::Conditions;
use super::kind;
use super::path::TreePath;
use super::tree::Root;
use crate::http::cache::CachePolicy;

/// How much of a large file is read and sent at a time. With Rocket's 4 KiB a download takes four
/// to fourteen times the CPU.
const CHUNK: usize = 256 << 10;

/// Files come from packagers: a browser must not run them as this site's pages.
const SANDBOX: &str = "sandbox";
/// Listings are ours, but stand among them; without `allow-downloads` their links do nothing.
const LISTING_POLICY: &str =
    "sandbox allow-downloads; default-src 'none'; style-src 'unsafe-inline'";

/// Serves a directory tree, read-only, with ranges, validators and listings.
///
/// Mount it: `rocket.mount("/results", ResultsTree::open(&path)?)`.
#[derive(Clone)]
pub struct ResultsTree {
    root: Arc<Root>,
}

impl ResultsTree {
    /// The tree below `path`, which must exist.
    pub fn open(path: &Path) -> io::Result<ResultsTree> {
        Ok(ResultsTree { root: Arc::new(Root::open(path)?) })
    }
}

impl From<ResultsTree> for Vec<Route> {
    fn from(tree: ResultsTree) -> Vec<Route> {
        // HEAD has a route of its own: Rocket's way of deriving it logs an error each time.
        [Method::Get, Method::Head]
            .map(|method| {
                let mut route = Route::ranked(10, method, "/<path..>", tree.clone());
                route.name = Some("results".into());
                route
            })
            .into()
    }
}

#[rocket::async_trait]
impl Handler for ResultsTree {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        let Ok(path) = request.segments::<TreePath>(0..) else {
            return Outcome::Success(missing());
        };
        let headers = request.headers();
        let question = Question {
            path,
            address: request.uri().path().as_str().to_owned(),
            head: request.method() == Method::Head,
            unpacks: kind::unpacks(
                headers.get_one("Accept-Encoding"),
                headers.get_one("User-Agent"),
            ),
            conditions: Conditions::of(headers),
        };
        let root = self.root.clone();
        let found = tokio::task::spawn_blocking(move || answer::find(&root, &question)).await;
        match found.map_err(io::Error::other).flatten() {
            Ok(answer) => Outcome::Success(respond(answer)),
            Err(error) => {
                tracing::error!(%error, path = %request.uri().path(), "cannot read the results tree");
                Outcome::Error(Status::InternalServerError)
            }
        }
    }
}

fn respond(answer: Answer) -> Response<'static> {
    match answer {
        Answer::Missing => missing(),
        Answer::Moved(address) => redirect(Status::MovedPermanently, address),
        Answer::Elsewhere(address) => redirect(Status::Found, address),
        Answer::Listing(html) => start(Status::Ok, LISTING_POLICY)
            .header(ContentType::HTML)
            .header(CachePolicy::Revalidate)
            .sized_body(html.len(), Cursor::new(html))
            .finalize(),
        Answer::File(file) => send(file),
    }
}

fn start(status: Status, policy: &'static str) -> Builder<'static> {
    let mut response = Response::build();
    response
        .status(status)
        .raw_header("X-Content-Type-Options", "nosniff")
        .raw_header("Content-Security-Policy", policy);
    response
}

fn missing() -> Response<'static> {
    const TEXT: &str = "404: there is nothing at this address.\n";
    start(Status::NotFound, SANDBOX)
        .header(ContentType::Plain)
        .header(CachePolicy::Revalidate)
        .sized_body(TEXT.len(), Cursor::new(TEXT))
        .finalize()
}

fn redirect(status: Status, address: String) -> Response<'static> {
    start(status, SANDBOX)
        .raw_header("Location", address)
        .header(CachePolicy::Revalidate)
        .finalize()
}

fn send(file: FileAnswer) -> Response<'static> {
    let FileAnswer { kind, etag, modified, len, content } = file;
    let mut response = start(Status::Ok, SANDBOX);
    response
        .header(kind.cache)
        .raw_header("ETag", etag)
        .raw_header("Last-Modified", httpdate::fmt_http_date(modified))
        .raw_header("Accept-Ranges", "bytes");
    if kind.varies {
        response.raw_header("Vary", "Accept-Encoding, User-Agent");
    }
    let part = match &content {
        Content::NotModified => return response.status(Status::NotModified).finalize(),
        Content::Beyond => {
            return response
                .status(Status::RangeNotSatisfiable)
                .raw_header("Content-Range", format!("bytes */{len}"))
                .finalize();
        }
        Content::Head(part) | Content::Small(part, _) | Content::Large(part, _) => part.clone(),
    };
    response.raw_header("Content-Type", kind.content_type);
    if kind.unpacked {
        response.raw_header("Content-Encoding", "gzip");
    }
    if part.partial {
        let (first, last) = (part.bytes.start, part.bytes.end - 1);
        response
            .status(Status::PartialContent)
            .raw_header("Content-Range", format!("bytes {first}-{last}/{len}"));
    }
    attach(&mut response, &part, content);
    response.finalize()
}

fn attach(response: &mut Builder<'static>, part: &Part, content: Content) {
    match content {
        Content::Small(_, bytes) => {
            response.sized_body(bytes.len(), Cursor::new(bytes)).max_chunk_size(CHUNK);
        }
        Content::Large(_, file) => {
            let mut file = tokio::fs::File::from_std(file);
            file.set_max_buf_size(CHUNK);
            response
                .raw_header("Content-Length", part.len().to_string())
                .streamed_body(file.take(part.len()))
                .max_chunk_size(CHUNK);
        }
        _ => {
            response.raw_header("Content-Length", part.len().to_string());
        }
    }
}
