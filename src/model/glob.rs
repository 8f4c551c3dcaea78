//! Shell patterns as users write them for chroots and packages: `*`, `?`, nothing else.

/// Whether `text` as a whole fits `pattern`.
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stands, and how much of the text it has swallowed so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((place, swallowed)) = star else { return false };
                star = Some((place, swallowed + 1));
                p = place + 1;
                t = swallowed + 1;
            }
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_anything_and_a_question_mark_one_byte() {
        for (pattern, text) in [
            ("fedora-*", "fedora-42-x86_64"),
            ("*", ""),
            ("*-x86_64", "epel-9-x86_64"),
            ("fedora-4?-*", "fedora-42-aarch64"),
            ("*a*b*", "xaxxbx"),
            ("a", "a"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("fedora-*", "epel-9-x86_64"), ("", "a"), ("a", ""), ("?", ""), ("a*b", "ac")]
        {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        let text = "a".repeat(200);
        assert!(!fits(&"a*".repeat(50).replace("**", "*"), &format!("b{text}")));
        assert!(!fits(&format!("{}b", "*a".repeat(60)), &text));
    }
}
