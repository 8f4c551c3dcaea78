//! Watching a build to its end, or stopping it.

use std::time::{Duration, Instant};

use super::Ended;
use super::interrupt::Interrupt;
use super::screen::{Line, Screen};
use crate::client::{BuildPart, ClientError, CoprClient, LogEnd};

/// How long between two looks: shortly at first, longer when nothing happens.
const SOON: Duration = Duration::from_millis(250);
const LATER: Duration = Duration::from_secs(2);
/// How long a server may be away, as while it is started anew.
const AWAY: Duration = Duration::from_mins(2);
/// How long a build may take to stop.
const STOPPING: Duration = Duration::from_secs(30);

/// A part of the build: its source package, or one chroot.
struct Part {
    name: String,
    state: String,
    /// Where its log is.
    place: Option<String>,
    /// How much of the log has been read, and what of it is no whole line yet.
    at: u64,
    rest: Vec<u8>,
    is_read: bool,
    begun: Option<Instant>,
    took: Option<Duration>,
}

impl Part {
    fn new(name: &str) -> Part {
        Part {
            name: name.to_owned(),
            state: String::new(),
            place: None,
            at: 0,
            rest: Vec::new(),
            is_read: false,
            begun: None,
            took: None,
        }
    }

    /// Takes over what the server says; whether that is news.
    fn update(&mut self, now: BuildPart) -> bool {
        self.place = now.result_url.or(self.place.take());
        if !matches!(now.state.as_str(), "pending" | "waiting" | "importing") {
            let begun = *self.begun.get_or_insert_with(Instant::now);
            if is_over(&now.state) {
                self.took.get_or_insert_with(|| begun.elapsed());
            }
        }
        let is_news = self.state != now.state;
        self.state = now.state;
        is_news
    }

    /// Shows what is new in its log; whether there was something.
    fn read(
        &mut self,
        client: &CoprClient,
        prefix: &str,
        screen: &mut Screen,
    ) -> Result<bool, Problem> {
        let over = is_over(&self.state);
        let Some(place) = self.place.clone().filter(|_| !self.is_read) else {
            self.is_read |= over;
            return Ok(false);
        };
        let before = self.at;
        let mut shown = Ok(());
        let rest = &mut self.rest;
        let end = client.build_log(&place, &mut self.at, &mut |bytes| {
            rest.extend_from_slice(bytes);
            let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            if whole > 0 && shown.is_ok() {
                shown = screen.log(prefix, &rest[..whole]);
                rest.drain(..whole);
            }
        })?;
        shown?;
        if over || end == LogEnd::Closed {
            if !self.rest.is_empty() {
                screen.log(prefix, &std::mem::take(&mut self.rest))?;
            }
            self.is_read = true;
        }
        Ok(self.at > before)
    }

    fn line(&self) -> Line {
        let time = self.took.or_else(|| self.begun.map(|begun| begun.elapsed()));
        Line {
            name: self.name.clone(),
            state: self.state.clone(),
            seconds: time.map(|time| time.as_secs()).filter(|_| self.begun.is_some()),
        }
    }
}

/// What came in between.
enum Problem {
    /// The server did not do as it was asked, perhaps for now.
    Server(ClientError),
    Other(Ended),
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Problem {
        Problem::Server(error)
    }
}

impl From<Ended> for Problem {
    fn from(ended: Ended) -> Problem {
        Problem::Other(ended)
    }
}

fn is_over(state: &str) -> bool {
    matches!(state, "succeeded" | "failed" | "canceled" | "skipped" | "forked")
}

/// A build that is being watched.
struct Watch<'a> {
    client: &'a CoprClient,
    id: i64,
    source: Part,
    chroots: Vec<Part>,
    screen: Screen,
}

/// Watches build `id`, which people know as `what`, to its end; Ctrl-C cancels it. `aside`: stdout
/// is not for the log.
pub(super) fn to_the_end(
    client: &CoprClient,
    id: i64,
    what: &str,
    aside: bool,
    interrupt: &Interrupt,
) -> Result<(), Ended> {
    let source = Part::new("source package");
    let screen = Screen::new(aside);
    let mut watch = Watch { client, id, source, chroots: Vec::new(), screen };
    let (mut pause, mut seen) = (SOON, Instant::now());
    loop {
        match watch.look() {
            Ok((Some(state), _)) => return watch.verdict(&state, what),
            Ok((None, news)) => {
                pause = if news { SOON } else { (pause * 5 / 4).min(LATER) };
                seen = Instant::now();
            }
            Err(Problem::Server(ClientError::Unreachable { .. })) if seen.elapsed() < AWAY => {
                pause = LATER;
            }
            Err(Problem::Server(error)) => {
                let mut ended = Ended::from(error);
                ended.why = format!("{what} goes on without being watched: {}", ended.why);
                return Err(ended);
            }
            Err(Problem::Other(ended)) => return Err(ended),
        }
        interrupt.pause(pause);
        if interrupt.came() {
            return Err(watch.cancel(what));
        }
    }
}

impl Watch<'_> {
    /// Looks once. Gives the build's state once there is nothing more to come, and whether
    /// anything was new.
    fn look(&mut self) -> Result<(Option<String>, bool), Problem> {
        let build = self.client.build_info(self.id)?;
        let mut news = false;
        if !is_over(&self.source.state) {
            news |= self.source.update(self.client.build_source(self.id)?);
        }
        if is_over(&self.source.state) {
            for now in self.client.build_chroots(self.id)? {
                let known = self.chroots.iter().position(|part| part.name == now.name);
                let at = known.unwrap_or_else(|| {
                    self.chroots.push(Part::new(&now.name));
                    self.chroots.len() - 1
                });
                news |= self.chroots[at].update(now);
            }
        }
        let several = self.chroots.len() > 1;
        news |= self.source.read(self.client, "", &mut self.screen)?;
        for part in &mut self.chroots {
            let prefix = if several { format!("{} | ", part.name) } else { String::new() };
            news |= part.read(self.client, &prefix, &mut self.screen)?;
        }
        self.tell();
        let all_read = self.source.is_read && self.chroots.iter().all(|part| part.is_read);
        Ok((Some(build.state).filter(|state| is_over(state) && all_read), news))
    }

    fn tell(&mut self) {
        let parts = std::iter::once(&self.source).chain(&self.chroots);
        let lines: Vec<Line> = parts.map(Part::line).collect();
        self.screen.status(&lines);
    }

    /// What to say of a build that has ended.
    fn verdict(&mut self, state: &str, what: &str) -> Result<(), Ended> {
        self.screen.leave();
        match state {
            "succeeded" | "forked" | "skipped" => {
                super::out::say(&format!("{what} {state}"));
                return Ok(());
            }
            "canceled" => return Err(Ended::failed(format!("{what} was canceled"))),
            _ => {}
        }
        let parts = std::iter::once(&self.source).chain(&self.chroots);
        let failed: Vec<&Part> = parts.filter(|part| part.state == "failed").collect();
        let mut why = format!("{what} failed");
        for part in failed {
            let place = part.place.as_deref().unwrap_or_default();
            why.push_str(&format!("\n  {}: {place}", part.name));
        }
        Err(Ended::failed(why))
    }

    /// Stops the build, and waits until it has.
    fn cancel(&mut self, what: &str) -> Ended {
        self.screen.leave();
        super::out::say("canceling the build; Ctrl-C once more leaves at once");
        match self.client.build_cancel(self.id) {
            // It has ended by itself.
            Ok(()) | Err(ClientError::Refused { status: 400 | 409, .. }) => {}
            Err(error) => {
                let why = format!("{what} could not be canceled and goes on: {error}");
                return Ended::interrupted(why);
            }
        }
        let begun = Instant::now();
        while begun.elapsed() < STOPPING {
            match self.client.build_info(self.id) {
                Ok(build) if is_over(&build.state) => {
                    return Ended::interrupted(format!("{what} {}", build.state));
                }
                Ok(_) | Err(ClientError::Unreachable { .. }) => std::thread::sleep(SOON),
                Err(error) => return Ended::interrupted(format!("{what}: {error}")),
            }
        }
        Ended::interrupted(format!("{what} is being canceled"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(state: &str) -> BuildPart {
        BuildPart { name: String::new(), state: state.to_owned(), result_url: None }
    }

    #[test]
    fn time_runs_from_when_something_is_done_until_it_is_over() {
        let mut part = Part::new("x");
        assert!(part.update(now("pending")));
        assert_eq!(part.line().seconds, None);
        assert!(part.update(now("running")) && !part.update(now("running")));
        assert_eq!(part.line().seconds, Some(0));
        assert!(part.update(now("succeeded")));
        assert!(part.took.is_some());
    }
}
