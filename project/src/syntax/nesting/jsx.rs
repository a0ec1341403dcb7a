//! JSX: tags, and what stands between them.
//!
//! Only in files whose ending says so. Whether `<T>(` in code is an element or the type of a function
//! only a parser can tell, so both are followed.

use super::{Ends, Open, Operand, Scan, Step, Stop};

impl Scan<'_> {
    /// At `<` where an operand is expected. Returns false, and stays, if it begins type parameters.
    pub(super) fn element(&mut self) -> Result<bool, Stop> {
        let start = self.at;
        self.at += 1;
        self.skip_blank();
        if self.peek(0) == b'>' {
            self.at += 1;
            self.push(Open::Children)?;
            return Ok(true);
        }
        let name = self.tag_name();
        let after_name = self.at;
        self.skip_blank();
        let generic = match self.peek(0) {
            _ if name.is_empty() => true,
            b',' | b'=' => true,
            b'<' => return Err(Stop::Unclear("type arguments of a tag")),
            b'>' => {
                self.at += 1;
                self.skip_blank();
                if self.peek(0) == b'(' && !name.contains(['.', '-', ':']) {
                    return Err(Stop::Unclear("`<T>(` (write `<T,>(` for type parameters)"));
                }
                false
            }
            b'e' if self.text[self.at..].starts_with("extends") => {
                self.at += "extends".len();
                self.skip_blank();
                !matches!(self.peek(0), b'=' | b'/' | b'>')
                    && !self.choose("`<T extends`, type parameters or an element")?
            }
            _ if name == "const" => !self.choose("`<const`, type parameters or an element")?,
            _ => false,
        };
        self.at = if generic { start } else { after_name };
        if !generic {
            self.push(Open::Tag)?;
        }
        Ok(!generic)
    }

    fn tag_name(&mut self) -> String {
        let start = self.at;
        while self.peek(0).is_ascii_alphanumeric()
            || matches!(self.peek(0), b'_' | b'$' | b'-' | b'.' | b':' | 0x80..)
        {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or("?").to_owned()
    }

    /// An element between tags or as an attribute's value; its `<` is passed.
    fn inner(&mut self) -> Step {
        self.skip_blank();
        if self.peek(0) == b'>' {
            self.at += 1;
            return self.push(Open::Children);
        }
        if self.tag_name().is_empty() {
            return Ok(());
        }
        let after_name = self.at;
        self.skip_blank();
        if self.peek(0) == b'<' {
            return Err(Stop::Unclear("type arguments of a tag"));
        }
        self.at = after_name;
        self.push(Open::Tag)
    }

    fn element_end(&mut self) {
        self.pop();
        self.token(Operand::Yes, Ends::ByLine);
    }

    fn hole(&mut self) -> Step {
        self.push(Open::Hole)?;
        self.operator();
        Ok(())
    }

    /// One token inside `<a …`. Returns false at the end.
    pub(super) fn tag(&mut self) -> Result<bool, Stop> {
        self.skip_blank();
        if self.bytes.len() <= self.at {
            return Ok(false);
        }
        let byte = self.peek(0);
        self.at += 1;
        match byte {
            b'>' => self.top().open = Open::Children,
            b'/' => {
                self.skip_blank();
                if self.peek(0) == b'>' {
                    self.at += 1;
                    self.element_end();
                }
            }
            b'{' => self.hole()?,
            b'"' | b'\'' => {
                let rest = &self.bytes[self.at..];
                let end = rest.iter().position(|it| *it == byte);
                self.at += end.map_or(rest.len(), |it| it + 1);
            }
            b'<' => self.inner()?,
            _ => {
                while !self.text.is_char_boundary(self.at) {
                    self.at += 1;
                }
            }
        }
        Ok(true)
    }

    /// What is between tags, up to the next tag or hole. Returns false at the end.
    pub(super) fn children(&mut self) -> Result<bool, Stop> {
        let rest = &self.bytes[self.at..];
        let Some(next) = memchr::memchr2(b'{', b'<', rest) else {
            self.at = self.bytes.len();
            return Ok(false);
        };
        self.at += next + 1;
        if rest[next] == b'{' {
            self.hole()?;
            return Ok(true);
        }
        self.skip_blank();
        if self.peek(0) != b'/' {
            self.inner()?;
            return Ok(true);
        }
        self.at += 1;
        self.skip_blank();
        self.tag_name();
        self.skip_blank();
        if self.peek(0) == b'>' {
            self.at += 1;
        }
        self.element_end();
        Ok(true)
    }
}
