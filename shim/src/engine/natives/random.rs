//! Random bytes, from the kernel: no generator of ours could be copied by a clone.

use rquickjs::{Ctx, Object, Result, function::Func};

use super::immutable;
use crate::sys::{Bytes, exit_now, fill_random};

pub(super) fn install(natives: &Object<'_>) -> Result<()> {
    natives.set("randomFill", Func::from(fill))
}

/// `randomFill(target)`: time grows with the target.
fn fill<'js>(ctx: Ctx<'js>, target: Bytes<'js>) -> Result<()> {
    let filled = target.write(fill_random).ok_or_else(|| immutable(&ctx))?;
    // A kernel without randomness: fail closed, fixed bytes would be a promise broken silently.
    if filled.is_err() {
        exit_now(1);
    }
    Ok(())
}
