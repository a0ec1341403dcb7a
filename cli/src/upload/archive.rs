//! Reads a tar archive, gzipped or not, into memory.
//!
//! An archive may be hostile: number, size and name of an entry are looked at before any of it is
//! kept, what is unpacked is counted while it is unpacked, and links lead inside only. Nothing is
//! written to disk.

use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, BufReader, Read},
};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use skep_project::{
    Uploaded,
    files::{BadPath, BadUpload, check_path},
    trace::MAX_BYTES,
};
use tar::{Entry, EntryType, PaxExtensions};

use crate::units::ByteCount;

/// The most entries, those of packages that nothing reaches included.
const MOST_ENTRIES: usize = 65_536;
/// The most bytes that all of it may have when it is unpacked.
const MOST_UNPACKED: u64 = 256 << 20;
/// The most bytes of a long name, and of what else stands before an entry.
const MOST_BEFORE: u64 = 64 << 10;
/// How many files that were left out are named.
const MOST_NAMED: usize = 10;

/// What was in an archive.
#[derive(Debug)]
pub(crate) struct Archive {
    /// Files and links.
    pub(crate) files: Uploaded,
    /// What was left out, and why.
    pub(crate) left_out: Vec<String>,
}

/// Why an archive cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadArchive {
    /// It is cut, or no archive.
    #[error("it cannot be read")]
    Read(#[from] io::Error),
    /// It has too many entries.
    #[error("it has more than {MOST_ENTRIES} entries")]
    TooMany,
    /// It is too large.
    #[error("it has more than {} when it is unpacked", ByteCount(MOST_UNPACKED))]
    TooLarge,
    /// A long name is longer than any that could be used.
    #[error("what stands before an entry has {found} bytes, at most {MOST_BEFORE} are read")]
    LongName {
        /// Its bytes.
        found: u64,
    },
    /// A name is not UTF-8.
    #[error("the name {name:?} is not UTF-8")]
    NotUtf8 {
        /// As far as it is text.
        name: String,
    },
    /// A name is absolute, leads out, or cannot be used.
    #[error("the name {name:?} cannot be used: {why}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: BadPath,
    },
    /// A link leads out, or a name is there in a way that cannot be.
    #[error(transparent)]
    Entry(#[from] BadUpload),
    /// A hard link to nothing that was there before.
    #[error("{path} is a hard link to {target:?}, which is no file before it")]
    HardLink {
        /// The link.
        path: String,
        /// What it names.
        target: String,
    },
    /// A device, a pipe, or a file with holes.
    #[error("{path} is neither a file, nor a folder, nor a link")]
    Kind {
        /// The entry.
        path: String,
    },
    /// It holds no file.
    #[error("there is no file in it")]
    Empty,
}

/// Reads an archive.
pub(crate) fn read(source: impl Read) -> Result<Archive, BadArchive> {
    read_within(source, MOST_ENTRIES, MOST_UNPACKED)
}

fn read_within(source: impl Read, entries: usize, bytes: u64) -> Result<Archive, BadArchive> {
    let mut source = BufReader::new(source);
    let zipped = source.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let plain: &mut dyn Read = if zipped { &mut MultiGzDecoder::new(source) } else { &mut source };
    // Every entry has a head of 512 bytes at least.
    let most = bytes.saturating_add(entries as u64 * 1024);
    let mut bounded = plain.take(most + 1);
    let found = walk(&mut bounded, entries, bytes);
    // Whatever was wrong with it: it is cut where the bound was met.
    if bounded.limit() == 0 { Err(BadArchive::TooLarge) } else { found }
}

fn walk(source: &mut dyn Read, entries: usize, bytes: u64) -> Result<Archive, BadArchive> {
    let mut archive = tar::Archive::new(source);
    let mut shelf = Shelf { files: Uploaded::new(), kept: BTreeMap::new(), left_out: Vec::new() };
    let (mut before, mut total) = (Before::default(), 0_u64);
    for (count, entry) in archive.entries()?.raw(true).enumerate() {
        let entry = entry?;
        if entries <= count {
            return Err(BadArchive::TooMany);
        }
        total = total.saturating_add(entry.size());
        if bytes < total {
            return Err(BadArchive::TooLarge);
        }
        if !before.takes(entry.header().entry_type()) {
            shelf.entry(entry, std::mem::take(&mut before))?;
        } else {
            before.read(entry)?;
        }
    }
    shelf.finish()
}

/// What stands before an entry and belongs to it: names that its head has no room for.
#[derive(Default)]
struct Before {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl Before {
    fn takes(&self, kind: EntryType) -> bool {
        kind.is_gnu_longname()
            || kind.is_gnu_longlink()
            || kind.is_pax_local_extensions()
            || kind.is_pax_global_extensions()
    }

    fn read(&mut self, mut entry: Entry<'_, &mut dyn Read>) -> Result<(), BadArchive> {
        let kind = entry.header().entry_type();
        if MOST_BEFORE < entry.size() {
            return Err(BadArchive::LongName { found: entry.size() });
        }
        let mut text = Vec::new();
        entry.read_to_end(&mut text)?;
        let name = |text: Vec<u8>| {
            let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
            text[..end].to_vec()
        };
        if kind.is_gnu_longname() {
            self.name = Some(name(text));
        } else if kind.is_gnu_longlink() {
            self.link = Some(name(text));
        } else if kind.is_pax_local_extensions() {
            for extension in PaxExtensions::new(&text) {
                let extension = extension?;
                match extension.key_bytes() {
                    b"path" => self.name = Some(extension.value_bytes().to_vec()),
                    b"linkpath" => self.link = Some(extension.value_bytes().to_vec()),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// What was read so far.
struct Shelf {
    files: Uploaded,
    /// Files by path, for hard links; `None` of those that were left out.
    kept: BTreeMap<String, Option<Bytes>>,
    left_out: Vec<String>,
}

impl Shelf {
    fn entry(
        &mut self,
        mut entry: Entry<'_, &mut dyn Read>,
        before: Before,
    ) -> Result<(), BadArchive> {
        let kind = entry.header().entry_type();
        let name = before.name.unwrap_or_else(|| entry.header().path_bytes().into_owned());
        let Some(path) = plain(name)? else { return Ok(()) };
        if kind.is_dir() || is_of_git(&path) {
            return Ok(());
        }
        let link = before.link.or_else(|| entry.header().link_name_bytes().map(Into::into));
        let target = || text(link.unwrap_or_default());
        match kind {
            EntryType::Regular | EntryType::Continuous => {
                let bytes = self.content(&path, &mut entry)?;
                self.keep(path, bytes)
            }
            EntryType::Symlink => {
                let target = target()?;
                Ok(self.files.link(&path, target.trim_end_matches('/'))?)
            }
            EntryType::Link => {
                let target = target()?;
                let found = plain(target.clone().into_bytes())?
                    .and_then(|target| self.kept.get(&target).cloned());
                let Some(bytes) = found else { return Err(BadArchive::HardLink { path, target }) };
                self.keep(path, bytes)
            }
            _ => Err(BadArchive::Kind { path }),
        }
    }

    /// The content of a file, unless it is larger than all of an upload may be.
    fn content(&mut self, path: &str, entry: &mut impl Read) -> Result<Option<Bytes>, BadArchive> {
        let mut bytes = Vec::new();
        entry.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 <= MAX_BYTES {
            return Ok(Some(bytes.into()));
        }
        if self.left_out.len() < MOST_NAMED {
            let most = ByteCount(MAX_BYTES);
            self.left_out.push(format!("{path}: left out of the archive: larger than {most}"));
        }
        Ok(None)
    }

    fn keep(&mut self, path: String, bytes: Option<Bytes>) -> Result<(), BadArchive> {
        if let Some(bytes) = &bytes {
            self.files.file(&path, bytes.clone())?;
        }
        self.kept.insert(path, bytes);
        Ok(())
    }

    fn finish(self) -> Result<Archive, BadArchive> {
        if self.files.files().next().is_none() {
            return Err(BadArchive::Empty);
        }
        Ok(Archive { files: self.files, left_out: self.left_out })
    }
}

fn text(name: Vec<u8>) -> Result<String, BadArchive> {
    String::from_utf8(name).map_err(|error| BadArchive::NotUtf8 {
        name: String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// A name as a path below the root; `None` for the root itself.
fn plain(name: Vec<u8>) -> Result<Option<String>, BadArchive> {
    let name = text(name)?;
    let mut rest = name.as_str();
    while let Some(shorter) = rest.strip_prefix("./") {
        rest = shorter.trim_start_matches('/');
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.is_empty() && !name.starts_with('/') || rest == "." {
        return Ok(None);
    }
    check_path(rest).map_err(|why| BadArchive::Name { name: name.clone(), why })?;
    Ok(Some(rest.to_owned()))
}

/// What git keeps is nobody's to run.
fn is_of_git(path: &str) -> bool {
    path.split('/').any(|segment| segment == ".git")
}

#[cfg(test)]
mod tests;
