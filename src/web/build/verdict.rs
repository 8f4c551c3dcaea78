//! The answers to the three questions that a build's page is opened with.

use super::super::logs::LIVE_LOG;
use super::super::parts::{Moment, State, Took};
use super::super::view;
use super::detail::{Failure, Link, QuotedLine, Verdict};
use super::files::{Files, LogPlace};
use crate::clock::Timestamp;
use crate::model::{BuildState, ChrootState, PackageName, SourceState};
use crate::ops::failure::{Quote, Summary};
use crate::ops::pages::BuildDetail;
use crate::runner::log::Stage;

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

/// Why did it fail? Parts that failed for the same reason are told of once.
pub fn failures(
    detail: &BuildDetail,
    files: &Files,
    places: &[LogPlace],
    url: &str,
) -> Vec<Failure> {
    let build = &detail.build;
    let messages = std::iter::once(
        (build.source_state == SourceState::Failed).then_some(&build.source_message),
    )
    .chain(
        detail
            .parts
            .iter()
            .map(|part| (part.chroot.state == ChrootState::Failed).then_some(&part.chroot.message)),
    );
    let mut failures: Vec<Failure> = Vec::new();
    for (at, message) in messages.enumerate() {
        let Some(message) = message else { continue };
        let summary = files.reasons[at].as_deref();
        let reason = message.clone().unwrap_or_else(|| "no reason is on record".into());
        let headline = summary.and_then(|summary| summary.headline.clone());
        let log = files.names[at].log(LIVE_LOG).is_some();
        let log_url = log.then(|| format!("{url}log/{}/{LIVE_LOG}", places[at].name));
        let line = summary.and_then(Summary::first_line);
        let title = if at == 0 { "Source".to_owned() } else { places[at].name.clone() };
        let place = Link {
            name: title,
            url: match (&log_url, line) {
                (Some(log), Some(line)) => format!("{log}?line={line}#L{line}"),
                (Some(log), None) => log.clone(),
                (None, _) => String::new(),
            },
        };
        // Messages name their chroots; the lines of the log do not.
        let is_same = |known: &&mut Failure| headline.is_some() && known.headline == headline;
        if let Some(known) = failures.iter_mut().find(is_same) {
            known.places.push(place);
            continue;
        }
        failures.push(Failure {
            places: vec![place],
            headline,
            reason,
            stage: summary.and_then(|s| s.stage).map(Stage::title),
            tool: summary.map_or("", |summary| summary.tool),
            advice: summary.and_then(|summary| summary.advice.clone()),
            lines: summary.map(|summary| quoted(&summary.quotes)).unwrap_or_default(),
            log_url: log_url.unwrap_or_default(),
        });
    }
    failures
}

/// The lines, with a mark where some are left out between them.
fn quoted(quotes: &[Quote]) -> Vec<QuotedLine> {
    let mut last = None;
    let line = |quote: &Quote| {
        let gap = last.is_some_and(|last| last + 1 < quote.line);
        last = Some(quote.line);
        QuotedLine { number: quote.line, text: quote.text.clone(), loud: quote.loud, gap }
    };
    quotes.iter().map(line).collect()
}
