//! What arrives at the webhooks of projects.

use super::BuildId;
use super::words::words;
use crate::clock::Timestamp;

words! {
    /// What sends to webhooks, or is the cause of a build without them.
    Forge, "github, gitlab, bitbucket, custom, poll" {
        /// GitHub, and what speaks as it does: Gitea, Forgejo.
        Github = "github",
        /// GitLab.
        Gitlab = "gitlab",
        /// Bitbucket.
        Bitbucket = "bitbucket",
        /// Anything.
        #[default]
        Custom = "custom",
        /// Nothing: the server has looked by itself.
        Poll = "poll",
    }
}

/// What a delivery says about itself; each text is cut to a length that fits a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// What sent it.
    pub forge: Forge,
    /// What happened there, in the forge's word.
    pub event: Option<String>,
    /// The forge's name for this delivery.
    pub delivery: Option<String>,
    /// The program that sent it.
    pub user_agent: Option<String>,
    /// Who was at work there.
    pub sender: Option<String>,
}

/// A delivery, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// When it came.
    pub received_on: Timestamp,
    /// What it says about itself.
    pub letter: Letter,
    /// What was decided, a line for each package that was looked at.
    pub outcome: String,
    /// The builds that were handed in.
    pub builds: Vec<BuildId>,
}

/// The most characters of a text about a delivery.
const LONGEST: usize = 200;

/// As much of what somebody sent as is kept.
pub fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
