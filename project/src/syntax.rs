//! What kind of file it is, and the bounds that are checked before anything is parsed.
//!
//! What Node does: `.mjs`, `.mts` and `.cjs` say it; `.js` is told by `type` of the
//! nearest manifest, else by its syntax: what has `import` or `export` declarations, `import.meta` or
//! a top-level `await`, or declares a variable of the CommonJS wrapper anew, is a module. TypeScript
//! and JSX alike, but that there syntax counts before a `type` of `commonjs`: compilers turn such
//! files into CommonJS, and their authors need not know. For the same reason `.cts` says nothing.

use std::{borrow::Cow, fmt};

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    BindingPattern, Program, Statement, TSModuleReference, VariableDeclarationKind,
};
use oxc_parser::{ParseOptions, Parser, ParserReturn};
use oxc_span::SourceType;

use crate::{files::ending, manifest::PackageType};

mod nesting;
mod words;

use nesting::{Limits, Stop};

/// Largest script that is parsed, in bytes.
pub const MAX_SCRIPT: usize = 1 << 20;
/// Deepest nesting that is parsed. See [`Bound::Nesting`].
pub const MAX_NESTING: u32 = 500;
/// Most operators in a row that are parsed; a member, call or index counts twice.
pub const MAX_LINKS: u32 = 1500;
/// Longest number that is parsed, in characters.
pub const MAX_DIGITS: usize = 1000;

/// Most tokens of a script that is parsed: what a parser makes of one has up to 500 bytes.
pub const MAX_TOKENS: u32 = 400_000;

/// What a file is to whoever loads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A script with `require` and `exports`.
    Commonjs,
    /// A script with `import` and `export`.
    Module,
    /// JSON.
    Json,
    /// Anything else.
    Data,
}

/// The language of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `.js`, `.mjs`, `.cjs`: runs as it is.
    JavaScript,
    /// `.jsx`
    Jsx,
    /// `.ts`, `.mts`, `.cts`
    TypeScript,
    /// `.tsx`
    Tsx,
}

impl Dialect {
    /// By the ending of `path`; `None` if that is no script's. Declarations (`.d.ts`) are none.
    pub fn of(path: &str) -> Option<Self> {
        let dialect = match ending(path) {
            "js" | "mjs" | "cjs" => Self::JavaScript,
            "jsx" => Self::Jsx,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            _ => return None,
        };
        let stem = path.rsplit_once('.').map_or("", |(stem, _)| stem);
        let declares = dialect == Self::TypeScript && ending(stem) == "d";
        (!declares).then_some(dialect)
    }

    /// Whether it has to be turned into JavaScript before it runs.
    pub fn is_transformed(self) -> bool {
        self != Self::JavaScript
    }

    fn has_types(self) -> bool {
        matches!(self, Self::TypeScript | Self::Tsx)
    }

    fn has_jsx(self) -> bool {
        matches!(self, Self::Jsx | Self::Tsx)
    }

    fn source_type(self) -> SourceType {
        let base = SourceType::unambiguous();
        base.with_typescript(self.has_types()).with_jsx(self.has_jsx())
    }
}

/// A bound that a script is beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// It has this many bytes, and [`MAX_SCRIPT`] are parsed.
    Size(usize),
    /// It nests deeper than [`MAX_NESTING`]: brackets, templates, elements, and what makes a parser
    /// call itself (prefix operators, arrows, conditionals, type arguments, `else if`).
    Nesting,
    /// It has more than [`MAX_LINKS`] operators, calls and members in a row.
    Links,
    /// It has a number of more than [`MAX_DIGITS`] characters.
    Digits,
    /// It has more than [`MAX_TOKENS`] tokens.
    Tokens,
    /// It cannot be measured, since this could be read in two ways.
    Unclear(&'static str),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(found) => {
                write!(f, "it has {found} bytes; a script is parsed up to {MAX_SCRIPT}")
            }
            Self::Nesting => write!(f, "it nests deeper than {MAX_NESTING} levels"),
            Self::Links => {
                write!(f, "it has more than {MAX_LINKS} operators, calls and members in a row")
            }
            Self::Digits => write!(f, "it has a number of more than {MAX_DIGITS} characters"),
            Self::Tokens => write!(f, "it has more than {MAX_TOKENS} tokens"),
            Self::Unclear(what) => write!(f, "its nesting cannot be counted: {what}"),
        }
    }
}

/// A script that is not parsed.
///
/// For TypeScript and JSX that is an error. JavaScript needs no parsing to run: there it only means
/// that nobody looked into the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {bound}")]
pub struct Beyond {
    /// The script.
    pub path: String,
    /// The line where the bound was passed, from 1.
    pub line: u32,
    /// Which bound.
    pub bound: Bound,
}

/// The text of a script: without a byte order mark, and with U+FFFD for what is not UTF-8.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // Much quicker than to look for what is wrong, which hardly ever is anything.
    let text =
        std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    if u32::try_from(text.len()).is_ok() { text } else { Cow::Borrowed("") }
}

/// Checks that a script may be parsed.
///
/// # Errors
///
/// It is beyond a bound.
pub fn measure(path: &str, text: &str, dialect: Dialect) -> Result<(), Beyond> {
    looked(path, text, dialect).1
}

/// What the tokens of a script tell, also of one that is beyond a bound.
fn looked(path: &str, text: &str, dialect: Dialect) -> (nesting::Counted, Result<(), Beyond>) {
    let limits =
        Limits { nesting: MAX_NESTING, links: MAX_LINKS, digits: MAX_DIGITS, tokens: MAX_TOKENS };
    let (counted, stop) = nesting::measure(text, dialect.has_types(), dialect.has_jsx(), limits);
    let beyond = |line, bound| Err(Beyond { path: path.to_owned(), line, bound });
    if MAX_SCRIPT < text.len() {
        return (counted, beyond(1, Bound::Size(text.len())));
    }
    let result = match stop {
        None => Ok(()),
        Some((Stop::Nesting, line)) => beyond(line, Bound::Nesting),
        Some((Stop::Links, line)) => beyond(line, Bound::Links),
        Some((Stop::Digits, line)) => beyond(line, Bound::Digits),
        Some((Stop::Tokens, line)) => beyond(line, Bound::Tokens),
        Some((Stop::Unclear(what), line)) => beyond(line, Bound::Unclear(what)),
    };
    (counted, result)
}

/// Parses a script that was measured.
pub(crate) fn parse<'a>(
    allocator: &'a Allocator,
    text: &'a str,
    source_type: SourceType,
) -> ParserReturn<'a> {
    let options = ParseOptions { allow_return_outside_function: true, ..ParseOptions::default() };
    Parser::new(allocator, text, source_type).with_options(options).parse()
}

/// How a script is parsed whose kind is not known yet.
pub(crate) fn unambiguous(dialect: Dialect) -> SourceType {
    dialect.source_type()
}

/// The kind of the file at `path`, where the nearest manifest says `package_type`.
pub fn kind_of(path: &str, bytes: &[u8], package_type: Option<PackageType>) -> Kind {
    let Some(dialect) = Dialect::of(path) else {
        return if ending(path) == "json" { Kind::Json } else { Kind::Data };
    };
    match told(path, dialect, package_type) {
        Some(kind) => kind,
        None => by_syntax(path, &text(bytes), dialect),
    }
}

/// What ending and manifest say about a script.
pub(crate) fn told(path: &str, dialect: Dialect, manifest: Option<PackageType>) -> Option<Kind> {
    match (ending(path), manifest) {
        ("mjs" | "mts", _) => Some(Kind::Module),
        ("cjs", _) => Some(Kind::Commonjs),
        ("cts", _) => None,
        (_, Some(PackageType::Module)) => Some(Kind::Module),
        (_, Some(PackageType::Commonjs)) if !dialect.is_transformed() => Some(Kind::Commonjs),
        (_, Some(PackageType::Commonjs) | None) => None,
    }
}

fn by_syntax(path: &str, text: &str, dialect: Dialect) -> Kind {
    let (counted, result) = looked(path, text, dialect);
    if result.is_err() {
        return if counted.module { Kind::Module } else { Kind::Commonjs };
    }
    let allocator = Allocator::default();
    let parsed = parse(&allocator, text, unambiguous(dialect));
    if parsed.diagnostics.has_errors() {
        let module = parse(&allocator, text, unambiguous(dialect).with_module(true));
        // What no parser takes is told by its words: its author gets the error of the language that was meant.
        let is_module = counted.module || !module.diagnostics.has_errors();
        return if is_module { Kind::Module } else { Kind::Commonjs };
    }
    kind_of_program(&parsed)
}

/// What a script that was parsed as [`unambiguous`] is. TypeScript's `import x = require(…)` and
/// `export = x` alone make no module of it.
pub(crate) fn kind_of_program(parsed: &ParserReturn<'_>) -> Kind {
    let body = &parsed.program.body;
    let assigns = body.iter().any(|it| match it {
        Statement::TSExportAssignment(_) => true,
        Statement::TSImportEqualsDeclaration(it) => {
            matches!(it.module_reference, TSModuleReference::ExternalModuleReference(_))
        }
        _ => false,
    });
    let declares = |it: &Statement<'_>| {
        it.is_module_declaration() && !matches!(it, Statement::TSExportAssignment(_))
    };
    if assigns && parsed.module_record.import_metas.is_empty() && !body.iter().any(declares) {
        return Kind::Commonjs;
    }
    let module = parsed.program.source_type.is_module() || redeclares(&parsed.program);
    if module { Kind::Module } else { Kind::Commonjs }
}

/// Whether a script declares a variable that the CommonJS wrapper has as a parameter: that is an
/// error there, so it is a module.
fn redeclares(program: &Program<'_>) -> bool {
    let is_wrapper =
        |name: &str| matches!(name, "exports" | "require" | "module" | "__filename" | "__dirname");
    let binds = |pattern: &BindingPattern<'_>| {
        pattern.get_binding_identifiers().iter().any(|it| is_wrapper(it.name.as_str()))
    };
    program.body.iter().any(|statement| match statement {
        Statement::VariableDeclaration(it) => {
            it.kind != VariableDeclarationKind::Var
                && it.declarations.iter().any(|it| binds(&it.id))
        }
        Statement::ClassDeclaration(it) => {
            it.id.as_ref().is_some_and(|it| is_wrapper(it.name.as_str()))
        }
        _ => false,
    })
}
