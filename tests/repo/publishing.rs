//! Publishing: what is listed, what stays, what survives.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use coprbox::repo::check::{Depth, Report, check};
use coprbox::repo::publish::sweep;
use coprbox::repo::{AppStream, Error, move_in};

use crate::fixture::{Box, names_in, package};

fn looks_good(repo: &Path) -> Vec<String> {
    let Report { mut packages, problems } = check(repo, Depth::Contents);
    assert!(problems.is_empty(), "{problems:?}");
    packages.sort();
    packages
}

fn repomd(repo: &Path) -> Vec<u8> {
    fs::read(repo.join("repodata/repomd.xml")).unwrap()
}

#[tokio::test]
async fn a_repository_is_there_before_it_has_packages() {
    let a_box = Box::new();
    a_box.publish(&[]).await;
    assert!(looks_good(&a_box.repo()).is_empty());
    assert_eq!(names_in(&a_box.repo()), ["repodata"]);
}

#[tokio::test]
async fn exactly_the_given_packages_are_listed() {
    let a_box = Box::new();
    let (one, two) = (a_box.add(1), a_box.add(2));
    a_box.add(3);
    a_box.publish(std::slice::from_ref(&one)).await;
    assert_eq!(looks_good(&a_box.repo()), std::slice::from_ref(&one));
    a_box.publish(&[one, two.clone()]).await;
    assert_eq!(looks_good(&a_box.repo()).len(), 2);
    a_box.publish(std::slice::from_ref(&two)).await;
    assert_eq!(looks_good(&a_box.repo()), [two]);
}

#[tokio::test]
async fn a_package_replaced_under_its_name_is_listed_as_it_is_now() {
    let a_box = Box::new();
    let one = a_box.add(1);
    a_box.publish(std::slice::from_ref(&one)).await;
    // No build is repeated within a second, which is how closely times are compared.
    thread::sleep(Duration::from_millis(1100));
    fs::copy(package(2), a_box.repo().join(&one)).unwrap();
    a_box.publish(std::slice::from_ref(&one)).await;
    looks_good(&a_box.repo());
}

#[tokio::test]
async fn a_missing_or_damaged_package_leaves_the_repository_as_it_was() {
    let a_box = Box::new();
    let (one, two) = (a_box.add(1), a_box.add(2));
    a_box.publish(std::slice::from_ref(&one)).await;
    let before = repomd(&a_box.repo());
    fs::write(a_box.repo().join(&two), "no package").unwrap();
    let packages = [one.clone(), two.clone()];
    let damaged = a_box.publication(&packages, None).publish(a_box.errand()).await.unwrap_err();
    assert!(matches!(&damaged, Error::PackagesLeftOut(names) if *names == [two.clone()]));
    fs::remove_file(a_box.repo().join(&two)).unwrap();
    let missing = a_box.publication(&packages, None).publish(a_box.errand()).await.unwrap_err();
    assert!(matches!(&missing, Error::PackagesMissing(names) if *names == [two]), "{missing}");
    assert_eq!(repomd(&a_box.repo()), before);
    assert_eq!(looks_good(&a_box.repo()), [one]);
    assert!(!names_in(&a_box.repo()).iter().any(|name| name.starts_with('.')));
}

#[tokio::test]
async fn a_lost_package_of_an_earlier_build_does_not_hold_up_the_next() {
    let a_box = Box::new();
    let (one, two, three) = (a_box.add(1), a_box.add(2), a_box.add(3));
    a_box.publish(&[one.clone(), two.clone()]).await;
    fs::remove_file(a_box.repo().join(&one)).unwrap();
    fs::write(a_box.repo().join(&two), "no package").unwrap();
    let publish = |packages: &[String]| {
        let mut publication = a_box.publication(packages, None);
        publication.older = vec![one.clone(), two.clone()];
        publication.publish(a_box.errand())
    };
    publish(std::slice::from_ref(&three)).await.unwrap();
    assert_eq!(looks_good(&a_box.repo()), std::slice::from_ref(&three));
    let still_strict = publish(&[three, "00000004-tiny/none.rpm".into()]).await.unwrap_err();
    assert!(matches!(still_strict, Error::PackagesMissing(_)), "{still_strict}");
}

#[tokio::test]
async fn metadata_that_were_damaged_are_made_anew() {
    let a_box = Box::new();
    let (one, two) = (a_box.add(1), a_box.add(2));
    a_box.publish(std::slice::from_ref(&one)).await;
    for name in names_in(&a_box.repo().join("repodata")) {
        fs::write(a_box.repo().join("repodata").join(name), "<<<").unwrap();
    }
    assert!(!check(&a_box.repo(), Depth::Sizes).is_valid());
    a_box.publish(&[one, two]).await;
    assert_eq!(looks_good(&a_box.repo()).len(), 2);
}

#[tokio::test]
async fn files_of_earlier_generations_stay_for_a_while() {
    let a_box = Box::new();
    let one = a_box.add(1);
    a_box.publish(&[]).await;
    let repodata = a_box.repo().join("repodata");
    let first = names_in(&repodata);
    a_box.publish(std::slice::from_ref(&one)).await;
    let second = names_in(&repodata);
    assert!(first.iter().all(|name| second.contains(name)), "{first:?} {second:?}");
    let two = a_box.add(2);
    a_box.publish(&[one.clone(), two.clone()]).await;
    let third = names_in(&repodata);
    assert!(second.iter().all(|name| third.contains(name)));

    let three = a_box.add(3);
    let mut publication = a_box.publication(&[one, two, three], None);
    publication.retention = Duration::ZERO;
    publication.publish(a_box.errand()).await.unwrap();
    assert_eq!(names_in(&repodata).len(), first.len());
    looks_good(&a_box.repo());
}

#[tokio::test]
async fn what_was_superseded_long_ago_goes_first() {
    let a_box = Box::new();
    a_box.publish(&[]).await;
    let repodata = a_box.repo().join("repodata");
    let first = names_in(&repodata);
    let one = a_box.add(1);
    a_box.publish(std::slice::from_ref(&one)).await;
    let second = names_in(&repodata);
    thread::sleep(Duration::from_millis(1100));
    let two = a_box.add(2);
    let mut publication = a_box.publication(&[one, two], None);
    publication.retention = Duration::from_secs(1);
    publication.publish(a_box.errand()).await.unwrap();
    let third = names_in(&repodata);
    for name in second.iter().filter(|name| *name != "repomd.xml") {
        let was_superseded = first.contains(name);
        assert_eq!(third.contains(name), !was_superseded, "{name}");
    }
}

#[tokio::test]
async fn a_comps_file_is_part_of_the_metadata() {
    let a_box = Box::new();
    let comps = a_box.root.path().join("comps.xml");
    fs::write(
        &comps,
        "<comps><group><id>all</id><name>all</name><packagelist>\
         <packagereq type=\"mandatory\">tiny1</packagereq></packagelist></group></comps>",
    )
    .unwrap();
    let mut publication = a_box.publication(&[a_box.add(1)], None);
    publication.comps = Some(comps);
    publication.publish(a_box.errand()).await.unwrap();
    looks_good(&a_box.repo());
    let index = String::from_utf8(repomd(&a_box.repo())).unwrap();
    assert!(index.contains("type=\"group\""), "{index}");
    a_box.publish(&[a_box.add(1)]).await;
    let index = String::from_utf8(repomd(&a_box.repo())).unwrap();
    assert!(!index.contains("type=\"group\""), "{index}");
}

#[tokio::test]
async fn what_a_killed_server_left_is_swept() {
    let a_box = Box::new();
    a_box.publish(&[]).await;
    let left = a_box.repo().join(".repodata-x/repodata");
    fs::create_dir_all(&left).unwrap();
    sweep(&a_box.repo()).unwrap();
    assert_eq!(names_in(&a_box.repo()), ["repodata"]);
    fs::create_dir_all(&left).unwrap();
    a_box.publish(&[a_box.add(1)]).await;
    assert!(!left.exists());
    sweep(&a_box.repo().join("no/such/repository")).unwrap();
}

#[tokio::test]
async fn one_repository_is_published_by_one_at_a_time() {
    let a_box = Box::new();
    let publish = || a_box.publication(&[], None).publish(a_box.errand());
    let (a, b) = tokio::join!(publish(), publish());
    let busy = [a, b].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert!(matches!(busy.as_slice(), [Error::Busy(_)]), "{busy:?}");
    publish().await.unwrap();
}

#[tokio::test]
async fn canceling_leaves_nothing_behind() {
    let a_box = Box::new();
    a_box.cancel.cancel();
    let result = a_box.publication(&[], None).publish(a_box.errand()).await;
    assert!(matches!(result, Err(Error::Canceled)), "{result:?}");
    assert!(names_in(&a_box.repo()).is_empty());
}

/// Callers may stop waiting at any point; what then still runs must not meet the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn giving_up_at_any_point_leaves_a_repository_that_is_whole() {
    let a_box = Box::new();
    let all: Vec<String> = (1..=9).map(|n| a_box.add(n)).collect();
    a_box.publish(&[]).await;
    for n in 0..40 {
        let publish = a_box.publication(&all[..=(n % 9)], None).publish(a_box.errand());
        let _ = tokio::time::timeout(Duration::from_millis(n as u64), publish).await;
        looks_good(&a_box.repo());
    }
    loop {
        match a_box.publication(&all, None).publish(a_box.errand()).await {
            Err(Error::Busy(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
            result => break result.unwrap(),
        }
    }
    assert_eq!(looks_good(&a_box.repo()), all);
    assert!(!names_in(&a_box.repo()).iter().any(|name| name.starts_with('.')));
}

#[tokio::test]
async fn packages_are_moved_in_as_often_as_it_takes() {
    let a_box = Box::new();
    let (from, to) = (a_box.root.path().join("work"), a_box.repo().join("00000001-tiny"));
    fs::create_dir_all(from.join("dir.rpm")).unwrap();
    fs::write(from.join("build.log"), "").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", from.join("link.rpm")).unwrap();
    fs::copy(package(1), from.join("tiny1.rpm")).unwrap();
    fs::copy(package(2), from.join("tiny2.rpm")).unwrap();
    assert_eq!(move_in(&from, &to).unwrap(), ["tiny1.rpm", "tiny2.rpm"]);
    assert_eq!(move_in(&from, &to).unwrap(), ["tiny1.rpm", "tiny2.rpm"]);
    assert_eq!(names_in(&from), ["build.log", "dir.rpm", "link.rpm"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_never_meet_a_repository_that_is_not_whole() {
    const PUBLISHES: u32 = 50;
    let a_box = Box::new();
    let all: Vec<String> = (1..=9).map(|n| a_box.add(n)).collect();
    a_box.publish(&[]).await;
    let (stop, rounds) = (AtomicBool::new(false), AtomicUsize::new(0));
    let repo = a_box.repo();
    let read = || {
        while !stop.load(Ordering::Relaxed) {
            let report = check(&repo, Depth::Sizes);
            assert!(report.is_valid(), "{:?}", report.problems);
            rounds.fetch_add(1, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        let readers = [scope.spawn(read), scope.spawn(read)];
        let publishing = async {
            for n in 0..PUBLISHES as usize {
                a_box.publication(&all[..=(n % 9)], None).publish(a_box.errand()).await?;
            }
            Ok::<(), Error>(())
        };
        let published =
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(publishing));
        stop.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.join().unwrap();
        }
        published.unwrap();
    });
    let rounds = rounds.into_inner();
    assert!(rounds > PUBLISHES as usize, "only {rounds} looks");
    println!("{rounds} looks at {PUBLISHES} generations");
}

#[tokio::test]
async fn dnf_takes_packages_and_metadata_that_the_project_has_signed() {
    let a_box = Box::new();
    let key = a_box.key().await;
    let pubkey = a_box.layout.pubkey(&a_box.owner, &a_box.dir);
    let place = a_box.add(1);
    key.sign_rpms(&[a_box.repo().join(&place)], a_box.errand()).await.unwrap();
    key.export(&pubkey).unwrap();
    let publication = a_box.publication(std::slice::from_ref(&place), Some(key));
    publication.publish(a_box.errand()).await.unwrap();

    let root = a_box.root.path();
    fs::create_dir_all(root.join("repos")).unwrap();
    let repo = a_box.repo();
    let definition = format!(
        "[tiny]\nname=tiny\nbaseurl=file://{}\ngpgcheck=1\nrepo_gpgcheck=1\ngpgkey=file://{}\n",
        repo.display(),
        pubkey.display()
    );
    fs::write(root.join("repos/tiny.repo"), definition).unwrap();
    let dnf = |arguments: &[&str]| {
        let option =
            |name: &str, below: &str| format!("--setopt={name}={}", root.join(below).display());
        Command::new("dnf")
            .args(["-y", "--quiet", "--releasever=42", "--noplugins"])
            .arg(format!("--installroot={}", root.join("root").display()))
            .args([option("reposdir", "repos"), option("cachedir", "cache")])
            .args(arguments)
            .output()
    };
    let Ok(output) = dnf(&["install", "tiny1"]) else {
        println!("skipped: dnf is not installed");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = Command::new("rpm")
        .arg("--root")
        .arg(root.join("root"))
        .args(["-q", "tiny1"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&listed.stdout), "tiny1-1-1.noarch\n");

    // The counter-proof: other content under the old signature is refused.
    fs::write(repo.join("repodata/repomd.xml"), repomd(&repo).repeat(1).to_ascii_uppercase())
        .unwrap();
    let refused = dnf(&["--refresh", "--setopt=skip_if_unavailable=0", "makecache"]).unwrap();
    assert!(!refused.status.success());
}

#[tokio::test]
async fn applications_are_described_behind_a_fence_or_not_at_all() {
    use std::os::unix::fs::PermissionsExt as _;

    let a_box = Box::new();
    let (one, two) = (a_box.add(1), a_box.add(2));
    let program = a_box.root.path().join("stand-in");
    let publish = |text: &str| {
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let mut publication = a_box.publication(&[one.clone(), two.clone()], None);
        let origin = "@devs/tools".to_owned();
        publication.appstream = Some(AppStream { program: program.clone(), origin });
        publication.publish(a_box.errand())
    };
    let described = || String::from_utf8(repomd(&a_box.repo())).unwrap().contains("\"appstream\"");
    publish("#!/bin/sh\nexit 1\n").await.unwrap();
    assert_eq!(looks_good(&a_box.repo()).len(), 2);
    assert!(!described(), "there is nothing to add");

    let secret = a_box.root.path().join("data/secret");
    fs::write(&secret, "").unwrap();
    let text = format!(
        "#!/bin/sh\nset -e\ntest ! -e {}\ntest 2 = $(ls /packages | wc -l)\n! touch /packages/x\n\
         case \"$*\" in *--origin=@devs/tools*) echo '<components/>' | gzip > /out/appstream.xml.gz\n\
         esac\n",
        secret.display()
    );
    publish(&text).await.unwrap();
    assert_eq!(looks_good(&a_box.repo()).len(), 2);
    assert!(described(), "{}", String::from_utf8(repomd(&a_box.repo())).unwrap());
    assert_eq!(names_in(&a_box.repo()), ["00000001-tiny", "00000002-tiny", "repodata"]);
}
