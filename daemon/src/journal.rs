//! The operator's log: lines for standard error, for which nobody ever waits.
//!
//! Whoever has something to say puts a line into a bounded queue, and one thread writes. The output may be a
//! full disk, a pipe whose reader is dead or asleep, or nothing at all: what could not be written is counted,
//! and told once it can be. This is not what tenants log: those lines are in [`logs`](crate::logs).
//!
//! Always true: no call in here waits for the output, and none panics for it. The keeper has one thread and
//! no queue: it writes what can be written at once.

use std::{
    collections::VecDeque,
    fs::OpenOptions,
    io::{self, Write as _},
    os::{
        fd::{AsFd as _, AsRawFd as _, BorrowedFd},
        unix::fs::OpenOptionsExt as _,
    },
    panic,
    sync::{
        Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{FileType, OFlags, fstat},
    io::Errno,
    net::{SendFlags, send},
};
use tracing_subscriber::fmt::{
    format::Writer as Format,
    time::{FormatTime as _, SystemTime},
};

/// Lines that wait for the output, at most.
const MOST_LINES: usize = 8192;
/// Their bytes.
const MOST_BYTES: usize = 1 << 20;
/// Bytes of one line.
const LONGEST: usize = 16 << 10;
/// Bytes that a pipe takes whole or not at all, and at once if it is ready.
const AT_ONCE: usize = 4096;
/// After so long an output that failed is tried again, though there is nothing new to say.
const AGAIN: Duration = Duration::from_secs(1);

/// Of this process, once it has a thread that writes.
static JOURNAL: OnceLock<Journal> = OnceLock::new();
/// What a process without that thread could not write.
static UNSAID: AtomicU64 = AtomicU64::new(0);

/// Lines on their way to the output.
#[derive(Debug, Default)]
struct Journal {
    queue: Mutex<Queue>,
    /// There is something to write.
    more: Condvar,
    /// There is nothing to write any more.
    done: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    lines: VecDeque<Line>,
    bytes: usize,
    /// Lines for which there was no room, since the last one that had some.
    dropped: u64,
    /// Whether the thread is busy with a line.
    writing: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    Text(Vec<u8>),
    /// So many lines were not written.
    Dropped(u64),
}

impl Queue {
    fn push(&mut self, text: &[u8]) {
        let full = MOST_LINES <= self.lines.len() || MOST_BYTES < self.bytes + text.len();
        if full || LONGEST < text.len() {
            self.dropped += 1;
            return;
        }
        self.note_dropped();
        self.bytes += text.len();
        self.lines.push_back(Line::Text(text.to_owned()));
    }

    /// Where lines are missing, their number stands.
    fn note_dropped(&mut self) {
        if 0 < self.dropped {
            self.lines.push_back(Line::Dropped(std::mem::take(&mut self.dropped)));
        }
    }

    fn pop(&mut self) -> Option<Line> {
        if self.lines.is_empty() {
            self.note_dropped();
        }
        let line = self.lines.pop_front();
        if let Some(Line::Text(text)) = &line {
            self.bytes -= text.len();
        }
        line
    }
}

/// What the thread that writes knows of its output.
#[derive(Debug, Default)]
struct Output {
    /// Lines that could not be written, since the last one that could.
    failed: u64,
    /// Whether the last line broke off in its middle.
    torn: bool,
}

impl Output {
    /// Writes `line`, and before it how many are missing; `write` may take less than it is given.
    fn put(&mut self, line: &Line, mut write: impl FnMut(&[u8]) -> Result<usize, Errno>) {
        let (missing, text) = match line {
            Line::Text(text) => (self.failed, text.as_slice()),
            Line::Dropped(lines) => (self.failed + lines, [].as_slice()),
        };
        let mut bytes = Vec::with_capacity(text.len());
        if self.torn {
            bytes.push(b'\n');
        }
        if 0 < missing {
            bytes.extend_from_slice(notice(missing).as_bytes());
        }
        bytes.extend_from_slice(text);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match write(rest) {
                Ok(written) if 0 < written => rest = &rest[written.min(rest.len())..],
                Err(Errno::INTR) => {}
                Ok(_) | Err(_) => {
                    self.failed = missing + u64::from(!text.is_empty());
                    self.torn = self.torn || rest.len() < bytes.len();
                    return;
                }
            }
        }
        *self = Self::default();
    }
}

/// As a line of the log.
fn notice(lines: u64) -> String {
    let mut now = String::new();
    // Without its time it is still true.
    let _ = SystemTime.format_time(&mut Format::new(&mut now));
    format!(
        "{{\"timestamp\":\"{now}\",\"level\":\"WARN\",\"message\":\"lines of this log could not be \
         written\",\"lines\":{lines},\"target\":\"skepd::journal\"}}\n"
    )
}

impl Journal {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, text: &[u8]) {
        self.lock().push(text);
        self.more.notify_one();
    }

    /// The next line, once there is one; none after [`AGAIN`] if lines could not be written before.
    fn next(&self, failed: bool) -> Option<Line> {
        let mut queue = self.lock();
        loop {
            if let Some(line) = queue.pop() {
                queue.writing = true;
                return Some(line);
            }
            queue.writing = false;
            self.done.notify_all();
            queue = if failed {
                let waited = self.more.wait_timeout(queue, AGAIN);
                let (queue, waited) = waited.unwrap_or_else(PoisonError::into_inner);
                if waited.timed_out() && queue.lines.is_empty() {
                    return None;
                }
                queue
            } else {
                self.more.wait(queue).unwrap_or_else(PoisonError::into_inner)
            };
        }
    }

    /// The thread's whole life.
    fn write(&self) {
        let mut output = Output::default();
        loop {
            let line = self.next(0 < output.failed).unwrap_or(Line::Dropped(0));
            output.put(&line, write_waiting);
        }
    }
}

/// Writes to standard error, waiting as long as it takes.
fn write_waiting(bytes: &[u8]) -> Result<usize, Errno> {
    let stderr = io::stderr();
    loop {
        match rustix::io::write(&stderr, bytes) {
            // Somebody else made it so that it does not wait.
            Err(Errno::AGAIN) => {
                let mut ready = [PollFd::new(&stderr, PollFlags::OUT)];
                poll(&mut ready, None)?;
            }
            written => return written,
        }
    }
}

/// Any caller can make HTTP/2 write lines, as often as it likes. An operator who names `h2` in the filter hears it.
const QUIET: &str = "h2=off";

/// Sets up the log of a process that has many threads, for what `filter` lets through. A panic is a line of it.
///
/// # Errors
///
/// There is no thread to be had.
pub fn start(filter: &str) -> io::Result<()> {
    let journal = JOURNAL.get_or_init(Journal::default);
    thread::Builder::new().name("log".to_owned()).spawn(|| journal.write())?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(tracing_subscriber::EnvFilter::new(format!("{QUIET},{filter}")))
        .log_internal_errors(false)
        .with_writer(|| Queued)
        .init();
    panic::set_hook(Box::new(|panic| {
        let mut text = panic.to_string();
        text.truncate(text.floor_char_boundary(AT_ONCE));
        tracing::error!(panic = text, "a panic");
    }));
    Ok(())
}

/// Takes whole lines; see [`start`].
struct Queued;

impl io::Write for Queued {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(journal) = JOURNAL.get() {
            journal.push(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until everything is written, at most `patience`.
pub fn flush(patience: Duration) {
    let Some(journal) = JOURNAL.get() else { return };
    let end = Instant::now() + patience;
    let mut queue = journal.lock();
    while queue.writing || !queue.lines.is_empty() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        let waited = journal.done.wait_timeout(queue, left);
        queue = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// Says something to the operator, in one piece: keeper, daemon and zygote share one stream.
pub fn say(text: &str) {
    say_lines(&format!("skepd: {text}\n"));
}

/// The same for lines that are complete.
pub fn say_lines(lines: &str) {
    if let Some(journal) = JOURNAL.get() {
        return journal.push(lines.as_bytes());
    }
    let unsaid = UNSAID.load(Ordering::Relaxed);
    let before = match unsaid {
        0 => String::new(),
        lines => format!("skepd: {lines} lines of this log could not be written\n"),
    };
    if write_at_once(io::stderr().as_fd(), format!("{before}{lines}").as_bytes()) {
        UNSAID.fetch_sub(unsaid, Ordering::Relaxed);
    } else {
        UNSAID.fetch_add(1, Ordering::Relaxed);
    }
}

/// Says what was asked for on standard output. Nobody to take it is no reason to fail.
pub fn answer(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

/// Writes what can be written without waiting; whether that was all.
fn write_at_once(output: BorrowedFd<'_>, bytes: &[u8]) -> bool {
    let all = |written: Result<usize, Errno>| written.is_ok_and(|written| written == bytes.len());
    let kind = fstat(output).map(|stat| FileType::from_raw_mode(stat.st_mode));
    match kind {
        Ok(FileType::Socket) => all(send(output, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)),
        Ok(FileType::RegularFile) => all(rustix::io::write(output, bytes)),
        _ => {
            // Whether writing waits belongs to the open file, which others share: ours is opened anew.
            let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
            let own = format!("/proc/self/fd/{}", output.as_raw_fd());
            match OpenOptions::new().write(true).custom_flags(flags).open(own) {
                Ok(own) => all(rustix::io::write(&own, bytes)),
                Err(_) => is_ready(output) && all(rustix::io::write(output, cut(bytes))),
            }
        }
    }
}

/// Whether some bytes could be written now.
fn is_ready(output: BorrowedFd<'_>) -> bool {
    let mut ready = [PollFd::from_borrowed_fd(output, PollFlags::OUT)];
    let now = Timespec::default();
    poll(&mut ready, Some(&now)).is_ok_and(|ready| 0 < ready)
        && ready[0].revents().contains(PollFlags::OUT)
}

fn cut(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(AT_ONCE)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &str) -> Line {
        Line::Text(line.as_bytes().to_vec())
    }

    #[test]
    fn a_full_queue_counts_what_it_drops_and_says_so_in_its_place() {
        let mut queue = Queue::default();
        for _ in 0..MOST_LINES + 3 {
            queue.push(b"a\n");
        }
        assert_eq!((queue.lines.len(), queue.dropped), (MOST_LINES, 3));
        assert_eq!(queue.pop(), Some(text("a\n")));
        queue.push(b"b\n");
        assert_eq!(queue.lines.pop_back(), Some(text("b\n")));
        assert_eq!(queue.lines.pop_back(), Some(Line::Dropped(3)));
    }

    #[test]
    fn its_bytes_are_bounded_and_come_free_again() {
        let mut queue = Queue::default();
        let long = vec![b'a'; LONGEST];
        for _ in 0..MOST_BYTES / LONGEST + 1 {
            queue.push(&long);
        }
        assert_eq!((queue.bytes, queue.dropped), (MOST_BYTES, 1));
        queue.push(&vec![b'a'; LONGEST + 1]);
        assert_eq!(queue.dropped, 2);
        while queue.pop().is_some() {}
        assert_eq!((queue.bytes, queue.dropped), (0, 0));
    }

    #[test]
    fn what_failed_is_told_by_the_first_line_that_does_not() {
        let mut output = Output::default();
        let mut written = Vec::new();
        output.put(&text("a\n"), |_| Err(Errno::NOSPC));
        output.put(&Line::Dropped(4), |_| Err(Errno::PIPE));
        output.put(&text("b\n"), |bytes| {
            written.extend_from_slice(bytes);
            Ok(bytes.len())
        });
        let written = String::from_utf8(written).unwrap();
        let (notice, line) = written.split_once('\n').unwrap();
        assert!(notice.ends_with("\"lines\":5,\"target\":\"skepd::journal\"}"), "{notice}");
        assert_eq!((line, output.failed), ("b\n", 0));
    }

    #[test]
    fn a_line_that_broke_off_ends_before_the_next() {
        let mut output = Output::default();
        let mut room = 2;
        output.put(&text("abc\n"), |bytes| match std::mem::take(&mut room) {
            0 => Err(Errno::NOSPC),
            room => Ok(room.min(bytes.len())),
        });
        assert!(output.torn);
        output.put(&text("d\n"), |bytes| {
            assert_eq!(bytes[0], b'\n');
            Ok(bytes.len())
        });
        assert!(!output.torn);
    }

    #[test]
    fn a_full_pipe_is_not_waited_for() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let line = [b'a'; AT_ONCE];
        let written = (0..1000).take_while(|_| write_at_once(writer.as_fd(), &line)).count();
        assert!((1..1000).contains(&written), "{written}");
        assert!(!is_ready(writer.as_fd()));
        drop(reader);
        assert!(!write_at_once(writer.as_fd(), &line));
    }
}
