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

impl Exit {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Clean,
        Self::Bug,
        Self::Usage,
        Self::HostUnfit,
        Self::Lost,
        Self::Files,
        Self::Held,
        Self::Config,
    ];

    /// Whether only a person can mend it: another start would end in the same way.
    pub const fn needs_a_person(self) -> bool {
        match self {
            Self::Usage | Self::HostUnfit | Self::Files | Self::Config => true,
            Self::Clean | Self::Bug | Self::Lost | Self::Held => false,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of a line of the unit, or of the text of the help.
    fn numbers(text: &str) -> Vec<u8> {
        let words = text.split(|char: char| !char.is_ascii_digit());
        words.filter_map(|word| word.parse().ok()).collect()
    }

    fn codes(which: impl Fn(&Exit) -> bool) -> Vec<u8> {
        Exit::ALL.into_iter().filter(which).map(|exit| exit as u8).collect()
    }

    #[test]
    fn the_unit_does_not_try_again_what_only_a_person_can_mend() {
        let unit = include_str!("../../contrib/skepd.service");
        let line = unit.lines().find_map(|line| line.strip_prefix("RestartPreventExitStatus="));
        assert_eq!(numbers(line.unwrap()), codes(|exit| exit.needs_a_person()));
    }

    #[test]
    fn the_help_names_every_code() {
        let (_, help) = include_str!("main.rs").split_once("Exit codes: ").unwrap();
        let (help, _) = help.split_once('"').unwrap();
        assert_eq!(numbers(help), codes(|_| true));
    }
}
