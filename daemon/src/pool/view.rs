//! The books as `skep_core` and as people want to see them.

use std::time::{Duration, Instant};

use skep_core::{
    AppId, ByteCount, Ceiling, CpuShare, InstanceId, Rate, Wait,
    admission::Pick,
    life::State,
    pool::{AppView, Candidate, Demand, Kind, Resting, TenantView, make_room},
};

use super::{Books, Pool, Seat};
use crate::{
    cgroup::Counters,
    registry::{AppQuota, Version},
};

/// One instance as people want to see it.
#[derive(Clone, Debug)]
pub struct InstanceStatus {
    /// Which.
    pub id: InstanceId,
    /// What it serves, if it is bound.
    pub app: Option<AppId>,
    /// Where it stands.
    pub state: State,
    /// Its uid on the host.
    pub host_id: u32,
    /// Its process on the host.
    pub pid: i32,
    /// What the kernel counted.
    pub counters: Counters,
    /// Its memory limit.
    pub memory_limit: ByteCount,
    /// Its CPU limit.
    pub cpu_limit: Ceiling<CpuShare>,
    /// Calls that it was given.
    pub calls: u64,
    /// Of them, during the last second.
    pub recent: u32,
    /// Its quota.
    pub rate: Ceiling<Rate>,
    /// Since it was asked for.
    pub age: Duration,
}

/// One app as people want to see it.
#[derive(Clone, Debug)]
pub struct AppStatus {
    /// What it serves.
    pub version: std::sync::Arc<Version>,
    /// Its quota.
    pub quota: AppQuota,
    /// Its instances.
    pub instances: u32,
}

impl Pool {
    /// How many instances were given up and are not proven to be gone yet.
    pub fn doomed(&self) -> usize {
        self.lock().seats.values().filter(|seat| seat.state == State::Doomed).count()
    }

    /// All instances, by number.
    pub fn instances(&self) -> Vec<InstanceStatus> {
        let now = Instant::now();
        let (mut all, leaves): (Vec<InstanceStatus>, Vec<_>) = {
            let books = self.lock();
            let most = books.cpu_ceiling;
            let seats = books.seats.values();
            seats.map(|seat| (status(seat, most, now), seat.instance.leaf.clone())).unzip()
        };
        // Files are read without the lock. A leaf that is gone meanwhile has nothing to count.
        for (status, leaf) in all.iter_mut().zip(leaves) {
            status.counters = leaf.counters().unwrap_or_default();
        }
        all.sort_by_key(|status| status.id);
        all
    }

    /// All apps, by name.
    pub fn apps(&self) -> Vec<AppStatus> {
        let books = self.lock();
        books
            .apps
            .values()
            .map(|app| AppStatus {
                version: std::sync::Arc::clone(&app.version),
                quota: app.own_quota(),
                instances: app.living(),
            })
            .collect()
    }

    /// Calls that run or wait.
    pub fn running(&self) -> u32 {
        self.lock().gauge.running()
    }

    /// What there is for one more call of an app.
    pub(super) fn demand(&self, books: &Books, name: &AppId, now: Instant) -> Demand {
        let (busy_ready, busy_wait) = busy_paces(books, name, now);
        let idle = match (self.pick(books, name, now), busy_wait) {
            // Whoever comes free will be bounded still: that is the answer, not the queue.
            (Pick::Empty, Some(wait)) if busy_ready == 0 => Pick::After(wait),
            (pick, _) => pick,
        };
        let spares = u32::from(self.fitting_spare(books, name).is_some());
        let Some(app) = books.apps.get(name) else {
            return Demand {
                idle,
                spares: 0,
                living: 0,
                coming: 0,
                max_instances: std::num::NonZeroU32::MIN,
                waiting: 0,
                max_queue: 0,
                memory_fits: false,
                backoff: None,
            };
        };
        let need = app.version.limits.memory;
        let memory_fits = self.room_for(books, name, need).is_some();
        let leaving = u32::from(!books.leaving.is_zero());
        Demand {
            idle,
            spares,
            living: app.living(),
            coming: app.starting + busy_ready + leaving,
            max_instances: app.version.limits.max_instances,
            waiting: u32::try_from(app.waiting.len()).unwrap_or(u32::MAX),
            max_queue: self.shared.limits.max_queue,
            memory_fits,
            backoff: [app.backoff.wait(now), books.backoff.wait(now)].into_iter().flatten().max(),
        }
    }

    /// Who must give way so that an instance of `name` with `need` of memory fits, beside what is on its
    /// way out already; `None` if even all of them are not enough.
    pub(super) fn room_for(
        &self,
        books: &Books,
        name: &AppId,
        need: ByteCount,
    ) -> Option<Vec<InstanceId>> {
        let app = books.apps.get(name)?;
        if app.memory.shortfall(need).is_zero() && books.memory.shortfall(need).is_zero() {
            return Some(Vec::new());
        }
        let all = self.candidates(books);
        let mut leaving = self.room_in_app(books, name, need, &all)?;
        let freed = |leaving: &[InstanceId]| {
            let of = all.iter().filter(|one| leaving.contains(&one.id));
            of.fold(ByteCount::ZERO, |sum, one| sum.saturating_plus(one.memory))
        };
        let missing = books.memory.shortfall(need).saturating_minus(books.leaving);
        let missing = missing.saturating_minus(freed(&leaving));
        let others: Vec<Candidate> =
            all.iter().filter(|one| !leaving.contains(&one.id)).copied().collect();
        leaving.extend(make_room(missing, &others)?);
        Some(leaving)
    }

    /// The same within the app's own quota alone: only its own instances hold what that lacks.
    pub(super) fn room_in_app(
        &self,
        books: &Books,
        name: &AppId,
        need: ByteCount,
        all: &[Candidate],
    ) -> Option<Vec<InstanceId>> {
        let app = books.apps.get(name)?;
        let own_leaving = books.leaving_of(name);
        let own_missing = app.memory.shortfall(need).saturating_minus(own_leaving);
        let own: Vec<Candidate> =
            all.iter().filter(|one| app.idle.contains(&one.id)).copied().collect();
        make_room(own_missing, &own)
    }

    /// Whoever could give way.
    pub(super) fn candidates(&self, books: &Books) -> Vec<Candidate> {
        let of = |id: &InstanceId, kind, protected| {
            let seat = books.seats.get(id)?;
            let (memory, idle_since) = (seat.memory, seat.since);
            Some(Candidate { id: *id, memory, kind, idle_since, protected })
        };
        let mut all: Vec<Candidate> =
            books.spares.iter().filter_map(|id| of(id, Kind::Spare, false)).collect();
        for app in books.apps.values() {
            let least = app.version.limits.min_instances;
            let free = usize::try_from(app.living().saturating_sub(least)).unwrap_or(usize::MAX);
            let idle = app.idle.iter().enumerate();
            all.extend(idle.filter_map(|(at, id)| of(id, Kind::Idle, free <= at)));
        }
        all
    }

    pub(super) fn tenant_view(&self, books: &Books, now: Instant) -> TenantView {
        let resting = |id: &InstanceId| {
            books.seats.get(id).map(|seat| Resting {
                id: *id,
                memory: seat.memory,
                since: seat.since,
            })
        };
        TenantView {
            apps: books
                .apps
                .iter()
                .map(|(name, app)| AppView {
                    app: name.clone(),
                    memory: app.version.limits.memory,
                    min_instances: app.version.limits.min_instances,
                    living: app.living(),
                    idle: app.idle.iter().filter_map(resting).collect(),
                    backoff: app.backoff.wait(now),
                })
                .collect(),
            spares: books.spares.iter().filter_map(resting).collect(),
            spares_starting: books.spares_starting,
            spare_memory: self.spare_memory(),
            memory: books.memory,
            leaving: books.leaving,
            zygote_backoff: books.backoff.wait(now),
        }
    }
}

/// Of the busy instances of an app: how many could take another call at once if they came free now, and
/// how long the first of the others is bounded by its process quota.
fn busy_paces(books: &Books, name: &AppId, now: Instant) -> (u32, Option<Duration>) {
    let mut ready = 0;
    let mut wait = None;
    // A tenant may have thousands of seats: not looked through for an app that has nobody busy.
    let mut unseen = books.apps.get(name).map_or(0, |app| app.busy);
    if unseen == 0 {
        return (ready, wait);
    }
    let busy = books.seats.values().filter(|seat| matches!(seat.state, State::Busy { .. }));
    for seat in busy.filter(|seat| seat.is_of(name)) {
        unseen = unseen.saturating_sub(1);
        match seat.pace.wait(now) {
            Wait::Now => ready += 1,
            Wait::After(after) => wait = Some(wait.map_or(after, |wait: Duration| wait.min(after))),
            Wait::Closed => {}
        }
    }
    // The others are lent to a call and still load their version.
    (ready + unseen, wait)
}

fn status(seat: &Seat, most: Ceiling<CpuShare>, now: Instant) -> InstanceStatus {
    InstanceStatus {
        id: seat.instance.id,
        app: seat.app.as_ref().map(|app| app.name.clone()),
        state: seat.state,
        host_id: seat.instance.host_id,
        pid: seat.instance.pid,
        counters: Counters::default(),
        memory_limit: seat.memory,
        cpu_limit: seat.cpu.meet(most),
        calls: seat.calls,
        recent: seat.pace.recent(now),
        rate: seat.pace.rate(),
        age: now.saturating_duration_since(seat.instance.born),
    }
}
