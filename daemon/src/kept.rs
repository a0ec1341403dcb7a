//! The code of all apps: what of it is in memory, and how the rest comes back from disk.
//!
//! Which apps leave is decided in [`skep_core::kept`]. What an instance loads just now stays until it has, whatever
//! is decided meanwhile.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use skep_core::{
    ByteCount,
    kept::{Held, leaving},
};

use crate::{
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

/// All that is kept.
#[derive(Debug)]
pub struct AllKept {
    most: ByteCount,
    store: Option<Store>,
    versions: Mutex<Vec<Weak<Version>>>,
    /// Where the time of calls begins.
    start: Instant,
}

impl AllKept {
    /// At most so many bytes in memory; the rest is in `store`.
    pub fn new(most: ByteCount, store: Option<Store>) -> Self {
        Self { most, store, versions: Mutex::default(), start: Instant::now() }
    }

    /// Takes a version that is live from now on.
    pub fn add(&self, version: &Arc<Version>) {
        self.called(version, Instant::now());
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(version));
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
        let living = self.living();
        let in_memory = living.iter().filter_map(|version| version.content.get());
        in_memory.fold(ByteCount::ZERO, |sum, content| sum.saturating_plus(content.bytes()))
    }

    fn living(&self) -> Vec<Arc<Version>> {
        let mut all = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|version| 0 < version.strong_count());
        all.iter().filter_map(Weak::upgrade).collect()
    }

    /// Has those leave that were called longest ago, if there is too much.
    pub fn settle(&self) {
        // Without a store nothing could come back.
        if self.store.is_none() {
            return;
        }
        let mut living = self.living();
        living.retain(|version| version.content.get().is_some());
        let held: Vec<Held> = living
            .iter()
            .map(|version| Held {
                bytes: version.content.get().map_or(ByteCount::ZERO, |content| content.bytes()),
                called: version.content.called.load(Ordering::Relaxed),
            })
            .collect();
        for at in leaving(&held, self.most) {
            let version = &living[at];
            tracing::debug!(tenant = %version.tenant, app = %version.app, "code is on disk alone");
            version.content.set(None);
        }
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
