//! Which file a specifier means: Node's resolution, and TypeScript's on top of it.
//!
//! The algorithms of Node (`require` and `import`, `exports`, `imports`, self reference) are those
//! of `oxc_resolver`, over [`Files`]. On top of that stands what Node does not have but what people's
//! folders need: `paths` of a `tsconfig.json`; `./x` for `./x.ts`; `./x.js` for `./x.ts`; and
//! extensionless files and folders for `import` too. None of it is tried before what Node would find,
//! but in TypeScript files, where `./x` is `./x.ts` before `./x.js`.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
};

use oxc_resolver::{ResolveOptions, ResolverGeneric};

use crate::{
    files::{Files, ending, file, folder, join, normal, upwards},
    manifest::{Manifest, PackageType},
    tsconfig::TsConfig,
};

mod refusal;
mod system;
mod trail;

pub use refusal::{NotResolved, Why};
use system::{System, absolute, plain};
pub use trail::Trail;

/// Longest specifier that is looked at, in bytes.
pub const MAX_SPECIFIER: usize = 1024;

/// How a file asks for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// `import`, `export … from`, `import()`.
    Import,
    /// `require`, `require.resolve`.
    Require,
}

/// What a specifier means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The file at this path, with no link in it.
    File(String),
    /// The built-in module of this name, without `node:`.
    Builtin(String),
}

/// What resolution is told beside the files.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Conditions beside `node`, `import` or `require`, and `default`.
    pub conditions: Vec<String>,
    /// Names of the built-in modules, without `node:`; `node:x` here is one that needs the prefix.
    pub builtins: BTreeSet<String>,
    /// The absolute folder that stands for the root in absolute specifiers, such as `/app`.
    pub mount: Option<String>,
}

/// Resolves specifiers in one tree of files. What it read it keeps.
pub struct Resolver {
    files: Arc<dyn Files>,
    settings: Settings,
    /// For each way of asking, by [`By`]: in the order in which they are tried.
    plain: [[ResolverGeneric<System>; 2]; 2],
    /// For TypeScript files.
    typed: [ResolverGeneric<System>; 2],
    manifests: RefCell<BTreeMap<String, Option<Rc<Manifest>>>>,
    tsconfigs: RefCell<BTreeMap<String, Option<Rc<TsConfig>>>>,
}

impl Resolver {
    /// A resolver over `files`.
    pub fn new(files: Arc<dyn Files>, settings: Settings) -> Self {
        let first = options(&settings, By::Import, &NODE, false);
        let base = ResolverGeneric::new_with_file_system(System(Arc::clone(&files)), first);
        let like = |by, endings: &[&str], aliases| {
            base.clone_with_options(options(&settings, by, endings, aliases))
        };
        let plain =
            [By::Import, By::Require].map(|by| [like(by, &NODE, false), like(by, &ALL, true)]);
        let typed = [By::Import, By::Require].map(|by| like(by, &TYPED, true));
        let manifests = RefCell::default();
        Self { files, settings, plain, typed, manifests, tsconfigs: RefCell::default() }
    }

    /// What `exports` or `main` of the manifest in `folder` name, by whatever name the package has.
    pub(crate) fn exported(&self, folder: &str) -> Option<String> {
        let allow_package_exports_in_directory_resolve = true;
        let [first, _] = &self.plain[0];
        let options = ResolveOptions {
            allow_package_exports_in_directory_resolve,
            main_files: Vec::new(),
            ..first.options().clone()
        };
        let found = first.clone_with_options(options).resolve(absolute(folder), "./").ok()?;
        plain(found.path()).map(str::to_owned)
    }

    /// The files it resolves in.
    pub fn files(&self) -> &Arc<dyn Files> {
        &self.files
    }

    /// What `specifier` means in the file `from`, whose path has no link in it.
    ///
    /// # Errors
    ///
    /// It means nothing here; the error says why, in words for people.
    pub fn resolve(&self, from: &str, specifier: &str, by: By) -> Result<Target, NotResolved> {
        self.find(from, specifier, by).map_err(|why| NotResolved {
            from: from.to_owned(),
            specifier: specifier.chars().take(MAX_SPECIFIER).collect(),
            why,
        })
    }

    fn find(&self, from: &str, specifier: &str, by: By) -> Result<Target, Why> {
        if specifier.is_empty() || specifier.contains('\0') {
            return Err(Why::Specifier);
        }
        if MAX_SPECIFIER < specifier.len() {
            return Err(Why::TooLong { found: specifier.len() });
        }
        if let Some(found) = self.builtin(specifier) {
            return Ok(found);
        }
        if let Some(name) = specifier.strip_prefix("node:") {
            return Err(Why::NoBuiltin { name: name.to_owned() });
        }
        let specifier = match by {
            By::Import => refusal::from_url(specifier)?,
            By::Require => specifier.to_owned(),
        };
        let here = folder(from);
        if let Some(inside) = self.mounted(&specifier)? {
            return self.ask(from, here, &format!("/{inside}"), by);
        }
        if is_relative(&specifier) {
            if normal(here, &specifier).is_none() {
                return Err(Why::LeadsOut);
            }
        } else if !specifier.starts_with('#')
            && let Some(config) = self.tsconfig(here)
        {
            for path in config.candidates(&specifier) {
                if let Ok(found) = self.ask(from, here, &format!("/{path}"), by) {
                    return Ok(found);
                }
            }
        }
        self.ask(from, here, &specifier, by)
    }

    /// The path below the root that an absolute specifier names.
    fn mounted(&self, specifier: &str) -> Result<Option<String>, Why> {
        if !specifier.starts_with('/') {
            return Ok(None);
        }
        let mount = self.settings.mount.as_deref().ok_or(Why::LeadsOut)?;
        let rest = specifier.strip_prefix(mount).filter(|it| it.is_empty() || it.starts_with('/'));
        rest.and_then(|it| normal("", it)).map(Some).ok_or(Why::LeadsOut)
    }

    /// The built-in module that `specifier` names.
    pub fn builtin(&self, specifier: &str) -> Option<Target> {
        let bare = specifier.strip_prefix("node:").unwrap_or(specifier);
        let known = self.settings.builtins.contains(specifier)
            || (bare != specifier && self.settings.builtins.contains(bare));
        known.then(|| Target::Builtin(bare.to_owned()))
    }

    fn ask(&self, from: &str, here: &str, specifier: &str, by: By) -> Result<Target, Why> {
        let index = match by {
            By::Import => 0,
            By::Require => 1,
        };
        let typed = matches!(ending(from), "ts" | "tsx" | "mts" | "cts");
        let asked: &[ResolverGeneric<System>] =
            if typed { &self.typed[index..=index] } else { &self.plain[index] };
        let mut first = None;
        for resolver in asked {
            match resolver.resolve(absolute(here), specifier) {
                Ok(found) => {
                    let path = plain(found.path()).map(str::to_owned);
                    return path.map(Target::File).ok_or(Why::LeadsOut);
                }
                Err(err) => drop(first.get_or_insert(err)),
            }
        }
        let Some(error) = first else { return Err(Why::Specifier) };
        // `imports` may name a built-in module, which the library does not know.
        if let oxc_resolver::ResolveError::NotFound(name) = &error
            && specifier.starts_with('#')
            && let Some(found) = self.builtin(name)
        {
            return Ok(found);
        }
        Err(refusal::why(&*self.files, here, specifier, error))
    }

    /// The nearest manifest at or above `folder`, as far as the `node_modules` that `folder` is in.
    pub fn manifest(&self, folder: &str) -> Option<Rc<Manifest>> {
        upwards(folder)
            .take_while(|it| crate::files::name(it) != "node_modules")
            .find_map(|it| self.manifest_of(it))
    }

    /// The manifest that is in `folder` itself.
    fn manifest_of(&self, folder: &str) -> Option<Rc<Manifest>> {
        if let Some(known) = self.manifests.borrow().get(folder) {
            return known.clone();
        }
        let path = file(&*self.files, &join(folder, "package.json"));
        let bytes = path.and_then(|it| self.files.read(&it).ok());
        let read = bytes.map(|it| Rc::new(Manifest::read(&join(folder, "package.json"), &it)));
        self.manifests.borrow_mut().insert(folder.to_owned(), read.clone());
        read
    }

    /// What the nearest manifest says about the `.js` files in `folder`.
    pub fn package_type(&self, folder: &str) -> Option<PackageType> {
        self.manifest(folder)?.kind
    }

    /// The config for TypeScript files in `folder`.
    pub fn tsconfig(&self, folder: &str) -> Option<Rc<TsConfig>> {
        if let Some(known) = self.tsconfigs.borrow().get(folder) {
            return known.clone();
        }
        let package = |here: &str, name: &str| {
            let found = [name.to_owned(), format!("{name}.json"), format!("{name}/tsconfig.json")];
            let found = upwards(here).find_map(|above| {
                let modules = join(above, "node_modules");
                found.iter().find_map(|it| file(&*self.files, &join(&modules, it)))
            });
            found.filter(|it| ending(it) == "json")
        };
        let config = TsConfig::nearest(&*self.files, folder, &package).map(Rc::new);
        self.tsconfigs.borrow_mut().insert(folder.to_owned(), config.clone());
        config
    }
}

/// What Node tries.
const NODE: [&str; 3] = [".js", ".json", ".node"];
/// What is tried when Node finds nothing.
const ALL: [&str; 10] =
    [".js", ".json", ".node", ".ts", ".tsx", ".jsx", ".mjs", ".cjs", ".mts", ".cts"];
/// What is tried in TypeScript files.
const TYPED: [&str; 10] =
    [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".json", ".node", ".mjs", ".cjs"];

fn options(settings: &Settings, by: By, endings: &[&str], aliases: bool) -> ResolveOptions {
    let own = match by {
        By::Import => "import",
        By::Require => "require",
    };
    // What can be required and imported: an ES module without a top-level await.
    let conditions = ["node", own, "module-sync", "default"].into_iter().map(str::to_owned);
    let alias = |from: &str, to: &[&str]| {
        (from.to_owned(), to.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
    };
    let extension_alias = if aliases {
        vec![
            alias(".js", &[".js", ".ts", ".tsx", ".jsx"]),
            alias(".jsx", &[".jsx", ".tsx"]),
            alias(".mjs", &[".mjs", ".mts"]),
            alias(".cjs", &[".cjs", ".cts"]),
        ]
    } else {
        Vec::new()
    };
    ResolveOptions {
        condition_names: conditions.chain(settings.conditions.iter().cloned()).collect(),
        extensions: endings.iter().map(|it| (*it).to_owned()).collect(),
        extension_alias,
        // The library would read the environment.
        node_path: false,
        ..ResolveOptions::default()
    }
}

/// Whether a specifier names a path from the folder of its file.
pub fn is_relative(specifier: &str) -> bool {
    specifier == "."
        || specifier == ".."
        || specifier.starts_with("./")
        || specifier.starts_with("../")
}

#[cfg(test)]
mod tests;
