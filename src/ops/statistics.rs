//! How busy the server is, over time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::pages::{self, ProjectCard};
use super::{App, Result};
use crate::clock::Timestamp;
use crate::model::{ChrootName, ProjectId};
use crate::store::statistics::{
    BUILT_DAY, BUILT_MONTHS, Built, QUEUE_DAY, QUEUE_MONTHS, Sample, Span,
};
use crate::store::{Connection, jobs, projects, statistics, users};

/// How often the queue is looked at.
const PAUSE: Duration = Duration::from_secs(15);

/// Looks at the queue again and again until the token fires, and notes when it is longer or more is
/// at work than before in the same ten minutes: an idle server writes six times an hour.
pub async fn run(app: App, stop: CancellationToken) {
    let mut last = Sample { at: Timestamp(0), waiting: 0, working: 0 };
    loop {
        if let Err(error) = look(&app, &mut last, Timestamp::now()).await {
            tracing::error!(%error, "cannot note how long the queue is");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn look(app: &App, last: &mut Sample, now: Timestamp) -> Result<()> {
    let (waiting, working) = app.store.read(jobs::counts).await?;
    let at = QUEUE_DAY.begin(now);
    let is_new = at != last.at;
    if !is_new && u64::from(waiting) <= last.waiting && u64::from(working) <= last.working {
        return Ok(());
    }
    let note = move |tx: &Connection| {
        statistics::sample(tx, now, waiting, working)?;
        if is_new { statistics::forget_old(tx, now) } else { Ok(()) }
    };
    app.store.write(move |tx| note(tx)).await?;
    let before = if is_new { (0, 0) } else { (last.waiting, last.working) };
    let (waiting, working) = (before.0.max(waiting.into()), before.1.max(working.into()));
    *last = Sample { at, waiting, working };
    Ok(())
}

/// The queue over time: a value for each stretch, oldest first, `None` where the server did not run.
pub struct QueueHistory {
    /// When each stretch begins.
    pub moments: Vec<Timestamp>,
    /// The most that waited.
    pub waiting: Vec<Option<u64>>,
    /// The most that were at work.
    pub working: Vec<Option<u64>>,
}

/// Reads what was noted of the queue.
pub fn queue(db: &Connection, span: Span, now: Timestamp) -> Result<QueueHistory> {
    let found = statistics::samples(db, span, now)?;
    let mut found = found.iter().peekable();
    let oldest = span.oldest(now);
    let moments: Vec<Timestamp> =
        (0..span.kept).map(|at| Timestamp(oldest.0 + at * span.width)).collect();
    let at = |moment: &Timestamp| found.next_if(|sample| sample.at == *moment);
    let samples: Vec<Option<&Sample>> = moments.iter().map(at).collect();
    Ok(QueueHistory {
        waiting: samples.iter().map(|sample| sample.map(|sample| sample.waiting)).collect(),
        working: samples.iter().map(|sample| sample.map(|sample| sample.working)).collect(),
        moments,
    })
}

/// How far back people count as active.
const ACTIVE: Duration = Duration::from_hours(30 * 24);

/// How busy the server has been.
pub struct Statistics {
    /// The queue of the last day.
    pub day: QueueHistory,
    /// The queue of the last ninety days.
    pub months: QueueHistory,
    /// What was built in each hour of the last day.
    pub built_day: Vec<Built>,
    /// What was built on each of the last ninety days.
    pub built_months: Vec<Built>,
    /// How many people have handed in builds in the last thirty days.
    pub people: u32,
}

/// Reads how busy the server has been.
pub fn read(db: &Connection, now: Timestamp) -> Result<Statistics> {
    let since = Timestamp(now.0.saturating_sub_unsigned(ACTIVE.as_secs()));
    Ok(Statistics {
        day: queue(db, QUEUE_DAY, now)?,
        months: queue(db, QUEUE_MONTHS, now)?,
        built_day: statistics::built(db, BUILT_DAY, now)?,
        built_months: statistics::built(db, BUILT_MONTHS, now)?,
        people: users::active(db, since)?,
    })
}

/// Where most is built.
pub struct Explore {
    /// The projects in which most was built lately, with how much.
    pub projects: Vec<(ProjectCard, u64)>,
    /// How many projects are built in each chroot.
    pub chroots: Vec<(ChrootName, u64)>,
}

/// Reads where most is built.
pub fn explore(db: &Connection, now: Timestamp) -> Result<Explore> {
    let busiest = statistics::busiest(db, now, 15)?;
    let ids: Vec<ProjectId> = busiest.iter().map(|(id, _)| *id).collect();
    let cards = pages::cards(db, projects::these(db, &ids)?)?;
    let count = |card: &ProjectCard| {
        busiest.iter().find(|(id, _)| *id == card.project.id).map_or(0, |(_, builds)| *builds)
    };
    Ok(Explore {
        projects: cards
            .into_iter()
            .map(|card| {
                let builds = count(&card);
                (card, builds)
            })
            .collect(),
        chroots: statistics::chroot_users(db)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Error;
    use crate::store::testing;

    #[test]
    fn where_nobody_looked_there_is_no_value() {
        let store = testing::store();
        let now = Timestamp(QUEUE_DAY.width * 10_000 + 7);
        let history = store.write_now(|tx| {
            statistics::sample(tx, now, 3, 1)?;
            statistics::sample(tx, Timestamp(now.0 - 2 * QUEUE_DAY.width), 5, 2)?;
            queue(tx, QUEUE_DAY, now)
        });
        let history: QueueHistory = history.map_err(|error: Error| error).unwrap();
        let end = history.waiting.len() - 3..;
        assert_eq!(history.waiting[end.clone()], [Some(5), None, Some(3)]);
        assert_eq!(history.working[end], [Some(2), None, Some(1)]);
        assert_eq!(history.moments.last(), Some(&QUEUE_DAY.begin(now)));
    }
}
