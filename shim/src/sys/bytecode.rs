//! Loads a module from what the engine made of its source.

use rquickjs::{Ctx, Module, Result, module::Declared};

/// The module that the same build of the engine once wrote as `bytecode`.
///
/// # Errors
///
/// What the engine throws, such as for another version of itself.
pub fn load_bytecode<'js>(ctx: &Ctx<'js>, bytecode: &[u8]) -> Result<Module<'js, Declared>> {
    // SAFETY: the engine trusts bytecode, and nothing here could tell whether it may. It comes from the daemon,
    // which gives an instance only what one of the same build wrote for the same app before any of the app
    // ran. A tenant who broke the engine by its source alone breaks the same sandbox with it, and no other.
    unsafe { Module::load(ctx.clone(), bytecode) }
}
