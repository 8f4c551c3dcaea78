//! The overview of a project: how do I install it?

use askama::Template;
use rocket::{State, get};

use super::install::{Release, releases};
use crate::clock::Timestamp;
use crate::config::BaseUrl;
use crate::http::page::Page;
use crate::model::project::Project;
use crate::model::repo_url::{RepoTarget, RepoUrl};
use crate::model::{DirName, Owner, ProjectName};
use crate::ops::App;
use crate::ops::install::days_until;
use crate::ops::overview::{Overview, overview as read};
use crate::repo::Layout;
use crate::web::error::PageError;
use crate::web::filters;
use crate::web::parts::{BuildRow, Masthead, Moment, Shape, Shell, Step};
use crate::web::view;

/// Builds beside the overview.
const LATEST: usize = 6;

/// `/coprs/<owner>/<project>/`
#[derive(Template)]
#[template(path = "project/overview.html")]
pub struct OverviewPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// What it can be installed on.
    pub releases: Vec<Release>,
    /// `dnf copr enable …`
    pub enable: String,
    /// The command that makes this server known to dnf's plugin.
    pub hub_file: String,
    /// Markdown.
    pub description: String,
    /// Markdown.
    pub instructions: String,
    /// Further repositories at build time.
    pub build_repos: Vec<Repository>,
    /// Further repositories for who installs.
    pub runtime_repos: Vec<Repository>,
    /// The newest builds.
    pub latest: Vec<BuildRow>,
    /// A web address.
    pub homepage: Option<Reference>,
    /// A web or mail address.
    pub contact: Option<Reference>,
    /// When it was made.
    pub created: Moment,
    /// When a temporary project goes away, and in how many days.
    pub ends: Option<(Moment, i64)>,
    /// The project it was forked from.
    pub original: Option<Reference>,
    /// How many forks it has.
    pub forks: u32,
    /// Builds of that project are still being copied.
    pub is_filling: bool,
    /// Nothing can be installed yet.
    pub is_empty: bool,
    /// What to do while there is nothing.
    pub first_steps: Vec<Step>,
    /// Where its files are.
    pub results_url: String,
    /// Where its key is.
    pub key_url: String,
    /// Its key's fingerprint, in groups of four.
    pub fingerprint: Option<String>,
    /// Its number.
    pub id: i64,
}

/// Something that can perhaps be followed.
pub struct Reference {
    /// Where it leads.
    pub url: Option<String>,
    /// What it says.
    pub text: String,
}

/// A further repository.
pub struct Repository {
    /// As it was written.
    pub text: String,
    /// The project's page, where it is one of this server.
    pub url: Option<String>,
}

/// The overview of a project.
#[get("/coprs/<owner>/<name>", rank = 1)]
pub async fn overview(
    app: &State<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
) -> Result<Page<OverviewPage>, PageError> {
    let viewer = shell.viewer.clone();
    let found = app.store.read(move |db| read(db, &owner, &name, viewer.as_ref())).await?;
    Ok(Page(overview_page(shell, &found, &app.layout(), &app.config.base_url)))
}

fn overview_page(
    shell: Shell,
    found: &Overview,
    layout: &Layout,
    base_url: &BaseUrl,
) -> OverviewPage {
    let now = Timestamp::now();
    let project = &found.head.project;
    let Project { owner, name, settings, .. } = project;
    let dir = DirName::main(name.clone());
    let installable = found.installable.as_deref();
    OverviewPage {
        head: view::masthead(&found.head, "overview", now),
        releases: releases(project, &found.chroots, installable, base_url, now),
        enable: format!("sudo dnf copr enable {}/{owner}/{name}", layout.hostname()),
        hub_file: hub_file(base_url),
        description: settings.description.clone(),
        instructions: settings.instructions.clone(),
        build_repos: settings.additional_repos.iter().map(repository).collect(),
        runtime_repos: settings.runtime_dependencies.iter().map(repository).collect(),
        latest: found.head.last.iter().take(LATEST).map(|b| view::build_row(b, now)).collect(),
        homepage: settings.homepage.as_deref().and_then(reference),
        contact: settings.contact.as_deref().and_then(contact),
        created: Moment::new(project.created_on, now),
        ends: project.delete_after.map(|at| (Moment::new(at, now), days_until(at))),
        original: found.original.as_ref().map(|original| Reference {
            url: Some(view::project_url(&original.owner, &original.name)),
            text: original.full_name(),
        }),
        forks: found.forks,
        is_filling: found.is_filling,
        is_empty: installable.is_none(),
        first_steps: vec![view::build_step(&project.full_name())],
        results_url: view::on_this_server(&layout.dir_url(owner, &dir), layout) + "/",
        key_url: view::on_this_server(&layout.pubkey_url(owner, &dir), layout),
        fingerprint: project.key_fingerprint.as_deref().map(in_fours),
        id: project.id.0,
        shell,
    }
}

fn repository(repo: &RepoUrl) -> Repository {
    let url = match repo.target() {
        RepoTarget::Copr(owner, dir) => Some(view::project_url(owner, dir.project())),
        RepoTarget::External(_) => None,
    };
    Repository { text: repo.to_string(), url }
}

/// What makes dnf's copr plugin know this server: it takes an address from nowhere else.
fn hub_file(base_url: &BaseUrl) -> String {
    let host = base_url.hostname();
    let scheme = if base_url.is_https() { "https" } else { "http" };
    let port = match base_url.authority().rsplit_once(':') {
        Some((_, port)) if port.bytes().all(|b| b.is_ascii_digit()) => port,
        _ if base_url.is_https() => "443",
        _ => "80",
    };
    format!(
        "sudo tee /etc/dnf/plugins/copr.d/{host}.conf <<'END'\n\
         [{host}]\nhostname = {host}\nprotocol = {scheme}\nport = {port}\nEND"
    )
}

fn reference(text: &str) -> Option<Reference> {
    let text = text.trim();
    let is_web = text.starts_with("http://") || text.starts_with("https://");
    let url = is_web.then(|| text.to_owned());
    (!text.is_empty()).then(|| Reference { url, text: text.to_owned() })
}

/// A web address, or one that mail goes to.
fn contact(text: &str) -> Option<Reference> {
    let found = reference(text)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.+_-".contains(c);
    let is_mail = found.text.split('@').filter(|part| !part.is_empty()).count() == 2
        && found.text.chars().all(plain);
    let mail = is_mail.then(|| format!("mailto:{}", found.text));
    Some(Reference { url: found.url.or(mail), ..found })
}

/// A fingerprint as people compare it.
fn in_fours(fingerprint: &str) -> String {
    let mut out = String::with_capacity(fingerprint.len() * 5 / 4);
    for (at, digit) in fingerprint.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hub_file_names_host_scheme_and_port() {
        let file = |url: &str| hub_file(&url.parse().unwrap());
        assert!(file("http://box.lan:5000").contains("protocol = http\nport = 5000\n"));
        assert!(file("https://copr.example.org").contains("port = 443\n"));
        assert!(
            file("http://[::1]").contains("[::1]\nhostname = ::1\nprotocol = http\nport = 80\n")
        );
    }

    #[test]
    fn only_web_addresses_can_be_followed() {
        let url = |found: Option<Reference>| found.and_then(|found| found.url);
        assert_eq!(url(reference("https://h/x")).as_deref(), Some("https://h/x"));
        assert_eq!(url(reference("javascript:alert(1)")), None);
        assert_eq!(url(contact("a.b@h.org")).as_deref(), Some("mailto:a.b@h.org"));
        assert_eq!(url(contact("a@h?cc=x@y")), None);
        assert_eq!(url(contact("@h.org")), None);
        assert!(reference(" ").is_none());
    }

    #[test]
    fn a_fingerprint_comes_in_fours() {
        assert_eq!(in_fours("4F2A19C077"), "4F2A 19C0 77");
    }
}
