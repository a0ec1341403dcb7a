//! Memory that processes share: how far each child of a zygote came, and who has which identity.
//!
//! A child unmaps the first before its last step and never has the second: no tenant code can reach them.

use std::{
    io,
    num::NonZeroUsize,
    os::fd::OwnedFd,
    ptr::NonNull,
    sync::atomic::{AtomicU8, AtomicU32, Ordering},
};

use nix::{
    errno::Errno,
    sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap, mmap_anonymous, munmap},
};
use skep_link::zygote::ENTRY;

/// Bytes in memory that stays shared across clones.
#[derive(Debug)]
pub struct SharedBytes {
    /// Where they are; `None` once unmapped.
    mapped: Option<(NonNull<libc::c_void>, NonZeroUsize)>,
}

impl SharedBytes {
    /// Maps `len` bytes, all zero.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub fn new(len: NonZeroUsize) -> io::Result<Self> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice replaces nothing.
        let start = unsafe { mmap_anonymous(None, len, access, MapFlags::MAP_SHARED)? };
        Ok(Self { mapped: Some((start, len)) })
    }

    fn byte(&self, at: usize) -> Option<&AtomicU8> {
        let (start, _) = self.mapped.filter(|(_, len)| at < len.get())?;
        // SAFETY: `at` is inside the mapping, see above.
        let byte = unsafe { start.as_ptr().cast::<u8>().add(at) };
        // SAFETY: the mapping stays while `self` is borrowed; every access from every process that
        // shares it goes through this atomic type, which has no alignment need.
        Some(unsafe { AtomicU8::from_ptr(byte) })
    }

    /// The byte at `at`; 0 outside.
    pub fn get(&self, at: usize) -> u8 {
        self.byte(at).map_or(0, |byte| byte.load(Ordering::Relaxed))
    }

    /// Sets the byte at `at`; nothing happens outside.
    pub fn set(&self, at: usize, value: u8) {
        if let Some(byte) = self.byte(at) {
            byte.store(value, Ordering::Relaxed);
        }
    }

    /// Takes the memory out of this process; others keep it. Later reads give 0.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn unmap(&mut self) -> io::Result<()> {
        if let Some((start, len)) = self.mapped.take() {
            // SAFETY: the mapping was made by `new`, nothing borrows from it while `self` is borrowed
            // mutably, and `self` has just forgotten it.
            unsafe { munmap(start, len.get())? };
        }
        Ok(())
    }
}

/// The table of identities that keeper and zygotes share: an entry for each, 0 where it is free. Children do
/// not have it.
#[derive(Debug)]
pub struct IdTable {
    start: NonNull<libc::c_void>,
    len: usize,
}

impl IdTable {
    /// Maps the `count` entries of the file.
    ///
    /// # Errors
    ///
    /// The kernel's, or `EINVAL` when the file has another size.
    pub fn map(file: &OwnedFd, count: usize) -> Result<Self, Errno> {
        let size = count.checked_mul(ENTRY).and_then(NonZeroUsize::new).ok_or(Errno::EINVAL)?;
        let found = nix::sys::stat::fstat(file)?.st_size;
        if usize::try_from(found) != Ok(size.get()) {
            return Err(Errno::EINVAL);
        }
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice replaces nothing. The keeper sealed the
        // file's size, so that every byte of it stays there.
        let start = unsafe { mmap(None, size, access, MapFlags::MAP_SHARED, file, 0)? };
        // SAFETY: the range is the mapping that was just made; children simply do not get it.
        unsafe { madvise(start, size.get(), MmapAdvise::MADV_DONTFORK)? };
        Ok(Self { start, len: count })
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn entry(&self, at: usize) -> Option<&AtomicU32> {
        if self.len <= at {
            return None;
        }
        // SAFETY: `at` is inside the mapping, see above.
        let entry = unsafe { self.start.as_ptr().cast::<u32>().add(at) };
        // SAFETY: the mapping lives as long as this process and starts at a page, so each entry is aligned;
        // zygotes use this type for every access, and the keeper writes whole entries.
        Some(unsafe { AtomicU32::from_ptr(entry) })
    }

    /// Sets the entry at `at` if it is free.
    pub fn take(&self, at: usize, value: u32) -> bool {
        let order = Ordering::SeqCst;
        self.entry(at).is_some_and(|entry| entry.compare_exchange(0, value, order, order).is_ok())
    }

    /// Sets the entry at `at`; nothing happens outside.
    pub fn set(&self, at: usize, value: u32) {
        if let Some(entry) = self.entry(at) {
            entry.store(value, Ordering::SeqCst);
        }
    }
}
