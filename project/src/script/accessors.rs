//! `accessor x = 1` in classes: a private field with a getter and a setter.
//!
//! The transformer leaves it as it is. So the text is changed before: what is put in stands on the
//! line of the `accessor`, and places behind it are corrected.

use oxc_ast::ast::{AccessorProperty, AccessorPropertyType, Program, PropertyKey};
use oxc_ast_visit::{VisitJs, walk_js};
use oxc_span::{GetSpan, Span};

use super::{Refused, places::Edit};

/// The text without accessors, and what was put in where; `None` if it has none.
pub(super) fn lowered(
    program: &Program<'_>,
    text: &str,
) -> Result<Option<(String, Vec<Edit>)>, Refused> {
    if memchr::memmem::find(text.as_bytes(), b"accessor").is_none() {
        return Ok(None);
    }
    let mut finder = Finder { text, found: Vec::new(), refused: None };
    finder.visit_program(program);
    if let Some(refused) = finder.refused {
        return Err(refused);
    }
    if finder.found.is_empty() {
        return Ok(None);
    }
    finder.found.sort_by_key(|it| it.0.start);
    let mut out = String::with_capacity(text.len() + 256 * finder.found.len());
    let (mut at, mut edits) = (0, Vec::new());
    for (span, put) in finder.found {
        let (start, end) = (span.start as usize, span.end as usize);
        out.push_str(text.get(at..start).unwrap_or_default());
        edits.push(Edit { at: out.len(), put: put.len(), gone: end - start });
        out.push_str(&put);
        at = end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Ok(Some((out, edits)))
}

struct Finder<'t> {
    text: &'t str,
    /// What is replaced, from the modifiers to the end of the key, and by what.
    found: Vec<(Span, String)>,
    refused: Option<Refused>,
}

impl<'a> VisitJs<'a> for Finder<'_> {
    fn visit_accessor_property(&mut self, it: &AccessorProperty<'a>) {
        self.accessor(it);
        walk_js::walk_accessor_property(self, it);
    }
}

impl Finder<'_> {
    fn accessor(&mut self, it: &AccessorProperty<'_>) {
        let key = it.key.span();
        let (key_text, name) = match &it.key {
            PropertyKey::StaticIdentifier(name) => (name.name.to_string(), name.name.to_string()),
            PropertyKey::PrivateIdentifier(name) => {
                (format!("#{}", name.name), name.name.to_string())
            }
            _ => {
                let message = "an accessor with a computed key or a text as key cannot be turned into JavaScript".to_owned();
                self.refused.get_or_insert((it.span.start, message));
                return;
            }
        };
        // Decorators stay in front, and so decorate the getter.
        let start = it.decorators.last().map_or(it.span.start, |it| it.span.end);
        let span = Span::new(start, key.end);
        let modifiers = self.text.get(start as usize..key.start as usize).unwrap_or_default();
        if it.r#type == AccessorPropertyType::TSAbstractAccessorProperty
            || modifiers.split_whitespace().any(|it| it == "declare")
        {
            // It is a type only.
            return;
        }
        if modifiers.contains("/*") || modifiers.contains("//") {
            let message = "a comment between `accessor` and its key is not allowed here".to_owned();
            self.refused.get_or_insert((it.span.start, message));
            return;
        }
        let lines = "\n".repeat(modifiers.matches('\n').count());
        let is = if it.r#static { "static " } else { "" };
        let field = format!("#{name}_accessor_storage");
        let put = format!(
            "{lines} {is}get {key_text}(){{return this.{field}}} \
             {is}set {key_text}(value){{this.{field}=value}} {is}{field}"
        );
        self.found.push((span, put));
    }
}
