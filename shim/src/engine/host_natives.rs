//! The natives that act on this instance: its clock, its log, its files, its end. Those that only compute are in
//! [`super::natives`].

use std::{rc::Rc, time::SystemTime};

use rquickjs::{Array, Ctx, Exception, Function, Object, Result, Value, function::Func};
use skep_link::frame::{Level, Stop};
use skep_project::{By, Kind};

use super::{
    host::{self, Host},
    modules::{Modules, code_of},
    stacks,
};
use crate::sys::{self, Bytes};

const MILLISECONDS: f64 = 1e3;

/// Puts them onto the object that the scripts of the runtime get.
pub(super) fn install<'js>(
    ctx: &Ctx<'js>,
    natives: &Object<'js>,
    host: &Rc<Host>,
    modules: &Modules,
) -> Result<()> {
    clock(natives, host)?;
    process(ctx, natives, host)?;
    files(ctx, natives, modules)?;
    code(ctx, natives, modules)
}

fn clock(natives: &Object<'_>, host: &Rc<Host>) -> Result<()> {
    let of = Rc::clone(host);
    natives.set("clockNow", Func::new(move || of.age().as_secs_f64() * MILLISECONDS))?;
    let of = Rc::clone(host);
    let origin = move || {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        now.saturating_sub(of.age()).as_secs_f64() * MILLISECONDS
    };
    natives.set("clockOrigin", Func::new(origin))?;
    let of = Rc::clone(host);
    natives.set("remaining", Func::new(move || of.remaining().as_secs_f64() * MILLISECONDS))
}

fn process<'js>(ctx: &Ctx<'js>, natives: &Object<'js>, host: &Rc<Host>) -> Result<()> {
    let of = Rc::clone(host);
    let log = move |level: u32, text: String| {
        let level = match level {
            0 => Level::Debug,
            1 => Level::Info,
            2 => Level::Warn,
            _ => Level::Error,
        };
        of.log(level, &text);
    };
    natives.set("log", Func::new(log))?;
    let of = Rc::clone(host);
    natives.set("tickScheduled", Func::new(move || of.tick_scheduled()))?;
    let of = Rc::clone(host);
    natives.set("untidy", Func::new(move || of.set_untidy()))?;
    about(ctx, natives, host)?;
    let of = Rc::clone(host);
    #[expect(clippy::cast_precision_loss, reason = "a heap has less than 2**53 bytes")]
    natives.set("heapUsed", Func::new(move || of.heap_used() as f64))?;
    let of = Rc::clone(host);
    #[expect(clippy::cast_precision_loss, reason = "a heap has less than 2**53 bytes")]
    natives.set("heapLimit", Func::new(move || of.heap_limit() as f64))?;
    let cpu = || host::cpu_time().as_secs_f64() * 1e6;
    natives.set("cpuMicroseconds", Func::new(move || cpu().trunc()))?;
    let of = Rc::clone(host);
    let exit = move |ctx: Ctx<'js>, code: i32| -> Result<()> {
        of.stop(Stop::Exit(code));
        Err(sys::throw_uncatchable(&ctx))
    };
    natives.set("processExit", Function::new(ctx.clone(), exit)?)
}

fn about<'js>(ctx: &Ctx<'js>, natives: &Object<'js>, host: &Rc<Host>) -> Result<()> {
    let of = Rc::clone(host);
    natives.set("entry", Func::new(move || of.about().entry.clone()))?;
    let of = Rc::clone(host);
    let variables = move || -> Vec<String> {
        of.about()
            .variables
            .iter()
            .flat_map(|(name, value)| [name.clone(), value.clone()])
            .collect()
    };
    natives.set("variables", Func::new(variables))?;
    let of = Rc::clone(host);
    #[expect(clippy::cast_precision_loss, reason = "times and heaps are below 2**53")]
    natives.set("fsTime", Func::new(move || of.about().deployed_ms as f64))?;
    let of = Rc::clone(host);
    let about = move |ctx: Ctx<'js>| -> Result<Array<'js>> {
        let about = of.about();
        let list = Array::new(ctx)?;
        list.set(0, (!about.handler.is_empty()).then_some(about.handler.as_str()))?;
        list.set(1, about.name.as_str())?;
        list.set(2, u32::try_from(about.heap_bytes >> 20).unwrap_or(u32::MAX))?;
        Ok(list)
    };
    natives.set("about", Function::new(ctx.clone(), about)?)
}

/// The read-only files: those of the app below `/app`, and those that were given beside it.
fn files<'js>(ctx: &Ctx<'js>, natives: &Object<'js>, modules: &Modules) -> Result<()> {
    let of = modules.clone();
    let kind = move |path: String| of.with_files(|files| files.fs_kind(&path));
    natives.set("fsKind", Func::new(kind))?;
    let of = modules.clone();
    #[expect(clippy::cast_precision_loss, reason = "a file has less than 2**53 bytes")]
    let size = move |path: String| {
        of.with_files(|files| files.fs_bytes(&path).map_or(0.0, |it| it.len() as f64))
    };
    natives.set("fsSize", Func::new(size))?;
    let of = modules.clone();
    let link = move |path: String| of.with_files(|files| files.fs_link(&path)).unwrap_or_default();
    natives.set("fsLink", Func::new(link))?;
    let of = modules.clone();
    let name =
        move |path: String, index: u32| of.with_files(|files| files.fs_name(&path, index as usize));
    natives.set("fsName", Func::new(name))?;
    let of = modules.clone();
    let read =
        move |ctx: Ctx<'js>, path: String, position: f64, target: Bytes<'js>| -> Result<usize> {
            let Some(bytes) = of.with_files(|files| files.fs_bytes(&path)) else { return Ok(0) };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the cast saturates"
            )]
            let rest = bytes.get(position as usize..).unwrap_or_default();
            let written = target.write(|target| {
                let len = target.len().min(rest.len());
                target[..len].copy_from_slice(&rest[..len]);
                len
            });
            written.ok_or_else(|| Exception::throw_type(&ctx, "the target cannot be written to"))
        };
    natives.set("fsRead", Function::new(ctx.clone(), read)?)
}

fn code<'js>(ctx: &Ctx<'js>, natives: &Object<'js>, modules: &Modules) -> Result<()> {
    let of = modules.clone();
    natives.set("moduleKind", Func::new(move |id: String| kind_name(of.kind(&id))))?;
    let of = modules.clone();
    let resolve = move |specifier: String, from: String, is_import: bool| {
        let by = if is_import { By::Import } else { By::Require };
        of.resolve(&specifier, &from, by).ok()
    };
    natives.set("resolve", Func::new(resolve))?;
    let of = modules.clone();
    // The code and the words of an error, where they are others than those of what is not there.
    let unresolved = move |specifier: String, from: String| {
        let error = of.resolve(&specifier, &from, By::Require).err();
        error.and_then(|it| Some(vec![code_of(&it)?.to_owned(), it.to_string()]))
    };
    natives.set("unresolved", Func::new(unresolved))?;
    let of = modules.clone();
    natives.set("readText", Func::new(move |id: String| of.read_text(&id)))?;
    let of = modules.clone();
    let compile = move |ctx: Ctx<'js>, id: String| of.common_js(&ctx, &id);
    natives.set("compileFile", Function::new(ctx.clone(), compile)?)?;
    let of = modules.clone();
    let compile = move |ctx: Ctx<'js>, id: String, scope: bool| of.expression(&ctx, &id, scope);
    natives.set("compileValue", Function::new(ctx.clone(), compile)?)?;
    let compile = |ctx: Ctx<'js>, text: String, id: String| {
        // A name with a backslash would make it one of the runtime's own scripts.
        let name = if id.contains('\\') { "text" } else { &id };
        sys::Script::compile(&ctx, name, text.as_bytes())?.into_function()
    };
    natives.set("compileText", Function::new(ctx.clone(), compile)?)?;
    let of = modules.clone();
    let evaluate = move |ctx: Ctx<'js>, id: String| -> Result<Vec<Value<'js>>> {
        let (promise, namespace) = of.evaluate(&ctx, &id)?;
        Ok(vec![promise, namespace])
    };
    natives.set("evaluateModule", Function::new(ctx.clone(), evaluate)?)?;
    let of = modules.clone();
    let callee = move |stack: String| {
        let frame = stack.lines().find_map(stacks::Frame::of)?;
        of.callee(frame.path, frame.line, frame.column)
    };
    natives.set("callee", Func::new(callee))?;
    let of = modules.clone();
    let place = move |path: String, line: u32, column: u32| -> Vec<u32> {
        let (line, column) = of.author_place(&path, line, column);
        vec![line, column]
    };
    natives.set("authorPlace", Func::new(place))?;
    let of = modules.clone();
    natives.set("authorStack", Func::new(move |stack: String| stacks::of_author(&of, &stack)))
}

/// How the scripts call it.
pub(super) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Module => "esm",
        Kind::Commonjs => "cjs",
        Kind::Json => "json",
        Kind::Data => "data",
    }
}
