//! Webhooks: the secret that stands in their addresses.

use super::authorise::{Action, authorise};
use super::{App, Result, projects};
use crate::model::project::Project;
use crate::model::user::User;
use crate::store::projects as project_rows;

/// Gives a project a new secret; addresses with an earlier one no longer work.
pub async fn new_secret(
    app: &App,
    user: &User,
    (owner, project): (&str, &str),
) -> Result<(Project, String)> {
    let (owner, project) = (owner.to_owned(), project.to_owned());
    let user = user.clone();
    app.store
        .write(move |tx| {
            let project = projects::find(tx, &owner, &project)?;
            authorise(tx, &user, Action::ManageProject(&project))?;
            let secret = uuid(rand::random());
            project_rows::set_webhook_secret(tx, project.id, &secret)?;
            Ok((project, secret))
        })
        .await
}

/// A random UUID, version 4, out of 128 random bits.
fn uuid(random: u128) -> String {
    let bits = random & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let digits = format!("{bits:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::uuid;

    #[test]
    fn a_secret_is_a_uuid_of_version_4() {
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
