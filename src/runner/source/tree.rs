//! `tree`: a directory that came with the request. It is unpacked in a chroot, and nowhere else:
//! what it holds, and what its spec file does, concerns nobody outside.

use std::fs;
use std::io;
use std::path::PathBuf;

use tokio::task::block_in_place;

use super::kitchen::{Kitchen, Recipe, only_srpm, reason, unmade};
use crate::model::source::Tree;
use crate::runner::builder::script::FILES;
use crate::runner::worker::Stop;

/// What makes the source package, in the chroot.
const SCRIPT: &str = include_str!("tree.sh");
/// Its name there.
const NAME: &str = "make-srpm";

/// Makes the source package.
pub(super) async fn make(kitchen: &Kitchen<'_>, tree: &Tree) -> Result<PathBuf, Stop> {
    kitchen.log.line(format!("uploaded directory: {}", tree.name()));
    let upload = kitchen.uploads().join(&tree.dir).join(&tree.file);
    let dir = kitchen.dir().join("tree");
    fs::create_dir(&dir)?;
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
        ],
    };
    let ran = kitchen.run(recipe).await?;
    if !ran.success() {
        return Err(unmade(reason(&ran.tail)).into());
    }
    only_srpm(&ran, "rpmbuild")
}
