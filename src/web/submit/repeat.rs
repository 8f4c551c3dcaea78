//! Handing a build in once more.

use askama::Template;
use rocket::{State, get, post};

use super::fields::{self, Common, FIELDS};
use super::new::done;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::{BuildId, Owner, ProjectName};
use crate::ops::builds::pages::{Repeating, repeating};
use crate::ops::{App, builds};
use crate::web::error::PageError;
use crate::web::form::{Answer, Form, Refused};
use crate::web::parts::{Masthead, Shell};
use crate::web::view;

/// `/coprs/<owner>/<project>/repeat_build/<id>/`
#[derive(Template)]
#[template(path = "submit/repeat.html")]
pub struct RepeatPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// The build's number.
    pub id: i64,
    /// What it was of.
    pub package: String,
    /// Where its sources come from.
    pub source: String,
    /// Where and how to build.
    pub common: Common,
    /// The form.
    pub form: Form,
    /// The address of the form.
    pub action: String,
    /// The way back.
    pub back: String,
}

/// The form; the chroots in which it was not built are ticked, or the one that is asked for.
#[get("/coprs/<owner>/<name>/repeat_build/<id>?<chroot>")]
pub async fn ask(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    id: BuildId,
    chroot: Vec<String>,
) -> Result<Page<RepeatPage>, PageError> {
    let found = read(app, &user, &owner, &name, id).await?;
    let all = || found.form.chroots.iter().map(|chroot| chroot.name.to_string()).collect();
    let ticked: Vec<String> = match (chroot.is_empty(), found.unbuilt.is_empty()) {
        (false, _) => chroot,
        (true, false) => found.unbuilt.clone(),
        // It was built everywhere: whoever asks wants all of it again.
        (true, true) => all(),
    };
    let form = fields::as_before(&found.detail.build, &ticked);
    Ok(Page(page(shell, &found, form)))
}

/// Hands it in.
#[post("/coprs/<owner>/<name>/new_build_rebuild/<id>", data = "<body>")]
#[expect(clippy::too_many_arguments, reason = "each is a guard or a part of the address")]
pub async fn again(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    id: BuildId,
    body: Body,
) -> Answer<RepeatPage> {
    let form = Form::typed(&FIELDS, &body);
    let wish = fields::wish((&owner, &name), &form, &body);
    match builds::repeat(app, &user.0, wish, id).await {
        Ok(made) => Ok(done(std::slice::from_ref(&made))),
        Err(error) => {
            let (status, form) = form.refused(error)?;
            let found = read(app, &user, &owner, &name, id).await?;
            Err(Refused::new(status, page(shell, &found, form)))
        }
    }
}

async fn read(
    app: &App,
    SignedIn(user): &SignedIn,
    owner: &Owner,
    name: &ProjectName,
    id: BuildId,
) -> Result<Repeating, PageError> {
    let (config, user) = (app.config.clone(), user.clone());
    let (owner, name) = (owner.clone(), name.clone());
    let read = move |db: &_| repeating(db, &config, (&owner, &name), id, &user);
    Ok(app.store.read(read).await?)
}

fn page(shell: Shell, found: &Repeating, form: Form) -> RepeatPage {
    let build = &found.detail.build;
    let url = view::project_url(&build.owner, &build.project);
    RepeatPage {
        head: view::masthead(&found.form.head, "builds", Timestamp::now()),
        id: build.id.0,
        package: view::package_title(build),
        source: build.source.describe().unwrap_or_default(),
        common: Common::new(&found.form, &form),
        action: format!("{url}new_build_rebuild/{}/", build.id),
        back: view::build_url(&build.owner, &build.project, build.id),
        form,
        shell,
    }
}
