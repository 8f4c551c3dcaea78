//! Tags as rpkg makes them, `name-version-release`, and the versions they lead to.

use std::cmp::Ordering;

use crate::rpm::evr::compare as compare_versions;

/// What git is asked for, and in which order it answers.
pub(super) const FORMAT: &str = "--format=%(refname:strip=2)%00%(objecttype)%00%(taggername)%00\
     %(taggeremail)%00%(taggerdate:format:%a %b %d %Y)%00%(contents)%00";
const FIELDS: usize = 6;

/// A tag that led to the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) name: String,
    /// Who made it, when, and what it says; a plain tag says nothing.
    pub(super) note: Option<Note>,
}

/// What an annotated tag says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    person: String,
    date: String,
    text: String,
}

/// The tags in git's answer.
pub(super) fn read(answer: &str) -> Vec<Tag> {
    let fields: Vec<&str> = answer.split('\0').collect();
    let (records, _) = fields.as_chunks::<FIELDS>();
    let tag = |[name, kind, who, mail, date, text]: &[&str; FIELDS]| {
        let note = (*kind == "tag").then(|| Note {
            person: format!("{who} {mail}"),
            date: (*date).to_owned(),
            text: text.trim().to_owned(),
        });
        Tag { name: name.trim_start().to_owned(), note }
    };
    records.iter().map(tag).collect()
}

/// Version and release in a tag of the package.
fn split<'t>(tag: &'t Tag, package: &str) -> Option<(&'t str, &'t str)> {
    let rest = tag.name.strip_prefix(package)?.strip_prefix('-')?;
    let (version, release) = rest.split_once('-')?;
    (!version.is_empty() && !release.is_empty() && !release.contains('-'))
        .then_some((version, release))
}

fn by_age(a: (&str, &str), b: (&str, &str)) -> Ordering {
    compare_versions(a.0, b.0).then_with(|| compare_versions(a.1, b.1))
}

/// The newest tag of a package whose version begins with `lead`.
fn newest<'t>(tags: &'t [Tag], package: &str, lead: &str) -> Option<(&'t Tag, &'t str, &'t str)> {
    let fits = |version: &str| {
        lead.is_empty()
            || version
                .strip_prefix(lead)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    tags.iter()
        .filter_map(|tag| split(tag, package).map(|(version, release)| (tag, version, release)))
        .filter(|(_, version, _)| fits(version))
        .max_by(|a, b| by_age((a.1, a.2), (b.1, b.2)))
}

/// A version or release without what counts commits, and the tag from which they are counted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Base<'t> {
    pub(super) text: String,
    pub(super) tag: Option<&'t str>,
}

/// What `git_version` begins with.
pub(super) fn version<'t>(
    tags: &'t [Tag],
    package: &str,
    lead: &str,
    follow: Option<&str>,
) -> Base<'t> {
    let found = newest(tags, package, lead);
    let tagged = found.map(|(_, version, _)| match version.strip_prefix(lead) {
        Some(rest) if !lead.is_empty() => rest.trim_start_matches('.'),
        _ => version,
    });
    let follow = follow.filter(|text| !text.is_empty()).or(tagged).unwrap_or("0");
    let text = match (lead, follow) {
        ("", follow) => follow.to_owned(),
        (lead, "") => lead.to_owned(),
        (lead, follow) => format!("{lead}.{follow}"),
    };
    Base { text, tag: found.map(|(tag, ..)| tag.name.as_str()) }
}

/// What `git_release` begins with: the release of the newest tag of this version, or of any.
pub(super) fn release<'t>(
    tags: &'t [Tag],
    package: &str,
    version: Option<&str>,
    lead: Option<&str>,
    follow: Option<&str>,
) -> Base<'t> {
    let of_version = tags
        .iter()
        .filter_map(|tag| split(tag, package).map(|(known, release)| (tag, known, release)))
        .filter(|(_, known, _)| version.is_none_or(|version| version == *known))
        .max_by(|a, b| by_age((a.1, a.2), (b.1, b.2)));
    let tag = of_version.map(|(tag, ..)| tag.name.as_str());
    let text = match (lead, follow, of_version) {
        (None, None, Some((.., release))) => release.to_owned(),
        (lead, follow, _) => format!("{}.{}", lead.unwrap_or("0"), follow.unwrap_or("0")),
    };
    Base { text, tag }
}

/// `%changelog`: what the annotated tags of a package say, the newest first.
pub(super) fn changelog(tags: &[Tag], package: &str) -> String {
    let mut noted: Vec<(&Note, &str, &str)> = tags
        .iter()
        .filter_map(|tag| {
            let (version, release) = split(tag, package)?;
            Some((tag.note.as_ref()?, version, release))
        })
        .collect();
    noted.sort_by(|a, b| by_age((b.1, b.2), (a.1, a.2)));
    let records: Vec<String> = noted
        .iter()
        .map(|(note, version, release)| {
            // A percent sign begins a macro, in a changelog too.
            let text = note.text.replace('%', "%%");
            format!("* {} {} {version}-{release}\n{text}\n", note.date, note.person)
        })
        .collect();
    records.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(names: &[&str]) -> Vec<Tag> {
        names.iter().map(|name| Tag { name: (*name).to_owned(), note: None }).collect()
    }

    fn of(tags: &[Tag], lead: &str, follow: Option<&str>) -> (String, Option<String>) {
        let base = version(tags, "my-app", lead, follow);
        (base.text, base.tag.map(ToOwned::to_owned))
    }

    #[test]
    fn without_tags_versions_begin_with_their_lead() {
        assert_eq!(of(&[], "0", None), ("0.0".to_owned(), None));
        assert_eq!(of(&[], "1.2", Some("7")), ("1.2.7".to_owned(), None));
        assert_eq!(of(&[], "", None), ("0".to_owned(), None));
        assert_eq!(of(&tags(&["v0.4", "other-0.5-1", "my-app-0.6"]), "0", None).1, None);
    }

    #[test]
    fn the_newest_tag_of_the_lead_counts() {
        let tags = tags(&["my-app-0.9-1", "my-app-0.10-1", "my-app-1.0-1", "my-app-0.10-2"]);
        assert_eq!(of(&tags, "0", None), ("0.10".to_owned(), Some("my-app-0.10-2".to_owned())));
        assert_eq!(of(&tags, "1", None).0, "1.0");
        assert_eq!(of(&tags, "", None).0, "1.0");
        assert_eq!(of(&tags, "2", None), ("2.0".to_owned(), None));
        let base = release(&tags, "my-app", Some("0.10"), None, None);
        assert_eq!((base.text.as_str(), base.tag), ("2", Some("my-app-0.10-2")));
        assert_eq!(release(&tags, "my-app", None, None, None).text, "1");
        assert_eq!(release(&tags, "my-app", Some("3"), Some("1"), None).text, "1.0");
    }

    #[test]
    fn annotated_tags_make_the_changelog() {
        let answer = "a-1-1\0tag\0Al\0<al@h>\0Mon Jan 01 2024\0- first\n\0\n\
                      a-2-1\0tag\0Al\0<al@h>\0Tue Jan 02 2024\0- 100%\n- b\n\0\n\
                      a-3-1\0commit\0\0\0\0message\n\0\n";
        let tags = read(answer);
        assert_eq!(tags.len(), 3);
        assert_eq!(
            changelog(&tags, "a"),
            "* Tue Jan 02 2024 Al <al@h> 2-1\n- 100%%\n- b\n\n\
             * Mon Jan 01 2024 Al <al@h> 1-1\n- first\n"
        );
        assert_eq!(changelog(&tags, "b"), "");
    }
}
