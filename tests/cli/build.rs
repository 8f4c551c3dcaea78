//! `coprbox build`: what it says and how it ends, against servers that only queue and one that
//! really builds.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::Done;
use super::client::World;

const SPEC: &str = "Name: hello\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\n\
                    BuildArch: noarch\nSource0: %{name}-%{version}.tar.gz\n\
                    %description\nx\n%prep\n%autosetup\n%install\n\
                    install -D -m 644 greeting %{buildroot}/usr/share/hello/greeting\n\
                    %files\n/usr/share/hello\n";

impl World {
    /// A directory beside the server's with these files.
    fn directory(&self, files: &[(&str, &str)]) -> PathBuf {
        let dir = self.it.dir.path().join("checkout");
        for (name, text) in files {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn command_in(&self, dir: &str, words: &[&str]) -> Command {
        let mut command = self.it.command();
        command.env("COPR_CONFIG", self.config()).arg("build").args(words);
        command.current_dir(self.it.dir.path().join(dir));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs `coprbox build` in the directory.
    fn build(&self, line: &str) -> Done {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let output = self.command_in("checkout", &words).output().unwrap();
        Done {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    fn refuses(&self, line: &str, code: i32, expected: &str) {
        let done = self.build(line);
        assert_eq!(done.code, code, "coprbox build {line}: {}", done.stderr);
        assert!(done.stderr.contains(expected), "coprbox build {line}: {}", done.stderr);
        assert_eq!(done.stdout, "", "coprbox build {line}");
    }
}

const NEW: &str = "--create --chroot fedora-43-x86_64";

#[test]
fn what_cannot_be_built_is_not_even_sent() {
    let world = World::new();
    let dir = world.directory(&[("README", "x")]);
    world.refuses("", 2, "has no spec file; name one with --spec");
    world.refuses("nothing", 2, "cannot build nothing");
    world.refuses("README", 2, "neither a directory nor a spec file nor an SRPM");
    world.directory(&[("a.spec", SPEC), ("b.spec", SPEC), ("x.src.rpm", "x")]);
    world.refuses("", 2, "several spec files, name one with --spec: a.spec b.spec");
    world.refuses("x.src.rpm", 2, "x.src.rpm: ");
    world.refuses("--spec ../a.spec", 2, "must not lead upwards");
    world.refuses("--spec none.spec", 2, "cannot read none.spec");
    std::os::unix::fs::symlink("/etc/passwd", dir.join("link.spec")).unwrap();
    world.refuses("--spec link.spec", 2, "link.spec is no file of the directory");
    world.refuses("--spec a.spec --max-size 10B", 2, "there is no project alice/a");
    let small = format!("--spec a.spec --max-size 10B {NEW}");
    world.refuses(&small, 2, "10 B may be sent; the largest are ");
    world.refuses("a.spec --project x/y/z", 2, "y/z");
    world.refuses("--timeout soon", 2, "--timeout");
    assert!(!world.server.get("/api_3/build/1").contains("\"state\""), "something was sent");
}

#[test]
fn a_project_is_named_or_made() {
    let world = World::new();
    world.directory(&[("hello.spec", SPEC)]);
    world.refuses(
        "",
        2,
        "there is no project alice/hello: name another with --project, or have it made with \
         --create --chroot epel-9-x86_64",
    );
    world.refuses("--create", 2, "Name them with --chroot: epel-9-x86_64 fedora-42-x86_64");
    world.refuses("--create --chroot nonsense", 2, "nonsense");
    world.refuses(&format!("--project bob/hello {NEW}"), 2, "");
    let made = world.build(&format!("--no-wait {NEW}"));
    assert_eq!((made.code, made.stdout), (0, format!("1 {}/coprs/build/1\n", world.server.url())));
    let made = world.build("--no-wait --json --project hello --chroot fedora-* --background");
    let build: Value = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!((&build["id"], &build["state"]), (&2.into(), &"pending".into()), "{build}");
    assert_eq!(build["is_background"], true);
    world.refuses("--chroot epel-9-x86_64", 2, "epel-9-x86_64");
    let config = world.server.get("/api_3/build/source-build-config/1");
    assert!(config.contains(r#""spec":"hello.spec""#), "{config}");
    // Its only source has an address: the spec file is all there is to send.
    world.directory(&[("alone.spec", &SPEC.replace("Source0: ", "Source0: https://h/"))]);
    assert_eq!(world.build("--no-wait alone.spec --project hello").code, 0);
    let config = world.server.get("/api_3/build/source-build-config/3");
    assert!(config.contains(r#""source_type":"upload""#), "{config}");
}

#[test]
fn who_asks_and_whom_is_what_the_file_says() {
    let world = World::new();
    world.directory(&[("hello.spec", SPEC)]);
    world.refuses("--config none", 6, "there is no copr configuration file none");
    world.refuses("--url nonsense", 2, "no server's address");
    world.refuses("--url http://127.0.0.1:9", 3, "cannot reach http://127.0.0.1:9");
    world.write_config("http://127.0.0.1:9");
    let url = world.server.url();
    world.refuses(&format!("--url {url}"), 2, "is for http://127.0.0.1:9 and was not sent to");
}

#[test]
fn ctrl_c_cancels_the_build() {
    let world = World::new();
    world.directory(&[("hello.spec", SPEC)]);
    let words: Vec<&str> = NEW.split(' ').collect();
    let mut child = world.command_in("checkout", &words).spawn().unwrap();
    let mut words = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("source package: pending") {
        line.clear();
        assert!(words.read_line(&mut line).unwrap() > 0, "it has ended");
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut rest = String::new();
    words.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("build 1 of hello in alice/hello canceled"), "{rest}");
    let build = world.server.get("/api_3/build/1");
    assert!(build.contains(r#""state":"canceled""#), "{build}");
}

#[test]
fn changes_that_nobody_has_committed_are_built() {
    let base = std::env::var("COPRBOX_TEST_BASE_REPO").unwrap_or_default();
    if base.is_empty() || !rustix::process::geteuid().is_root() {
        let why = "skipped: a real build needs root and COPRBOX_TEST_BASE_REPO\n";
        std::io::stderr().write_all(why.as_bytes()).unwrap();
        return;
    }
    let world = World::with_slots("1");
    let chroot = format!("debian-12-{}", std::env::consts::ARCH);
    world.it.ok(&format!("chroot add {chroot} --builder sandbox --repo file://{base}"));
    let dir = world.directory(&[
        ("hello.spec", SPEC),
        ("greeting", "hello\n"),
        (".gitignore", "*.log\n"),
        ("noise.log", "x"),
    ]);
    let git = |words: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Al", "-c", "user.email=al@h"]).args(words).current_dir(&dir);
        assert!(git.status().unwrap().success());
    };
    git(&["init", "-q"]);
    git(&["add", "--all"]);
    git(&["commit", "-qm", "All of it"]);
    fs::write(dir.join("greeting"), "hello, world\n").unwrap();
    fs::write(dir.join("new"), "").unwrap();
    let done = world.build(&format!("--create --chroot {chroot}"));
    assert_eq!(done.code, 0, "{}\n{}", done.stdout, done.stderr);
    for expected in ["Source0: hello-1.tar.gz is made from the directory", "Finish: rpmbuild"] {
        assert!(done.stdout.contains(expected), "{}", done.stdout);
    }
    assert!(done.stderr.contains(&format!("{chroot}: succeeded")), "{}", done.stderr);
    let results = world.it.data_dir().join("results/alice/hello");
    let at = |dir: &str, name: &str| {
        let found = fs::read_dir(results.join(dir)).unwrap().map(|entry| entry.unwrap().path());
        found.into_iter().find(|path| path.to_string_lossy().contains(name)).unwrap()
    };
    let sh = |script: &str, file: PathBuf| {
        let output = Command::new("sh").args(["-c", script, "sh"]).arg(file).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let result = at(&chroot, "00000001-hello");
    let rpm = at(&format!("{chroot}/{}", result.file_name().unwrap().display()), "noarch.rpm");
    let greeting = "rpm2archive - < \"$1\" | tar -xzO ./usr/share/hello/greeting";
    assert_eq!(sh(greeting, rpm), "hello, world\n");
    let srpm = at("srpm-builds/00000001", ".src.rpm");
    let names = sh("rpm2archive - < \"$1\" | tar -xzO ./hello-1.tar.gz | tar -tz", srpm);
    let mut names: Vec<&str> = names.lines().collect();
    names.sort_unstable();
    let expected =
        ["hello-1/", "hello-1/.gitignore", "hello-1/greeting", "hello-1/hello.spec", "hello-1/new"];
    assert_eq!(names, expected);
    // What is gone from the directory is gone from the build.
    fs::remove_file(dir.join("greeting")).unwrap();
    let done = world.build("");
    assert_eq!(done.code, 1, "{}\n{}", done.stdout, done.stderr);
    assert!(done.stdout.contains("cannot stat"), "{}", done.stdout);
    let why = format!("build 2 of hello in alice/hello failed\n  {chroot}: http://");
    assert!(done.stderr.contains(&why), "{}", done.stderr);
    world.directory(&[("hello.spec", "Name: hello\n%{nonsense\n")]);
    let done = world.build("");
    assert_eq!(done.code, 1, "{}\n{}", done.stdout, done.stderr);
    assert!(done.stderr.contains("source package: failed"), "{}", done.stderr);
}
