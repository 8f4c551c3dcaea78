//! `/monitor`: how the newest build of each package is doing.

use rocket::serde::json::Json;
use rocket::{State, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Answer, ApiError};
use super::openapi::{Endpoints, described};
use super::params::{OfProject, Params};
use super::view::Pairs;
use crate::model::{BuildId, ChrootState, DirName, Owner};
use crate::ops::{App, Error, packages};
use crate::repo::Layout;
use crate::store::monitor::MonitorCell;

#[derive(Serialize, ToSchema)]
struct Monitor {
    output: &'static str,
    message: &'static str,
    packages: Vec<Package>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MonitoredPackage)]
struct Package {
    name: String,
    #[schema(value_type = BTreeMap<String, Cell>)]
    chroots: Pairs<Cell>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MonitoredChroot)]
struct Cell {
    state: ChrootState,
    status: i64,
    build_id: BuildId,
    #[schema(required)]
    pkg_version: Option<String>,
    #[serde(skip_serializing_if = "Log::is_unasked")]
    #[schema(value_type = Option<String>)]
    url_build_log: Log,
    #[serde(skip_serializing_if = "Log::is_unasked")]
    #[schema(value_type = Option<String>)]
    url_backend_log: Log,
}

/// A log's address: left out unless asked for, null while there is no log.
#[derive(Serialize)]
#[serde(untagged)]
enum Log {
    Unasked,
    Asked(Option<String>),
}

impl Log {
    fn is_unasked(&self) -> bool {
        matches!(self, Log::Unasked)
    }
}

/// Which addresses are wanted besides.
#[derive(Clone, Copy, Default)]
struct Extra {
    build_log: bool,
    backend_log: bool,
}

/// What the monitor can be told besides.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct Wanted {
    /// Only builds in this directory of the project.
    project_dirname: Option<DirName>,
    /// Which addresses to add; each is a parameter of its own.
    #[param(rename = "additional_fields[]", style = Form, explode, inline)]
    additional_fields: Option<Vec<Address>>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
#[schema(rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "clients have these names")]
enum Address {
    UrlBuild,
    UrlBuildLog,
    UrlBackendLog,
}

impl Extra {
    fn read(params: &Params) -> Result<Extra, Error> {
        let mut extra = Extra::default();
        for field in params.all("additional_fields[]") {
            match field {
                "url_build_log" => extra.build_log = true,
                "url_backend_log" => extra.backend_log = true,
                // Clients make it of the build's number.
                "url_build" => {}
                _ => {
                    return Err(Error::invalid(format!(
                        "additional_fields[]: '{field}' is not one of url_build, url_build_log, \
                         url_backend_log"
                    )));
                }
            }
        }
        Ok(extra)
    }
}

/// How the newest build of each package is doing.
#[utoipa::path(params(OfProject, Wanted), responses((status = 200, body = Monitor)))]
#[get("/monitor")]
async fn monitor(app: &State<App>, params: Params) -> Answer<Monitor> {
    let project = params.project()?;
    let extra = Extra::read(&params).map_err(ApiError)?;
    let (project, dir, rows) =
        packages::monitor(app, project, params.get("project_dirname")).await?;
    let layout = app.layout();
    let pair = |cell: MonitorCell| {
        (cell.chroot.to_string(), show(cell, extra, &layout, &project.owner, &dir))
    };
    let packages = rows
        .into_iter()
        .map(|row| Package {
            name: row.package,
            chroots: Pairs(row.cells.into_iter().map(pair).collect()),
        })
        .collect();
    let message = "Project monitor request successful";
    Ok(Json(Monitor { output: "ok", message, packages }))
}

fn show(cell: MonitorCell, extra: Extra, layout: &Layout, owner: &Owner, dir: &DirName) -> Cell {
    let url = |name: &str, from_start: bool| -> Option<String> {
        let ending = match cell.state {
            ChrootState::Running => "",
            ChrootState::Starting if from_start => "",
            ChrootState::Succeeded | ChrootState::Failed | ChrootState::Canceled => ".gz",
            _ => return None,
        };
        let result_dir = cell.result_dir.as_ref()?;
        let url = layout.result_url(owner, dir, &cell.chroot, result_dir);
        Some(format!("{url}{name}{ending}"))
    };
    let log = |asked: bool, name: &str, from_start: bool| {
        if asked { Log::Asked(url(name, from_start)) } else { Log::Unasked }
    };
    Cell {
        url_build_log: log(extra.build_log, "builder-live.log", false),
        url_backend_log: log(extra.backend_log, "backend.log", true),
        state: cell.state,
        status: cell.state.number(),
        build_id: cell.build,
        pkg_version: cell.version,
    }
}

pub(super) fn endpoints() -> Endpoints {
    described![monitor]
}
