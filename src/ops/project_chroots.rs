//! The chroots that this server offers, and what projects change in theirs.

use super::authorise::{Action, authorise};
use super::builds::UploadedFile;
use super::projects::{self, choice, repos};
use super::{App, Error, Mistakes, Result, builds, comps};
use crate::model::ChrootName;
use crate::model::DirName;
use crate::model::build_config::{BuildConfig, Parts};
use crate::model::chroot::Chroot;
use crate::model::job::Tidy;
use crate::model::options::Bootstrap;
use crate::model::project::{ChrootSettings, Comps, Project, ProjectChroot};
use crate::model::user::User;
use crate::store::{Connection, chroots, jobs, project_chroots};

/// The active chroots, in the order in which the admin added them.
pub async fn offered(app: &App) -> Result<Vec<Chroot>> {
    let mut all = app.store.look_up(chroots::list).await?;
    all.retain(|chroot| chroot.active);
    Ok(all)
}

fn find(db: &Connection, project: &Project, name: &str) -> Result<ProjectChroot> {
    let Ok(parsed) = name.parse::<ChrootName>() else {
        return Err(Error::NotFound("Chroot identification is not valid".to_owned()));
    };
    let found = project_chroots::find(db, project.id, &parsed)?.filter(|used| used.chroot.active);
    found.ok_or_else(|| {
        Error::NotFound(format!(
            "Chroot name {name} does not exist in Copr {}.",
            project.full_name()
        ))
    })
}

/// One chroot of a project, also one that was switched off and is kept for some days.
pub async fn get(
    app: &App,
    (owner, project): (&str, &str),
    name: &str,
) -> Result<(Project, ProjectChroot)> {
    let (owner, project, name) = (owner.to_owned(), project.to_owned(), name.to_owned());
    app.store
        .look_up(move |db| {
            let project = projects::find(db, &owner, &project)?;
            let used = find(db, &project, &name)?;
            Ok((project, used))
        })
        .await
}

/// What a build in this chroot of a project would be configured with.
pub async fn config(app: &App, (owner, project): (&str, &str), name: &str) -> Result<BuildConfig> {
    let (owner, project, name) = (owner.to_owned(), project.to_owned(), name.to_owned());
    let layout = app.layout();
    app.store
        .look_up(move |db| {
            let project = projects::find(db, &owner, &project)?;
            let used = find(db, &project, &name)?;
            let parts = Parts {
                project: &project,
                dir: &DirName::main(project.name.clone()),
                chroot: &used.chroot.name,
                settings: Some(&used.settings),
                options: None,
                url: &|owner, dir, chroot| layout.chroot_url(owner, dir, chroot),
            };
            Ok(BuildConfig::new(&parts, |owner, name| builds::hotfixes(db, owner, name))?)
        })
        .await
}

/// What a request says about a chroot of a project; what it does not say is `None`.
#[derive(Debug, Default)]
pub struct Wish {
    /// Settings to put back to what they are in a new chroot, before all else.
    pub reset: Vec<String>,
    /// Further repositories at build time.
    pub additional_repos: Option<Vec<String>>,
    /// Packages added to the build root.
    pub additional_packages: Option<Vec<String>>,
    /// Module streams to switch on, or with a leading `!` off.
    pub additional_modules: Option<Vec<String>>,
    /// `--with` options for rpmbuild.
    pub with_opts: Option<Vec<String>>,
    /// `--without` options for rpmbuild.
    pub without_opts: Option<Vec<String>>,
    /// How the build root is bootstrapped.
    pub bootstrap: Option<String>,
    /// The image to bootstrap from.
    pub bootstrap_image: Option<String>,
    /// What separates builds from the host.
    pub isolation: Option<String>,
    /// A new comps file.
    pub comps: Option<UploadedFile>,
    /// The comps file goes, unless there is a new one.
    pub delete_comps: bool,
    /// What was wrong already when the request was read.
    pub mistakes: Mistakes,
}

/// Changes what `wish` says in one chroot of a project. With another comps file, waits until the
/// repositories of the chroot have it.
pub async fn edit(
    app: &App,
    user: &User,
    (owner, project): (&str, &str),
    name: &str,
    mut wish: Wish,
) -> Result<(Project, ProjectChroot)> {
    let (owner, project, name) = (owner.to_owned(), project.to_owned(), name.to_owned());
    let user = user.clone();
    let comps = match wish.comps.take() {
        Some(file) => comps::read(file, &mut wish.mistakes).await?,
        None => None,
    };
    let (project, found, job) = app
        .store
        .write(move |tx| {
            let project = projects::find(tx, &owner, &project)?;
            let mut found = find(tx, &project, &name)?;
            let had_comps = found.settings.comps_name.is_some();
            found.settings = wish.apply(tx, &project, &found, comps.as_ref())?;
            authorise(tx, &user, Action::ManageProject(&project))?;
            project_chroots::update(tx, project.id, found.chroot.id, &found.settings)?;
            let loses_comps = had_comps && found.settings.comps_name.is_none();
            let mut job = None;
            if comps.is_some() || loses_comps {
                project_chroots::set_comps(tx, project.id, found.chroot.id, comps.as_ref())?;
                let repos = projects::repositories(tx, &project, &[found.chroot.id])?;
                job = Some(jobs::queue_tidy(tx, &Tidy { repos, remove: Vec::new() })?);
            }
            Ok::<_, Error>((project, found, job))
        })
        .await?;
    if let Some(job) = job {
        app.wait_for(job).await;
    }
    Ok((project, found))
}

impl Wish {
    fn apply(
        self,
        db: &Connection,
        project: &Project,
        used: &ProjectChroot,
        comps: Option<&Comps>,
    ) -> Result<ChrootSettings> {
        let mut settings = used.settings.clone();
        let mut mistakes = self.mistakes;
        for field in &self.reset {
            reset(&mut settings, field).ok_or_else(|| {
                Error::invalid(format!(
                    "Trying to reset an invalid attribute: {field}\n\
                     See `copr-cli get-chroot {}/{}' for all the possible attributes",
                    project.full_name(),
                    used.chroot.name
                ))
            })?;
        }
        if let Some(items) = &self.additional_repos {
            settings.additional_repos = repos(db, "repos", items, &mut mistakes)?;
        }
        for (place, wanted) in [
            (&mut settings.additional_packages, self.additional_packages),
            (&mut settings.with_opts, self.with_opts),
            (&mut settings.without_opts, self.without_opts),
        ] {
            if let Some(wanted) = wanted {
                *place = wanted;
            }
        }
        if let Some(modules) = self.additional_modules {
            check_modules(&modules, &mut mistakes);
            settings.additional_modules = modules;
        }
        let image = self.bootstrap_image.filter(|image| !image.is_empty());
        match self.bootstrap.as_deref() {
            Some("unchanged") => settings.bootstrap = None,
            word => {
                let implied = image.as_ref().map(|_| Bootstrap::CustomImage);
                let wanted = choice("bootstrap", word, &mut mistakes).or(implied);
                settings.bootstrap = wanted.or(settings.bootstrap);
            }
        }
        settings.bootstrap_image = image.or(settings.bootstrap_image);
        check_image(&settings, &mut mistakes);
        match self.isolation.as_deref() {
            Some("unchanged") => settings.isolation = None,
            word => {
                settings.isolation =
                    choice("isolation", word, &mut mistakes).or(settings.isolation);
            }
        }
        if self.delete_comps {
            settings.comps_name = None;
        }
        settings.comps_name = comps.map(|comps| comps.name.clone()).or(settings.comps_name);
        mistakes.none()?;
        Ok(settings)
    }
}

/// Puts one setting back; `None` when there is none of that name.
fn reset(settings: &mut ChrootSettings, field: &str) -> Option<()> {
    let plain = ChrootSettings::default();
    match field {
        "additional_repos" => settings.additional_repos = plain.additional_repos,
        "additional_packages" => settings.additional_packages = plain.additional_packages,
        "additional_modules" => settings.additional_modules = plain.additional_modules,
        "with_opts" => settings.with_opts = plain.with_opts,
        "without_opts" => settings.without_opts = plain.without_opts,
        "isolation" => settings.isolation = plain.isolation,
        "bootstrap" => settings.bootstrap = plain.bootstrap,
        "bootstrap_image" => settings.bootstrap_image = plain.bootstrap_image,
        "comps_name" => settings.comps_name = plain.comps_name,
        _ => return None,
    }
    Some(())
}

fn check_modules(modules: &[String], mistakes: &mut Mistakes) {
    let legal = |part: &str| {
        let is_first = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        part.starts_with(is_first) && part.chars().all(|c| is_first(c) || matches!(c, '.' | '+'))
    };
    let mut names: Vec<&str> = Vec::new();
    for module in modules {
        let Some((name, stream)) = module.trim_start_matches('!').split_once(':') else {
            mistakes.add(
                "module_toggle",
                format!(
                    "Module name '{module}' must consist of two parts separated with colon, e.g. \
                     module:stream"
                ),
            );
            continue;
        };
        if !legal(name) || !legal(stream) {
            mistakes.add("module_toggle", format!("'{module}' has characters it must not have"));
        }
        if names.contains(&name) {
            mistakes.add("module_toggle", format!("Module name '{name}' is given twice"));
        }
        names.push(name);
    }
}

fn check_image(settings: &ChrootSettings, mistakes: &mut Mistakes) {
    let custom = settings.bootstrap == Some(Bootstrap::CustomImage);
    match &settings.bootstrap_image {
        None if custom => {
            mistakes.add("bootstrap_image", "Custom image is selected, but not specified");
        }
        Some(image) if !is_image(image) => {
            mistakes.add("bootstrap_image", format!("'{image}' is not the name of an image"));
        }
        _ => {}
    }
}

/// `registry/path/name[:tag]`.
fn is_image(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let (name, tag) = match text.rsplit_once(':') {
        Some((name, tag)) => (name, Some(tag)),
        None => (text, None),
    };
    let good_name = !name.is_empty() && name.chars().all(|c| word(c) || c == '/');
    good_name && tag.is_none_or(|tag| !tag.is_empty() && tag.chars().all(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_have_a_stream_and_come_once() {
        let check = |modules: &[&str]| {
            let mut mistakes = Mistakes::default();
            let modules: Vec<String> = modules.iter().map(ToString::to_string).collect();
            check_modules(&modules, &mut mistakes);
            mistakes.none().is_ok()
        };
        assert!(check(&["mod1:s1", "!mod2:s-2.0"]));
        assert!(!check(&["nostream"]));
        assert!(!check(&["a:1", "!a:2"]));
        assert!(!check(&["a:"]) && !check(&[":b"]) && !check(&["a b:c"]));
    }

    #[test]
    fn images_are_names_with_perhaps_a_tag() {
        assert!(is_image("registry.example.test/f:42") && is_image("fedora"));
        assert!(!is_image("f:4 2") && !is_image("") && !is_image("f:") && !is_image("$(x)"));
    }
}
