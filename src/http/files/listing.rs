//! Directory listings: small pages that people can read and `wget -r` can follow.

use std::io;
use std::os::fd::OwnedFd;

use askama::Template;
use rustix::fs::{AtFlags, Dir, FileType};

use crate::clock::Timestamp;
use crate::http::push_encoded;

/// One page. All links are relative and lead one level down or up; there are no others, as
/// `wget -r` would fetch each.
#[derive(Template)]
#[template(path = "http/listing.html")]
struct Listing<'a> {
    /// The directory's address, for the heading.
    title: &'a str,
    is_root: bool,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    href: String,
    is_directory: bool,
    size: String,
    modified: Timestamp,
}

/// The page for the directory `fd`, which the client knows as `title`.
pub(super) fn page(fd: &OwnedFd, title: &str, is_root: bool) -> io::Result<String> {
    let mut rows = read(fd)?;
    rows.sort_by(|a, b| (!a.is_directory, &a.name).cmp(&(!b.is_directory, &b.name)));
    Listing { title, is_root, rows }.render().map_err(io::Error::other)
}

/// What is served of a directory: files and directories whose names are text. Editors' leavings,
/// `*~`, are left out; dot-files are not.
fn read(fd: &OwnedFd) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for entry in Dir::read_from(fd)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        if matches!(name, "." | "..") || name.ends_with('~') {
            continue;
        }
        // A file may vanish between the two calls.
        let Ok(stat) = rustix::fs::statat(fd, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        let is_directory = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => true,
            FileType::RegularFile => false,
            _ => continue,
        };
        let href = encode(name);
        rows.push(Row {
            href: if is_directory { href + "/" } else { href },
            name: name.to_owned(),
            is_directory,
            size: if is_directory { String::new() } else { size(stat.st_size.unsigned_abs()) },
            modified: Timestamp(stat.st_mtime),
        });
    }
    Ok(rows)
}

/// A name as a relative address. The colon is encoded, else `foo:pr:1` would be one with a scheme.
fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' | b'+' => {
                out.push(char::from(byte));
            }
            _ => push_encoded(&mut out, byte),
        }
    }
    out
}

/// A size to read at a glance: `812 B`, `4.3 KiB`, `120 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    if tenths < 100 {
        return format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]);
    }
    format!("{} {}", tenths / 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_relative_addresses() {
        assert_eq!(encode("foo:pr:1"), "foo%3Apr%3A1");
        assert_eq!(encode("@devs"), "@devs");
        assert_eq!(encode("a^1~2+3 \"<é>"), "a%5E1~2+3%20%22%3C%C3%A9%3E");
    }

    #[test]
    fn sizes_read_at_a_glance() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (4404, "4.3 KiB"),
            (10_240, "10 KiB"),
            (1_048_575, "1023 KiB"),
            (125_829_120, "120 MiB"),
            (u64::MAX, "16383 PiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_page_is_sorted_escaped_and_shows_what_is_served() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.rpm", "a.log", ".hidden", "<b>&", "old~"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        std::fs::create_dir(dir.path().join("z:dir")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        let fd = OwnedFd::from(std::fs::File::open(dir.path()).unwrap());
        let page = page(&fd, "/results/<x>/", false).unwrap();
        let links: Vec<&str> =
            page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(links, ["../", "z%3Adir/", ".hidden", "%3Cb%3E%26", "a.log", "b.rpm"]);
        assert!(page.contains("&#60;b&#62;&#38;") && !page.contains("<x>"), "{page}");
    }
}
