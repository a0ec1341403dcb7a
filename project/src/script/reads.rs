//! What a program asks for: modules, and files that it reads at run time.

use std::collections::BTreeSet;

use oxc_ast::ast::{
    ArrowFunctionExpression, AwaitExpression, BindingPattern, CallExpression,
    ConditionalExpression, ExportAllDeclaration, ExportFromDeclaration, Expression, ForOfStatement,
    Function, IfStatement, ImportDeclaration, ImportExpression, LogicalExpression, NewExpression,
    Program, TSImportEqualsDeclaration, TSModuleReference, TryStatement, VariableDeclaration,
    VariableDeclarationKind, VariableDeclarator,
};
use oxc_ast_visit::{VisitJs, walk_js};
use oxc_semantic::{Scoping, SymbolId};
use oxc_span::{GetSpan, Span};
use oxc_syntax::scope::ScopeFlags;

pub use super::constant::Base;
use super::{
    constant::{Constants, Value, callee_name},
    helpers, is_free,
    places::{Lines, Place},
};
use crate::resolve::{By, MAX_SPECIFIER};

/// A module that a script asks for by a constant name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it asks for.
    pub specifier: String,
    /// How.
    pub by: By,
    /// It stands in a `try`: the script copes without it.
    pub optional: bool,
    /// It is only asked for when a function runs or a condition holds, or by `import()`.
    pub lazy: bool,
    /// It may be no request at all: found in a text that was not parsed, or asked of a parameter named `require`. It is
    /// optional, and nothing is said where it leads nowhere.
    pub guess: bool,
    /// Where.
    pub at: Place,
}

/// A file or folder that a script names by a constant path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// What the path is from.
    pub base: Base,
    /// The path, with `.` and `..` in it.
    pub path: String,
    /// The script reads it as a folder.
    pub folder: bool,
    /// The script reads it, and does not only name it.
    pub read: bool,
    /// Where.
    pub at: Place,
}

/// A place where a script asks for a module whose name only shows at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfollowed {
    /// `require`, `import()` or `import.meta.resolve`.
    pub what: &'static str,
    /// Where.
    pub at: Place,
}

/// Looks through a program.
pub(super) fn read(program: &Program<'_>, scoping: &Scoping, lines: &Lines<'_>) -> super::Script {
    let constants = Constants::new(scoping);
    let script = super::Script::default();
    let requires = BTreeSet::new();
    let (tries, lazy, functions) = (0, 0, 0);
    let mut reader = Reader { scoping, lines, constants, requires, script, tries, lazy, functions };
    reader.visit_program(program);
    reader.script
}

/// Requests of one script that are taken from its text, at most.
const MOST_GUESSED: usize = 1024;

/// What a script that is not parsed seems to ask for: texts behind `require(`, `import(`, `from` and `import`.
pub(super) fn of_text(text: &str) -> Vec<Request> {
    const MARKS: [(&str, By); 4] = [
        ("require(", By::Require),
        ("import(", By::Import),
        ("from", By::Import),
        ("import", By::Import),
    ];
    let mut found = Vec::new();
    let mut known = BTreeSet::new();
    for (mark, by) in MARKS {
        for at in memchr::memmem::find_iter(text.as_bytes(), mark) {
            let rest = text[at + mark.len()..].trim_start_matches([' ', '\n', '\t', '\r']);
            let Some(quote) = rest.chars().next().filter(|it| matches!(it, '"' | '\'')) else {
                continue;
            };
            let rest = &rest[1..];
            let end = rest.bytes().take(MAX_SPECIFIER).position(|it| it == quote as u8);
            let found_text = end.map(|end| &rest[..end]);
            let Some(specifier) = found_text.filter(|it| !it.is_empty() && !it.contains('\n'))
            else {
                continue;
            };
            if known.len() < MOST_GUESSED && known.insert((specifier, by)) {
                found.push(Request {
                    specifier: specifier.to_owned(),
                    by,
                    optional: true,
                    lazy: true,
                    guess: true,
                    at: Place { line: 1, column: 1 },
                });
            }
        }
    }
    found
}

struct Reader<'s> {
    scoping: &'s Scoping,
    lines: &'s Lines<'s>,
    constants: Constants<'s>,
    /// Variables that hold what `createRequire` made.
    requires: BTreeSet<SymbolId>,
    script: super::Script,
    /// Blocks of `try` around, in the same function.
    tries: u32,
    /// Functions and conditions around.
    lazy: u32,
    /// Functions around.
    functions: u32,
}

impl Reader<'_> {
    fn place(&self, span: Span) -> Place {
        self.lines.place(span.start)
    }

    fn request(&mut self, specifier: &str, by: By, span: Span) {
        self.request_as(specifier, by, span, false);
    }

    fn request_as(&mut self, specifier: &str, by: By, span: Span, guess: bool) {
        if specifier.starts_with(helpers::MODULE) {
            // It is written into the script itself.
            return;
        }
        let request = Request {
            specifier: specifier.chars().take(MAX_SPECIFIER + 1).collect(),
            by,
            optional: guess || 0 < self.tries,
            lazy: guess || 0 < self.lazy,
            guess,
            at: self.place(span),
        };
        self.script.requests.push(request);
    }

    /// A module named by an expression.
    fn named(&mut self, name: &Expression<'_>, by: By, what: &'static str, span: Span) {
        match self.constants.value(name) {
            Some(Value::Text(text)) => self.request(&text, by, span),
            Some(Value::Path(Base::Script, rest)) => {
                let rest = rest.trim_start_matches('/');
                self.request(&format!("./{rest}"), by, span);
            }
            Some(Value::Path(Base::Working, _) | Value::Own) | None => {
                let at = self.place(span);
                self.script.unfollowed.push(Unfollowed { what, at });
            }
        }
    }

    /// Notes the paths among the arguments of a call.
    fn assets(&mut self, it: &CallExpression<'_>) {
        let name = callee_name(&it.callee).unwrap_or_default();
        let lists = matches!(
            name,
            "readdir" | "readdirSync" | "opendir" | "opendirSync" | "static" | "serveStatic"
        );
        let reads = lists
            || matches!(
                name,
                "readFile"
                    | "readFileSync"
                    | "createReadStream"
                    | "open"
                    | "openSync"
                    | "readJson"
                    | "readJsonSync"
            );
        // What goes into another path or through these is noted where it ends up.
        if matches!(name, "join" | "resolve" | "dirname" | "fileURLToPath" | "require" | "import") {
            return;
        }
        for argument in &it.arguments {
            let Some(argument) = argument.as_expression() else { continue };
            let Some(value) = self.constants.value(argument) else { continue };
            if matches!(value, Value::Text(_)) && !reads {
                continue;
            }
            self.asset(&value, lists, reads, argument.span());
            if reads {
                break;
            }
        }
    }

    /// What Express renders with: the package and the folder that `app.set("view engine", …)` and
    /// `app.set("views", …)` name. Whether a call is one of those.
    fn views(&mut self, it: &CallExpression<'_>) -> bool {
        let [name, value] = it.arguments.as_slice() else { return false };
        let (Some(Expression::StringLiteral(name)), Some(value)) =
            (name.as_expression(), value.as_expression())
        else {
            return false;
        };
        if callee_name(&it.callee) != Some("set") {
            return false;
        }
        match (name.value.as_str(), self.constants.value(value)) {
            ("view engine", Some(Value::Text(engine))) => {
                self.request_as(&engine, By::Require, value.span(), true);
            }
            ("views", Some(folder)) => self.asset(&folder, true, true, value.span()),
            _ => return false,
        }
        true
    }

    fn asset(&mut self, value: &Value, folder: bool, read: bool, span: Span) {
        if let Some((base, path)) = value.path()
            && !path.is_empty()
            && path.len() <= MAX_SPECIFIER
        {
            let (path, at) = (path.to_owned(), self.place(span));
            self.script.assets.push(Asset { base, path, folder, read, at });
        }
    }

    /// Whether an expression is a function that asks for modules: `require`, what `createRequire`
    /// made, or what esbuild calls so.
    fn is_require(&self, callee: &Expression<'_>) -> bool {
        match callee {
            Expression::Identifier(it) if is_free(self.scoping, it) => it.name == "require",
            Expression::Identifier(it) => {
                let id = it.reference_id.get().map(|it| self.scoping.get_reference(it));
                let made = id.and_then(|it| it.symbol_id());
                it.name == "__require" || made.is_some_and(|it| self.requires.contains(&it))
            }
            Expression::CallExpression(it) => self.makes_require(it),
            Expression::StaticMemberExpression(it) => match &it.object {
                Expression::Identifier(object) if it.property.name == "require" => {
                    object.name == "module" && is_free(self.scoping, object)
                }
                Expression::Identifier(_) if it.property.name == "resolve" => {
                    self.is_require(&it.object)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a call is one of a parameter or a variable named `require`, as in what compilers write for several kinds
    /// of modules at once, and in bundles of several scripts.
    fn is_like_require(&self, it: &CallExpression<'_>) -> bool {
        it.arguments.len() == 1
            && matches!(&it.callee, Expression::Identifier(it) if it.name == "require")
    }

    /// `createRequire(import.meta.url)`
    fn makes_require(&self, it: &CallExpression<'_>) -> bool {
        let base = it.arguments.first().and_then(|it| it.as_expression());
        callee_name(&it.callee) == Some("createRequire")
            && base.and_then(|it| self.constants.value(it)) == Some(Value::Own)
    }

    fn function(&mut self, walk: impl FnOnce(&mut Self)) {
        let tries = std::mem::take(&mut self.tries);
        self.lazy += 1;
        self.functions += 1;
        walk(self);
        self.functions -= 1;
        self.lazy -= 1;
        self.tries = tries;
    }

    fn condition(&mut self, walk: impl FnOnce(&mut Self)) {
        self.lazy += 1;
        walk(self);
        self.lazy -= 1;
    }
}

impl<'a> VisitJs<'a> for Reader<'_> {
    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        if !it.import_kind.is_type() {
            self.request(it.source.value.as_str(), By::Import, it.source.span);
        }
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        if !it.export_kind.is_type() {
            self.request(it.source.value.as_str(), By::Import, it.source.span);
        }
    }

    fn visit_export_all_declaration(&mut self, it: &ExportAllDeclaration<'a>) {
        if !it.export_kind.is_type() {
            self.request(it.source.value.as_str(), By::Import, it.source.span);
        }
    }

    fn visit_ts_import_equals_declaration(&mut self, it: &TSImportEqualsDeclaration<'a>) {
        if let TSModuleReference::ExternalModuleReference(module) = &it.module_reference
            && !it.import_kind.is_type()
        {
            let name = &module.expression;
            self.request(name.value.as_str(), By::Require, name.span);
        }
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        // It rejects; nothing fails to load.
        self.condition(|this| this.named(&it.source, By::Import, "import()", it.source.span()));
        walk_js::walk_import_expression(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        if self.is_require(&it.callee) {
            match it.arguments.as_slice() {
                [name, ..] if name.as_expression().is_some() => {
                    if let Some(name) = name.as_expression() {
                        self.named(name, By::Require, "require", name.span());
                    }
                }
                _ => {}
            }
        } else if self.is_like_require(it) {
            if let Some(Expression::StringLiteral(name)) =
                it.arguments.first().and_then(|it| it.as_expression())
            {
                self.request_as(name.value.as_str(), By::Require, name.span, true);
            }
        } else if let Expression::StaticMemberExpression(callee) = &it.callee
            && matches!(callee.object, Expression::ImportMeta(_))
            && callee.property.name == "resolve"
        {
            if let Some(name) = it.arguments.first().and_then(|it| it.as_expression()) {
                let (what, span) = ("import.meta.resolve", name.span());
                self.condition(|this| this.named(name, By::Import, what, span));
            }
        } else if !self.views(it) {
            self.assets(it);
        }
        walk_js::walk_call_expression(self, it);
    }

    fn visit_new_expression(&mut self, it: &NewExpression<'a>) {
        if let Expression::Identifier(name) = &it.callee
            && name.name == "URL"
            && let [text, base] = it.arguments.as_slice()
            && let (Some(text), Some(base)) = (text.as_expression(), base.as_expression())
            && self.constants.value(base) == Some(Value::Own)
            && let Some(Value::Text(text)) = self.constants.value(text)
            && !text.contains([':', '?', '#', '%'])
            && !text.starts_with('/')
        {
            self.asset(&Value::Path(Base::Script, text), false, false, it.span);
        }
        walk_js::walk_new_expression(self, it);
    }

    fn visit_await_expression(&mut self, it: &AwaitExpression<'a>) {
        self.script.awaits |= self.functions == 0;
        walk_js::walk_await_expression(self, it);
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        self.script.awaits |= it.r#await && self.functions == 0;
        walk_js::walk_for_of_statement(self, it);
    }

    fn visit_variable_declaration(&mut self, it: &VariableDeclaration<'a>) {
        let awaits = it.kind == VariableDeclarationKind::AwaitUsing;
        self.script.awaits |= awaits && self.functions == 0;
        walk_js::walk_variable_declaration(self, it);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        walk_js::walk_variable_declarator(self, it);
        self.constants.declare(it);
        if let (BindingPattern::BindingIdentifier(id), Some(Expression::CallExpression(init))) =
            (&it.id, &it.init)
            && self.makes_require(init)
        {
            self.requires.extend(id.symbol_id.get());
        }
    }

    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        self.function(|this| walk_js::walk_function(this, it, flags));
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.function(|this| walk_js::walk_arrow_function_expression(this, it));
    }

    fn visit_try_statement(&mut self, it: &TryStatement<'a>) {
        if it.handler.is_some() {
            self.tries += 1;
            self.visit_block_statement(&it.block);
            self.tries -= 1;
        } else {
            self.visit_block_statement(&it.block);
        }
        if let Some(handler) = &it.handler {
            self.condition(|this| this.visit_catch_clause(handler));
        }
        if let Some(last) = &it.finalizer {
            self.visit_block_statement(last);
        }
    }

    fn visit_if_statement(&mut self, it: &IfStatement<'a>) {
        self.visit_expression(&it.test);
        self.condition(|this| this.visit_statement(&it.consequent));
        if let Some(other) = &it.alternate {
            self.condition(|this| this.visit_statement(other));
        }
    }

    fn visit_conditional_expression(&mut self, it: &ConditionalExpression<'a>) {
        self.visit_expression(&it.test);
        self.condition(|this| {
            this.visit_expression(&it.consequent);
            this.visit_expression(&it.alternate);
        });
    }

    fn visit_logical_expression(&mut self, it: &LogicalExpression<'a>) {
        self.visit_expression(&it.left);
        self.condition(|this| this.visit_expression(&it.right));
    }
}
