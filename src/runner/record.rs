//! What the engine writes into the tables: each function is one step of a build, and runs in one
//! transaction, so that a crash lies between steps and never inside one.
//!
//! Open to the outside for tests that play the engine (`tests/conformance/finisher.rs`).

use crate::clock::Timestamp;
use crate::model::assign;
use crate::model::build::{Build, BuildChroot};
use crate::model::dependency::Links;
use crate::model::job::{RepoKey, Stage, Tidy, Work};
use crate::model::list::Slice;
use crate::model::nevra::Nevra;
use crate::model::{BuildChrootId, BuildId, ChrootState, JobId, PackageName, SourceState};
use crate::repo::layout;
use crate::rpm::Package;
use crate::store::{
    Connection, Result, build_chroots, builds, chroots, dependencies, jobs, packages,
    project_chroots, projects,
};

/// What a source build has made.
pub struct MadeSource {
    /// The SRPM's headers.
    pub package: Package,
    /// Its name, parsed.
    pub name: PackageName,
    /// The SRPM's file name in the source build's directory.
    pub file: String,
}

/// A source build leaves the queue; `None` when there is nothing to do any more.
pub fn source_starts(db: &Connection, job: JobId, id: BuildId) -> Result<Option<Build>> {
    let build = builds::get(db, id)?;
    if build.as_ref().is_none_or(|build| build.source_state.is_finished()) {
        jobs::finish(db, job)?;
        return Ok(None);
    }
    if build.is_some_and(|build| build.canceled) {
        source_failed(db, job, id, SourceState::Canceled, "canceled")?;
        return Ok(None);
    }
    builds::set_source_state(db, id, SourceState::Starting, None)?;
    builds::get(db, id)
}

/// A source build has its place to work.
pub fn source_runs(db: &Connection, id: BuildId) -> Result<()> {
    builds::set_source_state(db, id, SourceState::Running, None)
}

/// A source build has failed, and with it everything that waits for it.
pub fn source_failed(
    db: &Connection,
    job: JobId,
    id: BuildId,
    state: SourceState,
    message: &str,
) -> Result<()> {
    builds::set_source_state(db, id, state, Some(message))?;
    let part = match state {
        SourceState::Canceled => ChrootState::Canceled,
        _ => ChrootState::Failed,
    };
    for chroot in build_chroots::list(db, id, Slice::default())? {
        build_chroots::set_state(db, chroot.id, part, Some("there is no source package"))?;
    }
    jobs::finish(db, job)
}

/// A source build is done: the package is known, chroots are given, and their work is queued.
pub fn source_succeeded(db: &Connection, job: JobId, id: BuildId, made: &MadeSource) -> Result<()> {
    let Some(build) = builds::get(db, id)? else { return jobs::finish(db, job) };
    if build.canceled {
        return source_failed(db, job, id, SourceState::Canceled, "canceled");
    }
    let package = packages::find_or_insert(db, build.project_id, &made.name, &build.source)?;
    let version = made.package.nevra().evr();
    builds::set_package(db, id, package.id, &version, Some(&made.file))?;
    if build.chroots.is_empty() {
        give_chroots(db, &build, &package.chroot_denylist)?;
    }
    let waiting = build_chroots::waiting(db, id)?;
    if waiting.is_empty() {
        let message = "the project has no chroot that this package may be built in";
        return source_failed(db, job, id, SourceState::Failed, message);
    }
    for (chroot, _, name) in waiting {
        match made.package.builds_on(name.arch()) {
            Ok(()) => {
                build_chroots::set_state(db, chroot, ChrootState::Pending, None)?;
                jobs::queue_chroot(db, id, chroot)?;
            }
            Err(reason) => {
                let reason = reason.to_string();
                build_chroots::set_state(db, chroot, ChrootState::Skipped, Some(&reason))?;
            }
        }
    }
    builds::set_source_state(db, id, SourceState::Succeeded, None)?;
    jobs::finish(db, job)
}

/// Gives a build that named no chroots those that the project has switched on.
fn give_chroots(db: &Connection, build: &Build, denylist: &[String]) -> Result<()> {
    let enabled = project_chroots::enabled_names(db, build.project_id)?;
    let excluded = builds::excluded_chroots(db, build.id)?;
    for name in assign::chroots(&enabled, &excluded, denylist) {
        if let Some(chroot) = chroots::find(db, &name)? {
            let repo = RepoKey { dir: build.dir_id, chroot: chroot.id };
            build_chroots::insert(db, build.id, repo, ChrootState::Waiting)?;
        }
    }
    Ok(())
}

/// A chroot leaves the queue, and gets its result directory; `None` when there is nothing to do
/// any more.
pub fn chroot_starts(
    db: &Connection,
    job: JobId,
    id: BuildId,
    chroot: BuildChrootId,
) -> Result<Option<(Build, BuildChroot)>> {
    let build = builds::get(db, id)?;
    if build.as_ref().is_some_and(|build| build.canceled) {
        chroot_ended(db, job, chroot, ChrootState::Canceled, "canceled")?;
        return Ok(None);
    }
    let Some((build, package)) = build.and_then(|b| b.package.clone().map(|name| (b, name))) else {
        jobs::finish(db, job)?;
        return Ok(None);
    };
    if !build_chroots::set_state(db, chroot, ChrootState::Starting, None)? {
        jobs::finish(db, job)?;
        return Ok(None);
    }
    build_chroots::set_result_dir(db, chroot, &layout::result_dir_name(id, &package))?;
    Ok(build_chroots::get(db, chroot)?.map(|part| (build, part)))
}

/// A chroot has its place to work.
pub fn chroot_runs(db: &Connection, id: BuildChrootId) -> Result<()> {
    build_chroots::set_state(db, id, ChrootState::Running, None).map(|_| ())
}

/// A chroot's packages are built: from here a restart goes on with publishing.
pub fn chroot_built(
    db: &Connection,
    job: JobId,
    id: BuildChrootId,
    files: &[(String, Nevra)],
) -> Result<()> {
    build_chroots::set_packages(db, id, files)?;
    jobs::set_publishing(db, job)
}

/// A chroot's packages are in the repository. When a user has stopped the build meanwhile, they
/// are taken out of it again. The answer is `false`, and nothing is changed, when its project
/// would have them in the other stage by now: they are to be published once more.
pub fn chroot_published(
    db: &Connection,
    job: JobId,
    chroot: &BuildChroot,
    stage: Stage,
) -> Result<bool> {
    let build = builds::get(db, chroot.build)?.filter(|build| !build.canceled);
    let Some(build) = build else {
        chroot_ended(db, job, chroot.id, ChrootState::Canceled, "canceled")?;
        return Ok(true);
    };
    if stage == Stage::Devel {
        let project = projects::get(db, build.project_id)?;
        if project.is_some_and(|project| !project.settings.manual_createrepo) {
            return Ok(false);
        }
        build_chroots::set_in_devel(db, chroot.id)?;
    }
    build_chroots::set_state(db, chroot.id, ChrootState::Succeeded, None)?;
    jobs::finish(db, job)?;
    Ok(true)
}

/// Notes what a package needs and provides, as a chroot has it that has succeeded in the main
/// directory of its project.
pub fn links_found(db: &Connection, id: BuildChrootId, links: &Links) -> Result<()> {
    let part = build_chroots::get(db, id)?.filter(|part| part.state == ChrootState::Succeeded);
    let Some(part) = part else { return Ok(()) };
    let Some(build) = builds::get(db, part.build)?.filter(|build| build.dir.is_main()) else {
        return Ok(());
    };
    let Some(name) = &build.package else { return Ok(()) };
    match packages::find(db, build.project_id, name)? {
        Some(package) => dependencies::note(db, build.project_id, (package.id, build.id), links),
        None => Ok(()),
    }
}

/// A chroot has come to another end. Once its packages were to be published, they may have been:
/// the repository is made anew without them.
pub fn chroot_ended(
    db: &Connection,
    job: JobId,
    id: BuildChrootId,
    state: ChrootState,
    message: &str,
) -> Result<()> {
    if jobs::is_publishing(db, job)?
        && let Some(repo) = build_chroots::repo(db, id)?
    {
        jobs::queue_tidy(db, &Tidy { repos: vec![repo], remove: Vec::new() })?;
    }
    build_chroots::set_packages(db, id, &[])?;
    build_chroots::set_state(db, id, state, Some(message))?;
    jobs::finish(db, job)
}

/// Puts interrupted work back into the queue: what was under way is pending again.
pub fn put_back(db: &Connection, job: JobId, work: &Work, not_before: Timestamp) -> Result<()> {
    make_pending(db, work)?;
    jobs::put_back(db, job, not_before)
}

/// As [`put_back`], without counting the attempt: it was the server's wish to end it.
pub fn hand_back(db: &Connection, job: JobId, work: &Work) -> Result<()> {
    make_pending(db, work)?;
    jobs::hand_back(db, job)
}

fn make_pending(db: &Connection, work: &Work) -> Result<()> {
    match work {
        Work::Source(build) => {
            if builds::get(db, *build)?.is_some_and(|build| !build.source_state.is_finished()) {
                builds::set_source_state(db, *build, SourceState::Pending, None)?;
            }
        }
        Work::Chroot { chroot, .. } => {
            build_chroots::set_state(db, *chroot, ChrootState::Pending, None)?;
        }
        Work::Tidy(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::build::BuildOptions;
    use crate::model::chroot::ChrootRecipe;
    use crate::model::project::ProjectSettings;
    use crate::model::source::SourceSpec;
    use crate::model::{BuildState, Owner, UserId};
    use crate::store::builds::NewBuild;
    use crate::store::projects::NewProject;
    use crate::store::testing;

    /// A build of `alice/tools`, which has the given chroots, and the job that makes its SRPM.
    fn submitted(db: &Connection, names: &[&str]) -> (BuildId, JobId) {
        db.execute("INSERT INTO users (name, created_on) VALUES ('alice', 0)", []).unwrap();
        let new = NewProject {
            owner: &Owner::User("alice".parse().unwrap()),
            name: &"tools".parse().unwrap(),
            creator: UserId(1),
            persistent: false,
            delete_after: None,
            settings: &ProjectSettings::default(),
        };
        let project = projects::insert(db, &new).unwrap().unwrap();
        for name in names {
            let recipe = ChrootRecipe::Sandbox { repos: vec![], install: vec![] };
            let chroot = chroots::insert(db, &name.parse().unwrap(), &recipe, "", true).unwrap();
            project_chroots::enable(db, project, chroot).unwrap();
        }
        let project = projects::get(db, project).unwrap().unwrap();
        let source = SourceSpec::Link { url: "http://h/a-1-1.src.rpm".into() };
        let new = NewBuild {
            project: project.id,
            dir: projects::main_dir(db, &project).unwrap().id,
            package: None,
            submitter: None,
            source: &source,
            options: &BuildOptions::default(),
            excluded: &[],
            batch: None,
        };
        let build = builds::insert(db, &new).unwrap();
        jobs::queue_source(db, build).unwrap();
        (build, claim(db))
    }

    fn claim(db: &Connection) -> JobId {
        let next = jobs::candidates(db).unwrap()[0].job;
        jobs::claim(db, next).unwrap().unwrap().id
    }

    fn made(exclude: &[&str]) -> MadeSource {
        let mut package = crate::rpm::package::tests::source();
        package.name = "a".into();
        package.exclude_arch = exclude.iter().map(ToString::to_string).collect();
        MadeSource { package, name: "a".parse().unwrap(), file: "a-1-1.src.rpm".into() }
    }

    fn states(db: &Connection, build: BuildId) -> Vec<ChrootState> {
        let parts = build_chroots::list(db, build, Slice::default()).unwrap();
        parts.iter().map(|part| part.state).collect()
    }

    fn whole(db: &Connection, build: BuildId) -> BuildState {
        builds::get(db, build).unwrap().unwrap().state
    }

    #[test]
    fn a_source_package_gives_the_chroots_their_work_and_skips_excluded_ones() {
        let store = testing::store();
        store
            .write_now(|db| {
                let (build, job) = submitted(db, &["fedora-42-x86_64", "fedora-42-aarch64"]);
                assert!(source_starts(db, job, build)?.is_some());
                source_succeeded(db, job, build, &made(&["aarch64"]))?;
                assert_eq!(states(db, build), [ChrootState::Pending, ChrootState::Skipped]);
                assert_eq!(jobs::candidates(db)?.len(), 1);
                Ok::<_, crate::store::StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn a_package_that_may_be_built_nowhere_fails() {
        let store = testing::store();
        store
            .write_now(|db| {
                let (build, job) = submitted(db, &[]);
                source_succeeded(db, job, build, &made(&[]))?;
                assert_eq!(whole(db, build), BuildState::Failed);
                assert_eq!(jobs::counts(db)?, (0, 0));
                Ok::<_, crate::store::StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn a_build_canceled_while_it_is_published_is_taken_out_again() {
        let store = testing::store();
        store
            .write_now(|db| {
                let (build, job) = submitted(db, &["fedora-42-x86_64"]);
                source_succeeded(db, job, build, &made(&[]))?;
                let job = claim(db);
                let part = build_chroots::list(db, build, Slice::default())?[0].id;
                let (_, part) = chroot_starts(db, job, build, part)?.unwrap();
                assert_eq!(part.result_dir.as_deref(), Some("00000001-a"));
                chroot_runs(db, part.id)?;
                chroot_built(db, job, part.id, &[])?;
                builds::set_canceled(db, build)?;
                assert!(chroot_published(db, job, &part, Stage::Production)?);
                assert_eq!(states(db, build), [ChrootState::Canceled]);
                assert!(jobs::next_tidy(db)?.is_some(), "the repository is made anew");
                Ok::<_, crate::store::StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn what_joined_devel_while_its_project_changed_its_mind_is_published_once_more() {
        let store = testing::store();
        store
            .write_now(|db| {
                let (build, job) = submitted(db, &["fedora-42-x86_64"]);
                source_succeeded(db, job, build, &made(&[]))?;
                let job = claim(db);
                let part = build_chroots::list(db, build, Slice::default())?[0].id;
                let (_, part) = chroot_starts(db, job, build, part)?.unwrap();
                chroot_runs(db, part.id)?;
                assert!(!chroot_published(db, job, &part, Stage::Devel)?);
                assert_eq!(states(db, build), [ChrootState::Running]);
                assert!(chroot_published(db, job, &part, Stage::Production)?);
                assert_eq!(states(db, build), [ChrootState::Succeeded]);
                Ok::<_, crate::store::StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn what_packages_need_is_learnt_from_successes_in_the_main_directory_alone() {
        let store = testing::store();
        store
            .write_now(|db| {
                let (build, job) = submitted(db, &["fedora-42-x86_64"]);
                source_succeeded(db, job, build, &made(&[]))?;
                let (job, part) =
                    (claim(db), build_chroots::list(db, build, Slice::default())?[0].id);
                let (build, part) = chroot_starts(db, job, build, part)?.unwrap();
                let links = Links { provides: ["a".to_owned()].into(), ..Links::default() };
                let is_known = |db| dependencies::any(db, build.project_id);
                chroot_runs(db, part.id)?;
                links_found(db, part.id, &links)?;
                assert!(!is_known(db)?, "it has not succeeded yet");
                chroot_published(db, job, &part, Stage::Production)?;
                db.execute("UPDATE dirs SET name = 'tools:pr:1'", [])?;
                links_found(db, part.id, &links)?;
                assert!(!is_known(db)?, "that of a pull request");
                db.execute("UPDATE dirs SET name = 'tools'", [])?;
                links_found(db, part.id, &links)?;
                assert!(is_known(db)?);
                Ok::<_, crate::store::StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn interrupted_work_is_pending_again_and_a_canceled_build_is_not_begun() {
        let store = testing::store();
        store
            .write_now(|db| {
                let (build, job) = submitted(db, &["fedora-42-x86_64"]);
                source_starts(db, job, build)?;
                put_back(db, job, &Work::Source(build), Timestamp(0))?;
                assert_eq!(whole(db, build), BuildState::Pending);
                let job = claim(db);
                builds::set_canceled(db, build)?;
                assert!(source_starts(db, job, build)?.is_none());
                assert_eq!(jobs::counts(db)?, (0, 0));
                Ok::<_, crate::store::StoreError>(())
            })
            .unwrap();
    }
}
