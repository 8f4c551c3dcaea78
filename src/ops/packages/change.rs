//! Adding packages and changing them.

use super::{Shown, find};
use crate::config::Config;
use crate::model::build::MAX_TIMEOUT;
use crate::model::package::Package;
use crate::model::project::Project;
use crate::model::source::SourceSpec;
use crate::model::user::User;
use crate::model::{ChrootName, PackageName, glob};
use crate::ops::authorise::{Action, authorise};
use crate::ops::builds::{Stored, UploadedFile};
use crate::ops::sources::{Around, Purpose, SourceKind, SourceWish};
use crate::ops::{App, Error, Mistakes, Result, deploy_keys, projects};
use crate::store::{Connection, chroots, packages};

/// The most builds that can be asked to be kept.
const MOST_BUILDS: u32 = 100;

/// What a request says about a package; what it does not say is `None`.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Where its sources come from.
    pub source: SourceWish,
    /// Webhooks rebuild it.
    pub webhook_rebuild: Option<bool>,
    /// The server looks by itself whether there is something new to build.
    pub poll: Option<bool>,
    /// How many builds are kept; 0 keeps all.
    pub max_builds: Option<i64>,
    /// Seconds one build may take; 0: the server's default.
    pub timeout: Option<i64>,
    /// Chroots it is not built in: globs.
    pub chroot_denylist: Option<Vec<String>>,
    /// The private key to clone with over ssh; empty takes away the one there is.
    pub deploy_key: Option<String>,
    /// What was wrong already when the request was read.
    pub mistakes: Mistakes,
}

/// A package by the texts of a request.
#[derive(Clone, Debug)]
pub struct Place {
    /// Whose project it is in.
    pub owner: String,
    /// The project.
    pub project: String,
    /// The package.
    pub name: String,
}

impl Place {
    /// From the parts of an address.
    pub fn new(owner: &str, project: &str, name: &str) -> Place {
        Place { owner: owner.to_owned(), project: project.to_owned(), name: name.to_owned() }
    }
}

/// Whether a package is to be there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Add,
    Edit,
}

/// Adds a package to a project. `named` is a name that the request gives besides.
pub async fn add(
    app: &App,
    user: &User,
    place: Place,
    named: Option<String>,
    mut wish: Wish,
    file: Option<UploadedFile>,
) -> Result<(Project, Shown)> {
    if named.is_some_and(|named| named != place.name) {
        wish.mistakes.add("package_name", "This is not the name that the address has.");
    }
    change(app, user, Step::Add, place, wish, file).await
}

/// Changes a package. Sources of the same kind keep what is not said; those of another kind
/// replace them.
pub async fn edit(
    app: &App,
    user: &User,
    place: Place,
    wish: Wish,
    file: Option<UploadedFile>,
) -> Result<(Project, Shown)> {
    change(app, user, Step::Edit, place, wish, file).await
}

/// The kind of sources that a package has, for requests that do not say it.
pub async fn source_kind(app: &App, place: &Place) -> Result<SourceKind> {
    let place = place.clone();
    app.store
        .read(move |db| {
            let project = projects::find(db, &place.owner, &place.project)?;
            let package = find(db, &project, &place.name)?;
            SourceKind::of(&package.source).ok_or_else(|| {
                Error::invalid(format!(
                    "Unsupported package source type {}: say which type the package is to have.",
                    package.source.kind()
                ))
            })
        })
        .await
}

async fn change(
    app: &App,
    user: &User,
    step: Step,
    place: Place,
    mut wish: Wish,
    file: Option<UploadedFile>,
) -> Result<(Project, Shown)> {
    let (app, user) = (app.clone(), user.clone());
    let SourceWish::Upload(upload) = &mut wish.source else {
        return write(&app, user, step, place, wish).await;
    };
    let Some(file) = file else { return write(&app, user, step, place, wish).await };
    upload.file = Some(file.name);
    let name = {
        let (app, user, place, wish) = (app.clone(), user.clone(), place.clone(), wish.clone());
        let config = app.config.clone();
        let check = move |db: &_| prepare(db, &config, &user, step, &place, wish);
        match app.store.read(check).await?.1.source {
            SourceSpec::Upload { file, .. } => file,
            _ => return Err(Error::internal("storing a package's file", "no file was chosen")),
        }
    };
    // A task of its own: a client that hangs up must not leave a package without its file.
    let storing = async move {
        let named = vec![(name, file.path)];
        let stored = Stored::take_in(app.layout().uploads(), named).await?;
        if let SourceWish::Upload(upload) = &mut wish.source {
            upload.dir.clone_from(&stored.dir);
        }
        let changed = write(&app, user, step, place, wish).await?;
        stored.keep();
        Ok(changed)
    };
    tokio::spawn(storing).await.map_err(|error| Error::internal("keeping a file", error))?
}

async fn write(
    app: &App,
    user: User,
    step: Step,
    place: Place,
    wish: Wish,
) -> Result<(Project, Shown)> {
    let config = app.config.clone();
    let (project, package, gone) = app
        .store
        .write(move |tx| {
            let key = wish.deploy_key.clone();
            let (project, package, old) = prepare(tx, &config, &user, step, &place, wish)?;
            let id = match &old {
                Some(old) => old.id,
                None => packages::insert(tx, project.id, &package.name, &package.source)?
                    .ok_or_else(|| is_there(&project, &package.name))?,
            };
            let package = Package { id, ..package };
            packages::update(tx, &package)?;
            // A key that is none has been noted as a mistake.
            if let Some(Ok(key)) = key.as_deref().map(deploy_keys::read) {
                deploy_keys::put(tx, id, key.as_deref())?;
            }
            let gone = match old {
                Some(old) if old.source != package.source => super::unused(tx, &old.source)?,
                _ => None,
            };
            Ok::<_, Error>((project, package, gone))
        })
        .await?;
    super::remove_upload(&app.layout(), gone);
    Ok((project, Shown { package, latest: None, latest_succeeded: None }))
}

/// The package as it is to be, and as it was; nothing is changed.
fn prepare(
    db: &Connection,
    config: &Config,
    user: &User,
    step: Step,
    place: &Place,
    mut wish: Wish,
) -> Result<(Project, Package, Option<Package>)> {
    let project = projects::find(db, &place.owner, &place.project)?;
    let mut mistakes = std::mem::take(&mut wish.mistakes);
    let old = match step {
        Step::Add => None,
        Step::Edit => Some(find(db, &project, &place.name)?),
    };
    let name = match &old {
        Some(old) => Some(old.name.clone()),
        None => package_name(&place.name, &mut mistakes),
    };
    let around = Around { db, config, project: &project, purpose: Purpose::Package };
    let settings = settings(db, &wish, &mut mistakes)?;
    let source = wish.source.make(old.as_ref().map(|old| &old.source), &around, &mut mistakes)?;
    let is_still = |source: &SourceSpec| source.upstream().is_none();
    if wish.poll == Some(true) && source.as_ref().is_some_and(is_still) {
        let why = "Only sources from git, PyPI and RubyGems can be polled.";
        mistakes.add("poll", why);
    }
    mistakes.none()?;
    authorise(db, user, Action::EditPackages(&project))?;
    let (Some(name), Some(source)) = (name, source) else {
        return Err(Error::internal("changing a package", "no mistake was noted"));
    };
    if step == Step::Add && packages::find(db, project.id, &name)?.is_some() {
        return Err(is_there(&project, &name));
    }
    let mut package = old.clone().unwrap_or_else(|| Package::new(project.id, name, source.clone()));
    package.source = source;
    settings.apply(&mut package);
    // What cannot be looked at any more is not; who asks for it was told so.
    package.poll &= package.source.upstream().is_some();
    Ok((project, package, old))
}

fn is_there(project: &Project, name: &PackageName) -> Error {
    Error::Conflict(format!("Project {} already has a package '{name}'", project.full_name()))
}

fn package_name(text: &str, mistakes: &mut Mistakes) -> Option<PackageName> {
    let name = text.parse().ok();
    if name.is_none() {
        let why = if text.len() > 100 {
            "Field cannot be longer than 100 characters."
        } else {
            "Please enter a valid package name in ^[-+_.a-zA-Z0-9]+$"
        };
        mistakes.add("package_name", why);
    }
    name
}

/// What is said about how a package is built.
struct Settings {
    webhook_rebuild: Option<bool>,
    poll: Option<bool>,
    max_builds: Option<u32>,
    timeout: Option<u32>,
    chroot_denylist: Option<Vec<String>>,
}

fn settings(db: &Connection, wish: &Wish, mistakes: &mut Mistakes) -> Result<Settings> {
    let longest = u32::try_from(MAX_TIMEOUT.as_secs()).unwrap_or(u32::MAX);
    if let Some(patterns) = &wish.chroot_denylist {
        check_denylist(db, patterns, mistakes)?;
    }
    if let Some(Err(why)) = wish.deploy_key.as_deref().map(deploy_keys::read) {
        mistakes.add("deploy_key", why);
    }
    Ok(Settings {
        webhook_rebuild: wish.webhook_rebuild,
        poll: wish.poll,
        max_builds: number("max_builds", wish.max_builds, MOST_BUILDS, mistakes),
        timeout: number("timeout", wish.timeout, longest, mistakes),
        chroot_denylist: wish.chroot_denylist.clone(),
    })
}

impl Settings {
    fn apply(self, package: &mut Package) {
        if let Some(on) = self.webhook_rebuild {
            package.webhook_rebuild = on;
        }
        if let Some(on) = self.poll {
            package.poll = on;
        }
        if let Some(builds) = self.max_builds {
            package.max_builds = builds;
        }
        if let Some(seconds) = self.timeout {
            package.timeout = (seconds > 0).then_some(seconds);
        }
        if let Some(patterns) = self.chroot_denylist {
            package.chroot_denylist = patterns;
        }
    }
}

fn number(field: &str, given: Option<i64>, most: u32, mistakes: &mut Mistakes) -> Option<u32> {
    let number = u32::try_from(given?).ok().filter(|number| *number <= most);
    if number.is_none() {
        mistakes.add(field, format!("Number must be between 0 and {most}."));
    }
    number
}

/// Each pattern must mean something here, and all together must leave something to build in.
fn check_denylist(db: &Connection, patterns: &[String], mistakes: &mut Mistakes) -> Result<()> {
    const FIELD: &str = "chroot_denylist";
    if patterns.is_empty() {
        return Ok(());
    }
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_*.+".contains(c);
    let active: Vec<_> =
        chroots::list(db)?.into_iter().filter(|chroot| chroot.active).map(|c| c.name).collect();
    for pattern in patterns {
        if !pattern.chars().all(legal) {
            let why = format!("Pattern \"{pattern}\" does not match \"^[a-z0-9-_*.+]+$\"");
            mistakes.add(FIELD, why);
        } else if !active.iter().any(|name| glob::fits(pattern, name.as_str())) {
            mistakes.add(FIELD, format!("no chroot matched by pattern \"{pattern}\""));
        }
    }
    let is_denied =
        |name: &ChrootName| patterns.iter().any(|pattern| glob::fits(pattern, name.as_str()));
    if active.iter().all(is_denied) {
        mistakes.add(FIELD, "these patterns leave no chroot to build in");
    }
    Ok(())
}
