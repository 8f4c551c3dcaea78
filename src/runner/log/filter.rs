//! Takes out of a program's output what would move the cursor, ring the bell or retitle a window
//! in the terminal of whoever reads the log. Colours stay. Works on a stream: a sequence may
//! begin in one piece and end in the next.

const ESC: u8 = 0x1b;
/// Colour sequences are short; what is longer is none.
const LONGEST_SEQUENCE: usize = 64;

/// The filter's place in the stream.
#[derive(Default)]
pub(super) struct Filter {
    place: Place,
    /// A control sequence that has begun, without its end.
    sequence: Vec<u8>,
}

#[derive(Clone, Copy, Default)]
enum Place {
    #[default]
    Text,
    /// After a carriage return: part of a line's end, or a progress bar's new start.
    Return,
    /// After an escape character.
    Escape,
    /// In `ESC [ …`.
    Control,
    /// In `ESC ] …`, which ends with BEL or `ESC \`: a title or a link.
    Title,
}

impl Filter {
    /// What of the next bytes goes into the log.
    pub(super) fn clean(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut clean = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            self.place = self.take(byte, &mut clean);
        }
        clean
    }

    fn take(&mut self, byte: u8, clean: &mut Vec<u8>) -> Place {
        match self.place {
            Place::Text => plain(byte, clean),
            Place::Return => match byte {
                b'\r' => Place::Return,
                b'\n' => plain(byte, clean),
                _ => {
                    clean.push(b'\n');
                    plain(byte, clean)
                }
            },
            Place::Escape => match byte {
                b'[' => {
                    self.sequence = vec![ESC, b'['];
                    Place::Control
                }
                b']' => Place::Title,
                // `ESC (` and its kin take one more byte, which is printable and harmless.
                _ => Place::Text,
            },
            Place::Control => match byte {
                0x20..=0x3f if self.sequence.len() < LONGEST_SEQUENCE => {
                    self.sequence.push(byte);
                    Place::Control
                }
                b'm' => {
                    clean.append(&mut self.sequence);
                    plain(byte, clean)
                }
                0x40..=0x7e => Place::Text,
                _ => plain(byte, clean),
            },
            Place::Title => match byte {
                ESC => Place::Escape,
                0x07 => Place::Text,
                // A title has one line; what looked like one may be binary output.
                b'\n' => plain(byte, clean),
                _ => Place::Title,
            },
        }
    }
}

/// Takes a byte that belongs to no sequence.
fn plain(byte: u8, clean: &mut Vec<u8>) -> Place {
    match byte {
        ESC => return Place::Escape,
        b'\r' => return Place::Return,
        b'\n' | b'\t' | 0x20..=0x7e | 0x80.. => clean.push(byte),
        _ => {}
    }
    Place::Text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same whether the stream comes in one piece or byte by byte.
    fn cleaned(text: &[u8]) -> Vec<u8> {
        let whole = Filter::default().clean(text);
        let mut filter = Filter::default();
        let pieces: Vec<u8> = text.iter().flat_map(|byte| filter.clean(&[*byte])).collect();
        assert_eq!(whole, pieces);
        whole
    }

    #[test]
    fn text_and_colours_stay() {
        for text in ["a\tb\n", "é ↯\n", "\x1b[1;31mred\x1b[0m\n", ""] {
            assert_eq!(cleaned(text.as_bytes()), text.as_bytes());
        }
        assert_eq!(cleaned(b"\xff\xfe\n"), b"\xff\xfe\n", "bytes need not be UTF-8");
    }

    #[test]
    fn what_moves_the_cursor_goes() {
        assert_eq!(cleaned(b"a\x1b[2Jb\x1b[10;10Hc\x1b[?25ld"), b"abcd");
        assert_eq!(cleaned(b"a\x08\x07\0\x7fb"), b"ab");
        assert_eq!(cleaned(b"\x1b]0;title\x07x\x1b]8;;http://a\x1b\\link"), b"xlink");
        assert_eq!(cleaned(b"\x1bcx"), b"x");
        assert_eq!(cleaned(b"\x1b]binary\nrest\n"), b"\nrest\n");
    }

    #[test]
    fn a_progress_bar_becomes_lines() {
        assert_eq!(cleaned(b"10%\r50%\r\r100%\r\nend\r\n"), b"10%\n50%\n100%\nend\n");
    }

    #[test]
    fn a_sequence_without_end_does_not_grow() {
        let mut endless = b"\x1b[".to_vec();
        endless.extend(std::iter::repeat_n(b'1', 1000));
        let mut filter = Filter::default();
        filter.clean(&endless);
        assert!(filter.sequence.len() <= LONGEST_SEQUENCE);
    }
}
