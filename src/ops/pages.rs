//! What the pages show: for each of them, everything it needs, read in one go.

use super::authorise::{self, Action, Rights};
use super::statistics::{self, QueueHistory};
use super::{Error, Result, personal, pins};
use crate::clock::Timestamp;
use crate::model::build::{Build, BuildChroot};
use crate::model::chroot::ChrootRecipe;
use crate::model::list::{Direction, ProjectKey, Slice};
use crate::model::nevra::Nevra;
use crate::model::project::Project;
use crate::model::user::User;
use crate::model::{BuildId, ChrootName, Owner, ProjectName, UserId};
use crate::store::builds::Filter;
use crate::store::statistics::QUEUE_DAY;
use crate::store::{
    Connection, build_chroots, builds, chroots, groups, jobs, packages, permissions,
    project_chroots, projects, users,
};

/// How many of its last builds a project shows at a glance.
const AT_A_GLANCE: u32 = 24;

/// A project in a list.
pub struct ProjectCard {
    /// The project.
    pub project: Project,
    /// What it is built for.
    pub chroots: Vec<ChrootName>,
    /// Its newest build.
    pub last: Option<Build>,
}

/// The home page.
pub struct Home {
    /// The newest projects.
    pub projects: Vec<ProjectCard>,
    /// There are older ones.
    pub more: bool,
    /// The newest builds.
    pub latest: Vec<Build>,
    /// The projects that who is looking has pinned; where there are none, those in which they have
    /// built last.
    pub own: Vec<ProjectCard>,
    /// The former.
    pub is_pinned: bool,
    /// The queue of the last day.
    pub history: QueueHistory,
    /// How many projects there are.
    pub project_count: u32,
    /// How many builds there have ever been.
    pub build_count: u64,
    /// How many jobs are in the queue.
    pub queued: u32,
    /// How many jobs are at work.
    pub running: u32,
    /// A chroot that can be built in, for the first steps.
    pub any_chroot: Option<ChrootName>,
}

/// Reads the home page's part of the list of projects, and what else it shows.
pub fn home(db: &Connection, slice: Slice, viewer: Option<&User>, now: Timestamp) -> Result<Home> {
    let mut found = projects::newest(db, one_more(slice))?;
    let more = cut(&mut found, slice);
    let (queued, running) = jobs::counts(db)?;
    let mut own = match viewer {
        Some(viewer) => pins::pinned(db, &Owner::User(viewer.name.clone()))?,
        None => Vec::new(),
    };
    let is_pinned = !own.is_empty();
    if let Some(viewer) = viewer.filter(|_| !is_pinned) {
        own = projects::these(db, &builds::last_projects(db, viewer.id, 4)?)?;
    }
    Ok(Home {
        own: cards(db, own)?,
        is_pinned,
        history: statistics::queue(db, QUEUE_DAY, now)?,
        projects: cards(db, found)?,
        more,
        latest: builds::newest(db, Slice::first(8))?,
        project_count: projects::count(db, None)?,
        build_count: builds::ever(db)?,
        queued,
        running,
        any_chroot: any_chroot(db)?,
    })
}

/// Reads the newest projects of all, or of those that are listed.
pub fn newest_projects(db: &Connection, slice: Slice, unlisted: bool) -> Result<Vec<Project>> {
    if !unlisted {
        return Ok(projects::newest(db, slice)?);
    }
    let order = (ProjectKey::Id, Direction::Descending);
    Ok(projects::list(db, None, order, slice)?)
}

/// Reads builds that have ended since then, the last one first, and says whether there are more.
pub fn ended_since(db: &Connection, since: Timestamp, slice: Slice) -> Result<(Vec<Build>, bool)> {
    let mut found = builds::ended(db, since, one_more(slice))?;
    let more = cut(&mut found, slice);
    Ok((found, more))
}

/// Reads what a user has handed in since then, the last one first, and says whether there is more.
pub fn submitted_since(
    db: &Connection,
    user: UserId,
    since: Timestamp,
    slice: Slice,
) -> Result<(Vec<Build>, bool)> {
    let mut found = builds::submitted_by(db, user, since, one_more(slice))?;
    let more = cut(&mut found, slice);
    Ok((found, more))
}

/// A page of an owner's projects.
pub struct OwnersProjects {
    /// The projects.
    pub projects: Vec<ProjectCard>,
    /// Those that the owner has put in front, in order.
    pub pinned: Vec<ProjectCard>,
    /// How many there are in all.
    pub count: u32,
    /// What the owner says of itself, as Markdown.
    pub profile: String,
    /// The mail address of a user, for those who are logged in.
    pub email: Option<String>,
    /// The groups of a user, or the members of a group.
    pub belongs: Vec<String>,
    /// The viewer may make projects here.
    pub may_create: bool,
    /// The viewer may change what the owner says of itself.
    pub may_speak: bool,
    /// A chroot that can be built in, for the first steps.
    pub any_chroot: Option<ChrootName>,
}

/// Reads part of the list of an owner's projects, newest first. An owner without projects must at
/// least exist.
pub fn owner(
    db: &Connection,
    owner: &Owner,
    slice: Slice,
    viewer: Option<&User>,
) -> Result<OwnersProjects> {
    let count = projects::count(db, Some(owner))?;
    if count == 0 {
        check_owner(db, owner)?;
    }
    let (email, belongs) = match owner {
        Owner::User(name) => match users::find(db, name)? {
            Some(user) => {
                let groups = groups::of_user(db, user.id)?;
                let names = groups.iter().map(|group| format!("@{}", group.name)).collect();
                (user.email, names)
            }
            None => (None, Vec::new()),
        },
        Owner::Group(name) => match groups::find(db, name)? {
            Some(group) => {
                let members = groups::members(db, group.id)?;
                (None, members.iter().map(|user| user.name.to_string()).collect())
            }
            None => (None, Vec::new()),
        },
    };
    let may = |action| viewer.map_or(Ok(false), |viewer| authorise::may(db, viewer, action));
    let order = (ProjectKey::Id, Direction::Descending);
    let found = projects::list(db, Some(owner), order, slice)?;
    Ok(OwnersProjects {
        projects: cards(db, found)?,
        pinned: cards(db, pins::pinned(db, owner)?)?,
        count,
        profile: personal::profile(db, owner)?,
        email: email.filter(|_| viewer.is_some()),
        belongs,
        may_create: may(Action::CreateProject(owner))?,
        may_speak: may(Action::EditProfile(owner))?,
        any_chroot: any_chroot(db)?,
    })
}

/// An error when there is no such user or group.
pub(super) fn check_owner(db: &Connection, owner: &Owner) -> Result<()> {
    let (what, is_there) = match owner {
        Owner::User(name) => ("user", users::find(db, name)?.is_some()),
        Owner::Group(name) => ("group", groups::find(db, name)?.is_some()),
    };
    if is_there {
        return Ok(());
    }
    Err(Error::NotFound(format!("There is no {what} {owner} on this server.")))
}

/// What all pages of a project show.
pub struct ProjectHead {
    /// The project.
    pub project: Project,
    /// How many packages it has.
    pub packages: u32,
    /// How many builds it has.
    pub builds: u32,
    /// The last of them, newest first.
    pub last: Vec<Build>,
    /// What the viewer may do with it.
    pub rights: Rights,
    /// How many users have asked for a role and wait for the viewer's answer.
    pub requests: u32,
}

/// Reads a project for a viewer; the error names what is missing.
pub fn head(
    db: &Connection,
    owner: &Owner,
    name: &ProjectName,
    viewer: Option<&User>,
) -> Result<ProjectHead> {
    let project = projects::find(db, owner, name)?
        .ok_or_else(|| Error::NotFound(format!("There is no project {owner}/{name} here.")))?;
    let packages = packages::count(db, project.id)?;
    let builds = builds::count(db, project.id)?;
    let last = builds::list(db, project.id, Filter::default(), Slice::first(AT_A_GLANCE))?;
    let rights = Rights::of(db, viewer, &project)?;
    let requests = if rights.permissions { permissions::requests(db, project.id)? } else { 0 };
    Ok(ProjectHead { project, packages, builds, last, rights, requests })
}

/// A build with its parts.
pub struct BuildDetail {
    /// What all pages of its project show.
    pub head: ProjectHead,
    /// The build.
    pub build: Build,
    /// Its chroots.
    pub parts: Vec<BuildPart>,
    /// The viewer may stop it.
    pub may_cancel: bool,
    /// The viewer may delete it.
    pub may_delete: bool,
}

/// One chroot of a build.
pub struct BuildPart {
    /// The chroot.
    pub chroot: BuildChroot,
    /// What was built there.
    pub packages: Vec<Nevra>,
    /// What builds there, unless the server no longer offers the chroot.
    pub recipe: Option<ChrootRecipe>,
}

/// Reads a build by its number alone.
pub fn build(db: &Connection, id: BuildId) -> Result<Build> {
    builds::get(db, id)?
        .ok_or_else(|| Error::NotFound(format!("There is no build {id} on this server.")))
}

/// Reads a build with its parts.
pub fn build_detail(db: &Connection, id: BuildId, viewer: Option<&User>) -> Result<BuildDetail> {
    let build = build(db, id)?;
    let head = head(db, &build.owner, &build.project, viewer)?;
    let may_cancel = head.rights.build && !build.state.is_finished();
    let may_delete = match viewer {
        Some(viewer) if build.state.is_finished() => {
            authorise::may(db, viewer, Action::DeleteBuild(&head.project, id))?
        }
        _ => false,
    };
    let mut parts = Vec::new();
    for chroot in build_chroots::list(db, id, Slice::default())? {
        parts.push(BuildPart {
            packages: build_chroots::packages(db, chroot.id)?,
            recipe: chroots::find(db, &chroot.name)?.map(|chroot| chroot.recipe),
            chroot,
        });
    }
    Ok(BuildDetail { head, build, parts, may_cancel, may_delete })
}

pub(super) fn cards(db: &Connection, found: Vec<Project>) -> Result<Vec<ProjectCard>> {
    let card = |project: Project| {
        let chroots = project_chroots::enabled_names(db, project.id)?;
        let last = builds::list(db, project.id, Filter::default(), Slice::first(1))?.pop();
        Ok(ProjectCard { project, chroots, last })
    };
    found.into_iter().map(card).collect()
}

fn any_chroot(db: &Connection) -> Result<Option<ChrootName>> {
    let mut active = chroots::list(db)?.into_iter().filter(|chroot| chroot.active);
    Ok(active.next().map(|chroot| chroot.name))
}

/// The slice with one row more, which tells whether there is a next page.
pub(super) fn one_more(slice: Slice) -> Slice {
    Slice { limit: slice.limit.map(|limit| limit + 1), ..slice }
}

/// Takes that row away again, and says whether it was there.
pub(super) fn cut<T>(rows: &mut Vec<T>, slice: Slice) -> bool {
    let Some(limit) = slice.limit else { return false };
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    more
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::project::ProjectSettings;
    use crate::store::projects::NewProject;
    use crate::store::testing;

    #[test]
    fn a_page_knows_whether_there_is_another() {
        let slice = Slice::first(2);
        let mut rows = vec![1, 2, 3];
        assert!(cut(&mut rows, slice));
        assert_eq!(rows, [1, 2]);
        assert!(!cut(&mut rows, slice));
        assert_eq!(one_more(slice).limit, Some(3));
    }

    #[test]
    fn what_is_not_there_is_named() {
        let store = testing::store();
        let error = |result: Result<()>| result.unwrap_err().to_string();
        store
            .read_now(|db| {
                let (alice, tools) = ("alice".parse().unwrap(), "tools".parse().unwrap());
                let missing = error(head(db, &alice, &tools, None).map(drop));
                assert_eq!(missing, "There is no project alice/tools here.");
                let missing =
                    error(owner(db, &"@devs".parse().unwrap(), Slice::first(1), None).map(drop));
                assert_eq!(missing, "There is no group @devs on this server.");
                let missing = error(build(db, BuildId(7)).map(drop));
                assert_eq!(missing, "There is no build 7 on this server.");
                Ok::<_, Error>(())
            })
            .unwrap();
    }

    #[test]
    fn an_unlisted_project_is_not_at_home_but_at_its_owners() {
        let store = testing::store();
        store
            .write_now(|tx| {
                let alice =
                    users::insert(tx, &"alice".parse().unwrap(), None, false, Timestamp(0))?;
                for (name, unlisted) in [("open", false), ("hidden", true)] {
                    let settings = ProjectSettings { unlisted, ..ProjectSettings::default() };
                    let new = NewProject {
                        owner: &"alice".parse().unwrap(),
                        name: &name.parse().unwrap(),
                        creator: alice,
                        persistent: false,
                        delete_after: None,
                        settings: &settings,
                    };
                    projects::insert(tx, &new)?;
                }
                let home = home(tx, Slice::first(10), None, Timestamp(0))?;
                assert_eq!(home.projects.len(), 1);
                assert!(!home.more);
                let mine = owner(tx, &"alice".parse().unwrap(), Slice::first(10), None)?;
                assert_eq!((mine.projects.len(), mine.count), (2, 2));
                Ok::<_, Error>(())
            })
            .unwrap();
    }
}
