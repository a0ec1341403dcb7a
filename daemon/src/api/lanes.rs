//! Turns between callers: what all requests of one caller have to run is one task of the runtime for each
//! serving thread.
//!
//! The runtime runs tasks in the order in which they became ready. Were each request a task, a caller with ten
//! thousand of them would have ten thousand turns before anybody else has one. A [`Lane`] polls what belongs to
//! one caller for about [`TURN`], and then lets others run. What has begun comes first, and one new job after each
//! [`NEW_AFTER`] of those.
//!
//! A refusal costs some 15 µs, which is little and adds up: whoever goes on although it is refused is slowed
//! down. Its new requests wait while it had more refusals than it may. Where many wait, no more is read of its
//! connections: what it makes us hold here is bounded.

use std::{
    cell::Cell,
    collections::VecDeque,
    num::NonZeroU32,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
    time::{Duration, Instant},
};

use skep_core::{Ceiling, Pace, Rate, Wait};
use tokio::{
    runtime::Handle,
    sync::Notify,
    task::{coop::has_budget_remaining, yield_now},
    time::timeout,
};

/// How long one caller may keep a serving thread while others wait for it. A call costs it about 40 µs.
const TURN: Duration = Duration::from_micros(100);

/// Jobs that have begun, for each new one.
const NEW_AFTER: usize = 16;
/// With more new jobs in all lanes of a caller, its connections are not read.
const MOST_NEW: usize = 256;
/// How long a connection is not read at a time, at most, and where nothing but the turns is in the way.
const CROWDED: Duration = Duration::from_millis(250);
const CROWDED_BRIEFLY: Duration = Duration::from_millis(5);

/// What a caller may be refused at once after a silence, in seconds of its rate.
const TWO_SECONDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

thread_local! {
    /// Until when the caller whose job this thread polls may keep it.
    static END: Cell<Option<Instant>> = const { Cell::new(None) };
    /// The number of that poll.
    static POLL: Cell<u64> = const { Cell::new(0) };
}

/// What a job with much to do in one poll remembers of it.
#[derive(Debug, Default)]
pub(super) struct Step(u64);

impl Step {
    /// Whether the job should let others run now: it has done a step in this poll already, and its caller had its
    /// turn. If not, this is a step.
    pub(super) fn is_enough(&mut self) -> bool {
        let poll = POLL.get();
        let first = self.0 != poll;
        self.0 = poll;
        !first && END.get().is_some_and(|end| end <= Instant::now())
    }
}

/// The lanes of one caller, one for each serving thread.
#[derive(Debug)]
pub(super) struct Lanes {
    all: Vec<Lane>,
    next: AtomicUsize,
    gate: Arc<Gate>,
}

/// Counts the refusals of a caller: while there were too many, nothing new begins.
#[derive(Debug)]
struct Gate {
    pace: Mutex<Owing>,
    /// Whether something new had to wait for it, or there was much that is new; until there is nothing.
    crowded: AtomicBool,
}

/// A meter with a debt: whether a request is refused is known after it began, by when others have begun as well.
#[derive(Debug)]
struct Owing {
    pace: Pace,
    owed: u32,
}

impl Owing {
    /// Of a second at most: more would keep the caller waiting for longer than its connections have patience.
    fn charge(&mut self, now: Instant) {
        let most = self.pace.rate().at().map_or(0, |rate| rate.per_second);
        self.owed = self.owed.saturating_add(1).min(most.max(1));
        self.wait(now);
    }

    /// When all is paid.
    fn wait(&mut self, now: Instant) -> Wait {
        loop {
            match self.pace.wait(now) {
                Wait::Now if self.owed != 0 => {
                    self.pace.charge(now);
                    self.owed -= 1;
                }
                wait => return wait,
            }
        }
    }
}

impl Gate {
    /// How long it stays closed.
    fn closed(&self, now: Instant) -> Option<Duration> {
        match lock(&self.pace).wait(now) {
            Wait::Now => None,
            Wait::After(wait) => Some(wait),
            // A rate that is not zero is never closed.
            Wait::Closed => Some(Duration::from_secs(1)),
        }
    }
}

impl Lanes {
    /// For a caller that may be refused so often in a second, twice as often after a silence.
    pub(super) fn new(refusals: Ceiling<NonZeroU32>) -> Self {
        let threads = Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers());
        Self::of(threads, refusals)
    }

    fn of(count: usize, refusals: Ceiling<NonZeroU32>) -> Self {
        let rate = refusals.map(|per_second| Rate {
            per_second: per_second.get(),
            burst: per_second.saturating_mul(TWO_SECONDS),
        });
        let pace = Pace::new(rate, Instant::now());
        let pace = Mutex::new(Owing { pace, owed: 0 });
        let gate = Arc::new(Gate { pace, crowded: AtomicBool::new(false) });
        let lane = |_| Lane(Arc::new(Queue::new(Arc::clone(&gate))));
        Self { all: (0..count.max(1)).map(lane).collect(), next: AtomicUsize::new(0), gate }
    }

    /// How long to wait until more is read of the caller's connections: for as long as new requests lie here
    /// that must wait. What was not read lies at the other end.
    pub(super) fn crowded(&self) -> Option<Duration> {
        if !self.gate.crowded.load(Ordering::Relaxed) {
            return None;
        }
        let lie: usize = self.all.iter().map(|lane| lock(&lane.0.ready).new.len()).sum();
        if lie == 0 {
            self.gate.crowded.store(false, Ordering::Relaxed);
            return None;
        }
        if self.gate.closed(Instant::now()).is_some()
            && let Ceiling::At(rate) = lock(&self.gate.pace).pace.rate()
        {
            let lie = u32::try_from(lie).unwrap_or(u32::MAX);
            return Some((Duration::from_secs(1) * lie / rate.per_second.max(1)).min(CROWDED));
        }
        (MOST_NEW < lie).then_some(CROWDED_BRIEFLY)
    }

    /// Counts a request of the caller that was refused by a fault of its own.
    pub(super) fn refused(&self) {
        lock(&self.gate.pace).charge(Instant::now());
    }

    /// Runs `work` to its end in the next lane. A panic of it ends that work alone.
    pub(super) fn run(&self, work: impl Future<Output = ()> + Send + 'static) {
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.all.len();
        self.all[at].run(Box::pin(work));
    }
}

/// A queue, until this is dropped and the last job in it has ended.
#[derive(Debug)]
struct Lane(Arc<Queue>);

#[derive(Debug)]
struct Queue {
    ready: Mutex<Ready>,
    gate: Arc<Gate>,
    /// Told when the first one became ready, and when there may be nothing left to do for ever.
    more: Notify,
    driven: AtomicBool,
    jobs: AtomicUsize,
    closed: AtomicBool,
}

/// Jobs that could run now.
#[derive(Debug, Default)]
struct Ready {
    begun: VecDeque<Arc<Job>>,
    new: VecDeque<Arc<Job>>,
    /// How many that have begun had a turn since the last new one.
    since_new: usize,
}

/// What is left after a turn.
enum Left {
    /// Jobs that could run now.
    Some,
    /// New ones, for which it is too early.
    New(Duration),
    Nothing,
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Job {
    /// Until it has ended.
    work: Mutex<Option<Work>>,
    queue: Arc<Queue>,
    /// Whether it is in the queue.
    queued: AtomicBool,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("queued", &self.queued).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lane {
    fn run(&self, work: Work) {
        let queue = &self.0;
        queue.jobs.fetch_add(1, Ordering::Relaxed);
        let (work, queued) = (Mutex::new(Some(work)), AtomicBool::new(true));
        let job = Arc::new(Job { work, queue: Arc::clone(queue), queued });
        if MOST_NEW < queue.push(job, |ready| &mut ready.new) {
            queue.gate.crowded.store(true, Ordering::Relaxed);
        }
        if !queue.driven.swap(true, Ordering::Relaxed) {
            tokio::spawn(drive(Arc::clone(queue)));
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::Release);
        self.0.more.notify_one();
    }
}

impl Wake for Job {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            let queue = Arc::clone(&self.queue);
            queue.push(self, |ready| &mut ready.begun);
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.queue.jobs.fetch_sub(1, Ordering::AcqRel);
        if self.queue.closed.load(Ordering::Acquire) {
            self.queue.more.notify_one();
        }
    }
}

impl Job {
    fn poll(self: Arc<Self>) {
        POLL.set(POLL.get().wrapping_add(1));
        // Before it is polled: what happens from now on must be seen again.
        self.queued.swap(false, Ordering::AcqRel);
        let waker = Waker::from(Arc::clone(&self));
        let mut work = lock(&self.work);
        let Some(future) = work.as_mut() else { return };
        let mut context = Context::from_waker(&waker);
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
        // The log tells of a panic; the work is over.
        if polled.is_err() || polled.is_ok_and(|polled| polled.is_ready()) {
            let ended = work.take();
            drop(work);
            // So it does of one that comes while it is taken apart.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(ended)));
        }
    }
}

async fn drive(queue: Arc<Queue>) {
    loop {
        match queue.turn() {
            Left::Some => yield_now().await,
            Left::New(wait) => {
                // Whatever has begun goes on meanwhile.
                let _ = timeout(wait, queue.more.notified()).await;
            }
            Left::Nothing if queue.is_over() => return,
            Left::Nothing => queue.more.notified().await,
        }
    }
}

impl Queue {
    fn new(gate: Arc<Gate>) -> Self {
        Self {
            ready: Mutex::default(),
            gate,
            more: Notify::new(),
            driven: AtomicBool::new(false),
            jobs: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
        }
    }

    /// How many of its kind there are with it.
    fn push(
        &self,
        job: Arc<Job>,
        which: impl FnOnce(&mut Ready) -> &mut VecDeque<Arc<Job>>,
    ) -> usize {
        let jobs = {
            let mut ready = lock(&self.ready);
            let jobs = which(&mut ready);
            jobs.push_back(job);
            jobs.len()
        };
        if jobs == 1 {
            self.more.notify_one();
        }
        jobs
    }

    fn is_over(&self) -> bool {
        self.closed.load(Ordering::Acquire) && self.jobs.load(Ordering::Acquire) == 0
    }

    /// Who is polled next.
    fn next(&self, now: Instant) -> Result<Arc<Job>, Left> {
        let mut ready = lock(&self.ready);
        let may_wait = !ready.begun.is_empty() && ready.since_new < NEW_AFTER;
        if !may_wait && !ready.new.is_empty() {
            match self.gate.closed(now) {
                None => {
                    ready.since_new = 0;
                    return ready.new.pop_front().ok_or(Left::Nothing);
                }
                Some(wait) => {
                    self.gate.crowded.store(true, Ordering::Relaxed);
                    if ready.begun.is_empty() {
                        return Err(Left::New(wait));
                    }
                }
            }
        }
        ready.since_new = ready.since_new.saturating_add(1);
        ready.begun.pop_front().ok_or(Left::Nothing)
    }

    /// Polls what is ready, for as long as one caller may.
    fn turn(&self) -> Left {
        let now = Instant::now();
        let end = now + TURN;
        END.set(Some(end));
        let left = self.turn_until(now, end);
        END.set(None);
        left
    }

    fn turn_until(&self, mut now: Instant, end: Instant) -> Left {
        loop {
            let job = match self.next(now) {
                Ok(job) => job,
                Err(left) => return left,
            };
            job.poll();
            now = Instant::now();
            // Without budget every wait for the runtime would be an empty one.
            if !has_budget_remaining() || end <= now {
                return Left::Some;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        sync::{mpsc, oneshot},
        time::sleep,
    };

    use super::*;

    fn open(lanes: usize) -> Lanes {
        Lanes::of(lanes, Ceiling::Open)
    }

    #[tokio::test]
    async fn who_is_refused_too_often_begins_new_work_at_its_rate_and_goes_on_with_the_rest() {
        let lanes = Arc::new(Lanes::of(1, Ceiling::At(NonZeroU32::new(100).unwrap())));
        let (tell, mut told) = mpsc::unbounded_channel();
        let begun = Arc::new(Notify::new());
        let (runs, done) = (Arc::clone(&begun), tell.clone());
        lanes.run(async move {
            runs.notified().await;
            let _ = done.send(None);
        });
        sleep(Duration::from_millis(1)).await;
        for number in 0..1000 {
            let (same, tell) = (Arc::clone(&lanes), tell.clone());
            lanes.run(async move {
                same.refused();
                let _ = tell.send(Some(number));
            });
        }
        // A burst of 200; the clock of a meter is the real one.
        for _ in 0..200 {
            assert!(matches!(told.recv().await, Some(Some(_))));
        }
        begun.notify_one();
        let next = loop {
            let next = told.recv().await.unwrap();
            if next.is_none() || next == Some(999) {
                break next;
            }
        };
        assert_eq!(next, None);
    }

    #[tokio::test]
    async fn work_runs_to_its_end_in_every_lane() {
        let lanes = open(3);
        let (tell, mut told) = mpsc::unbounded_channel();
        for number in 0..9 {
            let tell = tell.clone();
            lanes.run(async move {
                sleep(Duration::from_millis(1)).await;
                let _ = tell.send(number);
            });
        }
        drop(tell);
        let mut all = Vec::new();
        while let Some(number) = told.recv().await {
            all.push(number);
        }
        all.sort_unstable();
        assert_eq!(all, (0..9).collect::<Vec<_>>());
    }

    /// A job that is always ready again, and counts its polls.
    fn greedy(polls: &Arc<AtomicUsize>) -> impl Future<Output = ()> + Send + use<> {
        let polls = Arc::clone(polls);
        std::future::poll_fn(move |context| {
            polls.fetch_add(1, Ordering::Relaxed);
            let start = Instant::now();
            while start.elapsed() < Duration::from_micros(10) {}
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
    }

    #[tokio::test]
    async fn a_caller_with_a_thousand_jobs_takes_no_more_turns_than_one_with_a_single_job() {
        let (many, single) = (open(1), open(1));
        let polls = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];
        (0..1000).for_each(|_| many.run(greedy(&polls[0])));
        single.run(greedy(&polls[1]));
        while polls[1].load(Ordering::Relaxed) < 100 {
            yield_now().await;
        }
        let of_many = polls[0].load(Ordering::Relaxed);
        // A turn is ten polls of either.
        assert!((1..1000).contains(&of_many), "{of_many} polls beside 100");
    }

    #[tokio::test]
    async fn what_is_new_has_its_turn_among_what_is_always_ready() {
        let (lanes, polls) = (open(1), Arc::new(AtomicUsize::new(0)));
        (0..10).for_each(|_| lanes.run(greedy(&polls)));
        while polls.load(Ordering::Relaxed) < 100 {
            yield_now().await;
        }
        let (tell, told) = oneshot::channel();
        lanes.run(async move {
            let _ = tell.send(7);
        });
        assert_eq!(timeout(Duration::from_secs(10), told).await.unwrap(), Ok(7));
    }

    #[tokio::test]
    async fn with_many_new_jobs_no_more_is_read_until_they_have_begun() {
        let lanes = open(2);
        for _ in 0..=2 * (MOST_NEW + 1) {
            assert!(lanes.crowded().is_none_or(|wait| wait == CROWDED_BRIEFLY));
            lanes.run(async {});
        }
        // Nothing of it has run: this test has not waited yet.
        assert_eq!(lanes.crowded(), Some(CROWDED_BRIEFLY));
        let free = async {
            while lanes.crowded().is_some() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        assert!(timeout(Duration::from_secs(10), free).await.is_ok());
    }

    #[tokio::test]
    async fn a_job_that_asks_does_one_step_of_a_poll_beyond_its_callers_turn() {
        let lanes = open(1);
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut step = Step::default();
        // Each step takes a whole turn.
        lanes.run(std::future::poll_fn(move |context| {
            let mut steps = 0;
            while !step.is_enough() {
                steps += 1;
                let start = Instant::now();
                while start.elapsed() < TURN {}
            }
            context.waker().wake_by_ref();
            match tell.send(steps) {
                Ok(()) => std::task::Poll::Pending,
                Err(_) => std::task::Poll::Ready(()),
            }
        }));
        for _ in 0..10 {
            assert_eq!(told.recv().await, Some(1));
        }
        // Outside of a turn nobody waits.
        let mut step = Step::default();
        assert!(!step.is_enough() && !step.is_enough());
    }

    /// Panics when it is taken apart.
    struct Fragile;

    impl Drop for Fragile {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }

    #[tokio::test]
    async fn a_panic_ends_its_own_work_alone() {
        let lanes = open(1);
        lanes.run(async { panic!("on purpose") });
        let fragile = Fragile;
        lanes.run(std::future::poll_fn(move |_| {
            let _ = &fragile;
            std::task::Poll::Ready(())
        }));
        let (tell, told) = oneshot::channel();
        lanes.run(async move {
            let _ = tell.send(7);
        });
        assert_eq!(told.await, Ok(7));
    }

    #[tokio::test]
    async fn the_task_of_a_lane_ends_with_its_last_job() {
        let lanes = open(1);
        let queue = Arc::downgrade(&lanes.all[0].0);
        let (tell, told) = oneshot::channel::<()>();
        lanes.run(async move { drop(told.await) });
        drop(lanes);
        sleep(Duration::from_millis(5)).await;
        assert!(queue.upgrade().is_some());
        drop(tell);
        let gone = async {
            while queue.upgrade().is_some() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        assert!(timeout(Duration::from_secs(10), gone).await.is_ok());
    }
}
