//! Keys and signatures.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use coprbox::model::ProjectId;
use coprbox::repo::{Error, SigningKey, sign};
use coprbox::rpm::Rpm;

use crate::fixture::{Box, names_in, package, source_package};

/// Processes of `gpg-agent` with a home below `root`.
fn agents_below(root: &Path) -> usize {
    let root = root.to_str().unwrap();
    let environments = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let name = fs::read_to_string(entry.path().join("comm")).ok()?;
        let environment = fs::read(entry.path().join("environ")).ok()?;
        (name.trim() == "gpg-agent").then(|| String::from_utf8_lossy(&environment).into_owned())
    });
    environments.filter(|environment| environment.contains(root)).count()
}

/// Whether rpm itself accepts the signature, given the public key only.
fn rpm_accepts(pubkey: &Path, package: &Path) -> bool {
    let db = tempfile::tempdir().unwrap();
    let rpmkeys = |arguments: &[&str], file: &Path| {
        let dbpath = format!("--dbpath={}", db.path().display());
        Command::new("rpmkeys").arg(dbpath).args(arguments).arg(file).output().unwrap()
    };
    assert!(rpmkeys(&["--import"], pubkey).status.success());
    let output = rpmkeys(&["-Kv"], package);
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success() && text.contains("RSA/SHA256 Signature") && !text.contains("NOKEY")
}

async fn sign_and_verify(a_box: &Box) {
    let key = a_box.key().await;
    let pubkey = a_box.root.path().join("pubkey.gpg");
    key.export(&pubkey).unwrap();
    let (binary, source) = (a_box.root.path().join("b.rpm"), a_box.root.path().join("s.src.rpm"));
    fs::copy(package(1), &binary).unwrap();
    fs::copy(source_package(), &source).unwrap();
    assert!(!rpm_accepts(&pubkey, &binary));
    key.sign_rpms(&[binary.clone(), source.clone()], a_box.errand()).await.unwrap();
    assert!(rpm_accepts(&pubkey, &binary));
    assert!(rpm_accepts(&pubkey, &source));
    let file = a_box.root.path().join("file");
    fs::write(&file, "text").unwrap();
    key.sign_file(&file, a_box.errand()).await.unwrap();
    let signature = fs::read_to_string(a_box.root.path().join("file.asc")).unwrap();
    assert!(signature.starts_with("-----BEGIN PGP SIGNATURE-----"), "{signature}");
    assert_eq!(agents_below(a_box.root.path()), 0);
    assert!(names_in(&a_box.layout.work()).is_empty());
}

#[tokio::test]
async fn packages_and_files_are_signed_and_no_agent_stays() {
    sign_and_verify(&Box::new()).await;
}

#[tokio::test]
async fn a_data_directory_may_be_too_deep_for_a_socket() {
    sign_and_verify(&Box::below(&format!("{}/100% sure", "deep/".repeat(30)))).await;
}

#[tokio::test]
async fn a_key_is_made_once_and_belongs_to_the_server_alone() {
    let a_box = Box::new();
    let missing = SigningKey::open(&a_box.layout, ProjectId(7));
    assert!(matches!(missing, Err(Error::NoKey(_))));
    let (first, second) = tokio::join!(a_box.key(), a_box.key());
    let third = a_box.key().await;
    assert_eq!(first.fingerprint(), third.fingerprint());
    assert_eq!(second.fingerprint(), third.fingerprint());
    let dir = a_box.layout.key(ProjectId(7));
    assert_eq!(names_in(dir.parent().unwrap()), ["7"]);
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);

    let output = Command::new("gpg")
        .arg("--homedir")
        .arg(a_box.root.path())
        .args(["--with-colons", "--show-keys"])
        .arg(dir.join("pubkey.asc"))
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("@devs_tools <@devs#tools@copr.copr.example.org>"), "{shown}");
    let key: Vec<&str> = shown.lines().next().unwrap().split(':').collect();
    assert_eq!((key[2], key[3], key[6]), ("3072", "1", ""), "bits, RSA, no expiry");
}

#[tokio::test]
async fn signing_again_replaces_any_signature() {
    let a_box = Box::new();
    let (key, path) = (a_box.key().await, a_box.root.path().join("p.rpm"));
    let pubkey = a_box.root.path().join("pubkey.gpg");
    key.export(&pubkey).unwrap();
    fs::copy(package(1), &path).unwrap();
    let other = Box::new();
    let stranger = other.key().await;
    for signer in [&stranger, &key, &key] {
        signer.sign_rpms(std::slice::from_ref(&path), a_box.errand()).await.unwrap();
    }
    assert!(rpm_accepts(&pubkey, &path));
}

#[tokio::test]
async fn what_an_interrupted_rpmsign_left_goes_and_damage_is_noticed() {
    let a_box = Box::new();
    let key = a_box.key().await;
    let dir = a_box.root.path().join("rpms");
    fs::create_dir(&dir).unwrap();
    let path = dir.join("p.rpm");
    fs::copy(package(1), &path).unwrap();
    fs::write(dir.join("p.rpm.sig"), "").unwrap();
    fs::write(dir.join("p.rpm.a1B2c3"), "").unwrap();
    key.sign_rpms(std::slice::from_ref(&path), a_box.errand()).await.unwrap();
    assert_eq!(names_in(&dir), ["p.rpm"]);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let result = key.sign_rpms(&[path], a_box.errand()).await;
    assert!(matches!(&result, Err(Error::Package { .. })), "{result:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_builds_of_a_project_are_signed_at_once() {
    let a_box = Box::new();
    let key = a_box.key().await;
    let fingerprint = key.fingerprint().to_owned();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 1..=9 {
        let (key, cancel) = (key.clone(), a_box.cancel.clone());
        let path = a_box.root.path().join(format!("{n}.rpm"));
        fs::copy(package(n), &path).unwrap();
        tasks.spawn(async move {
            let errand = coprbox::repo::Errand { cancel: &cancel, mark: None };
            key.sign_rpms(std::slice::from_ref(&path), errand).await.unwrap();
            path
        });
    }
    for path in tasks.join_all().await {
        let bytes: Vec<u8> = (0..40)
            .step_by(2)
            .map(|at| u8::from_str_radix(&fingerprint[at..at + 2], 16).unwrap())
            .collect();
        assert!(Rpm::open(&path).unwrap().names_signer(&bytes));
    }
    assert_eq!(agents_below(a_box.root.path()), 0);
}

#[tokio::test]
async fn what_a_killed_server_left_is_swept() {
    for a_box in [Box::new(), Box::below(&"deep/".repeat(30))] {
        let work = a_box.layout.work();
        let keys = a_box.layout.data_dir().join("keys");
        fs::create_dir_all(work.join("gpg-Ab12Cd/private")).unwrap();
        fs::create_dir_all(work.join("42")).unwrap();
        fs::create_dir_all(keys.join(".new-Ab12Cd")).unwrap();
        fs::create_dir_all(keys.join("3")).unwrap();
        let elsewhere = a_box.root.path().join("gpg-Xy");
        fs::create_dir_all(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, work.join("gpg-Xy")).unwrap();
        sign::sweep(&a_box.layout).unwrap();
        assert_eq!(names_in(&work), ["42"]);
        assert_eq!(names_in(&keys), ["3"]);
        assert!(!elsewhere.exists());
    }
}
