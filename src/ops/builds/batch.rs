//! Builds that wait for others, or go together with them.

use crate::model::build::Build;
use crate::model::user::User;
use crate::model::{BatchId, BuildId};
use crate::ops::authorise::{Action, may};
use crate::ops::{Error, Result};
use crate::store::{Connection, batches, builds, projects};

/// Where a build stands among others.
#[derive(Debug)]
pub(super) enum Batch {
    Alone,
    With(Build),
    After(Build),
}

impl Batch {
    /// What the request asks for, if that can be had.
    pub(super) fn choose(
        db: &Connection,
        user: &User,
        after: Option<i64>,
        with: Option<i64>,
    ) -> Result<Batch> {
        match (after, with) {
            (None, None) => Ok(Batch::Alone),
            (Some(_), Some(_)) => Err(Error::invalid(
                "with_build_id: Only one batch option can be specified, this one or after_build_id",
            )),
            (Some(id), None) => open(db, user, "after_build_id", id).map(Batch::After),
            (None, Some(id)) => {
                let build = open(db, user, "with_build_id", id)?;
                if let Some(batch) = build.batch {
                    may_join(db, user, batch, id)?;
                }
                Ok(Batch::With(build))
            }
        }
    }

    /// The set that a new build belongs to, made as needed.
    pub(super) fn place(&self, tx: &Connection) -> Result<Option<BatchId>> {
        let of = |build: &Build| {
            if let Some(batch) = build.batch {
                return Ok(batch);
            }
            let batch = batches::insert(tx, None)?;
            batches::assign(tx, build.id, batch)?;
            Ok::<_, Error>(batch)
        };
        Ok(match self {
            Batch::Alone => None,
            Batch::With(build) => Some(of(build)?),
            Batch::After(build) => Some(batches::insert(tx, Some(of(build)?))?),
        })
    }
}

/// The build that is named. Anyone may wait for a set that is there; only who could build in its
/// project makes one of a single build.
fn open(db: &Connection, user: &User, field: &str, id: i64) -> Result<Build> {
    let refuse = |why: String| Error::invalid(format!("{field}: {why}"));
    let build = builds::get(db, BuildId(id))?;
    let build = build.ok_or_else(|| refuse(format!("Build {id} not found")))?;
    if build.batch.is_some() {
        return Ok(build);
    }
    if build.state.is_finished() {
        return Err(refuse(format!("Build {id} is already finished")));
    }
    let project = projects::get(db, build.project_id)?;
    match project {
        Some(project) if may(db, user, Action::Build(&project))? => Ok(build),
        _ => Err(refuse(format!(
            "The user {} doesn't have the build permissions in the project of build {id}",
            user.name
        ))),
    }
}

fn may_join(db: &Connection, user: &User, batch: BatchId, id: i64) -> Result<()> {
    if batches::is_finished(db, batch)? {
        return Err(Error::invalid(format!(
            "with_build_id: The batch of build {id} is already finished"
        )));
    }
    for project in batches::projects(db, batch)? {
        if let Some(project) = projects::get(db, project)?
            && may(db, user, Action::Build(&project))?
        {
            return Ok(());
        }
    }
    Err(Error::invalid(format!(
        "with_build_id: The user {} doesn't have the build permissions in any project of the \
         batch of build {id}",
        user.name
    )))
}
