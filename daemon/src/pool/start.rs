//! Making instances ready: choosing spares, cloning, and handing what is ready to who waits.
//!
//! [`Pool::settle`] is called after every change of an app's instances; it looks at who waits, asks
//! `skep_core::pool::choose`, and starts tasks. Each task ends by calling it again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use skep_core::{
    AppId, ByteCount, Cause, InstanceId, Line, Meter, Pace, Wait, admission,
    admission::Pick,
    life::{Effect, Event, State},
    pool::{Choice, may_load_within},
};
use skep_link::frame::Level;

use super::{AppKey, Books, Pool, Seat, Start, Turned};
use crate::{
    cgroup::Limits,
    exit::Chain,
    instance::{Instance, LaunchError},
    link::Link,
    logs::Source,
    registry::Version,
};

/// So often a launch begins again, or limits are written again, because the tenant's were changed meanwhile.
pub(super) const OVERTAKEN: u32 = 8;

/// An instance that has its seat and is still to load its version.
pub(super) struct Fresh {
    pub(super) key: AppKey,
    pub(super) version: Arc<Version>,
    pub(super) instance: Arc<Instance>,
    pub(super) link: Link,
    /// When it was asked for.
    pub(super) asked: Instant,
}

impl Pool {
    /// Hands ready instances to those who wait, and gets more ready for the others.
    pub(super) fn settle(self: &Arc<Self>, books: &mut Books, name: &AppId) {
        let now = Instant::now();
        loop {
            let Some(app) = books.apps.get_mut(name) else { return };
            app.waiting.retain(|waiter| !waiter.tell.is_closed());
            if app.waiting.is_empty() {
                return;
            }
            if let Pick::Ready(id) = self.pick(books, name, now) {
                let lease = self.lend(books, name, id, now);
                let waiter = books.apps.get_mut(name).and_then(|app| app.waiting.pop_front());
                match (waiter, lease) {
                    (Some(waiter), Some(lease)) => {
                        if let Err(Ok(lease)) = waiter.tell.send(Ok(lease)) {
                            self.unlend(books, lease);
                        }
                    }
                    (None, Some(lease)) => self.unlend(books, lease),
                    (_, None) => {}
                }
                continue;
            }
            let Some(app) = books.apps.get(name) else { return };
            let on_the_way = usize::try_from(app.starting).unwrap_or(usize::MAX);
            let Some(waiter) = app.waiting.get(on_the_way) else { return };
            let started = waiter.started.clone();
            // The one that is decided upon is not one that waits already.
            match self.choose(books, name, true, now) {
                // Picked above, or taken meanwhile.
                Choice::LeaseIdle(_) => return,
                Choice::BindSpare => {
                    if !self.start_spare(books, name, now) {
                        return;
                    }
                    started.set();
                }
                Choice::Clone => {
                    if !self.start_clone(books, name, now) {
                        return;
                    }
                    started.set();
                }
                Choice::Wait { look_again } => {
                    if let Some(wait) = look_again {
                        self.settle_later(books, name, now + wait);
                    }
                    return;
                }
                Choice::Refuse(refusal) => {
                    let Some(app) = books.apps.get(name) else { return };
                    let cause = books.cause_of(refusal, app);
                    let waiter = books.apps.get_mut(name).and_then(|app| app.waiting.pop_back());
                    if let Some(waiter) = waiter {
                        // A caller that is gone needs no answer.
                        let _ = waiter.tell.send(Err(cause.into()));
                    }
                }
            }
        }
    }

    /// Settles the app again at `when`, unless that is to happen soon enough already.
    fn settle_later(self: &Arc<Self>, books: &mut Books, name: &AppId, when: Instant) {
        let Some(app) = books.apps.get_mut(name) else { return };
        if app.look_again.is_some_and(|at| at <= when) {
            return;
        }
        app.look_again = Some(when);
        let (pool, name) = (Arc::clone(self), name.clone());
        tokio::spawn(async move {
            tokio::time::sleep_until(when.into()).await;
            let mut books = pool.lock();
            if let Some(app) = books.apps.get_mut(&name)
                && app.look_again == Some(when)
            {
                app.look_again = None;
            }
            pool.settle(&mut books, &name);
        });
    }

    /// Binds the oldest spare whose new limits fit to the app; whether there was one.
    fn start_spare(self: &Arc<Self>, books: &mut Books, name: &AppId, now: Instant) -> bool {
        let Some((id, version)) = self.fitting_spare(books, name) else { return false };
        let Books { apps, seats, memory: tenant, spares, bill, .. } = books;
        let (Some(app), Some(seat)) = (apps.get_mut(name), seats.get_mut(&id)) else {
            return false;
        };
        let memory = version.limits.memory;
        if tenant.adjust(seat.memory, memory).is_err() || app.memory.reserve(memory).is_err() {
            return false;
        }
        spares.retain(|spare| *spare != id);
        let key = AppKey { name: name.clone(), birth: app.birth };
        seat.memory = memory;
        // What it used as a spare is on the bill of the tenant alone.
        let (line, cpu) = seat.meter.turn(seat.instance.cpu_time(), Line::Loads);
        bill.add(line, cpu);
        bill.count(Line::Loads);
        app.bill.count(Line::Loads);
        seat.app = Some(key.clone());
        seat.pace = Pace::new(app.quota.instance_rate, now);
        (seat.start, seat.since) = (Start::Spare, now);
        let link = seat.link.take();
        if seat.on(Event::BindStarted { version: version.id }) == Effect::Kill {
            self.doom(books, id, None);
            return false;
        }
        app.starting += 1;
        let instance = Arc::clone(&seat.instance);
        match link {
            Some(link) => self.load(books, Fresh { key, version, instance, link, asked: now }),
            None => {
                let pool = Arc::clone(self);
                tokio::spawn(async move {
                    pool.start_failed(&key, &instance, Cause::InstanceLost.into()).await;
                });
            }
        }
        self.shared.wake.notify_one();
        true
    }

    /// Has an instance load its version: by the call that waits the longest, if loading is quick beside the
    /// time that the call has, else in a task of its own.
    fn load(self: &Arc<Self>, books: &mut Books, fresh: Fresh) {
        let now = Instant::now();
        let seat = books.seats.get(&fresh.instance.id);
        let admits = seat.is_some_and(|seat| seat.pace.wait(now) == Wait::Now);
        let app = books.app(&fresh.key).filter(|app| app.version.id == fresh.version.id);
        let waiter = app.filter(|_| admits).and_then(|app| {
            let loading = app.loading;
            app.waiting.pop_front_if(|waiter| {
                may_load_within(waiter.deadline.left(now).unwrap_or_default(), loading)
            })
        });
        let Some(waiter) = waiter else { return self.load_alone(fresh) };
        if let Err(Ok(lease)) = waiter.tell.send(Ok(self.lend_fresh(books, fresh))) {
            self.unlend(books, lease);
        }
    }

    /// Loads it for whoever comes.
    pub(super) fn load_alone(self: &Arc<Self>, fresh: Fresh) {
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            let Fresh { key, version, instance, link, asked } = fresh;
            pool.bind_seated(&key, &version, &instance, link, asked).await;
        });
    }

    pub(super) fn fitting_spare(
        &self,
        books: &Books,
        name: &AppId,
    ) -> Option<(InstanceId, Arc<Version>)> {
        let app = books.apps.get(name)?;
        let need = app.version.limits.memory;
        if !app.memory.shortfall(need).is_zero() {
            return None;
        }
        let fits = |id: &&InstanceId| {
            books.seats.get(id).is_some_and(|seat| {
                books.memory.shortfall(need.saturating_minus(seat.memory)).is_zero()
            })
        };
        books.spares.iter().find(fits).map(|id| (*id, Arc::clone(&app.version)))
    }

    /// Clones an instance for the app if its memory is free; whether it was. If not, what is kept for the tenant
    /// and others of its instances give way, and whoever waits is looked at again when they are gone.
    pub(super) fn start_clone(
        self: &Arc<Self>,
        books: &mut Books,
        name: &AppId,
        now: Instant,
    ) -> bool {
        books.count_kept();
        let Some(version) = books.apps.get(name).map(|app| Arc::clone(&app.version)) else {
            return false;
        };
        let need = version.limits.memory;
        if !reserve(books, name, need) {
            let mut leaving = self.room_for(books, name, need);
            if leaving.is_none() && self.kept_gives_way(books, name) {
                leaving = self.room_for(books, name, need);
            }
            for id in leaving.unwrap_or_default() {
                self.doom(books, id, None);
            }
            // What is kept is gone at once.
            if !reserve(books, name, need) {
                return false;
            }
        }
        let Some(app) = books.apps.get_mut(name) else { return false };
        app.starting += 1;
        let key = AppKey { name: name.clone(), birth: app.birth };
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(turned) = pool.clone_for(&key, &version, now).await {
                pool.lost_start(&key, turned);
            }
        });
        true
    }

    /// Its memory is reserved already.
    async fn clone_for(
        self: &Arc<Self>,
        key: &AppKey,
        version: &Arc<Version>,
        asked: Instant,
    ) -> Result<(), Turned> {
        let launched = self.launch(|books| books.limits_of(version)).await;
        let (instance, link) = self.seat_clone(key, version, launched)?;
        self.watch(&instance);
        let (key, version) = (key.clone(), Arc::clone(version));
        self.load(&mut self.lock(), Fresh { key, version, instance, link, asked });
        Ok(())
    }

    /// Gives a clone its seat, or what was reserved for it back.
    fn seat_clone(
        self: &Arc<Self>,
        key: &AppKey,
        version: &Version,
        launched: Result<(Arc<Instance>, Link), LaunchError>,
    ) -> Result<(Arc<Instance>, Link), Turned> {
        let memory = version.limits.memory;
        let mut books = self.lock();
        let (instance, link) = match launched {
            Ok(launched) => launched,
            Err(error) => {
                books.memory.release(memory);
                if let Some(app) = books.app(key) {
                    app.memory.release(memory);
                }
                let told = self.launch_failed(&mut books, &error);
                return Err(Turned::Cause(error.cause(), told));
            }
        };
        books.backoff.succeed();
        let app = books.app(key);
        let rate = app.map_or(skep_core::Ceiling::Open, |app| app.quota.instance_rate);
        let mut seat = Self::seat(&instance, memory, rate, Start::Clone);
        seat.app = Some(key.clone());
        seat.cpu = skep_core::Ceiling::At(version.limits.cpu);
        seat.on(Event::BindStarted { version: version.id });
        books.sit(seat, Line::Loads);
        Ok((instance, link))
    }

    pub(super) fn seat(
        instance: &Arc<Instance>,
        memory: ByteCount,
        rate: skep_core::Ceiling<skep_core::Rate>,
        start: Start,
    ) -> Seat {
        let now = Instant::now();
        Seat {
            instance: Arc::clone(instance),
            state: State::Spare,
            app: None,
            memory,
            cpu: skep_core::Ceiling::Open,
            link: None,
            since: now,
            pace: Pace::new(rate, now),
            meter: Meter::NEW,
            calls: 0,
            start,
            start_time: Duration::ZERO,
        }
    }

    pub(super) async fn launch(
        self: &Arc<Self>,
        limits: impl Fn(&Books) -> Limits,
    ) -> Result<(Arc<Instance>, Link), LaunchError> {
        // The zygote serves one request after another: no tenant may fill its queue.
        let _turn = self.launches.acquire().await;
        let share = self.shared.launcher.share();
        for _ in 0..OVERTAKEN {
            let (seats, limits, changes) = {
                let books = self.lock();
                (books.seats.len(), limits(&books), books.quota_changes)
            };
            if share <= seats {
                return Err(LaunchError::Share(share));
            }
            let launched = self.shared.launcher.launch(&self.tenant, &limits, changes).await;
            let (error, used) = match launched {
                Ok(launched) => return Ok(launched),
                Err(failed) => failed,
            };
            let mut books = self.lock();
            // It never had a seat: its beginning and its end are the tenant's all the same.
            books.bill.add(Line::Starts, used);
            // The tenant's limit was lowered below these in this very moment: once more.
            if !matches!(error, LaunchError::Limit(_)) || changes == books.quota_changes {
                return Err(error);
            }
        }
        Err(LaunchError::Overtaken(OVERTAKEN))
    }

    /// Says it where operators look, and counts it against everything that needs a launch; what of it the
    /// tenant is told.
    pub(super) fn launch_failed(&self, books: &mut Books, error: &LaunchError) -> Option<String> {
        tracing::error!(tenant = %self.tenant, error = %Chain(error), "cannot launch an instance");
        books.backoff.fail(Instant::now());
        // Of the host's own troubles a tenant learns nothing.
        matches!(error, LaunchError::Share(_)).then(|| error.to_string())
    }

    /// Binds an instance that has its seat, and lets it serve.
    async fn bind_seated(
        self: &Arc<Self>,
        key: &AppKey,
        version: &Arc<Version>,
        instance: &Arc<Instance>,
        mut link: Link,
        asked: Instant,
    ) {
        let start = Instant::now();
        let bound = self.bind(version, instance, &mut link).await;
        if let Err(error) = bound.and_then(|_| Ok(link.rest()?)) {
            tracing::warn!(
                tenant = %self.tenant, app = %key.name, instance = %instance.id,
                error = error.without_text(), "cannot bind",
            );
            let (cause, detail) = error.told();
            if let (Some(detail), Some((_, logs))) = (&detail, self.live(&key.name)) {
                let text = format!("the app cannot be loaded: {detail}");
                logs.push(Source { invocation: None, level: Level::Error }, &text);
            }
            let cause = cause.unwrap_or(Cause::InstanceLost);
            self.start_failed(key, instance, Turned::Cause(cause, detail)).await;
            return;
        }
        let (loading, clock) = (start.elapsed(), instance.cpu_time());
        let mut books = self.lock();
        books.turn(instance.id, clock, Line::Starts);
        let served = books.app(key).is_some_and(|app| {
            app.starting = app.starting.saturating_sub(1);
            app.version.id == version.id
        });
        let Some(seat) = books.seats.get_mut(&instance.id) else { return };
        let alive = !matches!(seat.state, State::Doomed | State::Gone);
        if served && alive && seat.on(Event::Bound) != Effect::Kill {
            seat.link = Some(link);
            (seat.since, seat.start_time) = (Instant::now(), asked.elapsed());
            if let Some(app) = books.app(key) {
                app.loading = Some(loading);
                app.idle.push(instance.id);
            }
        } else {
            drop(link);
            self.doom(&mut books, instance.id, None);
        }
        self.settle(&mut books, &key.name);
        drop(books);
        self.shared.wake.notify_one();
    }

    /// An instance on its way to its first call did not come through.
    async fn start_failed(
        self: &Arc<Self>,
        key: &AppKey,
        instance: &Arc<Instance>,
        turned: Turned,
    ) {
        self.lock().condemn(instance.id);
        let death = self.bury(instance, None).await;
        let turned = match turned {
            // The kernel knows better than a link that broke.
            Turned::Cause(Cause::InstanceLost, detail) => Turned::Cause(death.cause, detail),
            turned => turned,
        };
        self.lost_start(key, turned);
    }

    /// Books a start that came to nothing, and tells whoever waited for it.
    fn lost_start(self: &Arc<Self>, key: &AppKey, turned: Turned) {
        let mut books = self.lock();
        if let Some(app) = books.app(key) {
            app.starting = app.starting.saturating_sub(1);
            app.backoff.fail(Instant::now());
            if let Some(waiter) = app.waiting.pop_front() {
                // A caller that is gone needs no answer.
                let _ = waiter.tell.send(Err(turned));
            }
        }
        self.settle(&mut books, &key.name);
    }

    /// Clones an instance that serves no version yet. Its memory is reserved already.
    pub(super) fn start_spare_clone(self: &Arc<Self>) {
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            let spare = pool.shared.spare;
            let launched = pool.launch(|books| books.below_tenant(spare)).await;
            let mut books = pool.lock();
            books.spares_starting = books.spares_starting.saturating_sub(1);
            let memory = pool.spare_memory();
            match launched {
                Ok((instance, link)) => {
                    books.backoff.succeed();
                    let open = skep_core::Ceiling::Open;
                    let mut seat = Self::seat(&instance, memory, open, Start::Spare);
                    seat.link = Some(link);
                    seat.cpu = spare.cpu;
                    books.sit(seat, Line::Spares);
                    books.spares.push_back(instance.id);
                    drop(books);
                    pool.limit_again(&instance);
                    pool.watch(&instance);
                    let mut books = pool.lock();
                    let names: Vec<AppId> = books.apps.keys().cloned().collect();
                    for name in names {
                        pool.settle(&mut books, &name);
                    }
                }
                Err(error) => {
                    books.memory.release(memory);
                    pool.launch_failed(&mut books, &error);
                }
            }
            pool.shared.wake.notify_one();
        });
    }

    pub(super) fn spare_memory(&self) -> ByteCount {
        self.shared.spare.memory.at().unwrap_or(ByteCount::ZERO)
    }

    /// Looks out for an instance that ends while nobody uses it.
    fn watch(self: &Arc<Self>, instance: &Arc<Instance>) {
        let (pool, instance) = (Arc::clone(self), Arc::clone(instance));
        tokio::spawn(async move {
            instance.ended().await;
            let mut books = pool.lock();
            let Some(seat) = books.seats.get(&instance.id) else { return };
            let app = seat.app.clone();
            match seat.state {
                State::Spare | State::Idle { .. } => {}
                // Whoever uses it sees its link end.
                State::Booting
                | State::Binding { .. }
                | State::Busy { .. }
                | State::Doomed
                | State::Gone => return,
            }
            tracing::warn!(
                tenant = %pool.tenant, instance = %instance.id, "an instance ended between calls",
            );
            pool.doom(&mut books, instance.id, None);
            if let Some(key) = app {
                if let Some(app) = books.app(&key) {
                    app.backoff.fail(Instant::now());
                }
                pool.settle(&mut books, &key.name);
            }
            drop(books);
            pool.shared.wake.notify_one();
        });
    }

    /// Gives an instance up that nobody uses; the task that buries it.
    pub(super) fn doom(
        self: &Arc<Self>,
        books: &mut Books,
        id: InstanceId,
        why: Option<Cause>,
    ) -> Option<tokio::task::JoinHandle<()>> {
        books.spares.retain(|spare| *spare != id);
        let seat = books.seats.get(&id)?;
        let instance = Arc::clone(&seat.instance);
        if let Some(key) = seat.app.clone()
            && let Some(app) = books.app(&key)
        {
            app.idle.retain(|idle| *idle != id);
        }
        books.condemn(id);
        let pool = Arc::clone(self);
        Some(tokio::spawn(async move {
            pool.bury(&instance, why).await;
        }))
    }
}

/// Reserves memory for an instance of the app, of the tenant and of the app; whether it is free.
fn reserve(books: &mut Books, name: &AppId, need: ByteCount) -> bool {
    let Books { apps, memory, .. } = books;
    let Some(app) = apps.get_mut(name) else { return false };
    admission::reserve(&mut [memory, &mut app.memory], need).is_ok()
}

impl Books {
    pub(super) fn limits_of(&self, version: &Version) -> Limits {
        let limits = &version.limits;
        let limits = Limits {
            memory: skep_core::Ceiling::At(limits.memory),
            cpu: skep_core::Ceiling::At(limits.cpu),
            processes: skep_core::Ceiling::At(limits.processes),
        };
        self.below_tenant(limits)
    }

    /// Version 1 refuses a share above that of the group around it: the tenant's, or what that is changed to.
    pub(super) fn below_tenant(&self, limits: Limits) -> Limits {
        Limits { cpu: limits.cpu.meet(self.cpu_ceiling), ..limits }
    }
}
