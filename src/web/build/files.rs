//! What of a build's page comes from the disk: its logs, and what it has made.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::logs::{self, LIVE_LOG, Place};
use super::reasons::Reasons;
use super::stages;
use crate::model::{ChrootState, SourceState};
use crate::ops::failure::Summary;
use crate::ops::pages::{BuildDetail, BuildPart};
use crate::repo::Layout;
use crate::runner::log::{LiveLogs, Mark};

/// How much of a log's end the page shows.
const SHOWN: u64 = 24 * 1024;

/// One of a build's logs, as addresses name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// `source`, or the chroot's name.
    pub name: String,
    /// The directory with the logs, once there is one.
    pub dir: Option<PathBuf>,
    /// Nothing more will come.
    pub is_finished: bool,
    /// It has failed.
    pub has_failed: bool,
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
            has_failed: build.source_state == SourceState::Failed,
        };
        let chroot = |part: &BuildPart| {
            let dir = part.chroot.result_dir.as_deref();
            LogPlace {
                name: part.chroot.name.to_string(),
                dir: dir
                    .map(|name| layout.result(&build.owner, &build.dir, &part.chroot.name, name)),
                is_finished: part.chroot.state.is_finished(),
                has_failed: part.chroot.state == ChrootState::Failed,
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
    /// The names of the files of each place.
    pub names: Vec<Names>,
    /// Why each place failed that did.
    pub reasons: Vec<Option<Arc<Summary>>>,
    /// Which log is on show.
    pub shown: usize,
    /// Its end.
    pub tail: Option<logs::Part>,
    /// Where its stages begin.
    pub marks: Vec<Mark>,
}

/// What lies in a result directory.
#[derive(Default)]
pub struct Names {
    /// The logs, the telling ones first.
    pub logs: Vec<String>,
    /// The packages, with their sizes, source packages last.
    pub packages: Vec<(String, u64)>,
    /// The configuration that the builder used.
    pub configs: Option<String>,
}

impl Files {
    /// Reads them. Blocks. A file that cannot be read is one that is not there: the page must
    /// not fail because of a log.
    pub fn read(
        detail: &BuildDetail,
        layout: &Layout,
        wanted: Option<&str>,
        (live, known): (&LiveLogs, &Reasons),
    ) -> Files {
        let places = LogPlace::all(detail, layout);
        let shown = wanted
            .and_then(|name| places.iter().position(|place| place.name == name))
            .unwrap_or_else(|| default_place(detail));
        let reason = |place: &LogPlace| {
            place.live_log().filter(|_| place.has_failed).map(|path| known.of(&path))
        };
        let path = places[shown].live_log();
        let tail = |path: &PathBuf| {
            logs::part(path, Place::End, SHOWN, live.extent(path)).unwrap_or_default()
        };
        Files {
            names: places.iter().map(|place| Names::read(place.dir.as_deref())).collect(),
            reasons: places.iter().map(reason).collect(),
            shown,
            tail: path.as_ref().and_then(tail),
            marks: path.map(|path| stages::marks(&path, live)).unwrap_or_default(),
        }
    }
}

impl Names {
    /// Reads them. Blocks.
    pub fn read(dir: Option<&Path>) -> Names {
        let mut names = Names::default();
        for entry in dir.and_then(|dir| fs::read_dir(dir).ok()).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let plain = name.strip_suffix(".gz").unwrap_or(&name);
            if plain.strip_suffix(".log").is_some() {
                names.logs.push(name);
            } else if plain.strip_suffix(".rpm").is_some() {
                let size = entry.metadata().map_or(0, |meta| meta.len());
                names.packages.push((name, size));
            } else if name == "configs.tar.gz" {
                names.configs = Some(name);
            }
        }
        let order = |name: &str| {
            [LIVE_LOG, "build.log", "root.log"]
                .iter()
                .position(|first| name.starts_with(first))
                .unwrap_or(usize::MAX)
        };
        names.logs.sort_by(|a, b| (order(a), a).cmp(&(order(b), b)));
        let is_source = |name: &str| name.contains("src.rpm");
        names.packages.sort_by(|a, b| (is_source(&a.0), a).cmp(&(is_source(&b.0), b)));
        names
    }

    /// The log of this name, without the ending that packing has given it.
    pub fn log(&self, name: &str) -> Option<&str> {
        let fits = |known: &&String| known.strip_suffix(".gz").unwrap_or(known) == name;
        self.logs.iter().find(fits).map(String::as_str)
    }
}
