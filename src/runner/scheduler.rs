//! Which queued build goes next. A pure function: the rules can be read and tested here alone.
//!
//! Foreground before background; within these, source builds first, since they are short and give
//! the chroots their work; within these, the owner with the fewest running builds, so that nobody
//! waits behind somebody else's thousand; then the oldest.

use std::collections::HashMap;

use crate::model::JobId;
use crate::model::job::Candidate;

/// Chooses the next job out of the first of each owner's queues; `running` names the owner of
/// each job that is under way.
pub fn pick(candidates: &[Candidate], running: &[String]) -> Option<JobId> {
    let mut busy: HashMap<&str, usize> = HashMap::new();
    for owner in running {
        *busy.entry(owner).or_default() += 1;
    }
    candidates
        .iter()
        .min_by_key(|candidate| {
            let load = busy.get(candidate.owner.as_str()).copied().unwrap_or(0);
            (candidate.background, !candidate.source, load, candidate.job)
        })
        .map(|candidate| candidate.job)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(job: i64, owner: &str, background: bool, source: bool) -> Candidate {
        Candidate { job: JobId(job), owner: owner.into(), background, source }
    }

    #[test]
    fn nobody_waits_behind_somebody_elses_queue() {
        let queue = [candidate(1, "alice", false, false), candidate(900, "bob", false, false)];
        assert_eq!(pick(&queue, &["alice".into()]), Some(JobId(900)));
        assert_eq!(pick(&queue, &["alice".into(), "bob".into()]), Some(JobId(1)));
    }

    #[test]
    fn foreground_goes_before_background_even_of_a_busy_owner() {
        let queue = [candidate(1, "bob", true, true), candidate(2, "alice", false, false)];
        let busy = ["alice".into(), "alice".into()];
        assert_eq!(pick(&queue, &busy), Some(JobId(2)));
    }

    #[test]
    fn source_builds_go_first() {
        let queue = [candidate(1, "alice", false, false), candidate(2, "alice", false, true)];
        assert_eq!(pick(&queue, &[]), Some(JobId(2)));
        assert_eq!(pick(&[], &[]), None);
    }
}
