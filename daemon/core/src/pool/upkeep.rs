//! What the pool of one tenant should do between calls: make spares, start what must always run,
//! evict what is idle or too much.
//!
//! This module only *decides*. It never names an instance that is starting or busy: the view does not
//! even hold them.
//!
//! Always true of what it returns: carried out in any order, reserved memory stays within the quota
//! (what is evicted now counts as free only when its death is proven, in a later round); no app goes
//! below its `min_instances` by it; no instance is named twice.

use std::time::{Duration, Instant};

use super::{Candidate, Kind, PoolLimits, make_room};
use crate::admission::Reservation;
use crate::id::InstanceId;
use crate::limits::Ceiling;
use crate::name::AppId;
use crate::unit::ByteCount;

/// An instance that does nothing: a spare, or an idle one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    /// Which.
    pub id: InstanceId,
    /// What it has reserved.
    pub memory: ByteCount,
    /// Since its last reply; for a spare, since it was sealed.
    pub since: Instant,
}

/// One app of the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppView {
    /// Which.
    pub app: AppId,
    /// What each of its instances reserves.
    pub memory: ByteCount,
    /// So many are kept alive without calls.
    pub min_instances: u32,
    /// Its instances: starting, idle and busy.
    pub living: u32,
    /// Those of the living that are idle.
    pub idle: Vec<Resting>,
    /// How long its version is still left alone because it keeps dying.
    pub backoff: Option<Duration>,
}

/// All that counts for the upkeep of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantView {
    /// Its apps. Where they come first in need of memory, they are served in this order.
    pub apps: Vec<AppView>,
    /// Its sealed spares.
    pub spares: Vec<Resting>,
    /// Its spares that are still building their walls.
    pub spares_starting: u32,
    /// What each new spare reserves.
    pub spare_memory: ByteCount,
    /// Its memory book.
    pub memory: Reservation,
    /// What of the reserved memory belongs to doomed instances and will soon be free.
    pub leaving: ByteCount,
    /// How long the zygote is still left alone because it keeps dying.
    pub zygote_backoff: Option<Duration>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Clone an instance that serves no version yet.
    SpawnSpare,
    /// Condemn this spare.
    EvictSpare(InstanceId),
    /// Condemn this idle instance.
    EvictIdle(InstanceId),
    /// Clone an instance of this app and bind it. Spares are left for calls.
    StartFor(AppId),
}

/// What should be done for one tenant at `now`.
pub fn upkeep(view: &TenantView, limits: &PoolLimits, now: Instant) -> Vec<Action> {
    let mut plan = Plan::new(view);
    plan.evict_long_idle(limits.idle_after, now);
    plan.shrink_to_quota();
    plan.start_minimum();
    plan.keep_spares(limits);
    plan.actions
}

/// The view, and what was decided so far.
struct Plan<'a> {
    view: &'a TenantView,
    actions: Vec<Action>,
    evicted: Vec<InstanceId>,
    /// Living instances of each app, in the order of the view, without the evicted.
    living: Vec<u32>,
    /// What can be reserved now.
    room: Ceiling<ByteCount>,
    /// What the doomed and the evicted give back when they have gone.
    leaving: ByteCount,
    /// What of it is kept for instances that must run.
    claimed: ByteCount,
    /// Whether an instance that must run has to wait for memory.
    starved: bool,
}

impl<'a> Plan<'a> {
    fn new(view: &'a TenantView) -> Self {
        Self {
            view,
            actions: Vec::new(),
            evicted: Vec::new(),
            living: view.apps.iter().map(|app| app.living).collect(),
            room: view.memory.room(),
            leaving: view.leaving,
            claimed: ByteCount::ZERO,
            starved: false,
        }
    }

    /// Idle instances that had no call for long, as far as their app has more than its minimum.
    fn evict_long_idle(&mut self, idle_after: Duration, now: Instant) {
        for candidate in self.candidates() {
            let idle_for = now.saturating_duration_since(candidate.idle_since);
            let old = candidate.kind == Kind::Idle && idle_after <= idle_for;
            if old && !candidate.protected {
                self.evict(candidate.id);
            }
        }
    }

    /// After the quota was lowered: whoever can gives way, until the rest fits.
    fn shrink_to_quota(&mut self) {
        let excess = self.view.memory.excess().saturating_minus(self.leaving);
        if excess.is_zero() {
            return;
        }
        let candidates = self.candidates();
        let leaving = make_room(excess, &candidates).unwrap_or_else(|| {
            // The busy ones hold too much. All others go, and the rest when it comes free.
            let free = candidates.iter().filter(|candidate| !candidate.protected);
            free.map(|candidate| candidate.id).collect()
        });
        leaving.into_iter().for_each(|id| self.evict(id));
    }

    /// Instances that must always run, while there is room; else others give way for them.
    fn start_minimum(&mut self) {
        if self.view.zygote_backoff.is_some() {
            return;
        }
        for (at, app) in self.view.apps.iter().enumerate() {
            if app.backoff.is_some() {
                continue;
            }
            for _ in self.living[at]..app.min_instances {
                if self.take_room(app.memory) {
                    self.living[at] += 1;
                    self.actions.push(Action::StartFor(app.app.clone()));
                } else if !self.wait_for(app.memory) {
                    break;
                }
            }
        }
    }

    /// Spares between floor and ceiling, for tenants that have something to run.
    fn keep_spares(&mut self, limits: &PoolLimits) {
        let ceiling = if self.view.apps.is_empty() { 0 } else { limits.spare_ceiling };
        let mut sealed: Vec<Resting> =
            self.view.spares.iter().copied().filter(|spare| !self.is_evicted(spare.id)).collect();
        sealed.sort_by_key(|spare| (spare.since, spare.id));
        let mut have = count(&sealed).saturating_add(self.view.spares_starting);
        for spare in sealed {
            if ceiling < have {
                self.evict(spare.id);
                have -= 1;
            }
        }

        if self.starved || self.view.zygote_backoff.is_some() {
            return;
        }
        for _ in have..limits.spare_floor.min(ceiling) {
            if self.take_room(self.view.spare_memory) {
                self.actions.push(Action::SpawnSpare);
            }
        }
    }

    /// Takes `memory` from what can be reserved now, if there is that much.
    fn take_room(&mut self, memory: ByteCount) -> bool {
        match self.room {
            Ceiling::Open => true,
            Ceiling::At(room) => match room.minus(memory) {
                Some(rest) => {
                    self.room = Ceiling::At(rest);
                    true
                }
                None => false,
            },
        }
    }

    /// Sees to it that a later round has `memory`: keeps what there is, and evicts for the rest.
    /// False if that cannot be done now.
    fn wait_for(&mut self, memory: ByteCount) -> bool {
        if !self.view.memory.quota().allows(&memory) {
            // It will never fit; nobody needs to suffer for it.
            return false;
        }
        self.starved = true;
        let Ceiling::At(room) = self.room else { return false };
        let missing = memory.saturating_minus(room);
        // What leaves pays for a lowered quota first, then for whoever waits already.
        let coming =
            self.leaving.saturating_minus(self.view.memory.excess()).saturating_minus(self.claimed);
        let need = missing.saturating_minus(coming);
        let Some(leaving) = make_room(need, &self.candidates()) else { return false };
        leaving.into_iter().for_each(|id| self.evict(id));
        self.claimed = self.claimed.saturating_plus(missing);
        self.room = Ceiling::At(ByteCount::ZERO);
        true
    }

    fn evict(&mut self, id: InstanceId) {
        let find = |all: &[Resting]| all.iter().find(|one| one.id == id).map(|one| one.memory);
        for (at, app) in self.view.apps.iter().enumerate() {
            if let Some(memory) = find(&app.idle) {
                self.living[at] = self.living[at].saturating_sub(1);
                self.leaving = self.leaving.saturating_plus(memory);
                self.actions.push(Action::EvictIdle(id));
            }
        }
        if let Some(memory) = find(&self.view.spares) {
            self.leaving = self.leaving.saturating_plus(memory);
            self.actions.push(Action::EvictSpare(id));
        }
        self.evicted.push(id);
    }

    fn is_evicted(&self, id: InstanceId) -> bool {
        self.evicted.contains(&id)
    }

    /// Who could still give way. Of each app, as many as it has above its minimum, longest idle first.
    fn candidates(&self) -> Vec<Candidate> {
        let candidate = |resting: &Resting, kind, protected| Candidate {
            id: resting.id,
            memory: resting.memory,
            kind,
            idle_since: resting.since,
            protected,
        };
        let left = |all: &[Resting]| {
            let mut left: Vec<Resting> =
                all.iter().copied().filter(|resting| !self.is_evicted(resting.id)).collect();
            left.sort_by_key(|resting| (resting.since, resting.id));
            left
        };
        let mut all: Vec<Candidate> = left(&self.view.spares)
            .iter()
            .map(|spare| candidate(spare, Kind::Spare, false))
            .collect();
        for (app, living) in self.view.apps.iter().zip(&self.living) {
            let above_minimum = living.saturating_sub(app.min_instances);
            all.extend(
                (0_u32..)
                    .zip(left(&app.idle))
                    .map(|(nth, idle)| candidate(&idle, Kind::Idle, above_minimum <= nth)),
            );
        }
        all
    }
}

fn count(all: &[Resting]) -> u32 {
    u32::try_from(all.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
