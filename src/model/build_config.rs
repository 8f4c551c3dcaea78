//! What a build in one chroot is configured with: repositories, options, network. The API shows
//! it, and the runner builds with it, so it is put together in one place.

use serde::Serialize;
use utoipa::ToSchema;

use super::build::BuildOptions;
use super::options::{Bootstrap, Isolation};
use super::project::{ChrootSettings, Project};
use super::repo_url::{self, RepoTarget, RepoUrl};
use super::{ChrootName, DirName, Owner, ProjectName};

/// The priority that dnf takes for granted; not worth saying.
const DNF_PRIORITY: u32 = 99;

/// A repository that a build may take packages from; the fields are those of APIv3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BuildRepo {
    /// Its section's name.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its address; `$releasever` and `$basearch` are left for dnf.
    pub baseurl: String,
    /// Its priority, if one is set.
    #[schema(required)]
    pub priority: Option<u32>,
    /// Whether its metadata must be signed; `None`: as dnf thinks fit.
    #[schema(required)]
    pub repo_gpgcheck: Option<bool>,
    /// Its packages may replace those of modules.
    #[schema(required)]
    pub module_hotfixes: Option<bool>,
}

/// Everything that tunes a build in one chroot of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildConfig {
    /// The chroot.
    pub chroot: ChrootName,
    /// Repositories besides the chroot's own.
    pub repos: Vec<BuildRepo>,
    /// The same as users wrote them, the project itself first.
    pub additional_repos: Vec<String>,
    /// Packages added to the build root.
    pub additional_packages: Vec<String>,
    /// Module streams to switch on, or with a leading `!` off.
    pub additional_modules: Vec<String>,
    /// `--with` options for rpmbuild.
    pub with_opts: Vec<String>,
    /// `--without` options for rpmbuild.
    pub without_opts: Vec<String>,
    /// Network access during the build.
    pub enable_net: bool,
    /// How the build root is bootstrapped.
    pub bootstrap: Bootstrap,
    /// The image for [`Bootstrap::CustomImage`].
    pub bootstrap_image: Option<String>,
    /// What separates the build from the host.
    pub isolation: Isolation,
}

/// What a configuration is put together from.
pub struct Parts<'a> {
    /// The project.
    pub project: &'a Project,
    /// The directory that is built into; the main one for questions without a build.
    pub dir: &'a DirName,
    /// The chroot.
    pub chroot: &'a ChrootName,
    /// What the project changes in it; `None` when it is no longer enabled there.
    pub settings: Option<&'a ChrootSettings>,
    /// What the submitter of the build said.
    pub options: Option<&'a BuildOptions>,
    /// The address of a repository of this server, with a slash at the end.
    pub url: &'a dyn Fn(&Owner, &DirName, &ChrootName) -> String,
}

impl BuildConfig {
    /// Puts a configuration together. `hotfixes` answers for a project of this server whether its
    /// packages may replace those of modules; `None` when there is no such project.
    pub fn new<E>(
        parts: &Parts<'_>,
        mut hotfixes: impl FnMut(&Owner, &ProjectName) -> Result<Option<bool>, E>,
    ) -> Result<BuildConfig, E> {
        let plain = ChrootSettings::default();
        let settings = parts.settings.unwrap_or(&plain);
        let project = &parts.project.settings;
        let mut repos = Vec::new();
        if parts.settings.is_some() {
            repos = own_repos(parts);
            let further = project.additional_repos.iter().chain(&settings.additional_repos);
            for repo in further {
                repos.push(further_repo(repo, parts, &mut hotfixes)?);
            }
        }
        let options = parts.options;
        let bootstrap = options
            .and_then(|options| options.bootstrap)
            .or(settings.bootstrap)
            .unwrap_or(project.bootstrap);
        let is_custom = bootstrap == Bootstrap::CustomImage;
        Ok(BuildConfig {
            chroot: parts.chroot.clone(),
            repos,
            additional_repos: listed_repos(parts, settings),
            additional_packages: settings.additional_packages.clone(),
            additional_modules: settings.additional_modules.clone(),
            with_opts: settings.with_opts.clone(),
            without_opts: settings.without_opts.clone(),
            enable_net: options.map_or(project.enable_net, |options| options.enable_net),
            bootstrap,
            bootstrap_image: settings.bootstrap_image.clone().filter(|_| is_custom),
            isolation: options
                .and_then(|options| options.isolation)
                .or(settings.isolation)
                .unwrap_or(project.isolation),
        })
    }
}

impl BuildConfig {
    /// The same with these repositories in place of the project's.
    pub fn with_repos<E>(
        parts: &Parts<'_>,
        repos: &[RepoUrl],
        mut hotfixes: impl FnMut(&Owner, &ProjectName) -> Result<Option<bool>, E>,
    ) -> Result<BuildConfig, E> {
        let mut config = BuildConfig::new(parts, &mut hotfixes)?;
        let further = repos.iter().map(|repo| further_repo(repo, parts, &mut hotfixes));
        config.repos = further.collect::<Result<_, E>>()?;
        config.additional_repos = repos.iter().map(ToString::to_string).collect();
        Ok(config)
    }
}

/// The project's own repositories: the main directory's, and the one that is built into.
fn own_repos(parts: &Parts<'_>) -> Vec<BuildRepo> {
    let Project { owner, name, settings, .. } = parts.project;
    let main = DirName::main(name.clone());
    let priority = settings.repo_priority.filter(|&priority| priority != DNF_PRIORITY);
    let repo = |id: &str, name: &str, baseurl: String| BuildRepo {
        id: id.to_owned(),
        name: name.to_owned(),
        baseurl,
        priority,
        repo_gpgcheck: Some(false),
        module_hotfixes: None,
    };
    let base = (parts.url)(owner, &main, parts.chroot);
    let mut repos = vec![BuildRepo {
        module_hotfixes: settings.module_hotfixes.then_some(true),
        ..repo("copr_base", "Copr repository", base.clone())
    }];
    if settings.manual_createrepo {
        repos.push(repo("copr_base_devel", "Copr buildroot", format!("{base}devel/")));
    }
    if !parts.dir.is_main() {
        let url = (parts.url)(owner, parts.dir, parts.chroot);
        repos.push(repo("copr_coprdir", "Copr directory", url));
    }
    repos
}

fn further_repo<E>(
    repo: &RepoUrl,
    parts: &Parts<'_>,
    hotfixes: &mut impl FnMut(&Owner, &ProjectName) -> Result<Option<bool>, E>,
) -> Result<BuildRepo, E> {
    let id = repo.id();
    let (baseurl, known) = match repo.target() {
        RepoTarget::Copr(owner, dir) => {
            ((parts.url)(owner, dir, parts.chroot), hotfixes(owner, dir.project())?)
        }
        RepoTarget::External(address) => (repo_url::expand(address, parts.chroot), None),
    };
    Ok(BuildRepo {
        name: format!("Additional repo {id}"),
        id,
        baseurl,
        priority: repo.priority(),
        repo_gpgcheck: known.map(|_| false),
        module_hotfixes: known.filter(|&hotfixes| hotfixes),
    })
}

/// The repositories as `additional_repos` lists them.
fn listed_repos(parts: &Parts<'_>, settings: &ChrootSettings) -> Vec<String> {
    let full_name = parts.project.full_name();
    let mut listed = vec![format!("copr://{full_name}")];
    let further = settings.additional_repos.iter().chain(&parts.project.settings.additional_repos);
    listed.extend(further.map(ToString::to_string));
    if parts.project.settings.manual_createrepo {
        listed.push(format!("copr://{full_name}/devel"));
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::model::project::ProjectSettings;
    use crate::model::{ProjectId, UserId};

    fn project(settings: ProjectSettings) -> Project {
        Project {
            id: ProjectId(1),
            owner: "alice".parse().unwrap(),
            name: "tools".parse().unwrap(),
            creator: UserId(1),
            created_on: Timestamp(0),
            settings,
            persistent: false,
            key_fingerprint: None,
            forked_from: None,
            delete_after: None,
        }
    }

    fn url(owner: &Owner, dir: &DirName, chroot: &ChrootName) -> String {
        format!("http://h/results/{owner}/{dir}/{chroot}/")
    }

    fn config(project: &Project, dir: &str, settings: Option<&ChrootSettings>) -> BuildConfig {
        let parts = Parts {
            project,
            dir: &dir.parse().unwrap(),
            chroot: &"fedora-42-x86_64".parse().unwrap(),
            settings,
            options: None,
            url: &url,
        };
        let known = |_: &Owner, name: &ProjectName| {
            Ok::<_, std::convert::Infallible>((name.as_str() == "lib").then_some(true))
        };
        BuildConfig::new(&parts, known).unwrap()
    }

    #[test]
    fn repositories_come_in_the_order_of_copr() {
        let project = project(ProjectSettings {
            additional_repos: vec!["https://a/x?priority=10".parse().unwrap()],
            manual_createrepo: true,
            module_hotfixes: true,
            repo_priority: Some(7),
            ..ProjectSettings::default()
        });
        let settings = ChrootSettings {
            additional_repos: vec!["copr://bob/lib".parse().unwrap()],
            ..ChrootSettings::default()
        };
        let config = config(&project, "tools:pr:1", Some(&settings));
        let seen: Vec<_> = config
            .repos
            .iter()
            .map(|r| (r.id.as_str(), r.baseurl.as_str(), r.priority, r.repo_gpgcheck))
            .collect();
        let base = "http://h/results/alice/tools/fedora-42-x86_64/";
        assert_eq!(
            seen,
            [
                ("copr_base", base, Some(7), Some(false)),
                ("copr_base_devel", format!("{base}devel/").as_str(), Some(7), Some(false)),
                (
                    "copr_coprdir",
                    "http://h/results/alice/tools:pr:1/fedora-42-x86_64/",
                    Some(7),
                    Some(false)
                ),
                ("https_a_x_priority_10", "https://a/x", Some(10), None),
                ("copr_bob_lib", "http://h/results/bob/lib/fedora-42-x86_64/", None, Some(false)),
            ]
        );
        assert_eq!(config.repos[0].module_hotfixes, Some(true));
        assert_eq!(config.repos[1].module_hotfixes, None);
        assert_eq!(config.repos[4].module_hotfixes, Some(true));
        assert_eq!(
            config.additional_repos,
            [
                "copr://alice/tools",
                "copr://bob/lib",
                "https://a/x?priority=10",
                "copr://alice/tools/devel"
            ]
        );
    }

    #[test]
    fn a_chroot_that_was_switched_off_has_no_repositories() {
        let project = project(ProjectSettings::default());
        assert!(config(&project, "tools", None).repos.is_empty());
        assert_eq!(config(&project, "tools", Some(&ChrootSettings::default())).repos.len(), 1);
    }

    #[test]
    fn the_nearest_word_about_bootstrap_and_isolation_counts() {
        let project = project(ProjectSettings {
            bootstrap: Bootstrap::On,
            isolation: Isolation::Simple,
            ..ProjectSettings::default()
        });
        let settings = ChrootSettings {
            bootstrap: Some(Bootstrap::CustomImage),
            bootstrap_image: Some("r/f:42".into()),
            ..ChrootSettings::default()
        };
        let own = config(&project, "tools", Some(&settings));
        assert_eq!((own.bootstrap, own.isolation), (Bootstrap::CustomImage, Isolation::Simple));
        assert_eq!(own.bootstrap_image.as_deref(), Some("r/f:42"));
        let chroot = "fedora-42-x86_64".parse().unwrap();
        let options = BuildOptions {
            bootstrap: Some(Bootstrap::Off),
            enable_net: true,
            ..BuildOptions::default()
        };
        let parts = Parts {
            project: &project,
            dir: &"tools".parse().unwrap(),
            chroot: &chroot,
            settings: Some(&settings),
            options: Some(&options),
            url: &url,
        };
        let known = |_: &Owner, _: &ProjectName| Ok::<_, std::convert::Infallible>(None);
        let built = BuildConfig::new(&parts, known).unwrap();
        assert_eq!((built.bootstrap, built.bootstrap_image), (Bootstrap::Off, None));
        assert!(built.enable_net);
    }
}
