//! Around a stand-in: what it does is told by the name of the file that it is to build.

mod sealed;

use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use coprbox::model::build_config::BuildRepo;
use coprbox::runner::builder::mock::Mock;
use coprbox::runner::builder::mock::host::{Caller, Fences};
use coprbox::runner::builder::script::Script;
use coprbox::runner::builder::{BuildError, Builder as _, Built, SpecSource};

use super::*;

const CHROOT: &str = "fedora-42-x86_64";

/// Behaves as mock 6.7 was seen to: exit codes, files left, signals.
const STAND_IN: &str = r#"#!/bin/bash
state=STATE
printf '%s\n' "$*" >> "$state/calls"
mode=build with=
while [ $# -gt 0 ]; do case $1 in
    -r) config=$2; shift ;;
    --uniqueext) ext=$2; shift ;;
    --resultdir) results=$2; shift ;;
    --spec) input=$2; shift ;;
    --rebuild | --installdeps) input=$2; shift ;;
    --scrub=chroot) mode=scrub ;;
    --clean) mode=clean ;;
    --orphanskill) mode=orphanskill ;;
    --debug-config) mode=debug ;;
    --init) mode=init ;;
    --chroot) mode=chroot; break ;;
esac; shift; done
[ -r "$config" ] || { echo "ERROR: Could not find required config file: $config"; exit 3; }
cp "$config" "$state/config-$ext"
root=$state/roots/$ext
case $mode in
    scrub | clean) rm -rf "$root"; exit 0 ;;
    orphanskill) kill -KILL $(cat "$root/pid"); exit 0 ;;
    debug) printf " 'baseurl=file:///srv/repo\\n'\n"; exit 0 ;;
esac
bound() { sed -n "s|.*\['dirs'\] += \[('\(.*\)', '$1')\]|\1|p" "$config"; }
if [ $mode = chroot ]; then
    [ -d "$root" ] && [ "$*" = "--chroot -- /bin/bash /coprbox/.run" ] || exit 50
    mkdir "$root/coprbox"; cp -r "$(bound /coprbox)"/. "$root/coprbox"
    cd "$root/coprbox"
    sed -i "s|/coprbox|$root/coprbox|; s|/workdir|$(bound /workdir)|" .run .words
    bash .run; code=$?
    exit $code
fi
log() { echo "$(date +%F) - $1" >> "$results/state.log"; }
clean() {
    log "Start: clean chroot"
    [ ! -e "$root/pid" ] || kill -KILL $(cat "$root/pid")
    rm -rf "$root"; log "Finish: clean chroot"
}
name=$(basename "$input")
case $name in
    garbage*) echo "ERROR: Cannot find/open srpm: $input. Error: error reading package header"; exit 1 ;;
    forbidden*) echo "ERROR: cannot write"; exit 70 ;;
    locked*) echo "ERROR: Build root is locked by another process."; exit 60 ;;
esac
mkdir -p "$root"
log "Start: chroot init"; echo "Mock Version: 6.7" >> "$results/build.log"
echo "DEBUG util.py:460:  dnf works" >> "$results/root.log"
printf '10%%\r50%%\r100%%\r\n'
log "Finish: chroot init"
if [ $mode = init ]; then
    log "Start: clean chroot"; log "Finish: clean chroot"
    grep -q nosuchtool "$config" || exit 0
    echo "DEBUG util.py:460:  No match for argument: nosuchtool" >> "$results/root.log"; exit 30
fi
rpmbuild() {
    log "Start: rpmbuild $name"
    echo "Executing command: ['bash', '--login', '-c', '/usr/bin/rpmbuild -bb x']" >> "$results/build.log"
    echo "+ make"
}
sleeping() {
    setsid sleep 86400 & sleep 86400 & jobs -p > "$root/pids"; mv "$root/pids" "$root/pid"; wait $!
}
case $name in
    missing*)
        echo "DEBUG util.py:460:  No matching package to install: 'nosuch >= 3'" >> "$results/root.log"
        clean; exit 30 ;;
    damaged*) clean; exit 40 ;;
    broken*)
        rpmbuild; echo "error: Bad exit status from /var/tmp/x (%build)" >> "$results/build.log"
        clean; exit 1 ;;
    badspec*)
        echo "'/usr/bin/rpmbuild -bs x'" >> "$results/build.log"
        echo "error: line 7: Unknown tag: Foo" >> "$results/build.log"
        clean; exit 1 ;;
    timeout*) rpmbuild; clean; exit 11 ;;
    sleepy*) trap 'clean; exit 7' INT; rpmbuild; sleeping; clean; exit 1 ;;
    stubborn*) trap : INT; rpmbuild; while :; do sleeping; done ;;
    flood*) trap 'clean; exit 7' INT; rpmbuild; head -c 300000 /dev/zero >> "$results/build.log"; sleeping ;;
esac
rpmbuild
echo src > "$results/hello-1-1.src.rpm"
case $name in *.spec) ;; *) echo bin > "$results/hello-1-1.x86_64.rpm" ;; esac
clean; log "Finish: run"
"#;

struct StandIn {
    bench: Bench,
    mock: Mock,
    caller: Caller,
    chroot: Chroot,
    config: BuildConfig,
}

impl StandIn {
    fn new() -> StandIn {
        StandIn::called_by(caller())
    }

    fn called_by(caller: Caller) -> StandIn {
        let bench = Bench::new();
        // Whoever mock works for reads and writes here, but need not reach the jobs' directories.
        fs::set_permissions(bench.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let state = bench.path("state");
        fs::create_dir_all(state.join("roots")).unwrap();
        let program = bench.path("mock");
        fs::write(&program, STAND_IN.replace("STATE", state.to_str().unwrap())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let base = bench.path("base.cfg");
        fs::write(&base, "").unwrap();
        let mock = Mock::with(program, caller.clone(), Fences::Nspawn);
        StandIn { chroot: chroot(CHROOT, &base), config: config(CHROOT), bench, mock, caller }
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.bench.path(name);
        fs::write(&path, "x").unwrap();
        path
    }

    async fn rebuild(&self, job: &Job, name: &str) -> Result<Built, BuildError> {
        let srpm = self.file(name);
        self.mock.rebuild(job, &self.chroot, &self.config, &srpm).await
    }

    async fn error(&self, name: &str) -> BuildError {
        let job = self.bench.job();
        let error = self.rebuild(&job, name).await.unwrap_err();
        self.assert_nothing_is_left();
        error
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.bench.path("state/calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    /// The configuration of the last call for a job.
    fn generated(&self, job: &Job) -> String {
        let named = |name: &str| name.starts_with(&format!("config-{}-", job.tag));
        let mut files = fs::read_dir(self.bench.path("state")).unwrap().map(Result::unwrap);
        let file = files.find(|file| named(&file.file_name().to_string_lossy())).unwrap();
        fs::read_to_string(file.path()).unwrap()
    }

    fn assert_nothing_is_left(&self) {
        assert!(self.bench.is_quiet(), "a process is left");
        let roots = fs::read_dir(self.bench.path("state/roots")).unwrap().count();
        assert_eq!(roots, 0, "a build root is left; calls: {:#?}", self.calls());
    }

    /// Waits until the stand-in is at work on a job.
    async fn at_work(&self, job: &Job) {
        let roots = self.bench.path("state/roots");
        for _ in 0..500 {
            if fs::read_dir(&roots).unwrap().any(|root| root.unwrap().path().join("pid").exists()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the stand-in did not start: {}", live_log(job));
    }
}

/// As whom the stand-in is called: as root it gets namespaces, otherwise it gets a group.
fn caller() -> Caller {
    if rustix::process::geteuid().is_root() {
        Caller::Root { uid: 65534, gid: 65534 }
    } else {
        Caller::Member
    }
}

#[tokio::test]
async fn a_build_leaves_packages_and_logs() {
    let stand_in = StandIn::new();
    let job = stand_in.bench.job();
    let built = stand_in.rebuild(&job, "hello-1-1.src.rpm").await.unwrap();
    assert_eq!(built.srpm, job.result_dir.join("hello-1-1.src.rpm"));
    assert_eq!(built.packages, [job.result_dir.join("hello-1-1.x86_64.rpm")]);
    for log in ["build.log", "root.log", "state.log"] {
        assert!(job.result_dir.join(log).exists(), "{log}");
    }
    let log = live_log(&job);
    assert!(log.contains("without network") && log.contains("\n100%\n+ make\n"), "{log}");
    stand_in.assert_nothing_is_left();
    assert_eq!(stand_in.calls().len(), 1, "{:?}", stand_in.calls());
    let owner = rustix::process::geteuid().as_raw();
    for entry in walkdir::WalkDir::new(&job.result_dir) {
        let meta = entry.unwrap().metadata().unwrap();
        assert_eq!(std::os::unix::fs::MetadataExt::uid(&meta), owner);
    }
}

#[tokio::test]
async fn each_exit_code_has_its_error() {
    let stand_in = StandIn::new();
    let missing = stand_in.error("missing-1-1.src.rpm").await;
    assert!(
        matches!(&missing, BuildError::MissingDependencies(names) if *names == ["nosuch >= 3"])
    );
    let broken = stand_in.error("broken-1-1.src.rpm").await;
    assert!(matches!(&broken, BuildError::Failed(why) if why.contains("%build")), "{broken:?}");
    let badspec = stand_in.error("badspec-1-1.src.rpm").await;
    assert!(matches!(&badspec, BuildError::Failed(why) if why.contains("line 7")), "{badspec:?}");
    for name in ["garbage-1-1.src.rpm", "damaged-1-1.src.rpm"] {
        let error = stand_in.error(name).await;
        assert!(matches!(error, BuildError::BadSource(_)), "{name}: {error:?}");
    }
    let locked = stand_in.error("locked-1-1.src.rpm").await;
    assert!(matches!(locked, BuildError::Internal(_)), "{locked:?}");
    let forbidden = stand_in.error("forbidden-1-1.src.rpm").await;
    assert!(matches!(forbidden, BuildError::Unavailable(_)), "{forbidden:?}");
    let timeout = stand_in.error("timeout-1-1.src.rpm").await;
    assert!(matches!(timeout, BuildError::TimedOut(_)), "{timeout:?}");
}

#[tokio::test]
async fn a_canceled_build_is_interrupted_and_leaves_nothing() {
    let stand_in = StandIn::new();
    let job = stand_in.bench.job();
    let stop = async {
        stand_in.at_work(&job).await;
        job.cancel.cancel();
    };
    let started = Instant::now();
    let (result, ()) = tokio::join!(stand_in.rebuild(&job, "sleepy-1-1.src.rpm"), stop);
    assert!(matches!(result, Err(BuildError::Canceled)), "{result:?}");
    assert!(started.elapsed() < Duration::from_secs(8), "it was not interrupted but killed");
    stand_in.assert_nothing_is_left();
}

#[tokio::test]
async fn a_build_that_takes_too_long_is_killed_when_it_does_not_listen() {
    let stand_in = StandIn::new();
    let mut job = stand_in.bench.job();
    (job.timeout, job.grace) = (Duration::from_secs(2), Duration::from_millis(300));
    let result = stand_in.rebuild(&job, "stubborn-1-1.src.rpm").await;
    assert!(matches!(result, Err(BuildError::TimedOut(_))), "{result:?}");
    assert!(live_log(&job).contains("time limit of"), "{}", live_log(&job));
    let scrubs = stand_in.calls().iter().filter(|call| call.ends_with("--scrub=chroot")).count();
    assert_eq!(scrubs, 1);
    if stand_in.caller.is_root() {
        stand_in.assert_nothing_is_left();
    }
}

#[tokio::test]
async fn what_a_killed_server_has_left_is_removed_by_the_next() {
    let stand_in = StandIn::new();
    let job = stand_in.bench.job();
    tokio::select! {
        result = stand_in.rebuild(&job, "sleepy-1-1.src.rpm") => panic!("{result:?}"),
        () = stand_in.at_work(&job) => {}
    }
    let roots = || fs::read_dir(stand_in.bench.path("state/roots")).unwrap().count();
    assert_eq!(roots(), 1);
    stand_in.bench.is_quiet();
    stand_in.mock.clear_remains(&job.work_dir);
    fs::remove_dir_all(&job.work_dir).unwrap();
    // The next build waits for that.
    stand_in.rebuild(&stand_in.bench.job(), "hello-1-1.src.rpm").await.unwrap();
    stand_in.assert_nothing_is_left();
    let calls = stand_in.calls();
    let order: Vec<&str> = calls.iter().filter_map(|call| call.split("--").last()).collect();
    assert_eq!(order[1..3], ["scrub=chroot", "clean"], "{calls:#?}");
}

#[tokio::test]
async fn a_log_that_grows_too_long_ends_the_build() {
    let stand_in = StandIn::new();
    let mut job = stand_in.bench.job();
    job.log_limit = 100_000;
    let result = stand_in.rebuild(&job, "flood-1-1.src.rpm").await;
    assert!(matches!(&result, Err(BuildError::Failed(why)) if why.contains("build.log")));
    stand_in.assert_nothing_is_left();
}

#[tokio::test]
async fn what_our_signals_cannot_reach_is_killed_by_another_mock() {
    let stand_in = StandIn::called_by(Caller::Member);
    let job = stand_in.bench.job();
    let stop = async {
        stand_in.at_work(&job).await;
        job.cancel.cancel();
    };
    let (result, ()) = tokio::join!(stand_in.rebuild(&job, "sleepy-1-1.src.rpm"), stop);
    assert!(matches!(result, Err(BuildError::Canceled)), "{result:?}");
    assert!(stand_in.calls().iter().any(|call| call.ends_with("--orphanskill")));
    assert!(stand_in.bench.is_quiet() || !rustix::process::geteuid().is_root());
}

#[tokio::test]
async fn the_configuration_says_what_the_build_may_and_needs() {
    let mut stand_in = StandIn::new();
    stand_in.config.additional_packages = vec!["vim".into()];
    stand_in.config.with_opts = vec!["tests".into()];
    stand_in.config.without_opts = vec!["docs".into()];
    stand_in.config.enable_net = true;
    stand_in.config.repos.push(BuildRepo {
        id: "copr_base".into(),
        name: "Copr repository".into(),
        baseurl: "file:///srv/results/".into(),
        priority: None,
        repo_gpgcheck: Some(false),
        module_hotfixes: None,
    });
    let job = stand_in.bench.job();
    stand_in.rebuild(&job, "hello-1-1.src.rpm").await.unwrap();
    let config = stand_in.generated(&job);
    let base = stand_in.bench.path("base.cfg");
    for line in [
        &format!("include('{}')", base.display()),
        "config_opts['rpmbuild_networking'] = True",
        "config_opts['chroot_additional_packages'] = 'vim'",
        "config_opts['plugin_conf']['root_cache_enable'] = False",
        "config_opts['macros']['%copr_username'] = 'alice'",
    ] {
        assert!(config.lines().any(|written| written == line), "{line} is not in\n{config}");
    }
    assert!(config.contains(r"[copr_base]\nname=Copr repository\nbaseurl=file:///srv/results/\n"));
    let call = &stand_in.calls()[0];
    assert!(call.contains("--with tests --without docs --rebuild"), "{call}");
    assert!(call.contains(&format!("--uniqueext {}", job.tag)), "{call}");
}

#[tokio::test]
async fn hostile_settings_never_reach_mock() {
    let mut stand_in = StandIn::new();
    stand_in.config.without_opts = vec!["x; rm -rf ~".into()];
    let job = stand_in.bench.job();
    assert!(stand_in.rebuild(&job, "hello-1-1.src.rpm").await.is_err());
    stand_in.config.without_opts.clear();
    stand_in.config.additional_packages = vec!["{{ config_opts }}".into()];
    let job = stand_in.bench.job();
    assert!(stand_in.rebuild(&job, "hello-1-1.src.rpm").await.is_err());
    assert!(stand_in.calls().iter().all(|call| !call.contains("--rebuild")));
}

#[tokio::test]
async fn a_spec_becomes_a_source_package() {
    let stand_in = StandIn::new();
    let job = stand_in.bench.job();
    let sources = stand_in.bench.path("sources");
    fs::create_dir(&sources).unwrap();
    fs::set_permissions(&sources, fs::Permissions::from_mode(0o700)).unwrap();
    let spec = SpecSource {
        spec: stand_in.file("hello.spec"),
        sources: Some(sources),
        download: Some(downloads()),
    };
    let made =
        stand_in.mock.make_srpm(&job, &stand_in.chroot, &stand_in.config, &spec).await.unwrap();
    assert_eq!(made.srpm, job.result_dir.join("hello-1-1.src.rpm"));
    assert!(made.packages.is_empty());
    let calls = stand_in.calls();
    let call = calls.iter().find(|call| call.contains("--buildsrpm --spec")).unwrap();
    assert!(call.contains("--sources"), "{call}");
    let config = stand_in.generated(&job);
    assert!(config.contains("config_opts['macros']['%dist'] = '%nil'"), "{config}");
    let (is_root, networking) =
        if stand_in.caller.is_root() { (true, "True") } else { (false, "False") };
    let line = format!("config_opts['rpmbuild_networking'] = {networking}");
    assert!(config.contains(&line), "{config}");
    let gated = config.contains("config_opts['macros']['%_httpproxy'] = '127.0.0.1'");
    assert_eq!(gated, is_root, "{config}");
}

/// A script with a tree of its own.
fn script(stand_in: &StandIn, command: &str) -> Script {
    let (tree, to) = (stand_in.bench.path("tree"), stand_in.bench.path("made"));
    for dir in [&tree, &to] {
        let _ = fs::remove_dir_all(dir);
        fs::create_dir_all(dir).unwrap();
    }
    fs::create_dir(tree.join("below")).unwrap();
    fs::write(tree.join("given"), "given").unwrap();
    Script {
        needs: vec!["git-core".into()],
        tree,
        files: vec![("further".into(), b"further".to_vec())],
        env: vec![("NAME".into(), "it's $(id) {{x}}\n".into())],
        dir: "below".into(),
        command: ["sh", "-c", command].map(String::from).into(),
        network: true,
        out: "out".into(),
        to,
        max_size: 1000,
    }
}

#[tokio::test]
async fn a_script_works_on_its_tree_and_leaves_files() {
    let stand_in = StandIn::new();
    let job = stand_in.bench.job();
    let script = script(
        &stand_in,
        "pwd; printf %s \"$NAME\"; id -u; mkdir ../out && cat ../given > ../out/x.spec \
         && ln -s /etc/passwd ../out/evil.spec",
    );
    let (chroot, config) = (&stand_in.chroot, &stand_in.config);
    let ran = stand_in.mock.run_script(&job, chroot, config, &script).await.unwrap();
    assert_eq!(ran.code, 0, "{}", ran.tail);
    assert_eq!(ran.files, [stand_in.bench.path("made/x.spec")]);
    assert!(ran.tail.contains("/below\nit's $(id) {{x}}\n"), "{}", ran.tail);
    assert!(live_log(&job).contains("it's $(id) {{x}}"));
    stand_in.assert_nothing_is_left();
    let config = stand_in.generated(&job);
    assert!(config.contains("config_opts['chroot_additional_packages'] = 'git-core'"), "{config}");
    assert!(!config.contains("it\\'s"), "{config}");
    let calls = stand_in.calls();
    assert!(calls[0].ends_with("--init"), "{calls:#?}");
    assert!(calls[1].ends_with("--unpriv --chroot -- /bin/bash /coprbox/.run"), "{calls:#?}");
    assert!(calls[2].ends_with("--scrub=chroot"), "{calls:#?}");

    // What it has left is packed by the same job.
    let (spec, sources) = (stand_in.bench.path("made/x.spec"), None);
    let spec = SpecSource { spec, sources, download: None };
    let (chroot, config) = (&stand_in.chroot, &stand_in.config);
    let made = stand_in.mock.make_srpm(&job, chroot, config, &spec).await.unwrap();
    assert_eq!(made.srpm, job.result_dir.join("hello-1-1.src.rpm"));
}

#[tokio::test]
async fn a_script_that_fails_says_so_and_brings_nothing_out() {
    let stand_in = StandIn::new();
    let (chroot, config) = (&stand_in.chroot, &stand_in.config);
    let failing = script(&stand_in, "mkdir ../out; echo x > ../out/x.spec; echo 'no way'; exit 3");
    let job = stand_in.bench.job();
    let ran = stand_in.mock.run_script(&job, chroot, config, &failing).await.unwrap();
    assert_eq!((ran.code, ran.files.len(), ran.last_line()), (3, 0, "no way"));
    stand_in.assert_nothing_is_left();

    let lacking = Script { needs: vec!["nosuchtool".into()], ..script(&stand_in, "true") };
    let job = stand_in.bench.job();
    let error = stand_in.mock.run_script(&job, chroot, config, &lacking).await.unwrap_err();
    assert_eq!(error.to_string(), format!("no repository of {CHROOT} has nosuchtool"));
    stand_in.assert_nothing_is_left();
}

#[tokio::test]
async fn without_mock_the_error_says_what_to_install() {
    let bench = Bench::new();
    if coprbox::process::find("mock").is_some() {
        println!("skipped: mock is installed");
        return;
    }
    let mock = Mock::new(None);
    assert!(mock.availability().unwrap_err().contains("dnf install mock"));
    let job = bench.job();
    let chroot = chroot(CHROOT, Path::new("/etc/mock/fedora-42-x86_64.cfg"));
    let result = mock.rebuild(&job, &chroot, &config(CHROOT), Path::new("/x.src.rpm")).await;
    assert!(matches!(result, Err(BuildError::Unavailable(_))), "{result:?}");
}
