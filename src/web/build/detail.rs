//! The page of a build, put together from the tables and from the logs on disk.

use askama::Template;

use super::super::logs::{LIVE_LOG, Line};
use super::super::parts::{Masthead, Moment, Shape, Shell, State, Took};
use super::super::session::encode;
use super::super::{filters, view};
use super::again::{self, repeat_command};
use super::files::{Files, LogPlace, Names};
use super::source::source_facts;
use super::stages::{self, StageBar};
use super::verdict::{failures, verdict};
use crate::clock::Timestamp;
use crate::model::build::{Build, BuildOptions};
use crate::model::chroot::ChrootRecipe;
use crate::model::source::SourceSpec;
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
    /// The viewer may delete it.
    pub may_delete: bool,
    /// Where it is handed in again, for who may.
    pub again_url: Option<String>,
    /// The source build, then each chroot.
    pub parts: Vec<Part>,
    /// The log on show.
    pub log: Option<Log>,
    /// When it was handed in.
    pub submitted: Moment,
    /// Who handed it in.
    pub by: Option<String>,
    /// The builds that it belongs to.
    pub batch: Option<i64>,
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

/// Why some parts failed.
pub struct Failure {
    /// Which parts, with the line that says so in the log of each; no address where there is none.
    pub places: Vec<Link>,
    /// The reason, as the log tells it.
    pub headline: Option<String>,
    /// The reason on record.
    pub reason: String,
    /// The stage that failed.
    pub stage: Option<&'static str>,
    /// Whose words the headline is.
    pub tool: &'static str,
    /// What to do about it.
    pub advice: Option<String>,
    /// The lines of the log that say so.
    pub lines: Vec<QuotedLine>,
    /// The page of the log; empty where there is none.
    pub log_url: String,
}

/// A line quoted from a log.
pub struct QuotedLine {
    /// Its number.
    pub number: u64,
    /// Its text.
    pub text: String,
    /// It is one that says what is wrong.
    pub loud: bool,
    /// Lines before it are left out.
    pub gap: bool,
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
    pub made: Vec<Made>,
    /// How many more files it made than are listed.
    pub made_more: usize,
    /// The list of what was installed while it was built.
    pub installed_url: Option<String>,
    /// The configuration that it was built with.
    pub configs_url: Option<String>,
    /// The command that builds it again elsewhere.
    pub again: Option<String>,
}

/// A file that a build made.
pub struct Made {
    /// Its name.
    pub name: String,
    /// Where it is; empty where it is not any more.
    pub url: String,
    /// "12.4 kB"; empty where it is not there.
    pub size: String,
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
    /// The page with the log alone.
    pub page_url: Option<String>,
    /// Where the whole of it is.
    pub plain_url: Option<String>,
    /// The page of the log with what comes before these lines.
    pub earlier_url: Option<String>,
    /// The last lines.
    pub lines: Vec<Line>,
    /// The number of the next line.
    pub next_number: u64,
    /// The line to go to for what went wrong.
    pub first_error: Option<u64>,
    /// That line is among these.
    pub has_first_error: bool,
    /// The stages it went through.
    pub stages: Vec<StageBar>,
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
        failures: failures(detail, &files, &places, &url),
        may_cancel: detail.may_cancel,
        may_delete: detail.may_delete,
        again_url: again::url(detail),
        parts: parts(detail, &files, layout, now),
        log: Some(log(files, &places, &url, detail, layout)),
        submitted: Moment::new(build.submitted_on, now),
        by: build.submitter.as_ref().map(ToString::to_string),
        batch: build.batch.map(|batch| batch.0),
        facts: facts(build, now),
        // What was built elsewhere nobody here has kept apart.
        builders: match build.source {
            SourceSpec::RpmUpload { .. } => Vec::new(),
            _ => builder_notes(detail, builders),
        },
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

/// When a part was over, or now, in milliseconds since 1970.
pub fn ended(detail: &BuildDetail, at: usize) -> u64 {
    let ended = match at.checked_sub(1) {
        None => detail.build.source_ended_on,
        Some(part) => detail.parts[part].chroot.ended_on,
    };
    u64::try_from(ended.unwrap_or_else(Timestamp::now).0).unwrap_or(0) * 1000
}

/// More files than these are not listed one by one.
const MOST_MADE: usize = 16;

fn parts(detail: &BuildDetail, files: &Files, layout: &Layout, now: Timestamp) -> Vec<Part> {
    let build = &detail.build;
    let page = view::build_url(&build.owner, &build.project, build.id);
    let fill = |at: usize, part: Part| {
        let names = &files.names[at];
        let dir = place_url(detail, at, layout);
        let place = if at == 0 { "source" } else { &part.title };
        let log = |name: &String| {
            let name = name.strip_suffix(".gz").unwrap_or(name).to_owned();
            Link { url: format!("{page}log/{place}/{name}"), name }
        };
        let installed = names.log("installed_pkgs.log");
        Part {
            logs: names.logs.iter().map(log).collect(),
            made: made(names, &dir),
            made_more: names.packages.len().saturating_sub(MOST_MADE),
            installed_url: installed.map(|_| format!("{page}log/{place}/installed_pkgs.log")),
            configs_url: names.configs.as_ref().map(|name| format!("{dir}{name}")),
            ..part
        }
    };
    let source = Part {
        dir_url: build.source_started_on.map(|_| place_url(detail, 0, layout)),
        message: build.source_message.clone(),
        took: Took::new(build.source_started_on, build.source_ended_on, now),
        ..Part::new("Source".into(), build.source_state.into())
    };
    let chroot = |(at, part): (usize, &BuildPart)| {
        let BuildPart { chroot, packages, .. } = part;
        let ran = chroot.result_dir.is_some();
        let mut shown = fill(
            at + 1,
            Part {
                dir_url: ran.then(|| place_url(detail, at + 1, layout)),
                message: chroot.message.clone(),
                took: if ran {
                    Took::new(chroot.started_on, chroot.ended_on, now)
                } else {
                    Took::Not
                },
                again: repeat_command(build, part, layout),
                ..Part::new(chroot.name.to_string(), chroot.state.into())
            },
        );
        // Pruned, or on a disk that is away: what it made is known all the same.
        if shown.made.is_empty() {
            let binary = packages.iter().filter(|nevra| nevra.arch != "src");
            let gone = |name: String| Made { name, url: String::new(), size: String::new() };
            shown.made = binary.map(|nevra| gone(nevra.to_string())).take(MOST_MADE).collect();
        }
        shown
    };
    std::iter::once(fill(0, source)).chain(detail.parts.iter().enumerate().map(chroot)).collect()
}

impl Part {
    fn new(title: String, state: State) -> Part {
        Part {
            title,
            dir_url: None,
            state,
            message: None,
            took: Took::Not,
            logs: Vec::new(),
            made: Vec::new(),
            made_more: 0,
            installed_url: None,
            configs_url: None,
            again: None,
        }
    }
}

fn made(names: &Names, dir: &str) -> Vec<Made> {
    let file = |(name, size): &(String, u64)| Made {
        name: name.clone(),
        url: format!("{dir}{}", encode(name)),
        size: filters::size(*size),
    };
    names.packages.iter().take(MOST_MADE).map(file).collect()
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
    let name = files.names[shown].log(LIVE_LOG);
    let page_url = format!("{url}log/{}/{LIVE_LOG}", place.name);
    let first_error = files.reasons[shown].as_ref().and_then(|reason| reason.first_line());
    let next_number = tail.next_number();
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
        earlier_url: (tail.start > 0)
            .then(|| format!("{page_url}?at={}", tail.start.saturating_sub(super::log::PAGE))),
        page_url: name.map(|_| page_url),
        plain_url: name.map(|name| format!("{}{name}", place_url(detail, shown, layout))),
        has_first_error: tail.lines.iter().any(|line| Some(line.number) == first_error),
        lines: tail.lines,
        next_number,
        first_error,
        stages: stages::bars(&files.marks, ended(detail, shown)),
    }
}

fn facts(build: &Build, now: Timestamp) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |name, text: String| facts.push(Fact { name, text });
    for (name, text) in source_facts(&build.source) {
        add(name, text);
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
