//! The zygote's own root: one empty, read-only mount, entered before the first clone.
//!
//! Every child has a copy of the zygote's mounts, in a mount namespace of its own and owned by its own
//! user namespace: so all that a child can ever see is empty, it costs a child no mount of its own, and the
//! kernel has one mount to copy and to take down instead of all the host's. What the zygote itself still
//! needs of the host is below one descriptor of a `/proc` of its own, which children close.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use nix::{
    errno::Errno,
    fcntl::{OFlag, open, openat},
    mount::{MntFlags, MsFlags, mount, umount2},
    sched::{CloneFlags, unshare},
    sys::{
        stat::Mode,
        statvfs::{FsFlags, statvfs},
    },
    unistd::{chdir, pivot_root, write},
};

/// The zygote's `/proc` or a folder of it, mounted nowhere any more.
#[derive(Debug)]
pub struct Proc(OwnedFd);

impl Proc {
    /// Enters a mount namespace of its own and mounts a `/proc` there that shows processes only, and of those
    /// the ones that this process may trace: no setting of the host is below it.
    ///
    /// # Errors
    ///
    /// [`RootError`] names the part.
    pub fn private() -> Result<Self, RootError> {
        unshare(CloneFlags::CLONE_NEWNS).map_err(part("a mount namespace"))?;
        make_private()?;
        // Both options since Linux 5.8.
        let options = Some("subset=pid,hidepid=ptraceable");
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        mount(Some("proc"), "/proc", Some("proc"), flags, options).map_err(part("a proc"))?;
        let opened = Self::open().map_err(part("opening /proc"));
        // The empty root has no need of it; who keeps the host's root sees the host's.
        umount2("/proc", MntFlags::MNT_DETACH).map_err(part("hiding its proc"))?;
        opened
    }

    /// The one that is mounted.
    ///
    /// # Errors
    ///
    /// The kernel's: there is no `/proc`.
    pub fn open() -> Result<Self, Errno> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        open("/proc", flags, Mode::empty()).map(Self)
    }

    /// The folder itself, for a rule about what is below it.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// The folder at `path` below it.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn folder(&self, path: &str) -> Result<Self, Errno> {
        self.file(path, OFlag::O_PATH | OFlag::O_DIRECTORY).map(Self)
    }

    /// Opens the file at `path` below it.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn file(&self, path: &str, flags: OFlag) -> Result<OwnedFd, Errno> {
        openat(&self.0, path, flags | OFlag::O_CLOEXEC, Mode::empty())
    }

    /// Writes `text`, in one go, to the file at `path` below it.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn write(&self, path: &str, text: &str) -> Result<(), Errno> {
        write(self.file(path, OFlag::O_WRONLY)?, text.as_bytes()).map(drop)
    }

    /// The inode number of what the link at `path` below it names.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn inode(&self, path: &str) -> Result<u64, Errno> {
        nix::sys::stat::fstatat(&self.0, path, nix::fcntl::AtFlags::empty()).map(|it| it.st_ino)
    }
}

/// A part of entering the root that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot stand in an empty root: {what}")]
pub struct RootError {
    what: &'static str,
    source: Errno,
}

impl RootError {
    /// The kernel's answer.
    pub fn errno(&self) -> Errno {
        self.source
    }
}

fn part(what: &'static str) -> impl Fn(Errno) -> RootError {
    move |source| RootError { what, source }
}

/// The root itself, and none to spare.
const INODES: u64 = 2;

fn wanted() -> MsFlags {
    MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC
}

fn make_private() -> Result<(), RootError> {
    let nothing: Option<&str> = None;
    mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)
        .map_err(part("mounts of its own"))
}

/// Leaves the host's mounts for one empty, read-only one. The process is alone in its mount namespace.
///
/// # Errors
///
/// [`RootError`] names the part; the process must end.
pub fn empty() -> Result<(), RootError> {
    make_private()?;
    // Over /proc, which exists on every host that we run on.
    let options = format!("size=4k,nr_inodes={INODES},mode=0555");
    mount(Some("skep"), "/proc", Some("tmpfs"), wanted(), Some(options.as_str()))
        .map_err(part("a tmpfs"))?;
    chdir("/proc").map_err(part("entering it"))?;
    // The old root is stacked on the new one and then taken off: no folder for it is needed.
    pivot_root(".", ".").map_err(part("pivot_root"))?;
    umount2(".", MntFlags::MNT_DETACH).map_err(part("the old root's end"))?;
    chdir("/").map_err(part("the new root"))
}

/// Whether the root is what [`empty`] made: read-only, without programs and devices, and without room for
/// anything but itself.
///
/// # Errors
///
/// `EPERM` if it is not.
pub fn check() -> Result<(), Errno> {
    let wanted = FsFlags::ST_RDONLY | FsFlags::ST_NOSUID | FsFlags::ST_NODEV | FsFlags::ST_NOEXEC;
    let root = statvfs("/")?;
    let right = root.flags().contains(wanted) && root.files() == INODES;
    if right { Ok(()) } else { Err(Errno::EPERM) }
}
