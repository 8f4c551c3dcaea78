//! What waits, in the order in which it will be taken, and when that is likely to be.
//!
//! The order is the scheduler's own: its rules are asked again and again, as if each task took as
//! long as the same package took in the same chroot before. What comes in later, and the chroots
//! that source builds give work to, are not foreseen.

use std::collections::{HashMap, VecDeque};

use super::Result;
use crate::clock::Timestamp;
use crate::model::build::Build;
use crate::model::job::Candidate;
use crate::model::{BuildId, ChrootId, PackageId};
use crate::runner::scheduler;
use crate::store::queue::{Crowd, OpenBatch, Task};
use crate::store::{Connection, builds, jobs, queue, statistics};

/// How far the future is looked into, in tasks.
pub const HORIZON: u32 = 1_000;
/// How much of a line is read at a time.
const PART: u32 = 50;
/// What a task is taken to need where nothing is known, in seconds.
const UNKNOWN: u64 = 120;

/// Something that waits.
pub struct Waiting {
    /// What it is.
    pub task: Task,
    /// Its build.
    pub build: Build,
    /// How many are taken before it, and itself.
    pub position: u32,
    /// In how many seconds it begins, likely; `None` where nothing is built at all.
    pub begins_in: Option<u64>,
    /// How many seconds it takes, likely; `None` where there was nothing to learn from.
    pub takes: Option<u64>,
}

/// Something that is at work.
pub struct AtWork {
    /// What it is.
    pub task: Task,
    /// Its build.
    pub build: Build,
    /// How many seconds it takes, likely.
    pub takes: Option<u64>,
}

/// The queue at a glance.
pub struct Counts {
    /// Tasks that wait.
    pub waiting: u32,
    /// Those of them in the background.
    pub background: u32,
    /// Tasks that are at work.
    pub working: u32,
}

/// Counts the queue.
pub fn counts(db: &Connection) -> Result<Counts> {
    let (waiting, background) = queue::waiting(db)?;
    let (_, working) = jobs::counts(db)?;
    Ok(Counts { waiting, background, working })
}

/// What is at work.
pub fn at_work(db: &Connection) -> Result<Vec<AtWork>> {
    let mut usual = Usual { db, known: HashMap::new() };
    let tasks = queue::at_work(db)?;
    let builds = Builds::of(db, &tasks)?;
    let mut found = Vec::new();
    for task in tasks {
        if let Some(build) = builds.get(task.build) {
            let takes = usual.of(&task)?;
            found.push(AtWork { task, build, takes });
        }
    }
    Ok(found)
}

/// What waits, from the position `skip` on and at most `limit` of it, within the [`HORIZON`].
pub fn waiting(db: &Connection, slots: u16, skip: u32, limit: u32) -> Result<Vec<Waiting>> {
    let end = skip.saturating_add(limit).min(HORIZON);
    let mut usual = Usual { db, known: HashMap::new() };
    let foreseen = foresee(db, &mut usual, slots, end, Timestamp::now())?;
    let part: Vec<_> = foreseen.into_iter().skip(skip as usize).collect();
    let tasks: Vec<Task> = part.iter().map(|(task, _)| task.clone()).collect();
    let builds = Builds::of(db, &tasks)?;
    let mut found = Vec::new();
    for (position, (task, begins_in)) in (skip + 1..).zip(part) {
        if let Some(build) = builds.get(task.build) {
            let takes = usual.of(&task)?;
            found.push(Waiting { task, build, position, begins_in, takes });
        }
    }
    Ok(found)
}

/// When the first task of a build is likely to be taken: its position and the seconds until then.
/// `None` where none of it waits, or it lies beyond the horizon.
pub fn of_build(db: &Connection, slots: u16, build: BuildId) -> Result<Option<(u32, Option<u64>)>> {
    let mut usual = Usual { db, known: HashMap::new() };
    let foreseen = foresee(db, &mut usual, slots, HORIZON, Timestamp::now())?;
    let found = (1..).zip(foreseen).find(|(_, (task, _))| task.build == build);
    Ok(found.map(|(position, (_, begins_in))| (position, begins_in)))
}

/// All that waits, put together by project and chroot.
pub fn crowds(db: &Connection) -> Result<Vec<Crowd>> {
    Ok(queue::crowds(db, 500)?)
}

/// Sets of builds that are not finished.
pub fn batches(db: &Connection) -> Result<Vec<OpenBatch>> {
    Ok(queue::batches(db, 500)?)
}

/// The builds of tasks: several tasks are often of one build.
struct Builds(HashMap<BuildId, Build>);

impl Builds {
    fn of(db: &Connection, tasks: &[Task]) -> Result<Builds> {
        let mut ids: Vec<BuildId> = tasks.iter().map(|task| task.build).collect();
        ids.dedup();
        let found = builds::these(db, &ids)?;
        Ok(Builds(found.into_iter().map(|build| (build.id, build)).collect()))
    }

    fn get(&self, id: BuildId) -> Option<Build> {
        self.0.get(&id).cloned()
    }
}

/// How long things usually take; asked once for each package and chroot.
struct Usual<'db> {
    db: &'db Connection,
    known: HashMap<(Option<PackageId>, Option<ChrootId>), Option<u64>>,
}

impl Usual<'_> {
    fn of(&mut self, task: &Task) -> Result<Option<u64>> {
        let key = (task.package, task.chroot.as_ref().map(|(id, _)| *id));
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let found = match key {
            (Some(package), Some(chroot)) => queue::usual(self.db, package, chroot)?,
            (package, None) => queue::usual_source(self.db, package)?,
            (None, Some(_)) => None,
        };
        let found = match (found, key.1) {
            (None, Some(chroot)) => statistics::usual_seconds(self.db, chroot)?,
            (found, _) => found,
        };
        self.known.insert(key, found);
        Ok(found)
    }
}

/// One of the lines that the scheduler chooses from, as far as it has been read.
struct Line {
    head: Candidate,
    tasks: VecDeque<Task>,
    is_whole: bool,
}

impl Line {
    fn read(db: &Connection, head: Candidate) -> Result<Line> {
        let tasks = queue::in_line(db, &head, PART)?;
        let is_whole = tasks.len() < PART as usize;
        Ok(Line { head, tasks: tasks.into(), is_whole })
    }

    /// Takes the first task away; whether there is another is known then.
    fn take(&mut self, db: &Connection) -> Result<Option<Task>> {
        let taken = self.tasks.pop_front();
        if self.tasks.is_empty()
            && !self.is_whole
            && let Some(last) = &taken
        {
            let job = crate::model::JobId(last.job.0 + 1);
            *self = Line::read(db, Candidate { job, ..self.head.clone() })?;
        }
        if let Some(first) = self.tasks.front() {
            self.head.job = first.job;
        }
        Ok(taken)
    }
}

/// The next `count` tasks in the order in which they will be taken, each with the seconds until
/// then.
fn foresee(
    db: &Connection,
    usual: &mut Usual<'_>,
    slots: u16,
    count: u32,
    now: Timestamp,
) -> Result<Vec<(Task, Option<u64>)>> {
    let mut lines = Vec::new();
    for head in jobs::candidates(db)? {
        lines.push(Line::read(db, head)?);
    }
    lines.retain(|line| !line.tasks.is_empty());
    // When each slot will be free, and who has it until then.
    let mut busy: Vec<(u64, String)> = Vec::new();
    for task in queue::at_work(db)? {
        let passed = task.started_on.map_or(0, |start| now.since(start).as_secs());
        // What takes longer than usual will take a little longer.
        let left = usual.of(&task)?.unwrap_or(UNKNOWN).saturating_sub(passed).max(5);
        busy.push((left, task.owner));
    }
    let mut found = Vec::new();
    let mut clock = 0;
    while found.len() < count as usize && !lines.is_empty() {
        if slots > 0 && busy.len() >= usize::from(slots) {
            let Some(first) = (0..busy.len()).min_by_key(|at| busy[*at].0) else { break };
            clock = clock.max(busy.swap_remove(first).0);
        }
        let heads: Vec<Candidate> = lines.iter().map(|line| line.head.clone()).collect();
        let running: Vec<String> = busy.iter().map(|(_, owner)| owner.clone()).collect();
        let next = scheduler::pick(&heads, &running);
        let Some(at) = lines.iter().position(|line| Some(line.head.job) == next) else { break };
        let Some(task) = lines[at].take(db)? else { break };
        if lines[at].tasks.is_empty() {
            lines.remove(at);
        }
        if slots > 0 {
            busy.push((clock + usual.of(&task)?.unwrap_or(UNKNOWN), task.owner.clone()));
        }
        found.push((task, (slots > 0).then_some(clock)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Error;
    use crate::store::testing;

    #[test]
    fn an_empty_queue_is_no_news() {
        let store = testing::store();
        let empty = store.read_now(|db| {
            let counts = counts(db)?;
            assert_eq!((counts.waiting, counts.background, counts.working), (0, 0, 0));
            assert!(at_work(db)?.is_empty() && crowds(db)?.is_empty() && batches(db)?.is_empty());
            assert_eq!(of_build(db, 2, BuildId(1))?, None);
            Ok::<_, Error>(waiting(db, 2, 0, 10)?.len())
        });
        assert_eq!(empty.unwrap(), 0);
    }
}
