//! How `skepd` ends, and how errors are shown.

use std::{error::Error, fmt, process::ExitCode};

/// How `skepd` ends. Stable: unit files and alerts depend on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Drained and stopped, as it was told.
    Clean = 0,
    /// Something that should not happen.
    Bug = 1,
    /// Wrong arguments.
    Usage = 64,
    /// The host lacks something that the walls need.
    HostUnfit = 69,
    /// Keeper, daemon or zygote ended and could not be brought back.
    Lost = 70,
    /// A file, folder or socket cannot be used: those of the state, or the API's.
    Files = 74,
    /// Another daemon has the state, the control groups, the identities or the socket.
    Held = 75,
    /// The configuration is wrong.
    Config = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Shows an error followed by each of its causes, separated by `: `.
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}
