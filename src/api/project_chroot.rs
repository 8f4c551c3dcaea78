//! `/project-chroot`.

use rocket::http::Method;
use rocket::serde::json::Json;
use rocket::{State, get, put};
use utoipa::ToSchema;

use super::error::Answer;
use super::openapi::{Commas, Endpoints, File, Switch, Text, Words, described};
use super::params::{OfProject, Params};
use super::view::{ProjectChrootView, ProjectConfig};
use crate::auth::guard::ApiUser;
use crate::http::body::Body;
use crate::model::ChrootName;
use crate::ops::App;
use crate::ops::builds::UploadedFile;
use crate::ops::project_chroots::{self, Wish};

/// Which chroot of a project is meant.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct OfChroot {
    /// The chroot's name.
    chrootname: ChrootName,
}

/// The settings of a project's chroot.
#[utoipa::path(params(OfProject, OfChroot), responses((status = 200, body = ProjectChrootView)))]
#[get("/project-chroot")]
async fn get_one(app: &State<App>, params: Params) -> Answer<ProjectChrootView> {
    let project = params.project()?;
    let (project, used) =
        project_chroots::get(app, project, params.required("chrootname")?).await?;
    Ok(Json(ProjectChrootView::new(project, used)))
}

/// What builds in a project's chroot are configured with.
#[utoipa::path(params(OfProject, OfChroot), responses((status = 200, body = ProjectConfig)))]
#[get("/project-chroot/build-config")]
async fn build_config(app: &State<App>, params: Params) -> Answer<ProjectConfig> {
    let project = params.project()?;
    let config = project_chroots::config(app, project, params.required("chrootname")?).await?;
    Ok(Json(config.into()))
}

/// Changes the settings of a project's chroot. What is not sent stays.
#[utoipa::path(
    request_body = ProjectChrootEdit,
    responses((status = 200, body = ProjectChrootView)),
    security(("token" = [])),
)]
#[put("/project-chroot/edit/<owner>/<name>/<chroot>", data = "<body>")]
async fn edit(
    app: &State<App>,
    caller: ApiUser,
    owner: &str,
    name: &str,
    chroot: &str,
    mut body: Body,
) -> Answer<ProjectChrootView> {
    let comps = body.take_file("upload_comps").map(|upload| {
        let name = upload.name().to_owned();
        UploadedFile { name, path: upload.into_path() }
    });
    let wish = Wish { comps, ..wish(&body) };
    let (project, used) =
        project_chroots::edit(app, &caller.user, (owner, name), chroot, wish).await?;
    Ok(Json(ProjectChrootView::new(project, used)))
}

/// What [`edit`] and [`wish`] read.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
struct ProjectChrootEdit {
    /// The fields to put back to what they are by default.
    reset_fields: Option<Words>,
    /// Repositories that builds take packages from.
    additional_repos: Option<Words>,
    /// An older name of `additional_repos`.
    repos: Option<Words>,
    /// Packages to add to the build root.
    additional_packages: Option<Words>,
    /// An older name of `additional_packages`.
    buildroot_pkgs: Option<Words>,
    /// Module streams to switch on, or with a leading `!` off.
    additional_modules: Option<Commas>,
    /// What rpmbuild is called `--with`.
    with_opts: Option<Words>,
    /// What rpmbuild is called `--without`.
    without_opts: Option<Words>,
    /// How build roots are bootstrapped.
    bootstrap: Option<Text>,
    /// The image for the bootstrap `custom_image`.
    bootstrap_image: Option<Text>,
    /// What separates builds from the host.
    isolation: Option<Text>,
    /// A comps file for the repository.
    upload_comps: Option<File>,
    /// Take the comps file away.
    delete_comps: Option<Switch>,
}

/// Blanks part modules as commas do: no name has one.
fn words(item: &str) -> impl Iterator<Item = String> {
    item.split_whitespace().map(str::to_owned)
}

fn wish(body: &Body) -> Wish {
    let mut read = body.reader();
    let mut wish = Wish {
        reset: read.words("reset_fields").unwrap_or_default(),
        additional_repos: read.words("additional_repos").or_else(|| read.words("repos")),
        additional_packages: read
            .words("additional_packages")
            .or_else(|| read.words("buildroot_pkgs")),
        // Copr's wart: here an empty text clears, and an empty list says nothing.
        additional_modules: read
            .comma_separated("additional_modules")
            .filter(|_| body.raw("additional_modules") != Some(&[]))
            .map(|items| items.iter().flat_map(|item| words(item)).collect()),
        with_opts: read.words("with_opts"),
        without_opts: read.words("without_opts"),
        bootstrap: read.line("bootstrap"),
        bootstrap_image: read.line("bootstrap_image"),
        isolation: read.line("isolation"),
        delete_comps: read.switch("delete_comps").unwrap_or(false),
        ..Wish::default()
    };
    wish.mistakes = read.mistakes();
    wish
}

pub(super) fn endpoints() -> Endpoints {
    described![get_one, build_config].and(described![edit].also(Method::Post))
}
