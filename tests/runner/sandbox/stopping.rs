use std::fs;
use std::time::{Duration, Instant};

use coprbox::runner::builder::BuildError;

use super::fixture::{Bench, installs};

/// Ignores signals, in a session of its own.
const STUBBORN: &str = "%build\nsetsid bash -c 'trap \"\" INT TERM; sleep 300' &\n\
                        echo it has begun\nsleep 300\n";

#[tokio::test]
async fn the_time_limit_stops_a_build() {
    let Some(bench) = Bench::new() else { return };
    let srpm = bench.srpm("slow", "BuildArch: noarch", STUBBORN);
    bench.build(&bench.srpm("warm", "BuildArch: noarch", &installs("warm", "x"))).await;
    let mut job = bench.job();
    job.timeout = Duration::from_secs(6);
    let started = Instant::now();
    let done = bench.build_as(job, &bench.config(), &srpm).await;
    assert!(matches!(done.error(), BuildError::TimedOut(_)), "{:?}", done.error());
    assert!(started.elapsed() < Duration::from_secs(15));
    assert!(done.log().contains("time limit"), "{}", done.log());
    assert!(bench.is_quiet());
}

#[tokio::test]
async fn a_canceled_build_keeps_its_log_and_nothing_else() {
    let Some(bench) = Bench::new() else { return };
    let srpm = bench.srpm("slow", "BuildArch: noarch", STUBBORN);
    let job = bench.job();
    let (cancel, log) = (job.cancel.clone(), job.log.path().to_owned());
    let config = bench.config();
    let stopper = async {
        while !fs::read_to_string(&log).unwrap().contains("it has begun") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        cancel.cancel();
        Instant::now()
    };
    let (done, canceled) = tokio::join!(bench.build_as(job, &config, &srpm), stopper);
    assert!(matches!(done.error(), BuildError::Canceled), "{:?}", done.error());
    assert!(canceled.elapsed() < Duration::from_secs(5), "{:?}", canceled.elapsed());
    assert!(done.log().contains("it has begun"));
    assert!(bench.is_quiet());
}

#[tokio::test]
async fn a_build_canceled_while_its_root_is_made_leaves_no_half_root() {
    let Some(bench) = Bench::with_own_roots() else { return };
    let srpm = bench.srpm("data", "BuildArch: noarch", &installs("data", "x"));
    let job = bench.job();
    let (cancel, log) = (job.cancel.clone(), job.log.path().to_owned());
    let config = bench.config();
    let stopper = async {
        while !fs::read_to_string(&log).unwrap().contains("Start: making") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(800)).await;
        cancel.cancel();
    };
    let (done, ()) = tokio::join!(bench.build_as(job, &config, &srpm), stopper);
    assert!(matches!(done.error(), BuildError::Canceled), "{:?}", done.error());
    let roots = bench.dir.path().join("cache/roots").join(bench.chroot.name.as_str());
    assert_eq!(fs::read_dir(roots).unwrap().count(), 0);
    assert!(bench.is_quiet());
    assert_eq!(bench.build(&srpm).await.names().len(), 1);
}

#[tokio::test]
async fn two_builds_at_once_do_not_meet() {
    let Some(bench) = Bench::with_own_roots() else { return };
    let sections = |name| {
        format!(
            "%build\nps_count=$(ls -d /proc/[0-9]* | wc -l)\ntest $ps_count -lt 12\n\
             echo {name} > /tmp/shared; sleep 1; grep {name} /tmp/shared\n{}",
            installs(name, name)
        )
    };
    let (one, two) = (
        bench.srpm("one", "BuildArch: noarch", &sections("one")),
        bench.srpm("two", "BuildArch: noarch", &sections("two")),
    );
    let (one, two) = tokio::join!(bench.build(&one), bench.build(&two));
    assert_eq!(one.names(), ["one-1.0-1.deb12.noarch.rpm"]);
    assert_eq!(two.names(), ["two-1.0-1.deb12.noarch.rpm"]);
    let makers =
        [&one, &two].into_iter().filter(|done| done.log().contains("making the build root"));
    assert_eq!(makers.count(), 1, "the root is made once");
}

#[tokio::test]
async fn a_later_server_finds_every_process_of_a_build() {
    let Some(bench) = Bench::new() else { return };
    let srpm = bench.srpm("slow", "BuildArch: noarch", STUBBORN);
    let (job, config) = (bench.job(), bench.config());
    let log = job.log.path().to_owned();
    let end = async {
        while !fs::read_to_string(&log).unwrap().contains("it has begun") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let dir = bench.dir.path().to_owned();
        tokio::task::spawn_blocking(move || coprbox::process::kill_marked(&dir)).await.unwrap()
    };
    let (outcome, killed) = tokio::join!(bench.build_as(job, &config, &srpm), end);
    // unshare, bubblewrap twice, rpmbuild, the shell and what it started.
    assert!(killed >= 6, "{killed}");
    assert!(outcome.result.is_err());
    assert!(bench.is_quiet());
}
