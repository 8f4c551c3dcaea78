//! Lines without what tools put around them.

/// A line as text: without colours and line ends, cut after `longest` characters.
pub fn line(bytes: &[u8], longest: usize) -> String {
    // Four bytes for each character, and as much again for colours.
    let bytes = &bytes[..bytes.len().min(longest * 8)];
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.trim_end_matches(['\r', '\n']).chars().peekable();
    let mut length = 0;
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            if chars.next_if_eq(&'[').is_some() {
                while chars.next_if(|c| !('\u{40}'..='\u{7e}').contains(c)).is_some() {}
                chars.next();
            }
            continue;
        }
        if c.is_control() && c != '\t' {
            continue;
        }
        if length == longest {
            out.push('…');
            break;
        }
        length += 1;
        out.push(c);
    }
    out
}

/// What a tool said, without the prefixes of mock's logs.
pub fn said(line: &str) -> &str {
    let line = line.strip_prefix("BUILDSTDERR: ").unwrap_or(line);
    let is_logged = line.starts_with("DEBUG ") || line.starts_with("DEBUG util.py");
    if is_logged && let Some((_, text)) = line.split_once(":  ") {
        return text;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_surrounds_a_line_goes() {
        assert_eq!(line(b"\x1b[1m\x1b[38;5;9merror\x1b[0m: x\x07\r", 99), "error: x");
        assert_eq!(line("ééé".as_bytes(), 2), "éé…");
        assert_eq!(line(b"a\x1b", 9), "a");
        assert_eq!(said("BUILDSTDERR: error: x"), "error: x");
        assert_eq!(said("DEBUG util.py:460:  No match"), "No match");
        assert_eq!(said("DEBUG x"), "DEBUG x");
    }
}
