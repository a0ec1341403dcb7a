//! The app's files in an instance: where a name leads to, what each file is, and what the engine makes of it.

use std::{
    cell::{Cell, Ref, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use rquickjs::{
    Context, Ctx, Error, Function, Module, Result, Runtime, Value, WriteOptions,
    loader::{ImportAttributes, Loader, Resolver},
    module::Declared,
};
use skep_link::frame::{Form, Part};

use super::scripts;
use crate::sys::{Meter, Script, evaluate_bytecode, load_bytecode};

/// Paths, each with what was compiled of it.
type Bytecode = Vec<(String, Vec<u8>)>;

/// The files of the bound version.
#[derive(Clone)]
pub(super) struct Modules(Rc<Shelf>);

struct Shelf {
    heap: Rc<Meter>,
    /// By path.
    files: RefCell<BTreeMap<String, File>>,
    /// What was compiled, while it is wanted.
    compiled: RefCell<Option<Bytecode>>,
    /// Bytes of it that may still be kept; `None` once there were more.
    room: Cell<Option<usize>>,
}

#[derive(Clone, Debug, Default)]
struct File {
    bytes: Rc<Vec<u8>>,
    /// What an engine of the same build once made of it.
    bytecode: Option<Rc<Vec<u8>>>,
    /// The bytes are the target of a link.
    is_link: bool,
}

/// What a file is to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    EsModule,
    CommonJs,
    Json,
    /// No script.
    Data,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::EsModule => "esm",
            Self::CommonJs => "cjs",
            Self::Json => "json",
            Self::Data => "data",
        }
    }
}

/// What there is at a path, as the native `fsKind` says it.
const NOTHING: u8 = 0;
const FILE: u8 = 1;
const FOLDER: u8 = 2;
const LINK: u8 = 3;

/// The folder in which an app sees its files.
const APP: &str = "/app/";

/// The key of what is at an absolute path: a file of the app by its path inside of it, another one by its own.
fn inside(path: &str) -> Option<String> {
    if path == "/app" || path == "/" {
        return None;
    }
    Some(path.strip_prefix(APP).unwrap_or(path).to_owned())
}

/// The names in one folder.
struct Names<'a> {
    files: Ref<'a, BTreeMap<String, File>>,
    path: &'a str,
}

impl Names<'_> {
    /// The name after `last`, or the first, in the order of the alphabet.
    fn next_name(&self, last: Option<&str>) -> Option<String> {
        // Keys of given files begin with a slash, those of the app's own do not.
        match self.path {
            "/" => {
                let given = self.after("/", last);
                let own = (!self.files.is_empty() && last.is_none_or(|last| last < "app"))
                    .then(|| "app".to_owned());
                given.into_iter().chain(own).min()
            }
            "/app" => self.after("", last),
            path => match path.strip_prefix(APP) {
                Some(own) => self.after(&format!("{own}/"), last),
                None => self.after(&format!("{path}/"), last),
            },
        }
    }

    fn after(&self, prefix: &str, last: Option<&str>) -> Option<String> {
        // All that is below a name is passed over: the character after a slash in the order of bytes is '0'.
        let start = last.map_or(prefix.to_owned(), |last| format!("{prefix}{last}"));
        let below = last.map(|last| format!("{prefix}{last}/"));
        let is_own = prefix.is_empty();
        self.files
            .range(start..)
            .map(|(key, _)| key.as_str())
            .filter(|key| !(is_own && key.starts_with('/')))
            .take_while(|key| key.starts_with(prefix))
            .filter(|key| below.as_deref().is_none_or(|below| !key.starts_with(below)))
            .map(|key| key[prefix.len()..].split('/').next().unwrap_or_default())
            .find(|name| Some(*name) != last)
            .map(str::to_owned)
    }
}

/// Who asks where a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Import,
    Require,
}

/// Before the name of a module that is built in.
const BUILT_IN: &str = "node:";
/// Before the path of a file that is no ES module, in the name of the module that an import of it gives.
const FOREIGN: &str = "skep\\foreign/";

impl Modules {
    pub(super) fn new(heap: Rc<Meter>) -> Self {
        let (files, compiled, room) = (RefCell::default(), RefCell::default(), Cell::new(None));
        Self(Rc::new(Shelf { heap, files, compiled, room }))
    }

    /// Takes a piece of a file.
    pub(super) fn take(&self, part: &Part<'_>) {
        let mut files = self.0.files.borrow_mut();
        let path = match part.form {
            Form::File | Form::Bytecode | Form::Link => part.path.to_owned(),
            // By its absolute path, which no file of the app has.
            Form::Given => format!("/{}", part.path),
            Form::Table => return,
        };
        let file = files.entry(path).or_default();
        file.is_link |= part.form == Form::Link;
        let bytes = match part.form {
            Form::Bytecode => file.bytecode.get_or_insert_default(),
            _ => &mut file.bytes,
        };
        Rc::make_mut(bytes).extend_from_slice(part.bytes);
    }

    /// All files were taken; of which `keep` bytes of bytecode are wanted, if any. Gives the bytes of all.
    pub(super) fn begin(&self, keep: u32) -> usize {
        self.0.compiled.replace((0 < keep).then(Vec::new));
        self.0.room.set(usize::try_from(keep).ok());
        let files = self.0.files.borrow();
        files
            .values()
            .map(|file| file.bytes.len() + file.bytecode.as_ref().map_or(0, |code| code.len()))
            .sum()
    }

    /// Forgets all files.
    pub(super) fn clear(&self) {
        self.0.files.take();
    }

    /// What there is at an absolute path, which ends with no slash: a number as the scripts have it. Links are not
    /// followed.
    pub(super) fn fs_kind(&self, path: &str) -> u8 {
        let files = self.0.files.borrow();
        match inside(path).and_then(|inside| files.get(&inside)) {
            Some(file) if file.is_link => LINK,
            Some(_) => FILE,
            None if self.names_below(path).next_name(None).is_some() => FOLDER,
            None => NOTHING,
        }
    }

    /// The bytes of the file at an absolute path, or the target of the link there.
    pub(super) fn fs_bytes(&self, path: &str) -> Option<Rc<Vec<u8>>> {
        let files = self.0.files.borrow();
        files.get(&inside(path)?).map(|file| Rc::clone(&file.bytes))
    }

    /// The name of the entry number `index` of a folder.
    pub(super) fn fs_name(&self, path: &str, index: usize) -> Option<String> {
        let names = self.names_below(path);
        let mut name = names.next_name(None);
        for _ in 0..index {
            name = names.next_name(Some(name.as_deref()?));
        }
        name
    }

    fn names_below<'a>(&'a self, path: &'a str) -> Names<'a> {
        Names { files: self.0.files.borrow(), path }
    }

    fn file(&self, path: &str) -> Option<File> {
        self.0.files.borrow().get(path).cloned()
    }

    /// What the file at that path is.
    pub(super) fn kind(&self, path: &str) -> Kind {
        match path.rsplit_once('.').map(|(_, ending)| ending) {
            Some("json") => Kind::Json,
            Some("cjs" | "cts") => Kind::CommonJs,
            Some("mjs" | "mts" | "js" | "ts" | "tsx" | "jsx") => Kind::EsModule,
            _ => Kind::Data,
        }
    }

    /// Where a name leads to that the file at `from` asks for: the path of a file, or `node:` and a name.
    pub(super) fn resolve(
        &self,
        specifier: &str,
        from: &str,
        _asked: Asked,
    ) -> std::result::Result<String, String> {
        if let Some(name) = specifier.strip_prefix(BUILT_IN) {
            return Ok(format!("{BUILT_IN}{name}"));
        }
        if !specifier.starts_with("./") && !specifier.starts_with("../") {
            return Err("only paths of the app's own files that begin with ./ or ../".to_owned());
        }
        let path = join(from, specifier).ok_or("the path leaves the app")?;
        let files = self.0.files.borrow();
        let found = ["", ".js", ".cjs", ".mjs", ".json", "/index.js"].into_iter();
        let found =
            found.map(|ending| format!("{path}{ending}")).find(|path| files.contains_key(path));
        found.ok_or_else(|| "the app has no such file".to_owned())
    }

    /// The text of a file, for JSON and the like.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let file = self.file(path)?;
        let bytes = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.bytes);
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// The function that a file of CommonJS is.
    pub(super) fn common_js<'js>(&self, ctx: &Ctx<'js>, path: &str) -> Result<Function<'js>> {
        let file = self.file(path).ok_or_else(|| Error::new_loading(path))?;
        let script = match &file.bytecode {
            Some(bytecode) => Script::read(ctx, bytecode)?,
            None => Script::compile(ctx, path, &file.bytes)?,
        };
        script.into_function()
    }

    /// Evaluates the ES module at that path: the promise of its end, and a namespace whose `app` is the module's.
    pub(super) fn evaluate<'js>(
        &self,
        ctx: &Ctx<'js>,
        path: &str,
    ) -> Result<(Value<'js>, Value<'js>)> {
        // What was read from bytecode is linked by whoever imports it, and by nobody else.
        let start = format!("export * as app from {path:?};");
        let (module, promise) =
            Module::declare(ctx.clone(), format!("skep\\from/{path}"), start)?.eval()?;
        Ok((promise.into_value(), module.namespace()?.into_value()))
    }

    /// Evaluates the entry, which nothing has imported: the promise of its end, and its namespace.
    pub(super) fn evaluate_entry<'js>(
        &self,
        ctx: &Ctx<'js>,
        path: &str,
    ) -> Result<(Value<'js>, Value<'js>)> {
        if let Some(bytecode) = self.file(path).and_then(|file| file.bytecode) {
            return evaluate_bytecode(ctx, &bytecode);
        }
        let (promise, namespace) = self.evaluate(ctx, path)?;
        let app = namespace.as_object().map(|namespace| namespace.get("app")).transpose()?;
        Ok((promise, app.unwrap_or(namespace)))
    }

    /// Compiles every script, before any of it runs; one that does not compile stays source. Gives what is wanted.
    pub(super) fn compile_all(&mut self, ctx: &Ctx<'_>) -> Option<Bytecode> {
        self.0.compiled.borrow().as_ref()?;
        let paths: Vec<String> = self.0.files.borrow().keys().cloned().collect();
        for path in paths {
            let Some(file) = self.file(&path) else { continue };
            let likely =
                file.bytes.len().saturating_mul(BYTECODE_PER_SOURCE).saturating_add(BYTECODE_SLACK);
            // The engine makes it in the app's heap, which must not be refused anything for that.
            if file.bytecode.is_some() || self.0.heap.left() < likely {
                continue;
            }
            let compiled = match self.kind(&path) {
                Kind::CommonJs => {
                    Script::compile(ctx, &path, &file.bytes).and_then(|script| script.write())
                }
                Kind::EsModule if self.is_kept(&path) => continue,
                // Keeps it, and what it imports.
                Kind::EsModule => match Loader::load(self, ctx, &path, None) {
                    Ok(_) => continue,
                    Err(error) => Err(error),
                },
                Kind::Json | Kind::Data => continue,
            };
            match compiled {
                Ok(bytecode) => self.keep(&path, bytecode),
                // What it threw is thrown again when the script is required.
                Err(_) => drop(ctx.catch()),
            }
        }
        self.0.compiled.take()
    }

    fn is_kept(&self, path: &str) -> bool {
        self.0.compiled.borrow().iter().flatten().any(|(kept, _)| kept == path)
    }

    fn keep(&self, path: &str, bytecode: Vec<u8>) {
        let Shelf { compiled, room, .. } = &*self.0;
        let mut compiled = compiled.borrow_mut();
        let (Some(compiled), Some(left)) = (compiled.as_mut(), room.get()) else { return };
        let left = left.checked_sub(path.len() + bytecode.len());
        match left {
            Some(_) => compiled.push((path.to_owned(), bytecode)),
            None => compiled.clear(),
        }
        room.set(left);
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
        // The runtime's own scripts, which name paths of an app as they are.
        if base.starts_with(scripts::PREFIX) {
            let path = if name.starts_with('.') { join(base, name) } else { Some(name.to_owned()) };
            return path.ok_or_else(|| Error::new_resolving(base, name));
        }
        let target = Self::resolve(self, name, base, Asked::Import)
            .map_err(|why| Error::new_resolving_message(base, name, why))?;
        let foreign = target.starts_with(BUILT_IN) || self.kind(&target) != Kind::EsModule;
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
            return Module::declare(ctx.clone(), name, foreign(path, &[]));
        }
        if name.starts_with(scripts::PREFIX) {
            return scripts::load(ctx, name).ok_or_else(|| Error::new_loading(name))?;
        }
        let file = self.file(name).ok_or_else(|| Error::new_loading(name))?;
        if let Some(bytecode) = &file.bytecode {
            return load_bytecode(ctx, bytecode);
        }
        let module = Module::declare(ctx.clone(), name, file.bytes.as_slice())?;
        if self.0.compiled.borrow().is_some() {
            let likely =
                file.bytes.len().saturating_mul(BYTECODE_PER_SOURCE).saturating_add(BYTECODE_SLACK);
            if likely <= self.0.heap.left() {
                match module.write(WriteOptions::default()) {
                    Ok(bytecode) => self.keep(name, bytecode),
                    // What it threw must not be taken for the app's.
                    Err(_) => drop(ctx.catch()),
                }
            }
        }
        Ok(module)
    }
}

/// The text of the module that an import of something else than an ES module gives, with those named exports.
fn foreign(path: &str, names: &[String]) -> String {
    use std::fmt::Write as _;

    let (id, built_in) = match path.strip_prefix(BUILT_IN) {
        Some(name) => (name, true),
        None => (path, false),
    };
    let mut text = format!(
        "import {{ driver }} from \"skep\\\\js/driver.js\";\nconst it = driver.foreign({id:?}, {built_in});\nexport default it;\n"
    );
    for (at, name) in names.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "const n{at} = it[{name:?}]; export {{ n{at} as {name:?} }};");
    }
    text
}

/// The bytecode of a module that imports nothing.
pub(super) fn compile(name: &str, source: &str) -> Result<Vec<u8>> {
    let runtime = Runtime::new()?;
    Context::full(&runtime)?
        .with(|ctx| Module::declare(ctx, name, source)?.write(WriteOptions::default()))
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
