//! Console lines of tenants, kept in memory, bounded for each app and, with the code of all apps, for all together.
//!
//! Lines are data of the tenant: they are given to its callers, and never mixed into the daemon's own
//! log.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use skep_core::{ByteCount, InvocationId};
use skep_link::frame::{Level, MAX_LOG_LINE, cut};
use tokio::sync::Notify;

/// What a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The call; none of what happened between calls.
    pub invocation: Option<InvocationId>,
    /// Its severity.
    pub level: Level,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1 at the start of the daemon, for each app.
    pub sequence: u64,
    /// Microseconds since 1970.
    pub time_us: u64,
    /// What it belongs to.
    pub source: Source,
    /// The text.
    pub text: String,
}

impl Line {
    /// Bytes in memory: its text, and what there is beside that of each line.
    fn bytes(&self) -> usize {
        self.text.len() + size_of::<Self>()
    }
}

/// The last lines of one app.
#[derive(Debug)]
pub struct Logs {
    most: usize,
    most_bytes: usize,
    grown: Arc<Notify>,
    kept: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    /// The number of the last one.
    sequence: u64,
    all: VecDeque<Line>,
    /// See [`Line::bytes`].
    bytes: usize,
    /// Of those that came since somebody was told.
    unsettled: usize,
}

/// So many bytes of new lines of one app are told to whoever looks after all that is kept.
const GROWN_BY: usize = 64 << 10;

impl Logs {
    /// Keeps at most `most` lines, of so many bytes together.
    pub fn new(most: u32, bytes: ByteCount, grown: Arc<Notify>) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let most_bytes = usize::try_from(bytes.bytes()).unwrap_or(usize::MAX);
        Self { most, most_bytes, grown, kept: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a line of the daemon's own that says how many lines of a call or a load were not taken.
    pub fn tell_dropped(&self, invocation: Option<InvocationId>, dropped: u32) {
        if 0 < dropped {
            let source = Source { invocation, level: Level::Warn };
            self.push(source, &format!("{dropped} more console lines were beyond the bound of one call and are not kept"));
        }
    }

    /// Takes a line, of at most [`MAX_LOG_LINE`] bytes, and lets the oldest one go when there are too many. Now and
    /// then it tells `grown` that there is more.
    pub fn push(&self, source: Source, text: &str) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time_us = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        let mut kept = self.lock();
        kept.sequence += 1;
        let sequence = kept.sequence;
        let text = cut(text, MAX_LOG_LINE).to_owned();
        let line = Line { sequence, time_us, source, text };
        kept.bytes += line.bytes();
        kept.unsettled += line.bytes();
        if GROWN_BY <= kept.unsettled {
            kept.unsettled = 0;
            self.grown.notify_one();
        }
        kept.all.push_back(line);
        while self.most < kept.all.len() || self.most_bytes < kept.bytes {
            let Some(gone) = kept.all.pop_front() else { return };
            kept.bytes -= gone.bytes();
        }
    }

    /// Bytes of all lines, with what there is beside their texts.
    pub fn bytes(&self) -> ByteCount {
        ByteCount::from_bytes(u64::try_from(self.lock().bytes).unwrap_or(u64::MAX))
    }

    /// Lets the oldest lines go, of at least so many bytes together, or all.
    pub fn let_go(&self, bytes: ByteCount) {
        let mut kept = self.lock();
        let wanted = usize::try_from(bytes.bytes()).unwrap_or(usize::MAX);
        let left = kept.bytes.saturating_sub(wanted);
        while left < kept.bytes {
            let Some(gone) = kept.all.pop_front() else { return };
            kept.bytes -= gone.bytes();
        }
    }

    /// The newest lines after `after`, newest first: at most `limit`, and none after those whose texts have
    /// more than `bytes` together.
    pub fn read(&self, after: u64, limit: usize, bytes: usize) -> Vec<Line> {
        let kept = self.lock();
        let newest = kept.all.iter().rev().take_while(|line| after < line.sequence).take(limit);
        let mut before = 0;
        let fitting = newest.take_while(|line| {
            let fits = before <= bytes;
            before += line.text.len();
            fits
        });
        fitting.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a line has beside its text.
    const BESIDE: u64 = size_of::<Line>() as u64;

    #[test]
    fn lines_without_text_are_bounded_in_bytes_too() {
        let logs = Logs::new(u32::MAX, ByteCount::from_bytes(3 * BESIDE), Arc::default());
        let source = Source { invocation: None, level: Level::Info };
        (0..9).for_each(|_| logs.push(source, ""));
        assert_eq!((logs.bytes().bytes(), logs.read(0, 99, 99).len()), (3 * BESIDE, 3));
    }

    #[test]
    fn the_oldest_lines_go_first_and_numbers_stay() {
        let logs = Logs::new(2, ByteCount::from_mib(1), Arc::default());
        let source = Source { invocation: Some(InvocationId::from_bits(1)), level: Level::Info };
        for text in ["a", "b", "c"] {
            logs.push(source, text);
        }
        let all: Vec<_> =
            logs.read(0, 9, 9).into_iter().map(|line| (line.sequence, line.text)).collect();
        assert_eq!(all, [(3, "c".to_owned()), (2, "b".to_owned())]);
        assert_eq!(logs.read(2, 9, 9).len(), 1);
        assert_eq!(logs.read(0, 1, 9)[0].text, "c");
    }

    #[test]
    fn no_more_is_read_than_asked_for_and_one_line_that_tells_so() {
        let logs = Logs::new(9, ByteCount::from_mib(1), Arc::default());
        let source = Source { invocation: None, level: Level::Info };
        ["aaaa", "b", "cc", "dd"].iter().for_each(|text| logs.push(source, text));
        let read = |limit, bytes| {
            let lines = logs.read(0, limit, bytes).into_iter();
            lines.map(|line| line.text).collect::<Vec<_>>()
        };
        assert_eq!(read(9, 9), ["dd", "cc", "b", "aaaa"]);
        assert_eq!(read(9, 4), ["dd", "cc", "b"]);
        assert_eq!(read(9, 3), ["dd", "cc"]);
        assert_eq!(read(1, 3), ["dd"]);
        assert!(read(0, 9).is_empty());
    }

    #[test]
    fn the_oldest_are_let_go_until_so_much_is_gone() {
        let logs = Logs::new(9, ByteCount::from_mib(1), Arc::default());
        let source = Source { invocation: None, level: Level::Info };
        ["aaaa", "b", "cc"].iter().for_each(|text| logs.push(source, text));
        let left = |bytes| {
            logs.let_go(ByteCount::from_bytes(bytes));
            (logs.bytes().bytes(), logs.read(0, 9, 9).len())
        };
        assert_eq!(left(0), (7 + 3 * BESIDE, 3));
        assert_eq!(left(1), (3 + 2 * BESIDE, 2));
        // One of them is not enough for that.
        assert_eq!(left(BESIDE + 2), (0, 0));
    }

    #[test]
    fn lines_go_when_their_bytes_are_too_many_and_one_that_is_too_long_leaves_none() {
        let logs = Logs::new(9, ByteCount::from_bytes(2 * BESIDE + 5), Arc::default());
        let source = Source { invocation: None, level: Level::Info };
        let texts = || {
            let lines = logs.read(0, 9, 9).into_iter().rev();
            lines.map(|line| line.text).collect::<Vec<_>>()
        };
        ["aa", "bb", "cc"].iter().for_each(|text| logs.push(source, text));
        assert_eq!(texts(), ["bb", "cc"]);
        logs.push(source, &"d".repeat(size_of::<Line>() + 6));
        assert!(texts().is_empty());
    }
}
