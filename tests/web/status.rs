//! The queue and the statistics.

use coprbox::clock::Timestamp;
use coprbox::model::job::Candidate;
use coprbox::model::list::Slice;
use coprbox::model::{BuildId, ChrootState, ProjectId};
use coprbox::ops::{disk, queue};
use coprbox::store::{build_chroots, jobs, statistics};

use crate::site::Site;

#[test]
fn an_empty_queue_says_where_to_look_instead() {
    let site = Site::new();
    for address in ["/status/", "/status", "/status/pending/", "/status/pending/all/"] {
        site.page(address).has("Nothing waits").has("/recent/");
    }
    for (address, word) in [
        ("/status/running/", "running"),
        ("/status/starting/", "starting"),
        ("/status/importing/", "importing"),
    ] {
        site.page(address).has(&format!("Nothing is {word} just now"));
    }
    site.page("/status/batches/").has("No batch is under way");
}

#[test]
fn what_waits_is_shown_in_the_order_of_the_scheduler() {
    let site = Site::new();
    site.hub.project("tools");
    site.hub.project("other");
    let (first, background, last) =
        (site.hub.build("tools"), site.hub.build("other"), site.hub.build("tools"));
    let store = &site.hub.app.store;
    // The second is put into the background, and so behind the third.
    store
        .write_now(|tx| {
            tx.execute("UPDATE jobs SET background = 1 WHERE build_id = ?1", [background])?;
            Ok::<_, coprbox::store::StoreError>(())
        })
        .unwrap();
    let order = store.read_now(|db| queue::waiting(db, 2, 0, 10)).unwrap();
    let builds: Vec<i64> = order.iter().map(|row| row.build.id.0).collect();
    assert_eq!(builds, [first, last, background]);
    let begins: Vec<Option<u64>> = order.iter().map(|row| row.begins_in).collect();
    assert_eq!(&begins[..2], [Some(0), Some(0)], "two slots are free");
    assert!(begins[2] > Some(0), "the third waits for one of them");
    let page = site.page("/status/");
    page.has("source package").has("background").has("runner.slots");
    let at = |id: i64| page.text.find(&format!("/build/{id}/")).unwrap();
    assert!(at(first) < at(last) && at(last) < at(background));
    site.page("/status/pending/all/").has("other").has("foreground");
    let found = store.read_now(|db| queue::of_build(db, 2, BuildId(last))).unwrap();
    assert_eq!(found, Some((2, Some(0))));
    assert_eq!(store.read_now(|db| queue::of_build(db, 2, BuildId(99))).unwrap(), None);
}

#[test]
fn estimates_come_from_what_the_package_took_before() {
    let site = Site::new();
    let (done, _) = site.build(ChrootState::Succeeded);
    let (next, _) = site.build(ChrootState::Pending);
    let store = &site.hub.app.store;
    store
        .write_now(|tx| {
            tx.execute(
                "UPDATE build_chroots SET ended_on = started_on + 300 WHERE build_id = ?1",
                [done],
            )?;
            let chroot = build_chroots::list(tx, BuildId(next), Slice::default())?[0].id;
            jobs::queue_chroot(tx, BuildId(next), chroot)
        })
        .unwrap();
    site.page("/status/").has("fedora-42-x86_64").has("about 5\u{a0}min").has("hello");
    // Taken by the engine, it is no longer waiting but at work.
    store
        .write_now(|tx| {
            let head: Candidate = jobs::candidates(tx)?.remove(0);
            jobs::claim(tx, head.job).map(drop)
        })
        .unwrap();
    site.page("/status/").has("Nothing waits");
    site.page("/status/starting/").has("hello").has("about 5\u{a0}min");
}

#[test]
fn statistics_are_pictures_and_tables() {
    let site = Site::new();
    let now = Timestamp::now();
    site.build(ChrootState::Succeeded);
    site.build(ChrootState::Failed);
    site.hub.app.store.write_now(|tx| statistics::sample(tx, now, 7, 1)).unwrap();
    let page = site.page("/status/stats/");
    page.has("waiting: now 7, at most 7").has("As a table").has("fedora-42-x86_64");
    page.has("1 user has handed in builds");
    site.page("/explore/").has("alice/").has("tools").has("fedora-43-x86_64");
}

#[test]
fn disk_use_is_counted_after_something_has_changed() {
    let site = Site::new();
    site.page("/status/disk/").has("nothing was counted yet");
    let (_, log) = site.build(ChrootState::Succeeded);
    std::fs::write(&log, vec![b'x'; 5000]).unwrap();
    let app = &site.hub.app;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let measure = |after| runtime.block_on(disk::measure_next(app, after)).unwrap();
    let first = measure(ProjectId(0)).unwrap();
    assert_eq!(measure(first), None, "one project");
    assert_eq!(measure(ProjectId(0)), None, "which has not changed");
    site.page("/status/disk/").has("alice/tools").has("5.0\u{a0}KB");
    site.build(ChrootState::Succeeded);
    assert!(measure(ProjectId(0)).is_some(), "until it has");
}
