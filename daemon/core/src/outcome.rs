//! Why a call was not answered by its function: one typed cause for each failure.
//!
//! This module knows no gRPC code; `api::status` in the daemon chooses it from the cause. An
//! exception that the function threw is an answer and has no cause here.
//!
//! Always true: [`Cause::reason`] is stable, callers and alerts depend on it; the text of `Display`
//! is neutral, for people, and may change. No text of a tenant is in either.

use std::fmt;
use std::time::Duration;

use crate::admission::{Denied, Level};
use crate::unit::{ByteCount, DurationText};

/// Why a call was not answered by its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The engine's heap limit was reached, even if the function caught the error.
    OomHeap,
    /// The kernel killed the instance for memory.
    OomCgroup {
        /// Whose limit it was: the process's own, or one above it to which others added.
        level: Level,
    },
    /// The call used more CPU time than one call may.
    CpuBudget,
    /// The call was not done when its time was over.
    Deadline,
    /// The instance wanted more processes than it may have.
    Pids,
    /// The instance made a system call that kills.
    Seccomp,
    /// The function asked for a connection that it may not have.
    EgressDenied,
    /// A quota said no, before any work was done.
    Quota(Denied),
    /// The instance was ended by a signal that was neither ours nor one of the above.
    Crashed {
        /// The signal.
        signal: i32,
    },
    /// The instance ended by itself.
    ExitedEarly {
        /// Its exit code.
        code: i32,
    },
    /// The zygote ended, and took the instance or its exit status with it.
    ZygoteLost,
    /// The instance ended or fell silent, and nobody knows why.
    InstanceLost,
    /// The caller hung up.
    Cancelled,
    /// The host takes no new calls.
    Draining,
    /// No new instance could be made.
    SpawnFailed,
    /// The instance said something that is not in the protocol.
    BadFrame,
    /// As many calls as allowed are waiting for an instance already.
    QueueFull,
    /// Instances of this version, or all, kept dying and are left alone for a while.
    BackOff {
        /// For how long.
        retry_after: Duration,
    },
    /// What goes in or came out is larger than it may be.
    TooLarge {
        /// How large it is, as far as it was counted.
        size: ByteCount,
        /// How large it may be.
        most: ByteCount,
    },
}

impl Cause {
    /// The stable name of the cause, for `google.rpc.ErrorInfo.reason` and for metrics.
    pub const fn reason(self) -> &'static str {
        match self {
            Cause::OomHeap => "OOM_HEAP",
            Cause::OomCgroup { .. } => "OOM_CGROUP",
            Cause::CpuBudget => "CPU_BUDGET",
            Cause::Deadline => "DEADLINE",
            Cause::Pids => "PIDS",
            Cause::Seccomp => "SECCOMP",
            Cause::EgressDenied => "EGRESS_DENIED",
            Cause::Quota(_) => "QUOTA",
            Cause::Crashed { .. } => "CRASHED",
            Cause::ExitedEarly { .. } => "EXITED_EARLY",
            Cause::ZygoteLost => "ZYGOTE_LOST",
            Cause::InstanceLost => "INSTANCE_LOST",
            Cause::Cancelled => "CANCELLED",
            Cause::Draining => "DRAINING",
            Cause::SpawnFailed => "SPAWN_FAILED",
            Cause::BadFrame => "BAD_FRAME",
            Cause::QueueFull => "QUEUE_FULL",
            Cause::BackOff { .. } => "BACK_OFF",
            Cause::TooLarge { .. } => "TOO_LARGE",
        }
    }

    /// Whether the same call, sent again a little later or to another host, may well be answered:
    /// the cause lay in the load or in the host, not in the call.
    pub const fn retriable(self) -> bool {
        match self {
            Cause::OomCgroup { level: Level::Tenant | Level::App }
            | Cause::ZygoteLost
            | Cause::InstanceLost
            | Cause::Draining
            | Cause::SpawnFailed
            | Cause::QueueFull
            | Cause::BackOff { .. } => true,
            // Zero is closed, and stays so.
            Cause::Quota(denied) => denied.limit != 0,
            Cause::OomHeap
            | Cause::OomCgroup { level: Level::Process }
            | Cause::CpuBudget
            | Cause::Deadline
            | Cause::Pids
            | Cause::Seccomp
            | Cause::EgressDenied
            | Cause::Crashed { .. }
            | Cause::ExitedEarly { .. }
            | Cause::Cancelled
            | Cause::BadFrame
            | Cause::TooLarge { .. } => false,
        }
    }

    /// When to come back, where that is known.
    pub const fn retry_after(self) -> Option<Duration> {
        match self {
            Cause::Quota(denied) => denied.retry_after,
            Cause::BackOff { retry_after } => Some(retry_after),
            Cause::OomHeap
            | Cause::OomCgroup { .. }
            | Cause::CpuBudget
            | Cause::Deadline
            | Cause::Pids
            | Cause::Seccomp
            | Cause::EgressDenied
            | Cause::Crashed { .. }
            | Cause::ExitedEarly { .. }
            | Cause::ZygoteLost
            | Cause::InstanceLost
            | Cause::Cancelled
            | Cause::Draining
            | Cause::SpawnFailed
            | Cause::BadFrame
            | Cause::QueueFull
            | Cause::TooLarge { .. } => None,
        }
    }

    /// The level whose quota or limit it was, where there is one.
    pub const fn level(self) -> Option<Level> {
        match self {
            Cause::OomCgroup { level } => Some(level),
            Cause::Quota(denied) => Some(denied.level),
            Cause::OomHeap | Cause::CpuBudget | Cause::Pids => Some(Level::Process),
            Cause::Deadline
            | Cause::Seccomp
            | Cause::EgressDenied
            | Cause::Crashed { .. }
            | Cause::ExitedEarly { .. }
            | Cause::ZygoteLost
            | Cause::InstanceLost
            | Cause::Cancelled
            | Cause::Draining
            | Cause::SpawnFailed
            | Cause::BadFrame
            | Cause::QueueFull
            | Cause::BackOff { .. }
            | Cause::TooLarge { .. } => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Cause::OomHeap => f.write_str("the call reached the heap limit of its app"),
            Cause::OomCgroup { level } => {
                write!(f, "the instance was ended at the memory limit of its {level}")
            }
            Cause::CpuBudget => f.write_str("the call used up its CPU time"),
            Cause::Deadline => f.write_str("the call was not done at its deadline"),
            Cause::Pids => f.write_str("the instance reached its limit of processes"),
            Cause::Seccomp => f.write_str("the instance made a forbidden system call"),
            Cause::EgressDenied => f.write_str("the call asked for a connection it may not have"),
            Cause::Quota(denied) => denied.fmt(f),
            Cause::Crashed { signal } => write!(f, "the instance was ended by signal {signal}"),
            Cause::ExitedEarly { code } => write!(f, "the instance ended itself with code {code}"),
            Cause::ZygoteLost => f.write_str("the instance was lost with the process it came from"),
            Cause::InstanceLost => f.write_str("the instance was lost"),
            Cause::Cancelled => f.write_str("the caller cancelled the call"),
            Cause::Draining => f.write_str("the host is draining and takes no new calls"),
            Cause::SpawnFailed => f.write_str("no instance could be started"),
            Cause::BadFrame => f.write_str("the instance broke the protocol"),
            Cause::QueueFull => f.write_str("too many calls are waiting for an instance"),
            Cause::BackOff { retry_after } => {
                write!(
                    f,
                    "instances kept failing, retry in {}",
                    DurationText::rounded_up(retry_after)
                )
            }
            Cause::TooLarge { size, most } => {
                write!(f, "the payload has {size}, at most {most} are allowed")
            }
        }
    }
}

/// What is known about the end of an instance. Counts are those of its own life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The signal that ended it, from the zygote.
    pub signal: Option<i32>,
    /// The code it exited with, from the zygote.
    pub code: Option<i32>,
    /// Processes of its control group that the kernel killed for memory.
    pub leaf_oom_kills: u64,
    /// How often its control group was at its own memory limit.
    pub leaf_limit_hits: u64,
    /// How often its tenant's control group was at the memory limit meanwhile, counting the tenant's
    /// instances in or not.
    pub tenant_limit_hits: u64,
    /// How often it was refused another process.
    pub pids_limit_hits: u64,
    /// Why we killed it, if we did.
    pub we_killed: Option<Cause>,
    /// Whether the zygote ended before it told how the instance ended.
    pub zygote_lost: bool,
}

const SIGKILL: i32 = 9;
const SIGSYS: i32 = 31;

/// Why an instance ended, from what is left of it.
///
/// The kernel's own verdicts come first: we may have sent a kill to what was dying already. Then
/// what we killed it for, then how it ended by itself.
pub fn diagnose(evidence: &Evidence) -> Cause {
    if evidence.signal == Some(SIGSYS) {
        return Cause::Seccomp;
    }
    if let Some(cause) = killed_for_memory(evidence) {
        return cause;
    }
    if let Some(cause) = evidence.we_killed {
        return cause;
    }
    match (evidence.signal, evidence.code) {
        (Some(_), _) | (_, Some(_)) if 0 < evidence.pids_limit_hits => Cause::Pids,
        // The zygote's children are killed when it ends.
        (Some(SIGKILL) | None, None) if evidence.zygote_lost => Cause::ZygoteLost,
        (Some(signal), _) => Cause::Crashed { signal },
        (None, Some(code)) => Cause::ExitedEarly { code },
        (None, None) => Cause::InstanceLost,
    }
}

/// Whether the kernel killed it for memory, and for whose. Where no exit status came, the count of
/// kills is enough: the instance has one process.
fn killed_for_memory(evidence: &Evidence) -> Option<Cause> {
    let killed = match (evidence.signal, evidence.code) {
        (Some(SIGKILL), _) | (None, None) => 0 < evidence.leaf_oom_kills,
        (Some(_), _) | (None, Some(_)) => false,
    };
    match (killed, evidence.leaf_limit_hits, evidence.tenant_limit_hits) {
        (false, _, _) => None,
        (true, 1.., _) => Some(Cause::OomCgroup { level: Level::Process }),
        (true, 0, 1..) => Some(Cause::OomCgroup { level: Level::Tenant }),
        // Neither was at its limit: the host itself had no memory left. No fault of the tenant.
        (true, 0, 0) => Some(Cause::InstanceLost),
    }
}

#[cfg(test)]
mod tests;
