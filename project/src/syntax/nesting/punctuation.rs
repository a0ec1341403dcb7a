//! The tokens that are no words and no literals.

use super::{Ends, Open, Operand, Scan, Step, Stop, TRIED_TWICE};

impl Scan<'_> {
    pub(super) fn punctuator(&mut self, byte: u8, line: bool) -> Step {
        match byte {
            b'(' | b'[' => {
                let header = self.header;
                if self.operand == Operand::Yes {
                    self.links_by(2)?;
                }
                self.at += 1;
                self.push(if byte == b'(' { Open::Paren { header } } else { Open::Bracket })?;
                self.operator();
            }
            b'{' => {
                self.at += 1;
                self.push(Open::Brace)?;
                self.token(Operand::No, Ends::Now);
            }
            b')' | b']' | b'}' => return self.close(byte),
            b';' => {
                self.at += 1;
                self.token(Operand::No, Ends::Now);
            }
            b',' => {
                self.at += 1;
                self.next_expression();
                self.operator();
            }
            b'`' => {
                if self.operand == Operand::Yes {
                    self.link()?;
                }
                self.at += 1;
                return self.template();
            }
            b'@' => {
                self.at += 1;
                self.nest()?;
                self.operator();
                self.top().decorating = true;
            }
            b':' => {
                self.at += 1;
                if self.after_colon {
                    self.hold()?;
                }
                if self.typed && self.paren {
                    // A parser tries whether the type of an arrow function begins here.
                    self.nest()?;
                }
                self.operator();
                self.colon = true;
            }
            b'/' => return self.slash(),
            b'<' => return self.less(),
            b'>' => return self.greater(),
            b'.' => return self.dot(),
            b'?' => return self.question(),
            b'+' | b'-' => return self.sign(byte, line),
            b'!' | b'~' => return self.not(byte, line),
            b'=' => return self.equals(),
            b'*' | b'%' | b'&' | b'|' | b'^' => return self.binary(byte),
            _ => {
                self.at += 1;
                self.operator();
            }
        }
        Ok(())
    }

    /// A bracket that closes the innermost one; any other closes nothing.
    fn close(&mut self, byte: u8) -> Step {
        self.at += 1;
        match (self.top().open, byte) {
            (Open::Paren { header: true }, b')') => {
                self.pop();
                self.operator();
            }
            (Open::Paren { header: false }, b')') | (Open::Bracket, b']') => {
                self.pop();
                self.token(Operand::Yes, Ends::ByLine);
                self.paren = byte == b')';
            }
            (Open::Brace, b'}') => {
                self.pop();
                self.token(Operand::Unclear("`/` or `<` after `}`"), Ends::ByWord);
            }
            (Open::Template, b'}') => {
                self.pop();
                return self.template();
            }
            (Open::Hole, b'}') => {
                self.pop();
                self.token(Operand::Yes, Ends::Nothing);
            }
            _ => self.token(Operand::Unclear("brackets that do not match"), Ends::Nothing),
        }
        Ok(())
    }

    fn slash(&mut self) -> Step {
        let divides = match self.operand {
            Operand::No => false,
            Operand::Yes => true,
            Operand::Unclear(what) => self.choose(what)?,
        };
        if divides {
            return self.binary(b'/');
        }
        self.operator();
        self.regexp();
        Ok(())
    }

    fn less(&mut self) -> Step {
        if self.bytes[self.at..].starts_with(b"<!--") {
            return Err(Stop::Unclear("`<!--`"));
        }
        if self.jsx {
            let begins = match self.operand {
                Operand::No => true,
                Operand::Yes => false,
                Operand::Unclear(what) => self.choose(what)?,
            };
            if begins && self.element()? {
                return Ok(());
            }
        }
        if !self.typed || self.peek(1) == b'=' {
            return self.binary(b'<');
        }
        // Type arguments nest. They end with `>`, or with the statement.
        let open: u8 = if self.peek(1) == b'<' { 2 } else { 1 };
        self.at += usize::from(open);
        let asserting = self.operand != Operand::Yes;
        self.top().asserting |= asserting;
        self.top().angles += u32::from(open);
        self.deeper(u32::from(open))?;
        self.operator();
        Ok(())
    }

    fn greater(&mut self) -> Step {
        let mut closed = 0;
        while self.peek(0) == b'>' {
            self.at += 1;
            closed += 1;
        }
        if self.peek(0) == b'=' {
            self.at += 1;
            self.nest()?;
            self.operator();
            return Ok(());
        }
        let closed = self.top().angles.min(closed);
        self.top().angles -= closed;
        self.nesting -= closed;
        self.link()?;
        if 0 < closed && self.top().angles == 0 && std::mem::take(&mut self.top().asserting) {
            let at = self.at;
            self.skip_blank();
            let tried = self.peek(0) == b'(';
            self.at = at;
            if tried {
                self.nest_by(TRIED_TWICE)?;
            }
        }
        if self.typed {
            // It may be an operator, or the end of type arguments.
            self.token(Operand::Unclear("`/` or `<` after `>`"), Ends::Nothing);
        } else {
            self.operator();
        }
        Ok(())
    }

    fn dot(&mut self) -> Step {
        if self.peek(1) == b'.' && self.peek(2) == b'.' {
            self.at += 3;
            self.operator();
            return Ok(());
        }
        self.at += 1;
        self.links_by(2)?;
        self.operator();
        self.member = true;
        Ok(())
    }

    fn question(&mut self) -> Step {
        if self.peek(1) == b'.' && !self.peek(2).is_ascii_digit() {
            self.at += 1;
            return self.dot();
        }
        if self.peek(1) == b'?' {
            return self.binary(b'?');
        }
        self.at += 1;
        self.nest()?;
        self.operator();
        Ok(())
    }

    /// `+`, `-`, `++`, `--`, `+=`, `-=`
    fn sign(&mut self, byte: u8, line: bool) -> Step {
        if self.bytes[self.at..].starts_with(b"-->") && (line || self.fresh) {
            return Err(Stop::Unclear("`-->`"));
        }
        if self.peek(1) == byte {
            self.at += 2;
            match self.operand {
                Operand::Yes if !line => self.token(Operand::Yes, Ends::ByLine),
                Operand::Yes | Operand::No => {
                    self.nest()?;
                    self.operator();
                }
                unclear @ Operand::Unclear(_) => {
                    self.nest()?;
                    self.token(unclear, Ends::Nothing);
                }
            }
            return Ok(());
        }
        if self.operand == Operand::Yes {
            return self.binary(byte);
        }
        self.at += 1;
        self.nest()?;
        self.operator();
        Ok(())
    }

    /// `!`, `~`, `!=`, `!==`, and TypeScript's `!` after an operand.
    fn not(&mut self, byte: u8, line: bool) -> Step {
        if byte == b'!' && self.peek(1) == b'=' && self.operand != Operand::No {
            self.at += 2;
            if self.peek(0) == b'=' {
                self.at += 1;
            }
            self.link()?;
            self.operator();
            return Ok(());
        }
        self.at += 1;
        if byte == b'!' && self.operand == Operand::Yes && !line {
            self.link()?;
            self.token(Operand::Yes, Ends::ByLine);
            return Ok(());
        }
        self.nest()?;
        if self.operand == Operand::No {
            self.operator();
        } else {
            self.token(Operand::Unclear("`/` or `<` after `!`"), Ends::Nothing);
        }
        Ok(())
    }

    /// `=`, `==`, `===`, `=>`
    fn equals(&mut self) -> Step {
        self.at += 1;
        match self.peek(0) {
            b'=' => {
                self.at += 1;
                if self.peek(0) == b'=' {
                    self.at += 1;
                }
                self.link()?;
            }
            b'>' => {
                self.at += 1;
                self.nest()?;
            }
            _ => self.nest()?,
        }
        self.operator();
        Ok(())
    }

    /// An operator of one or two equal characters between two operands, and its assignment.
    fn binary(&mut self, byte: u8) -> Step {
        let start = self.at;
        while self.peek(0) == byte && self.at - start < 2 {
            self.at += 1;
        }
        let power = byte == b'*' && self.at - start == 2;
        if self.peek(0) == b'=' {
            self.at += 1;
            self.nest()?;
        } else if power {
            self.nest()?;
        } else {
            self.link()?;
        }
        self.operator();
        Ok(())
    }
}
