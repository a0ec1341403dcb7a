//! What the running call may use, and what the host functions share: the link, the heap's meter, the
//! deadline, the CPU budget, the console's allowance and the timers.
//!
//! One value for one engine, used by one thread. The interrupt handler asks it every few thousand
//! operations whether the call must stop; once it must, it stays so.

use std::{
    cell::{Cell, Ref, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use nix::{
    poll::PollTimeout,
    time::{ClockId, clock_gettime},
};
use skep_core::{FunctionName, name::NAME_BYTES};
use skep_link::frame::{
    Bind, Invoke, Level, MAX_FUNCTIONS, MAX_LOG_LINE, MAX_PART, MAX_SKIPPED, Stop, ToDaemon,
    ToShim, cut,
};

use super::{End, call::Function, exception::Caught, modules::Made};
use crate::{
    link::Link,
    sys::{self, Meter},
};

/// How long a running call may go on before it looks whether the daemon cancelled it.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// See the module.
pub(crate) struct Host {
    heap: Rc<Meter>,
    link: RefCell<Option<Link>>,
    /// A call that came while the app was being loaded.
    early: RefCell<Option<Vec<u8>>>,
    /// A tick of `process.nextTick` waits.
    tick: Cell<bool>,
    /// A promise was rejected without a handler, or got one late.
    rejection: Cell<bool>,
    started: Cell<Instant>,
    deadline: Cell<Option<Instant>>,
    /// In the process's own CPU time.
    cpu_end: Cell<Option<Duration>>,
    /// Whether the app is being loaded: no call runs.
    loading: Cell<bool>,
    /// How long a call that was sent with its app has waited for it.
    waited: Cell<Duration>,
    stop: Cell<Option<Stop>>,
    looked: Cell<Instant>,
    log_lines: Cell<u32>,
    log_bytes: Cell<u32>,
    dropped: Cell<u32>,
    about: RefCell<About>,
    /// Bytes that the runtime had when the app was bound, and those of the app's files.
    base: Cell<usize>,
    files: Cell<usize>,
    /// Something waits for the end of the call: see `finish` of the scripts.
    untidy: Cell<bool>,
}

/// What is known of the app that is bound.
#[derive(Debug, Default)]
pub(super) struct About {
    pub(super) entry: String,
    pub(super) name: String,
    /// The convention that the manifest names; empty if it names none.
    pub(super) handler: String,
    pub(super) variables: Vec<(String, String)>,
    pub(super) deployed_ms: u64,
    pub(super) heap_bytes: u64,
}

/// Which functions a call runs that names none: these first.
const PREFERRED: [&str; 4] = ["default", "fetch", "handler", "main"];

impl Host {
    pub(super) fn new(heap: Rc<Meter>) -> Self {
        let now = Instant::now();
        Self {
            heap,
            link: RefCell::new(None),
            early: RefCell::new(None),
            tick: Cell::new(false),
            rejection: Cell::new(false),
            started: Cell::new(now),
            deadline: Cell::new(None),
            cpu_end: Cell::new(None),
            loading: Cell::new(false),
            waited: Cell::new(Duration::ZERO),
            stop: Cell::new(None),
            looked: Cell::new(now),
            log_lines: Cell::new(0),
            log_bytes: Cell::new(0),
            dropped: Cell::new(0),
            about: RefCell::default(),
            base: Cell::new(0),
            files: Cell::new(0),
            untidy: Cell::new(false),
        }
    }

    pub(super) fn connect(&self, link: Link) {
        self.started.set(Instant::now());
        self.link.replace(Some(link));
    }

    /// Whether the daemon says nothing for so long.
    pub(super) fn is_quiet(&self, time: PollTimeout) -> bool {
        self.link.borrow().as_ref().is_some_and(|link| !link.has_input(time))
    }

    pub(super) fn receive(&self, body: &mut Vec<u8>) -> Result<(), End> {
        if let Some(early) = self.early.take() {
            *body = early;
            return Ok(());
        }
        match self.link.borrow_mut().as_mut() {
            Some(link) => link.receive(body).map_err(|_| End),
            None => Err(End),
        }
    }

    pub(super) fn send(&self, frame: &ToDaemon<'_>) -> Result<(), End> {
        match self.link.borrow_mut().as_mut() {
            Some(link) => link.send(frame).map_err(|_| End),
            None => Err(End),
        }
    }

    /// Sends what was made of the app's files.
    pub(super) fn send_made(&self, all: &[Made]) -> Result<(), End> {
        for Made { form, path, bytes } in all {
            let empty = bytes.is_empty().then_some(bytes.as_slice());
            for bytes in bytes.chunks(MAX_PART).chain(empty) {
                self.send(&ToDaemon::Made { form: *form, path, bytes })?;
            }
        }
        self.send(&ToDaemon::MadeAll)
    }

    /// Says why the app, whose entry is that, is not loaded.
    pub(super) fn send_failed(&self, entry: &str, caught: &Caught) -> Result<(), End> {
        self.send(&ToDaemon::BindFailed {
            path: caught.path.as_deref().unwrap_or(entry),
            line: caught.line,
            column: caught.column,
            exception: caught.as_frame(),
        })
    }

    /// Says that the app is loaded, and what can be called.
    pub(super) fn send_bound(&self, functions: &[Function]) -> Result<(), End> {
        let callable = |function: &&Function| function.name.parse::<FunctionName>().is_ok();
        let (mut found, others): (Vec<_>, Vec<_>) = functions.iter().partition(callable);
        // Those that a call without a name runs are not among what is too much.
        found.sort_by_key(|it| {
            PREFERRED.iter().position(|name| *name == it.name).unwrap_or(PREFERRED.len())
        });
        let taken = found.len().min(MAX_FUNCTIONS);
        let (found, more) = found.split_at_mut(taken);
        found.sort_by(|one, other| one.name.cmp(&other.name));
        let more: &[_] = more;
        let named = others
            .iter()
            .chain(more)
            .take(MAX_SKIPPED)
            .map(|function| cut(&function.name, NAME_BYTES));
        self.send(&ToDaemon::Bound {
            functions: found.iter().map(|function| function.as_frame()).collect(),
            skipped: u32::try_from(others.len() + more.len()).unwrap_or(u32::MAX),
            named: named.collect(),
            dropped: self.dropped(),
        })
    }

    /// The load of an app begins, whose files have so many bytes: they count as its heap, which what the runtime
    /// itself needs does not.
    pub(super) fn begin_bind(&self, bind: &Bind<'_>, files: usize) {
        let own = usize::try_from(bind.heap_bytes).unwrap_or(usize::MAX).saturating_sub(files);
        self.base.set(self.heap.used());
        self.files.set(files);
        self.heap.set_limit(self.heap.used().saturating_add(own));
        self.begin(bind.wall_ns, None, bind.log_lines, bind.log_bytes);
        self.loading.set(true);
        self.about.replace(About {
            entry: bind.entry.to_owned(),
            name: bind.name.to_owned(),
            handler: bind.handler.to_owned(),
            variables: bind
                .variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            deployed_ms: bind.deployed_ms,
            heap_bytes: bind.heap_bytes,
        });
    }

    /// Bytes that the runtime had when the app was bound.
    pub(super) fn base(&self) -> usize {
        self.base.get()
    }

    /// What is known of the app.
    pub(super) fn about(&self) -> Ref<'_, About> {
        self.about.borrow()
    }

    /// The app is loaded, which took so long. The time of a call that is there already is running.
    pub(super) fn end_bind(&self, took: Duration) {
        if self.early.borrow().is_some() || !self.is_quiet(PollTimeout::ZERO) {
            self.waited.set(took);
        }
    }

    pub(super) fn begin_call(&self, invoke: &Invoke<'_>) {
        let waited = u64::try_from(self.waited.take().as_nanos()).unwrap_or(u64::MAX);
        self.begin(
            invoke.wall_ns.saturating_sub(waited),
            invoke.cpu_ns,
            invoke.log_lines,
            invoke.log_bytes,
        );
    }

    fn begin(&self, wall_ns: u64, cpu_ns: Option<u64>, log_lines: u32, log_bytes: u32) {
        let now = Instant::now();
        self.deadline.set(now.checked_add(Duration::from_nanos(wall_ns)));
        self.cpu_end.set(cpu_ns.map(|ns| cpu_time().saturating_add(Duration::from_nanos(ns))));
        self.loading.set(false);
        self.stop.set(None);
        self.looked.set(now);
        self.log_lines.set(log_lines);
        self.log_bytes.set(log_bytes);
        self.dropped.set(0);
    }

    /// The engine's interrupt handler: whether to stop at once.
    pub(super) fn interrupted(&self) -> bool {
        self.check().is_some()
    }

    /// Why the call must stop, looked at afresh.
    pub(super) fn check(&self) -> Option<Stop> {
        if self.stop.get().is_none() {
            self.stop.set(self.reason());
        }
        self.stop.get()
    }

    /// Why the call must stop: also a heap limit that was met and whose error was caught.
    pub(super) fn stopped(&self) -> Option<Stop> {
        if self.heap.refused() { Some(Stop::Heap) } else { self.stop.get() }
    }

    fn reason(&self) -> Option<Stop> {
        if self.heap.refused() {
            return Some(Stop::Heap);
        }
        let now = Instant::now();
        if self.deadline.get().is_some_and(|deadline| deadline <= now) {
            return Some(Stop::Deadline);
        }
        if self.cpu_end.get().is_some_and(|end| end <= cpu_time()) {
            return Some(Stop::CpuBudget);
        }
        // Without a deadline there is no call that could be cancelled.
        let rests = self.deadline.get().is_none();
        if rests || now.saturating_duration_since(self.looked.get()) < LOOK_EVERY {
            return None;
        }
        self.looked.set(now);
        self.listen(Duration::ZERO)
    }

    /// Waits for at most `patience` for the daemon to cancel the call.
    fn listen(&self, patience: Duration) -> Option<Stop> {
        // Rounded up: a wait that ends early would be a busy loop.
        let milliseconds = patience.as_nanos().div_ceil(1_000_000);
        let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
        let mut link = self.link.borrow_mut();
        let link = link.as_mut().filter(|link| link.has_input(timeout))?;
        let mut body = Vec::new();
        match link.receive(&mut body).ok().map(|()| ToShim::decode(&body)) {
            Some(Ok(ToShim::Cancel)) => Some(Stop::Cancelled),
            // A call may be sent with its app.
            Some(Ok(ToShim::Invoke(_))) if self.loading.get() && self.early.borrow().is_none() => {
                self.early.replace(Some(body));
                None
            }
            // Nothing else is sent during a call: the daemon is gone, or lost track.
            _ => sys::exit_now(0),
        }
    }

    /// Sleeps so long, or until the deadline or a cancellation, whatever comes first.
    pub(super) fn sleep(&self, time: Duration) {
        let left = self.deadline.get().map(|end| end.saturating_duration_since(Instant::now()));
        let patience = left.map_or(time, |left| left.min(time));
        if self.stop.get().is_none() {
            self.stop.set(self.listen(patience));
        }
    }

    /// Does something that may take so long at most, and is stopped by that as by a deadline; whether it was not.
    pub(super) fn within<R>(&self, most: Duration, work: impl FnOnce() -> R) -> Option<R> {
        let deadline = self.deadline.get();
        let end = Instant::now().checked_add(most);
        let is_nearer = end.is_some_and(|end| deadline.is_none_or(|deadline| end < deadline));
        if is_nearer {
            self.deadline.set(end);
        }
        let done = work();
        self.deadline.set(deadline);
        if !is_nearer || self.check() != Some(Stop::Deadline) {
            return Some(done);
        }
        self.stop.set(None);
        None
    }

    /// Ends the call, or the load, for this reason, unless there is one already.
    pub(super) fn stop(&self, why: Stop) {
        if self.stop.get().is_none() {
            self.stop.set(Some(why));
        }
    }

    pub(super) fn tick_scheduled(&self) {
        self.tick.set(true);
    }

    /// Whether a tick waits; asked once.
    pub(super) fn take_tick(&self) -> bool {
        self.tick.take()
    }

    pub(super) fn rejection_seen(&self) {
        self.rejection.set(true);
    }

    /// Whether rejections wait to be told; asked once.
    pub(super) fn take_rejection(&self) -> bool {
        self.rejection.take()
    }

    pub(super) fn set_untidy(&self) {
        self.untidy.set(true);
    }

    pub(super) fn is_untidy(&self) -> bool {
        self.untidy.get()
    }

    /// Whether something waits for the end of the call; asked once.
    pub(super) fn take_untidy(&self) -> bool {
        self.untidy.take()
    }

    /// Bytes of the app's heap that are in use.
    pub(super) fn heap_used(&self) -> usize {
        self.heap.used().saturating_sub(self.base.get()) + self.files.get()
    }

    /// Bytes of heap that the app may use.
    pub(super) fn heap_limit(&self) -> u64 {
        self.about.borrow().heap_bytes
    }

    /// Since this instance began to serve.
    pub(super) fn age(&self) -> Duration {
        self.started.get().elapsed()
    }

    /// What is left of the call's wall time.
    pub(super) fn remaining(&self) -> Duration {
        let deadline = self.deadline.get().unwrap_or_else(Instant::now);
        deadline.saturating_duration_since(Instant::now())
    }

    /// Takes one console line, or counts it as dropped when the call's allowance is used up. Lines are
    /// sent as soon as that needs no waiting; those that are left go ahead of the call's answer.
    pub(super) fn log(&self, level: Level, text: &str) {
        let text = cut(text, MAX_LOG_LINE);
        let (lines, bytes) = (self.log_lines.get(), self.log_bytes.get());
        let size = u32::try_from(text.len()).unwrap_or(u32::MAX);
        if lines == 0 || bytes < size {
            self.dropped.set(self.dropped.get().saturating_add(1));
            return;
        }
        self.log_lines.set(lines - 1);
        self.log_bytes.set(bytes - size);
        if let Some(link) = self.link.borrow_mut().as_mut() {
            link.queue(&ToDaemon::Log { level, text });
            if link.has_room() {
                // An end of the link shows at the reply.
                let _ = link.flush();
            }
        }
    }

    pub(super) fn dropped(&self) -> u32 {
        self.dropped.get()
    }
}

/// The CPU time of this process so far.
pub(super) fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::MAX, Duration::from)
}
