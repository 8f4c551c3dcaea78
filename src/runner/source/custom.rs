//! `custom`: a user's script leaves a spec file and sources, of which the source package is made.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::error::SourceError;
use super::kitchen::{Kitchen, Recipe, reason};
use crate::model::ChrootName;
use crate::model::build::{Build, DEFAULT_TIMEOUT};
use crate::model::source::{Custom, ScriptChroot, SourceFile};
use crate::runner::builder::BuildError;
use crate::runner::builder::script::{FILES, WORKDIR};
use crate::runner::log::LiveLog;
use crate::runner::worker::{Bench, Stop};

/// How long a script may take when nobody has said how long the build may.
const USUAL_TIME: Duration = Duration::from_mins(90);
/// What a webhook sent, in the directory where the script starts.
const PAYLOAD: &str = "hook_payload";
/// The script's name in the chroot.
const SCRIPT: &str = "script";
/// So many names of files are told when there is no spec among them.
const NAMED: usize = 10;

/// Runs the script, and makes the source package of what it has left.
pub(super) async fn make(
    bench: &Bench<'_>,
    build: &Build,
    custom: &Custom,
    result_dir: &Path,
    log: &Arc<LiveLog>,
) -> Result<PathBuf, Stop> {
    let chroot = chroot(custom)?;
    let at = bench.chroot_for_sources(build, &chroot, &custom.repos).await?;
    let mut kitchen = Kitchen::open_in(bench, build, result_dir, log, at)?;
    if build.options.timeout == DEFAULT_TIMEOUT {
        kitchen.set_time(USUAL_TIME);
    }
    let tree = kitchen.dir().join("workdir");
    fs::create_dir(&tree)?;
    if let Some(hook) = &custom.hook {
        let payload = bench.shop.layout.uploads().join(hook).join(PAYLOAD);
        fs::copy(payload, tree.join(PAYLOAD))?;
    }
    let recipe = recipe(build, custom, tree);
    let ran = match kitchen.try_run(recipe).await? {
        Ok(ran) => ran,
        Err(missing) => {
            let why = format!("{missing}; correct the script's builddeps, or add a repository");
            return Err(SourceError::Srpm(why).into());
        }
    };
    if !ran.success() {
        let why = format!("the script ended with code {}: {}", ran.code, reason(&ran.tail));
        return Err(SourceError::Srpm(why).into());
    }
    match pick(&ran.files, custom)? {
        (SourceFile::Srpm, srpm) => Ok(srpm),
        (SourceFile::Spec, spec) => kitchen.pack(spec, kitchen.made()).await,
    }
}

fn chroot(custom: &Custom) -> Result<ChrootName, Stop> {
    match &custom.chroot {
        ScriptChroot::Exact(name) => Ok(name.clone()),
        // A build has the chroot that these words stood for when it was handed in.
        latest @ ScriptChroot::FedoraLatest(_) => {
            Err(BuildError::Internal(format!("{latest} stands for no chroot")).into())
        }
    }
}

fn recipe(build: &Build, custom: &Custom, tree: PathBuf) -> Recipe {
    let out = custom.resultdir.get().map(|dir| dir.below().to_string_lossy().into_owned());
    let out = out.unwrap_or_default();
    let result_dir = Path::new(WORKDIR).join(&out).to_string_lossy().into_owned();
    let package = build.package.as_ref().map(ToString::to_string);
    let env = [
        ("COPR_OWNER", build.owner.to_string()),
        ("COPR_PROJECT", build.project.to_string()),
        ("COPR_PACKAGE", package.unwrap_or_default()),
        ("COPR_RESULTDIR", result_dir.trim_end_matches('/').to_owned()),
    ];
    Recipe {
        tree,
        dir: String::new(),
        out,
        makes_out: false,
        needs: custom.builddeps.clone().unwrap_or_default(),
        files: vec![(SCRIPT.to_owned(), custom.script.clone().into_bytes())],
        env: env.map(|(name, value)| (name.to_owned(), value)).into(),
        command: command(&custom.script),
    }
}

/// The script is data where it lies, so what its first line asks for is started with it.
fn command(script: &str) -> Vec<String> {
    let place = format!("{FILES}/{SCRIPT}");
    let first = script.lines().next().unwrap_or_default();
    let asked = first.strip_prefix("#!").map(str::trim).filter(|asked| asked.starts_with('/'));
    let Some(asked) = asked else { return vec!["/bin/sh".to_owned(), place] };
    // As the kernel does it: a program, and all that follows as one argument.
    let mut words: Vec<String> = match asked.split_once([' ', '\t']) {
        Some((program, argument)) => vec![program.to_owned(), argument.trim().to_owned()],
        None => vec![asked.to_owned()],
    };
    words.push(place);
    words
}

/// The only spec file, or the only source package where there is no spec file.
fn pick(files: &[PathBuf], custom: &Custom) -> Result<(SourceFile, PathBuf), SourceError> {
    let name = |file: &Path| {
        file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let of = |kind: SourceFile| -> Vec<&PathBuf> {
        files.iter().filter(|file| SourceFile::of(&name(file)) == Some(kind)).collect()
    };
    let place = match custom.resultdir.get() {
        Some(dir) => format!("the result directory {}", dir.as_str()),
        None => "the directory that the script began in".to_owned(),
    };
    let (specs, srpms) = (of(SourceFile::Spec), of(SourceFile::Srpm));
    match (specs.as_slice(), srpms.as_slice()) {
        ([spec], _) => Ok((SourceFile::Spec, (*spec).clone())),
        ([], [srpm]) => Ok((SourceFile::Srpm, (*srpm).clone())),
        ([], _) => {
            let mut names: Vec<String> = files.iter().take(NAMED).map(|file| name(file)).collect();
            if files.len() > NAMED {
                names.push(format!("{} more", files.len() - NAMED));
            }
            let there = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            Err(SourceError::Srpm(format!("no spec file is in {place}, but: {there}")))
        }
        (several, _) => {
            let names: Vec<String> = several.iter().map(|file| name(file)).collect();
            let names = names.join(", ");
            Err(SourceError::Srpm(format!("more than one spec file is in {place}: {names}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(resultdir: &str) -> Custom {
        Custom {
            script: "true\n".to_owned(),
            chroot: "fedora-43-x86_64".parse().unwrap(),
            builddeps: None,
            resultdir: resultdir.parse().unwrap(),
            repos: Vec::new(),
            hook: None,
        }
    }

    fn picked(names: &[&str]) -> Result<(SourceFile, String), String> {
        let files: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        let picked = pick(&files, &custom("out/put"));
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        picked.map(|(kind, path)| (kind, text(path))).map_err(|error| error.to_string())
    }

    #[test]
    fn exactly_one_spec_file_is_wanted() {
        let spec = Ok((SourceFile::Spec, "a.spec".to_owned()));
        assert_eq!(picked(&["a.spec", "a.tar", "old.src.rpm"]), spec);
        let srpm = Ok((SourceFile::Srpm, "a.src.rpm".to_owned()));
        assert_eq!(picked(&["a.src.rpm", "a.tar"]), srpm);
        let none = picked(&["a.tar", "b.tar"]).unwrap_err();
        assert!(none.ends_with("in the result directory out/put, but: a.tar, b.tar"), "{none}");
        assert!(picked(&[]).unwrap_err().ends_with("but: nothing"));
        let two = picked(&["a.spec", "b.spec"]).unwrap_err();
        assert!(two.contains("more than one spec file") && two.ends_with(": a.spec, b.spec"));
    }

    #[test]
    fn a_script_is_started_by_what_its_first_line_names() {
        let words = |script| command(script).join("|");
        assert_eq!(words("#!/usr/bin/env python3\n"), "/usr/bin/env|python3|/coprbox/script");
        assert_eq!(words("#! /bin/bash -eu -x\n"), "/bin/bash|-eu -x|/coprbox/script");
        assert_eq!(words("#!/bin/sh"), "/bin/sh|/coprbox/script");
        assert_eq!(words("git clone x\n"), "/bin/sh|/coprbox/script");
        assert_eq!(words("#!bash\n"), "/bin/sh|/coprbox/script");
    }
}
