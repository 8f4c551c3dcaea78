//! Builds beyond the newest that a package keeps.

use super::{Due, PackageId, Result, Rule, Rules, What};
use crate::ops::builds::remove_all;
use crate::store::{Connection, expiry, packages, projects};

/// Builds that are not among the newest of their package, in their directory.
pub(super) struct Surplus;

impl Rule for Surplus {
    type Key = PackageId;

    const FIRST: Self::Key = PackageId(0);

    fn list(db: &Connection, _: &Rules, after: Self::Key) -> Result<Vec<Self::Key>> {
        Ok(expiry::limited_packages(db, after)?)
    }

    fn due(db: &Connection, _: &Rules, key: Self::Key) -> Result<Option<Due>> {
        let ids = expiry::surplus(db, key)?;
        if ids.is_empty() {
            return Ok(None);
        }
        let Some(package) = packages::get(db, key)? else { return Ok(None) };
        let Some(project) = projects::get(db, package.project)? else { return Ok(None) };
        let what = What::Builds(package.name, ids);
        Ok(Some(Due { project: project.full_name(), what }))
    }

    fn remove(tx: &Connection, rules: &Rules, key: Self::Key) -> Result<Option<Due>> {
        let Some(due) = Surplus::due(tx, rules, key)? else { return Ok(None) };
        let removed = remove_all(tx, &rules.layout, &expiry::surplus(tx, key)?)?;
        Ok(removed.then_some(due))
    }
}
