//! The engine's allocator: the system's, with a count and a limit.
//!
//! It remembers whether the limit was ever met, which tenant code cannot undo by catching the error.

use std::{cell::Cell, rc::Rc};

use rquickjs::allocator::Allocator;

/// What the allocator of one engine has counted.
#[derive(Debug, Default)]
pub struct Meter {
    used: Cell<usize>,
    limit: Cell<Option<usize>>,
    refused: Cell<bool>,
}

impl Meter {
    /// Bytes in use, as the system's allocator rounds them.
    pub fn used(&self) -> usize {
        self.used.get()
    }

    /// Refuses from now on what would bring the use above `bytes`.
    pub fn set_limit(&self, bytes: usize) {
        self.limit.set(Some(bytes));
    }

    /// Whether anything was ever refused.
    pub fn refused(&self) -> bool {
        self.refused.get()
    }

    /// Whether `more` fit beside what is used after `less` is given back; remembers a refusal.
    fn allows(&self, more: usize, less: usize) -> bool {
        let fits = match self.limit.get() {
            Some(limit) => {
                let kept = self.used.get().saturating_sub(less);
                kept.checked_add(more).is_some_and(|sum| sum <= limit)
            }
            None => true,
        };
        if !fits {
            self.refused.set(true);
        }
        fits
    }
}

/// The allocator. One thread only, as the engine.
#[derive(Debug)]
pub struct Heap(Rc<Meter>);

impl Heap {
    /// An allocator and its meter.
    pub fn new() -> (Self, Rc<Meter>) {
        let meter = Rc::new(Meter::default());
        (Self(Rc::clone(&meter)), meter)
    }

    fn count(&self, block: *mut libc::c_void) -> *mut u8 {
        // SAFETY: `block` is null, for which the answer is 0, or was just returned by malloc.
        let size = unsafe { libc::malloc_usable_size(block) };
        self.0.used.set(self.0.used.get() + size);
        block.cast()
    }

    fn uncount(&self, size: usize) {
        self.0.used.set(self.0.used.get().saturating_sub(size));
    }
}

// SAFETY: all memory comes from malloc, calloc and realloc of the system, which align for any type,
// and `usable_size` asks the same allocator.
unsafe impl Allocator for Heap {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if !self.0.allows(size, 0) {
            return std::ptr::null_mut();
        }
        // SAFETY: any size is allowed; failure is null.
        let block = unsafe { libc::malloc(size) };
        self.count(block)
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        if !self.0.allows(count.saturating_mul(size), 0) {
            return std::ptr::null_mut();
        }
        // SAFETY: any count and size are allowed; overflow and failure are null.
        let block = unsafe { libc::calloc(count, size) };
        self.count(block)
    }

    unsafe fn dealloc(&mut self, ptr: *mut u8) {
        // SAFETY: the caller promises that `ptr` came from this allocator, so from malloc.
        let size = unsafe { libc::malloc_usable_size(ptr.cast()) };
        self.uncount(size);
        // SAFETY: as above, and the caller does not use it again.
        unsafe { libc::free(ptr.cast()) };
    }

    unsafe fn realloc(&mut self, ptr: *mut u8, new_size: usize) -> *mut u8 {
        // SAFETY: the caller promises that `ptr` came from this allocator; null answers 0.
        let old = unsafe { libc::malloc_usable_size(ptr.cast()) };
        if !self.0.allows(new_size, old) {
            return std::ptr::null_mut();
        }
        // SAFETY: as above; on failure the old block stays valid and null is returned.
        let block = unsafe { libc::realloc(ptr.cast(), new_size) };
        if block.is_null() {
            return std::ptr::null_mut();
        }
        self.uncount(old);
        self.count(block)
    }

    unsafe fn usable_size(ptr: *mut u8) -> usize {
        // SAFETY: the caller promises that `ptr` came from this allocator.
        unsafe { libc::malloc_usable_size(ptr.cast()) }
    }
}
