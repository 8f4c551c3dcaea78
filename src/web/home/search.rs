//! The search box: projects by words.

use askama::Template;
use rocket::http::RawStr;
use rocket::http::uri::Origin;
use rocket::response::Redirect;
use rocket::{State, get};

use super::super::error::PageError;
use super::super::parts::{Pages, ProjectRow, Shape, Shell};
use super::super::session::encode;
use super::super::view;
use crate::clock::Timestamp;
use crate::http::page::Page;
use crate::model::list::Slice;
use crate::ops::search::{self, Query};
use crate::ops::{self, App};
use crate::store::search::FoundPackage;

/// Projects on one page.
const SIZE: u32 = 20;
/// What an address can ask for.
const KNOWN: [&str; 5] = ["fulltext", "projectname", "ownername", "packagename", "page"];

/// `/coprs/fulltext/`
#[derive(Template)]
#[template(path = "home/search.html")]
pub struct SearchPage {
    /// The frame.
    pub shell: Shell,
    /// What was typed into the form.
    pub typed: Typed,
    /// Nothing was asked for yet.
    pub is_new: bool,
    /// How many were found, in words.
    pub count: String,
    /// The packages whose names fit best.
    pub packages: Vec<Hit>,
    /// The projects that were found.
    pub projects: Vec<ProjectRow>,
    /// Where in the list this is.
    pub pages: Pages,
    /// The same words as the name of a built package.
    pub nevra_url: String,
}

/// A package that was found.
pub struct Hit {
    /// The package.
    pub name: String,
    /// Whose project it is in: `owner/project`.
    pub place: String,
    /// Its page.
    pub url: String,
}

impl Hit {
    fn new(found: &FoundPackage) -> Hit {
        let project = view::project_url(&found.owner, &found.project);
        Hit {
            name: found.name.to_string(),
            place: format!("{}/{}", found.owner, found.project),
            url: format!("{project}package/{}/", encode(found.name.as_str())),
        }
    }
}

/// What was typed.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// Anywhere.
    pub fulltext: String,
    /// The project's name.
    pub projectname: String,
    /// Its owner.
    pub ownername: String,
    /// A package of it.
    pub packagename: String,
}

impl Typed {
    fn read(origin: &Origin<'_>) -> Result<Typed, PageError> {
        let mut typed = Typed::default();
        let query = origin.query().map(|query| query.as_str()).unwrap_or_default();
        for field in RawStr::new(query).split('&').filter(|field| !field.is_empty()) {
            let (name, value) = field.split_at_byte(b'=');
            let value = value.url_decode_lossy().into_owned();
            match name.url_decode_lossy().as_ref() {
                "fulltext" => typed.fulltext = value,
                "projectname" => typed.projectname = value,
                "ownername" => typed.ownername = value,
                "packagename" => typed.packagename = value,
                "page" => {}
                other => {
                    let known = KNOWN[..4].join(", ");
                    let sentence = format!("'{other}' cannot be searched for; only {known} can.");
                    return Err(ops::Error::invalid(sentence).into());
                }
            }
        }
        Ok(typed)
    }

    fn query(&self) -> Query {
        let text = Query::from_text(&self.fulltext);
        let or = |own: &str, split: String| {
            if own.trim().is_empty() {
                split
            } else {
                own.trim().trim_start_matches('@').to_owned()
            }
        };
        Query {
            project: or(&self.projectname, text.project),
            owner: or(&self.ownername, text.owner),
            package: self.packagename.trim().to_owned(),
            text: text.text,
        }
    }

    fn address(&self) -> String {
        let all = [
            ("fulltext", &self.fulltext),
            ("projectname", &self.projectname),
            ("ownername", &self.ownername),
            ("packagename", &self.packagename),
        ];
        let given: Vec<String> = all
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        format!("/coprs/fulltext/?{}", given.join("&"))
    }
}

/// Searches, or leads to the build whose number was typed.
#[get("/coprs/fulltext?<page>")]
pub async fn index(
    app: &State<App>,
    shell: Shell,
    origin: &Origin<'_>,
    page: Option<&str>,
) -> Result<Result<Page<SearchPage>, Redirect>, PageError> {
    show(app, shell, origin, view::page_number(page)).await
}

/// Copr's addresses of the further pages.
#[get("/coprs/fulltext/<number>")]
pub async fn numbered(
    app: &State<App>,
    shell: Shell,
    origin: &Origin<'_>,
    number: u32,
) -> Result<Result<Page<SearchPage>, Redirect>, PageError> {
    show(app, shell, origin, u64::from(number).clamp(1, 1_000_000)).await
}

async fn show(
    app: &State<App>,
    shell: Shell,
    origin: &Origin<'_>,
    number: u64,
) -> Result<Result<Page<SearchPage>, Redirect>, PageError> {
    let typed = Typed::read(origin)?;
    let query = typed.query();
    let is_new = query.is_empty();
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let text = query.text.clone();
    let read = move |db: &crate::store::Connection| {
        Ok::<_, ops::Error>(match search::build_of(db, &text)? {
            Some(build) => Err(build),
            None => Ok(search::projects(db, &query, slice)?),
        })
    };
    let found = match app.store.read(read).await? {
        Ok(found) => found,
        Err(build) => {
            let url = view::build_url(&build.owner, &build.project, build.id);
            return Ok(Err(Redirect::to(url)));
        }
    };
    let now = Timestamp::now();
    let more = if found.is_cut { "more than " } else { "" };
    let plural = if found.count == 1 { "project" } else { "projects" };
    Ok(Ok(Page(SearchPage {
        count: format!("{more}{} {plural}", found.count),
        packages: found.packages.iter().map(Hit::new).collect(),
        projects: found.projects.iter().map(|card| view::project_row(card, now)).collect(),
        pages: Pages::new(&typed.address(), number, SIZE.into(), found.count),
        nevra_url: format!("/coprs/packages/search/?name={}", encode(typed.fulltext.trim())),
        is_new,
        typed,
        shell,
    })))
}
