//! Which names an `import` of a CommonJS script gets, as far as its text tells.
//!
//! Node finds them by looking at tokens; what it detects is documented with its lexer, and the forms
//! below are those: assignments to members of `exports`, `Object.defineProperty(exports, …)` with a
//! value or a plain getter (what has another getter is left out, even if it is assigned elsewhere),
//! `module.exports = { … }` up to the first value that is no name,
//! `module.exports = require(…)` (the last one counts), and the loops and calls by which TypeScript,
//! Babel and esbuild hand on what another module exports. As there, it does not matter in which
//! function that stands.

use std::collections::{BTreeMap, BTreeSet};

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, AssignmentExpression, AssignmentTarget, BindingPattern, CallExpression, Expression,
    ObjectExpression, ObjectPropertyKind, Program, PropertyKey, PropertyKind, Statement,
    VariableDeclarator,
};
use oxc_ast_visit::{VisitJs, walk_js};
use oxc_span::GetSpan;
use oxc_syntax::operator::AssignmentOperator;

use super::constant::callee_name;
use crate::syntax::{self, Dialect};

/// Most names that are kept of one script.
const MAX_NAMES: usize = 20_000;

/// What a CommonJS script exports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exports {
    /// The names, in the order of the text, each once. `__esModule` may be one of them.
    pub names: Vec<String>,
    /// Specifiers whose names it exports too.
    pub reexports: Vec<String>,
}

/// What the CommonJS script `source` exports. A script that is not parsed is searched as text.
pub fn commonjs_names(source: &str) -> Exports {
    if syntax::measure("", source, Dialect::JavaScript).is_err() {
        return of_text(source);
    }
    let allocator = Allocator::default();
    let source_type = syntax::unambiguous(Dialect::JavaScript).with_commonjs(true);
    let parsed = syntax::parse(&allocator, source, source_type);
    if parsed.diagnostics.has_errors() { of_text(source) } else { of_program(&parsed.program) }
}

pub(super) fn of_program(program: &Program<'_>) -> Exports {
    let mut finder = Finder { text: program.source_text, ..Finder::default() };
    finder.visit_program(program);
    let Finder { mut exports, guarded, .. } = finder;
    exports.names.retain(|it| !guarded.contains(it.as_str()));
    exports
}

/// `exports.x =` wherever it stands: too much, rather than too little.
pub(super) fn of_text(source: &str) -> Exports {
    let mut finder = Finder::default();
    for at in memchr::memmem::find_iter(source.as_bytes(), b"exports.") {
        let rest = &source[at + "exports.".len()..];
        let end = rest.find(|it: char| !it.is_alphanumeric() && it != '_' && it != '$');
        let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
        let after = after.trim_start();
        let assigns =
            after.starts_with('=') && !after.starts_with("==") && !after.starts_with("=>");
        if assigns && !name.is_empty() && !name.starts_with(|it: char| it.is_ascii_digit()) {
            finder.name(name);
        }
    }
    finder.exports
}

/// How the text of a property's value begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    /// It is one word.
    Name,
    /// With a word.
    Word,
    /// With something else.
    Other,
}

#[derive(Default)]
struct Finder<'a> {
    text: &'a str,
    exports: Exports,
    known: BTreeSet<String>,
    /// Names with a getter that does more than to return a member.
    guarded: BTreeSet<&'a str>,
    /// Variables that hold what a module exports: their specifiers.
    modules: BTreeMap<&'a str, &'a str>,
}

impl<'a> Finder<'a> {
    fn name(&mut self, name: &str) {
        if self.exports.names.len() < MAX_NAMES && self.known.insert(name.to_owned()) {
            self.exports.names.push(name.to_owned());
        }
    }

    fn reexport(&mut self, specifier: &str) {
        if !self.exports.reexports.iter().any(|it| it == specifier) {
            self.exports.reexports.push(specifier.to_owned());
        }
    }

    /// `module.exports = { … }`
    fn literal(&mut self, it: &ObjectExpression<'a>) {
        for property in &it.properties {
            match property {
                ObjectPropertyKind::SpreadProperty(it) => {
                    if let Some(specifier) = required(&it.argument) {
                        self.reexport(specifier);
                    } else if !matches!(it.argument, Expression::Identifier(_)) {
                        return;
                    }
                }
                ObjectPropertyKind::ObjectProperty(it) => {
                    let PropertyKey::StaticIdentifier(name) = &it.key else {
                        // A text as key is a name, and its value may be anything that begins with a word; what
                        // follows is read if that is all of it.
                        if let PropertyKey::StringLiteral(name) = &it.key
                            && !it.method
                        {
                            match self.value(&it.value) {
                                Value::Name => {
                                    self.name(name.value.as_str());
                                    continue;
                                }
                                Value::Word => self.name(name.value.as_str()),
                                Value::Other => {}
                            }
                        }
                        return;
                    };
                    // Node's lexer takes `get` of `get x() {}` for a name, as it sees tokens.
                    match it.kind {
                        PropertyKind::Get => return self.name("get"),
                        PropertyKind::Set => return self.name("set"),
                        PropertyKind::Init => {}
                    }
                    let plain = matches!(&it.value, Expression::FunctionExpression(it)
                        if !it.r#async && !it.generator);
                    match self.value(&it.value) {
                        _ if it.method => {
                            return if plain {
                                self.name(name.name.as_str())
                            };
                        }
                        Value::Name => self.name(name.name.as_str()),
                        Value::Word => return self.name(name.name.as_str()),
                        Value::Other => return,
                    }
                }
            }
        }
    }

    /// How the text of a value begins.
    fn value(&self, it: &Expression<'a>) -> Value {
        let start = it.span().start as usize;
        let begins = self.text.get(start..).and_then(|it| it.chars().next());
        match it {
            Expression::Identifier(_)
            | Expression::BooleanLiteral(_)
            | Expression::NullLiteral(_)
            | Expression::ThisExpression(_) => Value::Name,
            _ if begins.is_some_and(|it| it.is_alphabetic() || it == '_' || it == '$') => {
                Value::Word
            }
            _ => Value::Other,
        }
    }

    /// `Object.defineProperty(exports, "x", …)`
    fn defined(&mut self, arguments: &[Argument<'a>]) {
        let [target, name, how, ..] = arguments else { return };
        let (Some(target), Some(Expression::StringLiteral(name)), Some(how)) =
            (target.as_expression(), name.as_expression(), how.as_expression())
        else {
            return;
        };
        let Expression::ObjectExpression(how) = how else { return };
        if !is_exports(target) {
            return;
        }
        if how.properties.iter().any(is_plain) {
            self.name(name.value.as_str());
        } else if how.properties.iter().any(|it| {
            matches!(it, ObjectPropertyKind::ObjectProperty(it)
            if it.key.static_name().as_deref() == Some("get"))
        }) {
            self.guarded.insert(name.value.as_str());
        }
    }

    /// `Object.keys(x).forEach(function (key) { … exports[key] = x[key] … })`
    fn copied(&mut self, it: &CallExpression<'a>) {
        let Expression::StaticMemberExpression(callee) = &it.callee else { return };
        let Expression::CallExpression(keys) = &callee.object else { return };
        if callee.property.name != "forEach" || !is_static(&keys.callee, "Object", "keys") {
            return;
        }
        let Some(Expression::Identifier(from)) =
            keys.arguments.first().and_then(Argument::as_expression)
        else {
            return;
        };
        let Some(specifier) = self.modules.get(from.name.as_str()).copied() else { return };
        let mut copies = Copies::default();
        match it.arguments.first().and_then(Argument::as_expression) {
            Some(Expression::FunctionExpression(it)) => {
                if let Some(body) = &it.body {
                    copies.visit_function_body(body);
                }
            }
            Some(Expression::ArrowFunctionExpression(it)) => {
                copies.visit_arrow_function_expression(it);
            }
            _ => {}
        }
        if copies.0 {
            self.reexport(specifier);
        }
    }
}

impl<'a> VisitJs<'a> for Finder<'a> {
    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        if it.operator == AssignmentOperator::Assign {
            match &it.left {
                AssignmentTarget::StaticMemberExpression(left) => {
                    if is_exports(&left.object) {
                        self.name(left.property.name.as_str());
                    } else if is_named(&left.object, "module") && left.property.name == "exports" {
                        self.exports.reexports.clear();
                        match &it.right {
                            Expression::ObjectExpression(object) => self.literal(object),
                            right => {
                                // Node's lexer stops behind the parenthesis: a member of it hands all names on too.
                                if let Some(specifier) = required(innermost(right)) {
                                    self.reexport(specifier);
                                }
                            }
                        }
                    }
                }
                AssignmentTarget::ComputedMemberExpression(left) => {
                    if let Expression::StringLiteral(name) = &left.expression
                        && is_exports(&left.object)
                    {
                        self.name(name.value.as_str());
                    }
                }
                _ => {}
            }
        }
        walk_js::walk_assignment_expression(self, it);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let BindingPattern::BindingIdentifier(id) = &it.id
            && let Some(init) = &it.init
        {
            let wrapped = match init {
                Expression::CallExpression(call) if call.arguments.len() == 1 => {
                    call.arguments.first().and_then(Argument::as_expression)
                }
                _ => None,
            };
            if let Some(specifier) = required(init).or_else(|| required(wrapped?)) {
                self.modules.insert(id.name.as_str(), specifier);
            }
        }
        walk_js::walk_variable_declarator(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        if is_static(&it.callee, "Object", "defineProperty") {
            self.defined(&it.arguments);
        } else if matches!(callee_name(&it.callee), Some("__export" | "__exportStar")) {
            let first = it.arguments.first().and_then(Argument::as_expression);
            if let Some(specifier) = first.and_then(required) {
                self.reexport(specifier);
            }
        } else {
            self.copied(it);
        }
        walk_js::walk_call_expression(self, it);
    }
}

fn is_named(it: &Expression<'_>, name: &str) -> bool {
    matches!(it, Expression::Identifier(it) if it.name == name)
}

/// `object.property`
fn is_static(it: &Expression<'_>, object: &str, property: &str) -> bool {
    matches!(it, Expression::StaticMemberExpression(it)
        if it.property.name == property && is_named(&it.object, object))
}

/// `exports` or `module.exports`
fn is_exports(it: &Expression<'_>) -> bool {
    is_named(it, "exports") || is_static(it, "module", "exports")
}

/// What the first of members and calls is made of.
fn innermost<'b, 'a>(mut it: &'b Expression<'a>) -> &'b Expression<'a> {
    loop {
        it = match it {
            Expression::StaticMemberExpression(member) => &member.object,
            Expression::ComputedMemberExpression(member) => &member.object,
            Expression::CallExpression(call) if required(it).is_none() => &call.callee,
            _ => return it,
        };
    }
}

/// The specifier of `require("x")`
fn required<'a>(it: &Expression<'a>) -> Option<&'a str> {
    let Expression::CallExpression(call) = it else { return None };
    let [argument] = call.arguments.as_slice() else { return None };
    match argument.as_expression()? {
        Expression::StringLiteral(name) if is_named(&call.callee, "require") => {
            Some(name.value.as_str())
        }
        _ => None,
    }
}

/// Whether a property of a descriptor is a value, or a getter that returns a name or a member.
fn is_plain(it: &ObjectPropertyKind<'_>) -> bool {
    let ObjectPropertyKind::ObjectProperty(it) = it else { return false };
    let name = it.key.static_name();
    if name.as_deref() == Some("value") {
        return true;
    }
    let Expression::FunctionExpression(getter) = &it.value else { return false };
    let Some(body) = &getter.body else { return false };
    let [Statement::ReturnStatement(only)] = body.statements.as_slice() else { return false };
    let plain = match &only.argument {
        Some(Expression::Identifier(_)) => true,
        Some(Expression::StaticMemberExpression(it)) => {
            matches!(it.object, Expression::Identifier(_))
        }
        Some(Expression::ComputedMemberExpression(it)) => {
            matches!(it.object, Expression::Identifier(_))
                && matches!(it.expression, Expression::StringLiteral(_))
        }
        _ => false,
    };
    name.as_deref() == Some("get") && plain
}

/// Whether the body of a loop sets members of `exports` by a computed key.
#[derive(Default)]
struct Copies(bool);

impl<'a> VisitJs<'a> for Copies {
    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        if let AssignmentTarget::ComputedMemberExpression(left) = &it.left {
            self.0 |= is_exports(&left.object);
        }
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let first = it.arguments.first().and_then(Argument::as_expression);
        self.0 |=
            is_static(&it.callee, "Object", "defineProperty") && first.is_some_and(is_exports);
        walk_js::walk_call_expression(self, it);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(source: &str, names: &[&str], reexports: &[&str]) {
        let found = commonjs_names(source);
        assert_eq!(found.names, names, "{source}");
        assert_eq!(found.reexports, reexports, "{source}");
    }

    #[test]
    fn assignments() {
        finds("exports.a = exports['b'] = 1; module.exports.c = 2", &["a", "b", "c"], &[]);
        finds(
            "(function (exports) { exports.a = 1 })(exports); if (x) exports.b = 1",
            &["a", "b"],
            &[],
        );
        finds("exports.a; exports.b == 1; x.exports.c = 1; exports[d] = 1", &[], &[]);
        finds("exports = module.exports = { a }; exports.a.b = 1", &["a"], &[]);
    }

    #[test]
    fn literals_end_at_the_first_value_that_is_no_name() {
        finds("module.exports = { a, b: c, 'd-e': f }", &["a", "b", "d-e"], &[]);
        finds("module.exports = { a, ...x, b: require('c'), c: 'no' }", &["a", "b"], &[]);
        finds("module.exports = { a, ...require('x'), b }", &["a", "b"], &["x"]);
        finds("module.exports = { a, get b() {}, c }", &["a", "get"], &[]);
        finds("module.exports = { a, m() {}, c }", &["a", "m"], &[]);
        finds("module.exports = { a: 1, b }", &[], &[]);
        finds("module.exports = { a: true, b: class {}, c }", &["a", "b"], &[]);
        finds("0 && (module.exports = { a, b, ...require('./x') })", &["a", "b"], &["./x"]);
        finds("module.exports = { a, 'b': c.d, e }", &["a", "b"], &[]);
        finds("module.exports = { 'a': new Date(), b }", &["a"], &[]);
        finds("module.exports = { 'a': [1], b }", &[], &[]);
    }

    #[test]
    fn a_member_of_a_module_hands_on_all_its_names() {
        for source in
            ["require('x').a", "require('x')['a']", "require('x').a.b(1)", "require('x')()"]
        {
            finds(&format!("module.exports = {source}"), &[], &["x"]);
        }
        finds("module.exports = f(require('x'))", &[], &[]);
    }

    #[test]
    fn the_last_module_counts() {
        let source = "if (production) { module.exports = require('./min.js') } else { module.exports = require('./dev.js') }";
        finds(source, &[], &["./dev.js"]);
    }

    #[test]
    fn definitions() {
        finds(
            "Object.defineProperty(exports, '__esModule', { value: true })",
            &["__esModule"],
            &[],
        );
        let getter = "Object.defineProperty(exports, 'a', { enumerable: true, get: function () { return b.c; } })";
        finds(getter, &["a"], &[]);
        finds("Object.defineProperty(module.exports, 'a', { get() { return b } })", &["a"], &[]);
        finds(
            "exports.a = 1; Object.defineProperty(exports, 'a', { get() { return b() } })",
            &[],
            &[],
        );
    }

    #[test]
    fn what_compilers_write() {
        finds(
            "__exportStar(require('a'), exports); tslib_1.__exportStar(require('b'), exports); __export(require('c'))",
            &[],
            &["a", "b", "c"],
        );
        let babel = "var _a = _interopRequireWildcard(require('./a')); Object.keys(_a).forEach(function (key) {\
            if (key === 'default' || key === '__esModule') return; if (key in exports && exports[key] === _a[key]) return;\
            Object.defineProperty(exports, key, { enumerable: true, get: function () { return _a[key]; } }); });";
        finds(babel, &[], &["./a"]);
        let old = "var _a = require('./a'); Object.keys(_a).forEach(function (k) { exports[k] = _a[k]; });";
        finds(old, &[], &["./a"]);
        finds("Object.keys(x).forEach(function (k) { exports[k] = x[k]; })", &[], &[]);
    }

    #[test]
    fn what_is_not_parsed_is_searched() {
        let deep =
            format!("exports.a = 1;\nmodule.exports.b=2; exports.c == 3;\n{}", "(".repeat(10_000));
        finds(&deep, &["a", "b"], &[]);
    }
}
