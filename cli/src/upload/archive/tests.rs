//! What of an archive is taken, and which are refused.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use skep_project::{Files as _, files::Look};
use tar::{Builder, Header};

use super::*;

struct Tar(Builder<Vec<u8>>);

impl Tar {
    fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    /// An entry under any name, also one that no program would write.
    fn entry(mut self, kind: EntryType, name: &str, link: &str, content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        self.0.append(&header, content).unwrap();
        self
    }

    fn file(self, name: &str, content: &[u8]) -> Self {
        self.entry(EntryType::Regular, name, "", content)
    }

    fn link(self, name: &str, target: &str) -> Self {
        self.entry(EntryType::Symlink, name, target, b"")
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn paths(archive: &Archive) -> Vec<&str> {
    archive.files.files().map(|(path, _)| path).collect()
}

#[track_caller]
fn refused(tar: Tar, expected: &str) {
    let text = crate::errors::chain(&read(&*tar.bytes()).unwrap_err());
    assert!(text.contains(expected), "{text:?} should contain {expected:?}");
}

#[test]
fn files_folders_and_links_are_taken_zipped_or_not() {
    let bytes = Tar::new()
        .entry(EntryType::Directory, "./", "", b"")
        .entry(EntryType::Directory, "./lib/", "", b"")
        .file("./lib/a.js", b"1")
        .file("index.js", b"22")
        .link("node_modules/l", "../lib/")
        .entry(EntryType::Link, "lib/b.js", "./lib/a.js", b"")
        .file(".git/config", b"")
        .bytes();
    let all = ["index.js", "lib/a.js", "lib/b.js"];
    let plain = read(&*bytes).unwrap();
    assert_eq!(paths(&plain), all);
    assert_eq!(plain.files.look("node_modules/l"), Some(Look::Link("../lib".to_owned())));
    assert_eq!(plain.files.read("lib/b.js").unwrap(), "1");
    assert_eq!(paths(&read(&*zipped(&bytes)).unwrap()), all);
}

#[test]
fn long_names_of_both_kinds_are_read() {
    let long = format!("{}/a.js", "d".repeat(200));
    let mut gnu = Tar::new();
    let mut header = Header::new_gnu();
    header.set_size(1);
    gnu.0.append_data(&mut header, &long, &b"1"[..]).unwrap();
    assert_eq!(paths(&read(&*gnu.bytes()).unwrap()), [long.as_str()]);

    let mut pax = Tar::new();
    pax.0.append_pax_extensions([("path", long.as_bytes()), ("mtime", b"1.5")]).unwrap();
    let pax = pax.file("short", b"1");
    assert_eq!(paths(&read(&*pax.bytes()).unwrap()), [long.as_str()]);
}

#[test]
fn names_that_lead_out_are_refused() {
    refused(Tar::new().file("/etc/x", b""), "\"/etc/x\" cannot be used: it has an empty segment");
    refused(Tar::new().file("a/../../x", b""), "it has a segment '.' or '..'");
    refused(Tar::new().file("..", b""), "it has a segment '.' or '..'");
    refused(Tar::new().file("a\\b", b""), "it has the character '\\\\'");
    refused(Tar::new().file("a\x01b", b""), "it has the character '\\u{1}'");
    let mut pax = Tar::new();
    pax.0.append_pax_extensions([("path", &b"../x"[..])]).unwrap();
    refused(pax.file("x", b""), "it has a segment '.' or '..'");
}

#[test]
fn links_that_lead_out_are_refused() {
    refused(Tar::new().link("a", "/etc/passwd"), "link a leads out of the upload: /etc/passwd");
    refused(Tar::new().link("a/b", "../../x"), "link a/b leads out of the upload: ../../x");
    let hard = Tar::new().entry(EntryType::Link, "a", "/etc/passwd", b"");
    refused(hard, "the name \"/etc/passwd\" cannot be used");
    let hard = Tar::new().entry(EntryType::Link, "a", "b", b"");
    refused(hard, "a is a hard link to \"b\", which is no file before it");
}

#[test]
fn nothing_is_put_behind_a_link() {
    refused(
        Tar::new().link("a", "b").file("a/x", b""),
        "a is there twice, or is a file and a folder",
    );
}

#[test]
fn devices_and_files_with_holes_are_refused() {
    for kind in [EntryType::Char, EntryType::Block, EntryType::Fifo, EntryType::GNUSparse] {
        let tar = Tar::new().entry(kind, "d", "", b"");
        refused(tar, "d is neither a file, nor a folder, nor a link");
    }
}

#[test]
fn an_empty_archive_and_what_is_none_are_refused() {
    refused(Tar::new(), "there is no file in it");
    let text = crate::errors::chain(&read(&b"no archive"[..]).unwrap_err());
    assert!(text.starts_with("it cannot be read: "), "{text}");
    assert!(read(&zipped(b"no archive")[..20]).is_err());
}

#[test]
fn too_many_entries_are_refused() {
    let bytes = Tar::new().file("a", b"").file("b", b"").file("c", b"").bytes();
    assert!(read_within(&*bytes, 3, 100).is_ok());
    assert!(matches!(read_within(&*bytes, 2, 100), Err(BadArchive::TooMany)));
}

#[test]
fn the_bytes_of_all_files_together_are_bounded() {
    let bytes = Tar::new().file("a", &[1; 60]).file("b", &[1; 40]).bytes();
    assert!(read_within(&*bytes, 9, 100).is_ok());
    assert!(matches!(read_within(&*bytes, 9, 99), Err(BadArchive::TooLarge)));
}

#[test]
fn a_bomb_is_refused_by_what_its_head_says() {
    // One entry of 8 GiB, of which nothing is there but zeros.
    let mut header = Header::new_gnu();
    header.set_size(8 << 30);
    header.set_path("a").unwrap();
    header.set_cksum();
    let zeros = zipped(&[header.as_bytes(), &[0_u8; 1 << 20][..]].concat());
    assert!(matches!(read(&*zeros), Err(BadArchive::TooLarge)));
}

/// A source that never ends, and counts what was taken.
struct Endless(u64);

impl Read for Endless {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.0 += to.len() as u64;
        assert!(self.0 < 1 << 24, "more is read than the bound allows");
        to.fill(b'x');
        Ok(to.len())
    }
}

#[test]
fn a_source_without_an_end_is_cut() {
    assert!(read_within(Endless(0), 10, 1 << 20).is_err());
    let head = Tar::new().entry(EntryType::GNULongName, "n", "", &[b'n'; 70_000]).bytes();
    let found = read_within(head.chain(Endless(0)), 10, 1 << 20);
    assert!(matches!(found, Err(BadArchive::LongName { found: 70_000 })));
}

#[test]
fn what_no_upload_could_hold_is_left_out_and_told() {
    let large = vec![0; usize::try_from(MAX_BYTES).unwrap() + 1];
    let archive = read(&*Tar::new().file("video", &large).file("a.js", b"").bytes()).unwrap();
    assert_eq!(paths(&archive), ["a.js"]);
    assert_eq!(archive.left_out, ["video: left out of the archive: larger than 16.0 MiB"]);
}

#[test]
fn a_damaged_archive_ends_in_an_answer() {
    let mut pax = Tar::new();
    pax.0.append_pax_extensions([("path", &b"long/name.js"[..])]).unwrap();
    let whole = pax.file("a.js", b"1").link("l", "a.js").file("b/c.js", &[7; 700]).bytes();
    // One byte is changed at a time, as a generator of the simplest kind chooses.
    let mut state = 1_u64;
    let mut damaged = whole.clone();
    for _ in 0..4000 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(state >> 33).unwrap() % whole.len();
        damaged[at] = state.to_be_bytes()[4];
        let _ = read_within(&*damaged, 10, 1 << 20);
        damaged[at] = whole[at];
    }
    assert!(read_within(&*damaged, 10, 1 << 20).is_ok());
}
