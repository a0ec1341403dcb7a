//! The files of an app in an instance: those of its upload, those given beside it, and what was made of them.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
    sync::Arc,
};

use bytes::Bytes;
use skep_link::frame::{Form, Part};
use skep_project::{Files as _, Uploaded, files::Look, script::Places, syntax::Dialect};

/// The folder in which an app sees its files.
const APP: &str = "/app";

/// What there is at a path, as the native `fsKind` says it.
const NOTHING: u8 = 0;
const FILE: u8 = 1;
const FOLDER: u8 = 2;
const LINK: u8 = 3;

/// Files as they arrive, in pieces.
#[derive(Debug, Default)]
pub(super) struct Pieces(BTreeMap<(u8, String), Vec<u8>>);

impl Pieces {
    /// Takes a piece; those of one file come one after another.
    pub(super) fn take(&mut self, part: &Part<'_>) {
        let key = (number(part.form), part.path.to_owned());
        self.0.entry(key).or_default().extend_from_slice(part.bytes);
    }

    fn of(&mut self, form: Form) -> impl Iterator<Item = (String, Vec<u8>)> + use<> {
        let rest = self.0.split_off(&(number(form) + 1, String::new()));
        let found = self.0.split_off(&(number(form), String::new()));
        self.0.extend(rest);
        found.into_iter().map(|((_, path), bytes)| (path, bytes))
    }
}

/// A place in the order of [`Pieces`].
fn number(form: Form) -> u8 {
    match form {
        Form::File => 0,
        Form::Link => 1,
        Form::Given => 2,
        Form::Bytecode => 3,
        Form::Text => 4,
        Form::Places => 5,
        Form::Table => 6,
    }
}

/// See the module. Nothing of it changes once the app runs.
#[derive(Debug, Default)]
pub(super) struct AppFiles {
    /// The upload.
    pub(super) tree: Arc<Uploaded>,
    /// Files at other absolute paths, by those without the first slash.
    given: Arc<Uploaded>,
    /// What an engine of the same build once made of scripts, until it is read.
    bytecode: RefCell<HashMap<String, Bytes>>,
    /// The JavaScript of scripts that are TypeScript or JSX.
    pub(super) texts: HashMap<String, Rc<str>>,
    /// Where each place of that JavaScript comes from.
    pub(super) places: HashMap<String, Places>,
    /// The table of names, if there is one yet.
    pub(super) table: Option<Vec<u8>>,
    /// Bytes of all that.
    pub(super) bytes: usize,
    /// The folder that was listed last, and its names.
    listed: RefCell<(String, Vec<String>)>,
}

impl AppFiles {
    /// All that has arrived.
    ///
    /// # Errors
    ///
    /// A path that no file of an app can have, and what is wrong with it.
    pub(super) fn new(mut pieces: Pieces) -> Result<Self, (String, String)> {
        let bytes = pieces.0.values().map(Vec::len).sum();
        let (mut tree, mut given) = (Uploaded::new(), Uploaded::new());
        for (path, bytes) in pieces.of(Form::File) {
            tree.file(&path, bytes.into()).map_err(|error| (path, error.to_string()))?;
        }
        for (path, target) in pieces.of(Form::Link) {
            let target = String::from_utf8_lossy(&target).into_owned();
            tree.link(&path, &target).map_err(|error| (path, error.to_string()))?;
        }
        for (path, bytes) in pieces.of(Form::Given) {
            given.file(&path, bytes.into()).map_err(|error| (path, error.to_string()))?;
        }
        let bytecode = pieces.of(Form::Bytecode).map(|(path, code)| (path, code.into())).collect();
        let texts = pieces.of(Form::Text);
        let texts =
            texts.map(|(path, text)| (path, String::from_utf8_lossy(&text).into())).collect();
        let places =
            pieces.of(Form::Places).map(|(path, it)| (path, Places::from_bytes(it))).collect();
        let table = pieces.of(Form::Table).next().map(|(_, table)| table);
        Ok(Self {
            tree: Arc::new(tree),
            given: Arc::new(given),
            bytecode: RefCell::new(bytecode),
            texts,
            places,
            table,
            bytes,
            listed: RefCell::default(),
        })
    }

    /// Takes the bytecode of a script, which is read once: its memory then serves for what it was read to. That of a
    /// script whose JavaScript is not here is kept, for it may be asked for again.
    pub(super) fn bytecode(&self, path: &str) -> Option<Bytes> {
        let mut bytecode = self.bytecode.borrow_mut();
        if Dialect::of(path).is_some_and(Dialect::is_transformed) {
            return bytecode.get(path).cloned();
        }
        bytecode.remove(path)
    }

    /// The bytes of a file of the app; links are not followed.
    pub(super) fn read(&self, path: &str) -> Option<Bytes> {
        self.tree.read(path).ok()
    }

    /// The tree that has an absolute path, and the path in it.
    fn find<'a>(&self, path: &'a str) -> (&Uploaded, &'a str) {
        match path.strip_prefix(APP) {
            Some("") => (&self.tree, ""),
            Some(below) if below.starts_with('/') => (&self.tree, &below[1..]),
            _ => (&self.given, path.trim_start_matches('/')),
        }
    }

    /// What there is at an absolute path, which ends with no slash: a number as the scripts have it. Links are not
    /// followed.
    pub(super) fn fs_kind(&self, path: &str) -> u8 {
        let (tree, inside) = self.find(path);
        match tree.look(inside) {
            Some(Look::File(_)) => FILE,
            Some(Look::Folder) => FOLDER,
            Some(Look::Link(_)) => LINK,
            None => NOTHING,
        }
    }

    /// The bytes of the file at an absolute path.
    pub(super) fn fs_bytes(&self, path: &str) -> Option<Bytes> {
        let (tree, inside) = self.find(path);
        tree.read(inside).ok()
    }

    /// The target of the link at an absolute path.
    pub(super) fn fs_link(&self, path: &str) -> Option<String> {
        let (tree, inside) = self.find(path);
        match tree.look(inside) {
            Some(Look::Link(target)) => Some(target),
            _ => None,
        }
    }

    /// The name of the entry number `index` of a folder.
    pub(super) fn fs_name(&self, path: &str, index: usize) -> Option<String> {
        let mut listed = self.listed.borrow_mut();
        // One after the other is asked for.
        if index == 0 || listed.0 != path {
            let (tree, inside) = self.find(path);
            let mut names = tree.list(inside);
            if path == "/" {
                names.push("app".to_owned());
            }
            *listed = (path.to_owned(), names);
        }
        listed.1.get(index).cloned()
    }
}
