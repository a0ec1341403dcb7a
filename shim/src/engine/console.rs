//! `console` for tenant code.
//!
//! Can:    send lines of at most 4 KiB to the daemon, tied to the running call, within its allowance.
//! Cannot: write to a file, a terminal or another tenant's stream; make the call wait.
//! Over the allowance lines are counted, not kept; the reply carries the count.

use std::{fmt::Write as _, rc::Rc};

use rquickjs::{Coerced, Ctx, Function, Object, Value, function::Rest};
use skep_link::frame::{Level, MAX_LOG_LINE, cut};

use super::{Api, host::Host};

pub(super) const API: Api = Api { names: &["console"], install };

fn install<'js>(ctx: &Ctx<'js>, host: &Rc<Host>) -> rquickjs::Result<()> {
    let console = Object::new(ctx.clone())?;
    for (name, level) in [
        ("debug", Level::Debug),
        ("log", Level::Info),
        ("info", Level::Info),
        ("warn", Level::Warn),
        ("error", Level::Error),
    ] {
        let host = Rc::clone(host);
        let log =
            move |ctx: Ctx<'js>, values: Rest<Value<'js>>| host.log(level, &line(&ctx, &values));
        console.set(name, Function::new(ctx.clone(), log)?)?;
    }
    ctx.globals().set("console", console)
}

/// The values as people expect to read them, separated by blanks.
fn line<'js>(ctx: &Ctx<'js>, values: &[Value<'js>]) -> String {
    let mut line = String::new();
    for value in values {
        if MAX_LOG_LINE < line.len() {
            break;
        }
        let blank = if line.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(line, "{blank}{}", cut(&show(ctx, value), MAX_LOG_LINE));
    }
    line
}

fn show<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> String {
    let shown = match value.as_object() {
        Some(object) if object.is_error() => error_text(object),
        Some(object) if !object.is_function() => {
            ctx.json_stringify(object.clone()).ok().flatten().and_then(|text| text.to_string().ok())
        }
        _ => value.get::<Coerced<String>>().ok().map(|text| text.0),
    };
    shown.unwrap_or_else(|| {
        // Showing it threw (a cycle, a getter): that must not disturb the call.
        ctx.catch();
        format!("[{}]", value.type_name())
    })
}

fn error_text(error: &Object<'_>) -> Option<String> {
    let text = |key: &str| error.get::<_, Coerced<String>>(key).ok().map(|text| text.0);
    let (name, message, stack) = (text("name")?, text("message")?, text("stack")?);
    Some(format!("{name}: {message}\n{}", stack.trim_end()))
}
