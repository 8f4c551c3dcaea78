//! Templates as answers.

use std::io::Cursor;

use askama::Template;
use rocket::http::{ContentType, Status};
use rocket::response::{self, Responder};
use rocket::{Request, Response};

/// A page: any template, rendered when it is answered.
pub struct Page<T>(pub T);

impl<'r, T: Template> Responder<'r, 'static> for Page<T> {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        render(&self.0, Status::Ok)
    }
}

/// `template` as an HTML answer with `status`.
pub fn render<T: Template>(template: &T, status: Status) -> response::Result<'static> {
    let html = template.render().map_err(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        Status::InternalServerError
    })?;
    Response::build()
        .status(status)
        .header(ContentType::HTML)
        .sized_body(html.len(), Cursor::new(html))
        .ok()
}
