//! Deliveries of forges: one may build many packages.

use super::forge::{self, Change, Event};
use super::{check_secret, matching, record};
use crate::model::delivery::{Arrival, Line, cut};
use crate::model::package::Package;
use crate::model::project::Project;
use crate::model::source::{Said, Scm, SourceSpec};
use crate::model::{BuildId, DeliveryId, ProjectId};
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

/// Builds what a delivery concerns, and notes what was decided; the answer is what is built.
pub async fn receive(app: &App, project: ProjectId, arrival: Arrival) -> Result<Vec<BuildId>> {
    let taken = take_in(app, project, arrival).await?;
    taken.builds.map_err(Error::invalid)
}

/// A delivery that was noted.
pub(super) struct Taken {
    pub(super) id: DeliveryId,
    /// What is built; or why the payload cannot be read.
    builds: Result<Vec<BuildId>, String>,
}

/// The same for deliveries from whomever.
pub(super) async fn take_in(app: &App, project: ProjectId, mut arrival: Arrival) -> Result<Taken> {
    let letter = &arrival.letter;
    let event = forge::read(letter.forge, letter.event.as_deref(), &arrival.payload);
    arrival.letter.sender = event.as_ref().ok().and_then(|event| event.sender.as_deref()).map(cut);
    app.store
        .write(move |tx| {
            let project = find(tx, &project.to_string())?;
            let (lines, builds) = match event {
                Ok(event) => {
                    let named = arrival.package.as_deref();
                    let (lines, builds) = build_all(tx, &project, named, &event)?;
                    (lines, Ok(builds))
                }
                // Noted, though it is refused: who sets up a webhook wants to see what is wrong.
                Err(why) => (vec![Line::Words(why.clone())], Err(why)),
            };
            let made = builds.as_deref().unwrap_or_default();
            let id = record(tx, project.id, &arrival, &lines, made)?;
            Ok(Taken { id, builds })
        })
        .await
}

/// What was decided, a line for each package, and the builds.
fn build_all(
    tx: &Connection,
    project: &Project,
    named: Option<&str>,
    event: &Event,
) -> Result<(Vec<Line>, Vec<BuildId>)> {
    let nothing = |why: String| Ok((vec![Line::Words(why)], Vec::new()));
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
                Line::built(name, build)
            }
            Err(why) => Line::left(name, why),
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
