//! Looking for something new to build where no webhook tells of it.
//!
//! The tables say whose turn it is and what was seen last, so a restart forgets nothing and a
//! package is never looked at twice for one turn. What a look leads to stands in the list of the
//! project's deliveries, like what webhooks have sent.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::builds::{self, Hooked};
use super::{App, Result, webhooks};
use crate::clock::Timestamp;
use crate::model::delivery::{Arrival, Forge, Letter, Line};
use crate::model::package::Package;
use crate::model::poll::{Found, News, Poll};
use crate::model::project::Project;
use crate::model::source::Upstream;
use crate::model::{BuildId, PackageId};
use crate::runner::source::upstream::{self, LookError};
use crate::store::{
    Connection, StoreError, deploy_keys, packages, polls, project_chroots, projects,
};

/// When the first look is taken after a start, and how often whose turn it is.
const TICK: Duration = Duration::from_secs(20);
/// Packages that are looked at at the same time.
const AT_ONCE: usize = 4;
/// Packages in one round.
const ROUND: u32 = 100;
/// Digits of a commit that are shown.
const DIGITS: usize = 10;

/// Runs until the token fires.
pub async fn run(app: App, stop: CancellationToken) {
    if app.config.polling.pause().is_none() {
        return stop.cancelled().await;
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
        if let Err(error) = round(&app, Timestamp::now(), &stop).await {
            tracing::error!(%error, "looking for something new to build");
        }
    }
}

/// Looks at packages whose turn it is, as many as fit into one round; says how many.
pub async fn round(app: &App, now: Timestamp, stop: &CancellationToken) -> Result<usize> {
    let Some(usual) = app.config.polling.pause() else { return Ok(0) };
    let due = app.store.read(move |db| polls::due(db, now, ROUND)).await?;
    let count = due.len();
    let mut under_way = JoinSet::new();
    for package in due {
        if under_way.len() >= AT_ONCE {
            under_way.join_next().await;
        }
        if stop.is_cancelled() {
            break;
        }
        let (app, stop) = (app.clone(), stop.clone());
        under_way.spawn(async move {
            // One that fails must not keep others from their turns, nor come again at once.
            if let Err(error) = look(&app, package, usual, now, &stop).await {
                tracing::error!(%package, %error, "looking for something new to build");
                let later = now.after(spread(usual));
                let put_off = app.store.write(move |tx| polls::set_turn(tx, package, later));
                if let Err(error) = put_off.await {
                    tracing::error!(%package, %error, "putting off a look");
                }
            }
        });
    }
    while under_way.join_next().await.is_some() {}
    Ok(count)
}

/// The pause, a tenth more or less: what began together does not stay together.
fn spread(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.9..1.1))
}

/// A package with what has to be asked.
struct Errand {
    package: Package,
    upstream: Upstream,
    key: Option<String>,
    /// What was found there the last time.
    known: Option<String>,
}

async fn look(
    app: &App,
    id: PackageId,
    usual: Duration,
    now: Timestamp,
    stop: &CancellationToken,
) -> Result<()> {
    let errand = move |db: &Connection| {
        let Some(package) = packages::get(db, id)? else { return Ok(None) };
        let Some(upstream) = package.source.upstream() else { return Ok(None) };
        let key = deploy_keys::get(db, id)?;
        let last = polls::last(db, id)?.filter(|last| last.upstream == upstream.to_string());
        let known = last.and_then(|last| last.seen);
        Ok::<_, StoreError>(Some(Errand { package, upstream, key, known }))
    };
    let Some(errand) = app.store.read(errand).await? else {
        // There is nothing that could be asked.
        let later = now.after(usual);
        return Ok(app.store.write(move |tx| polls::set_turn(tx, id, later)).await?);
    };
    let Errand { package, upstream, key, known } = errand;
    let found = match upstream::newest(&app.config, &upstream, known.as_deref(), key, stop).await {
        Ok(found) => Ok(found),
        Err(LookError::Failed(why)) => Err(in_a_line(&why)),
        Err(LookError::Canceled) => return Ok(()),
        Err(LookError::Fault(why)) => return Err(super::Error::internal("a look upstream", why)),
    };
    app.store.write(move |tx| conclude(tx, &package, &upstream, found, usual, now)).await
}

/// Notes what was found, and hands in a build where it is new.
fn conclude(
    tx: &Connection,
    asked: &Package,
    upstream: &Upstream,
    found: Result<Found, String>,
    usual: Duration,
    now: Timestamp,
) -> Result<()> {
    // It may have been changed, or have gone, in the meantime. Then its turn is still to come.
    let Some(package) = packages::get(tx, asked.id)? else { return Ok(()) };
    if package.source != asked.source || !polls::is_polled(tx, package.id)? {
        return Ok(());
    }
    let Some(project) = projects::get(tx, package.project)? else { return Ok(()) };
    let (poll, news) = Poll::after(polls::last(tx, package.id)?, upstream.to_string(), found, now);
    polls::note(tx, package.id, &poll)?;
    polls::set_turn(tx, package.id, now.after(spread(poll.pause(usual))))?;
    let name = &package.name;
    let mut made = Vec::new();
    let line = match news {
        News::Nothing => return Ok(()),
        News::First(found) => {
            let there = shown(upstream, &found);
            Line::left(name, format!("{there} is there at the first look, later ones are built"))
        }
        News::Trouble(why) => Line::left(name, why),
        News::Elsewhere { before, now } => {
            let (now, before) = (shown(upstream, &now), short(upstream, &before));
            Line::left(name, format!("{now} after {before}, but {}", untouched(upstream)))
        }
        News::Changed { before, now, doubt } => {
            let mut change =
                format!("{} after {}", shown(upstream, &now), short(upstream, &before));
            if let Some(why) = doubt {
                change += &format!("; perhaps {}, which cannot be told: ", untouched(upstream));
                change += &in_a_line(&why);
            }
            match build(tx, &project, &package, &now)? {
                Ok(build) => {
                    made.push(build);
                    Line::Built { package: name.to_string(), build, why: change }
                }
                Err(why) => Line::left(name, format!("{change}, but {why}")),
            }
        }
    };
    let event = match upstream {
        Upstream::Git { .. } => "commit",
        Upstream::PyPi(_) | Upstream::RubyGems(_) => "release",
    };
    let letter = Letter { forge: Forge::Poll, event: Some(event.to_owned()), ..Letter::default() };
    let arrival = Arrival { letter, ..Arrival::default() };
    webhooks::record(tx, project.id, &arrival, &[line], &made)?;
    Ok(())
}

/// Hands in a build of what was found, or says why not.
fn build(
    tx: &Connection,
    project: &Project,
    package: &Package,
    found: &str,
) -> Result<Result<BuildId, &'static str>> {
    if project_chroots::enabled_names(tx, project.id)?.is_empty() {
        return Ok(Err("the project has no active chroots to build in"));
    }
    let Some(source) = package.source.at(found) else {
        return Ok(Err("it cannot be built by that name"));
    };
    let place = builds::place(tx, project, None)?;
    let made = builds::hand_in(tx, Hooked { project, package, place, source })?;
    Ok(made.map(|build| build.id).ok_or("its denylist leaves it no chroot"))
}

fn in_a_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a change is like that does not concern the package; the words of webhooks.
fn untouched(upstream: &Upstream) -> String {
    match upstream {
        Upstream::Git { below: Some(dir), .. } => format!("no file below {dir} has changed"),
        _ => "no file has changed".to_owned(),
    }
}

/// What was found, for people.
fn shown(upstream: &Upstream, found: &str) -> String {
    let found = short(upstream, found);
    match upstream {
        Upstream::Git { committish: Some(at), .. } => format!("{at} at {found}"),
        Upstream::Git { committish: None, .. } => format!("commit {found}"),
        Upstream::PyPi(_) => format!("release {found} on PyPI"),
        Upstream::RubyGems(_) => format!("release {found} on RubyGems"),
    }
}

fn short<'f>(upstream: &Upstream, found: &'f str) -> &'f str {
    match upstream {
        Upstream::Git { .. } => found.get(..DIGITS).unwrap_or(found),
        Upstream::PyPi(_) | Upstream::RubyGems(_) => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_spread_by_a_tenth() {
        let pause = Duration::from_hours(1);
        for _ in 0..100 {
            let spread = spread(pause).as_secs();
            assert!((3240..=3960).contains(&spread), "{spread}");
        }
    }

    #[test]
    fn commits_are_shown_short() {
        let git = |committish: Option<&str>| Upstream::Git {
            url: "https://u:secret@h/a".parse().unwrap(),
            committish: committish.map(|at| at.parse().unwrap()),
            below: None,
        };
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(shown(&git(Some("main")), commit), "main at 0123456789");
        assert_eq!(shown(&git(None), commit), "commit 0123456789");
        let gem = Upstream::RubyGems("rake".parse().unwrap());
        assert_eq!(shown(&gem, "13.0.6"), "release 13.0.6 on RubyGems");
    }
}
