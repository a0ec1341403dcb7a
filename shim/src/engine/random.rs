//! `Math.random` for tenant code, from the kernel.
//!
//! Can:    draw numbers that no other instance draws.
//! Cannot: learn the engine's own generator, which all clones of a zygote share.

use std::{cell::RefCell, rc::Rc};

use rquickjs::{Ctx, Object, function::Func};

use crate::sys::fill_random;

/// Numbers drawn from the kernel at once.
const BATCH: usize = 64;

/// The numbers that were drawn from the kernel and not given out yet.
#[derive(Clone)]
pub(super) struct Random(Rc<RefCell<Vec<u64>>>);

impl Random {
    /// Puts `Math.random` in its place.
    pub(super) fn install(ctx: &Ctx<'_>) -> rquickjs::Result<Self> {
        let all = Self(Rc::default());
        let own = all.clone();
        let random = move || draw(&mut own.0.borrow_mut());
        ctx.globals().get::<_, Object<'_>>("Math")?.set("random", Func::new(random))?;
        Ok(all)
    }

    /// Forgets what was drawn. A clone does so first: the zygote's numbers are those of all its clones.
    pub(super) fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}

/// A number in [0, 1), of 53 random bits.
fn draw(ready: &mut Vec<u64>) -> f64 {
    if ready.is_empty() {
        let mut bytes = [0; BATCH * 8];
        // A kernel without randomness: fail closed, a fixed number would be a promise broken silently.
        if fill_random(&mut bytes).is_err() {
            crate::sys::exit_now(1);
        }
        ready.extend(bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)));
    }
    let word = ready.pop().unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
    let number = (word >> 11) as f64;
    number / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use rquickjs::{Context, Runtime};

    use super::{Random, draw};

    #[test]
    fn what_was_drawn_ahead_is_not_given_out_after_it_is_forgotten() {
        let context = Context::full(&Runtime::new().unwrap()).unwrap();
        context.with(|ctx| {
            let random = Random::install(&ctx).unwrap();
            let _: f64 = ctx.eval("Math.random()").unwrap();
            let ahead = random.0.borrow().clone();
            random.forget();
            let _: f64 = ctx.eval("Math.random()").unwrap();
            let now = random.0.borrow().clone();
            assert_eq!((ahead.len(), now.len()), (super::BATCH - 1, super::BATCH - 1));
            assert!(now.iter().all(|word| !ahead.contains(word)));
        });
    }

    #[test]
    fn numbers_are_below_one_and_differ() {
        let mut ready = Vec::new();
        let drawn: Vec<f64> = (0..1000).map(|_| draw(&mut ready)).collect();
        assert!(drawn.iter().all(|number| (0.0..1.0).contains(number)));
        let mean = drawn.iter().sum::<f64>() / 1000.0;
        // Six standard deviations of the mean of a thousand uniform numbers.
        assert!((0.5 - mean).abs() < 6.0 * 0.289 / 1000_f64.sqrt(), "{mean}");
    }
}
