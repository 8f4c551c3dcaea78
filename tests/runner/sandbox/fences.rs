use std::io::Read as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::fixture::{Bench, installs};

/// Counts connections to a port of this machine.
fn probe() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, seen) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counter = seen.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counter.fetch_add(1, Ordering::SeqCst);
            let _ = stream.unwrap().read(&mut [0; 1]);
        }
    });
    (port, seen)
}

#[tokio::test]
async fn the_network_is_there_only_when_it_is_enabled() {
    let Some(bench) = Bench::new() else { return };
    let (port, seen) = probe();
    let sections = format!(
        "%build\n(exec 3<>/dev/tcp/127.0.0.1/{port}) && echo reached || echo not reached\n{}",
        installs("net", "x")
    );
    let srpm = bench.srpm("net", "BuildArch: noarch", &sections);
    let done = bench.build(&srpm).await;
    assert_eq!(done.names().len(), 1);
    assert!(done.file("build.log").contains("\nnot reached\n"));
    assert_eq!(seen.load(Ordering::SeqCst), 0);

    let mut config = bench.config();
    config.enable_net = true;
    let done = bench.build_as(bench.job(), &config, &srpm).await;
    assert_eq!(done.names().len(), 1);
    assert!(done.file("build.log").contains("\nreached\n"), "{}", done.file("build.log"));
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_build_has_no_rights_and_sees_nothing_of_the_server() {
    let Some(bench) = Bench::new() else { return };
    let secret = bench.dir.path().join("secret");
    std::fs::write(&secret, "x").unwrap();
    let sections = format!(
        "%build\nid -u\ngrep -E 'CapPrm|CapEff|CapAmb|NoNewPrivs' /proc/self/status\n\
         test ! -e {secret}\ntest ! -e /proc/1/root/{secret}\n\
         touch /usr/evil 2>/dev/null && exit 1\ntouch /etc/evil 2>/dev/null && exit 1\n\
         touch /tmp/fine /var/tmp/fine ~/fine\nenv | cut -d= -f1 | sort | tr '\\n' ' '; echo\n\
         if unshare --user true; then exit 1; fi\n{install}",
        secret = secret.display(),
        install = installs("see", "x"),
    );
    let srpm = bench.srpm("see", "BuildArch: noarch", &sections);
    let done = bench.build(&srpm).await;
    assert_eq!(done.names().len(), 1);
    let log = done.file("build.log");
    assert!(log.contains("\n77777\n"), "{log}");
    for set in ["CapPrm", "CapEff", "CapAmb"] {
        assert!(log.contains(&format!("{set}:\t0000000000000000")), "{log}");
    }
    assert!(log.contains("NoNewPrivs:\t1"), "{log}");
    assert!(!log.contains("COPRBOX_JOB"), "{log}");
}

#[tokio::test]
async fn only_packages_and_the_spec_leave_the_build() {
    let Some(bench) = Bench::new() else { return };
    let sections = format!(
        "{}%clean\ncd %{{_rpmdir}}\nln -s /etc/passwd evil-1-1.noarch.rpm\nmkfifo fifo.rpm\n\
         mkdir -p below/deep\necho x > notes\nchmod 4777 *.noarch.rpm 2>/dev/null || :\n",
        installs("tidy", "x")
    );
    let srpm = bench.srpm("tidy", "BuildArch: noarch", &sections);
    let done = bench.build(&srpm).await;
    assert_eq!(done.names(), ["tidy-1.0-1.deb12.noarch.rpm"]);
    let mut left: Vec<_> = std::fs::read_dir(&done.job.result_dir)
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(
        left,
        [
            "build.log",
            "builder-live.log",
            "configs.tar.gz",
            "hw_info.log",
            "installed_pkgs.log",
            "root.log",
            "state.log",
            "tidy-1.0-1.deb12.noarch.rpm",
            "tidy-1.0-1.deb12.src.rpm",
            "tidy.spec"
        ]
    );
}
