//! What several pages show, told from the model.

use super::filters;
use super::parts::{Bar, BuildRow, Masthead, Moment, ProjectRow, ReleaseChip, Step, Took};
use super::session::encode;
use crate::clock::Timestamp;
use crate::model::build::Build;
use crate::model::user::User;
use crate::model::{BuildId, ChrootName, Owner, ProjectName};
use crate::ops::pages::{ProjectCard, ProjectHead};
use crate::repo::Layout;

/// The page of an owner.
pub fn owner_url(owner: &Owner) -> String {
    format!("/coprs/{}/", owner.web_path())
}

/// The page of a project.
pub fn project_url(owner: &Owner, name: &ProjectName) -> String {
    format!("{}{name}/", owner_url(owner))
}

/// The page of a package of the project whose page is `project_url`.
pub fn package_url(project_url: &str, package: &str) -> String {
    format!("{project_url}package/{}/", encode(package))
}

/// The page of a build.
pub fn build_url(owner: &Owner, name: &ProjectName, id: BuildId) -> String {
    format!("{}build/{id}/", project_url(owner, name))
}

/// An address in the results tree as a link of a page: on this very server, whatever name the
/// reader knows it by.
pub fn on_this_server(url: &str, layout: &Layout) -> String {
    let below = url.strip_prefix(layout.results_url().as_str());
    below.map_or_else(|| url.to_owned(), |rest| format!("/results{rest}"))
}

/// What a build is of, as far as is known: its package, or the file it is made from.
pub fn package_title(build: &Build) -> String {
    if let Some(package) = &build.package {
        return package.to_string();
    }
    build.source.title().unwrap_or("a package").to_owned()
}

/// A build as a row of a list.
pub fn build_row(build: &Build, now: Timestamp) -> BuildRow {
    let package = package_title(build);
    let version = build.version.clone().unwrap_or_default();
    let title = if version.is_empty() { package.clone() } else { format!("{package} {version}") };
    BuildRow {
        id: build.id.0,
        url: build_url(&build.owner, &build.project, build.id),
        title,
        package,
        version,
        project: format!("{}/{}", build.owner, build.project),
        project_url: project_url(&build.owner, &build.project),
        dir: if build.dir.is_main() { String::new() } else { build.dir.to_string() },
        state: build.state.into(),
        submitted: Moment::new(build.submitted_on, now),
        by: build.submitter.as_ref().map(ToString::to_string),
        took: took(build, now),
    }
}

/// How long a build has taken, its source package included.
pub fn took(build: &Build, now: Timestamp) -> Took {
    let start = build.source_started_on.or(build.started_on);
    let end = build.ended_on.or(build.source_ended_on).filter(|_| build.state.is_finished());
    match (start, end) {
        // Stopped or failed before it began.
        (Some(_), None) if build.state.is_finished() => Took::Not,
        (start, end) => Took::new(start, end, now),
    }
}

/// A project as an entry of a list.
pub fn project_row(card: &ProjectCard, now: Timestamp) -> ProjectRow {
    let ProjectCard { project, chroots, last } = card;
    ProjectRow {
        owner: project.owner.to_string(),
        name: project.name.to_string(),
        url: project_url(&project.owner, &project.name),
        said: filters::excerpt(&project.settings.description),
        releases: ReleaseChip::group(chroots),
        last: last.as_ref().map(|build| build_row(build, now)),
        created: Moment::new(project.created_on, now),
    }
}

/// What stands above a project's page.
pub fn masthead(head: &ProjectHead, tab: &'static str, now: Timestamp) -> Masthead {
    let project = &head.project;
    let seconds = |build: &Build| {
        let start = build.source_started_on.or(build.started_on);
        let end = build.ended_on.or(build.source_ended_on).filter(|_| build.state.is_finished());
        start.map_or(0, |start| end.unwrap_or(now).since(start).as_secs())
    };
    let last: Vec<(BuildRow, u64)> =
        head.last.iter().map(|build| (build_row(build, now), seconds(build))).collect();
    // One bar is no picture.
    let history = if last.len() > 2 { Bar::draw(&last) } else { Vec::new() };
    Masthead {
        owner: project.owner.to_string(),
        owner_url: owner_url(&project.owner),
        name: project.name.to_string(),
        url: project_url(&project.owner, &project.name),
        tab,
        packages: head.packages.into(),
        builds: head.builds.into(),
        history_width: history.len() * Bar::STEP,
        history,
        rights: head.rights,
        requests: head.requests,
    }
}

/// From nothing to the first build.
pub fn first_steps(viewer: Option<&User>, chroot: Option<&ChrootName>) -> Vec<Step> {
    let user = viewer.map_or("NAME", |viewer| viewer.name.as_str());
    let chroot = chroot.map_or("CHROOT", ChrootName::as_str);
    let step = |what: &str, command: String| Step { what: what.into(), commands: vec![command] };
    vec![
        step(
            "Tell copr-cli who you are; on the server:",
            format!("coprbox token new {user} > ~/.config/copr"),
        ),
        step("Make a project", format!("copr-cli create hello --chroot {chroot}")),
        build_step("hello"),
    ]
}

/// The step that brings a build into a project.
pub fn build_step(project: &str) -> Step {
    Step {
        what: "Hand in a source package or a spec file, from your disk or from a web address"
            .into(),
        commands: vec![format!("copr-cli build {project} ./hello-2.12-1.src.rpm")],
    }
}

/// The number of a page of a list as an address has it, from 1.
pub fn page_number(asked: Option<&str>) -> u64 {
    asked.and_then(|text| text.parse().ok()).filter(|n| (1..1_000_000).contains(n)).unwrap_or(1)
}
