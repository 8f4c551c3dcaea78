use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use coprbox::runner::builder::script::{Ran, Script};
use coprbox::runner::builder::{BuildError, Builder as _, Job, SpecSource};
use coprbox::runner::source::download::Limits;

use super::fixture::{Bench, check_quiet};

/// A script of the shell, in the chroot of a bench, and a job to run it in.
fn script(bench: &Bench, command: &str) -> (Job, Script) {
    let job = bench.job();
    let made = |name: &str| {
        let path = bench.dir.path().join(format!("{name}-{}", job.tag));
        fs::create_dir(&path).unwrap();
        path
    };
    let script = Script {
        needs: Vec::new(),
        tree: made("tree"),
        files: vec![("further".into(), b" further".to_vec())],
        env: vec![("NAME".into(), "it's $(id)\n100%".into())],
        dir: String::new(),
        command: ["sh", "-c", command].map(String::from).into(),
        network: false,
        out: "out".into(),
        to: made("made"),
        max_size: 1000,
    };
    (job, script)
}

async fn run(bench: &Bench, job: &Job, script: &Script) -> Result<Ran, BuildError> {
    let ran = bench.builder.run_script(job, &bench.chroot, &bench.config(), script).await;
    check_quiet(job);
    assert!(bench.is_quiet(), "a process is left");
    ran
}

#[tokio::test]
async fn what_a_script_leaves_becomes_a_source_package() {
    let Some(bench) = Bench::new() else { return };
    let (job, script) = script(
        &bench,
        "id -u; pwd; printf '%s\\n' \"$NAME\"; grep -c : /proc/net/dev | sed s/^/interfaces=/
         cat ../given /coprbox/further > data; mkdir ../out && cp data ../out
         printf '%s\\n' 'Name: made' 'Version: 1' 'Release: 1' 'Summary: x' 'License: x' \\
             'Source0: data' %description x > ../out/made.spec
         ln -s /etc/passwd ../out/evil; mkdir ../out/below; touch /evil && exit 8; exit 0",
    );
    fs::write(script.tree.join("given"), "given").unwrap();
    fs::create_dir(script.tree.join("below")).unwrap();
    let script = Script { dir: "below".into(), ..script };
    let ran = run(&bench, &job, &script).await.unwrap();
    let log = &ran.tail;
    assert_eq!(ran.code, 0, "{log}");
    assert!(log.contains("77777\n/workdir/below\nit's $(id)\n100%\ninterfaces=1\n"), "{log}");
    assert_eq!(ran.files, [script.to.join("data"), script.to.join("made.spec")]);
    assert_eq!(fs::read_to_string(&ran.files[0]).unwrap(), "given further");

    let spec = ran.files[1].clone();
    let source = SpecSource { spec, sources: Some(script.to), download: None };
    let job = bench.job();
    let made = bench.builder.make_srpm(&job, &bench.chroot, &bench.config(), &source).await;
    assert_eq!(made.unwrap().srpm, job.result_dir.join("made-1-1.src.rpm"));
}

#[tokio::test]
async fn a_script_that_fails_or_leaves_too_much_brings_nothing_out() {
    let Some(bench) = Bench::new() else { return };
    let (job, failing) = script(&bench, "mkdir out; echo x > out/x; echo 'no way'; exit 3");
    let ran = run(&bench, &job, &failing).await.unwrap();
    assert_eq!((ran.code, ran.files.len(), ran.last_line()), (3, 0, "no way"));

    let (job, greedy) = script(&bench, "mkdir out; head -c 1001 /dev/zero > out/x");
    let error = run(&bench, &job, &greedy).await.unwrap_err();
    assert!(matches!(&error, BuildError::BadSource(why) if why.contains("1000 bytes")), "{error}");

    let (mut job, slow) = script(&bench, "setsid sleep 1000 & sleep 1000");
    (job.timeout, job.grace) = (Duration::from_secs(4), Duration::ZERO);
    let error = run(&bench, &job, &slow).await.unwrap_err();
    assert!(matches!(error, BuildError::TimedOut(_)), "{error}");
}

#[tokio::test]
async fn what_a_script_needs_is_installed_or_named() {
    let Some(bench) = Bench::new() else { return };
    let needs = |name: &str| vec![name.to_owned()];
    let (job, plain) = script(&bench, "test -x /usr/bin/gcc && mkdir out && touch out/x");
    let ran = run(&bench, &job, &Script { needs: needs("/usr/bin/gcc"), ..plain }).await.unwrap();
    assert_eq!((ran.code, ran.files.len()), (0, 1));

    let (job, plain) = script(&bench, "true");
    let lacking = Script { needs: needs("/usr/bin/nosuchtool"), ..plain };
    let error = run(&bench, &job, &lacking).await.unwrap_err();
    let expected = format!("no repository of {} has /usr/bin/nosuchtool", bench.chroot.name);
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn a_script_sees_nothing_of_the_server() {
    let Some(bench) = Bench::new() else { return };
    let secret = bench.dir.path().join("secret");
    fs::write(&secret, "x").unwrap();
    let (job, plain) = script(
        &bench,
        "test ! -e \"$1\" && test ! -e \"/proc/1/root/$1\" && test ! -e \"/workdir/link\" &&
         test ! -e \"/workdir/../..$1\" && ! cat /workdir/absolute && ! touch /coprbox/further &&
         grep -q 'NoNewPrivs:.1' /proc/self/status && grep -q 'CapEff:.0000000000000000' \\
         /proc/self/status && test -z \"$COPRBOX_JOB\" && mkdir out && touch out/fine",
    );
    std::os::unix::fs::symlink(&secret, plain.tree.join("absolute")).unwrap();
    std::os::unix::fs::symlink("../secret", plain.tree.join("link")).unwrap();
    let command = plain.command.iter().cloned().chain(["sh".into(), secret.display().to_string()]);
    let script = Script { command: command.collect(), ..plain };
    let ran = run(&bench, &job, &script).await.unwrap();
    assert_eq!((ran.code, ran.files.len()), (0, 1), "{}", ran.tail);
}

/// Counts the connections to a port of this machine.
fn probe() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, seen) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counter = seen.clone();
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, seen)
}

/// Tries the port directly and through the proxy that the variables name.
fn knock(port: u16) -> String {
    format!(
        "(exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && echo reached
         proxy=${{http_proxy#http://}}; test -n \"$proxy\" || exit 0
         exec 3<>/dev/tcp/${{proxy%:*}}/${{proxy#*:}}
         printf 'CONNECT 127.0.0.1:{port} HTTP/1.1\\r\\n\\r\\n' >&3; read -r answer <&3
         echo \"answer: $answer\""
    )
}

#[tokio::test]
async fn a_script_with_network_does_not_reach_this_machine() {
    let Some(bench) = Bench::new() else { return };
    let (port, seen) = probe();
    let (job, plain) = script(&bench, "");
    let command: Vec<String> = ["bash", "-c", &knock(port)].map(String::from).into();
    let networked = Script { network: true, command, out: String::new(), ..plain };
    let ran = run(&bench, &job, &networked).await.unwrap();
    assert!(ran.tail.contains("answer: HTTP/1.1 403"), "{}", ran.tail);
    assert!(!ran.tail.contains("reached"), "{}", ran.tail);
    assert_eq!(seen.load(Ordering::SeqCst), 0);
    let log = fs::read_to_string(job.log.path()).unwrap();
    assert!(log.contains("127.0.0.1 is at a private address"), "{log}");

    let mut job = bench.job();
    job.private_addresses = true;
    let ran = run(&bench, &job, &networked).await.unwrap();
    assert_eq!((ran.code, ran.tail.contains("reached")), (0, true), "{}", ran.tail);
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_spec_that_may_download_does_not_reach_this_machine() {
    let Some(bench) = Bench::new() else { return };
    let (port, seen) = probe();
    let spec = bench.dir.path().join("knock.spec");
    let text = format!(
        "%define said %(bash -c '(exec 3<>/dev/tcp/127.0.0.1/{port}) && echo reached')\n\
         Name: knock\nVersion: 1\nRelease: 1\nSummary: x%{{said}}\nLicense: x\n\
         %description\nx\n"
    );
    fs::write(&spec, text).unwrap();
    let source = SpecSource { spec, sources: None, download: Some(downloads(false)) };
    let job = bench.job();
    let made = bench.builder.make_srpm(&job, &bench.chroot, &bench.config(), &source).await;
    assert!(made.is_ok(), "{made:?}");
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

/// What a source build may download.
fn downloads(private_addresses: bool) -> Limits {
    Limits { private_addresses, max_size: 1 << 20, time: Duration::from_mins(1) }
}

/// A server that answers everything with one text.
fn served(text: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", text.len());
            let _ = write!(stream, "{head}Connection: close\r\n\r\n{text}");
        }
    });
    port
}

#[tokio::test]
async fn sources_at_an_address_are_downloaded_into_the_source_package() {
    let Some(bench) = Bench::new() else { return };
    let port = served("from afar");
    let spec = bench.dir.path().join("afar.spec");
    let text = format!(
        "Name: afar\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\n\
         %global where http://127.0.0.1:{port}\nSource0: %{{where}}/get#/%{{name}}.txt\n\
         %description\nx\n"
    );
    fs::write(&spec, text).unwrap();
    let mut source = SpecSource { spec, sources: None, download: Some(downloads(true)) };
    let job = bench.job();
    let made = bench.builder.make_srpm(&job, &bench.chroot, &bench.config(), &source).await;
    let srpm = made.unwrap().srpm;
    let held = Command::new("rpm2cpio").arg(&srpm).stdout(Stdio::piped()).spawn().unwrap();
    let held = held.wait_with_output().unwrap().stdout;
    let holds = |text: &str| held.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("afar.txt") && holds("from afar"));

    source.download = Some(downloads(false));
    let job = bench.job();
    let made = bench.builder.make_srpm(&job, &bench.chroot, &bench.config(), &source).await;
    assert!(matches!(&made, Err(BuildError::Download(why)) if why.contains("private")), "{made:?}");
}
