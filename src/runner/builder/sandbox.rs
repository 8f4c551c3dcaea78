//! The builder that comes with the server: dnf makes the root, bubblewrap fences the build.
//!
//! The steps are mock's: unpack the SRPM in the root, rebuild it there so that the chroot's own
//! macros count, install what it requires, ask for further requirements until there are none,
//! build. What separates the steps from the host is told in [`sandbox`].

mod script;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::script::{Ran, Script};
use super::{BuildError, Builder, Built, Description, Job, SpecSource, Work, configs};
use crate::model::build_config::BuildConfig;
use crate::model::chroot::{Chroot, ChrootRecipe};
use crate::model::options::{Bootstrap, Isolation};
use crate::process;
use crate::runner::gate::Passage;
use crate::runner::log::LiveLog;
use crate::runner::sandbox::arch::Arch;
use crate::runner::sandbox::cache::{Base, Roots};
use crate::runner::sandbox::collect::collect;
use crate::runner::sandbox::dnf::Repos;
use crate::runner::sandbox::home::Home;
use crate::runner::sandbox::packages::{Installer, Wanted, find_dnf};
use crate::runner::sandbox::root::BuildRoot;
use crate::runner::sandbox::step::{Bench, Ended};
use crate::runner::sandbox::{self, Inside, Network, remote};

/// What has to be installed besides dnf.
const PROGRAMS: [&str; 6] = ["bwrap", "chroot", "mount", "rpm", "setarch", "unshare"];
/// rpmbuild's exit code for requirements that are not met.
const UNMET: i32 = 11;
/// How often a package may come up with further requirements.
const MAX_ROUNDS: usize = 10;

/// Builds with dnf and bubblewrap.
pub struct Sandbox {
    roots: Roots,
}

impl Sandbox {
    /// A builder that keeps its build roots in the server's data directory.
    pub fn new(data_dir: &Path) -> Sandbox {
        Sandbox { roots: Roots::new(&data_dir.join("cache")) }
    }
}

impl Builder for Sandbox {
    fn describe(&self) -> Description {
        Description {
            name: "sandbox",
            isolation: "a root made by dnf, entered with bubblewrap as an unprivileged user, with \
                        processes, mounts and /tmp of its own"
                .to_owned(),
            cuts_network: true,
        }
    }

    fn availability(&self) -> Result<(), String> {
        if !rustix::process::geteuid().is_root() {
            return Err("only root can make build roots: run the server as root, or install mock \
                        and join the group mock"
                .to_owned());
        }
        if let Some(missing) = PROGRAMS.iter().find(|name| process::find(name).is_none()) {
            return Err(format!("{missing} is not installed: {}", process::package_for(missing)));
        }
        find_dnf().map(drop)
    }

    fn make_srpm<'a>(
        &'a self,
        job: &'a Job,
        chroot: &'a Chroot,
        config: &'a BuildConfig,
        source: &'a SpecSource,
    ) -> Work<'a> {
        Box::pin(async move {
            let bench = Bench::new(job)?;
            // Hardly any spec needs the project's own packages to be read, and asking the
            // repositories for them takes longer than reading it.
            let lean = config.additional_packages.is_empty()
                && config.additional_modules.is_empty()
                && !config.repos.is_empty();
            let made = async {
                let site = self.prepare(&bench, chroot, config, !lean).await?;
                site.make_srpm(source, lean).await
            };
            clean_up(job, made.await).await
        })
    }

    fn rebuild<'a>(
        &'a self,
        job: &'a Job,
        chroot: &'a Chroot,
        config: &'a BuildConfig,
        srpm: &'a Path,
    ) -> Work<'a> {
        Box::pin(async move {
            let bench = Bench::new(job)?;
            keep_configuration(job, chroot, config)?;
            let built = async {
                let site = self.prepare(&bench, chroot, config, true).await?;
                site.rebuild(config, srpm).await
            };
            clean_up(job, built.await).await
        })
    }

    fn run_script<'a>(
        &'a self,
        job: &'a Job,
        chroot: &'a Chroot,
        config: &'a BuildConfig,
        script: &'a Script,
    ) -> Work<'a, Ran> {
        Box::pin(async move {
            script.check()?;
            let bench = Bench::new(job)?;
            let ran = async {
                let site = self.prepare(&bench, chroot, config, true).await?;
                site.run_script(&chroot.name, script).await
            };
            clean_up(job, ran.await).await
        })
    }
}

impl Sandbox {
    /// Makes the root and the home of a build.
    async fn prepare<'a>(
        &self,
        bench: &'a Bench<'a>,
        chroot: &Chroot,
        config: &BuildConfig,
        upgrade: bool,
    ) -> Result<Site<'a>, BuildError> {
        self.availability().map_err(BuildError::Unavailable)?;
        let ChrootRecipe::Sandbox { repos: base, install } = &chroot.recipe else {
            let text = format!("{} is not a chroot of the sandbox builder", chroot.name);
            return Err(BuildError::Internal(text));
        };
        say_what_is_for_mock(bench, config);
        let work = &bench.job.work_dir;
        let arch = Arch::of(&chroot.name, !bench.job.launcher.is_empty())?;
        let place = self.roots.place(&chroot.name)?;
        let from = Base { chroot: &chroot.name, arch: &arch, repos: base, install };
        let snapshot = place.snapshot(bench, &from).await?;
        let repos = Repos { base, further: &config.repos };
        let installer = Installer::new(
            bench,
            place,
            work.join("dnf"),
            &chroot.name,
            arch.clone(),
            repos,
            &snapshot.db_path,
        )?;
        let root = BuildRoot::of(bench, snapshot, work).await?;
        let home = Home::new(work.join("home"), &bench.job.macros)?;
        let site = Site { bench, installer, root, home, arch };
        site.installer.toggle_modules(&site.root, &config.additional_modules).await?;
        if upgrade && !config.repos.is_empty() {
            site.upgrade().await?;
        }
        if !config.additional_packages.is_empty() {
            let packages = Wanted::Packages(&config.additional_packages);
            site.install("additional packages", packages).await?;
        }
        Ok(site)
    }
}

/// Everything that one build works with.
struct Site<'a> {
    bench: &'a Bench<'a>,
    installer: Installer<'a>,
    root: BuildRoot,
    home: Home,
    arch: Arch,
}

impl Site<'_> {
    /// A project may replace what the chroot's own repositories have.
    async fn upgrade(&self) -> Result<(), BuildError> {
        self.install("upgrades from the project's repositories", Wanted::Upgrade).await
    }

    /// `lean`: the project's packages are not there yet.
    async fn make_srpm(&self, source: &SpecSource, lean: bool) -> Result<Built, BuildError> {
        let name = source.spec.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_spec = source.spec.extension().is_some_and(|ending| ending == "spec");
        if !is_spec || name.starts_with(['.', '-']) {
            return Err(BuildError::BadSource(format!("{name:?} is not the name of a spec file")));
        }
        if let Some(sources) = &source.sources {
            self.home.put_sources(sources)?;
        }
        let spec = self.home.put(&source.spec, &format!("build/SPECS/{name}"))?;
        self.bench.begin("rpmbuild -bs");
        let mut ended = self.pack(&spec, source).await?;
        if !ended.success() && lean {
            // Perhaps it needs macros that a package of the project brings.
            self.upgrade().await?;
            ended = self.pack(&spec, source).await?;
        }
        if !ended.success() {
            return Err(BuildError::BadSource(rpm_errors("the spec file cannot be used", &ended)));
        }
        let srpm = self.collect_srpm(&self.bench.job.result_dir)?;
        self.bench.finish("rpmbuild -bs");
        Ok(Built { srpm, packages: Vec::new() })
    }

    /// Fetches the sources that are missing, and puts everything into an SRPM.
    async fn pack(&self, spec: &str, source: &SpecSource) -> Result<Ended, BuildError> {
        let bench = self.bench;
        let mut words = self.rpmbuild("-bs");
        let mut with_network = false;
        if let Some(limits) = source.download {
            let parsed = remote::take_up(bench)?;
            let parse = ["rpmspec", "--parse", spec].map(OsString::from).into();
            bench.record(&parsed, self.inside().command(Network::Nothing, parse)).await?;
            let to = parsed.path().to_owned();
            with_network = !remote::fetch(bench, self.home.dir(), &to, limits).await?;
        }
        if with_network {
            words.extend(["--define", "_disable_source_fetch 0"].map(OsString::from));
        }
        words.push(spec.into());
        let passage = Passage::new(bench.job, with_network).await?;
        let words = self.inside().command(network(&passage), words);
        bench.run_through(passage.gate(), &bench.build_log, words).await
    }

    async fn rebuild(&self, config: &BuildConfig, srpm: &Path) -> Result<Built, BuildError> {
        let (bench, options) = (self.bench, options(config)?);
        let (spec, spec_file) = self.unpack(srpm).await?;
        // For people to read, beside the results; taken before any code of the package has run.
        collect(self.home.dir(), "build/SPECS", ".spec", &bench.job.result_dir)?;
        let mut remake = self.rpmbuild("-bs");
        remake.extend(options.iter().cloned().chain([spec.clone().into()]));
        let ended = self.run_inside(false, remake).await?;
        if !ended.success() {
            return Err(BuildError::BadSource(rpm_errors("the spec file cannot be used", &ended)));
        }
        self.require("BuildRequires", "build/SRPMS", ".src.rpm").await?;
        let dynamic = Home::has_dynamic_requirements(&spec_file)?;
        if dynamic {
            self.require_dynamically(config.enable_net, &options, &spec).await?;
        }
        let installed = bench.job.result_dir.join("installed_pkgs.log");
        let installed = LiveLog::with_limit(&installed, bench.job.log_limit)?;
        bench.record(&installed, self.installer.list_command(&self.root)).await?;
        // The SRPM is written again where the build has added to its requirements.
        let mut build = self.rpmbuild(if dynamic { "-ba" } else { "-bb" });
        build.extend(options.into_iter().chain([spec.into()]));
        bench.begin("rpmbuild");
        let ended = self.run_inside(config.enable_net, build).await?;
        bench.note(&bench.build_log, &format!("Child return code was: {}", ended.code));
        if !ended.success() {
            return Err(BuildError::Failed(rpm_errors("the build failed", &ended)));
        }
        bench.finish("rpmbuild");
        let to = &bench.job.result_dir;
        let packages = collect(self.home.dir(), "build/RPMS", ".rpm", to)?;
        Ok(Built { srpm: self.collect_srpm(to)?, packages })
    }

    /// Unpacks the SRPM inside the root; returns its spec file's path there and here.
    async fn unpack(&self, srpm: &Path) -> Result<(PathBuf, PathBuf), BuildError> {
        self.bench.begin("unpacking the SRPM");
        let srpm = self.home.put(srpm, "original.src.rpm")?;
        let words = ["rpm", "-Uv", "--nodeps", "--nosignature", &srpm].map(OsString::from).into();
        let ended = self.run_inside(false, words).await?;
        if !ended.success() {
            let text = format!("the SRPM cannot be unpacked: {}", rpm_reason(&ended));
            return Err(BuildError::BadSource(text));
        }
        let spec = self.home.only_spec()?;
        self.bench.finish("unpacking the SRPM");
        Ok(spec)
    }

    /// Asks the package for further requirements and installs them until it has no more.
    async fn require_dynamically(
        &self,
        network: bool,
        options: &[OsString],
        spec: &Path,
    ) -> Result<(), BuildError> {
        for _ in 0..MAX_ROUNDS {
            let mut words: Vec<OsString> =
                ["rpmbuild", "-br", "--target", &self.arch.rpm].map(OsString::from).into();
            words.extend(options.iter().cloned().chain([spec.into()]));
            self.bench.begin("rpmbuild -br");
            let ended = self.run_inside(network, words).await?;
            match ended.code {
                0 => return Ok(()),
                UNMET => {
                    let ending = ".buildreqs.nosrc.rpm";
                    self.require("dynamic BuildRequires", "build/SRPMS", ending).await?;
                }
                _ => {
                    let text = rpm_errors("%generate_buildrequires failed", &ended);
                    return Err(BuildError::Failed(text));
                }
            }
        }
        let text = format!("the package has further BuildRequires after {MAX_ROUNDS} rounds");
        Err(BuildError::Failed(text))
    }

    /// Installs what the SRPM with this ending requires for its build.
    async fn require(&self, what: &str, dir: &str, ending: &str) -> Result<(), BuildError> {
        // dnf gets a copy that the build cannot exchange, under our own right to read it.
        let safe = self.bench.job.work_dir.join("wanted");
        fs::create_dir_all(&safe)?;
        let srpms = collect(self.home.dir(), dir, ending, &safe)?;
        let Some(srpm) = srpms.last() else {
            return Err(BuildError::Failed(format!("rpmbuild has left no {ending}")));
        };
        let installed = self.install(what, Wanted::Requirements(srpm)).await;
        fs::remove_dir_all(&safe)?;
        installed
    }

    async fn install(&self, what: &str, wanted: Wanted<'_>) -> Result<(), BuildError> {
        let what = format!("installing {what}");
        self.bench.begin(&what);
        self.installer.install(&self.root, wanted).await?;
        self.bench.finish(&what);
        Ok(())
    }

    fn collect_srpm(&self, to: &Path) -> Result<PathBuf, BuildError> {
        let mut srpms = collect(self.home.dir(), "build/SRPMS", ".src.rpm", to)?;
        match (srpms.pop(), srpms.is_empty()) {
            (Some(srpm), true) => Ok(srpm),
            (None, _) => Err(BuildError::Failed("rpmbuild has made no SRPM".to_owned())),
            _ => Err(BuildError::Failed("rpmbuild has made more than one SRPM".to_owned())),
        }
    }

    /// dnf has seen to the requirements; the root's rpm may not even read its database.
    fn rpmbuild(&self, stage: &str) -> Vec<OsString> {
        ["rpmbuild", stage, "--nodeps", "--target", &self.arch.rpm].map(OsString::from).into()
    }

    async fn run_inside(&self, network: bool, words: Vec<OsString>) -> Result<Ended, BuildError> {
        let network = if network { Network::Open } else { Network::Nothing };
        self.bench.run(&self.bench.build_log, self.inside().command(network, words)).await
    }

    fn inside(&self) -> Inside<'_> {
        Inside { root: &self.root, home: &self.home, personality: self.arch.personality }
    }
}

/// Puts dnf's configurations beside the results, for those who want to repeat the build.
fn keep_configuration(job: &Job, chroot: &Chroot, config: &BuildConfig) -> Result<(), BuildError> {
    let ChrootRecipe::Sandbox { repos: base, install } = &chroot.recipe else { return Ok(()) };
    let of_chroot = Repos { base, further: &[] }.configuration(&chroot.name)?;
    let of_build = Repos { base, further: &config.repos }.configuration(&chroot.name)?;
    let comment = |what: &str, packages: &[String]| {
        format!("# {what}: {}\n", packages.join(" ").replace(char::is_control, " "))
    };
    let head = format!("# dnf's configuration for {}\n", chroot.name)
        + &comment("installed in it", install);
    let more = comment("installed for this build", &config.additional_packages);
    let (of_chroot, of_build) = (format!("{head}{of_chroot}"), format!("{head}{more}{of_build}"));
    Ok(configs::archive(&job.result_dir, &chroot.name, &of_chroot, &of_build)?)
}

/// What something that makes sources reaches.
fn network(passage: &Passage) -> Network {
    match passage {
        Passage::Closed => Network::Nothing,
        Passage::Gated(_) => Network::Gate,
        Passage::Open => Network::Open,
    }
}

/// Two settings choose between mock's ways to make and to enter a root; here there is one way.
fn say_what_is_for_mock(bench: &Bench<'_>, config: &BuildConfig) {
    let log = &bench.job.log;
    if config.bootstrap != Bootstrap::Default {
        let word = config.bootstrap;
        log.line(format!("bootstrap is '{word}', for mock: here the server's dnf makes the root"));
    }
    if config.isolation != Isolation::Default {
        let word = config.isolation;
        log.line(format!("isolation is '{word}', for mock: here bubblewrap fences every build"));
    }
}

/// `--with` and `--without`.
fn options(config: &BuildConfig) -> Result<Vec<OsString>, BuildError> {
    let with = config.with_opts.iter().map(|name| ("--with", name));
    let without = config.without_opts.iter().map(|name| ("--without", name));
    let mut words = Vec::new();
    for (option, name) in with.chain(without) {
        let legal = |c: char| c.is_ascii_alphanumeric() || "_-.+".contains(c);
        if name.is_empty() || name.starts_with('-') || !name.chars().all(legal) {
            let text = format!("{name:?} cannot be an argument of rpmbuild {option}");
            return Err(BuildError::BadSource(text));
        }
        words.extend([option.into(), name.into()]);
    }
    Ok(words)
}

/// `what`, with rpmbuild's own reason: its errors, or the last thing it said.
fn rpm_errors(what: &str, ended: &Ended) -> String {
    format!("{what}: {}", rpm_reason(ended))
}

fn rpm_reason(ended: &Ended) -> String {
    let mut errors: Vec<&str> = ended
        .tail
        .lines()
        .filter_map(|line| line.trim().strip_prefix("error: "))
        .filter(|line| !line.is_empty())
        .collect();
    errors.dedup();
    errors.truncate(3);
    if errors.is_empty() { ended.last_line().to_owned() } else { errors.join("; ") }
}

/// Removes what the build has left in its scratch directory, whatever came of it.
async fn clean_up<T>(job: &Job, result: Result<T, BuildError>) -> Result<T, BuildError> {
    let removed = sandbox::cache::empty(&job.work_dir).await;
    if result.is_ok() {
        removed?;
    }
    result
}
