//! What tenant code threw, as data: name, message, stack, and where.
//!
//! Reading a thrown value may run tenant code (getters, `toString`); whatever that throws is ignored,
//! and every text is cut.

use rquickjs::{Ctx, Error, Object, Value};
use skep_link::frame::{self, Exception, cut};
use skep_project::script::Place;

use super::{scripts::FOREIGN, stacks::Frame};

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
            Error::Exception => Self::from_value(&ctx.catch()),
            other => Self::new("Error", &other.to_string()),
        }
    }

    fn new(name: &str, message: &str) -> Self {
        Self { name: name.to_owned(), message: message.to_owned(), ..Self::default() }
    }

    /// What is wrong with a file before any of it runs.
    pub(super) fn of_file(path: &str, at: Option<Place>, message: &str) -> Self {
        Self {
            path: Some(cut(path, MAX_NAME).to_owned()),
            line: at.map_or(0, |at| at.line),
            column: at.map_or(0, |at| at.column),
            ..Self::new("SyntaxError", cut(message, MAX_TEXT))
        }
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

    /// The app leaves too little of its heap.
    pub(super) fn too_large(message: &str) -> Self {
        Self::new("RangeError", message)
    }

    pub(super) fn nothing_to_call(found: &str) -> Self {
        Self::new("TypeError", cut(found, MAX_TEXT))
    }

    pub(super) fn not_json() -> Self {
        Self::new("TypeError", "the reply is neither JSON nor bytes (a function or a symbol?)")
    }

    /// From name, message and stack as the scripts of the runtime tell them of a thrown value.
    pub(super) fn from_texts(texts: Vec<String>, thrown: &Value<'_>) -> Self {
        let mut texts = texts.into_iter();
        // The name that an import of something else than an ES module has for the engine is not for authors.
        let mut next = || texts.next().unwrap_or_default().replace(FOREIGN, "");
        let [name, message, stack] = [next(), next(), next()];
        let found = thrown.as_object().map(|error| Found::of(error, &stack)).unwrap_or_default();
        Self {
            name: cut(&name, MAX_NAME).to_owned(),
            message: cut(&message, MAX_TEXT).to_owned(),
            stack: cut(&stack, MAX_TEXT).to_owned(),
            path: found.path.map(|path| cut(&path, MAX_NAME).to_owned()),
            line: found.line,
            column: found.column,
        }
    }

    /// The same where those cannot run.
    pub(super) fn from_value(value: &Value<'_>) -> Self {
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
        let place = Found::of(object, &stack);
        Self {
            name: text("name", MAX_NAME).unwrap_or_else(|| "Error".to_owned()),
            message: text("message", MAX_TEXT).unwrap_or_default(),
            stack,
            path: place.path.map(|path| cut(&path, MAX_NAME).to_owned()),
            line: place.line,
            column: place.column,
        }
    }

    /// The name and the module of a message that says that one is not to be had from the other, as the engine writes
    /// them when it links modules: it has no place.
    pub(super) fn link(&self) -> Option<(&str, &str)> {
        if self.name != "SyntaxError" || self.path.is_some() {
            return None;
        }
        let (_, rest) = self.message.split_once("xport '")?;
        let (name, rest) = rest.split_once("' in module '")?;
        Some((name, rest.split_once('\'')?.0))
    }

    /// The same, thrown by the file that asked.
    pub(super) fn asked_by(mut self, path: &str, at: Place) -> Self {
        self.path = Some(cut(path, MAX_NAME).to_owned());
        (self.line, self.column) = (at.line, at.column);
        if self.stack.is_empty() || !self.stack.contains("    at ") {
            self.stack = cut(&format!("    at {path}:{at}"), MAX_TEXT).to_owned();
        }
        self
    }

    pub(super) fn as_frame(&self) -> Exception<'_> {
        Exception { name: &self.name, message: &self.message, stack: &self.stack }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    path: Option<String>,
    line: u32,
    column: u32,
}

impl Found {
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

    /// From the first frame of a stack.
    fn from_stack(stack: &str) -> Self {
        // Behind the last frame members of the error may begin.
        let bare = |line| str::strip_suffix(line, " {").unwrap_or(line);
        let frame = stack.lines().map(bare).find_map(Frame::of);
        frame.map_or_else(Self::default, |frame| Self {
            path: Some(frame.path.to_owned()),
            line: frame.line,
            column: frame.column,
        })
    }
}
