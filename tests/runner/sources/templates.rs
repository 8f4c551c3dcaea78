use coprbox::model::source::{Scm, SourceSpec};

use super::fixture::{Repo, open, spec};
use super::server::Server;

fn template(name: &str, release: &str, source: &str) -> String {
    spec("{{{ git_dir_name }}}", &format!("Source0: {source}\nVCS: {{{{{{ git_dir_vcs }}}}}}"))
        .replace("Version: 1", "Version: {{{ git_dir_version }}}")
        .replace("Release: 1", release)
        .replace(
            "%files",
            "%prep\n{{{ git_dir_setup_macro }}}\n%files\n%changelog\n{{{ git_dir_changelog }}}",
        )
        .replace("Summary: x", &format!("Summary: {name}"))
}

#[test]
fn templates_are_filled_in_from_the_history() {
    let Some(hub) = open() else { return };
    let server = Server::shared();
    let text = template("filled", "Release: 1", "{{{ git_dir_pack }}}");
    let repo = Repo::of(&[("filled.spec.rpkg", &text), ("src/main.c", "int x;")]);
    repo.commit(&[]);
    let place = server.path("git/filled.git");
    repo.git(&["clone", "-q", "--bare", ".", place.to_str().unwrap()]);
    let source = super::fixture::scm(&format!("{}/git/filled.git", server.url()));
    let short = &repo.git(&["rev-parse", "HEAD"])[..8];
    let made = hub.build(SourceSpec::Scm(source.clone()));
    let version = format!("0.0.git.2.{short}");
    assert_eq!(made.nvr(), format!("filled-{version}-1"));
    assert_eq!(made.files(), [format!("filled-{version}.tar.gz"), "filled.spec".to_owned()]);
    let text = String::from_utf8(made.file("filled.spec")).unwrap();
    assert!(text.contains(&format!("VCS: git+{}#", source.clone_url)), "{text}");
    assert!(text.contains("%setup -T -b 0 -q -n filled\n"), "{text}");
}

#[test]
fn tags_lead_to_versions_and_changelogs() {
    let Some(hub) = open() else { return };
    let text = template("x", "Release: {{{ git_dir_release }}}", "{{{ git_dir_archive }}}");
    let repo = Repo::of(&[("sub/pkg/a.spec", &text)]);
    repo.git(&["tag", "-a", "-m", "- first\n- 100%", "pkg-0.7-3"]);
    repo.git(&["tag", "-a", "-m", "- of another", "other-0.9-1"]);
    let source = Scm { subdirectory: "sub/pkg".parse().unwrap(), ..repo.source() };
    let made = hub.build(SourceSpec::Scm(source.clone()));
    assert_eq!(made.nvr(), "pkg-0.7-3");
    let text = String::from_utf8(made.file("a.spec")).unwrap();
    assert!(text.contains(" Al <al@h> 0.7-3\n- first\n- 100%%"), "{text}");
    assert!(!text.contains("another"), "{text}");
    repo.commit(&[("other.txt", "x")]);
    let short = &repo.git(&["rev-parse", "HEAD"])[..8];
    let made = hub.build(SourceSpec::Scm(source));
    assert_eq!(made.nvr(), format!("pkg-0.7.git.1.{short}-3.git.1.{short}"));
}

#[test]
fn a_template_for_a_shell_is_refused_by_name_and_not_run() {
    let Some(hub) = open() else { return };
    let dir = tempfile::tempdir().unwrap();
    let evil = dir.path().join("evil");
    let text = spec("shell", "").replace(
        "Version: 1",
        &format!("Version: {{{{{{ git_dir_version lead=\"$(touch {})\" }}}}}}", evil.display()),
    );
    let repo = Repo::of(&[("shell.spec", &text)]);
    let failed = hub.build(SourceSpec::Scm(repo.source()));
    failed.failed("SRPM build error: the spec file has the template {{{ git_dir_version lead=");
    failed.failed("no repository of debian-12-");
    failed.failed("git_dir_, git_repo_, git_cwd_");
    assert!(!evil.exists());
}
