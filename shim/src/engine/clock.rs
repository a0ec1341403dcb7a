//! `performance.now` for tenant code, counted from the instance's own beginning.
//!
//! Can:    measure time inside a call.
//! Cannot: see when the zygote was started, which the engine's own clock would tell.

use std::rc::Rc;

use rquickjs::{Ctx, Object, function::Func};

use super::{Api, host::Host};

pub(super) const API: Api = Api { names: &["performance"], install };

fn install<'js>(ctx: &Ctx<'js>, host: &Rc<Host>) -> rquickjs::Result<()> {
    let performance = Object::new(ctx.clone())?;
    let host = Rc::clone(host);
    performance.set("now", Func::new(move || host.age().as_secs_f64() * 1e3))?;
    ctx.globals().set("performance", performance)
}
