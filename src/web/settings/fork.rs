//! Forks: the list of a project's, and making one.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::form::{Answer, Choice, Done, Form, Labels, Refused};
use super::super::parts::{Masthead, Pages, ProjectRow, Shape, Shell};
use super::super::view;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::list::Slice;
use crate::model::user::User;
use crate::model::{Owner, ProjectName};
use crate::ops::forks::{self, NewFork};
use crate::ops::{App, Error, pages, settings};

/// Forks on one page.
const SIZE: u32 = 50;

const FIELDS: Labels =
    &[("ownername", "For whom"), ("name", "Name"), ("confirm", "Add the packages to it")];

/// `/coprs/<owner>/<project>/forks/`
#[derive(Template)]
#[template(path = "settings/forks.html")]
pub struct ForksPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// The forks, newest first.
    pub forks: Vec<ProjectRow>,
    /// Where in their list this is.
    pub pages: Pages,
}

/// `/coprs/<owner>/<project>/fork/`
#[derive(Template)]
#[template(path = "settings/fork.html")]
pub struct ForkPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// The fields.
    pub form: Form,
    /// Whose it can be.
    pub owners: Vec<Choice>,
    /// There is a project of the name that was typed.
    pub is_taken: bool,
}

/// The forks of a project.
#[get("/coprs/<owner>/<name>/forks?<page>")]
pub async fn list(
    app: &State<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    page: Option<&str>,
) -> Result<Page<ForksPage>, PageError> {
    let number = view::page_number(page);
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let address = format!("{}forks/", view::project_url(&owner, &name));
    let viewer = shell.viewer.clone();
    let read = move |db: &_| forks::list(db, (&owner, &name), viewer.as_ref(), slice);
    let found = app.store.read(read).await?;
    let now = Timestamp::now();
    Ok(Page(ForksPage {
        head: view::masthead(&found.head, "", now),
        forks: found.forks.iter().map(|card| view::project_row(card, now)).collect(),
        pages: Pages::open(&address, number, found.more),
        shell,
    }))
}

async fn page(
    app: &App,
    user: &User,
    shell: Shell,
    (owner, name): (Owner, ProjectName),
    form: Form,
) -> Result<ForkPage, PageError> {
    let user = user.clone();
    let typed = (form.value("ownername").to_owned(), form.value("name").to_owned());
    let read = move |db: &_| {
        let head = pages::head(db, &owner, &name, Some(&user))?;
        Ok::<_, Error>((
            head,
            settings::owners(db, &user)?,
            forks::is_taken(db, &typed.0, &typed.1)?,
        ))
    };
    let (head, owners, is_taken) = app.store.read(read).await?;
    let choice = |owner: &Owner| Choice::new(owner.to_string(), owner.to_string());
    Ok(ForkPage {
        head: view::masthead(&head, "", Timestamp::now()),
        owners: owners.iter().map(choice).collect(),
        is_taken: is_taken && !form.mistakes().is_empty(),
        form,
        shell,
    })
}

/// The form.
#[get("/coprs/<owner>/<name>/fork")]
pub async fn ask(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
) -> Result<Page<ForkPage>, PageError> {
    let form = Form::new(FIELDS).set("name", &name).set("ownername", &user.0.name);
    Ok(Page(page(app, &user.0, shell, (owner, name), form).await?))
}

/// Makes a fork.
#[post("/coprs/<owner>/<name>/fork", data = "<body>")]
pub async fn fork(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    body: Body,
) -> Answer<ForkPage> {
    let form = Form::typed(FIELDS, &body);
    let mut read = body.reader();
    let mut new = NewFork {
        name: read.line("name"),
        owner: read.line("ownername"),
        confirm: form.is_on("confirm"),
        ..NewFork::default()
    };
    new.mistakes = read.mistakes();
    let confirmed = new.confirm;
    let (asked, named) = (owner.to_string(), name.to_string());
    let error = match forks::fork(app, &user.0, (&asked, &named), new).await {
        Ok(made) => {
            let to = view::project_url(&made.project.owner, &made.project.name);
            let text = format!("{asked}/{named} is forked. Its builds follow one after another.");
            return Ok(Done::at(to).saying(text));
        }
        Err(error) => error,
    };
    let typed = (form.value("ownername").to_owned(), form.value("name").to_owned());
    let is_taken = app.store.read(move |db| forks::is_taken(db, &typed.0, &typed.1)).await?;
    let error = match error {
        // The API tells users of the command line about an option of theirs.
        Error::Invalid(_) if is_taken && !confirmed => Error::invalid(
            "name: There is such a project already. Choose another name, or tick the box to add \
             the packages and their newest builds to it.",
        ),
        other => other,
    };
    let (status, form) = form.refused(error)?;
    Err(Refused::new(status, page(app, &user.0, shell, (owner, name), form).await?))
}
