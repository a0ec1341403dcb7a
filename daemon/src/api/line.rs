//! One connection, from its first byte to its end: how long its peer may be silent, and how long an answer
//! may lie here untaken.
//!
//! HTTP/2 knows that a peer lives because it answers pings. It does not know that a peer takes nothing: one
//! that opens no window never lets the body of its answer be asked for. So what lies here is counted by
//! its age, and the connection of what lies too long is ended.

use std::{
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use http::Request;
use hyper::{body::Incoming, rt::Executor, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
    time::{MissedTickBehavior, Sleep, interval, sleep},
};

use super::{
    callers::{Account, Caller},
    front::Front,
    lanes::Step,
};
use crate::config::Patience;

/// Bytes of bodies that may come before anybody asked for them: of one stream, and of all of a connection.
const WINDOW: u32 = 128 << 10;
const WINDOW_OF_ALL: u32 = 256 << 10;
/// Bytes of the headers of one request; clients of gRPC send no more by default.
const MOST_HEADERS: u32 = 8 << 10;
/// Bytes that are read at once. They may be of so many small requests that it takes some 0.4 ms to take them apart.
const AT_ONCE: usize = 8 << 10;
/// Bytes of one stream that wait to be sent beside the answer itself.
const SEND_BUFFER: usize = 64 << 10;
/// A peer that was silent for so long is asked whether it lives, and has as long to answer as below.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_PATIENCE: Duration = Duration::from_secs(20);
/// With these bytes a client of HTTP/2 begins.
const PREFACE: u64 = 24;
/// Ages that are told apart; the oldest is too old.
const AGES: u32 = 8;

/// What is counted of one connection.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Moves on by one whenever what lies here gets older.
    age: AtomicU32,
    /// Answers that lie here, by the age at which they were built.
    untaken: [AtomicU32; AGES as usize],
    /// Requests so far, and those of them that have not ended.
    begun: AtomicU64,
    running: AtomicU32,
    /// Whether as many bytes as a preface has have come.
    greeted: AtomicBool,
}

/// An answer that lies here until this is dropped.
#[derive(Debug)]
pub(super) struct Untaken {
    line: Arc<Line>,
    slot: usize,
}

/// A request that has not ended until this is dropped.
#[derive(Debug)]
pub(super) struct Running(Arc<Line>);

impl Line {
    fn slot(age: u32) -> usize {
        // Below AGES.
        usize::try_from(age % AGES).unwrap_or(0)
    }

    /// Counts an answer that is there now.
    pub(super) fn untaken(self: &Arc<Self>) -> Untaken {
        let slot = Self::slot(self.age.load(Ordering::Relaxed));
        self.untaken[slot].fetch_add(1, Ordering::Relaxed);
        Untaken { line: Arc::clone(self), slot }
    }

    /// Counts a request that begins now.
    pub(super) fn running(self: &Arc<Self>) -> Running {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    /// Everything gets older. Returns false if something is too old now: after `AGES - 1` to `AGES` calls.
    fn grow_old(&self) -> bool {
        let next = self.age.load(Ordering::Relaxed).wrapping_add(1);
        if self.untaken[Self::slot(next)].load(Ordering::Relaxed) != 0 {
            return false;
        }
        self.age.store(next, Ordering::Relaxed);
        true
    }
}

impl Drop for Untaken {
    fn drop(&mut self) {
        self.line.untaken[self.slot].fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that notes when its peer has said enough to be a client, and that is not read while too much of
/// what its peer said waits already.
struct Heard<S> {
    stream: S,
    line: Arc<Line>,
    missing: u64,
    account: Arc<Account>,
    /// Until when it is not read.
    pause: Option<Pin<Box<Sleep>>>,
    /// HTTP/2 would read for as long as bytes come.
    step: Step,
}

impl<S> Heard<S> {
    /// Whether it may be read; if not, its task is woken when it may.
    fn poll_pause(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(pause) = &mut self.pause {
                if pause.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                self.pause = None;
            }
            match self.account.lanes.crowded() {
                None => return Poll::Ready(()),
                Some(wait) => self.pause = Some(Box::pin(sleep(wait))),
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.step.is_enough() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.poll_pause(context).is_pending() {
            return Poll::Pending;
        }
        let most = buffer.remaining().min(AT_ONCE);
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        let polled = Pin::new(&mut self.stream).poll_read(context, &mut part);
        let came = part.filled().len();
        buffer.advance(came);
        if self.missing != 0 {
            self.missing = self.missing.saturating_sub(u64::try_from(came).unwrap_or(u64::MAX));
            if self.missing == 0 {
                self.line.greeted.store(true, Ordering::Relaxed);
            }
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Runs the requests of a connection in turns with those of other callers.
#[derive(Clone, Debug)]
struct InLanes(Arc<Account>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for InLanes {
    fn execute(&self, request: F) {
        self.0.lanes.run(request);
    }
}

/// What every connection is served with.
#[derive(Clone, Debug)]
pub(super) struct Server {
    front: Arc<Front>,
    patience: Patience,
}

impl Server {
    pub(super) fn new(front: Front, patience: Patience) -> Self {
        Self { front: Arc::new(front), patience }
    }

    /// Serves one connection to its end: of its peer's making, of `stop`, or of what its peer does not do. It
    /// may have so many requests at the same time.
    pub(super) async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        caller: Arc<Caller>,
        streams: u32,
        mut stop: watch::Receiver<bool>,
    ) {
        let line = Arc::new(Line::default());
        let account = Arc::clone(&caller.account);
        let (front, same) = (Arc::clone(&self.front), Arc::clone(&line));
        let mut http = http2::Builder::new(InLanes(Arc::clone(&caller.account)));
        http.timer(TokioTimer::new())
            .auto_date_header(false)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW_OF_ALL)
            .max_header_list_size(MOST_HEADERS)
            .max_send_buf_size(SEND_BUFFER)
            .max_concurrent_streams(streams)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_PATIENCE);
        let service = service_fn(move |request: Request<Incoming>| {
            let (front, line, caller) =
                (Arc::clone(&front), Arc::clone(&same), Arc::clone(&caller));
            // A deadline counts from here, however long the request waits for its turn.
            let at = Instant::now();
            // Small until it begins: many may wait.
            async move {
                let answer = Box::pin(front.serve(request, at, line, caller)).await;
                Ok::<_, std::convert::Infallible>(answer)
            }
        });
        let (heard, missing, pause) = (Arc::clone(&line), PREFACE, None);
        let stream = Heard { stream, line: heard, missing, account, pause, step: Step::default() };
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        let mut handshake = pin!(sleep(self.patience.handshake));
        let mut handshaking = true;
        let mut clock = interval(self.patience.answer / (AGES - 1));
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut seen, mut last) = (0, Instant::now());
        let mut stopping = false;
        loop {
            tokio::select! {
                biased;
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "connection ended");
                    }
                    return;
                }
                () = handshake.as_mut(), if handshaking => {
                    handshaking = false;
                    if !line.greeted.load(Ordering::Relaxed) {
                        tracing::debug!("connection ended: its peer did not begin");
                        return;
                    }
                }
                _ = clock.tick() => {
                    if !line.grow_old() {
                        tracing::debug!("connection ended: its peer does not take its answers");
                        return;
                    }
                    let begun = line.begun.load(Ordering::Relaxed);
                    if begun != seen || line.running.load(Ordering::Relaxed) != 0 {
                        (seen, last) = (begun, Instant::now());
                    } else if self.patience.idle <= last.elapsed() && !stopping {
                        stopping = true;
                        connection.as_mut().graceful_shutdown();
                    }
                }
                // An error means that the sender is gone, which is the same.
                _ = stop.wait_for(|stop| *stop), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_for_so_long_is_too_old_and_what_is_taken_is_not() {
        let line = Arc::new(Line::default());
        let taken = line.untaken();
        let lies = line.untaken();
        drop(taken);
        assert!((1..AGES).all(|_| line.grow_old()));
        assert!(!line.grow_old());
        drop(lies);
        assert!(line.grow_old());
    }

    #[test]
    fn what_came_later_is_old_later() {
        let line = Arc::new(Line::default());
        let first = line.untaken();
        assert!((0..3).all(|_| line.grow_old()));
        let _later = line.untaken();
        assert!((3..AGES - 1).all(|_| line.grow_old()));
        assert!(!line.grow_old());
        drop(first);
        assert!((0..3).all(|_| line.grow_old()));
        assert!(!line.grow_old());
    }

    #[test]
    fn requests_are_counted_until_they_have_ended() {
        let line = Arc::new(Line::default());
        let running = line.running();
        assert_eq!(line.running.load(Ordering::Relaxed), 1);
        drop(running);
        assert_eq!(line.running.load(Ordering::Relaxed), 0);
        assert_eq!(line.begun.load(Ordering::Relaxed), 1);
    }
}
