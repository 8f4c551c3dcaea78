//! Deliveries of forges: one may build many packages.

use super::forge::{self, Change, Event};
use super::{check_secret, matching, record};
use crate::model::delivery::{Letter, cut};
use crate::model::package::Package;
use crate::model::project::Project;
use crate::model::source::{Said, Scm, SourceSpec};
use crate::model::{BuildId, ProjectId};
use crate::ops::builds::{self, Hooked};
use crate::ops::{App, Error, Result};
use crate::store::{Connection, packages, project_chroots, projects};

/// The project that a webhook's address means, if the secret is right.
pub async fn admit(app: &App, id: &str, secret: &str) -> Result<ProjectId> {
    let (id, secret) = (id.to_owned(), secret.to_owned());
    app.store
        .read(move |db| {
            let project = find(db, &id)?;
            check_secret(db, project.id, &secret)?;
            Ok(project.id)
        })
        .await
}

/// The project with this number.
pub(super) fn find(db: &Connection, id: &str) -> Result<Project> {
    let found = match id.parse() {
        Ok(id) => projects::get(db, id)?,
        Err(_) => None,
    };
    found.ok_or_else(|| Error::NotFound(format!("Project {id} does not exist.")))
}

/// Builds what a delivery concerns, and notes what was decided. `named` is the package that the
/// address names.
pub async fn receive(
    app: &App,
    project: ProjectId,
    named: Option<String>,
    mut letter: Letter,
    payload: Vec<u8>,
) -> Result<()> {
    let event = forge::read(letter.forge, letter.event.as_deref(), &payload);
    letter.sender = event.as_ref().ok().and_then(|event| event.sender.as_deref()).map(cut);
    app.store
        .write(move |tx| {
            let project = find(tx, &project.to_string())?;
            let (event, lines, builds) = match event {
                Ok(event) => {
                    let (lines, builds) = build_all(tx, &project, named.as_deref(), &event)?;
                    (Ok(()), lines, builds)
                }
                // Noted, though it is refused: who sets up a webhook wants to see what is wrong.
                Err(why) => (Err(Error::invalid(why.clone())), vec![why], Vec::new()),
            };
            record(tx, project.id, letter, &lines, builds)?;
            Ok::<_, Error>(event)
        })
        .await?
}

/// What was decided, a line for each package, and the builds.
fn build_all(
    tx: &Connection,
    project: &Project,
    named: Option<&str>,
    event: &Event,
) -> Result<(Vec<String>, Vec<BuildId>)> {
    let nothing = |why: String| Ok((vec![why], Vec::new()));
    if let Change::Nothing(why) = &event.change {
        return nothing(why.clone());
    }
    if project_chroots::enabled_names(tx, project.id)?.is_empty() {
        return nothing("the project has no active chroots to build in".to_owned());
    }
    let (mut lines, mut builds) = (Vec::new(), Vec::new());
    for package in packages::cloned_from(tx, project.id, matching::stem(&event.clone_url))? {
        let name = &package.name;
        lines.push(match build(tx, project, &package, named, event)? {
            Ok(build) => {
                builds.push(build);
                format!("{name}: build {build}")
            }
            Err(why) => format!("{name}: not built, {why}"),
        });
    }
    if lines.is_empty() {
        return nothing(format!("no package is cloned from {}", cut(&event.clone_url)));
    }
    Ok((lines, builds))
}

/// Hands in a build of the package if the event concerns it; otherwise says why not.
fn build(
    tx: &Connection,
    project: &Project,
    package: &Package,
    named: Option<&str>,
    event: &Event,
) -> Result<Result<BuildId, String>> {
    let SourceSpec::Scm(scm) = &package.source else {
        return Ok(Err("its sources do not come from a repository".to_owned()));
    };
    if !package.webhook_rebuild {
        return Ok(Err("webhooks do not rebuild it".to_owned()));
    }
    if let Err(why) = matching::concerns(&event.change, package.name.as_str(), scm, named) {
        return Ok(Err(why));
    }
    let committish = match &event.committish {
        Some(committish) => Said::Text(committish.clone()),
        None => scm.committish.clone(),
    };
    let source = SourceSpec::Scm(Scm { committish, ..scm.clone() });
    let place = builds::place(tx, project, None)?;
    let made = builds::hand_in(tx, Hooked { project, package, place, source })?;
    Ok(made.map(|build| build.id).ok_or_else(|| "its denylist leaves it no chroot".to_owned()))
}
