//! Lines of logs as pages show them: colours become names of classes, and nothing that a terminal
//! or a browser would obey is left.

use std::iter::Peekable;
use std::str::Chars;

/// A run of text in one colour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The names of its classes, with a blank between them; empty for plain text.
    pub class: String,
    /// The text.
    pub text: String,
}

/// How text is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Look {
    bold: bool,
    dim: bool,
    italic: bool,
    underlined: bool,
    /// One of the sixteen colours.
    ink: Option<u8>,
    ground: Option<u8>,
}

/// A line in pieces. Colours end with the line: tools that write them set them anew.
pub fn pieces(bytes: &[u8]) -> Vec<Piece> {
    let text = String::from_utf8_lossy(bytes);
    // A carriage return starts the line anew (progress bars); what was there before is gone.
    let text = text.trim_end_matches(['\r', '\n']);
    let text = text.rsplit('\r').next().unwrap_or(text);
    let (mut out, mut look) = (Vec::new(), Look::default());
    let mut piece = Piece { class: String::new(), text: String::with_capacity(text.len()) };
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            piece.text.push(harmless(c));
            continue;
        }
        let before = look;
        take_escape(&mut chars, &mut look);
        if look != before {
            let next = Piece { class: look.class(), text: String::new() };
            let done = std::mem::replace(&mut piece, next);
            if !done.text.is_empty() {
                out.push(done);
            }
        }
    }
    if !piece.text.is_empty() {
        out.push(piece);
    }
    out
}

/// Control characters become visible ones.
fn harmless(c: char) -> char {
    match c {
        '\t' => c,
        c if c < ' ' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        c if c.is_control() || is_bidi_control(c) => '\u{fffd}',
        c => c,
    }
}

/// Characters that turn the order of the text around, by which a line could lie.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `ESC [ … letter`, `ESC ] … BEL`, or `ESC` and one character.
fn take_escape(chars: &mut Peekable<Chars<'_>>, look: &mut Look) {
    match chars.next() {
        Some('[') => {
            let mut sequence = String::new();
            for c in chars.by_ref() {
                if ('@'..='~').contains(&c) {
                    if c == 'm' {
                        look.obey(&sequence);
                    }
                    break;
                }
                if sequence.len() < 64 {
                    sequence.push(c);
                }
            }
        }
        Some(']') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' {
                    break;
                }
                if c == '\u{1b}' {
                    chars.next();
                    break;
                }
            }
        }
        _ => {}
    }
}

impl Look {
    fn obey(&mut self, sequence: &str) {
        let mut codes = sequence.split([';', ':']).map(|code| code.parse::<u8>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Look::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underlined = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underlined = false,
                30..=37 => self.ink = Some(code - 30),
                38 => self.ink = colour(&mut codes).or(self.ink),
                39 => self.ink = None,
                40..=47 => self.ground = Some(code - 40),
                48 => self.ground = colour(&mut codes).or(self.ground),
                49 => self.ground = None,
                90..=97 => self.ink = Some(code - 90 + 8),
                100..=107 => self.ground = Some(code - 100 + 8),
                _ => {}
            }
        }
    }

    fn class(self) -> String {
        let mut names = Vec::new();
        for (on, name) in [
            (self.bold, "sgr-bold"),
            (self.dim, "sgr-dim"),
            (self.italic, "sgr-italic"),
            (self.underlined, "sgr-line"),
        ] {
            if on {
                names.push(name.to_owned());
            }
        }
        names.extend(self.ink.map(|colour| format!("sgr-{colour}")));
        names.extend(self.ground.map(|colour| format!("sgr-on-{colour}")));
        names.join(" ")
    }
}

/// `5;n` or `2;r;g;b`, as the nearest of the sixteen colours.
fn colour(codes: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let (red, green, blue) = match codes.next()? {
        2 => (codes.next()?, codes.next()?, codes.next()?),
        5 => match codes.next()? {
            basic @ 0..=15 => return Some(basic),
            grey @ 232.. => return Some(if grey < 240 { 8 } else { 7 }),
            cube => {
                let cube = cube - 16;
                let level = |step: u8| step % 6 * 51;
                (level(cube / 36), level(cube / 6), level(cube))
            }
        },
        _ => return None,
    };
    let most = red.max(green).max(blue);
    let on = |part: u8| u8::from(part > 60 && part > most / 2);
    let bright = if most > 210 { 8 } else { 0 };
    Some(on(red) + 2 * on(green) + 4 * on(blue) + bright)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(line: &[u8]) -> Vec<(String, String)> {
        pieces(line).into_iter().map(|piece| (piece.class, piece.text)).collect()
    }

    fn piece(class: &str, text: &str) -> (String, String) {
        (class.to_owned(), text.to_owned())
    }

    #[test]
    fn colours_become_classes() {
        let line = b"\x1b[1;31merror\x1b[0m: x \x1b[38;5;196mred\x1b[39m \x1b[38;2;20;200;20mg\n";
        let expected = [
            piece("sgr-bold sgr-1", "error"),
            piece("", ": x "),
            piece("sgr-9", "red"),
            piece("", " "),
            piece("sgr-2", "g"),
        ];
        assert_eq!(shown(line), expected);
        assert_eq!(shown(b"\x1b[97;44ma"), [piece("sgr-15 sgr-on-4", "a")]);
    }

    #[test]
    fn nothing_is_left_that_a_terminal_would_obey() {
        assert_eq!(shown(b"a \x07\n"), [piece("", "a \u{2407}")]);
        assert_eq!(shown(b"10%\r100%\r\n"), [piece("", "100%")]);
        let odd = "a\u{202e}b\u{1b}]0;t\u{7}c\u{1b}[2Jd".as_bytes();
        assert_eq!(shown(odd), [piece("", "a\u{fffd}bcd")]);
        assert_eq!(shown(b"\xff\ttab"), [piece("", "\u{fffd}\ttab")]);
        assert!(shown(b"\x1b[31m").is_empty());
    }

    proptest! {
        #[test]
        fn no_piece_holds_control_characters(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for piece in pieces(&bytes) {
                prop_assert!(!piece.text.chars().any(|c| c.is_control() && c != '\t'));
                prop_assert!(piece.class.chars().all(|c| c.is_ascii_alphanumeric() || "- ".contains(c)));
            }
        }
    }
}
