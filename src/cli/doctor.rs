//! `coprbox doctor`: what this machine lacks for building and publishing, and what helps.
//!
//! It changes nothing. The code is 1 when something is missing that the server cannot do without.

use anyhow::bail;
use clap::Args;

use super::{data_dir, out};
use crate::config::Config;
use crate::ops::doctor::{self, Chroots, Finding, Level};

/// `coprbox doctor`.
#[derive(Args)]
pub(super) struct Doctor {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(asked: &Doctor, config: &Config) -> anyhow::Result<()> {
    let findings = doctor::look(config, data_dir::is_served(config), &Chroots::on_disk(config));
    if asked.json {
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
