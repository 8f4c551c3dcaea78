use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use coprbox::model::source::{Scm, SourceSpec};

use super::fixture::{Hub, Repo, open, scm, spec};
use super::server::Server;

fn at(source: Scm, committish: &str) -> SourceSpec {
    SourceSpec::Scm(Scm { committish: committish.parse().unwrap(), ..source })
}

#[test]
fn a_spec_and_its_sources_become_a_source_package() {
    let Some(hub) = open() else { return };
    let text = spec("plain", "Source0: data.txt\nPatch0: fix.patch");
    let repo = Repo::of(&[("plain.spec", &text), ("data.txt", "data"), ("fix.patch", "x")]);
    let made = hub.build(SourceSpec::Scm(repo.source()));
    assert_eq!(made.nvr(), "plain-1-1");
    assert_eq!(made.files(), ["data.txt", "fix.patch", "plain.spec"]);
}

/// A repository with a branch, tags, a pull request and commits that are no end of any.
fn history(name: &str) -> (Repo, [String; 3]) {
    let release = |number: u32| spec(name, "").replace("Release: 1", &format!("Release: {number}"));
    let file = format!("{name}.spec");
    let repo = Repo::new();
    let first = repo.commit(&[(&file, &release(1))]);
    let second = repo.commit(&[(&file, &release(2))]);
    repo.git(&["tag", "v2"]);
    repo.commit(&[(&file, &release(3))]);
    repo.git(&["checkout", "-q", "-b", "side/branch"]);
    repo.commit(&[(&file, &release(4))]);
    repo.git(&["checkout", "-q", "--detach"]);
    let asked = repo.commit(&[(&file, &release(5))]);
    repo.git(&["update-ref", "refs/pull/7/head", "HEAD"]);
    repo.git(&["checkout", "-q", "main"]);
    (repo, [first, second, asked])
}

fn every_ref(hub: &Hub, name: &str, source: &Scm, commits: &[String; 3]) {
    let [first, second, asked] = commits;
    for (committish, release) in [
        ("", "3"),
        ("main", "3"),
        ("side/branch", "4"),
        ("v2", "2"),
        ("refs/tags/v2", "2"),
        ("refs/pull/7/head", "5"),
        (first.as_str(), "1"),
        (&second[..10], "2"),
        (asked.as_str(), "5"),
    ] {
        if committish == asked && source.clone_url.as_str().starts_with("git:") {
            continue;
        }
        let made = hub.build(at(source.clone(), committish));
        assert_eq!(made.nvr(), format!("{name}-1-{release}"), "{committish}");
    }
    let made = hub.build(at(source.clone(), "no-such-branch"));
    made.failed("checkout error: ");
    made.failed("has no branch, tag or commit no-such-branch");
    let made = hub.build(at(source.clone(), "0123456789abcdef"));
    made.failed("has no branch, tag or commit 0123456789abcdef");
}

#[test]
fn every_kind_of_ref_is_found_on_the_disk() {
    let Some(hub) = open() else { return };
    let (repo, commits) = history("on-disk");
    every_ref(hub, "on-disk", &repo.source(), &commits);
}

#[test]
fn every_kind_of_ref_is_found_over_http() {
    let Some(hub) = open() else { return };
    let server = Server::shared();
    let (repo, commits) = history("on-web");
    repo.git(&["clone", "-q", "--mirror", ".", server.path("git/on-web.git").to_str().unwrap()]);
    let source = scm(&format!("{}/git/on-web.git", server.url()));
    every_ref(hub, "on-web", &source, &commits);
}

#[test]
fn gits_own_protocol_is_spoken() {
    let Some(hub) = open() else { return };
    let repo = Repo::of(&[("by-daemon.spec", &spec("by-daemon", ""))]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut daemon = Command::new("git")
        .args(["daemon", "--export-all", "--reuseaddr", "--listen=127.0.0.1"])
        .arg(format!("--port={port}"))
        .arg(format!("--base-path={}", repo.dir.path().display()))
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let made = hub.build(SourceSpec::Scm(scm(&format!("git://localhost:{port}/.git"))));
    // git puts a process of its own in front of the daemon.
    let pid = daemon.id().to_string();
    let _ = Command::new("pkill").args(["-P", &pid]).status();
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert_eq!(made.nvr(), "by-daemon-1-1");
}

#[test]
fn the_spec_is_found_or_named() {
    let Some(hub) = open() else { return };
    let (a, b) = (spec("dir-a", "Source0: a.txt"), spec("dir-b", ""));
    let repo =
        Repo::of(&[("pkgs/a/dir-a.spec", &a), ("pkgs/a/a.txt", "a"), ("pkgs/b/dir-b.spec", &b)]);
    let build = |dir: &str, spec: &str| {
        hub.build(SourceSpec::Scm(Scm {
            subdirectory: dir.parse().unwrap(),
            spec: spec.parse().unwrap(),
            ..repo.source()
        }))
    };
    assert_eq!(build("pkgs/a", "").files(), ["a.txt", "dir-a.spec"]);
    assert_eq!(build("pkgs", "b/dir-b.spec").nvr(), "dir-b-1-1");
    let several = build("", "");
    several.failed("wrong directory: there are several spec files, name one: ");
    several.failed("pkgs/a/dir-a.spec, pkgs/b/dir-b.spec");
    build("none", "").failed("wrong directory: the repository has no directory none");
    build("pkgs", "c.spec").failed("wrong directory: the repository has no file pkgs/c.spec");
}

#[test]
fn what_cannot_be_cloned_is_told() {
    let Some(hub) = open() else { return };
    let dir = tempfile::tempdir().unwrap();
    let none = format!("file://{}/none", dir.path().display());
    hub.build(SourceSpec::Scm(scm(&none))).failed("clone failed: ");
    let web = format!("{}/git/none.git", Server::shared().url());
    let failed = hub.build(SourceSpec::Scm(scm(&web)));
    failed.failed("clone failed: ");
    failed.failed("not found");
    let empty = Repo::new();
    hub.build(SourceSpec::Scm(empty.source())).failed("clone failed: ");
    let broken = Repo::of(&[("x.spec", "Name: x\nVersion 1\n")]);
    let failed = hub.build(SourceSpec::Scm(broken.source()));
    failed.failed("SRPM build error: the spec file cannot be used: line 2: ");
}

#[test]
fn submodules_come_along_with_theirs() {
    let Some(hub) = open() else { return };
    let top = tempfile::tempdir().unwrap();
    let bare = |repo: &Repo, name: &str| {
        let place = top.path().join(name);
        repo.git(&["clone", "-q", "--bare", ".", place.to_str().unwrap()]);
        format!("file://{}", place.display())
    };
    let inner = Repo::of(&[("inner.txt", "inner")]);
    let inner = bare(&inner, "inner.git");
    let middle = Repo::of(&[("middle.txt", "middle")]);
    middle.git(&["submodule", "--quiet", "add", &inner, "deep/inner"]);
    middle.commit(&[]);
    bare(&middle, "middle.git");
    let outer = Repo::of(&[(
        "outer.spec",
        &spec("{{{ git_dir_name }}}", "Source0: {{{ git_dir_pack }}}")
            .replace("%files", "%prep\n{{{ git_dir_setup_macro }}}\n%files"),
    )]);
    let middle = format!("file://{}", top.path().join("middle.git").display());
    outer.git(&["submodule", "--quiet", "add", &middle, "lib"]);
    let modules = fs::read_to_string(outer.path(".gitmodules")).unwrap();
    outer.commit(&[(".gitmodules", &modules.replace(&middle, "../middle.git"))]);
    let url = bare(&outer, "outer.git");
    let made = hub.build(SourceSpec::Scm(scm(&url)));
    assert!(made.nvr().starts_with("outer-1-1"), "{}", made.nvr());
    let files = made.files();
    let archive = files.iter().find(|name| name.ends_with(".tar.gz")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.tar.gz"), made.file(archive)).unwrap();
    let listed =
        super::fixture::done(Command::new("tar").arg("-tzf").arg(dir.path().join("a.tar.gz")));
    for file in ["outer/outer.spec", "outer/lib/middle.txt", "outer/lib/deep/inner/inner.txt"] {
        assert!(listed.lines().any(|line| line == file), "{file}: {listed}");
    }
}

#[test]
fn a_server_that_stumbles_is_asked_again() {
    let Some(hub) = open() else { return };
    let server = Server::shared();
    let repo = Repo::of(&[("stumbling.spec", &spec("stumbling", ""))]);
    let place = server.path("git/stumbling.git");
    repo.git(&["clone", "-q", "--bare", ".", place.to_str().unwrap()]);
    let source = scm(&format!("{}/stumble/git/stumbling.git", server.url()));
    let made = hub.build(SourceSpec::Scm(source));
    assert_eq!(made.nvr(), "stumbling-1-1");
    assert!(made.log.contains("error: 503") && made.log.contains("trying again in 1 s"));
    let missing = scm(&format!("{}/git/missing.git", server.url()));
    let failed = hub.build(SourceSpec::Scm(missing));
    failed.failed("clone failed: ");
    assert!(!failed.log.contains("trying again"), "{}", failed.log);
}

#[test]
fn files_of_git_lfs_come_with_the_checkout() {
    const TEXT: &str = "large\n";
    const SUM: &str = "9bfce334a37bd1bc1d36b0370195b31fe9a9389dd43d0873891a3544ef1140a1";
    let Some(hub) = open() else { return };
    if coprbox::process::find("git-lfs").is_none() {
        std::io::stderr().write_all(b"skipped: git-lfs is not installed\n").unwrap();
        return;
    }
    let server = Server::shared();
    server.put(&format!("files/lfs/{SUM}"), TEXT.as_bytes());
    let pointer = "version https://git-lfs.github.com/spec/v1\n".to_owned()
        + &format!("oid sha256:{SUM}\nsize {}\n", TEXT.len());
    let repo = Repo::of(&[
        ("lfs.spec", &spec("lfs", "Source0: data.bin")),
        ("data.bin", &pointer),
        (".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n"),
    ]);
    repo.git(&["clone", "-q", "--bare", ".", server.path("git/lfs.git").to_str().unwrap()]);
    let url = format!("{}/git/lfs.git", server.url());
    let made = hub.build(SourceSpec::Scm(scm(&url)));
    assert_eq!(made.file("data.bin"), TEXT.as_bytes());
    // A repository that sends us elsewhere for them is not followed.
    repo.commit(&[(".lfsconfig", "[lfs]\n\turl = http://127.0.0.1:9/\n")]);
    repo.git(&["push", "-q", server.path("git/lfs.git").to_str().unwrap(), "main"]);
    let made = hub.build(SourceSpec::Scm(scm(&url)));
    assert_eq!(made.file("data.bin"), pointer.as_bytes());
    assert!(made.log.contains("files of git-lfs are left out"), "{}", made.log);
}
