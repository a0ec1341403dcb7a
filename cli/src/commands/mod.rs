//! The commands: a file for each group, a function for each command.
//!
//! A command checks what it can check here, connects, makes its call and prints the answer. It
//! returns a [`Failure`] and never prints one.
//!
//! Always true: what needs no daemon is checked before connecting.

mod apps;
mod deploy;
mod host;
mod invoke;
mod logs;
mod ps;
mod quota;
mod usage;

use crate::{
    args::{Cli, Command, Quota},
    connect::{Daemon, Target},
    errors::{Exit, Failure},
    screen,
};

/// What all commands share.
struct Session {
    target: Target,
    tenant: String,
    json: bool,
}

impl Session {
    async fn connect(&self) -> Result<Daemon, Failure> {
        Daemon::connect(self.target.clone()).await
    }

    /// Prints the answer for a script or for a person.
    fn show(&self, json: serde_json::Value, text: impl FnOnce() -> String) -> Result<(), Failure> {
        if self.json { screen::json(&json) } else { screen::line(&text()) }
    }
}

/// Runs the command that was asked for.
pub(crate) async fn run(cli: Cli) -> Result<Exit, Failure> {
    let session = Session { target: cli.endpoint, tenant: cli.tenant, json: cli.json };
    let (name, app) = cli.command.name_and_app();
    let app = app.map(str::to_owned);
    let result = dispatch(&session, cli.command).await;
    result.map_err(|failure| failure.of_command(name, app.as_deref(), &session.tenant))
}

async fn dispatch(session: &Session, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Deploy(args) => deploy::run(session, args).await,
        Command::Apps => apps::list(session).await,
        Command::Rm(args) => apps::remove(session, args).await,
        Command::Invoke(args) => invoke::run(session, args).await,
        Command::Quota(Quota::Get(args)) => quota::get(session, args).await,
        Command::Quota(Quota::Set(args)) => quota::set(session, args).await,
        Command::Usage(args) => usage::run(session, args).await,
        Command::Ps(args) => ps::run(session, args).await,
        Command::Logs(args) => logs::run(session, args).await,
        Command::Doctor => host::doctor(session).await,
        Command::Budget => host::budget(session).await,
        Command::Drain => host::drain(session).await,
    }
}
