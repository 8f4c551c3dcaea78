use super::*;
use crate::model::chroot::ChrootRecipe;
use crate::model::job::{RepoKey, Stage, Work};
use crate::model::nevra::Nevra;
use crate::model::project::ProjectSettings;
use crate::model::{BuildChrootId, Owner};
use crate::store::build_chroots::RepoFiles;
use crate::store::projects::NewProject;
use crate::store::{build_chroots, chroots, jobs, packages, projects, testing};

/// A project `alice/tools`, its main directory and one chroot.
fn project(db: &Connection) -> (ProjectId, RepoKey) {
    db.execute("INSERT INTO users (name, created_on) VALUES ('alice', 0)", []).unwrap();
    let recipe = ChrootRecipe::Sandbox { repos: vec![], install: vec![] };
    let chroot =
        chroots::insert(db, &"fedora-42-x86_64".parse().unwrap(), &recipe, "", true).unwrap();
    let new = NewProject {
        owner: &Owner::User("alice".parse().unwrap()),
        name: &"tools".parse().unwrap(),
        creator: UserId(1),
        persistent: false,
        delete_after: None,
        settings: &ProjectSettings::default(),
    };
    let id = projects::insert(db, &new).unwrap().unwrap();
    assert_eq!(projects::insert(db, &new).unwrap(), None, "a name is given once");
    let project = projects::get(db, id).unwrap().unwrap();
    let dir = projects::main_dir(db, &project).unwrap().id;
    (id, RepoKey { dir, chroot })
}

fn get_dir(db: &Connection, repo: RepoKey) -> ProjectId {
    projects::get_dir(db, repo.dir).unwrap().unwrap().project
}

/// The same directory in another chroot.
fn other(db: &Connection, repo: RepoKey) -> RepoKey {
    let recipe = ChrootRecipe::Sandbox { repos: vec![], install: vec![] };
    let name = "fedora-43-x86_64".parse().unwrap();
    RepoKey { chroot: chroots::insert(db, &name, &recipe, "", true).unwrap(), ..repo }
}

fn submit(db: &Connection, project: ProjectId, dir: DirId) -> BuildId {
    let source = SourceSpec::Link { url: "http://h/a-1.src.rpm".into() };
    let new = NewBuild {
        project,
        dir,
        package: None,
        submitter: Some(UserId(1)),
        source: &source,
        options: &BuildOptions::default(),
        excluded: &[],
        batch: None,
    };
    let id = insert(db, &new).unwrap();
    jobs::queue_source(db, id).unwrap();
    id
}

fn state(db: &Connection, id: BuildId) -> BuildState {
    get(db, id).unwrap().unwrap().state
}

#[test]
fn a_build_goes_from_source_to_repository() {
    let store = testing::store();
    store
        .write_now(|db| {
            let (project, repo) = project(db);
            let id = submit(db, project, repo.dir);
            assert_eq!(state(db, id), BuildState::Pending);

            let job = jobs::claim(db, jobs::candidates(db)?[0].job)?.unwrap();
            assert_eq!(job.work, Work::Source(id));
            set_source_state(db, id, SourceState::Running, None)?;
            assert_eq!(state(db, id), BuildState::Running);

            let source = SourceSpec::Unset;
            let package = packages::find_or_insert(db, project, &"a".parse().unwrap(), &source)?;
            set_package(db, id, package.id, "1-1", Some("a-1-1.src.rpm"))?;
            let chroot = build_chroots::insert(db, id, repo, ChrootState::Pending)?;
            set_source_state(db, id, SourceState::Succeeded, None)?;
            assert_eq!(state(db, id), BuildState::Pending);

            build_a_package(db, chroot, repo);
            let build = get(db, id)?.unwrap();
            assert_eq!(build.state, BuildState::Succeeded);
            assert!(build.started_on.is_some() && build.ended_on.is_some());
            assert_eq!(build.chroots.len(), 1);
            assert_eq!(packages::latest_succeeded_build(db, package.id)?, Some(id));
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

fn build_a_package(db: &Connection, chroot: BuildChrootId, repo: RepoKey) {
    build_chroots::set_state(db, chroot, ChrootState::Starting, None).unwrap();
    build_chroots::set_result_dir(db, chroot, "00000001-a").unwrap();
    build_chroots::set_state(db, chroot, ChrootState::Running, None).unwrap();
    let nevra = Nevra {
        name: "a".into(),
        epoch: None,
        version: "1".into(),
        release: "1".into(),
        arch: "noarch".into(),
    };
    build_chroots::set_packages(db, chroot, &[("a-1-1.noarch.rpm".into(), nevra)]).unwrap();
    let files = |stage, joining: &[BuildChrootId]| {
        let RepoFiles { older, joining } =
            build_chroots::repo_files(db, repo, stage, joining).unwrap();
        (older, joining)
    };
    let none = Vec::new;
    assert_eq!(files(Stage::Production, &[]), (none(), none()), "it is not published");
    let file = vec!["00000001-a/a-1-1.noarch.rpm".to_owned()];
    assert_eq!(files(Stage::Production, &[chroot]), (none(), file.clone()));
    build_chroots::set_in_devel(db, chroot).unwrap();
    build_chroots::set_state(db, chroot, ChrootState::Succeeded, None).unwrap();
    assert_eq!(files(Stage::Production, &[]), (none(), none()));
    assert_eq!(files(Stage::Devel, &[]), (file.clone(), none()));
    build_chroots::release(db, get_dir(db, repo)).unwrap();
    assert_eq!(files(Stage::Production, &[]), (file, none()));
}

#[test]
fn a_late_report_does_not_undo_a_cancel() {
    let store = testing::store();
    store
        .write_now(|db| {
            let (project, repo) = project(db);
            let id = submit(db, project, repo.dir);
            let chroot = build_chroots::insert(db, id, repo, ChrootState::Pending)?;
            build_chroots::set_state(db, chroot, ChrootState::Starting, None)?;
            let unbegun = build_chroots::insert(db, id, other(db, repo), ChrootState::Waiting)?;
            set_canceled(db, id)?;
            assert!(build_chroots::set_state(db, unbegun, ChrootState::Canceled, None)?);
            let part = build_chroots::get(db, unbegun)?.unwrap();
            assert_eq!((part.started_on, part.ended_on), (None, None), "it never started");
            assert!(build_chroots::set_state(db, chroot, ChrootState::Canceled, None)?);
            assert!(!build_chroots::set_state(db, chroot, ChrootState::Succeeded, None)?);
            assert_eq!(state(db, id), BuildState::Canceled);
            assert!(get(db, id)?.unwrap().ended_on.is_some());
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn lists_run_newest_first_and_filter_by_state_and_package() {
    let store = testing::store();
    store
        .write_now(|db| {
            let (project, repo) = project(db);
            let ids: Vec<BuildId> = (0..3).map(|_| submit(db, project, repo.dir)).collect();
            set_canceled(db, ids[1])?;
            let all = list(db, project, Filter::default(), Slice::default())?;
            assert_eq!(all.iter().map(|b| b.id).collect::<Vec<_>>(), [ids[2], ids[1], ids[0]]);
            let filter = Filter { state: Some(BuildState::Canceled), ..Filter::default() };
            assert_eq!(list(db, project, filter, Slice::default())?.len(), 1);
            let name = "none".parse().unwrap();
            let filter = Filter { package: Some(&name), ..Filter::default() };
            assert!(list(db, project, filter, Slice::first(5))?.is_empty());
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn a_deleted_project_takes_all_its_rows_along() {
    let store = testing::store();
    store
        .write_now(|db| {
            let (project, repo) = project(db);
            let id = submit(db, project, repo.dir);
            build_chroots::insert(db, id, repo, ChrootState::Waiting)?;
            projects::delete(db, project)?;
            for table in ["projects", "dirs", "builds", "build_chroots", "jobs"] {
                let count: i64 =
                    db.query_row(&format!("SELECT count(*) FROM {table}"), [], |r| r.get(0))?;
                assert_eq!(count, 0, "{table}");
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn totals_follow_what_is_there() {
    let store = testing::store();
    store
        .write_now(|db| {
            let (project, repo) = project(db);
            let name = "hello".parse().unwrap();
            let package = packages::find_or_insert(db, project, &name, &SourceSpec::Unset)?;
            let first = submit(db, project, repo.dir);
            submit(db, project, repo.dir);
            assert_eq!((packages::count(db, project)?, count(db, project)?), (1, 2));
            delete(db, first)?;
            packages::delete(db, package.id)?;
            assert_eq!((packages::count(db, project)?, count(db, project)?), (0, 1));
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn what_a_user_has_handed_in_comes_by_time() {
    let store = testing::store();
    store
        .write_now(|db| {
            let (project, repo) = project(db);
            let ids = [1, 2, 3].map(|_| submit(db, project, repo.dir));
            for (id, on) in ids.iter().zip([500, 900, 100]) {
                db.execute("UPDATE builds SET submitted_on = ?2 WHERE id = ?1", params![id, on])?;
            }
            let found = submitted_by(db, UserId(1), Timestamp(200), Slice::first(5))?;
            assert_eq!(found.iter().map(|b| b.id).collect::<Vec<_>>(), [ids[1], ids[0]]);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}
