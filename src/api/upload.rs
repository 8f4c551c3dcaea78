//! `/tmp`: uploaded files, for as long as their build has not taken them in.

use rocket::fs::NamedFile;
use rocket::http::ContentType;
use rocket::{Route, State, get, routes};

use crate::ops::App;

#[get("/tmp/<dir>/<file>")]
async fn uploaded(app: &State<App>, dir: &str, file: &str) -> Option<(ContentType, NamedFile)> {
    let is_dir = !dir.is_empty() && dir.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let is_file = !file.starts_with('.') && !file.contains(['/', '\0']);
    if !is_dir || !is_file {
        return None;
    }
    let file = NamedFile::open(app.layout().uploads().join(dir).join(file)).await.ok()?;
    Some((ContentType::Binary, file))
}

pub(super) fn routes() -> Vec<Route> {
    routes![uploaded]
}
