//! The original's worker operations, one after the other.

use std::fs;
use std::path::Path;

use coprbox::repo::check::{Depth, check};
use coprbox::repo::{Publication, create_copr, move_to_copr};
use coprbox::rpm::Rpm;

use crate::fixture::{Box, names_in, package};

fn listed(repo: &Path) -> Vec<String> {
    let report = check(repo, Depth::Contents);
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    report.packages
}

#[tokio::test]
async fn a_copr_begins_empty_and_takes_what_was_built() {
    let a_box = Box::new();
    let key = a_box.key().await;
    let create = async |chroots: &[&str]| {
        let chroots: Vec<_> = chroots.iter().map(|name| name.parse().unwrap()).collect();
        let (layout, errand) = (&a_box.layout, a_box.errand());
        let made = create_copr(layout, &a_box.owner, &a_box.dir, &chroots, &key, errand).await;
        made.unwrap().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let both = ["fedora-42-x86_64", "epel-9-x86_64"];
    assert_eq!(create(&both).await, both);
    let root = a_box.layout.dir(&a_box.owner, &a_box.dir);
    assert_eq!(names_in(&root), ["epel-9-x86_64", "fedora-42-x86_64", "pubkey.gpg"]);
    assert!(root.join("epel-9-x86_64/repodata/repomd.xml.asc").exists());
    assert_eq!(listed(&a_box.repo()), [""; 0]);

    let (from, to) = (a_box.root.path().join("work"), a_box.repo().join("00000001-tiny"));
    fs::create_dir_all(&from).unwrap();
    fs::copy(package(1), from.join("tiny1.rpm")).unwrap();
    let moved = move_to_copr(&from, &to, &key, a_box.errand()).await.unwrap();
    assert_eq!(moved, ["tiny1.rpm"]);
    assert!(Rpm::open(&to.join("tiny1.rpm")).unwrap().is_signed());
    let mut publication = Publication::empty(a_box.repo(), Some(key.clone()));
    publication.packages = vec!["00000001-tiny/tiny1.rpm".to_owned()];
    publication.publish(a_box.errand()).await.unwrap();

    // Another release is added: what is there stays as it is.
    assert_eq!(create(&["fedora-42-x86_64", "fedora-43-x86_64"]).await, ["fedora-43-x86_64"]);
    assert_eq!(listed(&a_box.repo()), ["00000001-tiny/tiny1.rpm"]);
}
