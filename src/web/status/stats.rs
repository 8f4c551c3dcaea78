//! How busy the server has been, in pictures; and where most is built.

use askama::Template;
use rocket::{State, get};

use super::super::charts::{Bar, LineChart, Series, Unit};
use super::super::error::PageError;
use super::super::filters;
use super::super::parts::{ProjectRow, Shell};
use super::super::view;
use super::Head;
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::ops::statistics::{self, QueueHistory, Statistics};
use crate::ops::{self, App, queue};
use crate::store::Connection;
use crate::store::statistics::{BUILT_MONTHS, Built};

/// `/status/stats/`
#[derive(Template)]
#[template(path = "status/stats.html")]
pub struct StatsPage {
    /// The frame.
    pub shell: Shell,
    /// What stands above.
    pub head: Head,
    /// The queue of the last day.
    pub day: LineChart,
    /// The queue of the last ninety days.
    pub months: LineChart,
    /// What a build took on the average, day by day.
    pub durations: LineChart,
    /// What was built in the last day, by chroot.
    pub built_day: Vec<BuiltRow>,
    /// What was built in the last ninety days, by chroot.
    pub built_months: Vec<BuiltRow>,
    /// How many people have handed in builds in the last thirty days.
    pub people: u32,
}

/// What was built in a chroot.
pub struct BuiltRow {
    /// The chroot.
    pub chroot: String,
    /// How many builds succeeded.
    pub succeeded: String,
    /// How many failed.
    pub failed: String,
    /// What one took on the average.
    pub took: String,
    /// Both as a bar.
    pub bar: Bar,
}

/// How busy the server has been.
#[get("/status/stats")]
pub async fn stats(app: &State<App>, shell: Shell) -> Result<Page<StatsPage>, PageError> {
    let now = Timestamp::now();
    let read = move |db: &Connection| {
        Ok::<_, ops::Error>((queue::counts(db)?, statistics::read(db, now)?))
    };
    let (counts, found) = app.store.read(read).await?;
    Ok(Page(StatsPage {
        shell,
        head: Head::new("stats", &counts),
        day: queue_chart("The last 24 hours", &found.day, &clock_time),
        months: queue_chart("The last 90 days", &found.months, &Timestamp::date),
        durations: durations(&found, now),
        built_day: by_chroot(&found.built_day),
        built_months: by_chroot(&found.built_months),
        people: found.people,
    }))
}

/// The hour and minute of a moment.
fn clock_time(at: Timestamp) -> String {
    at.minute().split_off("2000-01-01 ".len())
}

fn queue_chart(
    title: &str,
    history: &QueueHistory,
    name: &dyn Fn(Timestamp) -> String,
) -> LineChart {
    let moments: Vec<String> = history.moments.iter().map(|at| name(*at)).collect();
    let series = [
        Series { name: "waiting", tone: "still", values: &history.waiting },
        Series { name: "at work", tone: "busy", values: &history.working },
    ];
    LineChart::draw(title, Unit::Count, &moments, &series, 7, 24)
}

/// The average of each day; days without builds are gaps.
fn durations(found: &Statistics, now: Timestamp) -> LineChart {
    let oldest = BUILT_MONTHS.oldest(now);
    let days: Vec<Timestamp> =
        (0..BUILT_MONTHS.kept).map(|day| Timestamp(oldest.0 + day * BUILT_MONTHS.width)).collect();
    let average = |day: &Timestamp| {
        let of_day = found.built_months.iter().filter(|built| built.at == *day);
        let (count, seconds) = of_day.fold((0, 0), |(count, seconds), built| {
            (count + built.succeeded + built.failed, seconds + built.seconds)
        });
        (count > 0).then(|| seconds / count)
    };
    let values: Vec<Option<u64>> = days.iter().map(average).collect();
    let moments: Vec<String> = days.iter().map(|day| day.date()).collect();
    let series = [Series { name: "a build, on the average", tone: "copy", values: &values }];
    LineChart::draw("The last 90 days", Unit::Seconds, &moments, &series, 7, 30)
}

/// Sums for each chroot, the busiest first.
fn by_chroot(built: &[Built]) -> Vec<BuiltRow> {
    let mut sums: Vec<(String, u64, u64, u64)> = Vec::new();
    for part in built {
        let chroot = part.chroot.to_string();
        let at = sums.iter().position(|(known, ..)| *known == chroot).unwrap_or_else(|| {
            sums.push((chroot, 0, 0, 0));
            sums.len() - 1
        });
        let (_, succeeded, failed, seconds) = &mut sums[at];
        *succeeded += part.succeeded;
        *failed += part.failed;
        *seconds += part.seconds;
    }
    sums.sort_by_key(|(_, succeeded, failed, _)| std::cmp::Reverse(succeeded + failed));
    let most = sums.iter().map(|(_, succeeded, failed, _)| succeeded + failed).max().unwrap_or(0);
    let row = |(chroot, succeeded, failed, seconds): (String, u64, u64, u64)| BuiltRow {
        chroot,
        succeeded: filters::in_thousands(succeeded),
        failed: filters::in_thousands(failed),
        took: filters::span(seconds / (succeeded + failed).max(1)),
        bar: Bar::draw(most, &[("ok", succeeded), ("bad", failed)]),
    };
    sums.into_iter().map(row).collect()
}

/// `/explore/`
#[derive(Template)]
#[template(path = "status/explore.html")]
pub struct ExplorePage {
    /// The frame.
    pub shell: Shell,
    /// Where most was built lately, with how much.
    pub projects: Vec<(ProjectRow, String)>,
    /// The chroots that most projects are built in.
    pub chroots: Vec<ChrootRow>,
}

/// A chroot and how many projects are built in it.
pub struct ChrootRow {
    /// The chroot.
    pub name: String,
    /// How many projects.
    pub projects: String,
    /// The same as a bar.
    pub bar: Bar,
}

/// Where most is built.
#[get("/explore")]
pub async fn explore(app: &State<App>, shell: Shell) -> Result<Page<ExplorePage>, PageError> {
    let now = Timestamp::now();
    let found = app.store.read(move |db| statistics::explore(db, now)).await?;
    let most = found.chroots.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let chroot = |(name, count): &(crate::model::ChrootName, u64)| ChrootRow {
        name: name.to_string(),
        projects: filters::in_thousands(*count),
        bar: Bar::draw(most, &[("busy", *count)]),
    };
    let projects = found
        .projects
        .iter()
        .map(|(card, builds)| (view::project_row(card, now), filters::in_thousands(*builds)));
    Ok(Page(ExplorePage {
        shell,
        projects: projects.collect(),
        chroots: found.chroots.iter().map(chroot).collect(),
    }))
}
