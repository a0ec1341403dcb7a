//! Control groups: the delegated subtree, its tenants and its leaves.
//!
//! One face over two kinds of hosts: *unified* (one version 2 hierarchy with all controllers) and
//! *hybrid* (memory, cpu and pids mounted as version 1, a version 2 hierarchy beside them). On both, a
//! group exists in the version 2 hierarchy, where processes are cloned into it and killed; on a hybrid
//! host it also exists in each version 1 hierarchy, where its limits are and where its processes are
//! placed by the zygote.
//!
//! cgroups-rs writes the controllers' files; the reads that it lacks are in [`group`]. A limit that
//! did not stick is an error. Nothing here waits, except for the kernel.

mod group;
mod limits;
mod mounts;

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, chown},
    path::{Path, PathBuf},
};

pub use group::{Counters, Group, MemoryPeak, OomKills, RemoveError};
pub use limits::{Limit, LimitError, Limits};
pub use mounts::{Controller, DetectError, Hierarchies, Mode};

/// The group of keeper and daemon, below the root.
pub const CONTROL: &str = "control";
/// The group of the zygotes.
pub const ZYGOTE: &str = "zygote";
/// The group above all tenants.
pub const TENANTS: &str = "tenants";

/// Why the subtree could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// A folder cannot be made or given away.
    #[error("cannot make control group {}", .path.display())]
    Make {
        /// The folder.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A controller is not offered where it is needed.
    #[error(
        "controller {controller} is not available in {}: found {found:?}", .path.display()
    )]
    NotDelegated {
        /// The controller.
        controller: &'static str,
        /// The group that should offer it.
        path: PathBuf,
        /// What it offers.
        found: String,
    },
    /// A controller cannot be switched on for the groups below.
    #[error("cannot enable {controller} below {}", .path.display())]
    Enable {
        /// The controller.
        controller: &'static str,
        /// The group.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// What an earlier run left cannot be removed.
    #[error("cannot remove what an earlier run left")]
    Leftover(#[from] RemoveError),
}

/// Where the process stands that makes a subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// It moves into the subtree's control group.
    Enter,
    /// It stays where it is.
    Stay,
}

/// The delegated subtree: where everything of this daemon is.
#[derive(Clone, Debug)]
pub struct Tree {
    hierarchies: Hierarchies,
    /// Below the top of each hierarchy, without a leading `/`.
    name: PathBuf,
    limits: &'static [Limit],
}

impl Tree {
    /// A subtree called `name` (a path from the top of each hierarchy) whose groups get `limits`: the
    /// product gives [`Limit::ALL`].
    pub fn new(hierarchies: Hierarchies, name: &Path, limits: &'static [Limit]) -> Self {
        let name = name.strip_prefix("/").unwrap_or(name).to_owned();
        Self { hierarchies, name, limits }
    }

    /// What kind of host this is.
    pub fn mode(&self) -> Mode {
        self.hierarchies.mode()
    }

    /// The hierarchies that it is in.
    pub fn hierarchies(&self) -> &Hierarchies {
        &self.hierarchies
    }

    /// The group at `below`, a path from the root; it need not exist.
    pub fn group(&self, below: impl AsRef<Path>) -> Group {
        Group::new(&self.hierarchies, &self.name.join(below), self.limits)
    }

    /// The group of one tenant.
    pub fn tenant(&self, tenant: &str) -> Group {
        self.group(Path::new(TENANTS).join(tenant))
    }

    /// The leaf of one instance.
    pub fn leaf(&self, tenant: &str, instance: &str) -> Group {
        self.group(Path::new(TENANTS).join(tenant).join(instance))
    }

    /// The file by which a process enters `group` (a name below the root) in the version 2 hierarchy.
    pub fn entrance(&self, group: &str) -> PathBuf {
        self.group(group).v2().join("cgroup.procs")
    }

    /// As root: makes the subtree, empty, with every controller enabled, and gives it to `owner`.
    ///
    /// Whatever an earlier run left below it is killed and removed first. With [`Inside::Enter`] the
    /// caller itself moves into the control group.
    ///
    /// # Errors
    ///
    /// [`PrepareError`] names the group, the controller and the kernel's answer.
    pub fn prepare(&self, owner: u32, inside: Inside) -> Result<(), PrepareError> {
        self.clear()?;
        for below in [CONTROL, ZYGOTE] {
            // Made anew: the kernel kills what a member of a group that was killed clones into another.
            let stale = self.group(below);
            if stale.exists() {
                stale.kill().map_err(|source| RemoveError::new(stale.v2(), source))?;
                stale.remove()?;
            }
        }
        let root = self.group("");
        let mut above = PathBuf::new();
        for part in &self.name {
            // Each group from the top down to ours must hand the controllers on.
            self.enable_below(&self.hierarchies.v2().join(&above))?;
            above.push(part);
            for top in self.hierarchies.tops() {
                make_dir(&top.join(&above))?;
            }
        }
        for below in [CONTROL, ZYGOTE, TENANTS] {
            for path in self.group(below).paths() {
                make_dir(path)?;
            }
        }
        if inside == Inside::Enter {
            // A group that hands controllers on may hold no process itself, and ours may be the one that
            // this process was started in.
            let entrance = self.entrance(CONTROL);
            fs::write(&entrance, "0")
                .map_err(|source| PrepareError::Make { path: entrance, source })?;
        }
        self.enable_below(root.v2())?;
        self.enable_below(self.group(TENANTS).v2())?;
        for group in [root, self.group(CONTROL), self.group(ZYGOTE), self.group(TENANTS)] {
            for path in group.paths() {
                give(path, owner)?;
            }
        }
        Ok(())
    }

    /// Lets leaves below a tenant's group have limits of their own.
    ///
    /// # Errors
    ///
    /// [`PrepareError`] names the controller.
    pub fn enable_tenant(&self, tenant: &Group) -> Result<(), PrepareError> {
        self.enable_below(tenant.v2())
    }

    /// Enables the needed controllers for the groups below `group`, in the version 2 hierarchy. On a
    /// hybrid host there is nothing to enable: version 1 groups always have their controller.
    fn enable_below(&self, group: &Path) -> Result<(), PrepareError> {
        for controller in self.hierarchies.unified_controllers() {
            let name = controller.name();
            let offered = group.join("cgroup.controllers");
            let found = fs::read_to_string(&offered)
                .map_err(|source| PrepareError::Make { path: offered, source })?;
            if !found.split_whitespace().any(|offer| offer == name) {
                let (path, found) = (group.to_owned(), found.trim().to_owned());
                return Err(PrepareError::NotDelegated { controller: name, path, found });
            }
            let control = group.join("cgroup.subtree_control");
            let enabled = fs::read_to_string(&control).unwrap_or_default();
            if enabled.split_whitespace().any(|enabled| enabled == name) {
                continue;
            }
            fs::write(control, format!("+{name}")).map_err(|source| PrepareError::Enable {
                controller: name,
                path: group.to_owned(),
                source,
            })?;
        }
        Ok(())
    }

    /// Kills and removes every tenant's group: nothing of an earlier run may stay.
    ///
    /// # Errors
    ///
    /// [`RemoveError`] names the group that stays.
    pub fn clear(&self) -> Result<(), RemoveError> {
        let tenants = self.group(TENANTS);
        // Group by group: the one around them is not the daemon's to kill.
        tenants.kill_below().map_err(|source| RemoveError::new(tenants.v2(), source))?;
        tenants.remove_below()
    }

    /// Removes everything below the subtree's root, killing what is left in it, and then the root, which
    /// this process leaves for `home` (a path from the top of the version 2 hierarchy) if it is inside.
    /// Where the root is the home itself, it stays to whoever made it, and so does this process's own
    /// group in it.
    ///
    /// # Errors
    ///
    /// [`RemoveError`] names the group that stays.
    pub fn remove(&self, home: Option<&Path>) -> Result<(), RemoveError> {
        let root = self.group("");
        for below in [TENANTS, ZYGOTE] {
            let group = self.group(below);
            if group.exists() {
                group.kill().map_err(|source| RemoveError::new(group.v2(), source))?;
            }
            group.remove_below()?;
            group.remove()?;
        }
        if let Some(home) = home {
            let home = self.hierarchies.v2().join(home.strip_prefix("/").unwrap_or(home));
            if home == root.v2() {
                return Ok(());
            }
            fs::write(home.join("cgroup.procs"), "0")
                .map_err(|source| RemoveError::new(&home, source))?;
        }
        let control = self.group(CONTROL);
        if control.exists() {
            control.kill().map_err(|source| RemoveError::new(control.v2(), source))?;
        }
        root.remove_below()?;
        root.remove()
    }
}

fn make_dir(path: &Path) -> Result<(), PrepareError> {
    match fs::DirBuilder::new().mode(0o755).create(path) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            Err(PrepareError::Make { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Gives a group to `owner`: the folder, and the files that a manager writes. The limits of the root
/// itself stay with whoever delegated it.
fn give(group: &Path, owner: u32) -> Result<(), PrepareError> {
    let files = ["", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "tasks"];
    for path in files.map(|file| group.join(file)).into_iter().filter(|path| path.exists()) {
        chown(&path, Some(owner), Some(owner))
            .map_err(|source| PrepareError::Make { path, source })?;
    }
    Ok(())
}
