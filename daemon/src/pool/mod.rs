//! The instances of one tenant: who waits, who is idle, who is busy, and what is reserved.
//!
//! One short lock for all of a tenant's books, never held across an await. What should happen is decided
//! by `skep_core`; this module keeps the books and starts the tasks that do it: [`start`] makes
//! instances ready for calls, [`lease`] lends them out, [`upkeep`] works between calls.
//!
//! Always true: every instance with a process has a [`Seat`] until its death is proven, and its memory
//! is reserved for as long.

mod bind;
mod charge;
mod compile;
mod kept;
mod lease;
mod ledger;
mod quota;
mod start;
pub mod upkeep;
mod view;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use skep_core::{
    AppId, Backoff, Bill, ByteCount, Cause, Ceiling, CpuShare, Deadline, Denied, Gauge, InstanceId,
    Level, Meter, Metric, Pace, PoolLimits, Rate, Reservation, TenantId,
    life::{self, Effect, Event, State},
    pool::Refusal,
};
use tokio::sync::{Notify, Semaphore, oneshot};

use crate::{
    cgroup::{Group, Limits},
    config,
    instance::{Instance, LaunchError, Launcher},
    kept::AllKept,
    link::Link,
    logs::Logs,
    registry::{AppQuota, Version},
};

pub use bind::BindError;
pub use charge::Charge;
pub use compile::{CompileError, Compiled};
pub use lease::{Lease, Start};
pub use ledger::Billed;
pub use view::{AppStatus, InstanceStatus};

/// Why a call got no instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turned {
    /// The tenant has no such app.
    NoApp,
    /// The typed cause, and what more there is to say to the tenant.
    Cause(Cause, Option<String>),
}

impl From<Cause> for Turned {
    fn from(cause: Cause) -> Self {
        Self::Cause(cause, None)
    }
}

/// What all tenants share.
#[derive(Debug)]
pub struct Shared {
    /// Makes and buries instances.
    pub launcher: Arc<Launcher>,
    /// How many instances wait.
    pub limits: PoolLimits,
    /// Limits of a spare: those of an app that asks for nothing.
    pub spare: Limits,
    /// Bytes of a reply.
    pub max_reply: ByteCount,
    /// Console lines of a call or a load, and of an app.
    pub logs: config::LogBounds,
    /// The code of all apps.
    pub kept: Arc<AllKept>,
    /// Wakes the upkeep.
    pub wake: Arc<Notify>,
}

/// The quota of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantQuota {
    /// Calls per second.
    pub rate: Ceiling<Rate>,
    /// Calls at the same time.
    pub concurrency: Ceiling<u32>,
    /// What the tenant's group may use.
    pub group: Limits,
}

impl From<&config::Tenant> for TenantQuota {
    fn from(tenant: &config::Tenant) -> Self {
        Self {
            rate: tenant.rate,
            concurrency: tenant.concurrency,
            group: Limits { memory: tenant.memory, cpu: tenant.cpu, processes: tenant.processes },
        }
    }
}

/// The instances of one tenant.
#[derive(Debug)]
pub struct Pool {
    tenant: TenantId,
    shared: Arc<Shared>,
    /// Launches of this tenant at the same time; the others wait their turn.
    launches: Semaphore,
    /// Versions of this tenant that were on disk alone and are being sent to an instance; the others wait.
    fetches: Semaphore,
    /// Instances of this tenant that look through and compile a version, which comes into the daemon's memory; the
    /// others wait. Who waited finds that it is made, if it was the same version.
    makers: Semaphore,
    /// Versions of this tenant that are compiled anew in a sandbox of their own, for instances that have less memory than
    /// that takes; the others wait.
    remakers: Semaphore,
    /// When its bill began, and what the kernel had counted by then.
    since: (SystemTime, Duration),
    books: Mutex<Books>,
}

/// See [`Pool::launches`].
const LAUNCHES: usize = 4;
/// See [`Pool::fetches`].
const FETCHES: usize = 1;
/// See [`Pool::makers`].
const MAKERS: usize = 1;

#[derive(Debug)]
struct Books {
    quota: TenantQuota,
    /// How often what instances may have below it has changed: those of before may not hold any more.
    quota_changes: u64,
    /// The most CPU of an instance: what the tenant has, or less while that is being changed.
    cpu_ceiling: Ceiling<CpuShare>,
    gauge: Gauge,
    memory: Reservation,
    /// Of the reserved, what belongs to the doomed.
    leaving: ByteCount,
    apps: BTreeMap<AppId, App>,
    /// Of the next app that comes.
    next_birth: u64,
    seats: HashMap<InstanceId, Seat>,
    bill: Bill,
    /// Sealed and unbound, oldest first.
    spares: VecDeque<InstanceId>,
    spares_starting: u32,
    /// Whether launching keeps failing, whatever the app.
    backoff: Backoff,
}

/// An app from its first deploy to its removal: another one that comes under the same name has books of
/// its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppKey {
    name: AppId,
    birth: u64,
}

#[derive(Debug)]
struct App {
    birth: u64,
    bill: Bill,
    logs: Arc<Logs>,
    version: Arc<Version>,
    quota: AppQuota,
    gauge: Gauge,
    memory: Reservation,
    /// Most recently used last.
    idle: Vec<InstanceId>,
    /// Instances on their way to their first call: being cloned or bound.
    starting: u32,
    busy: u32,
    waiting: VecDeque<Waiter>,
    /// How long loading its version took, where that is known.
    loading: Option<Duration>,
    /// When whoever waits is looked at again though nothing happened.
    look_again: Option<Instant>,
    backoff: Backoff,
    calls: u64,
}

#[derive(Debug)]
struct Waiter {
    deadline: Deadline,
    started: charge::Started,
    tell: oneshot::Sender<Result<Lease, Turned>>,
}

/// An instance in the books.
#[derive(Debug)]
struct Seat {
    instance: Arc<Instance>,
    state: State,
    app: Option<AppKey>,
    memory: ByteCount,
    /// By its own limits; the tenant may have less.
    cpu: Ceiling<CpuShare>,
    /// Here while nobody uses it.
    link: Option<Link>,
    since: Instant,
    pace: Pace,
    meter: Meter,
    calls: u64,
    start: Start,
    start_time: Duration,
}

impl Seat {
    /// Moves the state on.
    fn on(&mut self, event: Event) -> Effect {
        match life::on(self.state, event) {
            Ok((state, effect)) => {
                self.state = state;
                effect
            }
            Err(refused) => {
                // Our own books are wrong: the safe end is this instance's.
                tracing::error!(instance = %self.instance.id, %refused, "condemned for a wrong turn");
                self.state = State::Doomed;
                Effect::Kill
            }
        }
    }
}

impl App {
    fn living(&self) -> u32 {
        u32::try_from(self.idle.len()).unwrap_or(u32::MAX) + self.starting + self.busy
    }

    /// Its quota, with the concurrency that holds.
    fn own_quota(&self) -> AppQuota {
        AppQuota { concurrency: self.concurrency(), ..self.quota }
    }

    /// The manifest's limit and the quota, whichever is less.
    fn concurrency(&self) -> Ceiling<u32> {
        Ceiling::At(self.version.limits.concurrency.get()).meet(self.quota.concurrency)
    }
}

impl Pool {
    /// A tenant without apps. Makes its control group.
    ///
    /// # Errors
    ///
    /// The group cannot be made, or a limit does not hold.
    pub fn new(
        tenant: TenantId,
        quota: TenantQuota,
        shared: Arc<Shared>,
    ) -> Result<Arc<Self>, LaunchError> {
        shared.launcher.tenant(&tenant, &quota.group)?;
        Ok(Self::without_group(tenant, quota, shared))
    }

    fn without_group(tenant: TenantId, quota: TenantQuota, shared: Arc<Shared>) -> Arc<Self> {
        let now = Instant::now();
        let books = Books {
            quota,
            quota_changes: 0,
            cpu_ceiling: quota.group.cpu,
            gauge: Gauge::new(quota.rate, quota.concurrency, now),
            memory: Reservation::new(Level::Tenant, quota.group.memory),
            leaving: ByteCount::ZERO,
            apps: BTreeMap::new(),
            next_birth: 0,
            seats: HashMap::new(),
            bill: Bill::default(),
            spares: VecDeque::new(),
            spares_starting: 0,
            backoff: Backoff::new(),
        };
        let launches = Semaphore::new(LAUNCHES);
        let [fetches, makers, remakers] = [FETCHES, MAKERS, MAKERS].map(Semaphore::new);
        let group = shared.launcher.tree().tenant(tenant.as_str());
        let since = (SystemTime::now(), group.cpu_used().unwrap_or_default());
        Arc::new(Self {
            tenant,
            shared,
            launches,
            fetches,
            makers,
            remakers,
            since,
            books: Mutex::new(books),
        })
    }

    /// Whose pool it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Notes when an app was called: the code of others leaves memory first.
    pub fn called(&self, version: &Version, at: Instant) {
        self.shared.kept.called(version, at);
    }

    fn group(&self) -> Group {
        self.shared.launcher.tree().tenant(self.tenant.as_str())
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        // Every method leaves the books consistent before it could panic.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes `version` what its app serves; `loading` is how long that takes, where it is known. Instances
    /// of the one before end when they are idle.
    pub fn deploy(self: &Arc<Self>, version: Version, quota: AppQuota, loading: Option<Duration>) {
        let now = Instant::now();
        let mut books = self.lock();
        let name = version.app.clone();
        let version = Arc::new(version);
        let concurrency = Ceiling::At(version.limits.concurrency.get()).meet(quota.concurrency);
        let birth = books.next_birth;
        books.next_birth += 1;
        let old = match books.apps.get_mut(&name) {
            Some(app) => {
                app.version = version;
                app.loading = loading;
                app.quota = quota;
                app.gauge.set(quota.rate, concurrency, now);
                app.memory.set_quota(quota.memory);
                app.backoff = Backoff::new();
                std::mem::take(&mut app.idle)
            }
            None => {
                let app = App {
                    birth,
                    bill: Bill::default(),
                    logs: Arc::new(Logs::new(
                        self.shared.logs.lines_kept,
                        self.shared.logs.bytes_kept,
                        Arc::clone(&self.shared.wake),
                    )),
                    version,
                    quota,
                    gauge: Gauge::new(quota.rate, concurrency, now),
                    memory: Reservation::new(Level::App, quota.memory),
                    idle: Vec::new(),
                    starting: 0,
                    busy: 0,
                    waiting: VecDeque::new(),
                    loading,
                    look_again: None,
                    backoff: Backoff::new(),
                    calls: 0,
                };
                books.apps.insert(name.clone(), app);
                Vec::new()
            }
        };
        for id in old {
            self.doom(&mut books, id, None);
        }
        if let Some(app) = books.apps.get(&name) {
            self.shared.kept.add(&app.version, &app.logs);
        }
        books.count_kept();
        self.settle(&mut books, &name);
        drop(books);
        self.shared.wake.notify_one();
    }

    /// Takes an app away; calls that run may end, calls that wait are told that it is gone.
    pub fn remove(self: &Arc<Self>, name: &AppId) -> bool {
        let mut books = self.lock();
        let Some(app) = books.apps.get_mut(name) else { return false };
        for waiter in app.waiting.drain(..) {
            // A caller that is gone needs no answer.
            let _ = waiter.tell.send(Err(Turned::NoApp));
        }
        for id in std::mem::take(&mut app.idle) {
            self.doom(&mut books, id, None);
        }
        books.apps.remove(name);
        books.count_kept();
        drop(books);
        self.shared.wake.notify_one();
        true
    }

    /// The version that an app serves now.
    pub fn version(&self, name: &AppId) -> Option<(Arc<Version>, AppQuota)> {
        self.lock().apps.get(name).map(|app| (Arc::clone(&app.version), app.quota))
    }

    /// The version that an app serves now, and its console lines.
    pub fn live(&self, name: &AppId) -> Option<(Arc<Version>, Arc<Logs>)> {
        let books = self.lock();
        books.apps.get(name).map(|app| (Arc::clone(&app.version), Arc::clone(&app.logs)))
    }

    /// The tenant's quota, calls that run, and memory that is reserved.
    pub fn quota(&self) -> (TenantQuota, u32, ByteCount) {
        let books = self.lock();
        (books.quota, books.gauge.running(), books.memory.reserved())
    }

    /// What the daemon keeps for the tenant in memory.
    pub fn kept(&self) -> ByteCount {
        self.lock().kept()
    }

    /// The same for one app.
    pub fn app_quota(&self, name: &AppId) -> Option<(AppQuota, u32, ByteCount)> {
        let books = self.lock();
        let app = books.apps.get(name)?;
        Some((app.own_quota(), app.gauge.running(), app.memory.reserved()))
    }

    /// Changes an app's quota.
    pub fn set_app_quota(self: &Arc<Self>, name: &AppId, quota: AppQuota) -> bool {
        let now = Instant::now();
        let mut books = self.lock();
        let Some(app) = books.apps.get_mut(name) else { return false };
        app.quota = quota;
        let concurrency = app.concurrency();
        app.gauge.set(quota.rate, concurrency, now);
        app.memory.set_quota(quota.memory);
        for seat in books.seats.values_mut().filter(|seat| seat.is_of(name)) {
            seat.pace.set_rate(quota.instance_rate, now);
        }
        self.settle(&mut books, name);
        drop(books);
        self.shared.wake.notify_one();
        true
    }
}

impl Seat {
    fn is_of(&self, name: &AppId) -> bool {
        self.app.as_ref().is_some_and(|app| app.name == *name)
    }
}

impl Books {
    /// Memory of instances of the app that are on their way out.
    fn leaving_of(&self, name: &AppId) -> ByteCount {
        let doomed = self.seats.values().filter(|seat| seat.state == State::Doomed);
        let own = doomed.filter(|seat| seat.is_of(name));
        own.fold(ByteCount::ZERO, |sum, seat| sum.saturating_plus(seat.memory))
    }

    /// The app itself, not another one that came under its name.
    fn app(&mut self, key: &AppKey) -> Option<&mut App> {
        self.apps.get_mut(&key.name).filter(|app| app.birth == key.birth)
    }
}

impl Books {
    /// What a refusal of the pool means to the caller.
    fn cause_of(&self, refusal: Refusal, app: &App) -> Cause {
        let denied = |level, what, limit, retry_after| {
            Cause::Quota(Denied { level, what, limit, retry_after })
        };
        match refusal {
            Refusal::ProcessQuota { retry_after } => {
                let limit = app.quota.instance_rate.at().map_or(0, |rate| rate.per_second.into());
                denied(Level::Process, Metric::Rate, limit, retry_after)
            }
            Refusal::QueueFull => Cause::QueueFull,
            Refusal::MemoryQuota => {
                let need = app.version.limits.memory;
                let (level, quota) = match app.memory.quota() {
                    Ceiling::At(quota) if !app.memory.shortfall(need).is_zero() => {
                        (Level::App, Ceiling::At(quota))
                    }
                    _ => (Level::Tenant, self.memory.quota()),
                };
                denied(level, Metric::Memory, quota.at().map_or(0, |quota| quota.bytes()), None)
            }
            Refusal::BackOff { retry_after } => Cause::BackOff { retry_after },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::{
        cgroup::{Hierarchies, Limit, Tree},
        config::Ids,
        registry::tests::version_of,
        zygotes::Zygotes,
    };

    /// The app of the tests.
    pub(super) fn app() -> AppId {
        "shop".parse().unwrap()
    }

    /// A pool with one app, without a zygote: nothing can be cloned.
    pub(super) fn pool(concurrency: Ceiling<u32>) -> Arc<Pool> {
        let tree = Tree::new(Hierarchies::detect().unwrap(), "skep-no-such".as_ref(), Limit::ALL);
        pool_in(tree, concurrency)
    }

    /// The same, whose groups are there.
    pub(super) fn pool_in(tree: Tree, concurrency: Ceiling<u32>) -> Arc<Pool> {
        let (user, zygote, group) = (1_000_001, 1_000_002, 1_000_003);
        let ids = Ids { first: 1_000_000, count: 1, user, zygote, group };
        let reply = ByteCount::from_mib(1);
        let launcher = Launcher::new(tree, Arc::new(Zygotes::default()), ids, reply).unwrap();
        let open = Limits { memory: Ceiling::Open, cpu: Ceiling::Open, processes: Ceiling::Open };
        let limits = PoolLimits {
            spare_floor: 0,
            spare_ceiling: 0,
            idle_after: Duration::from_secs(60),
            max_queue: 8,
        };
        let shared = Arc::new(Shared {
            launcher: Arc::new(launcher),
            limits,
            spare: open,
            max_reply: reply,
            logs: config::LogBounds {
                lines_per_call: 8,
                bytes_per_call: ByteCount::from_mib(1),
                lines_kept: 8,
                bytes_kept: ByteCount::from_mib(1),
            },
            kept: Arc::new(AllKept::new(ByteCount::from_mib(1), None)),
            wake: Arc::default(),
        });
        let quota = TenantQuota { rate: Ceiling::Open, concurrency, group: open };
        let pool = Pool::without_group("acme".parse().unwrap(), quota, shared);
        deploy(&pool);
        pool
    }

    /// Deploys the app of the tests.
    pub(super) fn deploy(pool: &Arc<Pool>) {
        let mut version = version_of(app().as_str(), Vec::new());
        version.limits.concurrency = NonZeroU32::new(2).unwrap();
        pool.deploy(version, AppQuota::OPEN, None);
    }
}
