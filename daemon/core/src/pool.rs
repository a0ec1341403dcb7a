//! What the pool should do: for one call, and when memory is short. [`upkeep()`] is what it does
//! between calls.
//!
//! This module only *decides*: it is handed a view and returns a choice. It starts no process and
//! waits for nothing; the daemon's pool does that.
//!
//! Always true: no choice exceeds the app's `max_instances`; whoever gives way is a spare or idle,
//! never busy and never protected by `min_instances`.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use crate::admission::Pick;
use crate::id::InstanceId;
use crate::unit::ByteCount;

pub mod upkeep;

pub use upkeep::{Action, AppView, Resting, TenantView, upkeep};

/// How a pool of one tenant is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLimits {
    /// So many spares are made ahead, if there is memory for them.
    pub spare_floor: u32,
    /// More spares than this are evicted.
    pub spare_ceiling: u32,
    /// An instance without a call for this long is evicted.
    pub idle_after: Duration,
    /// So many calls of one app may wait for an instance. Zero means that none may.
    pub max_queue: u32,
}

/// What there is for a call of one app. Its quotas have let it in already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// What the app's idle instances can do, from [`admission::pick`](crate::admission::pick). Give
    /// [`Pick::Closed`] also where there is none but the app's process quota is closed.
    pub idle: Pick,
    /// Spares that could be bound to the app now: sealed, and the memory by which the app's limit is
    /// above theirs fits.
    pub spares: u32,
    /// Instances of the app: starting, idle and busy.
    pub living: u32,
    /// Of the living, those that come free without our doing: starting and busy. Add the doomed ones,
    /// of any app of the tenant, whose memory the call could use.
    pub coming: u32,
    /// The app's limit of instances.
    pub max_instances: NonZeroU32,
    /// Calls of the app that wait already.
    pub waiting: u32,
    /// See [`PoolLimits::max_queue`].
    pub max_queue: u32,
    /// Whether a new instance fits into the memory quotas, if need be by [`make_room`].
    pub memory_fits: bool,
    /// How long the version, or the zygote, is still left alone because it keeps dying.
    pub backoff: Option<Duration>,
}

/// What to do with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Give it to this idle instance.
    LeaseIdle(InstanceId),
    /// Bind a spare to the app, then give it the call.
    BindSpare,
    /// Clone a new instance, bind it, then give it the call.
    Clone,
    /// Let it wait until an instance comes free, until its deadline.
    Wait {
        /// Choose again after this long even if none came free: a process quota or a backoff ends.
        look_again: Option<Duration>,
    },
    /// Refuse it.
    Refuse(Refusal),
}

/// Why no instance can take a call, and waiting would not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// All instances are at their process quota, and no further one can be started.
    #[error("all instances are at their process quota")]
    ProcessQuota {
        /// When the first of them may take a call; `None` when the quota is closed.
        retry_after: Option<Duration>,
    },
    /// As many calls as allowed are waiting already.
    #[error("too many calls are waiting for an instance")]
    QueueFull,
    /// There is no memory for an instance, and none comes free.
    #[error("there is no memory left for an instance")]
    MemoryQuota,
    /// The version or the zygote keeps dying.
    #[error("instances keep dying")]
    BackOff {
        /// How long it is still left alone.
        retry_after: Duration,
    },
}

/// What to do with a call: an idle instance, else a spare, else a clone within the app's limit, else
/// the queue.
pub fn choose(view: &Demand) -> Choice {
    let quota_wait = match view.idle {
        Pick::Ready(id) => return Choice::LeaseIdle(id),
        Pick::Closed => return Choice::Refuse(Refusal::ProcessQuota { retry_after: None }),
        Pick::After(wait) => Some(wait),
        Pick::Empty => None,
    };

    let may_grow = view.living < view.max_instances.get();
    let obstacle = match view.backoff {
        Some(retry_after) if may_grow => Refusal::BackOff { retry_after },
        None if may_grow && 0 < view.spares => return Choice::BindSpare,
        None if may_grow && view.memory_fits => return Choice::Clone,
        None if may_grow => Refusal::MemoryQuota,
        // Every instance is busy or starting, or bounded, which is told below.
        Some(_) | None => Refusal::QueueFull,
    };

    if view.coming == 0 {
        // Nobody comes free. That a bounded instance can take a call again is sooner and surer than
        // whatever kept us from starting another one.
        return Choice::Refuse(match quota_wait {
            Some(wait) => Refusal::ProcessQuota { retry_after: Some(wait) },
            None => obstacle,
        });
    }
    if view.max_queue <= view.waiting {
        return Choice::Refuse(Refusal::QueueFull);
    }
    let look_again = [quota_wait, view.backoff.filter(|_| may_grow)].into_iter().flatten().min();
    Choice::Wait { look_again }
}

/// Of the time that a call has, loading its app may take one part in so many.
const LOADING: u32 = 10;

/// Whether a call may be sent together with the app that it is for, to an instance that has to load that app
/// first: one write for both. Then the end of the call's time is the end of the loading, too, so it must
/// be known to be `quick` (how long it took before) beside what is `left` for the call. Else the app is loaded
/// first, for whoever comes.
pub fn may_load_within(left: Duration, quick: Option<Duration>) -> bool {
    quick.is_some_and(|quick| quick.saturating_mul(LOADING) <= left)
}

/// An instance that could give way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub id: InstanceId,
    /// The memory that its end gives back.
    pub memory: ByteCount,
    /// What it is.
    pub kind: Kind,
    /// Since when it does nothing.
    pub idle_since: Instant,
    /// Whether it is one of its app's `min_instances`.
    pub protected: bool,
}

/// Which instances can give way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Serves no version yet.
    Spare,
    /// Serves a version, and no call now.
    Idle,
}

/// Who gives way so that `need` becomes free: spares first, then idle ones, the longest idle first.
/// Nobody is named whose memory is not needed.
///
/// `None` if all of them together are not enough; then nobody should be evicted.
pub fn make_room(need: ByteCount, candidates: &[Candidate]) -> Option<Vec<InstanceId>> {
    let mut order: Vec<&Candidate> =
        candidates.iter().filter(|candidate| !candidate.protected).collect();
    order.sort_by_key(|candidate| (candidate.kind, candidate.idle_since, candidate.id));

    let mut freed = ByteCount::ZERO;
    let mut chosen = Vec::new();
    for candidate in order {
        if need <= freed {
            break;
        }
        freed = freed.saturating_plus(candidate.memory);
        chosen.push(candidate);
    }
    if freed < need {
        return None;
    }

    // A later one may be so large that earlier ones need not go. Spare the most valuable first.
    let mut leaving: Vec<InstanceId> = Vec::with_capacity(chosen.len());
    for candidate in chosen.into_iter().rev() {
        match freed.minus(candidate.memory) {
            Some(without) if need <= without => freed = without,
            Some(_) | None => leaving.push(candidate.id),
        }
    }
    leaving.reverse();
    Some(leaving)
}

#[cfg(test)]
mod tests;
