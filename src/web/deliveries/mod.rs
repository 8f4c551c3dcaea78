//! What webhooks have brought to a project, and what polling has found: for its administrators.

mod detail;
mod list;

use rocket::{Route, routes};

use super::parts::{Shape, State};
use crate::model::delivery::{Delivery, Forge, Letter};

/// The addresses of deliveries.
pub fn routes() -> Vec<Route> {
    routes![list::list, detail::show, detail::redeliver]
}

/// What sent a delivery, as people call it. Gitea and Forgejo send what GitHub does.
fn sender(letter: &Letter) -> &'static str {
    let is_from = |program| letter.user_agent.as_deref().is_some_and(|it| it.starts_with(program));
    match letter.forge {
        Forge::Github if is_from("GitHub-Hookshot") => "GitHub",
        Forge::Github if is_from("Go-http-client") => "Gitea or Forgejo",
        Forge::Github => "GitHub’s format",
        Forge::Gitlab => "GitLab",
        Forge::Bitbucket => "Bitbucket",
        Forge::Custom => "Custom",
        Forge::Poll => "Polling",
    }
}

/// What became of a delivery, at a glance.
fn state(delivery: &Delivery) -> State {
    if delivery.builds.is_empty() {
        let meaning = "what came did not lead to a build";
        return State { shape: Shape::Passed, word: "nothing built", meaning, tone: "still" };
    }
    let meaning = "what came has led to builds";
    State { shape: Shape::Tick, word: "built", meaning, tone: "ok" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_speaks_as_github_does_is_told_from_it() {
        let letter = |program: Option<&str>| Letter {
            forge: Forge::Github,
            user_agent: program.map(str::to_owned),
            ..Letter::default()
        };
        assert_eq!(sender(&letter(Some("GitHub-Hookshot/044aadd"))), "GitHub");
        assert_eq!(sender(&letter(Some("Go-http-client/1.1"))), "Gitea or Forgejo");
        assert_eq!(sender(&letter(None)), "GitHub’s format");
    }
}
