//! Builds that nobody in particular hands in: a webhook asks for them.

use tempfile::NamedTempFile;

use super::batch::Batch;
use super::options::{Place, Plan, Wish};
use super::rebuild;
use super::stored::Stored;
use super::submit::{first, insert};
use crate::model::assign;
use crate::model::build::{Build, BuildOptions, DEFAULT_TIMEOUT};
use crate::model::package::Package;
use crate::model::project::Project;
use crate::model::source::SourceSpec;
use crate::ops::{App, Error, Result};
use crate::store::{Connection, project_chroots};

/// The name under which scripts find what a webhook brought.
const PAYLOAD: &str = "hook_payload";

/// A build for a webhook to hand in.
pub(in crate::ops) struct Hooked<'a> {
    pub(in crate::ops) project: &'a Project,
    pub(in crate::ops) package: &'a Package,
    /// Where it is published.
    pub(in crate::ops) place: Place,
    pub(in crate::ops) source: SourceSpec,
}

/// The directory of this name, or the main one.
pub(in crate::ops) fn place(
    db: &Connection,
    project: &Project,
    dir: Option<&str>,
) -> Result<Place> {
    Wish { dir: dir.map(str::to_owned), ..Wish::default() }.place(db, project)
}

/// Adds a build in all chroots that the package may be built in; `None` when that is none.
pub(in crate::ops) fn hand_in(tx: &Connection, new: Hooked<'_>) -> Result<Option<Build>> {
    let enabled = project_chroots::enabled_names(tx, new.project.id)?;
    let chroots = assign::chroots(&enabled, &[], &new.package.chroot_denylist);
    if chroots.is_empty() {
        return Ok(None);
    }
    let seconds = new.package.timeout.filter(|&seconds| seconds > 0);
    let plan = Plan {
        project: new.project.clone(),
        options: BuildOptions {
            background: true,
            timeout: seconds.map_or(DEFAULT_TIMEOUT, |s| std::time::Duration::from_secs(s.into())),
            enable_net: new.project.settings.enable_net,
            bootstrap: None,
            isolation: None,
        },
        chroots,
        excluded: Vec::new(),
        dir: new.place,
        batch: Batch::Alone,
    };
    let made = insert(tx, None, &plan, Some(new.package.id), vec![new.source])?;
    first(made).map(Some)
}

/// Files for one build of a package with this source: a copy of the file that the package keeps,
/// or, for a script, what the webhook brought. With them comes the source that has them.
pub(in crate::ops) async fn copy_for(
    app: &App,
    source: &SourceSpec,
    payload: Vec<u8>,
) -> Result<Option<(Stored, SourceSpec)>> {
    let uploads = app.layout().uploads();
    let SourceSpec::Custom(custom) = source else { return rebuild::copy(uploads, source).await };
    let place = uploads.clone();
    let writing = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&place)?;
        let mut file = NamedTempFile::new_in(&place)?;
        std::io::Write::write_all(&mut file, &payload)?;
        Ok::<_, std::io::Error>(file.into_temp_path())
    });
    let written = writing.await.map_err(|error| Error::internal("keeping a payload", error))?;
    let file = written.map_err(|error| Error::internal("keeping a payload", error))?;
    let stored = Stored::take_in(uploads, vec![(PAYLOAD.to_owned(), file)]).await?;
    let mut custom = custom.clone();
    custom.hook = Some(stored.dir.clone());
    Ok(Some((stored, SourceSpec::Custom(custom))))
}

/// What a build of the package is made from. `own` is what the package had when files were made
/// for the build, and the source that has them, see [`copy_for`].
pub(in crate::ops) fn source_for(
    db: &Connection,
    package: &Package,
    own: Option<(SourceSpec, SourceSpec)>,
) -> Result<SourceSpec> {
    let hook = match &own {
        Some((_, SourceSpec::Custom(custom))) => custom.hook.clone(),
        _ => None,
    };
    let mut source = rebuild::source_of(db, package, own)?;
    if let SourceSpec::Custom(custom) = &mut source {
        custom.hook = hook;
    }
    Ok(source)
}
