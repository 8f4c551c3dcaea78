//! Deleting and stopping builds, one or several that were chosen from a list.

use rocket::http::Status;
use rocket::serde::json::{Json, Value, json};
use rocket::{State, get, post};

use super::check_project;
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::build::Build;
use crate::model::{BuildId, Owner, ProjectName};
use crate::ops::builds::pages::to_delete;
use crate::ops::{self, App, builds, pages};
use crate::web::error::PageError;
use crate::web::form::{Answer, Confirm, Done, Form, Refused};
use crate::web::parts::Shell;
use crate::web::view;

/// How many of the builds that will go are named.
const NAMED: usize = 12;

/// Asks before a build is deleted.
#[get("/coprs/<owner>/<name>/build/<id>/delete")]
pub async fn ask(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    id: BuildId,
) -> Result<Page<Confirm>, PageError> {
    let viewer = user.0.clone();
    let detail = app.store.read(move |db| pages::build_detail(db, id, Some(&viewer))).await?;
    check_project(&detail, &owner, &name)?;
    let build = detail.build;
    let wanted = read(app, &user, (&owner, &name), vec![id]).await?;
    let url = view::build_url(&build.owner, &build.project, id);
    Ok(Page(Confirm {
        title: format!("Delete build {id}?"),
        action: format!("{url}delete"),
        back: url,
        ..confirm(shell, (&owner, &name), &wanted)
    }))
}

/// Deletes a build.
#[post("/coprs/<owner>/<name>/build/<id>/delete")]
pub async fn delete(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    owner: Owner,
    name: ProjectName,
    id: BuildId,
) -> Result<Done, PageError> {
    read(app, &user, (&owner, &name), vec![id]).await?;
    builds::delete(app, &user.0, id).await?;
    let url = view::project_url(&owner, &name);
    Ok(Done::at(format!("{url}builds/")).saying(format!("Build {id} is deleted.")))
}

/// What was chosen from a list: builds to stop, or to delete, which is asked about first.
#[post("/coprs/<owner>/<name>/builds/chosen", data = "<body>")]
pub async fn chosen(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    body: Body,
) -> Answer<Confirm> {
    let ids = numbers(&body)?;
    let back = Done::at(format!("{}builds/", view::project_url(&owner, &name)));
    let typed = Form::typed(&[], &body);
    let mut refusal = None;
    match typed.value("do") {
        "cancel" => return Ok(stop(app, &user, ids).await.tell(back)),
        "delete" => {
            let tally = remove(app, &user, ids.clone()).await?;
            if tally.done > 0 {
                return Ok(tally.tell(back));
            }
            refusal = Some(ops::Error::Invalid(tally.refused));
        }
        _ => {}
    }
    let wanted = read(app, &user, (&owner, &name), ids).await?;
    let page = Confirm {
        title: match wanted.len() {
            1 => "Delete this build?".to_owned(),
            many => format!("Delete {many} builds?"),
        },
        ..confirm(shell, (&owner, &name), &wanted)
    };
    let Some(refusal) = refusal else {
        return Err(Refused::new(Status::Ok, page));
    };
    let (status, form) = page.form.clone().refused(refusal)?;
    Err(Refused::new(status, Confirm { form, ..page }))
}

/// As Copr's own pages ask for it.
#[post("/coprs/<_>/<_>/delete_builds", data = "<body>")]
pub async fn delete_builds(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    body: Body,
) -> Result<Told, PageError> {
    Ok(remove(app, &user, numbers(&body)?).await?.json())
}

/// As Copr's own pages ask for it.
#[post("/coprs/<_>/<_>/cancel_builds", data = "<body>")]
pub async fn cancel_builds(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    body: Body,
) -> Result<Told, PageError> {
    Ok(stop(app, &user, numbers(&body)?).await.json())
}

/// What scripts are told.
type Told = (Status, Json<Value>);

/// What became of builds that were chosen: what could be done is done.
struct Tally {
    done: usize,
    /// What has happened to one, and to several.
    verb: [&'static str; 2],
    /// A sentence for each reason why something was left.
    refused: Vec<String>,
    /// The answer if nothing was done.
    status: Status,
}

impl Tally {
    fn text(&self) -> String {
        let [one, several] = self.verb;
        let done = match self.done {
            0 => None,
            1 => Some(format!("1 build {one}.")),
            many => Some(format!("{many} builds {several}.")),
        };
        done.into_iter().chain(self.refused.iter().cloned()).collect::<Vec<_>>().join(" ")
    }

    fn tell(&self, back: Done) -> Done {
        if self.refused.is_empty() { back.saying(self.text()) } else { back.warning(self.text()) }
    }

    fn json(&self) -> Told {
        let status = if self.done > 0 { Status::Ok } else { self.status };
        let text = if self.refused.is_empty() { "success".to_owned() } else { self.text() };
        (status, Json(json!({ "msg": text })))
    }
}

/// Stops what is still going on; what is finished already is none the worse for being chosen.
async fn stop(app: &App, user: &SignedIn, ids: Vec<BuildId>) -> Tally {
    let verb = ["is being stopped", "are being stopped"];
    let mut tally = Tally { done: 0, verb, refused: Vec::new(), status: Status::Conflict };
    for id in ids {
        let why = match builds::cancel(app, &user.0, id).await {
            Ok(_) => {
                tally.done += 1;
                continue;
            }
            Err(ops::Error::Conflict(_)) => format!("Build {id} is finished."),
            Err(error) => {
                let error = PageError::from(error);
                tally.status = error.status();
                format!("Build {id}: {}", error.message())
            }
        };
        tally.refused.push(why);
    }
    tally
}

/// Deletes what can be deleted.
async fn remove(app: &App, user: &SignedIn, ids: Vec<BuildId>) -> Result<Tally, PageError> {
    let (done, refused) = builds::delete_some(app, &user.0, ids).await?;
    let verb = ["is deleted", "are deleted"];
    Ok(Tally { done, verb, refused, status: Status::BadRequest })
}

/// The builds that were chosen, by either name of the field.
fn numbers(body: &Body) -> Result<Vec<BuildId>, PageError> {
    let mut read = body.reader();
    let texts = read.items("build_ids").or_else(|| read.items("build_ids[]")).unwrap_or_default();
    if texts.is_empty() {
        return Err(ops::Error::invalid("Choose at least one build.").into());
    }
    let ids: Result<Vec<BuildId>, _> = texts.iter().map(|text| builds::number(text)).collect();
    Ok(ids?)
}

async fn read(
    app: &App,
    SignedIn(user): &SignedIn,
    (owner, name): (&Owner, &ProjectName),
    ids: Vec<BuildId>,
) -> Result<Vec<Build>, PageError> {
    let (user, owner, name) = (user.clone(), owner.clone(), name.clone());
    let read = move |db: &_| to_delete(db, (&owner, &name), &ids, &user);
    Ok(app.store.read(read).await?)
}

/// The page that asks; its title and ways are those of a list.
fn confirm(shell: Shell, (owner, name): (&Owner, &ProjectName), wanted: &[Build]) -> Confirm {
    let url = view::project_url(owner, name);
    let named = |build: &Build| {
        let (title, version) = (view::package_title(build), build.version.clone());
        let version = version.map(|version| format!(" {version}")).unwrap_or_default();
        format!("build {}, {title}{version}: its packages and its logs", build.id)
    };
    let mut will_go: Vec<String> = wanted.iter().take(NAMED).map(named).collect();
    if wanted.len() > NAMED {
        will_go.push(format!("and {} more", wanted.len() - NAMED));
    }
    let mut hidden: Vec<(String, String)> =
        wanted.iter().map(|build| ("build_ids".to_owned(), build.id.to_string())).collect();
    hidden.push(("do".to_owned(), "delete".to_owned()));
    Confirm {
        shell,
        title: String::new(),
        will_go,
        action: format!("{url}builds/chosen"),
        hidden,
        button: "Delete".to_owned(),
        back: format!("{url}builds/"),
        needs_typing: None,
        form: Form::default(),
    }
}
