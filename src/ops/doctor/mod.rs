//! What this machine lacks for building and publishing, and what helps. It looks and changes
//! nothing; the command line and a page show what it says.

mod machine;
mod server;

use serde::Serialize;

pub use self::server::Chroots;
use crate::config::Config;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing; the server works.
    Note,
    /// The server cannot do its work.
    Broken,
}

/// What one look has shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: String,
    /// How bad it is.
    pub level: Level,
    /// What was seen, in a few words.
    pub seen: String,
    /// A command, or half a sentence, that helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
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

/// Looks at everything. Starts other programs and waits for them: not for async threads.
pub fn look(config: &Config, is_served: bool, chroots: &Chroots) -> Vec<Finding> {
    let mut findings = machine::programs();
    findings.extend(machine::builders(&chroots.builders(), config));
    findings.extend(machine::namespaces());
    findings.extend(server::data_dir(config, is_served));
    findings.push(server::disk(config));
    findings.push(server::base_url(config));
    findings.extend(chroots.findings());
    findings
}
