use std::process::Command;

use coprbox::model::source::{DistGit, SourceSpec};

use super::fixture::{Repo, done, open, spec};
use super::server::Server;

/// Puts a package into the dist-git that [`super::fixture`] configures.
fn package(name: &str, namespace: &str, files: &[(&str, &str)]) -> Repo {
    let repo = Repo::of(files);
    let place = Server::shared().path(&format!("git/{namespace}/{name}"));
    repo.git(&["clone", "-q", "--bare", ".", place.to_str().unwrap()]);
    repo
}

fn source(name: &str, namespace: Option<&str>, committish: Option<&str>) -> SourceSpec {
    let url = Server::shared().url();
    let place = namespace.unwrap_or("rpms");
    SourceSpec::DistGit(DistGit {
        instance: "local".to_owned(),
        package: name.parse().unwrap(),
        namespace: namespace.map(|text| text.parse().unwrap()),
        committish: committish.map(|text| text.parse().unwrap()),
        clone_url: format!("{url}/git/{place}/{name}").parse().unwrap(),
    })
}

/// The checksum of a text.
fn sum(kind: &str, text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("x"), text).unwrap();
    let said = done(Command::new(format!("{kind}sum")).arg(dir.path().join("x")));
    said.split(' ').next().unwrap().to_owned()
}

/// Puts an archive into the lookaside cache.
fn upload(name: &str, file: &str, kind: &str, text: &str) -> String {
    let hash = sum(kind, text);
    let path = format!("files/rpms/{name}/{file}/{kind}/{hash}/{file}");
    Server::shared().put(&path, text.as_bytes());
    hash
}

#[test]
fn archives_of_both_kinds_come_from_the_lookaside_cache() {
    let Some(hub) = open() else { return };
    let name = "cached";
    let new = upload(name, "new-1.tar", "sha512", "new");
    let old = upload(name, "old-1.tar", "md5", "old");
    let text = spec(name, "Source0: https://example.invalid/new-1.tar\nSource1: old-1.tar");
    let sources = format!("SHA512 (new-1.tar) = {new}\n{old}  old-1.tar\n");
    let files = [("cached.spec", text.as_str()), ("other.spec", ""), ("sources", &sources)];
    let repo = package(name, "rpms", &files);
    let made = hub.build(source(name, None, None));
    assert_eq!(made.files(), ["cached.spec", "new-1.tar", "old-1.tar"]);
    assert_eq!(made.file("old-1.tar"), b"old");
    let commit = repo.git(&["rev-parse", "HEAD"]);
    assert_eq!(hub.build(source(name, None, Some(&commit))).nvr(), "cached-1-1");
    hub.build(source(name, None, Some("f99"))).failed("checkout error: ");
    hub.build(source("no-such", None, None)).failed("clone failed: ");
}

#[test]
fn a_fork_has_the_archives_of_its_parent() {
    let Some(hub) = open() else { return };
    let hash = upload("forked", "a-1.tar", "sha256", "a");
    let text = spec("forked", "Source0: a-1.tar");
    let sources = format!("SHA256 (a-1.tar) = {hash}");
    package("forked", "forks/alice/rpms", &[("forked.spec", &text), ("sources", &sources)]);
    let made = hub.build(source("forked", Some("forks/alice/rpms"), None));
    assert_eq!(made.files(), ["a-1.tar", "forked.spec"]);
}

#[test]
fn wrong_and_missing_archives_are_download_errors() {
    let Some(hub) = open() else { return };
    let text = spec("bad", "Source0: a-1.tar");
    let hash = upload("bad", "a-1.tar", "sha512", "good");
    Server::shared().put(&format!("files/rpms/bad/a-1.tar/sha512/{hash}/a-1.tar"), b"evil");
    let sources = format!("SHA512 (a-1.tar) = {hash}");
    package("bad", "rpms", &[("bad.spec", &text), ("sources", &sources)]);
    let failed = hub.build(source("bad", None, None));
    failed.failed("download failed: a-1.tar does not have the sha512 checksum");
    let sources = format!("SHA512 (a-1.tar) = {}", "0".repeat(128));
    package("gone", "rpms", &[("gone.spec", &text), ("sources", &sources)]);
    let failed = hub.build(source("gone", None, None));
    failed.failed("download failed: http://");
    failed.failed("answered with status 404");
    let evil = format!("{}  ../../../evil", sum("md5", ""));
    package("evil", "rpms", &[("evil.spec", &text), ("sources", &evil)]);
    hub.build(source("evil", None, None)).failed("download failed: the sources file has a line");
}

#[test]
fn rpmautospec_fills_in_release_and_changelog() {
    let Some(hub) = open() else { return };
    let text = spec("auto", "").replace("Release: 1", "Release: %autorelease")
        + "%changelog\n%autochangelog\n";
    package("auto", "rpms", &[("auto.spec", &text)]);
    let made = hub.build(source("auto", None, None));
    assert_eq!(made.nvr(), "auto-1-7");
    assert!(String::from_utf8(made.file("auto.spec")).unwrap().contains("- made"));
}
