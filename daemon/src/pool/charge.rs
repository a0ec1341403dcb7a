//! What an admitted call holds of the quotas of its tenant and its app.
//!
//! Always true: whatever ends a call gives its charge back, also a panic and a future that is dropped.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use skep_core::{AppId, Cause, Level, admission};

use super::{AppKey, Books, Pool, Turned};

/// The charge of one admitted call, until it is dropped. A call that got no instance, and for which none was
/// started, did not take place: then the requests per second are given back as well.
#[derive(Debug)]
#[must_use = "a charge that is dropped ends its call"]
pub struct Charge {
    pool: Arc<Pool>,
    app: AppKey,
    begun: bool,
    /// Whether an instance was started for it while it waited.
    started: Option<Started>,
}

/// Says that an instance was started for a call that waits: it pays for that, whatever becomes of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Started(Arc<AtomicBool>);

impl Started {
    /// It was.
    pub(super) fn set(&self) {
        // Written and read under the books' lock.
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Charge {
    /// Charges a call of `name` at tenant and app. The process level is charged when an instance is lent.
    pub(super) fn new(pool: &Arc<Pool>, name: &AppId, now: Instant) -> Result<Self, Turned> {
        let app = {
            let mut books = pool.lock();
            let Books { gauge, apps, .. } = &mut *books;
            let app = apps.get_mut(name).ok_or(Turned::NoApp)?;
            let mut levels = [(Level::Tenant, gauge), (Level::App, &mut app.gauge)];
            admission::admit(&mut levels, now)
                .map_err(|denied| Turned::from(Cause::Quota(denied)))?;
            AppKey { name: name.clone(), birth: app.birth }
        };
        Ok(Self { pool: Arc::clone(pool), app, begun: false, started: None })
    }

    /// The call waits: where it is told that an instance was started for it.
    pub(super) fn waits(&mut self) -> Started {
        self.started.get_or_insert_default().clone()
    }

    /// The call has its instance.
    pub(super) fn begun(mut self) -> Self {
        self.begun = true;
        self
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let mut books = self.pool.lock();
        let Books { gauge, apps, .. } = &mut *books;
        let app = apps.get_mut(&self.app.name).filter(|app| app.birth == self.app.birth);
        let app = app.map(|app| (Level::App, &mut app.gauge));
        let mut levels: Vec<_> = std::iter::once((Level::Tenant, gauge)).chain(app).collect();
        let started = self.started.as_ref().is_some_and(|one| one.0.load(Ordering::Relaxed));
        if self.begun || started {
            admission::finish(&mut levels);
        } else {
            admission::undo(&mut levels, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        time::Duration,
    };

    use skep_core::{Ceiling, Deadline};
    use tokio::sync::oneshot;

    use super::*;
    use crate::pool::tests::{app, pool};

    /// Calls of tenant and app that are charged.
    fn charged(pool: &Pool) -> (u32, u32) {
        let (_, of_app, _) = pool.app_quota(&app()).unwrap();
        (pool.running(), of_app)
    }

    #[tokio::test]
    async fn a_call_that_panics_gives_its_charge_back() {
        let pool = pool(Ceiling::At(1));
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let _charge = Charge::new(&pool, &app(), Instant::now()).unwrap().begun();
            assert_eq!(charged(&pool), (1, 1));
            assert!(Charge::new(&pool, &app(), Instant::now()).is_err());
            panic!("on purpose");
        }));
        assert!(ended.is_err());
        assert_eq!(charged(&pool), (0, 0));
    }

    #[tokio::test]
    async fn a_call_that_is_dropped_while_it_waits_gives_its_charge_back() {
        let pool = pool(Ceiling::At(1));
        let (_waits, mut hung_up) = oneshot::channel();
        let name = app();
        let deadline = Deadline::after(Instant::now(), Duration::from_secs(60));
        tokio::select! {
            biased;
            // There is no instance yet.
            got = pool.lease(&name, deadline, &mut hung_up) => panic!("{got:?}"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(charged(&pool), (0, 0));
    }

    #[tokio::test]
    async fn an_app_that_is_gone_is_not_charged_for_another_of_its_name() {
        let pool = pool(Ceiling::At(2));
        let old = Charge::new(&pool, &app(), Instant::now()).unwrap().begun();
        assert!(pool.remove(&app()));
        crate::pool::tests::deploy(&pool);
        let new = Charge::new(&pool, &app(), Instant::now()).unwrap().begun();
        drop(old);
        assert_eq!(charged(&pool), (1, 1));
        drop(new);
        assert_eq!(charged(&pool), (0, 0));
    }
}
