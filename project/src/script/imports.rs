//! The names that a module imports, for an error that only knows the name.

use oxc_allocator::Allocator;
use oxc_syntax::module_record::{ExportImportName, ImportImportName};

use super::places::{Lines, Place};
use crate::syntax::{self, Dialect};

/// Where the module at `path` imports or hands on `name`, with the specifier of the module that it
/// asks for it. Nothing of a script that is not valid or beyond a bound.
pub fn imports_of(path: &str, bytes: &[u8], name: &str) -> Vec<(String, Place)> {
    let dialect = Dialect::of(path).unwrap_or(Dialect::JavaScript);
    let text = syntax::text(bytes);
    if syntax::measure(path, &text, dialect).is_err() {
        return Vec::new();
    }
    let allocator = Allocator::default();
    let parsed = syntax::parse(&allocator, &text, syntax::unambiguous(dialect).with_module(true));
    if parsed.diagnostics.has_errors() {
        return Vec::new();
    }
    let record = &parsed.module_record;
    let lines = Lines::new(&text);
    let imported = record.import_entries.iter().filter_map(|it| {
        let (found, span) = match &it.import_name {
            ImportImportName::Name(it) => (it.name.as_str(), it.span),
            ImportImportName::Default(span) => ("default", *span),
            ImportImportName::NamespaceObject => return None,
        };
        (found == name).then_some((&it.module_request, span))
    });
    let handed_on = record.indirect_export_entries.iter().filter_map(|it| {
        let ExportImportName::Name(found) = &it.import_name else { return None };
        (found.name == name).then_some((it.module_request.as_ref()?, found.span))
    });
    imported
        .chain(handed_on)
        .map(|(request, span)| (request.name.to_string(), lines.place(span.start)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found_by_name() {
        let text = "import d, { a,\n  b as c } from './x';\nexport { b, default as e } from './y'; import * as b from 'z';";
        let found = |name: &str| -> Vec<String> {
            let found = imports_of("i.ts", text.as_bytes(), name);
            found.iter().map(|(specifier, at)| format!("{specifier} {at}")).collect()
        };
        assert_eq!(found("a"), ["./x 1:13"]);
        assert_eq!(found("b"), ["./x 2:3", "./y 3:10"]);
        assert_eq!(found("default"), ["./x 1:8", "./y 3:13"]);
        assert_eq!(found("c"), [""; 0]);
        assert_eq!(imports_of("i.js", b"import { a } from", "a"), []);
    }
}
