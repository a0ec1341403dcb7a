//! TypeScript and JSX to JavaScript.

use std::{borrow::Cow, collections::BTreeSet};

use oxc_ast::ast::{
    AccessorProperty, BindingPattern, Decorator, Expression, ImportDeclaration,
    ImportDeclarationSpecifier, MethodDefinition, ModuleExportName, Program, PropertyDefinition,
    PropertyKey, Statement,
};
use oxc_ast_visit::{VisitJs, walk_js};
use oxc_codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc_diagnostics::OxcDiagnostic;
use oxc_semantic::Scoping;
use oxc_transformer::{
    CompilerAssumptions, DecoratorOptions, ES2026Options, EnvOptions, HelperLoaderMode,
    HelperLoaderOptions, JsxOptions, JsxRuntime, Module, TransformOptions, TypeScriptOptions,
};

use super::{
    Bridge, Code, helpers,
    places::{Lines, Places},
};
use crate::{
    syntax::Kind,
    tsconfig::{Jsx, TsConfig},
};

pub(super) fn options(config: &TsConfig, kind: Kind) -> TransformOptions {
    let mut options = TransformOptions::default();
    let assigns = !config.defines_fields();
    options.assumptions =
        CompilerAssumptions { set_public_class_fields: assigns, ..CompilerAssumptions::default() };
    options.typescript = TypeScriptOptions {
        only_remove_type_imports: config.verbatim,
        remove_class_fields_without_initializer: assigns,
        ..TypeScriptOptions::default()
    };
    options.decorator = DecoratorOptions {
        legacy: true,
        emit_decorator_metadata: config.metadata,
        strict_null_checks: config.strict_nulls,
    };
    options.jsx = JsxOptions {
        display_name_plugin: false,
        pure: false,
        runtime: match config.jsx {
            Jsx::Classic => JsxRuntime::Classic,
            Jsx::Automatic => JsxRuntime::Automatic,
        },
        ..JsxOptions::enable()
    };
    match config.jsx {
        Jsx::Classic => {
            options.jsx.pragma = config.jsx_factory.clone();
            options.jsx.pragma_frag = config.jsx_fragment.clone();
            if let Some(factory) = &config.jsx_factory {
                options.typescript.jsx_pragma = Cow::Owned(factory.clone());
            }
            if let Some(fragment) = &config.jsx_fragment {
                options.typescript.jsx_pragma_frag = Cow::Owned(fragment.clone());
            }
        }
        Jsx::Automatic => options.jsx.import_source = config.jsx_source.clone(),
    }
    options.env = EnvOptions {
        module: if kind == Kind::Module { Module::Preserve } else { Module::CommonJS },
        es2026: ES2026Options { explicit_resource_management: true },
        ..EnvOptions::default()
    };
    options.helper_loader = HelperLoaderOptions {
        module_name: Cow::Borrowed(helpers::MODULE),
        mode: HelperLoaderMode::Runtime,
    };
    options
}

/// Whether what the transformer warns of works here all the same: `import x = require(…)` in a
/// module, which gets a `require`.
pub(super) fn harmless(problem: &OxcDiagnostic) -> bool {
    problem.code.number.as_deref() == Some("1202")
}

/// What the transformer says, in words that need no page of its own.
pub(super) fn told(problem: &OxcDiagnostic) -> String {
    if problem.message.starts_with("Namespaces exporting non-const") {
        return "a namespace that exports a variable is not supported, unless that is const"
            .to_owned();
    }
    problem.message.to_string()
}

/// The place and a message, if a member with a private name is decorated: TypeScript refuses that
/// too, and the transformer would decorate another one.
pub(super) fn decorated_private(program: &Program<'_>) -> Option<super::Refused> {
    struct Private(Option<super::Refused>);

    impl Private {
        fn check(&mut self, key: &PropertyKey<'_>, decorators: &[Decorator<'_>]) {
            if let (PropertyKey::PrivateIdentifier(_), Some(first)) = (key, decorators.first()) {
                let message = "a member with a private name cannot be decorated".to_owned();
                self.0.get_or_insert((first.span.start, message));
            }
        }
    }

    impl<'a> VisitJs<'a> for Private {
        fn visit_method_definition(&mut self, it: &MethodDefinition<'a>) {
            self.check(&it.key, &it.decorators);
            walk_js::walk_method_definition(self, it);
        }

        fn visit_property_definition(&mut self, it: &PropertyDefinition<'a>) {
            self.check(&it.key, &it.decorators);
            walk_js::walk_property_definition(self, it);
        }
    }

    let mut private = Private(None);
    private.visit_program(program);
    private.0
}

/// The place and a message, if something is decorated where the config does not ask for TypeScript's experimental
/// decorators: then it means those of the standard, which the transformer does not know.
pub(super) fn decorated(program: &Program<'_>) -> Option<super::Refused> {
    struct First(Option<u32>);

    impl<'a> VisitJs<'a> for First {
        fn visit_decorator(&mut self, it: &Decorator<'a>) {
            self.0.get_or_insert(it.span.start);
        }
    }

    let mut first = First(None);
    first.visit_program(program);
    let message = "standard decorators are not supported; with \"experimentalDecorators\": true in tsconfig.json \
                   these are TypeScript's experimental ones, which are";
    first.0.map(|at| (at, message.to_owned()))
}

/// The place and a message, if something is left that no engine reads.
pub(super) fn left_over(program: &Program<'_>) -> Option<super::Refused> {
    struct Left(Option<super::Refused>);

    impl<'a> VisitJs<'a> for Left {
        fn visit_decorator(&mut self, it: &Decorator<'a>) {
            let message = "a decorator is not supported here (only on classes and their members)";
            self.0.get_or_insert((it.span.start, message.to_owned()));
        }

        fn visit_accessor_property(&mut self, it: &AccessorProperty<'a>) {
            let message = "this accessor cannot be turned into JavaScript";
            self.0.get_or_insert((it.span.start, message.to_owned()));
        }
    }

    let mut left = Left(None);
    left.visit_program(program);
    left.0
}

/// The specifiers of all imports, if a script that is a module by its syntax uses what CommonJS exports by, and nothing
/// that modules alone have: exports, or `import.meta`.
pub(super) fn assigns_exports(
    program: &Program<'_>,
    scoping: &Scoping,
) -> Option<BTreeSet<String>> {
    let uses = is_free(scoping, "module") || is_free(scoping, "exports");
    if !uses || program.source_text.contains("import.meta") {
        return None;
    }
    let mut imported = BTreeSet::new();
    for statement in &program.body {
        match statement {
            Statement::ImportDeclaration(it) => {
                requirement(it)?;
                imported.insert(it.source.value.to_string());
            }
            Statement::ExportNamedDeclaration(it) if it.specifiers.is_empty() => {}
            Statement::ExportNamedDeclaration(_)
            | Statement::ExportDeclaration(_)
            | Statement::ExportFromDeclaration(_)
            | Statement::ExportDefaultDeclaration(_)
            | Statement::ExportAllDeclaration(_) => return None,
            _ => {}
        }
    }
    Some(imported)
}

/// An import as calls of `require`, as compilers write it; `None` if a name is no identifier.
fn requirement(it: &ImportDeclaration<'_>) -> Option<String> {
    let source = serde_json::to_string(it.source.value.as_str()).ok()?;
    let Some(specifiers) = it.specifiers.as_ref().filter(|it| !it.is_empty()) else {
        return Some(format!("require({source});"));
    };
    let mut text = String::new();
    for specifier in specifiers {
        let (local, value) = match specifier {
            ImportDeclarationSpecifier::ImportDefaultSpecifier(it) => {
                (&it.local.name, format!("(m=>m&&m.__esModule?m.default:m)(require({source}))"))
            }
            ImportDeclarationSpecifier::ImportNamespaceSpecifier(it) => {
                (&it.local.name, format!("require({source})"))
            }
            ImportDeclarationSpecifier::ImportSpecifier(it) => match &it.imported {
                ModuleExportName::StringLiteral(_) => return None,
                name if name.name() == "default" => {
                    (&it.local.name, format!("(m=>m&&m.__esModule?m.default:m)(require({source}))"))
                }
                name => (&it.local.name, format!("require({source}).{}", name.name())),
            },
        };
        text.push_str(&format!("const {local}={value};"));
    }
    Some(text)
}

/// Names for the namespaces of modules that are handed to a helper; a script with more has the others as they are.
const STARS: [&str; 32] = [
    "__star0", "__star1", "__star2", "__star3", "__star4", "__star5", "__star6", "__star7",
    "__star8", "__star9", "__star10", "__star11", "__star12", "__star13", "__star14", "__star15",
    "__star16", "__star17", "__star18", "__star19", "__star20", "__star21", "__star22", "__star23",
    "__star24", "__star25", "__star26", "__star27", "__star28", "__star29", "__star30", "__star31",
];

/// `import * as x` of a package, which may be CommonJS: then `x` is what that exports, also where it is a function, as
/// compilers that make `require` of it have it.
fn stars(program: &mut Program<'_>) -> String {
    let mut text = String::new();
    let mut names = STARS.into_iter();
    for statement in &mut program.body {
        let Statement::ImportDeclaration(it) = statement else { continue };
        if it.source.value.starts_with(['.', '/', '#', '\u{1}']) {
            continue;
        }
        for specifier in it.specifiers.iter_mut().flatten() {
            let ImportDeclarationSpecifier::ImportNamespaceSpecifier(it) = specifier else {
                continue;
            };
            let Some(name) = names.next() else { break };
            text.push_str(&format!("const {}=__importStar({name});", it.local.name));
            it.local.name = name.into();
        }
    }
    match text.is_empty() {
        true => text,
        false => format!("const __importStar={};{text}", helpers::IMPORT_STAR),
    }
}

/// Writes a transformed program out.
pub(super) fn write(
    program: &mut Program<'_>,
    scoping: &Scoping,
    lines: &Lines<'_>,
    bridge: Bridge,
) -> Code {
    program.hashbang = None;
    let mut prefix = String::new();
    let is_strict = program.directives.iter().any(|it| it.directive == "use strict");
    if bridge == Bridge::Module {
        prefix.push_str(&bridges(scoping));
        prefix.push_str(&stars(program));
    }
    program.body.retain(|statement| {
        if let Some((name, helper)) = helper_of(statement)
            && let Some(source) = helpers::source(helper)
        {
            prefix.push_str(&format!("const {name}={source};"));
            return false;
        }
        match statement {
            Statement::ImportDeclaration(it) if bridge == Bridge::Commonjs => {
                prefix.push_str(&requirement(it).unwrap_or_default());
                false
            }
            Statement::ExportNamedDeclaration(_) => bridge != Bridge::Commonjs,
            _ => true,
        }
    });
    if is_strict && !prefix.is_empty() {
        prefix.insert_str(0, "\"use strict\";");
    }
    let options = CodegenOptions {
        comments: CommentOptions::disabled(),
        source_map_path: Some("a".into()),
        ..CodegenOptions::default()
    };
    let written = Codegen::new().with_options(options).build(program);
    let shift = u32::try_from(prefix.encode_utf16().count()).unwrap_or(u32::MAX);
    let tokens = written.map.as_ref().into_iter().flat_map(oxc_sourcemap::SourceMap::get_tokens);
    let places = Places::of(tokens.filter(|it| it.get_source_id().is_some()).map(|it| {
        let shift = if it.get_dst_line() == 0 { shift } else { 0 };
        let written = (it.get_dst_line(), it.get_dst_col() + shift);
        (written, lines.origin(it.get_src_line(), it.get_src_col()))
    }));
    Code { text: prefix + &written.code, places }
}

/// The variable and the helper of a statement that the transformer added to load one.
fn helper_of<'b>(statement: &'b Statement<'_>) -> Option<(&'b str, &'b str)> {
    let named = |source: &'b str| source.strip_prefix(helpers::MODULE)?.strip_prefix("/helpers/");
    match statement {
        Statement::ImportDeclaration(it) => {
            let helper = named(it.source.value.as_str())?;
            let [ImportDeclarationSpecifier::ImportDefaultSpecifier(local)] =
                it.specifiers.as_ref()?.as_slice()
            else {
                return None;
            };
            Some((local.local.name.as_str(), helper))
        }
        Statement::VariableDeclaration(it) => {
            let [declarator] = it.declarations.as_slice() else { return None };
            let BindingPattern::BindingIdentifier(local) = &declarator.id else { return None };
            let Expression::CallExpression(call) = declarator.init.as_ref()? else { return None };
            let [argument] = call.arguments.as_slice() else { return None };
            let Expression::StringLiteral(source) = argument.as_expression()? else { return None };
            Some((local.name.as_str(), named(source.value.as_str())?))
        }
        _ => None,
    }
}

/// Whether a script uses a name that it does not declare.
fn is_free(scoping: &Scoping, name: &str) -> bool {
    scoping.root_unresolved_references().iter().any(|(it, _)| it.as_str() == name)
}

/// Declares what the script uses of the CommonJS wrapper and does not declare itself.
fn bridges(scoping: &Scoping) -> String {
    let uses = |name: &str| is_free(scoping, name);
    let mut text = String::new();
    if uses("require") {
        text.push_str("import{createRequire as __createRequire}from\"node:module\";");
        text.push_str("const require=__createRequire(import.meta.url);");
    }
    if uses("__dirname") {
        text.push_str("const __dirname=import.meta.dirname;");
    }
    if uses("__filename") {
        text.push_str("const __filename=import.meta.filename;");
    }
    text
}
