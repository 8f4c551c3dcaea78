//! `/build`: reading, canceling, deleting.

use rocket::http::Method;
use rocket::serde::json::Json;
use rocket::{State, delete, get, put};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Answer, ApiError};
use super::listing::{self, LongList};
use super::openapi::{Endpoints, Items, described};
use super::params::{List, Number, OfProject, Paging, Params};
use super::view::{BuildView, Nevras, Pairs, SourceChroot, SourceConfig};
use crate::auth::guard::ApiUser;
use crate::http::body::{Body, BodyOrList, Encoding};
use crate::model::BuildId;
use crate::model::build::Build;
use crate::ops::{self, App, builds};

/// What lists of builds can be said to be ordered by. They run newest first whatever is said:
/// clients rely on it.
const COLUMNS: [&str; 8] = [
    "id",
    "submitted_on",
    "is_background",
    "timeout",
    "enable_net",
    "bootstrap",
    "isolation",
    "canceled",
];

/// What a list of builds can be told besides.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct Choice {
    /// Only builds of this package.
    packagename: Option<String>,
    /// Only builds in this state.
    status: Option<String>,
    /// Taken and ignored: lists of builds run newest first.
    #[param(inline)]
    order: Option<Order>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
#[schema(rename_all = "snake_case")]
enum Order {
    Id,
    SubmittedOn,
    IsBackground,
    Timeout,
    EnableNet,
    Bootstrap,
    Isolation,
    Canceled,
}

/// A build.
#[utoipa::path(responses((status = 200, body = BuildView)))]
#[get("/build/<id>")]
async fn get_one(app: &State<App>, id: Number<'_>) -> Answer<BuildView> {
    let build = builds::get(app, builds::number(id.0)?).await?;
    Ok(Json(BuildView::new(build, app)))
}

/// The builds of a project, newest first.
#[utoipa::path(
    params(OfProject, Choice, Paging),
    responses((status = 200, body = List<BuildView>)),
)]
#[get("/build/list")]
async fn list(app: &State<App>, params: Params) -> Result<LongList<BuildView>, ApiError> {
    let page = params.page(&COLUMNS)?;
    let (package, state) = (given(&params, "packagename"), given(&params, "status"));
    let found = builds::list(app, params.project()?, package, state, page.slice()).await?;
    let rest = |app: App, ids| async move { builds::these(&app, ids).await };
    Ok(listing::answer(app, page, found, views, rest))
}

fn views(app: &App, found: Vec<Build>) -> Vec<BuildView> {
    found.into_iter().map(|build| BuildView::new(build, app)).collect()
}

fn given<'p>(params: &'p Params, name: &str) -> Option<&'p str> {
    params.get(name).filter(|value| !value.is_empty())
}

/// How far a build's source package is, and where its log lies.
#[utoipa::path(responses((status = 200, body = SourceChroot)))]
#[get("/build/source-chroot/<id>")]
async fn source_chroot(app: &State<App>, id: Number<'_>) -> Answer<SourceChroot> {
    let build = builds::get(app, builds::number(id.0)?).await?;
    Ok(Json(SourceChroot::new(&build, &app.layout())))
}

/// What a build's source package is made from.
#[utoipa::path(responses((status = 200, body = SourceConfig)))]
#[get("/build/source-build-config/<id>")]
async fn source_config(app: &State<App>, id: Number<'_>) -> Answer<SourceConfig> {
    let build = builds::get(app, builds::number(id.0)?).await?;
    Ok(Json(SourceConfig::new(&build, app)))
}

/// What a build has built, by chroot.
#[utoipa::path(responses((status = 200, body = BTreeMap<String, Nevras>)))]
#[get("/build/built-packages/<id>")]
async fn built_packages(app: &State<App>, id: Number<'_>) -> Answer<Pairs<Nevras>> {
    let made = builds::packages(app, builds::number(id.0)?).await?;
    let pairs = made.into_iter().map(|(chroot, packages)| (chroot, packages.into()));
    Ok(Json(Pairs(pairs.collect())))
}

/// Stops a build.
#[utoipa::path(
    responses((status = 200, body = BuildView), (status = 409, description = "It is finished.")),
    security(("token" = [])),
)]
#[put("/build/cancel/<id>")]
async fn cancel(app: &State<App>, caller: ApiUser, id: Number<'_>) -> Answer<BuildView> {
    let build = builds::cancel(app, &caller.user, builds::number(id.0)?).await?;
    Ok(Json(BuildView::new(build, app)))
}

/// Deletes a build and what it has built.
#[utoipa::path(
    responses(
        (status = 200, body = BuildView),
        (status = 409, description = "It is not finished."),
    ),
    security(("token" = [])),
)]
#[delete("/build/delete/<id>", rank = 2)]
async fn remove(app: &State<App>, caller: ApiUser, id: Number<'_>) -> Answer<BuildView> {
    let build = builds::delete(app, &caller.user, builds::number(id.0)?).await?;
    Ok(Json(BuildView::new(build, app)))
}

/// What [`remove_list`] reads; the list alone is understood as well.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
struct BuildsToDelete {
    /// The builds' numbers.
    builds: Items,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeletedBuilds)]
struct Deleted {
    builds: Vec<i64>,
}

/// Deletes several builds.
#[utoipa::path(
    request_body = BuildsToDelete,
    responses((status = 200, body = Deleted), (status = 409, description = "One is not finished.")),
    security(("token" = [])),
)]
#[delete("/build/delete/list", data = "<body>")]
async fn remove_list(app: &State<App>, caller: ApiUser, body: BodyOrList) -> Answer<Deleted> {
    let BodyOrList(body) = body;
    if body.encoding() == Encoding::Nothing {
        return Err(ApiError(ops::Error::NothingSent));
    }
    let mut read = body.reader();
    // A bare list is what Copr's own documentation says.
    let Some(texts) = read.words(Body::LIST).or_else(|| read.words("builds")) else {
        return Err(ApiError(ops::Error::invalid("builds: a list of build ids is required")));
    };
    let parsed: Result<Vec<BuildId>, _> = texts.iter().map(|text| text.parse()).collect();
    let Ok(ids) = parsed else {
        return Err(ApiError(ops::Error::invalid("builds: every item must be a build id")));
    };
    let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
    builds::delete_list(app, &caller.user, ids).await?;
    Ok(Json(Deleted { builds: numbers }))
}

pub(super) fn endpoints() -> Endpoints {
    described![get_one, list, source_chroot, source_config, built_packages]
        .and(described![cancel, remove, remove_list].also(Method::Post))
}
