//! Directories of pull requests, some weeks after their last build.

use super::{DirId, Due, Result, Rule, Rules, What};
use crate::clock::Timestamp;
use crate::model::job::Tidy;
use crate::ops::builds::remove_all;
use crate::ops::install::PULL_REQUESTS_STAY;
use crate::ops::projects::results_path;
use crate::store::{Connection, builds, expiry, jobs, projects};

/// Directories that nothing was built in for long.
pub(super) struct PullRequests;

/// The newest that may go.
fn last_day(rules: &Rules) -> Timestamp {
    Timestamp(rules.now.0.saturating_sub_unsigned(PULL_REQUESTS_STAY.as_secs()))
}

impl Rule for PullRequests {
    type Key = DirId;

    const FIRST: Self::Key = DirId(0);

    fn list(db: &Connection, rules: &Rules, after: Self::Key) -> Result<Vec<Self::Key>> {
        Ok(expiry::pull_requests(db, last_day(rules), after)?)
    }

    fn due(db: &Connection, rules: &Rules, key: Self::Key) -> Result<Option<Due>> {
        let used = expiry::last_used(db, key)?;
        if used.is_none_or(|used| used > last_day(rules)) {
            return Ok(None);
        }
        let Some(dir) = projects::get_dir(db, key)? else { return Ok(None) };
        let Some(project) = projects::get(db, dir.project)? else { return Ok(None) };
        for id in builds::unfinished(db, project.id)? {
            if builds::get(db, id)?.is_some_and(|build| build.dir_id == key) {
                return Ok(None);
            }
        }
        let is_pull_request = dir.name.is_pull_request();
        let due = Due { project: project.full_name(), what: What::Directory(dir.name) };
        Ok(is_pull_request.then_some(due))
    }

    /// Builds first; the directory when there are none left.
    fn remove(tx: &Connection, rules: &Rules, key: Self::Key) -> Result<Option<Due>> {
        let Some(due) = PullRequests::due(tx, rules, key)? else { return Ok(None) };
        let ids = expiry::builds_in(tx, key)?;
        if !ids.is_empty() {
            return Ok(remove_all(tx, &rules.layout, &ids)?.then_some(due));
        }
        if let Some(dir) = projects::get_dir(tx, key)?
            && let Some(project) = projects::get(tx, dir.project)?
        {
            projects::delete_dir(tx, key)?;
            let remove = vec![results_path(&project.owner, &dir.name)];
            jobs::queue_tidy(tx, &Tidy { remove, ..Tidy::default() })?;
        }
        Ok(Some(due))
    }
}
