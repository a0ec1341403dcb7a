//! One instance: what the daemon knows of a sandboxed process, and the proof of its death.
//!
//! Death is proven: kill, counters read (the kernel counts before it kills), exit seen, leaf removed. The daemon
//! kills by the leaf: it has another uid than the processes in there, and may send them no signal.

mod launcher;

use std::{
    io,
    os::fd::OwnedFd,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use nix::time::{ClockId, clock_gettime};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use skep_core::{ByteCount, Cause, Evidence, InstanceId, outcome::diagnose};
use skep_link::zygote::Exit;
use tokio::{net::unix::pipe, sync::watch, time::timeout};

pub use self::launcher::{LaunchError, Launcher, PROOF};
use crate::{
    cgroup::{CpuUsed, Group, LimitError, Limits, MemoryPeak, OomKills, RemoveError},
    link::LinkError,
    zygotes::Ended,
};

/// How long an instance may take to die until it is taken for one whose CPU time is used up for now.
const THROTTLED_AFTER: Duration = Duration::from_millis(2);
/// How long the proof of a death may take until whoever waits is told that it is missing.
const PROOF_PATIENCE: Duration = Duration::from_secs(1);

/// One sandboxed process.
#[derive(Debug)]
pub struct Instance {
    /// Its number within its tenant.
    pub id: InstanceId,
    /// Its uid and gid on the host.
    pub host_id: u32,
    /// Its process number on the host.
    pub pid: i32,
    /// When it was asked for.
    pub born: Instant,
    /// Its control group.
    pub leaf: Group,
    /// What was written to it and held, and after how many changes of the tenant's limits.
    limits: Mutex<(Limits, u64)>,
    /// Names the build of its shim.
    pub build: u64,
    namespaces: [u64; 7],
    memory_peak: MemoryPeak,
    cpu_clock: Option<ClockId>,
    cpu_total: OnceLock<Duration>,
    pidfd: OwnedFd,
    /// Until it has ended, and a little longer.
    network: Mutex<Option<OwnedFd>>,
    tenant: Group,
    tenant_hits: u64,
    ended: watch::Receiver<Option<Ended>>,
}

/// What was found where an instance was.
#[derive(Debug, Default)]
struct Remains {
    /// Processes of its leaf that the kernel killed for memory.
    oom_kills: u64,
    /// If there are any, how often its leaf met its memory limit.
    limit_hits: u64,
    /// And how often the tenant's did meanwhile.
    tenant_hits: u64,
    /// If it ended by itself, how often it was refused another process.
    refused_processes: u64,
    /// Whether its process has ended and its leaf is gone.
    removed: bool,
}

/// How an instance ended.
#[derive(Clone, Copy, Debug)]
pub struct Death {
    /// Why.
    pub cause: Cause,
    /// Whether everything was proven in time.
    pub confirmed: bool,
}

impl Instance {
    /// Changes the limits that differ and proves that those hold. What is `wanted` is asked while nobody else
    /// writes here: who writes last knows the latest. Beside it comes how many changes of the tenant's limits
    /// there were so far: each may have lowered this CPU limit. `None` leaves all as it is. Blocks.
    ///
    /// # Errors
    ///
    /// [`LimitError`]; then it must not go on.
    pub fn limit(
        &self,
        wanted: impl FnOnce(&Limits) -> Option<(Limits, u64)>,
    ) -> Result<(), LimitError> {
        let mut held = lock(&self.limits);
        let (limits, seen) = &*held;
        let Some((wanted, changes)) = wanted(limits) else { return Ok(()) };
        self.leaf.change(limits, &wanted, *seen == changes)?;
        *held = (wanted, changes);
        Ok(())
    }

    /// The most memory that it ever had; none once it is gone.
    pub fn memory_peak(&self) -> ByteCount {
        self.memory_peak.read().unwrap_or_default()
    }

    /// CPU time of its process so far, by the process' own clock; none once it has ended.
    pub fn cpu_time(&self) -> Duration {
        let clock = self.cpu_clock.and_then(|clock| clock_gettime(clock).ok());
        clock.map_or(Duration::ZERO, Duration::from)
    }

    /// CPU time of its whole life, with its end; `None` until that is proven.
    pub fn cpu_total(&self) -> Option<Duration> {
        self.cpu_total.get().copied()
    }

    /// Its process has ended: what its group counted until then is all. Once the group is gone, nobody knows.
    fn note_cpu(&self, used: io::Result<CpuUsed>) {
        if let Ok(cpu) = used.and_then(|file| file.read()) {
            // It was noted before if its first burial took too long.
            let _ = self.cpu_total.set(cpu);
        }
    }

    /// The inode numbers of its namespaces, in the order of [`NAMESPACES`](skep_link::frame::NAMESPACES).
    pub fn namespaces(&self) -> &[u64; 7] {
        &self.namespaces
    }

    /// Whether its process has ended, as the kernel knows right now.
    fn is_over(&self) -> bool {
        self.is_over_within(Duration::ZERO)
    }

    /// The same after waiting for it. Blocks.
    fn is_over_within(&self, patience: Duration) -> bool {
        let patience = Timespec::try_from(patience).unwrap_or_default();
        let mut pidfd = [PollFd::new(&self.pidfd, PollFlags::IN)];
        poll(&mut pidfd, Some(&patience)).is_ok_and(|ready| 0 < ready)
    }

    /// Waits for its end, and says how that was. An instance ends with its zygote: one whose walls were
    /// not yet complete has no parent-death signal, so it is killed here.
    pub async fn ended(&self) -> Ended {
        let mut ended = self.ended.clone();
        let how = match ended.wait_for(Option::is_some).await {
            Ok(how) => how.unwrap_or(Ended::ZygoteLost),
            Err(_) => Ended::ZygoteLost,
        };
        if how == Ended::ZygoteLost {
            // A leaf that is gone has nobody in it.
            let _ = self.leaf.kill();
        }
        if how == Ended::ZygoteLost
            && let Ok(pidfd) = self.pidfd.try_clone()
            && let Ok(pidfd) = pipe::Receiver::from_owned_fd_unchecked(pidfd)
        {
            // Nobody reports it any more; the descriptor becomes readable when it has ended.
            let _ = pidfd.readable().await;
        }
        how
    }

    /// Reads what is left to be read, waits for its exit and removes the leaf, which proves that nobody is in
    /// there; kills whoever is. Blocks.
    fn end(&self, oom_kills: Option<OomKills>, by_itself: bool) -> Remains {
        // One that is over left nobody behind: others cannot enter its leaf.
        if !self.is_over() {
            self.kill_leaf();
        }
        // What it met before this counts, and is read while it dies.
        let used = self.leaf.cpu_file();
        let oom_kills = oom_kills.and_then(|file| file.read().ok()).unwrap_or_default();
        let (limit_hits, tenant_hits) = match oom_kills {
            0 => (0, self.tenant_hits),
            _ => (
                self.leaf.memory_limit_hits().unwrap_or_default(),
                self.tenant.memory_limit_hits().unwrap_or_default(),
            ),
        };
        let refused_processes =
            if by_itself { self.leaf.refused_processes().unwrap_or_default() } else { 0 };
        let mut over = self.is_over_within(THROTTLED_AFTER);
        if !over {
            // A throttled process cannot even die. Most are not: for them it would be a slow write in vain.
            let lifted = {
                // Whoever writes its limits just now has done so by then, and finds it condemned afterwards.
                let _held = lock(&self.limits);
                self.leaf.lift_cpu()
            };
            if let Err(error) = lifted {
                tracing::debug!(instance = %self.id, %error, "cannot lift the CPU limit");
            }
            over = self.is_over_within(PROOF_PATIENCE);
        }
        if over {
            self.note_cpu(used);
        }
        let removed = over
            && (self.leaf.try_remove().is_ok() || {
                self.kill_leaf();
                remove(&self.leaf, PROOF_PATIENCE).is_ok()
            });
        let tenant_hits = tenant_hits.saturating_sub(self.tenant_hits);
        Remains { oom_kills, limit_hits, tenant_hits, refused_processes, removed }
    }

    fn kill_leaf(&self) {
        if let Err(error) = self.leaf.kill() {
            tracing::warn!(instance = %self.id, %error, "cannot kill the leaf");
        }
    }

    async fn unsealed(&self, error: LinkError) -> LaunchError {
        match timeout(PROOF_PATIENCE, self.ended()).await {
            Ok(Ended::Reaped { exit: Exit::Code(errno), step: Some(step) }) if 0 < errno => {
                let source = io::Error::from_raw_os_error(errno);
                LaunchError::Wall { step: step.as_str(), source }
            }
            Ok(Ended::Reaped { exit: Exit::Signal(signal), step: Some(step) }) => {
                let source = io::Error::other(format!("killed by signal {signal}"));
                LaunchError::Wall { step: step.as_str(), source }
            }
            _ => LaunchError::Unsealed(error),
        }
    }

    fn diagnose(&self, ended: Option<Ended>, left: &Remains, we_killed: Option<Cause>) -> Cause {
        let (code, signal) = match ended {
            Some(Ended::Reaped { exit: Exit::Code(code), .. }) => (Some(code), None),
            Some(Ended::Reaped { exit: Exit::Signal(signal), .. }) => (None, Some(signal)),
            Some(Ended::ZygoteLost) | None => (None, None),
        };
        diagnose(&Evidence {
            signal,
            code,
            leaf_oom_kills: left.oom_kills,
            leaf_limit_hits: left.limit_hits,
            tenant_limit_hits: left.tenant_hits,
            pids_limit_hits: left.refused_processes,
            we_killed,
            zygote_lost: ended == Some(Ended::ZygoteLost),
        })
    }
}

/// Removes a leaf, waiting for its last process to be gone. Blocks.
fn remove(leaf: &Group, patience: Duration) -> Result<(), RemoveError> {
    let end = Instant::now() + patience;
    let mut pause = Duration::from_micros(200);
    loop {
        match leaf.try_remove() {
            Err(error) if end < Instant::now() => return Err(error),
            Err(_) => std::thread::sleep(pause),
            Ok(()) => return Ok(()),
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The data behind these locks is consistent at every moment, also after a panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
