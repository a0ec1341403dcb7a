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
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
};

use skep_core::ByteCount;

use crate::config::Ids;

pub use group::{Counters, CpuUsed, Group, MemoryPeak, OomKills, RemoveError};
pub use limits::{Limit, LimitError, Limits};
pub use mounts::{Controller, DetectError, Hierarchies, Mode};

/// The group of the keeper, below the root.
pub const CONTROL: &str = "control";
/// The group of the daemon.
pub const DAEMON: &str = "daemon";
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
    /// A limit does not hold.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Somebody else uses the subtree.
    #[error(
        "control group {} is not Skep's: it has {}, and everything below it would be killed; choose \
         another with cgroup = in the configuration", .path.display(), .found.display()
    )]
    Foreign {
        /// The root of the subtree.
        path: PathBuf,
        /// A group below it.
        found: PathBuf,
    },
}

/// Groups below the one of a tenant's instance: none, in the hierarchy that can tell.
const DEPTH_BELOW_TENANTS: u32 = 2;

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

    /// Its path from the top of each hierarchy.
    pub fn path(&self) -> PathBuf {
        Path::new("/").join(&self.name)
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

    /// As root: makes the subtree, empty, with every controller enabled. Only the tenants' part is the
    /// daemon's; the zygote may take processes out of the root, where its way to the leaves begins.
    ///
    /// Whatever an earlier run left below it is killed and removed first, whatever it is called. With
    /// [`Inside::Enter`] the caller itself moves into the control group.
    ///
    /// # Errors
    ///
    /// [`PrepareError`] names the group, the controller and the kernel's answer.
    pub fn prepare(&self, ids: &Ids, inside: Inside) -> Result<(), PrepareError> {
        self.refuse_foreign()?;
        self.clear_group("", None)?;
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
        for below in [CONTROL, DAEMON, ZYGOTE, TENANTS] {
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
        let tenants = self.group(TENANTS);
        self.enable_below(tenants.v2())?;
        for path in root.paths() {
            // An earlier version gave it away, and a service manager may have.
            give(path, &ROOTS_FILES, (0, 0), 0o644)?;
        }
        give(root.v2(), &["cgroup.procs"], (0, ids.zygote), 0o664)?;
        let depth = tenants.v2().join("cgroup.max.depth");
        fs::write(&depth, DEPTH_BELOW_TENANTS.to_string())
            .map_err(|source| PrepareError::Make { path: depth, source })?;
        for path in tenants.paths() {
            // The folder alone: to make groups in it, and to remove them.
            give(path, &[""], (ids.user, ids.user), 0o755)?;
        }
        Ok(())
    }

    /// A group with others below it that is not a subtree of ours is somebody else's: they would be killed.
    fn refuse_foreign(&self) -> Result<(), PrepareError> {
        let root = self.group("");
        let failed = |source| PrepareError::Leftover(RemoveError::new(root.v2(), source));
        let children = group::children(root.v2()).map_err(failed)?;
        let ours = [CONTROL, DAEMON, ZYGOTE, TENANTS];
        let is_ours = |path: &PathBuf| ours.iter().any(|name| path.ends_with(name));
        match children.first() {
            Some(found) if !children.iter().any(is_ours) => {
                Err(PrepareError::Foreign { path: root.v2().to_owned(), found: found.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Limits the daemon's own memory and threads.
    ///
    /// # Errors
    ///
    /// [`LimitError`].
    pub fn limit_daemon(&self, memory: ByteCount, threads: u32) -> Result<(), LimitError> {
        self.group(DAEMON).limit_own(memory, threads)
    }

    /// The files by which the daemon enters its group: in the version 2 hierarchy, and in those that count
    /// memory and threads.
    pub fn daemon_entrances(&self) -> Vec<PathBuf> {
        let group = self.group(DAEMON);
        let mut entrances = vec![self.entrance(DAEMON)];
        for controller in [Controller::Memory, Controller::Pids] {
            let entrance = group.of(controller).0.join("cgroup.procs");
            if !entrances.contains(&entrance) {
                entrances.push(entrance);
            }
        }
        entrances
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
        // Group by group: the one around them is not the daemon's to kill.
        self.clear_group(TENANTS, None)
    }

    /// Kills and removes every group right below this one but `kept`, whatever it is called.
    fn clear_group(&self, group: &str, kept: Option<&str>) -> Result<(), RemoveError> {
        let root = self.group(group);
        let below = |path: &Path| -> Result<Vec<PathBuf>, RemoveError> {
            let children =
                group::children(path).map_err(|source| RemoveError::new(path, source))?;
            let is_kept = |child: &PathBuf| kept.is_some_and(|kept| child.ends_with(kept));
            Ok(children.into_iter().filter(|child| !is_kept(child)).collect())
        };
        // First nobody lives in any of them: whoever does could make others while we remove.
        let mut wrong = Vec::new();
        for child in below(root.v2())? {
            match fs::write(child.join("cgroup.kill"), "1") {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    wrong.push(RemoveError::new(&child, error));
                }
                _ => {}
            }
        }
        for path in root.paths() {
            for child in below(path)? {
                wrong.extend(group::remove_tree(&child).err());
            }
        }
        // One that stays keeps none of the others.
        wrong.into_iter().next().map_or(Ok(()), Err)
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
        self.clear_group("", Some(CONTROL))?;
        if let Some(home) = home {
            let home = self.hierarchies.v2().join(home.strip_prefix("/").unwrap_or(home));
            if home == root.v2() {
                return Ok(());
            }
            fs::write(home.join("cgroup.procs"), "0")
                .map_err(|source| RemoveError::new(&home, source))?;
        }
        self.clear_group("", None)?;
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

/// What the root's own files are; the limits of the root itself stay with whoever delegated it.
const ROOTS_FILES: [&str; 4] =
    ["cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "tasks"];

/// Gives `files` of a group (the empty name is the folder itself) to an owner, with these permissions.
fn give(group: &Path, files: &[&str], owner: (u32, u32), mode: u32) -> Result<(), PrepareError> {
    let paths = files.iter().map(|file| group.join(file)).filter(|path| path.exists());
    for path in paths {
        chown(&path, Some(owner.0), Some(owner.1))
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(mode)))
            .map_err(|source| PrepareError::Make { path, source })?;
    }
    Ok(())
}
