//! One group, in every hierarchy that it is in: made, limited, killed, counted, removed.

use std::{
    ffi::CString,
    fs::{self, File},
    io::{self, Read as _},
    os::{
        fd::OwnedFd,
        unix::fs::{FileExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, unlinkat},
    io::Errno,
};
use skep_core::{ByteCount, Ceiling, CpuShare};

use super::{Controller, Hierarchies, Limit, LimitError, Limits, limits};

/// A group that stays.
#[derive(Debug, thiserror::Error)]
#[error("cannot remove control group {}", .group.display())]
pub struct RemoveError {
    group: PathBuf,
    source: io::Error,
}

impl RemoveError {
    pub(super) fn new(group: &Path, source: io::Error) -> Self {
        Self { group: group.to_owned(), source }
    }
}

/// What a group uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Memory in use.
    pub memory: ByteCount,
    /// The most that was ever in use.
    pub memory_peak: ByteCount,
    /// CPU time used.
    pub cpu: Duration,
}

/// The most memory that a group ever had in use: read after every call, so its file is kept open.
#[derive(Debug)]
pub struct MemoryPeak(File);

impl MemoryPeak {
    /// # Errors
    ///
    /// The kernel's, once the group is gone, or a file that is not of its known form.
    pub fn read(&self) -> io::Result<ByteCount> {
        let mut text = [0; 32];
        let len = self.0.read_at(&mut text, 0)?;
        let known = std::str::from_utf8(&text[..len]).ok().and_then(number);
        known.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a peak that is no number"))
    }
}

/// How many processes of a group the kernel killed for memory: opened before it is to be read.
#[derive(Debug)]
pub struct OomKills(File);

impl OomKills {
    /// # Errors
    ///
    /// As [`MemoryPeak::read`].
    pub fn read(&self) -> io::Result<u64> {
        let mut text = [0; 512];
        let len = self.0.read_at(&mut text, 0)?;
        let known = std::str::from_utf8(&text[..len]).ok().and_then(|text| value(text, "oom_kill"));
        known.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no count of kills"))
    }
}

/// The CPU time of a group: opened before it is to be read.
#[derive(Debug)]
pub struct CpuUsed(File);

impl CpuUsed {
    /// # Errors
    ///
    /// As [`MemoryPeak::read`].
    pub fn read(&self) -> io::Result<Duration> {
        let mut text = [0; 512];
        let len = self.0.read_at(&mut text, 0)?;
        let known =
            std::str::from_utf8(&text[..len]).ok().and_then(|text| value(text, "usage_usec"));
        let used = known.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no CPU time"));
        Ok(Duration::from_micros(used?))
    }
}

/// One group.
#[derive(Clone, Debug)]
pub struct Group {
    v2: PathBuf,
    /// Version 1 folders, each once.
    v1: Vec<PathBuf>,
    memory: (PathBuf, bool),
    cpu: (PathBuf, bool),
    pids: (PathBuf, bool),
    limits: &'static [Limit],
}

impl Group {
    pub(super) fn new(hierarchies: &Hierarchies, name: &Path, limits: &'static [Limit]) -> Self {
        let of = |controller| {
            let (top, v2) = hierarchies.of(controller);
            (top.join(name), v2)
        };
        Self {
            v2: hierarchies.v2().join(name),
            v1: hierarchies.v1().map(|top| top.join(name)).collect(),
            memory: of(Controller::Memory),
            cpu: of(Controller::Cpu),
            pids: of(Controller::Pids),
            limits,
        }
    }

    /// Its folder in the version 2 hierarchy.
    pub fn v2(&self) -> &Path {
        &self.v2
    }

    /// Its folders, version 2 first.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(self.v2.as_path()).chain(self.v1.iter().map(PathBuf::as_path))
    }

    pub(super) fn of(&self, controller: Controller) -> (&Path, bool) {
        let (path, v2) = match controller {
            Controller::Memory => &self.memory,
            Controller::Cpu => &self.cpu,
            Controller::Pids => &self.pids,
        };
        (path, *v2)
    }

    /// Whether it is there.
    pub fn exists(&self) -> bool {
        self.v2.exists()
    }

    /// Makes it in every hierarchy. It may exist already.
    ///
    /// # Errors
    ///
    /// The kernel's; what was made is removed again.
    pub fn make(&self) -> io::Result<()> {
        for path in self.paths() {
            match fs::create_dir(path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    // Best effort: the error that counts is the one being returned.
                    let _ = self.remove();
                    return Err(error);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes every limit and proves that each holds. Call it before the first process enters.
    ///
    /// # Errors
    ///
    /// [`LimitError`] names the file and both values.
    pub fn limit(&self, wanted: &Limits) -> Result<(), LimitError> {
        self.limits.iter().try_for_each(|limit| limits::set(self, *limit, wanted))
    }

    /// The same where `old` held: only what differs is written. Whether the CPU limit still does is read if
    /// `cpu_is_sure` is not set.
    ///
    /// # Errors
    ///
    /// [`LimitError`].
    pub fn change(
        &self,
        old: &Limits,
        wanted: &Limits,
        cpu_is_sure: bool,
    ) -> Result<(), LimitError> {
        let differs = |limit: &&Limit| match limit {
            Limit::Memory => old.memory != wanted.memory,
            // With version 2 it is none, whatever the memory is.
            Limit::Swap => !self.memory.1 && old.memory != wanted.memory,
            Limit::Processes => old.processes != wanted.processes,
            Limit::Cpu => {
                let same = old.cpu == wanted.cpu;
                !(same && (cpu_is_sure || limits::cpu_holds(self, wanted.cpu).is_ok()))
            }
            Limit::OomGroup => false,
        };
        let changed = self.limits.iter().filter(differs);
        changed.copied().try_for_each(|limit| limits::set(self, limit, wanted))
    }

    /// The same for a tenant's group, where swap and the fate of its leaves are left alone: each leaf
    /// has its own.
    ///
    /// # Errors
    ///
    /// [`LimitError`].
    pub fn limit_tenant(&self, wanted: &Limits) -> Result<(), LimitError> {
        if let Ceiling::At(most) = wanted.cpu {
            limits::lower_cpu_below(self, most)?;
        }
        let own = [Limit::Memory, Limit::Processes, Limit::Cpu];
        let set = self.limits.iter().filter(|limit| own.contains(limit));
        set.copied().try_for_each(|limit| limits::set(self, limit, wanted))
    }

    /// Limits memory, without swap, and the number of threads, and nothing else; at the limit of memory all
    /// processes in it end together, where the kernel can.
    ///
    /// # Errors
    ///
    /// [`LimitError`].
    pub fn limit_own(&self, memory: ByteCount, threads: u32) -> Result<(), LimitError> {
        let (memory, processes) = (Ceiling::At(memory), Ceiling::At(threads));
        let wanted = Limits { memory, cpu: Ceiling::Open, processes };
        let own = [Limit::Memory, Limit::Swap, Limit::OomGroup, Limit::Processes];
        own.into_iter().try_for_each(|limit| limits::set(self, limit, &wanted))
    }

    /// Lets the members of `group` put processes into it.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn open_to(&self, group: u32) -> io::Result<()> {
        for path in self.paths() {
            let procs = path.join("cgroup.procs");
            std::os::unix::fs::chown(&procs, None, Some(group))?;
            fs::set_permissions(&procs, fs::Permissions::from_mode(0o664))?;
        }
        Ok(())
    }

    /// Changes the CPU limit alone.
    ///
    /// # Errors
    ///
    /// [`LimitError`].
    pub fn limit_cpu(&self, share: Ceiling<CpuShare>) -> Result<(), LimitError> {
        limits::cpu(self, share)
    }

    /// Lifts the CPU limit: a throttled process cannot even die.
    ///
    /// # Errors
    ///
    /// [`LimitError`].
    pub fn lift_cpu(&self) -> Result<(), LimitError> {
        self.limit_cpu(Ceiling::Open)
    }

    /// Kills every process in it and below it.
    ///
    /// # Errors
    ///
    /// The kernel's; before Linux 5.14 there is no such file.
    pub fn kill(&self) -> io::Result<()> {
        fs::write(self.v2.join("cgroup.kill"), "1")
    }

    /// Descriptors of its folders, version 2 first: what a clone needs to be born here.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn open(&self) -> io::Result<Vec<OwnedFd>> {
        self.paths().map(|path| File::open(path).map(OwnedFd::from)).collect()
    }

    /// Reads what is used.
    ///
    /// # Errors
    ///
    /// The kernel's, or a file that is not of its known form.
    pub fn counters(&self) -> io::Result<Counters> {
        let (memory, v2) = &self.memory;
        let file = if *v2 { "memory.current" } else { "memory.usage_in_bytes" };
        Ok(Counters {
            memory: bytes(&memory.join(file))?,
            memory_peak: self.memory_peak()?.read()?,
            cpu: self.cpu_used()?,
        })
    }

    /// CPU time of everything that is or was in it and below it.
    ///
    /// # Errors
    ///
    /// The kernel's, or a file that is not of its known form.
    pub fn cpu_used(&self) -> io::Result<Duration> {
        self.cpu_file()?.read()
    }

    /// The same, to be read later.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn cpu_file(&self) -> io::Result<CpuUsed> {
        File::open(self.v2.join("cpu.stat")).map(CpuUsed)
    }

    /// The counter of kills for memory. Opening it waits for nobody, whoever holds the lock of the groups.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn oom_kills(&self) -> io::Result<OomKills> {
        let (memory, v2) = &self.memory;
        let file = if *v2 { "memory.events" } else { "memory.oom_control" };
        File::open(memory.join(file)).map(OomKills)
    }

    /// How often a new process was refused.
    ///
    /// # Errors
    ///
    /// As [`Self::counters`].
    pub fn refused_processes(&self) -> io::Result<u64> {
        keyed(&self.pids.0.join("pids.events"), "max")
    }

    /// How often a charge met its own memory limit and could not be met by reclaim. To be looked at only where
    /// processes were killed for it.
    ///
    /// # Errors
    ///
    /// As [`Self::counters`].
    pub fn memory_limit_hits(&self) -> io::Result<u64> {
        match &self.memory {
            (memory, true) => keyed(&memory.join("memory.events"), "oom"),
            (memory, false) => v1_limit_hits(memory),
        }
    }

    /// The most memory that was ever in use, to be read again and again.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn memory_peak(&self) -> io::Result<MemoryPeak> {
        let (memory, v2) = &self.memory;
        let file = if *v2 {
            // Since Linux 5.19; before, the best that is known is what is in use.
            File::open(memory.join("memory.peak"))
                .or_else(|_| File::open(memory.join("memory.current")))
        } else {
            File::open(memory.join("memory.max_usage_in_bytes"))
        };
        file.map(MemoryPeak)
    }

    /// Removes it from every hierarchy, waiting a little for its last process to be gone.
    ///
    /// # Errors
    ///
    /// [`RemoveError`] if something is still in it after a second.
    pub fn remove(&self) -> Result<(), RemoveError> {
        let patience = Instant::now() + Duration::from_secs(1);
        self.paths().try_for_each(|path| remove_dir(path, patience))
    }

    /// Removes it from every hierarchy if that is possible at once.
    ///
    /// # Errors
    ///
    /// [`RemoveError`] if something is still in it.
    pub fn try_remove(&self) -> Result<(), RemoveError> {
        let now = Instant::now();
        self.paths().try_for_each(|path| remove_dir(path, now))
    }
}

pub(super) fn children(group: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(group) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// How long the processes of a group that was killed may take to be gone.
const EMPTY_PATIENCE: Duration = Duration::from_secs(1);

/// How long the removal of a group with all below it may take: it is somebody's work to make so many.
const REMOVE_PATIENCE: Duration = Duration::from_secs(30);

/// Removes a group and every group below it, however many and however deep they are: whoever made them may
/// have meant to be in the way.
pub(super) fn remove_tree(group: &Path) -> Result<(), RemoveError> {
    let failed = |source: io::Error| RemoveError::new(group, source);
    let patience = Instant::now() + EMPTY_PATIENCE;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut here = match openat(CWD, group, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(()),
        opened => opened.map_err(|errno| failed(errno.into()))?,
    };
    // The names of the groups on the way down to `here`: no path is too long for that.
    let mut names: Vec<CString> = Vec::new();
    let end = Instant::now() + REMOVE_PATIENCE;
    loop {
        if end < Instant::now() {
            return Err(failed(io::ErrorKind::TimedOut.into()));
        }
        if let Some(name) = child(&here).map_err(failed)? {
            here =
                openat(&here, &name, flags, Mode::empty()).map_err(|errno| failed(errno.into()))?;
            names.push(name);
        } else if let Some(name) = names.pop() {
            here =
                openat(&here, c"..", flags, Mode::empty()).map_err(|errno| failed(errno.into()))?;
            while_busy(patience, || Ok(unlinkat(&here, &name, AtFlags::REMOVEDIR)?))
                .map_err(failed)?;
        } else {
            return remove_dir(group, patience);
        }
    }
}

/// The name of a group right below this one, if there is any.
fn child(group: &OwnedFd) -> io::Result<Option<CString>> {
    for entry in Dir::read_from(group)? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type() == FileType::Directory && name != c"." && name != c".." {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

/// Tries again while the kernel says that the group is busy: its last process is just about to be gone.
fn while_busy(patience: Instant, mut remove: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        match remove() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error)
                if error.kind() == io::ErrorKind::ResourceBusy && Instant::now() < patience =>
            {
                thread::sleep(Duration::from_millis(1));
            }
            removed => return removed,
        }
    }
}

fn remove_dir(group: &Path, patience: Instant) -> Result<(), RemoveError> {
    while_busy(patience, || fs::remove_dir(group)).map_err(|source| RemoveError::new(group, source))
}

/// Some kernels count no failures while memory and memory with swap have the same limit: having been
/// as large as the limit is taken for one.
fn v1_limit_hits(memory: &Path) -> io::Result<u64> {
    let read = |name: &str| bytes(&memory.join(name));
    let full = read("memory.limit_in_bytes")? <= read("memory.max_usage_in_bytes")?;
    Ok(read("memory.failcnt")?.bytes() + u64::from(full))
}

/// What a file of a group says: never much, and all of it in one read.
pub(super) fn content(file: &Path) -> io::Result<String> {
    let mut bytes = [0; 4096];
    let len = File::open(file)?.read(&mut bytes)?;
    String::from_utf8(bytes[..len].to_vec()).map_err(|_| unreadable(file))
}

fn bytes(file: &Path) -> io::Result<ByteCount> {
    number(&content(file)?).ok_or_else(|| unreadable(file))
}

fn number(text: &str) -> Option<ByteCount> {
    text.trim().parse().ok().map(ByteCount::from_bytes)
}

/// The value of `key` in a file of `key value` lines.
fn keyed(file: &Path, key: &str) -> io::Result<u64> {
    value(&content(file)?, key).ok_or_else(|| unreadable(file))
}

fn value(text: &str, key: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(name, _)| *name == key).and_then(|(_, value)| value.trim().parse().ok())
}

fn unreadable(file: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("unknown form of {}", file.display()))
}
