//! Why a build failed, in the lines of its log that say so.
//!
//! A [`Finder`] is given a log line by line. The [`rules`], one file for each tool, say of a line
//! whether it tells a reason and how much that is worth: what a machine or a repository lacks
//! stands above what a compiler refuses, and that above what merely follows from it. What is
//! heard outside the stage that failed is noise: configure tests and test suites shout as well.
//! The answer is the first of the weightiest, for it is the cause and the others are its echo.

#[cfg(test)]
mod corpus;
mod plain;
mod rules;

use std::collections::VecDeque;

use self::rules::{Hit, Rank, Span};
use crate::runner::log::Stage;

/// Reasons kept of each rank in each stage.
const KEPT: usize = 8;
/// Lines before a reason that are quoted with it.
const BEFORE: usize = 2;
/// Lines that are quoted when nothing tells a reason.
const LAST_WORDS: usize = 12;
/// Reasons beside the first that are quoted.
const OTHERS: usize = 2;
/// A quoted line is cut here.
const LONGEST: usize = 600;

/// Why a build failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The reason in one sentence; `None` when no line tells one.
    pub headline: Option<String>,
    /// Whose word it is: `gcc`, `dnf`.
    pub tool: &'static str,
    /// What to do about it.
    pub advice: Option<String>,
    /// What no repository has, as a spec file would require it.
    pub missing: Vec<String>,
    /// The stage that failed.
    pub stage: Option<Stage>,
    /// The lines that say so, in their order.
    pub quotes: Vec<Quote>,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its number, from 1.
    pub line: u64,
    /// Its text, as it is in the log.
    pub text: String,
    /// It is one that tells the reason.
    pub loud: bool,
}

impl Summary {
    /// The line to go to: the first that tells the reason.
    pub fn first_line(&self) -> Option<u64> {
        self.quotes.iter().find(|quote| quote.loud).map(|quote| quote.line)
    }
}

/// Something that was found.
#[derive(Debug)]
struct Found {
    hit: Hit,
    stage: Option<Stage>,
    line: u64,
    quotes: Vec<Quote>,
    /// Lines that may still be added.
    room: usize,
}

/// Looks for the reason in a log that is read line by line.
pub struct Finder {
    /// The number of the next line.
    next: u64,
    stage: Option<Stage>,
    /// The stage that rpmbuild says has failed.
    failed: Option<Stage>,
    last: VecDeque<Quote>,
    found: Vec<Found>,
    /// The last of `found` takes further lines.
    is_open: bool,
}

impl Default for Finder {
    fn default() -> Finder {
        Finder::from_line(1)
    }
}

impl Finder {
    /// For a log of which the first line that will come has this number.
    pub fn from_line(number: u64) -> Finder {
        Finder {
            next: number,
            stage: None,
            failed: None,
            last: VecDeque::new(),
            found: Vec::new(),
            is_open: false,
        }
    }

    /// Takes the next line, without its end.
    pub fn take(&mut self, bytes: &[u8]) {
        let number = self.next;
        self.next += 1;
        if let Some(stage) = Stage::announced_by(bytes) {
            self.stage = Some(stage);
            self.is_open = false;
        }
        let text = plain::line(bytes, LONGEST);
        let said = plain::said(&text);
        if let Some(section) = rules::failed_section(said) {
            self.failed = Stage::of_section(section).or(self.failed);
        }
        if self.is_open {
            self.go_on(number, &text, said);
        }
        if !self.is_open || !said.starts_with([' ', '\t']) {
            self.look(number, &text, said);
        }
        if self.last.len() == LAST_WORDS {
            self.last.pop_front();
        }
        self.last.push_back(Quote { line: number, text, loud: false });
    }

    /// Adds the line to what was found last, if it belongs to it.
    fn go_on(&mut self, number: u64, text: &str, said: &str) {
        let Some(found) = self.found.last_mut() else { return };
        let belongs = match found.hit.span {
            Span::Line => false,
            Span::Block => !said.is_empty(),
            Span::Indented | Span::Traceback => said.is_empty() || said.starts_with([' ', '\t']),
        };
        let quote = |loud| Quote { line: number, text: text.to_owned(), loud };
        if belongs && found.room > 0 {
            found.room -= 1;
            if found.hit.missing.is_empty()
                && let Some(hit) = rules::look(said).filter(|hit| !hit.missing.is_empty())
            {
                found.hit = Hit { span: found.hit.span, ..hit };
            } else if found.hit.says.is_empty() && !said.trim().is_empty() {
                said.trim().clone_into(&mut found.hit.says);
            }
            found.quotes.push(quote(false));
            return;
        }
        if found.hit.span == Span::Traceback {
            if belongs {
                // A deep one: its innermost frames are worth more than its outermost.
                found.quotes.remove(1);
                found.quotes.push(quote(false));
                return;
            }
            if let Some(hit) = rules::exception(said) {
                found.quotes[0].loud = false;
                found.quotes.push(quote(true));
                found.hit = hit;
            }
        }
        self.is_open = false;
    }

    fn look(&mut self, number: u64, text: &str, said: &str) {
        let Some(hit) = rules::look(said) else { return };
        let (stage, rank) = (self.stage, hit.rank);
        let alike = |found: &Found| found.stage == stage && found.hit.rank == rank;
        // Of what only follows, the last word counts.
        if self.found.iter().filter(|found| alike(found)).count() >= KEPT {
            if hit.rank > Rank::Echo {
                self.add_missing(&hit);
                return;
            }
            if let Some(oldest) = self.found.iter().position(alike) {
                self.found.remove(oldest);
            }
        }
        let from = self.last.len().saturating_sub(BEFORE);
        let mut quotes: Vec<Quote> = self.last.iter().skip(from).cloned().collect();
        if hit.span == Span::Traceback {
            quotes.clear();
        }
        quotes.push(Quote { line: number, text: text.to_owned(), loud: true });
        self.is_open = hit.span != Span::Line;
        let room = hit.span.room();
        self.found.push(Found { hit, stage: self.stage, line: number, quotes, room });
    }

    /// A long list of what is missing is kept whole, though not every line is quoted.
    fn add_missing(&mut self, hit: &Hit) {
        let known = self.found.iter_mut().find(|found| !found.hit.missing.is_empty());
        if let Some(known) = known.filter(|known| known.hit.missing.len() < 100) {
            known.hit.missing.extend(hit.missing.iter().cloned());
        }
    }

    /// What was found.
    pub fn summary(self) -> Summary {
        let Finder { mut found, last, failed, .. } = self;
        let is_heard = |found: &Found| match failed {
            Some(_) => found.stage == failed || found.hit.rank == Rank::Certain,
            None => true,
        };
        if found.iter().any(is_heard) {
            found.retain(is_heard);
        }
        let Some(rank) = found.iter().map(|found| found.hit.rank).max() else {
            return Summary { quotes: last.into(), stage: failed, ..Summary::default() };
        };
        let causes: Vec<&Found> = found.iter().filter(|found| found.hit.rank == rank).collect();
        let first = causes[0];
        // Of what follows from it, the line that names the stage is worth a look, if any.
        let is_echo = |found: &&Found| found.hit.rank == Rank::Echo && found.line > first.line;
        let echo = found.iter().filter(is_echo).min_by_key(|found| !found.names_section());
        let mut missing: Vec<String> = Vec::new();
        for name in causes.iter().flat_map(|found| &found.hit.missing) {
            if !missing.contains(name) {
                missing.push(name.clone());
            }
        }
        let mut quotes: Vec<Quote> = Vec::new();
        let others = causes.iter().copied().filter(|other| !other.repeats(first));
        let shown = std::iter::once(first).chain(others.take(OTHERS)).chain(echo);
        for found in shown {
            let is_echo = found.hit.rank < rank;
            for quote in found.quotes.iter().filter(|quote| quote.loud || !is_echo) {
                let loud = quote.loud && found.hit.rank == rank;
                match quotes.iter_mut().find(|known| known.line == quote.line) {
                    Some(known) => known.loud |= loud,
                    None => quotes.push(Quote { loud, ..quote.clone() }),
                }
            }
        }
        quotes.sort_by_key(|quote| quote.line);
        Summary {
            headline: Some(headline(&first.hit, &missing)),
            tool: first.hit.tool,
            advice: first.hit.advice.clone(),
            stage: failed.or(first.stage),
            missing,
            quotes,
        }
    }
}

impl Found {
    fn names_section(&self) -> bool {
        rules::failed_section(&self.hit.says).is_some()
    }

    /// It is this one, or says the same again.
    fn repeats(&self, first: &Found) -> bool {
        self.line == first.line || self.hit.says == first.hit.says
    }
}

fn headline(hit: &Hit, missing: &[String]) -> String {
    if !missing.is_empty() && hit.rank == Rank::Certain {
        let what = if missing.len() == 1 { "A BuildRequires is" } else { "BuildRequires are" };
        return format!("{what} in no repository of this chroot: {}", missing.join(", "));
    }
    if hit.says.is_empty() {
        "The log says so without a reason".to_owned()
    } else {
        hit.says.clone()
    }
}
