//! Adding packages, and changing where their sources come from and how they are built.

use std::convert::Infallible;

use askama::Template;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, State, get, post};

use crate::auth::guard::{SameOrigin, SignedIn};
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::http::page::Page;
use crate::http::sources::{read as read_source, uploaded};
use crate::model::package::Package;
use crate::model::{Owner, ProjectName};
use crate::ops::App;
use crate::ops::packages::pages::{self, Editing};
use crate::ops::packages::{self, Place, Wish};
use crate::ops::sources::{Purpose, SourceKind, SourceWish};
use crate::web::error::PageError;
use crate::web::form::{Answer, Done, Form, Labels, Refused};
use crate::web::parts::{Masthead, Shell};
use crate::web::sources::{self, Part, Tab};
use crate::web::view;

/// The fields besides those of the sources.
const OWN: Labels = &[
    ("package_name", "Name"),
    ("webhook_rebuild", "Build it when a webhook says that its sources have changed"),
    ("poll", "Look for new commits or releases, and build them"),
    ("chroot_denylist", "Chroots it is not built in"),
    ("max_builds", "Builds that are kept"),
    ("timeout", "How long a build may take"),
    ("deploy_key", "Deploy key"),
    ("forget_key", "Forget the deploy key"),
];

static FIELDS: [(&str, &str); OWN.len() + sources::LABELS.len()] = sources::with(OWN);

/// `/coprs/<owner>/<project>/package/add/<kind>` and `…/package/<name>/edit/<kind>`
#[derive(Template)]
#[template(path = "packages/edit.html")]
pub struct EditPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// What is being done.
    pub title: String,
    /// The package, unless it is a new one.
    pub package: Option<String>,
    /// The address of the form.
    pub action: String,
    /// The way back.
    pub back: String,
    /// The kinds of sources.
    pub tabs: Vec<Tab>,
    /// The package has sources of another kind so far.
    pub is_change: bool,
    /// The fields of this kind.
    pub part: Part,
    /// New commits or releases can be looked for.
    pub can_poll: bool,
    /// The sources can be cloned with a key.
    pub can_have_key: bool,
    /// The package has one.
    pub has_key: bool,
    /// The form.
    pub form: Form,
}

/// Which project it is about.
type Project = (Owner, ProjectName);

/// An address without a slash at its end: `package/add/` is the page of the package `add`.
pub struct Bare;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Bare {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Bare, Infallible> {
        if request.uri().path().ends_with('/') {
            return Outcome::Forward(Status::NotFound);
        }
        Outcome::Success(Bare)
    }
}

/// The form for a new package.
#[get("/coprs/<owner>/<name>/package/add", rank = 1)]
pub async fn add(
    app: &State<App>,
    _bare: Bare,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
) -> Result<Page<EditPage>, PageError> {
    show(app, user, shell, (owner, name), None, Some(SourceKind::Scm)).await
}

/// The same with sources of some kind. What is none belongs to the package `add`.
#[get("/coprs/<owner>/<name>/package/add/<kind>", rank = 1)]
pub async fn add_kind(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    kind: SourceKind,
) -> Result<Page<EditPage>, PageError> {
    show(app, user, shell, (owner, name), None, Some(kind)).await
}

/// The form for a package that is there.
#[get("/coprs/<owner>/<name>/package/<package>/edit", rank = 2)]
pub async fn edit(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    package: &str,
) -> Result<Page<EditPage>, PageError> {
    show(app, user, shell, (owner, name), Some(package), None).await
}

/// The same with sources of some kind.
#[get("/coprs/<owner>/<name>/package/<package>/edit/<kind>", rank = 4)]
pub async fn edit_kind(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    package: &str,
    kind: SourceKind,
) -> Result<Page<EditPage>, PageError> {
    show(app, user, shell, (owner, name), Some(package), Some(kind)).await
}

/// Adds a package. What is no kind of sources belongs to the package `new`.
#[post("/coprs/<owner>/<name>/package/new/<kind>", data = "<body>", rank = 1)]
#[expect(clippy::too_many_arguments, reason = "each is a guard or a part of the address")]
pub async fn create(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    kind: SourceKind,
    body: Body,
) -> Answer<EditPage> {
    save(app, user, shell, (owner, name), None, kind, body).await
}

/// Changes a package.
#[post("/coprs/<owner>/<name>/package/<package>/edit/<kind>", data = "<body>")]
#[expect(clippy::too_many_arguments, reason = "each is a guard or a part of the address")]
pub async fn change(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    package: &str,
    kind: SourceKind,
    body: Body,
) -> Answer<EditPage> {
    save(app, user, shell, (owner, name), Some(package), kind, body).await
}

async fn show(
    app: &App,
    user: SignedIn,
    shell: Shell,
    project: Project,
    package: Option<&str>,
    kind: Option<SourceKind>,
) -> Result<Page<EditPage>, PageError> {
    let found = read(app, user, project, package).await?;
    let own = found.package.as_ref().and_then(|package| SourceKind::of(&package.source));
    let kind = kind.or(own).unwrap_or(SourceKind::Scm);
    let part = Part::new(kind, Purpose::Package, found.offered.clone());
    let form = filled(Form::new(&FIELDS), found.package.as_ref());
    let old = found.package.as_ref().map(|package| &package.source);
    let form = sources::fill(form, &part, old);
    Ok(Page(page(shell, &found, kind, part, form)))
}

async fn read(
    app: &App,
    SignedIn(user): SignedIn,
    (owner, name): Project,
    package: Option<&str>,
) -> Result<Editing, PageError> {
    let (config, package) = (app.config.clone(), package.map(str::to_owned));
    let read =
        move |db: &_| pages::editing(db, &config, (&owner, &name), package.as_deref(), &user);
    Ok(app.store.read(read).await?)
}

/// The fields that all packages have.
fn filled(form: Form, package: Option<&Package>) -> Form {
    let Some(package) = package else {
        return form.set("max_builds", 0);
    };
    let timeout = package.timeout.map(|seconds| seconds.to_string());
    form.set("package_name", &package.name)
        .tick("webhook_rebuild", package.webhook_rebuild)
        .tick("poll", package.poll)
        .set("chroot_denylist", package.chroot_denylist.join(", "))
        .set("max_builds", package.max_builds)
        .set("timeout", timeout.unwrap_or_default())
}

fn page(shell: Shell, found: &Editing, kind: SourceKind, part: Part, form: Form) -> EditPage {
    let project = &found.head.project;
    let project_url = view::project_url(&project.owner, &project.name);
    let own = found.package.as_ref().and_then(|package| SourceKind::of(&package.source));
    let package = found.package.as_ref().map(|package| package.name.to_string());
    let (title, action, back) = match &package {
        None => (
            "Add a package".to_owned(),
            format!("{project_url}package/new/{}", kind.as_str()),
            format!("{project_url}packages/"),
        ),
        Some(name) => {
            let url = view::package_url(&project_url, name);
            (format!("Edit {name}"), format!("{url}edit/{}", kind.as_str()), url)
        }
    };
    let tab_url = |kind: SourceKind| match &package {
        None => format!("{project_url}package/add/{}", kind.as_str()),
        Some(_) => format!("{back}edit/{}", kind.as_str()),
    };
    EditPage {
        head: view::masthead(&found.head, "packages", Timestamp::now()),
        tabs: sources::tabs(Some(kind), tab_url),
        is_change: own.is_some_and(|own| own != kind),
        can_poll: matches!(kind, SourceKind::Scm | SourceKind::PyPi | SourceKind::RubyGems),
        can_have_key: kind == SourceKind::Scm,
        has_key: found.has_key,
        title,
        package,
        action,
        back,
        part,
        form,
        shell,
    }
}

async fn save(
    app: &App,
    user: SignedIn,
    shell: Shell,
    project: Project,
    package: Option<&str>,
    kind: SourceKind,
    mut body: Body,
) -> Answer<EditPage> {
    let form = Form::typed(&FIELDS, &body);
    let file = uploaded(&mut body);
    let name = package.map_or_else(|| form.value("package_name").trim().to_owned(), str::to_owned);
    let wish = wish(kind, &form, &body, &name);
    let place = Place::new(&project.0.to_string(), project.1.as_str(), &name);
    let done = match package {
        None => packages::add(app, &user.0, place, None, wish, file).await,
        Some(_) => packages::edit(app, &user.0, place, wish, file).await,
    };
    match done {
        Ok((project, shown)) => {
            let project_url = view::project_url(&project.owner, &project.name);
            let name = &shown.package.name;
            let to = view::package_url(&project_url, name.as_str());
            let said = match package {
                None => format!("{name} is there; build it when you like."),
                Some(_) => format!("{name} is changed; the next build has it."),
            };
            Ok(Done::at(to).saying(said))
        }
        Err(error) => {
            let (status, form) = form.refused(error)?;
            let found = read(app, user, project, package).await?;
            let part = Part::new(kind, Purpose::Package, found.offered.clone());
            Err(Refused::new(status, page(shell, &found, kind, part, form)))
        }
    }
}

/// What was typed. What a form leaves empty is meant to be empty, unlike what the API is not told.
fn wish(kind: SourceKind, form: &Form, body: &Body, name: &str) -> Wish {
    let (mut source, mut mistakes) = read_source(kind, body);
    if let SourceWish::DistGit(distgit) = &mut source {
        // The package's name in the dist-git is its name here.
        distgit.package = Some(name.to_owned());
    }
    let mut read = body.reader();
    let key = form.value("deploy_key").trim();
    let deploy_key = if form.is_on("forget_key") {
        Some(String::new())
    } else {
        (!key.is_empty()).then(|| format!("{key}\n"))
    };
    let wish = Wish {
        source,
        webhook_rebuild: Some(form.is_on("webhook_rebuild")),
        poll: Some(form.is_on("poll")),
        max_builds: read.integer("max_builds").or_else(|| empty(form, "max_builds")),
        timeout: read.integer("timeout").or_else(|| empty(form, "timeout")),
        chroot_denylist: read.comma_separated("chroot_denylist"),
        deploy_key,
        mistakes: crate::ops::Mistakes::default(),
    };
    mistakes.append(read.mistakes());
    Wish { mistakes, ..wish }
}

/// Nothing, where a number was taken out of its field.
fn empty(form: &Form, name: &str) -> Option<i64> {
    form.value(name).trim().is_empty().then_some(0)
}
