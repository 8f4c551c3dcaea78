//! The answers to the three questions that a build's page is opened with.

use super::super::parts::{Moment, State, Took};
use super::super::view;
use super::detail::{Failure, Verdict, place_url};
use super::files::{Files, LogPlace};
use crate::clock::Timestamp;
use crate::model::{BuildState, ChrootState, PackageName, SourceState};
use crate::ops::pages::BuildDetail;
use crate::repo::Layout;

/// Is it done?
pub fn verdict(detail: &BuildDetail, now: Timestamp) -> Verdict {
    let build = &detail.build;
    let total = detail.parts.len();
    let count = |wanted: fn(ChrootState) -> bool| {
        detail.parts.iter().filter(|part| wanted(part.chroot.state)).count()
    };
    let chroots = if total == 1 { "chroot" } else { "chroots" };
    let took = match view::took(build, now) {
        Took::Done(words) => Some(words),
        _ => None,
    };
    let ended = build.ended_on.or(build.source_ended_on);
    let ago = ended.map(|at| Moment::new(at, now).ago);
    let sentence = match build.state {
        BuildState::Succeeded => match (ago, took) {
            (Some(ago), Some(took)) => format!("published {ago}, took {took}"),
            _ => "published".into(),
        },
        BuildState::Failed => {
            let place = if build.source_state.is_finished() && total > 0 && build.srpm.is_some() {
                format!("in {} of {total} {chroots}", count(|s| s == ChrootState::Failed))
            } else {
                "there is no source package".to_owned()
            };
            took.map_or(place.clone(), |took| format!("{place}, after {took}"))
        }
        BuildState::Canceled => ago.map_or("stopped".into(), |ago| format!("stopped {ago}")),
        _ if !build.source_state.is_finished() => match build.source_state {
            SourceState::Pending => "waits for its turn".into(),
            _ => "the source package is being made".into(),
        },
        state if !state.is_finished() => {
            format!("{} of {total} {chroots} done", count(ChrootState::is_finished))
        }
        state => State::from(state).meaning.to_owned(),
    };
    // Where another chroot failed, that comes first.
    let install = matches!(build.state, BuildState::Succeeded | BuildState::Forked)
        .then(|| install(detail))
        .flatten();
    Verdict { state: build.state.into(), sentence, install }
}

/// How the packages that a build has published are installed.
fn install(detail: &BuildDetail) -> Option<String> {
    let build = &detail.build;
    let published = detail.parts.iter().find(|part| part.chroot.state.is_published())?;
    let is_extra = |name: &str| {
        ["-debuginfo", "-debugsource", "-devel", "-doc"].iter().any(|end| name.ends_with(end))
    };
    let mut names: Vec<&str> = published
        .packages
        .iter()
        .filter(|nevra| nevra.arch != "src" && nevra.arch != "nosrc")
        .map(|nevra| nevra.name.as_str())
        .collect();
    names.dedup();
    let main = build.package.as_ref().map(PackageName::as_str);
    if let Some(main) = main.filter(|main| names.contains(main)) {
        return Some(format!("sudo dnf install {main}"));
    }
    let plain: Vec<&str> = names.iter().copied().filter(|name| !is_extra(name)).take(4).collect();
    (!plain.is_empty()).then(|| format!("sudo dnf install {}", plain.join(" ")))
}

/// Why did it fail?
pub fn failures(
    detail: &BuildDetail,
    files: &Files,
    places: &[LogPlace],
    layout: &Layout,
) -> Vec<Failure> {
    let build = &detail.build;
    let messages = std::iter::once(
        (build.source_state == SourceState::Failed).then(|| build.source_message.clone()),
    )
    .chain(detail.parts.iter().map(|part| {
        (part.chroot.state == ChrootState::Failed).then(|| part.chroot.message.clone())
    }));
    let failure = |(at, message): (usize, Option<Option<String>>)| {
        let message = message?;
        let name = files.logs[at].first();
        Some(Failure {
            place: if at == 0 { "Source".into() } else { places[at].name.clone() },
            reason: message.unwrap_or_else(|| "no reason is on record".into()),
            lines: files.reasons[at].clone(),
            log_url: name.map(|name| format!("{}{name}", place_url(detail, at, layout))),
        })
    };
    messages.enumerate().filter_map(failure).collect()
}
