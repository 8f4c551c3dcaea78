//! What others may ask of the engine.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::log::LiveLogs;
use crate::model::JobId;

/// A handle on the engine. Cheap to clone.
///
/// Work is never handed over through it: rows in the database are the truth, and the engine looks
/// at them after every write. What passes here are only signals that may be lost without harm.
#[derive(Clone, Default)]
pub struct Runner {
    running: Arc<Mutex<HashMap<JobId, CancellationToken>>>,
    ended: Arc<watch::Sender<u64>>,
    logs: LiveLogs,
}

impl Runner {
    /// Stops running jobs. Their rows must say so already: a job that ends between the two is
    /// not touched.
    pub fn cancel(&self, jobs: &[JobId]) {
        let running = self.lock();
        for job in jobs {
            if let Some(token) = running.get(job) {
                token.cancel();
            }
        }
    }

    /// The logs that are growing now.
    pub fn logs(&self) -> &LiveLogs {
        &self.logs
    }

    /// Waits until a job is no longer under way, `limit` at the most. `is_done` asks the database.
    pub async fn wait_until<F>(&self, limit: Duration, mut is_done: impl FnMut() -> F)
    where
        F: Future<Output = bool>,
    {
        let mut ended = self.ended.subscribe();
        let watch = async {
            while !is_done().await {
                if ended.changed().await.is_err() {
                    return;
                }
            }
        };
        // Running into the limit is no failure: the work goes on, the caller just stops waiting.
        let _ = tokio::time::timeout(limit, watch).await;
    }

    /// Notes that a job runs; the answer is what stops it, by itself or with all others.
    pub(super) fn begin(&self, job: JobId, all: &CancellationToken) -> CancellationToken {
        let token = all.child_token();
        self.lock().insert(job, token.clone());
        token
    }

    /// Notes that a job has ended.
    pub(super) fn end(&self, job: JobId) {
        self.lock().remove(&job);
        self.tell();
    }

    /// Has everybody who waits look at the database.
    pub(super) fn tell(&self) {
        self.ended.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancel_reaches_the_job_it_names_and_no_other() {
        let runner = Runner::default();
        let all = CancellationToken::new();
        let (one, two) = (runner.begin(JobId(1), &all), runner.begin(JobId(2), &all));
        runner.cancel(&[JobId(1), JobId(9)]);
        assert!(one.is_cancelled());
        assert!(!two.is_cancelled());
        all.cancel();
        assert!(two.is_cancelled());
    }

    #[tokio::test]
    async fn waiting_ends_when_a_job_ends_and_the_database_agrees() {
        let runner = Runner::default();
        runner.begin(JobId(1), &CancellationToken::new());
        let ender = runner.clone();
        tokio::spawn(async move { ender.end(JobId(1)) });
        let done = || async { runner.lock().is_empty() };
        runner.wait_until(Duration::from_secs(5), done).await;
        assert!(runner.lock().is_empty());
    }
}
