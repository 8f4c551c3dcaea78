//! `/project`.

use rocket::http::Method;
use rocket::serde::json::Json;
use rocket::{Route, State, delete, get, post, put, routes};

use super::error::{Answer, ApiError};
use super::listing::{self, LongList};
use super::methods::also;
use super::params::Params;
use super::view::ProjectView;
use crate::auth::guard::ApiUser;
use crate::http::body::{Body, FieldReader};
use crate::model::ProjectId;
use crate::ops::projects::{self, NewProject, Shown, Wish};
use crate::ops::{self, App, Error, Mistakes};

const COLUMNS: [&str; 2] = ["id", "name"];

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

#[get("/project")]
async fn get_one(app: &State<App>, params: Params) -> Answer<ProjectView> {
    let (owner, name) = params.project()?;
    Ok(view(app, projects::get(app, owner, name).await?))
}

#[get("/project/list")]
async fn list(app: &State<App>, params: Params) -> Result<LongList<ProjectView>, ApiError> {
    let page = params.page(&COLUMNS)?;
    let owner = params.get("ownername").filter(|owner| !owner.is_empty());
    let found = projects::list(app, owner, page.order(), page.slice()).await?;
    Ok(listing::answer(app, page, found, views, rest))
}

#[get("/project/search")]
async fn search(app: &State<App>, params: Params) -> Result<LongList<ProjectView>, ApiError> {
    let page = params.page(&COLUMNS)?;
    let query = params.required("query")?;
    let length = query.trim().chars().count();
    if (1..SHORTEST_QUERY).contains(&length) && !query.contains('/') {
        let text = format!("Search string must have at least {SHORTEST_QUERY} characters");
        return Err(ApiError(Error::invalid(text)));
    }
    let found = projects::search(app, query, page.slice()).await?;
    Ok(listing::answer(app, page, found, views, rest))
}

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
        mistakes: Mistakes::default(),
    };
    wish.mistakes = mistakes(read);
    wish
}

/// What was wrong when fields were read.
pub(super) fn mistakes(read: FieldReader<'_>) -> Mistakes {
    read.finish().err().map(|errors| errors.lines().to_vec().into()).unwrap_or_default()
}

#[delete("/project/delete/<owner>/<name>")]
async fn remove(app: &State<App>, caller: ApiUser, owner: &str, name: &str) -> Answer<ProjectView> {
    Ok(view(app, projects::delete(app, &caller.user, owner, name).await?))
}

#[put("/project/regenerate-repos/<owner>/<name>")]
async fn regenerate(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    name: &str,
) -> Answer<ProjectView> {
    Ok(view(app, projects::regenerate(app, &caller.user, owner, name).await?))
}

pub(super) fn routes() -> Vec<Route> {
    let mut all = routes![get_one, list, search, add];
    all.extend(also(Method::Post, routes![edit, remove, regenerate]));
    all
}
