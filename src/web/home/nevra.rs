//! Built packages by exactly what they are called.

use askama::Template;
use rocket::{FromForm, State, get};

use super::super::error::PageError;
use super::super::parts::{Pages, Shell};
use super::super::session::encode;
use super::super::view;
use crate::http::page::Page;
use crate::model::list::Slice;
use crate::ops::{self, App, search};
use crate::store::search::{BuiltPackage, LOOKED_AT, Wanted};

/// Packages on one page.
const SIZE: u32 = 50;

/// `/coprs/packages/search/`
#[derive(Template)]
#[template(path = "home/nevra.html")]
pub struct NevraPage {
    /// The frame.
    pub shell: Shell,
    /// What was asked for.
    pub asked: Asked,
    /// Nothing was asked for yet.
    pub is_new: bool,
    /// How many of the newest packages were looked at, where no name was given.
    pub looked_at: Option<u32>,
    /// What was found.
    pub packages: Vec<Row>,
    /// Where in the list this is.
    pub pages: Pages,
}

/// What an address asks for.
#[derive(Clone, Debug, Default, FromForm)]
pub struct Asked {
    /// The name.
    #[field(default = String::new())]
    pub name: String,
    /// The epoch.
    #[field(default = String::new())]
    pub epoch: String,
    /// The version.
    #[field(default = String::new())]
    pub version: String,
    /// The release.
    #[field(default = String::new())]
    pub release: String,
    /// The architecture.
    #[field(default = String::new())]
    pub arch: String,
}

impl Asked {
    fn wanted(&self) -> Result<Wanted, PageError> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let epoch = given(&self.epoch).map(|text| text.parse::<u32>()).transpose();
        let epoch =
            epoch.map_err(|_| ops::Error::invalid("An epoch is a whole number, like 1."))?;
        Ok(Wanted {
            name: given(&self.name),
            epoch,
            version: given(&self.version),
            release: given(&self.release),
            arch: given(&self.arch),
        })
    }

    fn address(&self) -> String {
        let all = [
            ("name", &self.name),
            ("epoch", &self.epoch),
            ("version", &self.version),
            ("release", &self.release),
            ("arch", &self.arch),
        ];
        let given: Vec<String> = all
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        format!("/coprs/packages/search/?{}", given.join("&"))
    }
}

/// A built package.
pub struct Row {
    /// Its full name.
    pub nevra: String,
    /// `owner/project`.
    pub project: String,
    /// Its page.
    pub project_url: String,
    /// The build's number.
    pub build: String,
    /// The build's page.
    pub build_url: String,
    /// Where it was built.
    pub chroot: String,
}

impl From<BuiltPackage> for Row {
    fn from(found: BuiltPackage) -> Row {
        Row {
            nevra: found.nevra.to_string(),
            project: format!("{}/{}", found.owner, found.project),
            project_url: view::project_url(&found.owner, &found.project),
            build: found.build.to_string(),
            build_url: view::build_url(&found.owner, &found.project, found.build),
            chroot: found.chroot.to_string(),
        }
    }
}

/// Searches; shows the form where nothing is asked for.
#[get("/coprs/packages/search?<page>&<asked..>")]
pub async fn index(
    app: &State<App>,
    shell: Shell,
    page: Option<&str>,
    asked: Asked,
) -> Result<Page<NevraPage>, PageError> {
    show(app, shell, asked, view::page_number(page)).await
}

/// Copr's addresses of the further pages.
#[get("/coprs/packages/search/<number>?<asked..>", rank = 3)]
pub async fn numbered(
    app: &State<App>,
    shell: Shell,
    number: u32,
    asked: Asked,
) -> Result<Page<NevraPage>, PageError> {
    show(app, shell, asked, u64::from(number).clamp(1, 1_000_000)).await
}

async fn show(
    app: &State<App>,
    shell: Shell,
    asked: Asked,
    number: u64,
) -> Result<Page<NevraPage>, PageError> {
    let wanted = asked.wanted()?;
    let is_new = wanted == Wanted::default();
    let looked_at = wanted.name.is_none().then_some(LOOKED_AT);
    let slice = Slice { limit: Some(SIZE), offset: (number - 1) * u64::from(SIZE) };
    let (found, more) = if is_new {
        (Vec::new(), false)
    } else {
        app.store.read(move |db| search::packages(db, &wanted, slice)).await?
    };
    Ok(Page(NevraPage {
        shell,
        is_new,
        looked_at,
        packages: found.into_iter().map(Row::from).collect(),
        pages: Pages::open(&asked.address(), number, more),
        asked,
    }))
}
