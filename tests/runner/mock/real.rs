//! Around the real mock, where it is installed: in the chroot of the base repository that
//! `packaging/` makes, or in that of the host's own release.

#![expect(clippy::print_stdout, reason = "says why it is skipped, and how long builds take")]

use std::process::Command;
use std::time::Instant;

use coprbox::runner::builder::mock::Mock;
use coprbox::runner::builder::mock::discover::{CONFIG_DIR, Host, discover};
use coprbox::runner::builder::script::Script;
use coprbox::runner::builder::{BuildError, Builder as _, Built, SpecSource};

use super::*;

/// Sources of a small package in C; `BUILD` is what its `%build` does.
const SPEC: &str = "\
Name: NAME
Version: 1.0
Release: 1%{?dist}
Summary: Says hello
License: MIT
Source0: hello.c
BuildRequires: gcc
REQUIRES
%global debug_package %{nil}
%description
Says hello.
%prep
cp %{SOURCE0} .
%build
BUILD
%install
install -D -m 755 hello %{buildroot}/usr/bin/hello
%files
/usr/bin/hello
";
const BUILD: &str = "gcc -O2 -o hello hello.c";
/// Says whether the build's network is cut off: there is no interface but `lo`.
const NETWORK: &str = "gcc -O2 -o hello hello.c; grep -c : /proc/net/dev | sed s/^/interfaces=/";

/// mock, a chroot of it and a place to build.
struct Real {
    bench: Bench,
    mock: Mock,
    chroot: Chroot,
    config: BuildConfig,
}

impl Real {
    /// `None`, and a word about it, where mock cannot be used.
    fn new() -> Option<Real> {
        let mock = Mock::new(None);
        if coprbox::process::find("mock").is_none() {
            println!("skipped: mock is not installed");
            return None;
        }
        if let Err(why) = mock.availability() {
            println!("skipped: {why}");
            return None;
        }
        let host = Host::this();
        let own = |name: &str| host.releases.iter().any(|release| release == name);
        let found = discover(Path::new(CONFIG_DIR), &host).unwrap();
        let Some(found) = found.iter().find(|c| c.enable && own(c.name.name_release())) else {
            println!("skipped: there is no {CONFIG_DIR}/{}-{}.cfg", host.releases[0], host.arch);
            return None;
        };
        let chroot = chroot(found.name.as_str(), &found.config);
        let config = config(found.name.as_str());
        Some(Real { bench: Bench::new(), mock, chroot, config })
    }

    /// A spec file, next to its source.
    fn spec(&self, name: &str, requires: &str, build: &str) -> PathBuf {
        let dir = self.bench.path(&format!("{name}-sources"));
        fs::create_dir_all(&dir).unwrap();
        let source = "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n";
        fs::write(dir.join("hello.c"), source).unwrap();
        let spec = dir.join(format!("{name}.spec"));
        let text = SPEC.replace("NAME", name).replace("REQUIRES", requires);
        fs::write(&spec, text.replace("BUILD", build)).unwrap();
        spec
    }

    fn srpm(&self, name: &str, requires: &str, build: &str) -> PathBuf {
        let spec = self.spec(name, requires, build);
        let dir = spec.parent().unwrap().to_str().unwrap();
        let made = Command::new("rpmbuild")
            .args(["-bs", "--define", &format!("_sourcedir {dir}")])
            .args(["--define", &format!("_srcrpmdir {dir}"), "--undefine", "dist"])
            .arg(&spec)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        spec.with_file_name(format!("{name}-1.0-1.src.rpm"))
    }

    async fn rebuild(&self, job: &Job, srpm: &Path) -> Result<Built, BuildError> {
        let started = Instant::now();
        let result = self.mock.rebuild(job, &self.chroot, &self.config, srpm).await;
        let name = srpm.file_name().unwrap().to_string_lossy();
        println!("{name}: {:.1} s, {result:?}", started.elapsed().as_secs_f64());
        result
    }

    /// No process, no mount, no build root.
    fn assert_nothing_is_left(&self, job: &Job) {
        assert!(self.bench.is_quiet(), "a process is left");
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(&job.tag) && !mounts.contains("/run/coprbox/"), "{mounts}");
        for entry in fs::read_dir("/var/lib/mock").unwrap() {
            let name = entry.unwrap().file_name();
            assert!(!name.to_string_lossy().contains(&job.tag), "{} is left", name.display());
        }
    }
}

#[tokio::test]
async fn a_package_is_built_without_network() {
    let Some(mut real) = Real::new() else { return };
    real.mock.probe().await;
    println!("{}", real.mock.describe());
    let srpm = real.srpm("hello", "", NETWORK);
    for isolation in [Isolation::Default, Isolation::Simple] {
        real.config.isolation = isolation;
        let job = real.bench.job();
        let built = real.rebuild(&job, &srpm).await.unwrap();
        assert_eq!(built.packages.len(), 1);
        for log in ["build.log", "root.log", "state.log", "hw_info.log", "installed_pkgs.log"] {
            assert!(job.result_dir.join(log).exists(), "{log}");
        }
        let log = live_log(&job);
        assert!(log.contains("Start: rpmbuild hello-1.0-1.src.rpm"), "{log}");
        assert!(log.contains("+ gcc -O2"), "the output of rpmbuild is missing: {log}");
        assert!(!log.contains('\r'));
        if real.mock.describe().cuts_network {
            assert!(log.contains("interfaces=1\n"), "{log}");
        }
        real.assert_nothing_is_left(&job);
    }
}

#[tokio::test]
async fn network_is_there_when_it_is_enabled() {
    let Some(mut real) = Real::new() else { return };
    real.config.enable_net = true;
    let job = real.bench.job();
    real.rebuild(&job, &real.srpm("hello", "", NETWORK)).await.unwrap();
    let host = fs::read_to_string("/proc/net/dev").unwrap().matches(':').count();
    assert!(live_log(&job).contains(&format!("interfaces={host}\n")));
}

#[tokio::test]
async fn a_repository_over_http_takes_two_calls_without_network() {
    let Some(mut real) = Real::new() else { return };
    if !rustix::process::geteuid().is_root() {
        println!("skipped: needs root");
        return;
    }
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let repo = real.bench.path("repo");
    fs::create_dir(&repo).unwrap();
    let made = Command::new("createrepo_c").args(["-q", "."]).current_dir(&repo).status();
    assert!(made.unwrap().success());
    std::thread::spawn(move || serve_files(&server, &repo));
    real.config.isolation = Isolation::Simple;
    real.config.repos.push(coprbox::model::build_config::BuildRepo {
        id: "copr_base".into(),
        name: "Copr repository".into(),
        baseurl: format!("http://{address}/"),
        priority: None,
        repo_gpgcheck: Some(false),
        module_hotfixes: None,
    });
    let job = real.bench.job();
    let built = real.rebuild(&job, &real.srpm("hello", "", NETWORK)).await.unwrap();
    assert_eq!(built.packages.len(), 1);
    let log = live_log(&job);
    assert!(log.contains("interfaces=1\n") && log.contains("--installdeps"), "{log}");
    real.assert_nothing_is_left(&job);
}

/// The least that dnf needs of a web server.
pub(super) fn serve_files(server: &std::net::TcpListener, dir: &Path) {
    use std::io::{BufRead as _, BufReader, Write as _};
    for stream in server.incoming() {
        let mut stream = stream.unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let request = lines.next().unwrap().unwrap();
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let path = request.split(' ').nth(1).unwrap().trim_start_matches('/');
        let body = fs::read(dir.join(path));
        let status = if body.is_ok() { "200 OK" } else { "404 Not Found" };
        let body = body.unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        drop(sent);
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told_apart() {
    let Some(real) = Real::new() else { return };
    let job = real.bench.job();
    let broken = real.srpm("broken", "", "gcc -include nosuch.h -o hello hello.c");
    let error = real.rebuild(&job, &broken).await.unwrap_err();
    let log = live_log(&job);
    assert!(
        matches!(&error, BuildError::Failed(why) if why.contains("%build")),
        "{error:?}: {log}"
    );
    assert!(log.contains("nosuch.h"), "{log}");
    real.assert_nothing_is_left(&job);

    let job = real.bench.job();
    let missing = real.srpm("missing", "BuildRequires: nosuch-devel >= 3", BUILD);
    let error = real.rebuild(&job, &missing).await.unwrap_err();
    let names = ["nosuch-devel >= 3".to_owned()];
    assert!(matches!(&error, BuildError::MissingDependencies(n) if *n == names), "{error:?}");
    real.assert_nothing_is_left(&job);

    let whole = fs::read(real.srpm("hello", "", BUILD)).unwrap();
    for length in [0, 300, whole.len() - 100] {
        let job = real.bench.job();
        let damaged = real.bench.path("damaged-1.0-1.src.rpm");
        fs::write(&damaged, &whole[..length]).unwrap();
        let error = real.rebuild(&job, &damaged).await.unwrap_err();
        assert!(matches!(error, BuildError::BadSource(_)), "{length}: {error:?}");
        real.assert_nothing_is_left(&job);
    }

    let job = real.bench.job();
    let nowhere = chroot(real.chroot.name.as_str(), Path::new("/etc/mock/nosuch-1-x86_64.cfg"));
    let srpm = real.srpm("hello", "", BUILD);
    let error = real.mock.rebuild(&job, &nowhere, &real.config, &srpm).await.unwrap_err();
    assert!(matches!(error, BuildError::Unavailable(_)), "{error:?}");
}

/// A build that sleeps, and has something in a session of its own sleep as well.
const SLEEP: &str = "echo ASLEEP; setsid sleep 1000 & sleep 1000";

/// Waits until the build sleeps.
async fn asleep(job: &Job) {
    for _ in 0..3000 {
        if live_log(job).contains("\nASLEEP") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the build did not begin: {}", live_log(job));
}

#[tokio::test]
async fn a_stopped_build_leaves_nothing() {
    let Some(mut real) = Real::new() else { return };
    let srpm = real.srpm("sleepy", "", SLEEP);
    for isolation in [Isolation::Default, Isolation::Simple] {
        real.config.isolation = isolation;
        let job = real.bench.job();
        let stop = async {
            asleep(&job).await;
            job.cancel.cancel();
            Instant::now()
        };
        let (result, stopped) = tokio::join!(real.rebuild(&job, &srpm), stop);
        println!("canceled, cleared away after {:.1} s", stopped.elapsed().as_secs_f64());
        assert!(matches!(result, Err(BuildError::Canceled)), "{result:?}");
        real.assert_nothing_is_left(&job);

        let mut job = real.bench.job();
        job.timeout = Duration::from_secs(12);
        let result = real.rebuild(&job, &srpm).await;
        assert!(matches!(result, Err(BuildError::TimedOut(_))), "{result:?}");
        real.assert_nothing_is_left(&job);
    }
}

#[tokio::test]
async fn a_build_that_is_killed_at_once_leaves_nothing() {
    let Some(real) = Real::new() else { return };
    if !rustix::process::geteuid().is_root() {
        println!("skipped: needs root");
        return;
    }
    let mut job = real.bench.job();
    job.grace = Duration::ZERO;
    let srpm = real.srpm("sleepy", "", SLEEP);
    let stop = async {
        asleep(&job).await;
        job.cancel.cancel();
    };
    let (result, ()) = tokio::join!(real.rebuild(&job, &srpm), stop);
    assert!(matches!(result, Err(BuildError::Canceled)), "{result:?}");
    real.assert_nothing_is_left(&job);
}

#[tokio::test]
async fn two_builds_run_side_by_side() {
    let Some(real) = Real::new() else { return };
    let (one, two) = (real.bench.job(), real.bench.job());
    let (hello, other) = (real.srpm("hello", "", BUILD), real.srpm("other", "", BUILD));
    let started = Instant::now();
    let (first, second) = tokio::join!(real.rebuild(&one, &hello), real.rebuild(&two, &other));
    println!("both: {:.1} s", started.elapsed().as_secs_f64());
    assert_eq!(first.unwrap().packages.len(), 1);
    assert_eq!(second.unwrap().packages.len(), 1);
    real.assert_nothing_is_left(&one);
    real.assert_nothing_is_left(&two);
}

#[tokio::test]
async fn a_bootstrap_root_is_removed_as_well() {
    let Some(mut real) = Real::new() else { return };
    // Where the repositories hold no dnf this fails, halfway through making the root.
    real.config.bootstrap = Bootstrap::On;
    let job = real.bench.job();
    let result = real.rebuild(&job, &real.srpm("hello", "", BUILD)).await;
    assert!(fs::read_to_string(job.result_dir.join("state.log")).unwrap().contains("(bootstrap)"));
    assert!(
        matches!(
            &result,
            Ok(_) | Err(BuildError::Internal(_) | BuildError::MissingDependencies(_))
        ),
        "{result:?}"
    );
    real.assert_nothing_is_left(&job);
}

#[tokio::test]
async fn a_source_package_is_made_in_the_chroot() {
    let Some(real) = Real::new() else { return };
    let spec = real.spec("hello", "", BUILD);
    let sources = spec.parent().map(Path::to_owned);
    let source = SpecSource { spec: spec.clone(), sources, download: Some(downloads()) };
    let job = real.bench.job();
    let started = Instant::now();
    let made = real.mock.make_srpm(&job, &real.chroot, &real.config, &source).await.unwrap();
    println!("source package: {:.1} s", started.elapsed().as_secs_f64());
    assert_eq!(made.srpm, job.result_dir.join("hello-1.0-1.src.rpm"));
    // A job may have more steps than one.
    fs::rename(&made.srpm, real.bench.path("aside.src.rpm")).unwrap();
    real.mock.make_srpm(&job, &real.chroot, &real.config, &source).await.unwrap();
    real.assert_nothing_is_left(&job);

    fs::write(&spec, "Name: hello\nNonsense\n").unwrap();
    let job = real.bench.job();
    let error = real.mock.make_srpm(&job, &real.chroot, &real.config, &source).await.unwrap_err();
    assert!(matches!(&error, BuildError::BadSource(why) if why.contains("line 2")), "{error:?}");
    real.assert_nothing_is_left(&job);
}

#[tokio::test]
async fn a_script_runs_in_the_chroot_as_nobody() {
    let Some(mut real) = Real::new() else { return };
    real.mock.probe().await;
    for isolation in [Isolation::Default, Isolation::Simple] {
        real.config.isolation = isolation;
        let job = real.bench.job();
        let (tree, to) = (job.result_dir.join("tree"), job.result_dir.join("made"));
        fs::create_dir(&tree).unwrap();
        fs::create_dir(&to).unwrap();
        fs::write(tree.join("given"), "given").unwrap();
        let command = "id -u; pwd; printf '%s\n' \"$NAME\"; test -x /usr/bin/gcc || exit 9; \
                       grep -c : /proc/net/dev | sed s/^/interfaces=/; \
                       mkdir out && cat given /coprbox/further > out/x.spec && chmod 0 out/x.spec; \
                       ln -s /etc/shadow out/y.spec; touch /evil && exit 8; exit 0";
        let script = Script {
            needs: vec!["gcc".into()],
            tree: tree.clone(),
            files: vec![("further".into(), b" further".to_vec())],
            env: vec![("NAME".into(), "it's $(id) {{x}}".into())],
            dir: String::new(),
            command: ["sh", "-c", command].map(String::from).into(),
            network: false,
            out: "out".into(),
            to: to.clone(),
            max_size: 1000,
        };
        let started = Instant::now();
        let ran = real.mock.run_script(&job, &real.chroot, &real.config, &script).await.unwrap();
        println!("script: {:.1} s", started.elapsed().as_secs_f64());
        assert_eq!(ran.code, 0, "{}", live_log(&job));
        assert_eq!(ran.files, [to.join("x.spec")]);
        assert_eq!(fs::read_to_string(&ran.files[0]).unwrap(), "given further");
        assert!(ran.tail.contains("\n/workdir\nit's $(id) {{x}}\n"), "{}", ran.tail);
        assert!(!ran.tail.contains("\n0\n"), "it ran as root: {}", ran.tail);
        if real.mock.describe().cuts_network {
            assert!(ran.tail.contains("interfaces=1\n"), "{}", ran.tail);
        }
        real.assert_nothing_is_left(&job);

        let job = real.bench.job();
        let script = Script { needs: vec!["/usr/bin/nosuchtool".into()], ..script };
        let error =
            real.mock.run_script(&job, &real.chroot, &real.config, &script).await.unwrap_err();
        assert!(matches!(error, BuildError::MissingTools { .. }), "{error:?}");
        real.assert_nothing_is_left(&job);

        // With network, but not to this machine.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let job = real.bench.job();
        let knock = format!(
            "(exec 3<>/dev/tcp/127.0.0.1/{port}) && echo reached; exec 3<>/dev/tcp/127.0.0.1/3128
             printf 'CONNECT 127.0.0.1:{port} HTTP/1.1\\r\\n\\r\\n' >&3; read -r said <&3
             echo \"$http_proxy: $said\""
        );
        let command = ["bash", "-c", &knock].map(String::from).into();
        let script = Script { needs: Vec::new(), command, network: true, ..script };
        let ran = real.mock.run_script(&job, &real.chroot, &real.config, &script).await.unwrap();
        if rustix::process::geteuid().is_root() {
            let refused = "http://127.0.0.1:3128: HTTP/1.1 403";
            assert!(ran.tail.contains(refused), "{}", ran.tail);
        }
        assert!(!ran.tail.contains("reached"), "{}", ran.tail);
        real.assert_nothing_is_left(&job);
    }
}
