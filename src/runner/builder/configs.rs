//! `configs.tar.gz`: what a build's root was configured with, beside its results, as Copr has it.

use std::fs::File;
use std::io;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::model::ChrootName;

/// Writes it into a result directory: the configuration of the chroot, and that of this build.
pub fn archive(
    result_dir: &Path,
    chroot: &ChrootName,
    of_chroot: &str,
    of_build: &str,
) -> io::Result<()> {
    let path = result_dir.join("configs.tar.gz");
    // mock's user had the directory: a link that waits there leads nowhere.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = File::create_new(path)?;
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
    for (name, text) in [(format!("{chroot}.cfg"), of_chroot), ("child.cfg".to_owned(), of_build)] {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(text.len() as u64);
        archive.append_data(&mut header, format!("configs/{name}"), text.as_bytes())?;
    }
    archive.into_inner()?.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn both_configurations_are_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let chroot = "fedora-42-x86_64".parse().unwrap();
        archive(dir.path(), &chroot, "[main]\n", "# child\n").unwrap();
        let file = File::open(dir.path().join("configs.tar.gz")).unwrap();
        let mut found = Vec::new();
        for entry in tar::Archive::new(flate2::read::GzDecoder::new(file)).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            found.push((entry.path().unwrap().display().to_string(), text));
        }
        let expected =
            [("configs/fedora-42-x86_64.cfg", "[main]\n"), ("configs/child.cfg", "# child\n")];
        assert_eq!(found, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    }
}
