//! A log on a page of its own: a part of it, with ways to the parts before and after.

use askama::Template;
use rocket::{State, get};

use super::files::{LogPlace, Names};
use super::reasons::Reasons;
use super::stages::{self, StageBar};
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::{BuildId, Owner, ProjectName};
use crate::ops::pages::BuildDetail;
use crate::ops::{App, pages};
use crate::web::error::PageError;
use crate::web::filters;
use crate::web::logs::{self, LIVE_LOG, Line, Place};
use crate::web::parts::{Masthead, Shell};
use crate::web::session::encode;
use crate::web::view;

/// How much of a log is on one page.
pub const PAGE: u64 = 64 * 1024;

/// `/coprs/<owner>/<project>/build/<id>/log/<place>/<name>`
#[derive(Template)]
#[template(path = "build/log.html")]
pub struct LogPage {
    /// The frame.
    pub shell: Shell,
    /// The project's name and tabs.
    pub head: Masthead,
    /// The build's number.
    pub id: i64,
    /// The build's page.
    pub build_url: String,
    /// What was built.
    pub package: String,
    /// "Source", or the chroot's name.
    pub place: String,
    /// The log's name.
    pub name: String,
    /// This page, without what is said behind a question mark.
    pub url: String,
    /// The file.
    pub plain_url: String,
    /// The other logs of the same place.
    pub others: Vec<(String, String)>,
    /// The lines.
    pub lines: Vec<Line>,
    /// The part before.
    pub earlier: Option<u64>,
    /// The part after.
    pub later: Option<u64>,
    /// "lines 12–812, of 3.4 MiB"
    pub position: String,
    /// The line to go to for what went wrong.
    pub first_error: Option<u64>,
    /// Where more of it comes from, at its end.
    pub live_url: Option<String>,
    /// The number of the next line.
    pub next_number: u64,
    /// The stages it went through.
    pub stages: Vec<StageBar>,
}

/// A part of a log: its end, from byte `at` on, or around a line.
#[get("/coprs/<owner>/<name>/build/<id>/log/<place>/<log>?<at>&<line>")]
#[expect(clippy::too_many_arguments, reason = "each is a guard or a part of the address")]
pub async fn show(
    app: &State<App>,
    reasons: &State<Reasons>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    id: BuildId,
    place: &str,
    log: &str,
    at: Option<u64>,
    line: Option<u64>,
) -> Result<Page<LogPage>, PageError> {
    let viewer = shell.viewer.clone();
    let detail = app.store.read(move |db| pages::build_detail(db, id, viewer.as_ref())).await?;
    super::check_project(&detail, &owner, &name)?;
    let layout = app.layout();
    let missing = || PageError::not_found(format!("Build {id} has no log {log} of {place}."));
    let places = LogPlace::all(&detail, &layout);
    let at_place = places.iter().position(|known| known.name == place).ok_or_else(missing)?;
    let asked = match (at, line) {
        (_, Some(line)) => Place::Line(line),
        (Some(at), None) => Place::Byte(at),
        (None, None) => Place::End,
    };
    let known = places[at_place].clone();
    let (growing, wanted) = (app.runner.logs().clone(), log.trim_end_matches(".gz").to_owned());
    let reasons = Reasons::clone(reasons);
    let read = move || Read::from(&known, &wanted, asked, &growing, &reasons);
    let read = tokio::task::spawn_blocking(read)
        .await
        .map_err(|error| PageError::internal("reading a log", &error))?
        .map_err(|error| PageError::internal("reading a log", &error))?
        .ok_or_else(missing)?;
    Ok(Page(page(shell, &detail, (&places, at_place), read, app)))
}

/// What is read from the disk.
struct Read {
    names: Names,
    /// The log's name, without the ending that packing has given it.
    name: String,
    part: logs::Part,
    first_error: Option<u64>,
    marks: Vec<crate::runner::log::Mark>,
}

impl Read {
    fn from(
        place: &LogPlace,
        wanted: &str,
        asked: Place,
        live: &crate::runner::log::LiveLogs,
        reasons: &Reasons,
    ) -> std::io::Result<Option<Read>> {
        let Some(dir) = &place.dir else { return Ok(None) };
        let names = Names::read(Some(dir));
        // Only what was found there is opened: the address says nothing about paths.
        if names.log(wanted).is_none() {
            return Ok(None);
        }
        let path = dir.join(wanted);
        let Some(part) = logs::part(&path, asked, PAGE, live.extent(&path))? else {
            return Ok(None);
        };
        let has_reason = wanted == LIVE_LOG && place.has_failed;
        Ok(Some(Read {
            first_error: has_reason.then(|| reasons.of(&path).first_line()).flatten(),
            marks: stages::marks(&path, live),
            name: wanted.to_owned(),
            names,
            part,
        }))
    }
}

fn page(
    shell: Shell,
    detail: &BuildDetail,
    (places, at): (&[LogPlace], usize),
    read: Read,
    app: &App,
) -> LogPage {
    let now = Timestamp::now();
    let build = &detail.build;
    let build_url = view::build_url(&build.owner, &build.project, build.id);
    let place = &places[at];
    let url = |name: &str| format!("{build_url}log/{}/{}", place.name, encode(name));
    let dir = super::detail::place_url(detail, at, &app.layout());
    let plain = |name: &String| name.strip_suffix(".gz").unwrap_or(name).to_owned();
    let Read { names, name, part, first_error, marks } = read;
    let file = names.log(&name).unwrap_or(&name);
    let follows = name == LIVE_LOG && !place.is_finished && !part.more;
    LogPage {
        head: view::masthead(&detail.head, "builds", now),
        id: build.id.0,
        package: view::package_title(build),
        place: if at == 0 { "Source".into() } else { place.name.clone() },
        plain_url: format!("{dir}{file}"),
        others: names.logs.iter().map(plain).map(|name| (url(&name), name)).collect(),
        earlier: (part.start > 0).then(|| part.start.saturating_sub(PAGE)),
        later: part.more.then_some(part.end),
        position: position(&part),
        first_error,
        live_url: follows
            .then(|| format!("{build_url}live?log={}&offset={}", place.name, part.end)),
        next_number: part.next_number(),
        stages: stages::bars(&marks, super::detail::ended(detail, at)),
        lines: part.lines,
        url: url(&name),
        build_url,
        name,
        shell,
    }
}

fn position(part: &logs::Part) -> String {
    let size = filters::size(part.length);
    match (part.lines.first(), part.lines.last()) {
        (Some(first), Some(last)) => {
            let number = |line: &Line| filters::in_thousands(line.number);
            format!("lines {} to {}, of {size}", number(first), number(last))
        }
        _ => size,
    }
}
