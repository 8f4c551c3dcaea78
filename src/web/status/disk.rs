//! What projects hold on the disk.

use askama::Template;
use rocket::{State, get};

use super::super::charts::{Bar, bytes};
use super::super::error::PageError;
use super::super::parts::{Moment, Shell};
use super::super::{filters, view};
use super::Head;
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::ops::{App, disk as on_disk, queue};
use crate::store::sizes::Size;

/// `/status/disk/`
#[derive(Template)]
#[template(path = "status/disk.html")]
pub struct DiskPage {
    /// The frame.
    pub shell: Shell,
    /// What stands above.
    pub head: Head,
    /// What all projects hold.
    pub total: String,
    /// In how many files.
    pub files: String,
    /// How much room is left.
    pub free: String,
    /// The projects that hold most.
    pub rows: Vec<SizeRow>,
}

/// What a project holds.
pub struct SizeRow {
    /// `owner/project`.
    pub project: String,
    /// Its page.
    pub url: String,
    /// How much.
    pub size: String,
    /// The same as a bar.
    pub bar: Bar,
    /// In how many files.
    pub files: String,
    /// When that was so.
    pub measured: Option<Moment>,
}

/// What projects hold on the disk.
#[get("/status/disk")]
pub async fn disk(app: &State<App>, shell: Shell) -> Result<Page<DiskPage>, PageError> {
    let counts = app.store.read(queue::counts).await?;
    let found = on_disk::look(app).await?;
    let now = Timestamp::now();
    let most = found.largest.first().map_or(0, |size| size.bytes);
    let row = |size: &Size| SizeRow {
        project: format!("{}/{}", size.owner, size.project),
        url: view::project_url(&size.owner, &size.project),
        size: bytes(size.bytes),
        bar: Bar::draw(most, &[("busy", size.bytes)]),
        files: filters::in_thousands(size.files),
        measured: size.measured_on.map(|at| Moment::new(at, now)),
    };
    Ok(Page(DiskPage {
        shell,
        head: Head::new("disk", &counts),
        total: bytes(found.total.0),
        files: filters::in_thousands(found.total.1),
        free: bytes(found.free),
        rows: found.largest.iter().map(row).collect(),
    }))
}
