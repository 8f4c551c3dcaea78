//! How to install from a project, release by release.

use crate::clock::Timestamp;
use crate::config::BaseUrl;
use crate::model::ChrootName;
use crate::model::project::{ChrootSettings, Project};
use crate::ops::install::days_until;
use crate::ops::overview::OfferedChroot;
use crate::web::parts::{BuildRow, Moment, State, release_title};
use crate::web::view;

/// A release that can be installed on, and how.
pub struct Release {
    /// As people call it.
    pub title: String,
    /// Its chroots, one for each architecture.
    pub chroots: Vec<Chroot>,
    /// Its commands are shown at once.
    pub open: bool,
    /// It goes away, or no longer grows: why, and when.
    pub note: Option<String>,
    /// The repository files.
    pub files: Vec<RepoFile>,
    /// The commands, those that fit best first.
    pub ways: Vec<Way>,
}

/// A chroot of a release.
pub struct Chroot {
    /// Its architecture.
    pub arch: String,
    /// Its newest build.
    pub newest: Option<Newest>,
    /// What the project changes in it.
    pub changes: Vec<(&'static str, String)>,
}

/// The newest build of a chroot.
pub struct Newest {
    /// How it is doing there.
    pub state: State,
    /// The build.
    pub build: BuildRow,
    /// When it began there.
    pub began: Moment,
}

/// A repository file.
pub struct RepoFile {
    /// Which one it is, in a word.
    pub label: String,
    /// Its address on this server.
    pub url: String,
    /// Its name.
    pub name: String,
}

/// One way to get at the packages.
pub struct Way {
    /// What it is for.
    pub title: &'static str,
    /// The command.
    pub command: String,
    /// It is typed into a shell; else it belongs into a file.
    pub shell: bool,
}

/// The releases of a project, in the order in which each first comes; those that are going away
/// last.
pub fn releases(
    project: &Project,
    chroots: &[OfferedChroot],
    installable: Option<&str>,
    base_url: &BaseUrl,
    now: Timestamp,
) -> Vec<Release> {
    let mut groups: Vec<(&str, Vec<&OfferedChroot>)> = Vec::new();
    for offered in chroots {
        let release = offered.used.chroot.name.name_release();
        match groups.iter_mut().find(|(known, _)| *known == release) {
            Some((_, members)) => members.push(offered),
            None => groups.push((release, vec![offered])),
        }
    }
    groups.sort_by_key(|(_, members)| !members.iter().any(|one| is_alive(one)));
    let make = |(at, (name, members)): (usize, (&str, Vec<&OfferedChroot>))| {
        let title = members.first().map(|one| release_title(&one.used.chroot.name));
        let places = Places::new(project, name, base_url);
        Release {
            title: title.unwrap_or_default(),
            open: at == 0,
            note: note(&members),
            files: files(project, &places, &members),
            ways: ways(&places, installable, members.first().map(|one| &one.used.chroot.name)),
            chroots: members.iter().map(|one| chroot(one, now)).collect(),
        }
    };
    groups.into_iter().enumerate().map(make).collect()
}

/// Builds still go there.
fn is_alive(offered: &OfferedChroot) -> bool {
    offered.used.is_enabled() && offered.used.chroot.active
}

/// What is to be said of a release in which nothing is built any more, in some architecture.
fn note(members: &[&OfferedChroot]) -> Option<String> {
    let gone: Vec<_> = members.iter().filter(|one| !is_alive(one)).collect();
    let first = gone.first()?;
    let why = if first.used.is_enabled() {
        "The server no longer offers this release"
    } else {
        "The project has switched this release off"
    };
    let which = if gone.len() == members.len() {
        String::new()
    } else {
        let arches: Vec<&str> = gone.iter().map(|one| one.used.chroot.name.arch()).collect();
        format!(" for {}", arches.join(" and "))
    };
    Some(match gone.iter().filter_map(|one| one.used.ends_on()).min() {
        Some(end) => format!(
            "{why}{which}: its packages go away on {}, in {} days.",
            end.date(),
            days_until(end)
        ),
        None => format!("{why}{which}: its packages stay, and no new ones come."),
    })
}

/// Where the repository file of a release is.
struct Places {
    path: String,
    url: String,
    file: String,
    short: String,
}

impl Places {
    fn new(project: &Project, release: &str, base_url: &BaseUrl) -> Places {
        let short = format!("{}-{}", project.owner.in_repo_id(), project.name);
        let file = format!("{short}-{release}.repo");
        let path =
            format!("{}repo/{release}/{file}", view::project_url(&project.owner, &project.name));
        Places { url: format!("{base_url}{path}"), path, file, short }
    }
}

/// One file for all architectures; more for those that take packages of another one along.
fn files(project: &Project, places: &Places, members: &[&OfferedChroot]) -> Vec<RepoFile> {
    let mut files = vec![RepoFile {
        label: "all architectures".to_owned(),
        url: places.path.clone(),
        name: places.file.clone(),
    }];
    let has = |arch: &str| members.iter().any(|one| one.used.chroot.name.arch() == arch);
    if project.settings.multilib && has("x86_64") && has("i386") {
        files.push(RepoFile {
            label: "x86_64 with i386".to_owned(),
            url: format!("{}?arch=x86_64", places.path),
            name: places.file.clone(),
        });
    }
    files
}

/// The commands for a release, the one that its own package manager has first.
fn ways(places: &Places, installable: Option<&str>, chroot: Option<&ChrootName>) -> Vec<Way> {
    let Places { url, short, .. } = places;
    let distribution = chroot.map_or("", ChrootName::distribution);
    let version = chroot.map_or("", ChrootName::version);
    let is_suse = distribution.starts_with("opensuse") || distribution.starts_with("sle");
    // Fedora changed over with release 41; what is numbered lower, and what is made of it, has not.
    let has_dnf5 = match version.parse::<f64>() {
        Ok(number) if distribution == "fedora" => number >= 41.0,
        Ok(_) => distribution == "mageia" || distribution == "amazonlinux",
        Err(_) => true,
    };
    let shell = |title, command| Way { title, command, shell: true };
    let dnf5 = shell("DNF 5", format!("sudo dnf config-manager addrepo --from-repofile={url}"));
    let dnf4 = shell("DNF 4", format!("sudo dnf config-manager --add-repo {url}"));
    let zypper = shell("Zypper", format!("sudo zypper addrepo {url}"));
    let package = installable.unwrap_or("PACKAGE");
    let (dir, install) = if is_suse {
        ("/etc/zypp/repos.d", format!("zypper --non-interactive install {package}"))
    } else {
        ("/etc/yum.repos.d", format!("dnf install -y {package}"))
    };
    let container = Way {
        title: "Containerfile",
        command: format!("RUN curl -fsSLo {dir}/{short}.repo {url} && {install}"),
        shell: false,
    };
    let by_hand = shell("By hand", format!("sudo curl -fsSLo {dir}/{short}.repo {url}"));
    let mut ways = if is_suse {
        vec![zypper, container, by_hand]
    } else if has_dnf5 {
        vec![dnf5, dnf4, zypper, container, by_hand]
    } else {
        vec![dnf4, dnf5, zypper, container, by_hand]
    };
    if let Some(package) = installable {
        let tool = if is_suse { "zypper" } else { "dnf" };
        ways.push(shell("Then", format!("sudo {tool} install {package}")));
    }
    ways
}

fn chroot(offered: &OfferedChroot, now: Timestamp) -> Chroot {
    let newest = offered.newest.as_ref().map(|(build, part)| Newest {
        state: part.state.into(),
        build: view::build_row(build, now),
        began: Moment::new(part.started_on.unwrap_or(build.submitted_on), now),
    });
    Chroot {
        arch: offered.used.chroot.name.arch().to_owned(),
        newest,
        changes: changes(&offered.used.settings),
    }
}

/// What a project changes in one of its chroots.
fn changes(settings: &ChrootSettings) -> Vec<(&'static str, String)> {
    let repos: Vec<String> = settings.additional_repos.iter().map(ToString::to_string).collect();
    let word = |value: Option<String>| value.into_iter().collect::<Vec<String>>();
    let all = [
        ("Packages in the build root", settings.additional_packages.join(" ")),
        ("Repositories", repos.join(" ")),
        ("Modules", settings.additional_modules.join(", ")),
        ("rpmbuild --with", settings.with_opts.join(" ")),
        ("rpmbuild --without", settings.without_opts.join(" ")),
        ("Package groups", word(settings.comps_name.clone()).join("")),
        ("Bootstrap", word(settings.bootstrap.map(|value| value.to_string())).join("")),
        ("Bootstrap image", word(settings.bootstrap_image.clone()).join("")),
        ("Isolation", word(settings.isolation.map(|value| value.to_string())).join("")),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(chroot: &str, installable: Option<&str>) -> Vec<&'static str> {
        let places = Places {
            path: "/f.repo".into(),
            url: "http://h/f.repo".into(),
            file: "f.repo".into(),
            short: "f".into(),
        };
        let name: ChrootName = chroot.parse().unwrap();
        ways(&places, installable, Some(&name)).iter().map(|way| way.title).collect()
    }

    #[test]
    fn the_command_of_the_release_comes_first() {
        assert_eq!(titles("fedora-42-x86_64", None)[..2], ["DNF 5", "DNF 4"]);
        assert_eq!(titles("fedora-rawhide-x86_64", None)[0], "DNF 5");
        assert_eq!(titles("fedora-40-x86_64", None)[0], "DNF 4");
        assert_eq!(titles("epel-9-x86_64", None)[0], "DNF 4");
        let leap = titles("opensuse-leap-15.6-x86_64", Some("hello"));
        assert_eq!(leap, ["Zypper", "Containerfile", "By hand", "Then"]);
    }

    #[test]
    fn only_what_differs_is_a_change() {
        assert!(changes(&ChrootSettings::default()).is_empty());
        let settings = ChrootSettings {
            with_opts: vec!["tests".into(), "docs".into()],
            ..ChrootSettings::default()
        };
        assert_eq!(changes(&settings), [("rpmbuild --with", "tests docs".to_owned())]);
    }
}
