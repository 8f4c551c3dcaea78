//! Comps files: groups of packages, for `dnf group install`. One for each chroot of a project.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use xml::reader::{ParserConfig, XmlEvent};

use super::builds::UploadedFile;
use super::{App, Error, Mistakes, Result, projects};
use crate::model::ChrootName;
use crate::model::project::Comps;
use crate::store::project_chroots;

/// The most bytes of a comps file. Fedora's own has 0.5 MB.
const LARGEST: u64 = 10 << 20;

/// The longest name of a comps file, in bytes; as in Copr.
const LONGEST_NAME: usize = 127;

/// The comps file of a project's chroot.
pub async fn get(app: &App, (owner, project): (&str, &str), chroot: &str) -> Result<String> {
    let (owner, project, chroot) = (owner.to_owned(), project.to_owned(), chroot.to_owned());
    app.store
        .read(move |db| {
            let project = projects::find(db, &owner, &project)?;
            let found = match chroot.parse::<ChrootName>() {
                Ok(name) => project_chroots::find(db, project.id, &name)?,
                Err(_) => None,
            };
            let text = match found {
                Some(used) => project_chroots::comps(db, project.id, used.chroot.id)?,
                None => None,
            };
            text.ok_or_else(|| {
                Error::NotFound(format!(
                    "{} has no comps file for the chroot {chroot}.",
                    project.full_name()
                ))
            })
        })
        .await
}

/// What an uploaded file holds; `None`, with a mistake noted, when it is no comps file.
pub(super) async fn read(file: UploadedFile, mistakes: &mut Mistakes) -> Result<Option<Comps>> {
    let UploadedFile { name, path } = file;
    let reading = tokio::task::spawn_blocking(move || read_text(&path));
    let text = reading.await.map_err(|error| Error::internal("reading a comps file", error))?;
    let text = text.map_err(|error| Error::internal("reading a comps file", error))?;
    let checked = file_name(&name).and_then(|name| Ok(Comps { name, text: text? }));
    Ok(checked.map_err(|why| mistakes.add("upload_comps", why)).ok())
}

/// The text of the file, or the sentence that says what is wrong with it.
fn read_text(path: &Path) -> std::io::Result<Result<String, String>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Ok(Err(format!("A comps file has at most {} MiB.", LARGEST >> 20)));
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) => check(&text).map(|()| text),
        Err(_) => Err("The comps file must be encoded in UTF-8.".to_owned()),
    })
}

/// The name to remember a file by: its last path segment.
fn file_name(given: &str) -> Result<String, String> {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(format!("The file needs a name of 1 to {LONGEST_NAME} bytes."));
    }
    Ok(name.to_owned())
}

/// Whether a text is well-formed XML with `comps` as its outermost element. Whether the groups in
/// it make sense is for dnf to say.
fn check(text: &str) -> Result<(), String> {
    let mut is_comps = false;
    let strict = ParserConfig::new().allow_multiple_root_elements(false);
    for event in strict.create_reader(text.as_bytes()) {
        match event {
            Ok(XmlEvent::StartElement { name, .. }) if !is_comps => {
                if name.local_name != "comps" {
                    return Err(format!(
                        "This is no comps file: its outermost element is <{}>, not <comps>.",
                        name.local_name
                    ));
                }
                is_comps = true;
            }
            Ok(_) => {}
            Err(error) => return Err(format!("This is not well-formed XML: {error}")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_comps_files_are_taken() {
        let doctype = "<!DOCTYPE comps PUBLIC \"-//Red Hat, Inc.//DTD Comps info//EN\" \"c.dtd\">";
        for good in [
            "<comps/>".to_owned(),
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{doctype}\n<comps><x>&amp;</x></comps>\n"
            ),
            "\u{feff}<comps><!-- é --></comps>".to_owned(),
        ] {
            assert_eq!(check(&good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "text",
            "<comps>",
            "<comps></comp>",
            "<comps/><comps/>",
            "<comps/>text",
            "<comps a=1/>",
            "<comps>&nosuch;</comps>",
            "<comps>\u{1}</comps>",
            "<html/>",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn entities_do_not_grow_without_bound() {
        let mut text = "<!DOCTYPE comps [<!ENTITY a0 \"0123456789\">".to_owned();
        for n in 1..9 {
            let ten = format!("&a{};", n - 1).repeat(10);
            text += &format!("<!ENTITY a{n} \"{ten}\">");
        }
        text += "]><comps>&a8;</comps>";
        assert!(check(&text).is_err());
    }

    #[test]
    fn a_name_is_the_last_segment_of_a_path() {
        assert_eq!(file_name("C:\\d/my comps.xml").as_deref(), Ok("my comps.xml"));
        for bad in ["", "a/", "a\u{1b}b", &"x".repeat(128)] {
            assert!(file_name(bad).is_err(), "{bad}");
        }
    }
}
