//! `tree`: a directory that came with the request. It is unpacked in a chroot, and nowhere else:
//! what it holds, and what its spec file does, concerns nobody outside.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use tokio::task::block_in_place;

use super::download::{DownloadError, download};
use super::error::SourceError;
use super::kitchen::{Kitchen, Recipe, only_srpm, reason, unmade};
use crate::model::source::Tree;
use crate::runner::builder::script::{FILES, Ran};
use crate::runner::sandbox::remote::{Remote, is_web};
use crate::runner::worker::Stop;

/// What makes the source package, in the chroot.
const SCRIPT: &str = include_str!("tree.sh");
/// Its name there.
const NAME: &str = "make-srpm";
/// What it leaves instead of a source package: the addresses of sources that it needs first.
const WANTED: &str = "wanted";
/// As much of that is read.
const LONGEST: u64 = 1 << 20;

/// Makes the source package.
pub(super) async fn make(kitchen: &Kitchen<'_>, tree: &Tree) -> Result<PathBuf, Stop> {
    kitchen.log.line(format!("uploaded directory: {}", tree.name()));
    let ran = run(kitchen, tree, "tree", None).await?;
    let Some(wanted) = ran.files.iter().find(|file| file.ends_with(WANTED)) else {
        return only_srpm(&ran, "rpmbuild");
    };
    let sources = kitchen.dir().join("downloaded");
    fetch(kitchen, wanted, &sources).await?;
    fs::remove_file(wanted)?;
    // All of it anew: code of the spec file has run where the first tree is.
    only_srpm(&run(kitchen, tree, "tree-again", Some(&sources)).await?, "rpmbuild")
}

/// Runs the script on the directory, in a new tree of this name; with these sources it goes to the
/// end.
async fn run(
    kitchen: &Kitchen<'_>,
    tree: &Tree,
    name: &str,
    sources: Option<&Path>,
) -> Result<Ran, Stop> {
    let upload = kitchen.uploads().join(&tree.dir).join(&tree.file);
    let dir = kitchen.dir().join(name);
    fs::create_dir(&dir)?;
    if let Some(sources) = sources {
        fs::rename(sources, dir.join("sources"))?;
    }
    // A copy, so that an interrupted build can begin again.
    match block_in_place(|| fs::copy(upload, dir.join("upload.tar.gz"))) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let why = format!("the uploaded file {} is no longer there", tree.file);
            return Err(Stop::Failed(why));
        }
        Err(error) => return Err(error.into()),
    }
    let spec = tree.spec.get().map(|spec| spec.below().to_string_lossy().into_owned());
    let recipe = Recipe {
        tree: dir,
        dir: String::new(),
        out: "out".to_owned(),
        makes_out: true,
        needs: Vec::new(),
        files: vec![(NAME.to_owned(), SCRIPT.into())],
        env: Vec::new(),
        command: vec![
            "/bin/sh".to_owned(),
            format!("{FILES}/{NAME}"),
            spec.unwrap_or_default(),
            if tree.pack_source { "pack" } else { "" }.to_owned(),
            if sources.is_some() { "last" } else { "" }.to_owned(),
        ],
    };
    let ran = kitchen.run(recipe).await?;
    if !ran.success() {
        return Err(unmade(reason(&ran.tail)).into());
    }
    Ok(ran)
}

/// Downloads what the list names into the new directory `to`. Where the server cannot, rpmbuild
/// may yet.
async fn fetch(kitchen: &Kitchen<'_>, list: &Path, to: &Path) -> Result<(), Stop> {
    fs::create_dir(to)?;
    let mut text = Vec::new();
    File::open(list)?.take(LONGEST).read_to_end(&mut text)?;
    let (text, mut seen) = (String::from_utf8_lossy(&text), BTreeSet::new());
    let means = kitchen.means();
    let mut limits = means.limits;
    for Remote { url, file } in text.lines().filter_map(Remote::of) {
        if !is_web(&url) || !seen.insert(file.clone()) {
            continue;
        }
        kitchen.log.line(format!("downloading {url}"));
        let begun = Instant::now();
        match download(&url, &to.join(&file), limits, means.cancel).await {
            Ok(size) => {
                limits = limits.less(size, begun.elapsed());
                kitchen.log.line(format!("{file}: {size} bytes"));
            }
            Err(DownloadError::Canceled) => return Err(Stop::Canceled),
            Err(error) => return Err(SourceError::Download(error.to_string()).into()),
        }
    }
    Ok(())
}
