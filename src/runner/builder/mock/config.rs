//! The configuration file that one build gives to mock: the chroot's own, and then what this build
//! changes in it. Every value is a literal of `literal.rs`; none is pasted.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::literal::{boolean, is_plain, list, text};
use crate::model::build_config::BuildRepo;
use crate::model::options::Bootstrap;
use crate::runner::gate;

/// What one build changes in the configuration of its chroot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The chroot's own configuration file.
    pub base: PathBuf,
    /// Repositories in addition to the chroot's own.
    pub repos: Vec<BuildRepo>,
    /// Packages in addition to the minimal build root.
    pub packages: Vec<String>,
    /// Module streams to enable, `name:stream`, or with a leading `!` to disable.
    pub modules: Vec<String>,
    /// RPM macros: name without `%`, and body.
    pub macros: Vec<(String, String)>,
    /// Whether the build may use the network.
    pub network: bool,
    /// Whether the way there leads through a gate.
    pub gated: bool,
    /// What separates the build from the host; `None`: what the chroot's own configuration says,
    /// and systemd-nspawn where it says nothing.
    pub isolation: Option<Container>,
    /// Whether systemd cannot be asked to register the container.
    pub unregistered: bool,
    /// How the build root is bootstrapped, and out of which image.
    pub bootstrap: (Bootstrap, Option<String>),
    /// Whether the root must still be there for a second call of mock.
    pub keep_root: bool,
    /// Directories of the host, as mock finds them, that appear in the root, and where.
    pub binds: Vec<(PathBuf, &'static str)>,
}

/// How mock enters a build root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// With systemd-nspawn.
    Nspawn,
    /// With `chroot` alone.
    Simple,
}

/// A value that would mean something else to mock than to its author.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// A repository's id, name or address.
    #[error(
        "the repository '{0}' cannot be used with mock: its {1} contains what dnf would misread"
    )]
    Repo(String, &'static str),
    /// A package for the build root.
    #[error("'{0}' is not a package that can be added to the build root")]
    Package(String),
    /// A module stream.
    #[error("'{0}' is not a module stream; write NAME:STREAM, or !NAME:STREAM to disable one")]
    Module(String),
    /// A macro.
    #[error(
        "the macro '%{0}' cannot be used with mock: its value must be one line without '{{{{', '{{%' and '{{#'"
    )]
    Macro(String),
    /// The configuration file's path or an image's name.
    #[error("'{0}' cannot be written into mock's configuration")]
    Path(String),
}

impl Settings {
    /// Whether a root made for this build holds the same as any other of its chroot, so that mock
    /// may take it from its cache. That cache knows a root by its name only.
    pub fn is_ordinary_root(&self) -> bool {
        self.repos.is_empty()
            && self.packages.is_empty()
            && self.modules.is_empty()
            && self.bootstrap.0 == Bootstrap::Default
            && self.binds.is_empty()
    }

    /// The file.
    pub fn to_python(&self) -> Result<String, SettingError> {
        let mut file = Assignments::start(self.base_path()?);
        file.set("dnf_warning", boolean(false));
        file.set("print_main_output", boolean(true));
        file.set("rpmbuild_networking", boolean(self.network));
        file.set("use_host_resolv", boolean(self.network));
        file.set("cleanup_on_success", boolean(true));
        file.set("cleanup_on_failure", boolean(true));
        match self.isolation {
            Some(Container::Nspawn) => file.set("isolation", "'nspawn'"),
            Some(Container::Simple) => file.set("isolation", "'simple'"),
            // mock would look at the first process to tell whether nspawn works, and in a
            // namespace that is mock.
            None => file
                .set("isolation", "'simple' if config_opts['isolation'] == 'simple' else 'nspawn'"),
        }
        if self.isolation != Some(Container::Simple) && self.unregistered {
            file.add("nspawn_args", &list(&["--register=no", "--keep-unit"]));
        }
        if !self.is_ordinary_root() {
            file.set_plugin("root_cache_enable", boolean(false));
        }
        if self.keep_root {
            // Its tmpfs would vanish with the mount namespace of the first call.
            file.set_plugin("tmpfs_enable", boolean(false));
        }
        self.write_bootstrap(&mut file)?;
        if !self.packages.is_empty() {
            file.set("chroot_additional_packages", &text(&joined(&self.packages)?));
        }
        if !self.modules.is_empty() {
            file.set("module_setup_commands", &module_commands(&self.modules)?);
        }
        for (name, body) in &self.macros {
            file.set_macro(name, body)?;
        }
        if self.gated {
            // For what rpmbuild downloads.
            file.set_macro("_httpproxy", gate::HOST)?;
            file.set_macro("_httpport", &gate::PORT.to_string())?;
        }
        self.write_binds(&mut file)?;
        for repo in &self.repos {
            file.add("dnf.conf", &text(&section(repo)?));
        }
        Ok(file.0)
    }

    /// A file with which mock takes the bootstrap root for an ordinary one, to remove it.
    pub fn bootstrap_root_only(&self) -> Result<String, SettingError> {
        let mut file = Assignments::start(self.base_path()?);
        file.add("root", "'-bootstrap'");
        file.set("use_bootstrap", boolean(false));
        Ok(file.0)
    }

    fn base_path(&self) -> Result<&str, SettingError> {
        let path = self.base.to_str().filter(|path| is_plain(path));
        path.ok_or_else(|| SettingError::Path(self.base.display().to_string()))
    }

    fn write_binds(&self, file: &mut Assignments) -> Result<(), SettingError> {
        if self.binds.is_empty() {
            return Ok(());
        }
        file.set_plugin("bind_mount_enable", boolean(true));
        for (from, to) in &self.binds {
            let path = from.to_str().filter(|path| is_plain(path));
            let path = path.ok_or_else(|| SettingError::Path(from.display().to_string()))?;
            let pair = format!("[({}, {})]", text(path), text(to));
            file.line("['plugin_conf']['bind_mount_opts']['dirs']", "+=", &pair);
        }
        Ok(())
    }

    fn write_bootstrap(&self, file: &mut Assignments) -> Result<(), SettingError> {
        let (bootstrap, image) = &self.bootstrap;
        let (root, from_image) = match bootstrap {
            Bootstrap::Default => return Ok(()),
            Bootstrap::On => (true, false),
            Bootstrap::Off => (false, false),
            Bootstrap::Image | Bootstrap::CustomImage => (true, true),
        };
        file.set("use_bootstrap", boolean(root));
        file.set("use_bootstrap_image", boolean(from_image));
        if let (Bootstrap::CustomImage, Some(image)) = (bootstrap, image) {
            if !is_word(image) {
                return Err(SettingError::Path(image.clone()));
            }
            file.set("bootstrap_image", &text(image));
        }
        Ok(())
    }
}

/// A repository's section, with the settings that Copr gives to every one of a build.
fn section(repo: &BuildRepo) -> Result<String, SettingError> {
    let refuse = |what| SettingError::Repo(repo.id.clone(), what);
    let id_is_safe = repo.id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b));
    if repo.id.is_empty() || !id_is_safe {
        return Err(refuse("id"));
    }
    if !is_plain(&repo.name) || repo.name.contains(['{', '}']) {
        return Err(refuse("name"));
    }
    if !is_word(&repo.baseurl) || !repo.baseurl.contains("://") {
        return Err(refuse("address"));
    }
    let mut lines = vec![
        format!("\n[{}]", repo.id),
        format!("name={}", repo.name.trim()),
        format!("baseurl={}", repo.baseurl),
        "gpgcheck=0".to_owned(),
    ];
    lines.extend(repo.repo_gpgcheck.map(|on| format!("repo_gpgcheck={}", u8::from(on))));
    let always = ["enabled=1", "skip_if_unavailable=0", "metadata_expire=0", "cost=1", "best=1"];
    lines.extend(always.map(str::to_owned));
    lines.extend(repo.priority.map(|priority| format!("priority={priority}")));
    lines.extend(repo.module_hotfixes.map(|on| format!("module_hotfixes={}", u8::from(on))));
    Ok(lines.join("\n") + "\n")
}

/// Text without white space that neither Jinja nor a line-based format can take for more.
fn is_word(value: &str) -> bool {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "{}'\"\\".contains(c);
    !value.is_empty() && !value.contains(forbidden)
}

/// Arguments of `dnf install`, none of which may be taken for an option.
fn joined(packages: &[String]) -> Result<String, SettingError> {
    match packages.iter().find(|package| !is_word(package) || package.starts_with('-')) {
        Some(bad) => Err(SettingError::Package(bad.clone())),
        None => Ok(packages.join(" ")),
    }
}

/// What `dnf module` is to do, as mock wants it said.
fn module_commands(modules: &[String]) -> Result<String, SettingError> {
    let mut commands = Vec::with_capacity(modules.len());
    for module in modules {
        let (command, stream) = match module.strip_prefix('!') {
            Some(stream) => ("disable", stream),
            None => ("enable", module.as_str()),
        };
        if !is_word(stream) || stream.starts_with('-') {
            return Err(SettingError::Module(module.clone()));
        }
        commands.push(format!("({}, {})", text(command), text(stream)));
    }
    Ok(format!("[{}]", commands.join(", ")))
}

/// The text of the file so far.
struct Assignments(String);

impl Assignments {
    fn start(base: &str) -> Assignments {
        Assignments(format!("# Written by coprbox for one build.\ninclude({})\n", text(base)))
    }

    fn line(&mut self, target: &str, operator: &str, value: &str) {
        let written = writeln!(self.0, "config_opts{target} {operator} {value}");
        debug_assert!(written.is_ok(), "a String takes everything");
    }

    fn set(&mut self, key: &str, value: &str) {
        self.line(&format!("['{key}']"), "=", value);
    }

    fn add(&mut self, key: &str, value: &str) {
        self.line(&format!("['{key}']"), "+=", value);
    }

    fn set_plugin(&mut self, key: &str, value: &str) {
        self.line(&format!("['plugin_conf']['{key}']"), "=", value);
    }

    fn set_macro(&mut self, name: &str, body: &str) -> Result<(), SettingError> {
        let named = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if name.is_empty() || !named || !is_plain(body) {
            return Err(SettingError::Macro(name.to_owned()));
        }
        self.line(&format!("['macros'][{}]", text(&format!("%{name}"))), "=", &text(body));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            base: "/etc/mock/fedora-42-x86_64.cfg".into(),
            isolation: Some(Container::Simple),
            ..Settings::default()
        }
    }

    fn repo() -> BuildRepo {
        BuildRepo {
            id: "copr_base".into(),
            name: "Copr repository".into(),
            baseurl: "file:///srv/results/a/p/fedora-42-x86_64/".into(),
            priority: None,
            repo_gpgcheck: Some(false),
            module_hotfixes: None,
        }
    }

    #[test]
    fn an_ordinary_build_changes_little() {
        let expected = "\
# Written by coprbox for one build.
include('/etc/mock/fedora-42-x86_64.cfg')
config_opts['dnf_warning'] = False
config_opts['print_main_output'] = True
config_opts['rpmbuild_networking'] = False
config_opts['use_host_resolv'] = False
config_opts['cleanup_on_success'] = True
config_opts['cleanup_on_failure'] = True
config_opts['isolation'] = 'simple'
";
        assert_eq!(settings().to_python().unwrap(), expected);
    }

    #[test]
    fn everything_a_build_may_set_is_said() {
        let all = Settings {
            repos: vec![BuildRepo { priority: Some(5), module_hotfixes: Some(true), ..repo() }],
            packages: vec!["vim".into(), "@tools".into(), "cmake(Qt6)".into()],
            modules: vec!["nodejs:18".into(), "!perl:5.30".into()],
            macros: vec![("vendor".into(), "it's \"me\" %{x}".into())],
            network: true,
            isolation: Some(Container::Nspawn),
            unregistered: true,
            bootstrap: (Bootstrap::CustomImage, Some("quay.io/x/y:1".into())),
            keep_root: true,
            ..settings()
        };
        let file = all.to_python().unwrap();
        let expected = r#"config_opts['rpmbuild_networking'] = True
config_opts['use_host_resolv'] = True
config_opts['cleanup_on_success'] = True
config_opts['cleanup_on_failure'] = True
config_opts['isolation'] = 'nspawn'
config_opts['nspawn_args'] += ['--register=no', '--keep-unit']
config_opts['plugin_conf']['root_cache_enable'] = False
config_opts['plugin_conf']['tmpfs_enable'] = False
config_opts['use_bootstrap'] = True
config_opts['use_bootstrap_image'] = True
config_opts['bootstrap_image'] = 'quay.io/x/y:1'
config_opts['chroot_additional_packages'] = 'vim @tools cmake(Qt6)'
config_opts['module_setup_commands'] = [('enable', 'nodejs:18'), ('disable', 'perl:5.30')]
config_opts['macros']['%vendor'] = 'it\'s "me" %{x}'
config_opts['dnf.conf'] += '\n[copr_base]\nname=Copr repository\nbaseurl=file:///srv/results/a/p/fedora-42-x86_64/\ngpgcheck=0\nrepo_gpgcheck=0\nenabled=1\nskip_if_unavailable=0\nmetadata_expire=0\ncost=1\nbest=1\npriority=5\nmodule_hotfixes=1\n'
"#;
        assert!(file.ends_with(expected), "{file}");
    }

    #[test]
    fn a_repository_cannot_bring_settings_of_its_own() {
        let bad = [
            BuildRepo { id: "a]\n[b".into(), ..repo() },
            BuildRepo { id: String::new(), ..repo() },
            BuildRepo { name: "x\ngpgkey=y".into(), ..repo() },
            BuildRepo { name: "{{ environ }}".into(), ..repo() },
            BuildRepo { baseurl: "http://h/\nx=1".into(), ..repo() },
            BuildRepo { baseurl: "http://h/ [x]".into(), ..repo() },
            BuildRepo { baseurl: "http://h/{{x}}".into(), ..repo() },
            BuildRepo { baseurl: "/etc".into(), ..repo() },
        ];
        for repo in bad {
            let settings = Settings { repos: vec![repo.clone()], ..settings() };
            assert!(settings.to_python().is_err(), "{repo:?}");
        }
    }

    #[test]
    fn names_cannot_become_options_or_templates() {
        for bad in ["--setopt=x", "a b", "", "{{x}}", "a\nb"] {
            let packages = Settings { packages: vec![bad.into()], ..settings() };
            let modules = Settings { modules: vec![bad.into()], ..settings() };
            assert!(packages.to_python().is_err(), "{bad:?}");
            assert!(modules.to_python().is_err(), "{bad:?}");
        }
        for (name, body) in [("a b", "x"), ("", "x"), ("a", "x\n%b y"), ("a", "{{ x }}")] {
            let macros = vec![(name.into(), body.into())];
            let settings = Settings { macros, ..settings() };
            assert!(settings.to_python().is_err(), "{name:?} {body:?}");
        }
        let base = Settings { base: "/etc/mock/a\nb.cfg".into(), ..settings() };
        assert!(base.to_python().is_err());
    }

    #[test]
    fn directories_of_the_host_are_named_as_literals() {
        let binds = vec![(PathBuf::from("/srv/it's"), "/workdir")];
        let bound = Settings { binds, ..settings() };
        let file = bound.to_python().unwrap();
        let line = r"config_opts['plugin_conf']['bind_mount_opts']['dirs'] += [('/srv/it\'s', '/workdir')]";
        assert!(file.contains("config_opts['plugin_conf']['bind_mount_enable'] = True\n"));
        assert!(file.ends_with(&format!("{line}\n")), "{file}");
        assert!(!bound.is_ordinary_root());
        let binds = vec![(PathBuf::from("/srv/{{x}}"), "/workdir")];
        assert!(Settings { binds, ..settings() }.to_python().is_err());
    }

    #[test]
    fn only_an_ordinary_root_comes_from_the_cache() {
        assert!(settings().is_ordinary_root());
        assert!(Settings { network: true, ..settings() }.is_ordinary_root());
        assert!(!Settings { repos: vec![repo()], ..settings() }.is_ordinary_root());
        assert!(!Settings { packages: vec!["a".into()], ..settings() }.is_ordinary_root());
    }
}
