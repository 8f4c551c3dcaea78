//! Projects that decide themselves when their builds become public.

use coprbox::ops::projects::{Wish, regenerate};

use super::fixture::Works;

const PUBLIC: &str = "tools/fedora-42-x86_64";
const DEVEL: &str = "tools/fedora-42-x86_64/devel";

fn manual(on: bool) -> Wish {
    Wish { manual_createrepo: Some(on), ..Wish::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn builds_become_public_when_their_project_says_so() {
    let works = Works::new();
    works.project("tools", manual(true)).await;
    assert!(works.listed(DEVEL).is_empty(), "it is there before the first build");
    works.build("tools", "one", "1").await;
    assert_eq!(works.listed(DEVEL), ["one-1-1.noarch.rpm"]);
    assert!(works.listed(PUBLIC).is_empty());

    let second = works.build("tools", "two", "1").await;
    let log = works.log(&format!("{PUBLIC}/{}-two/builder-live.log.gz", second.padded()));
    assert!(log.contains("copr_base_devel") && log.contains("/devel/"), "{log}");

    regenerate(&works.app, &works.alice, "alice", "tools").await.unwrap();
    works.rest().await;
    let both = ["one-1-1.noarch.rpm", "two-1-1.noarch.rpm"];
    assert_eq!(works.listed(PUBLIC), both);
    let third = works.build("tools", "three", "1").await;
    assert_eq!(works.listed(PUBLIC), both);
    assert_eq!(works.listed(DEVEL).len(), 3);

    coprbox::ops::builds::delete(&works.app, &works.alice, second).await.unwrap();
    works.rest().await;
    assert_eq!(works.listed(PUBLIC), ["one-1-1.noarch.rpm"], "what was held back still is");
    assert_eq!(works.listed(DEVEL), ["one-1-1.noarch.rpm", "three-1-1.noarch.rpm"]);
    assert!(works.get(third).await.is_some());
    works.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switching_it_off_makes_everything_public() {
    let works = Works::new();
    works.project("tools", Wish::default()).await;
    works.build("tools", "one", "1").await;
    works.edit("tools", manual(true)).await;
    assert_eq!(works.listed(DEVEL), ["one-1-1.noarch.rpm"]);
    works.build("tools", "two", "1").await;
    assert_eq!(works.listed(PUBLIC), ["one-1-1.noarch.rpm"]);
    works.edit("tools", manual(false)).await;
    assert_eq!(works.listed(PUBLIC), ["one-1-1.noarch.rpm", "two-1-1.noarch.rpm"]);
    assert!(works.listed(DEVEL).is_empty(), "nobody is to take anything old from it");
    works.build("tools", "three", "1").await;
    assert_eq!(works.listed(PUBLIC).len(), 3);
    works.close().await;
}
