//! Which exports of a script in TypeScript are only types, and which may be.
//!
//! `export { T } from "./x"` says nothing of what `T` is. A compiler that sees the whole project
//! leaves it out if it is a type; a script that is turned alone would ask for a name that is not
//! there. So types are collected first, and the scripts that hand them on are turned with that
//! knowledge.

use std::collections::{BTreeMap, BTreeSet};

use oxc_ast::ast::{
    BindingPattern, Declaration, ExportDefaultDeclarationKind, ImportDeclarationSpecifier,
    ImportOrExportKind, Program, Statement,
};

/// What a script says about types that it exports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Types {
    /// Names that it exports and that are only types.
    pub names: BTreeSet<String>,
    /// Names that it hands on: by what they are exported as, the specifier and the name there.
    pub passes: BTreeMap<String, (String, String)>,
    /// Specifiers of which it hands on everything.
    pub stars: Vec<String>,
    /// What it asks for by name: the specifier and the name there.
    pub asked: BTreeSet<(String, String)>,
}

/// Local names of a script.
#[derive(Default)]
struct Locals {
    types: BTreeSet<String>,
    values: BTreeSet<String>,
    /// Where imported names come from: specifier and name there.
    imports: BTreeMap<String, (String, String)>,
    /// Imported by `import type`.
    type_imports: BTreeSet<String>,
}

impl Locals {
    fn of(program: &Program<'_>) -> Self {
        let mut locals = Self::default();
        for statement in &program.body {
            match statement {
                Statement::ImportDeclaration(it) => {
                    for specifier in it.specifiers.iter().flatten() {
                        let local = specifier.local().name.to_string();
                        let (name, is_type) = match specifier {
                            ImportDeclarationSpecifier::ImportSpecifier(one) => {
                                (one.imported.name().to_string(), one.import_kind.is_type())
                            }
                            ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => {
                                ("default".to_owned(), false)
                            }
                            ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => continue,
                        };
                        if is_type || it.import_kind.is_type() {
                            locals.type_imports.insert(local);
                        } else {
                            locals.imports.insert(local, (it.source.value.to_string(), name));
                        }
                    }
                }
                Statement::ExportDeclaration(it) => locals.declare(&it.declaration),
                Statement::ExportDefaultDeclaration(_) => {}
                other => {
                    if let Some(declaration) = other.as_declaration() {
                        locals.declare(declaration);
                    }
                }
            }
        }
        locals
    }

    fn declare(&mut self, it: &Declaration<'_>) {
        let (names, value) = declared(it);
        if value { self.values.extend(names) } else { self.types.extend(names) }
    }

    fn is_type(&self, local: &str) -> bool {
        (self.types.contains(local) && !self.values.contains(local))
            || self.type_imports.contains(local)
    }
}

/// The names that a declaration declares, and whether they are values.
fn declared(it: &Declaration<'_>) -> (Vec<String>, bool) {
    let id = |it: &oxc_ast::ast::BindingIdentifier<'_>| it.name.to_string();
    match it {
        Declaration::VariableDeclaration(it) => {
            let bound = it.declarations.iter().flat_map(|it| names_of(&it.id));
            (bound.collect(), !it.declare)
        }
        Declaration::FunctionDeclaration(it) => {
            (it.id.iter().map(id).collect(), !it.declare && it.body.is_some())
        }
        Declaration::ClassDeclaration(it) => (it.id.iter().map(id).collect(), !it.declare),
        Declaration::TSTypeAliasDeclaration(it) => (vec![id(&it.id)], false),
        Declaration::TSInterfaceDeclaration(it) => (vec![id(&it.id)], false),
        Declaration::TSEnumDeclaration(it) => (vec![id(&it.id)], !it.declare),
        // A namespace may hold values; one that holds none is rare.
        _ => (Vec::new(), true),
    }
}

fn names_of(pattern: &BindingPattern<'_>) -> Vec<String> {
    pattern.get_binding_identifiers().iter().map(|it| it.name.to_string()).collect()
}

/// Collects what a program says about types.
pub(super) fn collect(program: &Program<'_>) -> Types {
    let locals = Locals::of(program);
    let mut types = Types::default();
    types.asked.extend(locals.imports.values().cloned());
    for statement in &program.body {
        match statement {
            Statement::ExportDeclaration(it) => {
                let (names, _) = declared(&it.declaration);
                types.names.extend(names.into_iter().filter(|it| locals.is_type(it)));
            }
            Statement::ExportDefaultDeclaration(it) => {
                let is_type = match &it.declaration {
                    ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => true,
                    ExportDefaultDeclarationKind::Identifier(it) => locals.is_type(&it.name),
                    _ => false,
                };
                if is_type {
                    types.names.insert("default".to_owned());
                }
            }
            Statement::ExportNamedDeclaration(it) => {
                for one in &it.specifiers {
                    let (local, exported) = (one.local.name(), one.exported.name().to_string());
                    let is_type = it.export_kind.is_type() || one.export_kind.is_type();
                    if is_type || locals.is_type(&local) {
                        types.names.insert(exported);
                    } else if let Some(from) = locals.imports.get(local.as_str()) {
                        types.passes.insert(exported, from.clone());
                    }
                }
            }
            Statement::ExportFromDeclaration(it) => {
                for one in &it.specifiers {
                    let exported = one.exported.name().to_string();
                    if it.export_kind.is_type() || one.export_kind.is_type() {
                        types.names.insert(exported);
                    } else {
                        let from = (it.source.value.to_string(), one.local.name().to_string());
                        types.asked.insert(from.clone());
                        types.passes.insert(exported, from);
                    }
                }
            }
            Statement::ExportAllDeclaration(it) if it.exported.is_none() => {
                types.stars.push(it.source.value.to_string());
            }
            _ => {}
        }
    }
    types
}

/// Takes out of a program what it hands on of `known` types (specifiers, and names there), and marks
/// what it imports of them.
pub(super) fn leave_out(program: &mut Program<'_>, known: &[(String, String)]) {
    if known.is_empty() {
        return;
    }
    let is_known =
        |specifier: &str, name: &str| known.iter().any(|(of, it)| of == specifier && it == name);
    let locals = Locals::of(program);
    program.body.retain_mut(|statement| match statement {
        Statement::ImportDeclaration(it) => {
            let source = it.source.value.to_string();
            for specifier in it.specifiers.iter_mut().flatten() {
                if let ImportDeclarationSpecifier::ImportSpecifier(one) = specifier
                    && is_known(&source, &one.imported.name())
                {
                    one.import_kind = ImportOrExportKind::Type;
                }
            }
            true
        }
        Statement::ExportFromDeclaration(it) => {
            let (before, source) = (it.specifiers.len(), it.source.value.to_string());
            it.specifiers.retain(|one| !is_known(&source, &one.local.name()));
            before == it.specifiers.len() || !it.specifiers.is_empty()
        }
        Statement::ExportNamedDeclaration(it) => {
            it.specifiers.retain(|one| {
                let from = locals.imports.get(one.local.name().as_str());
                !from.is_some_and(|(specifier, name)| is_known(specifier, name))
            });
            true
        }
        _ => true,
    });
}
