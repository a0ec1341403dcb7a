//! `skep-shim`: the zygote. Started by `skepd`; takes no options and reads no environment.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use skep_shim::{engine::Engine, jail::Jail, zygote};

fn main() -> ExitCode {
    zygote::main(Jail::complete(), Engine::to_be_cloned)
}
