//! Sources that want to run something on the host, read it, or reach what they must not.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use coprbox::model::source::{CloneUrl, Committish, Scm, ScmKind, SourceSpec, SrpmMethod};

use super::fixture::{Outcome, Repo, closed, open, scm, spec};
use super::server::Server;

/// Files outside of all chroots: one that is not to appear, one that is not to be read.
pub(super) struct Traps {
    pub(super) dir: tempfile::TempDir,
}

const SECRET: &str = "the-servers-own-secret";

impl Traps {
    pub(super) fn new() -> Traps {
        let traps = Traps { dir: tempfile::tempdir().unwrap() };
        fs::set_permissions(traps.dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        fs::write(traps.secret(), SECRET).unwrap();
        traps
    }

    pub(super) fn touched(&self) -> PathBuf {
        self.dir.path().join("touched")
    }

    pub(super) fn secret(&self) -> PathBuf {
        self.dir.path().join("secret")
    }

    #[track_caller]
    pub(super) fn check(&self, outcome: &Outcome) {
        assert!(!self.touched().exists(), "something ran on the host\n{}", outcome.log);
        assert!(!outcome.log.contains(SECRET), "{}", outcome.log);
        assert!(!outcome.message.contains(SECRET), "{}", outcome.message);
        let Some(srpm) = &outcome.srpm else { return };
        for name in outcome.files() {
            let text = outcome.file(&name);
            let found = text.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
            assert!(!found, "{} in {}", name, srpm.display());
        }
    }
}

fn shown(path: &Path) -> std::path::Display<'_> {
    path.display()
}

#[test]
fn a_spec_runs_nothing_on_the_host_and_reads_nothing_of_it() {
    let Some(hub) = open() else { return };
    let traps = Traps::new();
    let (touched, secret) = (traps.touched(), traps.secret());
    let evil = [
        format!("%(touch {})", shown(&touched)),
        format!("%{{lua:os.execute('touch {}')}}", shown(&touched)),
        format!("%{{lua:local f = io.open('{}', 'w'); if f then f:close() end}}", shown(&touched)),
        format!("%{{echo:%(cat {})}}", shown(&secret)),
        format!("Source0: {}", shown(&secret)),
        format!("%include {}", shown(&secret)),
    ];
    for line in evil {
        let repo = Repo::of(&[("evil.spec", &spec("evil", &line))]);
        traps.check(&hub.build(SourceSpec::Scm(repo.source())));
    }
}

#[test]
fn a_makefile_and_tito_stay_in_the_chroot() {
    let Some(hub) = open() else { return };
    let traps = Traps::new();
    let database = hub.app.config.database();
    let (touched, secret) = (traps.touched(), traps.secret());
    let steps = format!(
        "touch {0}; cat {1}; ls -l {2}; ls /proc/*/environ | wc -l; \
         cat {2} > /workdir/database && echo READ",
        shown(&touched),
        shown(&secret),
        shown(&database)
    );
    let makefile = format!(
        "$(shell touch {})\nsrpm:\n\t-@{steps}\n\trpmbuild -bs --define '_srcrpmdir $(outdir)' $(spec)\n",
        shown(&touched)
    );
    let text = spec("jailed", &format!("%(touch {})", shown(&touched)));
    let repo = Repo::of(&[(".copr/Makefile", &makefile), ("jailed.spec", &text)]);
    let method = SrpmMethod::MakeSrpm;
    let made = hub.build(SourceSpec::Scm(Scm { method, ..repo.source() }));
    traps.check(&made);
    assert!(!made.log.contains("READ\n"), "{}", made.log);
    // The server's user, and the data directory, are not there at all.
    assert!(made.log.contains("No such file or directory"), "{}", made.log);
    let tito = Repo::of(&[
        ("jailed.spec", &text),
        (".tito/tito.props", "[buildconfig]\nbuilder = evil.Builder\nlib_dir = .\n"),
        (".tito/releasers.conf", "[x]\nreleaser = tito.release.RsyncReleaser\n"),
    ]);
    let made = hub.build(SourceSpec::Scm(Scm { method: SrpmMethod::Tito, ..tito.source() }));
    traps.check(&made);
}

#[test]
fn what_a_source_build_leaves_is_only_data() {
    let Some(hub) = open() else { return };
    let traps = Traps::new();
    let makefile = format!("srpm:\n\tln -s {} $(outdir)/a.src.rpm\n", shown(&traps.secret()));
    let repo = Repo::of(&[(".copr/Makefile", &makefile)]);
    let method = SrpmMethod::MakeSrpm;
    let made = hub.build(SourceSpec::Scm(Scm { method, ..repo.source() }));
    traps.check(&made);
    made.failed("has left no source package");
}

#[test]
fn hooks_filters_and_settings_of_a_repository_are_not_heeded() {
    let Some(hub) = open() else { return };
    let traps = Traps::new();
    let touch = format!("#!/bin/sh\ntouch {}\n", shown(&traps.touched()));
    let repo = Repo::of(&[
        ("hooked.spec", &spec("hooked", "")),
        ("hooks/post-checkout", &touch),
        (".githooks/post-checkout", &touch),
        (".gitattributes", "* filter=evil diff=evil\n"),
        (".gitconfig", "[core]\n\tfsmonitor = ./hooks/post-checkout\n\thooksPath = hooks\n"),
        (".lfsconfig", "[lfs]\n\turl = file:///etc\n"),
    ]);
    for hook in ["post-checkout", "reference-transaction", "post-update", "pre-receive"] {
        let path = repo.path(&format!(".git/hooks/{hook}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &touch).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let evil = format!("touch {}; false", shown(&traps.touched()));
    for key in ["filter.evil.smudge", "uploadpack.packObjectsHook", "core.fsmonitor"] {
        repo.git(&["config", key, &evil]);
    }
    let made = hub.build(SourceSpec::Scm(repo.source()));
    traps.check(&made);
    assert_eq!(made.nvr(), "hooked-1-1");
}

#[test]
fn symlinks_in_a_repository_lead_nowhere() {
    let Some(hub) = open() else { return };
    let traps = Traps::new();
    let link = |to: &Path, name: &str| {
        let repo = Repo::of(&[("README", "x")]);
        symlink(to, repo.path(name)).unwrap();
        repo.commit(&[]);
        repo
    };
    let passwd = link(Path::new("/etc/passwd"), "evil.spec");
    let made = hub.build(SourceSpec::Scm(passwd.source()));
    traps.check(&made);
    made.failed("wrong directory: evil.spec cannot be used as a spec file: it leads out");
    let outside = link(traps.dir.path(), "sub");
    let source = Scm { subdirectory: "sub".parse().unwrap(), ..outside.source() };
    let made = hub.build(SourceSpec::Scm(source));
    traps.check(&made);
    made.failed("wrong directory: ");
    let source = link(&traps.secret(), "data");
    source.commit(&[("linked.spec", &spec("linked", "Source0: data"))]);
    let made = hub.build(SourceSpec::Scm(source.source()));
    traps.check(&made);
    assert!(made.srpm.is_none(), "{}", made.log);
    let packed = link(traps.dir.path(), "elsewhere");
    let text =
        spec("packed", "Source0: {{{ git_dir_pack path=elsewhere dir_name=x source_name=x }}}");
    packed.commit(&[("packed.spec", &text)]);
    let made = hub.build(SourceSpec::Scm(packed.source()));
    traps.check(&made);
    made.failed("no directory elsewhere");
}

#[test]
fn submodules_are_held_to_the_same_rules() {
    let Some(hub) = open() else { return };
    let traps = Traps::new();
    let touch = format!("ext::sh -c touch% {}", shown(&traps.touched()));
    let option = format!("--upload-pack=touch {}", shown(&traps.touched()));
    let helper = format!("-u./{}", "x");
    for url in [touch.as_str(), option.as_str(), helper.as_str(), "/etc", "../../../../../etc"] {
        let inner = Repo::of(&[("a", "a")]);
        let outer = Repo::of(&[("outer.spec", &spec("outer", ""))]);
        outer.git(&["submodule", "--quiet", "add", &inner.url(), "lib"]);
        let modules = fs::read_to_string(outer.path(".gitmodules")).unwrap();
        let modules = modules.replace(&inner.url(), &format!("\"{url}\""));
        outer.commit(&[(".gitmodules", &modules)]);
        let made = hub.build(SourceSpec::Scm(outer.source()));
        traps.check(&made);
        made.failed("clone failed: ");
    }
}

#[test]
fn options_and_helpers_are_no_refs_and_no_addresses() {
    for bad in ["--upload-pack=touch /x", "--upload-pack=x", "-x", "a b", "a:b", "+a"] {
        assert!(bad.parse::<Committish>().is_err(), "{bad}");
    }
    for bad in ["ext::sh -c id", "fd::3", "--upload-pack=x", "-ox@h:y", "/etc", "git@-ox:y"] {
        assert!(bad.parse::<CloneUrl>().is_err(), "{bad}");
    }
    // Not even what is in the tables already is believed.
    let stored = r#"{"type":"scm","kind":"git","clone_url":"ext::sh -c id","method":"rpkg"}"#;
    assert!(serde_json::from_str::<SourceSpec>(stored).is_err());
}

#[test]
fn what_the_settings_forbid_is_not_reached() {
    let Some(hub) = closed() else { return };
    let repo = Repo::of(&[("x.spec", &spec("x", ""))]);
    let failed = hub.build(SourceSpec::Scm(repo.source()));
    failed.failed("clone failed: file:// addresses are not allowed here");
    let svn = Scm { kind: ScmKind::Svn, ..repo.source() };
    hub.build(SourceSpec::Scm(svn)).failed("file:// addresses are not allowed here");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for url in [
        format!("http://127.0.0.1:{port}/git/a.git"),
        format!("http://localhost:{port}/git/a.git"),
        format!("http://[::ffff:127.0.0.1]:{port}/git/a.git"),
        format!("git://127.0.0.1:{port}/a.git"),
        format!("git@localhost:{port}/a.git"),
        "ssh://git@169.254.169.254/a.git".to_owned(),
        "https://10.0.0.1/a.git".to_owned(),
    ] {
        let failed = hub.build(SourceSpec::Scm(scm(&url)));
        failed.failed("clone failed: ");
        failed.failed("is at a private address, which this server does not fetch from");
    }
    for url in [format!("svn://localhost:{port}/x"), format!("http://127.0.0.1:{port}/svn/x")] {
        let source = Scm { kind: ScmKind::Svn, ..scm(&url) };
        hub.build(SourceSpec::Scm(source)).failed("is at a private address");
    }
    assert!(listener.accept().is_err(), "somebody came");
}

#[test]
fn a_package_behind_a_redirect_is_cloned_where_that_is_allowed() {
    let Some(hub) = open() else { return };
    let server = Server::shared();
    let repo = Repo::of(&[("moved.spec", &spec("moved", ""))]);
    repo.git(&["clone", "-q", "--bare", ".", server.path("git/moved.git").to_str().unwrap()]);
    let to = format!("{}/git/moved.git", server.url());
    let made = hub.build(SourceSpec::Scm(scm(&format!("{}/redirect/{to}", server.url()))));
    assert_eq!(made.nvr(), "moved-1-1");
    let to = "file:///etc";
    let failed = hub.build(SourceSpec::Scm(scm(&format!("{}/redirect/{to}", server.url()))));
    failed.failed("clone failed: ");
}
