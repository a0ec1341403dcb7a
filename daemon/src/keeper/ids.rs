//! The table of identities: which process has which uid of the range.
//!
//! Zygotes mark an entry before they clone and free it once they have reaped; the keeper frees what they leave
//! when they end. The daemon has no part in it, so it cannot have one identity given to two instances.

use std::{
    io,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::FileExt as _,
    },
};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use skep_link::zygote::{BEING_CLONED, ENTRY};

/// Memory that the keeper and all zygotes share: an entry of [`ENTRY`] bytes for each identity.
#[derive(Debug)]
pub struct IdTable {
    file: std::fs::File,
    count: u32,
}

impl IdTable {
    /// A table of `count` free identities, whose size nobody can change.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn new(count: u32) -> io::Result<Self> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = memfd_create("skep-ids", flags)?;
        ftruncate(&file, u64::from(count) * ENTRY as u64)?;
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Ok(Self { file: std::fs::File::from(file), count })
    }

    /// A child of a zygote that ended is about to be reaped: its identity is free again.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn reaped(&self, pid: u32) -> io::Result<()> {
        self.free(pid)
    }

    /// A zygote has ended. Where it had begun a clone without noting its child, that child has no identity yet
    /// and will get none.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn zygote_ended(&self, pid: u32) -> io::Result<()> {
        self.free(BEING_CLONED | pid)
    }

    /// How many identities are in use.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn in_use(&self) -> io::Result<usize> {
        Ok(self.entries()?.into_iter().filter(|entry| *entry != 0).count())
    }

    fn entries(&self) -> io::Result<Vec<u32>> {
        let mut bytes = vec![0; usize::try_from(self.count).unwrap_or(usize::MAX) * ENTRY];
        self.file.read_exact_at(&mut bytes, 0)?;
        let (entries, _) = bytes.as_chunks::<ENTRY>();
        Ok(entries.iter().map(|entry| u32::from_ne_bytes(*entry)).collect())
    }

    fn free(&self, value: u32) -> io::Result<()> {
        for (at, _) in self.entries()?.into_iter().enumerate().filter(|(_, entry)| *entry == value)
        {
            let offset = u64::try_from(at * ENTRY).map_err(io::Error::other)?;
            self.file.write_all_at(&[0; ENTRY], offset)?;
        }
        Ok(())
    }
}

impl AsFd for IdTable {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(table: &IdTable, at: u64, value: u32) {
        table.file.write_all_at(&value.to_ne_bytes(), at * ENTRY as u64).unwrap();
    }

    #[test]
    fn only_what_a_process_had_is_freed() {
        let table = IdTable::new(3).unwrap();
        for (at, value) in [(0, 70), (1, BEING_CLONED | 70), (2, 71)] {
            mark(&table, at, value);
        }
        table.reaped(70).unwrap();
        assert_eq!(table.entries().unwrap(), [0, BEING_CLONED | 70, 71]);
        table.zygote_ended(70).unwrap();
        assert_eq!(table.entries().unwrap(), [0, 0, 71]);
        assert_eq!(table.in_use().unwrap(), 1);
    }

    #[test]
    fn nobody_can_change_its_size() {
        let table = IdTable::new(2).unwrap();
        assert!(table.file.set_len(4).is_err());
        assert!(table.file.set_len(400).is_err());
    }
}
