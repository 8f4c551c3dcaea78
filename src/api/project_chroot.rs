//! `/project-chroot`.

use rocket::http::Method;
use rocket::serde::json::Json;
use rocket::{Route, State, get, put, routes};

use super::error::Answer;
use super::methods::also;
use super::params::Params;
use super::project::mistakes;
use super::view::{ProjectChrootView, ProjectConfig};
use crate::auth::guard::ApiUser;
use crate::http::body::Body;
use crate::ops::App;
use crate::ops::builds::UploadedFile;
use crate::ops::project_chroots::{self, Wish};

#[get("/project-chroot")]
async fn get_one(app: &State<App>, params: Params) -> Answer<ProjectChrootView> {
    let project = params.project()?;
    let (project, used) =
        project_chroots::get(app, project, params.required("chrootname")?).await?;
    Ok(Json(ProjectChrootView::new(project, used)))
}

#[get("/project-chroot/build-config")]
async fn build_config(app: &State<App>, params: Params) -> Answer<ProjectConfig> {
    let project = params.project()?;
    let config = project_chroots::config(app, project, params.required("chrootname")?).await?;
    Ok(Json(config.into()))
}

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
            .filter(|_| body.raw("additional_modules") != Some(&[])),
        with_opts: read.words("with_opts"),
        without_opts: read.words("without_opts"),
        bootstrap: read.line("bootstrap"),
        bootstrap_image: read.line("bootstrap_image"),
        isolation: read.line("isolation"),
        delete_comps: read.switch("delete_comps").unwrap_or(false),
        ..Wish::default()
    };
    wish.mistakes = mistakes(read);
    wish
}

pub(super) fn routes() -> Vec<Route> {
    let mut all = routes![get_one, build_config];
    all.extend(also(Method::Post, routes![edit]));
    all
}
