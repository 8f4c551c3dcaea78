//! `coprbox doctor`: what this machine lacks for building and publishing, and what helps.
//!
//! It changes nothing. The code is 1 when something is missing that the server cannot do without.

mod machine;
mod server;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::out;
use crate::config::Config;

/// `coprbox doctor`.
#[derive(Args)]
pub(super) struct Doctor {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing; the server works.
    Note,
    /// The server cannot do its work.
    Broken,
}

/// What one look has shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    /// What was looked at.
    what: String,
    level: Level,
    /// What was seen, in a few words.
    seen: String,
    /// A command, or half a sentence, that helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Finding {
    fn ok(what: impl Into<String>, seen: impl Into<String>) -> Finding {
        Finding { what: what.into(), level: Level::Ok, seen: seen.into(), fix: None }
    }

    fn note(what: impl Into<String>, seen: impl Into<String>, fix: impl Into<String>) -> Finding {
        let fix = Some(fix.into());
        Finding { what: what.into(), level: Level::Note, seen: seen.into(), fix }
    }

    fn broken(what: impl Into<String>, seen: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { level: Level::Broken, ..Finding::note(what, seen, fix) }
    }
}

pub(super) fn run(doctor: &Doctor, config: &Config) -> anyhow::Result<()> {
    let mut findings = machine::programs();
    let chroots = server::chroots(config);
    findings.extend(machine::builders(&chroots.builders(), config));
    findings.extend(machine::namespaces());
    findings.extend(server::data_dir(config));
    findings.push(server::disk(config));
    findings.push(server::base_url(config));
    findings.extend(chroots.findings());
    if doctor.json {
        out::json(&findings)?;
    } else {
        print(&findings)?;
    }
    let broken = findings.iter().filter(|finding| finding.level == Level::Broken).count();
    match broken {
        0 => Ok(()),
        1 => bail!("one thing is missing or wrong"),
        many => bail!("{many} things are missing or wrong"),
    }
}

fn print(findings: &[Finding]) -> anyhow::Result<()> {
    let width = findings.iter().map(|finding| finding.what.len()).max().unwrap_or(0);
    for Finding { what, level, seen, fix } in findings {
        let word = match level {
            Level::Ok => "ok",
            Level::Note => "note",
            Level::Broken => "BROKEN",
        };
        out::result(&format!("{word:6}  {what:width$}  {seen}"))?;
        if let Some(fix) = fix {
            out::result(&format!("{:6}  {:width$}  -> {fix}", "", ""))?;
        }
    }
    Ok(())
}
