//! What goes away by itself. Time passes by asking what will be due then.

use std::time::Duration;

use coprbox::clock::Timestamp;
use coprbox::model::{BuildId, BuildState, ChrootName};
use coprbox::ops::janitor::{What, preview, sweep};
use coprbox::ops::{builds, chroots, install, project_chroots, projects};
use coprbox::store::jobs;

use super::fixture::{CHROOTS, Works, add_chroot};
use projects::Wish;

const REPO: &str = "tools/fedora-42-x86_64";

fn in_days(days: u64) -> Timestamp {
    Timestamp::now().after(Duration::from_hours(24 * days))
}

impl Works {
    /// What goes in so many days; it is what was foretold, and nothing is left to do.
    async fn sweep(&self, days: u64) -> Vec<What> {
        let foretold = preview(&self.app, in_days(days)).await.unwrap();
        let gone = sweep(&self.app, in_days(days)).await.unwrap();
        assert_eq!(gone, foretold);
        assert_eq!(preview(&self.app, in_days(days)).await.unwrap(), []);
        self.rest().await;
        gone.into_iter().map(|due| due.what).collect()
    }

    fn exists(&self, below: &str) -> bool {
        self.path("results/alice").join(below).exists()
    }

    fn limit_builds(&self, most: u32) {
        self.change(|tx| {
            Ok(tx.execute("UPDATE packages SET max_builds = ?1", [most]).map(drop)?)
        });
    }
}

fn with_chroots(names: &[&str]) -> Wish {
    let chroots = Some(names.iter().map(ToString::to_string).collect());
    Wish { chroots, ..Wish::default() }
}

fn chroot(name: &str) -> ChrootName {
    name.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_temporary_project_goes_when_its_days_are_over() {
    let works = Works::new();
    works.project("kept", Wish::default()).await;
    works.project("tools", Wish { delete_after_days: Some(3), ..Wish::default() }).await;
    works.build("tools", "one", "1").await;
    assert_eq!(works.sweep(2).await, []);
    assert_eq!(works.sweep(5).await, [What::Project]);
    assert!(!works.exists("tools") && works.exists("kept"));
    works.project("tools", Wish::default()).await;
    works.rest().await;
    assert!(works.listed(REPO).is_empty());
    works.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chroot_that_was_switched_off_goes_after_a_week() {
    let works = Works::new();
    works.project("tools", Wish::default()).await;
    let build = works.build("tools", "one", "1").await;
    works.edit("tools", with_chroots(&CHROOTS[1..])).await;
    works.edit("tools", with_chroots(&CHROOTS)).await;
    assert_eq!(works.sweep(9).await, [], "it was switched on again");
    works.edit("tools", with_chroots(&CHROOTS[1..])).await;
    assert_eq!(works.sweep(6).await, []);
    assert_eq!(works.sweep(8).await, [What::Chroot(chroot(CHROOTS[0]))]);
    assert!(!works.exists(REPO) && works.exists("tools/fedora-43-x86_64/repodata"));
    let kept = works.get(build).await.unwrap();
    assert_eq!((kept.state, kept.srpm), (BuildState::Succeeded, None), "it stays on record");
    let made = builds::chroot_packages(&works.app, build, CHROOTS[0]).await.unwrap();
    assert_eq!(made.len(), 2);

    works.edit("tools", with_chroots(&CHROOTS)).await;
    assert!(works.listed(REPO).is_empty());
    works.build("tools", "one", "2").await;
    assert_eq!(works.listed(REPO), ["one-2-1.noarch.rpm"]);
    works.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_made_again_is_not_removed() {
    let works = Works::new();
    works.project("tools", Wish::default()).await;
    works.build("tools", "one", "1").await;
    let remove = ["results/alice/tools", "results/alice/tools/fedora-42-x86_64", "trash/7"];
    let tidy = coprbox::model::job::Tidy {
        remove: remove.map(str::to_owned).to_vec(),
        ..coprbox::model::job::Tidy::default()
    };
    works.change(|tx| jobs::queue_tidy(tx, &tidy).map(drop));
    works.rest().await;
    assert_eq!(works.listed(REPO), ["one-1-1.noarch.rpm"]);
    works.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chroot_that_the_server_no_longer_offers_goes_after_its_days() {
    let works = Works::new();
    works.project("tools", Wish::default()).await;
    works.build("tools", "one", "1").await;
    let name = chroot(CHROOTS[0]);
    let stay = Some(Duration::from_hours(180 * 24));
    let switch = |on| works.app.store.write_now(|tx| chroots::set_active(tx, &name, on, stay));
    assert!(switch(false).unwrap());
    let offer = install::offer(&works.app, "alice", "tools").await.unwrap();
    assert_eq!(offer.chroots[0].ends_on().map(install::days_until), Some(179));
    assert!(switch(true).unwrap());
    assert_eq!(works.sweep(181).await, [], "it is offered again");
    assert!(switch(false).unwrap());
    assert_eq!(works.sweep(179).await, []);
    assert_eq!(works.sweep(181).await, [What::Chroot(name)]);
    assert!(!works.exists(REPO));
    works.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_directory_of_a_pull_request_goes_weeks_after_its_last_build() {
    let works = Works::new();
    works.project("tools", Wish::default()).await;
    let kept = works.build("tools:custom:pr:x", "one", "1").await;
    let build = works.build("tools:pr:7", "one", "1").await;
    assert_eq!(works.sweep(39).await, []);
    let dir = "tools:pr:7".parse().unwrap();
    assert_eq!(works.sweep(41).await, [What::Directory(dir)]);
    assert!(works.get(build).await.is_none() && works.get(kept).await.is_some());
    assert!(!works.exists("tools:pr:7") && works.exists("tools:custom:pr:x"));
    works.build("tools:pr:7", "one", "2").await;
    assert_eq!(works.listed("tools:pr:7/fedora-42-x86_64"), ["one-2-1.noarch.rpm"]);
    works.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_keeps_its_newest_builds_in_each_directory() {
    let works = Works::new();
    works.project("tools", Wish { auto_prune: Some(false), ..Wish::default() }).await;
    let mut ids: Vec<BuildId> = Vec::new();
    for (dir, version) in [("tools", "1"), ("tools", "2"), ("tools:custom:x", "1"), ("tools", "3")]
    {
        ids.push(works.build(dir, "one", version).await);
    }
    assert_eq!(works.sweep(400).await, []);
    works.limit_builds(2);
    let one = "one".parse().unwrap();
    assert_eq!(works.sweep(0).await, [What::Builds(one, vec![ids[0]])]);
    assert_eq!(works.listed(REPO), ["one-2-1.noarch.rpm", "one-3-1.noarch.rpm"]);
    assert!(works.get(ids[0]).await.is_none());
    assert!(!works.exists(&format!("{REPO}/{}-one", ids[0].padded())));
    works.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn superseded_results_go_and_their_builds_stay_on_record() {
    let works = Works::new();
    works.project("tools", Wish::default()).await;
    let old = works.build("tools", "one", "1").await;
    works.build("tools", "two", "1").await;
    works.build("tools", "one", "2").await;
    assert_eq!(works.sweep(13).await, []);
    let gone = What::Results("tools".parse().unwrap(), chroot(CHROOTS[0]), vec![old]);
    assert_eq!(works.sweep(15).await, [gone]);
    assert_eq!(works.listed(REPO), ["one-2-1.noarch.rpm", "two-1-1.noarch.rpm"]);
    for place in
        [format!("{REPO}/{}-one", old.padded()), format!("tools/srpm-builds/{}", old.padded())]
    {
        assert!(!works.exists(&place), "{place}");
    }
    assert_eq!(works.get(old).await.unwrap().state, BuildState::Succeeded);
    let (_, part) = builds::chroot(&works.app, old, CHROOTS[0]).await.unwrap();
    assert_eq!(part.result_dir, None);

    works.edit("tools", Wish { auto_prune: Some(false), ..Wish::default() }).await;
    works.build("tools", "one", "3").await;
    assert_eq!(works.sweep(15).await, [], "the project keeps everything");
    works.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn projects_follow_the_branches_of_rawhide() {
    let works = Works::new();
    works.change(|tx| Ok(add_chroot(tx, "fedora-rawhide-x86_64")).map(|_| ()));
    works.project("tools", with_chroots(&["fedora-rawhide-x86_64"])).await;
    let stays =
        Wish { follow_fedora_branching: Some(false), ..with_chroots(&["fedora-rawhide-x86_64"]) };
    works.project("stays", stays).await;
    works.project("stable", Wish::default()).await;
    for name in ["fedora-41-x86_64", "fedora-44-aarch64", "epel-44-x86_64", "fedora-44-x86_64"] {
        works.change(|tx| Ok(add_chroot(tx, name)).map(|_| ()));
    }
    works.rest().await;
    let names = |project: &'static str| async {
        projects::get(&works.app, "alice", project).await.unwrap().chroots
    };
    let both = ["fedora-rawhide-x86_64", "fedora-44-x86_64"].map(chroot);
    assert_eq!(names("tools").await, both);
    assert_eq!(names("stays").await, both[..1]);
    assert_eq!(names("stable").await, CHROOTS.map(chroot));
    assert!(works.listed("tools/fedora-44-x86_64").is_empty());

    // Who has switched it off does not get it a second time.
    works.edit("tools", with_chroots(&["fedora-rawhide-x86_64"])).await;
    let name = chroot("fedora-44-x86_64");
    for on in [false, true] {
        works.app.store.write_now(|tx| chroots::set_active(tx, &name, on, None)).unwrap();
    }
    assert_eq!(names("tools").await, both[..1]);
    let kept = project_chroots::get(&works.app, ("alice", "tools"), name.as_str()).await.unwrap();
    assert!(!kept.1.is_enabled());
    works.close().await;
}
