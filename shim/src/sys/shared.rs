//! A few bytes that the zygote shares with its children until they seal: how far each one came.
//!
//! A child unmaps them before its last step, so no tenant code can ever reach them.

use std::{
    io,
    num::NonZeroUsize,
    ptr::NonNull,
    sync::atomic::{AtomicU8, Ordering},
};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

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
