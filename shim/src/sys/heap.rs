//! The engine's allocator: the system's, with a count and a limit.
//!
//! It remembers whether the limit was ever met, which tenant code cannot undo by catching the error.

use std::{cell::Cell, ops::RangeInclusive, ptr, rc::Rc};

use rquickjs::{Ctx, allocator::Allocator, qjs};

const PAGE: usize = 4096;
/// What the C library and the engine keep beside a block. Blocks of a page less this, each at a page, are neighbours.
const BESIDE: usize = 8;
/// Bytes of the blocks in which the engine keeps its small objects; see `arena_new` in quickjs.c.
const ARENA: RangeInclusive<usize> = PAGE - 512..=PAGE;

/// Bytes of its small objects, the largest of each of their sizes; see `arena_block_sizes` there.
const SMALL: [usize; 31] = [
    8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 136, 152, 168, 184, 200, 216,
    232, 248, 280, 312, 344, 376, 408, 440, 472, 504,
];

/// What the allocator of one engine has counted.
#[derive(Debug, Default)]
pub struct Meter {
    used: Cell<usize>,
    limit: Cell<Option<usize>>,
    refused: Cell<bool>,
    /// Blocks that were made for small objects.
    arenas: Cell<usize>,
}

impl Meter {
    /// Bytes in use, as the system's allocator rounds them.
    pub fn used(&self) -> usize {
        self.used.get()
    }

    /// How many there may be, once somebody said so.
    pub fn limit(&self) -> Option<usize> {
        self.limit.get()
    }

    /// Bytes that may still be used.
    pub fn left(&self) -> usize {
        self.limit.get().map_or(usize::MAX, |limit| limit.saturating_sub(self.used.get()))
    }

    /// Refuses from now on what would bring the use above `bytes`.
    pub fn set_limit(&self, bytes: usize) {
        self.limit.set(Some(bytes));
    }

    /// Whether anything was ever refused.
    pub fn refused(&self) -> bool {
        self.refused.get()
    }

    /// Counts `bytes` that are about to be made outside of the engine, until the charge is dropped. None are
    /// to be made if this is refused, which is remembered as a refusal of the engine's allocator is.
    pub fn charge(self: &Rc<Self>, bytes: usize) -> Option<Charge> {
        let sum = self.used.get().checked_add(bytes).filter(|_| self.allows(bytes, 0));
        let Some(sum) = sum else {
            self.refused.set(true);
            return None;
        };
        self.used.set(sum);
        Some(Charge { meter: Rc::clone(self), bytes })
    }

    /// A block of the system's allocator for a library beside the engine, counted; null if it is refused.
    pub(super) fn allocate(&self, bytes: usize) -> *mut libc::c_void {
        if !self.allows(bytes, 0) {
            return ptr::null_mut();
        }
        // SAFETY: any size is allowed; failure is null.
        let block = unsafe { libc::malloc(bytes) };
        // SAFETY: `block` is null, for which the answer is 0, or was just returned by malloc.
        let size = unsafe { libc::malloc_usable_size(block) };
        self.used.set(self.used.get() + size);
        block
    }

    /// Gives such a block back.
    ///
    /// # Safety
    ///
    /// It came from [`Self::allocate`] of this meter, and nobody uses it any more.
    pub(super) unsafe fn free(&self, block: *mut libc::c_void) {
        // SAFETY: the caller promises that it came from malloc; null answers 0.
        let size = unsafe { libc::malloc_usable_size(block) };
        self.used.set(self.used.get().saturating_sub(size));
        // SAFETY: as above, and the caller does not use it again.
        unsafe { libc::free(block) };
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

/// Bytes outside of the engine that a meter counts until this is dropped.
#[derive(Debug)]
pub struct Charge {
    meter: Rc<Meter>,
    bytes: usize,
}

impl Charge {
    /// Counts `bytes` more. If they are refused, nothing changes but that the meter remembers it.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let Some(more) = self.meter.charge(bytes) else { return false };
        self.bytes += bytes;
        std::mem::forget(more);
        true
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.meter.used.set(self.meter.used.get().saturating_sub(self.bytes));
    }
}

/// Bytes of a block that goes back to the kernel when it is freed, and of what is kept at the end of the heap. By itself
/// glibc raises both when large blocks are freed; then what is kept is in no meter, and the kernel's limit is met before
/// the engine's.
const GIVEN_BACK: libc::c_int = 512 << 10;

/// The allocator. One thread only, as the engine.
#[derive(Debug)]
pub struct Heap {
    meter: Rc<Meter>,
    cloned: bool,
}

impl Heap {
    /// An allocator and its meter.
    pub fn new() -> (Self, Rc<Meter>) {
        // SAFETY: both parameters take any size.
        unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, GIVEN_BACK) };
        // SAFETY: as above.
        unsafe { libc::mallopt(libc::M_TRIM_THRESHOLD, GIVEN_BACK) };
        let meter = Rc::new(Meter::default());
        (Self { meter: Rc::clone(&meter), cloned: false }, meter)
    }

    /// The same for an engine that is cloned before it has a limit. Until then the blocks of its small
    /// objects begin at a page: one that a clone writes to costs it a copy of one page, not of two.
    pub fn to_be_cloned() -> (Self, Rc<Meter>) {
        let (heap, meter) = Self::new();
        (Self { cloned: true, ..heap }, meter)
    }

    fn count(&self, block: *mut libc::c_void) -> *mut u8 {
        // SAFETY: `block` is null, for which the answer is 0, or was just returned by malloc and its kin.
        let size = unsafe { libc::malloc_usable_size(block) };
        self.meter.used.set(self.meter.used.get() + size);
        block.cast()
    }

    fn uncount(&self, size: usize) {
        self.meter.used.set(self.meter.used.get().saturating_sub(size));
    }
}

// SAFETY: all memory comes from malloc, calloc, realloc and memalign of the system, which align for any type,
// and `usable_size` asks the same allocator.
unsafe impl Allocator for Heap {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if !self.meter.allows(size, 0) {
            return ptr::null_mut();
        }
        let is_arena = ARENA.contains(&size);
        self.meter.arenas.set(self.meter.arenas.get() + usize::from(is_arena));
        let at_a_page = self.cloned && self.meter.limit.get().is_none() && is_arena;
        let block = if at_a_page {
            // SAFETY: the alignment is a power of two and any size is allowed; failure is null.
            unsafe { libc::memalign(PAGE, size.max(PAGE - BESIDE)) }
        } else {
            // SAFETY: any size is allowed; failure is null.
            unsafe { libc::malloc(size) }
        };
        self.count(block)
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        if !self.meter.allows(count.saturating_mul(size), 0) {
            return ptr::null_mut();
        }
        // SAFETY: any count and size are allowed; overflow and failure are null.
        let block = unsafe { libc::calloc(count, size) };
        self.count(block)
    }

    unsafe fn dealloc(&mut self, ptr: *mut u8) {
        // SAFETY: the caller promises that `ptr` came from this allocator, so from malloc or its kin.
        let size = unsafe { libc::malloc_usable_size(ptr.cast()) };
        self.uncount(size);
        // SAFETY: as above, and the caller does not use it again.
        unsafe { libc::free(ptr.cast()) };
    }

    unsafe fn realloc(&mut self, ptr: *mut u8, new_size: usize) -> *mut u8 {
        // SAFETY: the caller promises that `ptr` came from this allocator; null answers 0.
        let old = unsafe { libc::malloc_usable_size(ptr.cast()) };
        if !self.meter.allows(new_size, old) {
            return ptr::null_mut();
        }
        // SAFETY: as above; on failure the old block stays valid and null is returned.
        let block = unsafe { libc::realloc(ptr.cast(), new_size) };
        if block.is_null() {
            return ptr::null_mut();
        }
        self.uncount(old);
        self.count(block)
    }

    unsafe fn usable_size(ptr: *mut u8) -> usize {
        // SAFETY: the caller promises that `ptr` came from this allocator.
        unsafe { libc::malloc_usable_size(ptr.cast()) }
    }
}

/// Takes what is free in the blocks of small objects, for good: what a clone makes of one size is then in one block that
/// is all its own, and not in one here and one there of those that all clones share.
pub fn fill_arenas(ctx: &Ctx<'_>, meter: &Meter) {
    for size in SMALL {
        let before = meter.arenas.get();
        // There are not more free places than fit into all that is in use.
        for _ in 0..=meter.used() / size {
            // SAFETY: the context is alive, and any size is allowed; failure is null.
            let block = unsafe { qjs::js_malloc(ctx.as_raw().as_ptr(), size as _) };
            if block.is_null() || before < meter.arenas.get() {
                break;
            }
        }
    }
}

/// Takes what is free between the blocks in use, for good. What a clone of this process allocates is then in
/// pages of its own, and not in one here and one there of those that all clones share: each of these would
/// be copied.
pub fn fill_holes() {
    /// The largest hole that matters.
    const LARGEST: usize = 8 << 10;
    /// The C library keeps what is freed up to this size for the next block of that size.
    const KEPT: usize = 1 << 10;
    // Larger than any hole that was seen; were it in one, only what is below would be filled.
    let above_all = Vec::<u8>::with_capacity(8 * LARGEST);
    let end = above_all.as_ptr().addr();
    drop(above_all);
    for size in (1..=LARGEST / 16).rev().map(|units| 16 * units) {
        loop {
            let block = Vec::<u8>::with_capacity(size);
            let in_a_hole = block.as_ptr().addr() < end;
            if in_a_hole || size <= KEPT {
                std::mem::forget(block);
            }
            if !in_a_hole {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Whether no other test allocates in this process; if not, `test` is run in one of its own.
    fn is_alone(test: &str) -> bool {
        if std::env::args().any(|arg| arg == "--exact") {
            return true;
        }
        let program = std::env::current_exe().expect("this program has a file");
        let name = format!("sys::heap::tests::{test}");
        let output = Command::new(program).args(["--exact", &name]).output();
        let output = output.expect("this program can be started");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        false
    }

    #[test]
    fn what_is_allocated_later_is_above_all_that_was_there() {
        if !is_alone("what_is_allocated_later_is_above_all_that_was_there") {
            return;
        }
        let mut blocks: Vec<Vec<u8>> =
            (0..2000).map(|number| Vec::with_capacity(16 + number % 500)).collect();
        let end = blocks.iter().map(|block| block.as_ptr().addr()).max().unwrap();
        let mut number = 0;
        blocks.retain(|_| {
            number += 1;
            number % 3 == 0
        });
        let in_holes =
            |blocks: &[Vec<u8>]| blocks.iter().filter(|block| block.as_ptr().addr() < end).count();
        let made =
            || -> Vec<Vec<u8>> { (1..32).map(|units| Vec::with_capacity(16 * units)).collect() };
        assert!(0 < in_holes(&made()));
        fill_holes();
        assert_eq!(in_holes(&made()), 0);
    }

    #[test]
    fn small_objects_of_a_size_are_neighbours_once_all_blocks_are_filled() {
        let (heap, meter) = Heap::new();
        let runtime = rquickjs::Runtime::new_with_alloc(heap).unwrap();
        let context = rquickjs::Context::full(&runtime).unwrap();
        context.with(|ctx| {
            let raw = ctx.as_raw().as_ptr();
            // SAFETY: the context is alive.
            let make = |size: usize| unsafe { qjs::js_malloc(raw, size as _) }.addr();
            for size in SMALL {
                let blocks: Vec<usize> = (0..9).map(|_| make(size)).collect();
                for block in blocks.into_iter().step_by(2) {
                    let block = ptr::with_exposed_provenance_mut(block);
                    // SAFETY: it was just made by this context and is not used again.
                    unsafe { qjs::js_free(raw, block) };
                }
            }
            let neighbours =
                || SMALL.iter().filter(|&&size| make(size) + size + BESIDE == make(size)).count();
            assert!(neighbours() < SMALL.len());
            let before = meter.arenas.get();
            fill_arenas(&ctx, &meter);
            assert_eq!(meter.arenas.get(), before + SMALL.len());
            assert_eq!(neighbours(), SMALL.len());
            assert_eq!(meter.arenas.get(), before + SMALL.len());
        });
        std::mem::forget((context, runtime));
    }

    #[test]
    fn blocks_of_small_objects_are_whole_pages_until_there_is_a_limit() {
        if !is_alone("blocks_of_small_objects_are_whole_pages_until_there_is_a_limit") {
            return;
        }
        let (mut heap, meter) = Heap::to_be_cloned();
        let blocks: Vec<_> = (0..100).map(|_| heap.alloc(4072)).collect();
        assert!(blocks.iter().all(|block| block.addr() % PAGE == 0));
        // As long as the C library has other free memory there may be a page between two.
        assert!(blocks[50..].windows(2).all(|two| two[1].addr() - two[0].addr() == PAGE));
        meter.set_limit(usize::MAX);
        let later: Vec<_> = (0..100).map(|_| heap.alloc(4072)).collect();
        assert!(later.iter().any(|block| block.addr() % PAGE != 0));
        for block in blocks.into_iter().chain(later) {
            // SAFETY: it came from this allocator and is not used again.
            unsafe { heap.dealloc(block) };
        }
        assert_eq!(meter.used(), 0);
    }
}
