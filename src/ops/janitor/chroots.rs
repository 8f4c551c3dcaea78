//! Chroots that a project has switched off, or that the server no longer offers.

use super::{ChrootId, Due, ProjectId, Repository, Result, Rule, Rules, What, drop_results};
use crate::model::job::Tidy;
use crate::ops::projects::results_path;
use crate::store::{Connection, builds, expiry, jobs, project_chroots, projects};

/// Everything in a chroot whose time is over.
pub(super) struct Ended;

impl Rule for Ended {
    type Key = (ProjectId, ChrootId);

    const FIRST: Self::Key = (ProjectId(0), ChrootId(0));

    fn list(db: &Connection, rules: &Rules, after: Self::Key) -> Result<Vec<Self::Key>> {
        Ok(expiry::chroots(db, rules.now, after)?)
    }

    fn due(db: &Connection, rules: &Rules, (project, chroot): Self::Key) -> Result<Option<Due>> {
        let used = project_chroots::get(db, project, chroot)?;
        let used = used.filter(|used| used.ends_on().is_some_and(|end| end <= rules.now));
        let (Some(used), Some(found)) = (used, projects::get(db, project)?) else {
            return Ok(None);
        };
        if builds::unfinished_in(db, project, chroot)?.is_some() {
            return Ok(None);
        }
        let what = What::Chroot(used.chroot.name);
        Ok(Some(Due { project: found.full_name(), what }))
    }

    /// Results first; the chroot itself with its repositories when there are none left.
    fn remove(tx: &Connection, rules: &Rules, key: Self::Key) -> Result<Option<Due>> {
        let Some(due) = Ended::due(tx, rules, key)? else { return Ok(None) };
        let (project, chroot) = key;
        let parts = expiry::results_in(tx, key)?;
        if !parts.is_empty() {
            drop_results(tx, rules, &parts, Repository::Goes)?;
            return Ok(Some(due));
        }
        let (used, found) =
            (project_chroots::get(tx, project, chroot)?, projects::get(tx, project)?);
        project_chroots::delete(tx, project, chroot)?;
        if let (Some(used), Some(found)) = (used, found) {
            let name = used.chroot.name;
            let dirs = projects::dirs(tx, project)?;
            let path = |dir| format!("{}/{name}", results_path(&found.owner, dir));
            let remove = dirs.iter().map(|dir| path(&dir.name)).collect();
            jobs::queue_tidy(tx, &Tidy { remove, ..Tidy::default() })?;
        }
        Ok(Some(due))
    }
}
