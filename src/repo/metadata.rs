//! Reading repository metadata: `repomd.xml`, and from the list of packages what can be checked
//! against the disk.
//!
//! These files are made by `createrepo_c`, a few lines above; a scan over tags is all they need.
//! The list of packages is read as a stream: 20,000 packages are some 40 MB of XML.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::Error;

/// The name of the index below `repodata`.
pub(super) const REPOMD: &str = "repomd.xml";
/// Its signature.
pub(super) const REPOMD_ASC: &str = "repomd.xml.asc";

/// A file that something lists, with what is said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    /// `primary`, `filelists` … in `repomd.xml`; empty for packages.
    pub kind: String,
    /// Relative to the repository.
    pub href: String,
    /// SHA-256 in hexadecimal; empty where another sum is used.
    pub sha256: String,
    /// In bytes.
    pub size: Option<u64>,
}

/// What the index `repomd` lists.
pub(super) fn read_repomd(repomd: &Path) -> Result<Vec<Listed>, Error> {
    let text = fs::read(repomd).map_err(Error::disk(repomd))?;
    parse_repomd(&text, repomd)
}

/// As [`read_repomd`], of a text that was read from `path`.
pub(super) fn parse_repomd(text: &[u8], path: &Path) -> Result<Vec<Listed>, Error> {
    let mut files = Vec::new();
    scan(text, "data", &mut |file| files.push(file)).map_err(|why| Error::metadata(path, why))?;
    if files.iter().all(|file| file.kind != "primary") {
        return Err(Error::metadata(path, "it lists no packages' file"));
    }
    Ok(files)
}

/// Calls `found` for every package that the list at `primary` holds.
pub(super) fn read_primary(primary: &Path, found: &mut dyn FnMut(Listed)) -> Result<(), Error> {
    let file = File::open(primary).map_err(Error::disk(primary))?;
    let result = match primary.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => scan(BufReader::new(MultiGzDecoder::new(file)), "package", found),
        Some("xml") => scan(BufReader::new(file), "package", found),
        _ => Err("it is compressed in a way that is not read here".to_owned()),
    };
    result.map_err(|why| Error::metadata(primary, why))
}

/// Calls `found` at the end of every element called `element`. A text that ends before its first
/// element does is an error.
fn scan(
    mut source: impl BufRead,
    element: &str,
    found: &mut dyn FnMut(Listed),
) -> Result<(), String> {
    /// More than any piece of text or tag has.
    const LONGEST: usize = 16 << 20;
    let mut piece = Vec::new();
    let mut current = Listed::default();
    let mut outermost = None;
    loop {
        piece.clear();
        let length = match source.read_until(b'>', &mut piece) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.to_string()),
        };
        if length == 0 || length > LONGEST {
            return Err("it ends too early".to_owned());
        }
        let piece = String::from_utf8_lossy(&piece);
        let Some((text, tag)) = piece.rsplit_once('<') else { continue };
        let tag = tag.trim_end_matches('>');
        let name = tag.split([' ', '\n', '/']).next().unwrap_or_default();
        match tag.strip_prefix('/') {
            Some(end) if end == element => found(std::mem::take(&mut current)),
            Some(end) if Some(end) == outermost.as_deref() => return Ok(()),
            Some("checksum") if current.sha256 == SHA256 => text.clone_into(&mut current.sha256),
            Some("size") => current.size = text.parse().ok(),
            None if name == element => {
                current.kind = attribute(tag, "type").unwrap_or_default();
            }
            None if name == "location" => {
                current.href = attribute(tag, "href").unwrap_or_default();
            }
            None if name == "checksum" && attribute(tag, "type").as_deref() == Some("sha256") => {
                SHA256.clone_into(&mut current.sha256);
            }
            None if name == "size" => {
                current.size = attribute(tag, "package").and_then(|size| size.parse().ok());
            }
            None if outermost.is_none() && !name.starts_with('?') => {
                outermost = Some(name.to_owned());
            }
            _ => {}
        }
    }
}

/// Stands for a sum whose text comes next.
const SHA256: &str = "sha256";

/// The value of an attribute of `tag`.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let (value, _) = tag[start..].split_once('"')?;
    Some(unescape(value))
}

fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo">
  <revision>1795180559</revision>
  <data type="primary">
    <checksum type="sha256">1cb6</checksum>
    <open-checksum type="sha256">e1e2</open-checksum>
    <location href="repodata/1cb6-primary.xml.gz"/>
    <size>134</size>
    <open-size>167</open-size>
  </data>
  <data type="group">
    <checksum type="sha">abcd</checksum>
    <location href="repodata/a&amp;b.xml"/>
  </data>
</repomd>
"#;

    #[test]
    fn the_index_tells_names_sums_and_sizes() {
        let files = parse_repomd(INDEX.as_bytes(), Path::new("r")).unwrap();
        assert_eq!(files.len(), 2);
        assert_eq!(files[0].kind, "primary");
        assert_eq!(files[0].href, "repodata/1cb6-primary.xml.gz");
        assert_eq!((files[0].sha256.as_str(), files[0].size), ("1cb6", Some(134)));
        assert_eq!((files[1].href.as_str(), files[1].sha256.as_str()), ("repodata/a&b.xml", ""));
    }

    #[test]
    fn half_an_index_is_an_error_wherever_it_ends() {
        for length in 0..INDEX.len() - "</repomd>\n".len() {
            let half = &INDEX.as_bytes()[..length];
            assert!(parse_repomd(half, Path::new("r")).is_err(), "{length}");
        }
    }

    #[test]
    fn packages_are_found_in_the_list() {
        const LIST: &str = "<metadata packages=\"1\"><package type=\"rpm\"><name>a</name>\
            <checksum type=\"sha256\" pkgid=\"YES\">aa</checksum>\
            <description>1 &lt; 2 > 0 &lt;location href=\"x\"/></description>\
            <size package=\"9\" installed=\"1\" archive=\"2\"/>\
            <location href=\"1-a/a.rpm\"/><format></format></package></metadata>";
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("primary.xml");
        fs::write(&path, LIST).unwrap();
        let mut found = Vec::new();
        read_primary(&path, &mut |package| found.push(package)).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].href.as_str(), found[0].sha256.as_str()), ("1-a/a.rpm", "aa"));
        assert_eq!(found[0].size, Some(9));
    }
}
