use coprbox::runner::builder::BuildError;

use super::fixture::{Bench, installs, repository};

#[tokio::test]
async fn missing_requirements_are_named() {
    let Some(bench) = Bench::new() else { return };
    let tags =
        "BuildRequires: gcc\nBuildRequires: no-such-thing >= 3\nBuildRequires: pkgconfig(no)";
    let srpm = bench.srpm("wanting", tags, &installs("wanting", "x"));
    let done = bench.build(&srpm).await;
    let BuildError::MissingDependencies(names) = done.error() else { panic!("{:?}", done.error()) };
    assert_eq!(names, &["no-such-thing >= 3", "pkgconfig(no)"]);
    assert!(done.file("installed_pkgs.log").is_empty());
}

#[tokio::test]
async fn a_package_of_the_project_satisfies_a_requirement() {
    let Some(bench) = Bench::new() else { return };
    // Its scriptlet leaves what it may do, and whether it has a network.
    let sections = format!(
        "%post\n(grep CapEff /proc/self/status; cat /proc/net/dev) > /usr/share/lib.seen\n{}",
        installs("lib", "from lib")
    );
    let lib = bench.build(&bench.srpm("lib", "BuildArch: noarch", &sections)).await;
    assert_eq!(lib.names(), ["lib-1.0-1.deb12.noarch.rpm"]);
    let packages = &lib.result.as_ref().unwrap().packages;
    let mut config = bench.config();
    config.repos = vec![repository(&bench.dir.path().join("repo"), packages)];
    let app = bench.srpm(
        "app",
        "BuildArch: noarch\nBuildRequires: lib = 1.0",
        "%build\ncat /usr/share/lib /usr/share/lib.seen\n%install\ninstall -D /usr/share/lib \
         %{buildroot}/usr/share/app\n",
    );
    let without = bench.build(&app).await;
    assert!(matches!(without.error(), BuildError::MissingDependencies(_)));
    let done = bench.build_as(bench.job(), &config, &app).await;
    assert_eq!(done.names(), ["app-1.0-1.deb12.noarch.rpm"]);
    let log = done.file("build.log");
    assert!(log.contains("from lib"), "{log}");
    let devices = log.lines().filter(|line| {
        line.contains(": ") && line.ends_with("0    0    0     0       0          0")
    });
    assert!(devices.clone().count() <= 1, "{log}");
    let rights = log.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
    let rights = u64::from_str_radix(rights.trim(), 16).unwrap();
    // CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_MKNOD, CAP_NET_ADMIN.
    for capability in [16, 17, 19, 21, 27, 12] {
        assert_eq!(rights & (1 << capability), 0, "{rights:x}");
    }
    assert!(done.file("installed_pkgs.log").contains("lib-1.0-1.deb12.noarch"));
}

#[tokio::test]
async fn a_newer_base_package_of_the_project_is_used() {
    let Some(bench) = Bench::new() else { return };
    let spec = "Name: cpio\nVersion: 99\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n\
                Provides: /usr/bin/cpio\n%description\nx\n%install\nmkdir -p %{buildroot}/usr/bin\n\
                echo newer > %{buildroot}/usr/bin/cpio\n%files\n/usr/bin/cpio\n";
    let newer = bench.build(&bench.srpm_of("cpio", spec)).await;
    assert_eq!(newer.names(), ["cpio-99-1.noarch.rpm"]);
    let mut config = bench.config();
    let packages = &newer.result.as_ref().unwrap().packages;
    config.repos = vec![repository(&bench.dir.path().join("repo"), packages)];
    let sections = format!("%build\ncat /usr/bin/cpio\n{}", installs("user", "x"));
    let srpm = bench.srpm("user", "BuildArch: noarch", &sections);
    let done = bench.build_as(bench.job(), &config, &srpm).await;
    assert_eq!(done.names().len(), 1);
    assert!(done.file("build.log").contains("\nnewer\n"), "{}", done.file("build.log"));
    // The root that all builds share is as it was.
    let done = bench.build(&srpm).await;
    assert!(!done.file("build.log").contains("\nnewer\n"));
}

#[tokio::test]
async fn additional_packages_are_there() {
    let Some(bench) = Bench::new() else { return };
    let sections = format!("%build\ntest -x /usr/bin/debugedit\n{}", installs("tool", "x"));
    let srpm = bench.srpm("tool", "BuildArch: noarch", &sections);
    let mut config = bench.config();
    config.additional_packages = vec!["debugedit".into()];
    let done = bench.build_as(bench.job(), &config, &srpm).await;
    assert_eq!(done.names().len(), 1);
    for bad in ["--installroot=/", "http://127.0.0.1/x.rpm"] {
        config.additional_packages = vec![bad.into()];
        let done = bench.build_as(bench.job(), &config, &srpm).await;
        assert!(matches!(done.error(), BuildError::BadSource(_)), "{:?}", done.error());
    }
    config.additional_packages = vec!["no-such-package".into()];
    let done = bench.build_as(bench.job(), &config, &srpm).await;
    assert!(done.error().to_string().contains("no-such-package"), "{}", done.error());
}

#[tokio::test]
async fn dynamic_requirements_are_installed_in_rounds() {
    let Some(bench) = Bench::new() else { return };
    let lib = bench.srpm("lib", "BuildArch: noarch", &installs("lib", "found"));
    let lib = bench.build(&lib).await;
    let mut config = bench.config();
    let packages = &lib.result.as_ref().unwrap().packages;
    config.repos = vec![repository(&bench.dir.path().join("repo"), packages)];
    let sections = format!(
        "%generate_buildrequires\necho lib\n%build\ncat /usr/share/lib\n{}",
        installs("dyn", "x")
    );
    let srpm = bench.srpm("dyn", "BuildArch: noarch", &sections);
    let done = bench.build_as(bench.job(), &config, &srpm).await;
    assert_eq!(done.names(), ["dyn-1.0-1.deb12.noarch.rpm"]);
    assert!(done.file("build.log").contains("\nfound\n"));
    let done = bench.build(&srpm).await;
    assert!(matches!(done.error(), BuildError::MissingDependencies(_)), "{:?}", done.error());
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_nobodys_package() {
    let Some(bench) = Bench::new() else { return };
    let srpm = bench.srpm("x", "BuildArch: noarch", &installs("x", "x"));
    let mut config = bench.config();
    let mut repo = repository(&bench.dir.path().join("repo"), &[]);
    repo.baseurl = "http://127.0.0.1:9/none/".into();
    config.repos = vec![repo];
    let done = bench.build_as(bench.job(), &config, &srpm).await;
    assert!(matches!(done.error(), BuildError::Internal(_)), "{:?}", done.error());
    assert!(done.error().to_string().contains("copr_base"), "{}", done.error());
}
