//! The chroots of a project, and what it changes in each.

use askama::Template;
use rocket::{State, get, post};

use super::super::error::PageError;
use super::super::form::{Answer, Choice, Done, Form, Labels, Refused};
use super::super::parts::{Moment, Shell, release_title};
use super::super::view;
use super::{Frame, fields};
use crate::auth::guard::{SameOrigin, SignedIn};
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::http::page::Page;
use crate::model::options::{Bootstrap, Isolation};
use crate::model::project::{ChrootSettings, ProjectChroot};
use crate::model::repo_url::RepoUrl;
use crate::model::{ChrootName, Owner, ProjectName};
use crate::ops::builds::UploadedFile;
use crate::ops::project_chroots::{self, Wish};
use crate::ops::{App, settings};

/// `/coprs/<owner>/<project>/chroots/`
#[derive(Template)]
#[template(path = "settings/chroots.html")]
pub struct ChrootsPage {
    /// The frame of all pages.
    pub shell: Shell,
    /// The frame of the settings.
    pub frame: Frame,
    /// The chroots.
    pub chroots: Vec<ChrootRow>,
}

/// A chroot of a project.
pub struct ChrootRow {
    /// The release as people call it.
    pub release: String,
    /// The architecture.
    pub arch: String,
    /// Its name.
    pub name: String,
    /// What the project changes in it.
    pub changes: Vec<String>,
    /// When its packages go away; the project has switched it off, or the server has.
    pub ends: Option<Moment>,
    /// It can be changed.
    pub is_active: bool,
}

/// `/coprs/<owner>/<project>/edit_chroot/<chroot>/`
#[derive(Template)]
#[template(path = "settings/chroot.html")]
pub struct ChrootPage {
    /// The frame of all pages.
    pub shell: Shell,
    /// The frame of the settings.
    pub frame: Frame,
    /// The chroot.
    pub chroot: String,
    /// The fields.
    pub form: Form,
    /// How build roots are bootstrapped.
    pub bootstraps: Vec<Choice>,
    /// What separates builds from the host.
    pub isolations: Vec<Choice>,
    /// The comps file that is there.
    pub comps: Option<String>,
}

/// The fields of a chroot, as Copr's pages name them.
const FIELDS: Labels = &[
    ("buildroot_pkgs", "Packages"),
    ("repos", "External repositories"),
    ("module_toggle", "Module streams"),
    ("with_opts", "Build conditions switched on"),
    ("without_opts", "Build conditions switched off"),
    ("bootstrap", "Bootstrap"),
    ("bootstrap_image", "Image to bootstrap from"),
    ("isolation", "Isolation"),
    ("upload_comps", "A new comps file"),
    ("delete_comps", "Delete the comps file"),
];

/// All chroots.
#[get("/coprs/<owner>/<name>/chroots")]
pub async fn list(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
) -> Result<Page<ChrootsPage>, PageError> {
    let found = app.store.read(move |db| settings::chroots(db, &user.0, &owner, &name)).await?;
    let now = Timestamp::now();
    Ok(Page(ChrootsPage {
        frame: Frame::new(&found.head, "chroots"),
        chroots: found.used.iter().map(|used| row(used, now)).collect(),
        shell,
    }))
}

fn row(used: &ProjectChroot, now: Timestamp) -> ChrootRow {
    let name = &used.chroot.name;
    ChrootRow {
        release: release_title(name),
        arch: name.arch().to_owned(),
        name: name.to_string(),
        changes: changes(&used.settings),
        ends: used.ends_on().map(|at| Moment::new(at, now)),
        is_active: used.is_enabled() && used.chroot.active,
    }
}

/// What differs from a chroot in which nothing was changed, a few words each.
fn changes(settings: &ChrootSettings) -> Vec<String> {
    let count = |many: usize, one: &str, more: &str| match many {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{many} {more}")),
    };
    let options = settings.with_opts.len() + settings.without_opts.len();
    [
        count(settings.additional_packages.len(), "package", "packages"),
        count(settings.additional_repos.len(), "repository", "repositories"),
        count(settings.additional_modules.len(), "module", "modules"),
        count(options, "build condition", "build conditions"),
        settings.bootstrap.map(|word| format!("bootstrap {}", word.as_str())),
        settings.isolation.map(|word| format!("isolation {}", word.as_str())),
        settings.comps_name.as_ref().map(|_| "comps".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn filled(settings: &ChrootSettings) -> Form {
    let unchanged = |word: Option<&'static str>| word.unwrap_or("unchanged");
    let repos: Vec<String> = settings.additional_repos.iter().map(RepoUrl::to_string).collect();
    Form::new(FIELDS)
        .set("buildroot_pkgs", settings.additional_packages.join(" "))
        .set("repos", repos.join("\n"))
        .set("module_toggle", settings.additional_modules.join(", "))
        .set("with_opts", settings.with_opts.join(" "))
        .set("without_opts", settings.without_opts.join(" "))
        .set("bootstrap", unchanged(settings.bootstrap.map(Bootstrap::as_str)))
        .set("bootstrap_image", settings.bootstrap_image.as_deref().unwrap_or_default())
        .set("isolation", unchanged(settings.isolation.map(Isolation::as_str)))
}

/// The page; with the settings as they are, unless a form was refused.
async fn page(
    app: &App,
    user: &SignedIn,
    shell: Shell,
    (owner, name, chroot): (Owner, ProjectName, ChrootName),
    refused: Option<Form>,
) -> Result<ChrootPage, PageError> {
    let viewer = user.0.clone();
    let asked = chroot.clone();
    let read = move |db: &_| settings::chroot(db, &viewer, (&owner, &name), &asked);
    let (head, found) = app.store.read(read).await?;
    let or_project = |rest: Vec<Choice>| {
        let first = Choice::new("unchanged", "As the project has it");
        std::iter::once(first).chain(rest).collect::<Vec<_>>()
    };
    let mut bootstraps = or_project(fields::bootstraps());
    bootstraps.push(Choice::new("custom_image", "Image: from the one named below"));
    Ok(ChrootPage {
        frame: Frame::new(&head, "chroots"),
        chroot: chroot.to_string(),
        form: refused.unwrap_or_else(|| filled(&found.settings)),
        bootstraps,
        isolations: or_project(fields::isolations()),
        comps: found.settings.comps_name,
        shell,
    })
}

/// One chroot.
#[get("/coprs/<owner>/<name>/edit_chroot/<chroot>")]
pub async fn edit(
    app: &State<App>,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    chroot: ChrootName,
) -> Result<Page<ChrootPage>, PageError> {
    Ok(Page(page(app, &user, shell, (owner, name, chroot), None).await?))
}

/// Changes one chroot.
#[post("/coprs/<owner>/<name>/update_chroot/<chroot>", data = "<body>")]
#[expect(clippy::too_many_arguments, reason = "Rocket hands over guards and address singly")]
pub async fn update(
    app: &State<App>,
    _same_origin: SameOrigin,
    user: SignedIn,
    shell: Shell,
    owner: Owner,
    name: ProjectName,
    chroot: ChrootName,
    mut body: Body,
) -> Answer<ChrootPage> {
    // A browser sends a file without a name where none was chosen.
    let comps = body.take_file("upload_comps").filter(|file| !file.name().is_empty());
    let comps = comps.map(|file| {
        let name = file.name().to_owned();
        UploadedFile { name, path: file.into_path() }
    });
    let form = Form::typed(FIELDS, &body);
    let wish = Wish { comps, ..wish(&form, &body) };
    let project = (owner.to_string(), name.to_string());
    let edited =
        project_chroots::edit(app, &user.0, (&project.0, &project.1), chroot.as_str(), wish);
    match edited.await {
        Ok(_) => {
            let to = format!("{}chroots/", view::project_url(&owner, &name));
            Ok(Done::at(to).saying(format!("The settings of {chroot} are saved.")))
        }
        Err(error) => {
            let (status, form) = form.refused(error)?;
            let page = page(app, &user, shell, (owner, name, chroot), Some(form)).await?;
            Err(Refused::new(status, page))
        }
    }
}

/// What the form says: it has every setting, so what is empty goes.
fn wish(form: &Form, body: &Body) -> Wish {
    let mut read = body.reader();
    let modules = read.comma_separated("module_toggle").map(|items| {
        items.iter().flat_map(|item| item.split_whitespace().map(str::to_owned)).collect()
    });
    let image = read.line("bootstrap_image").filter(|image| !image.is_empty());
    let mut wish = Wish {
        reset: if image.is_none() { vec!["bootstrap_image".to_owned()] } else { Vec::new() },
        additional_packages: read.words("buildroot_pkgs"),
        additional_repos: read.words("repos"),
        additional_modules: modules,
        with_opts: read.words("with_opts"),
        without_opts: read.words("without_opts"),
        bootstrap: read.line("bootstrap"),
        bootstrap_image: image,
        isolation: read.line("isolation"),
        delete_comps: form.is_on("delete_comps"),
        ..Wish::default()
    };
    wish.mistakes = read.mistakes();
    wish
}
