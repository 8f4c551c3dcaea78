//! A project's pages: the overview with how to install, and the list of builds.

use askama::Template;
use rocket::{State, get};

use super::error::PageError;
use super::filters;
use super::parts::{BuildRow, Masthead, Moment, Pages, ReleaseChip, Shape, Shell, Step, Took};
use super::view;
use crate::clock::Timestamp;
use crate::config::BaseUrl;
use crate::http::page::Page;
use crate::model::list::Slice;
use crate::model::project::Project;
use crate::model::{DirName, Owner, ProjectName};
use crate::ops::pages::Overview;
use crate::ops::{App, pages};
use crate::repo::Layout;

/// Builds on one page.
const SIZE: u32 = 50;
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
    pub build_repos: Vec<String>,
    /// Further repositories for who installs.
    pub runtime_repos: Vec<String>,
    /// The newest builds.
    pub latest: Vec<BuildRow>,
    /// A web address.
    pub homepage: Option<Reference>,
    /// A web or mail address.
    pub contact: Option<Reference>,
    /// When it was made.
    pub created: Moment,
    /// When a temporary project goes away.
    pub delete_after: Option<Moment>,
    /// Where its files are.
    pub results_url: String,
    /// Where its key is.
    pub key_url: String,
    /// Its key's fingerprint, in groups of four.
    pub fingerprint: Option<String>,
    /// Its number.
    pub id: i64,
}

/// A release that can be installed on, and how.
pub struct Release {
    /// As people call it.
    pub title: String,
    /// Its architectures.
    pub arches: Vec<String>,
    /// Its commands are shown at once.
    pub open: bool,
    /// Where the repository file is.
    pub repo_file: String,
    /// What that file is called.
    pub file_name: String,
    /// The command for DNF 5.
    pub dnf5: String,
    /// The command for DNF 4.
    pub dnf4: String,
    /// The command without dnf's help.
    pub by_hand: String,
}

/// An address that its owner typed.
pub struct Reference {
    /// As typed.
    pub text: String,
    /// It can be followed.
    pub is_link: bool,
}

/// `/coprs/<owner>/<project>/builds/`
#[derive(Template)]
#[template(path = "project/builds.html")]
pub struct BuildsPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// The builds, newest first.
    pub builds: Vec<BuildRow>,
    /// Some of them are not in the main directory.
    pub has_dirs: bool,
    /// Where in their list this is.
    pub pages: Pages,
    /// What to do while there is nothing.
    pub first_steps: Vec<Step>,
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
    let read = move |db: &_| pages::overview(db, &owner, &name, viewer.as_ref());
    let found = app.store.read(read).await?;
    Ok(Page(overview_page(shell, &found, &app.layout(), &app.config.base_url)))
}

/// The builds of a project.
#[get("/coprs/<owner>/<name>/builds?<page>")]
pub async fn builds(
    app: &State<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    page: Option<&str>,
) -> Result<Page<BuildsPage>, PageError> {
    let number = view::page_number(page);
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let viewer = shell.viewer.clone();
    let read = move |db: &_| pages::builds_of(db, &owner, &name, viewer.as_ref(), slice);
    let (head, found) = app.store.read(read).await?;
    let now = Timestamp::now();
    let project = &head.project;
    let address = format!("{}builds/", view::project_url(&project.owner, &project.name));
    Ok(Page(BuildsPage {
        head: view::masthead(&head, "builds", now),
        builds: found.iter().map(|build| view::build_row(build, now)).collect(),
        has_dirs: found.iter().any(|build| !build.dir.is_main()),
        pages: Pages::new(&address, number, SIZE.into(), head.builds.into()),
        first_steps: vec![view::build_step(&project.full_name())],
        shell,
    }))
}

fn overview_page(
    shell: Shell,
    found: &Overview,
    layout: &Layout,
    base_url: &BaseUrl,
) -> OverviewPage {
    let now = Timestamp::now();
    let Project { owner, name, settings, .. } = &found.head.project;
    let dir = DirName::main(name.clone());
    let chips = ReleaseChip::group(found.chroots.iter().map(|chroot| &chroot.chroot.name));
    let release = |(at, chip)| release(at, chip, &found.head.project, base_url);
    let repos = |urls: &[_]| urls.iter().map(ToString::to_string).collect();
    OverviewPage {
        head: view::masthead(&found.head, "overview", now),
        releases: chips.into_iter().enumerate().map(release).collect(),
        enable: format!("sudo dnf copr enable {}/{owner}/{name}", layout.hostname()),
        hub_file: hub_file(base_url),
        description: settings.description.clone(),
        instructions: settings.instructions.clone(),
        build_repos: repos(&settings.additional_repos),
        runtime_repos: repos(&settings.runtime_dependencies),
        latest: found.head.last.iter().take(LATEST).map(|b| view::build_row(b, now)).collect(),
        homepage: settings.homepage.as_deref().and_then(reference),
        contact: settings.contact.as_deref().and_then(reference),
        created: Moment::new(found.head.project.created_on, now),
        delete_after: found.head.project.delete_after.map(|at| Moment::new(at, now)),
        results_url: view::on_this_server(&layout.dir_url(owner, &dir), layout) + "/",
        key_url: view::on_this_server(&layout.pubkey_url(owner, &dir), layout),
        fingerprint: found.head.project.key_fingerprint.as_deref().map(in_fours),
        id: found.head.project.id.0,
        shell,
    }
}

/// A release with its commands; the first one is open from the start.
fn release(at: usize, chip: ReleaseChip, project: &Project, base_url: &BaseUrl) -> Release {
    let Project { owner, name, .. } = project;
    let ReleaseChip { title, name: release, arches } = chip;
    let file_name = format!("{}-{name}-{release}.repo", owner.in_repo_id());
    let path = format!("{}repo/{release}/{file_name}", view::project_url(owner, name));
    let url = format!("{base_url}{path}");
    Release {
        title,
        arches,
        open: at == 0,
        dnf5: format!("sudo dnf config-manager addrepo --from-repofile={url}"),
        dnf4: format!("sudo dnf config-manager --add-repo {url}"),
        by_hand: format!("sudo curl -o /etc/yum.repos.d/{}-{name}.repo {url}", owner.in_repo_id()),
        repo_file: path,
        file_name,
    }
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
    (!text.is_empty()).then(|| Reference { text: text.to_owned(), is_link: is_web })
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
        assert!(reference("https://h/x").is_some_and(|found| found.is_link));
        assert!(reference("javascript:alert(1)").is_some_and(|found| !found.is_link));
        assert!(reference(" ").is_none());
    }

    #[test]
    fn a_fingerprint_comes_in_fours() {
        assert_eq!(in_fours("4F2A19C077"), "4F2A 19C0 77");
    }
}
