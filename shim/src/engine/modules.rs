//! The scripts of an app: where a name leads to, what each file is, and what the engine makes of it.
//!
//! All of it is found out once, when the app is deployed, before any of it runs; the table and the bytecode then go
//! into each instance. What is asked for by a name that only shows while the app runs is looked for then.

mod compiled;
mod loader;
mod places;

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
    sync::Arc,
};

use rquickjs::{Ctx, Error, Exception, Function, Module, Result, Value};
use skep_link::frame::{Bind, Form, MadeForm, Part};
use skep_project::{
    By, Files, Kind, Resolver, Settings, Table, Target,
    resolve::NotResolved,
    syntax::Dialect,
    table::{self, Led, Problem},
};

pub(super) use self::{
    compiled::{compile, fits},
    loader::code_of,
};
use super::{
    exception::Caught,
    files::{AppFiles, Pieces},
    scripts::{Driver, FROM},
};
use crate::sys::{Meter, Script, evaluate_bytecode};

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

/// Before the name of a module that is built in.
const BUILT_IN: &str = "node:";
/// Built-in modules that no list of allowed ones leaves out: an ES module of TypeScript has its `require` from there.
pub(super) const ALWAYS: &[&str] = &["module"];
/// Where an app sees its files.
const MOUNT: &str = "/app";

/// Behind a module that waits for another one. The engine takes a module that only waited for others as unfinished for
/// ever, and so one that is imported later and needs it never runs (quickjs-ng, pull request 1646); a module with an
/// `await` of its own ends as it should.
const WAITING: &[u8] = b"\nawait undefined;\n";

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
        let all = self.0.driver.get().map(|driver| driver.builtins.as_slice()).unwrap_or_default();
        let builtins = match &bind.modules {
            Some(allowed) => {
                if let Some(name) = allowed.iter().find(|name| !all.iter().any(|it| it == *name)) {
                    let why = format!("modules: there is no built-in module {name:?}");
                    return Err(Caught::of_file(bind.entry, None, &why));
                }
                names(&[allowed, ALWAYS].concat())
            }
            None => all.to_vec(),
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
        let bytes = app.files.read(path)?;
        // Bytes that are no UTF-8 are replaced, as Node does.
        Some(match str::from_utf8(&bytes) {
            Ok(_) => Text::Own(bytes),
            Err(_) => Text::Made(String::from_utf8_lossy(&bytes).into()),
        })
    }

    /// The text of a file, for JSON and the like.
    pub(super) fn read_text(&self, path: &str) -> Option<String> {
        let bytes = self.app().files.read(path)?;
        Some(skep_project::syntax::text(&bytes).into_owned())
    }

    /// The function that a file of CommonJS is.
    pub(super) fn common_js<'js>(&self, ctx: &Ctx<'js>, path: &str) -> Result<Function<'js>> {
        if let Some(bytecode) = self.app().files.bytecode(path) {
            return Script::read(ctx, &bytecode)?.into_function();
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
        if !self.has_meta(path)
            && let Some(bytecode) = app.files.bytecode(path)
        {
            return evaluate_bytecode(ctx, &bytecode);
        }
        let (promise, namespace) = self.evaluate(ctx, path)?;
        let app = namespace.as_object().map(|namespace| namespace.get("app")).transpose()?;
        Ok((promise, app.unwrap_or(namespace)))
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
