//! The search box: projects by words of their owners, names, descriptions and packages, and built
//! packages by exactly what they are called.

use std::collections::HashSet;

use super::pages::{self, ProjectCard};
use super::{Error, Result};
use crate::model::list::Slice;
use crate::model::{BuildId, ProjectId};
use crate::store::search::{BuiltPackage, FoundPackage, Wanted};
use crate::store::{Connection, builds, projects, search};

/// As many projects as one search finds. Whoever wants more wants other words.
pub const MOST: u32 = 1_000;

/// As many packages stand above the projects that a search finds.
const PACKAGES: u32 = 8;

/// What is searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Words that may stand anywhere.
    pub text: String,
    /// Words of the project's name.
    pub project: String,
    /// Words of its owner.
    pub owner: String,
    /// Words of the name of one of its packages.
    pub package: String,
}

/// Part of what a search has found.
pub struct Found {
    /// The packages whose names fit best; with the first projects only.
    pub packages: Vec<FoundPackage>,
    /// The projects, the best fit first.
    pub projects: Vec<ProjectCard>,
    /// How many there are, up to [`MOST`].
    pub count: u64,
    /// There may be more of them.
    pub is_cut: bool,
}

impl Query {
    /// The words for a text that somebody typed: `a/b` means the owner and the project.
    pub fn from_text(text: &str) -> Query {
        match text.trim().split_once('/') {
            Some((owner, project)) => Query {
                owner: owner.trim().trim_start_matches('@').to_owned(),
                project: project.trim_end_matches('/').trim().to_owned(),
                ..Query::default()
            },
            None => Query { text: text.trim().to_owned(), ..Query::default() },
        }
    }

    /// Nothing is searched for.
    pub fn is_empty(&self) -> bool {
        [&self.text, &self.project, &self.owner, &self.package]
            .iter()
            .all(|text| words(text).is_empty())
    }

    /// What projects must have, apart from packages.
    fn about_project(&self) -> Option<String> {
        let parts = [
            expression("{owner name description}", &self.text),
            expression("{owner}", &self.owner),
            expression("{name}", &self.project),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" AND "))
    }
}

/// The build of this number, where the text is the number of one.
pub fn build_of(db: &Connection, text: &str) -> Result<Option<crate::model::build::Build>> {
    match text.trim().parse::<BuildId>() {
        Ok(id) => Ok(builds::get(db, id)?),
        Err(_) => Ok(None),
    }
}

/// Searches for projects: those of the very name first, then those whose name has the words, then
/// those that have them elsewhere, then those with such packages; in each of these the newest first.
pub fn projects(db: &Connection, query: &Query, slice: Slice) -> Result<Found> {
    let (mut ids, mut known) = (Vec::new(), HashSet::new());
    let mut add =
        |found: Vec<ProjectId>| ids.extend(found.into_iter().filter(|id| known.insert(*id)));
    let limit = MOST + 1;
    let about = query.about_project();
    if let Some(packages) = expression("{name}", &query.package) {
        add(search::with_packages(db, &packages, about.as_deref(), limit)?);
    } else if let Some(about) = &about {
        if !query.text.is_empty() {
            add(search::by_name(db, &query.text, limit)?);
            if let Some(in_name) = expression("{name}", &query.text) {
                add(search::projects(db, &in_name, limit)?);
            }
        }
        add(search::projects(db, about, limit)?);
        if let Some(packages) = expression("{name}", &query.text) {
            add(search::with_packages(db, &packages, None, limit)?);
        }
    }
    let is_cut = ids.len() > MOST as usize;
    ids.truncate(MOST as usize);
    let count = ids.len() as u64;
    let offset = usize::try_from(slice.offset).unwrap_or(usize::MAX);
    let wanted = slice.limit.unwrap_or(MOST) as usize;
    let part: Vec<_> = ids.into_iter().skip(offset).take(wanted).collect();
    let packages = match expression("{name}", &query.text) {
        Some(packages) if offset == 0 => search::packages(db, &packages, PACKAGES)?,
        _ => Vec::new(),
    };
    Ok(Found { packages, projects: pages::cards(db, projects::these(db, &part)?)?, count, is_cut })
}

/// Searches for built packages that are called exactly so, the newest first; says whether there
/// are more.
pub fn packages(
    db: &Connection,
    wanted: &Wanted,
    slice: Slice,
) -> Result<(Vec<BuiltPackage>, bool)> {
    if *wanted == Wanted::default() {
        return Err(Error::invalid("Say at least one of name, epoch, version, release and arch."));
    }
    let limit = slice.limit.unwrap_or(MOST);
    let mut found = search::built_packages(db, wanted, limit + 1, slice.offset)?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    Ok((found, more))
}

/// A full-text expression for rows that have all words of `text`, or words that begin so, in these
/// columns; `None` where there are no words.
fn expression(columns: &str, text: &str) -> Option<String> {
    let words = words(text);
    if words.is_empty() {
        return None;
    }
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\" *")).collect();
    Some(format!("{columns} : ({})", words.join(" AND ")))
}

/// The words of a text; nothing else of it gets into an expression. More than a few would only
/// cost time.
fn words(text: &str) -> Vec<&str> {
    const MOST_WORDS: usize = 12;
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::model::project::ProjectSettings;
    use crate::model::source::SourceSpec;
    use crate::store::projects::NewProject;
    use crate::store::testing::{self, TempStore};
    use crate::store::{packages as package_rows, users};

    fn store() -> TempStore {
        let store = testing::store();
        let made = store.write_now(|tx| {
            let alice = users::insert(tx, &"alice".parse().unwrap(), None, false, Timestamp(0))?;
            for (owner, name, description) in [
                ("alice", "vim-extras", "Editors for all"),
                ("@devs", "tools", "what vim users want"),
                ("alice", "vim", ""),
                ("alice", "python3-copr", "A client"),
            ] {
                let settings = ProjectSettings {
                    description: description.to_owned(),
                    ..ProjectSettings::default()
                };
                let new = NewProject {
                    owner: &owner.parse().unwrap(),
                    name: &name.parse().unwrap(),
                    creator: alice,
                    persistent: false,
                    delete_after: None,
                    settings: &settings,
                };
                projects::insert(tx, &new)?;
            }
            let python =
                projects::find(tx, &"alice".parse().unwrap(), &"python3-copr".parse().unwrap())?;
            let package = "neovim-qt".parse().unwrap();
            package_rows::find_or_insert(tx, python.unwrap().id, &package, &SourceSpec::Unset)?;
            Ok::<_, Error>(())
        });
        made.unwrap();
        store
    }

    fn names(store: &TempStore, query: &Query) -> Vec<String> {
        let found = store.read_now(|db| projects(db, query, Slice::first(10))).unwrap();
        found.projects.iter().map(|card| card.project.name.to_string()).collect()
    }

    fn text(store: &TempStore, text: &str) -> Vec<String> {
        names(store, &Query::from_text(text))
    }

    #[test]
    fn the_best_fit_comes_first() {
        let store = store();
        assert_eq!(text(&store, "vim"), ["vim", "vim-extras", "tools"]);
        assert_eq!(text(&store, "Copr"), ["python3-copr"]);
        assert_eq!(text(&store, "edit"), ["vim-extras"]);
        assert_eq!(text(&store, "neovim qt"), ["python3-copr"]);
        assert_eq!(text(&store, "devs"), ["tools"]);
        assert!(text(&store, "nothing").is_empty());
    }

    #[test]
    fn owner_and_project_can_be_told_apart() {
        let store = store();
        assert_eq!(text(&store, "@devs/tools"), ["tools"]);
        assert_eq!(text(&store, "alice/vim"), ["vim", "vim-extras"]);
        let package = Query { package: "neovim".into(), ..Query::default() };
        assert_eq!(names(&store, &package), ["python3-copr"]);
        let elsewhere = Query { owner: "devs".into(), ..package };
        assert!(names(&store, &elsewhere).is_empty());
    }

    #[test]
    fn what_is_typed_is_never_an_expression() {
        let store = store();
        for odd in ["\"", "vim\" OR \"x", "name:vim", "a*b", "NEAR(", "-", "{x} : y", "'; --"] {
            text(&store, odd);
        }
        assert!(Query::from_text(" - / * ").is_empty());
    }

    #[test]
    fn words_follow_what_they_describe() {
        let store = store();
        let (alice, vim) = ("alice".parse().unwrap(), "vim".parse().unwrap());
        let change = |settings: &ProjectSettings| {
            store
                .write_now(|tx| {
                    let project = projects::find(tx, &alice, &vim)?.unwrap();
                    projects::update(tx, project.id, None, settings)?;
                    Ok::<_, Error>(project.id)
                })
                .unwrap()
        };
        let id =
            change(&ProjectSettings { description: "fish".into(), ..ProjectSettings::default() });
        assert_eq!(text(&store, "fish"), ["vim"]);
        change(&ProjectSettings::default());
        assert!(text(&store, "fish").is_empty());
        store.write_now(|tx| projects::delete(tx, id)).unwrap();
        assert_eq!(text(&store, "vim"), ["vim-extras", "tools"]);
    }

    #[test]
    fn built_packages_want_at_least_one_word() {
        let store = store();
        let nothing =
            store.read_now(|db| packages(db, &Wanted::default(), Slice::first(1)).map(drop));
        assert!(matches!(nothing, Err(Error::Invalid(_))));
        let wanted = Wanted { arch: Some("src".into()), ..Wanted::default() };
        let none = store.read_now(|db| packages(db, &wanted, Slice::first(1))).unwrap();
        assert!(none.0.is_empty() && !none.1);
    }
}
