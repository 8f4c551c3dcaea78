use coprbox::model::source::{Scm, SourceSpec, SrpmMethod};

use super::fixture::{Repo, open, spec};

fn with(source: Scm, method: SrpmMethod) -> SourceSpec {
    SourceSpec::Scm(Scm { method, ..source })
}

#[test]
fn tito_is_installed_and_run() {
    let Some(hub) = open() else { return };
    let text = spec("titoed", "").replace("Release: 1", "Release: 1%{?dist}");
    let repo = Repo::of(&[("pkg/titoed.spec", &text)]);
    let source = Scm { subdirectory: "pkg".parse().unwrap(), ..repo.source() };
    let made = hub.build(with(source.clone(), SrpmMethod::Tito));
    assert_eq!(made.nvr(), "titoed-1-1.");
    let made = hub.build(with(source, SrpmMethod::TitoTest));
    assert_eq!(made.nvr(), "titoed-1-1.test");
}

#[test]
fn a_makefile_makes_the_source_package() {
    let Some(hub) = open() else { return };
    let makefile = "srpm:\n\tpwd; id -u; test -d $(dir $(lastword $(MAKEFILE_LIST)))../.git\n\
                    \trpmbuild -bs --define '_srcrpmdir $(outdir)' $(spec)\n";
    let repo = Repo::of(&[(".copr/Makefile", makefile), ("sub/made.spec", &spec("made", ""))]);
    let source = Scm { subdirectory: "sub".parse().unwrap(), ..repo.source() };
    let made = hub.build(with(source.clone(), SrpmMethod::MakeSrpm));
    assert_eq!(made.nvr(), "made-1-1");
    assert!(made.log.contains("/sub\n77777\n"), "{}", made.log);
    let named = Scm { spec: "made.spec".parse().unwrap(), ..source };
    assert_eq!(hub.build(with(named, SrpmMethod::MakeSrpm)).nvr(), "made-1-1");
}

#[test]
fn what_a_makefile_installs_is_installed_for_it() {
    let Some(hub) = open() else { return };
    let makefile = "srpm:\n\tdnf -y install tito unzip\n\tsudo dnf install -y rpmautospec\n\
                    \ttito build --srpm --output $(outdir) && rpmautospec; unzip -v\n";
    let repo = Repo::of(&[(".copr/Makefile", makefile), ("dnfed.spec", &spec("dnfed", ""))]);
    let made = hub.build(with(repo.source(), SrpmMethod::MakeSrpm));
    assert_eq!(made.nvr(), "dnfed-1-1");
    assert!(made.log.contains("the Makefile wants tito\n"), "{}", made.log);
    let missing = "srpm:\n\tdnf -y install no-such-package\n";
    let repo = Repo::of(&[(".copr/Makefile", missing)]);
    let failed = hub.build(with(repo.source(), SrpmMethod::MakeSrpm));
    failed.failed("has no-such-package");
}

#[test]
fn a_makefile_that_fails_or_is_not_there_is_told() {
    let Some(hub) = open() else { return };
    let makefile = "srpm:\n\t@echo 'error: out of coffee' >&2; exit 3\n";
    let repo = Repo::of(&[(".copr/Makefile", makefile)]);
    let failed = hub.build(with(repo.source(), SrpmMethod::MakeSrpm));
    failed.failed("SRPM build error: make srpm failed: error: out of coffee");
    let idle = Repo::of(&[(".copr/Makefile", "srpm:\n\ttrue\n")]);
    let failed = hub.build(with(idle.source(), SrpmMethod::MakeSrpm));
    failed.failed("SRPM build error: make srpm has left no source package");
    let none = Repo::of(&[("a.spec", &spec("a", ""))]);
    let failed = hub.build(with(none.source(), SrpmMethod::MakeSrpm));
    failed.failed("wrong directory: the repository has no .copr/Makefile");
}
