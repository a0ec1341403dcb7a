//! Bounds what the values of enums may grow to.
//!
//! The library evaluates `enum E { A = "…", B = A + A, C = B + B, … }`: forty members are a
//! terabyte. So sizes are estimated before.

use oxc_ast::ast::{Expression, Program, TSEnumDeclaration};
use oxc_ast_visit::{VisitJs, walk_js};
use oxc_syntax::operator::BinaryOperator;

/// Most bytes that the values of all enums of a script may have.
const MAX_VALUES: u64 = 4 << 20;
/// No number is written in more bytes.
const NUMBER: u64 = 32;

/// The place and the reason if the values of enums could grow too large.
pub(super) fn check(program: &Program<'_>) -> Result<(), super::Refused> {
    let mut sizes = Sizes { largest: NUMBER, all: 0, texts: false, stop: None };
    sizes.visit_program(program);
    sizes.stop.map_or(Ok(()), |at| {
        Err((at, format!("the values of enums could have more than {MAX_VALUES} bytes")))
    })
}

struct Sizes {
    /// Of any value so far.
    largest: u64,
    all: u64,
    /// Whether a value so far may be a text.
    texts: bool,
    stop: Option<u32>,
}

impl Sizes {
    /// The most bytes that a value can have, and whether it may be a text. Recursion is bounded by
    /// the script's nesting.
    fn size(&self, value: &Expression<'_>) -> (u64, bool) {
        let both = |a: (u64, bool), b: (u64, bool)| (a.0.saturating_add(b.0), a.1 || b.1);
        match value {
            Expression::StringLiteral(it) => (it.value.len() as u64, true),
            Expression::ParenthesizedExpression(it) => self.size(&it.expression),
            Expression::BinaryExpression(it) if it.operator == BinaryOperator::Addition => {
                match both(self.size(&it.left), self.size(&it.right)) {
                    (size, true) => (size, true),
                    (_, false) => (NUMBER, false),
                }
            }
            Expression::TemplateLiteral(it) => {
                let texts = it.quasis.iter().map(|it| it.value.raw.len() as u64).sum::<u64>();
                let holes = it.expressions.iter().map(|it| self.size(it));
                holes.fold((texts, true), both)
            }
            Expression::Identifier(_)
            | Expression::StaticMemberExpression(_)
            | Expression::ComputedMemberExpression(_)
                if self.texts =>
            {
                (self.largest, true)
            }
            _ => (NUMBER, false),
        }
    }
}

impl<'a> VisitJs<'a> for Sizes {
    fn visit_ts_enum_declaration(&mut self, it: &TSEnumDeclaration<'a>) {
        for member in &it.body.members {
            let Some(value) = &member.initializer else { continue };
            let (size, text) = self.size(value);
            self.texts |= text;
            self.all = self.all.saturating_add(size);
            self.largest = self.largest.max(size);
            if MAX_VALUES < self.all && self.stop.is_none() {
                self.stop = Some(member.span.start);
            }
        }
        walk_js::walk_ts_enum_declaration(self, it);
    }
}
