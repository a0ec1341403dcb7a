//! The app's own modules: resolved among themselves by relative path, and nothing else.
//!
//! Built-in modules, when there are some, belong into [`Modules::resolve`] and [`Modules::load`].

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use rquickjs::{
    Ctx, Error, Module, Object, Result, Value,
    loader::{ImportAttributes, Loader, Resolver},
    module::Declared,
};
use skep_link::frame::{self, MAX_FUNCTIONS};

use super::{call::drive, exception::Caught, host::Host};

/// The sources of the bound version, by path.
#[derive(Clone, Debug, Default)]
pub(super) struct Modules(Rc<RefCell<HashMap<String, Vec<u8>>>>);

impl Modules {
    pub(super) fn load(&self, modules: &[frame::Module<'_>]) {
        let sources = modules.iter().map(|module| (module.path.to_owned(), module.source.to_vec()));
        self.0.replace(sources.collect());
    }
}

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
        if self.0.borrow().contains_key(&path) {
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
        let source = self.0.borrow().get(name).cloned().ok_or_else(|| Error::new_loading(name))?;
        Module::declare(ctx.clone(), name, source)
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

/// Compiles and evaluates `entry` with all that it imports; its namespace and its functions, sorted.
pub(super) fn evaluate<'js>(
    ctx: &Ctx<'js>,
    mut modules: Modules,
    entry: &str,
    host: &Rc<Host>,
) -> std::result::Result<(Object<'js>, Vec<String>), Caught> {
    let caught = |error| Caught::from_error(ctx, error);
    let declared = Loader::load(&mut modules, ctx, entry, None).map_err(caught)?;
    let (module, promise) = declared.eval().map_err(caught)?;
    drive(ctx, host, &promise)?;
    let namespace = module.namespace().map_err(caught)?;
    let mut functions = Vec::new();
    for key in namespace.keys::<String>() {
        let key = key.map_err(caught)?;
        let value: Value<'js> = namespace.get(key.as_str()).map_err(caught)?;
        if value.is_function() && functions.len() < MAX_FUNCTIONS {
            functions.push(key);
        }
    }
    functions.sort();
    Ok((namespace, functions))
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
