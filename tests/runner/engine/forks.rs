//! Forks: their packages are the newest of the original, signed with a key of their own.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use coprbox::model::{BuildId, BuildState};
use coprbox::ops::forks::{self, NewFork};
use coprbox::ops::projects::Shown;
use coprbox::ops::{Error, builds, project_chroots, projects};

use super::fixture::Works;
use super::house::{ARM, House, X86, rpm};

fn new(owner: &str, name: &str) -> NewFork {
    let (name, owner) = (Some(name.to_owned()), Some(owner.to_owned()));
    NewFork { name, owner, ..NewFork::default() }
}

/// Forks a project for bob, and waits until it has all packages.
async fn fork(house: &House, original: (&str, &str), new: NewFork) -> Shown {
    let shown = forks::fork(&house.app, &house.bob, original, new).await.unwrap();
    house.rest().await;
    shown
}

/// `alice/tools` with two versions of one package and one of another.
async fn tools(house: &House, scratch: &Path) {
    house.project("tools").await;
    for (name, version, chroots) in
        [("one", "1", &[][..]), ("two", "1", &[X86]), ("one", "2", &[X86])]
    {
        let package = rpm(scratch, name, version, "noarch");
        let build = house.publish("tools", &[package], chroots).await;
        assert_eq!(build.state, BuildState::Succeeded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_has_the_newest_packages_signed_with_its_own_key() {
    let house = House::new().await;
    let scratch = tempfile::tempdir().unwrap();
    tools(&house, scratch.path()).await;
    let comps = scratch.path().join("c.xml");
    fs::write(&comps, "<comps><group><id>all</id></group></comps>").unwrap();
    let comps = Some(house.upload(&comps));
    let wish = project_chroots::Wish { comps, ..Default::default() };
    project_chroots::edit(&house.app, &house.alice, ("alice", "tools"), X86, wish).await.unwrap();

    let shown = fork(&house, ("alice", "tools"), new("bob", "mine")).await;
    assert_eq!(shown.project.full_name(), "bob/mine");
    // In the order of their originals: the first is in one chroot only, the other has a newer one.
    let x86 = house.repository("bob", "mine", X86).await;
    assert_eq!(x86, ["00000005-two/two-1-1.noarch.rpm", "00000006-one/one-2-1.noarch.rpm"]);
    let arm = house.repository("bob", "mine", ARM).await;
    assert_eq!(arm, ["00000004-one/one-1-1.noarch.rpm"]);
    house.repository("alice", "tools", X86).await;
    let (own, other) = (house.key("bob", "mine").await, house.key("alice", "tools").await);
    assert_ne!(own, other);

    let (build, original) = (house.finished(BuildId(6)).await, house.finished(BuildId(3)).await);
    assert_eq!(build.state, BuildState::Forked);
    assert_eq!(build.version, original.version);
    assert_eq!(build.submitter.unwrap().as_str(), "alice");
    assert_eq!(
        (build.submitted_on, build.started_on, build.ended_on),
        (original.submitted_on, original.started_on, original.ended_on)
    );
    let results = |path: &str| house.path("results").join(path);
    let index = results(&format!("bob/mine/{X86}/repodata/repomd.xml"));
    assert!(fs::read_to_string(index).unwrap().contains("<data type=\"group\""));
    let copies = results(&format!("bob/mine/{X86}/00000006-one"));
    let originals = results(&format!("alice/tools/{X86}/00000003-one"));
    let inode = |path: &Path| fs::metadata(path).unwrap().ino();
    for (file, is_same) in [("builder-live.log.gz", true), ("one-2-1.noarch.rpm", false)] {
        assert_eq!(inode(&copies.join(file)) == inode(&originals.join(file)), is_same, "{file}");
    }
    let info = |dir: &Path| fs::read_to_string(dir.join("build.info")).unwrap();
    assert!(
        info(&copies).starts_with("build_id=6\n") && info(&originals).starts_with("build_id=3\n")
    );
    assert!(!house.path("work/forks").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_into_a_project_adds_to_it() {
    let house = House::new().await;
    let scratch = tempfile::tempdir().unwrap();
    tools(&house, scratch.path()).await;
    fork(&house, ("alice", "tools"), new("bob", "mine")).await;
    let refused = forks::fork(&house.app, &house.bob, ("alice", "tools"), new("bob", "mine")).await;
    assert!(refused.unwrap_err().to_string().contains("--confirm"));
    house.publish("tools", &[rpm(scratch.path(), "three", "1", "noarch")], &[ARM]).await;
    let again = NewFork { confirm: true, ..new("bob", "mine") };
    fork(&house, ("alice", "tools"), again).await;
    let arm = house.repository("bob", "mine", ARM).await;
    assert!(arm.iter().any(|file| file.ends_with("three-1-1.noarch.rpm")), "{arm:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn forks_are_filled_by_the_next_server_whatever_the_last_one_left() {
    let mut house = House::new().await;
    let scratch = tempfile::tempdir().unwrap();
    tools(&house, scratch.path()).await;
    house.stop().await;
    // Nobody is there to fill the first one: the second is made of the same originals.
    let of = |original, new| forks::fork(&house.app, &house.bob, original, new);
    of(("alice", "tools"), new("bob", "mine")).await.unwrap();
    of(("bob", "mine"), new("bob", "other")).await.unwrap();
    let refused = projects::delete(&house.app, &house.alice, "alice", "tools").await;
    assert!(matches!(refused, Err(Error::Conflict(text)) if text.contains("bob/mine")));
    let refused = builds::delete(&house.app, &house.alice, BuildId(3)).await;
    assert!(matches!(refused, Err(Error::Conflict(text)) if text.contains("copied")));
    // What a turn leaves that was interrupted: half a copy, and a whole one that is not noted.
    let half = house.path("work/forks/4/half");
    let noted = house.path(&format!("results/bob/mine/{X86}/00000006-one/junk.rpm"));
    for path in [&half, &noted] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "junk").unwrap();
    }
    house.start().await;
    house.rest().await;
    for project in ["mine", "other"] {
        assert_eq!(house.repository("bob", project, X86).await.len(), 2);
        assert_eq!(house.repository("bob", project, ARM).await.len(), 1);
    }
    assert!(!noted.exists() && !half.exists());
    projects::delete(&house.app, &house.alice, "alice", "tools").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_meanwhile_is_not_waited_for() {
    let mut house = House::new().await;
    let scratch = tempfile::tempdir().unwrap();
    tools(&house, scratch.path()).await;
    house.stop().await;
    let of = |original, new| forks::fork(&house.app, &house.bob, original, new);
    of(("alice", "tools"), new("bob", "gone")).await.unwrap();
    projects::delete(&house.app, &house.bob, "bob", "gone").await.unwrap();
    of(("alice", "tools"), new("bob", "mine")).await.unwrap();
    // No operation does this: somebody has removed files by hand.
    fs::remove_dir_all(house.path(&format!("results/alice/tools/{X86}/00000003-one"))).unwrap();
    house.start().await;
    house.rest().await;
    let lost = house.finished(BuildId(9)).await;
    assert_eq!(lost.state, BuildState::Failed);
    let message = house.chroot(lost.id, X86).await.message.unwrap();
    assert!(message.contains("was deleted before it was copied"), "{message}");
    let x86 = house.repository("bob", "mine", X86).await;
    assert_eq!(x86, ["00000008-two/two-1-1.noarch.rpm"]);
    assert!(!house.path("results/bob/gone").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_come_along_and_what_is_held_back_stays_so() {
    let works = Works::new();
    works.project("tools", projects::Wish::default()).await;
    works.build("tools", "one", "1").await;
    works.build("tools:custom:x", "one", "2").await;
    let manual = projects::Wish { manual_createrepo: Some(true), ..projects::Wish::default() };
    works.edit("tools", manual).await;
    works.build("tools", "two", "1").await;
    let new = new("alice", "mine");
    forks::fork(&works.app, &works.alice, ("alice", "tools"), new).await.unwrap();
    works.rest().await;
    assert_eq!(works.listed("mine/fedora-42-x86_64"), ["one-1-1.noarch.rpm"]);
    let both = ["one-1-1.noarch.rpm", "two-1-1.noarch.rpm"];
    assert_eq!(works.listed("mine/fedora-42-x86_64/devel"), both);
    let source = works.path("results/alice/mine/srpm-builds/00000004");
    assert!(source.join("one-1-1.src.rpm").is_file());
    assert!(fs::read_to_string(source.join("build.info")).unwrap().starts_with("build_id=4\n"));
    works.close().await;
}
