//! Building packages again, from the sources on record: one, or many at a go.

use askama::Template;
use rocket::{State, get, post};

use crate::auth::guard::{SameOrigin, SignedIn};
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::{Owner, ProjectName};
use crate::ops::App;
use crate::ops::builds::{self, Wish};
use crate::ops::packages::pages::{self, Rebuilding};
use crate::web::error::PageError;
use crate::web::form::{Answer, Choice, ChrootGroup, Done, Form, Labels, Refused};
use crate::web::parts::{Masthead, Shell};
use crate::web::view;

/// The fields.
const FIELDS: Labels = &[
    ("packages", "Packages"),
    ("chroots", "Chroots"),
    ("respect", "Leave out the chroots that a package is not built in"),
    ("enable_net", "Access to the network"),
    ("timeout", "How long a build may take"),
    ("background", "Let other builds go first"),
];

/// `/coprs/<owner>/<project>/package/<package>/rebuild` and `…/packages/rebuild-all/`
#[derive(Template)]
#[template(path = "packages/rebuild.html")]
pub struct RebuildPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// What is being done.
    pub title: String,
    /// Where the sources come from, of one package.
    pub source: Option<String>,
    /// Many packages at a go.
    pub is_many: bool,
    /// The packages to choose from, where they are few enough.
    pub packages: Option<Vec<Choice>>,
    /// The chroots.
    pub chroots: Vec<ChrootGroup>,
    /// With network or without.
    pub nets: Vec<Choice>,
    /// The address of the form.
    pub action: String,
    /// The way back.
    pub back: String,
    /// The form.
    pub form: Form,
}

/// The form for one package.
#[get("/coprs/<owner>/<name>/package/<package>/rebuild", rank = 2)]
pub async fn one(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    package: &str,
) -> Result<Page<RebuildPage>, PageError> {
    let found = read(app, user, (owner, name), Some(package)).await?;
    let form = filled(&found);
    Ok(Page(page(shell, &found, form)))
}

/// The form for many.
#[get("/coprs/<owner>/<name>/packages/rebuild-all")]
pub async fn many(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
) -> Result<Page<RebuildPage>, PageError> {
    let found = read(app, user, (owner, name), None).await?;
    let form = filled(&found);
    Ok(Page(page(shell, &found, form)))
}

/// Builds one package again.
#[post("/coprs/<owner>/<name>/package/<package>/rebuild", data = "<body>", rank = 2)]
#[expect(clippy::too_many_arguments, reason = "each is a guard or a part of the address")]
pub async fn build_one(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    package: &str,
    body: Body,
) -> Answer<RebuildPage> {
    let form = Form::typed(FIELDS, &body);
    let wish = wish(&owner, &name, &form, &body);
    match builds::submit_package(app, &user.0, wish, Some(package.to_owned())).await {
        Ok(build) => Ok(Done::at(view::build_url(&build.owner, &build.project, build.id))),
        Err(error) => {
            let (status, form) = form.refused(error)?;
            let found = read(app, user, (owner, name), Some(package)).await?;
            Err(Refused::new(status, page(shell, &found, form)))
        }
    }
}

/// Builds many packages again.
#[post("/coprs/<owner>/<name>/packages/rebuild-all", data = "<body>")]
pub async fn build_many(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    body: Body,
) -> Answer<RebuildPage> {
    let form = Form::typed(FIELDS, &body);
    let wish = wish(&owner, &name, &form, &body);
    let patterns = body.reader().words("packages").unwrap_or_default();
    let respect = form.is_on("respect");
    match builds::submit_packages(app, &user.0, wish, patterns, respect).await {
        Ok((made, left_out)) => {
            let to = format!("{}builds/", view::project_url(&owner, &name));
            let said = match made {
                1 => "1 build is handed in.".to_owned(),
                many => format!("{many} builds are handed in."),
            };
            Ok(if left_out.is_empty() {
                Done::at(to).saying(said)
            } else {
                Done::at(to).warning(format!("{said} {}", not_built(&left_out)))
            })
        }
        Err(error) => {
            let (status, form) = form.refused(error)?;
            let found = read(app, user, (owner, name), None).await?;
            Err(Refused::new(status, page(shell, &found, form)))
        }
    }
}

/// What to say of packages that could not be built.
fn not_built(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let first = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("Left out, for want of sources on record or of chroots: {first}{more}.")
}

async fn read(
    app: &App,
    SignedIn(user): SignedIn,
    (owner, name): (Owner, ProjectName),
    package: Option<&str>,
) -> Result<Rebuilding, PageError> {
    let package = package.map(str::to_owned);
    let read = move |db: &_| pages::rebuilding(db, (&owner, &name), package.as_deref(), &user);
    Ok(app.store.read(read).await?)
}

/// The form as it opens: everything that is usually built.
fn filled(found: &Rebuilding) -> Form {
    let names = found.names.clone().unwrap_or_else(|| vec!["*".to_owned()]);
    let timeout = found.package.as_ref().and_then(|package| package.timeout);
    Form::new(FIELDS)
        .set_all("packages", names)
        .set_all("chroots", &found.usual)
        .tick("respect", true)
        .tick("background", found.package.is_none())
        .set("timeout", timeout.map(|seconds| seconds.to_string()).unwrap_or_default())
}

fn wish(owner: &Owner, name: &ProjectName, form: &Form, body: &Body) -> Wish {
    let mut read = body.reader();
    let mut wish = Wish {
        owner: Some(owner.to_string()),
        project: Some(name.to_string()),
        // Nothing ticked is a mistake here; for the API it means all.
        chroots: read.items("chroots"),
        timeout: read.integer("timeout"),
        background: Some(form.is_on("background")),
        enable_net: read.switch("enable_net").filter(|_| !form.value("enable_net").is_empty()),
        ..Wish::default()
    };
    if wish.chroots.as_ref().is_none_or(Vec::is_empty) {
        read.refuse::<()>("chroots", "Choose at least one.");
    }
    wish.mistakes = read.mistakes();
    wish
}

fn page(shell: Shell, found: &Rebuilding, form: Form) -> RebuildPage {
    let project = &found.head.project;
    let project_url = view::project_url(&project.owner, &project.name);
    let note = |chroot| if found.usual.contains(chroot) { "" } else { "left out by the package" };
    let chroots = found.chroots.iter().map(|chroot| (chroot, note(chroot)));
    let net = if project.settings.enable_net {
        "as the project has it: on"
    } else {
        "as the project has it: off"
    };
    let (title, action, back) = match &found.package {
        Some(package) => {
            let url = view::package_url(&project_url, package.name.as_str());
            (format!("Rebuild {}", package.name), format!("{url}rebuild"), url)
        }
        None => (
            "Rebuild packages".to_owned(),
            format!("{project_url}packages/rebuild-all/"),
            format!("{project_url}packages/"),
        ),
    };
    RebuildPage {
        head: view::masthead(&found.head, "packages", Timestamp::now()),
        source: found.package.as_ref().and_then(|package| package.source.describe()),
        is_many: found.package.is_none(),
        packages: found
            .names
            .as_ref()
            .map(|names| names.iter().map(|name| Choice::new(name, name)).collect()),
        chroots: ChrootGroup::list(chroots),
        nets: Choice::list(&[("", net), ("true", "on"), ("false", "off")]),
        title,
        action,
        back,
        form,
        shell,
    }
}
