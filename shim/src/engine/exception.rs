//! What tenant code threw, as data: name, message, stack, and where.
//!
//! Reading a thrown value may run tenant code (getters, `toString`); whatever that throws is ignored,
//! and every text is cut.

use rquickjs::{Ctx, Error, Object, Value};
use skep_link::frame::{self, Exception, cut};

/// Bytes of a message or a stack that are passed on, at most.
const MAX_TEXT: usize = frame::MAX_EXCEPTION_TEXT;
/// Bytes of a name or a path, at most.
const MAX_NAME: usize = frame::MAX_EXCEPTION_NAME;

/// Something that was thrown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Caught {
    pub(super) name: String,
    pub(super) message: String,
    pub(super) stack: String,
    /// The module, when known.
    pub(super) path: Option<String>,
    /// From 1; 0 when unknown.
    pub(super) line: u32,
    /// From 1; 0 when unknown.
    pub(super) column: u32,
}

impl Caught {
    /// From an error of the engine's interface: the pending exception, if it is one.
    pub(super) fn from_error(ctx: &Ctx<'_>, error: Error) -> Self {
        match error {
            Error::Exception => Self::from_value(ctx.catch()),
            other => Self::new("Error", &other.to_string()),
        }
    }

    fn new(name: &str, message: &str) -> Self {
        Self { name: name.to_owned(), message: message.to_owned(), ..Self::default() }
    }

    /// The call was stopped: the host knows why.
    pub(super) fn stopped() -> Self {
        Self::new("Error", "stopped")
    }

    /// Nothing could ever settle the promise.
    pub(super) fn stuck() -> Self {
        Self::new("Error", "the promise can never settle: nothing is left that it could wait for")
    }

    /// The top level started something that goes on for ever.
    pub(super) fn restless() -> Self {
        Self::new("Error", "the top level leaves work behind that does not end")
    }

    pub(super) fn nothing_to_call(found: &str) -> Self {
        Self::new("TypeError", cut(found, MAX_TEXT))
    }

    pub(super) fn not_json() -> Self {
        Self::new("TypeError", "the reply is neither JSON nor bytes (a function or a symbol?)")
    }

    fn from_value(value: Value<'_>) -> Self {
        let Some(object) = value.as_object() else {
            // At the heap limit there is no memory for an error object: the value is null.
            let text = value.get::<rquickjs::Coerced<String>>();
            return Self::new("", cut(&text.map(|text| text.0).unwrap_or_default(), MAX_TEXT));
        };
        let text = |key: &str, most: usize| {
            let text = object.get::<_, Option<rquickjs::Coerced<String>>>(key).ok().flatten();
            text.map(|text| cut(&text.0, most).to_owned())
        };
        let stack = text("stack", MAX_TEXT).unwrap_or_default();
        let place = Place::of(object, &stack);
        Self {
            name: text("name", MAX_NAME).unwrap_or_else(|| "Error".to_owned()),
            message: text("message", MAX_TEXT).unwrap_or_default(),
            stack,
            path: place.path.map(|path| cut(&path, MAX_NAME).to_owned()),
            line: place.line,
            column: place.column,
        }
    }

    pub(super) fn as_frame(&self) -> Exception<'_> {
        Exception { name: &self.name, message: &self.message, stack: &self.stack }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Place {
    path: Option<String>,
    line: u32,
    column: u32,
}

impl Place {
    /// The engine writes the place of a syntax error into the error itself or as the top of its stack.
    fn of(error: &Object<'_>, stack: &str) -> Self {
        let number = |key: &str| error.get::<_, Option<u32>>(key).ok().flatten();
        match (error.get::<_, Option<String>>("fileName").ok().flatten(), number("lineNumber")) {
            (Some(path), Some(line)) => {
                Self { path: Some(path), line, column: number("columnNumber").unwrap_or(0) }
            }
            _ => Self::from_stack(stack),
        }
    }

    /// From a line such as `    at run (lib/a.js:3:14)` or `    at index.js:3:14`.
    fn from_stack(stack: &str) -> Self {
        let top = stack.lines().next().unwrap_or_default().trim().trim_start_matches("at ");
        let place = top.rsplit_once('(').map_or(top, |(_, inner)| inner.trim_end_matches(')'));
        let mut parts = place.rsplitn(3, ':');
        let numbers = (parts.next().map(str::parse), parts.next().map(str::parse));
        match (numbers, parts.next()) {
            ((Some(Ok(column)), Some(Ok(line))), Some(path)) => {
                Self { path: Some(path.to_owned()), line, column }
            }
            _ => Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stack: &str, path: Option<&str>, line: u32, column: u32) {
        let expected = Place { path: path.map(str::to_owned), line, column };
        assert_eq!(Place::from_stack(stack), expected, "for {stack:?}");
    }

    #[test]
    fn the_place_is_read_off_the_top_of_a_stack() {
        check("    at index.js:3:14\n", Some("index.js"), 3, 14);
        check("    at run (lib/a.js:1:2)\n    at x.js:9:9", Some("lib/a.js"), 1, 2);
        check("    at eval (native)", None, 0, 0);
        check("", None, 0, 0);
    }
}
