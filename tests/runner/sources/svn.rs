use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use coprbox::model::source::{Scm, ScmKind, SourceSpec};

use super::fixture::{done, open, scm, spec};

/// A repository with two revisions, in a directory that svnserve may serve.
fn repository(name: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let repo = dir.path().join("repo");
    done(Command::new("svnadmin").arg("create").arg(&repo));
    fs::write(repo.join("conf/svnserve.conf"), "[general]\nanon-access = read\n").unwrap();
    let work = dir.path().join("work");
    let url = format!("file://{}", repo.display());
    let svn = |args: &[&str]| done(Command::new("svn").args(args).current_dir(dir.path()));
    svn(&["mkdir", "-q", "-m", "x", &format!("{url}/trunk")]);
    svn(&["checkout", "-q", &format!("{url}/trunk"), "work"]);
    for release in ["1", "2"] {
        let text =
            spec(name, "Source0: data").replace("Release: 1", &format!("Release: {release}"));
        fs::write(work.join(format!("{name}.spec")), text).unwrap();
        fs::write(work.join("data"), release).unwrap();
        svn(&["add", "-q", "--force", "work/data", &format!("work/{name}.spec")]);
        svn(&["commit", "-q", "-m", "x", "work"]);
    }
    dir
}

fn source(url: &str, committish: &str) -> SourceSpec {
    let committish = committish.parse().unwrap();
    SourceSpec::Scm(Scm { kind: ScmKind::Svn, committish, ..scm(url) })
}

#[test]
fn revisions_are_checked_out_from_the_disk() {
    let Some(hub) = open() else { return };
    let dir = repository("svn-disk");
    let url = format!("file://{}/repo/trunk", dir.path().display());
    let made = hub.build(source(&url, ""));
    assert_eq!(made.nvr(), "svn-disk-1-2");
    assert_eq!(made.files(), ["data", "svn-disk.spec"]);
    assert_eq!(hub.build(source(&url, "2")).nvr(), "svn-disk-1-1");
    assert_eq!(hub.build(source(&url, "r3")).nvr(), "svn-disk-1-2");
    hub.build(source(&url, "99")).failed("checkout error: svn: E160006: No such revision 99");
    hub.build(source(&url, "main")).failed("checkout error: main is not a revision");
    hub.build(source(&format!("{url}x"), "")).failed("clone failed: svn: ");
}

#[test]
fn svnserve_is_spoken_to() {
    let Some(hub) = open() else { return };
    let dir = repository("svn-net");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = Command::new("svnserve")
        .args(["--daemon", "--foreground", "--listen-host", "127.0.0.1", "--root"])
        .arg(dir.path())
        .arg(format!("--listen-port={port}"))
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let made = hub.build(source(&format!("svn://localhost:{port}/repo/trunk"), ""));
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(made.nvr(), "svn-net-1-2");
}
