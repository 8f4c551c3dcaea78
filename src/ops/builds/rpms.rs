//! Handing in packages that are built already: they are signed and published as they are.

use tempfile::TempPath;

use super::options::{Plan, Wish};
use super::stored::Stored;
use super::submit::place;
use super::{UploadedFile, find};
use crate::model::build::Build;
use crate::model::job::RepoKey;
use crate::model::source::SourceSpec;
use crate::model::user::User;
use crate::model::{ChrootState, PackageName, SourceState, assign};
use crate::ops::{App, Error, Mistakes, Result};
use crate::repo::check;
use crate::rpm::{self, Package};
use crate::store::builds::NewBuild;
use crate::store::{
    Connection, StoreError, build_chroots, builds, chroots, jobs, packages, project_chroots,
};

/// Packages that came with a request.
#[derive(Debug, Default)]
pub struct RpmUpload {
    /// The files.
    pub files: Vec<UploadedFile>,
    /// The SHA-256 sum of each file in hexadecimal, in their order; empty: nothing to compare.
    pub sums: Vec<String>,
    /// What they are a build of; `None`: the name of the first.
    pub name: Option<String>,
}

/// Uploads that have been looked at.
struct Looked {
    /// Each with the name that its header gives it.
    files: Vec<(String, TempPath)>,
    /// What they are a build of.
    package: PackageName,
    /// `[epoch:]version-release` of the first.
    version: String,
}

/// Hands in packages as a build of which only the publishing is left. When they are refused,
/// nothing is left of them.
pub async fn submit_rpms(app: &App, user: &User, wish: Wish, upload: RpmUpload) -> Result<Build> {
    let looking = tokio::task::spawn_blocking(move || look_at(upload));
    let looked = looking.await.map_err(|error| Error::internal("reading packages", error))?;
    let (looked, mistakes) = match looked? {
        Ok(looked) => (Some(looked), Mistakes::default()),
        Err(mistakes) => (None, mistakes),
    };
    {
        let (user, wish) = (user.clone(), wish.clone());
        app.store
            .read(move |db| {
                let project = wish.find_project(db)?;
                wish.plan(db, &user, project, mistakes).map(drop)
            })
            .await?;
    }
    let Some(looked) = looked else {
        return Err(Error::internal("reading packages", "no mistake was noted"));
    };
    // A task of its own: a client that hangs up must not leave a build without its files.
    let (app, user) = (app.clone(), user.clone());
    let taking = async move { take(&app, user, wish, looked).await };
    tokio::spawn(taking).await.map_err(|error| Error::internal("handing in packages", error))?
}

async fn take(app: &App, user: User, wish: Wish, looked: Looked) -> Result<Build> {
    let Looked { files, package, version } = looked;
    let names = files.iter().map(|(name, _)| name.clone()).collect();
    let stored = Stored::take_in(app.layout().uploads(), files).await?;
    let source = SourceSpec::RpmUpload { dir: stored.dir.clone(), files: names };
    let build = app
        .store
        .write(move |tx| {
            let project = wish.find_project(tx)?;
            let plan = wish.plan(tx, &user, project, Mistakes::default())?;
            insert(tx, &user, &plan, (&package, &version), &source)
        })
        .await?;
    stored.keep();
    Ok(build)
}

/// Adds a build that begins where others have their packages built.
fn insert(
    tx: &Connection,
    user: &User,
    plan: &Plan,
    (package, version): (&PackageName, &str),
    source: &SourceSpec,
) -> Result<Build> {
    let dir = place(tx, plan)?;
    let batch = plan.batch.place(tx)?;
    let package = packages::find_or_insert(tx, plan.project.id, package, source)?;
    let mut names = plan.chroots.clone();
    if names.is_empty() {
        let enabled = project_chroots::enabled_names(tx, plan.project.id)?;
        let excluded: Vec<String> = plan.excluded.iter().map(ToString::to_string).collect();
        names = assign::chroots(&enabled, &excluded, &package.chroot_denylist);
    }
    if names.is_empty() {
        return Err(Error::invalid("chroots: no chroot is left to publish in"));
    }
    let new = NewBuild {
        project: plan.project.id,
        dir,
        package: Some(package.id),
        submitter: Some(user.id),
        source,
        options: &plan.options,
        excluded: &plan.excluded,
        batch,
    };
    let id = builds::insert(tx, &new)?;
    builds::set_package(tx, id, package.id, version, None)?;
    builds::set_source_state(tx, id, SourceState::Succeeded, None)?;
    for name in &names {
        let gone = || StoreError::Corrupt(format!("chroot {name} has gone"));
        let chroot = chroots::find(tx, name)?.ok_or_else(gone)?.id;
        let part = build_chroots::insert(tx, id, RepoKey { dir, chroot }, ChrootState::Pending)?;
        jobs::queue_chroot(tx, id, part)?;
    }
    find(tx, id)
}

/// Reads what the files are, or says what is wrong with them. What clients call them is not looked
/// at beyond the ending.
fn look_at(upload: RpmUpload) -> Result<Result<Looked, Mistakes>> {
    let mut mistakes = Mistakes::default();
    if upload.files.is_empty() {
        mistakes.add("pkgs", "This field is required: send the .rpm files in it");
    }
    let sums = &upload.sums;
    if !sums.is_empty() && sums.len() != upload.files.len() {
        mistakes.add("sha256", "give one sum for each file, in the order of the files");
    }
    let mut files: Vec<(String, TempPath)> = Vec::new();
    let mut first = None;
    for (number, file) in upload.files.into_iter().enumerate() {
        let sum = sums.get(number).map(String::as_str);
        match look_at_one(&file, sum)? {
            Err((field, why)) => mistakes.add(field, why),
            Ok(package) => {
                let name = format!("{}.rpm", without_epoch(&package));
                if files.iter().any(|(other, _)| *other == name) {
                    mistakes.add("pkgs", format!("{name} is there twice"));
                }
                files.push((name, file.path));
                first = first.or(Some(package));
            }
        }
    }
    let named = upload.name.filter(|name| !name.is_empty());
    let named = named.or_else(|| first.as_ref().map(|package| package.name.clone()));
    let name = named.and_then(|name| {
        name.parse::<PackageName>().map_err(|error| mistakes.add("name", error)).ok()
    });
    let looked = first.zip(name).map(|(first, package)| {
        let version = first.nevra().evr();
        Looked { files, package, version }
    });
    match (mistakes.clone().none(), looked) {
        (Ok(()), Some(looked)) => Ok(Ok(looked)),
        _ => Ok(Err(mistakes)),
    }
}

/// One file: what it is, or which field is wrong and why.
fn look_at_one(
    file: &UploadedFile,
    sum: Option<&str>,
) -> Result<Result<Package, (&'static str, String)>> {
    let refuse = |field, why: String| Ok(Err((field, why)));
    let shown: String = file.name.chars().filter(|c| !c.is_control()).take(200).collect();
    let lower = file.name.to_ascii_lowercase();
    let ends_in = |ending| lower.strip_suffix(ending).is_some();
    if !ends_in(".rpm") || ends_in(".src.rpm") || ends_in(".nosrc.rpm") {
        return refuse(
            "pkgs",
            format!("'{shown}': only binary packages, .rpm, can be uploaded here"),
        );
    }
    let package = match Package::read_file(&file.path) {
        Ok(package) => package,
        Err(rpm::Error::Io(error)) => return Err(Error::internal("reading a package", error)),
        Err(error) => return refuse("pkgs", format!("'{shown}': {error}")),
    };
    if package.is_source {
        return refuse("pkgs", format!("'{shown}' is a source package; build it instead"));
    }
    let name = without_epoch(&package);
    let legal = |c: char| c.is_ascii_alphanumeric() || "-._+~^".contains(c);
    if !name.chars().all(legal) || name.starts_with(['-', '.']) || name.len() > 200 {
        return refuse("pkgs", format!("'{shown}' calls itself '{name}', which is no file name"));
    }
    if let Some(sum) = sum {
        let own = check::sha256(&file.path)
            .map_err(|error| Error::internal("reading a package", error))?;
        if !own.eq_ignore_ascii_case(sum) {
            return refuse("sha256", format!("'{shown}' has another SHA-256 sum: {own}"));
        }
    }
    Ok(Ok(package))
}

/// `name-version-release.arch`, as files of packages are called.
fn without_epoch(package: &Package) -> String {
    let Package { name, version, release, arch, .. } = package;
    format!("{name}-{version}-{release}.{arch}")
}
