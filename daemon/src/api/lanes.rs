//! Turns between callers: what all requests of one caller have to run is one task of the runtime for each
//! serving thread.
//!
//! The runtime runs tasks in the order in which they became ready. Were each request a task, a caller with ten
//! thousand of them would have ten thousand turns before anybody else has one. A [`Lane`] polls what belongs to
//! one caller, in order, for at most [`TURN`], and then lets others run.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
    time::{Duration, Instant},
};

use tokio::{
    runtime::Handle,
    sync::Notify,
    task::{coop::has_budget_remaining, yield_now},
};

/// How long one caller may keep a serving thread while others wait for it. A call costs it about 40 µs.
const TURN: Duration = Duration::from_micros(100);

/// The lanes of one caller, one for each serving thread.
#[derive(Debug)]
pub(super) struct Lanes {
    all: Vec<Lane>,
    next: AtomicUsize,
}

impl Default for Lanes {
    fn default() -> Self {
        let threads = Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers());
        Self::new(threads)
    }
}

impl Lanes {
    fn new(count: usize) -> Self {
        let all = (0..count.max(1)).map(|_| Lane(Arc::default())).collect();
        Self { all, next: AtomicUsize::new(0) }
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

#[derive(Debug, Default)]
struct Queue {
    ready: Mutex<VecDeque<Arc<Job>>>,
    /// Told when the first one became ready, and when there may be nothing left to do for ever.
    more: Notify,
    driven: AtomicBool,
    jobs: AtomicUsize,
    closed: AtomicBool,
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
        let (work, queued) = (Mutex::new(Some(work)), AtomicBool::new(false));
        Arc::new(Job { work, queue: Arc::clone(queue), queued }).wake();
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
            let first = {
                let mut ready = lock(&queue.ready);
                ready.push_back(self);
                ready.len() == 1
            };
            if first {
                queue.more.notify_one();
            }
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
        // Before it is polled: what happens from now on must be seen again.
        self.queued.store(false, Ordering::Release);
        let waker = Waker::from(Arc::clone(&self));
        let mut work = lock(&self.work);
        let Some(future) = work.as_mut() else { return };
        let mut context = Context::from_waker(&waker);
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
        // The log tells of a panic; the work is over.
        if polled.is_err() || polled.is_ok_and(|polled| polled.is_ready()) {
            let ended = work.take();
            drop(work);
            drop(ended);
        }
    }
}

async fn drive(queue: Arc<Queue>) {
    loop {
        queue.turn();
        if !lock(&queue.ready).is_empty() {
            yield_now().await;
        } else if queue.closed.load(Ordering::Acquire) && queue.jobs.load(Ordering::Acquire) == 0 {
            return;
        } else {
            queue.more.notified().await;
        }
    }
}

impl Queue {
    /// Polls what is ready, for as long as one caller may.
    fn turn(&self) {
        let end = Instant::now() + TURN;
        while let Some(job) = { lock(&self.ready).pop_front() } {
            job.poll();
            // Without budget every wait for the runtime would be an empty one.
            if !has_budget_remaining() || end <= Instant::now() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        sync::{mpsc, oneshot},
        time::{sleep, timeout},
    };

    use super::*;

    #[tokio::test]
    async fn work_runs_to_its_end_in_every_lane() {
        let lanes = Lanes::new(3);
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
        let (many, single) = (Lanes::new(1), Lanes::new(1));
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
    async fn a_panic_ends_its_own_work_alone() {
        let lanes = Lanes::new(1);
        lanes.run(async { panic!("on purpose") });
        let (tell, told) = oneshot::channel();
        lanes.run(async move { drop(tell.send(7)) });
        assert_eq!(told.await, Ok(7));
    }

    #[tokio::test]
    async fn the_task_of_a_lane_ends_with_its_last_job() {
        let lanes = Lanes::new(1);
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
