//! The values that the parts of `templates/parts.html` show, ready for print.

use std::sync::OnceLock;

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use super::filters;
use super::form::Flash;
use crate::auth::guard::Caller;
use crate::clock::Timestamp;
use crate::model::user::User;
use crate::model::{BuildState, ChrootName, ChrootState, SourceState};
use crate::ops::authorise::Rights;

/// What surrounds a page's own content.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// Who is looking.
    pub viewer: Option<User>,
    /// Where logging in leads back to.
    pub after_login: Option<String>,
    /// What the page before has to say.
    pub flash: Option<Flash>,
}

/// Who sent this request, for error pages, which cannot ask the store.
type Viewer = OnceLock<Shell>;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Shell {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Shell, ()> {
        let viewer = match Caller::from_request(request).await {
            Outcome::Success(Caller(viewer)) => viewer,
            Outcome::Error(error) => return Outcome::Error(error),
            Outcome::Forward(status) => return Outcome::Forward(status),
        };
        let path = request.uri().path().to_string();
        let after_login = (path != "/" && !path.starts_with("/log")).then_some(path);
        let shell = Shell { viewer, after_login, flash: Flash::take(request) };
        // A second guard of the same request would say the same.
        let _ = request.local_cache(Viewer::new).set(shell.clone());
        Outcome::Success(shell)
    }
}

impl Shell {
    /// What a guard has found out about this request; nobody, when none has.
    pub fn known(request: &Request<'_>) -> Shell {
        request.local_cache(Viewer::new).get().cloned().unwrap_or_default()
    }
}

/// A state's shape; with the word and the colour one of three ways to tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Done and well.
    Tick,
    /// Failed.
    Cross,
    /// Something is going on.
    Turning,
    /// Its turn will come.
    Ring,
    /// Stopped by somebody.
    Stopped,
    /// Passed over.
    Passed,
    /// Taken over from another project.
    Fork,
}

/// A state as pages show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Copr's word for it.
    pub word: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// The colour's name in the style sheet.
    pub tone: &'static str,
    /// The shape.
    pub shape: Shape,
}

impl From<BuildState> for State {
    fn from(state: BuildState) -> State {
        use BuildState as S;
        let (tone, shape, meaning) = match state {
            S::Importing => ("busy", Shape::Turning, "the source package is being handed on"),
            S::Pending => ("still", Shape::Ring, "waits for its turn"),
            S::Starting => ("busy", Shape::Turning, "a place to work is being made"),
            S::Running => ("busy", Shape::Turning, "at work"),
            S::Succeeded => ("ok", Shape::Tick, "published: dnf can install it"),
            S::Forked => ("copy", Shape::Fork, "taken over from another project"),
            S::Skipped => ("still", Shape::Passed, "not meant for these chroots"),
            S::Failed => ("bad", Shape::Cross, "at least one part failed"),
            S::Canceled => ("still", Shape::Stopped, "stopped by a user"),
            S::Waiting => ("still", Shape::Ring, "waits for something else"),
        };
        State { word: state.as_str(), meaning, tone, shape }
    }
}

impl From<ChrootState> for State {
    fn from(state: ChrootState) -> State {
        use ChrootState as S;
        let whole = match state {
            S::Waiting => BuildState::Waiting,
            S::Pending => BuildState::Pending,
            S::Starting => BuildState::Starting,
            S::Running => BuildState::Running,
            S::Succeeded => BuildState::Succeeded,
            S::Failed => BuildState::Failed,
            S::Canceled => BuildState::Canceled,
            S::Skipped => BuildState::Skipped,
            S::Forked => BuildState::Forked,
        };
        let meaning = match state {
            S::Waiting => "waits for the source package",
            S::Failed => "not built, or not published",
            S::Skipped => "not meant for this chroot",
            _ => State::from(whole).meaning,
        };
        State { meaning, ..State::from(whole) }
    }
}

impl From<SourceState> for State {
    fn from(state: SourceState) -> State {
        use SourceState as S;
        let whole = match state {
            S::Pending => BuildState::Pending,
            S::Starting => BuildState::Starting,
            S::Running => BuildState::Running,
            S::Importing => BuildState::Importing,
            S::Succeeded => BuildState::Succeeded,
            S::Failed => BuildState::Failed,
            S::Canceled => BuildState::Canceled,
            S::Forked => BuildState::Forked,
        };
        let meaning = match state {
            S::Succeeded => "the source package is there",
            S::Failed => "there is no source package",
            _ => State::from(whole).meaning,
        };
        State { meaning, ..State::from(whole) }
    }
}

/// A point in time.
#[derive(Clone, Debug)]
pub struct Moment {
    /// For machines.
    pub iso: String,
    /// For people who want to know.
    pub exact: String,
    /// For everybody else.
    pub ago: String,
}

impl Moment {
    /// `at`, seen from `now`.
    pub fn new(at: Timestamp, now: Timestamp) -> Moment {
        let iso = at.rfc3339();
        let exact = iso.replace('T', " ").replace('Z', " UTC");
        Moment { iso, exact, ago: filters::ago(now.since(at).as_secs()) }
    }
}

/// How long something took.
#[derive(Clone, Debug)]
pub enum Took {
    /// It has ended.
    Done(String),
    /// It goes on since then, which is so long ago.
    Since(Moment, String),
    /// It has not begun.
    Not,
}

impl Took {
    /// From a start to an end, seen from `now`.
    pub fn new(start: Option<Timestamp>, end: Option<Timestamp>, now: Timestamp) -> Took {
        match (start, end) {
            (Some(start), Some(end)) => Took::Done(filters::span(end.since(start).as_secs())),
            (Some(start), None) => {
                Took::Since(Moment::new(start, now), filters::span(now.since(start).as_secs()))
            }
            (None, _) => Took::Not,
        }
    }
}

/// Where one is in a list that does not fit one page.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// The page with newer entries.
    pub newer: Option<String>,
    /// The page with older entries.
    pub older: Option<String>,
    /// "page 2 of 9".
    pub position: String,
}

impl Pages {
    /// Page `number` (from 1) of a list at `address` whose length nobody has counted.
    pub fn open(address: &str, number: u64, more: bool) -> Pages {
        let last = if more { number + 1 } else { number };
        Pages { position: format!("page {number}"), ..Pages::new(address, number, 1, last) }
    }

    /// Page `number` (from 1) of a list of `total` entries, `size` to a page, at `address`.
    pub fn new(address: &str, number: u64, size: u64, total: u64) -> Pages {
        let last = total.div_ceil(size).max(1);
        let mark = if address.contains('?') { '&' } else { '?' };
        let link = |n: u64| {
            if n == 1 { address.to_owned() } else { format!("{address}{mark}page={n}") }
        };
        Pages {
            newer: (number > 1).then(|| link((number - 1).min(last))),
            older: (number < last).then(|| link(number + 1)),
            position: format!("page {number} of {last}"),
        }
    }
}

/// A release that a project is built for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseChip {
    /// As people call it.
    pub title: String,
    /// As addresses call it: `fedora-44`.
    pub name: String,
    /// Its architectures.
    pub arches: Vec<String>,
}

impl ReleaseChip {
    /// Chroots put together by release, in the order in which each release first comes.
    pub fn group<'a>(chroots: impl IntoIterator<Item = &'a ChrootName>) -> Vec<ReleaseChip> {
        let mut releases: Vec<ReleaseChip> = Vec::new();
        for chroot in chroots {
            let arch = chroot.arch().to_owned();
            match releases.iter_mut().find(|release| release.name == chroot.name_release()) {
                Some(release) => release.arches.push(arch),
                None => releases.push(ReleaseChip {
                    title: release_title(chroot),
                    name: chroot.name_release().to_owned(),
                    arches: vec![arch],
                }),
            }
        }
        releases
    }
}

/// What people call a chroot's release: "CentOS Stream 10".
pub fn release_title(chroot: &ChrootName) -> String {
    let system = match chroot.distribution() {
        "fedora" => "Fedora",
        "fedora-eln" => "Fedora ELN",
        "epel" => "EPEL",
        "rhel" => "RHEL",
        "rhel+epel" => "RHEL and EPEL",
        "centos" => "CentOS",
        "centos-stream" => "CentOS Stream",
        "alma" | "almalinux" => "AlmaLinux",
        "rocky" => "Rocky Linux",
        "oraclelinux" => "Oracle Linux",
        "amazonlinux" => "Amazon Linux",
        "opensuse-leap" => "openSUSE Leap",
        "opensuse" => "openSUSE",
        "mageia" => "Mageia",
        "openmandriva" => "OpenMandriva",
        "openeuler" => "openEuler",
        "debian" => "Debian",
        other => other,
    };
    let version = chroot.version();
    let mut letters = version.chars();
    match letters.next() {
        Some(first) if first.is_ascii_lowercase() => {
            format!("{system} {}{}", first.to_ascii_uppercase(), letters.as_str())
        }
        _ => format!("{system} {version}"),
    }
}

/// A build in a list.
#[derive(Clone, Debug)]
pub struct BuildRow {
    /// Its number.
    pub id: i64,
    /// Its page.
    pub url: String,
    /// Package and version, or what is known of them.
    pub title: String,
    /// The package, or what it will be made from.
    pub package: String,
    /// The version, once known.
    pub version: String,
    /// `owner/project`.
    pub project: String,
    /// The project's page.
    pub project_url: String,
    /// The directory, unless it is the main one.
    pub dir: String,
    /// Its state.
    pub state: State,
    /// When it was handed in.
    pub submitted: Moment,
    /// Who handed it in.
    pub by: Option<String>,
    /// How long it took.
    pub took: Took,
}

/// A project in a list.
#[derive(Clone, Debug)]
pub struct ProjectRow {
    /// Whose it is.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Its page.
    pub url: String,
    /// The beginning of its description.
    pub said: String,
    /// What it is built for.
    pub releases: Vec<ReleaseChip>,
    /// Its newest build.
    pub last: Option<BuildRow>,
    /// When it was made.
    pub created: Moment,
}

/// A step on the way to the first build.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is about.
    pub what: String,
    /// What to type.
    pub commands: Vec<String>,
}

/// What stands above every page of a project.
#[derive(Clone, Debug)]
pub struct Masthead {
    /// Whose it is.
    pub owner: String,
    /// The owner's page.
    pub owner_url: String,
    /// The project's name.
    pub name: String,
    /// The project's page, with a slash at its end.
    pub url: String,
    /// Which tab is open.
    pub tab: &'static str,
    /// How many packages there are.
    pub packages: u64,
    /// How many builds there are.
    pub builds: u64,
    /// The last builds, oldest first.
    pub history: Vec<Bar>,
    /// The width of the picture of them.
    pub history_width: usize,
    /// What the viewer may do with the project.
    pub rights: Rights,
    /// How many users have asked for a role and wait for the viewer's answer.
    pub requests: u32,
}

/// One build in the picture of the last builds.
#[derive(Clone, Debug)]
pub struct Bar {
    /// The build's page.
    pub url: String,
    /// What it stands for, in words.
    pub title: String,
    /// The colour's name.
    pub tone: &'static str,
    /// The left edge.
    pub x: usize,
    /// The upper edge.
    pub top: u64,
    /// From there to the foot.
    pub height: u64,
    /// Drawn with a gap above its foot: the build failed.
    pub broken: bool,
    /// The part above that gap.
    pub upper: u64,
}

impl Bar {
    /// Height of the picture.
    const FOOT: u64 = 36;
    /// From one bar to the next.
    pub const STEP: usize = 9;

    /// The bars for builds given newest first, with the seconds each has taken; the longest
    /// fills the height, the others follow its logarithm.
    pub fn draw(builds: &[(BuildRow, u64)]) -> Vec<Bar> {
        let weight = |seconds: u64| u64::from((seconds + 1).ilog2()) + 1;
        let most = builds.iter().map(|(_, seconds)| weight(*seconds)).max().unwrap_or(1);
        let draw = |(at, (build, seconds)): (usize, &(BuildRow, u64))| {
            let height = (Self::FOOT - 12) * weight(*seconds) / most + 12;
            let top = Self::FOOT - height;
            Bar {
                url: build.url.clone(),
                title: format!("build {}, {}: {}", build.id, build.title, build.state.word),
                tone: build.state.tone,
                x: at * Self::STEP,
                top,
                height,
                broken: build.state.shape == Shape::Cross,
                upper: height - 7,
            }
        };
        builds.iter().rev().enumerate().map(draw).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_states_of_different_meaning_share_shape_and_colour() {
        let ok = State::from(BuildState::Succeeded);
        let bad = State::from(BuildState::Failed);
        let fork = State::from(BuildState::Forked);
        assert!(ok.shape != bad.shape && ok.tone != bad.tone && fork.shape != ok.shape);
        assert_eq!(State::from(ChrootState::Skipped).word, "skipped");
        assert_eq!(State::from(SourceState::Failed).meaning, "there is no source package");
    }

    #[test]
    fn chroots_are_put_together_by_release() {
        let names: Vec<ChrootName> = [
            "fedora-44-x86_64",
            "centos-stream-10-x86_64",
            "fedora-44-aarch64",
            "fedora-rawhide-x86_64",
        ]
        .iter()
        .map(|name| name.parse().unwrap())
        .collect();
        let releases = ReleaseChip::group(&names);
        let titles: Vec<&str> = releases.iter().map(|r| r.title.as_str()).collect();
        assert_eq!(titles, ["Fedora 44", "CentOS Stream 10", "Fedora Rawhide"]);
        assert_eq!(releases[0].arches, ["x86_64", "aarch64"]);
    }

    #[test]
    fn pages_lead_to_their_neighbours() {
        let middle = Pages::new("/x/", 2, 10, 30);
        assert_eq!(middle.newer.as_deref(), Some("/x/"));
        assert_eq!(middle.older.as_deref(), Some("/x/?page=3"));
        let only = Pages::new("/x/", 1, 10, 0);
        assert!(only.newer.is_none() && only.older.is_none());
    }
}
