//! Making a project.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::filters;
use super::super::form::{Answer, Choice, ChrootGroup, Done, Form, Labels, Refused};
use super::super::parts::Shell;
use super::super::view;
use super::fields::{self, FIELDS};
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::Owner;
use crate::model::project::{Project, ProjectSettings};
use crate::model::user::User;
use crate::ops::projects::{self, NewProject};
use crate::ops::{App, builds, settings};

/// `/coprs/<owner>/add/`
#[derive(Template)]
#[template(path = "settings/create.html")]
pub struct CreatePage {
    /// The frame.
    pub shell: Shell,
    /// Whose it is to be.
    pub owner: String,
    /// The owner's page.
    pub owner_url: String,
    /// The fields.
    pub form: Form,
    /// The chroots to choose from.
    pub chroots: Vec<ChrootGroup>,
    /// How build roots are bootstrapped.
    pub bootstraps: Vec<Choice>,
    /// What separates builds from the host.
    pub isolations: Vec<Choice>,
    /// The viewer is an admin of the server.
    pub is_admin: bool,
}

/// `/coprs/<owner>/new-fedora-review/`
#[derive(Template)]
#[template(path = "settings/review.html")]
pub struct ReviewPage {
    /// The frame.
    pub shell: Shell,
    /// Whose it is to be.
    pub owner: String,
    /// The owner's page.
    pub owner_url: String,
    /// The fields.
    pub form: Form,
}

/// The one field of a project for a review.
const REVIEW: Labels = &[("name", "Name"), ("chroots", "Chroot")];

async fn page(
    app: &App,
    user: &User,
    shell: Shell,
    owner: &Owner,
    form: Form,
) -> Result<CreatePage, PageError> {
    let (asked, is_admin, user) = (owner.clone(), user.admin, user.clone());
    let offered = app.store.read(move |db| settings::for_new(db, &user, &asked)).await?;
    Ok(CreatePage {
        shell,
        owner: owner.to_string(),
        owner_url: view::owner_url(owner),
        form,
        chroots: fields::groups(&offered),
        bootstraps: fields::bootstraps(),
        isolations: fields::isolations(),
        is_admin,
    })
}

/// The form of a new project.
#[get("/coprs/<owner>/add", rank = 0)]
pub async fn add(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
) -> Result<Page<CreatePage>, PageError> {
    let form = fields::filled(&ProjectSettings::default());
    Ok(Page(page(app, &user.0, shell, &owner, form).await?))
}

/// Makes a project, and hands in its first builds.
#[post("/coprs/<owner>/new", data = "<body>")]
pub async fn new(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    body: Body,
) -> Answer<CreatePage> {
    let form = Form::typed(FIELDS, &body);
    let new = NewProject {
        name: body.reader().line("name"),
        persistent: user.0.admin && form.is_on("persistent"),
        wish: fields::wish(&form, &body, user.0.admin),
        ..NewProject::default()
    };
    match projects::create(app, &user.0, &owner.to_string(), new).await {
        Ok(made) => Ok(first_builds(app, &user.0, &made.project, &body).await),
        Err(error) => {
            let (status, form) = form.refused(error)?;
            Err(Refused::new(status, page(app, &user.0, shell, &owner, form).await?))
        }
    }
}

/// Hands in builds of what was named as first packages. The project is there whether they are
/// taken or not.
async fn first_builds(app: &App, user: &User, project: &Project, body: &Body) -> Done {
    let done = Done::at(view::project_url(&project.owner, &project.name));
    let name = project.full_name();
    let urls = body.reader().words("initial_pkgs").filter(|urls| !urls.is_empty());
    if urls.is_none() {
        return done.saying(format!("{name} is ready for its first build."));
    }
    let wish = builds::Wish {
        owner: Some(project.owner.to_string()),
        project: Some(project.name.to_string()),
        ..builds::Wish::default()
    };
    match builds::submit_urls(app, user, wish, urls).await {
        Ok(made) => done.saying(format!("{name} is there, and {} on the way.", many(made.len()))),
        Err(error) => {
            let why = PageError::from(error);
            let why = why.message().replace('\n', " ").replace("pkgs: ", "");
            done.warning(format!(
                "{name} is there, but its first packages were not taken: {}",
                filters::sentence(&why)
            ))
        }
    }
}

fn many(builds: usize) -> String {
    if builds == 1 { "its first build is".into() } else { format!("its first {builds} builds are") }
}

/// The form of a project for a review.
#[get("/coprs/<owner>/new-fedora-review", rank = 0)]
pub async fn add_review(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
) -> Result<Page<ReviewPage>, PageError> {
    let asked = owner.clone();
    app.store.read(move |db| settings::for_new(db, &user.0, &asked)).await?;
    Ok(Page(review_page(shell, &owner, Form::new(REVIEW))))
}

/// Makes a project for a review.
#[post("/coprs/<owner>/new-fedora-review", data = "<body>")]
pub async fn new_review(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    body: Body,
) -> Answer<ReviewPage> {
    let new = NewProject::for_review(body.reader().line("name"));
    match projects::create(app, &user.0, &owner.to_string(), new).await {
        Ok(made) => {
            let project = &made.project;
            let text = "Hand in the package to be reviewed. The project goes away in 60 days.";
            Ok(Done::at(view::project_url(&project.owner, &project.name)).saying(text))
        }
        Err(error) => {
            let (status, form) = Form::typed(REVIEW, &body).refused(error)?;
            Err(Refused::new(status, review_page(shell, &owner, form)))
        }
    }
}

fn review_page(shell: Shell, owner: &Owner, form: Form) -> ReviewPage {
    ReviewPage { shell, owner: owner.to_string(), owner_url: view::owner_url(owner), form }
}
