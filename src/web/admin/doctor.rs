//! What this machine lacks: what `coprbox doctor` says.

use askama::Template;
use rocket::{State, get};

use super::super::error::PageError;
use super::super::parts::{Shape, Shell, State as Shown};
use crate::auth::guard::SignedIn;
use crate::http::page::Page;
use crate::ops::doctor::{Finding, Level};
use crate::ops::{App, admin};

/// `/admin/doctor/`
#[derive(Template)]
#[template(path = "admin/doctor.html")]
pub struct DoctorPage {
    /// The frame.
    pub shell: Shell,
    /// What was looked at, the worst first.
    pub findings: Vec<Row>,
}

/// What one look has shown.
pub struct Row {
    /// How bad it is.
    pub state: Shown,
    /// What was looked at, what was seen, and what helps.
    pub finding: Finding,
}

impl From<Finding> for Row {
    fn from(finding: Finding) -> Row {
        let (word, meaning, tone, shape) = match finding.level {
            Level::Ok => ("ok", "as it should be", "ok", Shape::Tick),
            Level::Note => ("note", "worth knowing; the server works", "still", Shape::Ring),
            Level::Broken => ("broken", "the server cannot do its work", "bad", Shape::Cross),
        };
        Row { state: Shown { word, meaning, tone, shape }, finding }
    }
}

/// What this machine lacks.
#[get("/admin/doctor")]
pub async fn doctor(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
) -> Result<Page<DoctorPage>, PageError> {
    let mut findings: Vec<Row> =
        admin::doctor(app, &user.0).await?.into_iter().map(Row::from).collect();
    findings.sort_by_key(|row| match row.finding.level {
        Level::Broken => 0,
        Level::Note => 1,
        Level::Ok => 2,
    });
    Ok(Page(DoctorPage { shell, findings }))
}
