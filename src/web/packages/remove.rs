//! Deleting packages, and having one forget its sources.

use rocket::{State, get, post};

use crate::auth::guard::{SameOrigin, SignedIn};
use crate::http::page::Page;
use crate::model::{Owner, ProjectName};
use crate::ops::packages::{self, pages};
use crate::ops::{self, App};
use crate::web::error::PageError;
use crate::web::form::{Confirm, Done, Form};
use crate::web::parts::Shell;
use crate::web::view;

/// Asks before a package is deleted. Copr names it by its number here; its name will do as well.
#[get("/coprs/<owner>/<name>/package/<package>/delete", rank = 2)]
pub async fn ask(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    package: &str,
) -> Result<Page<Confirm>, PageError> {
    let found = find(app, user, &owner, &name, package).await?;
    let url = package_url(&owner, &name, &found.name);
    let builds = match found.builds {
        0 => "It has no builds.".to_owned(),
        1 => "Its only build, with its packages in all repositories and its logs.".to_owned(),
        many => format!(
            "All its {many} builds, with their packages in all repositories and their logs."
        ),
    };
    Ok(Page(Confirm {
        shell,
        title: format!("Delete {} from {owner}/{name}?", found.name),
        will_go: vec![format!("The package {} with its settings.", found.name), builds],
        action: format!("{url}delete"),
        hidden: Vec::new(),
        button: "Delete the package".to_owned(),
        back: url,
        needs_typing: None,
        form: Form::new(Confirm::FIELDS),
    }))
}

/// Deletes a package with its builds.
#[post("/coprs/<owner>/<name>/package/<package>/delete", rank = 2)]
pub async fn delete(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    owner: Owner,
    name: ProjectName,
    package: &str,
) -> Result<Done, PageError> {
    let viewer = user.0.clone();
    let found = find(app, user, &owner, &name, package).await?;
    let place = (owner.to_string(), name.to_string());
    packages::delete(app, &viewer, (&place.0, &place.1), &found.name).await?;
    let to = format!("{}packages/", view::project_url(&owner, &name));
    Ok(Done::at(to).saying(format!("{} is deleted, with all its builds.", found.name)))
}

/// Asks before a package forgets its sources.
#[get("/coprs/<owner>/<name>/package/<package>/reset", rank = 2)]
pub async fn ask_reset(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    package: &str,
) -> Result<Page<Confirm>, PageError> {
    let found = find(app, user, &owner, &name, package).await?;
    let url = package_url(&owner, &name, &found.name);
    Ok(Page(Confirm {
        shell,
        title: format!("Have {} forget its sources?", found.name),
        will_go: vec![
            format!("Where the sources of {} come from: {}.", found.name, found.source),
            "Its builds stay. Nothing rebuilds it until it is told where its sources are."
                .to_owned(),
        ],
        action: format!("{url}reset"),
        hidden: Vec::new(),
        button: "Forget the sources".to_owned(),
        back: url,
        needs_typing: None,
        form: Form::new(Confirm::FIELDS),
    }))
}

/// Has a package forget its sources.
#[post("/coprs/<owner>/<name>/package/<package>/reset", rank = 2)]
pub async fn reset(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    owner: Owner,
    name: ProjectName,
    package: &str,
) -> Result<Done, PageError> {
    let place = (owner.to_string(), name.to_string());
    let (_, shown) = packages::reset(app, &user.0, (&place.0, &place.1), package).await?;
    let to = package_url(&owner, &name, shown.package.name.as_str());
    Ok(Done::at(to).saying("Its sources are forgotten; edit the package to give it others."))
}

/// What is to be said of a package that is to go.
struct Found {
    name: String,
    builds: u32,
    source: String,
}

async fn find(
    app: &App,
    SignedIn(user): SignedIn,
    owner: &Owner,
    name: &ProjectName,
    package: &str,
) -> Result<Found, PageError> {
    let (owner, name, package) = (owner.clone(), name.clone(), package.to_owned());
    let read = move |db: &_| {
        let (_, package, builds) = pages::find_to_delete(db, (&owner, &name), &package, &user)?;
        let source = package.source.describe().unwrap_or_else(|| "nowhere yet".to_owned());
        Ok::<_, ops::Error>(Found { name: package.name.to_string(), builds, source })
    };
    Ok(app.store.read(read).await?)
}

fn package_url(owner: &Owner, name: &ProjectName, package: &str) -> String {
    view::package_url(&view::project_url(owner, name), package)
}
