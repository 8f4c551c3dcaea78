//! The forms of new builds, one for each kind of sources, on one page.

use askama::Template;
use rocket::http::Status;
use rocket::request::{FromParam, FromRequest, Outcome};
use rocket::{Request, State, get, post};

use super::fields::{self, Common, FIELDS};
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::http::page::Page;
use crate::http::sources::{read as read_source, uploaded};
use crate::model::build::Build;
use crate::model::{Owner, ProjectName};
use crate::ops::builds::pages::{Submitting, submitting};
use crate::ops::builds::{self, RpmUpload, UploadedFile};
use crate::ops::sources::{Purpose, SourceKind};
use crate::ops::{App, Result as OpsResult};
use crate::web::error::PageError;
use crate::web::form::{Answer, Done, Form, Refused};
use crate::web::parts::{Masthead, Shell};
use crate::web::sources::{self, Part, Tab};
use crate::web::view;

/// What a build is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Sources.
    Of(SourceKind),
    /// Packages that were made elsewhere.
    Rpms,
}

/// The kinds as addresses name them: `add_build_scm`, `new_build_scm`.
const KINDS: [(&str, Kind); 8] = [
    ("_upload", Kind::Of(SourceKind::Upload)),
    ("", Kind::Of(SourceKind::Link)),
    ("_scm", Kind::Of(SourceKind::Scm)),
    ("_distgit", Kind::Of(SourceKind::DistGit)),
    ("_pypi", Kind::Of(SourceKind::PyPi)),
    ("_rubygems", Kind::Of(SourceKind::RubyGems)),
    ("_custom", Kind::Of(SourceKind::Custom)),
    ("_rpms", Kind::Rpms),
];

impl Kind {
    /// Out of the rest of an address.
    fn parse(rest: &str) -> Option<Kind> {
        KINDS.iter().find(|(name, _)| *name == rest).map(|(_, kind)| *kind)
    }

    fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    fn title(self) -> &'static str {
        match self {
            Kind::Of(kind) => sources::title(kind),
            Kind::Rpms => "Ready packages",
        }
    }

    fn source(self) -> Option<SourceKind> {
        match self {
            Kind::Of(kind) => Some(kind),
            Kind::Rpms => None,
        }
    }
}

/// `add_build…` at the end of an address.
pub struct Add(Kind);

impl FromParam<'_> for Add {
    type Error = ();

    fn from_param(text: &str) -> Result<Add, ()> {
        text.strip_prefix("add_build").and_then(Kind::parse).map(Add).ok_or(())
    }
}

/// `new_build…` at the end of an address.
pub struct New(Kind);

impl FromParam<'_> for New {
    type Error = ();

    fn from_param(text: &str) -> Result<New, ()> {
        text.strip_prefix("new_build").and_then(Kind::parse).map(New).ok_or(())
    }
}

/// One of these addresses, which is looked at before anything else: whoever asks for something that
/// is not there need not log in to be told so.
pub struct Ours;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Ours {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Ours, ()> {
        let path = request.uri().path();
        let last = path.as_str().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        if Add::from_param(last).is_err() && New::from_param(last).is_err() {
            return Outcome::Forward(Status::NotFound);
        }
        Outcome::Success(Ours)
    }
}

/// `/coprs/<owner>/<project>/add_build…/`
#[derive(Template)]
#[template(path = "submit/new.html")]
pub struct NewPage {
    /// The frame.
    pub shell: Shell,
    /// Name and tabs.
    pub head: Masthead,
    /// The kinds of sources.
    pub tabs: Vec<Tab>,
    /// The fields of this kind; `None` for packages.
    pub part: Option<Part>,
    /// Where and how to build.
    pub common: Common,
    /// The form.
    pub form: Form,
    /// The address of the form.
    pub action: String,
    /// The way back.
    pub back: String,
    /// A file comes along.
    pub has_file: bool,
}

/// The form of a new build.
#[get("/coprs/<owner>/<name>/<add>", rank = 8)]
pub async fn add(
    _ours: Ours,
    user: SignedIn,
    app: &State<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    add: Add,
) -> Result<Page<NewPage>, PageError> {
    let found = read(app, &user, &owner, &name).await?;
    let form = fields::usual(&found);
    let form = match part(add.0, &found) {
        Some(part) => sources::fill(form, &part, None),
        None => form,
    };
    Ok(Page(page(shell, &found, add.0, form)))
}

/// Hands in a new build.
#[post("/coprs/<owner>/<name>/<new>", data = "<body>", rank = 8)]
#[expect(clippy::too_many_arguments, reason = "each is a guard or a part of the address")]
pub async fn new(
    _ours: Ours,
    _same_origin: SameOrigin,
    user: SignedIn,
    app: &State<App>,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    new: New,
    body: Body,
) -> Answer<NewPage> {
    let form = Form::typed(&FIELDS, &body);
    match submit(app, &user, (&owner, &name), new.0, &form, body).await {
        Ok(made) => Ok(done(&made)),
        Err(error) => {
            let (status, form) = form.refused(error)?;
            let found = read(app, &user, &owner, &name).await?;
            Err(Refused::new(status, page(shell, &found, new.0, form)))
        }
    }
}

async fn read(
    app: &App,
    SignedIn(user): &SignedIn,
    owner: &Owner,
    name: &ProjectName,
) -> Result<Submitting, PageError> {
    let (config, user) = (app.config.clone(), user.clone());
    let (owner, name) = (owner.clone(), name.clone());
    let read = move |db: &_| submitting(db, &config, (&owner, &name), &user);
    Ok(app.store.read(read).await?)
}

fn part(kind: Kind, found: &Submitting) -> Option<Part> {
    let kind = kind.source()?;
    Some(Part::new(kind, Purpose::Build, found.offered.clone()))
}

fn page(shell: Shell, found: &Submitting, kind: Kind, form: Form) -> NewPage {
    let project = &found.head.project;
    let url = view::project_url(&project.owner, &project.name);
    let tab = |(name, of): &(&str, Kind)| Tab {
        title: of.title(),
        url: format!("{url}add_build{name}/"),
        is_on: *of == kind,
    };
    NewPage {
        head: view::masthead(&found.head, "builds", Timestamp::now()),
        tabs: KINDS.iter().map(tab).collect(),
        part: part(kind, found),
        common: Common::new(found, &form),
        action: format!("{url}new_build{}/", kind.name()),
        back: format!("{url}builds/"),
        has_file: matches!(kind, Kind::Rpms | Kind::Of(SourceKind::Upload)),
        form,
        shell,
    }
}

async fn submit(
    app: &App,
    SignedIn(user): &SignedIn,
    project: (&Owner, &ProjectName),
    kind: Kind,
    form: &Form,
    mut body: Body,
) -> OpsResult<Vec<Build>> {
    let mut wish = fields::wish(project, form, &body);
    match kind {
        Kind::Of(SourceKind::Link) => {
            let urls = body.reader().words("pkgs");
            builds::submit_urls(app, user, wish, urls).await
        }
        Kind::Of(SourceKind::Upload) => {
            let file = uploaded(&mut body);
            Ok(vec![builds::submit_upload(app, user, wish, file).await?])
        }
        Kind::Of(kind) => {
            let (source, mistakes) = read_source(kind, &body);
            wish.mistakes.append(mistakes);
            Ok(vec![builds::submit_source(app, user, wish, source).await?])
        }
        Kind::Rpms => {
            let files: Vec<UploadedFile> = std::iter::from_fn(|| uploaded(&mut body)).collect();
            let upload = RpmUpload { files, ..RpmUpload::default() };
            Ok(vec![builds::submit_rpms(app, user, wish, upload).await?])
        }
    }
}

/// On to the build, or to the list where there are several.
pub fn done(made: &[Build]) -> Done {
    match made {
        [build] => Done::at(view::build_url(&build.owner, &build.project, build.id))
            .saying(format!("Build {} is on its way.", build.id)),
        [first, ..] => {
            let url = view::project_url(&first.owner, &first.project);
            Done::at(format!("{url}builds/"))
                .saying(format!("{} builds are on their way.", made.len()))
        }
        [] => Done::at("/"),
    }
}
