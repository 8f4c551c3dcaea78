//! How busy the server is, over time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{App, Result};
use crate::clock::Timestamp;
use crate::store::statistics::{QUEUE_DAY, Sample, Span};
use crate::store::{Connection, jobs, statistics};

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
