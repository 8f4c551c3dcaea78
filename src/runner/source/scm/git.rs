//! git: a checkout with no more of the history than is needed.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use super::trip::{KeyFile, Trip};
use super::{again, remote};
use crate::model::source::{CloneScheme, CloneUrl, Committish};
use crate::process::{self, Captured, Program};
use crate::runner::source::error::SourceError;
use crate::runner::worker::Stop;

/// The name that what is wanted has in our clone.
pub(super) const WANTED: &str = "refs/coprbox/wanted";
/// How far submodules may be nested, and how many a repository may have.
const MAX_NESTING: usize = 10;
const MAX_SUBMODULES: usize = 500;

/// How much of the history is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::runner::source) enum History {
    /// The one commit.
    None,
    /// What a Makefile may want to look at, as in Copr: 500 commits, with their tags.
    Recent,
    /// All that led to the commit, with its tags.
    All,
}

impl History {
    fn depth(self) -> &'static str {
        match self {
            History::None => "1",
            History::Recent => "500",
            // git's own word for "no end".
            History::All => "2147483647",
        }
    }
}

/// The way to a repository: what git is allowed on it, and where it leads.
pub(super) struct Way<'t> {
    trip: &'t Trip<'t>,
    url: &'t CloneUrl,
    /// The protocols that are allowed.
    schemes: &'static str,
    /// The address that was checked, where no proxy does that.
    pinned: Option<IpAddr>,
    /// The key is there as long as this is.
    _key: Option<KeyFile>,
}

impl<'t> Way<'t> {
    /// Looks at the address, and makes ready what ssh needs.
    pub(super) async fn to(trip: &'t Trip<'t>, url: &'t CloneUrl) -> Result<Way<'t>, Stop> {
        let sources = trip.outfit.sources;
        let schemes = match url.scheme() {
            CloneScheme::Https | CloneScheme::Http => "https:http",
            CloneScheme::Git => "git",
            CloneScheme::Ssh => "ssh",
            CloneScheme::File if sources.allow_file_urls => "file",
            CloneScheme::File => return Err(super::files_forbidden()),
            CloneScheme::Svn | CloneScheme::SvnSsh => "none",
        };
        let pinned = remote::pin(url, sources).await;
        let pinned = pinned.map_err(|error| SourceError::Clone(error.to_string()))?;
        let key = trip.prepare_ssh(url, pinned)?;
        Ok(Way { trip, url, schemes, pinned, _key: key })
    }

    /// git, allowed to go there.
    pub(super) fn git(&self) -> Program {
        self.trip.program("git", self.schemes)
    }

    /// Adds the repository's address to the arguments.
    pub(super) fn there(&self, program: Program) -> Program {
        match (self.url.scheme(), self.pinned) {
            (CloneScheme::Git, Some(ip)) => program
                .arg(remote::with_host(self.url, ip))
                .env("GIT_OVERRIDE_VIRTUAL_HOST", remote::authority(self.url)),
            _ => program.arg(self.url.as_str()),
        }
    }
}

/// A clone with one commit checked out.
pub(in crate::runner::source) struct Clone<'t> {
    pub(super) trip: &'t Trip<'t>,
    url: CloneUrl,
    committish: Option<Committish>,
    dir: PathBuf,
    /// Where submodules are, seen from `dir`.
    pub(super) modules: Vec<PathBuf>,
}

impl<'t> Clone<'t> {
    /// Clones into `dir`, which is not there yet.
    pub(in crate::runner::source) async fn make(
        trip: &'t Trip<'t>,
        url: &CloneUrl,
        committish: Option<&Committish>,
        history: History,
        dir: PathBuf,
    ) -> Result<Clone<'t>, Stop> {
        let at = committish.map(|at| format!(" at {at}")).unwrap_or_default();
        trip.outfit.log.line(format!("cloning {}{at}", remote::shown(url.as_str())));
        let (url, committish) = (url.clone(), committish.cloned());
        let clone = Clone { trip, url, committish, dir, modules: Vec::new() };
        clone.begin().await?;
        clone.fetch(history).await?;
        let commit = clone.check_out().await?;
        trip.outfit.log.line(format!("checked out {commit}"));
        Ok(clone)
    }

    /// A clone of one commit with nothing in it but directories, `depth` of them below each other;
    /// more where the server sends more than it is asked for. Nothing is checked out.
    pub(super) async fn of_trees(
        trip: &'t Trip<'t>,
        url: &CloneUrl,
        committish: Option<&Committish>,
        depth: usize,
        dir: PathBuf,
    ) -> Result<Clone<'t>, Stop> {
        let (url, committish) = (url.clone(), committish.cloned());
        let clone = Clone { trip, url, committish, dir, modules: Vec::new() };
        clone.begin().await?;
        let (filter, wanted) = (format!("--filter=tree:{depth}"), clone.wanted());
        let options = ["--depth", "1", "--no-tags", &filter];
        let ended = clone.fetch_with(&options, &[&format!("+{wanted}:{WANTED}")]).await?;
        if ended.exit.success() {
            return Ok(clone);
        }
        Err(SourceError::Clone(trip.complaint(&ended, &clone.url)).into())
    }

    /// What is wanted, by a name that the repository knows.
    fn wanted(&self) -> &str {
        self.committish.as_ref().map_or("HEAD", Committish::as_str)
    }

    /// Where it is.
    pub(in crate::runner::source) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where it comes from.
    pub(in crate::runner::source) fn url(&self) -> &CloneUrl {
        &self.url
    }

    /// git, in a directory of the clone, not allowed to go anywhere.
    fn git_in(&self, dir: &Path) -> Program {
        self.trip.program("git", "none").arg("-C").arg(dir).arg("--literal-pathspecs")
    }

    /// What git answers to a question about the clone; `None` where it says no.
    pub(in crate::runner::source) async fn ask(
        &self,
        dir: &Path,
        args: &[&str],
    ) -> Result<Option<String>, Stop> {
        let ended = self.trip.run(self.git_in(dir).args(args), &self.dir).await?;
        let text = String::from_utf8_lossy(&ended.stdout).into_owned();
        Ok(ended.exit.success().then_some(text))
    }

    /// Does something in the clone that cannot fail for reasons of the sources.
    pub(in crate::runner::source) async fn tell(
        &self,
        dir: &Path,
        args: &[&str],
    ) -> Result<(), Stop> {
        let ended = self.trip.run(self.git_in(dir).args(args), &self.dir).await?;
        if ended.exit.success() {
            return Ok(());
        }
        let why = self.trip.complaint(&ended, &self.url);
        Err(SourceError::Clone(why).into())
    }

    async fn begin(&self) -> Result<(), Stop> {
        fs::create_dir_all(&self.dir)?;
        self.tell(&self.dir, &["init", "--quiet", "--template="]).await?;
        self.tell(&self.dir, &["remote", "add", "--", "origin", self.url.as_str()]).await
    }

    /// Fetches what is wanted, at first only that.
    async fn fetch(&self, history: History) -> Result<(), Stop> {
        let wanted = self.wanted();
        let ended = self.fetch_ref(wanted, history).await?;
        if ended.exit.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&ended.stderr);
        let hex = wanted.len() >= 4 && wanted.bytes().all(|b| b.is_ascii_hexdigit());
        // Servers need not hand out any commit by its number, and simple ones only all at once.
        if hex || text.contains("shallow") {
            self.trip.outfit.log.line("that needs the whole repository");
            return self.fetch_all(wanted).await;
        }
        let missing = text.contains("couldn't find remote ref");
        let why = self.trip.complaint(&ended, &self.url);
        if missing && wanted != "HEAD" {
            let why = format!("{} has no branch, tag or commit {wanted}", self.shown());
            return Err(SourceError::Checkout(why).into());
        }
        let why = if missing { format!("{} is empty", self.shown()) } else { why };
        Err(SourceError::Clone(why).into())
    }

    async fn fetch_ref(&self, wanted: &str, history: History) -> Result<Captured, Stop> {
        let mut options = vec!["--depth", history.depth()];
        if history == History::None {
            options.push("--no-tags");
        }
        self.fetch_with(&options, &[&format!("+{wanted}:{WANTED}")]).await
    }

    async fn fetch_all(&self, wanted: &str) -> Result<(), Stop> {
        let specs = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
        let ended = self.fetch_with(&[], &specs).await?;
        if !ended.exit.success() {
            let why = self.trip.complaint(&ended, &self.url);
            return Err(SourceError::Clone(why).into());
        }
        let mut names = vec![format!("{wanted}^{{commit}}")];
        names.push(format!("refs/remotes/origin/{wanted}^{{commit}}"));
        if wanted == "HEAD" {
            names = ["main", "master"].map(|name| format!("refs/remotes/origin/{name}")).into();
        }
        for name in names {
            let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", &name];
            if let Some(commit) = self.ask(&self.dir, &args).await? {
                return self.tell(&self.dir, &["update-ref", WANTED, commit.trim()]).await;
            }
        }
        let why = format!("{} has no branch, tag or commit {wanted}", self.shown());
        Err(SourceError::Checkout(why).into())
    }

    /// Fetches, again after a while if what stood in the way may have passed.
    async fn fetch_with(&self, options: &[&str], specs: &[&str]) -> Result<Captured, Stop> {
        let outfit = &self.trip.outfit;
        for pause in again::PAUSES {
            let ended = self.fetch_once(options, specs).await?;
            if ended.exit.success() || !again::may_help(&ended.stderr) {
                return Ok(ended);
            }
            self.trip.complaint(&ended, &self.url);
            outfit.log.line(format!("trying again in {} s", pause.as_secs()));
            tokio::select! {
                () = outfit.cancel.cancelled() => return Err(Stop::Canceled),
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.fetch_once(options, specs).await
    }

    async fn fetch_once(&self, options: &[&str], specs: &[&str]) -> Result<Captured, Stop> {
        let way = Way::to(self.trip, &self.url).await?;
        let program = way.git().arg("-C").arg(&self.dir);
        let program = program.args(["fetch", "--no-recurse-submodules", "--no-write-fetch-head"]);
        let program = way.there(program.args(options).arg("--"));
        let ended = self.trip.run(program.args(specs), &self.dir).await;
        drop(way);
        ended
    }

    /// Fetches more of the history than was fetched at first.
    pub(in crate::runner::source) async fn deepen(&self, history: History) -> Result<(), Stop> {
        let shallow = self.ask(&self.dir, &["rev-parse", "--is-shallow-repository"]).await?;
        self.trip.outfit.log.line("fetching the history");
        let ended = self.fetch_ref(self.wanted(), history).await?;
        if ended.exit.success() || shallow.is_some_and(|answer| answer.trim() == "false") {
            return Ok(());
        }
        let why = self.trip.complaint(&ended, &self.url);
        Err(SourceError::Clone(why).into())
    }

    async fn check_out(&self) -> Result<String, Stop> {
        let mut program = self.git_in(&self.dir);
        let lfs = self.large_files().await?;
        if lfs {
            // Its own downloads go through the proxy as well.
            program = self
                .trip
                .program("git", "https:http")
                .arg("-C")
                .arg(&self.dir)
                .args(["-c", "filter.lfs.process=git-lfs filter-process"])
                .args(["-c", "filter.lfs.smudge=git-lfs smudge -- %f"])
                .args(["-c", "filter.lfs.required=true"]);
        }
        let program = program.args(["checkout", "--quiet", "--force", "--detach", WANTED, "--"]);
        let ended = self.trip.run(program, &self.dir).await?;
        if !ended.exit.success() {
            let why = self.trip.complaint(&ended, &self.url);
            return Err(SourceError::Checkout(why).into());
        }
        self.trip.check_size(&self.dir).await?;
        let commit = self.ask(&self.dir, &["rev-parse", "--verify", "HEAD"]).await?;
        Ok(commit.unwrap_or_default().trim().to_owned())
    }

    /// Whether files kept by git-lfs are to be fetched: it is there, the repository is reached by
    /// http, and does not send us elsewhere for them.
    async fn large_files(&self) -> Result<bool, Stop> {
        let http = matches!(self.url.scheme(), CloneScheme::Https | CloneScheme::Http);
        if !http || process::find("git-lfs").is_none() {
            return Ok(false);
        }
        let file = format!("{WANTED}:.lfsconfig");
        let elsewhere = self.ask(&self.dir, &["cat-file", "-e", &file]).await?.is_some();
        if elsewhere {
            self.trip.outfit.log.line("files of git-lfs are left out: there is a .lfsconfig");
        }
        Ok(!elsewhere)
    }

    /// Clones the submodules, and theirs, each like the repository itself.
    pub(in crate::runner::source) async fn submodules(&mut self) -> Result<(), Stop> {
        let mut todo = vec![(self.dir.clone(), self.url.clone(), 0)];
        while let Some((dir, url, nesting)) = todo.pop() {
            for module in self.modules_of(&dir).await? {
                if nesting >= MAX_NESTING || self.modules.len() >= MAX_SUBMODULES {
                    let why = "there are too many submodules, or they are nested too deeply";
                    return Err(SourceError::Clone(why.to_owned()).into());
                }
                let below = module.clone_below(self.trip, &dir, &url).await?;
                let path = below.dir.strip_prefix(&self.dir).unwrap_or(&below.dir);
                self.modules.push(path.to_owned());
                todo.push((below.dir, below.url, nesting + 1));
            }
        }
        if self.modules.is_empty() { Ok(()) } else { self.trip.check_size(&self.dir).await }
    }

    /// What `.gitmodules` and the index of a checkout agree on.
    async fn modules_of(&self, dir: &Path) -> Result<Vec<Module>, Stop> {
        // From the commit, not from the file, which may be a symlink.
        let asked = ["config", "--null", "--blob", "HEAD:.gitmodules", "--get-regexp"];
        let Some(text) =
            self.ask(dir, &[&asked[..], &[r"^submodule\..*\.(path|url)$"]].concat()).await?
        else {
            return Ok(Vec::new());
        };
        let mut modules = named_modules(&text);
        let mut args = vec!["ls-files", "--stage", "-z", "--"];
        args.extend(modules.iter().map(|module| module.path.as_str()));
        let staged = self.ask(dir, &args).await?.unwrap_or_default();
        for entry in staged.split('\0') {
            // `160000 <commit> 0<tab><path>`
            let Some((about, path)) = entry.split_once('\t') else { continue };
            let mut words = about.split(' ');
            if words.next() == Some("160000")
                && let Some(module) = modules.iter_mut().find(|module| module.path == path)
            {
                words.next().unwrap_or_default().clone_into(&mut module.commit);
            }
        }
        modules.retain(|module| !module.commit.is_empty());
        Ok(modules)
    }

    fn shown(&self) -> String {
        remote::shown(self.url.as_str())
    }
}

/// A submodule.
#[derive(Debug, Default, PartialEq, Eq)]
struct Module {
    path: String,
    url: String,
    commit: String,
}

impl Module {
    async fn clone_below<'t>(
        &self,
        trip: &'t Trip<'t>,
        dir: &Path,
        parent: &CloneUrl,
    ) -> Result<Clone<'t>, Stop> {
        let bad =
            |why: String| Stop::from(SourceError::Clone(format!("submodule {}: {why}", self.path)));
        let url: CloneUrl =
            remote::relative(parent, &self.url).parse().map_err(|error| bad(format!("{error}")))?;
        let commit: Committish = self.commit.parse().map_err(|error| bad(format!("{error}")))?;
        if !is_plain_dir(dir, Path::new(&self.path)) {
            return Err(bad("its place is no directory".to_owned()));
        }
        let place = dir.join(&self.path);
        // The recursion of an `async fn` needs a box.
        Box::pin(Clone::make(trip, &url, Some(&commit), History::None, place)).await
    }
}

/// The pairs of path and address in `git config --null`'s answer.
fn named_modules(text: &str) -> Vec<Module> {
    let mut found: Vec<(String, Module)> = Vec::new();
    for (key, value) in text.split('\0').filter_map(|pair| pair.split_once('\n')) {
        let Some((name, kind)) = key.rsplit_once('.') else { continue };
        let at = found.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            found.push((name.to_owned(), Module::default()));
            found.len() - 1
        });
        let module = &mut found[at].1;
        match kind {
            "path" => value.clone_into(&mut module.path),
            _ => value.clone_into(&mut module.url),
        }
    }
    let modules = found.into_iter().map(|(_, module)| module);
    modules.filter(|module| !module.path.is_empty() && !module.url.is_empty()).collect()
}

/// Whether a path leads to a directory without leaving `top` or following a symlink.
pub(super) fn is_plain_dir(top: &Path, path: &Path) -> bool {
    let Ok(top) = fs::File::open(top) else { return false };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    openat2(&top, path, flags, Mode::empty(), resolve).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn submodules_are_read_from_gits_answer() {
        let text = "submodule.a.b.path\nlib/a\0submodule.a.b.url\n../a.git\0submodule.c.path\nc\0";
        let expected =
            Module { path: "lib/a".into(), url: "../a.git".into(), commit: String::new() };
        assert_eq!(named_modules(text), [expected]);
    }

    #[test]
    fn a_submodule_does_not_go_through_symlinks() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        std::os::unix::fs::symlink("/tmp", dir.path().join("b")).unwrap();
        assert!(is_plain_dir(dir.path(), Path::new("a")));
        for path in ["b", "../x", "/tmp", "none"] {
            assert!(!is_plain_dir(dir.path(), Path::new(path)), "{path}");
        }
    }
}
