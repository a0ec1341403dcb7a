//! What the pools do between calls: spares, minimum instances, eviction.
//!
//! One task for all tenants. It wakes when something changed or when the next idle instance is due, and
//! sleeps otherwise: an idle daemon has no timer running.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use skep_core::{
    Level, Wait, admission,
    pool::{Action, upkeep},
};
use tokio::time::sleep;

use super::{Pool, Shared};

/// How long the call that took a spare has the processors to itself.
const BREATH: Duration = Duration::from_millis(5);
/// With thousands of instances it takes long: of the time, at most one in so many.
const SHARE: u32 = 20;

/// Works for as long as it is polled.
pub async fn run(pools: Vec<Arc<Pool>>, shared: Arc<Shared>) {
    let mut rest = BREATH;
    loop {
        // What is made ahead is for later calls: it must not compete with the one that asked for it.
        sleep(rest).await;
        let start = Instant::now();
        shared.kept.settle();
        let next = pools.iter().filter_map(Pool::keep_up).min();
        rest = BREATH.max(start.elapsed() * SHARE);
        match next {
            Some(wait) => {
                tokio::select! {
                    () = shared.wake.notified() => {}
                    () = sleep(wait) => {}
                }
            }
            None => shared.wake.notified().await,
        }
    }
}

impl Pool {
    /// Does what is due, as far as the tenant's rate has room for what is loaded; how long until something is due
    /// again.
    fn keep_up(self: &Arc<Self>) -> Option<Duration> {
        let now = Instant::now();
        let mut books = self.lock();
        books.count_kept();
        self.kept_gives_way_to_minimum(&mut books, now);
        let view = self.tenant_view(&books, now);
        let limits = &self.shared.limits;
        let mut next_start = None;
        for action in upkeep(&view, limits, now) {
            match action {
                Action::SpawnSpare => {
                    if books.memory.reserve(self.spare_memory()).is_ok() {
                        books.spares_starting += 1;
                        self.start_spare_clone();
                    }
                }
                Action::EvictSpare(id) | Action::EvictIdle(id) => {
                    drop(self.doom(&mut books, id, None))
                }
                Action::StartFor(app) => {
                    match books.gauge.pace().wait(now) {
                        Wait::Now => {}
                        Wait::After(wait) => {
                            next_start = Some(wait);
                            continue;
                        }
                        // Whoever opens it again wakes this task.
                        Wait::Closed => continue,
                    }
                    // If memory must come free first, this task is woken again when it has.
                    if self.start_clone(&mut books, &app, now) {
                        // A load that no call asked for is one for the tenant's rate.
                        let _ = admission::spend(&mut [(Level::Tenant, &mut books.gauge)], now);
                    }
                }
            }
        }
        let idle = view.apps.iter().flat_map(|app| &app.idle);
        let eviction =
            idle.map(|resting| (resting.since + limits.idle_after).saturating_duration_since(now));
        let backoff = view.apps.iter().filter_map(|app| app.backoff).chain(view.zygote_backoff);
        // Who is busy now may be idle by then: nobody wakes this task after a call.
        let busy = view.apps.iter().any(|app| 0 < app.living).then_some(limits.idle_after);
        // Those kept by a minimum are due for ever: no busy loop for them.
        let due = eviction.chain(backoff).chain(busy).min();
        let due = due.map(|wait| wait.max(Duration::from_secs(1)));
        due.into_iter().chain(next_start).min()
    }

    /// Ends everything: no app is left, every instance is condemned. Returns when all are gone, or
    /// after `patience`.
    pub async fn shut(self: &Arc<Self>, patience: Duration) {
        let graves: Vec<_> = {
            let mut books = self.lock();
            books.apps.clear();
            let all: Vec<_> = books.seats.keys().copied().collect();
            let why = Some(skep_core::Cause::Draining);
            all.into_iter().filter_map(|id| self.doom(&mut books, id, why)).collect()
        };
        let all = async {
            for grave in graves {
                // A panic in there would be ours; the keeper kills what is left.
                let _ = grave.await;
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::error!(tenant = %self.tenant(), "not everything ended in time");
        }
    }
}
