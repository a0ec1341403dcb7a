//! `skep`: the command line client of the Skep daemon.
//!
//! Reads its arguments, makes one connection, runs one command and ends with the [`errors::Exit`]
//! that the command came to. It knows nothing that the public API does not say.
//!
//! Always true: what a script reads is on standard output, everything else is on standard error.

#![forbid(unsafe_code)]

mod args;
mod bill;
mod commands;
mod connect;
mod errors;
mod names;
mod screen;
mod units;
mod upload;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{
    args::Cli,
    errors::{Exit, Failure},
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json;
    run(cli).unwrap_or_else(|failure| failure.report(json)).into()
}

/// One thread is enough for one call.
fn run(cli: Cli) -> Result<Exit, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("cannot start: {error}")))?
        .block_on(commands::run(cli))
}
