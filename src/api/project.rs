//! `/project`.

use rocket::http::Method;
use rocket::serde::json::Json;
use rocket::{State, delete, get, post, put};
use utoipa::ToSchema;

use super::error::{Answer, ApiError};
use super::listing::{self, LongList};
use super::openapi::{Endpoints, Integer, Items, Switch, Text, Words, bodies, described};
use super::params::{List, OfProject, Page, Paging, Params};
use super::view::ProjectView;
use crate::auth::guard::ApiUser;
use crate::http::body::{Body, FieldReader};
use crate::model::list::ProjectKey;
use crate::model::{Owner, ProjectId};
use crate::ops::projects::{self, NewProject, Shown, Wish};
use crate::ops::{self, App, Error, Mistakes};

/// Copr's index knows no shorter texts, and says so.
const SHORTEST_QUERY: usize = 3;

fn view(app: &App, shown: Shown) -> Json<ProjectView> {
    Json(ProjectView::new(shown, &app.layout()))
}

fn views(app: &App, found: Vec<Shown>) -> Vec<ProjectView> {
    let layout = app.layout();
    found.into_iter().map(|shown| ProjectView::new(shown, &layout)).collect()
}

async fn rest(app: App, ids: Vec<ProjectId>) -> ops::Result<Vec<Shown>> {
    projects::these(&app, ids).await
}

/// Whose projects are meant.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct OfOwner {
    /// A user, or a group as `@name`; nothing means everybody's.
    ownername: Option<Owner>,
}

/// What is searched for.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct Search {
    /// Words, or `owner/project`.
    #[param(min_length = 3)]
    query: String,
}

/// What a new project can be told in the address.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct Leniency {
    /// It is well if the caller has such a project already.
    exist_ok: Option<bool>,
}

/// A project.
#[utoipa::path(params(OfProject), responses((status = 200, body = ProjectView)))]
#[get("/project")]
async fn get_one(app: &State<App>, params: Params) -> Answer<ProjectView> {
    let (owner, name) = params.project()?;
    Ok(view(app, projects::get(app, owner, name).await?))
}

/// What lists of projects can be ordered by: the words of [`ProjectKey`].
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct Order {
    /// What to order by.
    #[param(inline)]
    order: Option<OrderWord>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
#[schema(rename_all = "snake_case")]
enum OrderWord {
    Id,
    Name,
    Description,
    Instructions,
    Homepage,
    Contact,
    CreatedOn,
    DeleteAfter,
    RepoPriority,
}

fn page(params: &Params) -> ops::Result<Page> {
    params.page(&ProjectKey::ALL.map(|(word, _)| word))
}

/// The projects of an owner, or all.
#[utoipa::path(
    params(OfOwner, Paging, Order),
    responses((status = 200, body = List<ProjectView>)),
)]
#[get("/project/list")]
async fn list(app: &State<App>, params: Params) -> Result<LongList<ProjectView>, ApiError> {
    let page = page(&params)?;
    let owner = params.get("ownername").filter(|owner| !owner.is_empty());
    let found = projects::list(app, owner, page.order_of(&ProjectKey::ALL), page.slice()).await?;
    Ok(listing::answer(app, page, found, views, rest))
}

/// The projects that fit a text.
#[utoipa::path(
    params(Search, Paging, Order),
    responses((status = 200, body = List<ProjectView>)),
)]
#[get("/project/search")]
async fn search(app: &State<App>, params: Params) -> Result<LongList<ProjectView>, ApiError> {
    let page = page(&params)?;
    let query = params.required("query")?;
    let length = query.trim().chars().count();
    if (1..SHORTEST_QUERY).contains(&length) && !query.contains('/') {
        let text = format!("Search string must have at least {SHORTEST_QUERY} characters");
        return Err(ApiError(Error::invalid(text)));
    }
    let found = projects::search(app, query, page.slice()).await?;
    Ok(listing::answer(app, page, found, views, rest))
}

/// Makes a project.
#[utoipa::path(
    params(Leniency),
    request_body = NewProjectFields,
    responses((status = 200, body = ProjectView)),
    security(("token" = [])),
)]
#[post("/project/add/<owner>", data = "<body>")]
async fn add(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    params: Params,
    body: Body,
) -> Answer<ProjectView> {
    let mut read = body.reader();
    let new = NewProject {
        name: read.line("name"),
        persistent: read.switch("persistent").unwrap_or(false),
        exist_ok: params.switch("exist_ok"),
        storage: read.line("storage"),
        wish: wish(read),
    };
    Ok(view(app, projects::create(app, &caller.user, owner, new).await?))
}

/// Changes a project. What is not sent stays.
#[utoipa::path(
    request_body = ProjectEdit,
    responses(
        (status = 200, body = ProjectView),
        (status = 409, description = "A chroot that is to go has builds under way."),
    ),
    security(("token" = [])),
)]
#[put("/project/edit/<owner>/<name>", data = "<body>")]
async fn edit(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    name: &str,
    body: Body,
) -> Answer<ProjectView> {
    let wish = wish(body.reader());
    Ok(view(app, projects::edit(app, &caller.user, owner, name, wish).await?))
}

/// What [`wish`] reads.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
struct ProjectEdit {
    /// The chroots to build for.
    chroots: Option<Items>,
    /// What it is for; Markdown.
    description: Option<Text>,
    /// How to install from it; Markdown.
    instructions: Option<Text>,
    /// A web address.
    homepage: Option<Text>,
    /// A web or mail address.
    contact: Option<Text>,
    /// Repositories that builds take packages from.
    repos: Option<Words>,
    /// An older name of `repos`.
    additional_repos: Option<Words>,
    /// Repositories that are enabled together with the project.
    runtime_dependencies: Option<Words>,
    /// Leave it out of the list of projects.
    unlisted_on_hp: Option<Switch>,
    /// Builds have access to the network.
    enable_net: Option<Switch>,
    /// An older name of `enable_net`.
    build_enable_net: Option<Switch>,
    /// Delete builds that newer ones have replaced.
    auto_prune: Option<Switch>,
    /// Publish only when asked to.
    devel_mode: Option<Switch>,
    /// An older name of `devel_mode`.
    disable_createrepo: Option<Switch>,
    /// Delete the project after so many days.
    delete_after_days: Option<Integer>,
    /// Offer packages for i386 beside those for x86_64.
    multilib: Option<Switch>,
    /// Let its packages replace those of modules.
    module_hotfixes: Option<Switch>,
    /// Run fedora-review after builds.
    fedora_review: Option<Switch>,
    /// Make metadata for software centres.
    appstream: Option<Switch>,
    /// How build roots are bootstrapped.
    bootstrap: Option<Text>,
    /// An older name of `bootstrap`, for on and off.
    use_bootstrap_container: Option<Switch>,
    /// What separates builds from the host.
    isolation: Option<Text>,
    /// Build for a new Fedora as soon as it branches.
    follow_fedora_branching: Option<Switch>,
    /// The forge projects whose packit may build here.
    packit_forge_projects_allowed: Option<Words>,
    /// The priority of its repositories.
    repo_priority: Option<Integer>,
}

/// What [`add`] reads besides.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
struct ProjectName {
    /// The project's name.
    name: Text,
    /// It can never be deleted; admins only.
    persistent: Option<Switch>,
    /// Where results are kept; only `backend` is there.
    storage: Option<Text>,
}

bodies! {
    NewProjectFields = ProjectName, ProjectEdit;
}

/// What the fields say about a project. Older names of fields are understood.
fn wish(mut read: FieldReader<'_>) -> Wish {
    let bootstrap = read.line("bootstrap").or_else(|| {
        let on = read.switch("use_bootstrap_container")?;
        Some(if on { "on" } else { "off" }.to_owned())
    });
    let mut wish = Wish {
        chroots: read.items("chroots"),
        description: read.text("description"),
        instructions: read.text("instructions"),
        homepage: read.line("homepage"),
        contact: read.line("contact"),
        additional_repos: read.words("repos").or_else(|| read.words("additional_repos")),
        runtime_dependencies: read.words("runtime_dependencies"),
        unlisted: read.switch("unlisted_on_hp"),
        enable_net: read.switch("enable_net").or_else(|| read.switch("build_enable_net")),
        auto_prune: read.switch("auto_prune"),
        manual_createrepo: read.switch("devel_mode").or_else(|| read.switch("disable_createrepo")),
        delete_after_days: read.integer("delete_after_days"),
        multilib: read.switch("multilib"),
        module_hotfixes: read.switch("module_hotfixes"),
        fedora_review: read.switch("fedora_review"),
        appstream: read.switch("appstream"),
        bootstrap,
        isolation: read.line("isolation"),
        follow_fedora_branching: read.switch("follow_fedora_branching"),
        packit_forge_projects_allowed: read.words("packit_forge_projects_allowed"),
        repo_priority: read.integer("repo_priority"),
        no_repo_priority: false,
        mistakes: Mistakes::default(),
    };
    wish.mistakes = read.mistakes();
    wish
}

/// Deletes a project and what is in it.
#[utoipa::path(
    responses(
        (status = 200, body = ProjectView),
        (status = 409, description = "It has builds that are not finished."),
    ),
    security(("token" = [])),
)]
#[delete("/project/delete/<owner>/<name>")]
async fn remove(app: &State<App>, caller: ApiUser, owner: &str, name: &str) -> Answer<ProjectView> {
    Ok(view(app, projects::delete(app, &caller.user, owner, name).await?))
}

/// Makes the metadata of a project's repositories anew.
#[utoipa::path(responses((status = 200, body = ProjectView)), security(("token" = [])))]
#[put("/project/regenerate-repos/<owner>/<name>")]
async fn regenerate(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    name: &str,
) -> Answer<ProjectView> {
    Ok(view(app, projects::regenerate(app, &caller.user, owner, name).await?))
}

pub(super) fn endpoints() -> Endpoints {
    described![get_one, list, search, add]
        .and(described![edit, remove, regenerate].also(Method::Post))
}
