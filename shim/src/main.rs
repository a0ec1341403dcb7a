//! `skep-shim`: the zygote. Started by `skepd`; takes no options and reads no environment.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use skep_shim::{engine::Engine, jail::Jail, sys, zygote};

fn main() -> ExitCode {
    zygote::main(Jail::complete(), || {
        let engine = Engine::new()?;
        engine.rehearse()?;
        sys::fill_holes();
        Ok(engine)
    })
}
