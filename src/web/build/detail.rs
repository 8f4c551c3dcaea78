//! The page of a build, put together from the tables and from the logs on disk.

use askama::Template;

use super::super::logs::{LIVE_LOG, Quote};
use super::super::parts::{Masthead, Moment, Shape, Shell, State, Took};
use super::super::{filters, view};
use super::files::{Files, LogPlace};
use super::verdict::{failures, verdict};
use crate::clock::Timestamp;
use crate::model::build::{Build, BuildOptions};
use crate::model::chroot::ChrootRecipe;
use crate::ops::pages::{BuildDetail, BuildPart};
use crate::repo::Layout;
use crate::runner::builder::{Builders, Description};

/// `/coprs/<owner>/<project>/build/<id>/`
#[derive(Template)]
#[template(path = "build/detail.html")]
pub struct BuildPage {
    /// The frame.
    pub shell: Shell,
    /// The project's name and tabs.
    pub head: Masthead,
    /// The build's number.
    pub id: i64,
    /// This page, with a slash at its end.
    pub url: String,
    /// The package, or what it will be made from.
    pub package: String,
    /// The version, once known.
    pub version: String,
    /// The answer to the first question.
    pub verdict: Verdict,
    /// The answer to the second.
    pub failures: Vec<Failure>,
    /// The viewer may stop it.
    pub may_cancel: bool,
    /// The source build, then each chroot.
    pub parts: Vec<Part>,
    /// The log on show.
    pub log: Option<Log>,
    /// When it was handed in.
    pub submitted: Moment,
    /// Who handed it in.
    pub by: Option<String>,
    /// What else there is to know.
    pub facts: Vec<Fact>,
    /// What ran it.
    pub builders: Vec<BuilderNote>,
}

/// How the build stands, in one sentence.
pub struct Verdict {
    /// Its state.
    pub state: State,
    /// "in 1 of 3 chroots, after 2 min 14 s"
    pub sentence: String,
    /// How what it made is installed.
    pub install: Option<String>,
}

/// Why a part failed.
pub struct Failure {
    /// Which part.
    pub place: String,
    /// The reason on record.
    pub reason: String,
    /// The lines of the log that say why.
    pub lines: Vec<Quote>,
    /// The log they are from.
    pub log_url: Option<String>,
}

/// The source build, or one chroot.
pub struct Part {
    /// "Source", or the chroot's name.
    pub title: String,
    /// Where its files are.
    pub dir_url: Option<String>,
    /// How far it is.
    pub state: State,
    /// Why it was skipped, failed or stopped.
    pub message: Option<String>,
    /// How long it took.
    pub took: Took,
    /// Its logs.
    pub logs: Vec<Link>,
    /// What it made.
    pub made: Vec<String>,
}

/// Something to follow.
pub struct Link {
    /// What it is called.
    pub name: String,
    /// Where it leads.
    pub url: String,
}

/// The log on show.
pub struct Log {
    /// The logs there are.
    pub picks: Vec<Pick>,
    /// "complete", "live".
    pub status: &'static str,
    /// Where more of it comes from.
    pub live_url: Option<String>,
    /// Where the whole of it is.
    pub plain_url: Option<String>,
    /// The lines are not all there are.
    pub is_cut: bool,
    /// The last lines.
    pub lines: Vec<String>,
}

/// A log that can be shown.
pub struct Pick {
    /// "Source", or the chroot's name.
    pub title: String,
    /// The page with it on show.
    pub url: String,
    /// It is on show.
    pub chosen: bool,
}

/// Something to know about the build.
pub struct Fact {
    /// What it is.
    pub name: &'static str,
    /// Its value.
    pub text: String,
}

/// What a builder keeps apart.
pub struct BuilderNote {
    /// The builder's name.
    pub name: &'static str,
    /// The chroots it ran.
    pub chroots: String,
    /// What it isolates, and what not.
    pub isolates: String,
}

/// The page.
pub fn page(
    shell: Shell,
    detail: &BuildDetail,
    files: Files,
    layout: &Layout,
    builders: &Builders,
) -> BuildPage {
    let now = Timestamp::now();
    let build = &detail.build;
    let url = view::build_url(&build.owner, &build.project, build.id);
    let places = LogPlace::all(detail, layout);
    BuildPage {
        head: view::masthead(&detail.head, "builds", now),
        id: build.id.0,
        package: view::package_title(build),
        version: build.version.clone().unwrap_or_default(),
        verdict: verdict(detail, now),
        failures: failures(detail, &files, &places, layout),
        may_cancel: detail.may_cancel,
        parts: parts(detail, &files, layout, now),
        log: Some(log(files, &places, &url, detail, layout)),
        submitted: Moment::new(build.submitted_on, now),
        by: build.submitter.as_ref().map(ToString::to_string),
        facts: facts(build, now),
        builders: builder_notes(detail, builders),
        url,
        shell,
    }
}

/// Where the files of a part are; ends with a slash.
pub fn place_url(detail: &BuildDetail, at: usize, layout: &Layout) -> String {
    let build = &detail.build;
    let part = at.checked_sub(1).map(|part| &detail.parts[part].chroot);
    let url = match part {
        None => layout.source_url(&build.owner, &build.dir, build.id) + "/",
        Some(part) => {
            let dir = part.result_dir.as_deref().unwrap_or_default();
            layout.result_url(&build.owner, &build.dir, &part.name, dir)
        }
    };
    view::on_this_server(&url, layout)
}

fn parts(detail: &BuildDetail, files: &Files, layout: &Layout, now: Timestamp) -> Vec<Part> {
    let build = &detail.build;
    let links = |at: usize| {
        let url = place_url(detail, at, layout);
        let link = |name: &String| Link {
            name: name.trim_end_matches(".gz").to_owned(),
            url: format!("{url}{name}"),
        };
        files.logs[at].iter().map(link).collect()
    };
    let source = Part {
        title: "Source".into(),
        dir_url: build.source_started_on.map(|_| place_url(detail, 0, layout)),
        state: build.source_state.into(),
        message: build.source_message.clone(),
        took: Took::new(build.source_started_on, build.source_ended_on, now),
        logs: links(0),
        made: build.srpm.iter().cloned().collect(),
    };
    let chroot = |(at, part): (usize, &BuildPart)| {
        let BuildPart { chroot, packages, .. } = part;
        let ran = chroot.result_dir.is_some();
        let made = packages.iter().filter(|nevra| nevra.arch != "src");
        Part {
            title: chroot.name.to_string(),
            dir_url: ran.then(|| place_url(detail, at + 1, layout)),
            state: chroot.state.into(),
            message: chroot.message.clone(),
            took: if ran { Took::new(chroot.started_on, chroot.ended_on, now) } else { Took::Not },
            logs: links(at + 1),
            made: made.map(ToString::to_string).collect(),
        }
    };
    std::iter::once(source).chain(detail.parts.iter().enumerate().map(chroot)).collect()
}

fn log(files: Files, places: &[LogPlace], url: &str, detail: &BuildDetail, layout: &Layout) -> Log {
    let shown = files.shown;
    let place = &places[shown];
    let tail = files.tail.unwrap_or_default();
    let pick = |(at, place): (usize, &LogPlace)| Pick {
        title: if at == 0 { "Source".into() } else { place.name.clone() },
        url: format!("{url}?log={}#log", place.name),
        chosen: at == shown,
    };
    let name = files.logs[shown].iter().find(|name| name.starts_with(LIVE_LOG));
    Log {
        picks: places.iter().enumerate().map(pick).collect(),
        status: match (place.is_finished, place.dir.is_some()) {
            (true, true) => "complete",
            (true, false) => "never begun",
            (false, true) => "growing",
            (false, false) => "not begun yet",
        },
        live_url: (!place.is_finished)
            .then(|| format!("{url}live?log={}&offset={}", place.name, tail.end)),
        plain_url: name.map(|name| format!("{}{name}", place_url(detail, shown, layout))),
        is_cut: tail.is_cut,
        lines: tail.lines,
    }
}

fn facts(build: &Build, now: Timestamp) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |name, text: String| facts.push(Fact { name, text });
    if let Some(source) = build.source.describe() {
        add("Source", source);
    }
    if !build.dir.is_main() {
        add("Directory", build.dir.to_string());
    }
    let exact = |at: Timestamp| Moment::new(at, now).exact;
    if let Some(at) = build.source_started_on.or(build.started_on) {
        add("Started", exact(at));
    }
    if let Some(at) = build.ended_on {
        add("Ended", exact(at));
    }
    let BuildOptions { background, timeout, enable_net, bootstrap, isolation } = &build.options;
    add("Time limit for each part", filters::span(timeout.as_secs()));
    add("Network while building", if *enable_net { "on" } else { "off" }.into());
    if let Some(bootstrap) = bootstrap {
        add("Bootstrap", bootstrap.to_string());
    }
    if let Some(isolation) = isolation {
        add("Isolation", isolation.to_string());
    }
    if *background {
        add("Priority", "low".into());
    }
    facts
}

fn builder_notes(detail: &BuildDetail, builders: &Builders) -> Vec<BuilderNote> {
    let mut notes: Vec<BuilderNote> = Vec::new();
    for part in &detail.parts {
        let description = match &part.recipe {
            None => continue,
            Some(ChrootRecipe::Mock { .. }) => builders.mock.describe(),
            Some(ChrootRecipe::Sandbox { .. }) => builders.sandbox.describe(),
        };
        let name = part.chroot.name.to_string();
        match notes.iter_mut().find(|note| note.name == description.name) {
            Some(note) => note.chroots = format!("{}, {name}", note.chroots),
            None => notes.push(note(&description, name)),
        }
    }
    notes
}

fn note(description: &Description, chroots: String) -> BuilderNote {
    let network = if description.cuts_network {
        "There is no network unless the build asks for it"
    } else {
        "The network can be reached even by builds that do not ask for it"
    };
    let isolation = description.isolation.trim_end_matches('.');
    BuilderNote { name: description.name, chroots, isolates: format!("{isolation}. {network}.") }
}
