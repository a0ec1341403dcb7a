//! What the engine asks for while it links and loads modules.

use std::fmt::Write as _;

use rquickjs::{
    Ctx, Error, Exception, Module, Object, Result, WriteOptions,
    loader::{ImportAttributes, Loader, Resolver as Resolve},
    module::Declared,
};
use skep_link::frame::Form;
use skep_project::{
    By, Kind,
    resolve::{NotResolved, Why},
};

use super::{BUILT_IN, Modules, not_made};
use crate::{
    engine::scripts::{self, FOREIGN},
    sys::load_bytecode,
};

impl Modules {
    /// Gives a module its `import.meta`, if it may ask for it.
    fn with_meta<'js>(
        &self,
        ctx: &Ctx<'js>,
        path: &str,
        module: Module<'js, Declared>,
    ) -> Result<Module<'js, Declared>> {
        if let Some(driver) = self.0.driver.get().filter(|_| self.has_meta(path)) {
            let meta: Object<'js> = module.meta()?;
            driver.meta.call::<()>(ctx, (meta, path))?;
        }
        Ok(module)
    }

    /// The names that an import of something else than an ES module has beside `default`.
    fn names(&self, ctx: &Ctx<'_>, path: &str) -> Result<Vec<String>> {
        if let Some(name) = path.strip_prefix(BUILT_IN) {
            let Some(driver) = self.0.driver.get() else { return Ok(Vec::new()) };
            return driver.names.call(ctx, (name,));
        }
        let app = self.app();
        let names = app.table.iter().flat_map(|table| table.names(path));
        Ok(names.filter(|name| *name != "default").map(str::to_owned).collect())
    }

    /// Throws an error with the code that Node has for a module that is not there.
    fn not_found(&self, ctx: &Ctx<'_>, why: &NotResolved) -> Error {
        let error = Exception::throw_message(ctx, &why.to_string());
        let thrown = ctx.catch();
        if let Some(object) = thrown.as_object() {
            let _ = object.set("code", code_of(why).unwrap_or("ERR_MODULE_NOT_FOUND"));
        }
        let _ = ctx.throw(thrown);
        error
    }
}

/// The code that Node has for that, unless it is the usual one.
pub(in crate::engine) fn code_of(error: &NotResolved) -> Option<&'static str> {
    match error.why {
        Why::NotExported { .. } => Some("ERR_PACKAGE_PATH_NOT_EXPORTED"),
        Why::NotImported => Some("ERR_PACKAGE_IMPORT_NOT_DEFINED"),
        Why::NoBuiltin { .. } => Some("ERR_UNKNOWN_BUILTIN_MODULE"),
        _ => None,
    }
}

impl Resolve for Modules {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        // The runtime's own scripts, which name paths of an app as they are.
        if scripts::is_ours(base) {
            let path = if name.starts_with('.') { join(base, name) } else { Some(name.to_owned()) };
            return path.ok_or_else(|| Error::new_resolving(base, name));
        }
        let target = match Self::resolve(self, name, base, By::Import) {
            Ok(target) => target,
            Err(why) => return Err(self.not_found(ctx, &why)),
        };
        let foreign = target.starts_with(BUILT_IN) || self.kind(&target) != Kind::Module;
        Ok(if foreign { format!("{FOREIGN}{target}") } else { target })
    }
}

impl Loader for Modules {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        if let Some(path) = name.strip_prefix(FOREIGN) {
            return Module::declare(ctx.clone(), name, foreign(path, &self.names(ctx, path)?));
        }
        if let Some((own, form, code)) = &*self.0.own.borrow()
            && *own == name
        {
            return match form {
                Form::Bytecode => load_bytecode(ctx, code),
                _ => Module::declare(ctx.clone(), name, code.as_slice()),
            };
        }
        if name.starts_with(scripts::PREFIX) {
            return scripts::load(ctx, name).ok_or_else(|| Error::new_loading(name))?;
        }
        if let Some(bytecode) = self.app().files.bytecode(name) {
            let module = load_bytecode(ctx, &bytecode)?;
            return self.with_meta(ctx, name, module);
        }
        let text = self.text(name).ok_or_else(|| not_made(ctx, name))?;
        let module = Module::declare(ctx.clone(), name, text.bytes())?;
        if self.0.compiled.borrow().is_some() && self.has_room(text.bytes().len()) {
            match module.write(WriteOptions::default()) {
                Ok(bytecode) => self.keep(name, bytecode),
                // What it threw must not be taken for the app's.
                Err(_) => drop(ctx.catch()),
            }
        }
        self.with_meta(ctx, name, module)
    }
}

/// The text of the module that an import of something else than an ES module gives, with those named exports.
fn foreign(path: &str, names: &[String]) -> String {
    let (id, built_in) = match path.strip_prefix(BUILT_IN) {
        Some(name) => (name, true),
        None => (path, false),
    };
    let mut text = format!(
        "import {{ driver }} from \"skep\\\\js/driver.js\";\nconst it = driver.foreign({id:?}, {built_in});\nexport default it;\n"
    );
    for (at, name) in names.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "const n{at} = it?.[{name:?}]; export {{ n{at} as {name:?} }};");
    }
    text
}

/// `name` seen from the script `base` of the runtime.
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
