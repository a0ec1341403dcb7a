//! Counts on tokens how deep a script nests, before anything parses it.
//!
//! A parser recurses; input that nests deeply enough ends the process. Two sums are bounded:
//!
//! * *nesting*: open brackets, templates and JSX elements, and whatever else makes a parser call
//!   itself: prefix operators, arrows, assignments, conditionals, type arguments, statements that
//!   hold a statement without braces;
//! * *links*: operators, calls and members in a row, whose tree leans to the left.
//!
//! Counters start again where an expression or a statement surely ends. Where a token could be read
//! in two ways that only a parser tells apart (a `/` after `}`), the script is measured in both: what
//! is counted must be at least what a parser would see.

use super::words::{self, Word};

const EITHER: &str = "`/` or `<` after a word that may be a name or an operator";

/// What a level counts more if a parser may have to read it twice, which doubles the time with each:
/// `<T>(…)` is tried as an arrow function, then as an assertion; `a<b, (…)` as a call with type
/// arguments, then as a comparison.
const TRIED_TWICE: u32 = 40;

/// Most ways to read one script that are followed.
const MAX_READINGS: usize = 64;

/// Why a script is not measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// More nesting than allowed.
    Nesting,
    /// More links than allowed.
    Links,
    /// A number of too many digits.
    Digits,
    /// Too many tokens.
    Tokens,
    /// It could be read in two ways.
    Unclear(&'static str),
}

/// How far a script may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) nesting: u32,
    pub(crate) links: u32,
    pub(crate) digits: usize,
    pub(crate) tokens: u32,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The deepest nesting.
    pub(crate) nesting: u32,
    /// The most links at once.
    pub(crate) links: u32,
    /// Whether it has `import` or `export` declarations or `import.meta`.
    pub(crate) module: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Program,
    /// `header`: of `if`, `for`, `while` or `with`.
    Paren {
        header: bool,
    },
    Bracket,
    Brace,
    Template,
    /// Inside `<a …`.
    Tag,
    /// Between `<a>` and `</a>`.
    Children,
    /// `{…}` in a tag or between tags.
    Hole,
}

struct Level {
    open: Open,
    /// Statements that hold the current one.
    statements: u32,
    /// Type arguments that are open.
    angles: u32,
    /// What nests in the current expression.
    nesting: u32,
    links: u32,
    /// A decorator was begun; what it decorates may stand on the next line.
    decorating: bool,
    /// The type arguments that are open stand where an operand is expected.
    asserting: bool,
    /// What the level counts more, since a parser may read it twice.
    twice: u32,
}

/// Whether the token before could end an operand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operand {
    No,
    Yes,
    Unclear(&'static str),
}

/// What the next token may end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Nothing,
    /// A statement, if the next token is a word on another line.
    ByLine,
    /// A statement, if the next token is a word.
    ByWord,
    /// A statement, if the next token is not `else` and the like.
    Now,
}

/// Measures `text`; returns the line (from 1) at which it stopped, if it did.
///
/// Where a token can be read in two ways, both are followed: what is returned holds for each of the
/// readings, or there were more than [`MAX_READINGS`].
pub(crate) fn measure(
    text: &str,
    typed: bool,
    jsx: bool,
    limits: Limits,
) -> (Counted, Option<(Stop, u32)>) {
    let mut all: Option<Counted> = None;
    // Choices that begin a reading; beyond them the first way is taken.
    let mut todo = vec![Vec::new()];
    let mut readings = 0;
    while let Some(choices) = todo.pop() {
        readings += 1;
        let given = choices.len();
        let mut scan = Scan::new(text, typed, jsx, limits, choices);
        let stop = if MAX_READINGS < readings { Err(Stop::Unclear(scan.what)) } else { scan.run() };
        let counted = all.get_or_insert(scan.counted);
        counted.nesting = counted.nesting.max(scan.counted.nesting);
        counted.links = counted.links.max(scan.counted.links);
        if let Err(stop) = stop {
            let before = &text.as_bytes()[..scan.at.min(text.len())];
            let lines = memchr::memchr_iter(b'\n', before).count();
            return (*counted, Some((stop, u32::try_from(lines + 1).unwrap_or(u32::MAX))));
        }
        for at in given..scan.choices.len() {
            let mut other = scan.choices[..at].to_vec();
            other.push(true);
            todo.push(other);
        }
    }
    (all.unwrap_or_default(), None)
}

struct Scan<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    typed: bool,
    jsx: bool,
    limits: Limits,
    levels: Vec<Level>,
    /// Sums over all levels.
    nesting: u32,
    links: u32,
    operand: Operand,
    ends: Ends,
    /// The token before is `.` or `?.`.
    member: bool,
    /// The token before is a word that has a header: `if`, `for`, `while`, `with`.
    header: bool,
    /// The token before is a word, and the one before that is `:`.
    after_colon: bool,
    /// The token before is `:`.
    colon: bool,
    /// The token before is `)`.
    paren: bool,
    /// The token before ends a statement or there is none.
    fresh: bool,
    counted: Counted,
    /// How tokens that can be read in two ways are read, in their order.
    choices: Vec<bool>,
    chosen: usize,
    /// The last such token.
    what: &'static str,
}

type Step = Result<(), Stop>;

impl<'a> Scan<'a> {
    fn new(text: &'a str, typed: bool, jsx: bool, limits: Limits, choices: Vec<bool>) -> Self {
        let mut scan = Self {
            bytes: text.as_bytes(),
            text,
            at: 0,
            typed,
            jsx,
            limits,
            levels: Vec::new(),
            nesting: 0,
            links: 0,
            operand: Operand::No,
            ends: Ends::Now,
            member: false,
            header: false,
            after_colon: false,
            colon: false,
            paren: false,
            fresh: true,
            counted: Counted::default(),
            choices,
            chosen: 0,
            what: "",
        };
        scan.levels.push(level(Open::Program));
        scan
    }

    fn run(&mut self) -> Step {
        if self.text.starts_with("#!") {
            self.line_comment();
        }
        let mut tokens = 0;
        loop {
            tokens += 1;
            if self.limits.tokens < tokens {
                return Err(Stop::Tokens);
            }
            let more = match self.top().open {
                Open::Tag => self.tag()?,
                Open::Children => self.children()?,
                _ => self.code()?,
            };
            if !more {
                return Ok(());
            }
        }
    }

    /// Whether a token that can be read in two ways is read the second way.
    fn choose(&mut self, what: &'static str) -> Result<bool, Stop> {
        self.what = what;
        if self.chosen == self.choices.len() {
            if MAX_READINGS <= self.chosen {
                return Err(Stop::Unclear(what));
            }
            self.choices.push(false);
        }
        self.chosen += 1;
        Ok(self.choices[self.chosen - 1])
    }

    fn top(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(level(Open::Program));
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn push(&mut self, open: Open) -> Step {
        // `a<b, (…)` is tried as a call with type arguments first.
        let twice = if 0 < self.top().angles { TRIED_TWICE } else { 0 };
        self.levels.push(Level { twice, ..level(open) });
        self.deeper(1 + twice)
    }

    fn pop(&mut self) {
        if let Some(gone) = self.levels.pop() {
            self.nesting -= 1 + gone.twice + gone.statements + gone.angles + gone.nesting;
            self.links -= gone.links;
        }
    }

    fn deeper(&mut self, by: u32) -> Step {
        self.nesting += by;
        self.counted.nesting = self.counted.nesting.max(self.nesting);
        if self.limits.nesting < self.nesting { Err(Stop::Nesting) } else { Ok(()) }
    }

    /// One more in the current expression that makes a parser call itself.
    fn nest(&mut self) -> Step {
        self.nest_by(1)
    }

    fn nest_by(&mut self, levels: u32) -> Step {
        self.top().nesting += levels;
        self.deeper(levels)
    }

    /// One more statement that holds a statement.
    fn hold(&mut self) -> Step {
        self.top().statements += 1;
        self.deeper(1)
    }

    /// An operator between operands. A member, call or index costs a parser twice as much.
    fn link(&mut self) -> Step {
        self.links_by(1)
    }

    fn links_by(&mut self, cost: u32) -> Step {
        self.top().links += cost;
        self.links += cost;
        self.counted.links = self.counted.links.max(self.links);
        if self.limits.links < self.links { Err(Stop::Links) } else { Ok(()) }
    }

    /// An expression ended.
    fn next_expression(&mut self) {
        let top = self.top();
        let (nesting, links) = (top.nesting, top.links);
        (top.nesting, top.links) = (0, 0);
        self.nesting -= nesting;
        self.links -= links;
    }

    /// A statement ended.
    fn next_statement(&mut self) {
        self.next_expression();
        let top = self.top();
        let held = top.statements + top.angles;
        (top.statements, top.angles, top.decorating) = (0, 0, false);
        self.nesting -= held;
    }

    /// Notes a token that is no word. `operand`: whether it can end one.
    fn token(&mut self, operand: Operand, ends: Ends) {
        self.operand = operand;
        self.ends = ends;
        self.member = false;
        self.header = false;
        self.after_colon = false;
        self.colon = false;
        self.paren = false;
        self.fresh = false;
    }

    /// Notes an operator: an operand follows.
    fn operator(&mut self) {
        self.token(Operand::No, Ends::Nothing);
    }

    /// One token of code. Returns false at the end.
    fn code(&mut self) -> Result<bool, Stop> {
        let line = self.skip_blank();
        if self.bytes.len() <= self.at {
            return Ok(false);
        }
        let byte = self.peek(0);
        let is_word =
            byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$' | b'\\' | b'#' | 0x80..);
        if is_word {
            let start = self.at;
            self.at += 1;
            while matches!(self.peek(0), b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'$' | b'\\' | 0x80..)
                && !self.at_blank()
            {
                self.at += 1;
            }
            let word = &self.bytes[start..self.at];
            self.word(word, line)?;
            return Ok(true);
        }
        let literal = byte.is_ascii_digit()
            || matches!(byte, b'"' | b'\'' | b'@')
            || (byte == b'.' && self.peek(1).is_ascii_digit());
        let ended = match self.ends {
            Ends::Now => true,
            Ends::ByLine => line && literal,
            Ends::ByWord => literal,
            Ends::Nothing => false,
        };
        if ended {
            self.boundary();
        }
        if literal && byte != b'@' {
            if matches!(byte, b'"' | b'\'') {
                self.string(byte);
            } else {
                self.number()?;
            }
            self.token(Operand::Yes, Ends::ByLine);
            return Ok(true);
        }
        self.punctuator(byte, line)?;
        Ok(true)
    }

    /// A statement ended before the token at hand, unless that still belongs to a decorated class.
    fn boundary(&mut self) {
        if std::mem::take(&mut self.top().decorating) && self.ends != Ends::Now {
            return;
        }
        self.next_statement();
        self.fresh = true;
    }

    fn word(&mut self, word: &[u8], line: bool) -> Step {
        let kind = if self.member { Word::Plain } else { words::kind(word) };
        let ended = match self.ends {
            Ends::Now | Ends::ByWord => true,
            Ends::ByLine => line,
            Ends::Nothing => false,
        };
        if ended
            && !matches!(kind, Word::Link | Word::Between | Word::Goes | Word::Else | Word::Extends)
            && !(kind == Word::Header && word == b"while")
        {
            self.boundary();
        }
        let fresh = self.fresh;
        let after_colon = self.colon;
        let member = self.member;
        let header = self.header;
        match kind {
            Word::Plain | Word::Value => self.token(Operand::Yes, Ends::ByLine),
            Word::Part => {
                // A parser looks ahead over all that stand in a row.
                self.nest()?;
                self.token(Operand::Yes, Ends::Nothing);
            }
            Word::Prefix | Word::Function => {
                self.nest()?;
                self.operator();
            }
            Word::Extends => {
                // A parser takes a list here, and reports later that only one is allowed.
                self.hold()?;
                self.operator();
            }
            Word::Either => {
                self.nest()?;
                self.token(Operand::Unclear(EITHER), Ends::Nothing);
                // `for await (`
                self.header = header && word == b"await";
            }
            Word::Between => {
                self.link()?;
                self.token(Operand::Unclear(EITHER), Ends::Nothing);
            }
            Word::Link => {
                self.link()?;
                self.operator();
            }
            Word::Header | Word::Else => {
                self.hold()?;
                self.operator();
                self.header = kind == Word::Header;
            }
            Word::Do => {
                self.hold()?;
                self.operator();
            }
            Word::Case => {
                if self.top().open == Open::Brace {
                    self.next_statement();
                }
                self.operator();
            }
            Word::Name => self.token(Operand::Unclear(EITHER), Ends::Nothing),
            Word::Goes | Word::Starts => self.operator(),
            Word::Stops => self.token(Operand::No, Ends::ByLine),
        }
        self.after_colon = after_colon;
        if !member {
            self.note_module(word, fresh);
        }
        Ok(())
    }

    /// Notes what makes a module of a script.
    fn note_module(&mut self, word: &[u8], fresh: bool) {
        let outside = self.levels.len() == 1 && fresh;
        let rest = self.text[self.at..].trim_start();
        if word == b"export" {
            self.counted.module |= outside && !rest.starts_with([':', '=', '(', '.']);
        } else if word == b"import" {
            let meta = rest.strip_prefix('.').is_some_and(|it| it.trim_start().starts_with("meta"));
            self.counted.module |= meta || (outside && !rest.starts_with(['(', '.', ':', '=']));
        }
    }
}

fn level(open: Open) -> Level {
    Level {
        open,
        statements: 0,
        angles: 0,
        nesting: 0,
        links: 0,
        decorating: false,
        asserting: false,
        twice: 0,
    }
}

mod jsx;
mod literals;
mod punctuation;
