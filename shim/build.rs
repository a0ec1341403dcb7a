//! Compiles the scripts of the runtime, the folder `js`, to bytecode of the engine that is linked in: to load that
//! takes a twentieth of the time that compiling takes.

use std::{cell::RefCell, env, error::Error, fmt::Write as _, fs, path::PathBuf, rc::Rc};

use rquickjs::{
    Context, Ctx, Module, Runtime, WriteOptions,
    loader::{ImportAttributes, Loader, Resolver},
    module::Declared,
};

/// Before the path of a script in the name of its module; no file of an app has a backslash in its path.
const PREFIX: &str = "skep\\";
/// Imports all others.
const FIRST: &str = "skep\\js/boot.js";

/// The name of a module, with its bytecode.
type Compiled = (String, Vec<u8>);

/// What was compiled.
#[derive(Clone, Default)]
struct Scripts(Rc<RefCell<Vec<Compiled>>>);

impl Resolver for Scripts {
    fn resolve<'js>(
        &mut self,
        _ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        let mut parts: Vec<&str> = base.split('/').collect();
        parts.pop();
        for part in name.split('/') {
            match part {
                "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        Ok(parts.join("/"))
    }
}

impl Loader for Scripts {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        let path = name.strip_prefix(PREFIX).unwrap_or(name);
        let source = fs::read(path)?;
        let module = Module::declare(ctx.clone(), name, source)?;
        // Without its source a function shows itself as native code; with its lines it is found in a stack.
        let options = WriteOptions { strip_source: true, ..WriteOptions::default() };
        self.0.borrow_mut().push((name.to_owned(), module.write(options)?));
        Ok(module)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=js");
    let mut scripts = Scripts::default();
    let runtime = Runtime::new()?;
    runtime.set_loader(scripts.clone(), scripts.clone());
    Context::full(&runtime)?.with(|ctx| match Loader::load(&mut scripts, &ctx, FIRST, None) {
        Ok(_) => Ok(()),
        Err(rquickjs::Error::Exception) => {
            let thrown = ctx.catch();
            let thrown = thrown.as_exception().map(ToString::to_string).unwrap_or_default();
            Err(format!("the scripts of the runtime do not compile: {thrown}").into())
        }
        Err(error) => Err(Box::<dyn Error>::from(error)),
    })?;
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    let mut table = String::from("&[\n");
    for (at, (name, bytecode)) in scripts.0.borrow().iter().enumerate() {
        let file = folder.join(format!("{at}.bytecode"));
        fs::write(&file, bytecode)?;
        writeln!(table, "    ({name:?}, include_bytes!({file:?})),")?;
    }
    table.push_str("]\n");
    fs::write(folder.join("scripts.rs"), table)?;
    Ok(())
}
