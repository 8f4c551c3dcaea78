//! Writing values as Python literals.
//!
//! mock's configuration files are Python programs, and what they say is then expanded as a Jinja
//! template. Text of users must therefore never be pasted: it goes through [`text`], which leaves
//! Python nothing to misread, after [`is_plain`] has made sure that Jinja finds nothing either.

use std::fmt::Write as _;

/// `value` as a Python string on one line, of printable ASCII only. Python reads back exactly
/// `value`, whatever is in it.
pub fn text(value: &str) -> String {
    let mut literal = String::with_capacity(value.len() + 2);
    literal.push('\'');
    for c in value.chars() {
        match c {
            '\\' => literal.push_str("\\\\"),
            '\'' => literal.push_str("\\'"),
            '\n' => literal.push_str("\\n"),
            ' '..='~' => literal.push(c),
            _ => push_escaped(&mut literal, c),
        }
    }
    literal.push('\'');
    literal
}

/// A character that needs its number written out.
fn push_escaped(literal: &mut String, c: char) {
    let number = u32::from(c);
    let written = match number {
        0..=0xff => write!(literal, "\\x{number:02x}"),
        0x100..=0xffff => write!(literal, "\\u{number:04x}"),
        _ => write!(literal, "\\U{number:08x}"),
    };
    debug_assert!(written.is_ok(), "a String takes everything");
}

/// A Python list of strings.
pub fn list<S: AsRef<str>>(values: &[S]) -> String {
    let items: Vec<String> = values.iter().map(|value| text(value.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

/// `True` or `False`.
pub fn boolean(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// Whether `value` is one line that Jinja leaves as it is: no control characters, and nothing that
/// opens an expression, a statement or a comment of a template.
pub fn is_plain(value: &str) -> bool {
    let opens = ["{{", "{%", "{#"].iter().any(|opening| value.contains(opening));
    !opens && !value.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::process::Program;

    /// Reads a literal as Python would, for the escapes that [`text`] uses.
    fn read_back(literal: &str) -> Option<String> {
        let mut rest = literal.strip_prefix('\'')?.strip_suffix('\'')?.chars();
        let mut value = String::new();
        while let Some(c) = rest.next() {
            let digits = match c {
                '\'' => return None,
                '\\' => match rest.next()? {
                    'n' => {
                        value.push('\n');
                        continue;
                    }
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    other => {
                        value.push(other);
                        continue;
                    }
                },
                _ => {
                    value.push(c);
                    continue;
                }
            };
            let number: String = rest.by_ref().take(digits).collect();
            value.push(char::from_u32(u32::from_str_radix(&number, 16).ok()?)?);
        }
        Some(value)
    }

    proptest! {
        #[test]
        fn every_string_survives(value in any::<String>()) {
            let literal = text(&value);
            prop_assert!(literal.bytes().all(|b| (b' '..=b'~').contains(&b)), "{literal}");
            prop_assert_eq!(read_back(&literal), Some(value));
        }
    }

    #[tokio::test]
    async fn python_reads_the_same() {
        let nasty: Vec<String> = [
            "",
            "'",
            "\\",
            "\\'",
            "'''",
            "\"",
            "a\nb\r\t\0\u{7f}",
            "\u{85}\u{2028}é€𝄞",
            "{{ 1 }} %{?x} #",
            "\\x41 \\N{BULLET} \\u0041",
            "'); import os; ('",
        ]
        .map(str::to_owned)
        .into_iter()
        .chain((0..0x250).filter_map(char::from_u32).map(|c| format!("{c}{c}'")))
        .collect();
        let program = format!("import json; print(json.dumps({}))", list(&nasty));
        let ran =
            Program::new("python3").args(["-c", &program]).capture(&CancellationToken::new()).await;
        let Ok(ran) = ran else {
            println!("skipped: python3 is not installed");
            return;
        };
        let read: Vec<String> = serde_json::from_slice(&ran.stdout).unwrap();
        assert_eq!(read, nasty);
    }

    #[test]
    fn templates_and_line_breaks_are_not_plain() {
        for good in ["", "a b", "%{?dist}", "{ }", "é", "100%}"] {
            assert!(is_plain(good), "{good:?}");
        }
        for bad in ["{{ x }}", "{% x %}", "{# x #}", "a\nb", "a\0", "a\r", "\u{85}"] {
            assert!(!is_plain(bad), "{bad:?}");
        }
    }
}
