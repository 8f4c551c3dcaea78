//! What a request says about how to build, and whether that makes sense.

use std::time::Duration;

use super::batch::Batch;
use crate::model::build::{BuildOptions, DEFAULT_TIMEOUT, MAX_TIMEOUT};
use crate::model::options::{Bootstrap, Isolation};
use crate::model::project::{Dir, Project};
use crate::model::user::User;
use crate::model::{ChrootName, DirName, glob};
use crate::ops::authorise::{Action, authorise};
use crate::ops::projects::{self, choice};
use crate::ops::{Error, Mistakes, Result};
use crate::store::{Connection, project_chroots, projects as project_rows};

/// What a request says about a build; what it does not say is `None`.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Whose project it is.
    pub owner: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// The directory to publish in; `None`: the main one.
    pub dir: Option<String>,
    /// The chroots to build in: names and globs. `None` or empty: all.
    pub chroots: Option<Vec<String>>,
    /// Chroots not to build in: names and globs.
    pub exclude_chroots: Option<Vec<String>>,
    /// Seconds.
    pub timeout: Option<i64>,
    /// Low priority.
    pub background: Option<bool>,
    /// Network access; `None`: as the project has it.
    pub enable_net: Option<bool>,
    /// How build roots are bootstrapped.
    pub bootstrap: Option<String>,
    /// What separates the build from the host.
    pub isolation: Option<String>,
    /// The build to wait for, with all builds of its batch.
    pub after_build: Option<i64>,
    /// The build whose batch to join.
    pub with_build: Option<i64>,
    /// The forge project that Packit builds for.
    pub packit_forge_project: Option<String>,
    /// What was wrong already when the request was read.
    pub mistakes: Mistakes,
}

/// A build that may be handed in.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) project: Project,
    pub(super) options: BuildOptions,
    /// The chroots it is given at once; empty when they are given once the package is known.
    pub(super) chroots: Vec<ChrootName>,
    /// Those it must not be given then.
    pub(super) excluded: Vec<ChrootName>,
    pub(super) dir: Place,
    pub(super) batch: Batch,
}

/// The directory that a build is published in.
#[derive(Debug)]
pub(in crate::ops) enum Place {
    There(Dir),
    New(DirName),
}

impl Wish {
    /// The project that is meant.
    pub(super) fn find_project(&self, db: &Connection) -> Result<Project> {
        let (Some(owner), Some(project)) = (said(self.owner.as_ref()), said(self.project.as_ref()))
        else {
            let mut mistakes = Mistakes::default();
            for (field, value) in [("ownername", &self.owner), ("projectname", &self.project)] {
                if said(value.as_ref()).is_none() {
                    mistakes.add(field, "This field is required.");
                }
            }
            mistakes.none()?;
            return Err(Error::invalid("ownername, projectname: This field is required."));
        };
        projects::find(db, owner, project)
    }

    /// Checks everything in Copr's order: what is asked for, who asks, what the project has.
    pub(super) fn plan(
        mut self,
        db: &Connection,
        user: &User,
        project: Project,
        mut mistakes: Mistakes,
    ) -> Result<Plan> {
        mistakes.append(std::mem::take(&mut self.mistakes));
        let enabled = project_chroots::enabled_names(db, project.id)?;
        let (chroots, excluded) = self.choose_chroots(&enabled, &mut mistakes);
        let options = self.options(&project, &mut mistakes);
        mistakes.none()?;
        authorise(db, user, Action::Build(&project))?;
        if enabled.is_empty() {
            return Err(Error::invalid(format!(
                "{} has no active chroots to build in. Enable one in the project's settings.",
                project.full_name()
            )));
        }
        self.check_packit(&project)?;
        let batch = Batch::choose(db, user, self.after_build, self.with_build)?;
        let dir = self.place(db, &project)?;
        Ok(Plan { project, options, chroots, excluded, dir, batch })
    }

    fn choose_chroots(
        &self,
        enabled: &[ChrootName],
        mistakes: &mut Mistakes,
    ) -> (Vec<ChrootName>, Vec<ChrootName>) {
        let mut matching = |field: &str, patterns: &[String]| -> Vec<ChrootName> {
            let fits = |name: &&ChrootName| {
                patterns.iter().any(|pattern| glob::fits(pattern, name.as_str()))
            };
            for pattern in patterns {
                if !enabled.iter().any(|name| glob::fits(pattern, name.as_str())) {
                    mistakes
                        .add(field, format!("'{pattern}' is not a valid choice for this field."));
                }
            }
            enabled.iter().filter(fits).cloned().collect()
        };
        let chosen = matching("chroots", self.chroots.as_deref().unwrap_or_default());
        let mut excluded =
            matching("exclude_chroots", self.exclude_chroots.as_deref().unwrap_or_default());
        let basis = match (chosen.is_empty(), excluded.is_empty()) {
            (true, true) => &[][..],
            (true, false) => enabled,
            (false, _) => &chosen[..],
        };
        let given: Vec<ChrootName> =
            basis.iter().filter(|name| !excluded.contains(name)).cloned().collect();
        if given.is_empty() && !basis.is_empty() {
            // Nothing is left of what was chosen; it must not be given what was not.
            excluded = enabled.to_vec();
        }
        (given, excluded)
    }

    fn options(&self, project: &Project, mistakes: &mut Mistakes) -> BuildOptions {
        let longest = MAX_TIMEOUT.as_secs();
        let timeout = match self.timeout.map(u64::try_from) {
            None | Some(Ok(0)) => DEFAULT_TIMEOUT,
            Some(Ok(seconds)) if seconds <= longest => Duration::from_secs(seconds),
            Some(_) => {
                mistakes.add("timeout", format!("Number must be between 0 and {longest}."));
                DEFAULT_TIMEOUT
            }
        };
        // "unchanged" is the wire's word for saying nothing.
        let word = |word: &Option<String>| word.clone().filter(|word| word != "unchanged");
        let bootstrap = choice("bootstrap", word(&self.bootstrap).as_deref(), mistakes);
        if bootstrap == Some(Bootstrap::CustomImage) {
            mistakes.add("bootstrap", "Not a valid choice.");
        }
        let isolation: Option<Isolation> =
            choice("isolation", word(&self.isolation).as_deref(), mistakes);
        BuildOptions {
            background: self.background.unwrap_or(false),
            timeout,
            enable_net: self.enable_net.unwrap_or(project.settings.enable_net),
            bootstrap,
            isolation,
        }
    }

    fn check_packit(&self, project: &Project) -> Result<()> {
        let Some(forge) = said(self.packit_forge_project.as_ref()) else { return Ok(()) };
        let allowed = &project.settings.packit_forge_projects_allowed;
        if allowed.iter().any(|pattern| glob::fits(pattern, forge)) {
            return Ok(());
        }
        Err(Error::Denied(format!(
            "Packit forge project {forge} is not allowed to build in {}. Its owner can add it to \
             the project's settings.",
            project.full_name()
        )))
    }

    /// The directory; its name is checked only when it has to be made.
    pub(super) fn place(&self, db: &Connection, project: &Project) -> Result<Place> {
        let main = || DirName::main(project.name.clone());
        let name = match said(self.dir.as_ref()) {
            None => main(),
            Some(text) if text == project.name.as_str() => main(),
            Some(text) => dir_name(text, project)?,
        };
        Ok(match project_rows::find_dir(db, project.id, &name)? {
            Some(dir) => Place::There(dir),
            None => Place::New(name),
        })
    }
}

fn said(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// A directory of `project`, or the sentence that Copr has for what is wrong with the name.
fn dir_name(text: &str, project: &Project) -> Result<DirName> {
    let name = &project.name;
    let Some(suffix) = text.strip_prefix(&format!("{name}:")) else {
        return Err(Error::invalid(format!("Copr dirname must start with '{name}:' prefix")));
    };
    let kind = suffix.split(':').next().unwrap_or_default();
    if !matches!(kind, "custom" | "pr") {
        return Err(Error::invalid(format!(
            "Please use directory format {name}:custom:<SUFFIX_OF_CHOICE> or {name}:pr:<ID> \
             (for automatically removed directories)"
        )));
    }
    text.parse().map_err(|_| {
        Error::invalid(format!(
            "Wrong directory '{text}' specified.  Directory name can consist of alpha-numeric \
             strings separated by colons."
        ))
    })
}
