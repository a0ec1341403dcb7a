//! Expressions whose value is known without running them: texts, and paths from where a script is.

use std::collections::BTreeMap;

use oxc_ast::ast::{
    Argument, BindingPattern, CallExpression, Expression, NewExpression, VariableDeclarator,
};
use oxc_semantic::{Scoping, SymbolId};
use oxc_syntax::operator::BinaryOperator;

use super::is_free;

/// Longest value that is computed, in bytes.
const MAX_VALUE: usize = 4096;

/// What a path is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Base {
    /// The folder of the script: `__dirname`, `import.meta.dirname`, `import.meta.url`.
    Script,
    /// The folder in which the program runs: `process.cwd()`, and paths without another base.
    Working,
}

/// A known value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// The text of a path, after its base; with `/` in front where there is any.
    Path(Base, String),
    /// The path of the script itself.
    Own,
}

impl Value {
    /// As a path relative to its base, with `.` and `..` in it.
    pub(super) fn path(&self) -> Option<(Base, &str)> {
        match self {
            Self::Text(text) if !text.starts_with('/') => Some((Base::Working, text)),
            Self::Path(base, rest) => Some((*base, rest.trim_start_matches('/'))),
            Self::Text(_) | Self::Own => None,
        }
    }
}

/// Values of variables that never change.
pub(super) struct Constants<'s> {
    scoping: &'s Scoping,
    known: BTreeMap<SymbolId, Value>,
}

impl<'s> Constants<'s> {
    pub(super) fn new(scoping: &'s Scoping) -> Self {
        Self { scoping, known: BTreeMap::new() }
    }

    /// Notes the value of a variable, if it is known.
    pub(super) fn declare(&mut self, it: &VariableDeclarator<'_>) {
        let (BindingPattern::BindingIdentifier(id), Some(init)) = (&it.id, &it.init) else {
            return;
        };
        let Some(symbol) = id.symbol_id.get() else { return };
        if self.scoping.symbol_is_mutated(symbol) {
            return;
        }
        if let Some(value) = self.value(init) {
            self.known.insert(symbol, value);
        }
    }

    /// The value of an expression. Recursion is bounded by the script's nesting and links.
    pub(super) fn value(&self, it: &Expression<'_>) -> Option<Value> {
        let value = match it {
            Expression::StringLiteral(it) => Value::Text(it.value.to_string()),
            Expression::TemplateLiteral(it) => {
                let mut value = Value::Text(String::new());
                for (at, part) in it.quasis.iter().enumerate() {
                    let text = part.value.cooked.as_ref()?.to_string();
                    value = joined(value, Value::Text(text))?;
                    if let Some(hole) = it.expressions.get(at) {
                        value = joined(value, self.value(hole)?)?;
                    }
                }
                value
            }
            Expression::BinaryExpression(it) if it.operator == BinaryOperator::Addition => {
                joined(self.value(&it.left)?, self.value(&it.right)?)?
            }
            Expression::ParenthesizedExpression(it) => self.value(&it.expression)?,
            Expression::Identifier(it) => {
                if is_free(self.scoping, it) {
                    match it.name.as_str() {
                        "__dirname" => Value::Path(Base::Script, String::new()),
                        "__filename" => Value::Own,
                        _ => return None,
                    }
                } else {
                    let reference = self.scoping.get_reference(it.reference_id.get()?);
                    self.known.get(&reference.symbol_id()?)?.clone()
                }
            }
            Expression::StaticMemberExpression(member) => {
                if !matches!(&member.object, Expression::ImportMeta(_)) {
                    return None;
                }
                match member.property.name.as_str() {
                    "dirname" => Value::Path(Base::Script, String::new()),
                    "filename" | "url" => Value::Own,
                    _ => return None,
                }
            }
            Expression::CallExpression(it) => self.call(it)?,
            Expression::NewExpression(it) => self.url(it)?,
            _ => return None,
        };
        let fits = match &value {
            Value::Text(text) | Value::Path(_, text) => text.len() <= MAX_VALUE,
            Value::Own => true,
        };
        fits.then_some(value)
    }

    fn argument(&self, it: &Argument<'_>) -> Option<Value> {
        self.value(it.as_expression()?)
    }

    /// `path.join`, `path.resolve`, `path.dirname`, `fileURLToPath`, `process.cwd`, and the like.
    fn call(&self, it: &CallExpression<'_>) -> Option<Value> {
        let name = callee_name(&it.callee)?;
        match (name, it.arguments.as_slice()) {
            ("cwd", []) => Some(Value::Path(Base::Working, String::new())),
            ("join" | "resolve", [first, rest @ ..]) => {
                let mut value = self.argument(first)?;
                if let Value::Text(text) = &value {
                    let relative = name == "resolve" && !text.starts_with('/');
                    value = Value::Path(relative.then_some(Base::Working)?, format!("/{text}"));
                }
                for part in rest {
                    let Value::Text(text) = self.argument(part)? else { return None };
                    if name == "resolve" && text.starts_with('/') {
                        return None;
                    }
                    let own = value == Value::Own;
                    let next = if own {
                        format!("/{}", text.strip_prefix("..")?)
                    } else {
                        format!("/{text}")
                    };
                    value = if own {
                        Value::Path(Base::Script, next)
                    } else {
                        joined(value, Value::Text(next))?
                    };
                }
                Some(value)
            }
            ("dirname", [path]) => match self.argument(path)? {
                Value::Own => Some(Value::Path(Base::Script, String::new())),
                Value::Path(base, rest) => Some(Value::Path(base, format!("{rest}/.."))),
                Value::Text(_) => None,
            },
            ("fileURLToPath" | "normalize" | "pathToFileURL" | "toString" | "String", [value]) => {
                self.argument(value)
            }
            _ => None,
        }
    }

    /// `new URL("./x", import.meta.url)`
    fn url(&self, it: &NewExpression<'_>) -> Option<Value> {
        let Expression::Identifier(name) = &it.callee else { return None };
        let [text, base] = it.arguments.as_slice() else { return None };
        if name.name != "URL" || !is_free(self.scoping, name) {
            return None;
        }
        let Value::Text(text) = self.argument(text)? else { return None };
        if text.contains([':', '?', '#', '%']) || text.starts_with('/') {
            return None;
        }
        match self.argument(base)? {
            Value::Own => Some(Value::Path(Base::Script, format!("/{text}"))),
            Value::Path(..) | Value::Text(_) => None,
        }
    }
}

/// The name of what is called: `f` or `x.f`.
pub(super) fn callee_name<'b>(callee: &'b Expression<'_>) -> Option<&'b str> {
    match callee {
        Expression::Identifier(it) => Some(it.name.as_str()),
        Expression::StaticMemberExpression(it) => Some(it.property.name.as_str()),
        _ => None,
    }
}

/// `a + b`
fn joined(a: Value, b: Value) -> Option<Value> {
    let Value::Text(text) = b else {
        // Nothing may stand before a path.
        return if a == Value::Text(String::new()) { Some(b) } else { None };
    };
    match a {
        _ if text.is_empty() => Some(a),
        Value::Text(start) => Some(Value::Text(start + &text)),
        Value::Path(base, rest) => Some(Value::Path(base, rest + &text)),
        Value::Own => None,
    }
}
