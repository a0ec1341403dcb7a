//! What is between tokens, and tokens whose inside is no code: blanks, comments, texts, numbers,
//! templates up to their holes, regular expressions.

use super::{Ends, Open, Operand, Scan, Step, Stop};

impl Scan<'_> {
    /// Whether there is a line's end between the tokens; moves to the next one.
    pub(super) fn skip_blank(&mut self) -> bool {
        let mut line = false;
        loop {
            match self.peek(0) {
                b'\n' | b'\r' => {
                    line = true;
                    self.at += 1;
                }
                b' ' | b'\t' | 0x0B | 0x0C => self.at += 1,
                b'/' if self.peek(1) == b'/' => self.line_comment(),
                b'/' if self.peek(1) == b'*' => {
                    let rest = &self.bytes[self.at + 2..];
                    let end = memchr::memmem::find(rest, b"*/").map_or(rest.len(), |it| it + 2);
                    let inner = &rest[..end];
                    line |= inner.contains(&b'\n') || inner.contains(&b'\r');
                    self.at += 2 + end;
                }
                0x80.. => {
                    let Some(char) = self.text[self.at..].chars().next() else { return line };
                    if !char.is_whitespace() && char != '\u{FEFF}' {
                        return line;
                    }
                    line |= matches!(char, '\u{2028}' | '\u{2029}');
                    self.at += char.len_utf8();
                }
                _ => return line,
            }
        }
    }

    pub(super) fn line_comment(&mut self) {
        let rest = &self.text[self.at..];
        let end = rest.find(['\n', '\r', '\u{2028}', '\u{2029}']);
        self.at += end.unwrap_or(rest.len());
    }

    /// Whether a character that is no ASCII is a blank, which ends a word.
    pub(super) fn at_blank(&self) -> bool {
        self.text.is_char_boundary(self.at)
            && self.peek(0) >= 0x80
            && self.text[self.at..]
                .chars()
                .next()
                .is_some_and(|it| it.is_whitespace() || it == '\u{FEFF}')
    }

    pub(super) fn string(&mut self, quote: u8) {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek(0) {
                b'\\' if self.peek(1) == b'\r' && self.peek(2) == b'\n' => self.at += 3,
                b'\\' => self.at += 2,
                b'\n' | b'\r' => return,
                0 if self.bytes.len() <= self.at => {
                    self.at = self.bytes.len();
                    return;
                }
                byte => {
                    self.at += 1;
                    if byte == quote && start + 1 < self.at {
                        return;
                    }
                }
            }
        }
    }

    pub(super) fn number(&mut self) -> Step {
        let start = self.at;
        while matches!(self.peek(0), b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'.') {
            self.at += 1;
        }
        if self.limits.digits < self.at - start { Err(Stop::Digits) } else { Ok(()) }
    }

    /// From the backtick, or from the `}` that ended a hole, to the end or to the next hole.
    pub(super) fn template(&mut self) -> Step {
        loop {
            match self.peek(0) {
                b'\\' => self.at += 2,
                b'`' => {
                    self.at += 1;
                    self.token(Operand::Yes, Ends::ByLine);
                    return Ok(());
                }
                b'$' if self.peek(1) == b'{' => {
                    self.at += 2;
                    self.push(Open::Template)?;
                    self.operator();
                    return Ok(());
                }
                0 if self.bytes.len() <= self.at => {
                    self.at = self.bytes.len();
                    return Ok(());
                }
                _ => self.at += 1,
            }
        }
    }

    /// From the `/` to the end of a regular expression, or to the end of the line.
    pub(super) fn regexp(&mut self) {
        self.at += 1;
        let mut class = false;
        while self.at < self.bytes.len() {
            let rest = &self.text.as_bytes()[self.at..];
            // Lines end at U+2028 and U+2029 too.
            if rest.starts_with(b"\xE2\x80\xA8") || rest.starts_with(b"\xE2\x80\xA9") {
                return;
            }
            match rest[0] {
                b'\n' | b'\r' => return,
                b'\\' if !matches!(rest.get(1), Some(b'\n' | b'\r' | 0xE2)) => self.at += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => {
                    self.at += 1;
                    return self.token(Operand::Yes, Ends::ByLine);
                }
                _ => {}
            }
            self.at += 1;
        }
    }
}
