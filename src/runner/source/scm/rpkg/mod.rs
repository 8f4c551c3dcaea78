//! The method `rpkg`, as far as people use it: a spec file, perhaps with templates, and its
//! sources from the repository.
//!
//! Templates are filled in here, from what git says about the commit; nothing of the repository
//! is run for that. The spec that comes out is read in a chroot, like any other.

mod tags;
mod template;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::git::{Clone, History};
use super::remote;
use super::tree::Found;
use crate::runner::source::error::SourceError;
use crate::runner::worker::Stop;
use tags::Tag;
use template::{Call, Kind, Scope};

pub(super) use template::SUPPORTED;

/// The length of a commit's short number in versions.
const SHORT: usize = 8;

/// Whether a spec has templates that are not known here; the first of them.
pub(super) fn unknown_template(spec: &str) -> Option<String> {
    template::find(spec).err()
}

/// Fills in the templates of a spec; files that they make are put into `sources`.
pub(super) async fn fill_in(
    clone: &Clone<'_>,
    spec: &Found,
    text: &str,
    cwd: &Path,
    sources: &Path,
) -> Result<String, Stop> {
    let calls = template::find(text)
        .map_err(|unknown| SourceError::Srpm(format!("the template {unknown} is not known")))?;
    if calls.is_empty() {
        return Ok(text.to_owned());
    }
    if calls.iter().any(|(_, call)| call.needs_history()) {
        clone.deepen(History::All).await?;
    }
    let mut filler = Filler::new(clone, spec.dir(), cwd, sources).await?;
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for (place, call) in calls {
        result.push_str(&text[at..place.start]);
        result.push_str(filler.value(&call).await?.trim_end_matches('\n'));
        at = place.end;
    }
    result.push_str(&text[at..]);
    Ok(result)
}

/// What templates are filled in from.
struct Filler<'c> {
    clone: &'c Clone<'c>,
    /// Directories, seen from the checkout.
    spec_dir: &'c Path,
    cwd: &'c Path,
    sources: &'c Path,
    commit: String,
    tags: Vec<Tag>,
    /// What earlier templates of a scope came to: the defaults of later ones.
    said: BTreeMap<(Scope, &'static str), String>,
}

impl<'c> Filler<'c> {
    async fn new(
        clone: &'c Clone<'c>,
        spec_dir: &'c Path,
        cwd: &'c Path,
        sources: &'c Path,
    ) -> Result<Filler<'c>, Stop> {
        let top = clone.dir();
        let commit = clone.ask(top, &["rev-parse", "--verify", "HEAD"]).await?;
        let commit = commit.unwrap_or_default().trim().to_owned();
        let asked = ["for-each-ref", "--merged=HEAD", tags::FORMAT, "refs/tags"];
        let tags = tags::read(&clone.ask(top, &asked).await?.unwrap_or_default());
        Ok(Filler { clone, spec_dir, cwd, sources, commit, tags, said: BTreeMap::new() })
    }

    async fn value(&mut self, call: &Call) -> Result<String, Stop> {
        let scope = call.scope;
        let (slot, value) = match call.kind {
            Kind::Name => {
                let name = call.arg("name").map_or_else(|| self.own_name(scope), ToOwned::to_owned);
                let around = |name| call.arg(name).unwrap_or_default();
                ("name", format!("{}{name}{}", around("prepend"), around("append")))
            }
            Kind::Version => ("version", self.version(call).await?),
            Kind::Release => ("release", self.release(call).await?),
            Kind::Pack | Kind::Archive => ("source", self.pack(call).await?),
            Kind::SetupMacro => return Ok(self.setup(call)),
            Kind::Changelog => return Ok(tags::changelog(&self.tags, &self.name(call))),
            Kind::Vcs => {
                let (url, dir) = (self.url(), self.dir(scope).display().to_string());
                return Ok(format!("git+{url}#{}:{dir}", self.commit));
            }
            Kind::Head => return Ok(self.commit.clone()),
            Kind::HeadShort => return Ok(self.short().to_owned()),
            Kind::RemoteUrl => return Ok(self.url()),
        };
        self.said.insert((scope, slot), value.clone());
        Ok(value)
    }

    fn dir(&self, scope: Scope) -> &'c Path {
        match scope {
            Scope::Repo => Path::new(""),
            Scope::Dir => self.spec_dir,
            Scope::Cwd => self.cwd,
        }
    }

    fn url(&self) -> String {
        remote::shown(self.clone.url().as_str())
    }

    fn short(&self) -> &str {
        self.commit.get(..SHORT).unwrap_or(&self.commit)
    }

    /// The name of a directory, or of the repository for its top.
    fn own_name(&self, scope: Scope) -> String {
        let last = self.dir(scope).file_name().map(|name| name.to_string_lossy().into_owned());
        last.unwrap_or_else(|| self.clone.url().name().to_owned())
    }

    /// The name of what a template is about.
    fn name(&self, call: &Call) -> String {
        let given = call.arg("dir_name").or_else(|| call.arg("name")).map(ToOwned::to_owned);
        given
            .or_else(|| self.said.get(&(call.scope, "name")).cloned())
            .unwrap_or_else(|| self.own_name(call.scope))
    }

    async fn version(&mut self, call: &Call) -> Result<String, Stop> {
        let (name, lead) = (self.name(call), call.arg("lead").unwrap_or("0"));
        let base = tags::version(&self.tags, &name, lead, call.arg("follow"));
        let since = self.since(base.tag).await?;
        let version = base.text.clone() + &since;
        self.said.insert((call.scope, "tagged"), base.text);
        Ok(version)
    }

    async fn release(&self, call: &Call) -> Result<String, Stop> {
        let version = self.said.get(&(call.scope, "tagged")).map(String::as_str);
        let (lead, follow) = (call.arg("lead"), call.arg("follow"));
        let base = tags::release(&self.tags, &self.name(call), version, lead, follow);
        Ok(base.text + &self.since(base.tag).await?)
    }

    /// `.git.<commits>.<commit>`, or nothing right at the tag.
    async fn since(&self, tag: Option<&str>) -> Result<String, Stop> {
        let range = tag.map_or_else(|| "HEAD".to_owned(), |tag| format!("refs/tags/{tag}..HEAD"));
        let asked = ["rev-list", "--count", "--end-of-options", &range];
        let count = self.clone.ask(self.clone.dir(), &asked).await?.unwrap_or_default();
        Ok(match count.trim() {
            "" | "0" => String::new(),
            count => format!(".git.{count}.{}", self.short()),
        })
    }

    /// Puts a directory of the repository into an archive among the sources.
    async fn pack(&self, call: &Call) -> Result<String, Stop> {
        let name = self.name(call);
        let version = self.said.get(&(call.scope, "version"));
        let file = match (call.arg("source_name"), version) {
            (Some(file), _) => file.to_owned(),
            (None, Some(version)) => format!("{name}-{version}.tar.gz"),
            (None, None) => format!("{name}-{}.tar.gz", self.short()),
        };
        let dir = match call.arg("path") {
            Some(path) => below(self.dir(call.scope), path)?,
            None => self.dir(call.scope).to_owned(),
        };
        for name in [&name, &file] {
            let plain = !name.is_empty() && !name.starts_with(['.', '-']) && !name.contains('/');
            if !plain || name.chars().any(char::is_control) {
                let why = format!("{name:?} cannot be the name of an archive");
                return Err(SourceError::Srpm(why).into());
            }
        }
        let target = self.sources.join(&file);
        // A template may be used twice, for Source0 and in a comment.
        if !target.exists() {
            self.clone.archive(&dir, &name, &target).await?;
        }
        Ok(file)
    }

    /// What unpacks the archives.
    fn setup(&self, call: &Call) -> String {
        let indices = call.arg("source_indices").unwrap_or("0");
        let sources: String = indices
            .split([' ', ','])
            .filter(|index| !index.is_empty())
            .fold(String::new(), |all, index| all + " -b " + index);
        format!("%setup -T{sources} -q -n {}", self.name(call))
    }
}

/// A path below a directory of the checkout, from words in a spec.
fn below(dir: &Path, path: &str) -> Result<PathBuf, Stop> {
    let mut found = dir.to_owned();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            if !found.pop() {
                let why = format!("the path {path} of a template leads out of the repository");
                return Err(SourceError::Srpm(why).into());
            }
        } else {
            found.push(part);
        }
    }
    Ok(found)
}
