//! Looks at the program of the zygotes before anything starts: whether it is there, and of this build.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use skep_link::VERSION;

/// How long it may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why it cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ShimError {
    /// There is no such program.
    #[error("cannot find the shim {}", .path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// It is no program.
    #[error("the shim {} is not a program: expected a file that may be executed", .0.display())]
    NotAProgram(PathBuf),
    /// It does not say which version it is.
    #[error("the shim {} does not tell its wire version: {found}", .path.display())]
    Mute {
        /// The program.
        path: PathBuf,
        /// What it did instead.
        found: String,
    },
    /// It is of another build.
    #[error("the shim {} speaks wire version {theirs}, this skepd {VERSION}", .path.display())]
    Version {
        /// The program.
        path: PathBuf,
        /// Its version.
        theirs: u32,
    },
}

/// Whether there is a program at `path`.
///
/// # Errors
///
/// [`ShimError::Missing`] and [`ShimError::NotAProgram`].
pub fn find(path: &Path) -> Result<(), ShimError> {
    let found = fs::metadata(path)
        .map_err(|source| ShimError::Missing { path: path.to_owned(), source })?;
    let executable = found.is_file() && found.permissions().mode() & 0o111 != 0;
    if executable { Ok(()) } else { Err(ShimError::NotAProgram(path.to_owned())) }
}

/// Whether the program at `path` is of this build.
///
/// # Errors
///
/// [`ShimError`].
pub fn check(path: &Path) -> Result<(), ShimError> {
    find(path)?;
    let mute = |found: String| ShimError::Mute { path: path.to_owned(), found };
    let mut child = Command::new(path)
        .arg("version")
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| mute(error.to_string()))?;
    let end = Instant::now() + PATIENCE;
    while child.try_wait().map_err(|error| mute(error.to_string()))?.is_none() {
        if end < Instant::now() {
            let _ = child.kill();
            let _ = child.wait();
            return Err(mute(format!("it did not end within {} s", PATIENCE.as_secs())));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().map_err(|error| mute(error.to_string()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim().parse() {
        Ok(VERSION) if output.status.success() => Ok(()),
        Ok(theirs) if output.status.success() => {
            Err(ShimError::Version { path: path.to_owned(), theirs })
        }
        _ => {
            Err(mute(format!("{}, {:?}", output.status, said.chars().take(80).collect::<String>())))
        }
    }
}
