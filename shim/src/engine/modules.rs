//! The app's own modules: resolved among themselves by relative path, and nothing else.
//!
//! Built-in modules, when there are some, belong into [`Modules::resolve`] and [`Modules::load`].

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use rquickjs::{
    Context, Ctx, Error, Module, Object, Result, Runtime, Value, WriteOptions,
    loader::{ImportAttributes, Loader, Resolver},
    module::Declared,
};
use skep_core::{FunctionName, name::NAME_BYTES};
use skep_link::frame::{self, Compiled, MAX_FUNCTIONS, MAX_SKIPPED, ToDaemon};

use super::{call::drive, exception::Caught, host::Host};
use crate::sys::{Meter, load_bytecode};

/// Paths, each with what was compiled of it.
type Bytecode = Vec<(String, Vec<u8>)>;

/// The modules of the bound version.
#[derive(Clone, Debug)]
pub(super) struct Modules(Rc<Shelf>);

#[derive(Debug)]
struct Shelf {
    heap: Rc<Meter>,
    /// By path.
    code: RefCell<HashMap<String, Code>>,
    /// What was compiled, while it is wanted.
    compiled: RefCell<Option<Bytecode>>,
    /// Bytes of it that may still be kept; `None` once there were more.
    room: Cell<Option<usize>>,
}

#[derive(Clone, Debug)]
enum Code {
    Source(Vec<u8>),
    Compiled(Vec<u8>),
}

impl Modules {
    pub(super) fn new(heap: Rc<Meter>) -> Self {
        let (code, compiled, room) = (RefCell::default(), RefCell::default(), Cell::new(None));
        Self(Rc::new(Shelf { heap, code, compiled, room }))
    }

    /// Takes the modules of an app, of which `keep` bytes of bytecode are wanted, if any.
    pub(super) fn load(&self, modules: &[frame::Module<'_>], keep: u32) {
        let code = modules.iter().map(|module| {
            let code = match module.code {
                frame::Code::Source(bytes) => Code::Source(bytes.to_vec()),
                frame::Code::Compiled(bytes) => Code::Compiled(bytes.to_vec()),
            };
            (module.path.to_owned(), code)
        });
        self.0.code.replace(code.collect());
        self.0.compiled.replace((0 < keep).then(Vec::new));
        self.0.room.set(usize::try_from(keep).ok());
    }

    fn is_compiled(&self, path: &str) -> bool {
        matches!(self.0.code.borrow().get(path), Some(Code::Compiled(_)))
    }

    /// Keeps the bytecode of a module, if it is wanted and there is room for it; else nothing more.
    fn keep(&self, ctx: &Ctx<'_>, name: &str, source: usize, module: &Module<'_, Declared>) {
        let Shelf { heap, compiled, room, .. } = &*self.0;
        let mut compiled = compiled.borrow_mut();
        let (Some(compiled), Some(left)) = (compiled.as_mut(), room.get()) else { return };
        // The engine makes it in the app's heap, which must not be refused anything for that.
        let likely = source.saturating_mul(BYTECODE_PER_SOURCE).saturating_add(BYTECODE_SLACK);
        let written = (likely <= heap.left()).then(|| module.write(WriteOptions::default()));
        let left = written.and_then(|written| {
            // What it threw must not be taken for the app's.
            let bytecode = written.map_err(|_| ctx.catch()).ok()?;
            let left = left.checked_sub(name.len() + bytecode.len())?;
            compiled.push((name.to_owned(), bytecode));
            Some(left)
        });
        if left.is_none() {
            compiled.clear();
        }
        room.set(left);
    }

    /// What was compiled so far, if it is wanted: all that `entry` imports, or nothing. No more is kept.
    fn kept(&self) -> Option<Bytecode> {
        self.0.compiled.take()
    }
}

/// More than bytecode with its debug information and its copies of the source is of that, nearly always.
const BYTECODE_PER_SOURCE: usize = 8;
/// The same for small ones.
const BYTECODE_SLACK: usize = 16 << 10;

impl Resolver for Modules {
    fn resolve<'js>(
        &mut self,
        _ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        let missing = |why| Error::new_resolving_message(base, name, why);
        if !name.starts_with("./") && !name.starts_with("../") {
            return Err(missing("only paths of the app's own files that begin with ./ or ../"));
        }
        let path = join(base, name).ok_or_else(|| missing("the path leaves the app"))?;
        if self.0.code.borrow().contains_key(&path) {
            Ok(path)
        } else {
            Err(missing("the app has no such file"))
        }
    }
}

impl Loader for Modules {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        let code = self.0.code.borrow().get(name).cloned();
        match code.ok_or_else(|| Error::new_loading(name))? {
            Code::Source(source) => {
                let bytes = source.len();
                let module = Module::declare(ctx.clone(), name, source)?;
                self.keep(ctx, name, bytes, &module);
                Ok(module)
            }
            Code::Compiled(bytecode) => load_bytecode(ctx, &bytecode),
        }
    }
}

/// `name` seen from the module `base`; `None` when it climbs out of the app.
fn join(base: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The name of the module that imports an entry, which no module of an app can have or import.
const START: &str = "skep:start";

/// The bytecode of a module that imports nothing.
pub(super) fn compile(name: &str, source: &str) -> Result<Vec<u8>> {
    let runtime = Runtime::new()?;
    Context::full(&runtime)?
        .with(|ctx| Module::declare(ctx, name, source)?.write(WriteOptions::default()))
}

/// The functions that an entry exports.
#[derive(Debug, Default)]
pub(super) struct Exports {
    /// The names by which they can be called, sorted.
    pub(super) functions: Vec<String>,
    /// How many there are beside those: their names are none for a function, or there are too many.
    pub(super) skipped: u32,
    /// The first of their names, cut.
    pub(super) named: Vec<String>,
}

impl Exports {
    fn add(&mut self, name: String) {
        if name.parse::<FunctionName>().is_ok() && self.functions.len() < MAX_FUNCTIONS {
            self.functions.push(name);
            return;
        }
        self.skipped = self.skipped.saturating_add(1);
        if self.named.len() < MAX_SKIPPED {
            let end = name.floor_char_boundary(NAME_BYTES);
            self.named.push(name[..end].to_owned());
        }
    }
}

/// Compiles and evaluates `entry` with all that it imports; its namespace and its functions.
pub(super) fn evaluate<'js>(
    ctx: &Ctx<'js>,
    mut modules: Modules,
    entry: &str,
    host: &Rc<Host>,
) -> std::result::Result<(Object<'js>, Exports), Caught> {
    let caught = |error| Caught::from_error(ctx, error);
    let from_bytecode = modules.is_compiled(entry);
    let module = if from_bytecode {
        // What was read from bytecode is linked by whoever imports it, and by nobody else.
        let start = format!("import * as app from './{entry}'; export {{ app }};");
        Module::declare(ctx.clone(), START, start).map_err(caught)?
    } else {
        Loader::load(&mut modules, ctx, entry, None).map_err(caught)?
    };
    if let Some(compiled) = modules.kept() {
        let compiled = compiled.iter().map(|(path, bytecode)| Compiled { path, bytecode });
        // Out of reach of the app before it runs. An end of the link shows at the next frame.
        let _ = host.send(&ToDaemon::Compiled { modules: compiled.collect() });
    }
    let (module, promise) = module.eval().map_err(caught)?;
    drive(ctx, host, &promise)?;
    let mut namespace = module.namespace().map_err(caught)?;
    if from_bytecode {
        namespace = namespace.get("app").map_err(caught)?;
    }
    let mut exports = Exports::default();
    for key in namespace.keys::<String>() {
        let key = key.map_err(caught)?;
        let value: Value<'js> = namespace.get(key.as_str()).map_err(caught)?;
        if value.is_function() {
            exports.add(key);
        }
    }
    exports.functions.sort();
    Ok((namespace, exports))
}

#[cfg(test)]
mod tests {
    use super::join;

    #[track_caller]
    fn check(base: &str, name: &str, expected: Option<&str>) {
        assert_eq!(join(base, name).as_deref(), expected, "{name:?} from {base:?}");
    }

    #[test]
    fn imports_are_relative_to_the_importing_module() {
        check("index.js", "./a.js", Some("a.js"));
        check("lib/b.js", "./a.js", Some("lib/a.js"));
        check("lib/b.js", "../a.js", Some("a.js"));
        check("index.js", "./x/../a.js", Some("a.js"));
    }

    #[test]
    fn imports_cannot_climb_out_of_the_app() {
        check("index.js", "../a.js", None);
        check("lib/b.js", "../../a.js", None);
    }
}
