//! Stopping builds.

use super::find;
use crate::model::build::Build;
use crate::model::list::Slice;
use crate::model::source::SourceSpec;
use crate::model::user::User;
use crate::model::{BuildId, ChrootState, SourceState};
use crate::ops::authorise::{Action, authorise};
use crate::ops::{App, Error, Result};
use crate::repo::Layout;
use crate::store::{Connection, StoreError, build_chroots, builds, jobs, projects};

const MESSAGE: &str = "canceled by a user";

/// Stops a build. What is only queued is canceled at once; what runs, as soon as it has stopped.
pub async fn cancel(app: &App, user: &User, id: BuildId) -> Result<Build> {
    let user = user.clone();
    let (build, running) = app.store.write(move |tx| mark(tx, &user, id)).await?;
    app.runner.cancel(&running);
    if running.is_empty() {
        forget_upload(&app.layout(), &build.source);
    }
    Ok(build)
}

fn mark(tx: &Connection, user: &User, id: BuildId) -> Result<(Build, Vec<crate::model::JobId>)> {
    let build = find(tx, id)?;
    let gone = || StoreError::Corrupt(format!("build {id} belongs to no project"));
    let project = projects::get(tx, build.project_id)?.ok_or_else(gone)?;
    authorise(tx, user, Action::CancelBuild(&project))?;
    if build.state.is_finished() {
        return Err(Error::Conflict(format!("Cannot cancel build {id}")));
    }
    // The row first: whoever starts or ends a part from now on sees it.
    builds::set_canceled(tx, id)?;
    let running = jobs::withdraw(tx, id)?;
    if build.source_state == SourceState::Pending {
        builds::set_source_state(tx, id, SourceState::Canceled, Some(MESSAGE))?;
    }
    for chroot in build_chroots::list(tx, id, Slice::default())? {
        if matches!(chroot.state, ChrootState::Waiting | ChrootState::Pending) {
            build_chroots::set_state(tx, chroot.id, ChrootState::Canceled, Some(MESSAGE))?;
        }
    }
    Ok((find(tx, id)?, running))
}

/// Removes the file that a build was to be made from, which nobody will need any more.
pub(in crate::ops) fn forget_upload(layout: &Layout, source: &SourceSpec) {
    if let Some(dir) = source.upload_dir() {
        // Gone already when the source build was done; else the next start clears it away.
        let _ = std::fs::remove_dir_all(layout.uploads().join(dir));
    }
}
