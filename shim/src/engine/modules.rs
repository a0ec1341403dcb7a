//! The scripts of an app: where a name leads to, what each file is, and what the engine makes of it.
//!
//! All of it is found out once, when the app is deployed, before any of it runs; the table and the bytecode then go
//! into each instance. What is asked for by a name that only shows while the app runs is looked for then.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::HashSet,
    fmt::Write as _,
    rc::Rc,
    sync::Arc,
};

use rquickjs::{
    Context, Ctx, Error, Exception, Function, Module, Object, Result, Runtime, Value, WriteOptions,
    loader::{ImportAttributes, Loader, Resolver as Resolve},
    module::Declared,
};
use skep_link::frame::{Bind, Form, MadeForm, Part};
use skep_project::{
    By, Files, Kind, Resolver, Settings, Table, Target,
    resolve::{NotResolved, Why},
    script::{Place, Places, imports_of},
    syntax::Dialect,
    table::{self, Led, Problem},
};

use super::{
    exception::Caught,
    files::{AppFiles, Pieces},
    scripts::{self, Driver, FOREIGN, FROM},
};
use crate::sys::{Meter, Script, evaluate_bytecode, load_bytecode};

/// What was made of a file.
pub(super) struct Made {
    pub(super) form: MadeForm,
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

/// The scripts of the bound version.
#[derive(Clone)]
pub(super) struct Modules(Rc<Shelf>);

struct Shelf {
    heap: Rc<Meter>,
    driver: OnceCell<Rc<Driver>>,
    pieces: RefCell<Pieces>,
    app: RefCell<Rc<Known>>,
    /// Modules of ours that stand for an app: a path that no file of an app has, and source or bytecode.
    own: RefCell<Option<(&'static str, Form, Vec<u8>)>>,
    /// What was compiled, while it is wanted.
    compiled: RefCell<Option<Vec<Made>>>,
    /// Bytes of it that may still be kept; `None` once there were more.
    room: Cell<Option<usize>>,
}

/// What is known of an app before it runs.
#[derive(Default)]
struct Known {
    files: AppFiles,
    table: Option<Table>,
    settings: Settings,
    resolver: OnceCell<Resolver>,
    /// What leads nowhere; only where the table was made.
    problems: Vec<Problem>,
}

/// Bytes of heap that an app has to itself at least.
const LEAST_HEAP: usize = 8 << 20;
/// Before the name of a module that is built in.
const BUILT_IN: &str = "node:";
/// Where an app sees its files.
const MOUNT: &str = "/app";

/// Behind a module that waits for another one. The engine takes a module that only waited for others as unfinished for
/// ever, and so one that is imported later and needs it never runs (quickjs-ng, pull request 1646); a module with an
/// `await` of its own ends as it should.
const WAITING: &[u8] = b"\nawait undefined;\n";

/// More than bytecode with its debug information and its copies of the source is of that, nearly always.
const BYTECODE_PER_SOURCE: usize = 8;
/// The same for small ones.
const BYTECODE_SLACK: usize = 16 << 10;

impl Modules {
    pub(super) fn new(heap: Rc<Meter>) -> Self {
        Self(Rc::new(Shelf {
            heap,
            driver: OnceCell::new(),
            pieces: RefCell::default(),
            app: RefCell::default(),
            own: RefCell::default(),
            compiled: RefCell::default(),
            room: Cell::new(None),
        }))
    }

    /// Gives it the functions of the runtime's scripts, once.
    pub(super) fn connect(&self, driver: &Rc<Driver>) {
        let _ = self.0.driver.set(Rc::clone(driver));
    }

    /// Takes a piece of a file.
    pub(super) fn take(&self, part: &Part<'_>) {
        self.0.pieces.borrow_mut().take(part);
    }

    /// Takes these pieces of one file as those of an app, looks at what came of them, and forgets them. Gives the table
    /// of names, if that was made.
    pub(super) fn rehearse_files(&self, pieces: &[(Form, &[u8])]) -> Vec<u8> {
        let path = "index.js";
        for (form, bytes) in pieces {
            let path = if *form == Form::Table { "" } else { path };
            self.take(&Part { form: *form, path, bytes });
        }
        let max_bytecode_bytes = u32::from(!pieces.iter().any(|(form, _)| *form == Form::Table));
        let bind = Bind {
            entry: path,
            name: "",
            handler: "",
            variables: Vec::new(),
            modules: None,
            conditions: Vec::new(),
            functions: Vec::new(),
            deployed_ms: 0,
            heap_bytes: 0,
            max_reply_bytes: 0,
            max_bytecode_bytes,
            wall_ns: 0,
            log_lines: 0,
            log_bytes: 0,
        };
        // What it can say of a script of ours is known.
        let _ = self.begin(&bind);
        let _ = (self.kind(path), self.has_meta(path), self.text(path).is_some());
        self.0.app.replace(Rc::default());
        let made = self.0.compiled.take().unwrap_or_default();
        made.into_iter()
            .find(|made| made.form == MadeForm::Table)
            .map_or(Vec::new(), |made| made.bytes)
    }

    /// Takes or forgets a module of ours in the place of an app.
    pub(super) fn rehearse(&self, own: Option<(&'static str, Form, Vec<u8>)>) {
        self.0.own.replace(own);
    }

    fn app(&self) -> Rc<Known> {
        Rc::clone(&self.0.app.borrow())
    }

    /// The files of the app.
    pub(super) fn with_files<R>(&self, look: impl FnOnce(&AppFiles) -> R) -> R {
        look(&self.app().files)
    }

    /// All files were taken: makes the table of names, if there is none yet. Gives the bytes of all files.
    ///
    /// # Errors
    ///
    /// A script that the entry needs cannot be made into JavaScript.
    pub(super) fn begin(&self, bind: &Bind<'_>) -> std::result::Result<usize, Caught> {
        let pieces = self.0.pieces.take();
        let files =
            AppFiles::new(pieces).map_err(|(path, why)| Caught::of_file(&path, None, &why))?;
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let builtins = match &bind.modules {
            Some(allowed) => names(allowed),
            None => self.0.driver.get().map(|driver| driver.builtins.clone()).unwrap_or_default(),
        };
        let settings = Settings {
            conditions: names(&bind.conditions),
            builtins: builtins.into_iter().collect(),
            mount: Some(MOUNT.to_owned()),
        };
        let mut known = Known { files, settings, ..Known::default() };
        let wants = 0 < bind.max_bytecode_bytes;
        self.0.compiled.replace(wants.then(Vec::new));
        self.0.room.set(usize::try_from(bind.max_bytecode_bytes).ok());
        match known.files.table.take() {
            Some(table) => {
                let table = Table::decode(table.into());
                known.table =
                    Some(table.map_err(|error| Caught::of_file("", None, &error.to_string()))?);
            }
            None => self.look(&mut known, bind.entry)?,
        }
        let bytes = known.files.bytes;
        self.0.app.replace(Rc::new(known));
        Ok(bytes)
    }

    /// Looks at every script, before any of them runs.
    fn look(&self, known: &mut Known, entry: &str) -> std::result::Result<(), Caught> {
        let (mut texts, mut places) = (Vec::new(), Vec::new());
        let (table, problems) =
            table::build(&known.files.tree, known.resolver(), entry, |path, script| {
                if let Some(code) = &script.code {
                    texts.push((path.to_owned(), Rc::from(code.text.as_str())));
                    places.push((path.to_owned(), code.places.clone()));
                }
            });
        known.files.texts = texts.into_iter().collect();
        let not_made = |path: &str| {
            Dialect::of(path).is_some_and(Dialect::is_transformed)
                && !known.files.texts.contains_key(path)
        };
        let fatal = problems.iter().find(|problem| not_made(&problem.path) && problem.reached);
        if let Some(problem) = fatal {
            return Err(Caught::of_file(&problem.path, problem.at, &problem.message));
        }
        known.problems = problems;
        let mut made = self.0.compiled.borrow_mut();
        if let Some(made) = made.as_mut() {
            made.push(Made {
                form: MadeForm::Table,
                path: String::new(),
                bytes: table.bytes().to_vec(),
            });
            made.extend(places.iter().map(|(path, places)| Made {
                form: MadeForm::Places,
                path: path.clone(),
                bytes: places.bytes().to_vec(),
            }));
        }
        known.files.places = places.into_iter().collect();
        known.table = Some(table);
        Ok(())
    }

    /// What the file at that path is.
    pub(super) fn kind(&self, path: &str) -> Kind {
        if self.0.own.borrow().as_ref().is_some_and(|(own, ..)| *own == path) {
            return Kind::Module;
        }
        self.app().table.as_ref().and_then(|table| table.kind(path)).unwrap_or(Kind::Data)
    }

    /// Where a name leads to that the file at `from` asks for: the path of a file, or `node:` and a name.
    ///
    /// # Errors
    ///
    /// Why it leads nowhere.
    pub(super) fn resolve(
        &self,
        specifier: &str,
        from: &str,
        by: By,
    ) -> std::result::Result<String, NotResolved> {
        let app = self.app();
        let led = app.table.as_ref().and_then(|table| table.lookup(from, specifier, by));
        match led {
            Some(Led::File(path)) => return Ok(path.to_owned()),
            Some(Led::Builtin(name)) => return Ok(format!("{BUILT_IN}{name}")),
            None => {}
        }
        match app.resolver().resolve(from, specifier, by)? {
            Target::File(path) => Ok(path),
            Target::Builtin(name) => Ok(format!("{BUILT_IN}{name}")),
        }
    }

    /// The JavaScript of a script.
    fn text(&self, path: &str) -> Option<Text> {
        let app = self.app();
        if app.table.as_ref().is_some_and(|table| table.waits(path)) {
            let text = self.text_of(&app, path)?;
            return Some(Text::Longer([text.bytes(), WAITING].concat()));
        }
        self.text_of(&app, path)
    }

    fn text_of(&self, app: &Known, path: &str) -> Option<Text> {
        if let Some(text) = app.files.texts.get(path) {
            return Some(Text::Made(Rc::clone(text)));
        }
        if Dialect::of(path).is_some_and(Dialect::is_transformed) {
            return None;
        }
        app.files.read(path).map(Text::Own)
    }

    /// The text of a file, for JSON and the like.
    pub(super) fn read_text(&self, path: &str) -> Option<String> {
        let bytes = self.app().files.read(path)?;
        Some(skep_project::syntax::text(&bytes).into_owned())
    }

    /// The function that a file of CommonJS is.
    pub(super) fn common_js<'js>(&self, ctx: &Ctx<'js>, path: &str) -> Result<Function<'js>> {
        if let Some(bytecode) = self.app().files.bytecode.get(path) {
            return Script::read(ctx, bytecode)?.into_function();
        }
        let text = self.text(path).ok_or_else(|| not_made(ctx, path))?;
        Script::compile(ctx, path, text.bytes())?.into_function()
    }

    /// The function that gives the value of a file that is one expression; with `scope` that is a function of an
    /// object whose members are names in it.
    pub(super) fn expression<'js>(
        &self,
        ctx: &Ctx<'js>,
        path: &str,
        scope: bool,
    ) -> Result<Function<'js>> {
        let text = self.text(path).ok_or_else(|| not_made(ctx, path))?;
        // An expression that is written as a statement.
        let text = text.bytes().trim_ascii_end();
        let text = text.strip_suffix(b";").unwrap_or(text);
        Script::compile_expression(ctx, path, text, scope)?.into_function()
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
            Module::declare(ctx.clone(), format!("{FROM}{path}"), start)?.eval()?;
        Ok((promise.into_value(), module.namespace()?.into_value()))
    }

    /// Evaluates the entry, which nothing has imported: the promise of its end, and its namespace.
    pub(super) fn evaluate_entry<'js>(
        &self,
        ctx: &Ctx<'js>,
        path: &str,
    ) -> Result<(Value<'js>, Value<'js>)> {
        if let Some((own, Form::Bytecode, code)) = &*self.0.own.borrow()
            && *own == path
        {
            return evaluate_bytecode(ctx, code);
        }
        let app = self.app();
        if let Some(bytecode) = app.files.bytecode.get(path)
            && !self.has_meta(path)
        {
            return evaluate_bytecode(ctx, bytecode);
        }
        let (promise, namespace) = self.evaluate(ctx, path)?;
        let app = namespace.as_object().map(|namespace| namespace.get("app")).transpose()?;
        Ok((promise, app.unwrap_or(namespace)))
    }

    /// Compiles every script, before any of it runs; one that does not compile stays source. Gives all that was made,
    /// if it is wanted.
    pub(super) fn compile_all(&mut self, ctx: &Ctx<'_>) -> Option<Vec<Made>> {
        self.0.compiled.borrow().as_ref()?;
        let app = self.app();
        let scripts = app.table.iter().flat_map(Table::files);
        for (path, kind) in
            scripts.filter(|(_, kind)| matches!(kind, Kind::Commonjs | Kind::Module))
        {
            let Some(text) = self.text(path) else { continue };
            if !self.has_room(text.bytes().len()) || self.is_kept(path) {
                continue;
            }
            let compiled = match kind {
                Kind::Commonjs => Script::compile(ctx, path, text.bytes()).and_then(|script| {
                    self.keep(path, script.write()?);
                    Ok(())
                }),
                // Keeps it, and what it imports.
                _ => Loader::load(self, ctx, path, None).map(drop),
            };
            if compiled.is_err() {
                // What it threw is thrown again when the script is asked for.
                ctx.catch();
            }
        }
        let mut made = self.0.compiled.take()?;
        // Without bytecode an instance needs the JavaScript.
        let kept = made.iter().filter(|made| made.form == MadeForm::Bytecode);
        let kept: HashSet<&str> = kept.map(|made| made.path.as_str()).collect();
        let texts = app.files.texts.iter().filter(|(path, _)| !kept.contains(path.as_str()));
        let texts: Vec<Made> = texts
            .map(|(path, text)| Made {
                form: MadeForm::Text,
                path: path.clone(),
                bytes: text.as_bytes().to_vec(),
            })
            .collect();
        made.extend(texts);
        Some(made)
    }

    /// Whether the heap has room for the bytecode of a script: it must not be refused anything for that.
    fn has_room(&self, source: usize) -> bool {
        source.saturating_mul(BYTECODE_PER_SOURCE).saturating_add(BYTECODE_SLACK)
            <= self.0.heap.left()
    }

    fn is_kept(&self, path: &str) -> bool {
        let compiled = self.0.compiled.borrow();
        compiled.iter().flatten().any(|made| made.form == MadeForm::Bytecode && made.path == path)
    }

    fn keep(&self, path: &str, bytes: Vec<u8>) {
        let Shelf { compiled, room, .. } = &*self.0;
        let mut compiled = compiled.borrow_mut();
        let (Some(compiled), Some(left)) = (compiled.as_mut(), room.get()) else { return };
        let left = left.checked_sub(path.len() + bytes.len());
        match left {
            Some(_) => {
                compiled.push(Made { form: MadeForm::Bytecode, path: path.to_owned(), bytes })
            }
            None => compiled.retain(|made| made.form != MadeForm::Bytecode),
        }
        room.set(left);
    }

    /// The place in the author's text of a place in what the engine was given.
    pub(super) fn author_place(&self, path: &str, line: u32, column: u32) -> (u32, u32) {
        let app = self.app();
        let places: Option<&Places> = app.files.places.get(path);
        let found = places.and_then(|places| places.lookup(Place { line, column }));
        found.map_or((line, column), |place| (place.line, place.column))
    }

    /// What is called at a place of the author's text, such as `os.cups`: names with dots between them.
    pub(super) fn callee(&self, path: &str, line: u32, column: u32) -> Option<String> {
        let text = self.read_text(path)?;
        let text: Vec<char> =
            text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?.chars().collect();
        let is_name = |at: usize| {
            text.get(at).is_some_and(|it| it.is_alphanumeric() || *it == '_' || *it == '$')
        };
        let mut start = usize::try_from(column).ok()?.checked_sub(1)?;
        let mut end = start;
        while is_name(end) {
            end += 1;
        }
        let is_part = |at: usize| is_name(at) || text.get(at) == Some(&'.');
        while 0 < start && is_part(start - 1) {
            start -= 1;
        }
        (start < end && is_name(start)).then(|| text[start..end].iter().collect())
    }

    /// What was thrown; of an error in linking modules the place of the import that cannot be had.
    pub(super) fn blamed(&self, caught: Caught) -> Caught {
        let app = self.app();
        let unresolved = app.problems.iter().find(|it| caught.message.starts_with(&it.message));
        if let Some(Problem { path, at: Some(at), .. }) = unresolved
            && caught.path.is_none()
        {
            return caught.asked_by(path, *at);
        }
        let Some((name, from)) = caught.link() else { return caught };
        let scripts = app.table.iter().flat_map(Table::files);
        let found = scripts.filter(|(_, kind)| *kind == Kind::Module).find_map(|(path, _)| {
            let bytes = app.files.read(path)?;
            let leads = |(specifier, _): &(String, Place)| {
                Self::resolve(self, specifier, path, By::Import).is_ok_and(|it| it == from)
            };
            let at = imports_of(path, &bytes, name).into_iter().find(leads)?.1;
            Some((path.to_owned(), at))
        });
        match found {
            Some((path, at)) => caught.asked_by(&path, at),
            None => caught,
        }
    }

    /// Whether a script may ask for `import.meta`.
    fn has_meta(&self, path: &str) -> bool {
        self.text_of(&self.app(), path)
            .is_none_or(|text| memchr::memmem::find(text.bytes(), b"import.meta").is_some())
    }

    /// Whether a script begins as an expression that is a function does, comments left out.
    pub(super) fn may_be_function(&self, path: &str) -> bool {
        let Some(text) = self.text(path) else { return false };
        let text = String::from_utf8_lossy(text.bytes());
        let mut rest = text.trim_start();
        while let Some(comment) = rest
            .strip_prefix("//")
            .map(|it| it.split_once('\n'))
            .or_else(|| rest.strip_prefix("/*").map(|it| it.split_once("*/")))
        {
            rest = comment.map_or("", |(_, after)| after.trim_start());
        }
        let is_name = |it: char| it.is_alphanumeric() || it == '_' || it == '$';
        rest.starts_with('(')
            || rest.starts_with("async")
            || rest.starts_with("function")
            || rest.trim_start_matches(is_name).trim_start().starts_with("=>")
    }

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
}

impl Known {
    fn resolver(&self) -> &Resolver {
        self.resolver.get_or_init(|| {
            let files: Arc<dyn Files> = Arc::clone(&self.files.tree) as _;
            Resolver::new(files, self.settings.clone())
        })
    }
}

/// The JavaScript of a script: the author's, or made of it.
enum Text {
    Own(bytes::Bytes),
    Made(Rc<str>),
    /// With [`WAITING`] behind it.
    Longer(Vec<u8>),
}

impl Text {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes),
            Self::Made(text) => text.as_bytes(),
            Self::Longer(text) => text,
        }
    }
}

fn not_made(ctx: &Ctx<'_>, path: &str) -> Error {
    Exception::throw_syntax(
        ctx,
        &format!("{path} could not be made into JavaScript, or is not there"),
    )
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

/// The code that Node has for that, unless it is the usual one.
pub(super) fn code_of(error: &NotResolved) -> Option<&'static str> {
    match error.why {
        Why::NotExported { .. } => Some("ERR_PACKAGE_PATH_NOT_EXPORTED"),
        Why::NotImported => Some("ERR_PACKAGE_IMPORT_NOT_DEFINED"),
        Why::NoBuiltin { .. } => Some("ERR_UNKNOWN_BUILTIN_MODULE"),
        _ => None,
    }
}

impl Modules {
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
        if let Some(bytecode) = self.app().files.bytecode.get(name) {
            let module = load_bytecode(ctx, bytecode)?;
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

/// Checks that an app whose files have so many bytes, and what was made of them so many beside, leaves an instance
/// enough of its heap to run: both are in each instance, on the heap's bill.
///
/// # Errors
///
/// Less than [`LEAST_HEAP`] would be left.
pub(super) fn fits(heap: u64, files: usize, made: usize) -> std::result::Result<(), Caught> {
    let heap = usize::try_from(heap).unwrap_or(usize::MAX);
    let missing = (files + made + LEAST_HEAP).saturating_sub(heap);
    if missing == 0 {
        return Ok(());
    }
    let mib = |bytes: usize| format!("{}.{} MiB", bytes >> 20, ((bytes % (1 << 20)) * 10) >> 20);
    // A sixteenth of an app's memory is not for its heap.
    let more = (missing + missing / 15).div_ceil(1 << 20);
    Err(Caught::too_large(&format!(
        "the app's files take {} of its heap and what is compiled of them {}, so that of {} less than the {} are left \
         that an app needs at least; give it at least {more} MiB more memory, or deploy less",
        mib(files),
        mib(made),
        mib(heap),
        mib(LEAST_HEAP),
    )))
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

/// The bytecode of a module that imports nothing.
pub(super) fn compile(name: &str, source: &str) -> Result<Vec<u8>> {
    let runtime = Runtime::new()?;
    Context::full(&runtime)?
        .with(|ctx| Module::declare(ctx, name, source)?.write(WriteOptions::default()))
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
