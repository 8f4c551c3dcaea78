//! Packages that are built already, and comps files.

use std::fs;

use coprbox::model::{BuildState, ChrootState};
use coprbox::ops::builds::{self, RpmUpload, UploadedFile};
use coprbox::ops::{project_chroots, projects};

use super::house::{ARM, House, X86, refusal, rpm, wish};

#[tokio::test(flavor = "multi_thread")]
async fn uploaded_packages_are_signed_and_published_as_they_are() {
    let mut house = House::new().await;
    house.project("tools").await;
    let scratch = tempfile::tempdir().unwrap();
    let rpms =
        [rpm(scratch.path(), "one", "1", "noarch"), rpm(scratch.path(), "two", "2", "noarch")];
    let build = house.publish("tools", &rpms, &[]).await;
    assert_eq!(build.state, BuildState::Succeeded);
    assert_eq!(build.package.unwrap().as_str(), "one");
    assert_eq!(build.version.as_deref(), Some("1-1"));
    for chroot in [X86, ARM] {
        let listed = house.repository("alice", "tools", chroot).await;
        assert_eq!(listed, ["00000001-one/one-1-1.noarch.rpm", "00000001-one/two-2-1.noarch.rpm"]);
        let results = house.path(&format!("results/alice/tools/{chroot}/00000001-one"));
        for file in ["builder-live.log.gz", "backend.log.gz", "results.json", "success"] {
            assert!(results.join(file).is_file(), "{file}");
        }
    }
    let made = builds::packages(&house.app, build.id).await.unwrap();
    assert_eq!(made[X86].len(), 2);
    house.stop().await;
    assert_eq!(fs::read_dir(house.path("uploads")).unwrap().count(), 0, "the uploads are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_of_another_architecture_fails_its_chroot_alone() {
    let mut house = House::new().await;
    house.project("tools").await;
    let scratch = tempfile::tempdir().unwrap();
    let rpms =
        [rpm(scratch.path(), "one", "1", "noarch"), rpm(scratch.path(), "two", "1", "x86_64")];
    let build = house.publish("tools", &rpms, &[]).await;
    assert_eq!(build.state, BuildState::Failed);
    assert_eq!(house.chroot(build.id, X86).await.state, ChrootState::Succeeded);
    let failed = house.chroot(build.id, ARM).await;
    assert_eq!(failed.state, ChrootState::Failed);
    let why = "two-1-1.x86_64.rpm is for x86_64; this chroot takes aarch64 and noarch";
    assert_eq!(failed.message.as_deref(), Some(why));
    assert_eq!(house.repository("alice", "tools", ARM).await, [""; 0]);
    assert_eq!(house.repository("alice", "tools", X86).await.len(), 2);
    house.stop().await;
    assert_eq!(fs::read_dir(house.path("uploads")).unwrap().count(), 0, "the uploads are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_binary_package_is_refused_and_leaves_nothing() {
    let house = House::new().await;
    house.project("tools").await;
    let scratch = tempfile::tempdir().unwrap();
    let good = rpm(scratch.path(), "one", "1", "noarch");
    let cut = scratch.path().join("cut.rpm");
    fs::write(&cut, &fs::read(&good).unwrap()[..1000]).unwrap();
    let file = |path, name: &str| UploadedFile { name: name.into(), ..house.upload(path) };
    let uploads = [
        (vec![], vec![], "pkgs"),
        (vec![file(&good, "one.src.rpm")], vec![], "pkgs"),
        (vec![file(&good, "one.tar.gz")], vec![], "pkgs"),
        (vec![file(&cut, "one.rpm")], vec![], "pkgs"),
        (vec![house.upload(&good), house.upload(&good)], vec![], "pkgs: one-1-1.noarch.rpm"),
        (vec![house.upload(&good)], vec!["0".repeat(64)], "sha256"),
        (vec![house.upload(&good)], vec![String::new(), String::new()], "sha256"),
    ];
    for (files, sums, why) in uploads {
        let upload = RpmUpload { files, sums, name: None };
        let wish = wish("tools", &[]);
        let text = refusal(builds::submit_rpms(&house.app, &house.alice, wish, upload).await);
        assert!(text.starts_with(why), "{text}");
    }
    let upload = RpmUpload { files: vec![house.upload(&good)], ..RpmUpload::default() };
    let text =
        refusal(builds::submit_rpms(&house.app, &house.bob, wish("tools", &[]), upload).await);
    assert!(text.contains("not allowed to build"), "{text}");
    assert_eq!(fs::read_dir(house.path("uploads")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_waits_for_the_next_server() {
    let mut house = House::new().await;
    house.project("tools").await;
    house.stop().await;
    let scratch = tempfile::tempdir().unwrap();
    let files = vec![house.upload(&rpm(scratch.path(), "one", "1", "noarch"))];
    let upload = RpmUpload { files, ..RpmUpload::default() };
    let wish = wish("tools", &[X86]);
    let build = builds::submit_rpms(&house.app, &house.alice, wish, upload).await.unwrap();
    house.start().await;
    assert_eq!(house.finished(build.id).await.state, BuildState::Succeeded);
    assert_eq!(house.repository("alice", "tools", X86).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comps_file_is_in_the_metadata_until_it_is_deleted() {
    let house = House::new().await;
    house.project("tools").await;
    let text = "<comps><group><id>all</id><name>All</name><packagelist><packagereq \
        type=\"mandatory\">one</packagereq></packagelist></group></comps>";
    let file = house.path("c.xml");
    fs::write(&file, text).unwrap();
    let index = |chroot| {
        let path = house.path(&format!("results/alice/tools/{chroot}/repodata/repomd.xml"));
        fs::read_to_string(path).unwrap()
    };
    let edit =
        |wish| project_chroots::edit(&house.app, &house.alice, ("alice", "tools"), X86, wish);
    let comps = Some(house.upload(&file));
    edit(project_chroots::Wish { comps, ..Default::default() }).await.unwrap();
    assert!(index(X86).contains("<data type=\"group\""), "{}", index(X86));
    assert!(!index(ARM).contains("<data type=\"group\""));
    house.repository("alice", "tools", X86).await;
    let wish = project_chroots::Wish { delete_comps: true, ..Default::default() };
    edit(wish).await.unwrap();
    assert!(!index(X86).contains("<data type=\"group\""), "{}", index(X86));
    assert!(!house.path(&format!("results/alice/tools/{X86}/comps.xml")).exists());
    projects::delete(&house.app, &house.alice, "alice", "tools").await.unwrap();
}
