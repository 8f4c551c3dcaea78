//! What people and groups say of themselves on their pages.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::form::{Answer, Done, Form, Labels, Refused};
use super::super::parts::Shell;
use super::super::view;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::http::body::Body;
use crate::http::page::Page;
use crate::http::params::GroupOwner;
use crate::model::Owner;
use crate::ops::{App, personal};

/// The field of the form.
const FIELDS: Labels = &[("profile", "About")];

/// `/user/customize-profile/`
#[derive(Template)]
#[template(path = "account/profile.html")]
pub struct ProfilePage {
    /// The frame.
    pub shell: Shell,
    /// Whose text it is: `alice`, `@devs`.
    pub owner: String,
    /// Where the form goes.
    pub action: String,
    /// The page that shows the text.
    pub back: String,
    /// The text.
    pub form: Form,
}

impl ProfilePage {
    fn new(shell: Shell, owner: &Owner, form: Form) -> ProfilePage {
        let group = match owner {
            Owner::User(_) => String::new(),
            Owner::Group(name) => name.to_string(),
        };
        ProfilePage {
            shell,
            owner: owner.to_string(),
            action: format!("/user/customize-profile/{group}"),
            back: view::owner_url(owner),
            form,
        }
    }
}

/// One's own text.
#[get("/user/customize-profile")]
pub async fn form(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
) -> Result<Page<ProfilePage>, PageError> {
    show(app, shell, Owner::User(user.0.name)).await
}

/// The text of a group.
#[get("/user/customize-profile/<group>")]
pub async fn of_group(
    app: &State<App>,
    _user: SignedIn,
    shell: Shell,
    group: GroupOwner,
) -> Result<Page<ProfilePage>, PageError> {
    show(app, shell, group.0).await
}

async fn show(app: &App, shell: Shell, owner: Owner) -> Result<Page<ProfilePage>, PageError> {
    let asked = owner.clone();
    let text = app.store.read(move |db| personal::profile(db, &asked)).await?;
    Ok(Page(ProfilePage::new(shell, &owner, Form::new(FIELDS).set("profile", text))))
}

/// Changes one's own text.
#[post("/user/customize-profile", data = "<body>")]
pub async fn save(
    app: &State<App>,
    here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    body: Body,
) -> Answer<ProfilePage> {
    let owner = Owner::User(user.0.name.clone());
    set(app, here, user, shell, owner, body).await
}

/// Changes the text of a group.
#[post("/user/customize-profile/<group>", data = "<body>")]
pub async fn save_of_group(
    app: &State<App>,
    here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    group: GroupOwner,
    body: Body,
) -> Answer<ProfilePage> {
    set(app, here, user, shell, group.0, body).await
}

async fn set(
    app: &App,
    _here: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    body: Body,
) -> Answer<ProfilePage> {
    let form = Form::typed(FIELDS, &body);
    let text = form.value("profile").to_owned();
    let of = owner.clone();
    let outcome = app.store.write(move |tx| personal::set_profile(tx, &user.0, &of, &text)).await;
    match outcome {
        Ok(()) => Ok(Done::at(view::owner_url(&owner)).saying("The text is changed.")),
        Err(error) => {
            let (status, form) = form.refused(error)?;
            Err(Refused::new(status, ProfilePage::new(shell, &owner, form)))
        }
    }
}
