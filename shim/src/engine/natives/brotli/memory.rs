//! Memory for the brotli library, counted by a heap's meter, and what its encoder needs of it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use brotli::{Allocator, SliceWrapper, SliceWrapperMut, enc::BrotliAlloc};

use crate::sys::{Charge, Meter};

/// A block of memory of the library.
pub(super) struct Cells<T, U> {
    items: Vec<T>,
    /// Counts it for as long as it is there.
    _count: Option<U>,
}

impl<T, U> Default for Cells<T, U> {
    fn default() -> Self {
        Self { items: Vec::new(), _count: None }
    }
}

impl<T, U> SliceWrapper<T> for Cells<T, U> {
    fn slice(&self) -> &[T] {
        &self.items
    }
}

impl<T, U> SliceWrapperMut<T> for Cells<T, U> {
    fn slice_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

fn size_of_cells<T>(len: usize) -> usize {
    len.saturating_mul(size_of::<T>())
}

/// Memory of which each block is counted when it is made; one that is refused is empty.
#[derive(Clone)]
pub(super) struct Counted {
    meter: Rc<Meter>,
    is_short: Rc<Cell<bool>>,
}

impl Counted {
    pub(super) fn new(meter: &Rc<Meter>) -> Self {
        Self { meter: Rc::clone(meter), is_short: Rc::default() }
    }

    /// Whether a block was refused.
    pub(super) fn is_short(&self) -> bool {
        self.is_short.get()
    }
}

impl<T: Clone + Default> Allocator<T> for Counted {
    type AllocatedMemory = Cells<T, Charge>;

    fn alloc_cell(&mut self, len: usize) -> Self::AllocatedMemory {
        let charge = self.meter.charge(size_of_cells::<T>(len));
        if charge.is_none() {
            self.is_short.set(true);
            return Cells::default();
        }
        Cells { items: vec![T::default(); len], _count: charge }
    }

    fn free_cell(&mut self, cells: Self::AllocatedMemory) {
        drop(cells);
    }
}

/// Memory that was counted before, all in one, for a library that cannot stand a refusal.
#[derive(Clone)]
pub(super) struct Reserved(Rc<Reserve>);

struct Reserve {
    charge: RefCell<Charge>,
    /// Bytes that are counted.
    bytes: Cell<usize>,
    /// Bytes of all blocks, now and at most.
    used: Cell<usize>,
    peak: Cell<usize>,
}

impl Reserved {
    /// None yet, with a charge of nothing.
    pub(super) fn new(charge: Charge) -> Self {
        let (bytes, used, peak) = (Cell::new(0), Cell::new(0), Cell::new(0));
        Self(Rc::new(Reserve { charge: RefCell::new(charge), bytes, used, peak }))
    }

    /// Sees to it that so many bytes are counted; false if the heap has no room for them.
    pub(super) fn reserve(&self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.0.bytes.get());
        if !self.0.charge.borrow_mut().grow(more) {
            return false;
        }
        self.0.bytes.set(self.0.bytes.get() + more);
        true
    }

    /// Whether never more was used than was counted; if more was, that is counted now, and the answer is whether the
    /// heap has room for it.
    pub(super) fn is_kept(&self) -> bool {
        self.reserve(self.0.peak.get())
    }

    /// Bytes that were used at once at most.
    #[cfg(test)]
    pub(super) fn peak(&self) -> usize {
        self.0.peak.get()
    }
}

/// A part of a reserve that is in use.
pub(super) struct Part {
    reserve: Rc<Reserve>,
    bytes: usize,
}

impl Drop for Part {
    fn drop(&mut self) {
        self.reserve.used.set(self.reserve.used.get() - self.bytes);
    }
}

impl<T: Clone + Default> Allocator<T> for Reserved {
    type AllocatedMemory = Cells<T, Part>;

    fn alloc_cell(&mut self, len: usize) -> Self::AllocatedMemory {
        let bytes = size_of_cells::<T>(len);
        let used = self.0.used.get().saturating_add(bytes);
        self.0.used.set(used);
        self.0.peak.set(used.max(self.0.peak.get()));
        let part = Part { reserve: Rc::clone(&self.0), bytes };
        Cells { items: vec![T::default(); len], _count: Some(part) }
    }

    fn free_cell(&mut self, cells: Self::AllocatedMemory) {
        drop(cells);
    }
}

impl BrotliAlloc for Reserved {}

/// What an encoder needs by its settings: quality, and the base two logarithms of its window and its blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs {
    pub(super) quality: u32,
    pub(super) window_bits: u32,
    pub(super) block_bits: u32,
}

impl Needs {
    /// Bytes of memory while the first `input` bytes are compressed, at most: the window twice with a block, the table
    /// of where things were seen, the paths through a block, and commands and output of the metablock. Measured
    /// with three kinds of data in all qualities; a test holds the two beside each other.
    pub(super) fn bytes(&self, input: usize) -> usize {
        let Self { quality, window_bits, block_bits } = *self;
        let (window, block) = (1_usize << window_bits, 1_usize << block_bits);
        let largest = window.max(block);
        let table = match quality {
            0 | 1 => 1536 << 10,
            2 | 3 => 512 << 10,
            4 => 5 << 20,
            5..=9 => (4 << 14 << quality) + (256 << 10),
            _ => 8 * window + (512 << 10),
        };
        let ring = if quality < 2 { 0 } else { 2 * largest + 2 * block };
        let paths = if quality < 10 { 0 } else { 72 * input.min(block) };
        let each = if quality < 10 { 10 } else { 16 };
        let metablock = each * input.min((2 * largest).min(1 << 24));
        // Codes and histograms.
        let constant = if quality < 10 { 1 << 20 } else { 2 << 20 };
        constant + table + ring + paths + metablock
    }
}
