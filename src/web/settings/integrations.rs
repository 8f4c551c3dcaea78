//! Webhooks: what forges and scripts are told to send to.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::form::Done;
use super::super::parts::Shell;
use super::super::view;
use super::Frame;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::config::BaseUrl;
use crate::http::page::Page;
use crate::model::{Owner, ProjectId, ProjectName};
use crate::ops::{App, settings, webhooks};

/// `/coprs/<owner>/<project>/integrations/`
#[derive(Template)]
#[template(path = "settings/integrations.html")]
pub struct IntegrationsPage {
    /// The frame of all pages.
    pub shell: Shell,
    /// The frame of the settings.
    pub frame: Frame,
    /// The addresses, once there is a secret.
    pub hooks: Option<Hooks>,
}

/// The addresses of webhooks.
pub struct Hooks {
    /// For forges.
    pub forges: Vec<Hook>,
    /// A command that has a package rebuilt.
    pub custom: String,
    /// The same into a directory of its own.
    pub custom_dir: String,
    /// The secret, which can sign as well.
    pub secret: String,
}

/// What a forge sends to.
pub struct Hook {
    /// The forge.
    pub forge: &'static str,
    /// The address.
    pub url: String,
    /// What to do with it there.
    pub steps: &'static str,
}

impl Hooks {
    /// For the project `owner/name` with the number `id`.
    fn new(id: ProjectId, project: &str, secret: String, base_url: &BaseUrl) -> Hooks {
        let hook = |forge, word, steps| Hook {
            forge,
            url: format!("{base_url}/webhooks/{word}/{id}/{secret}/"),
            steps,
        };
        let call = |url: String| {
            format!("curl -X POST -H 'Content-Type: application/json' --data '{{}}' \\\n     {url}")
        };
        Hooks {
            forges: vec![
                hook(
                    "GitHub",
                    "github",
                    "Settings, Webhooks, Add webhook. Content type application/json; choose the \
                     events Pushes, and Branch or tag creation for tags.",
                ),
                hook(
                    "GitLab",
                    "gitlab",
                    "Settings, Webhooks. Trigger: push events, tag push events.",
                ),
                hook(
                    "Bitbucket",
                    "bitbucket",
                    "Repository settings, Webhooks, Add webhook. Only tags rebuild something: \
                     Bitbucket does not say which files a push has changed.",
                ),
            ],
            custom: call(format!("{base_url}/webhooks/custom/{id}/{secret}/PACKAGE/")),
            custom_dir: call(format!(
                "{base_url}/webhooks/custom-dir/{project}:custom:NAME/{secret}/PACKAGE/"
            )),
            secret,
        }
    }
}

/// The addresses of the project's webhooks.
#[get("/coprs/<owner>/<name>/integrations")]
pub async fn show(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
) -> Result<Page<IntegrationsPage>, PageError> {
    let read = move |db: &_| settings::webhook_secret(db, &user.0, &owner, &name);
    let (head, secret) = app.store.read(read).await?;
    let project = &head.project;
    let hooks = secret
        .map(|secret| Hooks::new(project.id, &project.full_name(), secret, &app.config.base_url));
    Ok(Page(IntegrationsPage { frame: Frame::new(&head, "integrations"), hooks, shell }))
}

/// Makes a secret, or another one.
#[post("/coprs/<owner>/<name>/new_webhook_secret")]
pub async fn new_secret(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    owner: Owner,
    name: ProjectName,
) -> Result<Done, PageError> {
    let (asked, named) = (owner.to_string(), name.to_string());
    webhooks::new_secret(app, &user.0, (&asked, &named)).await?;
    let to = format!("{}integrations/", view::project_url(&owner, &name));
    Ok(Done::at(to).saying("There is a new secret. Addresses with an earlier one no longer work."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_hold_number_and_secret() {
        let base = "https://h".parse().unwrap();
        let hooks = Hooks::new(ProjectId(7), "@devs/tools", "s3".to_owned(), &base);
        assert_eq!(hooks.forges[0].url, "https://h/webhooks/github/7/s3/");
        assert!(hooks.custom.ends_with("https://h/webhooks/custom/7/s3/PACKAGE/"));
        let dir = "https://h/webhooks/custom-dir/@devs/tools:custom:NAME/s3/PACKAGE/";
        assert!(hooks.custom_dir.ends_with(dir), "{}", hooks.custom_dir);
    }
}
