//! A package: where its sources come from, and how its builds went.

use askama::Template;
use rocket::{State, get};

use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::build::{Build, DEFAULT_TIMEOUT};
use crate::model::list::Slice;
use crate::model::package::Package;
use crate::model::source::SourceSpec;
use crate::model::{ChrootName, Owner, ProjectName};
use crate::ops::App;
use crate::ops::packages::pages::{self, PackageDetail};
use crate::ops::sources::SourceKind;
use crate::web::charts::{Columns, LineChart, NewColumn, Series, Unit};
use crate::web::dependencies::Around;
use crate::web::error::PageError;
use crate::web::parts::{BuildRow, Masthead, Pages, Shape, Shell, State as Shown, Took};
use crate::web::{filters, sources, view};

/// Builds on one page.
const SIZE: u32 = 30;
/// Fewer builds are no history.
const FEWEST: usize = 3;
/// The colours of lines, one for each chroot; more of them would be a tangle.
const TONES: [&str; 3] = ["busy", "ok", "copy"];

/// `/coprs/<owner>/<project>/package/<package>/`
#[derive(Template)]
#[template(path = "packages/detail.html")]
pub struct DetailPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// The package.
    pub name: String,
    /// Its page.
    pub url: String,
    /// What kind of sources it has.
    pub kind: Option<&'static str>,
    /// Where they come from.
    pub source: Option<String>,
    /// The script that makes them.
    pub script: Option<String>,
    /// It can be built again by itself.
    pub can_rebuild: bool,
    /// How it is built.
    pub facts: Vec<(&'static str, String)>,
    /// Its builds, newest first.
    pub builds: Vec<BuildRow>,
    /// Where in their list this is.
    pub pages: Pages,
    /// How its last builds went, and how long each took.
    pub history: Option<Columns>,
    /// How long the builds of each chroot took.
    pub durations: Option<LineChart>,
    /// What it needs of its project, and what needs it.
    pub around: Around,
    /// The badge's address.
    pub badge: String,
    /// The badge in HTML, and in Markdown.
    pub snippets: [(&'static str, String); 2],
}

/// The page of a package.
#[get("/coprs/<owner>/<name>/package/<package>?<page>", rank = 2)]
pub async fn detail(
    app: &State<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    package: &str,
    page: Option<&str>,
) -> Result<Page<DetailPage>, PageError> {
    let number = view::page_number(page);
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let (viewer, package) = (shell.viewer.clone(), package.to_owned());
    let read = move |db: &_| pages::detail(db, (&owner, &name), &package, slice, viewer.as_ref());
    let found = app.store.read(read).await?;
    let now = Timestamp::now();
    let PackageDetail { head, package, .. } = &found;
    let project = &head.project;
    let project_url = view::project_url(&project.owner, &project.name);
    let url = view::package_url(&project_url, package.name.as_str());
    let absolute = format!("{}{url}", app.config.base_url);
    let badge = format!("{url}status_image/last_build.png");
    Ok(Page(DetailPage {
        head: view::masthead(head, "packages", now),
        name: package.name.to_string(),
        kind: SourceKind::of(&package.source).map(sources::title),
        source: package.source.describe(),
        script: match &package.source {
            SourceSpec::Custom(custom) => Some(custom.script.clone()),
            _ => None,
        },
        can_rebuild: SourceKind::of(&package.source).is_some(),
        facts: facts(package, &found.chroots),
        builds: found.builds.iter().map(|build| view::build_row(build, now)).collect(),
        pages: Pages::new(&url, number, SIZE.into(), found.count.into()),
        history: history(&found.history),
        durations: durations(&found),
        around: Around::new(&project_url, package.name.as_str(), &found.between),
        snippets: snippets(package.name.as_str(), &absolute),
        badge,
        url,
        shell,
    }))
}

/// How a package is built.
fn facts(package: &Package, chroots: &[ChrootName]) -> Vec<(&'static str, String)> {
    let by_itself = match (package.webhook_rebuild, package.poll) {
        (true, true) => "on a webhook, and when the server finds something new",
        (true, false) => "on a webhook",
        (false, true) => "when the server finds something new",
        (false, false) => "no",
    };
    let kept = match package.max_builds {
        0 => "all".to_owned(),
        most => format!("the newest {most}"),
    };
    let usual = u32::try_from(DEFAULT_TIMEOUT.as_secs()).unwrap_or(u32::MAX);
    let timeout = filters::span(package.timeout.unwrap_or(usual).into());
    let mut facts = vec![
        ("Rebuilt by itself", by_itself.to_owned()),
        ("Builds that are kept", kept),
        ("A build may take", timeout),
    ];
    if !package.chroot_denylist.is_empty() {
        let names: Vec<&str> = chroots.iter().map(ChrootName::as_str).collect();
        let left = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        facts.push(("Not built in", package.chroot_denylist.join(", ")));
        facts.push(("Built only in", left));
    }
    facts
}

/// The last builds as bars, oldest first.
fn history(builds: &[Build]) -> Option<Columns> {
    if builds.len() < FEWEST {
        return None;
    }
    let column = |build: &Build| {
        let state = Shown::from(build.state);
        let version = build.version.as_deref().unwrap_or("no version");
        NewColumn {
            name: format!("Build {}, {version}, {}", build.id, state.word),
            value: seconds(build),
            tone: state.tone,
            url: view::build_url(&build.owner, &build.project, build.id),
        }
    };
    let bars: Vec<NewColumn> = builds.iter().rev().map(column).collect();
    Some(Columns::draw("The last builds, and how long each took", Unit::Seconds, bars))
}

/// How long a build took, its source package included; what is not finished counts as nothing yet.
fn seconds(build: &Build) -> u64 {
    let start = build.source_started_on.or(build.started_on);
    let end = build.ended_on.or(build.source_ended_on).filter(|_| build.state.is_finished());
    match (start, end) {
        (Some(start), Some(end)) => end.since(start).as_secs(),
        _ => 0,
    }
}

/// How long the builds took that succeeded, a line for each of the first chroots.
fn durations(found: &PackageDetail) -> Option<LineChart> {
    // Without those that have no time at all, the lines go on.
    let with_time = |(_, times): &(&Build, &Vec<Option<u64>>)| times.iter().any(Option::is_some);
    let timed: Vec<(&Build, &Vec<Option<u64>>)> =
        found.history.iter().zip(&found.times).rev().filter(with_time).collect();
    if timed.len() < FEWEST {
        return None;
    }
    let moment = |build: &Build| match &build.version {
        Some(version) => format!("{} · {version}", build.id),
        None => build.id.to_string(),
    };
    let moments: Vec<String> = timed.iter().map(|(build, _)| moment(build)).collect();
    let values: Vec<Vec<Option<u64>>> = (0..found.columns.len().min(TONES.len()))
        .map(|at| timed.iter().map(|(_, times)| times[at]).collect())
        .collect();
    let series: Vec<Series<'_>> = values
        .iter()
        .zip(&found.columns)
        .zip(TONES)
        .map(|((values, chroot), tone)| Series { name: chroot.as_str(), tone, values })
        .collect();
    let title = "How long a successful build takes, by chroot";
    Some(LineChart::draw(title, Unit::Seconds, &moments, &series, 4, moments.len()))
}

/// What to put into a page or a README to show how the package is doing.
fn snippets(name: &str, url: &str) -> [(&'static str, String); 2] {
    let badge = format!("{url}status_image/last_build.png");
    [
        ("Markdown", format!("[![Build of {name}]({badge})]({url})")),
        ("HTML", format!("<a href=\"{url}\"><img src=\"{badge}\" alt=\"Build of {name}\"></a>")),
    ]
}
