//! What of a build's page comes from the disk: its logs.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::logs::{self, LIVE_LOG, Quote, Tail};
use crate::model::{ChrootState, SourceState};
use crate::ops::pages::{BuildDetail, BuildPart};
use crate::repo::Layout;

/// How much of a log's end the page shows.
const SHOWN: usize = 24 * 1024;
/// How much of a failed log's end is searched for the reason.
const SEARCHED: usize = 96 * 1024;

/// One of a build's logs, as addresses name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// `source`, or the chroot's name.
    pub name: String,
    /// The directory with the logs, once there is one.
    pub dir: Option<PathBuf>,
    /// Nothing more will come.
    pub is_finished: bool,
}

impl LogPlace {
    /// All of a build's, in the order of the page.
    pub fn all(detail: &BuildDetail, layout: &Layout) -> Vec<LogPlace> {
        let build = &detail.build;
        let has_begun = build.source_started_on.is_some();
        let source = LogPlace {
            name: "source".into(),
            dir: has_begun.then(|| layout.source(&build.owner, &build.dir, build.id)),
            is_finished: build.source_state.is_finished(),
        };
        let chroot = |part: &BuildPart| {
            let dir = part.chroot.result_dir.as_deref();
            LogPlace {
                name: part.chroot.name.to_string(),
                dir: dir
                    .map(|name| layout.result(&build.owner, &build.dir, &part.chroot.name, name)),
                is_finished: part.chroot.state.is_finished(),
            }
        };
        std::iter::once(source).chain(detail.parts.iter().map(chroot)).collect()
    }

    /// The log that tells everything.
    pub fn live_log(&self) -> Option<PathBuf> {
        self.dir.as_ref().map(|dir| dir.join(LIVE_LOG))
    }
}

/// Which log to show when nobody has said: what is at work, else what has failed, else the last
/// that there is.
fn default_place(detail: &BuildDetail) -> usize {
    let chroot = |wanted: fn(ChrootState) -> bool| {
        detail.parts.iter().position(|part| wanted(part.chroot.state)).map(|at| at + 1)
    };
    if !detail.build.source_state.is_finished() {
        return 0;
    }
    chroot(|state| matches!(state, ChrootState::Running | ChrootState::Starting))
        .or_else(|| chroot(|state| state == ChrootState::Failed))
        .or_else(|| chroot(|state| state == ChrootState::Pending))
        .or_else(|| detail.parts.iter().position(|p| p.chroot.result_dir.is_some()).map(|p| p + 1))
        .unwrap_or(0)
}

/// What of a page comes from the disk.
pub struct Files {
    /// The names of the logs of each place.
    pub logs: Vec<Vec<String>>,
    /// The lines that say why, for each place that failed.
    pub reasons: Vec<Vec<Quote>>,
    /// Which log is on show.
    pub shown: usize,
    /// Its end.
    pub tail: Option<Tail>,
}

impl Files {
    /// Reads them. Blocks. A file that cannot be read is one that is not there: the page must
    /// not fail because of a log.
    pub fn read(detail: &BuildDetail, layout: &Layout, wanted: Option<&str>) -> Files {
        let places = LogPlace::all(detail, layout);
        let shown = wanted
            .and_then(|name| places.iter().position(|place| place.name == name))
            .unwrap_or_else(|| default_place(detail));
        let end = |place: &LogPlace, bytes| {
            place.live_log().and_then(|path| logs::tail(&path, bytes).unwrap_or_default())
        };
        let has_failed = |at: usize| match at.checked_sub(1) {
            None => detail.build.source_state == SourceState::Failed,
            Some(part) => detail.parts[part].chroot.state == ChrootState::Failed,
        };
        let reason = |(at, place): (usize, &LogPlace)| {
            let tail = has_failed(at).then(|| end(place, SEARCHED)).flatten().unwrap_or_default();
            logs::why(&tail.lines)
        };
        Files {
            logs: places.iter().map(|place| log_names(place.dir.as_deref())).collect(),
            reasons: places.iter().enumerate().map(reason).collect(),
            shown,
            tail: end(&places[shown], SHOWN),
        }
    }
}

/// The logs in a result directory, the telling ones first.
fn log_names(dir: Option<&Path>) -> Vec<String> {
    let Some(entries) = dir.and_then(|dir| fs::read_dir(dir).ok()) else { return Vec::new() };
    let is_log =
        |name: &String| name.strip_suffix(".gz").unwrap_or(name).strip_suffix(".log").is_some();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(is_log)
        .collect();
    let order = |name: &str| {
        ["builder-live.log", "build.log", "root.log"]
            .iter()
            .position(|first| name.starts_with(first))
            .unwrap_or(usize::MAX)
    };
    names.sort_by(|a, b| (order(a), a).cmp(&(order(b), b)));
    names
}
