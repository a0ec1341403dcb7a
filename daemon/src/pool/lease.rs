//! Lending an instance to one call.
//!
//! A lease is the right to send one call to one instance. Dropped without a verdict (a panic, an aborted
//! task) it condemns its instance. Taking an idle instance is one short lock and no task switch.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use skep_core::{
    AppId, Cause, Deadline, InstanceId, Line, VersionId,
    admission::{self, Pick},
    life::{Effect, Event, State},
    pool::Choice,
};
use skep_link::frame::{ToDaemon, ToShim};
use tokio::{
    runtime::Handle,
    sync::oneshot,
    time::{timeout, timeout_at},
};

use super::{
    AppKey, Books, Pool, Seat, Turned, Waiter, bind::BindError, charge::Charge, start::Fresh,
};
use crate::{
    instance::{Death, Instance},
    link::{Link, LinkError},
    registry::Version,
};

/// An instance that rested for so long is asked whether it still answers before it gets a call.
const PING_AFTER: Duration = Duration::from_secs(5);
/// How long it may take to say so.
const PING_PATIENCE: Duration = Duration::from_secs(1);

/// How the instance of a call was obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It was there.
    Idle,
    /// A spare was bound.
    Spare,
    /// It was cloned.
    Clone,
}

/// The right to send one call to one instance.
#[derive(Debug)]
#[must_use = "a lease dropped without `healthy` gets its instance killed"]
pub struct Lease {
    pool: Arc<Pool>,
    app: AppKey,
    instance: Arc<Instance>,
    version: Arc<Version>,
    link: Option<Link>,
    /// How the instance was obtained.
    pub start: Start,
    /// How long that took beside waiting.
    pub start_time: Duration,
    rested: Duration,
    /// What its clock showed when it had answered; zero while it has not.
    clock: Duration,
    /// When the instance was asked for, while it has not loaded its version yet.
    fresh: Option<Instant>,
    over: bool,
}

impl Lease {
    /// The instance.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// What it serves.
    pub fn version(&self) -> &Arc<Version> {
        &self.version
    }

    /// Its link; `None` once it is given up.
    pub fn link(&mut self) -> Option<&mut Link> {
        self.link.as_mut()
    }

    /// Whether the instance has still to load its version: then it gets its call by [`Self::load_with`].
    pub fn is_fresh(&self) -> bool {
        self.fresh.is_some()
    }

    /// Sends the version, and `call` if there is one in the same write, and waits until it is loaded.
    ///
    /// # Errors
    ///
    /// [`BindError`]; then the instance must be condemned. So it must if this was given up.
    pub async fn load_with(&mut self, call: Option<&ToShim<'_>>) -> Result<(), BindError> {
        let Some(asked) = self.fresh else { return Ok(()) };
        let (pool, version, instance) = (&self.pool, &self.version, &self.instance);
        let Some(link) = self.link.as_mut() else { return Err(LinkError::Closed.into()) };
        let start = Instant::now();
        if call.is_some() {
            // From outside nobody can tell where the loading ends and the call begins.
            pool.lock().runs_for(instance.id, Line::Calls);
        }
        pool.bind_with(version, instance, link, call).await?;
        pool.loaded(&self.app, version, instance, start.elapsed())?;
        (self.fresh, self.start_time) = (None, asked.elapsed());
        Ok(())
    }

    /// The lease again if its instance says that it is still there. Asked in a task of its own: a caller
    /// with little time must not end an instance that only needs a moment more.
    async fn proven(mut self, deadline: Deadline) -> Result<Self, Silence> {
        let (tell, mut told) = oneshot::channel::<Self>();
        tokio::spawn(async move {
            if self.answers().await {
                if let Err(lease) = tell.send(self) {
                    lease.healthy();
                }
                return;
            }
            tracing::warn!(instance = %self.instance.id, "silent after a rest, condemned");
            drop(tell);
            self.condemn(Some(Cause::InstanceLost)).await;
        });
        match timeout_at(deadline.instant().into(), &mut told).await {
            Ok(Ok(lease)) => Ok(lease),
            Ok(Err(_)) => Err(Silence::Condemned),
            Err(_) => {
                // It may have been told in this very moment.
                told.close();
                told.try_recv().map_err(|_| Silence::TooLate)
            }
        }
    }

    async fn answers(&mut self) -> bool {
        let Some(link) = self.link.as_mut() else { return false };
        let pong = async {
            link.send(&ToShim::Ping).await?;
            Ok::<_, LinkError>(matches!(link.receive().await?, ToDaemon::Pong))
        };
        matches!(timeout(PING_PATIENCE, pong).await, Ok(Ok(true)))
    }

    /// What the instance's clock showed when the call was over: that is on the bill once it is given back.
    pub fn ended_at(&mut self, clock: Duration) {
        self.clock = clock;
    }

    /// Gives the instance back after a complete, well-formed reply.
    pub fn healthy(mut self) {
        self.over = true;
        if self.is_fresh() {
            let pool = Arc::clone(&self.pool);
            pool.unlend(&mut pool.lock(), self);
            return;
        }
        let link = self.link.take().and_then(|mut link| match link.rest() {
            Ok(()) => Some(link),
            Err(error) => {
                tracing::warn!(instance = %self.instance.id, %error, "condemned");
                None
            }
        });
        let pool = Arc::clone(&self.pool);
        let mut books = pool.lock();
        pool.put_back(&mut books, &self, link);
        pool.settle(&mut books, &self.app.name);
    }

    /// Ends the instance; `why` is what we do it for, unless it ended by itself. Waits for the proof.
    pub async fn condemn(mut self, why: Option<Cause>) -> Death {
        self.over = true;
        self.link = None;
        let (pool, instance) = (Arc::clone(&self.pool), Arc::clone(&self.instance));
        let fresh = self.is_fresh().then_some(&self.version.id);
        pool.give_up(&self.app, &instance, why, fresh).await
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Without a runtime the daemon itself is ending.
        if !self.over
            && let Ok(runtime) = Handle::try_current()
        {
            self.link = None;
            let (pool, app) = (Arc::clone(&self.pool), self.app.clone());
            let instance = Arc::clone(&self.instance);
            let fresh = self.is_fresh().then_some(self.version.id);
            runtime.spawn(async move {
                pool.give_up(&app, &instance, Some(Cause::InstanceLost), fresh.as_ref()).await;
            });
        }
    }
}

impl Pool {
    /// Admits a call of `name` at all levels and gets it an instance, waiting for one until `deadline` or
    /// until `hung_up` resolves.
    ///
    /// # Errors
    ///
    /// [`Turned`]; then nothing is charged, unless an instance was started for the call.
    pub async fn lease(
        self: &Arc<Self>,
        name: &AppId,
        deadline: Deadline,
        hung_up: &mut oneshot::Receiver<()>,
    ) -> Result<(Lease, Charge), Turned> {
        let mut charge = Charge::new(self, name, Instant::now())?;
        loop {
            let lease = self.obtain(name, &mut charge, deadline, hung_up).await?;
            if lease.rested < PING_AFTER {
                return Ok((lease, charge.begun()));
            }
            match lease.proven(deadline).await {
                Ok(lease) => return Ok((lease, charge.begun())),
                Err(Silence::Condemned) => {}
                Err(Silence::TooLate) => return Err(Cause::Deadline.into()),
            }
        }
    }

    async fn obtain(
        self: &Arc<Self>,
        name: &AppId,
        charge: &mut Charge,
        deadline: Deadline,
        hung_up: &mut oneshot::Receiver<()>,
    ) -> Result<Lease, Turned> {
        let begun = self.lease_or_wait(&mut self.lock(), name, charge, deadline, Instant::now())?;
        let mut told = match begun {
            Begun::Lease(lease) => return Ok(lease),
            Begun::Wait(told) => told,
        };
        let turned = tokio::select! {
            biased;
            told = timeout_at(deadline.instant().into(), &mut told) => match told {
                Ok(Ok(answer)) => return answer,
                // The pool dropped the waiter: it is going down.
                Ok(Err(_)) => return Err(Cause::Draining.into()),
                // Who waits for an instance that cannot be made is not told of a queue.
                Err(_) if !self.shared.launcher.zygotes().answers() => Cause::ZygoteLost.into(),
                Err(_) => Turned::Cause(
                    Cause::QueueFull,
                    Some("no instance came free before the deadline".to_owned()),
                ),
            },
            _ = hung_up => Cause::Cancelled.into(),
        };
        // An instance that was lent in this very moment goes back unharmed.
        told.close();
        if let Ok(Ok(lease)) = told.try_recv() {
            lease.healthy();
        }
        Err(turned)
    }

    fn lease_or_wait(
        self: &Arc<Self>,
        books: &mut Books,
        name: &AppId,
        charge: &mut Charge,
        deadline: Deadline,
        now: Instant,
    ) -> Result<Begun, Turned> {
        let Some(app) = books.apps.get(name) else { return Err(Turned::NoApp) };
        // Those who wait already come first, unless they wait for something else.
        if app.waiting.is_empty()
            && let Pick::Ready(id) = self.pick(books, name, now)
        {
            return match self.lend(books, name, id, now) {
                Some(lease) => Ok(Begun::Lease(lease)),
                None => Err(Cause::InstanceLost.into()),
            };
        }
        if let Choice::Refuse(refusal) = self.choose(books, name, false, now) {
            let app = books.apps.get(name).ok_or(Turned::NoApp)?;
            return Err(books.cause_of(refusal, app).into());
        }
        let (tell, told) = oneshot::channel();
        let app = books.apps.get_mut(name).ok_or(Turned::NoApp)?;
        app.waiting.push_back(Waiter { deadline, started: charge.waits(), tell });
        self.settle(books, name);
        Ok(Begun::Wait(told))
    }

    /// Which idle instance of the app could take a call.
    pub(super) fn pick(&self, books: &Books, name: &AppId, now: Instant) -> Pick {
        let Some(app) = books.apps.get(name) else { return Pick::Empty };
        let newest_first = app.idle.iter().rev();
        let paces = newest_first.filter_map(|id| books.seats.get(id).map(|seat| (*id, &seat.pace)));
        match admission::pick(paces, now) {
            Pick::Empty if app.quota.instance_rate.at().is_some_and(|rate| rate.is_closed()) => {
                Pick::Closed
            }
            pick => pick,
        }
    }

    /// Lends the idle instance `id` out.
    pub(super) fn lend(
        self: &Arc<Self>,
        books: &mut Books,
        name: &AppId,
        id: InstanceId,
        now: Instant,
    ) -> Option<Lease> {
        let app = books.apps.get_mut(name)?;
        let seat = books.seats.get_mut(&id)?;
        app.idle.retain(|idle| *idle != id);
        if seat.on(Event::Leased) == Effect::Kill {
            return None;
        }
        app.busy += 1;
        app.calls += 1;
        app.bill.count(Line::Calls);
        books.bill.count(Line::Calls);
        seat.meter.runs_for(Line::Calls);
        seat.calls += 1;
        seat.pace.charge(now);
        let rested = now.saturating_duration_since(seat.since);
        let (start, start_time) = (seat.start, seat.start_time);
        (seat.start, seat.start_time) = (Start::Idle, Duration::ZERO);
        Some(Lease {
            pool: Arc::clone(self),
            app: AppKey { name: name.clone(), birth: app.birth },
            instance: Arc::clone(&seat.instance),
            version: Arc::clone(&app.version),
            link: seat.link.take(),
            start,
            start_time,
            rested,
            clock: Duration::ZERO,
            fresh: None,
            over: false,
        })
    }

    /// Lends an instance out that has still to load its version. It is charged when it has.
    pub(super) fn lend_fresh(self: &Arc<Self>, books: &mut Books, fresh: Fresh) -> Lease {
        let Fresh { key, version, instance, link, asked } = fresh;
        if let Some(app) = books.app(&key) {
            app.starting = app.starting.saturating_sub(1);
            app.busy += 1;
        }
        let start = books.seats.get(&instance.id).map_or(Start::Clone, |seat| seat.start);
        Lease {
            pool: Arc::clone(self),
            app: key,
            instance,
            version,
            link: Some(link),
            start,
            start_time: Duration::ZERO,
            rested: Duration::ZERO,
            clock: Duration::ZERO,
            fresh: Some(asked),
            over: false,
        }
    }

    /// Books that a lent instance has loaded its version, which took it so long, and has its call.
    fn loaded(
        &self,
        key: &AppKey,
        version: &Version,
        instance: &Instance,
        loading: Duration,
    ) -> Result<(), BindError> {
        let clock = instance.cpu_time();
        let mut books = self.lock();
        books.turn(instance.id, clock, Line::Calls);
        books.count(Some(key), Line::Calls);
        if let Some(app) = books.app(key) {
            app.calls += 1;
            if app.version.id == version.id {
                app.loading = Some(loading);
            }
        }
        let seat = books.seats.get_mut(&instance.id);
        let seat = seat.filter(|seat| !matches!(seat.state, State::Doomed | State::Gone));
        let Some(seat) = seat else { return Err(BindError::Stopped(Cause::InstanceLost)) };
        let now = Instant::now();
        (seat.since, seat.start) = (now, Start::Idle);
        seat.calls += 1;
        seat.pace.charge(now);
        for event in [Event::Bound, Event::Leased] {
            if seat.on(event) == Effect::Kill {
                return Err(BindError::Stopped(Cause::InstanceLost));
            }
        }
        Ok(())
    }

    /// Puts a lease back that nobody took.
    pub(super) fn unlend(self: &Arc<Self>, books: &mut Books, mut lease: Lease) {
        lease.over = true;
        if let Some(asked) = lease.fresh
            && let Some(link) = lease.link.take()
        {
            if let Some(app) = books.app(&lease.app) {
                app.busy = app.busy.saturating_sub(1);
                app.starting += 1;
            }
            books.runs_for(lease.instance.id, Line::Loads);
            let (key, version) = (lease.app.clone(), Arc::clone(&lease.version));
            let instance = Arc::clone(&lease.instance);
            self.load_alone(Fresh { key, version, instance, link, asked });
            return;
        }
        let link = lease.link.take();
        self.put_back(books, &lease, link);
    }

    fn put_back(self: &Arc<Self>, books: &mut Books, lease: &Lease, link: Option<Link>) {
        let (key, id) = (&lease.app, lease.instance.id);
        books.turn(id, lease.clock, Line::Starts);
        let served = books.app(key).is_some_and(|app| {
            app.busy = app.busy.saturating_sub(1);
            app.version.id == lease.version.id
        });
        let Some(seat) = books.seats.get_mut(&id) else { return };
        // A version that is served no more ends here, as does an instance without its link.
        if served && link.is_some() && seat.on(Event::Returned) != Effect::Kill {
            seat.link = link;
            seat.since = Instant::now();
            if let Some(app) = books.app(key) {
                app.backoff.succeed();
                app.idle.push(id);
            }
            return;
        }
        self.doom(books, id, None);
    }

    /// Ends an instance that is not in the list of the idle (any more) and waits for the proof.
    pub(super) async fn give_up(
        self: &Arc<Self>,
        key: &AppKey,
        instance: &Arc<Instance>,
        why: Option<Cause>,
        fresh: Option<&VersionId>,
    ) -> Death {
        {
            let mut books = self.lock();
            if let Some(app) = books.app(key) {
                app.busy = app.busy.saturating_sub(1);
            }
            books.condemn(instance.id);
        }
        let death = self.bury(instance, why).await;
        tracing::info!(
            tenant = %self.tenant, app = %key.name, instance = %instance.id,
            cause = death.cause.reason(), confirmed = death.confirmed, "instance ended",
        );
        let mut books = self.lock();
        if let Some(app) = books.app(key) {
            // A limit that a call met is that call's affair; a version that breaks by itself is not asked
            // again and again.
            let callers = matches!(death.cause, Cause::Deadline | Cause::Cancelled);
            let breaks = matches!(death.cause, Cause::Crashed { .. } | Cause::ExitedEarly { .. });
            if breaks || (fresh.is_some() && !callers) {
                app.backoff.fail(Instant::now());
            }
            if let Some(version) = fresh
                && app.version.id == *version
            {
                // It may need longer than calls have: the next one is loaded for whoever comes.
                app.loading = None;
            }
        }
        self.settle(&mut books, &key.name);
        death
    }

    /// Buries an instance and takes it out of the books once it is gone.
    pub(super) async fn bury(
        self: &Arc<Self>,
        instance: &Arc<Instance>,
        why: Option<Cause>,
    ) -> Death {
        let (death, later) = self.shared.launcher.bury(instance, why).await;
        match later {
            None => self.gone(instance),
            Some(later) => {
                let (pool, instance) = (Arc::clone(self), Arc::clone(instance));
                tokio::spawn(async move {
                    // A panic in there would be ours; the seat stays, as a sign.
                    if later.await.is_ok() {
                        pool.gone(&instance);
                    }
                });
            }
        }
        death
    }

    fn gone(self: &Arc<Self>, instance: &Instance) {
        let id = instance.id;
        let mut books = self.lock();
        books.turn(id, instance.cpu_total().unwrap_or_default(), Line::Starts);
        let Some(Seat { app, memory, .. }) = books.seats.remove(&id) else { return };
        books.memory.release(memory);
        books.leaving = books.leaving.saturating_minus(memory);
        if let Some(app) = app.as_ref().and_then(|app| books.app(app)) {
            app.memory.release(memory);
        }
        // Memory came free: whoever waits for it may be of any app.
        let names: Vec<AppId> = books.apps.keys().cloned().collect();
        for name in names {
            self.settle(&mut books, &name);
        }
        drop(books);
        self.shared.wake.notify_one();
    }
}

impl Books {
    /// Marks an instance as given up: it is lent to nobody any more, and its memory is leaving.
    pub(super) fn condemn(&mut self, id: InstanceId) {
        if let Some(seat) = self.seats.get_mut(&id)
            && seat.state != State::Doomed
        {
            seat.on(Event::Condemned);
            seat.link = None;
            self.leaving = self.leaving.saturating_plus(seat.memory);
            if seat.meter.line() == Line::Spares {
                let clock = seat.instance.cpu_time();
                // What it uses from now on is its end.
                self.turn(id, clock, Line::Starts);
            }
        }
    }
}

/// Why an instance that rested for long is not used.
enum Silence {
    /// It did not answer.
    Condemned,
    /// The call's time was over before it did; it may still.
    TooLate,
}

/// What a call got at once.
enum Begun {
    Lease(Lease),
    Wait(oneshot::Receiver<Result<Lease, Turned>>),
}
