//! What the engine makes of an app's scripts before any of them runs, within bounds.

use std::collections::HashSet;

use rquickjs::{Context, Ctx, Module, Result, Runtime, WriteOptions, loader::Loader};
use skep_link::frame::MadeForm;
use skep_project::{Kind, Table};

use super::{Made, Modules, Shelf};
use crate::{engine::exception::Caught, sys::Script};

/// Bytes of heap that an app has to itself at least.
const LEAST_HEAP: usize = 8 << 20;
/// More than bytecode with its debug information and its copies of the source is of that, nearly always.
const BYTECODE_PER_SOURCE: usize = 8;
/// The same for small ones.
const BYTECODE_SLACK: usize = 16 << 10;

impl Modules {
    /// Compiles every script, before any of it runs; one that does not compile stays source. Gives all that was made,
    /// if it is wanted.
    pub(in crate::engine) fn compile_all(&mut self, ctx: &Ctx<'_>) -> Option<Vec<Made>> {
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
    pub(super) fn has_room(&self, source: usize) -> bool {
        source.saturating_mul(BYTECODE_PER_SOURCE).saturating_add(BYTECODE_SLACK)
            <= self.0.heap.left()
    }

    fn is_kept(&self, path: &str) -> bool {
        let compiled = self.0.compiled.borrow();
        compiled.iter().flatten().any(|made| made.form == MadeForm::Bytecode && made.path == path)
    }

    pub(super) fn keep(&self, path: &str, bytes: Vec<u8>) {
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
}

/// Checks that an app whose files have so many bytes, and what was made of them so many beside, leaves an instance
/// enough of its heap to run: both are in each instance, on the heap's bill.
///
/// # Errors
///
/// Less than [`LEAST_HEAP`] would be left.
pub(in crate::engine) fn fits(
    heap: u64,
    files: usize,
    made: usize,
) -> std::result::Result<(), Caught> {
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

/// The bytecode of a module that imports nothing.
pub(in crate::engine) fn compile(name: &str, source: &str) -> Result<Vec<u8>> {
    let runtime = Runtime::new()?;
    Context::full(&runtime)?
        .with(|ctx| Module::declare(ctx, name, source)?.write(WriteOptions::default()))
}
