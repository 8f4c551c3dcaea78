//! What can be seen of a spec file without rpm, which would run it: the lines that name sources.
//! What they come to is for the server to find out; a guess that is too generous sends a file too
//! many, and nothing else.

/// A source or patch as a spec file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The last part of its place, with `*` for each macro.
    pub(super) pattern: String,
    /// It is a file beside the spec, and not at an address.
    pub(super) is_local: bool,
}

/// The sources and patches that a spec file names.
pub(super) fn named(text: &str) -> Vec<Named> {
    text.lines().filter_map(value).map(read).collect()
}

/// The value of a line `Source0: …` or `Patch: …`.
fn value(line: &str) -> Option<&str> {
    let (tag, value) = line.split_once(':')?;
    let tag = tag.trim().to_ascii_lowercase();
    let number = tag.strip_prefix("source").or_else(|| tag.strip_prefix("patch"))?;
    let value = value.trim();
    (number.bytes().all(|b| b.is_ascii_digit()) && !value.is_empty()).then_some(value)
}

fn read(value: &str) -> Named {
    let pattern = pattern(value);
    let last = pattern.rsplit('/').next().unwrap_or_default().to_owned();
    // %{url}/x and %{forgesource} are addresses in disguise.
    let disguised = pattern == "*" || pattern.starts_with("*/");
    Named { is_local: !value.contains("://") && !disguised, pattern: last }
}

/// The text with a star for each macro.
fn pattern(value: &str) -> String {
    let mut pattern = String::new();
    let mut rest = value;
    while let Some(at) = rest.find('%') {
        pattern.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = match rest.chars().next() {
            Some('%') => {
                pattern.push('%');
                rest = &rest[1..];
                continue;
            }
            Some('{') => closing(rest, '{', '}'),
            Some('(') => closing(rest, '(', ')'),
            _ => rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len()),
        };
        pattern.push('*');
        rest = &rest[end..];
    }
    pattern + rest
}

/// Where what `open` begins is over.
fn closing(text: &str, open: char, close: char) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return at + c.len_utf8();
            }
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_seen_without_knowing_what_macros_mean() {
        let text = "Name: x\nSource0: https://h/%{name}-%{version}.tar.gz\n source1 : a.conf\n\
                    PATCH7:%{name}-%{?x:{y}}fix.patch\nSource2: %{url}/b.tar\nSource3: %{forgesource}\n\
                    Source4: %name.tar.gz\nSource5: dist/c.in\nSource6:\nSourceLicense: MIT\n\
                    Source7: 100%%-%(echo x).txt\n";
        let seen = named(text);
        let seen: Vec<_> =
            seen.iter().map(|named| (named.pattern.as_str(), named.is_local)).collect();
        let expected = [
            ("*-*.tar.gz", false),
            ("a.conf", true),
            ("*-*fix.patch", true),
            ("b.tar", false),
            ("*", false),
            ("*.tar.gz", true),
            ("c.in", true),
            ("100%-*.txt", true),
        ];
        assert_eq!(seen, expected);
    }
}
