//! Plays the workers for the recorded scenario: takes one event of a build as JSON and writes it
//! into a data directory's tables, with the very transactions that the engine makes and with
//! times that are the same in each run.
//!
//!     cargo run --example finisher -- DATABASE <EVENT.json

use std::path::PathBuf;

use anyhow::{Context, bail};
use coprbox::model::build::Build;
use coprbox::model::job::{RepoKey, Stage};
use coprbox::model::nevra::Nevra;
use coprbox::model::{BuildChrootId, BuildId, ChrootName, ChrootState, JobId, SourceState, assign};
use coprbox::rpm::Package;
use coprbox::runner::record::{self, MadeSource};
use coprbox::store::{
    Connection, Store, StoreError, build_chroots, builds, chroots, packages, project_chroots,
};
use serde::Deserialize;

/// What a worker tells.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Event {
    /// How far the source build is.
    Source { build_id: i64, status: String, pkg_name: Option<String>, pkg_version: Option<String> },
    /// Whether the sources could be stored.
    Import { build_id: i64, ok: bool },
    /// How far one chroot is.
    Chroot {
        build_id: i64,
        chroot: String,
        status: String,
        #[serde(default)]
        packages: Vec<Nevra>,
    },
}

fn main() -> anyhow::Result<()> {
    let database: PathBuf = std::env::args_os().nth(1).context("no DATABASE is named")?.into();
    let event: Event = serde_json::from_reader(std::io::stdin())?;
    let done = Store::open(&database)?.write_now(|db| play(db, event).map_err(Failure))?;
    if let Some(dir) = done.as_ref().and_then(|build| build.source.upload_dir()) {
        let data = database.parent().context("the database has no directory")?;
        std::fs::remove_dir_all(data.join("uploads").join(dir))?;
    }
    Ok(())
}

/// Whatever has gone wrong; the transaction is undone.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
struct Failure(anyhow::Error);

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure(error.into())
    }
}

/// Returns the build if it needs what was uploaded for it no more.
fn play(db: &Connection, event: Event) -> anyhow::Result<Option<Build>> {
    let (id, is_done) = match event {
        Event::Source { build_id, status, pkg_name, pkg_version } => {
            let made = pkg_name.zip(pkg_version);
            source(db, build(db, build_id)?, &status, made)?;
            (build_id, status == "failed")
        }
        Event::Import { build_id, ok } => {
            import(db, &build(db, build_id)?, ok)?;
            (build_id, true)
        }
        Event::Chroot { build_id, chroot, status, packages } => {
            part(db, BuildId(build_id), &chroot.parse()?, &status, &packages)?;
            (build_id, false)
        }
    };
    settle_times(db, id)?;
    Ok(if is_done { Some(build(db, id)?) } else { None })
}

fn build(db: &Connection, id: i64) -> anyhow::Result<Build> {
    builds::get(db, BuildId(id))?.with_context(|| format!("there is no build {id}"))
}

fn source(
    db: &Connection,
    build: Build,
    status: &str,
    made: Option<(String, String)>,
) -> anyhow::Result<()> {
    let (id, job) = (build.id, job(db, build.id, None)?);
    if build.source_state == SourceState::Pending {
        record::source_starts(db, job, id)?.context("the build has ended before it began")?;
        record::source_runs(db, id)?;
    }
    match (status, made) {
        ("running", _) => Ok(()),
        ("failed", _) => Ok(record::source_failed(db, job, id, SourceState::Failed, "played")?),
        ("succeeded", Some((name, version))) => importing(db, &build, &name, &version),
        _ => bail!("a source build cannot be {status}"),
    }
}

/// The moment between the source build and the chroots: the engine passes it inside of one
/// transaction, clients of a server with a store for sources can see it.
fn importing(db: &Connection, build: &Build, name: &str, version: &str) -> anyhow::Result<()> {
    let name = name.parse()?;
    let package = packages::find_or_insert(db, build.project_id, &name, &build.source)?;
    let file = format!("{name}-{version}.src.rpm");
    builds::set_package(db, build.id, package.id, version, Some(&file))?;
    if build.chroots.is_empty() {
        let enabled = project_chroots::enabled_names(db, build.project_id)?;
        let excluded = builds::excluded_chroots(db, build.id)?;
        for name in assign::chroots(&enabled, &excluded, &package.chroot_denylist) {
            let chroot = chroots::find(db, &name)?.context("a chroot has gone")?;
            let repo = RepoKey { dir: build.dir_id, chroot: chroot.id };
            build_chroots::insert(db, build.id, repo, ChrootState::Waiting)?;
        }
    }
    Ok(builds::set_source_state(db, build.id, SourceState::Importing, None)?)
}

fn import(db: &Connection, build: &Build, ok: bool) -> anyhow::Result<()> {
    let job = job(db, build.id, None)?;
    if !ok {
        let message = "the sources could not be stored";
        return Ok(record::source_failed(db, job, build.id, SourceState::Failed, message)?);
    }
    let name = build.package.clone().context("the source build is not done")?;
    let file = build.srpm.clone().context("the source build has left nothing")?;
    let package = source_package(name.as_str(), build.version.as_deref().unwrap_or_default())?;
    Ok(record::source_succeeded(db, job, build.id, &MadeSource { package, name, file })?)
}

/// A source package that asks for nothing.
fn source_package(name: &str, evr: &str) -> anyhow::Result<Package> {
    let (epoch, rest) = evr.split_once(':').map_or((None, evr), |(e, rest)| (Some(e), rest));
    let (version, release) = rest.split_once('-').context("a version has no release")?;
    Ok(Package {
        name: name.to_owned(),
        epoch: epoch.map(str::parse).transpose()?,
        version: version.to_owned(),
        release: release.to_owned(),
        arch: "src".to_owned(),
        is_source: true,
        summary: String::new(),
        license: String::new(),
        exclusive_arch: Vec::new(),
        exclude_arch: Vec::new(),
        build_archs: Vec::new(),
        build_requires: Vec::new(),
        sources: Vec::new(),
        spec: None,
    })
}

fn part(
    db: &Connection,
    build: BuildId,
    name: &ChrootName,
    status: &str,
    packages: &[Nevra],
) -> anyhow::Result<()> {
    let found = build_chroots::find(db, build, name)?;
    let chroot = found.with_context(|| format!("build {build} has no chroot {name}"))?;
    let job = job(db, build, Some(chroot.id))?;
    match status {
        "starting" => {
            record::chroot_starts(db, job, build, chroot.id)?.context("there is nothing to do")?;
        }
        "running" => record::chroot_runs(db, chroot.id)?,
        "succeeded" => {
            let files: Vec<(String, Nevra)> =
                packages.iter().map(|nevra| (file(nevra), nevra.clone())).collect();
            record::chroot_built(db, job, chroot.id, &files)?;
            let is_public = record::chroot_published(db, job, &chroot, Stage::Production)?;
            anyhow::ensure!(is_public, "the project holds its builds back");
        }
        "failed" => record::chroot_ended(db, job, chroot.id, ChrootState::Failed, "played")?,
        "skipped" => record::chroot_ended(db, job, chroot.id, ChrootState::Skipped, "played")?,
        other => bail!("a chroot cannot be {other}"),
    }
    Ok(())
}

fn file(n: &Nevra) -> String {
    format!("{}-{}-{}.{}.rpm", n.name, n.version, n.release, n.arch)
}

/// The queued or running work of a build or of one of its chroots.
fn job(db: &Connection, build: BuildId, chroot: Option<BuildChrootId>) -> anyhow::Result<JobId> {
    db.query_row(
        "SELECT id FROM jobs WHERE build_id = ?1 AND build_chroot_id IS ?2",
        rusqlite::params![build, chroot],
        |row| row.get(0),
    )
    .with_context(|| format!("build {build} has no such work queued"))
}

/// Every start and every end at the same moment, whenever the scenario is run.
fn settle_times(db: &Connection, build: i64) -> anyhow::Result<()> {
    let sql = "
        UPDATE build_chroots SET
            started_on = iif(started_on IS NULL, NULL, 1700000000),
            ended_on = iif(ended_on IS NULL, NULL, 1700000100) WHERE build_id = ?1;
        UPDATE builds SET
            source_started_on = iif(source_started_on IS NULL, NULL, 1700000000),
            source_ended_on = iif(source_ended_on IS NULL, NULL, 1700000100),
            started_on = iif(started_on IS NULL, NULL, 1700000000),
            ended_on = iif(ended_on IS NULL, NULL, 1700000100) WHERE id = ?1;";
    for statement in sql.split_inclusive(';').filter(|text| text.contains("UPDATE")) {
        db.execute(statement, [build])?;
    }
    Ok(())
}
