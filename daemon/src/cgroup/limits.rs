//! The limits of a group: written through cgroups-rs, then read back and compared.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use cgroups_rs::fs::{
    MaxValue, cpu::CpuController, error::Error as WriteError, memory::MemController,
    pid::PidController,
};
use skep_core::{ByteCount, Ceiling, CpuShare};

use super::{
    Controller, Group,
    group::{children, content},
};

/// Microseconds over which CPU time is rationed: the kernel's default.
pub(super) const CPU_PERIOD_US: u64 = 100_000;

/// One kind of limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// `memory.max`
    Memory,
    /// No swap: what is beyond the limit is killed, not moved to disk.
    Swap,
    /// `memory.oom.group` of a leaf: out of memory ends all of it. Version 2 only.
    OomGroup,
    /// `pids.max`
    Processes,
    /// `cpu.max`
    Cpu,
}

impl Limit {
    /// Every one; what the product uses.
    pub const ALL: &'static [Self] =
        &[Self::Memory, Self::Swap, Self::OomGroup, Self::Processes, Self::Cpu];
}

/// What a group may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory of all its processes, kernel memory included.
    pub memory: Ceiling<ByteCount>,
    /// CPU time per time.
    pub cpu: Ceiling<CpuShare>,
    /// Processes and threads.
    pub processes: Ceiling<u32>,
}

/// Why a limit does not hold.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// The file cannot be written.
    #[error("cannot set the {limit:?} limit of {}", .group.display())]
    Write {
        /// Which limit.
        limit: Limit,
        /// The group.
        group: PathBuf,
        /// The cause.
        source: WriteError,
    },
    /// The file cannot be read or written by ourselves.
    #[error("cannot use {}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The kernel kept another value.
    #[error("{} holds {found:?} after {wanted:?} was written", .file.display())]
    NotKept {
        /// The file.
        file: PathBuf,
        /// What it should hold.
        wanted: String,
        /// What it holds.
        found: String,
    },
}

/// Writes one kind of limit and proves that it holds.
pub(super) fn set(group: &Group, limit: Limit, limits: &Limits) -> Result<(), LimitError> {
    match limit {
        Limit::Memory => memory(group, limits.memory),
        Limit::Swap => swap(group, limits.memory),
        Limit::OomGroup => oom_group(group),
        Limit::Processes => processes(group, limits.processes),
        Limit::Cpu => cpu(group, limits.cpu),
    }
}

fn page() -> ByteCount {
    ByteCount::from_bytes(u64::try_from(rustix::param::page_size()).unwrap_or(4096))
}

/// The value as cgroups-rs takes it, whose -1 is "no limit".
fn bytes(limit: Ceiling<ByteCount>) -> i64 {
    match limit {
        Ceiling::At(limit) => i64::try_from(limit.bytes()).unwrap_or(i64::MAX),
        Ceiling::Open => -1,
    }
}

fn controller(group: &Group, controller: Controller) -> (&Path, bool) {
    group.of(controller)
}

fn memory(group: &Group, limit: Ceiling<ByteCount>) -> Result<(), LimitError> {
    let (path, v2) = controller(group, Controller::Memory);
    let writer = MemController::new(path.to_owned(), path.to_owned(), v2);
    let failed =
        |source| LimitError::Write { limit: Limit::Memory, group: path.to_owned(), source };
    let file = path.join(if v2 { "memory.max" } else { "memory.limit_in_bytes" });
    if !v2 {
        // Memory with swap may never be below memory alone; open it while the latter changes.
        writer.set_memswap_limit(-1).map_err(failed)?;
    }
    writer.set_limit(bytes(limit)).map_err(failed)?;
    match limit {
        Ceiling::At(limit) => expect(&file, &limit.round_down_to(page()).bytes().to_string()),
        Ceiling::Open if v2 => expect(&file, "max"),
        Ceiling::Open => Ok(()),
    }
}

fn swap(group: &Group, limit: Ceiling<ByteCount>) -> Result<(), LimitError> {
    let (path, v2) = controller(group, Controller::Memory);
    if v2 {
        // By hand: the crate's notion of this file is another one in each version.
        return write(&path.join("memory.swap.max"), "0");
    }
    let writer = MemController::new(path.to_owned(), path.to_owned(), v2);
    writer.set_memswap_limit(bytes(limit)).map_err(|source| LimitError::Write {
        limit: Limit::Swap,
        group: path.to_owned(),
        source,
    })?;
    match limit {
        Ceiling::At(limit) => {
            let wanted = limit.round_down_to(page()).bytes().to_string();
            expect(&path.join("memory.memsw.limit_in_bytes"), &wanted)
        }
        Ceiling::Open => Ok(()),
    }
}

fn oom_group(group: &Group) -> Result<(), LimitError> {
    match controller(group, Controller::Memory) {
        (path, true) => write(&path.join("memory.oom.group"), "1"),
        // Version 1 has no such file; a leaf holds one process anyway.
        (_, false) => Ok(()),
    }
}

fn processes(group: &Group, limit: Ceiling<u32>) -> Result<(), LimitError> {
    let (path, v2) = controller(group, Controller::Pids);
    let writer = PidController::new(path.to_owned(), path.to_owned(), v2);
    let (value, text) = match limit {
        Ceiling::At(limit) => (MaxValue::Value(limit.into()), limit.to_string()),
        Ceiling::Open => (MaxValue::Max, "max".to_owned()),
    };
    writer.set_pid_max(value).map_err(|source| LimitError::Write {
        limit: Limit::Processes,
        group: path.to_owned(),
        source,
    })?;
    expect(&path.join("pids.max"), &text)
}

/// Microseconds of each period; -1 for all.
fn cpu_quota(limit: Ceiling<CpuShare>) -> i64 {
    match limit {
        Ceiling::At(limit) => i64::try_from(limit.cpu_max().as_micros()).unwrap_or(i64::MAX),
        Ceiling::Open => -1,
    }
}

/// Writes the CPU limit and proves that it holds.
pub(super) fn cpu(group: &Group, limit: Ceiling<CpuShare>) -> Result<(), LimitError> {
    let (path, v2) = controller(group, Controller::Cpu);
    let writer = CpuController::new(path.to_owned(), path.to_owned(), v2);
    let quota = cpu_quota(limit);
    // The kernel looks at every group there is for each of the two: the period is mostly right already.
    let right = !v2 && expect(&path.join("cpu.cfs_period_us"), &CPU_PERIOD_US.to_string()).is_ok();
    let period = (!right).then_some(CPU_PERIOD_US);
    writer.set_cfs_quota_and_period(Some(quota), period).map_err(|source| LimitError::Write {
        limit: Limit::Cpu,
        group: path.to_owned(),
        source,
    })?;
    cpu_holds(group, limit)
}

/// Whether the CPU limit is this one.
pub(super) fn cpu_holds(group: &Group, limit: Ceiling<CpuShare>) -> Result<(), LimitError> {
    let (path, v2) = controller(group, Controller::Cpu);
    let quota = cpu_quota(limit);
    if v2 {
        let quota = if quota < 0 { "max".to_owned() } else { quota.to_string() };
        expect(&path.join("cpu.max"), &format!("{quota} {CPU_PERIOD_US}"))
    } else {
        expect(&path.join("cpu.cfs_quota_us"), &quota.to_string())?;
        expect(&path.join("cpu.cfs_period_us"), &CPU_PERIOD_US.to_string())
    }
}

/// Lowers the CPU limits of the groups right below to `most`. Version 1 refuses a limit of a group while
/// one below it has more; version 2 needs nothing.
pub(super) fn lower_cpu_below(group: &Group, most: CpuShare) -> Result<(), LimitError> {
    let (path, v2) = controller(group, Controller::Cpu);
    if v2 {
        return Ok(());
    }
    let most = most.cpu_max().as_micros();
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |source| LimitError::File { file, source }
    };
    for child in children(path).map_err(failed(path))? {
        let file = child.join("cpu.cfs_quota_us");
        // No limit is -1, which is inherited, not above.
        let above = |quota: &String| quota.trim().parse().is_ok_and(|quota: u128| most < quota);
        let lowered = fs::read_to_string(&file).and_then(|quota| match above(&quota) {
            true => fs::write(&file, most.to_string()),
            false => Ok(()),
        });
        match lowered {
            Err(error) if went_away(&error) => {}
            lowered => lowered.map_err(failed(&file))?,
        }
    }
    Ok(())
}

/// Whether a file cannot be used because its group was removed, before it was opened or since.
fn went_away(error: &io::Error) -> bool {
    let removed = io::Error::from(rustix::io::Errno::NODEV).raw_os_error();
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == removed
}

fn write(file: &Path, value: &str) -> Result<(), LimitError> {
    fs::write(file, value).map_err(|source| LimitError::File { file: file.to_owned(), source })?;
    expect(file, value)
}

fn expect(file: &Path, wanted: &str) -> Result<(), LimitError> {
    let found =
        content(file).map_err(|source| LimitError::File { file: file.to_owned(), source })?;
    let found = found.trim();
    if found == wanted {
        return Ok(());
    }
    let (file, wanted, found) = (file.to_owned(), wanted.to_owned(), found.to_owned());
    Err(LimitError::NotKept { file, wanted, found })
}
