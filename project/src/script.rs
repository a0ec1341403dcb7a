//! One script: what it asks for and reads, what it exports, and its JavaScript if it is TypeScript.
//!
//! A script is measured, parsed, looked at and written out in one go; nothing of it is kept but
//! [`Script`]. JavaScript is never changed, and JavaScript that cannot be parsed is no error here:
//! it gets its error from the engine, if anybody loads it.

use std::path::Path;

use oxc_allocator::Allocator;
use oxc_diagnostics::{Diagnostics, OxcDiagnostic};
use oxc_semantic::{Scoping, SemanticBuilder};

use crate::{
    manifest::PackageType,
    resolve::By,
    syntax::{self, Beyond, Dialect, Kind},
    tsconfig::TsConfig,
};

mod accessors;
mod constant;
mod enums;
mod helpers;
mod imports;
mod names;
mod places;
mod reads;
mod transform;
mod types;

pub use imports::imports_of;
pub use names::{Exports, commonjs_names};
pub use places::{Lines, Place, Places};
pub use reads::{Asset, Base, Request, Unfollowed};
pub use types::Types;

/// What is asked about a script.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Its path: tells the language, and is named in errors.
    pub path: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
    /// `type` of its nearest manifest.
    pub package_type: Option<PackageType>,
    /// The config for its folder; counts for TypeScript and JSX.
    pub tsconfig: Option<&'a TsConfig>,
    /// Whether its JavaScript is wanted.
    pub code: bool,
    /// What other scripts export as types only: the specifier by which this one asks for them, and
    /// the name. It does not hand them on. Counts for TypeScript.
    pub types: &'a [(String, String)],
}

/// A script that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// [`Kind::Commonjs`] or [`Kind::Module`].
    pub kind: Option<Kind>,
    /// The modules it asks for, in the order of the text.
    pub requests: Vec<Request>,
    /// The files it reads at run time.
    pub assets: Vec<Asset>,
    /// Where it asks for what only shows at run time.
    pub unfollowed: Vec<Unfollowed>,
    /// It is a module with an `await` outside of its functions.
    pub awaits: bool,
    /// What an `import` of it gets, if it is CommonJS.
    pub exports: Exports,
    /// What it exports that are types, if it is TypeScript.
    pub types: Types,
    /// Its JavaScript, if that was wanted and it is TypeScript or JSX.
    pub code: Option<Code>,
    /// Why it was not looked into; JavaScript only.
    pub unread: Option<ScriptError>,
}

/// JavaScript that was made of TypeScript or JSX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The JavaScript.
    pub text: String,
    /// Which place of the author's text each place of it comes from.
    pub places: Places,
}

/// Why a script is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// It is beyond a bound.
    #[error(transparent)]
    Beyond(#[from] Beyond),
    /// It is no valid program.
    #[error("{path}:{place}: {message}")]
    Syntax {
        /// The script.
        path: String,
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
    },
    /// It is valid, but cannot be turned into JavaScript here.
    #[error("{path}:{place}: {message}")]
    Unsupported {
        /// The script.
        path: String,
        /// Where.
        place: Place,
        /// What cannot be turned.
        message: String,
    },
}

/// Reads a script.
///
/// # Errors
///
/// TypeScript or JSX that is beyond a bound, not valid, or cannot be turned into JavaScript. For
/// JavaScript there is none: see [`Script::unread`].
pub fn read(ask: &Ask<'_>) -> Result<Script, ScriptError> {
    let dialect = Dialect::of(ask.path).unwrap_or(Dialect::JavaScript);
    let text = syntax::text(ask.bytes);
    if dialect.is_transformed() {
        return transformed(ask, &text, dialect);
    }
    match plain(ask, &text) {
        Ok(script) => Ok(script),
        Err(error) => {
            let kind = syntax::kind_of(ask.path, ask.bytes, ask.package_type);
            let kind = if kind == Kind::Module { kind } else { Kind::Commonjs };
            let exports =
                if kind == Kind::Commonjs { names::of_text(&text) } else { Exports::default() };
            let requests = match error {
                ScriptError::Beyond(_) => reads::of_text(&text),
                ScriptError::Syntax { .. } | ScriptError::Unsupported { .. } => Vec::new(),
            };
            let unread = Some(error);
            Ok(Script { kind: Some(kind), exports, requests, unread, ..Script::default() })
        }
    }
}

/// JavaScript: looked at, not changed.
fn plain(ask: &Ask<'_>, text: &str) -> Result<Script, ScriptError> {
    let dialect = Dialect::JavaScript;
    syntax::measure(ask.path, text, dialect)?;
    let told = syntax::told(ask.path, dialect, ask.package_type);
    let source_type = match told {
        Some(Kind::Module) => syntax::unambiguous(dialect).with_module(true),
        Some(_) => syntax::unambiguous(dialect).with_commonjs(true),
        None => syntax::unambiguous(dialect),
    };
    let allocator = Allocator::default();
    let lines = Lines::new(text);
    let mut parsed = syntax::parse(&allocator, text, source_type);
    if told.is_none() && parsed.diagnostics.has_errors() {
        // It may be a module whose only sign is an `await` that could be a name elsewhere.
        let module = syntax::parse(&allocator, text, source_type.with_module(true));
        if !module.diagnostics.has_errors() {
            parsed = module;
        }
    }
    if let Some(error) = first(ask.path, &lines, &parsed.diagnostics) {
        return Err(error);
    }
    let kind = told.unwrap_or_else(|| syntax::kind_of_program(&parsed));
    let semantic = SemanticBuilder::new().with_build_nodes(false).build(&parsed.program);
    let scoping = semantic.semantic.into_scoping();
    let mut script = reads::read(&parsed.program, &scoping, &lines);
    script.kind = Some(kind);
    if kind == Kind::Commonjs {
        script.exports = names::of_program(&parsed.program);
    }
    Ok(script)
}

/// TypeScript or JSX: turned into JavaScript, and that looked at.
fn transformed(ask: &Ask<'_>, text: &str, dialect: Dialect) -> Result<Script, ScriptError> {
    syntax::measure(ask.path, text, dialect)?;
    let allocator = Allocator::default();
    let lines = Lines::new(text);
    let told = syntax::told(ask.path, dialect, ask.package_type);
    let unambiguous = syntax::unambiguous(dialect);
    let kind = told.unwrap_or_else(|| {
        let parsed = syntax::parse(&allocator, text, unambiguous);
        // What is valid as a module only is one.
        if parsed.diagnostics.has_errors() {
            Kind::Module
        } else {
            syntax::kind_of_program(&parsed)
        }
    });
    let source_type = match kind {
        Kind::Module => unambiguous.with_module(true),
        Kind::Commonjs | Kind::Json | Kind::Data => unambiguous.with_commonjs(true),
    };
    let mut parsed = syntax::parse(&allocator, text, source_type);
    if let Some(error) = first(ask.path, &lines, &parsed.diagnostics) {
        return Err(error);
    }
    if let Some(what) = transform::decorated_private(&parsed.program) {
        return Err(unsupported(ask.path, &lines, what));
    }
    if ask.tsconfig.is_some_and(|it| !it.experimental_decorators)
        && let Some(what) = transform::decorated(&parsed.program)
    {
        return Err(unsupported(ask.path, &lines, what));
    }
    enums::check(&parsed.program).map_err(|it| unsupported(ask.path, &lines, it))?;
    let edited = accessors::lowered(&parsed.program, text);
    let edited = edited.map_err(|it| unsupported(ask.path, &lines, it))?;
    let (text, lines) = match &edited {
        Some((text, edits)) => (text.as_str(), lines.edited(text, edits.clone())),
        None => (text, lines),
    };
    if edited.is_some() {
        syntax::measure(ask.path, text, dialect)?;
        parsed = syntax::parse(&allocator, text, source_type);
        if let Some(error) = first(ask.path, &lines, &parsed.diagnostics) {
            return Err(error);
        }
    }
    let types = types::collect(&parsed.program);
    types::leave_out(&mut parsed.program, ask.types);
    let semantic = SemanticBuilder::new_compiler()
        .with_excess_capacity(1.0)
        .with_enum_eval(true)
        .build(&parsed.program);
    if let Some(error) = first(ask.path, &lines, &semantic.diagnostics) {
        return Err(error);
    }
    let scoping = semantic.semantic.into_scoping();
    let config = ask.tsconfig.cloned().unwrap_or_default();
    let options = transform::options(&config, kind);
    let transformer = oxc_transformer::Transformer::new(&allocator, Path::new(ask.path), &options);
    let done = transformer.build_with_scoping(scoping, &mut parsed.program);
    if let Some(problem) = done.diagnostics.into_vec().iter().find(|it| !transform::harmless(it)) {
        let what = (at(problem), transform::told(problem));
        return Err(unsupported(ask.path, &lines, what));
    }
    if let Some(what) = transform::left_over(&parsed.program) {
        return Err(unsupported(ask.path, &lines, what));
    }
    let mut script = reads::read(&parsed.program, &done.scoping, &lines);
    let mut bridge = match told.is_none() && kind == Kind::Module {
        true => Bridge::Module,
        false => Bridge::None,
    };
    let mut kind = kind;
    if bridge == Bridge::Module
        && !script.awaits
        && let Some(imported) = transform::assigns_exports(&parsed.program, &done.scoping)
    {
        (bridge, kind) = (Bridge::Commonjs, Kind::Commonjs);
        for request in script.requests.iter_mut().filter(|it| imported.contains(&it.specifier)) {
            request.by = By::Require;
        }
    }
    script.kind = Some(kind);
    script.types = types;
    if kind == Kind::Commonjs {
        script.exports = names::of_program(&parsed.program);
    }
    if ask.code {
        script.code = Some(transform::write(&mut parsed.program, &done.scoping, &lines, bridge));
    }
    Ok(script)
}

/// What a script of TypeScript that is a module by its syntax alone may expect, as compilers make CommonJS of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bridge {
    /// It is no such script.
    None,
    /// `require`, `__dirname` and `__filename`, and namespaces of what a CommonJS script exports.
    Module,
    /// It assigns to `module.exports` or `exports` and exports nothing else: it is CommonJS, and its imports are
    /// calls of `require`.
    Commonjs,
}

/// What cannot be turned into JavaScript: the offset, and a message.
type Refused = (u32, String);

fn unsupported(path: &str, lines: &Lines<'_>, (at, message): Refused) -> ScriptError {
    ScriptError::Unsupported { path: path.to_owned(), place: lines.place(at), message }
}

/// Where a diagnostic points to, as an offset.
fn at(problem: &OxcDiagnostic) -> u32 {
    problem.labels.first().map_or(0, oxc_span::LabeledSpan::offset)
}

/// The first error of the parser.
fn first(path: &str, lines: &Lines, diagnostics: &Diagnostics) -> Option<ScriptError> {
    let problem = diagnostics.errors().next()?;
    let message = match &problem.help {
        Some(help) => format!("{} ({help})", problem.message),
        None => problem.message.to_string(),
    };
    Some(ScriptError::Syntax { path: path.to_owned(), place: lines.place(at(problem)), message })
}

/// Whether a name at this reference is no variable of the script.
fn is_free(scoping: &Scoping, ident: &oxc_ast::ast::IdentifierReference<'_>) -> bool {
    let id = ident.reference_id.get();
    id.is_none_or(|it| scoping.get_reference(it).symbol_id().is_none())
}

#[cfg(test)]
mod tests;
