use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use coprbox::runner::builder::BuildError;

use super::fixture::{Bench, installs};

/// Builds a small package; says whether the build root had to be made.
async fn makes_a_root(bench: &Bench) -> bool {
    let srpm = bench.srpm("data", "BuildArch: noarch", &installs("data", "x"));
    let done = bench.build(&srpm).await;
    assert_eq!(done.names(), ["data-1.0-1.deb12.noarch.rpm"]);
    done.log().contains("making the build root")
}

fn roots(bench: &Bench) -> usize {
    let roots = bench.dir.path().join("cache/roots").join(bench.chroot.name.as_str());
    fs::read_dir(roots).unwrap().count()
}

#[tokio::test]
async fn a_changed_repository_leads_to_a_new_root() {
    let Some(mut bench) = Bench::with_own_roots() else { return };
    let copy = bench.dir.path().join("base");
    let base = bench.base()[0].trim_start_matches("file://").to_owned();
    let copied =
        Command::new("cp").args(["-a", "--reflink=auto", &base]).arg(&copy).status().unwrap();
    assert!(copied.success());
    *bench.base() = vec![format!("file://{}", copy.display())];
    assert!(makes_a_root(&bench).await);
    assert!(!makes_a_root(&bench).await);
    let metadata = copy.join("repodata/repomd.xml");
    let text = fs::read_to_string(&metadata).unwrap();
    fs::write(&metadata, format!("{text}<!-- changed -->\n")).unwrap();
    assert!(makes_a_root(&bench).await);
    assert_eq!(roots(&bench), 1, "the old root is gone");
}

/// `python3 -m http.server`, which is there since dnf is written in Python.
struct Server(Child, u16);

impl Server {
    fn of(dir: &Path) -> Server {
        let mut server = Command::new("python3")
            .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"])
            .arg(dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.split_whitespace().skip_while(|word| *word != "port").nth(1).unwrap();
        Server(server, port.parse().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
async fn a_root_is_made_over_http() {
    let Some(mut bench) = Bench::with_own_roots() else { return };
    let base = bench.base()[0].trim_start_matches("file://").to_owned();
    let server = Server::of(Path::new(&base));
    *bench.base() = vec![format!("http://127.0.0.1:{}/", server.1)];
    assert!(makes_a_root(&bench).await);
    assert!(!makes_a_root(&bench).await);
    assert_eq!(roots(&bench), 1);
    drop(server);
    let srpm = bench.srpm("data", "BuildArch: noarch", &installs("data", "x"));
    let done = bench.build(&srpm).await;
    assert!(matches!(done.error(), BuildError::Internal(_)), "{:?}", done.error());
}

#[tokio::test]
async fn a_launcher_stands_in_front_of_every_command() {
    let Some(bench) = Bench::new() else { return };
    let record = bench.dir.path().join("launched");
    let script = bench.dir.path().join("launcher");
    fs::write(&script, format!("#!/bin/sh\necho x >> {}\nexec \"$@\"\n", record.display()))
        .unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&script, executable).unwrap();
    let srpm = bench.srpm("far", "BuildArch: noarch", &installs("far", "x"));
    let mut job = bench.job();
    job.launcher = vec![script.to_str().unwrap().into()];
    let done = bench.build_as(job, &bench.config(), &srpm).await;
    assert_eq!(done.names(), ["far-1.0-1.deb12.noarch.rpm"]);
    assert!(fs::read_to_string(&record).unwrap().lines().count() >= 5);

    let sections = "%build\nsetsid bash -c 'trap \"\" INT; sleep 300' &\nsleep 300\n";
    let mut job = bench.job();
    job.launcher = vec![script.to_str().unwrap().into()];
    job.timeout = Duration::from_secs(6);
    let started = Instant::now();
    let done = bench.build_as(job, &bench.config(), &bench.srpm("slow", "", sections)).await;
    assert!(matches!(done.error(), BuildError::TimedOut(_)), "{:?}", done.error());
    assert!(started.elapsed() < Duration::from_secs(20));
    assert!(bench.is_quiet());
}
