use std::fs;
use std::path::Path;
use std::process::Command;

use coprbox::runner::builder::{BuildError, Builder as _, SpecSource};

use super::fixture::{Bench, check_quiet, installs};

fn query(format: &str, package: &Path) -> String {
    let asked = Command::new("rpm")
        .args(["-qp", "--nosignature", "--qf", format])
        .arg(package)
        .output()
        .unwrap();
    String::from_utf8(asked.stdout).unwrap()
}

#[tokio::test]
async fn a_program_is_compiled_and_packaged() {
    let Some(bench) = Bench::with_own_roots() else { return };
    let sections = "%prep\n%build\necho 'int main(void) { return 0; }' > a.c\ngcc -o a a.c\n\
                    %install\ninstall -D a %{buildroot}/usr/share/hello\n";
    let srpm = bench.srpm("hello", "BuildRequires: gcc", sections);
    let done = bench.build(&srpm).await;
    let arch = std::env::consts::ARCH;
    assert_eq!(done.names(), [format!("hello-1.0-1.deb12.{arch}.rpm")]);
    let built = done.result.as_ref().unwrap();
    assert_eq!(built.srpm, done.job.result_dir.join("hello-1.0-1.deb12.src.rpm"));
    assert_eq!(query("%{vendor}", &built.packages[0]), "Copr - user alice 100%");
    for (log, words) in [
        ("build.log", "Child return code was: 0"),
        ("root.log", "Nothing to do"),
        ("state.log", "Finish: rpmbuild\n"),
        ("installed_pkgs.log", " installed\n"),
        ("hw_info.log", "MemTotal"),
    ] {
        assert!(done.file(log).contains(words), "{log}:\n{}", done.file(log));
    }
    let log = done.log();
    let order = ["Start: making the build root", "Nothing to do", "Start: rpmbuild\n", "gcc -o"];
    let places: Vec<_> = order.iter().map(|words| log.find(words).unwrap()).collect();
    assert!(places.is_sorted(), "{log}");
    assert!(bench.is_quiet());
}

#[tokio::test]
async fn a_second_build_finds_the_root_made() {
    let Some(bench) = Bench::with_own_roots() else { return };
    let srpm = bench.srpm("data", "BuildArch: noarch", &installs("data", "x"));
    let first = bench.build(&srpm).await;
    assert_eq!(first.names(), ["data-1.0-1.deb12.noarch.rpm"]);
    assert!(first.log().contains("making the build root"));
    let second = bench.build(&srpm).await;
    assert_eq!(second.names(), ["data-1.0-1.deb12.noarch.rpm"]);
    assert!(!second.log().contains("making the build root"));
}

#[tokio::test]
async fn a_compile_error_is_the_packages_failure() {
    let Some(bench) = Bench::new() else { return };
    let srpm = bench.srpm("broken", "", "%build\necho 'int main(' > a.c\ngcc a.c\n");
    let done = bench.build(&srpm).await;
    assert!(matches!(done.error(), BuildError::Failed(_)), "{:?}", done.error());
    assert!(done.error().to_string().contains("(%build)"), "{}", done.error());
    assert!(done.file("build.log").contains("Child return code was: 1"));
    assert!(!done.file("state.log").contains("Finish: rpmbuild\n"));
}

#[tokio::test]
async fn a_spec_that_does_not_parse_is_a_bad_source() {
    let Some(bench) = Bench::new() else { return };
    // Fine where the SRPM was made, not fine in the chroot.
    let spec = "Name: odd\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\n%if 0%{?buildtag:1}\n\
                Nonsense here\n%endif\n%description\nx\n";
    let srpm = bench.srpm_of("odd", spec);
    let mut job = bench.job();
    job.macros.push(("buildtag".into(), ".copr1".into()));
    let done = bench.build_as(job, &bench.config(), &srpm).await;
    assert!(matches!(done.error(), BuildError::BadSource(_)), "{:?}", done.error());
    assert!(done.error().to_string().contains("Nonsense"), "{}", done.error());
}

#[tokio::test]
async fn damaged_and_foreign_files_are_bad_sources() {
    let Some(bench) = Bench::new() else { return };
    let srpm = bench.srpm("whole", "BuildArch: noarch", &installs("whole", &"x".repeat(9000)));
    let whole = fs::read(&srpm).unwrap();
    let damaged = bench.dir.path().join("damaged.src.rpm");
    for bytes in [&whole[..whole.len() - 200], &whole[..300], b"no package at all"] {
        fs::write(&damaged, bytes).unwrap();
        let done = bench.build(&damaged).await;
        assert!(matches!(done.error(), BuildError::BadSource(_)), "{:?}", done.error());
    }
    assert!(bench.is_quiet());
}

#[tokio::test]
async fn options_reach_the_spec() {
    let Some(bench) = Bench::new() else { return };
    let sections = format!("%bcond_with extra\n%bcond_without usual\n{}", installs("opts", "x"));
    let tags = "BuildArch: noarch\n%{?_with_extra:Provides: with-extra}\n\
                %{?_without_usual:Provides: without-usual}";
    let srpm = bench.srpm("opts", tags, &sections);
    let mut config = bench.config();
    config.with_opts = vec!["extra".into()];
    config.without_opts = vec!["usual".into()];
    let done = bench.build_as(bench.job(), &config, &srpm).await;
    assert_eq!(done.names().len(), 1);
    let provides = query("[%{PROVIDES} ]", &done.result.unwrap().packages[0]);
    assert!(provides.contains("with-extra") && provides.contains("without-usual"), "{provides}");
    config.with_opts = vec!["x; touch /tmp/y".into()];
    let done = bench.build_as(bench.job(), &config, &srpm).await;
    assert!(matches!(done.error(), BuildError::BadSource(_)), "{:?}", done.error());
}

#[tokio::test]
async fn an_srpm_is_made_from_a_spec_and_its_sources() {
    let Some(bench) = Bench::new() else { return };
    let (spec, sources) = (bench.dir.path().join("made.spec"), bench.dir.path().join("sources"));
    fs::create_dir(&sources).unwrap();
    fs::write(sources.join("a.txt"), "text").unwrap();
    fs::write(
        &spec,
        "Name: made\nVersion: 1\nRelease: 1%{?dist}\nSummary: x\nLicense: x\nSource: a.txt\n\
         %description\nx\n",
    )
    .unwrap();
    let mut job = bench.job();
    job.macros.push(("dist".into(), String::new()));
    let mut source = SpecSource { spec: spec.clone(), sources: Some(sources), download: None };
    let config = bench.config();
    let built = bench.builder.make_srpm(&job, &bench.chroot, &config, &source).await.unwrap();
    assert_eq!(built.srpm, job.result_dir.join("made-1-1.src.rpm"));
    assert!(built.packages.is_empty());
    assert!(query("[%{FILENAMES} ]", &built.srpm).contains("a.txt"));
    check_quiet(&job);

    source.sources = None;
    let job = bench.job();
    let error = bench.builder.make_srpm(&job, &bench.chroot, &config, &source).await.unwrap_err();
    assert!(matches!(error, BuildError::BadSource(_)), "{error:?}");
    assert!(error.to_string().contains("a.txt"), "{error}");
    check_quiet(&job);
}
