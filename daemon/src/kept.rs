//! The code and the console lines of all apps: what of it is in memory, and how code comes back from disk.
//!
//! Which apps leave is decided in [`skep_core::kept`]. What is sent to an instance just now stays until it was,
//! whatever is decided meanwhile.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use skep_core::{
    ByteCount,
    kept::{Held, cutting, leaving},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    logs::Logs,
    registry::{Content, Version},
    store::{Store, StoreError},
};

/// The content of one version, in memory or on disk alone.
#[derive(Debug)]
pub struct Kept {
    content: Mutex<Option<Arc<Content>>>,
    source: ByteCount,
    called: AtomicU64,
}

impl Kept {
    /// In memory.
    pub fn new(content: Content) -> Self {
        let (source, called) = (content.source_bytes(), AtomicU64::new(0));
        Self { content: Mutex::new(Some(Arc::new(content))), source, called }
    }

    /// Bytes of its sources, wherever they are.
    pub fn source_bytes(&self) -> ByteCount {
        self.source
    }

    /// What there is in memory.
    pub fn get(&self) -> Option<Arc<Content>> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When its app was called last.
    pub fn called(&self) -> u64 {
        self.called.load(Ordering::Relaxed)
    }

    /// From now on it is on disk alone; see [`AllKept::on_disk`].
    pub fn leave(&self) {
        self.set(None);
    }

    fn set(&self, content: Option<Arc<Content>>) {
        *self.content.lock().unwrap_or_else(PoisonError::into_inner) = content;
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Kept {}

/// See [`AllKept::read`].
const READS: usize = 2;

/// The lines of an app, and when it was called last.
type Called = (u64, Arc<Logs>);

/// All that is kept.
#[derive(Debug)]
pub struct AllKept {
    most: ByteCount,
    store: Option<Store>,
    /// Who reads from disk at the same time, of all tenants: the threads for that have other work as well.
    reads: Arc<Semaphore>,
    versions: Mutex<Vec<(Weak<Version>, Weak<Logs>)>>,
    /// Where the time of calls begins.
    start: Instant,
}

impl AllKept {
    /// At most so many bytes in memory; the rest is in `store`.
    pub fn new(most: ByteCount, store: Option<Store>) -> Self {
        let (reads, versions) = (Arc::new(Semaphore::new(READS)), Mutex::default());
        Self { most, store, reads, versions, start: Instant::now() }
    }

    /// Whether code that leaves memory can come back.
    pub fn on_disk(&self) -> bool {
        self.store.is_some()
    }

    /// Takes a version that is live from now on, with the lines of its app.
    pub fn add(&self, version: &Arc<Version>, logs: &Arc<Logs>) {
        self.called(version, Instant::now());
        let both = (Arc::downgrade(version), Arc::downgrade(logs));
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).push(both);
        self.settle();
    }

    /// Notes a call of an app, to the millisecond: within one, nothing is written.
    pub fn called(&self, version: &Version, at: Instant) {
        let at = at.saturating_duration_since(self.start).as_millis();
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        if version.content.called.load(Ordering::Relaxed) != at {
            version.content.called.store(at, Ordering::Relaxed);
        }
    }

    /// What is in memory, in bytes.
    pub fn bytes(&self) -> ByteCount {
        let (living, lines) = self.living();
        let in_memory = living.iter().filter_map(|version| version.content.get());
        let code = in_memory.map(|content| content.bytes());
        let lines = lines.iter().map(|(_, logs)| logs.bytes());
        code.chain(lines).fold(ByteCount::ZERO, ByteCount::saturating_plus)
    }

    /// Versions that somebody has still, and the lines of each app, with when it was called.
    fn living(&self) -> (Vec<Arc<Version>>, Vec<Called>) {
        let mut all = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(version, _)| 0 < version.strong_count());
        let (mut versions, mut lines) = (Vec::new(), Vec::<Called>::new());
        // Versions of one app have the same lines: those of the last one are the app's.
        let mut seen = HashSet::new();
        for (version, logs) in all.iter().rev() {
            let Some(version) = version.upgrade() else { continue };
            if let Some(logs) = logs.upgrade()
                && seen.insert(Arc::as_ptr(&logs))
            {
                lines.push((version.content.called.load(Ordering::Relaxed), logs));
            }
            versions.push(version);
        }
        (versions, lines)
    }

    /// Has what was called longest ago leave, if there is too much: code first, which is on disk as well, then the
    /// oldest lines.
    pub fn settle(&self) {
        let (mut living, lines) = self.living();
        let all = lines.iter().map(|(called, logs)| Held { bytes: logs.bytes(), called: *called });
        let all: Vec<Held> = all.collect();
        let of_lines =
            all.iter().map(|one| one.bytes).fold(ByteCount::ZERO, ByteCount::saturating_plus);
        for (at, bytes) in cutting(&all, self.most) {
            lines[at].1.let_go(bytes);
        }
        // Without a store nothing could come back.
        if self.store.is_none() {
            return;
        }
        living.retain(|version| version.content.get().is_some());
        let held: Vec<Held> = living
            .iter()
            .map(|version| Held {
                bytes: version.content.get().map_or(ByteCount::ZERO, |content| content.bytes()),
                called: version.content.called.load(Ordering::Relaxed),
            })
            .collect();
        for at in leaving(&held, self.most.saturating_minus(of_lines)) {
            let version = &living[at];
            tracing::debug!(tenant = %version.tenant, app = %version.app, "code is on disk alone");
            version.content.set(None);
        }
    }

    /// A turn to [`Self::fetch`]: to be held as long as that takes.
    pub async fn read(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.reads).acquire_owned().await.ok()
    }

    /// The content of a version, from disk if it is not in memory: then the caller waits for the disk.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; `None` where the disk has another version by now.
    pub fn fetch(&self, version: &Version) -> Result<Option<Arc<Content>>, StoreError> {
        if let Some(content) = version.content.get() {
            return Ok(Some(content));
        }
        let Some(store) = &self.store else { return Ok(None) };
        let found = store.version(&version.tenant, &version.app)?;
        let content = found.filter(|found| found.id == version.id);
        let content = content.and_then(|found| found.content.get());
        if let Some(content) = &content {
            version.content.set(Some(Arc::clone(content)));
            self.called(version, Instant::now());
            self.settle();
        }
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use skep_link::frame::Level;

    use super::*;
    use crate::{logs::Source, registry::tests::version_of};

    /// What a version of these tests has in memory, and a line beside its text.
    const CODE: u64 = 500 + 8 + 64;
    const BESIDE: u64 = size_of::<crate::logs::Line>() as u64;

    fn version(app: &str) -> Arc<Version> {
        Arc::new(version_of(app, vec![("index.js".parse().unwrap(), vec![b' '; 500])]))
    }

    #[test]
    fn code_leaves_before_lines_and_then_the_oldest_lines_of_whoever_was_called_longest_ago() {
        let folder = std::env::temp_dir().join(format!("skep-kept-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let store = Store::open(&folder).unwrap();
        let kept = AllKept::new(ByteCount::from_bytes(3 * CODE), Some(store));
        let logs = || Arc::new(Logs::new(9, ByteCount::from_mib(1), Arc::default()));
        let (old, new) = (version("old"), version("new"));
        let (olds, news) = (logs(), logs());
        kept.add(&old, &olds);
        kept.add(&new, &news);
        // Another version of it has the same lines.
        let newer = version("new");
        kept.add(&newer, &news);
        drop(new);
        kept.called(&old, kept.start + Duration::from_secs(1));
        kept.called(&newer, kept.start + Duration::from_secs(2));
        let source = Source { invocation: None, level: Level::Info };
        let push = |logs: &Logs, text: u64| {
            logs.push(source, &"x".repeat(usize::try_from(text).unwrap()));
            kept.settle();
            let here = [&old, &newer].map(|version| version.content.get().is_some());
            (here, olds.bytes().bytes(), news.bytes().bytes(), kept.bytes().bytes())
        };
        let (most, line) = (3 * CODE, 10 + BESIDE);
        assert_eq!(push(&olds, CODE - BESIDE), ([true, true], CODE, 0, most));
        assert_eq!(push(&news, 10), ([false, true], CODE, line, 2 * CODE + line));
        // Lines alone fill it now.
        let rest = most - line - CODE - BESIDE;
        assert_eq!(push(&olds, rest), ([false, false], most - line, line, most));
        // The oldest is larger than what came.
        let of_new = line + 5 + BESIDE;
        let left = most - line - CODE;
        assert_eq!(push(&news, 5), ([false, false], left, of_new, left + of_new));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
